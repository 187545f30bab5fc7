/*
 * Any bytes as a configuration: what is read is either faults or a whole that keeps its promises. A line "%%" begins
 * the next file: the main one, a list, one to include, one of conf.d, settings of the command line.
 */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { PARTS = 5, SETS = 8 };

static const char *const parts[PARTS] = { "main.conf", "list.txt", "more.conf", "conf.d/x.conf", "sets" };
static char folder[PATH_MAX - 100], plugins[PATH_MAX];

static void
clean(void)
{
	char path[PATH_MAX];

	for (int i = 0; i < PARTS; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/conf.d", folder);
	rmdir(path);
	rmdir(folder);
}

/* The plugins of the tests, where they have been built. */
static void
begin(void)
{
	const char *parent = getenv("TMPDIR");
	char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", plugins, sizeof plugins - 60);

	plugins[size < 0 ? 0 : size] = '\0';
	for (int i = 0; i < 2 && strrchr(plugins, '/') != NULL; i++)
		*strrchr(plugins, '/') = '\0';
	snprintf(plugins + strlen(plugins), 60, "/fixtures/plugins/good");
	if (access(plugins, X_OK) != 0)
		snprintf(plugins, sizeof plugins, "build/tests/fixtures/plugins/good");
	snprintf(folder, sizeof folder, "%s/config-XXXXXX", parent == NULL ? "/tmp" : parent);
	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/conf.d", folder);
	if (mkdir(path, 0700) != 0)
		abort();
	atexit(clean);
}

static void
put(int part, const char *bytes, size_t size)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, parts[part]);
	file = fopen(path, "w");
	if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
		abort();
}

/* Writes every part; the last one, cut into strings, is returned for the caller to free. */
static char *
put_parts(const char *bytes, size_t size)
{
	char *last = NULL;

	for (int part = 0; part < PARTS; part++) {
		const char *end = size == 0 ? NULL : memmem(bytes, size, "\n%%\n", 4);
		size_t own = end == NULL ? size : (size_t)(end - bytes) + 1;

		put(part, bytes, own);
		if (part == PARTS - 1)
			last = strndup(bytes, own);
		bytes += end == NULL ? own : own + 3;
		size -= end == NULL ? own : own + 3;
	}
	return last;
}

static void
check(const struct config *config)
{
	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct target *target = &config->targets[i];
		const struct policy *policy = target->policy;

		assert(target->name[0] != '\0' && target->host[0] != '\0' && target->port != 0);
		assert(target->parent == CONFIG_NONE || target->parent < config->target_count);
		assert(policy->interval > 0 && policy->tries > 0 && policy->phase_count <= PHASES_MAX);
		for (uint32_t j = 0; j < policy->phase_count; j++)
			assert(policy->phases[j].routine > 0 && policy->phases[j].patient >= policy->phases[j].routine);
		for (uint32_t j = 0; policy->notify_count != CONFIG_NONE && j < policy->notify_count; j++)
			assert(policy->notify[j] < config->notifier_count);
	}
	assert(config->probers >= 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct config_diagnostics faults;
	static char path[PATH_MAX], shown[64 * 1024];
	/* so that nothing is resolved, and no other plugins are opened */
	const char *sets[SETS] = { "helo=fuzz.example", "plugins=" };
	struct config_source source = { .path = path, .plugin_dir = plugins, .sets = sets, .set_count = 2 };
	const struct config *config;
	struct text text = TEXT_OVER(shown);
	char *last, *word, *rest;

	if (folder[0] == '\0')
		begin();
	last = put_parts((const char *)bytes, size);
	for (word = strtok_r(last, "\n", &rest); word != NULL && source.set_count < SETS; word = strtok_r(NULL, "\n", &rest))
		if (strncmp(word, "plugins", 7) != 0 && strncmp(word, "helo", 4) != 0)
			sets[source.set_count++] = word;
	snprintf(path, sizeof path, "%s/%s", folder, parts[0]);
	config = config_read(&source, &faults);
	assert((config == NULL) == (faults.errors > 0));
	config_print_diagnostics(&faults, &text);
	for (size_t i = 0, step; i < text.size; i += step)
		assert((step = shown[i] == '\n' ? 1 : text_printable(shown + i, text.size - i)) > 0);
	if (config != NULL)
		check(config);
	config_free(&config);
	free(last);
	return 0;
}
