/* Targets and settings that the command line names, with a file and without. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "config_files.h"

static const struct phase_plan *
plan(const struct config *config, const char *phase)
{
	const struct policy *policy = config->targets[0].policy;

	return strcmp(phase, "leg") == 0 ? &policy->leg : &policy->phases[policy_phase(policy, phase)];
}

static void
takes_words_without_a_file(void **state)
{
	const char *words[] = { "mx1.example.org", "mail.example.org:587", "[::1]:2525", "2001:db8::1" };
	const char *sets[] = { "limits.banner=60s", "verify=none", "limits.ehlo=5s", "tries=1", "resolvers=127.0.0.1:5311,[::1]:53",
		"helo=w.example.net", "count=4", "words=a b, c", "log.level=debug" };
	struct config_source source = { .words = words, .word_count = 4, .probe = "talk", .sets = sets, .set_count = 9 };
	const struct config *config = files_read_source(source);

	(void)state;
	if (config == NULL)
		files_print();
	assert_non_null(config);
	assert_null(config->path);
	assert_int_equal(config->target_count, 4);
	assert_string_equal(config->targets[1].name, "mail.example.org:587");
	assert_int_equal(config->targets[1].policy->tls->mode, PW_TLS_REQUIRE);
	assert_int_equal(config->targets[1].policy->tls->verify, TLS_VERIFY_NONE);
	assert_string_equal(config->targets[2].host, "::1");
	assert_int_equal(config->targets[3].port, 25);
	assert_int_equal(plan(config, "banner")->routine, 60 * SECOND);
	assert_int_equal(plan(config, "ehlo")->routine, 5 * SECOND);
	assert_int_equal(config->targets[0].policy->values->items[1].number, 4);
	assert_int_equal(config->targets[0].policy->values->items[5].list->count, 2);
	assert_string_equal(config->targets[0].policy->values->items[5].list->items[0], "a b");
	assert_string_equal(config->targets[0].policy->values->items[5].list->items[1], "c");
	assert_int_equal(config->resolver_count, 2);
	assert_int_equal(address_port(&config->resolvers[0]), 5311);
	assert_string_equal(config->helo, "w.example.net");
	assert_int_equal(config->log_level, 7);
}

static void
refuses_bad_words(void **state)
{
	const char *words[] = { "mx..example", "mx.example:99999" };
	const char *sets[] = { "tries", "=3", "triess=3", "limits.baner=1s", "tries=x", "loud=maybe", "limits=5s", "probers=100" };
	struct config_source source = { .words = words, .word_count = 2, .probe = "talk", .sets = sets, .set_count = 8 };

	(void)state;
	assert_null(files_read_source(source));
	assert_int_equal(files_diagnostics.errors, 10);
	assert_true(files_told("command line", "\"mx..example\" has an empty part", false));
	assert_true(files_told("command line", "99999", false));
	assert_true(files_told("-s tries", "is not KEY=VALUE", false));
	assert_true(files_told("-s =3", "is not KEY=VALUE", false));
	assert_true(files_told("-s triess=3", "did you mean tries?", false));
	assert_true(files_told("-s limits.baner=1s", "did you mean banner?", false));
	assert_true(files_told("-s tries=x", "\"x\" is not a whole number", false));
	assert_true(files_told("-s loud=maybe", "neither true nor false", false));
	assert_true(files_told("-s limits=5s", "cannot be a value and a group at once", false));
	assert_true(files_told("-s probers=100", "out of range", false));
	source = (struct config_source){ .words = words, .word_count = 0, .sets = (const char *const[]){ "host=a", "port=0" }, .set_count = 2 };
	assert_null(files_read_source(source));
	assert_int_equal(files_diagnostics.errors, 2);
	assert_true(files_told("-s host=a", "cannot be said", false));
	assert_true(files_told("-s port=0", "out of range", false));
	source = (struct config_source){ .words = words, .word_count = 0, .probe = "tlak" };
	assert_null(files_read_source(source));
	assert_true(files_told("command line", "did you mean talk?", false));
}

static void
takes_probe_and_port_as_settings(void **state)
{
	const char *words[] = { "a.example", "b.example:465" }, *sets[] = { "probe=secure", "port=587" };
	const struct config *config = files_read_source((struct config_source){ .words = words, .word_count = 2, .sets = sets, .set_count = 2 });

	(void)state;
	assert_non_null(config);
	assert_string_equal(config->targets[0].policy->probe->descriptor->name, "secure");
	assert_int_equal(config->targets[0].port, 587);
	assert_int_equal(config->targets[1].port, 465);
	assert_int_equal(config->targets[1].policy->tls->mode, PW_TLS_IMPLICIT);
}

static void
selects_configured_targets_by_word(void **state)
{
	const char *words[] = { "submission", "b.example" };
	const char *sets[] = { "tries=7", "limits.banner=45s" };
	struct config_source source = { .words = words, .word_count = 2, .select = true, .sets = sets, .set_count = 2 };
	const struct config *config;
	const struct target *target;

	(void)state;
	files_put("main.conf", "defaults = { probe = \"talk\"; retry_interval = \"33s\"; };\ntargets = ( { name = \"submission\"; host = \"a.example\"; port = 587; count = 9; parent = \"b.example:25\"; },"
	    "{ host = \"b.example\"; }, { host = \"c.example\"; } );");
	source.path = files_path("main.conf");
	config = files_read_source(source);
	if (config == NULL)
		files_print();
	assert_non_null(config);
	assert_int_equal(config->target_count, 2);
	target = files_target(config, "submission");
	assert_int_equal(target->port, 587);
	assert_int_equal(target->policy->tries, 7);
	assert_int_equal(target->policy->values->items[1].number, 9);
	assert_int_equal(target->policy->retry_interval, 33 * (int64_t)SECOND);
	assert_int_equal(config->targets[target->parent].policy->tries, 7);
	source.probe = "secure";
	source.word_count = 1;
	config = files_read_source(source);
	assert_non_null(config);
	assert_int_equal(config->target_count, 1);
	assert_string_equal(config->targets[0].policy->probe->descriptor->name, "secure");
	assert_int_equal(config->targets[0].port, 587);
	assert_int_equal(config->targets[0].parent, CONFIG_NONE);
	source.select = false;
	source.probe = NULL;
	config = files_read_source(source);
	assert_non_null(config);
	assert_int_equal(config->target_count, 3);
	assert_int_equal(files_target(config, "submission")->policy->tries, 7);
	assert_int_equal(files_target(config, "c.example:25")->policy->tries, 3);
}

/* A setting holds for all targets that are named, and what is wrong in it is told once. */
static void
tells_a_fault_of_a_setting_once(void **state)
{
	const char *words[] = { "a", "b", "c.example" }, *sets[] = { "tries=x", "limits.baner=1s", "loud=true" };
	struct config_source source = { .words = words, .word_count = 3, .sets = sets, .set_count = 3, .probe = "talk" };

	(void)state;
	files_put("main.conf", "defaults = { probe = \"talk\"; };\ntargets = ( { name = \"a\"; host = \"a.example\"; },"
	    "{ name = \"b\"; host = \"b.example\"; } );");
	source.path = files_path("main.conf");
	assert_null(files_read_source(source));
	assert_int_equal(files_diagnostics.errors, 2);
	assert_true(files_told("-s tries=x", "\"x\" is not a whole number", false));
	assert_true(files_told("-s limits.baner=1s", "did you mean banner?", false));
}

