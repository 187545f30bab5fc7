/* Pieces that are taken one after the other do not move, and all of them are given back at once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/chunks.h"

enum { PIECES = 3000, LARGE = 100 * 1000 };

static void
pieces_stay_where_they_are(void **state)
{
	static char *pieces[PIECES];
	struct chunks chunks = { .bytes = 0 };

	(void)state;
	for (size_t i = 0; i < PIECES; i++) {
		size_t size = i % 500 == 250 ? LARGE : 1 + i % 40;

		pieces[i] = chunks_take(&chunks, size);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % 8, 0);
		memset(pieces[i], (int)(i % 256), size);
	}
	for (size_t i = 0; i < PIECES; i++)
		assert_int_equal((unsigned char)pieces[i][i % 40], i % 256);
	assert_in_range(chunks.bytes, PIECES / 500 * LARGE, 2 * PIECES / 500 * LARGE);
	chunks_fini(&chunks);
	assert_true(chunks.newest == NULL && chunks.bytes == 0);
}

static void
what_is_usual_is_kept(void **state)
{
	struct chunks chunks = { .bytes = 0 };
	const char *first = chunks_take(&chunks, 1);
	size_t usual = chunks.bytes;

	(void)state;
	assert_non_null(chunks_take(&chunks, LARGE));
	assert_int_equal(chunks.bytes, usual + LARGE);
	chunks_clear(&chunks);
	assert_int_equal(chunks.bytes, usual);
	assert_ptr_equal(chunks_take(&chunks, 1), first);
	chunks_fini(&chunks);
	chunks_clear(&chunks);
	assert_int_equal(chunks.bytes, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_stay_where_they_are),
		cmocka_unit_test(what_is_usual_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
