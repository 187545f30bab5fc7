/*
 * A ledger is what one notifier was told last of one target. Pure functions that say from it what
 * that notifier is to be told next. So there is no `up` without a `down`, no lost `up`, and no
 * repeat; what began and ended while people were not to be told yields at most one `outage`. The
 * ledgers of the store are in ledgers.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/notice.h"
#include "base/outcome.h"

/* The last that was told of up and down. */
enum meaning { MEANING_NOTHING, MEANING_UP, MEANING_DOWN, MEANING_FLAPPING, MEANINGS };
const char *meaning_name(enum meaning); /* "", "up", "down", "flapping" */

/*
 * Whoever keeps what it is told under a key of ours closes it under the key that it was opened
 * with, whatever happened in between. So with what was said to be down, and with each condition,
 * stands the notice that opened it there: "down:57", "slow_banner:60 cert_expires_soon:61". Without
 * a number it is not known.
 */
enum { LEDGER_CODES_MAX = 4096 };
struct ledger_page {
	uint64_t notice;       /* the last about up and down */
	enum meaning meaning;
	/* by which the receiver knows the last outage that it was told of; 0: not known */
	uint64_t opened;
	char codes[LEDGER_CODES_MAX]; /* conditions told as standing, separated by blanks */
};
struct ledger {
	struct ledger_page queued, sent;
};

/* As the store has it. */
enum { MEANING_TEXT_MAX = 40 };
void meaning_write(char text[static MEANING_TEXT_MAX], enum meaning, uint64_t opened);
/* what is none is nothing; `opened`: may be NULL */
enum meaning meaning_read(const char *text, uint64_t *opened);

/* The next condition of a list, which is moved behind it. False: there is none. */
struct ledger_code {
	char name[OUTCOME_NAME_MAX];
	uint64_t opened;
};
bool ledger_next_code(const char **list, struct ledger_code *);

/* Conditions that were met already, among them at most so many. Returns whether the code is a new
 * one, and adds it; false, too, where there is no room. */
struct ledger_met {
	uint32_t count;
	char codes[64][OUTCOME_NAME_MAX];
};
bool ledger_meet(struct ledger_met *, const char *code);

enum ledger_act {
	LEDGER_TELL_NOTHING,
	LEDGER_TELL,        /* this notice */
	LEDGER_TELL_OUTAGE  /* in place of an `up`, the whole: its `down` was never told */
};

/* Whether a notice of that kind is about up and down, and so has to stand in the order of such; or
 * about a condition. */
bool ledger_speaks_of_state(enum notice_kind);
bool ledger_speaks_of_condition(enum notice_kind);

/* What becomes of a notice that nothing keeps silent. `code`: the condition of degraded, blocked,
 * cleared. */
enum ledger_act ledger_judge(const struct ledger *, enum notice_kind, const char *code);

/* A notice as the ledger sees it. */
struct ledger_word {
	enum notice_kind kind;
	const char *code;
	/* its number; by which its receiver knows what it is about, 0: by itself */
	uint64_t notice, opened;
};

/* By which the receiver knows what a notice of that kind is about; 0: of that nothing is open
 * there. */
uint64_t ledger_opened(const struct ledger *, enum notice_kind, const char *code);

/* It was queued; it was sent. A condition for which there is no room is not noted, and would be
 * told again. */
void ledger_note(struct ledger *, const struct ledger_word *);
void ledger_sent(struct ledger *, const struct ledger_word *);
/* One has ended unsent: the ledger goes back to what was sent last. */
void ledger_go_back(struct ledger *);
/* Nothing about up and down (about the condition of a notice of that kind) is queued any more: what
 * was queued last, or need not be told, is where the ledger goes back to. */
void ledger_settle(struct ledger *, enum notice_kind, const char *code);

/* What is true of up and down, when all reasons for silence have ended. */
struct ledger_truth {
	bool down;         /* an incident is open, confirmed */
	/* the last outage, which is over, began after what the ledger knows of */
	bool missed;
};
enum ledger_late { LATE_NOTHING, LATE_DOWN, LATE_UP, LATE_OUTAGE };
enum ledger_late ledger_compare(const struct ledger *, const struct ledger_truth *);

/* The last that was queued about up and down says that it is down, or flaps. */
bool ledger_is_down(const struct ledger *);
bool ledger_has_code(const struct ledger *, const char *code);
