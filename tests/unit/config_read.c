/* Configurations as people write them, and what becomes of each setting. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <syslog.h>

#include "base/clock.h"
#include "config_files.h"

static void
takes_the_example_of_the_manual(void **state)
{
	const struct config *config;
	const struct target *target;

	(void)state;
	files_put("customers.txt", "# ours\nmx.a.example\r\nmx.b.example:26 second\n");
	config = files_good(
	    "timezone  = \"Europe/Berlin\";\n"
	    "state     = \"/var/lib/postwatch\";\n"
	    "helo      = \"watch.example.net\";\n"
	    "log       = { to = \"syslog\"; facility = \"daemon\"; level = \"info\"; };\n"
	    "probers   = 0;\n"
	    "defaults  = { probe = \"talk\"; interval = \"60s\"; tries = 3; retry_interval = \"20s\"; recover_tries = 2;\n"
	    "              notify = [ \"ops\" ]; };\n"
	    "targets   = (\n"
	    "  { host = \"mx1.example.org\"; },\n"
	    "  { name = \"submission\"; host = \"mail.example.org\"; port = 587; probe = \"secure\"; verify = \"full\";\n"
	    "    limits = { banner = \"60s\"; }; },\n"
	    "  { host = \"192.0.2.7\"; probe = \"talk\"; expect = \"^220 .*ESMTP\"; parent = \"submission\"; },\n"
	    "  { file = \"customers.txt\"; probe = \"talk\"; interval = \"5m\"; }\n"
	    ");\n"
	    "notifiers = ( { name = \"ops\"; plugin = \"tell\"; to = [ \"me\" ]; facility = \"local0\"; } );\n");
	assert_int_equal(config->target_count, 5);
	assert_string_equal(config->timezone, "Europe/Berlin");
	assert_string_equal(config->state, "/var/lib/postwatch");
	assert_string_equal(config->helo, "watch.example.net");
	assert_int_equal(config->log_to, LOG_TO_SYSLOG);
	assert_int_equal(config->log_facility, LOG_DAEMON);
	assert_int_equal(config->log_level, LOG_INFO);
	assert_int_equal(config->probers, 1);
	assert_int_equal(config->per_address, 8);
	assert_int_equal(config->notifier_count, 1);
	assert_string_equal(config->notifiers[0].name, "ops");
	assert_string_equal(config->notifiers[0].values->items[2].string, "local0");

	target = files_target(config, "submission");
	assert_string_equal(target->policy->probe->descriptor->name, "secure");
	assert_int_equal(target->policy->tls->mode, PW_TLS_REQUIRE);
	assert_int_equal(target->policy->tls->verify, TLS_VERIFY_FULL);
	assert_int_equal(target->policy->phases[policy_phase(target->policy, "banner")].routine, 60 * SECOND);
	assert_int_equal(target->policy->leg.routine, 120 * SECOND);
	assert_int_equal(target->policy->notify_count, 1);
	target = files_target(config, "192.0.2.7:25");
	assert_ptr_equal(&config->targets[target->parent], files_target(config, "submission"));
	assert_non_null(target->policy->values->items[8].regex);
	target = files_target(config, "second");
	assert_string_equal(target->host, "mx.b.example");
	assert_int_equal(target->port, 26);
	assert_int_equal(target->policy->interval, 300 * (int64_t)SECOND);
	assert_int_equal(target->policy->stale_after, 1500 * (int64_t)SECOND);
	assert_ptr_equal(files_target(config, "mx.a.example:25")->shown, files_target(config, "mx.a.example:25")->host);
	assert_int_equal(files_diagnostics.warnings, 0);
}

static void
shares_what_is_equal(void **state)
{
	const struct config *config = files_good("targets = ( { host = \"a.example\"; probe = \"talk\"; },"
	    " { host = \"b.example\"; probe = \"talk\"; }, { host = \"c.example\"; probe = \"talk\"; interval = \"60s\"; },"
	    " { host = \"d.example\"; probe = \"talk\"; port = 465; } );");

	(void)state;
	assert_ptr_equal(config->targets[0].policy, config->targets[1].policy);
	assert_ptr_equal(config->targets[0].policy, config->targets[2].policy);
	assert_ptr_not_equal(config->targets[0].policy, config->targets[3].policy);
	assert_ptr_equal(config->targets[0].policy->values, config->targets[3].policy->values);
	assert_ptr_not_equal(config->targets[0].policy->tls, config->targets[3].policy->tls);
}

/* The folder that the configuration lies in, too: commands print it. */
static void
refuses_a_state_folder_that_cannot_be_shown(void **state)
{
	(void)state;
	files_put("main.conf", "targets = ( { name = \"t\"; host = \"127.0.0.1\"; } );\n");
	assert_null(files_read_source((struct config_source){ .path = files_path("main.conf"), .state = "/tmp/a\x1b[2J" }));
	assert_true(files_told("main.conf", "the state folder \"/tmp/a\\x1b[2J\" holds a byte (\\x1b) that is no printable UTF-8", false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_the_example_of_the_manual, files_setup, files_teardown),
		cmocka_unit_test_setup_teardown(shares_what_is_equal, files_setup, files_teardown),
		cmocka_unit_test_setup_teardown(refuses_a_state_folder_that_cannot_be_shown, files_setup, files_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
