/*
 * What the daemon's processes say to each other, one packet each over SOCK_SEQPACKET, never more
 * than WIRE_MAX bytes. Every packet begins with its kind (u8). Each reader gets false for anything
 * malformed or out of range (a target that is not in the configuration, an unknown verdict): the
 * sender is then taken for broken.
 *
 *   parent  -> any       link, stop, accounts; to the page also vitals, to the monitor limit
 *   any     -> parent    ready, alive, log; monitor and keeper also blame; monitor also cleared,
 *                        release (messages_ask.h); notifiers also report (messages_outbox.h)
 *   monitor -> prober    names, orders, look
 *   prober  -> monitor   names, reports, evidence, references, sources, waiting
 *   monitor -> keeper    runs, results, evidence (passed on); asks (messages_ask.h)
 *   keeper  -> monitor   states (all that is known), runs (taken and not committed), recovered;
 *                        then committed; answers
 *   keeper <-> notifier  notices and receipts (messages_outbox.h)
 */
#pragma once

#include "base/address.h"
#include "base/evidence.h"
#include "base/messages_runs.h"
#include "base/outcome.h"
#include "base/sequence.h"
#include "base/wire_form.h"

enum message_kind {
	MESSAGE_LINK = 1,   /* with one descriptor: a socket to `duty` number `index`; replaces the
	                     * one before */
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
	MESSAGE_CLEARED,    /* monitor -> parent: a prober that had a suspect alone is alive after
	                     * its run */
	MESSAGE_NAME,       /* where a target's name has led */
	MESSAGE_SOURCES,    /* prober -> monitor, notifier -> keeper: which files it could not use
	                     * at its birth */
	MESSAGE_WAITING,    /* prober -> monitor: how many connections wait until others have ended
	                     * */
	MESSAGE_ABSENT,     /* base/messages_outbox.h */
	MESSAGE_VITALS,     /* parent -> web: how all processes are, once a second */
	MESSAGE_LIMIT,      /* parent -> monitor: a prober ended at one of its limits */
	MESSAGE_REPORT,     /* base/messages_outbox.h */
	MESSAGE_KINDS
};

/* The kind of a packet, 0 where it has none. */
enum message_kind message_kind(const void *packet, size_t size);

/* Writes and reads any kind that has a form (messages.c) from and into its struct. The reader takes
 * the whole packet; indexes in it are below `limit`. */
void message_put(struct wire_out *, enum message_kind, const void *message);
bool message_get(struct wire_in *, enum message_kind, void *message, uint32_t limit);

/*
 * The writer message_put_NAME() and the reader message_get_NAME() of a kind, by which the compiler
 * sees which type belongs to it: struct message_NAME; the same with indexes, below a limit that the
 * reader is given; a single value of a type; a single index.
 */
#define MESSAGE_PUT(kind_, name_) \
	static inline void \
	message_put_##name_(struct wire_out *out, const struct message_##name_ *message) \
	{ message_put(out, kind_, message); }
#define MESSAGE(kind_, name_) MESSAGE_PUT(kind_, name_) \
	static inline bool message_get_##name_(struct wire_in *in, struct message_##name_ *message) \
	{ return message_get(in, kind_, message, 0); }
#define MESSAGE_WITH_INDEX(kind_, name_) MESSAGE_PUT(kind_, name_) \
	static inline bool \
	message_get_##name_(struct wire_in *in, struct message_##name_ *message, uint32_t limit) \
	{ return message_get(in, kind_, message, limit); }
#define MESSAGE_OF_VALUE(kind_, name_, type_) \
	static inline void message_put_##name_(struct wire_out *out, type_ value) \
	{ message_put(out, kind_, &value); } \
	static inline bool message_get_##name_(struct wire_in *in, type_ *value) \
	{ return message_get(in, kind_, value, 0); }
#define MESSAGE_OF_INDEX(kind_, name_) \
	static inline void message_put_##name_(struct wire_out *out, uint32_t index) \
	{ message_put(out, kind_, &index); } \
	static inline bool \
	message_get_##name_(struct wire_in *in, uint32_t *index, uint32_t limit) \
	{ return message_get(in, kind_, index, limit); }

/* parent -> any */

enum duty_kind {
	DUTY_PARENT, DUTY_MONITOR, DUTY_PROBER, DUTY_KEEPER, DUTY_NOTIFIER, DUTY_WEB, DUTY_KINDS
};
const char *duty_name(enum duty_kind);

struct message_link {
	enum duty_kind duty; /* who is at the other end */
	uint32_t index;      /* of several probers or notifiers: which */
};
MESSAGE(MESSAGE_LINK, link)

struct message_stop {
	int64_t grace;    /* microseconds for what is under way */
	int64_t patience; /* the same for attempts that confirm something; no less than grace */
};
MESSAGE(MESSAGE_STOP, stop)

/* Probers beside those of the configuration, born where one of those died of a target: each has one
 * such target at a time, and their indexes follow. */
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
	char text[EVIDENCE_TEXT_MAX]; /* what is known: "the prober died of SIGSEGV twice with it in
	                               * hand …" */
};
MESSAGE_WITH_INDEX(MESSAGE_ACCOUNT, account)

