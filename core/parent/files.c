/*
 * Watches the files that probers and notifiers read at their start (CA bundles, secrets, hosts,
 * resolv.conf) for changes. A short list, made of the distinct policies of all targets.
 */
#include "parent/files.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "config/resolvers.h"
#include "prober/tls_policy.h"

/*
 * By its status alone: a CA bundle is not read once a minute. A file that is not there has no time,
 * so that it differs when it comes.
 */
static struct file
look_at(const char *path, uint32_t notifier)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return (struct file){
			.path = path, .notifier = notifier, .missing = true, .changed = -1
		};
	return (struct file){ path, notifier, false, status.st_dev, status.st_ino, status.st_size,
		(int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec };
}

static void
add_file(struct files *files, const char *path, uint32_t notifier)
{
	for (uint32_t i = 0; i < files->count; i++) {
		if (strcmp(files->items[i].path, path) == 0 && files->items[i].notifier == notifier)
			return;
	}
	assert(files->count <= FILES_MAX);
	if (files->count < FILES_MAX)
		files->items[files->count++] = look_at(path, notifier);
}

/* By which names are looked up. */
static void
add_names(struct files *files, const struct config *config, uint32_t notifier)
{
	add_file(files, "/etc/hosts", notifier);
	if (config->resolver_count == 0)
		add_file(files, RESOLV_CONF, notifier);
}

/* Secrets, and whatever else its settings say lies in a file. A file that it writes is none of
 * them: such a setting is a string. */
static void
add_notifier(struct files *files, const struct config *config, uint32_t index)
{
	const struct config_notifier *notifier = &config->notifiers[index];
	const struct pw_setting *rows = notifier->plugin->descriptor->settings;

	for (uint32_t i = 0; rows != NULL && rows[i].key != NULL; i++)
		if ((rows[i].type == PW_SECRET || rows[i].type == PW_PATH)
		    && notifier->values->items[i].string != NULL)
			add_file(files, notifier->values->items[i].string, index);
	const struct pw_notifier_ops *ops = notifier->plugin->descriptor->ops;
	if (plugin_gate(notifier->plugin) != NULL) {
		add_names(files, config, index);
	} else if (PLUGIN_HAS(ops, needs) && ops->needs != NULL) {
		/* What its C library may read is fixed when it begins (notifier/confine.c). */
		add_file(files, "/etc/hosts", index);
		add_file(files, RESOLV_CONF, index);
	}
}

/*
 * Neighbours mostly share their TLS settings, so the list of paths is searched once for each of the
 * few that differ.
 */
void
files_init(struct files *files, const struct config *config)
{
	const struct tls_settings *before = NULL;

	*files = (struct files){ 0 };
	add_names(files, config, CONFIG_NONE);
	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct tls_settings *tls = config->targets[i].policy->tls;

		if (tls == NULL || tls == before)
			continue;
		const char *file = tls->ca_file != NULL ? tls->ca_file : tls_system_bundle();
		if (file != NULL)
			add_file(files, file, CONFIG_NONE);
		before = tls;
	}
	for (uint32_t i = 0; i < config->notifier_count; i++)
		add_notifier(files, config, i);
}

/*
 * A file that went away is told once, and is no reason to renew anything: whoever has read it goes
 * on with what was in it.
 */
const struct file *
files_look(struct files *files, uint32_t *at)
{
	while (*at < files->count) {
		struct file *old = &files->items[(*at)++], new = look_at(old->path, old->notifier);
		bool differs = new.device != old->device || new.inode != old->inode
		    || new.size != old->size || new.changed != old->changed;

		if (new.missing && old->missing)
			continue;
		if (new.missing) {
			old->missing = true;
			return old;
		}
		*old = new;
		if (differs)
			return old;
	}
	return NULL;
}
