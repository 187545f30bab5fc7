/*
 * Memory for processes that hold secrets (notifiers, their gates, web): not swapped out as far as
 * the limit of the process lets it be locked (mlock(2), RLIMIT_MEMLOCK), left out of core dumps,
 * and wiped before it is given back.
 */
#pragma once

#include <stddef.h>

/* Zeroed. NULL: no memory. */
void *secret_memory_make(size_t size);

/* Wipes and gives back what was made with this size; NULL is fine. */
void secret_memory_free(void **memory, size_t size);
