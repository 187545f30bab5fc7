/* Targets: one by one, from lists, from the command line; what they say of each other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "base/clock.h"
#include "config_files.h"

#define LIST "targets = ( { file = \"list.txt\"; probe = \"talk\"; } );"
#define ONE(settings) "targets = ( { host = \"a.example\"; probe = \"talk\"; " settings " } );"

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
	snprintf(line, sizeof line, "%s", "");
	for (int i = 0; i < 64; i++)
		strcat(line, "abc.");
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
	    "main.conf:1: give one of them a name");
}

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
	content[strlen(content) - 1] = ' ';
	strcat(content, ");");
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
		assert_int_equal(tls->warn_days_count, 2);
		assert_int_equal(tls->warn_days[0], 21);
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
	tls = files_good(ONE("ca_file = \"ca.pem\"; sni = \"B\xc3\x9c" "cher.example\"; min_version = \"1.3\"; cert_warn_days = [ 3, 30, 3 ];"))
	    ->targets[0].policy->tls;
	assert_string_equal(tls->ca_file, files_path("ca.pem"));
	assert_string_equal(tls->sni, "xn--bcher-kva.example");
	assert_int_equal(tls->min_version, 0x0304);
	assert_int_equal(tls->warn_days_count, 2);
	assert_int_equal(tls->warn_days[0], 30);
	assert_int_equal(tls->warn_days[1], 3);
	assert_int_equal(files_good(ONE("cert_warn_days = [ ];"))->targets[0].policy->tls->warn_days_count, 0);
	files_bad(ONE("ca_file = \"none.pem\";"), "main.conf:1", "cannot be read");
	files_bad(ONE("sni = \"192.0.2.1\";"), "main.conf:1", "is an address");
	files_bad(ONE("min_version = 1.2;"), "main.conf:1", "in quotes");
	files_bad(ONE("min_version = \"1.4\";"), "main.conf:1", "none of");
	files_bad(ONE("cert_warn_days = [ 0 ];"), "main.conf:1", "number of days");
	files_bad(ONE("cert_warn_days = [ \"x\" ];"), "main.conf:1", "number of days");
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
	assert_int_equal(files_faults.warnings, 0);
	files_good(ONE("retry_interval = \"5s\";"));
	assert_true(files_told("main.conf:1", "retry_interval: below 20s", true));
	files_put("list.txt", "a.example\nb.example\nc.example\n");
	files_good("defaults = {\ninterval = \"10s\"; };\ntargets = ( { file = \"list.txt\"; probe = \"talk\"; }, { host = \"d\"; probe = \"talk\"; } );");
	assert_true(files_told("main.conf:2", "interval: below 30s", true));
	assert_int_equal(files_faults.warnings, 1);
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
	assert_int_equal(files_faults.faults, 10);
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
	source = (struct config_source){ .words = words, .word_count = 0, .probe = "tlak" };
	assert_null(files_read_source(source));
	assert_true(files_told("command line", "did you mean talk?", false));
}

static void
selects_configured_targets_by_word(void **state)
{
	const char *words[] = { "submission", "b.example", "new.example" };
	const char *sets[] = { "tries=7", "limits.banner=45s" };
	struct config_source source = { .words = words, .word_count = 3, .select = true, .sets = sets, .set_count = 2 };
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
	assert_int_equal(config->target_count, 3);
	target = files_target(config, "submission");
	assert_int_equal(target->port, 587);
	assert_int_equal(target->policy->tries, 7);
	assert_int_equal(target->policy->values->items[1].number, 9);
	assert_int_equal(target->policy->retry_interval, 33 * (int64_t)SECOND);
	assert_int_equal(config->targets[target->parent].policy->tries, 7);
	assert_int_equal(files_target(config, "new.example:25")->policy->retry_interval, 33 * (int64_t)SECOND);
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

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, files_setup, files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(reads_lists),
		TEST(refuses_bad_lines_of_lists),
		TEST(finds_every_twin),
		TEST(ties_parents),
		TEST(chooses_tls_by_port),
		TEST(checks_tls_settings),
		TEST(lays_limits_over_each_other),
		TEST(lays_settings_over_each_other),
		TEST(checks_settings_of_targets),
		TEST(checks_own_settings_of_probes),
		TEST(warns_of_haste),
		TEST(takes_words_without_a_file),
		TEST(refuses_bad_words),
		TEST(selects_configured_targets_by_word),
		TEST(takes_100000_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
