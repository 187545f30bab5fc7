/*
 * For the monitor's comparison of facts (facts.c): finds facts of a server that vary by themselves
 * from run to run, such as tokens and times, so that they are not told as changes each time.
 */
#include "monitor/varieties.h"

#include <assert.h>
#include <stdlib.h>

enum {
	VARIETIES_MAX = 16, /* facts of one target; what comes on top is taken for steady */
	VALUES_MAX = 32,    /* of one fact */
	AT_LEAST = 3,       /* values, or times that one came back */
	STAYS = 3,          /* times that a value outside the set is seen before it is news */
	CALM = 24 * 3600    /* seconds of one value alone */
};

struct value {
	uint32_t value, seen; /* seen: when it was last, 0: in another process */
	uint8_t times;
	bool member;          /* of the set */
};

struct variety {
	uint32_t what;
	uint32_t other;       /* when a value other than the one before was last seen */
	uint8_t count, returns;
	bool varies, waits;   /* waits: what was seen last is news if it stays */
	bool moved;           /* a firm one: it has another value than was told */
	struct value values[VALUES_MAX];
};

struct varieties {
	uint8_t count;
	struct variety *items[VARIETIES_MAX];
};

static struct variety *
find(const struct varieties *varieties, uint32_t what)
{
	for (unsigned i = 0; varieties != NULL && i < varieties->count; i++)
		if (varieties->items[i]->what == what)
			return varieties->items[i];
	return NULL;
}

static struct variety *
add(struct varieties **varieties, uint32_t what)
{
	if (*varieties == NULL && (*varieties = calloc(1, sizeof **varieties)) == NULL)
		return NULL;
	if ((*varieties)->count == VARIETIES_MAX)
		return NULL;
	struct variety *made = calloc(1, sizeof *made);
	if (made == NULL)
		return NULL;
	made->what = what;
	(*varieties)->items[(*varieties)->count++] = made;
	return made;
}

static void
drop(struct varieties **varieties, struct variety *variety)
{
	struct varieties *all = *varieties;

	for (unsigned i = 0; i < all->count; i++)
		if (all->items[i] == variety)
			all->items[i] = all->items[--all->count];
	free(variety);
	if (all->count == 0) {
		free(all);
		*varieties = NULL;
	}
}

/* The one to give up for another: outside the set before in it, and of those the one that was not
 * seen for longest. */
static struct value *
least(struct variety *variety)
{
	struct value *least = &variety->values[0];

	for (unsigned i = 1; i < variety->count; i++) {
		struct value *value = &variety->values[i];

		if (value->member != least->member ? least->member : value->seen < least->seen)
			least = value;
	}
	return least;
}

/* Where a variety is full a value is given up that was no member, or was not seen for longest: a
 * token that is another each time would else fill it. */
static struct value *
touch(struct variety *variety, uint32_t value, uint32_t now)
{
	struct value *found = NULL;

	for (unsigned i = 0; i < variety->count && found == NULL; i++)
		if (variety->values[i].value == value)
			found = &variety->values[i];
	if (found == NULL) {
		found = variety->count < VALUES_MAX ? &variety->values[variety->count++]
		    : least(variety);
		*found = (struct value){ .value = value };
	}
	assert(variety->count <= VALUES_MAX && found < variety->values + variety->count);
	found->seen = now;
	if (found->times < UINT8_MAX)
		found->times++;
	return found;
}

/* What was seen before the last ten runs is no part of them. */
static void
forget(struct variety *variety, uint32_t now, uint32_t span)
{
	for (unsigned i = 0; i < variety->count;)
		if (now - variety->values[i].seen > span)
			variety->values[i] = variety->values[--variety->count];
		else
			i++;
	if (variety->count < 2)
		variety->returns = 0;
}

