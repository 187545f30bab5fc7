/* Names as small numbers: an open hash over an array that only grows. */
#include "monitor/codes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CODES_MAX = UINT16_MAX };

struct codes {
	struct code *items;
	uint32_t count, room;
	uint16_t *slots; /* indexes into items, 0: empty */
	uint32_t slot_count; /* a power of two, at least twice `room` */
};

static uint32_t
hash(const char *name)
{
	uint32_t value = 2166136261u;

	for (; *name != '\0'; name++)
		value = (value ^ (unsigned char)*name) * 16777619u;
	return value;
}

static uint16_t *
find_slot(uint16_t *slots, uint32_t slot_count, const struct code *items, const char *name)
{
	uint32_t at = hash(name) & (slot_count - 1);

	while (slots[at] != 0 && strcmp(items[slots[at]].name, name) != 0)
		at = (at + 1) & (slot_count - 1);
	return &slots[at];
}

static bool
grow(struct codes *codes)
{
	uint32_t room = codes->room == 0 ? 128 : codes->room * 2;
	uint16_t *slots = calloc(room * 2, sizeof *slots);
	struct code *items = slots == NULL ? NULL : realloc(codes->items, room * sizeof *items);

	if (items == NULL) {
		free(slots);
		return false;
	}
	for (uint32_t i = CODE_OK; i < codes->count; i++)
		*find_slot(slots, room * 2, items, items[i].name) = (uint16_t)i;
	free(codes->slots);
	*codes = (struct codes){ items, codes->count, room, slots, room * 2 };
	return true;
}

/* The thresholds of a certificate's end, the farthest first; an expired certificate is beyond all of them. */
static uint8_t
threshold_of(const char *name)
{
	static const char *const thresholds[] = { "cert_expires_soon", "cert_expires_urgent", "cert_expired" };
	enum { COUNT = sizeof thresholds / sizeof *thresholds };

	for (uint8_t i = 0; i < COUNT; i++)
		if (strcmp(name, thresholds[i]) == 0)
			return (uint8_t)(i + 1);
	return 0;
}

static uint16_t
add(struct codes *codes, const char *name, const struct pw_outcome *own)
{
	struct code code = { .name = "" };
	struct outcome outcome;

	if (strlen(name) >= sizeof code.name || strcmp(name, codes->items[CODE_NONE].name) == 0)
		return CODE_NONE;
	memcpy(code.name, name, strlen(name) + 1);
	if (outcome_find(name, own, &outcome))
		code.at_once = outcome.at_once;
	code.threshold = threshold_of(name);
	code.dated = code.threshold != 0 || strcmp(name, "cert_not_yet_valid") == 0;
	if (codes->count == codes->room && (codes->count >= CODES_MAX || !grow(codes)))
		return CODE_NONE;
	codes->items[codes->count] = code;
	*find_slot(codes->slots, codes->slot_count, codes->items, name) = (uint16_t)codes->count;
	return (uint16_t)codes->count++;
}

uint16_t
codes_of(struct codes *codes, const char *name, const struct pw_outcome *own)
{
	name = outcome_current(name);
	uint16_t code = *find_slot(codes->slots, codes->slot_count, codes->items, name);

	return code != 0 ? code : add(codes, name, own);
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

	if (codes == NULL || !grow(codes)) {
		codes_destroy(&codes);
		return NULL;
	}
	codes->items[CODE_NONE] = (struct code){ .name = "none" }; /* is in no slot: 0 there means empty */
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
		free((*codes)->slots);
		free(*codes);
	}
	*codes = NULL;
}
