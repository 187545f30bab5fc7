/* Programs of the configuration: what is a fault, what is warned of, and what stands in their arguments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/programs.h"
#include "config_files.h"

static char plugins[PATH_MAX];

static int
setup(void **state)
{
	snprintf(plugins, sizeof plugins, "%s", files_fixture(""));
	snprintf(strstr(plugins, "/tests/fixtures/"), 16, "/plugins");
	return files_setup(state);
}

/* Reads settings of an exec target in line 2, and of an exec notifier in line 1. */
static const struct config *
read_both(const char *notifier, const char *target, bool advise)
{
	char content[2048];

	snprintf(content, sizeof content, "notifiers = ( { name = \"n\"; plugin = \"exec\"; %s } );\n"
	    "targets = ( { name = \"t\"; host = \"mx1.example.org\"; port = 2525; probe = \"exec\"; %s } );\n"
	    "state = \"/nonexistent\";\n", notifier, target);
	files_put("main.conf", content);
	return files_read_source((struct config_source){ .path = files_path("main.conf"), .plugin_dir = plugins, .advise = advise });
}

#define SH "program = \"/bin/sh\"; "

static void
assert_fault(const char *notifier, const char *target, const char *place, const char *part)
{
	assert_null(read_both(notifier, target, false));
	assert_true(files_told(place, part, false));
	assert_int_equal(files_diagnostics.errors, 1);
}

static void
says_what_would_be_right(void **state)
{
	(void)state;
	assert_fault(SH, "", "main.conf:2", "program is missing: path of the Nagios plugin");
	assert_fault("", SH, "main.conf:1", "program is missing: path of the program");
	assert_fault(SH, "program = \"check_smtp\";", "main.conf:2", "program: check_smtp is no absolute path: write the whole of it");
	assert_fault("program = \"./tell\";", SH, "main.conf:1:46", "program: ./tell is no absolute path");
	assert_fault(SH, "program = \"check_smtp -H $HOST\";", "main.conf:2", "and its `arguments` apart");
	assert_fault(SH, SH "arguments = [ \"-H\", \"$HOSTADDRESS$\" ];", "main.conf:2",
	    "arguments: there is no placeholder $HOSTADDRESS: there are $HOST, $PORT and $TARGET; write $$ for a dollar sign");
	assert_fault(SH, SH "arguments = [ \"a$\" ];", "main.conf:2", "there is no placeholder $: there are");
	assert_fault(SH, SH "arguments = [ \"${HOST\" ];", "main.conf:2", "there is no placeholder ${HOST: there are");
	assert_fault(SH, SH "arguments = [ \"$$$host\" ];", "main.conf:2", "there is no placeholder $: there are");
	assert_fault(SH, SH "user = \"nagios\";", "main.conf:2", "user: a program runs as the daemon's own user, which cannot become another one");
	assert_fault(SH "user = \"nagios\";", SH, "main.conf:1:67", "user: a program runs as the daemon's own user");
	assert_fault(SH, SH "writes = [ \"/tmp\", \"var/lib/nagios\" ];", "main.conf:2",
	    "writes: var/lib/nagios is no absolute path: write the whole of it, such as");
	assert_fault(SH "writes = [ \"~/x\" ];", SH, "main.conf:1", "writes: ~/x is no absolute path");
	assert_fault(SH, SH "programm = \"/bin/true\";", "main.conf:2", "programm");
}

static void
assert_arguments(char **arguments, const char *const *wanted)
{
	size_t i = 0;

	assert_non_null(arguments);
	for (; wanted[i] != NULL; i++) {
		assert_non_null(arguments[i]);
		assert_string_equal(arguments[i], wanted[i]);
		free(arguments[i]);
	}
	assert_null(arguments[i]);
	free(arguments);
}

static void
puts_in_whole_arguments(void **state)
{
	const struct config *config = read_both(SH "arguments = [ \"$HOST\", \"$$\", \"$x\", \"\" ];",
	    SH "arguments = [ \"-H\", \"$HOST\", \"[${HOST}]:$PORT\", \"$TARGET$$HOST\", \"\", \"$$$$\", \"$PORT$PORT\" ];", false);
	struct pw_program program;

	(void)state;
	assert_non_null(config);
	plugin_program(config->targets[0].policy->probe, config->targets[0].policy->values, &program);
	assert_arguments(program_arguments(&program, &config->targets[0]), (const char *const[]){ "/bin/sh", "-H", "mx1.example.org",
	    "[mx1.example.org]:2525", "t$HOST", "", "$$", "25252525", NULL });
	/* A notifier has no target: all is as it is written. */
	plugin_program(config->notifiers[0].plugin, config->notifiers[0].values, &program);
	assert_arguments(program_arguments(&program, NULL), (const char *const[]){ "/bin/sh", "$HOST", "$$", "$x", "", NULL });
	config = read_both(SH, SH, false);
	plugin_program(config->targets[0].policy->probe, config->targets[0].policy->values, &program);
	assert_arguments(program_arguments(&program, &config->targets[0]), (const char *const[]){ "/bin/sh", NULL });
}

