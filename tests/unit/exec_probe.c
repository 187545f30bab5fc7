/* The probe exec, as the prober runs it: what becomes of a program's status, text and performance data. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../plugins/exec/perfdata.h"
#include "base/clock.h"
#include "config/read.h"
#include "prober/prober.h"
#include "runner/runner.h"

enum { TEXT_ROOM_MAX = 128 * 1024 };

static struct {
	struct prober *prober;
	struct ev_loop *loop;
	struct report report;
	char outcome[OUTCOME_NAME_MAX], text[EVIDENCE_TEXT_MAX], transcript[TEXT_ROOM_MAX], facts[TEXT_ROOM_MAX];
	unsigned facts_count, done, wanted;
} seen;

static const char *user = "";

static const struct config *
configure(const char *script, const char *limit)
{
	static struct config_diagnostics faults;
	char folder[4096], path[] = "/tmp/pw-exec-XXXXXX", bytes[4096];
	struct text text = TEXT_OVER(bytes);
	ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 64);
	int fd = mkstemp(path);

	assert_true(size > 0 && fd >= 0);
	folder[size] = '\0';
	snprintf(strstr(folder, "/tests/unit/"), 64, "/plugins");
	dprintf(fd, "state = \"/nonexistent\"; %s\ntargets = ( { name = \"box -v; $(x)\"; host = \"mx1.example.org\"; port = 2525; probe = \"exec\";\n"
	            "  program = \"/bin/sh\"; arguments = [ \"-c\", \"%s\", \"zero\", \"$HOST:${PORT}\", \"$TARGET\", \"$$HOST\" ];\n"
	            "  limits = { run = \"%s\"; }; patient_limits = { run = \"%s\"; }; slow = { run = \"10s\"; }; } );\n",
	    user, script, limit, limit);
	close(fd);
	const struct config *config = config_read(&(struct config_source){ .path = path, .plugin_dir = folder }, &faults);
	unlink(path);
	config_print_diagnostics(&faults, &text);
	if (config == NULL)
		fail_msg("%s", bytes);
	return config;
}

static void
on_done(void *arg, const struct run_result *result)
{
	struct evidence evidence;
	struct evidence_line line;
	struct evidence_fact fact;
	struct text transcript = TEXT_OVER(seen.transcript), facts = TEXT_OVER(seen.facts);

	(void)arg;
	seen.report = *result->report;
	snprintf(seen.text, sizeof seen.text, "%.*s", (int)result->report->text.size, result->report->text.data);
	assert_int_equal(result->leg_count, 1);
	run_evidence(result, 0, &evidence);
	while (evidence_next_line(&evidence.transcript, &line)) {
		text_add(&transcript, line.dir == EVIDENCE_EVENT ? "* " : "< ");
		text_escape(&transcript, line.bytes);
		text_add(&transcript, "\n");
	}
	seen.facts_count = 0;
	while (evidence_next_fact(&evidence.facts, &fact)) {
		seen.facts_count++;
		text_format(&facts, "%s: ", fact.name);
		text_escape(&facts, fact.value);
		text_add(&facts, "\n");
	}
	assert_int_equal(evidence.phase_count, 1);
	assert_true(evidence_is_of_program(&evidence));
	assert_string_equal(evidence.phases[0].name, "run");
	if (++seen.done == seen.wanted)
		ev_break(seen.loop, EVBREAK_ALL);
}

static void
run_times(const char *script, const char *limit, unsigned times, int runner)
{
	const struct config *config = configure(script, limit);
	struct reason why;

	memset(&seen, 0, sizeof seen);
	seen.wanted = times;
	seen.loop = ev_default_loop(EVFLAG_AUTO);
	if (runner < 0 && !runner_begin(config, &runner, &why))
		fail_msg("%s", why.text);
	seen.prober = prober_create(seen.loop, config, NULL, &why);
	assert_non_null(seen.prober);
	prober_set_runner(seen.prober, runner);
	for (unsigned i = 0; i < times; i++) {
		const struct order order = { .run = i + 1, .flags = ORDER_FULL, .attempt = 1, .due = clock_mono() };

		assert_true(prober_run(seen.prober, &order, on_done, NULL));
	}
	ev_run(seen.loop, 0);
	assert_int_equal(prober_active(seen.prober), 0);
	prober_destroy(&seen.prober);
	config_free(&config);
	close(runner);
}

static void
run(const char *script)
{
	run_times(script, "20s", 1, -1);
}

static void
assert_seen(enum pw_verdict verdict, const char *outcome, const char *text)
{
	if (seen.report.verdict != verdict || strcmp(seen.report.outcome, outcome) != 0 || strcmp(seen.text, text) != 0)
		fail_msg("%d %s %s\n%s", seen.report.verdict, seen.report.outcome, seen.text, seen.transcript);
}

static void
assert_holds(const char *whole, const char *part)
{
	if (strstr(whole, part) == NULL)
		fail_msg("no \"%s\" in:\n%s", part, whole);
}

static void
takes_the_status_for_the_verdict(void **state)
{
	(void)state;
	run("echo 'DISK OK | free=3'; exit 0");
	assert_seen(PW_OK, "ok", "DISK OK");
	/* What a program says is no word of the target: it shows no way to be good. */
	assert_int_equal(seen.report.flags & (REPORT_SPOKEN | REPORT_OWN_HOST), 0);
	assert_int_equal(seen.report.quiet, -1);
	run("echo 'DISK WARNING - 5 %'; exit 1");
	assert_seen(PW_DEGRADED, "program_warning", "DISK WARNING - 5 %");
	assert_int_equal(seen.report.warning_count, 1);
	assert_string_equal(seen.report.warnings[0].phase, "run");
	run("echo 'DISK CRITICAL'; exit 2");
	assert_seen(PW_FAILED, "program_critical", "DISK CRITICAL");
	assert_int_equal(seen.report.flags & REPORT_SPOKEN, 0);
	run("echo 'no such disk'; exit 3");
	assert_seen(PW_UNKNOWN, "program_unknown", "no such disk");
	run("echo hm; exit 4");
	assert_seen(PW_UNKNOWN, "program_status", "exit status 4, and a Nagios plugin has 0 to 3: hm");
	run("exit 127");
	assert_seen(PW_UNKNOWN, "program_status", "exit status 127, and a Nagios plugin has 0 to 3");
	run("kill -ABRT $$$$");
	assert_seen(PW_UNKNOWN, "program_signal", "killed by SIGABRT: /bin/sh");
	run("exit 0");
	assert_seen(PW_OK, "ok", "exit status 0, without a word");
	run("exit 2");
	assert_seen(PW_FAILED, "program_critical", "exit status 2, without a word");
}

