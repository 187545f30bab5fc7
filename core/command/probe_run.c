/*
 * For `postwatch probe`: runs the probes in a child process, and prints their results in the order
 * of the targets.
 *
 * The child has the prober's own engine: what is tried by hand is what the daemon does. Results
 * come back as frames; a plugin that crashes, or never returns, ends the child, and what was under
 * way is told as unknown.
 */
#include "command/probe_run.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/sandbox.h"
#include "command/command.h"
#include "command/layout.h"
#include "command/nagios.h"
#include "config/programs.h"
#include "runner/runner.h"

enum {
	STUCK_AFTER = 10,          /* seconds in which a plugin has to return */
	END_WITHIN = 2,            /* seconds to end in, once all is told or it was told to end */
	READ_MAX = 64 * 1024,
	FRAME_MAX = 16 * 1024 * 1024,
	HELD_MAX = FRAME_MAX + 2 * READ_MAX /* a larger frame has ended the child */
};
static const double told_every = 0.5;

enum probe_frame_kind {
	PROBE_RESULT, /* a finished run, as it is to be printed */
	PROBE_WAITS,  /* what is waited for, every half second: while they come, nothing is stuck */
	PROBE_FAILED  /* it cannot begin, and why; nothing follows */
};

/* Goes before `size` bytes, on a pipe from the child to who began it. */
struct probe_frame {
	uint32_t kind, target, status, size; /* status: as show_run() has it */
};

struct child {
	const struct probe_orders *orders;
	struct ev_loop *loop;
	struct prober *prober;
	struct show_style style;
	uint32_t finished;
	int out;
};

static void
put_frame(const struct child *child, enum probe_frame_kind kind, uint32_t target, uint32_t status,
    const char *bytes, size_t size)
{
	const struct probe_frame frame = { kind, target, status, (uint32_t)size };

	if (!write_all(child->out, &frame, sizeof frame) || !write_all(child->out, bytes, size))
		_exit(EXIT_INTERNAL);
}

static _Noreturn void
fail_in_child(const struct child *child, const char *why)
{
	put_frame(child, PROBE_FAILED, 0, 0, why, strlen(why));
	_exit(EXIT_INTERNAL);
}

/* Printed into memory first: only whole frames go to the parent, so what a plugin does to this
 * process spoils no line there. */
static void
on_done(void *arg, const struct run_result *result)
{
	struct child *child = arg;
	char *bytes = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&bytes, &size);
	int status;

	status = file == NULL ? 0 : show_run(file, child->orders->config, result, &child->style);
	if (file == NULL || fclose(file) != 0)
		fail_in_child(child, "out of memory");
	put_frame(child, PROBE_RESULT, result->report->target, (uint32_t)status, bytes, size);
	free(bytes);
	if (++child->finished == child->orders->config->target_count)
		ev_break(child->loop, EVBREAK_ALL);
}

static void
on_tick(EV_P_ ev_timer *timer, int revents)
{
	const struct child *child = timer->data;
	struct text words = TEXT_ROOM(256);

	(void)loop, (void)revents;
	prober_describe(child->prober, &words);
	put_frame(child, PROBE_WAITS, 0, 0, words.bytes, words.size);
}

static void
on_term(EV_P_ ev_signal *watcher, int revents)
{
	const struct child *child = watcher->data;

	(void)loop, (void)revents;
	prober_interrupt(child->prober, true);
}

static bool
start_all(struct child *child)
{
	const struct probe_orders *orders = child->orders;
	int flags = ORDER_FULL | ORDER_FRESH | ORDER_OFFER_TLS
	    | (orders->patient ? ORDER_PATIENT : 0);

	for (uint32_t i = 0; i < orders->config->target_count; i++) {
		struct order order = {
			.run = (uint64_t)i + 1,
			.target = i,
			.flags = (uint8_t)flags,
			.attempt = 1,
			.due = clock_mono(),
		};

		if (!prober_run(child->prober, &order, on_done, child))
			return false;
	}
	return true;
}

/* What a child does; ends by itself when all is told. SIGTERM interrupts the runs, which are
 * told as unknown with what was seen until then; a terminal's SIGINT is left to who began it. */
static _Noreturn void
probe_child(const struct probe_orders *orders, pid_t parent, int out)
{
	struct child child = { .orders = orders, .style = orders->style, .out = out };
	ev_timer tick;
	ev_signal term;
	struct reason why;

	signal(SIGINT, SIG_IGN);
	/* As in the daemon: a peer that closes is an error of the write, and no end of all
	 * targets. */
	signal(SIGPIPE, SIG_IGN);
	if (!sandbox_die_with(parent, &why))
		fail_in_child(&child, why.text);
	int runner = -1;
	if (programs_are_run_for(orders->config, DUTY_PROBER, 0)
	    && !runner_begin(orders->config, &runner, &why))
		fail_in_child(&child, why.text);
	child.loop = ev_loop_new(EVBACKEND_EPOLL);
	child.style.zone = zone_open_own();
	if (child.loop == NULL)
		fail_in_child(&child, "out of memory");
	child.prober = prober_create(child.loop, orders->config, NULL, &why);
	if (child.prober == NULL)
		fail_in_child(&child, why.text);
	prober_set_runner(child.prober, runner);
	ev_timer_init(&tick, on_tick, told_every, told_every);
	tick.data = &child;
	ev_timer_start(child.loop, &tick);
	ev_signal_init(&term, on_term, SIGTERM);
	term.data = &child;
	ev_signal_start(child.loop, &term);
	if (!start_all(&child))
		fail_in_child(&child, "out of memory");
	ev_run(child.loop, 0);
	/* What the peers say last belongs to their connections, not to a reset. */
	while (prober_lingers(child.prober))
		ev_run(child.loop, EVRUN_ONCE);
	_exit(0);
}

