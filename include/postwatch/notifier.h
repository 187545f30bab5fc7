/*
 * A notifier delivers notices. It runs in a process of its own, one call at a time, in plain blocking code; a call
 * that outlives the notifier's deadline is ended by killing the process, and what it was doing is tried again.
 *
 * Results are for each recipient: a notifier whose settings mark a list as PW_RECIPIENTS gets the entries that are due,
 * any other gets one recipient whose name is "".
 */
#ifndef POSTWATCH_NOTIFIER_H
#define POSTWATCH_NOTIFIER_H

#include <postwatch/plugin.h>
#include <sys/socket.h>

enum { PW_BRIEF_MAX = 2500, PW_RECEIPT_MAX = 1023 /* bytes */ };

/* The worlds of text that a notice comes in, made by the host in the notifier's zone. UTF-8, no control characters
 * but LF in `body`. */
struct pw_notice {
	uint32_t size;
	const char *kind;    /* kinds.def: "down", "up" … */
	const char *key;     /* the same for every attempt at this notice by this notifier */
	const char *target;  /* its name; "" for our own notices */
	const char *subject; /* one line */
	const char *body;    /* plain text */
	const char *json;    /* one object */
	int64_t incident;    /* its number, 0: none */
	int64_t detected, confirmed; /* UTC, microseconds */
	uint32_t attempt;    /* 1 for the first */

	/* What the texts are made of, for notifiers that have a form of their own. Strings are "" where there is nothing. */
	const char *thread;    /* the same for all notices of one incident or condition: the key of the first of them */
	const char *severity;  /* "critical", "error", "warning", "info" */
	const char *outcome;   /* the outcome or condition: "banner_timeout" */
	const char *host, *probe;
	const char *sentence;  /* the whole of it: "mx1.example.org:25 down: no greeting within 60.0 s, 3 of 3 attempts" */
	const char *own_name;  /* the name we go by in EHLO, else our host's; never "", and fit for the right of an "@" */
	int64_t began, ended;  /* UTC, microseconds, of the incident or condition; 0: not known, not over */
	int64_t sent;          /* UTC, microseconds: when the texts were made */
	int32_t offset;        /* of the notifier's zone when it was sent, seconds east of UTC */
	uint32_t flags;        /* PW_NOTICE_DUPLICATE … */
	uint32_t covered;      /* how many notices it stands for, 0: only itself */
	uint16_t port;         /* 0: none */
	bool over;             /* what `thread` stands for has ended */
	const char *brief;     /* the body within PW_BRIEF_MAX bytes: attempts are cut, never the lines on which it failed */
	int64_t deadline;      /* microseconds that the host gives to the call before it ends the process; 0: not known */

	/* Since 1.1. */
	const char *helo;      /* the name to say in EHLO; NULL: there is none, an address literal of the connection is said */
	char (*receipts)[PW_RECEIPT_MAX + 1]; /* room for longer receipts, a row for each recipient, all "": what is written
	                          there, ended by NUL, is taken in place of `receipt` of its result */
	void (*log)(void *log_to, const char *line); /* a line for the host's log, as a warning; bytes are made safe by the host */
	void *log_to;          /* what `log` wants */
	/* Returns whether a numeric address ("192.0.2.1", "2001:db8::1") is routed in the public Internet; false for
	 * loopback, private, shared, link-local, multicast and reserved ones (RFC 6890), also where an IPv6 address carries
	 * such an IPv4 one, and for what is no address. For names that lead where an operator did not mean them to. */
	bool (*is_public)(const char *address);

	/* The same, for receivers that keep what they are told until it has ended. `thread` is the key to keep it under. */
	uint32_t alert;        /* enum pw_alert */
	uint16_t first_port;   /* this and the next: what `port`, `target` … were when it began; a reload may have changed them */
	const char *first_kind; /* of the notice that it began with */
	const char *first_target, *first_host, *first_probe, *first_own_name;

	/* Since 1.2. */
	const char *page;      /* URL of the page that tells of it, printable ASCII without quotes and blanks; "": there is none */

