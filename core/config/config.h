/*
 * The configuration: read whole, checked whole, then constant. It lies in one arena that is made
 * read-only before the first fork, so every process of the tree shares its pages, and a target's
 * number (its index) means the same in all of them. Nothing here is freed or changed until the
 * process ends or executes itself anew.
 */
#pragma once

#include <postwatch/probe.h>
#include <postwatch/notifier.h>
#include "base/address.h"
#include "base/calendar.h"
#include "base/notice.h"
#include "base/period.h"
#include "base/reason.h"
#include "base/text.h"

#define CONFIG_NONE UINT32_MAX /* no such index */
enum {
	CONFIG_PARENTS_MAX = 8
}; /* above each other; and nobody is his own: the check sees to both */
enum {
	PHASES_MAX = 32
}; /* of one probe, resolve, connect and quit included: sets of phases are 32 bits */

/* A loaded plugin. */
struct plugin {
	const struct pw_plugin *descriptor;
	const char *path;
};

static inline const struct pw_probe_ops *
plugin_probe(const struct plugin *plugin)
{
	return plugin->descriptor->ops;
}

/* Whether a table, of `size` bytes where its plugin was made, goes on behind the start of a
 * member. */
#define PLUGIN_HAS(table, member) \
	((table)->size >= offsetof(__typeof__(*(table)), member) + sizeof((table)->member))

/* NULL: it has none, or was made before notifiers could have one. */
static inline const struct pw_gate_ops *
plugin_gate(const struct plugin *plugin)
{
	const struct pw_notifier_ops *ops = plugin->descriptor->ops;

	return PLUGIN_HAS(ops, gate) ? ops->gate : NULL;
}

/* PW_KEEPS …; 0 also of one that was made before notifiers could say it. */
static inline uint32_t
plugin_receiver(const struct plugin *plugin, const struct pw_values *values)
{
	const struct pw_notifier_ops *ops = plugin->descriptor->ops;

	return PLUGIN_HAS(ops, receiver) && ops->receiver != NULL ? ops->receiver(values) : 0;
}

/* A phase with the limits in force, microseconds; slow 0: never. */
struct phase_plan {
	const char *name;
	int64_t routine, patient, slow;
	uint32_t flags; /* PW_PHASE_TLS */
};

enum tls_verify { TLS_VERIFY_NONE, TLS_VERIFY_WARN, TLS_VERIFY_CHAIN, TLS_VERIFY_FULL };

/* How near a certificate's end is. */
enum cert_level { CERT_SOON, CERT_URGENT, CERT_LEVELS };

/* It is that near where less is left than both say. */
struct cert_limit {
	int64_t left;     /* microseconds; 0: any */
	int64_t percent;  /* of its lifetime; 0: any. Both 0: it is never that near */
};

/* The host's TLS settings of a policy. Equal ones are the same pointer. */
struct tls_settings {
	enum pw_tls_mode mode;
	enum tls_verify verify;
	const char *ca_file;      /* absolute; NULL: the system's bundle */
	const char *sni;          /* NULL: the target's host where that is a name */
	int min_version;          /* 0x0301 (TLS 1.0) to 0x0304, as on the wire */
	struct cert_limit cert_warn[CERT_LEVELS];
	bool cert_warn_given;     /* its end is looked at also where nothing is verified */
};

enum addresses { ADDRESSES_ANY, ADDRESSES_ALL };
enum family { FAMILY_BOTH, FAMILY_IPV4, FAMILY_IPV6 };

/* All that many targets have in common; targets with equal settings share one. */
struct policy {
	const struct plugin *probe;
	const struct pw_values *values; /* of the probe's own settings */
	const struct tls_settings *tls; /* NULL: the probe knows no TLS */
	int64_t interval, retry_interval, flap_window, tempfail_grace, stale_after;
	int64_t sla; /* availability that was agreed, millionths; 0: none */
	uint32_t tries, recover_tries;
	enum addresses addresses;
	enum family family;
	bool allow_private;
	bool has_source4, has_source6;
	struct address source4, source6; /* addresses to bind to */
	struct phase_plan leg;           /* the limits of a whole leg */
	uint32_t phase_count;
	const struct phase_plan
	    *phases; /* resolve, connect, the probe's, quit where it has a farewell */
	uint32_t notify_count;           /* CONFIG_NONE: all */
	const uint32_t *notify;          /* indexes of notifiers */
	uint32_t tag_count;
	const char *const *tags;
};

struct target {
	const char *name;  /* what people call it: `name`, else host:port as it was written */
	bool is_named;     /* it has a `name`: that is its identity, else probe://host:port is */
	const char *host;  /* ASCII: a name for DNS, or an address literal without brackets */
	const char *shown; /* the host as written, UTF-8; the same pointer as `host` where equal */
	const char *was;   /* the name it had before; NULL: none */
	const struct policy *policy;
	uint32_t parent;    /* index, CONFIG_NONE: none */
	uint32_t hash;      /* of its identity: its offset in the grid */
	uint32_t host_hash; /* of host: which prober it belongs to */
	uint16_t port;
};

