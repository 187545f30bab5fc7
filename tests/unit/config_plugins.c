/* Plugins that must not be used are not, and the reason says what is wrong with which file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/plugins.h"
#include "config_files.h"

static struct arena *arena;
static struct values values;

static int
setup(void **state)
{
	arena = arena_create();
	values_init(&values, arena);
	return files_setup(state);
}

static int
teardown(void **state)
{
	values_fini(&values);
	arena_destroy(&arena);
	return files_teardown(state);
}

static void
copy(const char *from, const char *to, mode_t mode)
{
	static char bytes[1 << 20];
	FILE *file = fopen(from, "r");
	size_t size;

	assert_non_null(file);
	size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	files_put_bytes(to, bytes, size);
	assert_int_equal(chmod(files_path(to), mode), 0);
}

static void
refuses_each_broken_one(void **state)
{
	static const struct { const char *file, *part; } broken[] = {
		{ "default.so", "the default of its setting count: 11 is out of range" },
		{ "key.so", "its setting interval has the name of one of the host's" },
		{ "kind.so", "unknown kind 7" },
		{ "magic.so", "magic number (0x12345678" },
		{ "many-phases.so", "more phases than there is room for" },
		{ "name.so", "its name is not" },
		{ "newer-minor.so", "made for ABI 1.5, and this is 1.4" },
		{ "no-symbol.so", "pw_plugin" },
		{ "other-major.so", "made for ABI 2.0, and this is 1.4" },
		{ "outcome.so", "its outcome banner_timeout has the name" },
		{ "phase.so", "its phase forever has no limit" },
		{ "short-ops.so", "its table of functions has 24 bytes" },
		{ "short.so", "its descriptor has 16 bytes" },
		{ "undefined.so", "postwatch_has_no_such_function" },
	};
	struct plugins plugins;

	(void)state;
	plugins_init(&plugins, &values);
	plugins_load(&plugins, files_fixture("broken"));
	assert_int_equal(plugins.count, 0);
	assert_int_equal(plugins.broken_count, sizeof broken / sizeof *broken);
	for (size_t i = 0; i < plugins.broken_count; i++) {
		assert_string_equal(strrchr(plugins.broken[i].path, '/') + 1, broken[i].file);
		if (strstr(plugins.broken[i].why, broken[i].part) == NULL)
			fail_msg("%s: %s", broken[i].file, plugins.broken[i].why);
	}
	plugins_fini(&plugins);
}

static void
load_one(struct plugins *plugins, const char *name)
{
	plugins_init(plugins, &values);
	plugins_load(plugins, files_path(name));
}

static void
refuses_what_others_can_write_to(void **state)
{
	static const char good[] = "good/line.so";
	struct plugins plugins;

	(void)state;
	assert_int_equal(mkdir(files_path("p"), 0755), 0);
	copy(files_fixture(good), "p/line.so", 0644);
	load_one(&plugins, "p");
	assert_int_equal(plugins.count, 1);
	assert_string_equal(plugins.items[0].descriptor->name, "line");
	plugins_fini(&plugins);
	assert_int_equal(chmod(files_path("p/line.so"), 0664), 0);
	load_one(&plugins, "p");
	assert_int_equal(plugins.count, 0);
	assert_non_null(strstr(plugins.broken[0].why, "the file can be written to by others (mode 0664)"));
	plugins_fini(&plugins);
	assert_int_equal(chmod(files_path("p/line.so"), 0644), 0);
	assert_int_equal(chmod(files_path("p"), 0777), 0);
	load_one(&plugins, "p/line.so");
	assert_int_equal(plugins.count, 0);
	assert_non_null(strstr(plugins.broken[0].why, "/p can be written to by others (mode 0777)"));
	assert_string_equal(plugins.broken[0].path, files_path("p/line.so"));
	plugins_fini(&plugins);
	if (geteuid() != 0)
		return;
	assert_int_equal(chmod(files_path("p"), 0755), 0);
	assert_int_equal(chown(files_path("p/line.so"), 4242, (gid_t)-1), 0);
	load_one(&plugins, "p");
	assert_int_equal(plugins.count, 0);
	assert_non_null(strstr(plugins.broken[0].why, "the file belongs to user 4242"));
	plugins_fini(&plugins);
}

/* Whoever may rename a folder above can put another one in its place. */
static void
refuses_what_others_can_replace(void **state)
{
	struct plugins plugins;

	(void)state;
	assert_int_equal(mkdir(files_path("up"), 0755), 0);
	assert_int_equal(mkdir(files_path("up/p"), 0755), 0);
	copy(files_fixture("good/line.so"), "up/p/line.so", 0644);
	assert_int_equal(chmod(files_path("up"), 0777), 0);
	load_one(&plugins, "up/p");
	assert_int_equal(plugins.count, 0);
	assert_non_null(strstr(plugins.broken[0].why, "/up can be written to by others (mode 0777)"));
	plugins_fini(&plugins);
	assert_int_equal(chmod(files_path("up"), 01777), 0);
	load_one(&plugins, "up/p");
	assert_int_equal(plugins.count, 1);
	plugins_fini(&plugins);
	if (geteuid() != 0)
		return;
	assert_int_equal(chmod(files_path("up"), 0755), 0);
	assert_int_equal(chown(files_path("up"), 4242, (gid_t)-1), 0);
	load_one(&plugins, "up/p");
	assert_int_equal(plugins.count, 0);
	assert_non_null(strstr(plugins.broken[0].why, "/up belongs to user 4242"));
	plugins_fini(&plugins);
}

