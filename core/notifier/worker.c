/*
 * The worker process of a notifier: opens one plugin and hands it the keeper's notices, one at a
 * time, in plain blocking code. A call of the plugin that never returns is ended by the parent,
 * which misses the process's sign of life.
 */
#include "notifier/worker.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/own_name.h"
#include "base/secret_memory.h"
#include "config/programs.h"
#include "notifier/confine.h"
#include "notifier/notice.h"
#include "notifier/opening.h"
#include "notifier/report.h"
#include "notifier/text.h"
#include "notifier/text_json.h"
#include "notifier/text_subject.h"
#include "runner/runner.h"

enum {
	BROKEN = 70,
	CANNOT_BEGIN = 71,
	HEARTBEAT_MILLISECONDS = 500,
	LEGS_MAX = 256,
	HINT_SECONDS_MAX = 86400
};

struct worker {
	struct duty *duty;
	const struct config_notifier *notifier;
	const struct pw_notifier_ops *ops;
	bool gated; /* another process has the network and the secrets */
	void *session;
	struct program_end *ended; /* of the program that is run for it; NULL: none is */
	struct opening opening; /* where there is a gate, what it says of its own */
	struct zone *zone;
	int keeper; /* -1: no link */
	struct message_leg *legs; /* of the notice that comes next: views into `packets` */
	void *packets[LEGS_MAX];
	uint32_t leg_count;
	struct buffer json;
	struct notice_words words;
	char (*receipts)[PW_RECEIPT_MAX + 1]; /* of the notice in hand, a row for each recipient */
	char name[OWN_NAME_MAX], host[OWN_NAME_MAX];
	uint64_t done;
	int64_t stop_by; /* 0: not told to */
};

static void
drop_legs(struct worker *worker)
{
	while (worker->leg_count > 0)
		free(worker->packets[--worker->leg_count]);
}

static void
hang_up(struct worker *worker)
{
	drop_legs(worker);
	if (worker->keeper >= 0)
		close(worker->keeper);
	worker->keeper = -1;
}

/* Evidence that finds no room, or was kept by another version, is left out; the text says that it
 * is missing. */
static bool
take_leg(struct worker *worker, const void *packet, size_t size)
{
	void *copy = worker->leg_count < LEGS_MAX ? malloc(size) : NULL;
	struct message_leg *leg = &worker->legs[worker->leg_count];
	struct message_evidence evidence;
	struct wire_in in;
	bool good;

	if (copy == NULL)
		return true;
	memcpy(copy, packet, size);
	in = wire_from(copy, size);
	good = message_get_leg(&in, leg);
	if (!good || !message_read_evidence(leg->packet, &evidence)) {
		free(copy);
		return good;
	}
	leg->leg = evidence.leg;
	assert(worker->leg_count < LEGS_MAX);
	worker->packets[worker->leg_count++] = copy;
	return true;
}

/* Of two receipts the longer one, where the plugin wrote it. What could not be said to a keeper
 * that is gone is asked again by the next. */
static void
answer(struct worker *worker, const struct message_notice *notice, const struct pw_result *results,
    int64_t micros)
{
	unsigned char packet[PW_RECEIPT_MAX + 256];
	struct pollfd keeper = { .fd = worker->keeper, .events = POLLOUT };
	struct wire_out out;

	assert(notice->recipient_count <= NOTICE_RECIPIENTS_MAX);
	for (uint32_t i = 0; i < notice->recipient_count; i++) {
		const struct pw_result *result = &results[i];
		const char *longer = worker->receipts[i];
		bool known = result->fate >= PW_SENT && result->fate <= PW_NEVER;
		int64_t hint = result->not_before < 0 ? 0 : result->not_before;
		struct message_receipt receipt = { .notice = notice->notice,
			.recipient = i,
			.micros = micros,
			.fate = known ? (enum pw_fate)result->fate : PW_AGAIN,
			.text = { result->receipt,
			    strnlen(result->receipt, sizeof result->receipt - 1) } };

		if (longer[0] != '\0')
			receipt.text = (struct pw_bytes){ longer, strnlen(longer, PW_RECEIPT_MAX) };
		if (receipt.fate == PW_AGAIN) {
			receipt.channel = result->channel;
			receipt.doubtful = result->doubtful
			    && worker->notifier->plugin->descriptor->minor >= 1;
			receipt.not_before
			    = (hint < HINT_SECONDS_MAX ? hint : HINT_SECONDS_MAX) * SECOND;
		}
		out = wire_over(packet, sizeof packet);
		message_put_receipt(&out, &receipt);
		while (!packet_send(worker->keeper, packet, out.size, -1) && errno == EAGAIN)
			poll(&keeper, 1, -1);
	}
}

