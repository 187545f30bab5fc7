/* Whether an input leaves a descriptor open. */
#ifndef TESTS_FUZZ_DESCRIPTORS_H
#define TESTS_FUZZ_DESCRIPTORS_H

#include <assert.h>
#include <fcntl.h>
#include <unistd.h>

/* A descriptor that is not closed makes the next one a higher one. */
static inline int
descriptors_lowest(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert(fd >= 0);
	close(fd);
	return fd;
}

#endif