/* Nobody may ever write to a FIFO. */
static void
waits_for_no_fifo(void **state)
{
	struct plugins plugins;

	(void)state;
	assert_int_equal(mkdir(files_path("f"), 0755), 0);
	assert_int_equal(mkfifo(files_path("f/x.so"), 0644), 0);
	load_one(&plugins, "f");
	assert_int_equal(plugins.count, 0);
	assert_non_null(strstr(plugins.broken[0].why, "not a regular file"));
	plugins_fini(&plugins);
}

/* The C library knows a plugin by the name of a descriptor, whose number the next one has again. */
static void
takes_each_for_itself(void **state)
{
	static const char *const names[] = { "line", "secure", "talk", "tell" };
	struct plugins plugins;

	(void)state;
	for (size_t turn = 0; turn < 3; turn++) {
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
			char file[64];

			snprintf(file, sizeof file, "good/%s.so", names[i]);
			plugins_init(&plugins, &values);
			plugins_load(&plugins, files_fixture(file));
			assert_int_equal(plugins.count, 1);
			assert_string_equal(plugins.items[0].descriptor->name, names[i]);
			plugins_fini(&plugins);
		}
	}
}

static void
refuses_what_is_no_plugin(void **state)
{
	struct plugins plugins;

	(void)state;
	files_put("text.so", "not an object");
	files_put("other.txt", "not looked at");
	load_one(&plugins, ".");
	assert_int_equal(plugins.broken_count, 1);
	assert_non_null(strstr(plugins.broken[0].why, "cannot be loaded"));
	plugins_load(&plugins, files_path("missing.so"));
	assert_int_equal(plugins.broken_count, 2);
	assert_non_null(strstr(plugins.broken[1].why, "No such file"));
	plugins_fini(&plugins);
}

static void
takes_a_plugin_once(void **state)
{
	struct plugins plugins;

	(void)state;
	copy(files_fixture("good/line.so"), "second.so", 0644);
	plugins_init(&plugins, &values);
	plugins_load(&plugins, files_fixture("good"));
	assert_int_equal(plugins.count, 4);
	plugins_load(&plugins, files_fixture("good/line.so"));
	assert_int_equal(plugins.count, 4);
	assert_int_equal(plugins.broken_count, 0);
	plugins_load(&plugins, files_path("second.so"));
	assert_int_equal(plugins.count, 4);
	assert_non_null(strstr(plugins.broken[0].why, "another plugin called line"));
	assert_non_null(plugins_find(&plugins, "line", PW_PROBE));
	assert_null(plugins_find(&plugins, "line", PW_NOTIFIER));
	assert_non_null(plugins_find(&plugins, "tell", PW_NOTIFIER));
	plugins_fini(&plugins);
}

