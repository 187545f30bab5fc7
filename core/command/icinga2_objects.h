/*
 * For `postwatch import`: objects (Host, Service, User ...) of Icinga 2: those that its files
 * define, and those that `apply` makes of them.
 */
#pragma once

#include "command/import_draft.h"
#include "command/icinga2_value.h"
#include "command/import_files.h"

struct icinga_object {
	struct icinga_object *next;
	const char *type, *name;
	struct icinga_value *attributes;
	const struct icinga_node *node;            /* by which it is defined */
	const struct icinga_object *host, *service; /* to which it is applied; NULL: none */
};

/* A comment that is told once. */
struct icinga_told {
	struct icinga_told *next;
	const struct icinga_node *node;
	const char *why;
};

struct icinga_objects {
	struct arena *arena;
	struct draft_entry *notes; /* for comments that belong to no target */
	struct icinga_object *first, **end;
	struct icinga_node *defines,
	    **defines_end; /* object and apply, in the order of the files */
	struct icinga_template *templates;
	struct icinga_value *globals;
	struct icinga_told *told;
	struct import_files files;
};

struct icinga_objects *icinga_objects_create(struct arena *, struct draft_entry *notes);

/* Takes in a file, and what it includes, each once. Returns false with a reason. */
bool icinga_objects_read(struct icinga_objects *, const char *path, struct reason *why);

/* Makes the objects of all that was read; to be called once. */
void icinga_objects_make(struct icinga_objects *);

const struct icinga_object *icinga_find(
    const struct icinga_objects *, const char *type, const char *name);

/* A comment on a node, at its place, once for each reason (the same pointer). */
void icinga_tell(struct icinga_objects *, struct draft_entry *, const struct icinga_node *,
    const char *what, const char *why);
