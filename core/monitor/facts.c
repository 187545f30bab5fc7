/*
 * For the monitor: compares the steady facts of a server (certificate, software, capabilities ...)
 * in the evidence of a run with those last seen at that address, and says what is another now. It
 * holds a hash of each value, and of most the value itself.
 */
#include "monitor/facts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "monitor/varieties.h"

/* What is known of renewals goes by the dates that certificates show, which the probers make facts
 * of. */

enum { PERCENT = 100 };

/* The fact `name` of the leg as a time; 0: it has none. */
static int64_t
date_of(const struct evidence *leg, const char *name)
{
	struct pw_bytes list = leg->facts;
	struct evidence_fact fact;
	int64_t time = 0;

	while (evidence_next_fact(&list, &fact))
		if (strcmp(fact.name, name) == 0)
			time = evidence_time(fact.value);
	return time;
}

/* Only a certificate that follows another while that one was valid shows when its server renews:
 * one that replaces an expired one was late. */
bool
renewal_learn(struct renewal *renewal, const struct evidence *leg, int64_t now)
{
	int64_t from = date_of(leg, "cert_not_before"), end = date_of(leg, "cert_not_after");

	if (from == 0 || end <= from || renewal->several
	    || (from == renewal->from && end == renewal->end))
		return false;
	if (renewal->end != 0 && (end < renewal->end || from < renewal->from)) {
		renewal->several = true;
		renewal->left = 0;
		return true;
	}
	if (renewal->from <= now && now < renewal->end)
		renewal->left = (uint8_t)((renewal->end
		    - now) / ((renewal->end - renewal->from) / PERCENT + 1));
	renewal->from = from;
	renewal->end = end;
	return true;
}

static bool
is_renewal(const void *record)
{
	const struct renewal *renewal = record;

	return renewal->end == 0 || renewal->end > renewal->from;
}

const struct wire_form renewal_form = { .holds = is_renewal, WIRE_FORM(renewal,
	WIRE_FIELD(I64, renewal, from, .min = INT64_MIN),
	WIRE_FIELD(I64, renewal, end, .min = INT64_MIN),
	WIRE_FIELD(U8, renewal, left, .max = PERCENT),
	WIRE_FIELD(U8, renewal, several, .max = 1)) };

enum { ROOM_AT_FIRST = 8, VALUE_SHOWN = 120 };

struct fact {
	uint32_t what;  /* hash of name and address */
	uint32_t value; /* hash */
	uint16_t size;
	char *bytes;    /* the first FACTS_VALUE_MAX of the value; NULL: not known */
};

struct facts {
	uint8_t count, room;
	uint32_t bytes; /* of all values that are kept */
	struct varieties *varieties;
	struct fact items[];
};

/* As far as there is room; without memory or room for it the fact is known by its hash alone. */
static void
keep_value(struct facts *facts, struct fact *fact, struct pw_bytes value)
{
	uint16_t size = value.size < FACTS_VALUE_MAX ? (uint16_t)value.size : FACTS_VALUE_MAX;

	assert(facts->bytes >= fact->size && (fact->bytes == NULL) == (fact->size == 0));
	facts->bytes -= fact->size;
	free(fact->bytes);
	fact->bytes = NULL;
	fact->size = 0;
	if (size == 0 || facts->bytes + size > FACTS_BYTES_MAX
	    || (fact->bytes = malloc(size)) == NULL)
		return;
	memcpy(fact->bytes, value.data, size);
	fact->size = size;
	facts->bytes += size;
}

/* One block for each target, as most have some ten facts and there may be 100,000 targets. */
static struct fact *
put(struct facts **facts, uint32_t what, uint32_t value)
{
	const struct facts *had = *facts;
	unsigned room = had == NULL ? ROOM_AT_FIRST : had->room * 2u;

	if (had != NULL && had->room == FACTS_MAX && had->count == FACTS_MAX)
		return NULL;
	if (had == NULL || had->count == had->room) {
		room = room < FACTS_MAX ? room : FACTS_MAX;
		struct facts *grown = realloc(*facts, sizeof *grown + room * sizeof grown->items[0]);
		if (grown == NULL)
			return NULL;
		if (*facts == NULL)
			*grown = (struct facts){ .count = 0 };
		grown->room = (uint8_t)room;
		*facts = grown;
	}
	assert((*facts)->count < (*facts)->room);
	struct fact *fact = &(*facts)->items[(*facts)->count++];
	*fact = (struct fact){ .what = what, .value = value };
	return fact;
}