struct config_notifier {
	const char *name;
	const char *place;        /* where it stands: "FILE:LINE:COLUMN" */
	const struct plugin *plugin;
	const struct pw_values *values;
	uint32_t kinds;           /* bits 1 << enum notice_kind: what it is told of */
	uint32_t tag_count;       /* 0: all targets */
	const char *const *tags;
	int64_t after;            /* what ends before so long was never told */
	struct calendar quiet;    /* in its zone */
	uint32_t remind_count;    /* 0: never */
	/* Waits for the first reminder, the second …; the last for all that follow. */
	const int64_t *remind;
	uint32_t storm;           /* notices a minute, 0: any number */
	uint32_t fallback;        /* index, CONFIG_NONE: none */
	const char *timezone;     /* NULL: as the whole */
	int64_t deadline;         /* of one call */
	int64_t channel_grace;    /* it may fail to deliver for so long until that is told */
	bool self_test;
	/* How notices go out, as its plugin says, escaped; NULL: it says nothing. */
	const char *way;
	uint32_t receiver;        /* PW_KEEPS … */
};

/* While it is open its targets are watched, and not told. */
struct config_window {
	struct calendar when;
	const char *timezone; /* NULL: UTC */
	const char *why;
	uint32_t target_count;
	const uint32_t *targets; /* rising */
};

/* A report of availability that is sent by itself. */
enum { REPORTS_MAX = 100 };
struct config_report {
	uint32_t notifier;    /* its index */
	char tag[128];        /* of targets that have it; "": of all */
	enum period every;
	int at;               /* on the day behind its period, minutes since midnight */
};

/* "HOST:PORT" to connect to when we wonder whether it is us. */
struct config_reference {
	const char *text, *host;
	uint16_t port;
};

/* Where the page is served, and to whom. */
enum { PAGE_URL_MAX = 500, SHARES_MAX = 64, SHARE_LISTEN_MAX = 4, SHARE_SECRET_MIN = 22,
    SHARE_SECRET_MAX = 100 };
struct config_share {
	const char *tag, *secret; /* letters, digits, "-" and "_" */
};
struct config_web {
	uint32_t listen_count;       /* 0: nowhere */
	const char *const *listen;   /* "ADDRESS:PORT", or an absolute path */
	const char *password_file;   /* NULL: none */
	const char *page_url;        /* how people reach it, without a "/" at its end; NULL: not
	                              * known */
	const char *token;           /* first segment of every address; NULL: none */
	bool is_public;
	uint32_t share_count;
	const struct config_share *shares;
	uint32_t share_listen_count; /* 0: shares are served where the page is */
	const char *const *share_listen;
	uint32_t name_count;
	const char *const *names;
};

enum log_to { LOG_TO_DEFAULT, LOG_TO_STDERR, LOG_TO_SYSLOG };

struct config {
	const char *path;     /* of the main file; NULL where it was made of the command line */
	uint32_t file_count;  /* that it was read from */
	const char *const *files; /* absolute */
	const char *state;    /* absolute folder */
	const char *helo;     /* NULL: an address literal of the connection */
	const char *timezone; /* NULL: the reader's */
	const char *user;     /* whom the daemon becomes where root starts it */
	const char *pid_file; /* NULL: none */
	enum log_to log_to;
	int log_facility;     /* as in syslog.h */
	int log_level;        /* 0 to 7 */
	uint32_t probers;     /* at least 1: 0 has been resolved */
	uint32_t per_address; /* connections to one address at once, over all probers */
	uint32_t max_runs;    /* 0: from the descriptor limit */
	int64_t keep_incidents; /* microseconds, from their end */
	bool shadow;            /* nobody is told */
	uint32_t resolver_count, reference_count, plugin_count, notifier_count, target_count,
	    window_count, report_count;
	const struct address *resolvers; /* with ports; none: those of resolvers_find() */
	const struct config_reference *references;
	const struct plugin *plugins;
	const struct config_notifier *notifiers;
	const struct target *targets;
	const struct config_window *windows;
	const struct config_report *reports;
	struct config_web web;
	uint32_t heartbeat;         /* the notifier that is told nothing but that all is well */
	int64_t heartbeat_interval; /* 0: there is none */
};

/* The prober that a target belongs to: all names of one host share its cache. */
static inline uint32_t
config_prober_of(const struct config *config, uint32_t target)
{
	return config->targets[target].host_hash % config->probers;
}

/* Whether a notifier (by its index) is told of a target, by `notify` and `tags`; never the
 * heartbeat. */
bool notifier_hears_of(const struct config *, uint32_t notifier, const struct target *);

/* Whether its `quiet` leaves no minute of the week. */
bool notifier_is_always_quiet(const struct config_notifier *);

/* Whether any notifier would be told that it is down. */
bool target_is_told(const struct config *, const struct target *);
/* How long after it is certain that it is down the first of them is told, microseconds; INT64_MAX:
 * nobody ever is. */
int64_t target_told_after(const struct config *, const struct target *);
/* Its windows of one time zone leave no minute of the week. */
bool target_is_always_in_window(const struct config *, const struct target *);

/* Whether it is a window of that target, by its index. */
bool window_has_target(const struct config_window *, uint32_t target);

/* Whether its policy has the tag. */
bool target_has_tag(const struct target *, const char *tag);

/* The index of the phase called `name` in a policy's plan, or CONFIG_NONE. */
uint32_t policy_phase(const struct policy *policy, const char *name);

/* How long it may take at most until a run of a target has ended and was heard of, from when the
 * one before was, at `interval` (that of the policy, or longer): its `stale_after`, which grows
 * with the interval, and the longest run that the limits allow. Beyond it nobody looks at the
 * target. */
int64_t policy_patience(const struct policy *policy, int64_t interval);

/* What holds for a phase of a probe, or for the whole leg ("leg"), where nobody has set anything.
 */
struct phase_plan policy_built_in(const struct plugin *probe, const char *phase);