static void
call(struct worker *worker, const struct message_notice *from, const struct pw_notice *notice)
{
	static char names[NOTICE_RECIPIENTS_MAX][PW_RECIPIENT_MAX + 1];
	static const char *pointers[NOTICE_RECIPIENTS_MAX];
	static struct pw_result results[NOTICE_RECIPIENTS_MAX];
	struct pw_recipients recipients = { from->recipient_count, pointers };
	int64_t begun;

	for (uint32_t i = 0; i < from->recipient_count; i++) {
		memcpy(names[i], from->recipients[i].data, from->recipients[i].size);
		names[i][from->recipients[i].size] = '\0';
		pointers[i] = names[i];
	}
	memset(results, 0, sizeof results);
	memset(worker->receipts, 0, NOTICE_RECIPIENTS_MAX * sizeof *worker->receipts);
	duty_alive(worker->duty, &(struct message_alive){
	        .done = worker->done }); /* the parent's patience begins here */
	begun = clock_mono();
	limits_of_work(limits_of(DUTY_NOTIFIER)->work_seconds);
	worker->ops->deliver(worker->session, notice, &recipients, results);
	limits_of_work(0);
	worker->done++;
	answer(worker, from, results, clock_mono() - begun);
}

/* Nothing was tried: the outbox tries again. */
static void
answer_untried(struct worker *worker, const struct message_notice *from, bool channel,
    const char *words)
{
	static struct pw_result results[NOTICE_RECIPIENTS_MAX];

	for (uint32_t i = 0; i < from->recipient_count; i++) {
		results[i] = (struct pw_result){ .fate = PW_AGAIN, .channel = channel };
		text_copy(results[i].receipt, sizeof results[i].receipt, words);
	}
	memset(worker->receipts, 0, NOTICE_RECIPIENTS_MAX * sizeof *worker->receipts);
	duty_log(worker->duty, LOG_ERR, 0, "%s: %s: it is tried again", worker->notifier->name,
	    words);
	answer(worker, from, results, 0);
}

static void
log_line(void *log_to, const char *line)
{
	const struct worker *worker = log_to;
	struct text shown = TEXT_ROOM(DUTY_LINE_MAX / 2);

	text_escape(&shown, (struct pw_bytes){ line, strnlen(line, PW_RECEIPT_MAX) });
	duty_log(worker->duty, LOG_WARNING, 0, "%s: %s", worker->notifier->name, shown.bytes);
}

/* Called by the plugin: the one program that its notifier has. */
static void
run(void *run_to, struct pw_bytes input, int64_t limit, struct pw_exit *exit)
{
	struct worker *worker = run_to;
	struct runner_order order = { .limit = limit > 0 ? limit : 1 };

	runner_run(worker->duty->gate, &order, input, worker->ended);
	*exit = worker->ended->exit;
}

/* `report`: of one; NULL: it is none. */
static void
deliver(struct worker *worker, const struct message_notice *from, const struct report_file *report)
{
	static char subject[SUBJECT_MAX], body[BODY_MAX], brief[PW_BRIEF_MAX + 1];
	struct text first = TEXT_OVER(subject), second = TEXT_OVER(body), third = TEXT_OVER(brief);
	const struct config *config = worker->duty->config;
	struct pw_notice notice;
	struct notice_view view = { .notice = from,
		.legs = worker->legs,
		.leg_count = worker->leg_count,
		.zone = worker->zone,
		.now = clock_wall(),
		.watcher = worker->words.own_name,
		.watcher_host = worker->host[0] == '\0' ? NULL : worker->host,
		.after = worker->notifier->after,
		.has_quiet = worker->notifier->quiet.count > 0,
		.report = report == NULL ? NULL : report->text,
		.page = notice_page(worker->words.page, config->web.page_url, from) };

	/* A probe's plugin has outcomes of its own. */
	for (uint32_t i = 0; i < config->plugin_count; i++)
		if (config->plugins[i].descriptor->kind == PW_PROBE
		    && strcmp(config->plugins[i].descriptor->name, from->probe) == 0)
			view.outcomes = plugin_probe(&config->plugins[i])->outcomes;
	notice_fill(&notice, &worker->words, from, worker->zone, view.now);
	notice.page = view.page;
	notice.attachment = report == NULL ? NULL : report->html;
	notice.attachment_name = report == NULL ? NULL : report->name;
	notice.deadline = worker->notifier->deadline;
	notice.helo = worker->duty->config->helo;
	notice.receipts = worker->receipts;
	notice.log = log_line;
	notice.log_to = worker;
	notice.is_public = address_literal_is_public;
	notice.run = worker->ended != NULL ? run : NULL;
	notice.run_to = worker;
	notice_add_subject(&first, &view);
	notice_add_body(&second, &view);
	notice.subject = subject;
	notice_add_body(&third, &view);
	notice.body = body;
	notice.brief = brief;
	if (notice_write_json(&worker->json, &notice, from, worker->legs, worker->leg_count)
	    && (report == NULL || notice_add_report(&worker->json, report->json))) {
		notice.json = worker->json.data;
		call(worker, from, &notice);
	} else
		answer_untried(worker, from, true, "no memory for the notice");
}

