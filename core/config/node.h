/*
 * A configuration as a tree of our own: what libconfig read of a file, and what was said on the
 * command line, look the same to all that checks settings. Lies in an arena; constant.
 */
#pragma once

#include "config/diagnostics.h"

enum node_kind {
	NODE_GROUP,  /* { … }: children have keys */
	NODE_LIST,   /* ( … ) and [ … ]: children have none */
	NODE_STRING, /* "…" */
	NODE_TEXT,   /* of the command line: what it is, its setting says */
	NODE_INT,
	NODE_FLOAT,
	NODE_BOOL,
	NODE_BAD /* a fault that has been told: nothing more is to be said about it */
};

struct node {
	const char *key;
	enum node_kind kind;
	uint32_t count; /* NODE_GROUP NODE_LIST: of children */
	struct place place;
	union {
		const char *text;
		int64_t number;
		const struct node *children;
	};
};

const char *node_kind_name(enum node_kind); /* "a string" */

/* The child called `key`; NULL: there is none. */
const struct node *node_member(const struct node *group, const char *key);

/* Reads a file and all it includes into a group. Returns NULL after a fault that left no tree;
 * other faults leave one. *torn: not all that was written is in it. */
const struct node *node_read_file(struct diagnostics *, struct arena *, const char *path,
    bool *torn);
