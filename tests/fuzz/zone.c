/* Any bytes as a time zone file: refused, or times can be read from it that hold together. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "base/zone_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
check(const struct zone *zone, int64_t at)
{
	struct zone_time time = zone_at(zone, at);

	assert(zone_days(time.year, time.month, time.day) * 86400 + time.hour * 3600 + time.minute * 60 + time.second
	    == at + time.offset);
	assert(strlen(time.abbreviation) < 10000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct zone *zone = calloc(1, sizeof *zone);

	if (zone_file_parse(bytes, size, zone) == NULL) {
		for (int64_t at = -3000000000; at < 5000000000; at += 100000007)
			check(zone, at);
		for (size_t i = 0; i < zone->count; i++)
			if (zone->instants[i] > INT64_MIN / 2 && zone->instants[i] < INT64_MAX / 2)
				check(zone, zone->instants[i]);
	}
	zone_close(&zone);
	return 0;
}
