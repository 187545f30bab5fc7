/* A monitor with four targets, each behind the one before, a prober and a keeper that the target plays: for what reaches it. */
#ifndef TESTS_FUZZ_MONITOR_H
#define TESTS_FUZZ_MONITOR_H

#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "monitor/keeper_link.h"
#include "monitor/keeper_messages.h"
#include "monitor/monitor.h"

enum { TARGETS = 4 };

static const struct pw_probe_ops ops = { .size = sizeof ops };
static const struct pw_plugin descriptor = { .name = "stage", .ops = &ops };
static const struct plugin plugin = { .descriptor = &descriptor };
static const struct phase_plan phases[] = { { .name = "resolve" }, { .name = "connect" }, { .name = "banner" } };
static const struct policy policy = { .probe = &plugin, .interval = 60 * SECOND, .retry_interval = 20 * SECOND,
	.flap_window = 1800 * (int64_t)SECOND, .tempfail_grace = 900 * SECOND, .stale_after = 300 * SECOND, .tries = 1,
	.recover_tries = 1, .leg = { .patient = 240 * SECOND }, .phase_count = 3, .phases = phases };
static struct target targets[TARGETS];
static struct config config = { .probers = 1, .reference_count = 2, .target_count = TARGETS, .targets = targets,
	.log_level = 7 };
static struct duty duty = { .kind = DUTY_MONITOR, .config = &config };
static int keeper, orders_reader;

static struct monitor *
begin(void)
{
	unsigned char recovered[128];
	struct wire_out out = wire_over(recovered, sizeof recovered);
	int parent[2], prober[2], ends[2];

	for (uint32_t i = 0; i < TARGETS; i++)
		targets[i] = (struct target){ .name = "mx.example.org:25", .host = "mx.example.org", .policy = &policy,
			.parent = i == 0 ? CONFIG_NONE : i - 1, .hash = i << 28 };
	assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, parent) == 0
	    && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, prober) == 0
	    && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) == 0);
	close(parent[1]); /* nobody hears the log */
	orders_reader = prober[0];
	duty.parent = parent[0];
	keeper = ends[0];
	struct monitor *monitor = monitor_create(&duty, 1000 * (int64_t)1000 * SECOND, 1);
	assert(monitor != NULL);
	monitor->watch.last_run = 0;
	orders_linked(monitor->orders, 0, prober[1]);
	keeper_messages_linked(monitor, ends[1]);
	message_put_recovered(&out, &(struct message_recovered){ .run = 0 });
	assert(keeper_messages_take(monitor, recovered, out.size));
	return monitor;
}

static void
end(struct monitor *monitor)
{
	monitor_destroy(&monitor);
	close(keeper);
	close(orders_reader);
	close(duty.parent);
}

/* The keeper reads every run, and every request, without complaint. */
static void
be_told(struct monitor *monitor)
{
	static unsigned char packet[WIRE_MAX];
	struct message_run run;
	struct message_ask ask;
	ssize_t size;

	monitor_flush(monitor, true);
	while ((size = packet_read(keeper, packet, sizeof packet, NULL)) > 0) {
		struct wire_in in = wire_from(packet, (size_t)size);
		enum message_kind kind = message_kind(packet, (size_t)size);
		assert(kind != MESSAGE_RUN || message_get_run(&in, &run, TARGETS));
		assert(kind != MESSAGE_ASK || message_get_ask(&in, &ask, TARGETS));
	}
}

#endif
