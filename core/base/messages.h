/*
 * What the duties say to each other, one packet each over SOCK_SEQPACKET, never more than WIRE_MAX bytes. Every packet
 * begins with its kind (u8). Each reader gets false for anything malformed or out of range (a target that is not in
 * the configuration, an unknown verdict): the sender is then taken for broken.
 *
 *   parent  -> any       link, stop, accounts
 *   any     -> parent    ready, alive, log; monitor and keeper also blame; monitor also cleared, release (messages_ask.h)
 *   monitor -> prober    names, orders, look
 *   prober  -> monitor   names, reports, evidence, references, sources, waiting
 *   monitor -> keeper    runs, results, evidence (passed on); asks (messages_ask.h)
 *   keeper  -> monitor   states (all that is known), runs (taken and not committed), recovered; then committed;
 *                        answers
 *   keeper <-> notifier  notices and receipts (messages_outbox.h)
 */
#ifndef BASE_MESSAGES_H
#define BASE_MESSAGES_H

#include "base/address.h"
#include "base/evidence.h"
#include "base/outcome.h"
#include "base/sequence.h"
#include "base/wire.h"

enum message_kind {
	MESSAGE_LINK = 1,   /* with one descriptor: a socket to `duty` number `index`; replaces the one before */
	MESSAGE_STOP,       /* end politely: finish what is under way within the given time */
	MESSAGE_ACCOUNT,    /* a target is suspected or quarantined, or no longer */
	MESSAGE_READY,
	MESSAGE_ALIVE,
	MESSAGE_LOG,
	MESSAGE_ORDERS,
	MESSAGE_REPORTS,
	MESSAGE_EVIDENCE,
	MESSAGE_REFERENCES,
	MESSAGE_RUN,
	MESSAGE_RESULTS,
	MESSAGE_STATE,
	MESSAGE_RECOVERED,
	MESSAGE_COMMITTED,
	MESSAGE_BLAME,
	MESSAGE_LEG,        /* base/messages_outbox.h */
	MESSAGE_NOTICE,
	MESSAGE_RECEIPT,
	MESSAGE_ASK,        /* base/messages_ask.h */
	MESSAGE_ANSWER,
	MESSAGE_RELEASE,
	MESSAGE_RELOAD,
	MESSAGE_HEALTH,     /* base/messages_outbox.h */
	MESSAGE_FAILING,
	MESSAGE_LOOK,       /* monitor -> prober: ask the references now; answered by references */
	MESSAGE_CLEARED,    /* monitor -> parent: a prober that had a suspect alone is alive after its run */
	MESSAGE_NAME,       /* where a target's name has led */
	MESSAGE_SOURCES,    /* prober -> monitor, notifier -> keeper: which files it could not use at its birth */
	MESSAGE_WAITING,    /* prober -> monitor: how many connections wait until others have ended */
	MESSAGE_ABSENT,     /* base/messages_outbox.h */
	MESSAGE_KINDS
};

/* The kind of a packet, 0 where it has none. */
enum message_kind message_kind(const void *packet, size_t size);

/* parent -> any */

enum duty_kind { DUTY_PARENT, DUTY_MONITOR, DUTY_PROBER, DUTY_KEEPER, DUTY_NOTIFIER, DUTY_KINDS };
const char *duty_name(enum duty_kind);

struct message_link {
	enum duty_kind duty; /* who is at the other end */
	uint32_t index;      /* of several probers or notifiers: which */
};
void message_put_link(struct wire_out *, const struct message_link *);
bool message_get_link(struct wire_in *, struct message_link *);

struct message_stop {
	int64_t grace;    /* microseconds for what is under way */
	int64_t patience; /* the same for attempts that confirm something; no less than grace */
};
void message_put_stop(struct wire_out *, const struct message_stop *);
bool message_get_stop(struct wire_in *, struct message_stop *);

/* Probers beside those of the configuration, born where one of those died of a target: each has one such target at a time,
 * and their indexes follow. */
enum { PROBERS_APART = 4 };

enum account {
	ACCOUNT_FREE,
	ACCOUNT_APART, /* a prober died with it in hand: it is to be run in a prober of its own */
	ACCOUNT_HELD,  /* quarantined: it is not to be run */
	ACCOUNTS
};

