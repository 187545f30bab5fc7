/*
 * A disk in memory whose power can be cut; power_vfs.h puts SQLite on it. What was written and not synced survives by halves: each
 * sector of 512 bytes of each such write has been written or not, whatever came after it; what a file grew by and did
 * not get is rubbish; files that were made or deleted and not synced may be there or not.
 */
#ifndef TESTS_POWER_DISK_H
#define TESTS_POWER_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>

enum { POWER_FILES = 16, POWER_SECTOR = 512, POWER_REGIONS = 64 };

struct power_write {
	struct power_write *next;
	sqlite3_int64 at;
	int size;       /* -1: the file is cut at `at` */
	char bytes[];
};

struct power_file {
	char name[512];
	bool there, durable_there;
	char *bytes, *durable;
	sqlite3_int64 size, durable_size, room, durable_room;
	struct power_write *first, **end; /* since the last sync */
	void *regions[POWER_REGIONS];     /* shared memory, which no power cut survives */
};

struct power_disk {
	struct power_file files[POWER_FILES];
	uint64_t random;
	long operations, cut_at; /* the operation that fails, 0: none */
	bool off, careless;      /* careless: a sync does nothing */
	int failing_syncs;       /* how many are to fail; what they were to make durable is forgotten */
};

struct power_handle {
	sqlite3_file base;
	struct power_file *file;
};

static struct power_disk disk;

static inline uint64_t
power_random(void)
{
	disk.random ^= disk.random << 13;
	disk.random ^= disk.random >> 7;
	disk.random ^= disk.random << 17;
	return disk.random;
}

/* Counts an operation that changes something; true: the power is off. */
static inline bool
power_is_off(void)
{
	if (++disk.operations == disk.cut_at)
		disk.off = true;
	return disk.off;
}

static inline void
power_resize(char **bytes, sqlite3_int64 *room, sqlite3_int64 *size, sqlite3_int64 wanted)
{
	if (wanted > *room) {
		*room = wanted + wanted / 2 + 4096;
		*bytes = realloc(*bytes, (size_t)*room);
	}
	if (wanted > *size)
		memset(*bytes + *size, 0, (size_t)(wanted - *size));
	*size = wanted;
}

static inline void
power_remember(struct power_file *file, sqlite3_int64 at, const void *bytes, int size)
{
	struct power_write *write = malloc(sizeof *write + (size_t)(size > 0 ? size : 0));

	*write = (struct power_write){ NULL, at, size };
	if (size > 0)
		memcpy(write->bytes, bytes, (size_t)size);
	*file->end = write;
	file->end = &write->next;
}

/* A write as far as it came: all sectors, or each by chance. */
static inline void
power_settle(struct power_file *file, const struct power_write *write, bool whole)
{
	sqlite3_int64 end = write->at + write->size, from = write->at;

	if (write->size < 0) {
		if (whole || power_random() % 2 == 0)
			power_resize(&file->durable, &file->durable_room, &file->durable_size, write->at);
		return;
	}
	while (from < end) {
		sqlite3_int64 to = (from / POWER_SECTOR + 1) * POWER_SECTOR;
		sqlite3_int64 old = file->durable_size;

		to = to < end ? to : end;
		if (whole || power_random() % 2 == 0) {
			if (to > old)
				power_resize(&file->durable, &file->durable_room, &file->durable_size, to);
			for (sqlite3_int64 i = old; i < from && !whole; i++)
				file->durable[i] = (char)power_random();
			memcpy(file->durable + from, write->bytes + (from - write->at), (size_t)(to - from));
		}
		from = to;
	}
}

static inline void
power_settle_all(struct power_file *file, bool whole)
{
	while (file->first != NULL) {
		struct power_write *write = file->first;

		power_settle(file, write, whole);
		file->first = write->next;
		free(write);
	}
	file->end = &file->first;
}

/* What was written stays readable, and is never written: no later sync knows of it. */
static inline void
power_forget_writes(struct power_file *file)
{
	while (file->first != NULL) {
		struct power_write *write = file->first;

		file->first = write->next;
		free(write);
	}
	file->end = &file->first;
}

static inline void
power_forget_regions(struct power_file *file)
{
	for (int i = 0; i < POWER_REGIONS; i++) {
		free(file->regions[i]);
		file->regions[i] = NULL;
	}
}

static inline struct power_file *
power_find(const char *name, bool make)
{
	struct power_file *empty = NULL;

	for (int i = 0; i < POWER_FILES; i++) {
		if (strcmp(disk.files[i].name, name) == 0)
			return &disk.files[i];
		if (empty == NULL && disk.files[i].name[0] == '\0')
			empty = &disk.files[i];
	}
	if (!make || empty == NULL)
		return NULL;
	snprintf(empty->name, sizeof empty->name, "%s", name);
	empty->end = &empty->first;
	return empty;
}

/* Power again: what is there is what survived. */
static inline void
power_on(void)
{
	for (int i = 0; i < POWER_FILES; i++) {
		struct power_file *file = &disk.files[i];

		if (file->name[0] == '\0')
			continue;
		power_settle_all(file, false);
		if (file->there != file->durable_there && power_random() % 2 == 0)
			file->durable_there = file->there;
		file->there = file->durable_there;
		if (!file->there)
			file->durable_size = 0;
		power_resize(&file->bytes, &file->room, &file->size, file->durable_size);
		if (file->size > 0)
			memcpy(file->bytes, file->durable, (size_t)file->size);
		power_forget_regions(file);
	}
	disk.off = false;
	disk.operations = disk.cut_at = 0;
}

/* An empty disk. */
static inline void
power_wipe(uint64_t seed)
{
	for (int i = 0; i < POWER_FILES; i++) {
		struct power_file *file = &disk.files[i];

		if (file->name[0] != '\0')
			power_settle_all(file, true);
		power_forget_regions(file);
		free(file->bytes);
		free(file->durable);
	}
	disk = (struct power_disk){ .random = seed * 0x9e3779b97f4a7c15u | 1, .careless = disk.careless };
}

#endif
