/* Targets, their settings layer upon layer, and what they say of each other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "config_files.h"

#define DAY ((int64_t)24 * 3600 * SECOND)

#define ONE(settings) "targets = ( { host = \"a.example\"; probe = \"talk\"; " settings " } );"

static void
ties_parents(void **state)
{
	const struct config *config = files_good("targets = ( { name = \"child\"; host = \"c\"; probe = \"talk\"; parent = \"router\"; },"
	    "{ name = \"router\"; host = \"r\"; probe = \"talk\"; parent = \"isp.example:25\"; }, { host = \"isp.example\"; probe = \"talk\"; } );");
	char content[2000] = "targets = ( ";

	(void)state;
	assert_int_equal(config->targets[0].parent, 1);
	assert_int_equal(config->targets[1].parent, 2);
	assert_int_equal(config->targets[2].parent, CONFIG_NONE);
	files_bad(ONE("parent = \"b.example\";"), "main.conf:1", "no target \"b.example\"");
	files_bad(ONE("name = \"x\"; parent = \"x\";"), "main.conf:1", "its own parent");
	files_bad("targets = ( { name = \"submission\"; host = \"a\"; probe = \"talk\"; },\n{ host = \"b\"; probe = \"talk\"; parent = \"submision\"; } );",
	    "main.conf:2", "did you mean \"submission\"?");
	files_bad("targets = ( { host = \"a\"; probe = \"talk\"; }, { host = \"a\"; probe = \"secure\"; },\n"
	    "{ host = \"b\"; probe = \"talk\"; parent = \"a:25\"; } );", "main.conf:2", "more than one target");
	for (int i = 0; i <= 9; i++)
		snprintf(content + strlen(content), 200, "\n{ name = \"t%d\"; host = \"t%d\"; probe = \"talk\"; %s%d%s },", i, i,
		    i < 9 ? "parent = \"t" : "#", i + 1, i < 9 ? "\";" : "\n");
	snprintf(content + strlen(content) - 1, 4, " );");
	files_bad(content, "main.conf:2", "more than 8 parents");
}

static void
chooses_tls_by_port(void **state)
{
	static const struct { int port; const char *probe, *more; enum pw_tls_mode mode; enum tls_verify verify; } wanted[] = {
		{ 25, "talk", "", PW_TLS_OPPORTUNISTIC, TLS_VERIFY_WARN },
		{ 2525, "talk", "", PW_TLS_OPPORTUNISTIC, TLS_VERIFY_WARN },
		{ 587, "talk", "", PW_TLS_REQUIRE, TLS_VERIFY_FULL },
		{ 465, "talk", "", PW_TLS_IMPLICIT, TLS_VERIFY_FULL },
		{ 25, "secure", "", PW_TLS_REQUIRE, TLS_VERIFY_WARN },
		{ 2525, "secure", "", PW_TLS_REQUIRE, TLS_VERIFY_FULL },
		{ 465, "secure", "", PW_TLS_IMPLICIT, TLS_VERIFY_FULL },
		{ 25, "secure", "tls = \"implicit\";", PW_TLS_IMPLICIT, TLS_VERIFY_WARN },
		{ 25, "talk", "tls = \"none\";", PW_TLS_NONE, TLS_VERIFY_WARN },
		{ 587, "talk", "tls = \"opportunistic\";", PW_TLS_OPPORTUNISTIC, TLS_VERIFY_WARN },
		{ 26, "talk", "tls = \"require\"; verify = \"chain\";", PW_TLS_REQUIRE, TLS_VERIFY_CHAIN },
		{ 465, "talk", "verify = \"none\";", PW_TLS_IMPLICIT, TLS_VERIFY_NONE },
	};
	char content[300];

	(void)state;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		const struct tls_settings *tls;

		snprintf(content, sizeof content, "targets = ( { host = \"a.example\"; probe = \"%s\"; port = %d; %s } );", wanted[i].probe,
		    wanted[i].port, wanted[i].more);
		tls = files_good(content)->targets[0].policy->tls;
		assert_int_equal(tls->mode, wanted[i].mode);
		assert_int_equal(tls->verify, wanted[i].verify);
		assert_int_equal(tls->min_version, 0x0303);
		assert_false(tls->cert_warn_given);
		assert_int_equal(tls->cert_warn[CERT_SOON].left, 21 * DAY);
		assert_int_equal(tls->cert_warn[CERT_SOON].percent, 25);
		assert_int_equal(tls->cert_warn[CERT_URGENT].left, 3 * DAY);
		assert_int_equal(tls->cert_warn[CERT_URGENT].percent, 10);
	}
	files_bad("targets = ( { host = \"a.example\"; probe = \"secure\"; tls = \"none\"; } );", "main.conf:1", "cannot do without TLS");
	files_good("defaults = { tls = \"none\"; };\ntargets = ( { host = \"a.example\"; probe = \"secure\"; } );");
	assert_null(files_good("targets = ( { host = \"a.example\"; probe = \"line\"; port = 7; ask = \"x\"; } );")->targets[0].policy->tls);
}

static void
checks_tls_settings(void **state)
{
	const struct tls_settings *tls;

	(void)state;
	files_put("ca.pem", "x");
	tls = files_good(ONE("ca_file = \"ca.pem\"; sni = \"B\xc3\x9c" "cher.example\"; min_version = \"1.3\";"))
	    ->targets[0].policy->tls;
	assert_string_equal(tls->ca_file, files_path("ca.pem"));
	assert_string_equal(tls->sni, "xn--bcher-kva.example");
	assert_int_equal(tls->min_version, 0x0304);
	files_bad(ONE("ca_file = \"none.pem\";"), "main.conf:1", "cannot be read");
	files_bad(ONE("sni = \"192.0.2.1\";"), "main.conf:1", "is an address");
	files_bad(ONE("min_version = 1.2;"), "main.conf:1", "in quotes");
	files_bad(ONE("min_version = \"1.4\";"), "main.conf:1", "none of");
}

static void
reads_when_a_certificate_ends_soon(void **state)
{
	static const struct {
		const char *written;
		struct cert_limit soon, urgent;
	} wanted[] = {
		{ "cert_warn = \"14d\";", { 14 * DAY, 0 }, { 0, 0 } },
		{ "cert_warn = ( \"30%\", 2 );", { 0, 30 }, { 2 * DAY, 0 } },
		{ "cert_warn = [ \"36h/20%\", \"5%/1d12h\" ];", { 3 * DAY / 2, 20 }, { 3 * DAY / 2, 5 } },
		{ "cert_warn = [ ];", { 0, 0 }, { 0, 0 } },
		{ "cert_warn_days = [ 3, 30, 3 ];", { 30 * DAY, 0 }, { 3 * DAY, 0 } },
		{ "cert_warn_days = ( \"7\", 30, 1 );", { 30 * DAY, 0 }, { DAY, 0 } },
		{ "cert_warn_days = 30;", { 30 * DAY, 0 }, { 0, 0 } },
		{ "cert_warn_days = [ ];", { 0, 0 }, { 0, 0 } },
	};
	static const struct {
		const char *written, *says;
	} wrong[] = {
		{ "cert_warn = [ \"21d\", \"3d\", \"1d\" ];", "at most 2" },
		{ "cert_warn = \"21d/3d\";", "two times" },
		{ "cert_warn = \"25%/10%\";", "two shares" },
		{ "cert_warn = \"0%\";", "no share" },
		{ "cert_warn = \"100%\";", "no share" },
		{ "cert_warn = 0;", "no time" },
		{ "cert_warn = \"4000d\";", "no time" },
		{ "cert_warn = \"21d/\";", "neither a time" },
		{ "cert_warn = \"soon\";", "cert_warn: \"soon\"" },
		{ "cert_warn_days = [ 0 ];", "number of days" },
		{ "cert_warn_days = [ \"x\" ];", "number of days" },
	};
	char content[200];

	(void)state;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		snprintf(content, sizeof content, "targets = ( { host = \"a.example\"; probe = \"talk\"; %s } );", wanted[i].written);
		const struct tls_settings *tls = files_good(content)->targets[0].policy->tls;

		assert_true(tls->cert_warn_given);
		assert_memory_equal(&tls->cert_warn[CERT_SOON], &wanted[i].soon, sizeof wanted[i].soon);
		assert_memory_equal(&tls->cert_warn[CERT_URGENT], &wanted[i].urgent, sizeof wanted[i].urgent);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(content, sizeof content, "targets = ( { host = \"a.example\"; probe = \"talk\"; %s } );", wrong[i].written);
		files_bad(content, "main.conf:1", wrong[i].says);
	}
	/* What is nearer to a target counts, whichever name it is written under. */
	const struct config *config = files_good("defaults = { cert_warn = \"10%\"; };\n"
	    "targets = ( { host = \"a.example\"; probe = \"talk\"; cert_warn_days = 9; } );");
	assert_int_equal(config->targets[0].policy->tls->cert_warn[CERT_SOON].left, 9 * DAY);
	assert_int_equal(config->targets[0].policy->tls->cert_warn[CERT_SOON].percent, 0);
	files_bad("targets = ( { host = \"a.example\"; probe = \"line\"; port = 7; ask = \"x\"; cert_warn_days = 9; } );", "main.conf:1",
	    "uses no TLS");
}

