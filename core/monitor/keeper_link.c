/* For the monitor: sends the keeper runs, results, evidence; numbers a message when it is closed */
#include "monitor/keeper_link.h"

#include <assert.h>
#include <stdlib.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/messages_ask.h"
#include "base/text.h"
#include "monitor/own_record.h"
#include "monitor/packet_list.h"
#include "monitor/record.h"

enum {
	EVIDENCE_WAITING_MAX = 32 * 1024 * 1024,
	RESULTS_WAITING_MAX = 4 * 1024 * 1024,
	HELD_MAX = 4 * 1024 * 1024,
	RECORD_MAX = 24 * 1024,
	CHANGES_ROOM = WIRE_MAX - RECORD_MAX - 64 - sizeof(struct message_columns)
	    - EVIDENCE_TEXT_MAX, /* what a record and the columns leave of a message */
	CHANGE_SIZE_MAX = 1024,  /* without its text */
	TEXT_WHOLE_UPTO = 8 * 1024, TEXT_SHORT = 128
};

/* The changes of the run at hand. */
struct open_run {
	uint32_t target;
	uint32_t count;
	bool restated;
	struct wire_out changes; /* over `bytes` */
	unsigned char bytes[CHANGES_ROOM];
};

enum { OPEN_TARGET, OPEN_OWN, OPEN_RUNS };

struct keeper_link {
	struct watch *watch;
	struct own_side *own;
	int fd;                               /* -1: none */
	bool recovered;                       /* the keeper has said where it is */
	bool restating;
	struct packet_list packets;           /* runs, results, and evidence before its runs */
	uint64_t birth;                       /* of both sequences */
	uint64_t runs, results;               /* the last numbers given */
	uint64_t runs_committed, results_committed;
	uint64_t own_change, own_committed;   /* our own last change: given a number, committed */
	struct open_run open[OPEN_RUNS];      /* our own stays open behind others of its event */
	uint32_t *marked, marked_count;       /* targets whose state waits */
	bool own_marked;
	struct wire_out gathered;             /* results, over: */
	unsigned char gathered_bytes[WIRE_MAX];
	struct keeper_link_dropped dropped;
};

struct keeper_link *
keeper_link_create(struct watch *watch, struct own_side *own)
{
	struct keeper_link *link = calloc(1, sizeof *link);

	if (link == NULL)
		return NULL;
	link->watch = watch;
	link->own = own;
	link->fd = -1;
	link->birth = link->own_change = (uint64_t)clock_wall();
	packet_list_init(&link->packets);
	link->marked = malloc((watch->config->target_count + 1) * sizeof *link->marked);
	link->gathered = wire_over(link->gathered_bytes, sizeof link->gathered_bytes);
	for (int i = 0; i < OPEN_RUNS; i++)
		link->open[i].changes = wire_over(link->open[i].bytes, CHANGES_ROOM);
	if (link->marked == NULL)
		keeper_link_destroy(&link);
	return link;
}

void
keeper_link_destroy(struct keeper_link **given)
{
	struct keeper_link *link = *given;

	*given = NULL;
	if (link == NULL)
		return;
	packet_list_clear(&link->packets);
	free(link->marked);
	if (link->fd >= 0)
		close(link->fd);
	free(link);
}

static void
number(const struct keeper_link *link, struct packet *packet, uint64_t *last)
{
	assert(packet->size > 2 * sizeof(uint64_t));
	packet->number = ++*last;
	message_set_sequence(packet->bytes, (struct sequence){ link->birth, packet->number });
}

/* One that was marked some time before others stays marked, and is said once more. */
static void
unmark(struct keeper_link *link, uint32_t target)
{
	if (target == CONFIG_NONE) {
		link->own_marked = false;
		return;
	}
	assert(link->marked_count == 0
	    || (link->watch->targets[link->marked[link->marked_count - 1]].marked));
	if (link->marked_count == 0 || link->marked[link->marked_count - 1] != target)
		return;
	link->marked_count--;
	link->watch->targets[target].marked = false;
}