/* The probe that is named holds for the lines of a list that are named, and the others keep theirs. */
static void
changes_the_probe_of_one_line_of_a_list(void **state)
{
	const char *words[] = { "b" };
	struct config_source source = { .words = words, .word_count = 1, .probe = "secure" };
	const struct config *config;

	(void)state;
	files_put("list.txt", "a.example a\nb.example b\nc.example c\nd.example:465 d\n");
	files_put("main.conf", "targets = ( { file = \"list.txt\"; probe = \"talk\"; count = 7; } );");
	source.path = files_path("main.conf");
	config = files_read_source(source);
	if (config == NULL)
		files_print();
	assert_non_null(config);
	assert_int_equal(config->target_count, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_string_equal(config->targets[i].policy->probe->descriptor->name, i == 1 ? "secure" : "talk");
	assert_ptr_equal(config->targets[0].policy, config->targets[2].policy);
	assert_int_equal(config->targets[3].policy->values->items[1].number, 7);
	assert_int_equal(config->targets[3].policy->tls->mode, PW_TLS_IMPLICIT);
}

static void
refuses_words_that_are_no_targets_of_the_file(void **state)
{
	static const struct { const char *word, *part; } bad[] = {
		{ "submision", "\"submision\" is no target of " }, { "submision", "did you mean \"submission\"?" },
		{ "a.example:587", "did you mean \"submission\"?" }, { "b.example:26", "did you mean \"b.example:25\"?" },
		{ "zzzzzzzzzzz", "it lists none of a like name" },
	};

	(void)state;
	files_put("main.conf", "defaults = { probe = \"talk\"; };\ntargets = ( { name = \"submission\"; host = \"a.example\"; port = 587; },"
	    "{ host = \"b.example\"; } );");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *words[] = { bad[i].word };

		assert_null(files_read_source((struct config_source){ .path = files_path("main.conf"), .words = words, .word_count = 1,
		    .select = true }));
		assert_int_equal(files_diagnostics.errors, 1);
		assert_true(files_told("command line", bad[i].part, false));
	}
	for (int i = 0; i < 3; i++) {
		const char *words[] = { i == 0 ? "new.example:26" : i == 1 ? "[::1]:25" : "new.example" };
		const struct config *config = files_read_source((struct config_source){ .path = files_path("main.conf"), .words = words,
		    .word_count = 1, .select = true, .places = true });

		assert_int_equal(config != NULL, i < 2);
		assert_int_equal(files_diagnostics.errors, i < 2 ? 0 : 1);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, files_setup, files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(takes_words_without_a_file),
		TEST(refuses_bad_words),
		TEST(takes_probe_and_port_as_settings),
		TEST(selects_configured_targets_by_word),
		TEST(tells_a_fault_of_a_setting_once),
		TEST(changes_the_probe_of_one_line_of_a_list),
		TEST(refuses_words_that_are_no_targets_of_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
