/*
 * A probe is a dialogue, not a socket.
 *
 * The host resolves, connects, secures, splits the input into replies, keeps every limit, writes the transcript, says
 * farewell and closes. The plugin answers one question: what now?
 *
 * The life of one dialogue: the host zeroes a session of `session_size` bytes, connects to one address and calls
 * `begin`. Each call ends with exactly one step: pw_expect, pw_say, pw_say_secret, pw_secure, pw_look_up or pw_done.
 * Before the step, any number of pw_fact, pw_warn, pw_note. After pw_expect or pw_say the next complete reply comes to
 * `on_reply`; after pw_secure, the finished handshake to `on_secured`; after pw_look_up, the answer to `on_answer`.
 * After pw_done nothing comes. Where TLS begins with the connection (PW_TLS_IMPLICIT), `begin` comes when the handshake
 * stands, and on_secured never. No step, two steps, an unknown phase or an unknown outcome is the plugin's fault, and
 * the verdict is then `unknown(plugin)`.
 *
 * Time-outs, closes, resets, malformed and over-long input never reach a plugin: the host makes them
 * `<phase>_timeout`, `closed_at_<phase>`, `reset_at_<phase>`, `protocol`.
 *
 * All bytes given to a helper are copied before it returns. What a server said (struct pw_bytes) is lent for the call,
 * is bounded, and is bytes: it may hold anything but LF. A plugin never needs to escape it: whoever shows it does.
 */
#ifndef POSTWATCH_PROBE_H
#define POSTWATCH_PROBE_H

#include <stdarg.h>
#include <postwatch/plugin.h>

/* The verdict of a dialogue, and the severity of an outcome. */
enum pw_verdict {
	PW_OK = 0,   /* it does what it should */
	PW_DEGRADED, /* alive, but slow or odd */
	PW_BLOCKED,  /* alive, but refuses us by policy */
	PW_FAILED,   /* it does not do what it should */
	PW_UNKNOWN   /* our side, or cannot be told */
};

enum pw_framing {
	PW_REPLIES = 1, /* 220-text ... 220 text: RFC 5321, section 4.2 */
	PW_LINES        /* each line is a reply of its own */
};

/*
 * A step with its own limits. The host knows resolve connect banner ehlo starttls handshake ehlo_tls auth mail rcpt
 * quit with default limits (phases.def); a row with zeroes takes those. A plugin's table names the phases of its
 * dialogue in their order; the host puts resolve and connect before them, and quit behind where there is a farewell.
 * Ends with a row whose name is NULL. Limits in microseconds.
 */
struct pw_phase {
	const char *name;
	uint64_t limit, patient, slow; /* slow: 0 none */
	uint32_t flags;                /* PW_PHASE_TLS: part of the dialogue only where TLS is */
};

enum { PW_PHASE_TLS = 1 };

/* A way for a dialogue to end, or a code to warn with; names as outcomes.def has them, and none of those. */
struct pw_outcome {
	const char *name;
	uint32_t severity; /* enum pw_verdict */
	const char *text;  /* "greeted with a refusal" */
	const char *hint;  /* what a postmaster would look at first; NULL: none */
	const char *phase; /* for a code to warn with: the phase in which it is seen; NULL: none */
};

enum { PW_STEADY = 1 }; /* a change of this fact is told */

enum { PW_FAMILY = 2 }; /* a fact, since 1.3: all names that begin with this one */

struct pw_fact_kind {
	const char *name;
	uint32_t flags; /* PW_STEADY, PW_FAMILY */
	const char *help;
};

/* One complete reply. `lines` are what follows the code and its separator, without the line end. */
struct pw_reply {
	int code;        /* 200 to 599; PW_LINES: 0 */
	int enhanced[3]; /* RFC 3463, of the first line that has one, {0,0,0} where none */
	size_t count;    /* of lines, at least 1 */
	const struct pw_bytes *lines;
};

/* What was answered by a refusal. */
enum pw_stage { PW_AT_GREETING = 1, PW_AT_EHLO, PW_AT_STARTTLS };

/* What a refusal means, by the host's table. */
struct pw_refusal {
	const char *outcome;     /* policy, helo, client_cert_required, rate_limited, tempfail, no_mail_service, rejected,
	                          * ehlo_rejected or starttls_refused */
	struct pw_bytes because; /* the words in it that decided; size 0: its codes did */
};

