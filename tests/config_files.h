/*
 * For tests that read configurations: a folder with files made by the test, config_read() with the fixture plugins
 * (talk, secure, line, tell), and looking into what came out. One test at a time uses it.
 */
#ifndef TESTS_CONFIG_FILES_H
#define TESTS_CONFIG_FILES_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/read.h"

static char files_folder[PATH_MAX];
static struct config_diagnostics files_diagnostics;
static const struct config *files_configs[200];
static size_t files_config_count;

/* Of the build that this program belongs to: build/tests/fixtures/plugins/… */
__attribute__((unused)) static const char *
files_fixture(const char *name)
{
	static char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof path - 200);

	assert_true(size > 0);
	path[size] = '\0';
	*strrchr(path, '/') = '\0'; /* …/tests/unit or …/tests/fuzz */
	*strrchr(path, '/') = '\0';
	snprintf(path + strlen(path), 200, "/fixtures/plugins/%s", name);
	return path;
}

__attribute__((unused)) static int
files_setup(void **state)
{
	const char *parent = getenv("TMPDIR");

	(void)state;
	snprintf(files_folder, sizeof files_folder, "%s/config-XXXXXX", parent == NULL ? "/tmp" : parent);
	return mkdtemp(files_folder) == NULL ? -1 : 0;
}

__attribute__((unused)) static int
files_teardown(void **state)
{
	pid_t child;
	int status;

	(void)state;
	while (files_config_count > 0)
		config_free(&files_configs[--files_config_count]);
	child = fork();
	if (child == 0) {
		execlp("rm", "rm", "-rf", files_folder, (char *)NULL);
		_exit(127);
	}
	return waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

__attribute__((unused)) static const char *
files_path(const char *name)
{
	static char paths[4][PATH_MAX + 300];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", files_folder, name);
	return path;
}

__attribute__((unused)) static void
files_put_bytes(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(files_path(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

__attribute__((unused)) static void
files_put(const char *name, const char *content)
{
	files_put_bytes(name, content, strlen(content));
}

__attribute__((unused)) static const struct config *
files_read_source(struct config_source source)
{
	char plugins[PATH_MAX];

	if (source.plugin_dir == NULL) {
		snprintf(plugins, sizeof plugins, "%s", files_fixture("good"));
		source.plugin_dir = plugins;
	}
	assert_true(files_config_count < sizeof files_configs / sizeof *files_configs);
	files_configs[files_config_count] = config_read(&source, &files_diagnostics);
	return files_configs[files_config_count++];
}

/* Reads main.conf of the folder. */
__attribute__((unused)) static const struct config *
files_read(void)
{
	return files_read_source((struct config_source){ .path = files_path("main.conf") });
}

__attribute__((unused)) static void
files_print(void)
{
	char room[32 * 1024];
	struct text text = TEXT_OVER(room);

	config_print_diagnostics(&files_diagnostics, &text);
	fputs(room, stderr);
}

/* A good configuration: all of it, or the test fails with the faults. */
__attribute__((unused)) static const struct config *
files_good(const char *content)
{
	const struct config *config;

	files_put("main.conf", content);
	config = files_read();
	if (config == NULL)
		files_print();
	assert_non_null(config);
	return config;
}

__attribute__((unused)) static bool
files_ends(const char *text, const char *with)
{
	size_t size = strlen(text), wanted = strlen(with);

	return size >= wanted && strcmp(text + size - wanted, with) == 0;
}

/* Whether there is a fault or warning in `place` ("main.conf:3", "main.conf:3:7", the end of it) whose text holds `part`. */
__attribute__((unused)) static bool
files_told(const char *place, const char *part, bool warning)
{
	for (uint32_t i = 0; i < files_diagnostics.kept; i++) {
		const struct config_diagnostic *fault = &files_diagnostics.items[i];
		char line[300], column[320];

		snprintf(line, sizeof line, fault->line > 0 ? "%s:%u" : "%s", fault->file, fault->line);
		snprintf(column, sizeof column, "%s:%u", line, fault->column);
		if (fault->warning == warning && (files_ends(line, place) || files_ends(column, place))
		    && strstr(fault->text, part) != NULL)
			return true;
	}
	files_print();
	return false;
}

/* The content is refused, with exactly one fault, there, in these words. */
__attribute__((unused)) static void
files_bad(const char *content, const char *place, const char *part)
{
	files_put("main.conf", content);
	assert_null(files_read());
	assert_true(files_told(place, part, false));
	if (files_diagnostics.errors != 1)
		files_print();
	assert_int_equal(files_diagnostics.errors, 1);
}

__attribute__((unused)) static const struct target *
files_target(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->target_count; i++)
		if (strcmp(config->targets[i].name, name) == 0)
			return &config->targets[i];
	fail_msg("no target %s", name);
	return NULL;
}

#endif
