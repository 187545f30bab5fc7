/* For base/zone.h alone: a time zone as its file says it (TZif, RFC 8536). */
#pragma once

#include "base/zone_rule.h"

struct zone {
	size_t count;            /* of instants, rising */
	int64_t *instants;       /* at each begins … */
	unsigned char *kind_of;  /* … the kind with this index */
	size_t kind_count;
	struct zone_kind *kinds; /* the first is in force before all instants */
	char *abbreviations;
	bool has_rule;           /* in force from the last instant on */
	struct zone_rule rule;
};

/* Reads a TZif file into a zeroed zone. What is wrong, or NULL; zone_fini() frees what there is in
 * either case. */
const char *zone_file_parse(const unsigned char *bytes, size_t size, struct zone *);
void zone_fini(struct zone *);
