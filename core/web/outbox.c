/*
 * Reads from the store, for each notifier, how many deliveries wait, since when and after how many
 * attempts, and when it delivered last: for the pages and the metrics.
 */
#include "web/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/vec.h"
#include "store/reader_private.h"

void
outbox_clear(struct outbox *outbox)
{
	for (uint32_t i = 0; i < outbox->count; i++)
		free(outbox->items[i].notifier);
	free(outbox->items);
	*outbox = (struct outbox){ .count = 0 };
}

void
outbox_read(struct outbox *outbox, struct store_reader *reader)
{
	struct query *query;

	outbox_clear(outbox);
	db_set_deadline(reader->main, clock_mono() + READING_MICROSECONDS);
	query = db_query(reader->main, "SELECT notifier, count(*), min(created), max(attempts) FROM deliveries WHERE state < 4 GROUP BY notifier");
	while (query_step(query)) {
		char *notifier = strdup(query_text(query, 0));

		if (notifier == NULL || !VEC_RESERVE(outbox->items, outbox->count, outbox->room)) {
			free(notifier);
			query_reset(query);
			break;
		}
		outbox->items[outbox->count++] = (struct outbox_row){ notifier, (uint64_t)query_i64(query, 1), (uint64_t)query_i64(query, 3), query_i64(query, 2) };
	}
	db_set_deadline(reader->main, 0);
}

int64_t
outbox_delivered(struct store_reader *reader, const char *notifier)
{
	int64_t at;

	db_set_deadline(reader->main, clock_mono() + READING_MICROSECONDS);
	at = DB_NUMBER(reader->main, "SELECT ended FROM deliveries WHERE notice > (SELECT coalesce(max(notice), 0) - 10000 FROM deliveries)"
	    " AND notifier = ?1 AND state = 4 ORDER BY notice DESC LIMIT 1", BIND_TEXT(notifier));
	db_set_deadline(reader->main, 0);
	return at;
}

const struct outbox_row *
outbox_of(const struct outbox *outbox, const char *notifier)
{
	for (uint32_t i = 0; i < outbox->count; i++)
		if (strcmp(outbox->items[i].notifier, notifier) == 0)
			return &outbox->items[i];
	return NULL;
}
