/* The kinds of notices, from kinds.def. Outside the process they go by name. */
#ifndef BASE_NOTICE_H
#define BASE_NOTICE_H

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

/* "a target is down, confirmed" … */
const char *notice_text(enum notice_kind kind);

#endif
