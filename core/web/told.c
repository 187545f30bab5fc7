/*
 * For the web process: reads from the store what was delivered of an incident's notices, what
 * waits, and for which reason a notice was kept silent when it was made (notices.silences) or taken
 * back later ("held: REASON" in place of a receipt).
 */
#include "web/told.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/reader_private.h"

#define TOLD_COLUMNS "SELECT n.silences, coalesce(d.notifier, ''), coalesce(m.state, d.state, 0), coalesce(m.ended, d.ended, 0)," \
	" coalesce(m.not_before, d.not_before, 0), coalesce(d.receipt, ''), n.incident, coalesce(d.recipient, '')" \
	" FROM notices n LEFT JOIN deliveries d ON d.notice = n.number" \
	" LEFT JOIN deliveries m ON d.state = 7 AND m.notice = d.merged AND m.notifier = d.notifier AND m.recipient = d.recipient"

enum { INCIDENT = 6, RECIPIENT }; /* columns */

/* Of the first one word of a list alone counts. */
static void
take_silence(struct told *told, const char *words)
{
	if (words[0] != '\0')
		snprintf(told->silence, sizeof told->silence, "%.*s", (int)strcspn(words, " "), words);
}

static void
take_row(struct told *told, struct query *query)
{
	static const char held[] = "held: "; /* where that is no reason that has an end */
	const char *notifier = query_text(query, 1), *receipt;
	int64_t ended = query_i64(query, 3);

	told->has_notice = true;
	take_silence(told, query_text(query, 0));
	switch (query_i64(query, 2)) {
	case STORE_DELIVERY_waiting:
	case STORE_DELIVERY_claimed:
	case STORE_DELIVERY_again:
		told->waiting++;
		told->due = query_i64(query, 4);
		text_copy(told->waits, sizeof told->waits, notifier);
		break;
	case STORE_DELIVERY_sent:
		if (told->sent++ == 0 || ended < told->at) {
			told->at = ended;
			text_copy(told->by, sizeof told->by, notifier);
			text_copy(told->to, sizeof told->to, query_text(query, RECIPIENT));
		}
		break;
	case STORE_DELIVERY_dead:
		told->given_up++;
		text_copy(told->dead, sizeof told->dead, notifier);
		break;
	case STORE_DELIVERY_dropped:
		receipt = query_text(query, 5);
		take_silence(told, strncmp(receipt, held, sizeof held - 1) == 0 ? receipt + sizeof held - 1 : "over");
		break;
	default:
		break;
	}
}

static void
read_told(struct query *query, struct told *told)
{
	*told = (struct told){ .has_notice = false };
	while (query_step(query))
		take_row(told, query);
}

void
told_read_incident(struct store_reader *reader, uint64_t incident, struct told *told)
{
	read_told(DB_ROWS(reader->main, TOLD_COLUMNS " WHERE n.incident = ?1 AND n.incident > 0 ORDER BY n.number", BIND(incident)), told);
}

#define OF_INCIDENTS(which) \
	TOLD_COLUMNS " WHERE n.incident IN (SELECT number FROM incidents WHERE " which " AND number < ?1 ORDER BY number DESC LIMIT ?2)" \
		     " ORDER BY n.incident DESC, n.number"

static void
step_list(struct told_list *list)
{
	if (!query_step(list->query))
		list->query = NULL;
}

void
told_list_open(struct told_list *list, struct store_reader *reader, uint64_t target, uint64_t before, uint32_t limit)
{
	list->query = DB_ROWS(reader->main, target == 0 ? OF_INCIDENTS("number > 0")
	    : OF_INCIDENTS("target = ?3"), BIND(before == 0 || before > INT64_MAX ? INT64_MAX : before),
	    BIND(limit), BIND(target));
	step_list(list);
}

void
told_list_take(struct told_list *list, uint64_t incident, struct told *told)
{
	*told = (struct told){ .has_notice = false };
	while (list->query != NULL && query_i64(list->query, INCIDENT) > (int64_t)incident)
		step_list(list);
	for (; list->query != NULL && query_i64(list->query, INCIDENT) == (int64_t)incident; step_list(list))
		take_row(told, list->query);
}

void
told_list_close(struct told_list *list)
{
	if (list->query != NULL)
		query_reset(list->query);
	list->query = NULL;
}

void
told_read_before(struct store_reader *reader, uint64_t target, uint64_t incident, struct told *told)
{
	/* They are counted by the index alone, and the last is the newest: one of a target ends before the next begins. */
	struct query *query = DB_ROW(reader->main, "SELECT count(*),"
	    " coalesce((SELECT began FROM incidents WHERE target = ?1 AND number < ?2 ORDER BY number DESC LIMIT 1), 0)"
	    " FROM incidents WHERE target = ?1 AND number < ?2", BIND(target), BIND(incident));

	if (query == NULL)
		return;
	told->before = (uint32_t)query_i64(query, 0);
	told->before_at = query_i64(query, 1);
	query_reset(query);
}

void
told_read_condition(struct store_reader *reader, uint64_t target, int64_t since, struct told *told)
{
	read_told(DB_ROWS(reader->main, TOLD_COLUMNS " WHERE n.number = (SELECT number FROM notices WHERE target = ?1"
	    " AND kind IN ('degraded', 'blocked') AND confirmed >= ?2 ORDER BY number DESC LIMIT 1)", BIND(target), BIND(since)), told);
}
