/*
 * Encodes and decodes what the monitor knows of a target, as bytes that the keeper stores and gives
 * to the next monitor process; `postwatch explain` decodes them, too.
 *
 * With the record stand hashes of the target's name and service: a target that was renamed or moved
 * takes nothing along that was learnt of the old one.
 */
#include "monitor/record.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/wire_form.h"
#include "monitor/silence.h"

enum {
	RECORD_OLDEST = 2,       /* that is read; of a later version is: */
	RECORD_WITH_HOST = 3,    /* where its name has led, and its steady facts */
	RECORD_WITH_VARIETIES,   /* facts that vary */
	RECORD_WITH_RENEWAL,     /* when its certificate is renewed */
	RECORD_WITH_PLACE,       /* where it was seen, and which of its failures may have been ours
	                          * */
	RECORD_WITH_REPEATS,     /* how often an attempt may be repeated */
	RECORD_VERSION           /* the values of facts */
};

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
	WIRE_FIELD(BIT, place_seen, local), WIRE_FIELD(BIT, place_seen, offered),
	WIRE_FIELD(BIT, place_seen, repeating), WIRE_FIELD(BIT, place_seen, in_private),
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

	wire_put_form(out, &place_form, &(struct place_seen){ .local = watched->local,
	    .offered = trouble->offered, .repeating = trouble->repeating,
	    .in_private = watched->in_private, .network = watched->network,
	    .apart = trouble->apart, .repeats = trouble->repeats,
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
	watched->local |= place.local;
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
	target_state_put(&watched->state, configured->policy, watch->codes, out);
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
	wire_put_form(out, &renewal_form, &watched->renewal);
	put_place(watch, watched, out);
	facts_encode_values(watched->facts, out);
}

/* Numbers of runs in it were given by a monitor before us: ours go on behind them. */
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

/* Of another name, or another service under its name, nothing is known. Returns false if there is
 * no memory. */
static bool
get_host(const struct watch *watch, struct watched *watched, const struct target *target,
    uint8_t version, struct wire_in *in)
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
		wire_get_form(in, &renewal_form, &watched->renewal, &(struct wire_terms){ 0 });
	if (!same_service)
		watched->renewal = (struct renewal){ .end = 0 };
	return read;
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
	bool read = target_state_get(&watched->state, configured->policy, watch->codes,
	    now.utc - now.mono, in);
	get_attempts(watch, watched, in);
	bool is_broken = target_state_is_broken(&watched->state, configured->policy, now.mono);
	if ((wire_get_u32(in) != hash_probe(configured) || is_broken) && !in->bad) {
		if (watched->state.state == STATE_SUSPECT)
			attempts_destroy(&watched->attempts);
		target_state_begin_streak(&watched->state);
	}
	if (version >= RECORD_WITH_HOST)
		read &= get_host(watch, watched, configured, version, in);
	if (version >= RECORD_WITH_PLACE)
		get_place(watch, watched, version, in);
	if (version >= RECORD_VERSION)
		facts_decode_values(watched->facts, in);
	assert(watched->attempts == NULL || watched->attempts->count <= watched->attempts->room);
	if (!read || !wire_is_whole(in)) {
		watch_forget_target(watch, target);
		return false;
	}
	/* Whether something was kept silent is not in the record: the keeper compares, and finds
	 * it. */
	if (watched->state.silence != 0)
		watched->silenced = true;
	/* Who is held back is the parent's to say, and it says so to every monitor. */
	watched->was_held = watched->state.quarantined;
	watched->state.quarantined = false;
	return true;
}

bool
record_view(struct target_state *state, struct codes *codes, struct pw_bytes record)
{
	struct wire_in in = wire_from(record.data, record.size);

	target_state_init(state, (struct moment){ 0, 0 });
	uint8_t version = wire_get_u8(&in);
	wire_require(&in, version >= RECORD_OLDEST && version <= RECORD_VERSION);
	if (!target_state_get(state, NULL, codes, 0, &in))
		return false;
	for (uint8_t attempts = wire_get_choice(&in, CHANGE_ATTEMPTS_MAX + 1);
	    attempts > 0; attempts--)
		(void)wire_get_u64(&in);
	(void)wire_get_bytes(&in);
	(void)wire_get_u32(&in);
	/* What follows is the monitor's alone. */
	if (version >= RECORD_WITH_HOST ? !in.bad : wire_is_whole(&in))
		return true;
	target_state_fini(state);
	return false;
}

/* Names, as the columns are read by people and programs that know no numbers of ours. */
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
		text_copy(columns.verdict, sizeof columns.verdict,
		    verdict_name((enum pw_verdict)state->verdict));
		text_copy(columns.outcome, sizeof columns.outcome,
		    codes_get(watch->codes, state->outcome)->name);
	}
	silence_add_names(&silences, state->silence);
	columns.since = state->since.utc;
	columns.ended = state->ended.utc;
	columns.fails = state->fails;
	columns.passes = state->passes;
	columns.attempts = attempts == NULL ? 0 : attempts->count;
	columns.doubled = state->doubled;
	columns.flapping = state->flapping != NULL && state->flapping->flap == FLAP_FLAPPING;
	columns.slow = state->slow;
	columns.held = state->trouble != NULL && state->trouble->held;
	columns.quarantined = state->quarantined;
	if (attempts != NULL && attempts->text != NULL) {
		size_t size = strlen(attempts->text);
		columns.text = (struct pw_bytes){ attempts->text, size < EVIDENCE_TEXT_MAX ? size
		    : text_whole(attempts->text, EVIDENCE_TEXT_MAX - 1) };
	}
	return columns;
}
