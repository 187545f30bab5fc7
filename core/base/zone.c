/* Time zones: finds and loads a zone's file, converts instants to local time, formats them. */
#include "base/zone.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/zone_file.h"

enum { FILE_MAX = 256 * 1024, NAME_MAX_SIZE = 128, DAY_SECONDS = 86400 };

static const char *
folder(void)
{
	const char *set = getenv("TZDIR");

	return set != NULL && set[0] == '/' ? set : "/usr/share/zoneinfo";
}

/* Reads up to FILE_MAX bytes of a regular file; their count, or -1 with errno. */
static ssize_t
read_file(const char *path, unsigned char *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	ssize_t size = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode))
		errno = EISDIR;
	else
		size = read(fd, bytes, FILE_MAX);
	int error = errno;
	close(fd);
	errno = error;
	return size;
}

/* *fault: what is wrong, or NULL. */
static struct zone *
open_path(const char *path, const char **fault)
{
	struct zone *zone = calloc(1, sizeof *zone);
	unsigned char *bytes = malloc(FILE_MAX);
	ssize_t size = zone == NULL || bytes == NULL ? -1 : read_file(path, bytes);

	if (zone == NULL || bytes == NULL)
		*fault = "out of memory";
	else if (size < 0)
		*fault = errno == EISDIR ? "not a time zone file" : strerror(errno);
	else
		*fault = zone_file_parse(bytes, (size_t)size, zone);
	free(bytes);
	if (*fault != NULL)
		zone_close(&zone);
	return zone;
}

/* Folders and names of tzdata: no part is empty or begins with a dot. */
static bool
is_name(const char *name)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/.";
	size_t size = strlen(name);

	if (size == 0 || size > NAME_MAX_SIZE || strspn(name, allowed) != size
	    || name[size - 1] == '/')
		return false;
	for (size_t i = 0; i < size; i++)
		if ((i == 0 || name[i - 1] == '/') && (name[i] == '/' || name[i] == '.'))
			return false;
	return true;
}

/* Which of three things is wrong decides what is to be done: tzdata is missing, the name is, or
 * the file is damaged. */
struct zone *
zone_open(const char *name, struct reason *why)
{
	struct text shown = TEXT_ROOM(80);
	char path[4096];
	const char *fault;
	struct zone *zone = NULL;

	text_escape(&shown, text_view(name));
	if (!is_name(name)) {
		reason_set(why,
		    "\"%s\" is not the name of a time zone; write it like \"Europe/Berlin\" or "
		    "\"UTC\"", shown.bytes);
		return NULL;
	}
	snprintf(path, sizeof path, "%s/%s", folder(), name);
	zone = open_path(path, &fault);
	if (zone == NULL && access(folder(), X_OK) != 0)
		reason_set(why, "\"%s\": there are no time zones in %s; is tzdata installed?",
		    shown.bytes, folder());
	else if (zone == NULL && access(path, F_OK) != 0)
		reason_set(why, "\"%s\": no such time zone in %s; write it like \"Europe/Berlin\"",
		    shown.bytes, folder());
	else if (zone == NULL)
		reason_set(why, "\"%s\": %s", shown.bytes, fault);
	return zone;
}

struct zone *
zone_open_own(void)
{
	const char *set = getenv("TZ"), *fault;

	if (set == NULL)
		return open_path("/etc/localtime", &fault);
	set += set[0] == ':';
	if (set[0] == '/')
		return open_path(set, &fault);
	struct zone *zone = set[0] == '\0' ? NULL : zone_open(set, NULL);
	if (zone != NULL || (zone = calloc(1, sizeof *zone)) == NULL)
		return zone;
	/* It names no file: it is a rule, or nothing. */
	zone->has_rule = zone_rule_parse(set, &zone->rule);
	if (!zone->has_rule)
		zone_close(&zone);
	return zone;
}

void
zone_close(struct zone **zone)
{
	if (*zone != NULL)
		zone_fini(*zone);
	free(*zone);
	*zone = NULL;
}

