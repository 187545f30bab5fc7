/*
 * The configuration that `postwatch import` makes: targets, notifiers and maintenance windows, each
 * an entry behind the comments on it. All is kept until the whole input was read, so that nothing
 * is printed where some of it cannot be. What is written is what the configuration takes: strings
 * are quoted, bytes that are no printable UTF-8 stand there as \xNN, names of one kind are unique,
 * and durations and numbers are within the range of their setting. What had to be changed is a
 * comment.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum draft_kind { DRAFT_TARGET, DRAFT_NOTIFIER, DRAFT_WINDOW, DRAFT_KINDS };

/* Where something was found. `line` 0: `path` alone says it. */
struct draft_place {
	const char *file;
	unsigned line;
	const char *path; /* within the file, such as "monitorList[3]"; NULL: none */
};

struct draft;
struct draft_entry;

struct draft *draft_create(void);
void draft_destroy(struct draft **);
/* Memory that lasts as long as the draft. */
struct arena *draft_arena(const struct draft *);

/* Prints all of it on standard output, and how much there is on standard error. `from`: the word of
 * the command line. */
void draft_print(struct draft *, const char *from);

/* Begins an entry, which lasts as long as the draft. Strings that it is given are copied. */
struct draft_entry *draft_begin(struct draft *, enum draft_kind, struct draft_place);
/* It takes its place behind those of its kind. */
void draft_end(struct draft_entry *);
/* Only its comments do. */
void draft_drop(struct draft_entry *);
/* The same with one more comment. */
void draft_reject(struct draft_entry *, const char *what, const char *why);

/* A comment: what was found at the place of the entry, and why it has no counterpart. */
void draft_leave_out(struct draft_entry *, const char *what, const char *why);
void draft_leave_out_at(
    struct draft_entry *, struct draft_place, const char *what, const char *why);

/* Sets the name, made unique; returns it. */
const char *draft_name(struct draft_entry *, const char *name);
/* Sets the host of a target, which may be "[IPV6]". Returns false, after a comment, if that is no
 * host that can be watched. */
bool draft_host(struct draft_entry *, const char *host);
/* Sets `family` where the host is a name: an address has its own. */
void draft_family(struct draft_entry *, const char *family);
/* Returns false if that is no name of a host. */
bool draft_sni(struct draft_entry *, const char *name);
void draft_string(struct draft_entry *, const char *key, const char *value);
/* One of target_settings; 0 and less is a comment as well. */
void draft_number(struct draft_entry *, const char *key, double value);
/* The same, from seconds. */
void draft_seconds(struct draft_entry *, const char *key, double seconds);
/* A limit of `leg`; `group`: "limits" or "slow". */
void draft_leg(struct draft_entry *, const char *group, double seconds);
/* Settings as they stand in a configuration, each with a blank before it. */
void draft_settings(struct draft_entry *, const char *settings);
/* A file that the setting names, which has to be there: else a comment. A relative path begins at
 * the folder of `beside`. */
void draft_file(struct draft_entry *, const char *key, const char *path, const char *beside);

/* Sets the parent of a target, which has a name already; a comment, with `what` and its place,
 * where it has another one, or where they are in a circle or too many. */
void draft_parent(struct draft_entry *, const struct draft_entry *parent, struct draft_place,
    const char *what);

/* A word of a list of strings, once; NULL: the list is written even if it is empty. Blanks within a
 * tag become "-". */
void draft_word(struct draft_entry *, const char *key, const char *word);

/* An email notifier, by the relay of this host, which tells an address. */
void draft_email(struct draft_entry *, const char *address);
/* The kinds of notices for which others tell what: 'c'ritical, 'w'arning, 'u'nknown, 'r'ecovery,
 * 'f'lapping. */
void draft_kinds(struct draft_entry *, char what);

/* Whether a list that ends with NULL has the word. */
bool draft_knows(const char *const *list, const char *word);

/* Whether it is a host that can be reached, an address of mail, an HTTP URL. */
bool draft_is_host(const struct draft_entry *, const char *);
bool draft_is_mailbox(const char *);
bool draft_is_url(const char *);
