/* Lists of targets, good lines and bad ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "config_files.h"

#define LIST "targets = ( { file = \"list.txt\"; probe = \"talk\"; } );"

static void
reads_lists(void **state)
{
	static const struct { const char *name, *host, *shown; uint16_t port; } wanted[] = {
		{ "mx1.example.org:25", "mx1.example.org", "mx1.example.org", 25 },
		{ "second server", "mx2.example.org", "mx2.example.org", 2525 },
		{ "MX3.Example.ORG:25", "mx3.example.org", "MX3.Example.ORG", 25 },
		{ "192.0.2.1:25", "192.0.2.1", "192.0.2.1", 25 },
		{ "[2001:db8::1]:465", "2001:db8::1", "2001:db8::1", 465 },
		{ "six", "2001:db8::2", "2001:DB8:0::2", 25 },
		{ "b\xc3\xbc" "cher.example:25", "xn--bcher-kva.example", "b\xc3\xbc" "cher.example", 25 },
		{ "_25._tcp.example:25", "_25._tcp.example", "_25._tcp.example", 25 },
		{ "x#y", "sharp.example", "sharp.example", 25 },
		{ "dot.example.:25", "dot.example", "dot.example.", 25 },
		{ "last.example:25", "last.example", "last.example", 25 },
	};
	const struct config *config;

	(void)state;
	files_put("list.txt", "\xef\xbb\xbf# a list\r\n\r\n  mx1.example.org  \r\nmx2.example.org:2525\tsecond server # really\r\n"
	    "MX3.Example.ORG\n192.0.2.1\n[2001:db8::1]:465\n2001:DB8:0::2 six\n   # nothing\nb\xc3\xbc" "cher.example\n"
	    "_25._tcp.example\nsharp.example x#y\ndot.example.\nlast.example");
	config = files_good(LIST);
	assert_int_equal(config->target_count, sizeof wanted / sizeof *wanted);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		assert_string_equal(config->targets[i].name, wanted[i].name);
		assert_string_equal(config->targets[i].host, wanted[i].host);
		assert_string_equal(config->targets[i].shown, wanted[i].shown);
		assert_int_equal(config->targets[i].port, wanted[i].port);
	}
	assert_int_equal(config->targets[4].policy->tls->mode, PW_TLS_IMPLICIT);
	assert_ptr_equal(config->targets[0].policy, config->targets[10].policy);
}

static void
refuses_bad_lines_of_lists(void **state)
{
	static const struct { const char *line, *part; } bad[] = {
		{ "ex..ample", "empty part" },
		{ ".example", "empty part" },
		{ "a b.example:99999 x", "" },
		{ "mx.example:0", "port" },
		{ "mx.example:smtp", "port" },
		{ "mx.example 587", "a port is written host:port" },
		{ "192.0.2.300", "neither an address nor a name" },
		{ "1.2.3", "neither an address nor a name" },
		{ "0x7f.1", "neither an address nor a name" },
		{ "-a.example", "'-'" },
		{ "a-.example", "'-'" },
		{ "a*b.example", "'*'" },
		{ "a/b", "'/'" },
		{ "0.0.0.0", "cannot be probed" },
		{ "224.0.0.1", "cannot be probed" },
		{ "255.255.255.255", "cannot be probed" },
		{ "169.254.169.254", "cannot be probed" },
		{ "::", "cannot be probed" },
		{ "ff02::1", "cannot be probed" },
		{ "::ffff:169.254.169.254", "cannot be probed" },
		{ "[::1", "bracket" },
		{ "[mx.example]:25", "bracket" },
		{ "\xe2\x98\x83.example", "no international name" },
		{ "\xff\xfe.example", "no international name" },
		{ "a.example name\x1b[31m", "\\x1b" },
		{ "a.example name\xff", "\\xff" },
		{ "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg.example", "63" },
	};
	char line[300];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(line, sizeof line, "good.example\n%s\n", bad[i].line);
		files_put("list.txt", line);
		if (i != 2)
			files_bad(LIST, "list.txt:2", bad[i].part);
	}
	for (int i = 0; i < 64; i++)
		memcpy(line + 4 * i, "abc.", 5);
	files_put("list.txt", line);
	files_bad(LIST, "list.txt:1", "longer than 253");
	files_bad("targets = ( { file = \"none.txt\"; probe = \"talk\"; } );", "main.conf:1", "No such file");
	files_put_bytes("list.txt", "a.example\0b", 11);
	files_bad(LIST, "main.conf:1", "NUL");
}

static void
finds_every_twin(void **state)
{
	(void)state;
	files_put("list.txt", "a.example\nb.example:25\n\nA.EXAMPLE.\n");
	files_bad(LIST, "list.txt:4", "list.txt:1");
	files_put("list.txt", "a.example same\nb.example same\n");
	files_bad(LIST, "list.txt:2", "list.txt:1");
	files_put("list.txt", "a.example\na.example:26\na.example other\n");
	files_good(LIST);
	files_good("targets = ( { host = \"a\"; probe = \"talk\"; }, { host = \"a\"; port = 25; probe = \"secure\"; } );");
	files_bad("targets = ( { host = \"a\"; probe = \"talk\"; },\n{ host = \"a\"; port = 25; probe = \"talk\"; } );", "main.conf:2",
	    "main.conf:1:13: give one of them a name");
}

static void
takes_100000_lines(void **state)
{
	FILE *file = fopen(files_path("list.txt"), "w");
	struct timespec begun, ended;
	const struct config *config;

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 100000; i++)
		fprintf(file, "mx%d.customer%d.example.org\n", i, i % 977);
	assert_int_equal(fclose(file), 0);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	config = files_good(LIST);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	assert_int_equal(config->target_count, 100000);
	assert_int_equal(config->probers >= 1, 1);
	print_message("# 100,000 lines in %.3f s\n", (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
}

/* For each of the targets it is found out whether its windows leave a time in which somebody is told. */
static void
advises_on_100000_targets_in_windows(void **state)
{
	static const char window[] = "{ targets = [ \"tag:all\" ]; when = \"%s 02:00-04:00\"; why = \"x\"; },\n";
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	struct config_source source = { .path = files_path("main.conf"), .advise = true };
	FILE *file = fopen(files_path("list.txt"), "w");
	const struct config *config;

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 100000; i++)
		fprintf(file, "mx%d.example.org\n", i);
	assert_int_equal(fclose(file), 0);
	file = fopen(source.path, "w");
	assert_non_null(file);
	fputs("targets = ( { file = \"list.txt\"; probe = \"talk\"; tags = [ \"all\" ]; }, { host = \"a.test\"; probe = \"talk\"; } );\n"
	    "notifiers = ( { name = \"ops\"; plugin = \"tell\"; to = [ \"a\" ]; } );\nwindows = (\n", file);
	for (size_t i = 0; i < sizeof days / sizeof *days; i++)
		fprintf(file, window, days[i]);
	fputs("{ targets = [ \"a.test:25\" ]; when = \"00:00-24:00\"; why = \"x\"; } );\n", file);
	assert_int_equal(fclose(file), 0);
	config = files_read_source(source);
	assert_non_null(config);
	assert_int_equal(config->target_count, 100001);
	assert_int_equal(files_diagnostics.warnings, 1);
	assert_true(files_told("main.conf:1", "its `windows` leave no minute of the week", true));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, files_setup, files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(reads_lists),
		TEST(refuses_bad_lines_of_lists),
		TEST(finds_every_twin),
		TEST(takes_100000_lines),
		TEST(advises_on_100000_targets_in_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
