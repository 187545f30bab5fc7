/*
 * The host's DNS resolvers, from /etc/resolv.conf. For configurations that name none. A prober
 * reads them at its start, and is renewed when their file changes: networks come and go, and the
 * configuration stays.
 */
#pragma once

#include <stdint.h>

#include "base/address.h"
#include "base/reason.h"

#define RESOLV_CONF "/etc/resolv.conf"

enum { RESOLVERS_FOUND_MAX = 3 }; /* as in the C library */

/* Those that the file at `path` names; where there is no file, or none in it, 127.0.0.1:53. Returns
 * how many. */
uint32_t resolvers_find(const char *path, struct address found[static RESOLVERS_FOUND_MAX]);

/* The same; 0 with a reason, which names the file, where there is no file, or none in it. */
uint32_t resolvers_read(
    const char *path, struct address found[static RESOLVERS_FOUND_MAX], struct reason *why);

enum { RESOLVERS_SEARCH_MAX = 6 }; /* as in the C library */

/* The domains that the C library appends to names of one label, by the file at `path` (its last
 * line "search" or "domain"), as text with blanks between them. Postwatch appends none: this is for
 * those who think so. Nothing is added where there are none. */
void resolvers_add_search(const char *path, struct text *);
