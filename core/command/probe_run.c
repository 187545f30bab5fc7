/* Words go to the child's engine, frames come back; a plugin that crashes, or never returns, ends the child, and what was
 * under way is told as unknown. */
#include "command/probe_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/command.h"
#include "command/layout.h"
#include "command/memory.h"

enum {
	STUCK_AFTER = 10,          /* seconds in which a plugin has to return */
	END_WITHIN = 2,            /* seconds to end in, once all is told or it was told to end */
	FRAME_MAX = 16 * 1024 * 1024
};

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
	char buffer[64 * 1024];
	char *held;            /* what came of the frame at hand */
	size_t held_size, held_room;
	char why[256];         /* the child could not begin */
};

static const struct config *
config_of(const struct probing *probing)
{
	return probing->orders.config;
}

static void
show_progress(const struct probing *probing, const char *waits)
{
	uint32_t count = config_of(probing)->target_count;
	char line[512];
	struct text text = TEXT_OVER(line);

	if (!probing->progress)
		return;
	fputs("\r\033[K", stderr);
	if (probing->finished < count && count > 1)
		text_format(&text, "%u of %u done  ", probing->finished, count);
	text_add(&text, probing->finished < count ? waits : "");
	fprintf(stderr, "%.*s", (int)layout_fit(line, layout_terminal_width(STDERR_FILENO) - 1, false), line);
}

static void
print_ready(struct probing *probing)
{
	if (probing->progress)
		fputs("\r\033[K", stderr);
	while (probing->printed < config_of(probing)->target_count && probing->results[probing->printed].done) {
		struct rendered *next = &probing->results[probing->printed++];

		fwrite(next->bytes, 1, next->size, stdout);
		free(next->bytes);
		next->bytes = NULL;
	}
	fflush(stdout);
}

/* Takes the bytes over. */
static void
finish(struct probing *probing, uint32_t target, uint32_t status, char *bytes, size_t size)
{
	probing->results[target] = (struct rendered){ bytes, size, true };
	probing->of_status[status]++;
	probing->finished++;
	print_ready(probing);
}

static void
take_frame(struct probing *probing, const struct probe_frame *frame, const char *bytes)
{
	bool is_target = frame->target < config_of(probing)->target_count && !probing->results[frame->target].done;
	char *copy = must(malloc(frame->size + 1));

	memcpy(copy, bytes, frame->size);
	copy[frame->size] = '\0';
	if (frame->kind == PROBE_RESULT && is_target && frame->status < 4) {
		finish(probing, frame->target, frame->status, copy, frame->size);
		return;
	}
	if (frame->kind == PROBE_WAITS)
		show_progress(probing, copy);
	else if (frame->kind == PROBE_FAILED)
		snprintf(probing->why, sizeof probing->why, "%s", copy);
	free(copy);
}

/* All frames that are whole; the child, which a plugin may have spoilt, is not believed in what it says of their size. */
static void
take_frames(struct probing *probing)
{
	struct probe_frame frame;
	size_t at = 0;

	while (probing->held_size - at >= sizeof frame) {
		memcpy(&frame, probing->held + at, sizeof frame);
		if (frame.size > FRAME_MAX)
			kill(probing->child, SIGKILL);
		if (frame.size > FRAME_MAX || probing->held_size - at - sizeof frame < frame.size)
			break;
		take_frame(probing, &frame, probing->held + at + sizeof frame);
		at += sizeof frame + frame.size;
	}
	probing->held_size -= at;
	memmove(probing->held, probing->held + at, probing->held_size);
}

