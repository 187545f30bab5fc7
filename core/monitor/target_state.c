/*
 * What the monitor holds of a target, and the record of it that the keeper keeps. Outcomes, conditions, phases and states
 * are names in the record, so that it outlives us, our plugins and our numbers.
 */
#include "monitor/target_state.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/silence.h"

#define TIME_MAX (INT64_MAX / 4) /* beyond it no sum or difference of times is safe */

enum { RECORD_VERSION = 2 }; /* 1: without `missing`, `needed`, the runs of single failures, and limits of our rate */
enum { HAS_TROUBLE = 1, HAS_FLAPPING = 2, HAS_UNSTEADY = 4, HAS_ALL = 7 };
enum { TROUBLE_HELD = 1, TROUBLE_STALE = 2, TROUBLE_OURS = 4, TROUBLE_TOGETHER = 8, TROUBLE_FLAGS = 16 };

void
target_state_init(struct target_state *target, struct moment now)
{
	*target = (struct target_state){ .since = now, .state = STATE_PENDING, .outcome = CODE_OK };
}

void
target_state_fini(struct target_state *target)
{
	free(target->trouble);
	free(target->conditions);
	free(target->flapping);
	free(target->unsteady);
	*target = (struct target_state){ .state = STATE_NONE };
}

static void
put_time(struct wire_out *out, struct moment time)
{
	wire_put_i64(out, time.utc);
}

static struct moment
get_time(struct wire_in *in, int64_t to_utc)
{
	int64_t time = wire_get_i64(in);

	in->bad |= time > TIME_MAX || time < -TIME_MAX;
	if (in->bad || time == 0)
		return (struct moment){ 0, 0 };
	return (struct moment){ time - to_utc, time };
}

static void
put_code(struct wire_out *out, const struct codes *codes, uint16_t code)
{
	wire_put_name(out, codes_get(codes, code)->name);
}

static uint16_t
get_code(struct wire_in *in, struct codes *codes, const struct policy *policy)
{
	char name[OUTCOME_NAME_MAX];

	wire_get_name(in, name, sizeof name);
	if (in->bad)
		return CODE_NONE;
	return codes_of(codes, name, policy == NULL ? NULL : plugin_probe(policy->probe)->outcomes);
}

static void
put_last(struct wire_out *out, const uint64_t last[static UNSTEADY_LAST])
{
	for (unsigned i = 0; i < UNSTEADY_LAST; i++)
		wire_put_u64(out, last[i]);
}

static void
get_last(struct wire_in *in, uint64_t last[static UNSTEADY_LAST])
{
	for (unsigned i = 0; i < UNSTEADY_LAST; i++)
		last[i] = wire_get_u64(in);
}

static void
put_trouble(struct wire_out *out, const struct trouble *trouble, const struct codes *codes)
{
	put_time(out, trouble->began);
	put_time(out, trouble->recovered);
	put_time(out, trouble->changed);
	put_time(out, trouble->tempfail);
	put_time(out, trouble->unknown);
	wire_put_u32(out, trouble->incident);
	put_code(out, codes, trouble->told);
	put_code(out, codes, trouble->other);
	wire_put_u8(out, trouble->other_runs);
	wire_put_u8(out, trouble->tempfail_runs);
	wire_put_u8(out, (uint8_t)((trouble->held ? TROUBLE_HELD : 0) | (trouble->stale ? TROUBLE_STALE : 0)
	    | (trouble->together ? TROUBLE_TOGETHER : 0)
	    | (trouble->ours ? TROUBLE_OURS : 0)));
	wire_put_u8(out, trouble->needed);
	wire_put_u8(out, trouble->crowded);
	put_time(out, trouble->crowded_at);
	put_last(out, trouble->last);
}

static void
get_trouble(struct wire_in *in, struct trouble *trouble, uint8_t version, struct codes *codes, const struct policy *policy,
    int64_t to_utc)
{
	trouble->began = get_time(in, to_utc);
	trouble->recovered = get_time(in, to_utc);
	trouble->changed = get_time(in, to_utc);
	trouble->tempfail = get_time(in, to_utc);
	trouble->unknown = get_time(in, to_utc);
	trouble->incident = wire_get_u32(in);
	trouble->told = get_code(in, codes, policy);
	trouble->other = get_code(in, codes, policy);
	trouble->other_runs = wire_get_u8(in);
	trouble->tempfail_runs = wire_get_u8(in);
	uint8_t flags = wire_get_choice(in, TROUBLE_FLAGS);
	trouble->held = flags & TROUBLE_HELD;
	trouble->stale = flags & TROUBLE_STALE;
	trouble->together = flags & TROUBLE_TOGETHER;
	trouble->ours = flags & TROUBLE_OURS;
	if (version < 2)
		return;
	trouble->needed = wire_get_u8(in);
	trouble->crowded = wire_get_u8(in);
	trouble->crowded_at = get_time(in, to_utc);
	get_last(in, trouble->last);
}

