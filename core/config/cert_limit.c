/*
 * For the reading of a configuration: parses the entries of `cert_warn`, the time before its end at
 * which a certificate is told. Both parts have to hold to be near the end: of "21d/25%" a
 * certificate of 90 days is near its end 21 days before, one of 7 days 42 hours before.
 */
#include "config/cert_limit.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"

enum { PERCENT_MAX = 99, PART_MAX = 32, DIGITS_MAX = 5 };

static const int64_t day = (int64_t)24 * 3600 * SECOND;

/*
 * A whole number without a sign. Returns -1 if the text is none, or beyond `max`; strtol() would
 * take blanks and a sign.
 */
static int
parse_count(const char *digits, size_t size, int max)
{
	int value = 0;

	if (size == 0 || size > DIGITS_MAX)
		return -1;
	for (size_t i = 0; i < size; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return -1;
		value = value * 10 + (digits[i] - '0');
	}
	return value <= max ? value : -1;
}

/* A number without a unit counts days. */
bool
cert_limit_parse(const char *text, struct cert_limit *limit, struct reason *why)
{
	*limit = (struct cert_limit){ .left = 0 };
	for (;; text++) {
		size_t size = strcspn(text, "/");
		char part[PART_MAX];

		if (size == 0 || size >= PART_MAX)
			return reason_set(why,
			    "is neither a time such as \"21d\" nor a share such as \"25%%\", nor "
			    "both: \"21d/25%%\"");
		memcpy(part, text, size);
		part[size] = '\0';
		if (part[size - 1] == '%') {
			int percent = parse_count(part, size - 1, PERCENT_MAX);

			if (percent < 1 || limit->percent != 0)
				return reason_set(why,
				    percent < 1 ? "is no share of a lifetime: \"1%%\" to \"%d%%\""
				                : "has two shares", PERCENT_MAX);
			limit->percent = percent;
		} else {
			int days = parse_count(part, size, CERT_DAYS_MAX);
			int64_t left = days * day;

			if (limit->left != 0)
				return reason_set(why, "has two times");
			if (days < 0 && !units_parse_duration(part, &left, why))
				return false;
			if (left < 1 || left > CERT_DAYS_MAX * day)
				return reason_set(why,
				    "is no time that a certificate can have left: up to \"%dd\"",
				    CERT_DAYS_MAX);
			limit->left = left;
		}
		assert(limit->left != 0 || limit->percent != 0);
		text += size;
		if (*text == '\0')
			return true;
	}
}

int
cert_limit_days(const char *text)
{
	return parse_count(text, strlen(text), CERT_DAYS_MAX);
}