	/* Since 1.3. Runs the program of the notifier (pw_notifier_ops.program), which has `input` to read from stdin, for
	 * `limit` microseconds at most, and waits for its end. NULL where the notifier has none. */
	void (*run)(void *run_to, struct pw_bytes input, int64_t limit, struct pw_exit *end);
	void *run_to;          /* what `run` wants */

	/* Since 1.4. Of a notice of the kind "report": the whole of it as a file to be handed on, of the type text/html in
	 * UTF-8, and the name of that file, of letters, digits, ".", "-" and "_". `json` has its figures as "report", and
	 * `body` as much of its text as there is room for. NULL: there is none. */
	const char *attachment, *attachment_name;
};

enum {
	PW_NOTICE_DUPLICATE = 1,    /* it may have been delivered before */
	PW_NOTICE_NOT_RECORDED = 2, /* the store cannot be written: it exists in memory alone */
	PW_NOTICE_FALLBACK = 4,     /* other notifiers could not deliver it in time */
	PW_NOTICE_LATE = 8          /* it was kept silent for a while */
};

enum pw_alert {
	PW_ALERT_NONE,   /* it says what happened: there will be no end of it */
	PW_ALERT_OPEN,   /* it begins something, or says that it goes on */
	PW_ALERT_CLOSED  /* it is over */
};

/* What a receiver does with what it is told; flags. */
enum {
	PW_KEEPS = 1,  /* it keeps it until the end is told: it is told every end, and gets no digests */
	PW_FORGETS = 2, /* and forgets it when it is restarted: what stands is told it again every 5 minutes */
	PW_REPORTS = 4  /* it takes reports of availability, by `attachment` or by `json` (since 1.4) */
};

struct pw_recipients {
	uint32_t count;
	const char *const *names;
};

enum pw_fate { PW_SENT = 1, PW_AGAIN, PW_NEVER };

struct pw_result {
	uint32_t fate;        /* enum pw_fate; 0 counts as PW_AGAIN */
	bool channel;         /* PW_AGAIN: the way failed, not this recipient */
	bool doubtful;        /* PW_AGAIN: it may have arrived all the same: the next attempt says so (since 1.1) */
	int64_t not_before;   /* PW_AGAIN: seconds from now, 0: the host decides */
	char receipt[256];    /* the peer's words, bytes cut to fit, ended by NUL */
};

/*
 * What a process of a notifier needs once it is open; all else is taken from it before it meets its peer, as far as the
 * kernel can (files and TCP by Landlock, system calls by seccomp). Flags: */
enum {
	PW_NEEDS_NAMES = 1,     /* looks up names by the C library (getaddrinfo(3)): its files, and the resolvers of the
	                         * host on port 53. Through a UNIX socket (nscd, systemd-resolved, Avahi) it asks nobody */
	PW_NEEDS_UDP = 2,       /* UDP, to any port; part of PW_NEEDS_NAMES */
	PW_NEEDS_UNIX = 4,      /* UNIX sockets, datagrams and streams, such as /dev/log */
	PW_NEEDS_THREADS = 8,   /* a library of its own starts threads */
	PW_NEEDS_PROGRAMS = 16  /* starts programs. Nobody knows what these need: the process keeps all its rights but
	                         * those that no program of the kind needs */
};

enum { PW_NEEDS_MAX = 8 };

/* Zeroed by the host but for its size; strings live as long as the session. */
struct pw_needs {
	uint32_t size;
	uint32_t flags;                   /* PW_NEEDS_NAMES … */
	uint32_t port_count, read_count, write_count;
	uint16_t ports[PW_NEEDS_MAX];     /* TCP ports that it connects to; 0: any */
	const char *reads[PW_NEEDS_MAX];  /* files, or folders with all below, that it opens again after `open` */
	const char *writes[PW_NEEDS_MAX]; /* the same, to write; a file that may be missing, or be replaced, by the name of its folder,
	                                   * in which it then makes files */
};