/* A finished run, rendered, until all before it have been printed. */
struct rendered {
	char *bytes;
	size_t size;
	bool done;
};

struct probing {
	struct probe_orders orders;
	struct rendered *results; /* by target */
	uint32_t printed, finished;
	uint32_t of_status[4]; /* how many ended with each status */
	pid_t child;
	int in, signals;
	bool progress;         /* to a terminal */
	int64_t begun, interrupt_at, kill_at; /* INT64_MAX: not */
	unsigned silent;       /* seconds without a word from the child, as we counted them */
	bool stuck;
	struct buffer held;    /* what came of the frame at hand */
	char why[256];         /* the child could not begin */
};

static void
show_progress(const struct probing *probing, const char *waits)
{
	uint32_t count = probing->orders.config->target_count;
	struct text line = TEXT_ROOM(512);

	if (!probing->progress)
		return;
	fputs("\r\033[K", stderr);
	if (probing->finished < count && count > 1)
		text_format(&line, "%u of %u done  ", probing->finished, count);
	text_add(&line, probing->finished < count ? waits : "");
	fwrite(line.bytes, 1,
	    layout_fit(line.bytes, layout_terminal_width(STDERR_FILENO) - 1, false), stderr);
}

/* Takes the bytes over. */
static void
finish(struct probing *probing, uint32_t target, uint32_t status, char *bytes, size_t size)
{
	assert(target < probing->orders.config->target_count && !probing->results[target].done);
	probing->results[target] = (struct rendered){ bytes, size, true };
	probing->of_status[status]++;
	probing->finished++;
	/* In the order in which the targets were named, whichever ended first. */
	if (probing->progress)
		fputs("\r\033[K", stderr);
	while (probing->printed < probing->orders.config->target_count
	    && probing->results[probing->printed].done) {
		struct rendered *next = &probing->results[probing->printed++];

		fwrite(next->bytes, 1, next->size, stdout);
		free(next->bytes);
		next->bytes = NULL;
	}
	assert(probing->printed <= probing->finished);
	fflush(stdout);
}

/* Takes all frames that are whole; the child, which a plugin may have spoilt, is not believed in
 * what it says of their size. */
static void
take_frames(struct probing *probing)
{
	struct probe_frame frame;
	size_t at = 0;

	for (; probing->held.size - at >= sizeof frame; at += sizeof frame + frame.size) {
		const char *bytes = probing->held.data + at + sizeof frame;
		char *copy;

		memcpy(&frame, probing->held.data + at, sizeof frame);
		if (frame.size > FRAME_MAX)
			kill(probing->child, SIGKILL);
		if (frame.size > FRAME_MAX || probing->held.size - at - sizeof frame < frame.size)
			break;
		copy = must(malloc(frame.size + 1));
		memcpy(copy, bytes, frame.size);
		copy[frame.size] = '\0';
		if (frame.kind == PROBE_RESULT && frame.status < 4
		    && frame.target < probing->orders.config->target_count
		    && !probing->results[frame.target].done) {
			finish(probing, frame.target, frame.status, copy, frame.size);
			continue;
		}
		if (frame.kind == PROBE_WAITS)
			show_progress(probing, copy);
		else if (frame.kind == PROBE_FAILED)
			snprintf(probing->why, sizeof probing->why, "%s", copy);
		free(copy);
	}
	assert(at <= probing->held.size);
	buffer_remove(&probing->held, 0, at);
}

/* False: the child has nothing more to tell. */
static bool
hear(struct probing *probing)
{
	char *room = must(buffer_reserve(&probing->held, READ_MAX, HELD_MAX));
	ssize_t size = read(probing->in, room, READ_MAX);

	if (size <= 0)
		return size < 0 && errno == EINTR;
	probing->held.size += (uint32_t)size;
	probing->silent = 0;
	take_frames(probing);
	return true;
}

static void
interrupt(struct probing *probing, int64_t now)
{
	kill(probing->child, probing->kill_at == INT64_MAX ? SIGTERM : SIGKILL);
	probing->interrupt_at = INT64_MAX;
	if (probing->kill_at == INT64_MAX)
		probing->kill_at = now + END_WITHIN * SECOND;
}

/* At most a second at a time: of the seconds in which nothing is heard only those count in which
 * we were not stopped ourselves. */
