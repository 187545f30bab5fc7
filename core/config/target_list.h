/*
 * For the reading of a configuration: its targets: which there are, by which names, and which of
 * them name others. It finds them by hash, for there may be 100,000.
 */
#pragma once

#include "base/hash.h"
#include "config/diagnostics.h"
#include "config/host.h"

struct probe;
struct reader;

enum { TARGETS_MAX = 1000000 };

/* A target before it is added. Strings need not outlive the call that adds it. */
struct draft {
	struct host host;
	uint16_t port;
	const char *name, *was, *parent; /* NULL: not given */
	struct place place, parent_place;
	struct place interval_place;     /* where its interval was set */
	bool *interval_warned;           /* whether a short interval at that place was warned of */
	struct probe *probe;
	const struct policy *policy;
};

/* A name of another target in a target's settings, looked up when all targets are known. */
struct target_ref {
	uint32_t target;
	struct place place;
	const char *name; /* in the scratch arena */
	bool is_parent;   /* `parent`, else `was` */
};

struct target_list {
	struct target *items;
	struct place *places; /* where items stand */
	uint32_t count, room, place_room;
	/* Of items: by identity, and by the name that people use. */
	struct hash_table identities, names;
	struct target_ref *refs;
	uint32_t ref_count, ref_room;
	struct target *passed; /* not watched, as no word of the command line names them */
	uint32_t passed_count, passed_room;
	const char **rejected; /* names of entries that are faults; "": of one without a name */
	uint32_t rejected_count, rejected_room;
};

void target_list_fini(struct target_list *); /* starts as zeroes */

/* Adds a target that is complete; a name that is no name, or a second target of one identity, is a
 * fault. */
void target_list_add(struct reader *, const struct draft *);

/* Notes one that is not watched, as no word of the command line names it. */
void target_list_pass(struct reader *, const struct draft *);

/* Notes the name or host of an entry that is a fault, so that what others say of it is none; NULL:
 * it has none; not copied. */
void target_list_reject(struct reader *, const char *name);

/* The index of the first target of that name, or CONFIG_NONE. */
uint32_t target_list_find(const struct reader *, const char *name);

/* Whether there may have been a target of that name among the faults, or in a file that could not
 * be read. */
bool target_list_may_have(const struct reader *, const char *name);

/* Tells that a word of the command line names no target, with the one that may have been meant. */
void target_list_report_word(struct reader *, const char *word);

/* Ties targets to their parents, checks what they name, and puts all into the configuration. */
void target_list_finish(struct reader *);
