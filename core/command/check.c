/*
 * `postwatch check`: reads the configuration as the daemon does at its start, without starting.
 * Also says what may be meant otherwise (names of one label), and what only a look outside can
 * tell: whether the EHLO name leads to this machine and back.
 */
#include "command/command.h"

#include <assert.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/config_options.h"
#include "command/layout.h"
#include "command/self.h"
#include "config/resolvers.h"
#include "prober/hosts.h"
#include "prober/resolver.h"
#include "store/list.h"

enum {
	PATIENCE = 5,          /* seconds for all names together */
	HOSTS_MAX = 2000,      /* names of targets that are looked up */
	SELVES_NAMED = 10
};

struct ways {
	uint32_t warnings;
	uint32_t untold; /* targets of which nobody would be told that they are down */
};

/* A host, of a target or a relay. */
struct host_found {
	const char *name;
	uint32_t count;
	struct address addresses[RESOLVED_MAX];
	struct resolver_query *query; /* NULL: answered */
	ev_watcher resolved;
	struct lookup *lookup;
};

struct lookup {
	const struct config *config;
	struct host_found *hosts;      /* of the relays by notifier, then of the targets */
	uint32_t count, waiting;
	uint32_t *of_target;           /* index among hosts; CONFIG_NONE: not looked up */
	struct ev_loop *loop;
};

/* What the plugin says that its notices go through, "HOST" or "HOST:PORT"; NULL: nothing. */
static const char *
relay_of(const struct config_notifier *notifier)
{
	const struct pw_setting *rows = notifier->plugin->descriptor->settings;

	for (uint32_t i = 0; rows != NULL && notifier->values != NULL && rows[i].key != NULL; i++)
		if (rows[i].flags & PW_RELAY && notifier->values->items[i].string != NULL)
			return notifier->values->items[i].string;
	return NULL;
}

static void
on_resolved(EV_P_ ev_watcher *told, int revents)
{
	struct host_found *host = told->data;
	struct resolved resolved;

	(void)loop, (void)revents;
	resolver_take(&host->query, &resolved);
	host->count = resolved.count;
	memcpy(host->addresses, resolved.addresses, resolved.count * sizeof host->addresses[0]);
	if (resolved.more)
		return;
	assert(host->lookup->waiting > 0 && host->lookup->waiting <= host->lookup->count);
	if (--host->lookup->waiting == 0)
		ev_break(host->lookup->loop, EVBREAK_ALL);
}

static void
on_timeout(EV_P_ ev_timer *timer, int revents)
{
	(void)timer, (void)revents;
	ev_break(EV_A_ EVBREAK_ALL);
}

/* Neighbours of one host are looked up once; beyond the bound nothing is said of a target. */
static void
list_hosts(struct lookup *lookup)
{
	const struct config *config = lookup->config;

	lookup->hosts = must(calloc(config->notifier_count + HOSTS_MAX, sizeof *lookup->hosts));
	lookup->of_target = must(calloc(config->target_count + 1, sizeof *lookup->of_target));
	for (uint32_t i = 0; i < config->notifier_count; i++) {
		const char *relay = relay_of(&config->notifiers[i]);
		struct endpoint endpoint;

		assert(lookup->count == i); /* one for each notifier, also where it has none */
		lookup->hosts[lookup->count++].name = relay == NULL
		        || !endpoint_parse(relay, strlen(relay), &endpoint, NULL)
		    ? NULL
		    : must(strndup(endpoint.host, endpoint.host_size));
	}
	for (uint32_t i = 0; i < config->target_count; i++) {
		if (i > 0 && strcmp(config->targets[i].host, config->targets[i - 1].host) == 0)
			lookup->of_target[i] = lookup->of_target[i - 1];
		else if (lookup->count == config->notifier_count + HOSTS_MAX)
			lookup->of_target[i] = CONFIG_NONE;
		else {
			assert(lookup->count < config->notifier_count + HOSTS_MAX);
			lookup->of_target[i] = lookup->count;
			lookup->hosts[lookup->count++].name = config->targets[i].host;
		}
	}
}