static void
our_limit_is_ours(void **state)
{
	(void)state;
	run_times("echo begun; trap : TERM; while :; do sleep 1000; done", "300ms", 1, -1);
	assert_seen(PW_UNKNOWN, "program_overdue", "/bin/sh did not end within the limit, and was killed");
	assert_holds(seen.transcript, "* killed at the limit\n");
}

/* Those of programs that have told their end, and no other of the descriptors from `first` on. */
static void
await_hang_up(int first)
{
	enum { MANY = 64 };

	for (int turn = 0; turn < 20000; turn++)
		for (int fd = first; fd < first + MANY; fd++) {
			struct pollfd polled = { .fd = fd, .events = POLLRDHUP };

			if (poll(&polled, 1, fd == first ? 1 : 0) == 1 && (polled.revents & POLLRDHUP) != 0)
				return;
		}
	fail_msg("no program has ended");
}

/* We were stopped past the limit, and what the program has said in time lies there. */
static void
our_stop_is_ours(void **state)
{
	const struct config *config = configure("echo fine; exit 0", "200ms");
	const struct order order = { .run = 1, .flags = ORDER_FULL, .attempt = 1, .due = clock_mono() };
	struct reason why;
	int runner, first;

	(void)state;
	memset(&seen, 0, sizeof seen);
	seen.wanted = 1;
	seen.loop = ev_default_loop(EVFLAG_AUTO);
	assert_true(runner_begin(config, &runner, &why));
	seen.prober = prober_create(seen.loop, config, NULL, &why);
	prober_set_runner(seen.prober, runner);
	first = dup(STDIN_FILENO);
	close(first);
	assert_true(prober_run(seen.prober, &order, on_done, NULL));
	while (prober_active(seen.prober) > 0 && seen.done == 0 && fcntl(first, F_GETFD) < 0)
		ev_run(seen.loop, EVRUN_ONCE);
	await_hang_up(first);
	for (int64_t until = clock_mono() + 300 * (int64_t)MILLISECOND; clock_mono() < until;)
		(void)poll(NULL, 0, 10);
	ev_run(seen.loop, 0);
	assert_seen(PW_OK, "ok", "fine");
	prober_destroy(&seen.prober);
	config_free(&config);
	close(runner);
}

