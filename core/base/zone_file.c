/*
 * For base/zone.h: parses TZif files (RFC 8536): a head and a body of 32-bit times for old readers,
 * the same again in 64 bits, and a rule for what comes after.
 */
#include "base/zone_file.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_SIZE = 44, RULE_MAX = 128 };

struct head {
	unsigned version;
	size_t utc_count, standard_count, leap_count, instant_count, kind_count, letter_count;
};

/* What is left to read; `size` counts down to 0 and never below. */
struct view {
	const unsigned char *at;
	size_t size;
	bool bad;
};

static const unsigned char *
take(struct view *view, size_t size)
{
	static const unsigned char nothing[HEAD_SIZE];

	if (view->bad || size > view->size) {
		view->bad = true;
		return nothing;
	}
	view->at += size;
	view->size -= size;
	return view->at - size;
}

static uint64_t
number_at(const unsigned char *bytes, size_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++)
		number = number << 8 | bytes[i];
	return number;
}

static int64_t
signed_at(const unsigned char *bytes, size_t size)
{
	return size == 4 ? (int32_t)number_at(bytes, 4) : (int64_t)number_at(bytes, 8);
}

static bool
take_head(struct view *view, struct head *head)
{
	const unsigned char *bytes = take(view, HEAD_SIZE);
	size_t *counts[] = { &head->utc_count, &head->standard_count, &head->leap_count,
		&head->instant_count, &head->kind_count, &head->letter_count };

	if (view->bad || memcmp(bytes, "TZif", 4) != 0)
		return false;
	head->version = bytes[4] == '\0' ? 1 : bytes[4] - '0';
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		*counts[i] = number_at(bytes + 20 + 4 * i, 4);
	return head->version >= 1 && head->version <= 9;
}

static bool
allocate(struct zone *zone, const struct head *head)
{
	zone->count = head->instant_count;
	zone->kind_count = head->kind_count;
	zone->instants = calloc(zone->count + 1, sizeof *zone->instants);
	zone->kind_of = calloc(zone->count + 1, 1);
	zone->kinds = calloc(zone->kind_count, sizeof *zone->kinds);
	zone->abbreviations = calloc(head->letter_count + 1, 1);
	return zone->instants != NULL && zone->kind_of != NULL && zone->kinds != NULL
	    && zone->abbreviations != NULL;
}

/* They have to rise: find() in zone.c searches by halves. */
static bool
take_instants(struct view *view, struct zone *zone, size_t time_size)
{
	const unsigned char *times = take(view, zone->count * time_size);
	const unsigned char *kind_of = take(view, zone->count);

	for (size_t i = 0; i < zone->count && !view->bad; i++) {
		zone->instants[i] = signed_at(times + i * time_size, time_size);
		zone->kind_of[i] = kind_of[i];
		if (kind_of[i] >= zone->kind_count
		    || (i > 0 && zone->instants[i] <= zone->instants[i - 1]))
			return false;
	}
	return !view->bad;
}

/* Abbreviations are shown: nothing but what they may consist of. */
static bool
are_abbreviations(const unsigned char *letters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (letters[i] != '\0' && letters[i] != '+' && letters[i] != '-'
		    && (letters[i] < '0' || letters[i] > '9')
		    && ((letters[i] | 0x20) < 'a' || (letters[i] | 0x20) > 'z'))
			return false;
	return true;
}

static bool
take_kinds(struct view *view, struct zone *zone, size_t letter_count)
{
	const unsigned char *kinds = take(view, zone->kind_count * 6),
	    *letters = take(view, letter_count);

	if (view->bad || !are_abbreviations(letters, letter_count))
		return false;
	memcpy(zone->abbreviations, letters, letter_count);
	for (size_t i = 0; i < zone->kind_count; i++, kinds += 6) {
		int64_t offset = signed_at(kinds, 4);

		if (offset <= -90000 || offset >= 93600 || kinds[4] > 1 || kinds[5] >= letter_count)
			return false;
		zone->kinds[i] = (struct zone_kind){ (int32_t)offset, kinds[4] == 1,
		    zone->abbreviations + kinds[5] };
	}
	return true;
}

/* Between two newlines; empty where nothing is known of what comes after the table. */
static bool
take_rule(struct view *view, struct zone *zone)
{
	char text[RULE_MAX];
	const unsigned char *start = view->at + 1, *end;

	if (view->size < 2 || view->at[0] != '\n'
	    || (end = memchr(start, '\n', view->size - 1)) == NULL)
		return false;
	size_t size = (size_t)(end - start);
	if (size == 0)
		return true;
	if (size >= sizeof text)
		return false;
	memcpy(text, start, size);
	text[size] = '\0';
	zone->has_rule = strlen(text) == size && zone_rule_parse(text, &zone->rule);
	return zone->has_rule;
}

/* Counts are bounded by the size of the file before memory is taken for them: the file may be
 * anybody's by $TZDIR. */
const char *
zone_file_parse(const unsigned char *bytes, size_t size, struct zone *zone)
{
	struct view view = { bytes, size, false };
	struct head head;
	size_t time_size = 4;

	if (!take_head(&view, &head))
		return "not a time zone file";
	if (head.version > 1) {
		take(&view, head.instant_count * (time_size + 1));
		take(&view, head.kind_count * 6);
		take(&view, head.letter_count);
		take(&view, head.leap_count * (time_size + 4));
		take(&view, head.standard_count);
		take(&view, head.utc_count);
		time_size = 8;
		if (!take_head(&view, &head))
			return "the time zone file is damaged";
	}
	if (head.leap_count > 0)
		return "it counts leap seconds, which our clocks do not; use the zone without "
		    "\"right/\"";
	if (head.kind_count == 0 || head.kind_count > 256 || head.instant_count > size
	    || head.letter_count > size)
		return "the time zone file is damaged";
	if (!allocate(zone, &head))
		return "out of memory";
	if (!take_instants(&view, zone, time_size) || !take_kinds(&view, zone, head.letter_count))
		return "the time zone file is damaged";
	take(&view, head.standard_count);
	take(&view, head.utc_count);
	if (view.bad || (head.version > 1 && !take_rule(&view, zone)))
		return "the time zone file is damaged";
	return NULL;
}

void
zone_fini(struct zone *zone)
{
	free(zone->instants);
	free(zone->kind_of);
	free(zone->kinds);
	free(zone->abbreviations);
}
