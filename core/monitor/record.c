/*
 * Each part of a record is a form, which says what of a struct is kept and since which version. What is known of a name or
 * a service goes by hashes of them: a target that was renamed or moved takes nothing along.
 */
#include "monitor/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/wire_form.h"
#include "monitor/pace.h"
#include "monitor/silence.h"

enum {
	RECORD_OLDEST = 2,       /* that is read; of a later version is: */
	RECORD_WITH_HOST = 3,    /* where its name has led, and its steady facts */
	RECORD_WITH_VARIETIES,   /* facts that vary */
	RECORD_WITH_RENEWAL,     /* when its certificate is renewed */
	RECORD_WITH_PLACE,       /* where it was seen, and which of its failures may have been ours */
	RECORD_WITH_REPEATS,     /* how often an attempt may be repeated */
	RECORD_VERSION,          /* the values of facts */
	STATE_VERSION = 2,       /* of the state in it; 1: without the rows that are there since 2 */
	GAP_INTERVALS = 5
};
static const int64_t gap_min = 600 * (int64_t)SECOND,
    time_max = INT64_MAX / 4; /* beyond it no sum or difference of times is safe */

/* The state: forms and the types of their rows */

struct context {
	const struct policy *policy; /* NULL: of one who only shows it */
	struct codes *codes;
	int64_t to_utc;
};

static void
put_moment(struct wire_out *out, const void *member, const void *context)
{
	(void)context;
	wire_put_i64(out, ((const struct moment *)member)->utc);
}

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
	*(uint16_t *)member = in->bad ? (uint16_t)CODE_NONE
	    : codes_of(it->codes, name, it->policy == NULL ? NULL : plugin_probe(it->policy->probe)->outcomes);
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

static const struct wire_type moment_type = { put_moment, get_moment }, code_type = { put_code, get_code },
    state_type = { put_state_name, get_state_name }, verdict_type = { put_verdict, get_verdict },
    phase_type = { put_phase, get_phase };

#define MOMENT(type_, member_, ...) WIRE_FIELD(OWN, type_, member_, .type = &moment_type, __VA_ARGS__)

static const struct wire_form trouble_form = { WIRE_FORM(trouble,
	MOMENT(trouble, began), MOMENT(trouble, recovered), MOMENT(trouble, changed), MOMENT(trouble, tempfail),
	MOMENT(trouble, unknown),
	WIRE_FIELD(U32, trouble, incident),
	WIRE_FIELD(OWN, trouble, told, .type = &code_type),
	WIRE_FIELD(OWN, trouble, other, .type = &code_type),
	WIRE_FIELD(U8, trouble, other_runs),
	WIRE_FIELD(U8, trouble, tempfail_runs),
	WIRE_FIELD(BIT, trouble, held), WIRE_FIELD(BIT, trouble, stale), WIRE_FIELD(BIT, trouble, ours),
	WIRE_FIELD(BIT, trouble, together),
	WIRE_FIELD(U8, trouble, needed, .since = 2),
	WIRE_FIELD(U8, trouble, crowded, .since = 2),
	MOMENT(trouble, crowded_at, .since = 2),
	WIRE_ARRAY(U64, trouble, last, .since = 2)) };

static const struct wire_form outage_form = { WIRE_FORM(outage,
	MOMENT(outage, confirmed), MOMENT(outage, began), MOMENT(outage, ended)) };

static bool
is_flapping(const void *flapping)
{
	return ((const struct flapping *)flapping)->flap != FLAP_NONE;
}

static const struct wire_form flapping_form = { .holds = is_flapping, WIRE_FORM(flapping,
	WIRE_FIELD(U8, flapping, flap, .max = FLAPS - 1),
	WIRE_FIELD(U32, flapping, count),
	MOMENT(flapping, began), MOMENT(flapping, last_failed),
	WIRE_ARRAY(PART, flapping, outages, .form = &outage_form)) };

/* The runs of a slot, and behind them those of it that failed: two arrays of the struct, walked together. */
static const struct wire_form slot_form = { .name = "slot", .size = sizeof(uint16_t), .fields = (const struct wire_field[]){
	{ .name = "runs", .kind = WIRE_U16, .size = sizeof(uint16_t) },
	{ .name = "failed", .kind = WIRE_U16, .size = sizeof(uint16_t),
	    .offset = offsetof(struct unsteady, failed) - offsetof(struct unsteady, runs) }, { .name = NULL } } };

