/*
 * Gives the name of each outcome or condition a small number: the index into an array that only
 * grows. The monitor's states and conditions hold these numbers.
 */
#include "monitor/codes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/vec.h"

enum { CODES_MAX = UINT16_MAX };

struct codes {
	struct code *items;
	uint32_t count, room;
	struct hash_table table; /* by name */
};

static uint32_t
hash_of(const char *name)
{
	return hash_end(hash_add_string(HASH_BEGIN, name));
}

/* A name that finds no number is told as none; the run it came from counts all the same. */
static uint16_t
add(struct codes *codes, const char *name, const struct pw_outcome *own)
{
	/* Of a certificate's end, the farthest first; an expired one is beyond all of them. */
	static const char *const thresholds[] = { "cert_expires_soon", "cert_expires_urgent",
	    "cert_expired" };
	struct code code = { .name = "" };
	struct outcome outcome;

	if (strlen(name) >= sizeof code.name || strcmp(name, codes->items[CODE_NONE].name) == 0)
		return CODE_NONE;
	memcpy(code.name, name, strlen(name) + 1);
	if (outcome_find(name, own, &outcome))
		code.at_once = outcome.at_once;
	for (uint8_t i = 0; i < sizeof thresholds / sizeof *thresholds; i++)
		if (strcmp(name, thresholds[i]) == 0)
			code.threshold = (uint8_t)(i + 1);
	code.dated = code.threshold != 0 || strcmp(name, "cert_not_yet_valid") == 0;
	if (codes->count >= CODES_MAX || !VEC_RESERVE(codes->items, codes->count, codes->room)
	    || !hash_insert(&codes->table, hash_of(name), codes->count))
		return CODE_NONE;
	codes->items[codes->count] = code;
	return (uint16_t)codes->count++;
}

uint16_t
codes_of(struct codes *codes, const char *name, const struct pw_outcome *own)
{
	name = outcome_current(name);
	HASH_EACH(code, &codes->table, hash_of(name))
		if (strcmp(codes->items[code].name, name) == 0)
			return (uint16_t)code;
	return add(codes, name, own);
}

const struct code *
codes_get(const struct codes *codes, uint16_t code)
{
	assert(code < codes->count);
	return &codes->items[code];
}

struct codes *
codes_create(void)
{
	struct codes *codes = calloc(1, sizeof *codes);

	if (codes == NULL || !VEC_RESERVE(codes->items, codes->count, codes->room)) {
		codes_destroy(&codes);
		return NULL;
	}
	/* is not in the table: it is no outcome */
	codes->items[CODE_NONE] = (struct code){ .name = "none" };
	codes->count = CODE_OK;
	uint16_t ok = codes_of(codes, "ok", NULL), unstable = codes_of(codes, "unstable", NULL);
	assert(ok == CODE_OK && unstable == CODE_UNSTABLE);
	return codes;
}

void
codes_destroy(struct codes **codes)
{
	if (*codes != NULL) {
		free((*codes)->items);
		hash_table_fini(&(*codes)->table);
		free(*codes);
	}
	*codes = NULL;
}