/* The index of the last instant up to `seconds`; there is one. */
static size_t
find(const struct zone *zone, int64_t seconds)
{
	size_t low = 0, high = zone->count;

	assert(zone->count > 0 && zone->instants[0] <= seconds);
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (zone->instants[middle] <= seconds)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The rule goes on where the table ends; files of today often have no table at all behind 2037. */
static const struct zone_kind *
kind_at(const struct zone *zone, int64_t seconds)
{
	static const struct zone_kind utc = { 0, false, "UTC" };

	if (zone == NULL)
		return &utc;
	if (zone->has_rule && (zone->count == 0 || seconds >= zone->instants[zone->count - 1]))
		return zone_rule_at(&zone->rule, seconds);
	if (zone->count == 0 || seconds < zone->instants[0])
		return &zone->kinds[0];
	return &zone->kinds[zone->kind_of[find(zone, seconds)]];
}

static int64_t
divide_down(int64_t number, int64_t by)
{
	return number / by - (number % by < 0);
}

struct zone_time
zone_at(const struct zone *zone, int64_t seconds)
{
	const struct zone_kind *kind = kind_at(zone, seconds);
	struct zone_time time = { .offset = kind->offset, .dst = kind->dst,
	    .abbreviation = kind->abbreviation };
	int64_t local = seconds + kind->offset, days = divide_down(local, DAY_SECONDS);
	int of_day = (int)(local - days * DAY_SECONDS);

	assert(of_day >= 0 && of_day < DAY_SECONDS);
	zone_date(days, &time.year, &time.month, &time.day);
	time.weekday = (int)(((days + 4) % 7 + 7) % 7);
	time.hour = of_day / 3600;
	time.minute = of_day / 60 % 60;
	time.second = of_day % 60;
	return time;
}

int64_t
zone_seconds(const struct zone *zone, const struct zone_time *wall)
{
	int64_t shown = zone_days(wall->year, wall->month, wall->day) * DAY_SECONDS
	    + wall->hour * 3600 + wall->minute * 60 + wall->second;
	int32_t before = zone_at(zone, shown - DAY_SECONDS).offset;
	int32_t after = zone_at(zone, shown + DAY_SECONDS).offset;
	int64_t early = shown - (before > after ? before : after);
	int64_t late = shown - (before > after ? after : before);

	if (early + zone_at(zone, early).offset == shown)
		return early;
	return late + zone_at(zone, late).offset == shown ? late : shown - before;
}

static void
add_digits(struct text *text, int64_t number, int width)
{
	char digits[20] = { 0 };

	if (number < 0) {
		text_add(text, "-");
		number = -number;
	}
	for (int i = width; i-- > 0; number /= 10)
		digits[i] = (char)('0' + number % 10);
	if (number > 0)
		text_add_i64(text, number);
	text_add_whole(text, digits, (size_t)width);
}

static void
add_date(struct text *text, const struct zone_time *time)
{
	add_digits(text, time->year, 4);
	text_add(text, "-");
	add_digits(text, time->month, 2);
	text_add(text, "-");
	add_digits(text, time->day, 2);
}

static void
add_clock(struct text *text, const struct zone_time *time)
{
	add_digits(text, time->hour, 2);
	text_add(text, ":");
	add_digits(text, time->minute, 2);
	text_add(text, ":");
	add_digits(text, time->second, 2);
}

void
zone_add(struct text *text, const struct zone *zone, int64_t microseconds)
{
	struct zone_time time = zone_at(zone, divide_down(microseconds, SECOND));
	int64_t minutes = (time.offset < 0 ? -(int64_t)time.offset : time.offset) / 60;

	add_date(text, &time);
	text_add(text, " ");
	add_clock(text, &time);
	text_add(text, time.offset < 0 ? " -" : " +");
	add_digits(text, minutes / 60, 2);
	add_digits(text, minutes % 60, 2);
	text_format(text, " (%s)", time.abbreviation);
}

void
zone_add_clock(struct text *text, const struct zone *zone, int64_t microseconds)
{
	struct zone_time time = zone_at(zone, divide_down(microseconds, SECOND));

	add_clock(text, &time);
}

void
zone_add_utc(struct text *text, int64_t microseconds)
{
	int64_t seconds = divide_down(microseconds, SECOND);
	struct zone_time time = zone_at(NULL, seconds);

	add_date(text, &time);
	text_add(text, "T");
	add_clock(text, &time);
	text_add(text, ".");
	add_digits(text, microseconds - seconds * SECOND, 6);
	text_add(text, "Z");
}
