/*
 * What a notifier was told of a target, and what it is to be told next: pure functions. So there is no `up` without a
 * `down`, no lost `up`, and no repeat; what began and ended in silence yields at most one `outage`.
 */
#ifndef KEEPER_LEDGER_H
#define KEEPER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/notice.h"

/* The last that was told of up and down. */
enum meaning { MEANING_NOTHING, MEANING_UP, MEANING_DOWN, MEANING_FLAPPING, MEANINGS };
const char *meaning_name(enum meaning); /* "", "up", "down", "flapping" */
enum meaning meaning_of(const char *name); /* what is none of these is nothing */

struct ledger {
	uint64_t notice, sent;      /* the last about up and down that was queued; that was sent */
	enum meaning meaning, sent_meaning;
	char *codes, *sent_codes;   /* conditions told as standing, separated by blanks; NULL: none */
};

void ledger_fini(struct ledger *);

enum ledger_act {
	LEDGER_TELL_NOTHING,
	LEDGER_TELL,        /* this notice */
	LEDGER_TELL_OUTAGE  /* in place of an `up`, the whole: its `down` was never told */
};

/* Whether a notice of that kind is about up and down, and so has to stand in the order of such; or about a condition. */
bool ledger_speaks_of_state(enum notice_kind);
bool ledger_speaks_of_condition(enum notice_kind);

/* What becomes of a notice that nothing keeps silent. `code`: the condition of degraded, blocked, cleared. */
enum ledger_act ledger_judge(const struct ledger *, enum notice_kind, const char *code);

/* It was queued under that number. False: no memory; the condition would be told again. */
bool ledger_note(struct ledger *, enum notice_kind, const char *code, uint64_t notice);

/* One of that kind was sent. False, here and below: no memory. */
bool ledger_sent(struct ledger *, enum notice_kind, const char *code, uint64_t notice);
/* One has ended unsent: the ledger goes back to what was sent last. */
bool ledger_go_back(struct ledger *);
/* Nothing about up and down (about the condition of a notice of that kind) is queued any more: what was queued last, or
 * need not be told, is where the ledger goes back to. */
bool ledger_settle(struct ledger *, enum notice_kind, const char *code);

/* What is true of up and down, when all reasons for silence have ended. */
struct ledger_truth {
	bool down;         /* an incident is open, confirmed */
	bool missed;       /* the last outage, which is over, began after what the ledger knows of */
};
enum ledger_late { LATE_NOTHING, LATE_DOWN, LATE_UP, LATE_OUTAGE };
enum ledger_late ledger_compare(const struct ledger *, const struct ledger_truth *);

/* The last that was queued about up and down says that it is down, or flaps. */
bool ledger_is_down(const struct ledger *);
bool ledger_has_code(const struct ledger *, const char *code);

#endif
