/* JSON: what is written is valid and says what was meant; what is missing is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"

#define BYTES(literal) ((struct pw_bytes){ (literal), sizeof(literal) - 1 })

static void
expect(struct buffer *buffer, const char *expected)
{
	assert_int_equal(buffer->size, strlen(expected));
	assert_memory_equal(buffer->data, expected, buffer->size);
	buffer_clear(buffer);
}

static void
writes_all_kinds(void **state)
{
	struct buffer buffer = { .data = NULL };
	struct json json = json_to_buffer(&buffer, 4096);

	(void)state;
	json_begin_object(&json, NULL);
	json_string(&json, "target", "mx1.example.org:25");
	json_int(&json, "port", INT64_MIN);
	json_seconds(&json, "seconds", 4213);
	json_null(&json, "limit");
	json_string(&json, "was", NULL);
	json_bool(&json, "good", true);
	json_begin_array(&json, "legs");
	json_begin_object(&json, NULL);
	json_end(&json);
	json_begin_array(&json, NULL);
	json_int(&json, NULL, 1);
	json_bool(&json, NULL, false);
	json_end(&json);
	json_null(&json, NULL);
	json_end(&json);
	json_begin_object(&json, "facts");
	json_end(&json);
	json_int(&json, "last", 9007199254740993);
	json_end(&json);
	assert_true(json_finish_line(&json));
	json_int(&json, NULL, 2);
	assert_true(json_finish_line(&json));
	expect(&buffer,
	    "{\"target\":\"mx1.example.org:25\",\"port\":-9223372036854775808,\"seconds\":0.004213,\"limit\":null,"
	    "\"was\":null,\"good\":true,\"legs\":[{},[1,false],null],\"facts\":{},\"last\":9007199254740993}\n2\n");
	buffer_fini(&buffer);
}

static void
quotes_strings(void **state)
{
	static const struct {
		struct pw_bytes bytes;
		const char *as_text, *as_foreign;
	} cases[] = {
		{ BYTES(""), "\"\"", "\"\"" },
		{ BYTES("a\"b/c"), "\"a\\\"b/c\"", "\"a\\\"b/c\"" },
		{ BYTES("a\\b"), "\"a\\\\b\"", "\"a\\\\\\\\b\"" },
		{ BYTES("a\nb\t"), "\"a\\nb\\u0009\"", "\"a\\\\x0ab\\\\x09\"" },
		{ BYTES("\0\x1f\x7f"), "\"\\u0000\\u001f\\\\x7f\"", "\"\\\\x00\\\\x1f\\\\x7f\"" },
		{ BYTES("\xc3\xbc\xff"), "\"\xc3\xbc\\\\xff\"", "\"\xc3\xbc\\\\xff\"" },
		{ BYTES("\xe2\x80\xae"), "\"\\\\xe2\\\\x80\\\\xae\"", "\"\\\\xe2\\\\x80\\\\xae\"" },
		{ BYTES("\xe2\x82"), "\"\\\\xe2\\\\x82\"", "\"\\\\xe2\\\\x82\"" },
	};
	struct buffer buffer = { .data = NULL };
	struct json json = json_to_buffer(&buffer, 4096);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char expected[128];

		json_begin_array(&json, NULL);
		json_text(&json, NULL, cases[i].bytes);
		json_foreign(&json, NULL, cases[i].bytes);
		json_end(&json);
		assert_true(json_finish_line(&json));
		snprintf(expected, sizeof expected, "[%s,%s]\n", cases[i].as_text, cases[i].as_foreign);
		expect(&buffer, expected);
	}
	buffer_fini(&buffer);
}

static void
writes_to_files(void **state)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&bytes, &size);
	struct json json = json_to_file(file);

	(void)state;
	json_begin_object(&json, NULL);
	json_foreign(&json, "b\"", BYTES("\x01"));
	json_end(&json);
	assert_true(json_finish_line(&json));
	fclose(file);
	assert_string_equal(bytes, "{\"b\\\"\":\"\\\\x01\"}\n");
	free(bytes);
}

static void
tells_what_is_missing(void **state)
{
	struct buffer buffer = { .data = NULL };
	struct json json = json_to_buffer(&buffer, 10);

	(void)state;
	json_string(&json, NULL, "0123456789");
	assert_false(json_finish_line(&json));
	buffer_clear(&buffer);
	json_int(&json, NULL, 7);
	assert_true(json_finish_line(&json));
	expect(&buffer, "7\n");
	buffer_fini(&buffer);

	FILE *full = fopen("/dev/full", "w");
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	json = json_to_file(full);
	json_int(&json, NULL, 7);
	assert_false(json_finish_line(&json));
	fclose(full);
}

static void
nests_to_its_depth(void **state)
{
	struct buffer buffer = { .data = NULL };
	struct json json = json_to_buffer(&buffer, 4096);

	(void)state;
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_begin_array(&json, NULL);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_end(&json);
	assert_true(json_finish_line(&json));
	assert_int_equal(buffer.size, 2 * JSON_DEPTH_MAX + 1);
	buffer_fini(&buffer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_all_kinds),
		cmocka_unit_test(quotes_strings),
		cmocka_unit_test(writes_to_files),
		cmocka_unit_test(tells_what_is_missing),
		cmocka_unit_test(nests_to_its_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
