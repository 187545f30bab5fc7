/* Who is told what and when, and the windows, as the configuration says it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "config/snapshot.h"
#include "config_files.h"

#define BIT(kind) (1u << NOTICE_##kind)
#define TARGETS "targets = ( { name = \"a\"; host = \"a.test\"; probe = \"talk\"; tags = [ \"lab\", \"x\" ]; },\n" \
	"{ name = \"b\"; host = \"b.test\"; probe = \"talk\"; }, { name = \"c\"; host = \"c.test\"; probe = \"talk\"; tags = [ \"lab\" ]; } );\n"
#define TELL(to) "notifiers = ( { name = \"n\"; plugin = \"tell\"; to = [ " to " ]; } );\n"
#define NOTIFIER(rest) "notifiers = ( { name = \"n\"; plugin = \"tell\"; to = [ \"x\" ]; " rest " } );\n"

static void
has_defaults(void **state)
{
	const struct config_notifier *notifier = &files_good(TARGETS NOTIFIER(""))->notifiers[0];
	(void)state;

	for (enum notice_kind kind = NOTICE_none + 1; kind < NOTICE_KINDS; kind++)
		assert_int_equal(notifier->kinds >> kind & 1, kind != NOTICE_fact);
	assert_int_equal(notifier->tag_count, 0);
	assert_int_equal(notifier->after, 0);
	assert_int_equal(notifier->quiet.count, 0);
	assert_int_equal(notifier->remind_count, 0);
	assert_int_equal(notifier->storm, 20);
	assert_int_equal(notifier->fallback, CONFIG_NONE);
	assert_null(notifier->timezone);
	assert_int_equal(notifier->deadline, 120 * SECOND);
	assert_true(notifier->self_test);
}

static void
takes_all_of_it(void **state)
{
	const struct config *config = files_good(TARGETS "notifiers = ( { name = \"ops\"; plugin = \"tell\"; to = [ \"x\" ];\n"
	    "kinds = [ \"down\", \"fact\" ]; tags = [ \"lab\" ]; after = \"10m\"; quiet = [ \"22:00-07:00\", \"Sun 00:00-24:00\" ];\n"
	    "remind = [ \"1h\", \"1d\" ]; storm = 0; fallback = \"pager\"; timezone = \"Europe/Berlin\"; deadline = \"30s\";\n"
	    "self_test = false; }, { name = \"pager\"; plugin = \"tell\"; to = [ \"y\" ]; fallback = \"ops\"; kinds = [ \"up\" ]; } );\n");
	const struct config_notifier *notifier = &config->notifiers[0];
	(void)state;

	assert_int_equal(notifier->kinds, BIT(down) | BIT(fact) | BIT(flapping) | BIT(outage) | BIT(digest) | BIT(test));
	assert_int_equal(config->notifiers[1].kinds,
	    BIT(up) | BIT(settled) | BIT(stopped) | BIT(outage) | BIT(digest) | BIT(test));
	assert_int_equal(notifier->tag_count, 1);
	assert_string_equal(notifier->tags[0], "lab");
	assert_true(notifier->after == 600 * (int64_t)SECOND);
	assert_int_equal(notifier->quiet.count, 2);
	assert_int_equal(notifier->quiet.ranges[0].to, 31 * 60);
	assert_int_equal(notifier->remind_count, 2);
	assert_true(notifier->remind[1] == 86400 * (int64_t)SECOND);
	assert_int_equal(notifier->storm, 0);
	assert_int_equal(notifier->fallback, 1);
	assert_int_equal(config->notifiers[1].fallback, 0);
	assert_string_equal(notifier->timezone, "Europe/Berlin");
	assert_int_equal(notifier->deadline, 30 * SECOND);
	assert_false(notifier->self_test);
}

static void
says_what_is_wrong(void **state)
{
	(void)state;

	files_bad(TARGETS NOTIFIER("kinds = [ \"dawn\" ];"), "main.conf:3", "there is no kind \"dawn\": did you mean down?");
	files_bad(TARGETS NOTIFIER("quiet = [ \"22-07\" ];"), "main.conf:3", "quiet: \"22-07\": write HH:MM-HH:MM");
	files_bad(TARGETS NOTIFIER("quiet = [ \"07:00-07:00\" ];"), "main.conf:3", "for a whole day write 00:00-24:00");
	files_bad(TARGETS NOTIFIER("remind = [ \"1s\" ];"), "main.conf:3", "is too often");
	files_bad(TARGETS NOTIFIER("remind = [ \"soon\" ];"), "main.conf:3", "remind: \"soon\"");
	files_bad(TARGETS NOTIFIER("after = \"8d\";"), "main.conf:3", "after");
	files_bad(TARGETS NOTIFIER("storm = -1;"), "main.conf:3", "storm");
	files_bad(TARGETS NOTIFIER("fallback = \"n\";"), "main.conf:3", "cannot stand in for itself");
	files_bad(TARGETS NOTIFIER("fallback = \"nn\";"), "main.conf:3", "there is no notifier \"nn\": did you mean \"n\"?");
	files_bad(TARGETS NOTIFIER("timezone = \"Mars/Olympus\";"), "main.conf:3", "timezone");
	files_bad(TARGETS NOTIFIER("deadline = \"0s\";"), "main.conf:3", "deadline");
	files_bad(TARGETS NOTIFIER("quite = [ ];"), "main.conf:3", "did you mean quiet?");
}

/* What was read of an entry that is a fault is not taken for a part of the next one. */
static void
a_fault_leaves_nothing_to_the_next_notifier(void **state)
{
	static const char *const faults[] = { "plugin = \"tell\"; to = [ \"x\" ];", "name = \"n\"; plugin = \"tell\"; to = [ \"x\" ];" };
	char text[600];

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		snprintf(text, sizeof text, TARGETS "notifiers = ( { name = \"n\"; plugin = \"tell\"; to = [ \"x\" ]; },\n{ %s },\n"
		    "{ name = \"o\"; plugin = \"tall\"; url = \"x\"; } );\n", faults[i]);
		files_put("main.conf", text);
		assert_null(files_read());
		assert_int_equal(files_diagnostics.errors, 2);
		assert_true(files_told("main.conf:4", i == 0 ? "this notifier has no name" : "there are two notifiers \"n\"", false));
		assert_true(files_told("main.conf:5", "there is no notifier plugin \"tall\"", false));
	}
}

