/* Legs are compared by address. */
#include "command/differ.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/difference.h"
#include "base/messages.h"
#include "base/transcript.h"
#include "command/layout.h"

enum { LINE_ROOM = 2048 };

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
find_leg(const struct differ_run *run, const struct evidence *like, struct evidence *leg)
{
	for (uint32_t i = 0; i < run->count; i++)
		if (get(run, i, leg) && difference_same_place(leg, like))
			return true;
	return false;
}

static void
put(const char *name, const char *then, const char *now)
{
	printf("    %-18s " LAYOUT_HANG "%s  →  %s\n", name, then, now);
}

static void
put_difference(void *arg, const struct difference *difference)
{
	(void)arg;
	put(difference->name, difference->then, difference->now);
}

static void
put_leg(const struct evidence *failed, const struct evidence *passed)
{
	char before[LINE_ROOM], after[LINE_ROOM];
	struct text left = TEXT_OVER(before), right = TEXT_OVER(after);

	transcript_add_verdict(&left, failed);
	transcript_add_verdict(&right, passed);
	put("verdict", before, after);
	difference_each(failed, passed, put_difference, NULL);
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