/* One wait for all of them: names that nobody answers for do not add up. */
static void
look_up(struct lookup *lookup)
{
	struct reason why;
	struct resolver *resolver;
	ev_timer timeout;

	assert(lookup->count <= lookup->config->notifier_count + HOSTS_MAX);
	lookup->loop = ev_loop_new(EVFLAG_AUTO);
	resolver = lookup->loop == NULL
	    ? NULL
	    : resolver_create(lookup->loop, lookup->config, NULL, &why);
	for (uint32_t i = 0; resolver != NULL && i < lookup->count; i++) {
		struct host_found *host = &lookup->hosts[i];

		host->lookup = lookup;
		ev_init(&host->resolved, on_resolved);
		host->resolved.data = host;
		if (host->name != NULL)
			host->query = resolver_ask(resolver, host->name, FAMILY_BOTH, false,
			    PATIENCE * SECOND, &host->resolved);
		lookup->waiting += host->query != NULL;
	}
	if (resolver != NULL) {
		ev_timer_init(&timeout, on_timeout, PATIENCE, 0);
		ev_timer_start(lookup->loop, &timeout);
		if (lookup->waiting > 0)
			ev_run(lookup->loop, 0);
	}
	for (uint32_t i = 0; i < lookup->count; i++)
		resolver_cancel(&lookup->hosts[i].query);
	resolver_destroy(&resolver);
	if (lookup->loop != NULL)
		ev_loop_destroy(lookup->loop);
}

/* An address that both have; NULL: none. */
static const struct address *
common(const struct host_found *left, const struct host_found *right)
{
	for (uint32_t i = 0; i < left->count; i++)
		for (uint32_t j = 0; j < right->count; j++)
			if (address_order(&left->addresses[i], &right->addresses[j]) == 0)
				return &left->addresses[i];
	return NULL;
}

/* Whether a notifier's way leads through the host of a target. */
static bool
goes_through(const struct lookup *lookup, uint32_t notifier, uint32_t target)
{
	const struct host_found *relay = &lookup->hosts[notifier];
	uint32_t host = lookup->of_target[target];

	if (relay->name == NULL)
		return false;
	return strcasecmp(relay->name, lookup->config->targets[target].host) == 0
	    || (host != CONFIG_NONE && common(relay, &lookup->hosts[host]) != NULL);
}

/* Relays that have another name than the target has are found by their addresses alone. */
static void
warn_of_relays(const struct lookup *lookup, struct ways *ways)
{
	const struct config *config = lookup->config;

	for (uint32_t i = 0; i < config->notifier_count; i++)
		for (uint32_t target = 0; target < config->target_count; target++) {
			const struct host_found *hosts = lookup->hosts;
			struct text at = TEXT_ROOM(ADDRESS_TEXT_MAX);

			if (!goes_through(lookup, i, target))
				continue;
			if (strcasecmp(hosts[i].name, config->targets[target].host) == 0)
				break; /* which was told when the file was read */
			address_add(&at, common(&hosts[i], &hosts[lookup->of_target[target]]));
			printf("%s: warning: the relay \"%s\" of notifier %s lies at %s, as %s "
			       "does, which is watched: while that is down it tells nobody; name a "
			       "second notifier that goes another way\n",
			    config->notifiers[i].place, relay_of(&config->notifiers[i]),
			    config->notifiers[i].name, at.bytes, config->targets[target].name);
			ways->warnings++;
			break;
		}
}

/* A notifier leads to somebody though a target is down, itself or by who stands in for it. */
static void
warn_of_selves(const struct lookup *lookup, struct ways *ways)
{
	const struct config *config = lookup->config;
	uint32_t found = 0;

	for (uint32_t target = 0; target < config->target_count; target++) {
		uint32_t last = CONFIG_NONE, told = 0, arriving = 0;

		for (uint32_t i = 0; i < config->notifier_count; i++) {
			uint32_t other = config->notifiers[i].fallback;

			if (!notifier_hears_of(config, i, &config->targets[target])
			    || !(config->notifiers[i].kinds >> NOTICE_down & 1))
				continue;
			told++;
			arriving += !goes_through(lookup, i, target)
			    || (other != CONFIG_NONE && !goes_through(lookup, other, target));
			last = i;
		}
		assert(arriving <= told && (told == 0) == (last == CONFIG_NONE));
		if (told == 0 || arriving > 0 || found++ >= SELVES_NAMED)
			continue;
		printf("%s: warning: nobody would be told that %s is down: %s %s sends through it; "
		       "name a notifier that goes another way\n",
		    config->notifiers[last].place, config->targets[target].name,
		    told == 1 ? "its only notifier" : "each of its notifiers, as",
		    config->notifiers[last].name);
	}
	if (found > SELVES_NAMED)
		printf("%s: warning: the same holds of %u more targets\n", config->path,
		    found - SELVES_NAMED);
	ways->warnings += found;
	ways->untold += found;
}

/* Advises to test notifiers of which nothing that is kept says that they have ever delivered
 * anything. Returns how many pieces of advice can be followed: before postwatch has run there is
 * nothing to test with. */