static void
recipients_can_be_told_apart(void **state)
{
	char address[400] = "", text[600];
	(void)state;

	memset(address, 'y', PW_RECIPIENT_MAX);
	snprintf(text, sizeof text, TARGETS TELL("\"x\", \"X\", \"%s\""), address);
	assert_non_null(files_good(text));
	address[PW_RECIPIENT_MAX] = 'y';
	snprintf(text, sizeof text, TARGETS TELL("\"x\", \"%s\""), address);
	files_bad(text, "main.conf:3", "to: a recipient has 1 to 320 bytes, unlike number 2");
	files_bad(TARGETS TELL("\"\""), "main.conf:3", "unlike number 1");
	files_bad(TARGETS TELL("\"x\", \"z\", \"x\""), "main.conf:3", "to: \"x\" is in it twice");
}

static void
takes_windows(void **state)
{
	const struct config *config = files_good(TARGETS "windows = (\n"
	    "{ targets = [ \"tag:lab\", \"b\", \"a\" ]; when = \"Sun 02:00-04:00\"; timezone = \"Europe/Berlin\"; why = \"patches\"; },\n"
	    "{ targets = [ \"c\" ]; when = \"23:00-01:00\"; why = \"backup\"; } );\n");
	const struct config_window *window = config->windows;
	(void)state;

	assert_int_equal(config->window_count, 2);
	assert_int_equal(window->target_count, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(window->targets[i], i);
	assert_int_equal(window->when.ranges[0].days, 1);
	assert_string_equal(window->timezone, "Europe/Berlin");
	assert_string_equal(window->why, "patches");
	assert_int_equal(window[1].target_count, 1);
	assert_int_equal(window[1].targets[0], 2);
	assert_null(window[1].timezone);
}

static void
takes_reports(void **state)
{
	const struct config *config = files_good(TARGETS "notifiers = ( { name = \"mail\"; plugin = \"tell\"; to = [ \"x\" ]; facility = \"reports\"; } );\n"
	    "reports = ( { notifier = \"mail\"; tag = \"lab\"; every = \"week\"; at = \"23:59\"; }, { notifier = \"mail\"; } );\n");
	(void)state;

	assert_int_equal(config->report_count, 2);
	assert_string_equal(config->reports[0].tag, "lab");
	assert_int_equal(config->reports[0].every, PERIOD_WEEK);
	assert_int_equal(config->reports[0].at, 1439);
	assert_string_equal(config->reports[1].tag, "");
	assert_int_equal(config->reports[1].every, PERIOD_MONTH);
	assert_int_equal(config->reports[1].at, 360);
}

static void
says_what_is_wrong_with_reports(void **state)
{
	static const char *const rows[][2] = {
		{ "{ }", "notifier is missing" }, { "{ notifier = \"mial\"; }", "did you mean" },
		{ "{ notifier = \"quiet\"; }", "\"quiet\" takes no reports" },
		{ "{ notifier = \"mail\"; tag = \"lba\"; }", "no target has the tag \"lba\"" },
		{ "{ notifier = \"mail\"; tag = \"\"; }", "no target has the tag \"\"" },
		{ "{ notifier = \"mail\"; every = \"year\"; }", "every" },
		{ "{ notifier = \"mail\"; at = \"24:00\"; }", "at: \"24:00\" is no time of day" },
		{ "{ notifier = \"mail\"; at = \"6\"; }", "is no time of day" },
		{ "{ notifier = \"mail\"; to = \"me\"; }", "unknown setting" },
		{ "{ notifier = \"mail\"; }, { notifier = \"mail\"; at = \"07:00\"; }", "the same report stands in" } };
	char file[1000];
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(file, sizeof file, TARGETS "notifiers = ( { name = \"mail\"; plugin = \"tell\"; to = [ \"x\" ]; facility = \"reports\"; }, { name = \"quiet\"; plugin = \"tell\"; "
		    "to = [ \"x\" ]; } );\nreports = ( %s );\n", rows[i][0]);
		files_bad(file, "main.conf:4", rows[i][1]);
	}
}

