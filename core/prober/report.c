/*
 * For the prober: makes the report of a finished run to the monitor: the aggregate verdict with one
 * sentence, and the evidence of each leg (the dialogue with one address), made only where it is
 * asked for.
 */
#include "prober/report.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "prober/aggregate.h"

/* Our host has no way to this leg's family of addresses: it says nothing about the target. */
static bool
is_not_checked(const struct leg *leg)
{
	return leg->dialogue != NULL && dialogue_verdict(leg->dialogue) == PW_UNKNOWN
	    && strcmp(dialogue_outcome(leg->dialogue), "no_route") == 0;
}

static uint8_t
verdict_of(const struct leg *leg)
{
	if (leg->dialogue == NULL)
		return PW_UNKNOWN;
	return is_not_checked(leg) ? (uint8_t)EVIDENCE_NOT_CHECKED
	    : (uint8_t)dialogue_verdict(leg->dialogue);
}

static const char *
leg_text(const struct leg *leg)
{
	return leg->dialogue == NULL ? "we ran out of memory" : dialogue_text(leg->dialogue);
}

/* The other addresses that share the verdict of the one that decided: "; also 192.0.2.3". */
static void
add_others(const struct run *run, const struct aggregate *aggregate, struct text *text)
{
	uint8_t verdict = verdict_of(&run->legs[aggregate->leg]);
	const char *between = "; also ";

	for (uint32_t i = aggregate->leg + 1; i < run->leg_count; i++) {
		if (verdict_of(&run->legs[i]) != verdict)
			continue;
		text_format(text, "%s%s", between, ADDRESS(&run->legs[i].address));
		between = ", ";
	}
}

static void
add_sentence(const struct run *run, const struct aggregate *aggregate, struct text *text)
{
	assert(aggregate->leg < run->leg_count && aggregate->counted <= run->leg_count);
	assert(aggregate->sharing <= aggregate->counted);
	if (run->name_outcome != NULL && run->on_last_good) {
		text_add(text, run->name_text != NULL ? run->name_text : run->name_outcome);
		text_add(text, aggregate->verdict == PW_FAILED ? "; at its last known address: "
		    : "; its last known address answers: ");
	}
	if (aggregate->sharing < aggregate->counted)
		text_format(text, "%u of %u addresses: ", aggregate->sharing, aggregate->counted);
	text_add(text, leg_text(&run->legs[aggregate->leg]));
	if (aggregate->sharing < aggregate->counted && aggregate->sharing > 1)
		add_others(run, aggregate, text);
}

/* Addresses of one name mostly warn of the same: each code is reported once for the run. */
static void
add_warning(struct report *report, const char *code, const char *phase, struct pw_bytes text)
{
	for (uint32_t i = 0; i < report->warning_count; i++)
		if (strcmp(report->warnings[i].code, code) == 0)
			return;
	if (report->warning_count == REPORT_WARNINGS_MAX)
		return;
	uint32_t at = report->warning_count++;
	snprintf(report->warnings[at].code, sizeof report->warnings[at].code, "%s", code);
	snprintf(report->warnings[at].phase, sizeof report->warnings[at].phase, "%s", phase);
	report->warnings[at].text = text;
}

static void
add_leg_warnings(struct report *report, const struct leg *leg)
{
	struct pw_bytes list;
	struct evidence_warning warning;

	if (leg->turned_private)
		add_warning(report, "address_turned_private", "resolve", text_view(leg_text(leg)));
	if (leg->dialogue == NULL)
		return;
	list = buffer_view(&dialogue_log(leg->dialogue)->warnings);
	while (evidence_next_warning(&list, &warning))
		add_warning(report, warning.code, warning.phase, warning.text);
}

/* What only the whole run shows comes first; then what each leg was warned about. */
static void
add_warnings(struct report *report, const struct run *run)
{
	struct outcome found;

	if (report->verdict == PW_DEGRADED && (strcmp(report->outcome, "some_addresses") == 0
	    || strcmp(report->outcome, "blocked_at_some") == 0
	        || strcmp(report->outcome, "name_unresolvable") == 0)
	    && outcome_find(report->outcome, NULL, &found))
		add_warning(report, report->outcome, found.phase, report->text);
	for (uint32_t i = 0; i < run->leg_count; i++)
		add_leg_warnings(report, &run->legs[i]);
}