static struct fact *
find(struct facts *facts, uint32_t what)
{
	for (unsigned i = 0; facts != NULL && i < facts->count; i++)
		if (facts->items[i].what == what)
			return &facts->items[i];
	return NULL;
}

static void
add_value(struct text *text, struct pw_bytes value, bool whole)
{
	struct pw_bytes shown = { value.data, value.size < VALUE_SHOWN ? value.size : VALUE_SHOWN };

	text_escape(text, shown);
	if (shown.size < value.size || !whole)
		text_add(text, " …");
}

/* Takes the next entry of a list like "SIZE 1, DSN" off its front. */
static bool
next_entry(struct pw_bytes *list, struct pw_bytes *entry)
{
	const char *end = list->size == 0 ? NULL : memmem(list->data, list->size, ", ", 2);
	size_t size = end == NULL ? list->size : (size_t)(end - list->data),
	    taken = end == NULL ? size : size + 2;

	if (list->size == 0)
		return false;
	*entry = (struct pw_bytes){ list->data, size };
	*list = (struct pw_bytes){ list->data + taken, list->size - taken };
	return true;
}

/* Of words in any order and case: "AUTH PLAIN LOGIN" is "AUTH LOGIN PLAIN" and "auth login plain"
 * (RFC 5321, section 4.1.1.1). */
static uint32_t
hash_words(struct pw_bytes text)
{
	uint32_t all = 0, word = HASH32_BEGIN;

	for (size_t i = 0; i <= text.size; i++) {
		if (i == text.size || text.data[i] == ' ') {
			all += word;
			word = HASH32_BEGIN;
			continue;
		}
		char small = text.data[i] >= 'A'
		    && text.data[i] <= 'Z' ? (char)(text.data[i] + 'a' - 'A') : text.data[i];
		word = hash32_add(word, &small, 1);
	}
	return hash32_add(HASH32_BEGIN, &all, sizeof all);
}

static bool
has_entry(struct pw_bytes list, struct pw_bytes wanted)
{
	struct pw_bytes entry;

	while (next_entry(&list, &entry))
		if (hash_words(entry) == hash_words(wanted))
			return true;
	return false;
}

/* The entries of a list that another does not have; returns whether there are any. */
static bool
add_missing(struct text *text, const char *word, struct pw_bytes list, struct pw_bytes in)
{
	struct pw_bytes entry;
	bool any = false;

	while (next_entry(&list, &entry))
		if (!has_entry(in, entry)) {
			text_add(text, any ? ", " : word);
			add_value(text, entry, true);
			any = true;
		}
	return any;
}

/* Of a list what it has lost and gained. Of another value, or one of which not all is known, what
 * it was and is. */
static void
add_difference(struct text *text, struct pw_bytes before, struct pw_bytes now)
{
	bool lists = before.size < FACTS_VALUE_MAX && now.size < FACTS_VALUE_MAX
	    && (memmem(before.data, before.size, ", ", 2) != NULL
	    || memmem(now.data, now.size, ", ", 2) != NULL);

	if (lists) {
		bool lost = add_missing(text, " lost ", before, now);
		if (add_missing(text, lost ? " and gained " : " gained ", now, before) || lost)
			return;
	}
	text_add(text, " was ");
	add_value(text, before, before.size < FACTS_VALUE_MAX);
	text_add(text, ", is ");
	add_value(text, now, true);
}

/* A fact that may not vary: to lose something now and then is to lose it. */
static bool
is_firm(const struct evidence_fact *fact)
{
	return strcmp(fact->name, "tls_version") == 0;
}