static void
says_what_is_wrong_with_windows(void **state)
{
	(void)state;

	files_bad(TARGETS "windows = ( { targets = [ \"zz\" ]; when = \"02:00-04:00\"; why = \"x\"; } );", "main.conf:3",
	    "no target is called \"zz\"; all that have a tag are tag:TAG");
	files_bad(TARGETS "windows = ( { targets = [ \"tag:zz\" ]; when = \"02:00-04:00\"; why = \"x\"; } );", "main.conf:3",
	    "none has that tag");
	files_bad(TARGETS "windows = ( { targets = [ \"a\" ]; when = \"always\"; why = \"x\"; } );", "main.conf:3", "when: \"always\": write");
	files_bad(TARGETS "windows = ( { targets = [ \"a\" ]; when = \"02:00-04:00\"; } );", "main.conf:3", "why is missing");
	files_bad(TARGETS "windows = ( { targets = [ ]; when = \"02:00-04:00\"; why = \"x\"; } );", "main.conf:3", "targets");
	files_bad(TARGETS "windows = ( { targets = [ \"a\" ]; when = \"02:00-04:00\"; why = \"x\"; timezone = \"No/Where\"; } );",
	    "main.conf:3", "timezone");
	files_bad(TARGETS "windows = ( { targets = [ \"a\" ]; wenn = \"x\"; when = \"02:00-04:00\"; why = \"x\"; } );", "main.conf:3",
	    "did you mean when?");
	files_bad(TARGETS "windows = ( \"a\" );", "main.conf:3", "where a group");
	files_bad(TARGETS "windows = { };", "main.conf:3", "write a list of groups");
}

/* What `check` alone warns of; `part` NULL: of nothing. */
static void
assert_advised(const char *content, const char *place, const char *part)
{
	files_put("main.conf", content);
	const struct config *config = files_read_source((struct config_source){ .path = files_path("main.conf"), .advise = true });
	assert_non_null(config);
	if (part == NULL)
		assert_int_equal(files_diagnostics.warnings, 0);
	else
		assert_true(files_told(place, part, true));
}