struct message_limit {
	char text[EVIDENCE_TEXT_MAX]; /* "prober 0 died at its limit of memory: …" */
};
MESSAGE(MESSAGE_LIMIT, limit)

MESSAGE_OF_INDEX(MESSAGE_CLEARED, cleared)

/* any -> parent */

struct message_log {
	int level;       /* LOG_ERR … */
	uint64_t event;  /* lines of one event have one number; 0: none */
	uint32_t dropped; /* lines that could not be said since the last one */
	struct pw_bytes text; /* one line, escaped; a view */
};
MESSAGE(MESSAGE_LOG, log)

struct message_alive {
	int64_t late_max; /* the largest lateness of its loop since the last one */
	uint64_t done;    /* runs, commits: whatever it does, in all */
	uint32_t in_hand; /* runs under way; others than probers: 0 */
	int64_t late;     /* the monitor: 99 of 100 runs of the last 10 s began no later than so;
	                   * others: 0 */
	bool blind;       /* the monitor: it is not our targets that are not reached, but we that
	                   * reach nobody */
};
MESSAGE(MESSAGE_ALIVE, alive)

/* parent -> web */

enum { VITALS_PROCESSES_MAX = 128, VITALS_LACKS_MAX = 256 };

struct message_process {
	enum duty_kind duty;
	uint32_t index;
	bool is_ready;
	uint32_t pid, gate;  /* 0: there is none now */
	uint32_t deaths;     /* in all; each was replaced */
	int64_t started;     /* clock_mono() */
	struct message_alive alive; /* as it said last */
};

struct message_vitals {
	int64_t began;       /* UTC: when what is in force came into force, by start or reload */
	bool is_reload;
	int64_t failing_since; /* UTC: what is to be reloaded is faulty since; 0: it is not */
	char lacks[VITALS_LACKS_MAX]; /* what the sandbox of this system lacks; "": nothing */
	uint32_t process_count;
	/* The parent's own first, then those of the tree. */
	struct message_process processes[VITALS_PROCESSES_MAX];
};
MESSAGE(MESSAGE_VITALS, vitals)

/* monitor, keeper -> parent: another duty sent what is malformed; the parent ends it and puts
 * another in its place. */
struct message_blame {
	enum duty_kind duty; /* whose socket it came from */
	uint32_t index;
	struct pw_bytes text; /* what was wrong, one line of ours; a view */
};
MESSAGE(MESSAGE_BLAME, blame)

/*
 * Where the name of a target has led: a prober says it when that is another than it said or was
 * told, and every few hours; the next prober is told it before its first order for the target, and
 * so are those after a restart.
 */
enum { NAME_ADDRESSES_MAX = 32 };
struct message_name {
	uint32_t target;
	int64_t public_at; /* clock_mono(): when it last led to public addresses alone; 0: never */
	int64_t good_at;   /* the same: when these addresses were answered; 0: never */
	uint32_t count;
	struct address addresses[NAME_ADDRESSES_MAX]; /* without ports */
};
MESSAGE_WITH_INDEX(MESSAGE_NAME, name)
/* What of it is the same in a record: the addresses with their count. */
extern const struct wire_form name_addresses_form;

/* Evidence of one leg; the legs of a run come in order, before the report that they belong to. */
struct message_evidence {
	uint64_t run;
	uint32_t target;
	struct evidence leg;
};
MESSAGE_WITH_INDEX(MESSAGE_EVIDENCE, evidence)
/* The same of a packet that was kept, whatever number its target had then. */
bool message_read_evidence(struct pw_bytes packet, struct message_evidence *);
/* Of such a packet no more than the leg's verdict and outcome; the rest is not looked into. */
bool message_read_outcome(struct pw_bytes packet, struct message_evidence *);

/* A round over the references; `near`: over those that everybody has as well, our routers and
 * resolvers. */
MESSAGE_OF_VALUE(MESSAGE_LOOK, look, bool)

/* What a prober saw of the references, after each round. `unasked`: they could not be asked for a
 * reason of our own. */
struct message_references {
	uint32_t asked, reached, unasked;
	uint32_t near, near_silent;    /* near ones that answered in the 10 min before or now, and
	                                * of those silent now */
	char reason[OUTCOME_NAME_MAX]; /* the outcome for that reason, "" where there is none */
	int64_t began, at;             /* clock_mono() at both ends of the round */
};
MESSAGE(MESSAGE_REFERENCES, references)

/* The first thing that a prober or a notifier says: which files it could not use at its birth, and
 * why; "": it could use all. */
enum { SOURCES_TEXT_MAX = 1024 };
void message_put_sources(struct wire_out *, const char *said);
bool message_get_sources(struct wire_in *, char said[SOURCES_TEXT_MAX]);

/* Connections that wait until others have ended; said when it has changed, once a second at
 * most. */
MESSAGE_OF_VALUE(MESSAGE_WAITING, waiting, uint32_t)

/* monitor -> keeper */

enum {
	CHANGE_ATTEMPTS_MAX = 64,
	CHANGE_ATTEMPTS_RAISED = 10 /* in a row that confirm an outage, at most, where that is more
	                             * than `tries` */
};

