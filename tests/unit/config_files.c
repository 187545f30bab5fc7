/* The traps of configuration files: what libconfig would misread, swallow or die of, and files within files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_files.h"

#define NONE "targets = ( );\n"

static void
reads_what_is_well_formed(void **state)
{
	(void)state;
	files_good("/* a\n comment */ helo : \"a.example\" // another\n# and another\nprobers=2 per_address = +5\nmax_runs = 08;");
	files_good("");
	files_good("   \n\n");
	files_good("\xef\xbb\xbfprobers = 1;\r\nper_address = 0x10;\r\n");
	assert_int_equal(files_good("probers = 1;\r\nper_address = 0x10;")->per_address, 16);
	assert_int_equal(files_good("max_runs = 010;")->max_runs, 10);
	assert_int_equal(files_good("max_runs = +00010;")->max_runs, 10);
	assert_string_equal(files_good("helo = \"a.\" \"example\";")->helo, "a.example");
}

/* A target that needs no probe of the installed ones. */
#define A "{ host = \"a\"; probe = \"talk\"; }"
#define B "{ host = \"b\"; probe = \"talk\"; }"

/* Each alone is told with its column, and nothing else is: what follows was read as it was meant. */
static void
names_the_mistakes_of_the_grammar(void **state)
{
	static const struct { const char *content, *place, *part; } bad[] = {
		{ "targets = (\n " A "\n " B " );", "main.conf:2:33", "a ',' is missing here" },
		{ "targets = ( " A ", " B ", );", "main.conf:1:77", "one too many" },
		{ "targets = ( " A ", , " B " );", "main.conf:1:46", "one too many" },
		{ "targets = ( , " A " );", "main.conf:1:13", "one too many" },
		{ "references = [ \"a:25\", ];", "main.conf:1:22", "one too many" },
		{ "*helo = \"a.test\"; targets = ( " A " );", "main.conf:1:1", "unknown setting \"*helo\"" },
		{ "references = [ \"a:25\" \"b:25\" ];", "main.conf:1:22", "a ',' is missing here" },
		{ "targets = [ " A " ];", "main.conf:1:11", "( { ... }, { ... } )" },
		{ "targets = ( " A "; " B " );", "main.conf:1:44", "a ',' stands between" },
		{ "targets = ( " A "; );", "main.conf:1:44", "one too many" },
		{ "targets = ( " A ";\nprobers = 2;", "main.conf:1:44", "a ')' is missing before this ';'" },
		{ "targets = ( " A "\nprobers = 2;", "main.conf:2:1", "a ')' is missing before this" },
		{ "targets = ( " A, "main.conf:1:11", "'(' has no end" },
		{ "targets = ( { host = \"a\"; probe = \"talk\"; " B " );", "main.conf:1:43", "a '}' is missing before this '{'" },
		{ "targets = ( { host = \"a\"; probe = \"talk\"; );", "main.conf:1:43", "a '}' is missing before this ')'" },
		{ "targets = ( host = \"a\"; probe = \"talk\"; );", "main.conf:1:13", "a '{' is missing before this" },
		{ "targets = ( " A " ];", "main.conf:1:45", "its end is ')'" },
		{ "targets = ( " A " );;", "main.conf:1:47", "this ';' is one too many" },
		{ "targets = ( " A " ); }\nprobers = 2;", "main.conf:1:48", "this '}' is one too many" },
		{ "helo = \"a.example\";\nprobers = ;\n", "main.conf:2:11", "has no value" },
		{ "helo = \"a.example\";\nprobers;\n", "main.conf:2:1", "followed by no '='" },
		{ "probers 2;", "main.conf:1:8", "a '=' is missing here" },
		{ "probers == 2;", "main.conf:1:10", "this '=' is one too many" },
		{ "helo = a.example;", "main.conf:1:8", "stands in quotes: \"a.example\"" },
		{ "helo = 'a.example';", "main.conf:1:8", "between two '\"': \"a.example\"" },
		{ "helo = \xe2\x80\x9c" "a.example\xe2\x80\x9d;", "main.conf:1:8", "between two '\"': \"a.example\"" },
		{ "defaults = { interval = 60s; };", "main.conf:1:25", "stands in quotes: \"60s\"" },
		{ "references = [ 192.0.2.1:25 ];", "main.conf:1:16", "stands in quotes: \"192.0.2.1:25\"" },
		{ "defaults = { allow_private = yes; };", "main.conf:1:30", "yes is written true" },
		{ "defaults = { limits.banner = \"5s\"; };", "main.conf:1:14", "limits = { ... = ...; };" },
		{ "max_runs = 5;\nhelo = \"a.example;\nstate = \"x\";\nper_address = \"5\";", "main.conf:2:8", "has no end" },
		{ "max_runs = 5;\nhelo = \"a.example;\nstate = \"x\";\nper_address = 5\";\n", "main.conf:2:8", "main.conf:3:10" },
		{ "probers = 1;\nhelo = \"a.example;\nper_address = 5;\n", "main.conf:2:8", "has no end" },
		{ "probers = 1;\n\n/* never closed\n", "main.conf:3:1", "has no end" },
		{ "references = [ \"a:25\", 2 ];", "main.conf:1:24", "all of one kind" },
		{ "helo = \"\xc3\xa4\xc3\xb6.example\"; probers = ;", "main.conf:1:32", "has no value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		files_put("main.conf", bad[i].content);
		files_read();
		assert_true(files_told(bad[i].place, bad[i].part, false));
		if (files_diagnostics.errors != 1 && strstr(bad[i].content, "references") == NULL)
			fail_msg("%u faults: %s", files_diagnostics.errors, bad[i].content);
	}
}

static void
names_other_languages(void **state)
{
	(void)state;
	files_bad("targets:\n  - host: mx1.example.org\n    port: 25\n", "main.conf:2:3", "this is YAML");
	files_bad("log:\n  level: info\n", "main.conf:2:3", "this is YAML");
	files_bad("---\nlog: info\n", "main.conf:1:1", "this is YAML");
	files_bad("{ \"targets\": [ { \"host\": \"mx1.example.org\" } ] }", "main.conf:1:1", "this is JSON");
	files_bad("targets = ( { \"host\": \"a\", \"probe\": \"talk\" } );", "main.conf:1:15", "looks like JSON");
	files_bad("[log]\nlevel = info\n", "main.conf:1:1", "this is TOML or an INI file");
	files_bad("this is not it\n", "main.conf:1:1", "followed by no '='");
}

static void
tells_faults_of_the_grammar_and_of_settings_at_once(void **state)
{
	(void)state;
	files_put("main.conf", "helo = \"a..example\";\ntargets = ( { host = \"a\"; probe = \"talk\"; tries = 0; }\n  " B ",\n);\nunknwon = 1;\n");
	assert_null(files_read());
	assert_true(files_told("main.conf:1:1", "empty part", false));
	assert_true(files_told("main.conf:2:43", "tries", false));
	assert_true(files_told("main.conf:2:55", "a ',' is missing here", false));
	assert_true(files_told("main.conf:3:34", "one too many", false));
	assert_true(files_told("main.conf:5:1", "unknown setting", false));
	assert_int_equal(files_diagnostics.errors, 5);
}

static void
refuses_numbers_that_would_wrap(void **state)
{
	static const char *const wrapping[] = { "4294967301", "5000000000", "99999999999999999999", "2147483648", "-2147483648",
		"-4294967291", "0x100000005", "0xFFFFFFFF", "5L", "5LL", "0x5L" };
	char content[100];

	(void)state;
	for (size_t i = 0; i < sizeof wrapping / sizeof *wrapping; i++) {
		snprintf(content, sizeof content, "helo = \"a.example\";\nprobers = %s;\n", wrapping[i]);
		files_bad(content, "main.conf:2", "too large");
	}
	files_bad("probers = 65;", "main.conf:1", "out of range: it goes from 0 to 64");
	files_bad("probers = -1;", "main.conf:1", "out of range");
	files_bad("probers = 1.5;", "main.conf:1", "is a fraction; write a whole number");
	files_bad("probers = \"3\";", "main.conf:1", "is a string; write a whole number");
	files_bad("probers = true;", "main.conf:1", "write a whole number");
	files_good("# 5000000000\n/* 5000000000 */ helo = \"a5000000000.example\";");
}

static void
refuses_what_strings_cannot_hold(void **state)
{
	(void)state;
	files_bad("helo = \"a\\x00b.example\";", "main.conf:1", "\\x00");
	files_bad("timezone = \"a\\x07b\";", "main.conf:1", "\\x07");
	files_bad("timezone = \"\xff\";", "main.conf:1", "\\xff");
	files_put_bytes("main.conf", "probers = 1;\0per_address = 5;", 29);
	assert_null(files_read());
	assert_true(files_told("main.conf", "NUL", false));
}

static void
names_both_places_of_a_key_that_is_set_twice(void **state)
{
	(void)state;
	files_bad("probers = 1;\nhelo = \"a.example\";\nprobers = 2;\n", "main.conf:3", "main.conf:1");
	files_bad("log = { level = \"info\";\n to = \"stderr\";\n level = \"err\"; };", "main.conf:3", "main.conf:1");
	files_bad("targets = ( { probe = \"talk\"; host = \"a\";\n host = \"b\"; } );", "main.conf:2", "twice");
	files_good("targets = ( { probe = \"talk\"; host = \"a\"; },\n { probe = \"talk\"; host = \"b\"; } );");
}

static void
suggests_the_nearest_key(void **state)
{
	(void)state;
	files_bad("resolvres = [ ];", "main.conf:1", "did you mean resolvers?");
	files_bad("intervall = \"60s\";", "main.conf:1", "did you mean interval, which stands in targets or defaults?");
	files_bad("tries = 3;", "main.conf:1", "defaults = { tries");
	files_bad("defaults = { tris = 3; };", "main.conf:1", "did you mean tries?");
	files_bad("defaults = { probers = 3; };", "main.conf:1", "belongs to the top");
	files_bad("defaults = { host = \"a\"; };", "main.conf:1", "belongs to a single target");
	files_bad("targets = ( { host = \"a\"; probe = \"talk\"; verfy = \"none\"; } );", "main.conf:1", "did you mean verify?");
	files_bad("targets = ( { host = \"a\"; probe = \"talk\"; passwort_file = \"x\"; } );", "main.conf:1", "password_file");
	files_bad("targets = ( { host = \"a\"; probe = \"talk\"; ask = \"x\"; } );", "main.conf:1", "is a setting of the probe line");
	files_bad("targets = ( { host = \"a\"; probe = \"talk\"; limits = { chatt = \"5s\"; }; } );", "main.conf:1", "did you mean chat?");
	files_bad("targets = ( { host = \"a\"; probe = \"talk\"; limits = { answer = \"5s\"; }; } );", "main.conf:1", "no phase of the probe talk");
	files_bad("zzzzzzzz = 1;", "main.conf:1", "unknown setting \"zzzzzzzz\"");
}

static void
includes_beside_the_file_that_says_so(void **state)
{
	const struct config *config;

	(void)state;
	assert_int_equal(mkdir(files_path("sub"), 0755), 0);
	files_put("sub/a.conf", "probers = 3;\n@include \"b.conf\"\nper_address = 7;");
	files_put("sub/b.conf", "helo = \"b.example\";");
	config = files_good("\n  @include \"sub/a.conf\"\nmax_runs = 9;\n");
	assert_int_equal(config->probers, 3);
	assert_int_equal(config->per_address, 7);
	assert_int_equal(config->max_runs, 9);
	assert_string_equal(config->helo, "b.example");
	files_put("sub/b.conf", "\n\nhelo = \"b..example\";");
	files_bad("@include \"sub/a.conf\"\n", "sub/b.conf:3", "empty part");
	files_put("sub/b.conf", "probers = 5;");
	files_bad("@include \"sub/a.conf\"\n", "sub/b.conf:1", "sub/a.conf:1");
	files_put("sub/b.conf", "helo = \"b.example\";");
	files_bad("@include \"sub/a.conf\"\nper_adress = 5;\n", "main.conf:2", "per_address");
	files_good("# @include \"nowhere\"\nhelo = \"a.example\"; # no @include \"nowhere\"\n/*\n@include \"nowhere\"\n*/");
}

static void
survives_includes_that_cannot_be(void **state)
{
	char deep[40];

	(void)state;
	assert_int_equal(mkdir(files_path("folder"), 0755), 0);
	assert_int_equal(mkfifo(files_path("fifo"), 0600), 0);
	files_bad("probers = 1;\n@include \"folder\"\n", "main.conf:2", "is a folder");
	files_bad("probers = 1;\n@include \"fifo\"\n", "main.conf:2", "not a regular file");
	files_bad("@include \"missing.conf\"\n", "main.conf:1", "No such file");
	files_bad("@include \"*.conf\"\n", "main.conf:1", "cannot be included");
	files_bad("@include \"\"\n", "main.conf:1", "is empty");
	files_bad("@include \"main.conf\n", "main.conf:1", "has no end");
	files_bad("@include missing\n", "main.conf:1", "in quotes");
	files_bad("@include \"main.conf\"\n", "main.conf:1", "includes itself");
	for (int i = 0; i < 12; i++) {
		char name[40];

		snprintf(name, sizeof name, "deep%d.conf", i);
		snprintf(deep, sizeof deep, "@include \"deep%d.conf\"\n", i + 1);
		files_put(name, deep);
	}
	files_put("deep12.conf", "probers = 1;");
	files_bad("@include \"deep0.conf\"\n", "deep9.conf:1", "deep");
}

static void
refuses_a_main_file_that_is_none(void **state)
{
	(void)state;
	assert_null(files_read_source((struct config_source){ .path = files_path("missing.conf") }));
	assert_true(files_told("missing.conf", "No such file", false));
	assert_int_equal(mkdir(files_path("folder"), 0755), 0);
	assert_null(files_read_source((struct config_source){ .path = files_path("folder") }));
	assert_true(files_told("folder", "is a folder", false));
	assert_null(files_read_source((struct config_source){ .path = "/dev/null" }));
	assert_true(files_told("/dev/null", "not a regular file", false));
}

static void
refuses_nesting_without_end(void **state)
{
	char content[200001];

	(void)state;
	memset(content, '(', sizeof content - 1);
	content[sizeof content - 1] = '\0';
	memcpy(content, "a = ", 4);
	files_put("main.conf", content);
	assert_null(files_read());
	assert_true(files_told("main.conf:1", "brackets within each other", false));
}

static void
joins_the_parts_of_conf_d(void **state)
{
	const struct config *config;

	(void)state;
	assert_int_equal(mkdir(files_path("conf.d"), 0755), 0);
	files_put("conf.d/20.conf", "targets = ( { host = \"c\"; probe = \"talk\"; } );");
	files_put("conf.d/10.conf", "targets = ( { host = \"b\"; probe = \"talk\"; } );\nnotifiers = ( { name = \"n\"; plugin = \"tell\"; to = \"x\"; } );");
	files_put("conf.d/.hidden.conf", "nonsense");
	files_put("conf.d/30.conf~", "nonsense");
	config = files_good("targets = ( { host = \"a\"; probe = \"talk\"; notify = \"n\"; } );");
	assert_int_equal(config->target_count, 3);
	assert_string_equal(config->targets[0].host, "a");
	assert_string_equal(config->targets[1].host, "b");
	assert_string_equal(config->targets[2].host, "c");
	files_put("conf.d/30.conf", "\nprobers = 3;\n");
	files_bad("probers = 1;", "conf.d/30.conf:2", "main.conf:1");
	files_put("conf.d/30.conf", "targets = ( { host = \"x\"; probe = \"talk\"; },\n { host = \"b\"; probe = \"talk\"; } );");
	files_bad(NONE, "conf.d/30.conf:2", "conf.d/10.conf:1");
	files_put("conf.d/30.conf", "this is not it\n");
	files_bad(NONE, "conf.d/30.conf:1", "followed by no '='");
}

static void
tells_all_faults_in_their_order(void **state)
{
	(void)state;
	files_put("list.txt", "good.example\nb..ad\n");
	files_put("main.conf",
	    "probers = 5000000000;\n"
	    "targets = ( { file = \"list.txt\"; probe = \"talk\"; },\n"
	    "  { host = \"a\"; probe = \"talk\"; parent = \"nobody\"; interval = \"2s\"; },\n"
	    "  { host = \"a b\"; probe = \"talk\"; tries = 0; } );\n"
	    "unknwon = 1;\n");
	assert_null(files_read());
	assert_int_equal(files_diagnostics.errors, 6);
	assert_int_equal(files_diagnostics.warnings, 1);
	assert_int_equal(files_diagnostics.kept, 7);
	assert_int_equal(files_diagnostics.items[0].line, 1);
	assert_int_equal(files_diagnostics.items[1].line, 3);
	assert_int_equal(files_diagnostics.items[2].line, 3);
	assert_int_equal(files_diagnostics.items[3].line, 4);
	assert_int_equal(files_diagnostics.items[4].line, 4);
	assert_int_equal(files_diagnostics.items[5].line, 5);
	assert_int_equal(files_diagnostics.items[6].line, 2);
	assert_true(files_told("list.txt:2", "empty part", false));
	assert_true(files_told("main.conf:3", "there is no target \"nobody\"", false));
	assert_true(files_told("main.conf:3", "interval: below 30s", true));
	assert_true(files_told("main.conf:5", "unknown setting \"unknwon\"", false));
}

/* What an entry's own check and a plugin's find does not wait until the rest is right. */
static void
tells_what_entries_and_plugins_find_beside_other_faults(void **state)
{
	(void)state;
	files_put("main.conf",
	    "targets = ( { host = \"b..ad\"; probe = \"talk\"; tries = 0; port = 0; name = \"x\"; },\n"
	    "  { host = \"a..b\"; probe = \"zzzz\"; tries = 0; name = \"y\"; },\n"
	    "  { host = \"c\"; probe = \"talk\"; parent = \"x\"; } );\n"
	    "windows = ( { targets = [ \"nobody\", \"y\" ]; when = \"Sun\"; } );\n"
	    "notifiers = ( { name = \"n\"; plugin = \"tell\"; to = \"nobody here\"; facility = 5; bogus = 1; } );\n");
	assert_null(files_read());
	assert_true(files_told("main.conf:1", "empty part", false));
	assert_true(files_told("main.conf:1", "tries", false));
	assert_true(files_told("main.conf:1", "port", false));
	assert_true(files_told("main.conf:2", "there is no probe plugin \"zzzz\": there are ", false));
	assert_true(files_told("main.conf:2", "empty part", false));
	assert_true(files_told("main.conf:2", "tries", false));
	assert_true(files_told("main.conf:4", "why is missing", false));
	assert_true(files_told("main.conf:4", "when: ", false));
	assert_true(files_told("main.conf:4", "no target is called \"nobody\"", false));
	assert_true(files_told("main.conf:5", "facility", false));
	assert_true(files_told("main.conf:5", "unknown setting \"bogus\"", false));
	assert_true(files_told("main.conf:5:46", "to: a recipient is one word", false));
	assert_true(files_told("main.conf:5", "a second fault", false));
	assert_int_equal(files_diagnostics.errors, 13);
}

static void
says_what_would_be_right(void **state)
{
	(void)state;
	files_bad("defaults = { interval = \"60\"; };", "main.conf:1", "write 60s, 60m or 60h");
	files_bad("targets = ( { probe = \"talk\"; host = \"smtp://a.example\"; } );", "main.conf:1", "is a URL");
	files_bad("targets = ( { probe = \"takl\"; host = \"a.example\"; } );", "main.conf:1", "did you mean talk?");
}

static void
keeps_the_first_of_many_and_counts_all(void **state)
{
	char content[100 * 100] = "", room[20000];
	struct text text = TEXT_OVER(room);

	(void)state;
	for (int i = 0; i < 100; i++)
		snprintf(content + strlen(content), 100, "x..%d\n", i);
	files_put("list.txt", content);
	files_put("main.conf", "targets = ( { file = \"list.txt\"; probe = \"talk\"; },\n { host = \"b\"; probe = \"talk\"; interval = \"1s\"; } );");
	assert_null(files_read());
	assert_int_equal(files_diagnostics.errors, 100);
	assert_int_equal(files_diagnostics.kept, 50);
	assert_int_equal(files_diagnostics.items[49].line, 50);
	config_print_diagnostics(&files_diagnostics, &text);
	assert_non_null(strstr(room, "list.txt:50: \"x..49\" has an empty part between dots\n... and 51 more\n"));
}

#define USES "targets = ( { host = \"a.test\"; probe = \"line\"; port = 1; notify = [ \"late\" ]; parent = \"above\"; }," \
	"{ host = \"b.test\"; probe = \"ours\"; } );\nnotifiers = ( { name = \"n\"; plugin = \"tell\"; to = [ \"x\" ]; fallback = \"late\"; }," \
	"{ name = \"o\"; plugin = \"ours\"; } );\nwindows = ( { targets = [ \"above\", \"tag:t\" ]; when = \"22:00-23:00\"; why = \"x\"; } );\n"

/* What a file that cannot be read to its end may hold is not told as missing; all else is told in the same pass. */
static void
what_may_stand_in_a_torn_file_is_not_missing(void **state)
{
	static const char *const parts[] = { "helo = \"no end;\n", "/* no end\n", "@include \"nothing\"\n", "- yaml: 1\n" };
	static const struct { const char *place, *part; } missing[] = { { "main.conf:1", "ask is missing" },
		{ "main.conf:1", "there is no probe plugin \"ours\"" }, { "main.conf:2", "there is no notifier plugin \"ours\"" },
		{ "main.conf:1", "notify: there is no notifier \"late\"" }, { "main.conf:2", "fallback: there is no notifier \"late\"" },
		{ "main.conf:1", "parent: there is no target \"above\"" }, { "main.conf:3", "no target is called \"above\"" } };

	(void)state;
	mkdir(files_path("conf.d"), 0700);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		files_put("conf.d/part.conf", parts[i]);
		files_put("main.conf", USES "max_runs = -1;\n");
		assert_null(files_read());
		if (files_diagnostics.errors != 2)
			files_print();
		assert_int_equal(files_diagnostics.errors, 2);
		assert_true(files_told("main.conf:4", "max_runs", false));
	}
	/* A setting that only one file may have stands in none of the others. */
	files_put("main.conf", USES "plugins = [ ];\ndefaults = { };\n");
	assert_null(files_read());
	assert_int_equal(files_diagnostics.errors, 4);
	for (size_t i = 0; i < 3; i++)
		assert_true(files_told(missing[i].place, missing[i].part, false));
	files_put("conf.d/part.conf", "");
	files_put("main.conf", USES);
	assert_null(files_read());
	for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
		assert_true(files_told(missing[i].place, missing[i].part, false));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, files_setup, files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(reads_what_is_well_formed),
		TEST(names_the_mistakes_of_the_grammar),
		TEST(names_other_languages),
		TEST(tells_faults_of_the_grammar_and_of_settings_at_once),
		TEST(refuses_numbers_that_would_wrap),
		TEST(refuses_what_strings_cannot_hold),
		TEST(names_both_places_of_a_key_that_is_set_twice),
		TEST(suggests_the_nearest_key),
		TEST(includes_beside_the_file_that_says_so),
		TEST(survives_includes_that_cannot_be),
		TEST(refuses_a_main_file_that_is_none),
		TEST(refuses_nesting_without_end),
		TEST(joins_the_parts_of_conf_d),
		TEST(tells_all_faults_in_their_order),
		TEST(tells_what_entries_and_plugins_find_beside_other_faults),
		TEST(says_what_would_be_right),
		TEST(what_may_stand_in_a_torn_file_is_not_missing),
		TEST(keeps_the_first_of_many_and_counts_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
