/*
 * Encodes and decodes what the monitor knows of its own side (outages of the network or resolver,
 * holds), for the next monitor after a restart.
 *
 * It is written where something in it begins or ends, and every 30 s while something goes on.
 */
#include "monitor/own_record.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/wire_form.h"

enum { OWN_RECORD_VERSION = 1, OWN_SUSPECTS = 16, OWN_SILENCES = 64 };
static const int64_t again_every = 30 * (int64_t)SECOND, away_max = 120 * (int64_t)SECOND,
    silences_for = 600 * (int64_t)SECOND, shown_again_min = 300 * (int64_t)SECOND;

/* Forms, and the types of their rows */

struct context {
	const struct watch *watch;
	struct moment now;
};

/* Instants of the monotonic clock, 0 and INT64_MAX aside, which mean none and no end. */
static void
put_instant(struct wire_out *out, const void *member, const void *context)
{
	const struct context *it = context;
	int64_t mono = *(const int64_t *)member;

	wire_put_i64(out, mono == 0 || mono == INT64_MAX ? mono
	    : clocks_at(&it->watch->clocks, mono).utc);
}

/* What lies ahead is now. */
static void
get_instant(struct wire_in *in, void *member, const void *context)
{
	*(int64_t *)member = clocks_from_utc(wire_get_i64(in),
	    ((const struct context *)context)->now).mono;
}

static void
get_end(struct wire_in *in, void *member, const void *context)
{
	int64_t utc = wire_get_i64(in);

	*(int64_t *)member = utc == INT64_MAX ? utc
	    : clocks_from_utc(utc, ((const struct context *)context)->now).mono;
}

static void
get_moment(struct wire_in *in, void *member, const void *context)
{
	*(struct moment *)member = clocks_from_utc(wire_get_i64(in),
	    ((const struct context *)context)->now);
}

static void
put_target(struct wire_out *out, const void *member, const void *context)
{
	const struct target *target = watch_target(((const struct context *)context)->watch,
	    *(const uint32_t *)member);

	wire_put_u32(out, target->hash);
	wire_put_u32(out, target->host_hash);
}

/* CONFIG_NONE where it is not watched any more. */
static void
get_target(struct wire_in *in, void *member, const void *context)
{
	const struct config *config = ((const struct context *)context)->watch->config;
	uint32_t hash = wire_get_u32(in), host_hash = wire_get_u32(in), target = 0;

	while (target < config->target_count && (config->targets[target].hash != hash
	    || config->targets[target].host_hash != host_hash))
		target++;
	*(uint32_t *)member = target < config->target_count ? target : CONFIG_NONE;
}

static const struct wire_type instant_type = { put_instant, get_instant },
    end_type = { put_instant, get_end }, moment_type = { clocks_put_moment, get_moment },
    target_type = { put_target, get_target };

#define INSTANT(type_, member_) WIRE_FIELD(OWN, type_, member_, .type = &instant_type)
#define MOMENT(type_, member_) WIRE_FIELD(OWN, type_, member_, .type = &moment_type)
#define TARGET(type_, member_) WIRE_FIELD(OWN, type_, member_, .type = &target_type)
#define UNSIGNED64(type_, member_) WIRE_FIELD(U64, type_, member_)

/* What was told of several targets, and of ourselves. */
struct told_kept {
	struct told_together together;
	uint16_t port;
	char unusable[SOURCES_TEXT_MAX];
	struct moment unusable_since;
	int64_t clock_wrong;
};

static const struct wire_form together_form = { WIRE_FORM(told_together,
	WIRE_FIELD(U32, told_together, count),
	WIRE_FIELD(U32, told_together, apart),
	MOMENT(told_together, began), MOMENT(told_together, told)) };

static const struct wire_form told_form = { WIRE_FORM(told_kept,
	WIRE_FIELD(PART, told_kept, together, .form = &together_form),
	WIRE_FIELD(U16, told_kept, port),
	WIRE_FIELD(STRING, told_kept, unusable),
	MOMENT(told_kept, unusable_since),
	INSTANT(told_kept, clock_wrong)) };

static const struct wire_form spell_form = { WIRE_FORM(spell,
	INSTANT(spell, from), WIRE_FIELD(OWN, spell, to, .type = &end_type)) };

static const struct wire_form spells_form = { WIRE_FORM(spells,
	WIRE_LIST(PART, spells, items, count, .form = &spell_form)) };

/* Blindness, with its causes by their names, those that stand. */
struct blind_kept {
	struct blind blind;
	char told[32]; /* "": none is */
	struct moment since;
	uint8_t cause_count;
	struct cause_kept {
		char name[32];
		int64_t since, shown;
		uint16_t port;
	} causes[BLIND_CAUSES];
};

