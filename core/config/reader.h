/*
 * The inside of config_read(), shared by its files: what is known while a configuration is being read. Reading goes in
 * this order: files to trees, what stands at the top, plugins, defaults, notifiers, targets, what they say of each
 * other, and what our own host says where nobody else did.
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include "config/host.h"
#include "config/plugins.h"
#include "config/tables.h"

enum { PHASE_NAMES_MAX = 128, TARGETS_MAX = 1000000 };

enum { LIMIT_NOT_GIVEN = -1 };

/* The settings of a target, layer upon layer: built in, defaults, list entry, target, command line. */
struct layer {
	struct pw_value target[TARGET_ROWS]; /* but those of SETTING_IDENTITY */
	struct pw_value tls[TLS_ROWS];
	struct pw_value own[PLUGIN_SETTINGS_MAX];
	int64_t limits[LIMIT_KINDS][PHASE_NAMES_MAX]; /* by number of phase name */
};

/* Where a setting stands; says which rows may stand there. */
enum scope { SCOPE_DEFAULTS, SCOPE_PROBE_DEFAULTS, SCOPE_LIST, SCOPE_TARGET };

/* `tls` and `verify` have defaults by port: all other ports are alike. */
enum port_class { PORT_SMTP, PORT_SMTPS, PORT_SUBMISSION, PORT_OTHER, PORT_CLASSES };

/* A probe that can be used, and what its targets begin with. */
struct probe {
	const struct plugin *plugin;
	uint32_t own_count;
	struct layer layer; /* built in, and `defaults` */
	const struct policy *policies[PORT_CLASSES]; /* of that layer; NULL: not yet made */
	uint32_t phase_count;
	unsigned char phase_numbers[PHASES_MAX];         /* of its plan, by number of phase name */
};

/* What is known of a target beside what is kept. */
struct origin {
	struct place place;
	bool is_named;
};

/* A target's word about another, for when all are known. */
struct bond {
	uint32_t target;
	struct place place;
	const char *name; /* in the scratch arena */
	bool is_parent; /* else `was` */
};

struct target_list {
	struct target *items;
	struct origin *origins;
	uint32_t origin_room;
	uint32_t count, room;
	struct hash_table identities, names; /* by identity, and by the name that people use */
	struct bond *bonds;
	uint32_t bond_count, bond_room;
	struct target *others; /* those of the file that no word of the command line means, where words choose */
	uint32_t other_count, other_room;
	const char **rejected; /* names of those that are faults; "": of one without a name */
	uint32_t rejected_count, rejected_room;
};

/* A target on its way in. */
struct draft {
	struct host host;
	uint16_t port;
	const char *name, *was, *parent; /* NULL: none was given; copied where kept */
	struct place place, parent_place;
	struct place pace_place; /* where its interval was said */
	bool *pace_warned;       /* whether that place has been warned of */
	struct probe *probe;
	const struct policy *policy;
};

struct reader {
	const struct config_source *source;
	struct arena *arena;   /* lasts */
	struct arena *scratch; /* ends with the reading */
	struct faults faults;
	struct values values;
	struct values passing; /* the same in the scratch arena, for what is only looked at */
	struct plugins plugins;
	struct config *config;
	bool is_torn; /* a file could not be read: what seems to be missing may stand there */

	const struct node *globals[GLOBAL_ROWS]; /* what stands at the top, from whatever file; NULL: nothing */
	const struct node *log, *defaults, *heartbeat;
	const struct node **target_lists, **notifier_lists, **window_lists;
	uint32_t target_list_count, notifier_list_count, window_list_count;
	const struct node *sets; /* of the command line, for targets */
	const char *wanted_probe; /* of the command line; NULL: it says none */
	uint16_t wanted_port;     /* 0: it says none */
	struct pw_value global[GLOBAL_ROWS];

	const char *phase_names[PHASE_NAMES_MAX];
	uint32_t phase_name_count;
	struct layer defaults_layer;
	struct probe *probes;
	uint32_t probe_count;

	struct config_notifier *notifiers;
	struct place *notifier_places;
	const struct node **notifier_groups;
	uint32_t notifier_count;

	struct target_list targets;
	bool *words_seen; /* those of the command line that are names of configured targets */
	struct probe *default_probe;
	bool default_probe_sought, pace_warned;
};

/* Quotes for the next few calls; see faults_quote(). */
#define QUOTE(reader, foreign) faults_quote(&(reader)->faults, (foreign))

/* top.c: the files, and what stands at their top. */
void reader_read_files(struct reader *);
void reader_take_globals(struct reader *);
void reader_take_log(struct reader *);
/* A row of a group: the value of its node where it has one, else the row's default. False after a fault, also where it has
 * none and has to have one. */