/* `before`: its value so far as it is known. */
static void
add_change(struct text *changed, const struct evidence *leg, const struct evidence_fact *fact,
    struct pw_bytes before, unsigned values)
{
	text_format(changed, "%s%s", changed->size == 0 ? "" : "; ", fact->name);
	if (values > 0)
		text_format(changed, " %s (%u values in 10 runs):",
		    is_firm(fact) ? "comes and goes" : "varies", values);
	if (before.size > 0)
		add_difference(changed, before, fact->value);
	else {
		text_add(changed, " is ");
		add_value(changed, fact->value, true);
	}
	if (leg->legs > 1) {
		text_add(changed, " at ");
		text_escape(changed, leg->address);
	}
}

/* Capabilities are a list in any order. */
static uint32_t
hash_value(const char *name, struct pw_bytes value)
{
	struct pw_bytes entry;
	uint32_t all = 0;

	if (strcmp(name, "capabilities") != 0)
		return hash32_add(HASH32_BEGIN, value.data, value.size);
	while (next_entry(&value, &entry))
		all += hash_words(entry);
	return all;
}

static bool
learn(struct facts **facts, const struct evidence *leg, const struct evidence_fact *fact,
    uint32_t now, uint32_t span, struct text *changed)
{
	uint32_t place = hash32_add(HASH32_BEGIN, leg->address.data, leg->address.size);
	uint32_t what = hash32_add(place, fact->name, strlen(fact->name));
	uint32_t value = hash_value(fact->name, fact->value);
	struct fact *known = find(*facts, what);

	if (known == NULL) {
		if ((known = put(facts, what, value)) == NULL)
			return false;
		keep_value(*facts, known, fact->value);
		return true;
	}
	/* The value that was, by its bytes where they are known whole: by them it is no other
	 * than it is where only their order changed, whatever its hash in an older record. */
	bool whole = known->bytes != NULL && known->size < FACTS_VALUE_MAX;
	uint32_t before = whole
	    ? hash_value(fact->name, (struct pw_bytes){ known->bytes, known->size })
	    : known->value;
	enum variety_news seen = varieties_see(&(*facts)->varieties,
	    &(struct variety_sight){ .what = what, .before = before,
	    .value = value, .now = now, .span = span, .firm = is_firm(fact) });
	unsigned values = varieties_of((*facts)->varieties, what);
	/* What joins a set takes the place of none. */
	bool joins = seen == VARIETY_CHANGED && values > 0;
	if (seen != VARIETY_NOTHING)
		add_change(changed, leg, fact,
		    (struct pw_bytes){ known->bytes, joins ? 0 : known->size }, joins ? 0 : values);
	bool had = known->bytes != NULL;
	if (before != value || !had)
		keep_value(*facts, known, fact->value);
	known->value = value;
	return seen != VARIETY_NOTHING || (!had && known->bytes != NULL);
}

/* A leg that failed shows only a part of its facts, and some of them of whoever stood in the
 * way. */
bool
facts_learn(struct facts **facts, const struct evidence *leg, uint32_t now, uint32_t span,
    struct text *changed)
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
	for (unsigned i = 0; *facts != NULL && i < (*facts)->count; i++)
		free((*facts)->items[i].bytes);
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

		if (!in->bad && (*facts == NULL || (*facts)->count < FACTS_MAX)
		    && put(facts, what, value) == NULL)
			return false;
	}
	return true;
}

void
facts_encode_values(const struct facts *facts, struct wire_out *out)
{
	wire_put_u8(out, facts == NULL ? 0 : facts->count);
	for (unsigned i = 0; facts != NULL && i < facts->count; i++)
		wire_put_bytes(out, (struct pw_bytes){ facts->items[i].bytes,
		    facts->items[i].size });
}

void
facts_decode_values(struct facts *facts, struct wire_in *in)
{
	unsigned count = wire_get_u8(in);

	for (unsigned i = 0; i < count && !in->bad; i++) {
		struct pw_bytes value = wire_get_bytes(in);
		if (!in->bad && facts != NULL && i < facts->count)
			keep_value(facts, &facts->items[i], value);
	}
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
