/*
 * For the keeper: finds for a notice the one that began the same incident or condition, and the
 * last failure, so that the text of an `up` can tell of the outage that it ends.
 */
#include "keeper/notice_context.h"

#include <assert.h>
#include <string.h>

#include "base/notice.h"
#include "store/list.h"

/* Of what has no incident: the notice that began what it ends, or goes on with. */
static bool
find_beginning(struct store *store, const struct store_notice *row, struct store_notice *first)
{
	enum notice_kind kind = notice_named(row->kind);
	bool ours = row->target == 0;

	return (kind == NOTICE_cleared || kind == NOTICE_settled
	    || (ours && notice_alert(kind, row->code, ours) == NOTICE_ALERT_OPEN))
	    && store_find_beginning(store, row, first);
}

uint64_t
context_first(struct store *store, struct message_notice *notice, uint64_t target)
{
	const struct store_notice row = { .number = notice->notice, .target = target,
		.kind = notice->kind, .code = notice->code };
	struct store_notice first = { .incident = notice->incident };
	struct notice_payload payload;
	bool is_known = notice->incident == 0 && find_beginning(store, &row, &first);

	if (first.incident != 0)
		is_known = store_find_first_notice(store, first.incident, &first);
	if (is_known && notice->incident != 0 && payload_get(&payload, first.rest))
		notice->attempts = payload.attempt_count;
	return is_known ? first.number : notice->notice;
}

/* Legs of a run come one after the other. */
struct run_legs {
	uint64_t run;
	uint32_t passed, failed;
};

static bool
has_failed(const struct run_legs *legs, bool all_addresses)
{
	return legs->failed > 0 && (all_addresses || legs->passed == 0);
}

/* The last run of the incident that failed, 0: none. */
static uint64_t
last_failure(struct store *store, uint64_t incident, bool all_addresses)
{
	struct run_legs legs = { .run = 0 };
	struct message_evidence evidence;
	struct store_evidence row;
	uint64_t last = 0;

	STORE_EACH(&row, store_inside(store), STORE_LIST_EVIDENCE, incident) {
		if (row.run != legs.run) {
			last = has_failed(&legs, all_addresses) ? legs.run : last;
			legs = (struct run_legs){ .run = row.run };
		}
		if (message_read_outcome(row.bytes, &evidence)) {
			legs.failed += evidence.leg.verdict == PW_FAILED;
			legs.passed += evidence.leg.verdict < PW_FAILED;
		}
	}
	return has_failed(&legs, all_addresses) ? legs.run : last;
}

/* The place behind the run, 0 where it is not there. */
static uint32_t
behind(const struct notice_payload *payload, uint64_t run)
{
	uint32_t i = payload->attempt_count;

	assert(i <= sizeof payload->attempts / sizeof payload->attempts[0]);
	while (i > 0 && payload->attempts[i - 1] != run)
		i--;
	return i;
}

/* Those of `failed` that find room go first. */
static void
put_first(struct notice_payload *payload, const struct notice_payload *failed)
{
	uint32_t room = CHANGE_ATTEMPTS_MAX - payload->attempt_count, count = failed->attempt_count;
	uint32_t left_out = count > room ? count - room : 0;

	count -= left_out;
	assert(count <= room && left_out + count == failed->attempt_count);
	memmove(payload->attempts + count, payload->attempts,
	    payload->attempt_count * sizeof payload->attempts[0]);
	memcpy(payload->attempts, failed->attempts + left_out, count * sizeof payload->attempts[0]);
	payload->attempt_count += count;
}

void
context_add_failures(struct store *store, struct message_notice *notice,
    struct notice_payload *payload, bool all_addresses)
{
	struct notice_payload failed = { .attempt_count = 0 };
	struct store_notice row;
	bool outage = strcmp(notice->kind, "outage") == 0,
	    reminder = strcmp(notice->kind, "reminder") == 0;
	bool wanted = outage || reminder || strcmp(notice->kind, "up") == 0;
	uint64_t last = wanted && notice->incident != 0 ? last_failure(store, notice->incident,
	    all_addresses) : 0;
	uint32_t skip = last == 0 ? 0 : behind(payload, last);

	assert(skip <= payload->attempt_count);
	payload->attempt_count -= skip;
	memmove(payload->attempts, payload->attempts + skip,
	    payload->attempt_count * sizeof payload->attempts[0]);
	if (outage && payload->covers_count > 0
	    && store_find_notice(store, payload->covers[0], &row))
		payload_get(&failed, row.rest);
	if (last != 0 && behind(&failed, last) == 0 && failed.attempt_count < CHANGE_ATTEMPTS_MAX)
		failed.attempts[failed.attempt_count++] = last;
	notice->runs = payload->attempt_count;
	put_first(payload, &failed);
	notice->before = reminder ? 0 : payload->attempt_count - notice->runs;
	notice->runs = payload->attempt_count;
	assert(notice->before <= notice->runs);
}