static const struct phase_plan *
plan(const struct config *config, const char *phase)
{
	const struct policy *policy = config->targets[0].policy;

	return strcmp(phase, "leg") == 0 ? &policy->leg : &policy->phases[policy_phase(policy, phase)];
}

static void
lays_limits_over_each_other(void **state)
{
	const struct config *config = files_good(ONE(""));

	(void)state;
	assert_int_equal(config->targets[0].policy->phase_count, 7);
	assert_int_equal(policy_phase(config->targets[0].policy, "quit"), 6);
	assert_int_equal(plan(config, "banner")->routine, 30 * SECOND);
	assert_int_equal(plan(config, "banner")->patient, 60 * SECOND);
	assert_int_equal(plan(config, "banner")->slow, 8 * SECOND);
	assert_int_equal(plan(config, "chat")->patient, 14 * SECOND);
	assert_int_equal(plan(config, "ehlo_tls")->flags, PW_PHASE_TLS);
	assert_int_equal(plan(config, "leg")->routine, 90 * SECOND);

	config = files_good(ONE("limits = { banner = \"100s\"; ehlo = \"20s\"; }; slow = { banner = \"0s\"; };"));
	assert_int_equal(plan(config, "banner")->routine, 100 * SECOND);
	assert_int_equal(plan(config, "banner")->patient, 100 * SECOND);
	assert_int_equal(plan(config, "banner")->slow, 0);
	assert_int_equal(plan(config, "ehlo_tls")->routine, 20 * SECOND);
	assert_int_equal(plan(config, "leg")->routine, (90 + 70 + 5 + 5) * SECOND);
	assert_int_equal(plan(config, "leg")->patient, (240 + 40) * SECOND);

	config = files_good(ONE("limits = { ehlo = \"20s\"; ehlo_tls = \"25s\"; leg = \"60s\"; connect = \"250ms\"; };"));
	assert_int_equal(plan(config, "ehlo_tls")->routine, 25 * SECOND);
	assert_int_equal(plan(config, "leg")->routine, 60 * SECOND);
	assert_int_equal(plan(config, "connect")->routine, 250 * MILLISECOND);
	assert_int_equal(plan(config, "connect")->patient, 30 * SECOND);

	config = files_good("defaults = { limits = { banner = \"40s\"; answer = \"1s\"; chat = \"8s\"; }; talk = { limits = { chat = \"9s\"; }; }; };\n"
	    "targets = ( { host = \"a\"; probe = \"talk\"; limits = { banner = \"41s\"; }; } );");
	assert_int_equal(plan(config, "banner")->routine, 41 * SECOND);
	assert_int_equal(plan(config, "chat")->routine, 9 * SECOND);
	files_bad(ONE("patient_limits = { banner = \"20s\"; };"), "main.conf:1", "shorter than limits.banner");
	files_bad(ONE("limits = { banner = \"0s\"; };"), "main.conf:1", "out of range");
	files_bad(ONE("limits = { banner = \"60\"; };"), "main.conf:1", "\"60\"");
	files_bad(ONE("limits = \"60s\";"), "main.conf:1", "write a group");
}