/* The state as it is now, with changes before it or none. False: no memory. */
static bool
append_run(struct keeper_link *link, uint32_t target, const struct open_run *open)
{
	unsigned char record[RECORD_MAX], packet[WIRE_MAX];
	struct wire_out state = wire_over(record, sizeof record),
	    out = wire_over(packet, sizeof packet);

	if (target == CONFIG_NONE)
		own_record_encode(link->own, link->watch, &state);
	else
		record_encode(link->watch, target, &state);
	message_put_run(&out, &(struct message_run){ .target = target,
	    .columns = record_columns(link->watch, target), .restated = open != NULL
	    && open->restated, .state = { (const char *)record, state.bad ? 0 : state.size },
	    .interval = watch_interval(link->watch, target), .change_count = open == NULL ? 0
	    : open->count, .changes = { open == NULL ? "" : (const char *)open->changes.bytes,
	    open == NULL ? 0 : open->changes.size } });
	assert(!out.bad);
	if (state.bad)
		duty_log(link->watch->duty, LOG_ERR, 0,
		    "%s: its state has more than %d bytes, and is not kept", target == CONFIG_NONE
		    ? "the monitor" : link->watch->config->targets[target].name, RECORD_MAX);
	struct packet *added = packet_list_append(&link->packets, packet, out.size, false);
	if (added == NULL)
		return false;
	number(link, added, &link->runs);
	if (target == CONFIG_NONE && open != NULL)
		added->own_change = link->own_change;
	unmark(link, target);
	return true;
}

static void
close_run(struct keeper_link *link, struct open_run *open)
{
	if (open->count == 0)
		return;
	if (!append_run(link, open->target, open)) {
		/* The state has moved: with it lost, too, the next monitor learns the same again
		 * from what the keeper has. */
		duty_log(link->watch->duty, LOG_CRIT, 0, "monitor: no memory to pass on a change: "
		    "it ends, and the next one goes on from what is kept");
		_exit(EX_OSERR);
	}
	open->count = 0;
	open->changes.size = 0;
}

/* A target's run is one message however much it changes: where there is very much, the last
 * sentences are shortened. */
uint64_t
keeper_link_add_change(struct keeper_link *link, const struct message_change *given)
{
	struct open_run *open = &link->open[given->target == CONFIG_NONE ? OPEN_OWN : OPEN_TARGET];
	struct message_change change = *given;
	size_t room = CHANGES_ROOM - open->changes.size;

	/* By which numbers we go on is not known before. */
	assert(link->watch->begun && open->count <= RUN_CHANGES_MAX);
	if (open->target != given->target || open->restated != link->restating
	    || open->count == RUN_CHANGES_MAX
	    || (given->target == CONFIG_NONE && room < given->text.size + CHANGE_SIZE_MAX)) {
		close_run(link, open);
		open->target = given->target;
		open->restated = link->restating;
	}
	if (open->changes.size > TEXT_WHOLE_UPTO && given->target != CONFIG_NONE
	    && given->text.size > TEXT_SHORT)
		change.text.size = text_whole(given->text.data, TEXT_SHORT);
	if (given->target == CONFIG_NONE)
		change.change = ++link->own_change;
	message_add_change(&open->changes, &change);
	assert(!open->changes.bad);
	open->count++;
	return change.change;
}

void
keeper_link_restate(struct keeper_link *link, bool restating)
{
	link->restating = restating;
}

bool
keeper_link_has_committed(const struct keeper_link *link, uint64_t own_change)
{
	return own_change <= link->own_committed;
}

void
keeper_link_add_evidence(struct keeper_link *link, const void *packet, size_t size)
{
	if (link->packets.waiting + size > EVIDENCE_WAITING_MAX
	    || packet_list_append(&link->packets, packet, size, false) == NULL)
		link->dropped.evidence++;
}

/* A mark and no packet: a target that changes ten times while the keeper is slow is written down
 * once. */
void
keeper_link_mark(struct keeper_link *link, uint32_t target)
{
	if (target == CONFIG_NONE) {
		link->own_marked = true;
		return;
	}
	struct watched *watched = &link->watch->targets[target];
	if (watched->marked)
		return;
	watched->marked = true;
	assert(link->marked_count < link->watch->config->target_count);
	link->marked[link->marked_count++] = target;
}

/* A result comes behind what its run has changed. */
static void
pack_results(struct keeper_link *link)
{
	close_run(link, &link->open[OPEN_TARGET]);
	if (link->gathered.size > 0) {
		struct packet *packet = packet_list_append(&link->packets, link->gathered_bytes,
		    link->gathered.size, false);
		if (packet != NULL)
			number(link, packet, &link->results);
		else
			link->dropped.results++;
	}
	link->gathered.size = 0;
	link->gathered.bad = false;
}

