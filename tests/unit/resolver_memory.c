/* A resolver that finds no memory for one of its parts: it says so, and leaves nothing behind. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "prober/resolver.h"

static unsigned left; /* allocations until the one that fails; 0: none does */
static long held;     /* pieces of memory */

void *__real_malloc(size_t);
void *__wrap_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__wrap_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_realloc(void *, size_t);
char *__wrap_strdup(const char *);
void __real_free(void *);
void __wrap_free(void *);

void *
__wrap_malloc(size_t size)
{
	if (left > 0 && --left == 0)
		return NULL;
	held++;
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	if (left > 0 && --left == 0)
		return NULL;
	held++;
	return __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	if (left > 0 && --left == 0)
		return NULL;
	held += memory == NULL;
	return __real_realloc(memory, size);
}

char *
__wrap_strdup(const char *text)
{
	char *copy = __wrap_malloc(strlen(text) + 1);

	return copy == NULL ? NULL : memcpy(copy, text, strlen(text) + 1);
}

void
__wrap_free(void *memory)
{
	held -= memory != NULL;
	__real_free(memory);
}

static void
nothing_is_left_of_one_without_memory(void **state)
{
	struct address servers[2];
	struct config config = { .resolvers = servers, .resolver_count = 2 };
	struct ev_loop *loop = ev_loop_new(0);
	struct resolver *resolver = NULL;
	unsigned refused = 0;

	(void)state;
	assert_true(address_parse("192.0.2.1", 53, &servers[0]));
	assert_true(address_parse("192.0.2.2", 53, &servers[1]));
	for (unsigned number = 1; resolver == NULL; number++) {
		struct reason why = { "" };
		long before = held;

		left = number;
		resolver = resolver_create(loop, &config, NULL, &why);
		left = 0;
		if (resolver != NULL)
			break;
		refused++;
		if (strstr(why.text, "memory") == NULL)
			fail_msg("%u: %s", number, why.text);
		assert_true(held <= before); /* getline(3) takes pieces that are given back here */
	}
	assert_true(refused >= 5); /* itself, answers, questions, and their parts */
	resolver_destroy(&resolver);
	resolver_destroy(&resolver); /* which is of no effect */
	ev_loop_destroy(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_of_one_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
