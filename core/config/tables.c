/*
 * The table of all settings of the program itself (those of plugins are in the plugins): name,
 * kind, range, default, help. Help is one line; defaults are as a user would write them.
 */
#include "config/tables.h"

#include <string.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "config/config.h"

enum { ANYWHERE = SETTING_IN_DEFAULTS | SETTING_IN_LIST };
#define MINUTE (60 * (int64_t)SECOND)
#define DAY (24 * 60 * MINUTE)

static const char *const log_places[] = { "auto", "stderr", "syslog", NULL };
static const char *const log_facilities[] = { "daemon", "mail", "user", "local0", "local1",
	"local2", "local3", "local4", "local5", "local6", "local7", NULL };
static const char *const periods[] = { "month", "week", "day", NULL };
static const char *const log_levels[] = { "err", "warning", "notice", "info", "debug", NULL };
static const char *const addresses[] = { "any", "all", NULL };
static const char *const families[] = { "both", "ipv4", "ipv6", NULL };
static const char *const tls_modes[] = { "none", "opportunistic", "require", "implicit", NULL };
static const char *const tls_verifies[] = { "none", "warn", "chain", "full", NULL };
static const char *const tls_versions[] = { "1.0", "1.1", "1.2", "1.3", NULL };

const struct pw_setting global_settings[GLOBAL_ROWS + 1] = {
	[GLOBAL_STATE] = { .key = "state", .type = PW_PATH,
	    .help = "folder for all that is kept; by default $STATE_DIRECTORY, else "
	        "/var/lib/postwatch" },
	[GLOBAL_USER] = { .key = "user", .type = PW_STRING,
	    .help = "user that the daemon becomes where root starts it; by default the owner of the state folder" },
	[GLOBAL_PID_FILE] = { .key = "pid_file", .type = PW_PATH,
	    .help = "file to write our process number to; by default none" },
	[GLOBAL_PLUGINS] = { .key = "plugins", .type = PW_LIST,
	    .help = "plugins beyond the standard ones: files, and folders with files that end in "
	        ".so" },
	[GLOBAL_HELO] = { .key = "helo", .type = PW_STRING,
	    .help = "name to say in EHLO; by default this host's full name, else the source "
	        "address as a literal" },
	[GLOBAL_TIMEZONE] = { .key = "timezone", .type = PW_STRING,
	    .help = "zone of the times that people read, such as \"Europe/Berlin\"; by default the "
	        "reader's" },
	[GLOBAL_RESOLVERS] = { .key = "resolvers", .type = PW_LIST, .max = 8,
	    .help = "resolvers to ask, ADDRESS or ADDRESS:PORT; by default those of "
	        "/etc/resolv.conf" },
	[GLOBAL_REFERENCES] = { .key = "references", .type = PW_LIST, .max = 16,
	    .help = "HOST:PORT of others, asked beside our own routers and resolvers whether it is "
	        "us; two or more tell best" },
	[GLOBAL_PROBERS] = { .key = "probers", .type = PW_INT, .fallback = "0", .min = 0, .max = 64,
	    .help = "processes that probe; 0: one for each 5,000 targets, at most one a core" },
	[GLOBAL_PER_ADDRESS] = { .key = "per_address", .type = PW_INT, .fallback = "8", .min = 1,
	    .max = 1000, .help = "connections to one address at once" },
	[GLOBAL_MAX_RUNS] = { .key = "max_runs", .type = PW_INT, .fallback = "0", .min = 0,
	    .max = 1000000,
	    .help = "runs at once, over all probers; 0: as many as there are descriptors for" },
	[GLOBAL_KEEP_INCIDENTS] = { .key = "keep_incidents", .type = PW_DURATION,
	    .fallback = "730d", .min = 7 * DAY, .max = 5200 * 7 * DAY,
	    .help = "how long incidents are kept after their end, with their evidence and notices; "
	        "as long as conditions that ended and targets that are gone" },
	[GLOBAL_SHADOW] = { .key = "shadow", .type = PW_BOOL, .fallback = "false",
	    .help = "nobody is told anything: what would have been is recorded, and `postwatch "
	        "shadow` lists it" },
};

