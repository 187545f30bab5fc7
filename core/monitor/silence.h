/*
 * Reasons for silence, for which people are not told of a change now: the monitor stamps those in
 * force on each change, and the keeper holds its notice back while there are any, and compares what
 * is true with what was told when they end. `status` and `explain` show them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/notice.h"
#include "base/text.h"
#include "config/config.h"
#include "monitor/state.h"
#include "monitor/table.h"

enum silence_index {
#define SILENCE(name, kinds, text) SILENCE_INDEX_##name,
#include "monitor/silences.def"
#undef SILENCE
	SILENCE_COUNT
};

/* Bits, to be joined. */
enum silence_reason {
#define SILENCE(name, kinds, text) SILENCE_##name = 1 << SILENCE_INDEX_##name,
#include "monitor/silences.def"
#undef SILENCE
};

/* Those that the keeper alone knows: a record of an older version may name them. */
#define SILENCE_OF_KEEPER (SILENCE_paused | SILENCE_window | SILENCE_acknowledged)

/* Of the reasons in force those that keep a notice of this kind silent. */
uint32_t silence_of(uint32_t reasons, enum notice_kind kind);

/* Their names, separated by blanks. */
void silence_add_names(struct text *, uint32_t reasons);
/* Back from these names; such as are not known are left out. */
uint32_t silence_named(const char *names);

/*
 * What an ancestor means for those behind it: SILENCE_parent, SILENCE_parent_unplain or 0.
 * `looked`: a run of it has ended that began after the suspicion of the one behind it did.
 */
uint32_t silence_of_ancestor(enum state ancestor, bool looked);

/* How long a `down` waits for an ancestor with this policy to become plain: what `attempts` of it
 * in a row take, by which it would be confirmed that it is down. */
int64_t silence_wait_max(const struct policy *ancestor, uint32_t attempts);

extern const struct rule_table silence_table, silence_parent_table;
