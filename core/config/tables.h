/*
 * Every setting that the host knows, described once. Checks, `postwatch plugins`, the reference
 * page and the sample are made from these tables, and from those of the plugins.
 */
#pragma once

#include <postwatch/plugin.h>

/* In `flags` of the host's own rows: where else than at a target a setting may stand. Plugins' rows
 * have none of them. */
enum {
	SETTING_IN_DEFAULTS = 1 << 16, /* in `defaults` */
	SETTING_IN_LIST = 1 << 17,     /* beside `file` */
	SETTING_ONLY_LIST = 1 << 18,   /* nowhere but beside `file` */
	SETTING_IDENTITY = 1 << 19     /* says which target it is, not how it is watched */
};

/* The rows stand in the order of these. */
enum global_row {
	GLOBAL_STATE,
	GLOBAL_USER,
	GLOBAL_PID_FILE,
	GLOBAL_PLUGINS,
	GLOBAL_HELO,
	GLOBAL_TIMEZONE,
	GLOBAL_RESOLVERS,
	GLOBAL_REFERENCES,
	GLOBAL_PROBERS,
	GLOBAL_PER_ADDRESS,
	GLOBAL_MAX_RUNS,
	GLOBAL_KEEP_INCIDENTS,
	GLOBAL_SHADOW,
	GLOBAL_ROWS
};

enum log_row { LOG_TO, LOG_FACILITY, LOG_LEVEL, LOG_ROWS };

enum notifier_row {
	NOTIFIER_NAME,
	NOTIFIER_PLUGIN,
	NOTIFIER_KINDS,
	NOTIFIER_TAGS,
	NOTIFIER_AFTER,
	NOTIFIER_QUIET,
	NOTIFIER_REMIND,
	NOTIFIER_STORM,
	NOTIFIER_FALLBACK,
	NOTIFIER_TIMEZONE,
	NOTIFIER_DEADLINE,
	NOTIFIER_CHANNEL_GRACE,
	NOTIFIER_SELF_TEST,
	NOTIFIER_ROWS
};

enum heartbeat_row { HEARTBEAT_INTERVAL, HEARTBEAT_ROWS };
enum web_row { WEB_LISTEN, WEB_PASSWORD, WEB_PUBLIC, WEB_NAMES, WEB_PAGE_URL, WEB_SHARE,
    WEB_SHARE_LISTEN, WEB_ROWS };
enum report_row { REPORT_NOTIFIER, REPORT_TAG, REPORT_EVERY, REPORT_AT, REPORT_ROWS };
enum window_row { WINDOW_TARGETS, WINDOW_WHEN, WINDOW_TIMEZONE, WINDOW_WHY, WINDOW_ROWS };

enum target_row {
	TARGET_NAME,
	TARGET_WAS,
	TARGET_HOST,
	TARGET_FILE,
	TARGET_PORT,
	TARGET_PROBE,
	TARGET_PARENT,
	TARGET_INTERVAL,
	TARGET_TRIES,
	TARGET_RETRY_INTERVAL,
	TARGET_RECOVER_TRIES,
	TARGET_FLAP_WINDOW,
	TARGET_TEMPFAIL_GRACE,
	TARGET_STALE_AFTER,
	TARGET_SLA,
	TARGET_ADDRESSES,
	TARGET_FAMILY,
	TARGET_SOURCE,
	TARGET_ALLOW_PRIVATE,
	TARGET_TAGS,
	TARGET_NOTIFY,
	TARGET_ROWS
};

enum tls_row {
	TLS_MODE,
	TLS_VERIFY,
	TLS_CA_FILE,
	TLS_SNI,
	TLS_MIN_VERSION,
	TLS_CERT_WARN,
	TLS_ROWS
};

/* Groups of durations, one for each phase and one for the leg. */
enum limit_kind { LIMIT_ROUTINE, LIMIT_PATIENT, LIMIT_SLOW, LIMIT_KINDS };

extern const struct pw_setting global_settings[GLOBAL_ROWS + 1];
extern const struct pw_setting log_settings[LOG_ROWS + 1];
extern const struct pw_setting notifier_settings[NOTIFIER_ROWS + 1];
extern const struct pw_setting heartbeat_settings[HEARTBEAT_ROWS + 1];
extern const struct pw_setting web_settings[WEB_ROWS + 1];
extern const struct pw_setting report_settings[REPORT_ROWS + 1];
extern const struct pw_setting window_settings[WINDOW_ROWS + 1];
extern const struct pw_setting target_settings[TARGET_ROWS + 1];
extern const struct pw_setting tls_settings_rows[TLS_ROWS + 1];

/* Settings of a target that are a number of its policy, and where in it (struct policy); what is no
 * count (uint32_t) is microseconds (int64_t). */
enum { POLICY_NUMBERS = TARGET_STALE_AFTER - TARGET_INTERVAL + 1 };
extern const struct policy_number {
	enum target_row row;
	size_t offset;
	bool is_count;
} policy_numbers[POLICY_NUMBERS];

/* The keys of groups, at the top and in a target, with a line of help each. */
struct group_setting {
	const char *key, *help;
};

/* Ends with a NULL key: log defaults targets notifiers windows reports
 * heartbeat web. */
extern const struct group_setting top_groups[];
/* In the order of enum limit_kind. */
extern const struct group_setting limit_groups[LIMIT_KINDS + 1];

/* The rows that stand in those groups, one for each phase that the host knows, and leg. */
extern const struct pw_setting *const limit_settings[LIMIT_KINDS];

/* The row called `key` in a table that ends with a NULL key; -1: none. A secret is called KEY_file.
 */
int settings_find(const struct pw_setting *rows, const char *key);

/* The kind of limits whose group is called `key`; -1: none. */
int limit_group_find(const char *key);

/* The row of tls_settings_rows called `key`, that of cert_warn for `cert_warn_days`, too; -1:
 * none. */
int tls_settings_find(const char *key);

/* Whether the host has a setting of this name in a target or notifier, so that no plugin can have
 * it. */
bool settings_are_taken(const char *key, enum pw_kind kind);
