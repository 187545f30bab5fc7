/*
 * For the monitor: a table of texts, each of which says what a run found changed in the steady
 * facts of a server (certificate, software ...). The evidence of a run arrives before the report
 * of the run; prober_messages.c stores the text when the evidence arrives, and takes it from here
 * for the notice when the report is judged.
 *
 * The table has 4,096 places. Run numbers grow by one, and the place of a run is its number modulo
 * 4,096, so a text is overwritten by the text of a later run with the same place.
 */
#include "monitor/recent_facts.h"

#include <stdlib.h>
#include <string.h>

enum { RUNS = 4096 };

struct recent_facts {
	struct { uint64_t run; char *text; } items[RUNS];
};

struct recent_facts *
recent_facts_create(void)
{
	return calloc(1, sizeof(struct recent_facts));
}

void
recent_facts_destroy(struct recent_facts **facts)
{
	for (uint32_t i = 0; *facts != NULL && i < RUNS; i++)
		free((*facts)->items[i].text);
	free(*facts);
	*facts = NULL;
}

void
recent_facts_put(struct recent_facts *facts, uint64_t run, const char *text)
{
	free(facts->items[run % RUNS].text);
	facts->items[run % RUNS].run = run;
	facts->items[run % RUNS].text = strdup(text);
}

const char *
recent_facts_get(const struct recent_facts *facts, uint64_t run)
{
	return facts->items[run % RUNS].run == run ? facts->items[run % RUNS].text : NULL;
}
