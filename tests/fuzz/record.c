/* The record of a target's state: what is taken can be written again, read as the same, and lived with. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/apply_run.h"
#include "monitor/pace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct pw_probe_ops ops = { .size = sizeof ops };
static const struct pw_plugin descriptor = { .ops = &ops };
static const struct plugin plugin = { .descriptor = &descriptor };
static const struct phase_plan phases[] = { { .name = "resolve" }, { .name = "connect" }, { .name = "banner" },
	{ .name = "ehlo" } };
static const struct policy policy = { .probe = &plugin, .interval = 60 * SECOND, .retry_interval = 20 * SECOND,
	.flap_window = 1800 * (int64_t)SECOND, .tempfail_grace = 900 * SECOND, .stale_after = 300 * SECOND, .tries = 3,
	.recover_tries = 2, .phase_count = 4, .phases = phases };

static size_t
encode(const struct target_state *target, struct codes *codes, unsigned char *record, size_t room)
{
	struct wire_out out = wire_over(record, room);

	target_state_put(target, &policy, codes, &out);
	assert(!out.bad);
	return out.size;
}

static void
live_on(struct target_state *target, struct codes *codes)
{
	static struct run_effects effects;
	int64_t now = 1000 * (int64_t)1000 * SECOND;
	uint16_t refused = codes_of(codes, "refused", NULL);

	for (int i = 0; i < 12; i++) {
		struct run_context context = { .held = i == 3, .codes = codes };
		struct observation run = { .started = now, .ended = now + SECOND, .started_utc = now,
			.ended_utc = now + SECOND, .due = true, .reached = 15,
			.verdict = i % 7 < 4 ? PW_FAILED : PW_OK, .outcome = i % 7 < 4 ? refused : (uint16_t)CODE_OK,
			.patient = pace_is_patient(target, &policy) };
		if (!apply_run(target, &run, &policy, &context, &effects))
			return;
		now = pace_next(target, &policy, 7, now, run.ended, 1).at;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct codes *codes = codes_create();
	struct wire_in in = wire_from(data, size);
	unsigned char first[16384], second[16384];
	struct target_state target, again;

	if (codes == NULL)
		return 0;
	target_state_init(&target, (struct moment){ 1, 1 });
	if (target_state_get(&target, &policy, codes, 0, &in)) {
		size_t room = encode(&target, codes, first, sizeof first);
		struct wire_in copy = wire_from(first, room);
		target_state_init(&again, (struct moment){ 1, 1 });
		assert(target_state_get(&again, &policy, codes, 0, &copy) && wire_is_whole(&copy));
		assert(encode(&again, codes, second, sizeof second) == room && memcmp(first, second, room) == 0);
		target_state_fini(&again);
		live_on(&target, codes);
	}
	target_state_fini(&target);
	codes_destroy(&codes);
	return 0;
}
