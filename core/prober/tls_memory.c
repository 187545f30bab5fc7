/*
 * For the prober: counts the requests for memory of OpenSSL that fail. OpenSSL's queue of errors is
 * no help: of most of such failures it tells a consequence alone, such as a certificate without the
 * name that it has.
 */
#include "prober/tls_memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static uint32_t refused;

static void *
noted(void *memory)
{
	refused += memory == NULL;
	return memory;
}

/* As CRYPTO_malloc(3): a request for nothing is given nothing. */
static void *
allocate(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return size == 0 ? NULL : noted(malloc(size));
}

static void
release(void *memory, const char *file, int line)
{
	(void)file, (void)line;
	free(memory);
}

static void *
resize(void *memory, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	if (size > 0)
		return noted(realloc(memory, size));
	free(memory);
	return NULL;
}

void
tls_memory_watch(void)
{
	(void)CRYPTO_set_mem_functions(allocate, resize, release);
}

uint32_t
tls_memory_refused(void)
{
	return refused;
}
