/* A notice that ends something is told beside what it ends. */
#include "keeper/notice_context.h"

#include <stdio.h>
#include <string.h>

#include "base/notice.h"

enum { PAGE = 100 };

struct first_notice
context_itself(const struct store_notice *row)
{
	struct first_notice notice = { .number = row->number, .change = row->change,
	    .confirmed = row->confirmed };

	snprintf(notice.kind, sizeof notice.kind, "%s", row->kind);
	return notice;
}

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

struct first_notice
context_first(struct store *store, struct message_notice *notice, uint64_t target,
    const struct first_notice *itself)
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
	return is_known ? context_itself(&first) : *itself;
}

/* Goes through the runs of an incident for the last that failed. */
struct failure {
	bool all;               /* each address has to answer */
	uint64_t run;           /* the last that failed, 0: none */
	uint64_t at_hand;       /* the one whose legs come now */
	uint32_t well, ill;     /* its legs */
	struct store_evidence_key last; /* that was read */
};

static void
end_run(struct failure *failure)
{
	if (failure->ill > 0 && (failure->all || failure->well == 0))
		failure->run = failure->at_hand;
	failure->well = failure->ill = 0;
}

static bool
on_evidence(void *arg, const struct store_evidence *row)
{
	struct failure *failure = arg;
	struct wire_in in = wire_from(row->bytes.data, row->bytes.size);
	struct message_evidence evidence;

	failure->last = (struct store_evidence_key){ row->run, row->leg, row->target };
	if (row->run != failure->at_hand)
		end_run(failure);
	failure->at_hand = row->run;
	if (message_get_evidence(&in, &evidence, UINT32_MAX)) {
		failure->ill += evidence.leg.verdict == PW_FAILED;
		failure->well += evidence.leg.verdict < PW_FAILED;
	}
	return true;
}

static uint64_t
last_failure(struct store *store, uint64_t incident, bool all_addresses)
{
	struct failure failure = { .all = all_addresses, .last = STORE_EVIDENCE_FIRST };

	if (incident != 0)
		while (store_read_evidence(store_inside(store), incident, &failure.last, PAGE,
		    on_evidence, &failure) == STORE_READ_MORE)
			continue;
	end_run(&failure);
	return failure.run;
}

/* The place behind the run, 0 where it is not there. */
static uint32_t
behind(const struct notice_payload *payload, uint64_t run)
{
	uint32_t i = payload->attempt_count;

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
	uint64_t last = wanted ? last_failure(store, notice->incident, all_addresses) : 0;
	uint32_t skip = last == 0 ? 0 : behind(payload, last);

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
}
