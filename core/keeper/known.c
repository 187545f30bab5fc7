/* Numbers grow, so what waits in memory is newer than what the store has. */
#include "keeper/known.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 100 };

/* The last row of a number, or the first of an incident. */
struct sought {
	uint64_t number, incident;
	const struct store_notice *notice;
	const struct store_incident *row;
	bool found;
};

static bool
on_notice(void *arg, const struct store_notice *row)
{
	struct sought *sought = arg;

	if (row->number == sought->number || (sought->incident != 0 && row->incident == sought->incident))
		sought->notice = row;
	return sought->notice == NULL;
}

static const struct store_notice *
find_notice(const struct knowledge *known, struct sought *sought)
{
	for (int i = 0; i < KNOWN_BATCHES && sought->notice == NULL; i++)
		if (known->batches[i] != NULL)
			store_unwritten_notices(known->batches[i], on_notice, sought);
	return sought->notice;
}

/* Passes rows on, and remembers that there were any. */
struct passing {
	store_on_notice *on_notice;
	store_on_incident *on_incident;
	void *arg;
	bool any, enough;
};

static bool
pass_notice(void *arg, const struct store_notice *row)
{
	struct passing *passing = arg;

	passing->any = true;
	passing->enough = !passing->on_notice(passing->arg, row);
	return !passing->enough;
}

bool
known_notice(const struct knowledge *known, uint64_t number, store_on_notice *on_row, void *arg)
{
	struct passing passing = { .on_notice = on_row, .arg = arg };
	struct sought sought = { .number = number };

	store_read_notice(known->reader, number, pass_notice, &passing);
	if (!passing.any && find_notice(known, &sought) != NULL)
		on_row(arg, sought.notice);
	return passing.any;
}

void
known_first_notice(const struct knowledge *known, uint64_t incident, store_on_notice *on_row, void *arg)
{
	struct passing passing = { .on_notice = on_row, .arg = arg };
	struct sought sought = { .incident = incident };

	store_read_incident_notices(known->reader, incident, 0, 1, pass_notice, &passing);
	if (!passing.any && find_notice(known, &sought) != NULL)
		on_row(arg, sought.notice);
}

static bool
on_incident(void *arg, const struct store_incident *row)
{
	struct sought *sought = arg;

	if (row->number == sought->number)
		sought->row = row;
	return true;
}

void
known_incident(const struct knowledge *known, uint64_t number, store_on_incident *on_row, void *arg)
{
	struct sought sought = { .number = number };

	for (int i = 0; i < KNOWN_BATCHES; i++)
		if (known->batches[i] != NULL)
			store_unwritten_incidents(known->batches[i], on_incident, &sought);
	if (sought.row != NULL)
		on_row(arg, sought.row);
	else
		store_read_incident(known->reader, number, on_row, arg);
}

/* The newest of a target's, in a ring. */
struct newest {
	uint64_t target, before;
	uint32_t limit, count;
	const struct store_notice **rows;
};

static bool
on_newest(void *arg, const struct store_notice *row)
{
	struct newest *newest = arg;

	if (row->target == newest->target && (newest->before == 0 || row->number < newest->before))
		newest->rows[newest->count++ % newest->limit] = row;
	return true;
}

void
known_notices(const struct knowledge *known, uint64_t target, uint64_t before, uint32_t limit, store_on_notice *on_row, void *arg)
{
	struct newest newest = { target, before, limit, 0, calloc(limit, sizeof(struct store_notice *)) };
	struct passing passing = { .on_notice = on_row, .arg = arg };

	for (int i = 0; i < KNOWN_BATCHES && newest.rows != NULL; i++)
		if (known->batches[i] != NULL)
			store_unwritten_notices(known->batches[i], on_newest, &newest);
	for (uint32_t i = 0; i < newest.count && i < limit && !passing.enough; i++)
		pass_notice(&passing, newest.rows[(newest.count - 1 - i) % limit]);
	free(newest.rows);
	if (!passing.enough)
		store_read_notices(known->reader, target, before, limit, on_row, arg);
}

struct gathering {
	uint64_t incident;
	struct store_evidence_key last;
	store_on_evidence *on_row;
	void *arg;
};

static bool
on_evidence(void *arg, const struct store_evidence *row)
{
	struct gathering *it = arg;

	it->last = (struct store_evidence_key){ row->run, row->leg, row->target };
	return row->incident != it->incident || it->on_row(it->arg, row);
}

void
known_evidence(const struct knowledge *known, uint64_t incident, store_on_evidence *on_row, void *arg)
{
	struct gathering it = { incident, STORE_EVIDENCE_FIRST, on_row, arg };

	while (store_read_evidence(known->reader, incident, &it.last, PAGE, on_evidence, &it) == STORE_READ_MORE)
		continue;
	for (int i = 0; i < KNOWN_BATCHES; i++)
		if (known->batches[i] != NULL)
			store_unwritten_evidence(known->batches[i], on_evidence, &it);
}

struct own_evidence {
	uint64_t notice;
	store_on_notice_evidence *on_row;
	void *arg;
};

static bool
on_own_evidence(void *arg, const struct store_notice_evidence *row)
{
	const struct own_evidence *it = arg;

	return row->notice != it->notice || it->on_row(it->arg, row);
}

void
known_notice_evidence(const struct knowledge *known, uint64_t notice, store_on_notice_evidence *on_row, void *arg)
{
	struct own_evidence it = { notice, on_row, arg };

	store_read_notice_evidence(known->reader, notice, on_row, arg);
	for (int i = 0; i < KNOWN_BATCHES; i++)
		if (known->batches[i] != NULL)
			store_unwritten_notice_evidence(known->batches[i], on_own_evidence, &it);
}

struct wanted {
	uint64_t notice;
	const char *notifier;
	bool found;
};

static bool
on_delivery(void *arg, const struct store_delivery *row)
{
	struct wanted *wanted = arg;

	if (row->notice != wanted->notice || strcmp(row->notifier, wanted->notifier) != 0)
		return true;
	/* The last word on it counts, and all recipients share it. */
	wanted->found = row->state != STORE_DELIVERY_dropped || row->rest.size == 0
	    || memchr(row->rest.data, 'h', row->rest.size) == NULL;
	return true;
}

bool
known_delivery(const struct knowledge *known, uint64_t notice, const char *notifier)
{
	struct wanted wanted = { .notice = notice, .notifier = notifier };

	store_read_notice_deliveries(known->reader, notice, on_delivery, &wanted);
	for (int i = 0; i < KNOWN_BATCHES; i++)
		if (known->batches[i] != NULL)
			store_unwritten_deliveries(known->batches[i], on_delivery, &wanted);
	return wanted.found;
}

static bool
on_sent(void *arg, const struct store_delivery *row)
{
	struct wanted *wanted = arg;

	wanted->found |= row->notice == wanted->notice && row->state == STORE_DELIVERY_sent;
	return true;
}

bool
known_sent(const struct knowledge *known, uint64_t notice)
{
	struct wanted wanted = { .notice = notice };

	store_read_notice_deliveries(known->reader, notice, on_sent, &wanted);
	for (int i = 0; i < KNOWN_BATCHES; i++)
		if (known->batches[i] != NULL)
			store_unwritten_deliveries(known->batches[i], on_sent, &wanted);
	return wanted.found;
}
