/* The names of the kinds of notices (down, up, degraded ...), generated from kinds.def. */
#include "base/notice.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const char *const names[NOTICE_KINDS] = {
	[NOTICE_none] = "none",
#define KIND(name_, text_) [NOTICE_##name_] = #name_,
#include <postwatch/kinds.def>
#undef KIND
};

const char *
notice_name(enum notice_kind kind)
{
	assert((size_t)kind < NOTICE_KINDS);
	return names[kind];
}

enum notice_kind
notice_named(const char *name)
{
	for (enum notice_kind kind = NOTICE_none + 1; kind < NOTICE_KINDS; kind++)
		if (strcmp(names[kind], name) == 0)
			return kind;
	return NOTICE_none;
}

bool
notice_is_together(enum notice_kind kind, const char *code)
{
	static const char together[] = "digest";

	return (kind == NOTICE_digest || kind == NOTICE_cleared)
	    && strncmp(code, together, sizeof together - 1) == 0;
}

enum notice_alert
notice_alert(enum notice_kind kind, const char *code, bool ours)
{
	static const enum notice_alert of_kind[NOTICE_KINDS] = {
		[NOTICE_down] = NOTICE_ALERT_OPEN, [NOTICE_flapping] = NOTICE_ALERT_OPEN,
		[NOTICE_changed] = NOTICE_ALERT_OPEN, [NOTICE_reminder] = NOTICE_ALERT_OPEN,
		[NOTICE_degraded] = NOTICE_ALERT_OPEN, [NOTICE_blocked] = NOTICE_ALERT_OPEN,
		[NOTICE_blind] = NOTICE_ALERT_OPEN, [NOTICE_up] = NOTICE_ALERT_CLOSED,
		[NOTICE_settled] = NOTICE_ALERT_CLOSED, [NOTICE_stopped] = NOTICE_ALERT_CLOSED,
		[NOTICE_cleared] = NOTICE_ALERT_CLOSED };
	/* of probers; "files_" and a notifier's name */
	static const char channel[] = "channel_", file[] = "file";

	assert((size_t)kind < NOTICE_KINDS);
	if (kind == NOTICE_impaired
	    && (!ours || strcmp(code, "undurable") == 0 || strcmp(code, "not_looked_at") == 0
	        || strncmp(code, channel, sizeof channel - 1) == 0
	        || strncmp(code, file, sizeof file - 1) == 0))
		return NOTICE_ALERT_OPEN;
	if (kind == NOTICE_digest && ours && notice_is_together(kind, code))
		return NOTICE_ALERT_OPEN;
	return of_kind[kind];
}
