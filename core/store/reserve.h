/*
 * Disk space held in reserve for the store: files that are allocated while the disk has room, so
 * that there is room when it is full.
 */
#pragma once

#include <stdint.h>

/* Makes a file of so many bytes, unless it is there, or the disk has less than four times as many
 * free. */
void reserve_space(const char *path, int64_t bytes);
