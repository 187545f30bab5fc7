/*
 * What is known while a configuration is being read, shared by the modules of config_read()
 * (config/read.h has their order). A reader lives on the heap from the first file to the last
 * check; only what lies in `arena` outlives it.
 */
#pragma once

#include "config/host.h"
#include "config/layer.h"
#include "config/node.h"
#include "config/plugins.h"
#include "config/read.h"
#include "config/target_list.h"

/* The groups of a list such as `targets`, gathered from all files in their order. Nodes lie in the
 * scratch arena. */
struct groups {
	const struct node **items;
	uint32_t count, room;
};

struct reader {
	const struct config_source *source;
	struct arena *arena;   /* of what the configuration is made of */
	struct arena *scratch; /* ends with the reading */
	struct diagnostics diagnostics;
	struct values values;  /* in `arena` */
	struct values passing; /* in `scratch`, for values that are only looked at */
	struct plugins plugins;
	struct config *config; /* what is being made */
	bool is_torn; /* a file could not be read: what seems to be missing may stand there */

	/* Settings at the top of any file; NULL: not given. */
	const struct node *globals[GLOBAL_ROWS];
	const struct node *log, *defaults, *heartbeat, *web;
	struct groups target_groups, notifier_groups, window_groups, report_groups;
	struct pw_value global[GLOBAL_ROWS];

	/* What the command line says of targets. */
	const struct node *sets;  /* a group of settings */
	const char *wanted_probe; /* NULL: it names none */
	uint16_t wanted_port;     /* 0: it names none */
	bool *words_seen;         /* of source->words: those that name configured targets */

	/* Of all probes; their indexes are the numbers of phases. */
	const char *phase_names[PHASE_NAMES_MAX];
	uint32_t phase_name_count;
	struct layer defaults_layer;
	struct probe *probes;
	uint32_t probe_count;
	/* Of targets that name none; NULL: not looked for yet, or a fault. */
	struct probe *default_probe;
	bool default_probe_sought;

	/* Notifiers that have a name, in the order of the configuration; the heartbeat's is the
	 * last. */
	struct config_notifier *notifiers;
	const struct node **notifier_nodes;
	uint32_t notifier_count;

	struct target_list targets;
	struct probe_secret *secrets; /* config/service_files.h */
	uint32_t secret_count, secret_room;
	bool interval_warned; /* that the interval of `defaults` is short for servers of others */
};

/* A fault or a warning at a place. */
#define FAULT(reader, place, ...) diagnostics_error(&(reader)->diagnostics, (place), __VA_ARGS__)
#define WARN(reader, place, ...) diagnostics_warn(&(reader)->diagnostics, (place), __VA_ARGS__)
/* What a user wrote, escaped and in quotes; good for the next few calls (diagnostics_quote()). */
#define QUOTE(reader, foreign) diagnostics_quote(&(reader)->diagnostics, (foreign))

/* The place of what belongs to no line: the command line; the main file, where there is one. */
struct place reader_command_line(struct reader *);
struct place reader_main_file(struct reader *);

/* The value of a node by the row of its setting. Returns false after a fault, which is told by the
 * setting's key. */
bool reader_take(
    struct reader *, const struct pw_setting *, const struct node *, struct pw_value *);

/* The value of a row in a group, else the row's default. Returns false after a fault, which also a
 * required row is that is not given. */
bool reader_take_row(
    struct reader *, const struct node *group, const struct pw_setting *, struct pw_value *);

/* The values of a table's rows in a group (NULL: it was not given), else their defaults; faults are
 * told by `prefix` and the key. A required row that is missing is not looked for. Returns false
 * after a fault. */
bool reader_take_table(struct reader *, const struct node *group, const char *prefix,
    const struct pw_setting *rows, struct pw_value *values);

/* Checks that a time zone exists. Returns false after a fault at the node, which begins with
 * `label`. */
bool reader_check_zone(struct reader *, const struct node *, const char *label, const char *name);

/* A host, and the port where one was given with it. */
struct host_port {
	struct host host;
	uint16_t port; /* 0: not given */
};

/* Parses HOST, HOST:PORT or [V6]:PORT. Returns false after a fault at `place`, which begins with
 * `label`. */
bool reader_parse_host_port(struct reader *, struct pw_bytes text, struct place place,
    const char *label, struct host_port *);

/* Tries the keys of a table of settings (NULL: none) for what was meant. */
void reader_try_settings(struct reader *, struct nearest *, const struct pw_setting *rows);

/* Tells that no setting of a node's name may stand where it stands, and which one may have been
 * meant (NULL: none). */
void reader_report_unknown(
    struct reader *, const struct node *, const char *label, const char *near);

/* The same for all nodes of a group that are neither in the host's table of settings nor in that of
 * a plugin (NULL: there is none); a secret of the plugin's that stands in the configuration itself
 * is told as such. */
void reader_check_keys(struct reader *, const struct node *group, const char *label,
    const struct pw_setting *hosts, const struct pw_setting *plugins);

/* Tells that a secret was written into the configuration itself. Returns false if the table has no
 * secret of that name. */
bool reader_report_bare_secret(struct reader *, const struct node *, const struct pw_setting *rows);

/* The index of a notifier; CONFIG_NONE if there is none of that name. */
uint32_t reader_find_notifier(const struct reader *, const char *name);
/* The same for the value of a setting: a name that is missing is a fault, with the name that may
 * have been meant. */
uint32_t reader_require_notifier(
    struct reader *, struct place, const char *label, const char *name);

/* The number of a phase's name; -1: no probe has such a phase. */
int reader_phase_number(const struct reader *, const char *name);