/* A runner that is gone, or was never there. */
static void
our_runner_is_ours(void **state)
{
	const struct config *config = configure("exit 0", "20s");
	struct reason why;
	int runner, none = dup(STDOUT_FILENO);

	(void)state;
	run_times("exit 2", "20s", 1, none);
	assert_int_equal(seen.report.verdict, PW_UNKNOWN);
	assert_string_equal(seen.report.outcome, "program_not_started");
	assert_true(runner_begin(config, &runner, &why));
	int other = runner_ask(runner, &(struct runner_order){ .index = 1, .limit = SECOND });
	char byte;
	/* A target that there is not: nothing is run, and the socket is closed. */
	assert_true(other >= 0 && read(other, &byte, 1) == 0);
	close(other);
	close(runner);
	config_free(&config);
	/* Nothing was begun: a notice cannot have arrived. */
	static struct program_end end;
	runner_run(-1, &(struct runner_order){ .limit = SECOND }, (struct pw_bytes){ "{}", 2 }, &end);
	assert_int_equal(end.exit.how, PW_NOT_STARTED);
	assert_int_equal(end.exit.status, EBADF);
	struct pw_exit exit;
	assert_false(runner_read((struct pw_bytes){ "", 0 }, &exit));
	assert_int_equal(exit.how, PW_LOST);
	assert_false(runner_read((struct pw_bytes){ "0123456789012345678901234567890123456789", 40 }, &exit));
}

/* Whoever has the prober's place starts no more than that. */
static void
our_runner_runs_so_many(void **state)
{
	enum { AT_ONCE = 64 };
	const struct config *config = configure("echo; exec sleep 1000", "20s");
	struct reason why;
	char bytes[256];
	int runner, sockets[AT_ONCE + 1];
	struct pw_exit exit;

	(void)state;
	assert_true(runner_begin(config, &runner, &why));
	for (int i = 0; i <= AT_ONCE; i++) {
		sockets[i] = runner_ask(runner, &(struct runner_order){ .limit = 1000 * (int64_t)SECOND });
		assert_true(sockets[i] >= 0);
	}
	ssize_t got = read(sockets[AT_ONCE], bytes, sizeof bytes);
	assert_true(got > 0 && runner_read((struct pw_bytes){ bytes, (size_t)got }, &exit));
	assert_int_equal(exit.how, PW_NOT_STARTED);
	assert_int_equal(exit.status, EAGAIN);
	for (int i = 0; i <= AT_ONCE; i++)
		close(sockets[i]);
	close(runner);
	config_free(&config);
}

/* The process above a program is killed, as where memory is short: nobody knows how the program ended, and nothing is left of it. */
static void
our_runner_ends_what_is_left(void **state)
{
	char mark[] = "/tmp/pw-left-XXXXXX", script[256], byte;
	int fd = mkstemp(mark), runner = -1, pids[2] = { 0, 0 };
	struct reason why;

	(void)state;
	snprintf(script, sizeof script, "setsid sleep 1000 & echo $$PPID $$! >>%s; exec sleep 1000", mark);
	const struct config *config = configure(script, "20s");
	assert_true(fd >= 0 && fchmod(fd, 0666) == 0 && runner_begin(config, &runner, &why));
	int socket = runner_ask(runner, &(struct runner_order){ .limit = 1000 * (int64_t)SECOND });
	FILE *file = fopen(mark, "r");
	for (int turn = 0; turn < 20000 && fscanf(file, "%d %d", &pids[0], &pids[1]) != 2; turn++) {
		(void)poll(NULL, 0, 1);
		rewind(file);
	}
	fclose(file);
	assert_true(pids[0] > 0 && pids[1] > 0 && kill(pids[0], SIGKILL) == 0);
	assert_int_equal(read(socket, &byte, 1), 0);
	for (int turn = 0; turn < 10000 && kill(pids[1], 0) == 0; turn++)
		(void)poll(NULL, 0, 1);
	int gone = kill(pids[1], 0);
	if (gone == 0)
		(void)kill(pids[1], SIGKILL);
	assert_int_equal(gone, -1);
	close(socket);
	close(runner);
	close(fd);
	unlink(mark);
	config_free(&config);
}

static void
gives_arguments_and_environment(void **state)
{
	(void)state;
	run("echo ok; printf '%s\\\\n' \\\"$$@\\\" $$NAGIOS_HOSTADDRESS $$POSTWATCH_PORT \\\"$$POSTWATCH_TARGET\\\"");
	assert_string_equal(seen.transcript, "* running /bin/sh\n< ok\n< mx1.example.org:2525\n< box -v; $(x)\n< $HOST\n"
	                                     "< mx1.example.org\n< 2525\n< box -v; $(x)\n* exit status 0\n");
}