static const struct wire_form cause_form = { WIRE_FORM(cause_kept,
	WIRE_FIELD(NAME, cause_kept, name),
	INSTANT(cause_kept, since), INSTANT(cause_kept, shown),
	WIRE_FIELD(U16, cause_kept, port)) };

static bool
is_blind_stage(const void *record)
{
	const struct blind_kept *kept = record;

	return (kept->blind.stage == BLIND_TOLD) == (blind_named(kept->told) != BLIND_CAUSES);
}

static const struct wire_form blind_form = { .holds = is_blind_stage, WIRE_FORM(blind_kept,
	WIRE_FIELD(U8, blind_kept, blind.stage, .min = BLIND_SEEING, .max = BLIND_STAGES - 1),
	WIRE_FIELD(NAME, blind_kept, told),
	MOMENT(blind_kept, since),
	WIRE_LIST(PART, blind_kept, causes, cause_count, .form = &cause_form),
	INSTANT(blind_kept, blind.heard), INSTANT(blind_kept, blind.failed_began),
	INSTANT(blind_kept, blind.failed_at),
	WIRE_FIELD(U8, blind_kept, blind.contradicted),
	INSTANT(blind_kept, blind.near_began), INSTANT(blind_kept, blind.near_at),
	WIRE_FIELD(BIT, blind_kept, blind.doubted), WIRE_FIELD(BIT, blind_kept, blind.near_doubted),
	WIRE_FIELD(PART, blind_kept, blind.spells, .form = &spells_form)) };

static const struct wire_form suspect_form = { WIRE_FORM(suspect,
	TARGET(suspect, target),
	UNSIGNED64(suspect, network), UNSIGNED64(suspect, likeness),
	INSTANT(suspect, ended),
	WIRE_FIELD(I64, suspect, interval, .min = INT64_MIN)) };

static const struct wire_form hold_form = { WIRE_FORM(hold,
	WIRE_FIELD(U8, hold, stage, .min = HOLD_FREE, .max = HOLD_STAGES - 1),
	INSTANT(hold, heard), INSTANT(hold, since),
	UNSIGNED64(hold, likeness),
	WIRE_FIELD(PART, hold, spells, .form = &spells_form),
	WIRE_LIST(PART, hold, suspects, count, .form = &suspect_form)) };

static const struct wire_form port_form = { WIRE_FORM(port_hold,
	WIRE_FIELD(U16, port_hold, port),
	INSTANT(port_hold, heard),
	WIRE_FIELD(U8, port_hold, passed, .max = 1),
	UNSIGNED64(port_hold, turned_away),
	MOMENT(port_hold, refused),
	WIRE_FIELD(PART, port_hold, hold, .form = &hold_form)) };

static const struct wire_form silent_form = { WIRE_FORM(silent,
	TARGET(silent, target),
	UNSIGNED64(silent, network),
	INSTANT(silent, from), INSTANT(silent, to),
	WIRE_FIELD(U8, silent, state, .max = UNHEARD_FAILED)) };

/* Writing */

static void
put_blind(const struct own_side *own, const struct context *context, struct wire_out *out)
{
	struct blind_kept kept = { .blind = own->blind, .since = own->blind_since };

	if (own->blind.stage == BLIND_TOLD)
		text_copy(kept.told, sizeof kept.told, blind_name(own->blind.told));
	for (enum blind_cause i = 0; i < BLIND_CAUSES; i++) {
		if (!blind_stands(&own->blind, i))
			continue;
		assert(kept.cause_count < sizeof kept.causes / sizeof *kept.causes);
		struct cause_kept *cause = &kept.causes[kept.cause_count++];
		*cause = (struct cause_kept){ .since = own->blind.causes[i].since,
			.shown = own->blind.causes[i].shown, .port = own->blind.causes[i].port };
		text_copy(cause->name, sizeof cause->name, blind_name(i));
	}
	wire_put_form_as(out, &blind_form, &kept, context);
}

/* With the first of its suspects. */
static struct hold
shorten(const struct hold *hold)
{
	struct hold kept = *hold;

	kept.count = hold->count < OWN_SUSPECTS ? hold->count : OWN_SUSPECTS;
	return kept;
}

/* The last ones, of the time in which they tell anything. */
static void
put_silences(const struct unheard *unheard, const struct context *context, struct wire_out *out)
{
	const struct silent *last[OWN_SILENCES];
	uint8_t count = 0;

	for (uint32_t i = 0; i < unheard->count && i < OWN_SILENCES; i++) {
		const struct silent *item =
		    &unheard->items[(unheard->count - 1 - i) % UNHEARD_KEPT];
		if (context->watch->now - item->to < silences_for)
			last[count++] = item;
	}
	wire_put_u8(out, count);
	while (count-- > 0)
		wire_put_form_as(out, &silent_form, last[count], context);
}

