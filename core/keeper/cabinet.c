/*
 * Each sheet (a leg) lies in two lists: of all, by age, from whose front the bound in bytes takes;
 * and of its target, by age, which is short enough to be walked.
 */
#include "keeper/cabinet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum { SETTLED_MAX = 100000 };

struct sheet {
	struct sheet *older, *younger; /* of all */
	struct sheet *next;            /* the younger of the same target */
	uint64_t run;
	uint32_t target, size;
	bool kept, over, passed;
	unsigned char bytes[];
};

struct settled {
	uint32_t target;
	uint64_t run;
};

struct cabinet {
	uint32_t targets;
	uint32_t settled_count, settled_room;
	struct settled *settled; /* later */
	size_t bytes, bytes_max;
	uint64_t lost;
	struct sheet *oldest, *youngest;
	struct sheet *of_target[];
};

struct cabinet *
cabinet_create(uint32_t targets, size_t bytes_max)
{
	struct cabinet *cabinet = calloc(1, sizeof *cabinet + targets * sizeof cabinet->of_target[0]);

	if (cabinet == NULL)
		return NULL;
	cabinet->targets = targets;
	cabinet->bytes_max = bytes_max;
	return cabinet;
}

static void
drop(struct cabinet *cabinet, struct sheet *sheet)
{
	struct sheet **link = &cabinet->of_target[sheet->target];

	while (*link != sheet)
		link = &(*link)->next;
	*link = sheet->next;
	*(sheet->older != NULL ? &sheet->older->younger : &cabinet->oldest) = sheet->younger;
	*(sheet->younger != NULL ? &sheet->younger->older : &cabinet->youngest) = sheet->older;
	cabinet->bytes -= sizeof *sheet + sheet->size;
	free(sheet);
}

void
cabinet_destroy(struct cabinet **cabinet)
{
	while (*cabinet != NULL && (*cabinet)->oldest != NULL)
		drop(*cabinet, (*cabinet)->oldest);
	if (*cabinet != NULL)
		free((*cabinet)->settled);
	free(*cabinet);
	*cabinet = NULL;
}

static void
drop_run(struct cabinet *cabinet, uint32_t target, uint64_t run)
{
	struct sheet *next;

	for (struct sheet *sheet = cabinet->of_target[target]; sheet != NULL; sheet = next) {
		next = sheet->next;
		if (sheet->run == run)
			drop(cabinet, sheet);
	}
}

/* Legs of a run come one after the other, so a run is a stretch of the target's list. */
static uint32_t
count_runs(const struct sheet *sheet)
{
	uint32_t count = 0;

	for (uint64_t last = 0; sheet != NULL; sheet = sheet->next) {
		count += count == 0 || sheet->run != last;
		last = sheet->run;
	}
	return count;
}

static void
append(struct cabinet *cabinet, struct sheet *sheet)
{
	struct sheet **link = &cabinet->of_target[sheet->target];

	while (*link != NULL)
		link = &(*link)->next;
	*link = sheet;
	sheet->older = cabinet->youngest;
	*(sheet->older != NULL ? &sheet->older->younger : &cabinet->oldest) = sheet;
	cabinet->youngest = sheet;
	cabinet->bytes += sizeof *sheet + sheet->size;
}

void
cabinet_put(struct cabinet *cabinet, const struct message_evidence *evidence, const void *packet, size_t size,
    uint32_t runs)
{
	struct sheet *sheet = malloc(sizeof *sheet + size);

	assert(evidence->target < cabinet->targets);
	if (sheet == NULL) {
		cabinet->lost++;
		return;
	}
	if (evidence->leg.leg == 0)
		drop_run(cabinet, evidence->target, evidence->run);
	*sheet = (struct sheet){ .run = evidence->run, .target = evidence->target, .size = (uint32_t)size,
		.passed = evidence->leg.verdict == PW_OK };
	memcpy(sheet->bytes, packet, size);
	append(cabinet, sheet);
	while (count_runs(cabinet->of_target[sheet->target]) > runs)
		drop_run(cabinet, sheet->target, cabinet->of_target[sheet->target]->run);
	for (; cabinet->bytes > cabinet->bytes_max; cabinet->lost++)
		drop(cabinet, cabinet->oldest);
	assert((cabinet->oldest == NULL) == (cabinet->youngest == NULL) && (cabinet->oldest == NULL) == (cabinet->bytes == 0));
}

