/*
 * For the reading of a configuration: makes of the settings of a target its policy: what is probed,
 * how often, by which limits.
 */
#pragma once

#include "config/probes.h"

/* The defaults by port that hold for a port. */
enum port_class port_class(uint16_t port);

/* The policy of a layer, in the arena of the configuration; of equal layers it is the same pointer.
 * What does not go together is a fault at `place`. */
const struct policy *policy_of_layer(struct reader *, const struct probe *, const struct layer *,
    enum port_class, struct place place);