static enum variety_news
see_steady(struct varieties **varieties, struct variety *variety, const struct variety_sight *sight)
{
	if (sight->before == sight->value)
		return VARIETY_NOTHING;
	if (variety == NULL && (variety = add(varieties, sight->what)) == NULL)
		return VARIETY_CHANGED;
	touch(variety, sight->before, sight->now); /* it was in force until now */
	forget(variety, sight->now, sight->span);
	if (touch(variety, sight->value, sight->now)->times > 1)
		variety->returns++;
	variety->other = sight->now;
	if (variety->count < AT_LEAST && variety->returns < AT_LEAST - 1)
		return VARIETY_CHANGED;
	variety->varies = true;
	for (unsigned i = 0; i < variety->count; i++)
		variety->values[i].member = true;
	return VARIETY_VARIES;
}

/* What comes and goes is lost where it is away for long enough, and is back where it is there for
 * as long. */
static enum variety_news
see_firm(struct variety *variety, const struct variety_sight *sight)
{
	bool stays = sight->now - variety->other >= sight->span;

	variety->moved |= sight->value != sight->before;
	variety->waits = variety->moved && !stays;
	if (!variety->moved || !stays)
		return VARIETY_NOTHING;
	variety->moved = false;
	return VARIETY_CHANGED;
}

/* A value of the set is no news; one outside is after its third time, as by then it is no
 * chance. */
static enum variety_news
see_varying(struct varieties **varieties, struct variety *variety,
    const struct variety_sight *sight)
{
	struct value *seen = touch(variety, sight->value, sight->now);

	if (variety->other == 0 || sight->value != sight->before)
		variety->other = sight->now;
	variety->waits = !seen->member;
	if (sight->firm && seen->member && sight->now - variety->other < CALM)
		return see_firm(variety, sight);
	if (sight->now - variety->other >= CALM && seen->member) {
		drop(varieties, variety);
		return VARIETY_NOTHING;
	}
	if (seen->member || seen->times < STAYS)
		return VARIETY_NOTHING;
	seen->member = true;
	variety->waits = false;
	return VARIETY_CHANGED;
}

enum variety_news
varieties_see(struct varieties **varieties, const struct variety_sight *sight)
{
	struct variety *variety = find(*varieties, sight->what);

	if (variety != NULL && variety->varies)
		return see_varying(varieties, variety, sight);
	return see_steady(varieties, variety, sight);
}

unsigned
varieties_of(const struct varieties *varieties, uint32_t what)
{
	const struct variety *variety = find(varieties, what);

	return variety != NULL && variety->varies ? variety->count : 0;
}

bool
varieties_wait(const struct varieties *varieties)
{
	for (unsigned i = 0; varieties != NULL && i < varieties->count; i++)
		if (varieties->items[i]->waits)
			return true;
	return false;
}

void
varieties_destroy(struct varieties **varieties)
{
	for (unsigned i = 0; *varieties != NULL && i < (*varieties)->count; i++)
		free((*varieties)->items[i]);
	free(*varieties);
	*varieties = NULL;
}

void
varieties_encode(const struct varieties *varieties, struct wire_out *out)
{
	uint8_t count = 0;

	for (unsigned i = 0; varieties != NULL && i < varieties->count; i++)
		count = (uint8_t)(count + varieties->items[i]->varies);
	wire_put_u8(out, count);
	for (unsigned i = 0; varieties != NULL && i < varieties->count; i++) {
		const struct variety *variety = varieties->items[i];
		uint8_t members = 0;

		if (!variety->varies)
			continue;
		for (unsigned j = 0; j < variety->count; j++)
			members = (uint8_t)(members + variety->values[j].member);
		wire_put_u32(out, variety->what);
		wire_put_u8(out, members);
		for (unsigned j = 0; j < variety->count; j++)
			if (variety->values[j].member)
				wire_put_u32(out, variety->values[j].value);
	}
}

bool
varieties_decode(struct varieties **varieties, struct wire_in *in)
{
	for (unsigned count = wire_get_choice(in, VARIETIES_MAX + 1); count > 0
	    && !in->bad; count--) {
		struct variety *variety = add(varieties, wire_get_u32(in));

		if (variety == NULL)
			return false;
		variety->varies = true;
		variety->count = wire_get_choice(in, VALUES_MAX + 1);
		for (unsigned i = 0; i < variety->count; i++)
			variety->values[i] = (struct value){ .value = wire_get_u32(in),
			    .times = STAYS, .member = true };
	}
	return true;
}
