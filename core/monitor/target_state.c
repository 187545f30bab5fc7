/*
 * Encodes and decodes the state of a target for its record (record.h). Each part is a form, a table
 * that says which members of a struct are kept, and since which version.
 */
#include "monitor/target_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/wire_form.h"
#include "monitor/clocks.h"
#include "monitor/silence.h"

enum { STATE_VERSION = 2, /* 1: without the rows that are there since 2 */
    GAP_INTERVALS = 5 };
static const int64_t gap_min = 600 * (int64_t)SECOND;
static const int64_t time_max = INT64_MAX / 4; /* beyond it no sum or difference of times is safe */

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
	free(target->failure_rate);
	*target = (struct target_state){ .state = STATE_NONE };
}

bool
target_state_is_broken(const struct target_state *state, const struct policy *policy, int64_t now)
{
	int64_t gap = GAP_INTERVALS * policy->interval;

	return (state->state == STATE_SUSPECT || state->state == STATE_RECOVERING)
	    && now - state->ended.mono > (gap > gap_min ? gap : gap_min);
}

void
target_state_begin_streak(struct target_state *state)
{
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
}

uint8_t
target_phase(const struct policy *policy, const char *name)
{
	uint32_t phase = policy != NULL ? policy_phase(policy, name) : CONFIG_NONE;

	return phase < PHASE_ANY ? (uint8_t)phase : PHASE_ANY;
}

/* Forms, and the types of their rows */

struct context {
	const struct policy *policy; /* NULL: of one who only shows it */
	struct codes *codes;
	int64_t to_utc;
};

static void
get_moment(struct wire_in *in, void *member, const void *context)
{
	const struct context *it = context;
	int64_t utc = wire_get_i64(in);

	wire_require(in, utc <= time_max && utc >= -time_max);
	*(struct moment *)member = in->bad || utc == 0 ? (struct moment){ 0, 0 }
	    : (struct moment){ utc - it->to_utc, utc };
}

static void
put_code(struct wire_out *out, const void *member, const void *context)
{
	const struct context *it = context;

	wire_put_name(out, codes_get(it->codes, *(const uint16_t *)member)->name);
}

static void
get_code(struct wire_in *in, void *member, const void *context)
{
	const struct context *it = context;
	char name[OUTCOME_NAME_MAX];

	wire_get_name(in, name, sizeof name);
	*(uint16_t *)member = in->bad ? (uint16_t)CODE_NONE : codes_of(it->codes, name,
	    it->policy == NULL ? NULL : plugin_probe(it->policy->probe)->outcomes);
}

static void
put_state_name(struct wire_out *out, const void *member, const void *context)
{
	(void)context;
	wire_put_name(out, state_name((enum state)*(const uint8_t *)member));
}

static void
get_state_name(struct wire_in *in, void *member, const void *context)
{
	char name[16];

	(void)context;
	wire_get_name(in, name, sizeof name);
	*(uint8_t *)member = (uint8_t)state_named(name);
	wire_require(in, *(uint8_t *)member != STATE_NONE);
}

static void
put_verdict(struct wire_out *out, const void *member, const void *context)
{
	(void)context;
	wire_put_name(out, verdict_name((enum pw_verdict)*(const uint8_t *)member));
}

static void
get_verdict(struct wire_in *in, void *member, const void *context)
{
	char name[16];
	enum pw_verdict verdict = PW_OK;

	(void)context;
	wire_get_name(in, name, sizeof name);
	wire_require(in, verdict_of_name(name, &verdict));
	*(uint8_t *)member = (uint8_t)verdict;
}

static void
put_phase(struct wire_out *out, const void *member, const void *context)
{
	const struct policy *policy = ((const struct context *)context)->policy;
	uint8_t phase = *(const uint8_t *)member;

	wire_put_name(out, phase < policy->phase_count ? policy->phases[phase].name : "");
}

static void
get_phase(struct wire_in *in, void *member, const void *context)
{
	char name[sizeof((struct outcome *)NULL)->phase];

	wire_get_name(in, name, sizeof name);
	*(uint8_t *)member = target_phase(((const struct context *)context)->policy, name);
}

static const struct wire_type moment_type = { clocks_put_moment, get_moment },
    code_type = { put_code, get_code }, state_type = { put_state_name, get_state_name },
    verdict_type = { put_verdict, get_verdict }, phase_type = { put_phase, get_phase };