struct pw_tls {
	const char *version, *cipher; /* "TLSv1.3", "TLS_AES_256_GCM_SHA384" */
	bool verified;                /* chain and name hold, whatever `verify` says */
};

/* An answer to pw_look_up: the records of the type asked for, as wire data of their RDATA. */
struct pw_answer {
	int rcode;   /* RFC 1035; -1: nobody answered */
	bool secure; /* AD, and the resolver was declared trusted */
	size_t count;
	const struct pw_bytes *records;
};

enum pw_tls_mode { PW_TLS_NONE = 0, PW_TLS_OPPORTUNISTIC, PW_TLS_REQUIRE, PW_TLS_IMPLICIT };

struct pw_turn;

/* The host's functions behind the helpers below. Grows at the end only. */
struct pw_host {
	uint32_t size;
	void (*expect)(struct pw_turn *, const char *phase, const char *or_outcome);
	void (*say)(struct pw_turn *, const char *phase, bool secret, const char *format, va_list)
	    __attribute__((format(printf, 4, 0)));
	void (*secure)(struct pw_turn *);
	void (*look_up)(struct pw_turn *, const char *name, uint16_t type);
	void (*done)(struct pw_turn *, const char *outcome, const char *format, va_list)
	    __attribute__((format(printf, 3, 0)));
	void (*fact)(struct pw_turn *, const char *name, struct pw_bytes value);
	void (*warn)(struct pw_turn *, const char *code, const char *format, va_list)
	    __attribute__((format(printf, 3, 0)));
	void (*note)(struct pw_turn *, const char *format, va_list) __attribute__((format(printf, 2, 0)));
	bool (*matches)(struct pw_turn *, const struct pw_regex *, struct pw_bytes);
	/* since 1.1 */
	struct pw_refusal (*judge)(struct pw_turn *, const struct pw_reply *, enum pw_stage);
	void (*or_end)(struct pw_turn *, const char *outcome, const char *format, va_list)
	    __attribute__((format(printf, 3, 0)));
};

/* Lent for one call. */
struct pw_turn {
	const struct pw_host *host;
	const struct pw_values *values; /* of the plugin's own settings, by index in its table */
	const char *name, *target_host; /* of the target, as configured; host in its ASCII form */
	const char *address;            /* the one we talk to, as text */
	const char *helo;               /* the name to say in EHLO, ready for use: a host name or an address literal */
	uint16_t port;
	bool patient;                   /* a patient run */
	bool secured;                   /* what is said now is said inside TLS */
	enum pw_tls_mode tls;
};

struct pw_probe_ops {
	uint32_t size; /* of this struct, as the plugin's compiler saw it */
	uint16_t default_port;
	uint16_t framing;
	uint32_t session_size;
	const struct pw_phase *phases;
	const struct pw_outcome *outcomes;  /* ends with a NULL name; NULL: none */
	const struct pw_fact_kind *facts;   /* ends with a NULL name; NULL: none */
	const char *farewell;               /* "QUIT": phase quit, never part of the verdict; NULL: none */
	void (*begin)(void *session, struct pw_turn *);
	void (*on_reply)(void *session, struct pw_turn *, const struct pw_reply *);
	void (*on_secured)(void *session, struct pw_turn *, const struct pw_tls *);   /* NULL where never secured */
	void (*on_answer)(void *session, struct pw_turn *, const struct pw_answer *); /* NULL where never asked */

	/* Since 1.3, both or neither. A probe with these connects to nobody: the host runs the program that `program` fills
	 * in (it is zeroed but for its size; pointers live as long as the values), in the first phase of the table, whose
	 * limit is that of the program, and gives its end to `on_exit`, the one turn of the dialogue, whose step is pw_done.
	 * What the program wrote to stdout stands in the transcript by then. */
	void (*program)(const struct pw_values *, struct pw_program *);
	void (*on_exit)(void *session, struct pw_turn *, const struct pw_exit *);
};

/* Step: wait in `phase` for what the server says unasked, such as the greeting. */
static inline void
pw_expect(struct pw_turn *turn, const char *phase)
{
	turn->host->expect(turn, phase, NULL);
}

