/*
 * The plugin ABI: what a plugin exports and what its settings look like.
 *
 * A plugin is one shared object that exports exactly one symbol, `pw_plugin`, a constant made by PW_PLUGIN_PROBE
 * (probe.h) or PW_PLUGIN_NOTIFIER (notifier.h). The host loads it once, before it forks, and never unloads it. A plugin
 * has no constructors, starts no threads, and leaves locale, signals, umask, environment and working folder alone.
 * It keeps no state of its own between calls: a session is lent to it, zeroed, one for each dialogue.
 *
 * ABI diary
 *   1.0  first release
 *   1.1  probes: pw_judge, pw_or_end; notifiers: a gate, the name for EHLO, longer receipts, doubt, lines for the log,
 *        receivers that keep what they are told
 *   1.2  notifiers and gates: needs, what their processes keep of their rights
 *   1.3  probes and notifiers: a program that the host runs for them
 *   1.4  notifiers: reports
 *
 * Major: something was removed or changed; plugins of another major are refused.
 * Minor: something was added at the end; older plugins still load, newer ones are refused.
 */
#ifndef POSTWATCH_PLUGIN_H
#define POSTWATCH_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PW_MAGIC 0x48435750u /* "PWCH" in memory */
#define PW_ABI_MAJOR 1
#define PW_ABI_MINOR 4

enum pw_kind { PW_PROBE = 1, PW_NOTIFIER = 2 };

enum pw_type {
	PW_STRING = 1,
	PW_INT,
	PW_BOOL,
	PW_DURATION, /* written "15s", "500ms", "2h", "1d"; kept in microseconds */
	PW_SIZE,     /* written "64KiB", "4GiB", "100"; kept in bytes */
	PW_LIST,     /* of strings */
	PW_SECRET,   /* written as KEY_file = "path"; never in the configuration itself */
	PW_ENUM,     /* one of `choices`; kept as its index */
	PW_REGEX,    /* PCRE2, matched on bytes */
	PW_PATH      /* relative to the file that names it; kept absolute */
};

enum {
	PW_REQUIRED = 1,  /* a fault where it is missing */
	PW_RECIPIENTS = 2, /* notifiers: the one list whose entries are recipients, each with its own result: 1 to
	                      PW_RECIPIENT_MAX bytes, and no two the same */
	PW_RELAY = 4       /* notifiers: a string, HOST or HOST:PORT, that its notices go through: a warning where it is watched */
};

enum { PW_RECIPIENT_MAX = 320 }; /* bytes: an address has 64 + 1 + 255 (RFC 5321, 4.5.3.1) */

/* One setting. A table of them ends with a row whose key is NULL. */
struct pw_setting {
	const char *key;
	uint32_t type; /* enum pw_type */
	uint32_t flags;
	const char *fallback;       /* the default as a user would write it; a list's, words split by blanks; NULL: none */
	int64_t min, max;           /* range of an int, duration (us) or size; of a list, its count; both 0: any */
	const char *const *choices; /* PW_ENUM: ends with NULL */
	const char *help;           /* one line */
};

struct pw_strings {
	uint32_t count;
	const char *const *items;
};

struct pw_regex; /* the host's; see pw_matches() in probe.h */

/* The value of one setting, at the same index as its row in the table. */
struct pw_value {
	union {
		const char *string;           /* PW_STRING PW_PATH; NULL where neither set nor defaulted */
		int64_t number;               /* PW_INT PW_BOOL PW_DURATION PW_SIZE PW_ENUM */
		const struct pw_strings *list; /* PW_LIST; NULL where neither set nor defaulted */
		const struct pw_regex *regex; /* PW_REGEX; NULL where neither set nor defaulted */
	};
	bool given; /* written by the user, not defaulted */
};

/* Constant; lives as long as the process. */
struct pw_values {
	uint32_t count;
	struct pw_value items[];
};

enum {
	PW_USES_TLS = 1,    /* probes: gets the host's TLS settings, facts and warnings */
	PW_REQUIRES_TLS = 2 /* probes: with PW_USES_TLS; `tls` is at least "require" */
};

struct pw_bytes {
	const char *data; /* not ended by NUL */
	size_t size;
};

/*
 * Since 1.3. A program that the host runs for a plugin, as the settings say: without a shell, by a process that does
 * nothing else, in a process group of its own, with limits (descriptors, memory, processor time, size of files), with
 * PATH, LANG, HOME, TZ and what postwatch-exec(5) lists as its environment, in the folder "/".
 */
struct pw_program {
	uint32_t size;
	const char *path;                   /* absolute */
	/* What follows the path; NULL: nothing. Of a probe $HOST, $PORT and $TARGET (its name), with or without braces, stand
	 * for those of the target, and "$$" for a dollar sign. An argument stays one argument. */
	const struct pw_strings *arguments;
	const char *user;                   /* whom it is to run as: a fault where it is set, as the daemon can become nobody else */
	const struct pw_strings *writes;    /* absolute paths that it writes to, besides temporary folders; NULL: none */
};

enum pw_exit_how {
	PW_EXITED = 1,  /* `status`: the exit status */
	PW_SIGNALLED,   /* `status`: the signal */
	PW_NOT_STARTED, /* `status`: errno, such as ENOENT */
	PW_TIMED_OUT,   /* it was killed at the limit */
	PW_LOST         /* the process that ran it is gone */
};

enum { PW_OUTPUT_MAX = 65536, PW_ERRORS_MAX = 1024 /* bytes */ };

/* How it ended. The bytes are lent for the call, and may hold anything. */
struct pw_exit {
	uint32_t size;
	uint32_t how;     /* enum pw_exit_how */
	int32_t status;
	bool cut;         /* it wrote more to stdout than PW_OUTPUT_MAX, which was read and dropped */
	struct pw_bytes output, errors; /* the beginning of what it wrote to stdout, and to stderr */
};

/* What a plugin exports. The first four fields keep their place for ever. */
struct pw_plugin {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t size; /* as the plugin's compiler saw it */

	uint32_t kind;  /* enum pw_kind */
	uint32_t flags; /* PW_USES_TLS … */
	const char *name, *version;
	const char *summary;                /* one line */
	const struct pw_setting *settings; /* NULL: none */
	const void *ops;                    /* struct pw_probe_ops or pw_notifier_ops, by kind */
};

#define PW_EXPORT __attribute__((visibility("default")))

#endif
