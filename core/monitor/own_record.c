/* It is written where something in it begins or ends, and twice a minute while something goes on. */
#include "monitor/own_record.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

enum { OWN_RECORD_VERSION = 1, OWN_SUSPECTS = 16, OWN_SILENCES = 64 };
enum { BLIND_HAS_DOUBTED = 1, BLIND_HAS_NEAR_DOUBTED = 2, BLIND_FLAGS = 4 };
static const int64_t again_every = 30 * (int64_t)SECOND, away_max = 120 * (int64_t)SECOND,
    silences_for = 600 * (int64_t)SECOND, shown_again_min = 300 * (int64_t)SECOND;

/* Writing */

struct writing {
	const struct own_side *own;
	const struct watch *watch;
	struct wire_out *out;
};

static void
put_time(const struct writing *it, int64_t mono)
{
	wire_put_i64(it->out, mono == 0 || mono == INT64_MAX ? mono : clocks_at(&it->watch->clocks, mono).utc);
}

static void
put_target(const struct writing *it, uint32_t target)
{
	const struct target *configured = &it->watch->config->targets[target];

	wire_put_u32(it->out, configured->hash);
	wire_put_u32(it->out, configured->host_hash);
}

static void
put_spells(const struct writing *it, const struct spells *spells)
{
	wire_put_u8(it->out, spells->count);
	for (uint8_t i = 0; i < spells->count; i++) {
		put_time(it, spells->items[i].from);
		put_time(it, spells->items[i].to);
	}
}

static void
put_blind(const struct writing *it, const struct blind *blind)
{
	uint8_t count = 0;

	wire_put_u8(it->out, (uint8_t)blind->stage);
	wire_put_name(it->out, blind->stage == BLIND_TOLD ? blind_name(blind->told) : "");
	wire_put_i64(it->out, it->own->blind_since.utc);
	for (enum blind_cause i = 0; i < BLIND_CAUSES; i++)
		count = (uint8_t)(count + (blind->causes[i].since != 0));
	wire_put_u8(it->out, count);
	for (enum blind_cause i = 0; i < BLIND_CAUSES; i++)
		if (blind->causes[i].since != 0) {
			wire_put_name(it->out, blind_name(i));
			put_time(it, blind->causes[i].since);
			put_time(it, blind->causes[i].shown);
			wire_put_u16(it->out, blind->causes[i].port);
		}
	put_time(it, blind->heard);
	put_time(it, blind->failed_began);
	put_time(it, blind->failed_at);
	wire_put_u8(it->out, blind->contradicted);
	put_time(it, blind->near_began);
	put_time(it, blind->near_at);
	wire_put_u8(it->out, (uint8_t)((blind->doubted ? BLIND_HAS_DOUBTED : 0) | (blind->near_doubted ? BLIND_HAS_NEAR_DOUBTED : 0)));
	put_spells(it, &blind->spells);
}

static void
put_hold(const struct writing *it, const struct hold *hold)
{
	uint32_t count = hold->count < OWN_SUSPECTS ? hold->count : OWN_SUSPECTS;

	wire_put_u8(it->out, (uint8_t)hold->stage);
	put_time(it, hold->heard);
	put_time(it, hold->since);
	wire_put_u64(it->out, hold->likeness);
	put_spells(it, &hold->spells);
	wire_put_u8(it->out, (uint8_t)count);
	for (uint32_t i = 0; i < count; i++) {
		const struct suspect *suspect = &hold->suspects[i];
		put_target(it, suspect->target);
		wire_put_u64(it->out, suspect->network);
		wire_put_u64(it->out, suspect->likeness);
		put_time(it, suspect->ended);
		wire_put_i64(it->out, suspect->interval);
	}
}

static void
put_ports(const struct writing *it)
{
	const struct own_side *own = it->own;

	wire_put_u8(it->out, (uint8_t)own->port_count);
	for (uint32_t i = 0; i < own->port_count; i++) {
		const struct port_hold *of_port = &own->ports[i];
		wire_put_u16(it->out, of_port->port);
		put_time(it, of_port->heard);
		wire_put_u8(it->out, of_port->passed);
		wire_put_u64(it->out, of_port->turned_away);
		wire_put_i64(it->out, of_port->refused.utc);
		put_hold(it, &of_port->hold);
	}
}

/* The last ones, of the time in which they tell anything. */
static void
put_silences(const struct writing *it)
{
	const struct unheard *unheard = &it->own->unheard;
	uint32_t kept = unheard->count < UNHEARD_KEPT ? unheard->count : UNHEARD_KEPT;
	uint32_t first = kept < OWN_SILENCES ? 0 : kept - OWN_SILENCES, count = 0;

	for (uint32_t i = first; i < kept; i++)
		count += it->watch->now - unheard->items[(unheard->count - kept + i) % UNHEARD_KEPT].to < silences_for;
	wire_put_u8(it->out, (uint8_t)count);
	for (uint32_t i = first; i < kept; i++) {
		__typeof__(&unheard->items[0]) item = &unheard->items[(unheard->count - kept + i) % UNHEARD_KEPT];
		if (it->watch->now - item->to >= silences_for)
			continue;
		put_target(it, item->target);
		wire_put_u64(it->out, item->network);
		put_time(it, item->from);
		put_time(it, item->to);
		wire_put_u8(it->out, (uint8_t)item->fate);
	}
}

