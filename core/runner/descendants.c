/*
 * For the runner, the process that starts programs: finds and kills what a program has started.
 * Walks down the tree of processes in proc(5).
 */
#include "runner/descendants.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* Level by level; this process stands first. */
struct list {
	pid_t pids[DESCENDANTS_MAX];
	unsigned count, threads;
};

static bool
is_among(const pid_t *pids, pid_t pid)
{
	while (pids != NULL && *pids != 0)
		if (*pids++ == pid)
			return true;
	return false;
}

/* Each thread has children of its own. */
static void
add_children(struct list *list, pid_t parent, const pid_t *spared)
{
	char path[64];
	const struct dirent *task;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%d/task", (int)parent);
	tasks = opendir(path);
	while (tasks != NULL && (task = readdir(tasks)) != NULL) {
		FILE *file;
		int pid;

		if (task->d_name[0] == '.')
			continue;
		list->threads++;
		snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", (int)parent,
		    task->d_name);
		file = fopen(path, "re");
		while (file != NULL && list->count < DESCENDANTS_MAX
		    && fscanf(file, "%d", &pid) == 1)
			if (!is_among(spared, pid))
				list->pids[list->count++] = pid;
		if (file != NULL)
			fclose(file);
	}
	if (tasks != NULL)
		closedir(tasks);
}

static void
fill(struct list *list, const pid_t *spared)
{
	list->pids[0] = getpid();
	list->count = 1;
	list->threads = 0;
	for (unsigned i = 0; i < list->count; i++)
		add_children(list, list->pids[i], i == 0 ? spared : NULL);
}

unsigned
descendants_count(void)
{
	struct list list;

	fill(&list, NULL);
	return list.threads - 1;
}

void
descendants_kill(const pid_t *spared)
{
	struct list list;

	fill(&list, spared);
	for (unsigned i = 1; i < list.count; i++)
		(void)kill(list.pids[i], SIGKILL);
}