struct message_account {
	uint32_t target;
	enum account account;
	char text[EVIDENCE_TEXT_MAX]; /* what is known: "the prober died of SIGSEGV twice with it in hand …" */
};
void message_put_account(struct wire_out *, const struct message_account *);
bool message_get_account(struct wire_in *, struct message_account *, uint32_t targets);

void message_put_cleared(struct wire_out *, uint32_t target);
bool message_get_cleared(struct wire_in *, uint32_t *target, uint32_t targets);

/* any -> parent */

struct message_log {
	int level;       /* LOG_ERR … */
	uint64_t event;  /* lines of one event have one number; 0: none */
	uint32_t dropped; /* lines that could not be said since the last one */
	struct pw_bytes text; /* one line, escaped; a view */
};
void message_put_log(struct wire_out *, const struct message_log *);
bool message_get_log(struct wire_in *, struct message_log *);

struct message_alive {
	int64_t late_max; /* the largest lateness of its loop since the last one */
	uint64_t done;    /* runs, commits: whatever it does, in all */
};
void message_put_alive(struct wire_out *, const struct message_alive *);
bool message_get_alive(struct wire_in *, struct message_alive *);

/* monitor, keeper -> parent: another duty sent what is malformed; the parent ends it and puts another in its place. */
struct message_blame {
	enum duty_kind duty; /* whose socket it came from */
	uint32_t index;
	struct pw_bytes text; /* what was wrong, one line of ours; a view */
};
void message_put_blame(struct wire_out *, const struct message_blame *);
bool message_get_blame(struct wire_in *, struct message_blame *);

/* monitor -> prober: all that is due in the tick after next */

enum {
	ORDER_PATIENT = 1,      /* the patient limits */
	ORDER_FULL = 2,         /* a full report whatever comes */
	ORDER_FRESH = 4,        /* ask the resolver anew */
	ORDER_HAD_STARTTLS = 8, /* the last good run was offered STARTTLS: its absence is starttls_gone */
	ORDER_PASSED_ASKED = 16, /* an earlier run passed though TLS asked for a certificate of ours */
	ORDER_OFFER_TLS = 32,   /* a port that says nothing is offered TLS once, for the evidence */
	ORDER_CLOCK_BEHIND = 64, /* our wall clock says less than what is stored */
	ORDER_FLAGS = 128       /* above all flags */
};

struct order {
	uint64_t run;         /* its number, above all that were ever given, and below RUNS_MAX */
	uint32_t target;
	uint8_t flags;
	uint8_t attempt;      /* of a series that confirms something, from 1 */
	uint8_t missing;      /* how many runs in a row, up to this one, found no such name, or no address of it */
	uint8_t renewed;      /* percent of its lifetime that the certificate before the present one had left when it went; 0: not known */
	int64_t due;          /* clock_mono() */
	uint64_t fingerprint; /* of the target's last run: a run that looks the same needs no full report */
};

#define RUNS_MAX (UINT64_C(1) << 63) /* numbers of runs lie in a signed column */

enum { ORDER_SIZE = 32, REPORT_SIZE_MAX = 2048 };

void message_begin_orders(struct wire_out *);
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
	REPORT_TOO_MANY = 16,    /* refused by 4xx because of too many connections, their rate, or throttling */
	REPORT_SPOKEN = 32,      /* the verdict is the peer's own act (a reply, a refusal, a close, a reset), not its silence */
	REPORT_POLICY_CODE = 64, /* refused by 4xx with an enhanced code x.7.x (RFC 3463: security or policy) */
	REPORT_MEANS_US = 128,   /* the text of the refusal speaks of us: "you", "your", our address or name */
	REPORT_PASSED_ASKED = 256, /* TLS asked for a certificate of ours, none was sent, and the server went on */
	REPORT_NAME_MISSING = 512, /* there is no such name, or it has no address */
	REPORT_OWN_HOST = 1024,  /* all addresses are of this host: the run used no network */
	REPORT_NAME_ASKED = 2048, /* our resolver was asked for the name just now, and answered */
	REPORT_CLOCK_DOUBTED = 4096, /* the dates of a certificate were not judged: our own clock cannot be right */
	REPORT_CLOCK_WRONG = 8192,   /* and this is known */
	REPORT_FLAGS = 16384
};

/* What of the network it used. */
enum {
	WAY_PRIVATE = 1,     /* all addresses are private: whoever is heard there says nothing of the way to others */
	WAY_IPV6_HEARD = 2,  /* somebody beyond this host was heard over IPv6 */
	WAY_IPV6_SILENT = 4, /* all IPv6 addresses were silent, or there was no route to them, while one of IPv4 answered */
	WAY_ALL = 8
};

