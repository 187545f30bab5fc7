/* What a program may open, and what not: the state folder, the configuration and its secrets, and devices; and that it changes no mode
 * by a path. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/call_filter.h"
#include "base/clock.h"
#include "base/identity.h"
#include "base/landlock.h"
#include "base/sandbox.h"
#include "config/read.h"
#include "config/program_files.h"
#include "runner/program.h"
#include "scratch.h"

enum { ROOM = 4096 };

static char folder[SCRATCH_PATH], own[ROOM]; /* below /tmp, and where nothing temporary is, if the tree is not */
static const struct config *config;
static struct pw_strings writes;
static struct program_end end;

static bool
confine(const void *arg, struct reason *why)
{
	(void)arg;
	return program_files_confine(config, &writes, why);
}

static bool
is_temporary(const char *path)
{
	return strncmp(path, "/tmp/", 5) == 0 || strncmp(path, "/var/tmp/", 9) == 0 || strncmp(path, "/dev/shm/", 9) == 0;
}

/* The script has the two folders as $1 and $2. */
static void
run(const char *script)
{
	char *const arguments[] = { "sh", "-c", (char *)(uintptr_t)script, "zero", folder, own, NULL };
	char *const environment[] = { "PATH=/usr/bin:/bin", NULL };
	const struct program program = { .path = "/bin/sh", .arguments = arguments, .environment = environment, .limit = 20 * (int64_t)SECOND,
		.until = -1, .confine = confine };

	program_run(&program, &end);
}

static void
assert_says(const char *script, const char *wanted)
{
	run(script);
	if (end.exit.how != PW_EXITED || end.exit.output.size != strlen(wanted) || memcmp(end.output, wanted, strlen(wanted)) != 0)
		fail_msg("%s: \"%.*s\", not \"%s\"; stderr \"%.*s\"", script, (int)end.exit.output.size, end.output, wanted,
		    (int)end.exit.errors.size, end.errors);
}