void
cabinet_settle(struct cabinet *cabinet, uint32_t target, uint64_t run)
{
	const struct sheet *first = cabinet->of_target[target];

	assert(target < cabinet->targets);
	if (first != NULL && first->run == run)
		drop_run(cabinet, target, run);
}

void
cabinet_settle_later(struct cabinet *cabinet, uint32_t target, uint64_t run)
{
	/* Where there is no room for it, its evidence gives way to newer in time. */
	if (cabinet->settled_count < SETTLED_MAX && VEC_RESERVE(cabinet->settled, cabinet->settled_count, cabinet->settled_room))
		cabinet->settled[cabinet->settled_count++] = (struct settled){ target, run };
}

void
cabinet_settle_all(struct cabinet *cabinet)
{
	assert(cabinet->settled_count <= cabinet->settled_room);
	for (uint32_t i = 0; i < cabinet->settled_count; i++)
		cabinet_settle(cabinet, cabinet->settled[i].target, cabinet->settled[i].run);
	cabinet->settled_count = 0;
}

static const struct sheet *
find(const struct cabinet *cabinet, uint32_t target, uint64_t run, uint32_t index)
{
	const struct sheet *sheet = cabinet->of_target[target];

	assert(target < cabinet->targets);
	while (sheet != NULL && (sheet->run != run || index-- > 0))
		sheet = sheet->next;
	return sheet;
}

bool
cabinet_leg(const struct cabinet *cabinet, uint32_t target, uint64_t run, uint32_t index,
    struct message_evidence *evidence)
{
	const struct sheet *sheet = find(cabinet, target, run, index);

	if (sheet == NULL)
		return false;
	struct wire_in in = wire_from(sheet->bytes, sheet->size);
	return message_get_evidence(&in, evidence, cabinet->targets);
}

struct pw_bytes
cabinet_packet(const struct cabinet *cabinet, uint32_t target, uint64_t run, uint32_t index)
{
	const struct sheet *sheet = find(cabinet, target, run, index);

	return sheet == NULL ? (struct pw_bytes){ "", 0 } : (struct pw_bytes){ (const char *)sheet->bytes, sheet->size };
}

bool
cabinet_run(const struct cabinet *cabinet, uint32_t target, uint32_t index, struct cabinet_run *run)
{
	const struct sheet *sheet = cabinet->of_target[target];

	assert(target < cabinet->targets);
	while (sheet != NULL) {
		*run = (struct cabinet_run){ .run = sheet->run, .kept = true, .over = true, .passed = true };
		for (; sheet != NULL && sheet->run == run->run; sheet = sheet->next) {
			run->kept &= sheet->kept;
			run->over &= sheet->over;
			run->passed &= sheet->passed;
		}
		if (index-- == 0)
			return true;
	}
	return false;
}

bool
cabinet_find(const struct cabinet *cabinet, uint32_t target, uint64_t number, struct cabinet_run *run)
{
	for (uint32_t i = 0; cabinet_run(cabinet, target, i, run); i++)
		if (run->run == number)
			return true;
	return false;
}

void
cabinet_mark(struct cabinet *cabinet, uint32_t target, uint64_t run)
{
	assert(target < cabinet->targets);
	for (struct sheet *sheet = cabinet->of_target[target]; sheet != NULL; sheet = sheet->next)
		if (sheet->run == run)
			sheet->kept = true;
}

void
cabinet_close(struct cabinet *cabinet, uint32_t target, uint64_t until)
{
	assert(target < cabinet->targets);
	for (struct sheet *sheet = cabinet->of_target[target]; sheet != NULL; sheet = sheet->next)
		if (sheet->run <= until)
			sheet->kept = sheet->over = true;
}

size_t
cabinet_bytes(const struct cabinet *cabinet)
{
	return cabinet->bytes;
}

uint64_t
cabinet_lost(const struct cabinet *cabinet)
{
	return cabinet->lost;
}