static void
is_a_fault_only_where_it_is_needed(void **state)
{
	char content[600];

	(void)state;
	copy(files_fixture("broken/kind.so"), "kind.so", 0644);
	files_good("plugins = [ \"kind.so\" ];\ntargets = ( { host = \"a\"; probe = \"talk\"; } );");
	assert_true(files_told("kind.so", "not used: it is of the unknown kind 7", true));
	files_put("main.conf", "plugins = [ \"kind.so\" ];\ntargets = ( { host = \"a\"; probe = \"talk\"; },\n{ host = \"b\"; probe = \"kind\"; } );");
	assert_null(files_read());
	assert_true(files_told("main.conf:3", "it is of the unknown kind 7", false));
	files_put("main.conf", "plugins = [ \"kind.so\" ];\nnotifiers = ( { name = \"n\"; plugin = \"kind\"; } );");
	assert_null(files_read());
	assert_true(files_told("main.conf:2", "it is of the unknown kind 7", false));
	files_put("main.conf", "plugins = [ \"kind.so\" ];\ndefaults = { kind = { tries = 3; }; };");
	assert_null(files_read());
	assert_true(files_told("main.conf:2", "it is of the unknown kind 7", false));
	files_bad("targets = ( { host = \"a\"; probe = \"tell\"; } );", "main.conf:1", "is a notifier, and a probe is needed");
	files_bad("notifiers = ( { name = \"n\"; plugin = \"talk\"; } );", "main.conf:1", "is a probe, and a notifier is needed");

	copy(files_fixture("good/line.so"), "own.so", 0644);
	snprintf(content, sizeof content, "plugins = \"%s\";\ntargets = ( { host = \"a\"; probe = \"line\"; port = 7; ask = \"x\"; } );", files_path("own.so"));
	files_put("main.conf", content);
	assert_non_null(files_read_source((struct config_source){ .path = files_path("main.conf"), .plugin_dir = "/nonexistent" }));
}

static const struct pw_phase no_limits[] = { { .name = "banner" }, { .name = NULL } };

static void
on_reply(void *session, struct pw_turn *turn, const struct pw_reply *reply)
{
	(void)session, (void)turn, (void)reply;
}

static void
begin(void *session, struct pw_turn *turn)
{
	(void)session, (void)turn;
}

/* Why a descriptor with these tables is refused; "" where it is not. */
static const char *
verdict_on(uint32_t flags, const struct pw_setting *settings, struct pw_probe_ops ops)
{
	static struct reason why;
	struct pw_plugin plugin = { PW_MAGIC, PW_ABI_MAJOR, PW_ABI_MINOR, sizeof plugin, PW_PROBE, flags, "x", "1", "X.", settings, &ops };
	bool good;

	if (ops.size == 0)
		ops.size = sizeof ops;
	if (ops.framing == 0)
		ops.framing = PW_LINES;
	ops.begin = begin;
	if (ops.on_answer == NULL)
		ops.on_reply = on_reply;
	why.text[0] = '\0';
	good = plugin_check(&plugin, &values, &why);
	assert_int_equal(good, why.text[0] == '\0');
	return why.text;
}

#define SETTING(...) (const struct pw_setting[]){ { __VA_ARGS__ }, { .key = NULL } }
#define OPS(...) (struct pw_probe_ops){ .phases = no_limits, __VA_ARGS__ }
#define assert_refused(why, part) assert_non_null(strstr((why), (part)))

