/*
 * For the monitor: remembers of each of the last 4,096 runs, by its number, the text on which
 * steady facts of the server (certificate, software ...) are others than before. Evidence comes
 * before the report of its run; the text waits here until the report is judged and a notice can be
 * made of it.
 *
 * Run numbers grow by one, so the place of a run is its number modulo 4,096, and a run that is
 * 4,096 later takes it.
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
