/*
 * The records that a monitor finds: of a target, and of our own side. The first byte says which. What is taken is written
 * again, and that is read as the same; of what is refused nothing is known.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/own_record.h"
#include "monitor/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TARGETS = 2, ROOM = 64 * 1024 };

static const struct pw_probe_ops ops = { .size = sizeof ops };
static const struct pw_plugin descriptor = { .name = "stage", .ops = &ops };
static const struct plugin plugin = { .descriptor = &descriptor };
static const struct phase_plan phases[] = { { .name = "resolve" }, { .name = "connect" }, { .name = "banner" },
	{ .name = "ehlo" } };
static const struct policy policy = { .probe = &plugin, .interval = 60 * SECOND, .retry_interval = 20 * SECOND,
	.flap_window = 1800 * (int64_t)SECOND, .tempfail_grace = 900 * SECOND, .stale_after = 300 * SECOND, .tries = 3,
	.recover_tries = 2, .phase_count = 4, .phases = phases, .leg = { .patient = 240 * SECOND } };
static struct target targets[TARGETS] = {
	{ .name = "a", .host = "a", .policy = &policy, .parent = CONFIG_NONE, .port = 25 },
	{ .name = "b", .host = "b", .policy = &policy, .parent = CONFIG_NONE, .port = 587, .hash = 0x15555555, .host_hash = 1 },
};
static const struct config config = { .target_count = TARGETS, .targets = targets };
static struct duty duty = { .config = &config };

static struct own_side own;
static struct watch watch;

static bool
decode(bool ours, const uint8_t *bytes, size_t size)
{
	struct wire_in in = wire_from(bytes, size);

	return ours ? own_record_decode(&own, &watch, &in) : record_decode(&watch, 0, &in);
}

static size_t
encode(bool ours, unsigned char *bytes)
{
	struct wire_out out = wire_over(bytes, ROOM);

	if (ours)
		own_record_encode(&own, &watch, &out);
	else
		record_encode(&watch, 0, &out);
	assert(!out.bad);
	return out.size;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char first[ROOM], second[ROOM];
	bool ours = size > 0 && data[0] % 2 == 1;

	if (size == 0 || !watch_init(&watch, &duty, 60000 * (int64_t)SECOND, 1))
		return 0;
	own_side_init(&own, &watch);
	watch.clocks.wall_offset = INT64_C(1790000000) * SECOND - watch.now;
	if (decode(ours, data + 1, size - 1)) {
		size_t room = encode(ours, first);
		assert(decode(ours, first, room));
		assert(encode(ours, second) == room && memcmp(first, second, room) == 0);
		(void)own_record_tick(&own, &watch);
	} else
		assert(watch.targets[0].state.state == STATE_PENDING && watch.targets[0].facts == NULL
		    && own.blind.stage == BLIND_SEEING && own.hold.stage == HOLD_FREE);
	watch_fini(&watch);
	return 0;
}
