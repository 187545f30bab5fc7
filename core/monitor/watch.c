/*
 * Makes and frees the monitor's table of all targets, with what it keeps of each beside the state:
 * where its name resolved to, and the run numbers of its attempts.
 *
 * Numbers of runs grow from one monitor process to the next, so that no run is taken for another.
 */
#include "monitor/watch.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/messages.h"
#include "monitor/pace.h"

/* In memory a name's times are on both clocks, in a message monotonic, and in a record UTC: each is
 * what its reader has. */

struct target_name {
	struct moment public_at, good_at;
	uint32_t count;
	struct address addresses[];
};

static void
keep(struct target_name **name, const struct message_name *said, struct moment public_at,
    struct moment good_at)
{
	size_t size = said->count * sizeof said->addresses[0];
	struct target_name *kept = malloc(sizeof *kept + size);

	assert(said->count <= sizeof said->addresses / sizeof said->addresses[0]);
	if (kept == NULL)
		return;
	*kept = (struct target_name){ .public_at = public_at, .good_at = good_at,
	    .count = said->count };
	memcpy(kept->addresses, said->addresses, size);
	free(*name);
	*name = kept;
}

bool
target_name_learn(struct target_name **name, const struct message_name *said,
    const struct clocks *clocks, int64_t now)
{
	const struct moment never = { 0, 0 };

	if (said->public_at > now + SECOND || said->good_at > now + SECOND)
		return false;
	keep(name, said, said->public_at == 0 ? never : clocks_at(clocks, said->public_at),
	    said->good_at == 0 ? never : clocks_at(clocks, said->good_at));
	return true;
}

static struct message_name
message_of(const struct target_name *name, uint32_t target)
{
	struct message_name message = { .target = target, .public_at = name->public_at.mono,
	    .good_at = name->good_at.mono,
		.count = name->count };

	memcpy(message.addresses, name->addresses, name->count * sizeof message.addresses[0]);
	return message;
}

bool
target_name_send(const struct target_name *name, uint32_t target, int prober)
{
	unsigned char packet[1024];
	struct wire_out out = wire_over(packet, sizeof packet);

	if (name == NULL)
		return false;
	struct message_name message = message_of(name, target);
	message_put_name(&out, &message);
	return packet_send(prober, packet, out.size, -1);
}

void
target_name_forget(struct target_name **name)
{
	free(*name);
	*name = NULL;
}

void
target_name_encode(const struct target_name *name, struct wire_out *out)
{
	struct message_name message = { .count = 0 };

	if (name != NULL)
		message = message_of(name, 0);
	wire_put_i64(out, name != NULL ? name->public_at.utc : 0);
	wire_put_i64(out, name != NULL ? name->good_at.utc : 0);
	wire_put_form(out, &name_addresses_form, &message);
}

static struct moment
get_moment(struct wire_in *in, struct moment now)
{
	int64_t utc = wire_get_i64(in);

	/* What lies ahead would never be too old. */
	return utc > now.utc ? (struct moment){ 0, 0 } : clocks_from_utc(utc, now);
}

void
target_name_decode(struct target_name **name, struct moment now, struct wire_in *in)
{
	struct message_name message = { .count = 0 };
	struct moment public_at = get_moment(in, now), good_at = get_moment(in, now);

	wire_get_form(in, &name_addresses_form, &message, &(struct wire_terms){ .limit = 0 });
	if (in->bad)
		return;
	message.count = moment_is_set(good_at) ? message.count : 0;
	if (message.count == 0)
		good_at = (struct moment){ 0, 0 };
	if (message.count > 0 || moment_is_set(public_at))
		keep(name, &message, public_at, good_at);
}

/* One block for a target that fails: 100,000 targets, nearly all of them up, need none. */

enum { ROOM_AT_FIRST = 4 };

static bool
grow(struct attempts **attempts, unsigned room)
{
	struct attempts *grown = realloc(*attempts, sizeof *grown + room * sizeof grown->runs[0]);

	if (grown == NULL)
		return false;
	if (*attempts == NULL)
		*grown = (struct attempts){ .text = NULL };
	grown->room = (uint8_t)room;
	*attempts = grown;
	return true;
}

void
attempts_add(struct attempts **given, uint64_t run)
{
	if (*given == NULL && !grow(given, ROOM_AT_FIRST))
		return;
	if ((*given)->count == (*given)->room && (*given)->room < CHANGE_ATTEMPTS_MAX
	    && !grow(given, (*given)->room * 2u))
		return;
	struct attempts *attempts = *given;
	assert(attempts->count <= attempts->room);
	/* Full: 1 2 3 4 and then 5 become 1 3 4 5, since the first attempt shows how it began. */
	if (attempts->count == attempts->room) {
		memmove(attempts->runs + 1, attempts->runs + 2,
		    (attempts->count - 2u) * sizeof attempts->runs[0]);
		attempts->count--;
	}
	assert(attempts->count < attempts->room);
	attempts->runs[attempts->count++] = run;
}