const struct pw_setting log_settings[LOG_ROWS + 1] = {
	[LOG_TO] = { .key = "to", .type = PW_ENUM, .fallback = "auto", .choices = log_places,
	    .help = "where to: auto is the terminal where there is one, else the journal or "
	        "syslog" },
	[LOG_FACILITY] = { .key = "facility", .type = PW_ENUM, .fallback = "daemon",
	    .choices = log_facilities, .help = "syslog facility" },
	[LOG_LEVEL] = { .key = "level", .type = PW_ENUM, .fallback = "info", .choices = log_levels,
	    .help = "what is less important than this is left out" },
};

const struct pw_setting notifier_settings[NOTIFIER_ROWS + 1] = {
	[NOTIFIER_NAME] = { .key = "name", .type = PW_STRING, .flags = PW_REQUIRED,
	    .help = "name by which targets call it in `notify`" },
	[NOTIFIER_PLUGIN] = { .key = "plugin", .type = PW_STRING, .flags = PW_REQUIRED,
	    .help = "plugin that delivers; its own settings stand beside" },
	[NOTIFIER_KINDS] = { .key = "kinds", .type = PW_LIST, .max = 32,
	    .help = "kinds of notices it is told of: down, up, changed, fact, outage, flapping, "
	        "settled, degraded, blocked, cleared, reminder, stopped, blind, impaired, digest, "
	        "test, report; by default all but fact; down brings flapping with it, up brings settled "
	        "and stopped, and both bring outage; digest, test and report are always told" },
	[NOTIFIER_TAGS] = { .key = "tags", .type = PW_LIST, .max = 32,
	    .help = "it is told of targets that have one of these tags, and of us; by default of "
	        "all targets" },
	[NOTIFIER_AFTER] = { .key = "after", .type = PW_DURATION, .fallback = "0s", .min = 0,
	    .max = 7 * DAY,
	    .help = "it is told so long after the confirmation, and not at all of what is over or "
	        "acknowledged by then" },
	[NOTIFIER_QUIET] = { .key = "quiet", .type = PW_LIST, .max = CALENDAR_RANGES_MAX,
	    .help = "hours in which it is told nothing, such as \"22:00-07:00\" or \"Sat,Sun "
	        "00:00-24:00\", in its zone; at their end it is told what is true then, where it "
	        "differs from what it was told" },
	[NOTIFIER_REMIND] = { .key = "remind", .type = PW_LIST, .max = 8,
	    .help = "how long a target is down until it is said again, and then each time, at "
	        "least 1m; by default never" },
	[NOTIFIER_STORM] = { .key = "storm", .type = PW_INT, .fallback = "20", .min = 0,
	    .max = 10000,
	    .help = "notices a minute above which all that waits becomes one digest a minute, or "
	        "waits where the receiver keeps what it is told; 0: no limit" },
	[NOTIFIER_FALLBACK] = { .key = "fallback", .type = PW_STRING,
	    .help = "notifier that is told as well where a down, a blind, or a digest that tells "
	        "of many down at once could not be sent within 2 minutes" },
	[NOTIFIER_TIMEZONE] = { .key = "timezone", .type = PW_STRING,
	    .help = "zone of its times; by default that of the whole" },
	[NOTIFIER_DEADLINE] = { .key = "deadline", .type = PW_DURATION, .fallback = "120s",
	    .min = SECOND, .max = 60 * MINUTE,
	    .help = "time that one delivery may take: then its process is killed, and the notice "
	        "goes out again" },
	[NOTIFIER_CHANNEL_GRACE] = { .key = "channel_grace", .type = PW_DURATION, .fallback = "10m",
	    .min = SECOND, .max = DAY,
	    .help = "how long it may deliver nothing while something waits, or be without a "
	        "process, until the other notifiers tell so" },
	[NOTIFIER_SELF_TEST] = { .key = "self_test", .type = PW_BOOL, .fallback = "true",
	    .help = "a test notice once a week, so that a broken way is known before it is "
	        "needed" },
};