static void
warns_of_whom_nobody_is_told(void **state)
{
	(void)state;
	assert_advised(TARGETS NOTIFIER(""), NULL, NULL);
	assert_advised(TARGETS, "main.conf", "there are no `notifiers`");
	assert_advised(TARGETS NOTIFIER("tags = [ \"lab\" ];"), "main.conf:2", "nobody would be told that b is down");
	assert_advised(TARGETS NOTIFIER("tags = [ \"lap\" ];"), "main.conf:3", "no target has the tag \"lap\": did you mean \"lab\"?");
	assert_advised(TARGETS NOTIFIER("tags = [ \"lap\" ];"), "main.conf:3", "notifier n is told of no target");
	assert_advised(TARGETS NOTIFIER("tags = [ \"lap\" ];"), "main.conf:1", "nobody would be told that a is down");
	assert_advised(TARGETS NOTIFIER("kinds = [ \"up\" ];"), "main.conf:1", "nobody would be told that a is down");
	assert_advised(TARGETS NOTIFIER("quiet = [ \"00:00-24:00\" ];"), "main.conf:3", "leaves no minute of the week");
	assert_advised(TARGETS NOTIFIER("quiet = [ \"00:00-23:00\" ];"), NULL, NULL);
	assert_advised("targets = ( { host = \"a.test\"; probe = \"talk\"; notify = [ ]; } );\n" NOTIFIER(""), "main.conf:1",
	    "its `notify` names no notifier");
	assert_advised(TARGETS "defaults = { notify = [ \"n\" ]; };\nnotifiers = ( { name = \"n\"; plugin = \"tell\"; to = [ \"x\" ]; "
	    "fallback = \"m\"; }, { name = \"m\"; plugin = \"tell\"; to = [ \"y\" ]; } );\n", NULL, NULL);
	assert_advised("targets = ( { host = \"a.test\"; probe = \"talk\"; limits = { connect = \"5s\"; }; slow = { connect = \"6s\"; }; } );\n"
	    NOTIFIER(""), "main.conf:1", "`slow` of connect is 6s, and its limit ends the attempt after 5s: it never warns");
	assert_advised("targets = ( { host = \"a.test\"; probe = \"talk\"; limits = { connect = \"2s\"; }; } );\n" NOTIFIER(""), NULL, NULL);
	assert_advised(TARGETS NOTIFIER("after = \"2h\";"), "main.conf:1", "that a is down would be told 2h later");
	assert_advised(TARGETS NOTIFIER("after = \"15m\";"), NULL, NULL);
	files_good(TARGETS);
	assert_int_equal(files_diagnostics.warnings, 0);
}

#define WINDOW(when, rest) "{ targets = [ \"a\" ]; when = " when "; why = \"x\"; " rest " }"
#define WINDOWS(list) TARGETS NOTIFIER("") "windows = ( " list " );\n"

static void
warns_of_windows_that_leave_nothing(void **state)
{
	static const char never[] = "nobody would be told that a is down: its `windows` leave no minute of the week";

	(void)state;
	assert_advised(WINDOWS(WINDOW("\"00:00-24:00\"", "")), "main.conf:1", never);
	assert_advised(WINDOWS(WINDOW("\"22:00-08:00\"", "") ", " WINDOW("\"08:00-22:00\"", "")), "main.conf:1", never);
	assert_advised(WINDOWS(WINDOW("\"22:00-08:00\"", "") ", " WINDOW("\"08:01-22:00\"", "")), NULL, NULL);
	assert_advised(WINDOWS(WINDOW("\"22:00-08:00\"", "") ", " WINDOW("\"08:00-22:00\"", "timezone = \"Asia/Tokyo\";")), NULL, NULL);
	assert_advised(WINDOWS(WINDOW("\"Mon-Fri 00:00-24:00\"", "")), NULL, NULL);
}

/* A daemon that has a copy of it begins all the same; `check` says what is wrong. */
static void
a_missing_ca_file_is_no_fault_where_a_copy_is(void **state)
{
	const char *content = "targets = ( { host = \"a.test\"; probe = \"secure\"; ca_file = \"ca.pem\"; } );";
	struct config_source source = { .path = files_path("main.conf"), .state = files_folder };
	struct stat status;
	struct reason why;
	char path[PATH_MAX + 8];

	(void)state;
	snprintf(path, sizeof path, "%s/ca.pem", files_folder);
	files_put("ca.pem", "x");
	files_put("main.conf", content);
	assert_int_equal(stat(path, &status), 0);
	assert_true(snapshot_copy(files_folder, path, &status, &why));
	assert_int_equal(unlink(path), 0);
	assert_non_null(files_read_source(source));
	assert_true(files_told("main.conf:1", "what was in it before stays in force", true));
	source.advise = true;
	assert_null(files_read_source(source));
	source.advise = false;
	source.state = "/nonexistent";
	assert_null(files_read_source(source));
	assert_true(files_told("main.conf:1", "cannot be read: No such file", false));
}

