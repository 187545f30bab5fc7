/*
 * For the writer of the store: a redo log of what was done in memory while postwatch.db could not
 * be written, in a file whose space was allocated while the disk had some. The next process that
 * opens the store for writing goes on from there. Each write holds all of it and stands beside the
 * one before, so that a torn one leaves that as it was.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <postwatch/probe.h>

struct redo;

/* A head, whose meaning is the caller's, and two sequences of changes, either of which may be
 * empty. */
struct redo_state {
	struct pw_bytes head, earlier, changes;
};

/* Opens the file in the folder, of two halves in so many bytes, and makes it where the disk has
 * four times as many free. Returns NULL where there is none and cannot be one, or no memory. */
struct redo *redo_open(const char *folder, int64_t bytes);
void redo_close(struct redo **);

/* What finds room in it, with its head, in bytes. */
size_t redo_room(const struct redo *);
/* Has it on the disk when it returns. Returns false where it is too large for a half, or cannot be
 * written: what was written before is still there. One that takes longer than a second is written
 * no more until redo_forget(). */
bool redo_write(struct redo *, const struct redo_state *);
/* What was written last, valid until the next call. Returns false if there is nothing. */
bool redo_read(struct redo *, struct redo_state *);
/* Nothing of it is needed any more. */
void redo_forget(struct redo *);