/* False: the child has nothing more to tell. */
static bool
hear(struct probing *probing)
{
	ssize_t size = read(probing->in, probing->buffer, sizeof probing->buffer);

	if (size <= 0)
		return size < 0 && errno == EINTR;
	if (probing->held_room - probing->held_size < (size_t)size) {
		probing->held_room = probing->held_room * 2 + (size_t)size;
		probing->held = must(realloc(probing->held, probing->held_room));
	}
	memcpy(probing->held + probing->held_size, probing->buffer, (size_t)size);
	probing->held_size += (size_t)size;
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

/* At most a second at a time: of the seconds in which nothing is heard only those count in which we were not stopped
 * ourselves. */
static bool
turn(struct probing *probing)
{
	struct pollfd fds[] = { { .fd = probing->in, .events = POLLIN }, { .fd = probing->signals, .events = POLLIN } };
	struct signalfd_siginfo signal;
	int64_t now, next = probing->interrupt_at < probing->kill_at ? probing->interrupt_at : probing->kill_at;
	int64_t left = next - clock_mono();
	int ready = poll(fds, 2, left > SECOND ? 1000 : left < 0 ? 0 : (int)(left / MILLISECOND) + 1);

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

static void
say_death(const struct probing *probing, int status, const struct target *target, struct text *text)
{
	text_format(text, "the probe %s ", target->policy->probe->descriptor->name);
	if (probing->stuck)
		text_format(text, "did not return for %d s, and was killed", STUCK_AFTER);
	else if (probing->kill_at != INT64_MAX && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		text_add(text, "did not end when it was interrupted, and was killed");
	else if (WIFSIGNALED(status))
		text_format(text, "died of signal SIG%s (%s)", sigabbrev_np(WTERMSIG(status)) == NULL ? "?" : sigabbrev_np(WTERMSIG(status)),
		    strsignal(WTERMSIG(status)));
	else
		text_format(text, "ended the process, with status %d", WEXITSTATUS(status));
	text_add(text, probing->orders.config->target_count > 1 ? ", or another that ran beside it" : "");
}

/* What the child did not come to tell. */
static void
tell_lost(struct probing *probing, uint32_t index, int status)
{
	const struct probe_orders *orders = &probing->orders;
	char words[256], *bytes = NULL;
	struct text text = TEXT_OVER(words);
	struct show_lost lost = { &orders->config->targets[index], words, clock_wall() - (clock_mono() - probing->begun),
		clock_mono() - probing->begun };
	size_t size = 0;
	FILE *file = must(open_memstream(&bytes, &size));

	say_death(probing, status, lost.target, &text);
	if (orders->form == PROBE_JSON)
		show_json_lost(file, &lost);
	else if (orders->form == PROBE_NAGIOS)
		show_nagios_lost(file, &lost);
	else
		show_text_lost(file, &lost, &orders->style);
	fclose(file);
	finish(probing, index, 3, bytes, size);
}

/* Of several targets: failed before unknown before degraded. */
static int
status_of_all(const struct probing *probing)
{
	static const int order[] = { 2, 3, 1 };

	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (probing->of_status[order[i]] > 0)
			return order[i];
	return 0;
}

static int
fail(const struct probing *probing, const char *why)
{
	if (probing->orders.form == PROBE_NAGIOS)
		return show_nagios_trouble(why);
	fprintf(stderr, "postwatch: %s\n", why);
	return EXIT_INTERNAL;
}

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

static int
probe_all(struct probing *probing, int64_t limit)
{
	int status = 0;

	probing->results = must(calloc(config_of(probing)->target_count, sizeof *probing->results));
	probing->begun = clock_mono();
	probing->kill_at = INT64_MAX;
	/* So that there is time to tell what was seen until then. */
	probing->interrupt_at = limit == 0 ? INT64_MAX : probing->begun + limit - limit / 20;
	if (!begin(probing))
		return fail(probing, strerror(errno));
	while (turn(probing)) {
		if (probing->finished == config_of(probing)->target_count && probing->kill_at == INT64_MAX)
			probing->kill_at = clock_mono() + END_WITHIN * SECOND;
	}
	while (waitpid(probing->child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (probing->why[0] != '\0')
		return fail(probing, probing->why);
	for (uint32_t i = 0; i < config_of(probing)->target_count; i++)
		if (!probing->results[i].done)
			tell_lost(probing, i, status);
	return status_of_all(probing);
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
	free(probing->held);
	free(probing);
	return status;
}
