/*
 * For the web process: reads from the notices in the store which troubles of Postwatch itself
 * (blind, disk full ...) were told and have not ended.
 */
#include "web/troubles.h"

#include <stdlib.h>
#include <string.h>

#include "base/notice.h"
#include "base/vec.h"
#include "store/list.h"

enum { NOTICES = 300 }; /* that are looked at: what was told before those is not shown */

/* The newest word of each trouble decides whether it stands; one that has ended is kept with an empty text until all are read. */
static void
add_trouble(struct troubles *troubles, const struct store_notice *notice)
{
	enum notice_alert alert = notice_alert(notice_named(notice->kind), notice->code, true);
	struct trouble trouble = { .since = notice->confirmed };

	for (uint32_t i = 0; i < troubles->count; i++)
		if (strcmp(troubles->items[i].code, notice->code) == 0)
			return;
	if (alert == NOTICE_ALERT_NONE || !VEC_RESERVE(troubles->items, troubles->count, troubles->room))
		return;
	trouble.code = strdup(notice->code);
	trouble.text = strndup(notice->text.data, alert == NOTICE_ALERT_OPEN ? notice->text.size : 0);
	if (trouble.code != NULL && trouble.text != NULL) {
		troubles->items[troubles->count++] = trouble;
		return;
	}
	free(trouble.code);
	free(trouble.text);
}

void
troubles_clear(struct troubles *troubles)
{
	for (uint32_t i = 0; i < troubles->count; i++) {
		free(troubles->items[i].code);
		free(troubles->items[i].text);
	}
	troubles->count = 0;
}

void
troubles_read(struct troubles *troubles, struct store_reader *reader)
{
	struct store_notice notice;
	struct store_list list;
	uint32_t kept = 0;

	troubles_clear(troubles);
	store_list_open(&list, reader, STORE_LIST_RECORDED_OF, 0);
	store_list_limit(&list, NOTICES);
	while (store_list_next(&list, &notice))
		add_trouble(troubles, &notice);
	(void)store_list_close(&list);
	for (uint32_t i = 0; i < troubles->count; i++) {
		if (troubles->items[i].text[0] != '\0') {
			troubles->items[kept++] = troubles->items[i];
			continue;
		}
		free(troubles->items[i].code);
		free(troubles->items[i].text);
	}
	troubles->count = kept;
}
