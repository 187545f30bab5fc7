/*
 * For the parent: `postwatch reload`: checks the new configuration in a child, then replaces the
 * process tree. A reload that is asked for while one is checked is checked behind it: the last
 * state of the files wins.
 */
#include "parent/reload.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/messages_ask.h"
#include "base/sandbox.h"
#include "parent/link.h"

enum { CANNOT_EXECUTE = 127, CALLER_REFUSED = 1, CALLER_BUSY = 75, CALLER_WAITS = 100 };
static const int64_t check_max = 60 * (int64_t)SECOND;

void
reload_origin_find(struct reload_origin *origin, char **words)
{
	ssize_t size = readlink("/proc/self/exe", origin->program, sizeof origin->program - 1);

	origin->program[size < 0 ? 0 : size] = '\0';
	if (getcwd(origin->folder, sizeof origin->folder) == NULL)
		origin->folder[0] = '\0';
	origin->words = words;
}

void
reload_init(struct reload *reload, const struct reload_origin *origin, const char *state,
    int64_t apart, struct log *log, struct tree *tree)
{
	*reload = (struct reload){ .not_before = clock_mono() + apart,
		.apart = apart,
		.origin = origin,
		.state = state,
		.log = log,
		.tree = tree,
		.out = -1 };
}

void
reload_fini(struct reload *reload)
{
	if (reload->checker > 0)
		kill(reload->checker, SIGKILL);
	if (reload->out >= 0)
		close(reload->out);
	reload->out = -1;
}

/*
 * What was asked for while a check is under way is checked again behind it, so the last state of
 * the files wins.
 */
void
reload_want(struct reload *reload, uint64_t ask)
{
	reload->wanted = true;
	if (ask != 0 && reload->ask_count < RELOAD_ASKS_MAX)
		reload->asks[reload->ask_count++] = ask;
	else if (ask != 0)
		link_answer(reload->tree, ask, 'x', CALLER_BUSY, "");
}

static void
report(struct reload *reload, int level, char kind, const char *line)
{
	log_say(reload->log, level, "reload: %s", line);
	for (uint32_t i = 0; i < reload->ask_count; i++)
		link_answer(reload->tree, reload->asks[i], kind, 0, line);
}

static void
end_asks(struct reload *reload, uint8_t status)
{
	for (uint32_t i = 0; i < reload->ask_count; i++)
		link_answer(reload->tree, reload->asks[i], 'x', status, "");
	reload->ask_count = 0;
}

/* A process that never left the folder need not enter it, which its user may not be able to. */
static bool
enter(const char *folder)
{
	char now[PATH_MAX];

	return (getcwd(now, sizeof now) != NULL && strcmp(now, folder) == 0) || chdir(folder) == 0;
}

/*
 * The program is executed by the path it had at its start and not by /proc/self/exe: a reload after
 * an upgrade is to run the new one. Returns only if that fails, with the reason.
 */
static void
execute(const struct reload_origin *origin, const char *order, struct reason *why)
{
	char *words[256] = { (char *)(uintptr_t)origin->program };
	size_t count = 1;

	for (char **word = origin->words; *word != NULL && count < 255; word++)
		words[count++] = *word;
	if (!enter(origin->folder)) {
		reason_set(why, "%s, where it was started, cannot be entered: %s", origin->folder,
		    strerror(errno));
		return;
	}
	if (setenv(RELOAD_VARIABLE, order, 1) == 0)
		execv(origin->program, words);
	reason_set(why, "%s cannot be executed: %s", origin->program, strerror(errno));
}

/* In the child: a small process of its own, that ends with us. */
static _Noreturn void
run_check(const struct reload *reload, pid_t parent, int out)
{
	char order[PATH_MAX + 16];
	sigset_t none;
	struct reason why;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (sandbox_die_with(parent, &why) && dup2(out, STDOUT_FILENO) >= 0
	    && dup2(out, STDERR_FILENO) >= 0 && sandbox_close_others(NULL, 0, NULL)) {
		snprintf(order, sizeof order, "check %s", reload->state);
		execute(reload->origin, order, &why);
		dprintf(STDOUT_FILENO, "%s\n", why.text);
	}
	_exit(CANNOT_EXECUTE);
}

static void
begin_check(struct reload *reload, int64_t now)
{
	pid_t parent = getpid();
	int ends[2];
	bool piped = pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0;

	reload->wanted = false;
	reload->said = 0;
	reload->not_before = now + reload->apart;
	if (!piped || (reload->checker = fork()) < 0) {
		for (int i = 0; piped && i < 2; i++)
			close(ends[i]);
		reload->checker = 0;
		report(reload, LOG_ERR, 'e',
		    "the configuration cannot be checked: no process, no descriptors");
		end_asks(reload, CALLER_BUSY);
		return;
	}
	if (reload->checker == 0)
		run_check(reload, parent, ends[1]);
	close(ends[1]);
	reload->out = ends[0];
	reload->kill_at = now + check_max;
}