#define MOMENT(type_, member_, ...) \
	WIRE_FIELD(OWN, type_, member_, .type = &moment_type, __VA_ARGS__)

static const struct wire_form trouble_form = { WIRE_FORM(trouble,
	MOMENT(trouble, began), MOMENT(trouble, recovered), MOMENT(trouble, changed),
	MOMENT(trouble, tempfail), MOMENT(trouble, unknown),
	WIRE_FIELD(U32, trouble, incident),
	WIRE_FIELD(OWN, trouble, told, .type = &code_type),
	WIRE_FIELD(OWN, trouble, other, .type = &code_type),
	WIRE_FIELD(U8, trouble, other_runs),
	WIRE_FIELD(U8, trouble, tempfail_runs),
	WIRE_FIELD(BIT, trouble, held), WIRE_FIELD(BIT, trouble, stale),
	WIRE_FIELD(BIT, trouble, ours), WIRE_FIELD(BIT, trouble, together),
	WIRE_FIELD(U8, trouble, needed, .since = 2),
	WIRE_FIELD(U8, trouble, crowded, .since = 2),
	MOMENT(trouble, crowded_at, .since = 2),
	WIRE_ARRAY(U64, trouble, last, .since = 2)) };

static const struct wire_form outage_form = { WIRE_FORM(outage,
	MOMENT(outage, confirmed), MOMENT(outage, began), MOMENT(outage, ended)) };

static const struct wire_form flapping_form = { WIRE_FORM(flapping,
	WIRE_FIELD(U8, flapping, flap, .min = FLAP_STEADY, .max = FLAPS - 1),
	WIRE_FIELD(U32, flapping, count),
	MOMENT(flapping, began), MOMENT(flapping, last_failed),
	WIRE_ARRAY(PART, flapping, outages, .form = &outage_form)) };

/* The runs of a slot, and behind them those of it that failed: two arrays of the struct, walked
 * together. */
static const struct wire_form slot_form = { .name = "slot", .size = sizeof(uint16_t),
	.fields = (const struct wire_field[]){
		{ .name = "runs", .kind = WIRE_U16, .size = sizeof(uint16_t) },
		{ .name = "failed", .kind = WIRE_U16, .size = sizeof(uint16_t),
		    .offset = offsetof(struct failure_rate, failed) - offsetof(struct failure_rate,
		    runs) },
		{ .name = NULL } } };

static const struct wire_form failure_rate_form = { WIRE_FORM(failure_rate,
	MOMENT(failure_rate, slot_began),
	WIRE_FIELD(U8, failure_rate, newest, .max = FAILURE_RATE_SLOTS - 1),
	WIRE_ARRAY(PART, failure_rate, runs, .form = &slot_form),
	WIRE_ARRAY(U64, failure_rate, last, .since = 2)) };

static const struct wire_form condition_form = { WIRE_FORM(condition,
	WIRE_FIELD(OWN, condition, code, .type = &code_type),
	WIRE_FIELD(U8, condition, stage, .min = STAGE_ABSENT + 1, .max = STAGES - 1),
	WIRE_FIELD(OWN, condition, phase, .type = &phase_type),
	WIRE_FIELD(U8, condition, count),
	WIRE_FIELD(U8, condition, blocked, .max = 1),
	MOMENT(condition, since)) };

static const struct wire_form state_form = { WIRE_FORM(target_state,
	WIRE_FIELD(OWN, target_state, state, .type = &state_type),
	WIRE_FIELD(OWN, target_state, verdict, .type = &verdict_type),
	WIRE_FIELD(OWN, target_state, outcome, .type = &code_type),
	MOMENT(target_state, since), MOMENT(target_state, ended),
	WIRE_FIELD(U64, target_state, fingerprint),
	WIRE_FIELD(U32, target_state, number),
	WIRE_FIELD(U32, target_state, silence),
	WIRE_FIELD(U16, target_state, fails),
	WIRE_FIELD(U16, target_state, passes),
	WIRE_FIELD(BIT, target_state, slow), WIRE_FIELD(BIT, target_state, had_starttls),
	WIRE_FIELD(BIT, target_state, quarantined), WIRE_FIELD(BIT, target_state, passed_asked),
	WIRE_FIELD(U8, target_state, swift),
	WIRE_FIELD(U8, target_state, doubled),
	WIRE_FIELD(U8, target_state, missing, .since = 2),
	MOMENT(target_state, limited, .since = 2)) };