static void
put(const char *at, const char *name, const char *text)
{
	char path[2 * ROOM];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", at, name);
	assert_non_null(file = fopen(path, "w"));
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static void
make(const char *at, const char *name)
{
	char path[2 * ROOM];

	snprintf(path, sizeof path, "%s/%s", at, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static int
set_up(void **state)
{
	static struct config_diagnostics faults;
	char exe[ROOM], bytes[4096], path[2 * ROOM];
	struct text text = TEXT_OVER(bytes);
	struct reason why;
	bool filtered;
	ssize_t size = readlink("/proc/self/exe", exe, sizeof exe - 64);

	(void)state;
	if (landlock_version() == 0)
		return 0;
	assert_true(size > 0);
	exe[size] = '\0';
	scratch_make(folder, "program-files", false);
	assert_true(snprintf(own, sizeof own, "%s.files", exe) < (int)sizeof own);
	if (access(own, F_OK) == 0) /* of one that was killed */
		scratch_remove(own);
	assert_int_equal(mkdir(own, 0700), 0);
	make(own, "writes");
	make(folder, "state");
	make(folder, "sub");
	put(folder, "state/store", "kept\n");
	put(folder, "secret", "password\n");
	put(folder, "beside", "beside\n");
	snprintf(path, sizeof path, "%s/link", folder);
	assert_int_equal(symlink("state", path), 0);
	snprintf(bytes, sizeof bytes,
	    "@include \"targets\"\nstate = \"state\"; notifiers = ( { name = \"mail\"; plugin = \"email\"; relay = \"127.0.0.1:25\"; tls = \"none\";\n"
	    "  auth_unprotected = true; user = \"me\"; password_file = \"secret\"; from = \"w@example.org\"; to = [ \"o@example.org\" ]; } );\n");
	put(folder, "conf", bytes);
	put(folder, "targets", "targets = ( { name = \"mx1\"; host = \"127.0.0.1\"; } );\n");
	snprintf(strstr(exe, "/tests/unit/"), 64, "/plugins");
	snprintf(path, sizeof path, "%s/conf", folder);
	config = config_read(&(struct config_source){ .path = path, .plugin_dir = exe }, &faults);
	config_print_diagnostics(&faults, &text);
	if (config == NULL)
		fail_msg("%s", bytes);
	return call_filter_enter_program(&filtered, &why) ? 0 : 1; /* as the runner does */
}

static int
tear_down(void **state)
{
	(void)state;
	if (config == NULL)
		return 0;
	scratch_remove(folder);
	scratch_remove(own);
	config_free(&config);
	return 0;
}

static void
opens_nothing_of_ours(void **state)
{
	(void)state;
	if (config == NULL)
		skip();
	assert_says("cat $1/state/store $1/link/store $1/conf $1/targets $1/secret; ls $1/state; cat $1/beside", "beside\n");
	assert_says("echo x >$1/state/store; echo x >$1/state/new; echo x >>$1/secret; mv $1/state $1/sub/; ln $1/secret $1/sub/; rm -rf $1/state", "");
	assert_says("cd $1/state && cat store; (exec 3<$1/state); ls -d $1/state >/dev/null && echo there", "there\n");
	/* Nor by the processes above it. */
	assert_says("cat /proc/$PPID/environ /proc/$PPID/root$1/secret /proc/self/root$1/secret; readlink /proc/$PPID/fd/1", "");
	const char *what;
	char path[2 * ROOM];
	snprintf(path, sizeof path, "%s/link/store", folder);
	assert_true(program_file_is_hidden(config, path, &what));
	assert_string_equal(what, "the state folder");
	snprintf(path, sizeof path, "%s/beside", folder);
	assert_false(program_file_is_hidden(config, path, &what));
}

/* What real plugins do: temporary files, /dev/null, interpreters, names. */
static void
has_its_own_world(void **state)
{
	(void)state;
	if (config == NULL)
		skip();
	assert_says("echo a >$1/sub/new && cat $1/sub/new; echo b >>$1/beside && tail -n 1 $1/beside; echo c >/dev/null && echo d 2>/dev/null", "a\nb\nd\n");
	assert_says("t=$(mktemp -p $1/sub) && mv $t $1/sub/moved && rm $1/sub/moved && mkdir $1/sub/x && mkfifo $1/sub/f && ln -s x $1/sub/l && echo done",
	    "done\n");
	assert_says("getent hosts localhost >/dev/null && awk 'BEGIN { print 1 }' && python3 -c 'import socket; print(2)'", "1\n2\n");
	assert_says("echo x >$2/new; echo x >$2/writes/new; cat $2/writes/new", is_temporary(own) ? "x\n" : "");
	char name[2 * ROOM];
	const char *const names[] = { name };
	snprintf(name, sizeof name, "%s/writes", own);
	writes = (struct pw_strings){ 1, names };
	assert_says("echo x >$2/new; echo x >$2/writes/new; cat $2/writes/new", "x\n");
	/* One that holds what is hidden gives it to nobody. */
	snprintf(name, sizeof name, "%s", folder);
	assert_says("cat $1/state/store; echo x >$1/state/store; echo x >$1/secret; echo x >$1/beside; cat $1/beside", "x\n");
	writes.count = 0;
}

static void
changes_nothing_by_a_path(void **state)
{
	(void)state;
	if (config == NULL)
		skip();
	assert_says("chmod 0777 $1/state $1/secret; chown $(id -u) $1/secret; truncate -s 0 $1/secret; python3 -c \"import os; os.truncate('$1/secret', 0)\"", "");
	assert_says("stat -c %a $1/state $1/secret; stat -c %s $1/secret", "700\n600\n9\n");
	assert_says("echo x >$1/beside; chmod 0644 $1/beside; python3 -c \"import os; f = open('$1/beside'); os.fchmod(f.fileno(), 0o640)\"; stat -c %a $1/beside",
	    "640\n");
	assert_says("unshare -U true || echo no; head -c 1 /dev/zero | wc -c; [ -r /dev/mem ] && cat /dev/mem; echo >/proc/self/comm", "no\n1\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_nothing_of_ours),
		cmocka_unit_test(has_its_own_world),
		cmocka_unit_test(changes_nothing_by_a_path),
	};
	struct reason why;

	if (!sandbox_enter_lightly(&why) || !identity_drop_capabilities(&why))
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