enum { REPORT_WARNINGS_MAX = 16, REPORT_PHASES_MAX = 32 };

struct report {
	uint64_t run;
	uint32_t target;
	uint8_t verdict; /* enum pw_verdict */
	uint16_t flags;
	uint8_t ways;
	char outcome[OUTCOME_NAME_MAX];
	int64_t started;      /* UTC: when it began */
	int64_t late;         /* how late it began, microseconds: begun minus due */
	int64_t micros;       /* the whole run */
	int64_t quiet;        /* microseconds from the last that was heard of the peer to the end; -1: nothing was heard */
	uint64_t network;     /* address_network() of the leg that decided, 0: it had no address */
	uint64_t fingerprint;
	uint32_t reached;     /* bit i: phase i of the target's policy was reached (by some leg) */
	uint32_t phase_count; /* of the leg that decided; -1 where not reached */
	int64_t phases[REPORT_PHASES_MAX];
	/* Only where the verdict is not ok or the report is full: */
	struct pw_bytes text; /* the sentence, without the target's name and the count of attempts; a view */
	uint32_t warning_count;
	struct { char code[OUTCOME_NAME_MAX]; char phase[24]; struct pw_bytes text; } warnings[REPORT_WARNINGS_MAX];
};

void message_begin_reports(struct wire_out *);
bool message_add_report(struct wire_out *, const struct report *);
bool message_next_report(struct wire_in *, struct report *, uint32_t targets);

/*
 * Where the name of a target has led: a prober says it when that is another than it said or was told, and every few hours;
 * the next prober is told it before its first order for the target, and so are those after a restart.
 */
enum { NAME_ADDRESSES_MAX = 32 };
struct message_name {
	uint32_t target;
	int64_t public_at; /* clock_mono(): when it last led to public addresses alone; 0: never */
	int64_t good_at;   /* the same: when these addresses were answered; 0: never */
	uint32_t count;
	struct address addresses[NAME_ADDRESSES_MAX]; /* without ports */
};
void message_put_name(struct wire_out *, const struct message_name *);
bool message_get_name(struct wire_in *, struct message_name *, uint32_t targets);
/* What of it is the same in a record: the addresses with their count. */
void message_put_addresses(struct wire_out *, const struct message_name *);
void message_get_addresses(struct wire_in *, struct message_name *);

/* Evidence of one leg; the legs of a run come in order, before the report that they belong to. */
struct message_evidence {
	uint64_t run;
	uint32_t target;
	struct evidence leg;
};
void message_put_evidence(struct wire_out *, const struct message_evidence *);
bool message_get_evidence(struct wire_in *, struct message_evidence *, uint32_t targets);

/* A round over the references; `near`: over those that everybody has as well, our routers and resolvers. */
void message_put_look(struct wire_out *, bool near);
bool message_get_look(struct wire_in *, bool *near);

/* What a prober saw of the references, after each round. `unasked`: they could not be asked for a reason of our own. */
struct message_references {
	uint32_t asked, reached, unasked;
	uint32_t near, near_silent;    /* near ones that answered in the 10 min before or now, and of those silent now */
	char reason[OUTCOME_NAME_MAX]; /* the outcome for that reason, "" where there is none */
	int64_t began, at;             /* clock_mono() at both ends of the round */
};
void message_put_references(struct wire_out *, const struct message_references *);
bool message_get_references(struct wire_in *, struct message_references *);

/* The first thing that a prober or a notifier says: which files it could not use at its birth, and why; "": it could use all. */
enum { SOURCES_TEXT_MAX = 1024 };
void message_put_sources(struct wire_out *, const char *said);
bool message_get_sources(struct wire_in *, char said[SOURCES_TEXT_MAX]);

/* Connections that wait until others have ended; said when it has changed, once a second at most. */
void message_put_waiting(struct wire_out *, uint32_t connections);
bool message_get_waiting(struct wire_in *, uint32_t *connections);

/* monitor -> keeper */

enum {
	CHANGE_ATTEMPTS_MAX = 64,
	CHANGE_ATTEMPTS_RAISED = 10 /* in a row that confirm an outage, at most, where that is more than `tries` */
};

