/*
 * For the reading of a configuration: loads the plugins (shared objects), and finds one by its
 * name. For each probe plugin it makes, from the built-in values and the group `defaults`, the
 * settings that the targets with this probe begin with.
 */
#pragma once

#include "config/layer.h"

/* `tls` and `verify` have defaults by port: all other ports are alike. */
enum port_class { PORT_SMTP, PORT_SMTPS, PORT_SUBMISSION, PORT_OTHER, PORT_CLASSES };

/* A probe that can be used, and what its targets begin with. */
struct probe {
	const struct plugin *plugin;
	uint32_t own_count;                          /* rows of the plugin's table of settings */
	struct layer layer;                          /* built in, and `defaults` */
	const struct policy *policies[PORT_CLASSES]; /* of that layer; NULL: not yet made */
	uint32_t phase_count;
	unsigned char phase_numbers[PHASES_MAX]; /* of its dialogue in order, the host's own phases
	                                            included */
};

/* Loads the plugins of the standard folder and those that the configuration names; what cannot be
 * used is a warning. */
void probes_load_plugins(struct reader *);

/* Reads `defaults` and its groups for single probes. */
void probes_take_defaults(struct reader *);

/* The plugin or probe of a name. Returns NULL after a fault at the place, which says what there is
 * instead. */
const struct plugin *probes_find_plugin(
    struct reader *, const char *name, enum pw_kind, struct place);
struct probe *probes_find(struct reader *, const char *name, struct place);

/* The probe of targets that name none; NULL after a fault, which is told once. */
struct probe *probes_find_default(struct reader *);