/* What of a state is allocated only while it is needed, by the bits that say what is there. */
static const struct part {
	size_t offset; /* of the pointer to it */
	const struct wire_form *form;
} parts[] = {
	{ offsetof(struct target_state, trouble), &trouble_form },
	{ offsetof(struct target_state, flapping), &flapping_form },
	{ offsetof(struct target_state, failure_rate), &failure_rate_form },
};
enum { PARTS = sizeof parts / sizeof *parts };

static void *
part_of(const struct target_state *state, size_t part)
{
	return *(void *const *)((const char *)state + parts[part].offset);
}

void
target_state_put(const struct target_state *state, const struct policy *policy, struct codes *codes,
    struct wire_out *out)
{
	const struct context context = { .policy = policy, .codes = codes };
	const struct conditions *conditions = state->conditions;
	unsigned there = 0;

	wire_put_u8(out, STATE_VERSION);
	wire_put_form_as(out, &state_form, state, &context);
	for (size_t i = 0; i < PARTS; i++)
		there |= (unsigned)(part_of(state, i) != NULL) << i;
	wire_put_u8(out, (uint8_t)there);
	for (size_t i = 0; i < PARTS; i++)
		if (there >> i & 1)
			wire_put_form_as(out, parts[i].form, part_of(state, i), &context);
	assert(conditions == NULL || conditions->count <= CONDITIONS_MAX);
	wire_put_u8(out, conditions == NULL ? 0 : (uint8_t)conditions->count);
	for (uint32_t i = 0; conditions != NULL && i < conditions->count; i++)
		wire_put_form_as(out, &condition_form, &conditions->items[i], &context);
}

/* Memory is taken before a part is read, so that no record can make us take more than its parts. */
static bool
get_parts(struct target_state *state, struct wire_in *in, const struct wire_terms *terms)
{
	uint8_t there = wire_get_choice(in, 1 << PARTS);

	for (size_t i = 0; i < PARTS; i++) {
		if (!(there >> i & 1))
			continue;
		void *part = calloc(1, parts[i].form->size);
		if (part == NULL)
			return false;
		memcpy((char *)state + parts[i].offset, &part, sizeof part);
		wire_get_form(in, parts[i].form, part, terms);
	}
	uint8_t count = wire_get_choice(in, CONDITIONS_MAX + 1);
	if (!conditions_reserve(&state->conditions, count))
		return false;
	for (uint8_t i = 0; i < count && !in->bad; i++)
		wire_get_form(in, &condition_form,
		    &state->conditions->items[state->conditions->count++], terms);
	return true;
}

/* What the rules take for granted. The last outage is open exactly while the target is down. */
static bool
is_sound(const struct target_state *target)
{
	enum state state = (enum state)target->state;
	const struct trouble *trouble = target->trouble;
	const struct outage *last = target->flapping == NULL ? NULL
	    : &target->flapping->outages[FLAP_DOWNS - 1];
	bool down = state_is_down(state), open = down || state == STATE_SUSPECT;
	bool lasts = last != NULL && moment_is_set(last->confirmed) && !moment_is_set(last->ended);

	return open == (trouble != NULL && moment_is_set(trouble->began)) && lasts == down && (state
	    == STATE_RECOVERING) == (trouble != NULL && moment_is_set(trouble->recovered));
}

bool
target_state_get(struct target_state *state, const struct policy *policy, struct codes *codes,
    int64_t to_utc, struct wire_in *in)
{
	const struct context context = { .policy = policy, .codes = codes, .to_utc = to_utc };
	const struct wire_terms terms = { .version = wire_get_u8(in), .context = &context };
	struct moment since = state->since;

	wire_require(in, terms.version >= 1 && terms.version <= STATE_VERSION);
	wire_get_form(in, &state_form, state, &terms);
	state->silence &= ~(uint32_t)SILENCE_OF_KEEPER;
	if (get_parts(state, in, &terms) && !in->bad && is_sound(state))
		return true;
	target_state_fini(state);
	target_state_init(state, since);
	return false;
}