/* The webhook plugin is the standard one: no other asks URLs. */
static void
the_files_of_a_heartbeat_are_looked_at(void **state)
{
	char plugins[PATH_MAX];
	struct config_source source = { .path = files_path("main.conf"), .plugin_dir = plugins, .advise = true };

	(void)state;
	snprintf(plugins, sizeof plugins, "%s", files_fixture("../../../plugins"));
	files_put("url", "https://127.0.0.1/beat");
	assert_int_equal(chmod(files_path("url"), 0600), 0);
	files_put("main.conf", "targets = ( { host = \"127.0.0.1\"; } );\nheartbeat = { url_file = \"url\"; interval = \"60s\"; };\n");
	assert_non_null(files_read_source(source));
	assert_int_equal(files_diagnostics.errors, 0);
}

#define PAGE(rest) TARGETS "web = { listen = [ \"127.0.0.1:1\" ]; public = true; " rest " };\n"
#define SECRET "0123456789abcdef0123456789abcdef"

static void
takes_the_page(void **state)
{
	const struct config_web *web = &files_good(PAGE("page_url = \"https://watch.test/x//\"; share = [ \"lab:" SECRET "\", \"a:b:" SECRET "\" ];"))->web;

	(void)state;
	assert_string_equal(web->page_url, "https://watch.test/x");
	assert_int_equal(web->share_count, 2);
	assert_string_equal(web->shares[0].tag, "lab");
	assert_string_equal(web->shares[1].tag, "a:b");
	assert_string_equal(web->shares[1].secret, SECRET);
	assert_null(files_good(PAGE(""))->web.page_url);
	web = &files_good(PAGE("share = [ \"lab:" SECRET "\" ]; share_listen = [ \"127.0.0.1:2\", \"/run/shares\" ];"))->web;
	assert_int_equal(web->share_listen_count, 2);
	assert_string_equal(web->share_listen[1], "/run/shares");
}

static void
says_what_is_wrong_with_the_page(void **state)
{
	static const char *const urls[] = { "watch.test", "ftp://watch.test", "https://", "https:///x", "https://a b", "https://a\\\"b", "https://a?b", "http://a#b" };
	static const char *const shares[] = { "lab", "lab:", "lab:short", ":" SECRET, "lab:0123456789abcdef01234", "lab:" SECRET "/x", "lab: " SECRET };
	char text[1024];

	(void)state;
	files_bad(PAGE("share_listen = [ \"127.0.0.1:2\" ];"), "main.conf:3", "share names no address that could be served there");
	files_bad(PAGE("share = [ \"lab:" SECRET "\" ]; share_listen = [ \"here\" ];"), "main.conf:3", "web: share_listen: \"here\" is neither ADDRESS:PORT");
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		snprintf(text, sizeof text, PAGE("page_url = \"%s\";"), urls[i]);
		files_bad(text, "main.conf:3", "is not the address of a page");
	}
	for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
		snprintf(text, sizeof text, PAGE("share = [ \"%s\" ];"), shares[i]);
		files_bad(text, "main.conf:3", "an entry is \"TAG:SECRET\", its secret 22 to 100 letters and digits that nobody guesses");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(takes_all_of_it),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(a_fault_leaves_nothing_to_the_next_notifier),
		cmocka_unit_test(recipients_can_be_told_apart),
		cmocka_unit_test(takes_reports),
		cmocka_unit_test(says_what_is_wrong_with_reports),
		cmocka_unit_test(takes_windows),
		cmocka_unit_test(says_what_is_wrong_with_windows),
		cmocka_unit_test(warns_of_whom_nobody_is_told),
		cmocka_unit_test(warns_of_windows_that_leave_nothing),
		cmocka_unit_test(a_missing_ca_file_is_no_fault_where_a_copy_is),
		cmocka_unit_test(the_files_of_a_heartbeat_are_looked_at),
		cmocka_unit_test(takes_the_page),
		cmocka_unit_test(says_what_is_wrong_with_the_page),
	};

	return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
