/*
 * Allocates memory for secrets that is locked, left out of core dumps, and wiped when it is freed.
 * It takes whole pages of its own: locks and advice are for pages.
 */
#include "base/secret_memory.h"

#include <string.h>
#include <sys/mman.h>

void *
secret_memory_make(size_t size)
{
	void *memory = mmap(
	    NULL, size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	(void)mlock(memory, size + 1); /* a small limit is no reason to tell nobody of an outage */
	(void)madvise(memory, size + 1, MADV_DONTDUMP);
	return memory;
}

void
secret_memory_free(void **memory, size_t size)
{
	if (*memory == NULL)
		return;
	explicit_bzero(*memory, size);
	munmap(*memory, size + 1);
	*memory = NULL;
}
