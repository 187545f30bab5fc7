/* Gives every file of the folders named as arguments to a fuzz target: its corpus, as a test. A fault ends the process. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static _Noreturn void
die(const char *path)
{
	printf("Bail out! %s: %s\n", path, strerror(errno));
	exit(1);
}

/* The copy is exactly as large as the file, so that a sanitizer sees each byte read beyond it. */
static void
replay_file(const char *path)
{
	struct stat status;
	FILE *file = fopen(path, "rb");

	if (file == NULL || fstat(fileno(file), &status) != 0)
		die(path);
	size_t size = (size_t)status.st_size;
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	if (bytes == NULL || fread(bytes, 1, size, file) != size)
		die(path);
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
}

static int
is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
replay_folder(const char *folder, int count)
{
	struct dirent **entries;
	int found = scandir(folder, &entries, is_shown, alphasort);

	if (found < 0)
		die(folder);
	for (int i = 0; i < found; i++) {
		char path[4096];

		snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		replay_file(path);
		printf("ok %d - %s\n", ++count, entries[i]->d_name);
		fflush(stdout);
		free(entries[i]);
	}
	free(entries);
	return count;
}

int
main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++)
		count = replay_folder(argv[i], count);
	printf("1..%d\n", count);
	return count > 0 ? 0 : 1;
}