/* Causes, holds and silences in an order that never changes; a later version is told by its
 * number. */
void
own_record_encode(const struct own_side *own, const struct watch *watch, struct wire_out *out)
{
	const struct context context = { watch, watch_moment(watch) };
	struct told_kept told = { .together = own->digest.told, .port = own->digest.port,
	    .unusable_since = own->faults.unusable_since, .clock_wrong = own->faults.clock_wrong };
	struct hold hold = shorten(&own->hold);

	text_copy(told.unusable, sizeof told.unusable, own->faults.unusable);
	wire_put_u8(out, OWN_RECORD_VERSION);
	wire_put_i64(out, context.now.utc);
	wire_put_form_as(out, &told_form, &told, &context);
	put_blind(own, &context, out);
	wire_put_form_as(out, &hold_form, &hold, &context);
	wire_put_u8(out, (uint8_t)own->port_count);
	for (uint32_t i = 0; i < own->port_count; i++) {
		struct port_hold of_port = own->ports[i];
		of_port.hold = shorten(&own->ports[i].hold);
		wire_put_form_as(out, &port_form, &of_port, &context);
	}
	put_silences(&own->unheard, &context, out);
}

/* Reading */

static void
get_told(struct own_side *own, struct wire_in *in, const struct wire_terms *terms)
{
	struct told_kept told = { .port = 0 };

	wire_get_form(in, &told_form, &told, terms);
	own->digest.told = told.together;
	own->digest.port = told.port;
	text_copy(own->faults.unusable, sizeof own->faults.unusable, told.unusable);
	own->faults.unusable_since = told.unusable_since;
	own->faults.clock_wrong = told.clock_wrong;
}

static void
get_blind(struct own_side *own, struct wire_in *in, const struct wire_terms *terms, int64_t now)
{
	struct blind_kept kept = { .told = "" };
	struct blind *blind = &own->blind;
	int64_t begun = blind->heard;

	wire_get_form(in, &blind_form, &kept, terms);
	*blind = kept.blind;
	own->blind_since = kept.since;
	blind->told = blind_named(kept.told);
	for (uint8_t i = 0; i < kept.cause_count; i++) {
		enum blind_cause cause = blind_named(kept.causes[i].name);
		if (cause == BLIND_CAUSES)
			continue;
		blind->causes[cause].since = kept.causes[i].since;
		blind->causes[cause].shown = kept.causes[i].shown;
		blind->causes[cause].port = kept.causes[i].port;
		blind->causes[cause].target = UINT32_MAX;
	}
	if (blind->stage == BLIND_SEEING) /* nothing is known against the time from then to now */
		blind->heard = begun;
	blind_take_over(blind, now);
}

/* `away`: nobody watched for a while. */
static void
take_hold(struct hold *hold, const struct hold *kept, bool away, int64_t now)
{
	int64_t begun = hold->heard;

	assert(kept->count <= HOLD_SUSPECTS && kept->spells.count <= SPELLS_KEPT);
	*hold = *kept;
	hold->count = 0;
	for (uint32_t i = 0; i < kept->count; i++)
		if (kept->suspects[i].target != CONFIG_NONE)
			hold->suspects[hold->count++] = kept->suspects[i];
	assert(hold->count <= kept->count);
	if (hold->stage == HOLD_FREE && hold->count == 0)
		hold->heard = begun;
	if (away)
		hold_wait(hold, now);
}

static void
get_ports(struct own_side *own, struct wire_in *in, const struct wire_terms *terms,
    bool away, int64_t now)
{
	for (uint8_t count = wire_get_u8(in); count > 0 && !in->bad; count--) {
		struct port_hold read = { .port = 0 };
		wire_get_form(in, &port_form, &read, terms);
		struct port_hold *of_port = own_side_port(own, read.port);
		/* Of a port on which nothing is watched any more, what was told is over, but nobody
		 * could have answered on it. */
		if (of_port == NULL)
			continue;
		struct hold hold = of_port->hold;
		take_hold(&hold, &read.hold, away, now);
		*of_port = read;
		of_port->hold = hold;
	}
}

/* In their order, so that a later silence of a target decides an earlier one as it did then. */
static void
get_silences(struct own_side *own, struct watch *watch, struct wire_in *in,
    const struct wire_terms *terms)
{
	for (uint8_t count = wire_get_choice(in, OWN_SILENCES + 1); count > 0
	    && !in->bad; count--) {
		struct silent read = { .target = CONFIG_NONE };
		wire_get_form(in, &silent_form, &read, terms);
		if (in->bad || read.target == CONFIG_NONE)
			continue;
		unheard_add(&own->unheard, read.target, read.network, read.from, read.to);
		if (read.state != UNHEARD_OPEN)
			unheard_end(&own->unheard, read.target, read.state);
		watch->targets[read.target].unheard = read.state == UNHEARD_OPEN;
	}
}

