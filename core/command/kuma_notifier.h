/*
 * For `postwatch import`: a notification of Uptime Kuma (SMTP, webhook ...) as a notifier of ours.
 */
#pragma once

#include "command/import_draft.h"
#include "command/yaml.h"

/* Settings that have no counterpart, ended by a row without a key, and why. */
struct kuma_rest {
	const char *key, *why, *none; /* none: as "" a value that sets nothing */
	bool is_secret;
};
/* A comment on each that is set. */
void kuma_tell_rest(const struct yaml_node *, struct draft_entry *, const struct kuma_rest *);

/* Returns the notifier's name; NULL, after a comment, where it has no counterpart. `config`: its
 * settings; NULL: it has none. */
const char *kuma_notifier(struct draft *, struct draft_place, const char *name,
    const struct yaml_node *config, bool is_active);