static void
lays_settings_over_each_other(void **state)
{
	const struct config *config;

	(void)state;
	files_put("list.txt", "l.example\n");
	config = files_good(
	    "defaults = { tries = 4; interval = \"2m\"; verify = \"none\"; tags = [ \"x\" ]; probe = \"talk\";\n"
	    "  talk = { count = 5; tries = 5; loud = true; }; };\n"
	    "targets = ( { host = \"a\"; }, { host = \"b\"; tries = 6; count = 6; tags = [ ]; },\n"
	    "  { host = \"c\"; probe = \"secure\"; }, { file = \"list.txt\"; count = 7; } );");
	assert_int_equal(files_target(config, "a:25")->policy->tries, 5);
	assert_int_equal(files_target(config, "a:25")->policy->interval, 120 * (int64_t)SECOND);
	assert_int_equal(files_target(config, "a:25")->policy->values->items[1].number, 5);
	assert_true(files_target(config, "a:25")->policy->values->items[1].given);
	assert_false(files_target(config, "a:25")->policy->values->items[3].given);
	assert_int_equal(files_target(config, "a:25")->policy->values->items[3].number, 2 * SECOND);
	assert_int_equal(files_target(config, "a:25")->policy->tls->verify, TLS_VERIFY_NONE);
	assert_int_equal(files_target(config, "a:25")->policy->tag_count, 1);
	assert_int_equal(files_target(config, "a:25")->policy->notify_count, CONFIG_NONE);
	assert_int_equal(files_target(config, "b:25")->policy->tries, 6);
	assert_int_equal(files_target(config, "b:25")->policy->values->items[1].number, 6);
	assert_true(files_target(config, "b:25")->policy->values->items[2].number);
	assert_int_equal(files_target(config, "b:25")->policy->tag_count, 0);
	assert_int_equal(files_target(config, "c:25")->policy->tries, 4);
	assert_int_equal(files_target(config, "l.example:25")->policy->values->items[1].number, 7);
}