/* What is beyond the buffer is not read: a check with so many faults has told enough. */
static void
read_words(struct reload *reload)
{
	ssize_t size = 1;

	while (reload->out >= 0 && size > 0 && reload->said < sizeof reload->words - 1) {
		size = read(reload->out, reload->words + reload->said,
		    sizeof reload->words - 1 - reload->said);
		if (size > 0)
			reload->said += (size_t)size;
	}
	assert(reload->said < sizeof reload->words);
	reload->words[reload->said] = '\0';
}

bool
reload_reaped(struct reload *reload, pid_t pid, int status)
{
	static const struct {
		const char *text;
		uint8_t answer; /* exit status of whoever asked */
		bool is_fault;
	} ends[] = {
		{ "what was checked is good: it is put in force", CALLER_WAITS, false },
		{ "nothing is new: nothing was done", 0, false },
		{ "the configuration is faulty: nothing was changed", RELOAD_FAULTY, true },
		{ "the check itself failed: nothing was changed", CALLER_REFUSED, true },
	};
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	size_t i = code == RELOAD_GOOD ? 0
	    : code == RELOAD_SAME      ? 1
	    : code == RELOAD_FAULTY    ? 2
	                               : 3;
	char kind = ends[i].is_fault ? 'e' : 'o';

	if (reload->checker == 0 || pid != reload->checker)
		return false;
	read_words(reload);
	close(reload->out);
	reload->out = -1;
	reload->checker = 0;
	for (char *line = reload->words, *stop; *line != '\0'; line = stop) {
		struct text shown = TEXT_ROOM(1024);

		stop = line + strcspn(line, "\n");
		text_add_shown(&shown, (struct pw_bytes){ line, (size_t)(stop - line) });
		stop += *stop == '\n';
		if (shown.size > 0)
			report(reload, ends[i].is_fault ? LOG_ERR : LOG_WARNING, kind, shown.bytes);
	}
	if (!ends[i].is_fault)
		reload->failing_since = 0;
	else if (reload->failing_since == 0)
		reload->failing_since = clock_wall();
	report(reload, ends[i].is_fault ? LOG_ERR : LOG_NOTICE, kind, ends[i].text);
	link_send_failing(reload->tree, reload->failing_since);
	end_asks(reload, ends[i].answer);
	reload->good = code == RELOAD_GOOD;
	return true;
}

/*
 * Put in force only when nothing newer is wanted, and while all serve: a start or an end is not
 * interrupted.
 */
bool
reload_turn(struct reload *reload, bool may, int64_t now)
{
	bool good = reload->good && may && !reload->wanted;

	assert((reload->checker == 0) == (reload->out < 0));
	if (reload->checker != 0) {
		read_words(reload);
		if (now >= reload->kill_at)
			kill(reload->checker, SIGKILL);
		return false;
	}
	if (good) {
		reload->good = false;
		return true;
	}
	if (!reload->wanted || !may || now < reload->not_before)
		return false;
	if (reload->origin->program[0] == '\0' || reload->origin->folder[0] == '\0') {
		reload->wanted = false;
		report(reload, LOG_ERR, 'e',
		    "how the program was started cannot be told: it has to be restarted");
		end_asks(reload, CALLER_REFUSED);
		return false;
	}
	begin_check(reload, now);
	return false;
}

/* A check is looked at ten times a second: its words come through a pipe that is not polled. */
int64_t
reload_next(const struct reload *reload, int64_t now)
{
	if (reload->checker != 0)
		return now + SECOND / 10;
	if (reload->good)
		return now;
	return reload->wanted ? (reload->not_before > now ? reload->not_before : now + SECOND / 10)
	                      : INT64_MAX;
}

/* Descriptors that go along are those that hold what is ours on this host. */
static void
pass_over_exec(int fd)
{
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, 0);
}

void
reload_execute(const struct reload *reload, int lock, int pid_file, struct reason *why)
{
	char order[PATH_MAX + 64];

	snprintf(order, sizeof order, "resume %d %d %s", lock, pid_file, reload->state);
	pass_over_exec(lock);
	pass_over_exec(pid_file);
	execute(reload->origin, order, why);
	unsetenv(RELOAD_VARIABLE);
}

/* Taken out of the environment, so that no process which we start finds it. */
bool
reload_order(struct reload_order *order)
{
	const char *words = getenv(RELOAD_VARIABLE);
	int at = 0;

	*order = (struct reload_order){ .lock = -1, .pid_file = -1 };
	if (words == NULL)
		return false;
	if (strncmp(words, "check ", 6) == 0) {
		order->check = true;
		at = 6;
	} else if (sscanf(words, "resume %d %d %n", &order->lock, &order->pid_file, &at) != 2) {
		unsetenv(RELOAD_VARIABLE);
		return false;
	}
	snprintf(order->state, sizeof order->state, "%s", words + at);
	unsetenv(RELOAD_VARIABLE);
	return true;
}