static bool
turn(struct probing *probing)
{
	struct pollfd fds[] = { { probing->in, POLLIN, 0 }, { probing->signals, POLLIN, 0 } };
	bool is_told = probing->interrupt_at >= probing->kill_at;
	int64_t now, left = (is_told ? probing->kill_at : probing->interrupt_at) - clock_mono();
	int wait = left > SECOND ? 1000 : left < 0 ? 0 : (int)(left / MILLISECOND) + 1;
	int ready = poll(fds, 2, wait);
	struct signalfd_siginfo signal;

	now = clock_mono();
	if (ready > 0 && fds[1].revents != 0 && read(probing->signals, &signal, sizeof signal) > 0)
		interrupt(probing, now);
	if (now >= probing->kill_at)
		kill(probing->child, SIGKILL);
	else if (now >= probing->interrupt_at)
		interrupt(probing, now);
	if (ready > 0 && fds[0].revents != 0)
		return hear(probing);
	if (ready == 0 && left > SECOND && ++probing->silent == STUCK_AFTER) {
		probing->stuck = true;
		kill(probing->child, SIGKILL);
	}
	return true;
}

/* What the child did not come to tell. */
static void
tell_lost(struct probing *probing, uint32_t index, int status)
{
	const struct probe_orders *orders = &probing->orders;
	const struct target *target = &orders->config->targets[index];
	struct text text = TEXT_ROOM(256);
	int64_t micros = clock_mono() - probing->begun;
	struct show_lost lost = { target, { NULL, 0 }, clock_wall() - micros, micros };
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	const char *name = sigabbrev_np(signal);
	char *bytes = NULL;
	size_t size = 0;
	FILE *file = must(open_memstream(&bytes, &size));

	text_format(&text, "the probe %s ", target->policy->probe->descriptor->name);
	if (probing->stuck)
		text_format(&text, "did not return for %d s, and was killed", STUCK_AFTER);
	else if (probing->kill_at != INT64_MAX && signal == SIGKILL)
		text_add(&text, "did not end when it was interrupted, and was killed");
	else if (signal != 0)
		text_format(&text, "died of signal SIG%s (%s)", name == NULL ? "?" : name,
		    strsignal(signal));
	else
		text_format(&text, "ended the process, with status %d", WEXITSTATUS(status));
	text_add(&text, orders->config->target_count > 1 ? ", or another that ran beside it" : "");
	lost.text = (struct pw_bytes){ text.bytes, text.size };
	show_lost(file, &lost, &orders->style);
	fclose(file);
	finish(probing, index, 3, bytes, size);
}

static int
fail(const struct probing *probing, const char *why)
{
	if (probing->orders.style.form == SHOW_NAGIOS)
		return nagios_put_trouble(why);
	return command_fail(EXIT_INTERNAL, "%s", why);
}

/* Signals are blocked before the fork, so that none is lost between it and the first turn; the
 * child has back what we had. */
static bool
begin(struct probing *probing)
{
	pid_t parent = getpid();
	sigset_t caught, before;
	int ends[2];

	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	sigprocmask(SIG_BLOCK, &caught, &before);
	probing->signals = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
	if (probing->signals < 0 || pipe(ends) != 0)
		return false;
	fflush(NULL);
	probing->child = fork();
	if (probing->child == 0) {
		close(ends[0]);
		close(probing->signals);
		sigprocmask(SIG_SETMASK, &before, NULL);
		probe_child(&probing->orders, parent, ends[1]);
	}
	close(ends[1]);
	probing->in = ends[0];
	return probing->child > 0;
}

/* Of several targets failed counts before unknown before degraded. */
static int
probe_all(struct probing *probing, int64_t limit)
{
	const uint32_t count = probing->orders.config->target_count;
	const uint32_t *of_status = probing->of_status;
	int status = 0;

	probing->results = must(calloc(count, sizeof *probing->results));
	probing->begun = clock_mono();
	probing->kill_at = INT64_MAX;
	/* So that there is time to tell what was seen until then. */
	probing->interrupt_at = limit == 0 ? INT64_MAX : probing->begun + limit - limit / 20;
	if (!begin(probing))
		return fail(probing, strerror(errno));
	while (turn(probing))
		if (probing->finished == count && probing->kill_at == INT64_MAX)
			probing->kill_at = clock_mono() + END_WITHIN * SECOND;
	while (waitpid(probing->child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (probing->why[0] != '\0')
		return fail(probing, probing->why);
	for (uint32_t i = 0; i < count; i++)
		if (!probing->results[i].done)
			tell_lost(probing, i, status);
	assert(probing->finished == count && probing->printed == count);
	return of_status[2] > 0 ? 2 : of_status[3] > 0 ? 3 : of_status[1] > 0 ? 1 : 0;
}

int
probe_run(const struct probe_orders *orders, int64_t limit)
{
	struct probing *probing = must(calloc(1, sizeof *probing));
	int status;

	probing->orders = *orders;
	probing->progress = isatty(STDERR_FILENO);
	status = probe_all(probing, limit);
	free(probing->results);
	buffer_fini(&probing->held);
	free(probing);
	return status;
}