void
keeper_link_add_result(struct keeper_link *link, const struct report *report)
{
	if (link->packets.waiting > RESULTS_WAITING_MAX) {
		link->dropped.results++;
		return;
	}
	if (link->gathered.size == 0)
		message_begin_results(&link->gathered);
	if (message_add_report(&link->gathered, report))
		return;
	pack_results(link);
	message_begin_results(&link->gathered);
	(void)message_add_report(&link->gathered, report);
}

/* What the keeper does not commit for long is in its memory: the oldest evidence and results need
 * not be in ours as well. */
static bool
send_waiting(struct keeper_link *link)
{
	bool all = packet_list_send(&link->packets, link->fd);

	packet_list_bound(&link->packets, MESSAGE_EVIDENCE, HELD_MAX);
	packet_list_bound(&link->packets, MESSAGE_RESULTS, HELD_MAX);
	return all;
}

void
keeper_link_flush(struct keeper_link *link, bool results)
{
	if (!link->watch->begun) /* by which numbers we go on is not known */
		return;
	close_run(link, &link->open[OPEN_TARGET]);
	close_run(link, &link->open[OPEN_OWN]);
	if (link->fd < 0 || !link->recovered)
		return;
	if (results || link->watch->stopping)
		pack_results(link);
	if (!send_waiting(link))
		return;
	/* States that no change has taken along. While nothing is committed they wait as marks: the
	 * last of each is enough. */
	bool appended = !link->own_marked || append_run(link, CONFIG_NONE, NULL);
	while (appended && link->marked_count > 0
	    && link->packets.held[MESSAGE_RUN] + link->packets.waiting <= HELD_MAX)
		appended = append_run(link, link->marked[link->marked_count - 1], NULL);
	(void)send_waiting(link);
}

bool
keeper_link_is_empty(const struct keeper_link *link)
{
	return link->packets.unsent == NULL && link->marked_count == 0 && !link->own_marked
	    && link->gathered.size == 0
	    && link->open[OPEN_TARGET].count + link->open[OPEN_OWN].count == 0;
}

void
keeper_link_close(struct keeper_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	link->recovered = false;
}

bool
keeper_link_send(struct keeper_link *link, const void *packet, size_t size)
{
	return link->fd >= 0 && link->recovered && link->watch->begun
	    && packet_send(link->fd, packet, size, -1);
}

bool
keeper_link_ask(struct keeper_link *link, const struct message_ask *ask)
{
	unsigned char packet[8 * 1024];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_ask(&out, ask);
	return !out.bad && !link->watch->stopping && link->recovered && link->watch->begun
	    && send_waiting(link) && keeper_link_send(link, packet, out.size);
}

void
keeper_link_open(struct keeper_link *link, int fd)
{
	keeper_link_close(link);
	link->fd = fd;
	if (link->watch->begun)
		return;
	/* What a keeper has said that was lost before it had said all counts for nothing. */
	own_record_forget(link->own, link->watch);
	watch_forget(link->watch);
	packet_list_clear(&link->packets);
}

bool
keeper_link_take_over(struct keeper_link *link, const struct message_run *run,
    const void *packet, size_t size)
{
	assert(!link->watch->begun);
	if (link->packets.first == NULL) {
		link->birth = run->sequence.birth;
		link->runs = run->sequence.number - 1;
	}
	if (sequence_place((struct sequence){ link->birth, link->runs },
	    run->sequence) != SEQUENCE_NEXT)
		return false;
	struct packet *added = packet_list_append(&link->packets, packet, size, true);
	if (added == NULL) { /* as above: the keeper tells the next monitor the same */
		duty_log(link->watch->duty, LOG_CRIT, 0,
		    "monitor: no memory for what another has changed: it ends");
		_exit(EX_OSERR);
	}
	added->number = ++link->runs;
	return true;
}

struct passed {
	uint64_t results;
	uint64_t run; /* the last of the runs that are held and committed */
	uint64_t own_change;
	bool behind;  /* the walk is behind that one */
};

/* Evidence goes with the runs that it came before. */
static bool
has_passed(const struct packet *packet, void *arg)
{
	struct passed *passed = arg;

	switch (packet_kind(packet)) {
	case MESSAGE_RUN:
		passed->behind |= packet->number == passed->run;
		if (packet->number <= passed->run && packet->own_change != 0)
			passed->own_change = packet->own_change;
		return packet->number <= passed->run;
	case MESSAGE_RESULTS:
		return packet->number <= passed->results;
	default:
		return passed->run != 0 && !passed->behind;
	}
}

