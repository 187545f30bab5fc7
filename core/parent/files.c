/* A short list, made of the distinct policies of all targets: equal TLS settings are the same pointer. */
#include "parent/files.h"

#include <string.h>
#include <sys/stat.h>

#include "config/resolvers.h"
#include "prober/tls.h"

static struct file
look(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return (struct file){ .path = path, .changed = -1 };
	return (struct file){ path, status.st_dev, status.st_ino, status.st_size,
		(int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec };
}

static void
add(struct files *files, const char *path)
{
	for (uint32_t i = 0; i < files->count; i++) {
		if (strcmp(files->items[i].path, path) == 0)
			return;
	}
	if (files->count < FILES_MAX)
		files->items[files->count++] = look(path);
}

void
files_init(struct files *files, const struct config *config)
{
	const struct tls_settings *before = NULL;

	*files = (struct files){ 0 };
	add(files, "/etc/hosts");
	if (config->resolver_count == 0)
		add(files, RESOLV_CONF);
	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct tls_settings *tls = config->targets[i].policy->tls;

		if (tls == NULL || tls == before)
			continue;
		const char *file = tls->ca_file != NULL ? tls->ca_file : tls_system_bundle();
		if (file != NULL)
			add(files, file);
		before = tls;
	}
}

const char *
files_look(struct files *files)
{
	const char *changed = NULL;

	for (uint32_t i = 0; i < files->count; i++) {
		struct file *old = &files->items[i], new = look(old->path);

		if (new.device != old->device || new.inode != old->inode || new.size != old->size
		    || new.changed != old->changed)
			changed = old->path;
		*old = new;
	}
	return changed;
}