const struct pw_setting heartbeat_settings[HEARTBEAT_ROWS + 1] = {
	[HEARTBEAT_INTERVAL] = { .key = "interval", .type = PW_DURATION, .fallback = "60s",
	    .min = SECOND, .max = DAY,
	    .help = "time from one to the next; url, url_file, ca_file, headers_file and "
	        "allow_private stand beside, as of a webhook" },
};

const struct pw_setting web_settings[WEB_ROWS + 1] = {
	[WEB_LISTEN] = { .key = "listen",
	    .type = PW_LIST,
	    .flags = PW_REQUIRED,
	    .min = 1,
	    .max = 8,
	    .help =
	        "where the page is served: ADDRESS:PORT, or the absolute path of a UNIX socket, "
	        "which the daemon's user and group may use" },
	[WEB_PASSWORD] = { .key = "password_file",
	    .type = PW_STRING,
	    .help =
	        "file of one line USER:PASSWORD, which a browser asks for; without TLS it is for "
	        "loopback, or behind a proxy that has TLS" },
	[WEB_PUBLIC] = { .key = "public",
	    .type = PW_BOOL,
	    .fallback = "false",
	    .help = "whoever reaches it may look, transcripts and recipients included" },
	[WEB_PAGE_URL] = { .key = "page_url", .type = PW_STRING,
	    .help = "address by which people reach the page, such as "
	        "\"https://watch.example.org\": notices then have links to it" },
	[WEB_SHARE] = { .key = "share", .type = PW_LIST, .max = SHARES_MAX,
	    .help = "\"TAG:SECRET\": whoever knows /share/SECRET sees how the targets with that "
	        "tag stand, and nothing else; a secret is 22 letters and digits or more, such as "
	        "`openssl rand -hex 16` makes, and holds as long as it is written here" },
	[WEB_SHARE_LISTEN] = { .key = "share_listen", .type = PW_LIST, .min = 1, .max =
	    SHARE_LISTEN_MAX,
	    .help = "where the addresses of share are served, as in listen, and nothing else is; "
	        "those of listen then serve none of them" },
	[WEB_NAMES] = { .key = "names",
	    .type = PW_LIST,
	    .max = 32,
	    .help =
	        "host names by which it is asked for, beside localhost and addresses; others are "
	        "refused" },
};

const struct pw_setting window_settings[WINDOW_ROWS + 1] = {
	[WINDOW_TARGETS] = { .key = "targets", .type = PW_LIST, .flags = PW_REQUIRED, .min = 1,
	    .max = 1000, .help = "names of targets, and tag:TAG for all that have the tag" },
	[WINDOW_WHEN] = { .key = "when", .type = PW_STRING, .flags = PW_REQUIRED,
	    .help = "hours on the wall clock, such as \"Sun 02:00-04:00\", \"Mon-Fri 18:00-08:00\" "
	        "or \"22:00-07:00\"" },
	[WINDOW_TIMEZONE] = { .key = "timezone", .type = PW_STRING,
	    .help = "zone of that clock; by default that of the whole, else UTC" },
	[WINDOW_WHY] = { .key = "why", .type = PW_STRING, .flags = PW_REQUIRED,
	    .help = "what the window is for" },
};

const struct pw_setting report_settings[REPORT_ROWS + 1] = {
	[REPORT_NOTIFIER] = { .key = "notifier", .type = PW_STRING, .flags = PW_REQUIRED,
	    .help = "notifier that sends it: email, exec, or webhook with format = \"postwatch\"" },
	[REPORT_TAG] = { .key = "tag", .type = PW_STRING,
	    .help = "it is of the targets that have this tag; by default of all" },
	[REPORT_EVERY] = { .key = "every", .type = PW_ENUM, .fallback = "month",
	    .choices = periods,
	    .help = "what it is of, in the notifier's zone; a week begins on Monday" },
	[REPORT_AT] = { .key = "at", .type = PW_STRING, .fallback = "06:00",
	    .help = "when it is sent, on the day after its period, in the notifier's zone" },
};