static void
release_committed(struct keeper_link *link, uint64_t runs, uint64_t results)
{
	struct passed passed = { .results = results, .own_change = link->own_committed };

	assert(runs <= link->runs && results <= link->results);
	for (const struct packet *packet = link->packets.first; packet != link->packets.unsent;
	    packet = packet->next)
		if (packet_kind(packet) == MESSAGE_RUN && packet->number <= runs)
			passed.run = packet->number;
	packet_list_release(&link->packets, has_passed, &passed);
	link->own_committed = passed.own_change;
	link->runs_committed = runs;
	link->results_committed = results;
}

/* What goes by another birth is of a sequence that we have not begun yet, or have ended. Less than
 * before is what a keeper says whose history.db is another one than that. */
static uint64_t
later_of(const struct keeper_link *link, uint64_t number, struct sequence said)
{
	return said.birth == link->birth && said.number > number ? said.number : number;
}

bool
keeper_link_committed(struct keeper_link *link, const struct message_committed *committed)
{
	uint64_t runs = later_of(link, link->runs_committed, committed->runs),
	    results = later_of(link, link->results_committed, committed->results);

	if (runs > link->runs || results > link->results)
		return false;
	release_committed(link, runs, results);
	return true;
}

/* Another birth: numbers of this one may mean something else to who comes after this keeper. */
static void
begin_sequence(struct keeper_link *link)
{
	uint64_t now = (uint64_t)clock_wall();

	link->birth = now > link->birth ? now : link->birth + 1;
	link->runs = link->results = link->runs_committed = link->results_committed = 0;
	for (struct packet *packet = link->packets.first; packet != NULL; packet = packet->next)
		if (packet_kind(packet) == MESSAGE_RUN)
			number(link, packet, &link->runs);
		else if (packet_kind(packet) == MESSAGE_RESULTS)
			number(link, packet, &link->results);
}

void
keeper_link_begin(struct keeper_link *link)
{
	assert(!link->watch->begun);
	if (link->recovered)
		return;
	packet_list_clear(&link->packets);
	begin_sequence(link);
}

/* A monitor that has not begun goes on behind the one before it; what that had told and is not
 * committed is held. */
static bool
go_on(struct keeper_link *link, const struct message_recovered *recovered)
{
	const struct packet *held = link->packets.first;
	bool fits = held == NULL ? recovered->runs_taken == recovered->runs.number
	    : recovered->runs.birth == link->birth && recovered->runs_taken == link->runs;

	if (recovered->runs.birth != 0)
		link->birth = recovered->runs.birth;
	link->runs = recovered->runs_taken;
	link->results = recovered->results.birth == link->birth ? recovered->results_taken : 0;
	return fits;
}

bool
keeper_link_recovered(struct keeper_link *link, const struct message_recovered *recovered,
    bool *malformed)
{
	struct watch *watch = link->watch;
	const struct packet *next = packet_list_behind(&link->packets, recovered->runs_taken);
	bool known;

	if ((*malformed = !watch->begun && !go_on(link, recovered)))
		return true;
	/* The keeper has committed all that any keeper before it had, which may be nothing, and
	 * taken nothing that we have not said; and what it has not is held, though of what another
	 * monitor had said the oldest may be missing. */
	known = !watch->begun || (recovered->runs.birth != link->birth
	    ? recovered->runs.birth == 0 && link->runs_committed == 0
	    : recovered->runs.number >= link->runs_committed
	    && (next == NULL ? link->runs : next->number - 1) == recovered->runs_taken);
	release_committed(link, known && recovered->runs.birth == link->birth
	    ? recovered->runs.number : link->runs_committed, recovered->results.birth == link->birth
	    && recovered->results.number <= link->results ? recovered->results.number
	    : link->results_committed);
	if (watch->begun)
		packet_list_take_back(&link->packets);
	if (!known)
		begin_sequence(link);
	for (uint32_t i = 0; watch->begun && i < watch->config->target_count; i++)
		if (watch_interval(watch, i) != 0) /* which is not kept */
			keeper_link_mark(link, i);
	link->recovered = true;
	return known;
}

struct keeper_link_dropped
keeper_link_dropped(struct keeper_link *link)
{
	struct keeper_link_dropped dropped = link->dropped;

	link->dropped = (struct keeper_link_dropped){ 0, 0 };
	return dropped;
}