static void
put_told(const struct writing *it)
{
	const struct own_side *own = it->own;

	wire_put_u32(it->out, own->digest.told.count);
	wire_put_u32(it->out, own->digest.told.apart);
	wire_put_i64(it->out, own->digest.told.began.utc);
	wire_put_i64(it->out, own->digest.told.told.utc);
	wire_put_u16(it->out, own->digest.port);
	wire_put_bytes(it->out, (struct pw_bytes){ own->faults.unusable, strlen(own->faults.unusable) });
	wire_put_i64(it->out, own->faults.unusable_since.utc);
	put_time(it, own->faults.clock_wrong);
}

void
own_record_encode(const struct own_side *own, const struct watch *watch, struct wire_out *out)
{
	const struct writing it = { own, watch, out };

	wire_put_u8(out, OWN_RECORD_VERSION);
	wire_put_i64(out, watch_moment(watch).utc);
	put_told(&it);
	put_blind(&it, &own->blind);
	put_hold(&it, &own->hold);
	put_ports(&it);
	put_silences(&it);
}

/* Reading */

struct reading {
	struct own_side *own;
	struct watch *watch;
	struct wire_in *in;
	struct moment now;
	bool away; /* nobody watched for a while */
};

static struct moment
get_moment(const struct reading *it)
{
	int64_t utc = wire_get_i64(it->in);

	if (utc <= 0)
		return (struct moment){ 0, 0 };
	return (struct moment){ utc < it->now.utc ? utc - (it->now.utc - it->now.mono) : it->now.mono, utc };
}

static int64_t
get_time(const struct reading *it)
{
	int64_t utc = wire_get_i64(it->in);

	if (utc <= 0 || utc == INT64_MAX)
		return utc < 0 ? 0 : utc;
	return utc < it->now.utc ? utc - (it->now.utc - it->now.mono) : it->now.mono;
}

/* CONFIG_NONE: it is not watched any more. */
static uint32_t
get_target(const struct reading *it)
{
	const struct config *config = it->watch->config;
	uint32_t hash = wire_get_u32(it->in), host_hash = wire_get_u32(it->in);

	for (uint32_t i = 0; i < config->target_count; i++)
		if (config->targets[i].hash == hash && config->targets[i].host_hash == host_hash)
			return i;
	return CONFIG_NONE;
}

static void
get_spells(const struct reading *it, struct spells *spells)
{
	spells->count = wire_get_choice(it->in, SPELLS_KEPT + 1);
	for (uint8_t i = 0; i < spells->count; i++) {
		spells->items[i].from = get_time(it);
		spells->items[i].to = get_time(it);
	}
}

static void
get_cause(const struct reading *it, struct blind *blind)
{
	char name[32];

	wire_get_name(it->in, name, sizeof name);
	enum blind_cause cause = blind_named(name);
	int64_t since = get_time(it), shown = get_time(it);
	uint16_t port = wire_get_u16(it->in);
	if (cause == BLIND_CAUSES || it->in->bad)
		return;
	blind->causes[cause].since = since;
	blind->causes[cause].shown = shown;
	blind->causes[cause].port = port;
	blind->causes[cause].target = UINT32_MAX;
}

static void
get_blind(const struct reading *it, struct blind *blind)
{
	char told[32];
	int64_t begun = blind->heard;

	blind->stage = (enum blind_stage)wire_get_choice(it->in, BLIND_STAGES);
	wire_get_name(it->in, told, sizeof told);
	it->own->blind_since = get_moment(it);
	for (uint8_t count = wire_get_choice(it->in, BLIND_CAUSES + 1); count > 0; count--)
		get_cause(it, blind);
	blind->heard = get_time(it);
	blind->failed_began = get_time(it);
	blind->failed_at = get_time(it);
	blind->contradicted = wire_get_u8(it->in);
	blind->near_began = get_time(it);
	blind->near_at = get_time(it);
	uint8_t flags = wire_get_choice(it->in, BLIND_FLAGS);
	blind->doubted = flags & BLIND_HAS_DOUBTED;
	blind->near_doubted = flags & BLIND_HAS_NEAR_DOUBTED;
	get_spells(it, &blind->spells);
	blind->told = blind_named(told);
	it->in->bad |= blind->stage == BLIND_NONE || (blind->stage == BLIND_TOLD) != (blind->told != BLIND_CAUSES);
	if (blind->stage == BLIND_SEEING) /* nothing is known against the time from then to now */
		blind->heard = begun;
	blind_take_over(blind, it->now.mono);
}