static uint32_t
advise_of_ways(const struct config *config)
{
	uint32_t advice = 0;
	enum store_reader_opening opening;
	struct reason why;
	struct store_reader *reader = store_reader_open(config->state, &opening, &why);
	bool *proved = must(calloc(config->notifier_count + 1, sizeof *proved));
	bool known = reader != NULL;
	struct store_list list;
	const char *name;

	if (reader != NULL)
		store_list_open(&list, reader, STORE_LIST_PROVED, 0);
	while (reader != NULL && store_list_next(&list, &name))
		for (uint32_t i = 0; i < config->notifier_count; i++)
			proved[i] |= strcmp(config->notifiers[i].name, name) == 0;
	if (reader != NULL)
		known = store_list_close(&list) != STORE_READ_BROKEN;
	for (uint32_t i = 0; i < config->notifier_count; i++) {
		bool beats = config->heartbeat_interval != 0 && i == config->heartbeat;
		const char *name_of = config->notifiers[i].name;

		if (proved[i] || beats || (!known && opening != STORE_READER_NOTHING))
			continue;
		printf("%s: advice: " LAYOUT_HANG "%s has delivered nothing yet: %s`postwatch test "
		       "%s` shows whether its way leads to somebody\n",
		    config->notifiers[i].place, name_of, known ? "" : "once postwatch runs, ",
		    name_of);
		advice += known;
	}
	store_reader_close(&reader);
	free(proved);
	return advice;
}

/* Looks up the relays and the targets, PATIENCE seconds at most in all, and warns of relays that
 * lie where a target does, and of targets that are told of through themselves alone. */
static void
check_ways(const struct config *config, struct ways *ways)
{
	struct lookup lookup = { .config = config };
	bool has_relays = false;

	*ways = (struct ways){ 0 };
	for (uint32_t i = 0; i < config->notifier_count; i++)
		has_relays |= relay_of(&config->notifiers[i]) != NULL;
	if (has_relays) {
		list_hosts(&lookup);
		look_up(&lookup);
		warn_of_relays(&lookup, ways);
		warn_of_selves(&lookup, ways);
		for (uint32_t i = 0; i < config->notifier_count; i++)
			free((void *)(uintptr_t)lookup.hosts[i].name);
		free(lookup.hosts);
		free(lookup.of_target);
	}
}

/* A name of one label, which the C library looks for in the domains of its search list, and we
 * do not. */
static bool
is_single_label(const struct hosts *hosts, const char *host)
{
	struct address address;

	return strchr(host, '.') == NULL && !address_parse(host, 0, &address)
	    && (hosts == NULL || hosts_find(hosts, host, &address, 1) == 0);
}

/* How many pieces of advice were given. */
static uint32_t
advise_of_label(const char *host, const char *search)
{
	printf("advice: " LAYOUT_HANG "%s is a name of one label, asked for as \"%s.\": no search "
	       "list is applied to it; ", host, host);
	if (*search != '\0')
		printf("other programs here may find %s.%.*s (search %s in " RESOLV_CONF "): write "
		       "the full name\n", host, (int)strcspn(search, " "), search, search);
	else
		puts("write the full name");
	return 1;
}

static uint32_t
advise(const struct config *config)
{
	struct hosts *hosts = hosts_open("/etc/hosts", NULL);
	struct text text = TEXT_ROOM(512), search = TEXT_ROOM(1024);
	uint32_t count = config->reference_count == 0;

	if (config->reference_count == 0)
		puts("advice: " LAYOUT_HANG "name two or more `references` (\"HOST:PORT\" that "
		     "nearly always answer): without them nothing tells an outage of ours from one "
		     "of theirs where few targets are watched");
	resolvers_add_search(RESOLV_CONF, &search);
	for (uint32_t i = 0; i < config->target_count; i++)
		if (is_single_label(hosts, config->targets[i].host))
			count += advise_of_label(config->targets[i].host, search.bytes);
	for (uint32_t i = 0; i < config->reference_count; i++)
		if (is_single_label(hosts, config->references[i].host))
			count += advise_of_label(config->references[i].host, search.bytes);
	hosts_close(&hosts);
	if (!self_check_helo(config, &text)) {
		printf("advice: " LAYOUT_HANG "%s\n", text.bytes);
		count++;
	}
	return count;
}

/* The files of a notifier with a gate, as the gate reads them when it begins; what we may not
 * read is no fault of its content. Returns how many cannot be used. */
