/*
 * The tables of reasons for silence (paused, in a window, a parent is down, blind ...): which of
 * them keeps which kind of notice from being sent, and what a parent's state means for the targets
 * behind it.
 */
#include "monitor/silence.h"

#include <assert.h>
#include <string.h>

#define K(kind)   (1u << NOTICE_##kind)
#define ALL_KINDS ((1u << NOTICE_KINDS) - 1)

static const struct {
	const char *name, *text;
	uint32_t kinds;
} silences[SILENCE_COUNT] = {
#define SILENCE(name_, kinds_, text_) [SILENCE_INDEX_##name_] = { #name_, text_, kinds_ },
#include "monitor/silences.def"
#undef SILENCE
};

/* By state, and by whether it was looked at since. */
static const uint32_t ancestors[STATES][2] = {
	[STATE_PENDING]    = { SILENCE_parent_unplain, 0 },
	[STATE_UP]         = { SILENCE_parent_unplain, 0 },
	[STATE_SUSPECT]    = { SILENCE_parent_unplain, SILENCE_parent_unplain },
	[STATE_DOWN]       = { SILENCE_parent, SILENCE_parent },
	[STATE_RECOVERING] = { SILENCE_parent, SILENCE_parent },
};

uint32_t
silence_of(uint32_t reasons, enum notice_kind kind)
{
	uint32_t in_force = 0;

	for (unsigned i = 0; i < SILENCE_COUNT; i++)
		if (reasons >> i & 1 && silences[i].kinds >> kind & 1)
			in_force |= 1u << i;
	return in_force;
}

void
silence_add_names(struct text *text, uint32_t reasons)
{
	for (unsigned i = 0, named = 0; i < SILENCE_COUNT; i++)
		if (reasons >> i & 1)
			text_format(text, "%s%s", named++ == 0 ? "" : " ", silences[i].name);
}

uint32_t
silence_named(const char *names)
{
	uint32_t reasons = 0;

	for (size_t size; *names != '\0'; names += size + (names[size] == ' ')) {
		size = strcspn(names, " ");
		for (unsigned i = 0; i < SILENCE_COUNT; i++)
			if (strlen(silences[i].name) == size
			    && memcmp(silences[i].name, names, size) == 0)
				reasons |= 1u << i;
	}
	return reasons;
}

uint32_t
silence_of_ancestor(enum state ancestor, bool looked)
{
	assert(ancestor != STATE_NONE && ancestor < STATES);
	return ancestors[ancestor][looked];
}

int64_t
silence_wait_max(const struct policy *ancestor, uint32_t attempts)
{
	return attempts * (ancestor->retry_interval + ancestor->retry_interval / 10
	    + ancestor->leg.patient);
}

static const char *
parent_cell(size_t row, size_t column)
{
	enum state state = STATE_PENDING + (enum state)(row / 2);
	uint32_t silence = ancestors[state][row % 2];

	const char *means = silence == 0 ? "told" : silence == SILENCE_parent
	    ? "silent, listed with the parent" : "down waits";
	return (const char *const[]){ state_name(state), row % 2 ? "yes" : "not yet",
	    means }[column];
}

const struct rule_table silence_parent_table = {
	.name = "parents",
	.title = "What a parent's state means for its children",
	.heads = (const char *const[]){ "parent", "looked at since", "for those behind it" },
	.columns = 3,
	.rows = (size_t)(STATES - STATE_PENDING) * 2,
	.cell = parent_cell,
	.note = "The nearest and all farther parents count. A suspicion has the parents looked at "
	"at once; a down waits no longer than it takes to confirm the parent's.",
};

static const char *const heads[] = { "reason", "silent are", "because" };

static const char *
kinds_of(unsigned index)
{
	static char lists[SILENCE_COUNT][128]; /* made once from the constant table */
	struct text list = TEXT_OVER(lists[index]);

	if (silences[index].kinds == ALL_KINDS)
		return "all its notices";
	for (unsigned kind = NOTICE_none + 1, named = 0; kind < NOTICE_KINDS; kind++)
		if (silences[index].kinds >> kind & 1)
			text_format(&list, "%s%s", named++ == 0 ? "" : " ",
			    notice_name((enum notice_kind)kind));
	return lists[index];
}

static const char *
cell(size_t row, size_t column)
{
	assert(row < sizeof silences / sizeof *silences && column < sizeof heads / sizeof *heads);
	return column == 0 ? silences[row].name : column == 1 ? kinds_of((unsigned)row)
	    : silences[row].text;
}

const struct rule_table silence_table = {
	.name = "silence",
	.title = "Reasons for silence",
	.heads = heads,
	.columns = 3,
	.rows = SILENCE_COUNT,
	.cell = cell,
	.note = "When a reason ends, what is true is compared with what was told, and told if it "
	"differs.",
};
