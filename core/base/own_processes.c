/*
 * The pids of the daemon's processes in a page of shared memory (own_processes.h). Plain stores:
 * each place has one writer at a time, and the monitor reads when a client comes to its control
 * socket.
 */
#include "base/own_processes.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

enum { REMEMBERED = 8 }; /* pids of a place, the living one among them */

struct place {
	_Atomic uint32_t births;
	_Atomic pid_t pids[REMEMBERED];
};

struct own_processes {
	uint32_t count;
	struct place places[];
};

static size_t
size_for(uint32_t count)
{
	return sizeof(struct own_processes) + count * sizeof(struct place);
}

struct own_processes *
own_processes_create(uint32_t places)
{
	struct own_processes *processes = mmap(NULL, size_for(places), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (processes == MAP_FAILED)
		return NULL;
	processes->count = places;
	return processes;
}

void
own_processes_join(struct own_processes *processes, uint32_t place)
{
	struct place *own;

	assert(place < processes->count);
	own = &processes->places[place];
	atomic_store(&own->pids[atomic_fetch_add(&own->births, 1) % REMEMBERED], getpid());
}

bool
own_processes_seal(struct own_processes *processes)
{
	return mprotect(processes, size_for(processes->count), PROT_READ) == 0;
}

void
own_processes_leave(struct own_processes **processes)
{
	if (*processes != NULL)
		(void)munmap(*processes, size_for((*processes)->count));
	*processes = NULL;
}

bool
own_processes_knows(const struct own_processes *processes, pid_t pid)
{
	/* A process outside our PID namespace, as on the host of a container, has the pid 0 here
	 * (pid_namespaces(7)), and so has an empty place. */
	if (pid == 0)
		return false;
	for (uint32_t i = 0; i < processes->count; i++)
		for (size_t j = 0; j < REMEMBERED; j++)
			if (atomic_load(&processes->places[i].pids[j]) == pid)
				return true;
	return false;
}
