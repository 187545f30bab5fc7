/*
 * Encodes and decodes what the monitor knows of its own side (outages of the network or resolver,
 * holds), so that the next monitor process goes on with it after a restart. The keeper stores it.
 *
 * It is written where something in it begins or ends, and every 30 s while something goes on.
 */
#include "monitor/own_record.h"

#include <assert.h>

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
	bool away; /* of a record that is read: nobody watched for a while */
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

static const struct wire_form spell_form = { WIRE_FORM(spell,
	INSTANT(spell, from), WIRE_FIELD(OWN, spell, to, .type = &end_type)) };

static const struct wire_form spells_form = { WIRE_FORM(spells,
	WIRE_LIST(PART, spells, items, count, .form = &spell_form)) };

/* Blindness: the cause that was told by its name, "" where none was, and those that stand by
 * theirs. */

static void
put_told(struct wire_out *out, const void *member, const void *context)
{
	const struct blind *blind = member;

	(void)context;
	wire_put_name(out, blind->stage == BLIND_TOLD ? blind_name(blind->told) : "");
}

static void
get_told(struct wire_in *in, void *member, const void *context)
{
	char name[CAUSE_NAME_MAX];

	(void)context;
	wire_get_name(in, name, sizeof name);
	((struct blind *)member)->told = blind_named(name);
}

static const struct wire_form cause_form = { WIRE_FORM(standing_cause,
	INSTANT(standing_cause, since), INSTANT(standing_cause, shown),
	WIRE_FIELD(U16, standing_cause, port)) };

static void
put_causes(struct wire_out *out, const void *member, const void *context)
{
	const struct blind *blind = member;
	uint8_t count = 0;

	for (enum blind_cause i = 0; i < BLIND_CAUSES; i++)
		count = (uint8_t)(count + blind_stands(blind, i));
	wire_put_u8(out, count);
	for (enum blind_cause i = 0; i < BLIND_CAUSES; i++)
		if (blind_stands(blind, i)) {
			wire_put_name(out, blind_name(i));
			wire_put_form_as(out, &cause_form, &blind->causes[i], context);
		}
}

static void
get_causes(struct wire_in *in, void *member, const void *context)
{
	for (uint8_t count = wire_get_choice(in, BLIND_CAUSES + 1); count > 0 && !in->bad;
	    count--) {
		struct standing_cause read = { .target = UINT32_MAX };
		char name[CAUSE_NAME_MAX];
		wire_get_name(in, name, sizeof name);
		wire_get_form(in, &cause_form, &read, &(struct wire_terms){ .context = context });
		if (blind_named(name) != BLIND_CAUSES)
			((struct blind *)member)->causes[blind_named(name)] = read;
	}
}

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

/* With the first of its suspects. */
static void
put_hold(struct wire_out *out, const void *member, const void *context)
{
	struct hold kept = *(const struct hold *)member;

	kept.count = kept.count < OWN_SUSPECTS ? kept.count : OWN_SUSPECTS;
	wire_put_form_as(out, &hold_form, &kept, context);
}

/* Into one that hold_init() made. */
static void
get_hold(struct wire_in *in, void *member, const void *context)
{
	const struct context *it = context;
	struct hold *hold = member, read = { .stage = HOLD_NONE };
	int64_t begun = hold->heard;

	wire_get_form(in, &hold_form, &read, &(struct wire_terms){ .context = context });
	assert(read.count <= HOLD_SUSPECTS && read.spells.count <= SPELLS_KEPT);
	*hold = read;
	hold->count = 0;
	for (uint32_t i = 0; i < read.count; i++)
		if (read.suspects[i].target != CONFIG_NONE)
			hold->suspects[hold->count++] = read.suspects[i];
	assert(hold->count <= read.count);
	if (hold->stage == HOLD_FREE && hold->count == 0)
		hold->heard = begun;
	if (it->away)
		hold_wait(hold, it->now.mono);
}

static const struct wire_type told_type = { put_told, get_told },
    causes_type = { put_causes, get_causes }, hold_type = { put_hold, get_hold };

static const struct wire_form port_form = { WIRE_FORM(port_hold,
	WIRE_FIELD(U16, port_hold, port),
	INSTANT(port_hold, heard),
	WIRE_FIELD(U8, port_hold, passed, .max = 1),
	UNSIGNED64(port_hold, turned_away),
	MOMENT(port_hold, refused),
	WIRE_FIELD(OWN, port_hold, hold, .type = &hold_type)) };

static const struct wire_form together_form = { WIRE_FORM(told_together,
	WIRE_FIELD(U32, told_together, count),
	WIRE_FIELD(U32, told_together, apart),
	MOMENT(told_together, began), MOMENT(told_together, told)) };

static bool
is_blind_stage(const void *record)
{
	const struct blind *blind = &((const struct own_side *)record)->blind;

	return (blind->stage == BLIND_TOLD) == (blind->told != BLIND_CAUSES);
}