const struct pw_setting target_settings[TARGET_ROWS + 1] = {
	[TARGET_NAME] = { .key = "name", .type = PW_STRING, .flags = SETTING_IDENTITY,
	    .help = "what people call it; by default host:port; its history goes by this name" },
	[TARGET_WAS] = { .key = "was", .type = PW_STRING, .flags = SETTING_IDENTITY,
	    .help = "name it had before, so that its history goes on" },
	[TARGET_HOST] = { .key = "host", .type = PW_STRING, .flags = SETTING_IDENTITY,
	    .help = "host name (also international) or address" },
	[TARGET_FILE] = { .key = "file", .type = PW_PATH,
	    .flags = SETTING_IDENTITY | SETTING_IN_LIST | SETTING_ONLY_LIST,
	    .help = "in place of host: a file with a target a line, host[:port] [name]" },
	[TARGET_PORT] = { .key = "port", .type = PW_INT,
	    .flags = SETTING_IDENTITY | SETTING_IN_LIST, .min = 1, .max = 65535,
	    .help = "port; by default the probe's" },
	[TARGET_PROBE] = { .key = "probe", .type = PW_STRING, .flags = SETTING_IDENTITY | ANYWHERE,
	    .fallback = "smtp", .help = "probe plugin; its own settings stand beside" },
	[TARGET_PARENT] = { .key = "parent", .type = PW_STRING,
	    .flags = SETTING_IDENTITY | SETTING_IN_LIST,
	    .help = "name of a target without which this one cannot be reached; while that is "
	        "down, this one is silent and listed in what is told of it" },
	[TARGET_INTERVAL] = { .key = "interval", .type = PW_DURATION, .flags = ANYWHERE,
	    .fallback = "60s", .min = SECOND, .max = 7 * DAY, .help = "time between runs" },
	[TARGET_TRIES] = { .key = "tries", .type = PW_INT, .flags = ANYWHERE, .fallback = "3",
	    .min = 1, .max = 50,
	    .help = "failed attempts in a row that make it down; more, up to 10, where single ones "
	        "failed in the hour before" },
	[TARGET_RETRY_INTERVAL] = { .key = "retry_interval", .type = PW_DURATION, .flags = ANYWHERE,
	    .fallback = "20s", .min = SECOND, .max = DAY,
	    .help = "time between attempts while down or up is being confirmed" },
	[TARGET_RECOVER_TRIES] = { .key = "recover_tries", .type = PW_INT, .flags = ANYWHERE,
	    .fallback = "2", .min = 1, .max = 50,
	    .help = "passed attempts in a row that make it up again" },
	[TARGET_FLAP_WINDOW] = { .key = "flap_window", .type = PW_DURATION, .flags = ANYWHERE,
	    .fallback = "30m", .min = MINUTE, .max = 7 * DAY,
	    .help = "three outages within this time are flapping" },
	[TARGET_TEMPFAIL_GRACE] = { .key = "tempfail_grace", .type = PW_DURATION, .flags = ANYWHERE,
	    .fallback = "5m", .min = 0, .max = 7 * DAY,
	    .help = "temporary refusals (4xx) without a break for this long count as failed; such "
	        "with x.7.x (security or policy) for three times as long" },
	[TARGET_STALE_AFTER] = { .key = "stale_after", .type = PW_DURATION, .flags = ANYWHERE,
	    .min = SECOND, .max = 30 * DAY,
	    .help = "nothing known for this long is our own trouble, and told; by default 5 "
	        "intervals" },
	[TARGET_SLA] = { .key = "sla", .type = PW_STRING, .flags = ANYWHERE,
	    .help = "availability that was agreed, such as \"99.9%\", for `postwatch report`" },
	[TARGET_ADDRESSES] = { .key = "addresses", .type = PW_ENUM, .flags = ANYWHERE,
	    .fallback = "any", .choices = addresses,
	    .help = "whether any of a name's addresses has to answer, or all" },
	[TARGET_FAMILY] = { .key = "family", .type = PW_ENUM, .flags = ANYWHERE, .fallback = "both",
	    .choices = families, .help = "which of a name's addresses are probed" },
	[TARGET_SOURCE] = { .key = "source", .type = PW_LIST, .flags = ANYWHERE, .max = 2,
	    .help = "our own address to connect from, one for each family; by default the system's "
	        "choice" },
	[TARGET_ALLOW_PRIVATE] = { .key = "allow_private", .type = PW_BOOL, .flags = ANYWHERE,
	    .fallback = "false",
	    .help = "follow a name that led to public addresses to private ones as well" },
	[TARGET_TAGS] = { .key = "tags", .type = PW_LIST, .flags = ANYWHERE, .max = 32,
	    .help = "words to group targets by" },
	[TARGET_NOTIFY] = { .key = "notify", .type = PW_LIST, .flags = ANYWHERE, .max = 64,
	    .help = "names of the notifiers to tell; by default all, [ ] for none" },
};

