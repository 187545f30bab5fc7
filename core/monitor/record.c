/* What is known of a name or a service goes by hashes of them: a target that was renamed or moved takes nothing along. */
#include "monitor/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "monitor/pace.h"
#include "monitor/silence.h"
#include "monitor/view.h"

enum { GAP_INTERVALS = 5 };
static const int64_t gap_min = 600 * (int64_t)SECOND;

enum { SIGHT_LOCAL = 1, SIGHT_OFFERED = 2, SIGHT_REPEATING = 4, SIGHT_PRIVATE = 8, SIGHT_FLAGS = 16 };

/* What its facts are facts of. */
static uint64_t
service(const struct target *target)
{
	uint64_t hash = hash_add_string(HASH_BEGIN, target->policy->probe->descriptor->name);

	hash = hash_add_string(hash, target->host);
	return hash_add(hash, &target->port, sizeof target->port);
}

/* What runs of a target are comparable by: attempts at one thing are none at another. */
static uint32_t
probed(const struct target *target)
{
	const struct policy *policy = target->policy;
	uint64_t hash = service(target);

	hash = hash_add(hash, &policy->leg.routine, sizeof policy->leg.routine);
	hash = hash_add(hash, &policy->leg.patient, sizeof policy->leg.patient);
	for (uint32_t i = 0; i < policy->phase_count; i++) {
		hash = hash_add_string(hash, policy->phases[i].name);
		hash = hash_add(hash, &policy->phases[i].routine, sizeof policy->phases[i].routine);
		hash = hash_add(hash, &policy->phases[i].patient, sizeof policy->phases[i].patient);
	}
	return hash_end(hash);
}

/* Attempts with a long time between them in which nobody watched are not in a row. */
static bool
is_old_streak(const struct watch *watch, uint32_t target)
{
	const struct target_state *state = &watch->targets[target].state;
	int64_t interval = watch->config->targets[target].policy->interval;
	int64_t gap = GAP_INTERVALS * interval > gap_min ? GAP_INTERVALS * interval : gap_min;

	return (state->state == STATE_SUSPECT || state->state == STATE_RECOVERING) && watch->now - state->ended.mono > gap;
}

/* Its state stays, and a streak begins anew. */
static void
begin_streak_anew(struct watched *watched)
{
	struct target_state *state = &watched->state;

	state->fails = state->passes = 0;
	state->fingerprint = 0;
	if (state->state == STATE_RECOVERING)
		state->state = STATE_DOWN;
	if (state->trouble != NULL)
		state->trouble->recovered = (struct moment){ 0, 0 };
	if (state->state != STATE_SUSPECT)
		return;
	state->state = STATE_PENDING;
	free(state->trouble);
	state->trouble = NULL;
	attempts_destroy(&watched->attempts);
}

/* Where it was seen, and which of its failures may have been ours. */
static void
encode_sight(const struct watch *watch, const struct watched *watched, struct wire_out *out)
{
	const struct trouble *trouble = watched->state.trouble;

	wire_put_u8(out, (uint8_t)((watched->flags & WATCHED_LOCAL ? SIGHT_LOCAL : 0) | (watched->in_private ? SIGHT_PRIVATE : 0)
	    | (trouble != NULL && trouble->offered ? SIGHT_OFFERED : 0)
	    | (trouble != NULL && trouble->repeating ? SIGHT_REPEATING : 0)));
	wire_put_u64(out, watched->network);
	wire_put_u8(out, trouble != NULL ? trouble->apart : 0);
	wire_put_u8(out, trouble != NULL ? trouble->repeats : 0);
	wire_put_i64(out, watched->blurred == 0 ? 0 : clocks_at(&watch->clocks, watched->blurred * (int64_t)SECOND).utc);
	wire_put_i64(out, watched->blurred == 0 ? 0 : clocks_at(&watch->clocks, watched->blurred_end * (int64_t)SECOND).utc);
	wire_put_u8(out, watched->blurred_runs);
}

static uint32_t
seconds_from(const struct watch *watch, int64_t utc)
{
	const struct moment now = watch_moment(watch);
	int64_t seconds = (now.mono - (utc < now.utc ? now.utc - utc : 0)) / SECOND;

	return utc <= 0 ? 0 : seconds < 1 ? 1 : (uint32_t)seconds;
}

static void
decode_sight(const struct watch *watch, struct watched *watched, uint8_t version, struct wire_in *in)
{
	uint8_t flags = wire_get_choice(in, SIGHT_FLAGS);

	watched->network = wire_get_u64(in);
	watched->flags |= flags & SIGHT_LOCAL ? WATCHED_LOCAL : 0;
	watched->in_private = flags & SIGHT_PRIVATE;
	uint8_t apart = wire_get_u8(in), repeats = version > 6 ? wire_get_u8(in) : 0;
	watched->blurred = seconds_from(watch, wire_get_i64(in));
	watched->blurred_end = seconds_from(watch, wire_get_i64(in));
	watched->blurred_runs = wire_get_u8(in);
	if (watched->state.trouble == NULL)
		return;
	watched->state.trouble->apart = apart;
	watched->state.trouble->offered = flags & SIGHT_OFFERED;
	watched->state.trouble->repeating = flags & SIGHT_REPEATING;
	watched->state.trouble->repeats = repeats;
}