static void
checks_settings_of_targets(void **state)
{
	const struct policy *policy = files_good(ONE("source = [ \"192.0.2.9\", \"2001:db8::9\" ]; family = \"ipv6\"; addresses = \"all\";"))
	    ->targets[0].policy;

	(void)state;
	assert_true(policy->has_source4 && policy->has_source6);
	assert_int_equal(policy->family, FAMILY_IPV6);
	assert_int_equal(policy->addresses, ADDRESSES_ALL);
	files_bad(ONE("source = \"eth0\";"), "main.conf:1", "not an address");
	files_bad(ONE("source = [ \"192.0.2.9\", \"192.0.2.8\" ];"), "main.conf:1", "two IPv4");
	files_bad(ONE("source = \"224.0.0.1\";"), "main.conf:1", "not one of ours");
	files_bad(ONE("notify = [ \"ops\" ];"), "main.conf:1", "no notifier \"ops\"");
	files_bad(ONE("tags = [ \"a b\" ];"), "main.conf:1", "not a word");
	files_bad(ONE("tries = 0;"), "main.conf:1", "out of range");
	files_bad(ONE("interval = \"999ms\";"), "main.conf:1", "out of range");
	files_bad(ONE("interval = \"5 potatoes\";"), "main.conf:1", "potatoes");
	files_bad(ONE("name = \"\";"), "main.conf:1", "1 to 200 bytes");
	files_bad(ONE("name = \" a\";"), "main.conf:1", "blank");
	files_bad(ONE("name = \"b\"; was = \"b\";"), "main.conf:1", "still the name");
	files_bad("targets = ( { host = \"192.0.2.1\"; probe = \"talk\"; family = \"ipv6\"; } );", "main.conf:1", "IPv4 address");
	files_bad("targets = ( { probe = \"talk\"; } );", "main.conf:1", "no host");
	files_bad("targets = ( { host = \"a:25\"; probe = \"talk\"; } );", "main.conf:1", "port = 25");
	files_bad("targets = ( { host = \"a\"; probe = \"line\"; ask = \"x\"; } );", "main.conf:1", "no port");
	files_bad("targets = ( { host = \"a\"; probe = \"line\"; port = 7; } );", "main.conf:1", "ask is missing");
	files_bad("targets = ( \"a\" );", "main.conf:1", "a group { host");
	files_bad("targets = { host = \"a\"; };", "main.conf:1", "write a list");
	files_bad("targets = ( { host = \"a\"; } );", "main.conf", "no probe plugin \"smtp\"");
	files_put("l", "");
	files_bad("targets = ( { file = \"l\"; name = \"x\"; probe = \"talk\"; } );", "main.conf:1", "cannot stand beside file");
}

