/*
 * Parses the setting cert_warn, such as "21d/25%": the less of 21 days and a quarter of the
 * certificate's lifetime.
 */
#include "config/reader.h"

#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"

enum { DAYS_MAX = 3650, PERCENT_MAX = 99, PART_MAX = 32, OLD_MAX = 8 };

static const int64_t day = (int64_t)24 * 3600 * SECOND;

/* A whole number without a sign; -1: it is none, or beyond `max`. */
static long
number_of(const char *digits, size_t size, long max)
{
	long value = 0;

	if (size == 0 || size > 5)
		return -1;
	for (size_t i = 0; i < size; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return -1;
		value = value * 10 + (digits[i] - '0');
	}
	return value <= max ? value : -1;
}

static bool
take_share(const char *part, size_t size, struct cert_limit *limit, struct reason *why)
{
	long percent = number_of(part, size - 1, PERCENT_MAX);

	if (percent < 1 || limit->percent != 0) {
		reason_set(why, percent < 1 ? "is no share of a lifetime: \"1%%\" to \"%d%%\"" : "has two shares", PERCENT_MAX);
		return false;
	}
	limit->percent = percent;
	return true;
}

/* A bare number is one of days. */
static bool
take_time(const char *part, size_t size, struct cert_limit *limit, struct reason *why)
{
	char text[PART_MAX];
	long days = number_of(part, size, DAYS_MAX);
	int64_t left = days * day;

	memcpy(text, part, size);
	text[size] = '\0';
	if (limit->left != 0) {
		reason_set(why, "has two times");
		return false;
	}
	if (days < 0 && !units_parse_duration(text, &left, why))
		return false;
	if (left < 1 || left > DAYS_MAX * day) {
		reason_set(why, "is no time that a certificate can have left: up to \"%dd\"", DAYS_MAX);
		return false;
	}
	limit->left = left;
	return true;
}

bool
cert_limit_parse(const char *text, struct cert_limit *limit, struct reason *why)
{
	*limit = (struct cert_limit){ .left = 0 };
	for (const char *part = text;; part++) {
		size_t size = strcspn(part, "/");

		if (size == 0 || size >= PART_MAX) {
			reason_set(why, "is neither a time such as \"21d\" nor a share such as \"25%%\", nor both: \"21d/25%%\"");
			return false;
		}
		if (!(part[size - 1] == '%' ? take_share : take_time)(part, size, limit, why))
			return false;
		part += size;
		if (*part == '\0')
			return true;
	}
}

/* What it was called before: days, of which the most are the first warning and the fewest the last. */
bool
cert_warn_of_days(struct reader *reader, const struct node *node, struct pw_value *into)
{
	static const struct pw_setting row = { .key = "cert_warn_days", .type = PW_LIST, .max = OLD_MAX };
	char words[64];
	struct text text = TEXT_OVER(words);
	long least = LONG_MAX, most = 0;
	struct pw_value value;
	struct reason why;

	if (!value_of_node(&reader->values, &reader->faults, &row, row.key, node, &value))
		return false;
	for (uint32_t i = 0; i < value.list->count; i++) {
		const char *item = value.list->items[i];
		long days = number_of(item, strlen(item), DAYS_MAX);

		if (days < 1) {
			faults_add(&reader->faults, node->place, "cert_warn_days: %s is not a number of days, 1 to %d",
			    QUOTE(reader, item), DAYS_MAX);
			return false;
		}
		least = days < least ? days : least;
		most = days > most ? days : most;
	}
	if (most > 0)
		text_format(&text, "%ldd", most);
	if (least < most)
		text_format(&text, " %ldd", least);
	*into = (struct pw_value){ .given = true };
	return value_of_text(&reader->values, &tls_settings_rows[TLS_CERT_WARN], "", words, into, &why);
}
