/*
 * The kinds of notices that people are sent (down, up, degraded ...), generated from kinds.def;
 * between processes, in the store and in configurations they go by name.
 */
#pragma once

#include <stdbool.h>

enum notice_kind {
	NOTICE_none,
#define KIND(name, text) NOTICE_##name,
#include <postwatch/kinds.def>
#undef KIND
	NOTICE_KINDS
};

/* "down", "up" …; "none" for NOTICE_none. */
const char *notice_name(enum notice_kind kind);

/* The kind of that name, NOTICE_none where there is none. */
enum notice_kind notice_named(const char *name);

/*
 * Whether it tells, or ends, that many targets fail at once for a reason that may be ours (codes
 * "digest" and "digest_25"): it stands for the `down` of each of them. A digest of what waited to
 * be told is none.
 */
bool notice_is_together(enum notice_kind kind, const char *code);

/* What it does to whoever keeps what it is told until that has ended. */
enum notice_alert {
	NOTICE_ALERT_NONE,  /* nothing that would have to be closed */
	NOTICE_ALERT_OPEN,  /* it opens something, or says that it goes on */
	NOTICE_ALERT_CLOSED
};
/* Of our own trouble (`ours`: of no target) only some has an end that is told. */
enum notice_alert notice_alert(enum notice_kind kind, const char *code, bool ours);