static void
looks_at_every_table(void **state)
{
	static const char *const none[] = { NULL };

	(void)state;
	assert_string_equal(verdict_on(0, NULL, OPS(.farewell = NULL)), "");
	assert_string_equal(verdict_on(0, SETTING(.key = "a", .type = PW_INT, .help = "A."), OPS(.farewell = "BYE")), "");
	assert_refused(verdict_on(8, NULL, OPS(.farewell = NULL)), "unknown flags (0x8)");
	assert_refused(verdict_on(PW_REQUIRES_TLS, NULL, OPS(.farewell = NULL)), "requires TLS");
	assert_refused(verdict_on(0, NULL, OPS(.framing = 3)), "framing");
	assert_refused(verdict_on(0, NULL, OPS(.session_size = 1u << 30)), "too large");
	assert_refused(verdict_on(0, NULL, OPS(.farewell = "A\r\nB")), "not one line");
	assert_refused(verdict_on(0, SETTING(.key = "A", .type = PW_INT, .help = "A."), OPS(.farewell = NULL)), "not of [a-z0-9_]");
	assert_refused(verdict_on(0, SETTING(.key = "a", .type = 99, .help = "A."), OPS(.farewell = NULL)), "unknown type 99");
	assert_refused(verdict_on(0, SETTING(.key = "a", .type = PW_INT), OPS(.farewell = NULL)), "no help");
	assert_refused(verdict_on(0, SETTING(.key = "a", .type = PW_INT, .min = 5, .max = 1, .help = "A."), OPS(.farewell = NULL)), "ends before it begins");
	assert_refused(verdict_on(0, SETTING(.key = "a", .type = PW_ENUM, .help = "A."), OPS(.farewell = NULL)), "no choices");
	assert_refused(verdict_on(0, SETTING(.key = "a", .type = PW_ENUM, .choices = none, .help = "A."), OPS(.farewell = NULL)), "no choices");
	assert_refused(verdict_on(0, SETTING(.key = "a", .type = PW_REGEX, .fallback = "(", .help = "A."), OPS(.farewell = NULL)), "regular expression");
	assert_refused(verdict_on(0, SETTING(.key = "a", .type = PW_DURATION, .fallback = "5", .help = "A."), OPS(.farewell = NULL)), "default");
	assert_refused(verdict_on(0, SETTING(.key = "a", .type = PW_SECRET, .fallback = "x", .help = "A."), OPS(.farewell = NULL)), "secret and has a default");
	assert_refused(verdict_on(0, SETTING(.key = "a", .type = PW_STRING, .flags = PW_RELAY, .help = "A."), OPS(.farewell = NULL)), "only a string of a notifier");
	assert_refused(verdict_on(0, SETTING(.key = "a", .type = PW_LIST, .flags = PW_RECIPIENTS, .help = "A."), OPS(.farewell = NULL)), "recipients");
	assert_refused(verdict_on(0, SETTING(.key = "a", .type = PW_INT, .flags = 64, .help = "A."), OPS(.farewell = NULL)), "unknown flags (0x40)");
	assert_refused(verdict_on(0, SETTING(.key = "verify", .type = PW_INT, .help = "A."), OPS(.farewell = NULL)), "one of the host's");
	assert_refused(verdict_on(0, SETTING(.key = "limits", .type = PW_INT, .help = "A."), OPS(.farewell = NULL)), "one of the host's");
	assert_refused(verdict_on(0, (const struct pw_setting[]){ { .key = "a", .type = PW_INT, .help = "A." },
	    { .key = "a", .type = PW_INT, .help = "A." }, { .key = NULL } }, OPS(.farewell = NULL)), "setting a twice");
	assert_refused(verdict_on(0, NULL, (struct pw_probe_ops){ .phases = (const struct pw_phase[]){ { .name = "quit", .limit = 1 }, { .name = NULL } } }),
	    "the host's own");
	assert_refused(verdict_on(0, NULL, (struct pw_probe_ops){ .phases = (const struct pw_phase[]){ { .name = "a", .limit = 9, .patient = 8 }, { .name = NULL } } }),
	    "patient limit");
	assert_refused(verdict_on(0, NULL, (struct pw_probe_ops){ .phases = (const struct pw_phase[]){ { .name = "banner" }, { .name = "banner" }, { .name = NULL } } }),
	    "phase banner twice");
	assert_refused(verdict_on(0, NULL, OPS(.outcomes = (const struct pw_outcome[]){ { .name = "x", .text = "x", .severity = 9 }, { .name = NULL } })),
	    "unknown severity 9");
	assert_refused(verdict_on(0, NULL, OPS(.outcomes = (const struct pw_outcome[]){ { .name = "x", .text = "x" }, { .name = "x", .text = "x" }, { .name = NULL } })),
	    "outcome x twice");
	assert_refused(verdict_on(0, NULL, OPS(.outcomes = (const struct pw_outcome[]){ { .name = "x", .text = "x\x1b" }, { .name = NULL } })),
	    "the text or the hint of its outcome x holds a byte (\\x1b) that is no printable UTF-8");
	assert_refused(verdict_on(0, NULL, OPS(.outcomes = (const struct pw_outcome[]){ { .name = "x", .text = "x", .hint = "\x80" }, { .name = NULL } })),
	    "the text or the hint of its outcome x holds a byte (\\x80)");
	assert_refused(verdict_on(0, NULL, OPS(.outcomes = (const struct pw_outcome[]){ { .name = "X Y", .text = "x" }, { .name = NULL } })), "not of [a-z0-9_]");
	assert_refused(verdict_on(0, NULL, OPS(.outcomes = (const struct pw_outcome[]){ { .name = "slow_banner", .text = "x" }, { .name = NULL } })), "the host's");
	assert_refused(verdict_on(0, NULL, OPS(.facts = (const struct pw_fact_kind[]){ { .name = "f" }, { .name = "f" }, { .name = NULL } })), "fact f twice");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(refuses_each_broken_one),
		TEST(refuses_what_others_can_write_to),
		TEST(refuses_what_others_can_replace),
		TEST(waits_for_no_fifo),
		TEST(takes_each_for_itself),
		TEST(refuses_what_is_no_plugin),
		TEST(takes_a_plugin_once),
		TEST(is_a_fault_only_where_it_is_needed),
		TEST(looks_at_every_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