void
attempts_say(struct attempts **attempts, struct pw_bytes text)
{
	if (*attempts == NULL && !grow(attempts, ROOM_AT_FIRST))
		return;
	free((*attempts)->text);
	(*attempts)->text = strndup(text.data, text.size);
}

void
attempts_restart(struct attempts *attempts)
{
	if (attempts != NULL)
		attempts->count = 0;
}

void
attempts_keep_last(struct attempts *attempts)
{
	if (attempts == NULL || attempts->count == 0)
		return;
	attempts->runs[0] = attempts->runs[attempts->count - 1];
	attempts->count = 1;
}

void
attempts_destroy(struct attempts **attempts)
{
	if (*attempts != NULL)
		free((*attempts)->text);
	free(*attempts);
	*attempts = NULL;
}

enum {
	RUNS_A_MILLISECOND = 12, /* as bits: more than are ever begun */
	RUNS_UNKNOWN = 1 << 20   /* so many may have been given behind the last that is known */
};

/*
 * A target that comes back after it was gone, or whose record was lost, has told things under
 * numbers that are kept. So they go on from the time of day, which no target outruns: a number that
 * was given would be taken for a repetition.
 */
static void
watch_begin_anew(const struct watch *watch, struct target_state *state)
{
	target_state_init(state, watch_moment(watch));
	state->number = (uint32_t)(clock_wall() / SECOND);
}

bool
watch_init(struct watch *watch, struct duty *duty, int64_t now, uint32_t seed)
{
	uint32_t count = duty->config->target_count;

	*watch = (struct watch){ .duty = duty, .config = duty->config, .now = now,
	    .random = seed | 1, .codes = codes_create(), .recent_facts = recent_facts_create(),
		.targets = calloc(count == 0 ? 1 : count, sizeof *watch->targets) };
	(void)clocks_look(&watch->clocks, now);
	/* Above those that a monitor before us has given, unless the clock was set back: then we
	 * hear which these were. */
	watch->last_run = (uint64_t)(clock_wall() / MILLISECOND) << RUNS_A_MILLISECOND;
	for (uint32_t i = 0; watch->targets != NULL && i < count; i++)
		watch_begin_anew(watch, &watch->targets[i].state);
	return watch->codes != NULL && watch->targets != NULL && watch->recent_facts != NULL;
}

void
watch_fini(struct watch *watch)
{
	for (uint32_t i = 0; watch->targets != NULL && i < watch->config->target_count; i++) {
		target_state_fini(&watch->targets[i].state);
		attempts_destroy(&watch->targets[i].attempts);
		facts_destroy(&watch->targets[i].facts);
		target_name_forget(&watch->targets[i].name);
	}
	recent_facts_destroy(&watch->recent_facts);
	codes_destroy(&watch->codes);
	free(watch->put_off.items);
	free(watch->targets);
	watch->targets = NULL;
}

/* The mark stays: a state that is to be said is to be said also where it begins anew. */
void
watch_forget_target(const struct watch *watch, uint32_t target)
{
	struct watched *watched = &watch->targets[target];

	assert(!watch->begun && watched->run == 0);
	target_state_fini(&watched->state);
	watch_begin_anew(watch, &watched->state);
	attempts_destroy(&watched->attempts);
	facts_destroy(&watched->facts);
	target_name_forget(&watched->name);
	watched->renewal = (struct renewal){ .end = 0 };
	watched->network = 0;
	watched->blurred = watched->blurred_end = watched->blurred_runs = 0;
	watched->in_private = watched->was_held = false;
	watched->patient = watched->local = watched->by_hand = false;
	watched->in_digest = watched->silenced = false;
}

void
watch_forget(struct watch *watch)
{
	for (uint32_t i = 0; i < watch->config->target_count; i++)
		watch_forget_target(watch, i);
}

void
watch_number_behind(struct watch *watch, uint64_t run)
{
	if (run > watch->last_run && run < RUNS_MAX - RUNS_UNKNOWN)
		watch->last_run = run + RUNS_UNKNOWN;
}

int64_t
watch_interval(const struct watch *watch, uint32_t target)
{
	if (target == CONFIG_NONE)
		return 0;
	const struct target_state *state = &watch->targets[target].state;

	if (state->quarantined)
		return INTERVAL_NONE;
	return state->doubled > 0 ? pace_interval(state, watch_target(watch, target)->policy) : 0;
}
