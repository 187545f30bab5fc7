/* The prober's own engine: what is tried by hand is what the daemon does. */
#include "command/probe_child.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "command/command.h"

static const double told_every = 0.5;

struct child {
	const struct probe_orders *orders;
	struct ev_loop *loop;
	struct prober *prober;
	struct show_style style;
	uint32_t finished;
	int out;
};

static void
write_all(int out, const void *bytes, size_t size)
{
	for (const char *at = bytes; size > 0;) {
		ssize_t written = write(out, at, size);

		if (written < 0 && errno != EINTR)
			_exit(EXIT_INTERNAL);
		if (written > 0) {
			at += written;
			size -= (size_t)written;
		}
	}
}

static void
put_frame(const struct child *child, enum probe_frame_kind kind, uint32_t target, uint32_t status, const char *bytes, size_t size)
{
	const struct probe_frame frame = { kind, target, status, (uint32_t)size };

	write_all(child->out, &frame, sizeof frame);
	write_all(child->out, bytes, size);
}

static _Noreturn void
fail(const struct child *child, const char *why)
{
	put_frame(child, PROBE_FAILED, 0, 0, why, strlen(why));
	_exit(EXIT_INTERNAL);
}

static int
render(const struct child *child, const struct run_result *result, FILE *file)
{
	const struct config *config = child->orders->config;

	switch (child->orders->form) {
	case PROBE_TEXT:
		show_text(file, config, result, &child->style);
		break;
	case PROBE_JSON:
		show_json(file, config, result);
		break;
	case PROBE_NAGIOS:
		return show_nagios(file, config, result);
	}
	return show_status((enum pw_verdict)result->report->verdict);
}

static void
on_done(void *arg, const struct run_result *result)
{
	struct child *child = arg;
	char *bytes = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&bytes, &size);
	int status;

	status = file == NULL ? 0 : render(child, result, file);
	if (file == NULL || fclose(file) != 0)
		fail(child, "out of memory");
	put_frame(child, PROBE_RESULT, result->report->target, (uint32_t)status, bytes, size);
	free(bytes);
	if (++child->finished == child->orders->config->target_count)
		ev_break(child->loop, EVBREAK_ALL);
}

static void
on_tick(EV_P_ ev_timer *timer, int revents)
{
	const struct child *child = timer->data;
	char words[256];
	struct text text = TEXT_OVER(words);

	(void)loop, (void)revents;
	prober_describe(child->prober, &text);
	put_frame(child, PROBE_WAITS, 0, 0, words, text.size);
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

	for (uint32_t i = 0; i < orders->config->target_count; i++) {
		struct order order = {
			.run = (uint64_t)i + 1,
			.target = i,
			.flags = (uint8_t)(ORDER_FULL | ORDER_FRESH | ORDER_OFFER_TLS | (orders->patient ? ORDER_PATIENT : 0)),
			.attempt = 1,
			.due = clock_mono(),
		};

		if (!prober_run(child->prober, &order, on_done, child))
			return false;
	}
	return true;
}

void
probe_child(const struct probe_orders *orders, pid_t parent, int out)
{
	struct child child = { .orders = orders, .style = orders->style, .out = out };
	ev_timer tick;
	ev_signal term;
	struct reason why;

	signal(SIGINT, SIG_IGN);
	/* As in the daemon: a peer that closes is an error of the write, and no end of all targets. */
	signal(SIGPIPE, SIG_IGN);
	if (!sandbox_die_with(parent, &why))
		fail(&child, why.text);
	child.loop = ev_loop_new(EVBACKEND_EPOLL);
	child.style.zone = zone_open_own();
	child.prober = child.loop == NULL ? NULL : prober_create(child.loop, orders->config, &why);
	if (child.prober == NULL)
		fail(&child, child.loop == NULL ? "out of memory" : why.text);
	ev_timer_init(&tick, on_tick, told_every, told_every);
	tick.data = &child;
	ev_timer_start(child.loop, &tick);
	ev_signal_init(&term, on_term, SIGTERM);
	term.data = &child;
	ev_signal_start(child.loop, &term);
	if (!start_all(&child))
		fail(&child, "out of memory");
	ev_run(child.loop, 0);
	while (prober_lingers(child.prober)) /* what the peers say last belongs to their connections, not to a reset */
		ev_run(child.loop, EVRUN_ONCE);
	_exit(0);
}
