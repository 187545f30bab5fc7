/* Steady facts as hashes. */
#include "monitor/facts.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_AT_FIRST = 8, VALUE_SHOWN = 120 };

struct facts {
	uint8_t count, room;
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
	if (*facts == NULL)
		grown->count = 0;
	grown->room = (uint8_t)room;
	*facts = grown;
	return true;
}

enum lesson { KNOWN, NEW, OTHER };

static enum lesson
replace(struct facts **facts, uint32_t what, uint32_t value)
{
	for (unsigned i = 0; *facts != NULL && i < (*facts)->count; i++)
		if ((*facts)->items[i].what == what) {
			bool other = (*facts)->items[i].value != value;
			(*facts)->items[i].value = value;
			return other ? OTHER : KNOWN;
		}
	if (!make_room(facts))
		return KNOWN;
	(*facts)->items[(*facts)->count].what = what;
	(*facts)->items[(*facts)->count++].value = value;
	return NEW;
}

static void
add_change(struct text *changed, const struct evidence *leg, const struct evidence_fact *fact)
{
	struct pw_bytes value = fact->value;

	text_format(changed, "%s%s is ", changed->size == 0 ? "" : "; ", fact->name);
	value.size = value.size < VALUE_SHOWN ? value.size : VALUE_SHOWN;
	text_escape(changed, value);
	if (value.size < fact->value.size)
		text_add(changed, " …");
	if (leg->legs > 1) {
		text_add(changed, " at ");
		text_escape(changed, leg->address);
	}
}

bool
facts_learn(struct facts **facts, const struct evidence *leg, struct text *changed)
{
	struct pw_bytes list = leg->facts;
	struct evidence_fact fact;
	uint32_t place = hash(2166136261u, leg->address.data, leg->address.size);
	bool learnt = false;

	if (leg->verdict > PW_BLOCKED)
		return false;
	while (evidence_next_fact(&list, &fact)) {
		if (!fact.steady)
			continue;
		enum lesson lesson = replace(facts, hash(place, fact.name, strlen(fact.name)),
		    hash(2166136261u, fact.value.data, fact.value.size));
		if (lesson == OTHER)
			add_change(changed, leg, &fact);
		learnt |= lesson != KNOWN;
	}
	return learnt;
}

void
facts_destroy(struct facts **facts)
{
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

		if (!in->bad && replace(facts, what, value) == KNOWN && (*facts == NULL || (*facts)->count < FACTS_MAX))
			return false;
	}
	return true;
}
