/*
 * The bytes of every message between processes, as tests/golden/messages/NAME has them. All processes of a run are of one
 * version, so a message may change: UPDATE=1 build/tests/unit/message_bytes writes the files anew, and the commit shows which
 * bytes differ.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message_examples.h"

enum { ROW = 16 };

/* Rows of hexadecimal bytes, their offset before and what of them is ASCII behind: a difference shows where it lies. */
static void
write_rows(FILE *file, const unsigned char *bytes, size_t size)
{
	for (size_t row = 0; row < size; row += ROW) {
		size_t end = row + ROW < size ? row + ROW : size;

		fprintf(file, "%04zx ", row);
		for (size_t i = row; i < row + ROW; i++)
			i < end ? fprintf(file, " %02x", bytes[i]) : fprintf(file, "   ");
		fprintf(file, "  ");
		for (size_t i = row; i < end; i++)
			fputc(bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '.', file);
		fputc('\n', file);
	}
}

/* The whole content of a file, for free(); "" where it cannot be read. */
static char *
content_of(const char *path)
{
	enum { ROOM = 64 * 1024 };
	char *content = calloc(1, ROOM);
	FILE *file = fopen(path, "r");

	assert_non_null(content);
	if (file != NULL) {
		assert_true(fread(content, 1, ROOM - 1, file) < ROOM - 1);
		fclose(file);
	}
	return content;
}

static bool
example_is_equal(const struct example *example)
{
	static unsigned char packet[WIRE_MAX];
	struct wire_out out = wire_over(packet, sizeof packet);
	char path[128], *rows = NULL;
	size_t rows_size = 0;

	example->put(&out);
	assert_false(out.bad);
	snprintf(path, sizeof path, "tests/golden/messages/%s", example->name);
	FILE *file = getenv("UPDATE") != NULL ? fopen(path, "w") : open_memstream(&rows, &rows_size);
	assert_non_null(file);
	write_rows(file, packet, out.size);
	assert_int_equal(fclose(file), 0);
	if (rows == NULL)
		return true;
	char *expected = content_of(path);
	bool equal = strcmp(expected, rows) == 0;
	if (!equal)
		print_error("%s: expected\n%sfound\n%s", path, expected, rows);
	free(expected);
	free(rows);
	return equal;
}

static void
each_message_has_an_example(void **state)
{
	(void)state;
	for (size_t kind = 1; kind < MESSAGE_KINDS; kind++) {
		unsigned char packet[WIRE_MAX];
		struct wire_out out = wire_over(packet, sizeof packet);

		if (examples[kind].put == NULL)
			fail_msg("message kind %zu has no example", kind);
		examples[kind].put(&out);
		assert_int_equal(message_kind(packet, out.size), kind);
	}
}

static void
the_bytes_of_each_message_are_the_kept_ones(void **state)
{
	size_t different = 0;

	(void)state;
	for (size_t kind = 1; kind < MESSAGE_KINDS; kind++)
		different += examples[kind].put != NULL && !example_is_equal(&examples[kind]);
	assert_int_equal(different, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_has_an_example),
		cmocka_unit_test(the_bytes_of_each_message_are_the_kept_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