const struct pw_setting tls_settings_rows[TLS_ROWS + 1] = {
	[TLS_MODE] = { .key = "tls", .type = PW_ENUM, .flags = ANYWHERE, .choices = tls_modes,
	    .help = "by default require on port 587, implicit on 465, opportunistic on others" },
	[TLS_VERIFY] = { .key = "verify", .type = PW_ENUM, .flags = ANYWHERE,
	    .choices = tls_verifies,
	    .help = "what a bad certificate is: nothing, a warning, or (its chain, or its chain "
	        "and name) a failure; by default warn on port 25 and where tls is opportunistic, "
	        "else full" },
	[TLS_CA_FILE] = { .key = "ca_file", .type = PW_PATH, .flags = ANYWHERE,
	    .help = "authorities to trust, a PEM file; by default the system's" },
	[TLS_SNI] = { .key = "sni", .type = PW_STRING, .flags = ANYWHERE,
	    .help = "name to ask for and to look for in the certificate; by default the host where "
	        "that is a name" },
	[TLS_MIN_VERSION] = { .key = "min_version", .type = PW_ENUM, .flags = ANYWHERE,
	    .fallback = "1.2", .choices = tls_versions, .help = "oldest TLS version that will do" },
	[TLS_CERT_WARN] = { .key = "cert_warn", .type = PW_LIST, .flags = ANYWHERE,
	    .fallback = "21d/25% 3d/10%", .max = CERT_LEVELS,
	    .help = "what a certificate has left when it ends soon, and when that is urgent: a "
	        "time, a share of its lifetime, or both, of which the less counts; [ ]: never" },
};

const struct group_setting top_groups[] = {
	{ "log", "where the log goes" },
	{ "defaults",
	    "settings for all targets; a group named after a probe is for targets with that "
	    "probe" },
	{ "targets", "what is watched" },
	{ "notifiers", "who is told, and how" },
	{ "windows", "recurring times in which targets are watched and not told" },
	{ "reports", "reports of availability that are sent when a month, a week or a day is over" },
	{ "heartbeat", "a URL that is asked while all is well" },
	{ "web", "the page, the API and the metrics" },
	{ NULL, NULL },
};

const struct group_setting limit_groups[LIMIT_KINDS + 1] = {
	[LIMIT_ROUTINE] = { "limits",
	    "how long each phase may take, and leg: all of them together" },
	[LIMIT_PATIENT] = { "patient_limits",
	    "the same for the attempt that confirms a failure and for all while down" },
	[LIMIT_SLOW] = { "slow",
	    "a phase that takes longer is slow, which is a warning; \"0s\": never" },
};