/* REPORT_SPOKEN is for the whole run to say, where each address that failed has acted itself. */
static void
add_legs(struct report *report, const struct run *run)
{
	for (uint32_t i = 0; i < run->leg_count; i++) {
		const struct dialogue *dialogue = run->legs[i].dialogue;

		if (dialogue == NULL)
			continue;
		report->flags |= (uint16_t)(dialogue_report_flags(dialogue)
		    & ~(unsigned)REPORT_SPOKEN);
		report->reached |= dialogue_reached(dialogue);
		report->fingerprint = dialogue_fingerprint(dialogue, report->fingerprint);
	}
}

/* A connection whose two ends have one address never left this host. */
static bool
is_own_host(const struct leg *leg)
{
	return address_class(&leg->address) == ADDRESS_LOOPBACK || (leg->dialogue != NULL
	    && dialogue_local(leg->dialogue)->any.sa_family == leg->address.any.sa_family
	        && address_order(dialogue_local(leg->dialogue), &leg->address) == 0);
}

/* Whether IPv6 alone is silent while IPv4 answers is the mark of a network that promises IPv6
 * and has none (RFC 8305, section 1): only the monitor, which sees all targets, can tell whose. */
static uint8_t
ways_of(const struct run *run)
{
	bool is_private = run->leg_count > 0, silent6 = false, speaks6 = false, heard6 = false,
	    well4 = false;

	for (uint32_t i = 0; i < run->leg_count; i++) {
		const struct leg *leg = &run->legs[i];
		bool heard = leg->dialogue != NULL && dialogue_heard(leg->dialogue) != 0;
		is_private &= leg->address.any.sa_family != 0
		    && address_class(&leg->address) <= ADDRESS_PRIVATE;
		if (leg->address.any.sa_family != AF_INET6) {
			well4 |= leg->address.any.sa_family == AF_INET
			    && verdict_of(leg) <= PW_BLOCKED;
			continue;
		}
		heard6 |= heard && !is_own_host(leg);
		silent6 |= !heard && verdict_of(leg) == PW_FAILED && (leg->dialogue == NULL
		    || (dialogue_report_flags(leg->dialogue) & REPORT_SPOKEN) == 0);
		speaks6 |= heard || verdict_of(leg) <= PW_BLOCKED;
	}
	return (uint8_t)((is_private ? WAY_PRIVATE : 0) | (heard6 ? WAY_IPV6_HEARD : 0)
	    | (silent6 && !speaks6 && well4 ? WAY_IPV6_SILENT : 0));
}

/* What the run says of the network that it used: where it led, and when anybody there was last
 * heard. A failure is the peer's own act only where each address that failed acted. */
static void
add_network(struct report *report, const struct run *run, uint32_t decided)
{
	bool spoken = true, own_host = true;
	int64_t heard = 0;

	for (uint32_t i = 0; i < run->leg_count; i++) {
		const struct leg *leg = &run->legs[i];
		bool speaks = leg->dialogue != NULL
		    && (dialogue_report_flags(leg->dialogue) & REPORT_SPOKEN) != 0;

		if (leg->dialogue != NULL && dialogue_heard(leg->dialogue) > heard)
			heard = dialogue_heard(leg->dialogue);
		spoken &= speaks || verdict_of(leg) != PW_FAILED;
		own_host &= leg->address.any.sa_family != 0 && is_own_host(leg);
	}
	report->quiet = heard == 0 ? -1 : run->begun + report->micros > heard
	    ? run->begun + report->micros - heard : 0;
	report->flags |= (uint16_t)((heard != 0
	    && spoken ? REPORT_SPOKEN : 0) | (own_host ? REPORT_OWN_HOST : 0)
	    | (run->name_asked ? REPORT_NAME_ASKED : 0));
	report->ways = ways_of(run);
	if (run->legs[decided].address.any.sa_family != 0)
		report->network = address_network(&run->legs[decided].address);
}

static const char *
outcome_of(const struct run *run, const struct aggregate *aggregate)
{
	const struct dialogue *dialogue = run->legs[aggregate->leg].dialogue;

	if (run->on_last_good && aggregate->verdict != PW_UNKNOWN)
		return "name_unresolvable";
	if (aggregate->outcome != NULL)
		return aggregate->outcome;
	return dialogue == NULL ? "no_memory" : dialogue_outcome(dialogue);
}

/* A leg that needed no wait may have ended after the loop woke. Time for which only an address
 * was waited for that did not come is no part of it. */
static int64_t
micros(const struct run *run)
{
	int64_t end = run->waited_for_name ? 0 : run->prober->woke;

	for (uint32_t i = 0; i < run->leg_count; i++)
		if (run->legs[i].touched > end)
			end = run->legs[i].touched;
	return end > run->begun ? end - run->begun : 0;
}

/* The order of its parts matters: flags of the legs come before those of the network, which look
 * at them, and the warnings last, since the sentence is one of them. */