/* What it says is made now: of that the deadline holds as of the delivery. */
static void
deliver_report(struct worker *worker, const struct message_notice *from)
{
	struct report_file report = { .text = NULL };
	struct reason why;

	duty_alive(worker->duty, &(struct message_alive){ .done = worker->done });
	if (report_make(&report, worker->duty, from, worker->notifier->deadline * 9 / 10, &why))
		deliver(worker, from, &report);
	else
		answer_untried(worker, from, false, why.text);
	buffer_fini(&report.bytes);
}

/* One packet a turn, so that the parent is heard between notices. */
static bool
hear_keeper(struct worker *worker)
{
	static unsigned char packet[WIRE_MAX];
	static struct message_notice notice;
	ssize_t size = packet_read(worker->keeper, packet, sizeof packet, NULL);
	struct wire_in in = wire_from(packet, size < 0 ? 0 : (size_t)size);

	if (size == 0)
		hang_up(worker);
	if (size <= 0)
		return true;
	if (message_kind(packet, (size_t)size) == MESSAGE_LEG
	    && take_leg(worker, packet, (size_t)size))
		return true;
	if (message_kind(packet, (size_t)size) == MESSAGE_NOTICE
	    && message_get_notice(&in, &notice)) {
		if (notice_named(notice.kind) == NOTICE_report)
			deliver_report(worker, &notice);
		else
			deliver(worker, &notice, NULL);
		drop_legs(worker);
		return true;
	}
	duty_log(worker->duty, LOG_ERR, 0, "malformed message from the keeper");
	return false;
}

static bool
hear_parent(struct worker *worker)
{
	unsigned char packet[256], sources[SOURCES_TEXT_MAX + 64];
	struct message_link link;
	struct message_stop stop;
	ssize_t size;
	int passed;

	while ((size = packet_read(worker->duty->parent, packet, sizeof packet, &passed)) > 0) {
		struct wire_in in = wire_from(packet, (size_t)size);
		struct wire_out out = wire_over(sources, sizeof sources);

		assert(size <= (ssize_t)sizeof packet);
		if (message_kind(packet, (size_t)size) == MESSAGE_LINK && passed >= 0
		    && message_get_link(&in, &link) && link.duty == DUTY_KEEPER) {
			hang_up(worker);
			worker->keeper = passed;
			/* The first thing that a keeper hears of us: which files cannot be used, or
			 * that all can. Nothing was sent on it yet: it has room. */
			message_put_sources(&out, worker->opening.said);
			(void)packet_send(worker->keeper, sources, out.size, -1);
			continue;
		}
		if (passed >= 0)
			close(passed);
		if (message_kind(packet, (size_t)size) != MESSAGE_STOP
		    || !message_get_stop(&in, &stop))
			return false;
		worker->stop_by = clock_mono() + stop.grace;
	}
	return size != 0;
}

/* What the keeper has handed out is still delivered before we end; the time for it is bounded. */
static int
live(struct worker *worker)
{
	struct pollfd polled[2]
	    = { { .fd = worker->duty->parent, .events = POLLIN }, { .events = POLLIN } };
	int64_t beat = 0;

	for (;;) {
		bool stopping = worker->stop_by != 0;
		int64_t now = clock_mono();

		if (now - beat >= HEARTBEAT_MILLISECONDS * MILLISECOND) {
			duty_alive(worker->duty, &(struct message_alive){ .done = worker->done });
			beat = now;
		}
		polled[0].revents = polled[1].revents = 0;
		polled[1].fd = worker->keeper;
		poll(polled, 2, stopping ? 0 : HEARTBEAT_MILLISECONDS);
		if (stopping && (polled[1].revents == 0 || now >= worker->stop_by))
			return 0;
		if (polled[1].revents != 0 && !hear_keeper(worker))
			return BROKEN;
		if (polled[0].revents != 0 && !hear_parent(worker))
			return BROKEN;
	}
}