static const struct wire_form unsteady_form = { WIRE_FORM(unsteady,
	MOMENT(unsteady, slot_began),
	WIRE_FIELD(U8, unsteady, newest, .max = UNSTEADY_SLOTS - 1),
	WIRE_ARRAY(PART, unsteady, runs, .form = &slot_form),
	WIRE_ARRAY(U64, unsteady, last, .since = 2)) };

static bool
is_condition(const void *condition)
{
	return ((const struct condition *)condition)->stage > STAGE_ABSENT;
}

static const struct wire_form condition_form = { .holds = is_condition, WIRE_FORM(condition,
	WIRE_FIELD(OWN, condition, code, .type = &code_type),
	WIRE_FIELD(U8, condition, stage, .max = STAGES - 1),
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
	WIRE_FIELD(U8, target_state, flags, .max = TARGET_FLAGS - 1),
	WIRE_FIELD(U8, target_state, swift),
	WIRE_FIELD(U8, target_state, doubled),
	WIRE_FIELD(U8, target_state, missing, .since = 2),
	MOMENT(target_state, limited, .since = 2)) };

/* What of a state is allocated only while it is needed, by the bits that say what is there. */
static const struct part {
	size_t offset; /* of the pointer to it */
	const struct wire_form *form;
} parts[] = { { offsetof(struct target_state, trouble), &trouble_form },
	{ offsetof(struct target_state, flapping), &flapping_form }, { offsetof(struct target_state, unsteady), &unsteady_form } };
enum { PARTS = sizeof parts / sizeof *parts };

static void *
part_of(const struct target_state *state, size_t part)
{
	return *(void *const *)((const char *)state + parts[part].offset);
}

void
record_put_state(const struct target_state *state, const struct policy *policy, struct codes *codes, struct wire_out *out)
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
		wire_get_form(in, &condition_form, &state->conditions->items[state->conditions->count++], terms);
	return true;
}

/* What the rules take for granted. The last outage is open exactly while the target is down. */
static bool
is_sound(const struct target_state *target)
{
	enum state state = (enum state)target->state;
	const struct trouble *trouble = target->trouble;
	const struct outage *last = target->flapping == NULL ? NULL : &target->flapping->outages[FLAP_DOWNS - 1];
	bool down = state_is_down(state), open = down || state == STATE_SUSPECT;
	bool lasts = last != NULL && moment_is_set(last->confirmed) && !moment_is_set(last->ended);

	return open == (trouble != NULL && moment_is_set(trouble->began)) && lasts == down
	    && (state == STATE_RECOVERING) == (trouble != NULL && moment_is_set(trouble->recovered));
}

bool
record_get_state(struct target_state *state, const struct policy *policy, struct codes *codes, int64_t to_utc,
    struct wire_in *in)
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

/* What runs of a target are comparable by */

/* What its facts are facts of. */
static uint64_t
hash_service(const struct target *target)
{
	uint64_t hash = hash_add_string(HASH_BEGIN, target->policy->probe->descriptor->name);

	hash = hash_add_string(hash, target->host);
	return hash_add(hash, &target->port, sizeof target->port);
}

/* Attempts at one thing are none at another. */
static uint32_t
hash_probe(const struct target *target)
{
	const struct policy *policy = target->policy;
	uint64_t hash = hash_service(target);

	hash = hash_add(hash, &policy->leg.routine, sizeof policy->leg.routine);
	hash = hash_add(hash, &policy->leg.patient, sizeof policy->leg.patient);
	for (uint32_t i = 0; i < policy->phase_count; i++) {
		hash = hash_add_string(hash, policy->phases[i].name);
		hash = hash_add(hash, &policy->phases[i].routine, sizeof policy->phases[i].routine);
		hash = hash_add(hash, &policy->phases[i].patient, sizeof policy->phases[i].patient);
	}
	return hash_end(hash);
}

static uint32_t
hash_host(const struct target *target)
{
	return hash_end(hash_add_string(HASH_BEGIN, target->host));
}

/* Where it was seen, and which of its failures may have been ours */

