/*
 * For the page of a target: gathers per address the last evidence of a target from both files of
 * the store: its facts, and since when each holds.
 *
 * Evidence lies with incidents in postwatch.db, and with results in history.db; both are gone
 * through at once, the newest run first, so that the first value of a fact is the one that holds,
 * and another one what it was before.
 */
#include "web/legs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/messages.h"
#include "base/text.h"
#include "store/reader_private.h"

enum { LEGS_READ = 200, PLACES = 16, FACTS = 96, VALUE_ROOM = 200, ADDRESS_ROOM = 64 };

struct place {
	char address[ADDRESS_ROOM], outcome[OUTCOME_NAME_MAX];
	uint8_t verdict;         /* of the newest */
	int64_t at;              /* the same */
	uint64_t facts_run;      /* the newest that has facts; 0: none */
	uint32_t count, failed, time_count;
	int64_t times[LEGS_READ]; /* of those that were ok or degraded */
};

struct known_fact {
	uint32_t place;
	char name[OUTCOME_NAME_MAX];
	char value[VALUE_ROOM], was[VALUE_ROOM]; /* escaped */
	int64_t since;
	bool has_changed;
};

struct legs {
	uint32_t count, place_count, fact_count;
	struct place places[PLACES];
	struct known_fact facts[FACTS];
};

static struct place *
place_of(struct legs *legs, struct pw_bytes address)
{
	char bytes[ADDRESS_ROOM] = "";
	struct text text = TEXT_OVER(bytes);
	uint32_t i = 0;

	text_escape(&text, address);
	while (i < legs->place_count && strcmp(legs->places[i].address, bytes) != 0)
		i++;
	if (i == legs->place_count) {
		if (i == PLACES)
			return NULL;
		text_copy(legs->places[i].address, ADDRESS_ROOM, bytes);
		legs->place_count++;
	}
	return &legs->places[i];
}

static void
take_fact(struct legs *legs, struct place *place, const struct evidence_fact *fact, const struct message_evidence *message)
{
	uint32_t index = (uint32_t)(place - legs->places), i = 0;
	char value[VALUE_ROOM] = "";
	struct text text = TEXT_OVER(value);
	struct known_fact *known;

	text_escape(&text, fact->value);
	while (i < legs->fact_count && (legs->facts[i].place != index || strcmp(legs->facts[i].name, fact->name) != 0))
		i++;
	known = &legs->facts[i];
	if (i == legs->fact_count) {
		if (place->facts_run != message->run || i == FACTS)
			return;
		*known = (struct known_fact){ .place = index, .since = message->leg.started };
		text_copy(known->name, sizeof known->name, fact->name);
		memcpy(known->value, value, sizeof value);
		legs->fact_count++;
	} else if (!known->has_changed && strcmp(known->value, value) == 0)
		known->since = message->leg.started;
	else if (!known->has_changed) {
		known->has_changed = true;
		memcpy(known->was, value, sizeof value);
	}
}

static void
take_leg(struct legs *legs, struct pw_bytes bytes)
{
	struct message_evidence message;
	struct evidence_fact fact;
	struct pw_bytes facts;
	struct place *place;

	if (!message_read_evidence(bytes, &message) || message.leg.address.size == 0)
		return;
	place = place_of(legs, message.leg.address);
	if (place == NULL)
		return;
	if (place->count == 0) {
		place->verdict = message.leg.verdict;
		place->at = message.leg.started;
		text_copy(place->outcome, sizeof place->outcome, message.leg.outcome);
	}
	place->count++;
	place->failed += message.leg.verdict == PW_FAILED;
	assert(place->failed <= place->count && place->time_count < place->count);
	if ((message.leg.verdict == PW_OK || message.leg.verdict == PW_DEGRADED) && place->time_count < LEGS_READ)
		place->times[place->time_count++] = message.leg.micros;
	facts = message.leg.facts;
	if (facts.size > 0 && place->facts_run == 0)
		place->facts_run = message.run;
	while (evidence_next_fact(&facts, &fact))
		if (fact.steady)
			take_fact(legs, place, &fact, &message);
	legs->count++;
}