bool reader_take_row(struct reader *, const struct node *group, const struct pw_setting *, struct pw_value *);
/* The zone that a node names; false after a fault, which begins with `label`. */
bool reader_check_zone(struct reader *, const struct node *, const char *label, const char *name);

/* probes.c: loading plugins; the probes and their defaults. */
void reader_load_plugins(struct reader *);
void reader_take_defaults(struct reader *);
/* NULL after a fault at `place`. */
struct probe *reader_find_probe(struct reader *, const char *name, struct place);
/* The plugin called `name`; NULL after a fault that says what there is instead. */
const struct plugin *reader_find_plugin(struct reader *, const char *name, enum pw_kind, struct place);
/* The number of a phase name; -1: no probe has it. */
int reader_phase_number(const struct reader *, const char *name);

/* layer.c. `probe` is NULL in SCOPE_DEFAULTS. Rows of SETTING_IDENTITY are let pass. */
void layer_init(struct reader *, struct layer *);
void layer_take(struct reader *, struct layer *, const struct probe *, const struct node *group, enum scope);

/* layer_check.c: one value of the host's rows, beyond what its type says. False after a fault. */
bool layer_check(struct reader *, const struct pw_setting *, const struct node *, const struct pw_value *);

/* cert_warn.c: one entry of `cert_warn`. False with a reason. */
bool cert_limit_parse(const char *text, struct cert_limit *, struct reason *why);
/* The value of `cert_warn` that a list of `cert_warn_days` stands for. False after a fault. */
bool cert_warn_of_days(struct reader *, const struct node *, struct pw_value *into);

/* policy.c */
enum port_class port_class(uint16_t port);
const struct policy *policy_of_layer(struct reader *, const struct probe *, const struct layer *, enum port_class,
    struct place);

/* notifiers.c */
void reader_take_notifiers(struct reader *);
uint32_t reader_find_notifier(const struct reader *, const char *name); /* CONFIG_NONE: none */

/* notifier_rules.c: whom it is told of, and when; and the other notifiers that it names, when all are known */
void reader_take_rules(struct reader *, const struct node *group, struct config_notifier *);
void reader_tie_notifier(struct reader *, const struct node *group, struct config_notifier *);

/* entries.c, list.c, words.c: targets of each kind */
void reader_take_targets(struct reader *);
/* The file of targets that a setting names. The draft has what they have in common; `port` is that of lines that say
 * none. */
void reader_take_list(struct reader *, const struct node *file, uint16_t port, struct draft *, const struct layer *);
void reader_take_words(struct reader *);
/* The settings of the command line, sorted into those for the whole and those for its targets. */
void reader_take_sets(struct reader *);
/* Whether a word of the command line means this target. */
bool reader_is_wanted(struct reader *, const struct draft *);
/* host, host:port or [v6]:port; *port is left alone where none was given. False after a fault, which begins with `what`. */
bool reader_take_endpoint(struct reader *, const char *what, const char *text, size_t size, struct place, struct host *,
    uint16_t *port);
/* A draft that is complete: checked as a whole, changed as the command line says, and added. */
void reader_finish_target(struct reader *, struct draft *, const struct layer *);
/* The probe of targets that name none; NULL after a fault. */
struct probe *reader_default_probe(struct reader *);

/* targets.c */
void target_list_init(struct target_list *);
void target_list_fini(struct target_list *);
void reader_add_target(struct reader *, const struct draft *);
/* One that is not watched, as no word of the command line means it. */
void reader_pass_target(struct reader *, const struct draft *);
/* A word of the command line that means none: told with what may have been meant. */
void reader_blame_word(struct reader *, const char *word);
void reader_tie_targets(struct reader *);

uint32_t reader_find_target(const struct reader *, const char *name); /* CONFIG_NONE: none */
/* An entry is a fault, and no target: its name or host, NULL where it has none; not copied. */
void reader_reject_target(struct reader *, const char *name);
/* Whether a target of that name, though there is none, may have been meant by what is a fault or could not be read. */
bool reader_target_may_be(const struct reader *, const char *name);

/* windows.c */
void reader_take_windows(struct reader *);

/* surroundings.c: what our own host says */
/* The state folder, absolute, by what has been read of the top. */
const char *reader_find_state(struct reader *);
void reader_look_around(struct reader *);
void reader_look_at_relays(struct reader *);

/* reach.c: warns of targets that nobody is told of, of tags that no target has, and of notifiers that no target leads to. */
void reader_look_at_reach(struct reader *);

/* service_files.c: warns of files that the service could not read. */
void reader_look_at_service(struct reader *);

#endif
