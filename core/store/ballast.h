/* Space held in reserve. The ballast is a file in the state folder that is there to be removed, so
 * that there is space where the disk is full. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Makes a file of so many bytes, unless it is there, or the disk has less than four times as many
 * free. */
void reserve_space(const char *path, int64_t bytes);

/* Makes the ballast, of so many bytes, unless it is there, or the disk has less than four times as
 * many free. */
void ballast_make(const char *folder, int64_t bytes);
void ballast_free(const char *folder);
/* Returns whether there is one. */
bool ballast_is_there(const char *folder);