void
record_encode(const struct watch *watch, uint32_t target, struct wire_out *out)
{
	const struct watched *watched = &watch->targets[target];
	const struct attempts *attempts = watched->attempts;
	const char *text = attempts == NULL || attempts->text == NULL ? "" : attempts->text;

	wire_put_u8(out, WATCH_RECORD_VERSION);
	target_state_encode(&watched->state, watch->config->targets[target].policy, watch->codes, out);
	wire_put_u8(out, attempts == NULL ? 0 : attempts->count);
	for (uint8_t i = 0; attempts != NULL && i < attempts->count; i++)
		wire_put_u64(out, attempts->runs[i]);
	wire_put_bytes(out, (struct pw_bytes){ text, strlen(text) });
	wire_put_u32(out, probed(&watch->config->targets[target]));
	wire_put_u32(out, hash_end(hash_add_string(HASH_BEGIN, watch->config->targets[target].host)));
	target_name_encode(watched->name, out);
	wire_put_u32(out, hash_end(service(&watch->config->targets[target])));
	facts_encode(watched->facts, out);
	facts_encode_varieties(watched->facts, out);
	renewal_encode(&watched->renewal, out);
	encode_sight(watch, watched, out);
	facts_encode_values(watched->facts, out);
}

struct message_columns
record_columns(const struct watch *watch, uint32_t target)
{
	struct message_columns columns = { .state = "" };

	if (target == CONFIG_NONE)
		return columns;
	const struct watched *watched = &watch->targets[target];
	const struct target_state *state = &watched->state;
	const struct attempts *attempts = watched->attempts;
	struct text silences = TEXT_OVER(columns.silences);
	text_copy(columns.state, sizeof columns.state, state_name((enum state)state->state));
	if (moment_is_set(state->ended)) {
		text_copy(columns.verdict, sizeof columns.verdict, verdict_name((enum pw_verdict)state->verdict));
		text_copy(columns.outcome, sizeof columns.outcome, codes_get(watch->codes, state->outcome)->name);
	}
	silence_add_names(&silences, state->silence);
	columns.since = state->since.utc;
	columns.ended = state->ended.utc;
	columns.fails = state->fails;
	columns.passes = state->passes;
	columns.attempts = attempts == NULL ? 0 : attempts->count;
	columns.doubled = state->doubled;
	columns.flapping = state->flapping != NULL && state->flapping->flap == FLAP_FLAPPING;
	columns.slow = state->flags & TARGET_SLOW;
	columns.held = state->trouble != NULL && state->trouble->held;
	columns.quarantined = state->flags & TARGET_QUARANTINED;
	if (attempts != NULL && attempts->text != NULL) {
		size_t size = strlen(attempts->text);
		columns.text = (struct pw_bytes){ attempts->text, size < EVIDENCE_TEXT_MAX ? size
		    : text_whole(attempts->text, EVIDENCE_TEXT_MAX - 1) };
	}
	return columns;
}

/* Of another name, or another service under its name, nothing is known. */
static void
decode_host(const struct watch *watch, struct watched *watched, const struct target *target, uint8_t version,
    struct wire_in *in)
{
	bool same_name = wire_get_u32(in) == hash_end(hash_add_string(HASH_BEGIN, target->host));

	target_name_decode(&watched->name, watch_moment(watch), in);
	if (!same_name)
		target_name_forget(&watched->name);
	bool same_service = wire_get_u32(in) == hash_end(service(target));
	bool decoded = facts_decode(&watched->facts, in) && (version < 4 || facts_decode_varieties(&watched->facts, in));
	if (!decoded || !same_service)
		facts_destroy(&watched->facts);
	if (version > 4)
		renewal_decode(&watched->renewal, in);
	if (in->bad || !same_service)
		watched->renewal = (struct renewal){ .end = 0 };
}

bool
record_decode(struct watch *watch, uint32_t target, struct wire_in *in)
{
	struct watched *watched = &watch->targets[target];
	const struct policy *policy = watch->config->targets[target].policy;

	uint8_t version = wire_get_u8(in);
	in->bad |= version < WATCH_RECORD_OLDEST || version > WATCH_RECORD_VERSION;
	target_state_fini(&watched->state);
	target_state_init(&watched->state, watch_moment(watch));
	if (!target_state_decode(&watched->state, policy, watch->codes, watch_moment(watch).utc - watch->now, in)) {
		watch_begin_anew(watch, &watched->state);
		return false;
	}
	for (uint8_t i = 0, count = wire_get_choice(in, CHANGE_ATTEMPTS_MAX + 1); i < count && !in->bad; i++) {
		uint64_t run = wire_get_u64(in);
		watch_number_behind(watch, run);
		attempts_add(&watched->attempts, run);
	}
	struct pw_bytes text = wire_get_bytes(in);
	if (text.size > 0)
		attempts_say(&watched->attempts, text);
	bool other = wire_get_u32(in) != probed(&watch->config->targets[target]);
	if (!in->bad && (other || is_old_streak(watch, target)))
		begin_streak_anew(watched);
	if (version > WATCH_RECORD_OLDEST)
		decode_host(watch, watched, &watch->config->targets[target], version, in);
	if (version > 5)
		decode_sight(watch, watched, version, in);
	if (version > 7)
		facts_decode_values(watched->facts, in);
	/* Whether something was kept silent is not in the record: the keeper compares, and finds it. */
	if (watched->state.silence != 0)
		watched->flags |= WATCHED_SILENCED;
	/* Who is held back is the parent's to say, and it says so to every monitor. */
	watched->was_held = watched->state.flags & TARGET_QUARANTINED;
	watched->state.flags &= (uint8_t)~TARGET_QUARANTINED;
	return wire_is_whole(in);
}