struct place_seen {
	bool local, offered, repeating, in_private;
	uint64_t network;
	uint8_t apart, repeats, blurred_runs;
	int64_t blurred, blurred_end; /* UTC; 0: none */
};

static const struct wire_form place_form = { WIRE_FORM(place_seen,
	WIRE_FIELD(BIT, place_seen, local), WIRE_FIELD(BIT, place_seen, offered), WIRE_FIELD(BIT, place_seen, repeating),
	WIRE_FIELD(BIT, place_seen, in_private),
	WIRE_FIELD(U64, place_seen, network),
	WIRE_FIELD(U8, place_seen, apart),
	WIRE_FIELD(U8, place_seen, repeats, .since = RECORD_WITH_REPEATS),
	WIRE_FIELD(I64, place_seen, blurred, .min = INT64_MIN),
	WIRE_FIELD(I64, place_seen, blurred_end, .min = INT64_MIN),
	WIRE_FIELD(U8, place_seen, blurred_runs)) };

static int64_t
seconds_to(const struct watch *watch, uint32_t seconds)
{
	return seconds == 0 ? 0 : clocks_at(&watch->clocks, seconds * (int64_t)SECOND).utc;
}

static uint32_t
seconds_from(const struct watch *watch, int64_t utc)
{
	const struct moment now = watch_moment(watch);
	int64_t seconds = (now.mono - (utc < now.utc ? now.utc - utc : 0)) / SECOND;

	return utc <= 0 ? 0 : seconds < 1 ? 1 : (uint32_t)seconds;
}

static void
put_place(const struct watch *watch, const struct watched *watched, struct wire_out *out)
{
	const struct trouble none = { .incident = 0 },
	    *trouble = watched->state.trouble != NULL ? watched->state.trouble : &none;

	wire_put_form(out, &place_form, &(struct place_seen){ .local = watched->flags & WATCHED_LOCAL,
	    .offered = trouble->offered, .repeating = trouble->repeating, .in_private = watched->in_private,
	    .network = watched->network, .apart = trouble->apart, .repeats = trouble->repeats,
	    .blurred_runs = watched->blurred_runs, .blurred = seconds_to(watch, watched->blurred),
	    .blurred_end = watched->blurred == 0 ? 0 : seconds_to(watch, watched->blurred_end) });
}

static void
get_place(const struct watch *watch, struct watched *watched, uint8_t version, struct wire_in *in)
{
	struct trouble *trouble = watched->state.trouble;
	struct place_seen place = { .network = 0 };

	wire_get_form(in, &place_form, &place, &(struct wire_terms){ .version = version });
	watched->network = place.network;
	watched->flags |= place.local ? WATCHED_LOCAL : 0;
	watched->in_private = place.in_private;
	watched->blurred = seconds_from(watch, place.blurred);
	watched->blurred_end = seconds_from(watch, place.blurred_end);
	watched->blurred_runs = place.blurred_runs;
	if (trouble == NULL)
		return;
	trouble->apart = place.apart;
	trouble->offered = place.offered;
	trouble->repeating = place.repeating;
	trouble->repeats = place.repeats;
}

/* The whole record */

void
record_encode(const struct watch *watch, uint32_t target, struct wire_out *out)
{
	const struct watched *watched = &watch->targets[target];
	const struct target *configured = watch_target(watch, target);
	const struct attempts *attempts = watched->attempts;
	const char *text = attempts == NULL || attempts->text == NULL ? "" : attempts->text;

	wire_put_u8(out, RECORD_VERSION);
	record_put_state(&watched->state, configured->policy, watch->codes, out);
	wire_put_u8(out, attempts == NULL ? 0 : attempts->count);
	for (uint8_t i = 0; attempts != NULL && i < attempts->count; i++)
		wire_put_u64(out, attempts->runs[i]);
	wire_put_bytes(out, (struct pw_bytes){ text, strlen(text) });
	wire_put_u32(out, hash_probe(configured));
	wire_put_u32(out, hash_host(configured));
	target_name_encode(watched->name, out);
	wire_put_u32(out, hash_end(hash_service(configured)));
	facts_encode(watched->facts, out);
	facts_encode_varieties(watched->facts, out);
	renewal_encode(&watched->renewal, out);
	put_place(watch, watched, out);
	facts_encode_values(watched->facts, out);
}

