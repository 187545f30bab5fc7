/* A SQLite VFS over power_disk.h, for one connection a file; once registered it is what every file is opened with. */
#ifndef TESTS_POWER_VFS_H
#define TESTS_POWER_VFS_H

#include "power_disk.h"

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
	if (disk.failing_syncs > 0) {
		disk.failing_syncs--;
		power_forget_writes(file);
		return SQLITE_IOERR_FSYNC;
	}
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

#endif
