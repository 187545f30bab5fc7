/*
 * Aggregates the verdicts of all legs of a run (a leg is the dialogue with one address) into the
 * one verdict of the run.
 */
#include "prober/aggregate.h"

#include <assert.h>

enum { VERDICTS = EVIDENCE_NOT_CHECKED + 1 };

struct tally {
	uint32_t of[VERDICTS], first[VERDICTS];
};

static uint32_t
alive(const struct tally *tally)
{
	return tally->of[PW_OK] + tally->of[PW_DEGRADED] + tally->of[PW_BLOCKED];
}

static struct aggregate
of_leg(const struct tally *tally, enum pw_verdict verdict)
{
	return (struct aggregate){ verdict, NULL, tally->first[verdict], tally->of[verdict], 0 };
}

/* Whoever is alive: ok before degraded; blocked only where all are. */
static struct aggregate
worst_alive(const struct tally *tally)
{
	if (tally->of[PW_BLOCKED] == alive(tally))
		return of_leg(tally, PW_BLOCKED);
	if (tally->of[PW_BLOCKED] > 0)
		return (struct aggregate){ PW_DEGRADED, "blocked_at_some", tally->first[PW_BLOCKED],
		    tally->of[PW_BLOCKED], 0 };
	return of_leg(tally, tally->of[PW_DEGRADED] > 0 ? PW_DEGRADED : PW_OK);
}

/* Where any address will do, one that lives makes of those that failed a warning, and of those that
 * are unknown nothing; where all have to answer, the worst of them decides. */
struct aggregate
aggregate_legs(enum addresses addresses, const uint8_t *verdicts, uint32_t number)
{
	struct tally tally = { .of = { 0 } };

	for (uint32_t i = 0; i < number; i++) {
		assert(verdicts[i] < VERDICTS);
		if (tally.of[verdicts[i]]++ == 0)
			tally.first[verdicts[i]] = i;
	}
	bool lives = alive(&tally) > 0, failed = tally.of[PW_FAILED] > 0,
	     unknown = tally.of[PW_UNKNOWN] > 0, all = addresses == ADDRESSES_ALL;
	struct aggregate aggregate;
	if (!lives && !failed && !unknown) /* nothing was checked */
		aggregate = (struct aggregate){ PW_UNKNOWN, "no_route", 0, 0, 0 };
	else if (failed && (all || (!lives && !unknown)))
		aggregate = of_leg(&tally, PW_FAILED);
	else if (lives && failed)
		aggregate = (struct aggregate){ PW_DEGRADED, "some_addresses",
			tally.first[PW_FAILED], tally.of[PW_FAILED], 0 };
	else if (!lives || (all && unknown))
		aggregate = of_leg(&tally, PW_UNKNOWN);
	else
		aggregate = worst_alive(&tally);
	aggregate.counted = number - tally.of[EVIDENCE_NOT_CHECKED];
	return aggregate;
}

static bool
is(const struct resolved *resolved, enum dns_status status)
{
	return resolved->status4 == status || resolved->status6 == status;
}

/* What is said of the name itself; NULL where nothing is. */
static const char *
outcome_of_name(const struct resolved *resolved)
{
	bool a_is_none = resolved->status4 == DNS_NO_DATA || resolved->status4 == DNS_NOT_ASKED;
	bool aaaa_is_none = resolved->status6 == DNS_NO_DATA || resolved->status6 == DNS_NOT_ASKED;

	if (is(resolved, DNS_NO_NAME))
		return "no_such_name";
	if (is(resolved, DNS_ALIAS_LOOP))
		return "alias_loop";
	if (is(resolved, DNS_ALIAS_CHAIN))
		return "alias_chain";
	return a_is_none && aaaa_is_none ? "no_address" : NULL;
}

