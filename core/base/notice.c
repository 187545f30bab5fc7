/* The kinds of notices by name, from the list that is their only home. */
#include "base/notice.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name, *text;
} kinds[NOTICE_KINDS] = {
	[NOTICE_none] = { "none", "nothing is told" },
#define KIND(name_, text_) [NOTICE_##name_] = { #name_, text_ },
#include <postwatch/kinds.def>
#undef KIND
};

const char *
notice_name(enum notice_kind kind)
{
	assert((size_t)kind < NOTICE_KINDS);
	return kinds[kind].name;
}

enum notice_kind
notice_named(const char *name)
{
	for (enum notice_kind kind = NOTICE_none + 1; kind < NOTICE_KINDS; kind++)
		if (strcmp(kinds[kind].name, name) == 0)
			return kind;
	return NOTICE_none;
}

const char *
notice_text(enum notice_kind kind)
{
	assert((size_t)kind < NOTICE_KINDS);
	return kinds[kind].text;
}