static void
put_flapping(struct wire_out *out, const struct flapping *flapping)
{
	wire_put_u8(out, (uint8_t)flapping->flap);
	wire_put_u32(out, flapping->count);
	put_time(out, flapping->began);
	put_time(out, flapping->last_failed);
	for (unsigned i = 0; i < FLAP_DOWNS; i++) {
		put_time(out, flapping->outages[i].confirmed);
		put_time(out, flapping->outages[i].began);
		put_time(out, flapping->outages[i].ended);
	}
}

static void
get_flapping(struct wire_in *in, struct flapping *flapping, int64_t to_utc)
{
	flapping->flap = (enum flap)wire_get_choice(in, FLAPS);
	in->bad |= flapping->flap == FLAP_NONE;
	flapping->count = wire_get_u32(in);
	flapping->began = get_time(in, to_utc);
	flapping->last_failed = get_time(in, to_utc);
	for (unsigned i = 0; i < FLAP_DOWNS; i++) {
		flapping->outages[i].confirmed = get_time(in, to_utc);
		flapping->outages[i].began = get_time(in, to_utc);
		flapping->outages[i].ended = get_time(in, to_utc);
	}
}

static void
put_unsteady(struct wire_out *out, const struct unsteady *unsteady)
{
	put_time(out, unsteady->slot_began);
	wire_put_u8(out, unsteady->newest);
	for (unsigned i = 0; i < UNSTEADY_SLOTS; i++) {
		wire_put_u16(out, unsteady->runs[i]);
		wire_put_u16(out, unsteady->failed[i]);
	}
	put_last(out, unsteady->last);
}

static void
get_unsteady(struct wire_in *in, struct unsteady *unsteady, uint8_t version, int64_t to_utc)
{
	unsteady->slot_began = get_time(in, to_utc);
	unsteady->newest = wire_get_choice(in, UNSTEADY_SLOTS);
	for (unsigned i = 0; i < UNSTEADY_SLOTS; i++) {
		unsteady->runs[i] = wire_get_u16(in);
		unsteady->failed[i] = wire_get_u16(in);
	}
	if (version >= 2)
		get_last(in, unsteady->last);
}

static void
put_conditions(struct wire_out *out, const struct conditions *list, const struct policy *policy,
    const struct codes *codes)
{
	wire_put_u8(out, list == NULL ? 0 : (uint8_t)list->count);
	for (uint32_t i = 0; list != NULL && i < list->count; i++) {
		const struct condition *item = &list->items[i];
		put_code(out, codes, item->code);
		wire_put_u8(out, item->stage);
		wire_put_name(out, item->phase < policy->phase_count ? policy->phases[item->phase].name : "");
		wire_put_u8(out, item->count);
		wire_put_u8(out, item->blocked);
		put_time(out, item->since);
	}
}

uint8_t
target_phase(const struct policy *policy, const char *name)
{
	uint32_t phase = policy != NULL ? policy_phase(policy, name) : CONFIG_NONE;

	return phase < PHASE_ANY ? (uint8_t)phase : PHASE_ANY;
}

static void
get_condition(struct wire_in *in, struct condition *item, const struct policy *policy, struct codes *codes, int64_t to_utc)
{
	char name[sizeof((struct outcome *)NULL)->phase];

	item->code = get_code(in, codes, policy);
	item->stage = wire_get_choice(in, STAGES);
	wire_get_name(in, name, sizeof name);
	item->phase = target_phase(policy, name);
	item->count = wire_get_u8(in);
	item->blocked = wire_get_choice(in, 2);
	item->since = get_time(in, to_utc);
	in->bad |= item->stage <= STAGE_ABSENT;
}

static bool
get_conditions(struct wire_in *in, struct conditions **conditions, const struct policy *policy, struct codes *codes,
    int64_t to_utc)
{
	uint8_t count = wire_get_choice(in, CONDITIONS_MAX + 1);

	if (!conditions_reserve(conditions, count))
		return false;
	for (uint8_t i = 0; i < count && !in->bad; i++) {
		get_condition(in, &(*conditions)->items[i], policy, codes, to_utc);
		(*conditions)->count++;
	}
	return true;
}

