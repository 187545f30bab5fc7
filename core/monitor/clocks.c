/* Clocks that are set, and hosts that were suspended: what they mean for the runs that were under way. */
#include "monitor/monitor.h"

#include <stdio.h>
#include <syslog.h>

#include "base/clock.h"

static const int64_t jump_told = SECOND;

/* By how much a clock has moved against the monotonic one since we last looked. */
static int64_t
jump(int64_t *offset, int64_t now)
{
	int64_t was = *offset;

	*offset = now - clock_mono();
	return *offset - was;
}

void
clocks_look(struct monitor *monitor)
{
	int64_t slept = jump(&monitor->boot_offset, clock_boot());
	int64_t moved = jump(&monitor->clock_offset, clock_wall()) - slept;
	char bytes[64];
	struct text span = TEXT_OVER(bytes);

	if (!monitor->clocks_known) {
		monitor->clocks_known = true;
		return;
	}
	if (slept > jump_told) {
		monitor->interrupted = monitor->now;
		text_add_span(&span, slept);
		duty_log(monitor->duty, LOG_WARNING, 0, "this host was suspended for %s: runs that were under way say nothing",
		    bytes);
	} else if (moved > jump_told || moved < -jump_told) {
		text_add_span(&span, moved < 0 ? -moved : moved);
		duty_log(monitor->duty, LOG_WARNING, 0, "the clock was set %s by %s: the schedule does not depend on it%s",
		    moved < 0 ? "back" : "forward", bytes, moved > CLOCK_DOUBT || moved < -CLOCK_DOUBT
		    ? ", and for a day certificates are judged by both clocks" : "");
	}
}

/* Whoever was talked to when this host was suspended may have given us up. */
void
clocks_void(const struct monitor *monitor, struct sighting *run, struct report *report)
{
	static const char words[] = "this host was suspended while it was under way";

	if (run->verdict != PW_FAILED || run->started > monitor->interrupted)
		return;
	report->text = (struct pw_bytes){ words, sizeof words - 1 };
	snprintf(report->outcome, sizeof report->outcome, "interrupted");
	report->verdict = PW_UNKNOWN;
	run->verdict = PW_UNKNOWN;
	run->outcome = codes_of(monitor->codes, report->outcome, NULL);
	run->shown_count = 0;
}