static uint32_t
try_gates(const struct config *config)
{
	uint32_t warnings = 0;

	for (uint32_t i = 0; i < config->notifier_count; i++) {
		const struct config_notifier *notifier = &config->notifiers[i];
		const struct pw_gate_ops *gate = plugin_gate(notifier->plugin);
		const struct pw_setting *rows = notifier->plugin->descriptor->settings;
		bool tries = gate != NULL;
		char why[256] = "";
		void *memory;

		for (uint32_t j = 0; tries && j < notifier->values->count; j++) {
			const char *path = rows[j].type == PW_PATH || rows[j].type == PW_SECRET
			    ? notifier->values->items[j].string
			    : NULL;

			tries = path == NULL || access(path, R_OK) == 0;
		}
		memory = tries ? calloc(1, gate->memory_size + 1) : NULL;
		if (memory == NULL)
			continue;
		if (gate->open(memory, notifier->values, why, sizeof why)) {
			gate->close(memory);
		} else {
			printf("%s: warning: notifier %s cannot work: %.255s\n", config->path,
			    notifier->name, why);
			warnings++;
		}
		free(memory);
	}
	return warnings;
}

/* "good" is what tells somebody, and has nothing that is warned of. */
static void
tell_verdict(const struct config *config, const char *path, uint32_t warnings, uint32_t untold)
{
	uint32_t notifiers = config->notifier_count - (config->heartbeat_interval != 0 ? 1 : 0);

	for (uint32_t i = 0; i < config->target_count; i++)
		untold += !target_is_told(config, &config->targets[i]);
	printf("%s: %s: %u target%s, %u notifier%s", path,
	    untold + warnings == 0 ? "good" : "no fault", config->target_count,
	    plural(config->target_count), notifiers, plural(notifiers));
	if (config->heartbeat_interval != 0)
		fputs(" and the heartbeat", stdout);
	if (untold > 0)
		printf("; but nobody would be told if %u of them went down", untold);
	putchar('\n');
}

struct words {
	struct config_source source;
	bool strict;
};

static int
check(const struct command *command, int argc, char **argv)
{
	static struct config_diagnostics diagnostics;
	struct words words = {
		.source = { .path = PW_SYSCONF_DIR "/postwatch.conf", .advise = true } };
	const struct config *config;
	struct ways ways;
	uint32_t advice, warnings;
	int at = command_take_options(command, argc, argv, &words);

	if (at != argc)
		return command_misused(command, "%s: `check` takes no target", argv[at]);
	config = config_read(&words.source, &diagnostics);
	print_diagnostics(stdout, &diagnostics);
	if (config == NULL)
		return EXIT_CONFIG;
	check_ways(config, &ways);
	if (config->shadow)
		printf(
		    "%s: warning: shadow is on: nobody is told anything, and what would be told is "
		    "recorded\n", config->path);
	warnings = diagnostics.warnings + ways.warnings + try_gates(config) + config->shadow;
	tell_verdict(config, words.source.path, warnings, ways.untold);
	/* How notices will go out, as their plugins understood it. */
	for (uint32_t i = 0; i < config->notifier_count; i++)
		if (config->notifiers[i].way != NULL)
			printf("%s: %s\n", config->notifiers[i].name, config->notifiers[i].way);
	advice = warnings + advise(config) + advise_of_ways(config);
	if (!words.strict || advice == 0)
		return 0;
	printf("%s: %u warning%s or advice, taken for faults by --strict\n", words.source.path,
	    advice, plural(advice));
	return EXIT_CONFIG;
}

static const struct option_row options[] = {
	{ "config", 'c', "FILE", "the configuration; default " PW_SYSCONF_DIR "/postwatch.conf",
	    offsetof(struct words, source.path) },
	{ "plugins", 'L', "FOLDER", "where plugins lie",
	    offsetof(struct words, source.plugin_dir) },
	{ "strict", 0, NULL, "take warnings and advice for faults: exit 78",
	    offsetof(struct words, strict) },
	{ .name = NULL },
};

const struct command command_check = {
	.name = "check", .arguments = "",
	.summary = "read a configuration and tell all its faults",
	.help = "Reads the configuration whole, loads its plugins, and prints every fault as "
	    "FILE:LINE:COLUMN: what, and what would be right. Warns of targets that nobody would "
	    "be told of, of tags that no target has, of notifiers that no target leads to, of "
	    "relays that lie where a target does, of a fallback that goes the same way, of an "
	    "outage that would be told hours later, and of files that are missing or that the "
	    "service could not read; advises to test notifiers that have never delivered anything. "
	    "Names the hosts of one label, for no search list is applied to them, and asks the "
	    "configured resolvers whether the EHLO name leads to this machine and back. Starts "
	    "nothing.\n\n"
	    "Exit status: 0 no faults (warnings or not), 78 faults, or with --strict warnings or "
	    "advice, 64 the command line is wrong.",
	.options = options, .run = check,
};
