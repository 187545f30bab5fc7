/* A resolver that finds no memory for one of its parts: it says so, and leaves nothing behind. One that finds none for a query
 * blames nobody else. */
#include "unit/resolver_answers.h"

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

static void
on_late(EV_P_ ev_watcher *told, int events)
{
	(void)loop, (void)events;
	++*(int *)told->data;
}

/* Whatever piece of memory is lacking, no server is said to have said something, and no name to lead nowhere. */
static void
lacks_of_memory_are_ours(void **state)
{
	static const enum family families[] = { FAMILY_IPV4, FAMILY_IPV6 };
	struct world *world = open_world(1);
	ev_watcher told;
	int count = 0;

	(void)state;
	world->servers[0].answer = one_address;
	resolve(world, "mx.test", true, SECOND); /* which has the loop's own memory made */
	for (unsigned i = 0; i < 2; i++) {
		const struct resolved *resolved;

		ev_init(&told, on_late);
		told.data = &count;
		left = 1;
		assert_null(resolver_ask(world->resolver, "mx.test", families[i], true, SECOND, &told));
		for (unsigned piece = 2; piece <= 3; piece++) { /* the question, and its exchange */
			struct resolver_query *query;
			struct resolved found;

			count = 0;
			left = piece;
			query = resolver_ask(world->resolver, "mx.test", families[i], true, SECOND, &told);
			assert_int_equal(left, 0);
			turn_until(world, &count, 1);
			resolver_take(&query, &found);
			assert_int_equal(found.count, 0);
			assert_non_null(found.ours);
			assert_string_equal(found.ours, "no_memory");
		}
		resolved = resolve(world, "mx.test", true, SECOND);
		assert_null(resolved->ours);
	}
	assert_int_equal(world->servers[0].asked, 6);
	close_world(world);
}

/* Nor that a name has no such records. */
static void
records_without_memory_are_not_missing(void **state)
{
	struct world *world = open_world(1);
	ev_watcher told;

	(void)state;
	ev_init(&told, on_late);
	world->servers[0].answer = one_address;
	resolve(world, "mx.test", true, SECOND);
	world->servers[0].answer = mail_exchanger;
	left = 1;
	assert_null(resolver_look_up(world->resolver, "example.test", DNS_MX, SECOND, &told));
	for (unsigned piece = 2; piece <= 4; piece++) { /* the question, its exchange, and the answer's copy */
		struct resolver_query *query;
		struct dns_answer space;
		int count = 0;

		told.data = &count;
		left = piece;
		query = resolver_look_up(world->resolver, "example.test", DNS_MX, SECOND, &told);
		turn_until(world, &count, 1);
		assert_int_equal(left, 0);
		struct pw_answer answer = resolver_answer(query, &space);
		assert_int_equal(answer.count, 0);
		assert_int_equal(answer.rcode, DNS_RCODE_NONE);
		resolver_cancel(&query);
	}
	assert_int_equal(world->servers[0].asked, 3);
	close_world(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_of_one_without_memory),
		cmocka_unit_test(lacks_of_memory_are_ours),
		cmocka_unit_test(records_without_memory_are_not_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