bool
own_record_decode(struct own_side *own, struct watch *watch, struct wire_in *in)
{
	const struct context context = { watch, watch_moment(watch) };
	const struct wire_terms terms = { .version = OWN_RECORD_VERSION, .context = &context };
	struct hold hold = { .stage = HOLD_NONE };

	own_record_forget(own, watch);
	wire_require(in, wire_get_u8(in) == OWN_RECORD_VERSION);
	int64_t at = wire_get_i64(in), now = context.now.mono;
	bool away = context.now.utc < at || context.now.utc - at > away_max;
	get_told(own, in, &terms);
	get_blind(own, in, &terms, now);
	wire_get_form(in, &hold_form, &hold, &terms);
	take_hold(&own->hold, &hold, away, now);
	get_ports(own, in, &terms, away, now);
	get_silences(own, watch, in, &terms);
	own->references_doubted = own->blind.doubted;
	own->record.known = wire_is_whole(in);
	if (!own->record.known)
		own_record_forget(own, watch);
	return own->record.known;
}

/* The ports stay, as they are those of the configuration; what was known of them goes. */
void
own_record_forget(struct own_side *own, const struct watch *watch)
{
	blind_init(&own->blind, watch->now);
	hold_init(&own->hold, watch->now);
	for (uint32_t i = 0; i < own->port_count; i++) {
		own->ports[i] = (struct port_hold){ .port = own->ports[i].port };
		hold_init(&own->ports[i].hold, watch->now);
	}
	own->unheard.count = 0;
	own->digest.told = (struct told_together){ .count = 0 };
	own->digest.port = 0;
	own->faults.unusable[0] = '\0';
	own->faults.clock_wrong = 0;
	own->record = (struct own_record){ .known = false };
}

/* When it is written */

/* A number at a time, since all are looked at every second: another one in the place of any gives
 * another hash, for the multiplier is odd. */
static uint64_t
add(uint64_t hash, int64_t number)
{
	return (hash ^ (uint64_t)number) * 0x9e3779b97f4a7c15;
}

static uint64_t
add_hold(uint64_t hash, const struct hold *hold)
{
	hash = add(hash, hold->stage);
	hash = add(hash, hold->stage == HOLD_FREE ? 0 : hold->since);
	return add(hash, spells_last(&hold->spells));
}

/* Of what begins and ends. */
static uint64_t
likeness(const struct own_side *own)
{
	uint64_t hash = add_hold(add(HASH_BEGIN, own->blind.stage), &own->hold);

	for (enum blind_cause i = 0; i < BLIND_CAUSES; i++)
		hash = add(hash, own->blind.causes[i].since);
	hash = add(hash, own->blind.doubted + 2 * own->blind.near_doubted + 4
	    * spells_last(&own->blind.spells));
	for (uint32_t i = 0; i < own->port_count; i++) {
		hash = add_hold(add(hash, own->ports[i].passed), &own->ports[i].hold);
		hash = add(hash, own->ports[i].refused.mono);
	}
	hash = add(add(hash, own->digest.told.count), own->digest.told.apart);
	hash = add(hash, own->digest.port);
	return hash_add_string(add(hash, own->faults.clock_wrong), own->faults.unusable);
}

static bool
goes_on(const struct own_side *own, int64_t now)
{
	const struct unheard *unheard = &own->unheard;
	bool open = own->blind.stage != BLIND_SEEING || own->hold.stage != HOLD_FREE;

	for (uint32_t i = 0; i < own->port_count; i++)
		open |= own->ports[i].hold.stage != HOLD_FREE;
	return open || (unheard->count > 0
	    && now - unheard->items[(unheard->count - 1) % UNHEARD_KEPT].to < silences_for);
}

/* What was taken over from a monitor before us and does not show itself is over, once all have been
 * looked at again. */
static void
end_unseen(struct own_side *own, const struct watch *watch)
{
	int64_t patience = shown_again_min;

	if (own->blind.taken_over == 0)
		return;
	for (uint32_t i = 0; i < watch->config->target_count; i++)
		if (2 * watch->config->targets[i].policy->interval > patience)
			patience = 2 * watch->config->targets[i].policy->interval;
	if (watch->now - own->blind.taken_over > patience)
		own->record.unseen = blind_end_unseen(&own->blind, watch->now);
}

bool
own_record_tick(struct own_side *own, const struct watch *watch)
{
	struct own_record *record = &own->record;

	end_unseen(own, watch);
	uint64_t like = likeness(own);
	if (like == record->likeness && (watch->now - record->written < again_every
	    || !goes_on(own, watch->now)))
		return false;
	record->likeness = like;
	record->written = watch->now;
	return true;
}