/* What passes in each phase. */
#define HELP_resolve "asking for the addresses of the name"
#define HELP_connect "connecting to an address"
#define HELP_banner "from connected to the whole greeting"
#define HELP_ehlo "from EHLO (or HELO) to the whole reply"
#define HELP_starttls "from STARTTLS to the consent"
#define HELP_handshake "the TLS handshake"
#define HELP_ehlo_tls "EHLO again, inside TLS; by default as ehlo"
#define HELP_auth "from AUTH to the reply"
#define HELP_mail "from MAIL to the reply"
#define HELP_rcpt "from RCPT to the reply"
#define HELP_quit "from QUIT to the reply; never part of the verdict"
#define HELP_leg                                                                            \
	"all phases of one address together; by default more where phases are given more; " \
	"slow only where none of them is"

#define LIMIT(name_, seconds_, min_)       \
	{ .key = #name_,                   \
		.type = PW_DURATION,       \
		.fallback = #seconds_ "s", \
		.min = (min_),             \
		.max = DAY,                \
		.help = HELP_##name_ },

static const struct pw_setting routine_limits[] = {
#define PHASE(name_, routine_, patient_, slow_) LIMIT(name_, routine_, MILLISECOND)
#include <postwatch/phases.def>
#undef PHASE
	{ .key = NULL },
};

static const struct pw_setting patient_limits[] = {
#define PHASE(name_, routine_, patient_, slow_) LIMIT(name_, patient_, MILLISECOND)
#include <postwatch/phases.def>
#undef PHASE
	{ .key = NULL },
};

static const struct pw_setting slow_limits[] = {
#define PHASE(name_, routine_, patient_, slow_) LIMIT(name_, slow_, 0)
#include <postwatch/phases.def>
#undef PHASE
	{ .key = NULL },
};

const struct pw_setting *const limit_settings[LIMIT_KINDS] = {
	[LIMIT_ROUTINE] = routine_limits,
	[LIMIT_PATIENT] = patient_limits,
	[LIMIT_SLOW] = slow_limits,
};

/*
 * A secret is written KEY_file, so that KEY itself can be told as a secret that stands in the
 * configuration.
 */
int
settings_find(const struct pw_setting *rows, const char *key)
{
	for (int i = 0; rows != NULL && rows[i].key != NULL; i++) {
		const char *behind = rows[i].type == PW_SECRET ? "_file" : "";
		size_t size = strlen(rows[i].key);

		if (strncmp(rows[i].key, key, size) == 0 && strcmp(key + size, behind) == 0)
			return i;
	}
	return -1;
}

const struct policy_number policy_numbers[POLICY_NUMBERS] = {
	{ TARGET_INTERVAL, offsetof(struct policy, interval), false },
	{ TARGET_TRIES, offsetof(struct policy, tries), true },
	{ TARGET_RETRY_INTERVAL, offsetof(struct policy, retry_interval), false },
	{ TARGET_RECOVER_TRIES, offsetof(struct policy, recover_tries), true },
	{ TARGET_FLAP_WINDOW, offsetof(struct policy, flap_window), false },
	{ TARGET_TEMPFAIL_GRACE, offsetof(struct policy, tempfail_grace), false },
	{ TARGET_STALE_AFTER, offsetof(struct policy, stale_after), false },
};

int
limit_group_find(const char *key)
{
	for (int kind = 0; kind < LIMIT_KINDS; kind++)
		if (strcmp(limit_groups[kind].key, key) == 0)
			return kind;
	return -1;
}

/* `cert_warn_days` is a second name of cert_warn, with values of its own (layer.c). */
int
tls_settings_find(const char *key)
{
	bool is_days = strcmp(key, "cert_warn_days") == 0;

	return is_days ? TLS_CERT_WARN : settings_find(tls_settings_rows, key);
}

bool
settings_are_taken(const char *key, enum pw_kind kind)
{
	if (kind == PW_NOTIFIER)
		return settings_find(notifier_settings, key) >= 0;
	return settings_find(target_settings, key) >= 0 || tls_settings_find(key) >= 0
	    || limit_group_find(key) >= 0;
}