static void
assert_warning(const char *file, mode_t mode, const char *part)
{
	char target[PATH_MAX + 400];

	files_put(file, "#!/bin/sh\n");
	assert_int_equal(chmod(files_path(file), mode), 0);
	snprintf(target, sizeof target, "program = \"%s\";", files_path(file));
	assert_non_null(read_both(SH, target, true));
	assert_true(files_told("main.conf", part, true));
	snprintf(target, sizeof target, "program = \"%s\";", files_path(file));
	assert_non_null(read_both(target, SH, true));
	assert_true(files_told("main.conf:1", part, true));
	/* Who only runs it is not told. */
	assert_non_null(read_both(target, SH, false));
	assert_int_equal(files_diagnostics.warnings, 0);
}

/* What no program may open, whatever its settings say. */
static void
warns_of_files_that_are_hidden(void **state)
{
	char target[2 * PATH_MAX];

	(void)state;
	snprintf(target, sizeof target, SH "writes = [ \"/nonexistent/x\", \"%s\" ];", files_path("main.conf"));
	files_put("main.conf", "");
	assert_non_null(read_both(SH, target, true));
	assert_true(files_told("main.conf", "writes: \"/nonexistent/x\" cannot be found: No such file or directory", true));
	assert_true(files_told("main.conf", "belongs to the configuration, where no program may open anything", true));
	snprintf(target, sizeof target, SH "writes = [ \"/tmp\" ];");
	assert_non_null(read_both(SH, target, true));
	assert_int_equal(files_diagnostics.warnings, 0);
}

static void
warns_of_doubtful_programs(void **state)
{
	(void)state;
	assert_warning("plain", 0644, "is not executable for the daemon's user (mode 0644): chmod a+x");
	assert_warning("loose", 0775, "can be written to by others (mode 0775): take that right away");
	assert_non_null(read_both(SH, "program = \"/nonexistent/check\";", true));
	assert_true(files_told("main.conf", "target t: the program \"/nonexistent/check\" cannot be run: No such file or directory", true));
	assert_non_null(read_both(SH, "program = \"/bin\";", true));
	assert_true(files_told("main.conf", "is not a regular file", true));
	if (geteuid() == 0) {
		files_put("theirs", "#!/bin/sh\n");
		assert_int_equal(chmod(files_path("theirs"), 0755) | chown(files_path("theirs"), 12345, 0), 0);
		char target[PATH_MAX + 400];
		snprintf(target, sizeof target, "program = \"%s\";", files_path("theirs"));
		assert_non_null(read_both(SH, target, true));
		assert_true(files_told("main.conf", "belongs to user 12345: it should be root's", true));
	}
	assert_int_equal(mkdir(files_path("open"), 0777) | chmod(files_path("open"), 0777), 0);
	files_put("open/check", "#!/bin/sh\n");
	assert_int_equal(chmod(files_path("open/check"), 0755), 0);
	char target[PATH_MAX + 400];
	snprintf(target, sizeof target, "program = \"%s\";", files_path("open/check"));
	assert_non_null(read_both(SH, target, true));
	assert_true(files_told("main.conf", "may be replaced by others: ", true));
}

static void
warns_of_secrets(void **state)
{
	(void)state;
	assert_non_null(read_both(SH "arguments = [ \"--api-key=1\" ];", SH "arguments = [ \"-A\", \"LOGIN\", \"--authPassword\", \"x\" ];", true));
	assert_true(files_told("main.conf:1", "the argument \"--api-key=1\" looks like a secret", true));
	assert_true(files_told("main.conf", "target t: the argument \"--authPassword\" looks like a secret, and everybody on this host", true));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_would_be_right),
		cmocka_unit_test(puts_in_whole_arguments),
		cmocka_unit_test(warns_of_files_that_are_hidden),
		cmocka_unit_test(warns_of_doubtful_programs),
		cmocka_unit_test(warns_of_secrets),
	};

	return cmocka_run_group_tests(tests, setup, files_teardown);
}
