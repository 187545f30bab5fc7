/* Legs are compared by address; steps by what became of them; facts where both runs learnt them. */
#include "command/differ.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/messages.h"
#include "base/transcript.h"

enum { LINE_ROOM = 2048, SPEED_FACTOR = 4 };
static const int64_t noticeable = SECOND / 2;

static void
forget(struct differ_run *run)
{
	for (uint32_t i = 0; i < run->count; i++)
		free(run->legs[i].bytes);
	*run = (struct differ_run){ 0 };
}

void
differ_take(struct differ *differ, uint64_t number, int64_t at, bool passed, struct pw_bytes message)
{
	struct differ_run *run = passed ? &differ->passed : &differ->failed;
	struct differ_leg *leg = &run->legs[run->count];

	if (passed && run->run != 0 && run->run != number)
		return;
	if (!passed && run->run != number) {
		forget(&differ->failed);
		forget(&differ->passed);
		leg = &run->legs[0];
	}
	if (run->count == EVIDENCE_LEGS_MAX || (leg->bytes = malloc(message.size + 1)) == NULL)
		return;
	memcpy(leg->bytes, message.data, message.size);
	leg->size = message.size;
	run->at = run->run == 0 ? at : run->at;
	run->run = number;
	run->count++;
}

bool
differ_is_whole(const struct differ *differ)
{
	return differ->failed.count > 0 && differ->passed.count > 0;
}

static bool
get(const struct differ_run *run, uint32_t index, struct evidence *leg)
{
	struct wire_in in = wire_from(run->legs[index].bytes, run->legs[index].size);
	struct message_evidence evidence;

	if (!message_get_evidence(&in, &evidence, UINT32_MAX))
		return false;
	*leg = evidence.leg;
	return true;
}

static bool
is_same(struct pw_bytes left, struct pw_bytes right)
{
	return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

static bool
find_leg(const struct differ_run *run, const struct evidence *like, struct evidence *leg)
{
	for (uint32_t i = 0; i < run->count; i++)
		if (get(run, i, leg) && is_same(leg->address, like->address) && leg->port == like->port)
			return true;
	return false;
}

static void
put(const char *name, const char *then, const char *now)
{
	printf("    %-18s %s  →  %s\n", name, then, now);
}

static const struct evidence_phase *
find_phase(const struct evidence *leg, const char *name)
{
	for (uint32_t i = 0; i < leg->phase_count; i++)
		if (strcmp(leg->phases[i].name, name) == 0)
			return &leg->phases[i];
	return NULL;
}

static void
add_phase(struct text *text, const struct evidence_phase *phase)
{
	if (phase->status == PHASE_NOT_REACHED || phase->micros < 0) {
		text_add(text, "not reached");
		return;
	}
	text_add(text, phase->status == PHASE_FAILED ? "failed after " : "");
	text_add_span(text, phase->micros);
	if (phase->status == PHASE_FAILED) {
		text_add(text, " (limit ");
		text_add_span(text, phase->limit);
		text_add(text, ")");
	}
}

/* Another end, or much faster or slower. */
static bool
is_other(const struct evidence_phase *then, const struct evidence_phase *now)
{
	int64_t less = then->micros < now->micros ? then->micros : now->micros;
	int64_t more = then->micros < now->micros ? now->micros : then->micros;

	return then->status != now->status || (more - less >= noticeable && more / SPEED_FACTOR >= less);
}

static void
put_phases(const struct evidence *failed, const struct evidence *passed)
{
	for (uint32_t i = 0; i < passed->phase_count; i++) {
		const struct evidence_phase *now = &passed->phases[i], *then = find_phase(failed, now->name);
		char before[128], after[128];
		struct text left = TEXT_OVER(before), right = TEXT_OVER(after);

		if (then == NULL || !is_other(then, now))
			continue;
		add_phase(&left, then);
		add_phase(&right, now);
		put(now->name, before, after);
	}
}

static void
put_facts(const struct evidence *failed, const struct evidence *passed)
{
	struct pw_bytes list = passed->facts;
	struct evidence_fact now, then;

	while (evidence_next_fact(&list, &now)) {
		struct pw_bytes old = failed->facts;

		while (evidence_next_fact(&old, &then)) {
			char before[LINE_ROOM], after[LINE_ROOM];
			struct text left = TEXT_OVER(before), right = TEXT_OVER(after);

			if (strcmp(now.name, then.name) != 0 || is_same(now.value, then.value))
				continue;
			text_escape(&left, then.value);
			text_escape(&right, now.value);
			put(now.name, before, after);
		}
	}
}

static void
put_leg(const struct evidence *failed, const struct evidence *passed)
{
	char before[LINE_ROOM], after[LINE_ROOM];
	struct text left = TEXT_OVER(before), right = TEXT_OVER(after);

	transcript_add_verdict(&left, failed);
	transcript_add_verdict(&right, passed);
	put("verdict", before, after);
	put_phases(failed, passed);
	put_facts(failed, passed);
}

static void
put_address(const struct evidence *leg, const char *what)
{
	char bytes[128];
	struct text text = TEXT_OVER(bytes);

	if (leg->address.size == 0)
		text_add(&text, "no address");
	else
		transcript_add_address(&text, leg->address, leg->port);
	printf("  %s%s\n", bytes, what);
}

void
differ_put(const struct differ *differ)
{
	struct evidence leg, other;

	for (uint32_t i = 0; i < differ->passed.count; i++) {
		if (!get(&differ->passed, i, &leg))
			continue;
		bool both = find_leg(&differ->failed, &leg, &other);
		put_address(&leg, both ? "" : ": was not looked at when it failed");
		if (both)
			put_leg(&other, &leg);
	}
	for (uint32_t i = 0; i < differ->failed.count; i++)
		if (get(&differ->failed, i, &leg) && !find_leg(&differ->passed, &leg, &other))
			put_address(&leg, ": was not looked at when it succeeded");
}

void
differ_fini(struct differ *differ)
{
	forget(&differ->failed);
	forget(&differ->passed);
}
