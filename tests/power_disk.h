/*
 * A disk in memory as a SQLite VFS, whose power can be cut. What was written and not synced survives by halves: each
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

static int
power_close(sqlite3_file *handle)
{
	(void)handle;
	return SQLITE_OK;
}

static int
power_read(sqlite3_file *handle, void *bytes, int size, sqlite3_int64 at)
{
	const struct power_file *file = ((struct power_handle *)handle)->file;
	sqlite3_int64 there = at >= file->size ? 0 : file->size - at < size ? file->size - at : size;

	if (disk.off)
		return SQLITE_IOERR_READ;
	if (there > 0)
		memcpy(bytes, file->bytes + at, (size_t)there);
	if (there == size)
		return SQLITE_OK;
	memset((char *)bytes + there, 0, (size_t)(size - there));
	return SQLITE_IOERR_SHORT_READ;
}

static int
power_write(sqlite3_file *handle, const void *bytes, int size, sqlite3_int64 at)
{
	struct power_file *file = ((struct power_handle *)handle)->file;

	/* The last write of all may have begun. */
	if (disk.off || power_is_off()) {
		if (disk.operations == disk.cut_at)
			power_remember(file, at, bytes, size);
		return SQLITE_IOERR_WRITE;
	}
	if (at + size > file->size)
		power_resize(&file->bytes, &file->room, &file->size, at + size);
	memcpy(file->bytes + at, bytes, (size_t)size);
	power_remember(file, at, bytes, size);
	return SQLITE_OK;
}

static int
power_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
	struct power_file *file = ((struct power_handle *)handle)->file;

	if (disk.off || power_is_off())
		return SQLITE_IOERR_TRUNCATE;
	power_resize(&file->bytes, &file->room, &file->size, size);
	power_remember(file, size, NULL, -1);
	return SQLITE_OK;
}

static int
power_sync(sqlite3_file *handle, int flags)
{
	struct power_file *file = ((struct power_handle *)handle)->file;

	(void)flags;
	if (disk.off || power_is_off())
		return SQLITE_IOERR_FSYNC;
	if (disk.careless)
		return SQLITE_OK;
	power_settle_all(file, true);
	file->durable_there = file->there;
	return SQLITE_OK;
}

static int
power_size(sqlite3_file *handle, sqlite3_int64 *size)
{
	*size = ((struct power_handle *)handle)->file->size;
	return SQLITE_OK;
}

static int
power_lock(sqlite3_file *handle, int level)
{
	(void)handle;
	(void)level;
	return SQLITE_OK;
}

static int
power_is_reserved(sqlite3_file *handle, int *reserved)
{
	(void)handle;
	*reserved = 0;
	return SQLITE_OK;
}

static int
power_control(sqlite3_file *handle, int what, void *arg)
{
	(void)handle;
	(void)what;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int
power_sector(sqlite3_file *handle)
{
	(void)handle;
	return 4096;
}

/* As the VFS for real files says of itself. */
static int
power_traits(sqlite3_file *handle)
{
	(void)handle;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int
power_map(sqlite3_file *handle, int region, int size, int extend, void volatile **memory)
{
	struct power_file *file = ((struct power_handle *)handle)->file;

	if (region >= POWER_REGIONS)
		return SQLITE_NOMEM;
	if (file->regions[region] == NULL && extend)
		file->regions[region] = calloc(1, (size_t)size);
	*memory = file->regions[region];
	return SQLITE_OK;
}

static int
power_shm_lock(sqlite3_file *handle, int offset, int count, int flags)
{
	(void)handle;
	(void)offset;
	(void)count;
	(void)flags;
	return SQLITE_OK;
}

static void
power_barrier(sqlite3_file *handle)
{
	(void)handle;
}

static void
power_forget_regions(struct power_file *file)
{
	for (int i = 0; i < POWER_REGIONS; i++) {
		free(file->regions[i]);
		file->regions[i] = NULL;
	}
}

static int
power_unmap(sqlite3_file *handle, int and_delete)
{
	if (and_delete)
		power_forget_regions(((struct power_handle *)handle)->file);
	return SQLITE_OK;
}

static const sqlite3_io_methods power_methods = { 2, power_close, power_read, power_write, power_truncate, power_sync,
	power_size, power_lock, power_lock, power_is_reserved, power_control, power_sector, power_traits, power_map,
	power_shm_lock, power_barrier, power_unmap, NULL, NULL };

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

static int
power_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *handle, int flags, int *out)
{
	struct power_file *file = power_find(name == NULL ? "temporary" : name, true);

	(void)vfs;
	handle->pMethods = NULL;
	if (disk.off || file == NULL || (!file->there && !(flags & SQLITE_OPEN_CREATE)))
		return SQLITE_CANTOPEN;
	if (!file->there && power_is_off())
		return SQLITE_CANTOPEN;
	file->there = true;
	*(struct power_handle *)handle = (struct power_handle){ { &power_methods }, file };
	if (out != NULL)
		*out = flags;
	return SQLITE_OK;
}

static int
power_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	struct power_file *file = power_find(name, false);

	(void)vfs;
	if (disk.off || power_is_off())
		return SQLITE_IOERR_DELETE;
	if (file == NULL || !file->there)
		return SQLITE_IOERR_DELETE_NOENT;
	file->there = false;
	file->size = 0;
	if (sync_folder && !disk.careless) {
		power_settle_all(file, true);
		file->durable_there = false;
		file->durable_size = 0;
	}
	return SQLITE_OK;
}

static int
power_access(sqlite3_vfs *vfs, const char *name, int flags, int *answer)
{
	const struct power_file *file = power_find(name, false);

	(void)vfs;
	(void)flags;
	*answer = file != NULL && file->there && file->size > 0;
	return SQLITE_OK;
}

static int
power_path(sqlite3_vfs *vfs, const char *name, int room, char *path)
{
	(void)vfs;
	snprintf(path, (size_t)room, "%s", name);
	return SQLITE_OK;
}

static int
power_randomness(sqlite3_vfs *vfs, int size, char *bytes)
{
	(void)vfs;
	for (int i = 0; i < size; i++)
		bytes[i] = (char)power_random();
	return size;
}

static int
power_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int
power_time(sqlite3_vfs *vfs, double *days)
{
	(void)vfs;
	*days = 2461368.0;
	return SQLITE_OK;
}

static inline void
power_register(void)
{
	static sqlite3_vfs vfs = { 1, sizeof(struct power_handle), 512, NULL, "power", NULL, power_open, power_delete,
		power_access, power_path, NULL, NULL, NULL, NULL, power_randomness, power_sleep, power_time, NULL, NULL,
		NULL, NULL, NULL };

	sqlite3_vfs_register(&vfs, 1);
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