static void
get_attempts(struct watch *watch, struct watched *watched, struct wire_in *in)
{
	uint8_t count = wire_get_choice(in, CHANGE_ATTEMPTS_MAX + 1);

	for (uint8_t i = 0; i < count && !in->bad; i++) {
		uint64_t run = wire_get_u64(in);
		watch_number_behind(watch, run);
		attempts_add(&watched->attempts, run);
	}
	struct pw_bytes text = wire_get_bytes(in);
	if (text.size > 0)
		attempts_say(&watched->attempts, text);
}

/* Of another name, or another service under its name, nothing is known. Returns false if there is no memory. */
static bool
get_host(const struct watch *watch, struct watched *watched, const struct target *target, uint8_t version, struct wire_in *in)
{
	bool same_name = wire_get_u32(in) == hash_host(target);

	target_name_decode(&watched->name, watch_moment(watch), in);
	if (!same_name)
		target_name_forget(&watched->name);
	bool same_service = wire_get_u32(in) == hash_end(hash_service(target));
	bool read = facts_decode(&watched->facts, in)
	    && (version < RECORD_WITH_VARIETIES || facts_decode_varieties(&watched->facts, in));
	if (!same_service)
		facts_destroy(&watched->facts);
	if (version >= RECORD_WITH_RENEWAL)
		renewal_decode(&watched->renewal, in);
	if (!same_service)
		watched->renewal = (struct renewal){ .end = 0 };
	return read;
}

/* Attempts with a long time between them in which nobody watched are not in a row. */
static bool
is_old_streak(const struct watch *watch, uint32_t target)
{
	const struct target_state *state = &watch->targets[target].state;
	int64_t interval = watch_target(watch, target)->policy->interval;
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

bool
record_decode(struct watch *watch, uint32_t target, struct wire_in *in)
{
	struct watched *watched = &watch->targets[target];
	const struct target *configured = watch_target(watch, target);
	const struct moment now = watch_moment(watch);

	watch_forget_target(watch, target);
	uint8_t version = wire_get_u8(in);
	wire_require(in, version >= RECORD_OLDEST && version <= RECORD_VERSION);
	bool read = record_get_state(&watched->state, configured->policy, watch->codes, now.utc - now.mono, in);
	get_attempts(watch, watched, in);
	if ((wire_get_u32(in) != hash_probe(configured) || is_old_streak(watch, target)) && !in->bad)
		begin_streak_anew(watched);
	if (version >= RECORD_WITH_HOST)
		read &= get_host(watch, watched, configured, version, in);
	if (version >= RECORD_WITH_PLACE)
		get_place(watch, watched, version, in);
	if (version >= RECORD_VERSION)
		facts_decode_values(watched->facts, in);
	if (!read || !wire_is_whole(in)) {
		watch_forget_target(watch, target);
		return false;
	}
	/* Whether something was kept silent is not in the record: the keeper compares, and finds it. */
	if (watched->state.silence != 0)
		watched->flags |= WATCHED_SILENCED;
	/* Who is held back is the parent's to say, and it says so to every monitor. */
	watched->was_held = watched->state.flags & TARGET_QUARANTINED;
	watched->state.flags &= (uint8_t)~TARGET_QUARANTINED;
	return true;
}

bool
record_view(struct target_state *state, struct codes *codes, struct pw_bytes record)
{
	struct wire_in in = wire_from(record.data, record.size);

	target_state_init(state, (struct moment){ 0, 0 });
	uint8_t version = wire_get_u8(&in);
	wire_require(&in, version >= RECORD_OLDEST && version <= RECORD_VERSION);
	if (!record_get_state(state, NULL, codes, 0, &in))
		return false;
	for (uint8_t attempts = wire_get_choice(&in, CHANGE_ATTEMPTS_MAX + 1); attempts > 0; attempts--)
		(void)wire_get_u64(&in);
	(void)wire_get_bytes(&in);
	(void)wire_get_u32(&in);
	/* What follows is the monitor's alone. */
	if (version >= RECORD_WITH_HOST ? !in.bad : wire_is_whole(&in))
		return true;
	target_state_fini(state);
	return false;
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