/* One thing worth telling, decided; the reasons for silence that the monitor alone knows are stamped on it. */
struct message_change {
	uint32_t target;          /* CONFIG_NONE: our own; that of its run */
	uint64_t change;          /* the target's own counter of everything worth telling */
	char kind[16];            /* kinds.def; "": only the reasons for silence are others, compare with what was told */
	char code[OUTCOME_NAME_MAX]; /* the outcome or the condition */
	char from[16], to[16];    /* states, "" where none changed */
	uint32_t silence;         /* bits of enum silence_reason (monitor/silence.h), named in `silences` */
	char silences[64];        /* their names, separated by blanks */
	uint64_t incident;        /* 0: none */
	int64_t detected, confirmed; /* UTC */
	struct pw_bytes text;     /* the whole sentence: "mx1.example.org:25 down: no greeting within …, 3 of 3 attempts" */
	uint32_t attempt_count;
	uint64_t attempts[CHANGE_ATTEMPTS_MAX]; /* runs whose evidence belongs to it, oldest first */
};

/*
 * All that a judged run of a target (CONFIG_NONE: an event of our own) has changed, and the state after it. It is one
 * message because a store that has a part of it would be wrong: a `down` without the state in which it is told is never
 * followed by an `up`. The keeper commits it whole, together with its place in the sequence.
 */
struct message_run {
	struct sequence sequence;
	uint32_t target;
	bool restated;            /* the monitor says again what is true: what is known already is left aside */
	bool up;                  /* the target is up after it: no incident of it is open */
	struct pw_bytes state;    /* as in message_state; empty: it cannot be told */
	int64_t interval;         /* as in message_state */
	uint32_t change_count;    /* up to RUN_CHANGES_MAX */
	struct pw_bytes changes;  /* made by message_add_change(); read by message_next_change() */
};
enum { RUN_CHANGES_MAX = 64 };
void message_put_run(struct wire_out *, const struct message_run *);
/* All changes are checked. */
bool message_get_run(struct wire_in *, struct message_run *, uint32_t targets);
void message_add_change(struct wire_out *changes, const struct message_change *);
/* The next change of a run; `at`: wire_from() its changes. False at the end. */
bool message_next_change(struct wire_in *at, const struct message_run *, struct message_change *);

/* The runs that a monitor has taken into account, in the form of reports: added with message_add_report. They are read
 * after their place in the sequence of results. */
void message_begin_results(struct wire_out *);
bool message_get_results(struct wire_in *, struct sequence *);
bool message_next_result(struct wire_in *, struct report *, uint32_t targets);

/* Gives a message that begins with its place in a sequence (a run, results) another one. */
void message_set_sequence(unsigned char *packet, struct sequence);

/* What is true of one target, or of our own side, for a monitor that is born again: opaque bytes of monitor/. */
struct message_state {
	uint32_t target; /* CONFIG_NONE: our own */
	struct pw_bytes state;
	int64_t interval; /* monitor -> keeper: at which it is run, longer than configured where we come too often; 0: as
	                   * configured; INTERVAL_NONE: it is quarantined, and not run at all */
};
enum { INTERVAL_NONE = -1 };
void message_put_state(struct wire_out *, const struct message_state *);
bool message_get_state(struct wire_in *, struct message_state *, uint32_t targets);

/* keeper -> monitor: all that is known has been told; from here the monitor goes on. */
struct message_recovered {
	struct sequence runs;    /* the last run that is committed of the birth that the keeper goes by; 0: by none */
	uint64_t runs_taken;     /* the last one that it has taken, not below */
	struct sequence results; /* the same of results */
	uint64_t results_taken;
	uint64_t run;            /* the highest number of a run that is known, or nearly; 0: none is */
	int64_t newest;          /* UTC: the newest time in the store, where our clock says less; else 0 */
};
void message_put_recovered(struct wire_out *, const struct message_recovered *);
bool message_get_recovered(struct wire_in *, struct message_recovered *);

/* keeper -> monitor: runs and results of that birth are committed up to these numbers. */
struct message_committed {
	struct sequence runs, results;
};
void message_put_committed(struct wire_out *, const struct message_committed *);
bool message_get_committed(struct wire_in *, struct message_committed *);

/* Begins a packet of a kind that has no fields, or whose fields follow. */
void message_begin(struct wire_out *, enum message_kind);
void message_expect(struct wire_in *, enum message_kind);

/* The index of a target, UINT32_MAX where the message is about none; bad where it is neither. */
uint32_t message_get_target(struct wire_in *, uint32_t targets);

#endif
