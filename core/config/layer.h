/*
 * For the reading of a configuration: the settings of a target on their way to its policy, layer
 * over layer: built in, defaults, list entry, target, command line.
 */
#pragma once

#include "config/node.h"
#include "config/plugins.h"
#include "config/tables.h"

struct probe;
struct reader;

enum { PHASE_NAMES_MAX = 128 };
enum { LIMIT_NOT_GIVEN = -1 };

struct layer {
	struct pw_value target[TARGET_ROWS]; /* but those of SETTING_IDENTITY */
	struct pw_value tls[TLS_ROWS];
	struct pw_value own[PLUGIN_SETTINGS_MAX]; /* in the order of the plugin's table */
	/* Microseconds, by number of phase; or LIMIT_NOT_GIVEN. */
	int64_t limits[LIMIT_KINDS][PHASE_NAMES_MAX];
};

/* Where a setting stands, which says what settings may stand there. */
enum scope { SCOPE_DEFAULTS, SCOPE_PROBE_DEFAULTS, SCOPE_LIST, SCOPE_TARGET };

/* The host's own defaults; those of a plugin are not in it. */
void layer_init(struct reader *, struct layer *);

/* Lays the settings of a group over a layer; each fault is told. `probe` is NULL in SCOPE_DEFAULTS.
 * Settings that say which target it is (SETTING_IDENTITY) are let pass. */
void layer_take(
    struct reader *, struct layer *, const struct probe *, const struct node *group, enum scope);

/* Checks the settings of a group whose probe is a fault: those that all probes have. */
void layer_check_common(struct reader *, const struct node *group);