/* What was told of several targets and of ourselves, blindness, and the hold of all targets. */
static const struct wire_form own_form = { .holds = is_blind_stage, WIRE_FORM(own_side,
	WIRE_FIELD(PART, own_side, digest.told, .form = &together_form),
	WIRE_FIELD(U16, own_side, digest.port),
	WIRE_FIELD(STRING, own_side, faults.unusable),
	MOMENT(own_side, faults.unusable_since),
	INSTANT(own_side, faults.clock_wrong),
	WIRE_FIELD(U8, own_side, blind.stage, .min = BLIND_SEEING, .max = BLIND_STAGES - 1),
	WIRE_FIELD(OWN, own_side, blind, .type = &told_type),
	MOMENT(own_side, blind_since),
	WIRE_FIELD(OWN, own_side, blind, .type = &causes_type),
	INSTANT(own_side, blind.heard), INSTANT(own_side, blind.failed_began),
	INSTANT(own_side, blind.failed_at),
	WIRE_FIELD(U8, own_side, blind.contradicted),
	INSTANT(own_side, blind.near_began), INSTANT(own_side, blind.near_at),
	WIRE_FIELD(BIT, own_side, blind.doubted), WIRE_FIELD(BIT, own_side, blind.near_doubted),
	WIRE_FIELD(PART, own_side, blind.spells, .form = &spells_form),
	WIRE_FIELD(OWN, own_side, hold, .type = &hold_type)) };

static const struct wire_form silent_form = { WIRE_FORM(silent,
	TARGET(silent, target),
	UNSIGNED64(silent, network),
	INSTANT(silent, from), INSTANT(silent, to),
	WIRE_FIELD(U8, silent, state, .max = UNHEARD_FAILED)) };

/* Writing */

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
	const struct context context = { .watch = watch, .now = watch_moment(watch) };

	wire_put_u8(out, OWN_RECORD_VERSION);
	wire_put_i64(out, context.now.utc);
	wire_put_form_as(out, &own_form, own, &context);
	wire_put_u8(out, (uint8_t)own->port_count);
	for (uint32_t i = 0; i < own->port_count; i++)
		wire_put_form_as(out, &port_form, &own->ports[i], &context);
	put_silences(&own->unheard, &context, out);
}

/* Reading */

/* Of a port on which nothing is watched any more, what was told is over, but nobody could have
 * answered on it. */
static void
get_ports(struct own_side *own, struct wire_in *in, const struct wire_terms *terms, int64_t now)
{
	for (uint8_t count = wire_get_u8(in); count > 0 && !in->bad; count--) {
		struct port_hold read = { .port = 0 };
		hold_init(&read.hold, now);
		wire_get_form(in, &port_form, &read, terms);
		struct port_hold *of_port = own_side_port(own, read.port);
		if (of_port != NULL)
			*of_port = read;
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
	struct context context = { .watch = watch, .now = watch_moment(watch) };
	const struct wire_terms terms = { .version = OWN_RECORD_VERSION, .context = &context };

	own_record_forget(own, watch);
	int64_t begun = own->blind.heard;
	wire_require(in, wire_get_u8(in) == OWN_RECORD_VERSION);
	int64_t at = wire_get_i64(in);
	context.away = context.now.utc < at || context.now.utc - at > away_max;
	wire_get_form(in, &own_form, own, &terms);
	if (own->blind.stage == BLIND_SEEING) /* nothing is known against the time from then to now */
		own->blind.heard = begun;
	own->blind.taken_over = watch->now;
	get_ports(own, in, &terms, watch->now);
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

bool
own_record_tick(struct own_side *own, const struct watch *watch)
{
	struct own_record *record = &own->record;
	const struct unheard *unheard = &own->unheard;
	int64_t patience = shown_again_min;

	/* What was taken over from a monitor before us and does not show itself is over, once all
	 * have been looked at again. */
	for (uint32_t i = 0; own->blind.taken_over != 0 && i < watch->config->target_count; i++)
		if (2 * watch->config->targets[i].policy->interval > patience)
			patience = 2 * watch->config->targets[i].policy->interval;
	if (own->blind.taken_over != 0 && watch->now - own->blind.taken_over > patience)
		record->unseen = blind_end_unseen(&own->blind, watch->now);
	uint64_t like = likeness(own);
	bool goes_on = own->blind.stage != BLIND_SEEING || own->hold.stage != HOLD_FREE
	    || (unheard->count > 0 && watch->now
	    - unheard->items[(unheard->count - 1) % UNHEARD_KEPT].to < silences_for);
	for (uint32_t i = 0; i < own->port_count; i++)
		goes_on |= own->ports[i].hold.stage != HOLD_FREE;
	if (like == record->likeness && (watch->now - record->written < again_every || !goes_on))
		return false;
	record->likeness = like;
	record->written = watch->now;
	return true;
}