/* The zone is ours, and the plugin's too where it asks localtime(3). */
static void
set_zone(struct worker *worker)
{
	const char *own = worker->notifier->timezone,
	    *name = own != NULL ? own : worker->duty->config->timezone;
	struct reason why;

	worker->zone = name == NULL ? zone_open_own() : zone_open(name, &why);
	if (name != NULL && worker->zone == NULL)
		duty_log(worker->duty, LOG_WARNING, 0, "%s: times are told in UTC", why.text);
	if (name != NULL)
		(void)setenv("TZ", name, 1);
	tzset();
}

/*
 * Beside a gate it has no files: neither are copies kept here, nor is what the gate has said lost.
 * The gate says that it is there, and which of its files it could not use; an end without that it
 * has told itself.
 */
static bool
open_beside_gate(struct worker *worker, struct reason *why)
{
	char words[256] = "", *said = worker->opening.said;
	ssize_t size = recv(worker->duty->gate, said, sizeof worker->opening.said, 0);

	assert(worker->gated && size <= (ssize_t)sizeof worker->opening.said);
	if (size <= 0 || said[size - 1] != '\0') {
		reason_set(why, "%s", ""); /* the gate has said why */
		return false;
	}
	worker->ops->join(worker->session, worker->duty->gate);
	if (!confine_worker(worker->duty, why))
		return false;
	if (worker->ops->open(worker->session, worker->notifier->values, words, sizeof words))
		return true;
	words[sizeof words - 1] = '\0';
	reason_set(why, "%s", words);
	return false;
}

static bool
prepare(struct worker *worker, struct reason *why)
{
	set_zone(worker);
	worker->words.own_name = own_name(worker->duty->config->helo, worker->name);
	if (gethostname(worker->host, sizeof worker->host - 1) != 0)
		worker->host[0] = '\0';
	/* Libraries look for files of a user's in his home: the notifier's are all named in the
	 * configuration. */
	(void)setenv("HOME", "/nonexistent", 1);
	(void)unsetenv("XDG_CONFIG_DIR");
	(void)unsetenv("XDG_CONFIG_HOME");
	worker->legs = calloc(LEGS_MAX, sizeof *worker->legs);
	worker->receipts = calloc(NOTICE_RECIPIENTS_MAX, sizeof *worker->receipts);
	worker->session = secret_memory_make(worker->ops->session_size);
	bool runs = plugin_has_program(worker->notifier->plugin);
	worker->ended = runs ? malloc(sizeof *worker->ended) : NULL;
	if (worker->legs == NULL || worker->receipts == NULL || worker->session == NULL
	    || (runs && worker->ended == NULL)) {
		reason_set(why, "no memory");
		return false;
	}
	if (worker->gated)
		return open_beside_gate(worker, why);
	return sandbox_enter_lightly(why)
	    && opening_do(&worker->opening, worker->duty, worker->ops->open, worker->session,
	        worker->ops->session_size, why)
	    && confine_notifier(worker->duty, worker->ops, worker->session, why);
}

int
notifier_main(struct duty *duty)
{
	static struct worker worker;
	struct reason why;
	int status;

	worker = (struct worker){ .duty = duty, .notifier = &duty->config->notifiers[duty->index],
	    .keeper = -1 };
	worker.ops = worker.notifier->plugin->descriptor->ops;
	worker.gated = plugin_gate(worker.notifier->plugin) != NULL;
	if (!prepare(&worker, &why)) {
		if (why.text[0] != '\0')
			duty_log(duty, LOG_ERR, 0, "%s cannot begin: %s", worker.notifier->name,
			    why.text);
		return CANNOT_BEGIN;
	}
	duty_ready(duty);
	status = live(&worker);
	worker.ops->close(worker.session);
	hang_up(&worker);
	buffer_fini(&worker.json);
	zone_close(&worker.zone);
	free(worker.legs);
	free(worker.receipts);
	free(worker.ended);
	secret_memory_free(&worker.session, worker.ops->session_size);
	opening_fini(&worker.opening);
	return status;
}