struct aggregate_name
aggregate_name(const struct resolved *resolved, unsigned missing_before)
{
	struct aggregate_name rule = { .then = NAME_TALK };

	if (resolved->count > 0)
		return rule;
	rule.then = NAME_END;
	rule.outcome = resolved->ours;
	if (rule.outcome != NULL)
		return rule;
	rule.outcome = outcome_of_name(resolved);
	rule.missing = rule.outcome != NULL;
	if (!rule.missing)
		rule.outcome = resolved->resolver_alive ? "name_unresolvable" : "resolver";
	bool patience = !rule.missing ? resolved->resolver_alive
	    : missing_before < AGGREGATE_MISSING_RUNS;
	if (patience && resolved->last_good_count > 0)
		rule.then = NAME_LAST_GOOD;
	return rule;
}

struct name_row {
	const char *said;
	enum dns_status status;
	unsigned missing_before;
	bool alive;
	const char *ours;
};

static const struct name_row name_rows[AGGREGATE_NAME_ROWS] = {
	{ "NXDOMAIN, in the first two runs", DNS_NO_NAME, 0, false, NULL },
	{ "NXDOMAIN, from the third run on", DNS_NO_NAME, AGGREGATE_MISSING_RUNS, false, NULL },
	{ "NODATA, in the first two runs", DNS_NO_DATA, 0, false, NULL },
	{ "NODATA, from the third run on", DNS_NO_DATA, AGGREGATE_MISSING_RUNS, false, NULL },
	{ "aliases in a circle, from the third run on", DNS_ALIAS_LOOP, AGGREGATE_MISSING_RUNS,
	    false, NULL },
	{ "more than 16 aliases, from the third run on", DNS_ALIAS_CHAIN, AGGREGATE_MISSING_RUNS,
	    false, NULL },
	{ "SERVFAIL or no answer, by one that answers for a random name", DNS_SERVFAIL, 0, true,
	    NULL },
	{ "SERVFAIL or no answer, by one that does not", DNS_SERVFAIL, 0, false, NULL },
	{ "REFUSED and all other codes", DNS_REFUSED, 0, false, NULL },
	{ "referral, empty without recursion, truncated, malformed; no way to it", DNS_REFERRAL, 0,
	    false, NULL },
	{ "not asked: we had no descriptor", DNS_OURS, 0, false, "no_descriptors" },
};

/* The table that people read is made by the rule itself, row by row, so that it cannot say
 * anything else. */
const char *
aggregate_name_cell(size_t row, size_t column)
{
	assert(row < AGGREGATE_NAME_ROWS && column < AGGREGATE_NAME_COLUMNS);
	const struct name_row *shown = &name_rows[row];
	const struct resolved resolved = { .status4 = shown->status, .status6 = shown->status,
	    .resolver_alive = shown->alive,
		.ours = shown->ours, .last_good_count = 1 };
	struct aggregate_name rule = aggregate_name(&resolved, shown->missing_before);
	struct outcome outcome = { .severity = PW_UNKNOWN };

	switch (column) {
	case 0:
		return shown->said;
	case 1:
		(void)outcome_find(rule.outcome, NULL, &outcome);
		return verdict_name(outcome.severity);
	case 2:
		return rule.outcome;
	default:
		return rule.then == NAME_LAST_GOOD ? "talked to; degraded where one answers"
		    : "the same";
	}
}

enum pw_verdict
aggregate_last_good(enum pw_verdict of_legs)
{
	return of_legs <= PW_BLOCKED ? PW_DEGRADED : of_legs;
}

/* What each server said stands in brackets behind the outcome: who runs the zone and who runs
 * the resolver read the same line. */
void
aggregate_name_text(const struct resolved *resolved, const char *name, const char *outcome,
    struct text *text)
{
	struct outcome found;
	bool known = outcome_find(outcome, NULL, &found);

	text_format(text, "%s: %s", known ? found.text : outcome, name);
	if (resolved->said[0] == '\0')
		return;
	text_format(text, " (%s", resolved->said);
	if (resolved->alike > 0)
		text_format(text, "; the same for names in %u domains, and no other is answered",
		    resolved->alike);
	if (resolved->repeats > 0)
		text_format(text, "; the same out of its cache for %s", SPAN(resolved->repeats));
	text_add(text, ")");
}
