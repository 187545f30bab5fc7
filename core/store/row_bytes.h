/*
 * Rows of the store as bytes, for the web process that answers commands: both are this program on
 * this host. The members of a record in the order of its fields, numbers in host byte order, texts
 * and bytes behind their size.
 */
#pragma once

#include "base/buffer.h"
#include "store/row.h"

/* Appends the members that the fields (ended by a NULL column) name. Returns false if the buffer
 * would hold more than `max` bytes, or there is no memory. */
bool row_put(struct buffer *, size_t max, const struct field *, const void *record);

/* Takes them from the front of `from`, which is moved behind them; texts and bytes of the record
 * are views into it. Returns false if they are not whole, or a text holds a NUL or
 * another control character than a line feed or a tab: it is shown on terminals. */
bool row_get(struct pw_bytes *from, const struct field *, void *record);

/* The bytes that a record has at least. */
size_t row_least(const struct field *);

/* Adds the names and types of fields to a hash: who has the same one reads the same bytes. */
uint64_t row_hash(uint64_t hash, const struct field *);
