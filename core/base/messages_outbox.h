/*
 * The messages between the keeper, which decides who is told, and a notifier, which delivers, over
 * the link that the parent makes between them. The keeper claims a delivery in the store and
 * commits that before it hands it out; it hands out one notice at a time:
 *
 *   keeper   -> notifier   leg ×n, then notice: the legs (dialogues of runs, each with one address)
 *                          before a notice are its evidence
 *   notifier -> keeper     receipt ×recipients, as soon as each is known
 *
 * The next notice comes when the receipts of the one before have been committed. A notifier that
 * ends without all receipts is replaced, and the new one is given what is left. Where a packet is
 * malformed the process that sent it is replaced, as everywhere.
 */
#pragma once

#include <postwatch/notifier.h>
#include "base/messages.h"
#include "base/own_name.h"

enum {
	NOTICE_KEY_MAX = 27,       /* 26 characters of base32 with the NUL */
	NOTICE_RECIPIENTS_MAX = 64,
	NOTICE_TARGET_MAX = 512,   /* bytes of a name */
	NOTICE_TEXT_MAX = 8 * 1024,
	NOTICE_LIST_MAX = 24 * 1024,
	NOTICE_TAG_MAX = 128
};

/* Evidence of one leg of one run of the notice with that number; runs and legs come in order,
 * oldest run first. */
struct message_leg {
	uint64_t notice;
	uint32_t run, runs;        /* which of how many that led to it, from 0 */
	struct pw_bytes packet;    /* the message that its evidence came in, as it was kept */
	struct evidence leg;       /* what that says, where the reader has read it; not sent */
};
MESSAGE(MESSAGE_LEG, leg)

enum {
	NOTICE_DUPLICATE = 1,      /* it may have been delivered before: who had it in hand died */
	NOTICE_NOT_RECORDED = 2,   /* the store cannot be written: this exists in memory alone */
	NOTICE_FALLBACK = 4,       /* other notifiers could not deliver it in time */
	NOTICE_TOLD_LATE = 8,      /* it was kept silent for a while: `silences` says for which
	                            * reasons */
	NOTICE_FLAGS = 16
};

/* What a target and we are called. */
struct notice_names {
	char target[NOTICE_TARGET_MAX], host[NOTICE_TARGET_MAX]; /* "": none */
	char probe[OUTCOME_NAME_MAX];
	char own[OWN_NAME_MAX];
	uint16_t port;
};
extern const struct wire_form notice_names_form;

/* Everything that a text of it is made of. Bytes are views into the packet. */
struct message_notice {
	uint64_t notice;           /* its number, answered in receipts */
	char key[NOTICE_KEY_MAX];  /* the same for every attempt by this notifier */
	char thread[NOTICE_KEY_MAX]; /* the key of the first notice of its incident or condition */
	char kind[16];             /* kinds.def */
	uint8_t flags;
	uint32_t attempt;          /* from 1 */
	struct pw_bytes target;    /* its name; empty for our own notices */
	struct pw_bytes host;      /* as people write it; empty where there is none */
	uint16_t port;             /* 0: none */
	char probe[OUTCOME_NAME_MAX];
	char code[OUTCOME_NAME_MAX]; /* the outcome or the condition, "" none; of a report its
	                            * period, "2026-11" or "2026-11-23/2026-11-29" */
	char tag[NOTICE_TAG_MAX];  /* of a report: of targets that have it; "": of all */
	char from[16], to[16];     /* states, "" where none changed */
	char silences[64];         /* why it was not told at once, names separated by blanks */
	struct notice_names first; /* as they were when what `thread` stands for began */
	char first_kind[16];       /* of the notice that it began with */
	uint64_t incident;         /* as people name it: given by the store, rising over all
	                            * targets; 0: none */
	int64_t began, ended;      /* UTC: of the incident or condition; 0: not known, not over */
	int64_t detected, confirmed; /* UTC */
	int64_t queued;            /* UTC: since when it waits for this notifier; 0: not known */
	struct pw_bytes text;      /* the whole sentence, one line, escaped */
	struct pw_bytes list;      /* what it covers (digest, outage), or who is behind its target:
	                            * lines ended by LF, escaped */
	uint32_t covered;          /* how many notices it stands for, 0: only itself */
	uint32_t runs;             /* whose legs were sent before it, or were not kept */
	uint32_t before;           /* the first of them: what failed before it came back */
	uint32_t attempts;         /* how many confirmed the incident that it belongs to, 0: not
	                            * known */
	uint32_t recipient_count;  /* at least 1 */
	struct pw_bytes recipients[NOTICE_RECIPIENTS_MAX]; /* "" where the notifier has none to
	                                                    * choose from */
};
MESSAGE(MESSAGE_NOTICE, notice)

/* What became of one recipient. Each recipient of a notice gets just one. */
struct message_receipt {
	uint64_t notice;
	uint32_t recipient;        /* its place in the notice, from 0 */
	enum pw_fate fate;
	bool channel;              /* PW_AGAIN: the way failed, not this recipient */
	bool doubtful;             /* PW_AGAIN: it may have arrived all the same */
	int64_t not_before;        /* PW_AGAIN: microseconds from now, 0: the keeper decides */
	int64_t micros;            /* how long it took */
	struct pw_bytes text;      /* the peer's words, raw: at most PW_RECEIPT_MAX bytes */
};
MESSAGE(MESSAGE_RECEIPT, receipt)

/* monitor -> keeper, every 10 s, and when `blind` changes: runs in that time, instants at which
 * none could begin, how late they began (99 of 100, microseconds); whether we are known to be cut
 * off, so that what is known of targets may be old; and what targets that are not looked at wait
 * for. */
struct message_health {
	uint32_t ran, passed_over;
	int64_t late;
	bool blind;
	uint32_t unserved; /* targets whose prober has not begun */
	uint32_t in_line;  /* targets that a prober died of, in line for a prober of their own */
	uint32_t waiting;  /* connections that wait until others have ended */
};
MESSAGE(MESSAGE_HEALTH, health)

/* parent -> keeper: since when (UTC) what was to be reloaded is faulty; 0: it is not. */
MESSAGE_OF_VALUE(MESSAGE_FAILING, failing, int64_t)

/* notifier -> parent, with one descriptor: has a report of its own (an index of the configuration's)
 * made of a period (message_notice.code) and written to the descriptor. */
struct message_report {
	uint32_t report;
	char period[OUTCOME_NAME_MAX];
};
MESSAGE_WITH_INDEX(MESSAGE_REPORT, report)

/* parent -> keeper: why a notifier's process is not there ("cannot begin: ..."); what is said of it
 * last holds until it is there again. */
enum { ABSENT_TEXT_MAX = 256 };
struct message_absent {
	uint32_t notifier;
	char why[ABSENT_TEXT_MAX];
};
MESSAGE_WITH_INDEX(MESSAGE_ABSENT, absent)