/* What the host does for a gate. */
struct pw_gate_host {
	uint32_t size;
	/* The addresses of a name (of a literal: itself), without ports, in the order in which they are to be tried, at most
	 * `max`: by the hosts file and the resolvers by which targets are looked up. Blocks for `limit` microseconds and 1 s
	 * at most. Returns how many; 0: `why` (of `why_size` bytes) says what each resolver said. */
	uint32_t (*look_up)(const struct pw_gate_host *, const char *name, int64_t limit, struct sockaddr_storage *found,
	    uint32_t max, char *why, size_t why_size);
};

/*
 * The gate of a notifier whose library is not to meet its peer: a second process, beside the one that delivers (the
 * worker). The gate alone reads secrets and has a network; the worker has neither, and no files. A SOCK_SEQPACKET
 * socket, blocking, joins the two: what is said on it is the plugin's own. The host bears both, and ends and replaces
 * both together; the end of the worker is the end of its socket.
 */
struct pw_gate_ops {
	uint32_t size;
	uint32_t memory_size; /* zeroed by the host, freed by it after close */
	/* Reads the files that the settings name: behind it none can be opened. Where one of them changes, worker and gate
	 * are replaced. False: it cannot work; `why` (of `why_size` bytes) says what to mend. */
	bool (*open)(void *memory, const struct pw_values *values, char *why, size_t why_size);
	/* Serves the worker until it has closed its end. */
	void (*serve)(void *memory, int worker, const struct pw_gate_host *host);
	void (*close)(void *memory);
	/* Since 1.2. What it needs to serve; called after open. Its host's names are in addition. NULL: nothing but those. */
	void (*needs)(void *memory, struct pw_needs *needs);
};

struct pw_notifier_ops {
	uint32_t size;
	uint32_t session_size; /* zeroed by the host, freed by it after close */
	/* False: the notifier cannot work; `why` (of `why_size` bytes) says what to mend. */
	bool (*open)(void *session, const struct pw_values *values, char *why, size_t why_size);
	/* `results` has one row for each recipient. */
	void (*deliver)(void *session, const struct pw_notice *, const struct pw_recipients *, struct pw_result *results);
	void (*close)(void *session);
	/* When the configuration is read, and by `postwatch check`: false with what is wrong where settings do not go together,
	 * each fault a line ("KEY: what, and what would be right"), in `why` (1,024 bytes). True: `why` may hold one line on how
	 * notices will go out, which `postwatch check` shows (since 1.1). Called where all that is required was given; another
	 * value that was a fault by its table is as if it had not been written. Opens nothing, asks nobody. NULL: what their
	 * table says of them is enough. */
	bool (*check)(const struct pw_values *values, char *why, size_t why_size);

	/* Since 1.1. */
	const struct pw_gate_ops *gate;          /* NULL: the notifier is one process */
	void (*join)(void *session, int gate);   /* with a gate, before open: the worker's end of the socket */
	/* What its receiver does with what it is told: PW_KEEPS … NULL: nothing, people read it. */
	uint32_t (*receiver)(const struct pw_values *values);

	/* Since 1.2. What it needs to deliver; called after open. NULL: nothing, it has neither files nor network. Not called where
	 * there is a gate: its worker has neither. The process of a plugin that was made for 1.1 or before is not confined. */
	void (*needs)(void *session, struct pw_needs *needs);

	/* Since 1.3. Fills in the program that pw_notice.run is to run (it is zeroed but for its size; pointers live as long
	 * as the values). It is started by a process beside this one, which needs no rights for it. Not together with a gate.
	 * NULL: none. */
	void (*program)(const struct pw_values *, struct pw_program *);
};

#define PW_PLUGIN_NOTIFIER(name_, version_, summary_, settings_, ops_)                                                 \
	PW_EXPORT extern const struct pw_plugin pw_plugin;                                                             \
	const struct pw_plugin pw_plugin __attribute__((used)) = {                                                      \
		PW_MAGIC, PW_ABI_MAJOR, PW_ABI_MINOR, sizeof(struct pw_plugin), PW_NOTIFIER, 0,                         \
		(name_),  (version_),   (summary_),   (settings_),              (ops_),                                \
	}

#endif