/* The same, and a close by the server is the outcome `outcome`, not closed_at_<phase>. */
static inline void
pw_expect_or(struct pw_turn *turn, const char *phase, const char *outcome)
{
	turn->host->expect(turn, phase, outcome);
}

/* Step: say one line and wait in `phase` for the reply. The host adds CRLF; CR, LF, NUL or more than 1,000 bytes in the
 * line are the plugin's fault. */
__attribute__((format(printf, 3, 4))) static inline void
pw_say(struct pw_turn *turn, const char *phase, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	turn->host->say(turn, phase, false, format, arguments);
	va_end(arguments);
}

/* The same; the transcript shows that something was said, and not what. */
__attribute__((format(printf, 3, 4))) static inline void
pw_say_secret(struct pw_turn *turn, const char *phase, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	turn->host->say(turn, phase, true, format, arguments);
	va_end(arguments);
}

/* Step: begin TLS now (after the server's consent), in phase `handshake`; then on_secured. Bytes that came along with
 * the consent are an injection and end the run. */
static inline void
pw_secure(struct pw_turn *turn)
{
	turn->host->secure(turn);
}

/* Step: ask the resolver for records of `type` (RFC 1035 numbers) at `name`, in phase `resolve`; then on_answer. */
static inline void
pw_look_up(struct pw_turn *turn, const char *name, uint16_t type)
{
	turn->host->look_up(turn, name, type);
}

/* Step: the dialogue is over. `outcome`: "ok", a name of outcomes.def or of the plugin's own table; the text says what
 * was seen ("" for the outcome's own). A run that would be ok and was warned about is degraded by the first warning. */
__attribute__((format(printf, 3, 4))) static inline void
pw_done(struct pw_turn *turn, const char *outcome, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	turn->host->done(turn, outcome, format, arguments);
	va_end(arguments);
}

/* Records what was seen; the same name again replaces it. `name`: one of the plugin's facts. A probe that knows STARTTLS
 * has the fact `starttls`, "offered" or "not offered": the host makes the warning starttls_gone of it. */
static inline void
pw_fact(struct pw_turn *turn, const char *name, struct pw_bytes value)
{
	turn->host->fact(turn, name, value);
}

/* Makes a run that would be ok degraded(code). `code`: of outcomes.def or the plugin's own. */
__attribute__((format(printf, 3, 4))) static inline void
pw_warn(struct pw_turn *turn, const char *code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	turn->host->warn(turn, code, format, arguments);
	va_end(arguments);
}

/* A line in the transcript; changes no verdict. */
__attribute__((format(printf, 2, 3))) static inline void
pw_note(struct pw_turn *turn, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	turn->host->note(turn, format, arguments);
	va_end(arguments);
}

/* What a reply with 4xx or 5xx means, by the table of refusals (`postwatch explain --table refusals`): about us, about
 * the server's load, or about the server. `because` is lent as long as the reply is. Changes nothing. */
static inline struct pw_refusal
pw_judge(struct pw_turn *turn, const struct pw_reply *reply, enum pw_stage stage)
{
	return turn->host->judge(turn, reply, stage);
}

/* Where the connection ends or the limit is met instead of a reply to the step of this turn, the dialogue ends with
 * `outcome` and this text, to which the host adds what happened. */
__attribute__((format(printf, 3, 4))) static inline void
pw_or_end(struct pw_turn *turn, const char *outcome, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	turn->host->or_end(turn, outcome, format, arguments);
	va_end(arguments);
}

/* Whether the expression of a PW_REGEX setting is found in the bytes. False also where matching met its limit, which
 * the transcript then says. */
static inline bool
pw_matches(struct pw_turn *turn, const struct pw_regex *regex, struct pw_bytes bytes)
{
	return turn->host->matches(turn, regex, bytes);
}

#define PW_PLUGIN_PROBE(name_, version_, summary_, flags_, settings_, ops_)                                            \
	PW_EXPORT extern const struct pw_plugin pw_plugin;                                                             \
	const struct pw_plugin pw_plugin __attribute__((used)) = {                                                      \
		PW_MAGIC, PW_ABI_MAJOR, PW_ABI_MINOR, sizeof(struct pw_plugin), PW_PROBE, (flags_),                     \
		(name_),  (version_),   (summary_),   (settings_),              (ops_),                                \
	}

#endif