static int
by_size(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static bool
is_v6(const struct place *place)
{
	return strchr(place->address, ':') != NULL;
}

static void
put_place(struct view *view, struct place *place)
{
	PUT(view, "<tr><td>{}</td><td>{}</td><td>{}", AS_STRING(is_v6(place) ? "IPv6" : "IPv4"),
	    AS_STRING(place->address),
	    AS_STRING(verdict_name(verdict_of(place->verdict))));
	if (place->verdict != PW_OK)
		PUT(view, " ({})", AS_STRING(outcome_current(place->outcome)));
	PUT(view, "</td><td class=\"when\">{}</td><td class=\"number\">{} of {}</td>",
	    AS_TIME(place->at), AS_U64(place->failed), AS_U64(place->count));
	qsort(place->times, place->time_count, sizeof place->times[0], by_size);
	for (uint32_t percent = 50; percent <= 95; percent += 45) {
		PUT(view, "<td class=\"number\">");
		if (place->time_count > 0)
			PUT(view, "{}",
			    AS_SPAN(place->times[(place->time_count * percent + 99) / 100 - 1]));
		PUT(view, "</td>");
	}
	PUT(view, "</tr>\n");
}

static void
put_facts(struct view *view, const struct legs *legs)
{
	PUT(view, "<h2>Facts</h2>\n<div class=\"scroll\"><table id=\"facts\"><thead><tr><th>Address</th><th>Fact</th><th>Value</th>"
	    "<th>Seen since</th><th>Before</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < legs->fact_count; i++) {
		const struct known_fact *fact = &legs->facts[i];

		PUT(view, "<tr><td>");
		if (i == 0 || legs->facts[i - 1].place != fact->place)
			PUT(view, "{}", AS_STRING(legs->places[fact->place].address));
		PUT(view, "</td><td>{}</td><td class=\"cause\">{}</td><td class=\"when\">{}</td>"
		    "<td class=\"cause\">", AS_STRING(fact->name), AS_STRING(fact->value),
		    AS_MOMENT(fact->since));
		if (fact->has_changed)
			PUT(view, "{}", AS_STRING(fact->was));
		PUT(view, "</td></tr>\n");
	}
	PUT(view, "</tbody></table></div>\n");
}

void
legs_put(struct view *view, const struct board_row *row)
{
	struct legs *legs = calloc(1, sizeof *legs);
	struct query *queries[2] = {
		DB_ROWS(view->reader->main, "SELECT run, bytes FROM evidence WHERE target = ?1 ORDER BY run DESC, leg LIMIT 200", BIND(row->number)),
		DB_ROWS(view->reader->history, "SELECT run, bytes FROM traces WHERE target = ?1 ORDER BY run DESC, leg LIMIT 200", BIND(row->number)),
	};
	bool has[2] = { query_step(queries[0]), query_step(queries[1]) };

	while (legs != NULL && (has[0] || has[1]) && legs->count < LEGS_READ) {
		int newer = has[0] && (!has[1] || query_i64(queries[0], 0) >= query_i64(queries[1], 0)) ? 0 : 1;

		take_leg(legs, query_bytes(queries[newer], 1));
		has[newer] = query_step(queries[newer]);
	}
	for (int i = 0; i < 2; i++)
		if (has[i])
			query_reset(queries[i]);
	if (legs == NULL)
		return;
	if (legs->place_count > 0) {
		PUT(view, "<h2>Addresses</h2>\n<p class=\"faint\">By attempts of which the dialogue is kept: those that told something new, and those of incidents.</p>\n"
		    "<div class=\"scroll\"><table id=\"addresses\"><thead><tr><th>Family</th><th>Address</th><th>Last result kept</th><th>At</th>"
		    "<th class=\"number\">Failed</th><th class=\"number\">p50</th><th class=\"number\">p95</th></tr></thead><tbody>\n");
		for (uint32_t family = 0; family < 2; family++)
			for (uint32_t i = 0; i < legs->place_count; i++)
				if (is_v6(&legs->places[i]) == (family == 1))
					put_place(view, &legs->places[i]);
		PUT(view, "</tbody></table></div>\n");
	}
	if (legs->fact_count > 0)
		put_facts(view, legs);
	free(legs);
}