void
target_state_encode(const struct target_state *target, const struct policy *policy, const struct codes *codes,
    struct wire_out *out)
{
	wire_put_u8(out, RECORD_VERSION);
	wire_put_name(out, state_name((enum state)target->state));
	wire_put_name(out, verdict_name((enum pw_verdict)target->verdict));
	put_code(out, codes, target->outcome);
	put_time(out, target->since);
	put_time(out, target->ended);
	wire_put_u64(out, target->fingerprint);
	wire_put_u32(out, target->number);
	wire_put_u32(out, target->silence);
	wire_put_u16(out, target->fails);
	wire_put_u16(out, target->passes);
	wire_put_u8(out, target->flags);
	wire_put_u8(out, target->swift);
	wire_put_u8(out, target->doubled);
	wire_put_u8(out, target->missing);
	put_time(out, target->limited);
	wire_put_u8(out, (uint8_t)((target->trouble != NULL ? HAS_TROUBLE : 0) | (target->flapping != NULL ? HAS_FLAPPING : 0)
	    | (target->unsteady != NULL ? HAS_UNSTEADY : 0)));
	if (target->trouble != NULL)
		put_trouble(out, target->trouble, codes);
	if (target->flapping != NULL)
		put_flapping(out, target->flapping);
	if (target->unsteady != NULL)
		put_unsteady(out, target->unsteady);
	put_conditions(out, target->conditions, policy, codes);
}

static uint8_t
get_state(struct wire_in *in)
{
	char name[16];

	wire_get_name(in, name, sizeof name);
	enum state state = state_named(name);
	in->bad |= state == STATE_NONE;
	return state == STATE_NONE ? STATE_PENDING : (uint8_t)state;
}

static uint8_t
get_verdict(struct wire_in *in)
{
	char name[16];
	enum pw_verdict verdict = PW_OK;

	wire_get_name(in, name, sizeof name);
	in->bad |= !verdict_of_name(name, &verdict);
	return (uint8_t)verdict;
}

static bool
get_parts(struct target_state *target, struct wire_in *in, uint8_t version, const struct policy *policy,
    struct codes *codes, int64_t to_utc)
{
	uint8_t parts = wire_get_choice(in, HAS_ALL + 1);

	if (((parts & HAS_TROUBLE) && (target->trouble = calloc(1, sizeof *target->trouble)) == NULL)
	    || ((parts & HAS_FLAPPING) && (target->flapping = calloc(1, sizeof *target->flapping)) == NULL)
	    || ((parts & HAS_UNSTEADY) && (target->unsteady = calloc(1, sizeof *target->unsteady)) == NULL))
		return false;
	if (target->trouble != NULL)
		get_trouble(in, target->trouble, version, codes, policy, to_utc);
	if (target->flapping != NULL)
		get_flapping(in, target->flapping, to_utc);
	if (target->unsteady != NULL)
		get_unsteady(in, target->unsteady, version, to_utc);
	return get_conditions(in, &target->conditions, policy, codes, to_utc);
}

/* The last outage is open exactly while the target is down. */
static bool
outages_fit(const struct flapping *flapping, bool down)
{
	const struct outage *last = &flapping->outages[FLAP_DOWNS - 1];

	return (moment_is_set(last->confirmed) && !moment_is_set(last->ended)) == down;
}

/* What the rules take for granted. */
static bool
is_sound(const struct target_state *target)
{
	enum state state = (enum state)target->state;
	const struct trouble *trouble = target->trouble;
	bool down = state_is_down(state), open = down || state == STATE_SUSPECT;

	return open == (trouble != NULL && moment_is_set(trouble->began))
	    && (target->flapping != NULL ? outages_fit(target->flapping, down) : !down)
	    && (state == STATE_RECOVERING) == (trouble != NULL && moment_is_set(trouble->recovered))
	    && target->flags < TARGET_FLAGS;
}

bool
target_state_decode(struct target_state *target, const struct policy *policy, struct codes *codes, int64_t to_utc,
    struct wire_in *in)
{
	struct moment since = target->since;

	uint8_t version = wire_get_u8(in);
	in->bad |= version < 1 || version > RECORD_VERSION;
	target->state = get_state(in);
	target->verdict = get_verdict(in);
	target->outcome = get_code(in, codes, policy);
	target->since = get_time(in, to_utc);
	target->ended = get_time(in, to_utc);
	target->fingerprint = wire_get_u64(in);
	target->number = wire_get_u32(in);
	target->silence = wire_get_u32(in) & ~(uint32_t)SILENCE_OF_KEEPER;
	target->fails = wire_get_u16(in);
	target->passes = wire_get_u16(in);
	target->flags = wire_get_u8(in);
	target->swift = wire_get_u8(in);
	target->doubled = wire_get_u8(in);
	if (version >= 2) {
		target->missing = wire_get_u8(in);
		target->limited = get_time(in, to_utc);
	}
	if (get_parts(target, in, version, policy, codes, to_utc) && !in->bad && is_sound(target))
		return true;
	target_state_fini(target);
	target_state_init(target, since);
	return false;
}
