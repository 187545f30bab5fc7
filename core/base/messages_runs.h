/*
 * The messages about single runs, of which many travel in one packet: orders of the monitor to a
 * prober, the prober's reports on them, and results of the monitor for the keeper.
 */
#pragma once

#include "base/outcome.h"
#include "base/sequence.h"
#include "base/wire_form.h"

/* monitor -> prober: all that is due in the tick after next */

enum {
	ORDER_PATIENT = 1,      /* the patient limits */
	ORDER_FULL = 2,         /* a full report whatever comes */
	ORDER_FRESH = 4,        /* ask the resolver anew */
	ORDER_HAD_STARTTLS = 8, /* the last good run was offered STARTTLS: its absence is
	                         * starttls_gone */
	ORDER_PASSED_ASKED = 16, /* an earlier run passed though TLS asked for a certificate of ours
	                          * */
	ORDER_OFFER_TLS = 32,   /* a port that says nothing is offered TLS once, for the evidence */
	ORDER_CLOCK_BEHIND = 64, /* our wall clock says less than what is stored */
	ORDER_FLAGS = 128       /* above all flags */
};

struct order {
	uint64_t run;         /* its number, above all that were ever given, and below RUNS_MAX */
	uint32_t target;
	uint8_t flags;
	uint8_t attempt;      /* of a series that confirms something, from 1 */
	uint8_t missing;      /* how many runs in a row, up to this one, found no such name, or no
	                       * address of it */
	uint8_t renewed;      /* percent of its lifetime that the certificate before the present one
	                       * had left when it went; 0: not known */
	int64_t due;          /* clock_mono() */
	uint64_t fingerprint; /* of the target's last run: a run that looks the same needs no full
	                       * report */
};

#define RUNS_MAX (UINT64_C(1) << 63) /* numbers of runs lie in a signed column */

enum { ORDER_SIZE = 32, REPORT_SIZE_MAX = 2048 };

/* Behind message_begin(): any number of orders. */
/* False where the packet is full: send it and begin another. */
bool message_add_order(struct wire_out *, const struct order *);
/* Takes the next order; false at the end (wire_is_whole) and where malformed. */
bool message_next_order(struct wire_in *, struct order *, uint32_t targets);

/* prober -> monitor */

enum {
	REPORT_FULL = 1,         /* evidence of its legs went before it, a message each */
	REPORT_OVER_ROUTINE = 2, /* some phase took longer than its routine limit */
	REPORT_HAS_STARTTLS = 4, /* STARTTLS was offered, or TLS stood from the start */
	REPORT_REACHED_EHLO = 8, /* so that the absence of STARTTLS means something */
	REPORT_TOO_MANY = 16,    /* refused by 4xx because of too many connections, their rate, or
	                          * throttling */
	REPORT_SPOKEN = 32,      /* the verdict is the peer's own act (a reply, a refusal, a close,
	                          * a reset), not its silence */
	REPORT_POLICY_CODE = 64, /* refused by 4xx with an enhanced code x.7.x (RFC 3463: security
	                          * or policy) */
	REPORT_MEANS_US = 128,   /* the text of the refusal speaks of us: "you", "your", our address
	                          * or name */
	REPORT_PASSED_ASKED = 256, /* TLS asked for a certificate of ours, none was sent, and the
	                            * server went on */
	REPORT_NAME_MISSING = 512, /* there is no such name, or it has no address */
	REPORT_OWN_HOST = 1024,  /* all addresses are of this host: the run used no network */
	REPORT_NAME_ASKED = 2048, /* our resolver was asked for the name just now, and answered */
	REPORT_CLOCK_DOUBTED = 4096, /* the dates of a certificate were not judged: our own clock
	                              * cannot be right */
	REPORT_CLOCK_WRONG = 8192,   /* and this is known */
	REPORT_FLAGS = 16384
};

/* In the flags of a result, beside those of its report: what the monitor knew of the world while it
 * judged the run (struct run_context), so that the run can be judged again. */
enum {
	RESULT_BY_HAND = 1 << 14, /* it was no attempt */
	RESULT_HELD = 1 << 15,
	RESULT_OURS = 1 << 16,
	RESULT_ENOUGH = 1 << 17,
	RESULT_INTERCEPTED = 1 << 18,
	RESULT_APART = 1 << 19,
	RESULT_EXPLAINED = 1 << 20,
	RESULT_DIGEST = 1 << 21,
	RESULT_PARENT = 1 << 22,
	RESULT_PARENT_UNPLAIN = 1 << 23,
	RESULT_FLAGS = 1 << 24
};

/* What of the network it used. */
enum {
	WAY_PRIVATE = 1,     /* all addresses are private: whoever is heard there says nothing of
	                      * the way to others */
	WAY_IPV6_HEARD = 2,  /* somebody beyond this host was heard over IPv6 */
	WAY_IPV6_SILENT = 4, /* all IPv6 addresses were silent, or there was no route to them, while
	                      * one of IPv4 answered */
	WAY_ALL = 8
};

enum { REPORT_WARNINGS_MAX = 16, REPORT_PHASES_MAX = 32 };

struct report_warning { char code[OUTCOME_NAME_MAX]; char phase[24]; struct pw_bytes text; };

struct report {
	uint64_t run;
	uint32_t target;
	uint8_t verdict; /* enum pw_verdict */
	uint32_t flags;
	uint8_t ways;
	char outcome[OUTCOME_NAME_MAX];
	int64_t started;      /* UTC: when it began */
	int64_t late;         /* how late it began, microseconds: begun minus due */
	int64_t micros;       /* the whole run */
	int64_t quiet;        /* microseconds from the last that was heard of the peer to the end;
	                       * -1: nothing was heard */
	uint64_t network;     /* address_network() of the leg that decided, 0: it had no address */
	uint64_t fingerprint;
	uint32_t reached;     /* bit i: phase i of the target's policy was reached (by some leg) */
	uint32_t phase_count; /* of the leg that decided; -1 where not reached */
	int64_t phases[REPORT_PHASES_MAX];
	/* Only where the verdict is not ok or the report is full: */
	struct pw_bytes text; /* the sentence, without the target's name and the count of attempts;
	                       * a view */
	uint32_t warning_count;
	struct report_warning warnings[REPORT_WARNINGS_MAX];
};

/* Behind message_begin(): any number of reports. */
bool message_add_report(struct wire_out *, const struct report *);
bool message_next_report(struct wire_in *, struct report *, uint32_t targets);

/* monitor -> keeper */

/* The runs that a monitor has taken into account, in the form of reports: added with
 * message_add_report. They are read after their place in the sequence of results. */
void message_begin_results(struct wire_out *);
bool message_get_results(struct wire_in *, struct sequence *);
bool message_next_result(struct wire_in *, struct report *, uint32_t targets);
