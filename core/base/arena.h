/*
 * An arena is memory for what is built once and then only read: the configuration, in the keeper
 * the names of targets, in commands also what they read of other monitors and of the web process.
 * It grows by large mappings, frees nothing singly, and can be made read-only when complete, so
 * that all processes forked afterwards share its pages and none can change them. Where memory runs
 * out it says so on stderr and exits (EX_OSERR).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct arena *arena_create(void);

/* Zeroed, aligned to 8 bytes. */
void *arena_alloc(struct arena *, size_t size);
void *arena_array(struct arena *, size_t count, size_t size);

/* Copies, aligned as strings are; ended by NUL in any case. */
char *arena_strdup(struct arena *, const char *string);
char *arena_bytes(struct arena *, const void *bytes, size_t size);

/* A copy that is shared: equal strings give the same pointer. */
const char *arena_intern(struct arena *, const char *string);
const char *arena_intern_bytes(struct arena *, const void *bytes, size_t size);

/* Bytes given out. */
size_t arena_size(const struct arena *);

/* Makes all of it read-only, for good; no more can be had from it. */
void arena_freeze(struct arena *);

/* Gives everything back, frozen or not. */
void arena_destroy(struct arena **);
