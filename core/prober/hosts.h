/*
 * Lookup of names in the hosts file. The file is read once. `localhost` and what ends in it is
 * the loopback interface even where the file is silent (RFC 6761).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"

struct hosts;

/* Reads `path`; one that is not there is empty. NULL with a reason: it cannot be read, is no
 * hosts file, or no memory. */
struct hosts *hosts_open(const char *path, struct reason *why);

/* The same from bytes. NULL: out of memory. */
struct hosts *hosts_read(const char *bytes, size_t size);
void hosts_close(struct hosts **);

/* The addresses of `name` (a dot at its end and capitals do not matter), in the order of the
 * file, at most `room`; how many, 0: it is not there. */
uint32_t hosts_find(const struct hosts *, const char *name, struct address *addresses,
    uint32_t room);