static void
escapes_what_is_shown(void **state)
{
	(void)state;
	run("printf 'a\\\\000b\\\\033[2J\\\\377|x=1\\\\nrest\\\\033\\\\n'; printf '\\\\033bad\\\\n2' >&2; exit 2");
	assert_seen(PW_FAILED, "program_critical", "a?b\\x1b[2J\\xff");
	assert_string_equal(seen.transcript, "* running /bin/sh\n< a\\x00b\\x1b[2J\\xff|x=1\n< rest\\x1b\n"
	                                     "* on stderr: \\\\x1bbad\n* exit status 2\n* program_critical: a?b\\\\x1b[2J\\\\xff\n");
	run("head -c 10000000 /dev/zero | tr '\\\\000' x; exit 1");
	assert_int_equal(seen.report.verdict, PW_DEGRADED);
	assert_holds(seen.transcript, "* more than 65536 bytes: the rest was dropped\n");
	assert_true(strlen(seen.text) < 500);
}

static void
bounds_facts(void **state)
{
	(void)state;
	run("echo \\\"X OK | Time=0.5s;1;2;0;9 'free space'=20%;@10:20;~:5 bad c=U\\\"; echo more; echo 'long | d=1'; echo e=2B; echo f=x");
	assert_string_equal(seen.facts, "perf_time: Time=0.5s;1;2;0;9\nperf_free_space: free space=20%;@10:20;~:5\nperf_c: c=U\n"
	                                "perf_d: d=1\nperf_e: e=2B\n");
	assert_holds(seen.transcript, "* performance data: 2 left out, beyond 32, too long, of a name that is taken or not LABEL=VALUE\n");
	/* Two labels of one name: the first. */
	run("echo 'OK | /a=1 -a=2 b=3'");
	assert_string_equal(seen.facts, "perf__a: /a=1\nperf_b: b=3\n");
	assert_holds(seen.transcript, "* performance data: 1 left out");
	run("printf 'OK |'; i=0; while [ $$i -lt 10000 ]; do printf ' %d=1' $$i; i=$$((i+1)); done; exit 0");
	assert_seen(PW_OK, "ok", "OK");
	assert_int_equal(seen.facts_count, 32);
	assert_holds(seen.transcript, " left out, beyond 32");
}

/* What the daemon's user may change root would run otherwise. */
static void
becomes_the_user_of_the_daemon(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	user = "user = \"nobody\";";
	run("echo $$(id -u) $$(grep -c '^Groups:.*\\b0\\b' /proc/self/status); exit 1");
	user = "";
	assert_seen(PW_DEGRADED, "program_warning", "65534 0");
}

/* timeout(1) and a terminal signal all of the group, and who is to kill what a program leaves has to
 * live on: its end is told once that is done. */
static void
outlives_signals_to_the_group(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP };
	char mark[] = "/tmp/pw-group-XXXXXX", script[256];
	int fd = mkstemp(mark), status, pid = 0;

	(void)state;
	assert_true(fd >= 0 && fchmod(fd, 0666) == 0);
	snprintf(script, sizeof script, "sleep 1000 & echo $$! >>%s; wait", mark);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		pid_t group = fork();

		if (group == 0) {
			(void)setpgid(0, 0);
			(void)signal(signals[i], SIG_DFL); /* nohup(1) would have us ignore one of them */
			run(script);
			_exit(EXIT_FAILURE);
		}
		FILE *file = fopen(mark, "r");
		pid = 0;
		for (int turn = 0; turn < 20000 && fscanf(file, "%d", &pid) != 1; turn++) {
			(void)poll(NULL, 0, 1);
			rewind(file);
		}
		fclose(file);
		assert_true(pid > 0);
		assert_int_equal(kill(-group, signals[i]), 0);
		assert_true(waitpid(group, &status, 0) == group && WIFSIGNALED(status));
		for (int turn = 0; turn < 10000 && kill(pid, 0) == 0; turn++)
			(void)poll(NULL, 0, 1);
		int gone = kill(pid, 0);
		if (gone == 0)
			(void)kill(pid, SIGKILL);
		assert_int_equal(gone, -1);
		assert_int_equal(ftruncate(fd, 0), 0);
	}
	close(fd);
	unlink(mark);
}