static void
checks_own_settings_of_probes(void **state)
{
	const struct pw_values *values;

	(void)state;
	files_put("secret", "x");
	assert_int_equal(chmod(files_path("secret"), 0600), 0);
	values = files_good(ONE("greeting = \"h\xc3\xb6\"; loud = true; pause = \"1500ms\"; most = \"1MiB\"; words = \"one\"; password_file = \"secret\";"
	    " tone = \"brisk\"; expect = \"^220 .*\\bESMTP\"; book = \"sub/book\";"))->targets[0].policy->values;
	assert_int_equal(values->count, 10);
	assert_string_equal(values->items[0].string, "h\xc3\xb6");
	assert_int_equal(values->items[1].number, 3);
	assert_int_equal(values->items[2].number, 1);
	assert_int_equal(values->items[3].number, 1500 * MILLISECOND);
	assert_int_equal(values->items[4].number, 1024 * 1024);
	assert_int_equal(values->items[5].list->count, 1);
	assert_string_equal(values->items[6].string, files_path("secret"));
	assert_int_equal(values->items[7].number, 1);
	assert_non_null(values->items[8].regex);
	assert_string_equal(values->items[9].string, files_path("sub/book"));
	values = files_good(ONE(""))->targets[0].policy->values;
	assert_int_equal(values->items[5].list->count, 2);
	assert_string_equal(values->items[5].list->items[1], "two");
	assert_null(values->items[6].string);
	assert_null(values->items[8].regex);

	files_bad(ONE("count = 11;"), "main.conf:1", "out of range");
	files_bad(ONE("words = [ \"a\", \"b\", \"c\", \"d\" ];"), "main.conf:1", "at most 3");
	files_bad(ONE("most = \"2GiB\";"), "main.conf:1", "out of range");
	files_bad(ONE("tone = \"brisc\";"), "main.conf:1", "did you mean \"brisk\"?");
	files_bad(ONE("expect = \"(\";"), "main.conf:1", "regular expression");
	files_bad(ONE("password = \"x\";"), "main.conf:1", "password_file");
	files_bad(ONE("password_file = \"none\";"), "main.conf:1", "cannot be read");
	assert_int_equal(chmod(files_path("secret"), 0644), 0);
	files_bad(ONE("password_file = \"secret\";"), "main.conf:1", "open to others (mode 0644)");
	if (geteuid() == 0) {
		assert_int_equal(chmod(files_path("secret"), 0600), 0);
		assert_int_equal(chown(files_path("secret"), 4242, (gid_t)-1), 0);
		files_bad(ONE("password_file = \"secret\";"), "main.conf:1", "belongs to user 4242");
	}
	files_bad(ONE("password_file = \".\";"), "main.conf:1", "not a regular file");
	files_bad(ONE("password_file = \"$CREDENTIALS_DIRECTORY/x\";"), "main.conf:1", "CREDENTIALS_DIRECTORY");
	setenv("CREDENTIALS_DIRECTORY", files_folder, 1);
	assert_string_equal(files_good(ONE("password_file = \"$CREDENTIALS_DIRECTORY/secret\";"))->targets[0].policy->values->items[6].string,
	    files_path("secret"));
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
warns_of_haste(void **state)
{
	(void)state;
	files_good(ONE("interval = \"1s\";"));
	assert_true(files_told("main.conf:1", "interval: below 30s", true));
	files_good("targets = ( { host = \"127.0.0.1\"; probe = \"talk\"; interval = \"1s\"; }, { host = \"localhost\"; probe = \"talk\"; interval = \"1s\"; },"
	    "{ host = \"10.0.0.1\"; probe = \"talk\"; interval = \"1s\"; } );");
	assert_int_equal(files_diagnostics.warnings, 0);
	files_good(ONE("retry_interval = \"5s\";"));
	assert_true(files_told("main.conf:1", "retry_interval: below 20s", true));
	files_put("list.txt", "a.example\nb.example\nc.example\n");
	files_good("defaults = {\ninterval = \"10s\"; };\ntargets = ( { file = \"list.txt\"; probe = \"talk\"; }, { host = \"d\"; probe = \"talk\"; } );");
	assert_true(files_told("main.conf:2", "interval: below 30s", true));
	assert_int_equal(files_diagnostics.warnings, 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, files_setup, files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(ties_parents),
		TEST(chooses_tls_by_port),
		TEST(checks_tls_settings),
		TEST(lays_limits_over_each_other),
		TEST(lays_settings_over_each_other),
		TEST(checks_settings_of_targets),
		TEST(checks_own_settings_of_probes),
		TEST(warns_of_haste),
		TEST(reads_when_a_certificate_ends_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
