/*
 * Evidence: all that was seen of one leg (the dialogue of a run with one address), in the form in
 * which it travels between processes, is kept, and is shown.
 *
 * While a dialogue goes on, the prober appends to an `evidence_log`; at its end everything becomes
 * one message (evidence_put) that any process can look into (evidence_get) without copying: strings
 * are then views into it. Foreign bytes stay raw; where they are shown they are escaped.
 */
#pragma once

#include "base/buffer.h"
#include "base/outcome.h"
#include "base/wire_form.h"

enum {
	EVIDENCE_PHASES_MAX = 32,
	EVIDENCE_LEGS_MAX = 64,              /* a run has one for each address it knows of */
	EVIDENCE_TRANSCRIPT_MAX = 16 * 1024, /* bytes of a leg: head and tail, the gap stated; never
	                                      * the failing lines */
	EVIDENCE_LINE_MAX = 4096,            /* bytes of one line of it; a longer one is cut */
	EVIDENCE_FACTS_MAX = 20 * 1024,      /* bytes of all facts of a leg; what does not fit is
	                                      * dropped */
	EVIDENCE_WARNINGS_MAX = 8 * 1024,
	EVIDENCE_TEXT_MAX = 512              /* bytes of a sentence with its NUL */
};

enum phase_status { PHASE_NOT_REACHED, PHASE_OK, PHASE_FAILED };

enum evidence_dir { /* as `postwatch probe --json` names them: event sent received sent_tls
                     * received_tls */
	EVIDENCE_EVENT, /* our own words, escaped already; all others are bytes as they were */
	EVIDENCE_SENT,
	EVIDENCE_RECEIVED,
	EVIDENCE_SENT_TLS,
	EVIDENCE_RECEIVED_TLS
};

struct evidence_phase {
	char name[24];
	enum phase_status status;
	int64_t micros; /* -1 where not reached */
	int64_t limit;  /* the one in force */
};

/* A leg's verdict may also be that it was not checked (no route for its family). */
enum { EVIDENCE_NOT_CHECKED = PW_UNKNOWN + 1 };

struct evidence {
	uint32_t leg, legs;          /* which of how many */
	uint8_t verdict;             /* enum pw_verdict or EVIDENCE_NOT_CHECKED */
	char outcome[OUTCOME_NAME_MAX];
	struct pw_bytes text;        /* one sentence; may hold foreign bytes, escaped already */
	struct pw_bytes address;     /* "192.0.2.1"; empty where none was found */
	uint16_t port;
	struct pw_bytes local;       /* "192.0.2.9:40112"; empty where never connected */
	struct pw_bytes helo;        /* the EHLO name; empty where never chosen */
	int64_t started;             /* UTC; times in the transcript count from here */
	int64_t micros;              /* the whole leg */
	uint32_t phase_count;
	struct evidence_phase phases[EVIDENCE_PHASES_MAX];
	struct pw_bytes facts, warnings, transcript; /* encoded lists: walk them with
	                                              * evidence_next_… */
};

/* The lists of a leg, growing while its dialogue goes on. Starts as zeroes, holds no memory until
 * used. What finds no memory is left out. */
struct evidence_log {
	struct buffer facts, warnings, transcript;
	uint32_t gap;                       /* where the transcript's gap begins, 0: it has none */
	uint32_t left_lines, left_bytes;    /* out of it */
	int64_t latest;                     /* `at` of the last line */
};

/* A fact of the same name gives way to the new one. */
void evidence_add_fact(struct evidence_log *, const char *name, struct pw_bytes value, bool steady);
/* A second warning with the same code is dropped. `text` is escaped already. */
void evidence_add_warning(struct evidence_log *, const char *code, const char *phase,
    const char *text);
/* `at`: microseconds since the leg's start. Appends a line; above EVIDENCE_TRANSCRIPT_MAX the
 * middle gives way. Times never decrease: a line with an earlier time than the one before gets that
 * line's time. */
void evidence_add_line(struct evidence_log *, int64_t at, enum evidence_dir, struct pw_bytes line);
void evidence_log_fini(struct evidence_log *);

struct evidence_fact { char name[OUTCOME_NAME_MAX]; struct pw_bytes value; bool steady; };
struct evidence_warning { char code[OUTCOME_NAME_MAX]; char phase[24]; struct pw_bytes text; };
struct evidence_line { int64_t at; enum evidence_dir dir; struct pw_bytes bytes; };

/* Takes the next entry off the front of an encoded list; false at its end, and where it is
 * malformed. */
bool evidence_next_fact(struct pw_bytes *list, struct evidence_fact *);
bool evidence_next_warning(struct pw_bytes *list, struct evidence_warning *);
bool evidence_next_line(struct pw_bytes *list, struct evidence_line *);

/* A fact that is a time, such as the end of a certificate, in microseconds UTC; 0: it is none. */
int64_t evidence_time(struct pw_bytes value);

/* The whole leg as part of a message; never more than WIRE_MAX - 1 KiB. What is read holds in every
 * field and list, so that later walks cannot fail. */
extern const struct wire_form evidence_form;

/* Whether a program was run (a probe of postwatch/probe.h with `program`) in place of talking to an
 * address. */
bool evidence_is_of_program(const struct evidence *);

/* A hash over outcome, steady facts and warning codes: what makes a run look different from the one
 * before. */
uint64_t evidence_fingerprint(const struct evidence *, uint64_t seed);