static void
get_suspect(const struct reading *it, struct hold *hold)
{
	struct suspect suspect = { .target = get_target(it), .network = wire_get_u64(it->in), .likeness = wire_get_u64(it->in) };

	suspect.ended = get_time(it);
	suspect.interval = wire_get_i64(it->in);
	if (suspect.target != CONFIG_NONE)
		hold->suspects[hold->count++] = suspect;
}

static void
get_hold(const struct reading *it, struct hold *hold)
{
	int64_t begun = hold->heard;

	*hold = (struct hold){ .stage = (enum hold_stage)wire_get_choice(it->in, HOLD_STAGES) };
	hold->heard = get_time(it);
	hold->since = get_time(it);
	hold->likeness = wire_get_u64(it->in);
	get_spells(it, &hold->spells);
	for (uint8_t count = wire_get_choice(it->in, OWN_SUSPECTS + 1); count > 0 && !it->in->bad; count--)
		get_suspect(it, hold);
	it->in->bad |= hold->stage == HOLD_NONE;
	if (hold->stage == HOLD_FREE && hold->count == 0)
		hold->heard = begun;
	if (it->away)
		hold_wait(hold, it->now.mono);
}

static void
get_ports(const struct reading *it)
{
	for (uint8_t count = wire_get_u8(it->in); count > 0 && !it->in->bad; count--) {
		struct port_hold read = { .port = wire_get_u16(it->in) };
		struct port_hold *of_port = own_side_port(it->own, read.port);
		read.heard = get_time(it);
		read.passed = wire_get_choice(it->in, 2);
		read.turned_away = wire_get_u64(it->in);
		read.refused = get_moment(it);
		hold_init(&read.hold, it->now.mono);
		get_hold(it, &read.hold);
		/* Of a port on which nothing is watched any more, what was told is over, but nobody could have answered on it. */
		if (of_port != NULL)
			*of_port = read;
	}
}

static void
get_silences(const struct reading *it)
{
	for (uint8_t count = wire_get_choice(it->in, OWN_SILENCES + 1); count > 0 && !it->in->bad; count--) {
		uint32_t target = get_target(it);
		uint64_t network = wire_get_u64(it->in);
		int64_t from = get_time(it), to = get_time(it);
		enum unheard_fate fate = (enum unheard_fate)wire_get_choice(it->in, UNHEARD_FAILED + 1);
		if (target == CONFIG_NONE)
			continue;
		unheard_add(&it->own->unheard, target, network, from, to);
		if (fate != UNHEARD_OPEN)
			unheard_end(&it->own->unheard, target, fate);
		it->watch->targets[target].unheard = fate == UNHEARD_OPEN;
	}
}

static void
get_told(const struct reading *it)
{
	struct own_side *own = it->own;

	own->digest.told.count = wire_get_u32(it->in);
	own->digest.told.apart = wire_get_u32(it->in);
	own->digest.told.began = get_moment(it);
	own->digest.told.told = get_moment(it);
	own->digest.port = wire_get_u16(it->in);
	struct pw_bytes unusable = wire_get_text(it->in, sizeof own->faults.unusable - 1);
	memcpy(own->faults.unusable, unusable.data, unusable.size);
	own->faults.unusable[unusable.size] = '\0';
	own->faults.unusable_since = get_moment(it);
	own->faults.clock_wrong = get_time(it);
}

bool
own_record_decode(struct own_side *own, struct watch *watch, struct wire_in *in)
{
	struct reading it = { .own = own, .watch = watch, .in = in, .now = watch_moment(watch) };

	own_record_forget(own, watch);
	in->bad |= wire_get_u8(in) != OWN_RECORD_VERSION;
	int64_t at = wire_get_i64(in);
	it.away = it.now.utc < at || it.now.utc - at > away_max;
	get_told(&it);
	get_blind(&it, &own->blind);
	get_hold(&it, &own->hold);
	get_ports(&it);
	get_silences(&it);
	own->references_doubted = own->blind.doubted;
	own->record.known = wire_is_whole(in);
	if (!own->record.known)
		own_record_forget(own, watch);
	return own->record.known;
}

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
	hash = add(hash, own->blind.doubted + 2 * own->blind.near_doubted + 4 * spells_last(&own->blind.spells));
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
	bool open = own->blind.stage != BLIND_SEEING || !hold_is_free(&own->hold);

	for (uint32_t i = 0; i < own->port_count; i++)
		open |= !hold_is_free(&own->ports[i].hold);
	return open || (unheard->count > 0 && now - unheard->items[(unheard->count - 1) % UNHEARD_KEPT].to < silences_for);
}

/* What was taken over from a monitor before us and does not show itself is over, once all have been looked at again. */
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
	if (like == record->likeness && (watch->now - record->written < again_every || !goes_on(own, watch->now)))
		return false;
	record->likeness = like;
	record->written = watch->now;
	return true;
}
