/* Steady facts as hashes. */
#include "monitor/facts.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/varieties.h"

enum { ROOM_AT_FIRST = 8, VALUE_SHOWN = 120 };

struct facts {
	uint8_t count, room;
	struct varieties *varieties;
	struct {
		uint32_t what; /* hash of name and address */
		uint32_t value;
	} items[];
};

static uint32_t
hash(uint32_t value, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		value = (value ^ ((const unsigned char *)bytes)[i]) * 16777619u;
	return value;
}

static bool
make_room(struct facts **facts)
{
	unsigned room = *facts == NULL ? ROOM_AT_FIRST : (*facts)->room * 2u;

	if (*facts != NULL && (*facts)->count < (*facts)->room)
		return true;
	if (*facts != NULL && (*facts)->room == FACTS_MAX)
		return false;
	room = room < FACTS_MAX ? room : FACTS_MAX;
	struct facts *grown = realloc(*facts, sizeof *grown + room * sizeof grown->items[0]);
	if (grown == NULL)
		return false;
	if (*facts == NULL) {
		grown->count = 0;
		grown->varieties = NULL;
	}
	grown->room = (uint8_t)room;
	*facts = grown;
	return true;
}

static bool
put(struct facts **facts, uint32_t what, uint32_t value)
{
	if (!make_room(facts))
		return false;
	(*facts)->items[(*facts)->count].what = what;
	(*facts)->items[(*facts)->count++].value = value;
	return true;
}

static uint32_t *
find(struct facts *facts, uint32_t what)
{
	for (unsigned i = 0; facts != NULL && i < facts->count; i++)
		if (facts->items[i].what == what)
			return &facts->items[i].value;
	return NULL;
}

static void
add_change(struct text *changed, const struct evidence *leg, const struct evidence_fact *fact, unsigned values)
{
	struct pw_bytes value = fact->value;

	text_format(changed, "%s%s ", changed->size == 0 ? "" : "; ", fact->name);
	if (values > 0)
		text_format(changed, "varies (%u values in 10 runs), now ", values);
	else
		text_add(changed, "is ");
	value.size = value.size < VALUE_SHOWN ? value.size : VALUE_SHOWN;
	text_escape(changed, value);
	if (value.size < fact->value.size)
		text_add(changed, " …");
	if (leg->legs > 1) {
		text_add(changed, " at ");
		text_escape(changed, leg->address);
	}
}

/* A fact that may not vary: to lose something now and then is to lose it. */
static bool
is_firm(const struct evidence_fact *fact)
{
	return strcmp(fact->name, "tls_version") == 0;
}

static bool
learn(struct facts **facts, const struct evidence *leg, const struct evidence_fact *fact, uint32_t now, uint32_t span,
    struct text *changed)
{
	uint32_t place = hash(2166136261u, leg->address.data, leg->address.size);
	uint32_t what = hash(place, fact->name, strlen(fact->name));
	uint32_t value = hash(2166136261u, fact->value.data, fact->value.size), *known = find(*facts, what);

	if (known == NULL)
		return put(facts, what, value);
	uint32_t before = *known;
	*known = value;
	enum variety_news seen = before == value || !is_firm(fact)
	    ? varieties_see(&(*facts)->varieties, what, before, value, now, span) : VARIETY_CHANGED;
	if (seen == VARIETY_NOTHING)
		return false;
	add_change(changed, leg, fact, seen == VARIETY_VARIES ? varieties_of((*facts)->varieties, what) : 0);
	return true;
}

bool
facts_learn(struct facts **facts, const struct evidence *leg, uint32_t now, uint32_t span, struct text *changed)
{
	struct pw_bytes list = leg->facts;
	struct evidence_fact fact;
	bool learnt = false;

	if (leg->verdict > PW_BLOCKED)
		return false;
	while (evidence_next_fact(&list, &fact))
		if (fact.steady && learn(facts, leg, &fact, now, span, changed))
			learnt = true;
	return learnt;
}

bool
facts_wait(const struct facts *facts)
{
	return facts != NULL && varieties_wait(facts->varieties);
}

void
facts_destroy(struct facts **facts)
{
	if (*facts != NULL)
		varieties_destroy(&(*facts)->varieties);
	free(*facts);
	*facts = NULL;
}

void
facts_encode(const struct facts *facts, struct wire_out *out)
{
	wire_put_u8(out, facts == NULL ? 0 : facts->count);
	for (unsigned i = 0; facts != NULL && i < facts->count; i++) {
		wire_put_u32(out, facts->items[i].what);
		wire_put_u32(out, facts->items[i].value);
	}
}

bool
facts_decode(struct facts **facts, struct wire_in *in)
{
	for (unsigned count = wire_get_u8(in); count > 0 && !in->bad; count--) {
		uint32_t what = wire_get_u32(in), value = wire_get_u32(in);

		if (!in->bad && (*facts == NULL || (*facts)->count < FACTS_MAX) && !put(facts, what, value))
			return false;
	}
	return true;
}

void
facts_encode_varieties(const struct facts *facts, struct wire_out *out)
{
	varieties_encode(facts == NULL ? NULL : facts->varieties, out);
}

bool
facts_decode_varieties(struct facts **facts, struct wire_in *in)
{
	struct varieties *none = NULL;
	bool whole = varieties_decode(*facts != NULL ? &(*facts)->varieties : &none, in);

	varieties_destroy(&none);
	return whole;
}
