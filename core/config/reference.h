/*
 * For `postwatch plugins` and the manual pages: reference text of all settings, made from the
 * tables that the checks go by, the host's and every plugin's.
 */
#pragma once

#include "base/text.h"
#include "config/config.h"

/* A table of settings and where they stand. */
struct reference_table {
	const char *name;  /* "top", "log", "target", "tls", "limits", "notifier" */
	const char *title; /* "Top level" */
	const struct pw_setting *rows; /* ends with a NULL key */
};

/* The host's, in the order of the reference page; ends with a NULL name. */
const struct reference_table *reference_tables(void);

/* "interval", "password_file": the key as it is written. */
void reference_add_key(struct text *, const struct pw_setting *);

/* A plugin: what it is, its settings, its phases with their limits, its outcomes and facts. */
void reference_add_plugin(struct text *, const struct plugin *);

/* For the page: a list in mdoc. */
void reference_add_mdoc(struct text *, const struct pw_setting *rows);

/* The limits by default, a phase a row: routine, patient, slow. */
void reference_add_mdoc_limits(struct text *);