void
run_report(struct run *run, struct run_result *result, struct report *report, char *bytes,
    size_t room)
{
	uint8_t verdicts[RESOLVED_MAX];
	const struct policy *policy = run_target(run)->policy;
	struct text text = text_over(bytes, room);
	int64_t late = run->order.due != 0 ? run->begun - run->order.due : 0;

	assert(run->leg_count > 0 && run->leg_count <= RESOLVED_MAX);
	assert(run->legs_ended == run->leg_count);
	for (uint32_t i = 0; i < run->leg_count; i++)
		verdicts[i] = verdict_of(&run->legs[i]);
	struct aggregate aggregate = aggregate_legs(policy->addresses, verdicts, run->leg_count);
	const struct dialogue *decisive = run->legs[aggregate.leg].dialogue;
	report->run = run->order.run;
	report->target = run->order.target;
	report->flags = run->name_missing ? REPORT_NAME_MISSING : 0;
	report->reached = 0;
	report->network = 0;
	report->warning_count = 0;
	report->started = run->started;
	report->late = (late > 0 ? late : 0) + run->waited;
	report->micros = micros(run);
	report->fingerprint = 0;
	report->verdict = (uint8_t)(run->on_last_good ? aggregate_last_good(aggregate.verdict)
	    : aggregate.verdict);
	snprintf(report->outcome, sizeof report->outcome, "%s", outcome_of(run, &aggregate));
	add_sentence(run, &aggregate, &text);
	report->text = (struct pw_bytes){ bytes, text.size };
	add_legs(report, run);
	add_network(report, run, aggregate.leg);
	report->phase_count = policy->phase_count < REPORT_PHASES_MAX ? policy->phase_count
	    : REPORT_PHASES_MAX;
	for (uint32_t i = 0; i < report->phase_count; i++)
		report->phases[i] = decisive == NULL ? -1 : dialogue_phase_micros(decisive, i);
	add_warnings(report, run);
	if (report->verdict != PW_OK || (run->order.flags & ORDER_FULL) != 0
	    || report->fingerprint != run->order.fingerprint)
		report->flags |= REPORT_FULL;
	result->order = &run->order;
	result->report = report;
	result->leg_count = run->leg_count;
	result->name = run->name_news;
	result->run = run;
}

/* "mx.example.org is 192.0.2.1, 2001:db8::1 (kept for 34.0 s)" */
static void
add_name(const struct run *run, struct text *text)
{
	if (run->name_text != NULL)
		text_format(text, "%s%s", run->name_text,
		    run->on_last_good ? "; its last known addresses are " : "");
	else
		text_format(text, "%s is ", run_target(run)->host);
	if (run->name_text != NULL && !run->on_last_good)
		return;
	for (uint32_t i = 0; i < run->leg_count; i++)
		text_format(text, "%s%s", i > 0 ? ", " : "", ADDRESS(&run->legs[i].address));
	if (run->name_note != NULL)
		text_format(text, " (%s)", run->name_note);
	if (run->from_hosts)
		text_add(text, " (by the hosts file)");
	else if (run->kept)
		text_format(text, " (kept for %s)", SPAN(run->age));
}

/* Evidence is made leg by leg and only where somebody takes it: most runs pass and are reported
 * in one line. */
void
run_evidence(const struct run_result *result, uint32_t index, struct evidence *evidence)
{
	const struct run *run = result->run;
	struct leg *leg = &run->legs[index];
	char bytes[EVIDENCE_TEXT_MAX];
	struct text name = TEXT_OVER(bytes), local = text_over(result->local, ADDRESS_TEXT_MAX);

	assert(index < run->leg_count);
	*evidence = (struct evidence){ .leg = index, .legs = run->leg_count,
		.port = run_target(run)->port, .started = run->started };
	if (leg->dialogue == NULL) {
		evidence->verdict = PW_UNKNOWN;
		snprintf(evidence->outcome, sizeof evidence->outcome, "no_memory");
		evidence->text = text_view(leg_text(leg));
		return;
	}
	if (run->resolve >= 0)
		add_name(run, &name);
	dialogue_open_transcript(leg->dialogue, run->begun + run->resolve, bytes);
	dialogue_evidence(leg->dialogue, evidence);
	if (is_not_checked(leg))
		evidence->verdict = EVIDENCE_NOT_CHECKED;
	if (dialogue_local(leg->dialogue)->any.sa_family != 0) {
		address_add_port(&local, dialogue_local(leg->dialogue));
		evidence->local = (struct pw_bytes){ local.bytes, local.size };
	}
}
