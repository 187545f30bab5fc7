/* A notice that ends something is told beside what it ends. */
#include "keeper/before.h"

#include <string.h>

enum { LOOK_BACK = 200 };

struct first {
	const char *kind, *code; /* of the notice that ends it */
	uint64_t number, incident;
	uint32_t attempts;
};

static bool
on_first(void *arg, const struct store_notice *row)
{
	struct first *first = arg;
	struct notice_rest rest;

	first->number = row->number;
	if (rest_get(&rest, row->rest))
		first->attempts = rest.attempt_count;
	return false;
}

/* From the newest back: what it ends is the last that began. */
static bool
on_earlier(void *arg, const struct store_notice *row)
{
	struct first *first = arg;
	bool flapping = strcmp(row->kind, "flapping") == 0, ended = strcmp(row->kind, first->kind) == 0;

	if (strcmp(first->kind, "settled") == 0 ? !flapping && !ended : strcmp(row->code, first->code) != 0)
		return true;
	if (!ended) {
		first->number = row->number;
		first->incident = row->incident;
	}
	return false;
}

static void
find_in_incident(struct store_reader *reader, uint64_t incident, struct first *first)
{
	if (incident != 0)
		store_read_incident_notices(reader, incident, 0, 1, on_first, first);
}

uint64_t
before_first(struct store_reader *reader, struct message_notice *notice, uint64_t target)
{
	struct first first = { .kind = notice->kind, .code = notice->code, .number = notice->notice };
	bool ends = strcmp(notice->kind, "cleared") == 0 || strcmp(notice->kind, "settled") == 0;

	if (notice->incident == 0 && ends)
		store_read_notices(reader, target, notice->notice, LOOK_BACK, on_earlier, &first);
	find_in_incident(reader, notice->incident != 0 ? notice->incident : first.incident, &first);
	notice->attempts = notice->incident != 0 ? first.attempts : 0;
	return first.number;
}

/* The failing run with the highest number below those of the notice. */
struct failure {
	const struct notice_rest *rest;
	struct store_evidence_key last;
	uint64_t run;
};

static bool
on_evidence(void *arg, const struct store_evidence *row)
{
	struct failure *failure = arg;
	const struct notice_rest *rest = failure->rest;
	bool among = false;

	failure->last = (struct store_evidence_key){ row->at, row->run, row->leg, row->target };
	for (uint32_t i = 0; i < rest->attempt_count; i++)
		among |= rest->attempts[i] == row->run;
	if (!among && strcmp(row->role, "passed") != 0)
		failure->run = row->run;
	return true;
}

static uint64_t
last_failure(struct store_reader *reader, uint64_t incident, const struct notice_rest *rest)
{
	struct failure failure = { .rest = rest, .last = STORE_EVIDENCE_FIRST };

	while (store_read_evidence(reader, incident, &failure.last, 100, on_evidence, &failure) == STORE_READ_MORE)
		continue;
	return failure.run;
}

static bool
on_rest(void *arg, const struct store_notice *row)
{
	rest_get(arg, row->rest);
	return false;
}

/* Those of `failed` that find room go first. */
static void
put_first(struct notice_rest *rest, const uint64_t *failed, uint32_t count)
{
	uint32_t room = CHANGE_ATTEMPTS_MAX - rest->attempt_count, left_out = count > room ? count - room : 0;

	count -= left_out;
	memmove(rest->attempts + count, rest->attempts, rest->attempt_count * sizeof rest->attempts[0]);
	memcpy(rest->attempts, failed + left_out, count * sizeof rest->attempts[0]);
	rest->attempt_count += count;
}

void
before_add_failures(struct store_reader *reader, struct message_notice *notice, struct notice_rest *rest)
{
	struct notice_rest down = { .attempt_count = 0 };
	uint32_t own = rest->attempt_count;

	if (strcmp(notice->kind, "outage") == 0 && rest->covers_count > 0)
		store_read_notice(reader, rest->covers[0], on_rest, &down);
	else if (strcmp(notice->kind, "up") == 0 && notice->incident != 0)
		down.attempts[0] = last_failure(reader, notice->incident, rest);
	if (down.attempts[0] != 0 && down.attempt_count == 0)
		down.attempt_count = 1;
	put_first(rest, down.attempts, down.attempt_count);
	notice->before = rest->attempt_count - own;
	notice->runs = rest->attempt_count;
}