static void
runs_many_at_once(void **state)
{
	(void)state;
	run_times("exit 0", "20s", 100, -1);
	assert_int_equal(seen.done, 100);
	assert_int_equal(seen.report.verdict, PW_OK);
}

static void
assert_datum(const char *text, enum perfdata kind, const char *name, const char *value)
{
	struct pw_bytes rest = { text, strlen(text) };
	struct perfdatum datum;

	if (perfdata_next(&rest, &datum) != kind)
		fail_msg("%s", text);
	if (kind == PERFDATA_GOOD && name != NULL)
		assert_string_equal(datum.name, name);
	if (datum.size != strlen(value) || memcmp(datum.value, value, datum.size) != 0)
		fail_msg("%s: %.*s, not %s", text, (int)datum.size, datum.value, value);
}

static void
reads_performance_data(void **state)
{
	(void)state;
	assert_datum("  time=0.004s;;;0.000;10.000 x=1", PERFDATA_GOOD, "perf_time", "time=0.004s;;;0.000;10.000");
	assert_datum("a=1;;;;", PERFDATA_GOOD, "perf_a", "a=1");
	assert_datum("'it''s = 5'=-1.5e-3KB;1:2;@~:3", PERFDATA_GOOD, "perf_it_s___5", "it's = 5=-1.5e-3KB;1:2;@~:3");
	assert_datum("/var/LOG=3%", PERFDATA_GOOD, "perf__var_log", "/var/LOG=3%");
	assert_datum("a=U;1", PERFDATA_GOOD, "perf_a", "a=U;1");
	assert_datum("a=,5", PERFDATA_GOOD, "perf_a", "a=,5");
	assert_datum("a= b=1", PERFDATA_BAD, NULL, "a=");
	assert_datum("a=1s2 b=1", PERFDATA_BAD, NULL, "a=1s2");
	assert_datum("a=1'", PERFDATA_BAD, NULL, "a=1'");
	assert_datum("a=.", PERFDATA_BAD, NULL, "a=.");
	assert_datum("a=1;x b=1", PERFDATA_BAD, NULL, "a=1;x");
	assert_datum("a=1;2;3;4;5;6", PERFDATA_BAD, NULL, "a=1;2;3;4;5;6");
	assert_datum("=1 b=1", PERFDATA_BAD, NULL, "=1");
	assert_datum("''=1", PERFDATA_BAD, NULL, "''=1");
	assert_datum("'open=1 b=2", PERFDATA_BAD, NULL, "'open=1");
	assert_datum("word b=2", PERFDATA_BAD, NULL, "word");
	assert_datum("\xff\x1b=1", PERFDATA_GOOD, "perf___", "\xff\x1b=1");
	assert_datum(" \n\t", PERFDATA_END, NULL, "");
	assert_datum("", PERFDATA_END, NULL, "");
}

/* Whether it is the label or the number: a part of it would be another one. */
static void
leaves_out_what_has_no_room(void **state)
{
	char text[2 * PERFDATA_VALUE_MAX];
	struct perfdatum datum;

	(void)state;
	for (int digits = 0; digits < 2; digits++) {
		memset(text, digits ? '0' : 'a', sizeof text);
		memcpy(text, "a=1", digits ? 3 : 1);
		memcpy(text + sizeof text - 6, digits ? "00 b=2" : "=1 b=2", 6);
		struct pw_bytes rest = { text, sizeof text };
		assert_int_equal(perfdata_next(&rest, &datum), PERFDATA_BAD);
		assert_int_equal(datum.size, PERFDATA_VALUE_MAX);
		assert_int_equal(perfdata_next(&rest, &datum), PERFDATA_GOOD);
		assert_string_equal(datum.name, "perf_b");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_status_for_the_verdict),
		cmocka_unit_test(our_limit_is_ours),
		cmocka_unit_test(our_stop_is_ours),
		cmocka_unit_test(our_runner_is_ours),
		cmocka_unit_test(our_runner_runs_so_many),
		cmocka_unit_test(our_runner_ends_what_is_left),
		cmocka_unit_test(gives_arguments_and_environment),
		cmocka_unit_test(escapes_what_is_shown),
		cmocka_unit_test(bounds_facts),
		cmocka_unit_test(becomes_the_user_of_the_daemon),
		cmocka_unit_test(outlives_signals_to_the_group),
		cmocka_unit_test(runs_many_at_once),
		cmocka_unit_test(reads_performance_data),
		cmocka_unit_test(leaves_out_what_has_no_room),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
