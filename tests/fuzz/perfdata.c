/* Performance data of a program: each reading takes something off the front, what is good stays good when it is read again
 * where its label needs no quotes, names are of a fact, and a result of the runner is whole or none. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/exec/perfdata.h"
#include "runner/runner.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
check(const struct perfdatum *datum)
{
	struct perfdatum again;
	struct pw_bytes rest = { datum->value, datum->size };

	assert(strncmp(datum->name, "perf_", 5) == 0 && strlen(datum->name) > 5 && strlen(datum->name) < PERFDATA_NAME_MAX);
	assert(strspn(datum->name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(datum->name));
	assert(datum->size > 2 && datum->size < PERFDATA_VALUE_MAX);
	const char *equals = memchr(datum->value, '=', datum->size);
	assert(equals != NULL);
	for (size_t i = 0; i < datum->size; i++)
		if (strchr(" \t\r\n'", datum->value[i]) != NULL)
			return;
	if (memchr(equals + 1, '=', datum->size - (size_t)(equals + 1 - datum->value)) != NULL)
		return;
	assert(perfdata_next(&rest, &again) == PERFDATA_GOOD);
	assert(again.size == datum->size && memcmp(again.value, datum->value, datum->size) == 0 && strcmp(again.name, datum->name) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1); /* so that what is read behind its end is seen */
	struct pw_bytes rest = { memcpy(copy, bytes, size), size };
	struct perfdatum datum;
	enum perfdata kind;
	struct pw_exit exit;

	do {
		size_t before = rest.size;

		kind = perfdata_next(&rest, &datum);
		assert(rest.size <= before && (rest.size < before || kind == PERFDATA_END));
		assert(rest.data + rest.size == copy + size && datum.size <= PERFDATA_VALUE_MAX);
		if (kind == PERFDATA_GOOD)
			check(&datum);
	} while (kind != PERFDATA_END);
	bool whole = runner_read((struct pw_bytes){ copy, size }, &exit);
	assert(exit.how >= PW_EXITED && exit.how <= PW_LOST && exit.output.size + exit.errors.size <= size);
	assert(whole || (exit.how == PW_LOST && exit.output.size == 0));
	free(copy);
	return 0;
}