/* One thing worth telling, decided; the reasons for silence that the monitor alone knows are
 * stamped on it. */
struct message_change {
	uint32_t target;          /* CONFIG_NONE: our own; that of its run */
	uint64_t change;          /* the target's own counter of everything worth telling */
	char kind[16];            /* kinds.def; "": only the reasons for silence are others, compare
	                           * with what was told */
	char code[OUTCOME_NAME_MAX]; /* the outcome or the condition */
	char from[16], to[16];    /* states, "" where none changed */
	uint32_t silence;         /* bits of enum silence_reason (monitor/silence.h), named in
	                           * `silences` */
	char silences[64];        /* their names, separated by blanks */
	uint64_t incident;        /* 0: none */
	int64_t detected, confirmed; /* UTC */
	struct pw_bytes text;     /* the whole sentence: "mx1.example.org:25 down: no greeting
	                           * within …, 3 of 3 attempts" */
	uint32_t attempt_count;
	uint64_t attempts[CHANGE_ATTEMPTS_MAX]; /* runs whose evidence belongs to it, oldest first
	                                         * */
};

/*
 * What the store shows of a target's state, beside the record that only monitors read (the columns
 * of states, postwatch-schema(5)). All of it is empty of our own side.
 */
struct message_columns {
	char state[16];           /* "pending", "up": no incident of it is open … */
	char verdict[16], outcome[OUTCOME_NAME_MAX]; /* of the last run; "" where there was none */
	char silences[96];        /* names of the reasons for silence in force that the monitor
	                           * knows, separated by blanks */
	int64_t since;            /* UTC: when `pending`, `up` or `down` was entered */
	int64_t ended;            /* UTC: the last run; 0: there was none */
	uint16_t fails, passes;   /* attempts in a row */
	uint8_t attempts;         /* runs of the open series */
	uint8_t doubled;          /* how often the interval was doubled since the server said that
	                           * we come too often */
	bool flapping, slow, held, quarantined;
	struct pw_bytes text;     /* the sentence of the open suspicion or incident */
};

/*
 * All that a judged run of a target (CONFIG_NONE: an event of our own) has changed, and the state
 * after it. It is one message because a store that has a part of it would be wrong: a `down`
 * without the state in which it is told is never followed by an `up`. The keeper commits it whole,
 * together with its place in the sequence.
 */
struct message_run {
	struct sequence sequence;
	uint32_t target;
	bool restated;            /* the monitor says again what is true: what is known already is
	                           * left aside */
	struct pw_bytes state;    /* as in message_state; empty: it cannot be told */
	struct message_columns columns;
	int64_t interval;         /* at which it is run, longer than configured where we come too
	                           * often; 0: as configured; INTERVAL_NONE: it is quarantined, and
	                           * not run at all */
	uint32_t change_count;    /* up to RUN_CHANGES_MAX */
	struct pw_bytes changes;  /* made by message_add_change(); read by message_next_change() */
};
enum { RUN_CHANGES_MAX = 64, INTERVAL_NONE = -1 };
/* The reader checks all changes. */
MESSAGE_WITH_INDEX(MESSAGE_RUN, run)
void message_add_change(struct wire_out *changes, const struct message_change *);
/* The next change of a run; `at`: wire_from() its changes. False at the end. */
bool message_next_change(struct wire_in *at, const struct message_run *, struct message_change *);

/* Gives a message that begins with its place in a sequence (a run, results) another one. */
void message_set_sequence(unsigned char *packet, struct sequence);

/* What is true of one target, or of our own side, for a monitor that is born again: opaque bytes of
 * monitor/. */
struct message_state {
	uint32_t target; /* CONFIG_NONE: our own */
	bool bare;       /* what the store shows of it is not known, and is to be said: it was kept
	                  * by an earlier version */
	struct pw_bytes state;
};
MESSAGE_WITH_INDEX(MESSAGE_STATE, state)

/* keeper -> monitor: all that is known has been told; from here the monitor goes on. */
struct message_recovered {
	struct sequence runs;    /* the last run that is committed of the birth that the keeper goes
	                          * by; 0: by none */
	uint64_t runs_taken;     /* the last one that it has taken, not below */
	struct sequence results; /* the same of results */
	uint64_t results_taken;
	uint64_t run;            /* the highest number of a run that is known, or nearly; 0: none is
	                          * */
	int64_t newest;          /* UTC: the newest time in the store, where our clock says less;
	                          * else 0 */
};
MESSAGE(MESSAGE_RECOVERED, recovered)

/* keeper -> monitor: runs and results of that birth are committed up to these numbers. */
struct message_committed {
	struct sequence runs, results;
};
MESSAGE(MESSAGE_COMMITTED, committed)

/* Begins a packet of a kind that has no fields, or whose fields follow; and reads such a
 * beginning. */
void message_begin(struct wire_out *, enum message_kind);
void message_expect(struct wire_in *, enum message_kind);

extern const struct wire_form sequence_form;

/* The form of a kind; NULL for such as have none: without fields, or with many entries in a
 * packet. */
const struct wire_form *message_form(enum message_kind);
