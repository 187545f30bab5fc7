/*
 * For the probe `exec`: parses the performance data that a Nagios plugin prints, and makes a fact
 * of each item.
 */
#include "perfdata.h"

#include <string.h>

enum { FIELDS = 5 /* value, warn, crit, min, max */ };

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool
is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static void
add(struct perfdatum *datum, char byte)
{
	if (datum->size < sizeof datum->value)
		datum->value[datum->size++] = byte;
}

/* A label in quotes may hold blanks and "=", and '' for a quote. False: it has no end. */
static bool
take_label(struct pw_bytes *rest, struct perfdatum *datum)
{
	bool quoted = rest->size > 0 && rest->data[0] == '\'';
	size_t at = quoted ? 1 : 0;

	for (; at < rest->size; at++) {
		char byte = rest->data[at];

		if (quoted && byte == '\'' && at + 1 < rest->size && rest->data[at + 1] == '\'')
			at++;
		else if (quoted ? byte == '\'' : byte == '=' || is_blank(byte))
			break;
		add(datum, byte);
	}
	at += quoted;
	if (at >= rest->size || rest->data[at] != '=' || datum->size == 0)
		return false;
	rest->data += at + 1;
	rest->size -= at + 1;
	return true;
}

/* "0.004s", "-3", "1.5e3B", or "U" for one that is not known. */
static bool
is_value(struct pw_bytes field)
{
	size_t at = field.size > 0 && (field.data[0] == '-' || field.data[0] == '+'), digits = 0;

	if (field.size == 1 && field.data[0] == 'U')
		return true;
	for (; at < field.size && (is_digit(field.data[at]) || field.data[at] == '.'
	    || field.data[at] == ','); at++)
		digits += is_digit(field.data[at]);
	if (digits > 0 && at + 1 < field.size && (field.data[at] == 'e' || field.data[at] == 'E')
	    && (is_digit(field.data[at + 1])
	        || (at + 2 < field.size && (field.data[at + 1] == '-' || field.data[at + 1] == '+')
	            && is_digit(field.data[at + 2]))))
		for (at += 2; at < field.size && is_digit(field.data[at]);)
			at++;
	for (; at < field.size; at++) /* the unit */
		if (is_digit(field.data[at]) || field.data[at] == '\'' || field.data[at] == '"')
			return false;
	return digits > 0;
}

/* A threshold, "10", "@10:20", "~:5", or an empty one; a bound is a number or empty. */
static bool
is_bound(struct pw_bytes field)
{
	for (size_t i = 0; i < field.size; i++)
		if (!is_digit(field.data[i]) && memchr("@~:.,-+eE", field.data[i], 9) == NULL)
			return false;
	return true;
}

/* The value and what follows it, up to a blank. */
static bool
take_fields(struct pw_bytes *rest, struct perfdatum *datum)
{
	bool good = true;
	int field = 0;
	size_t at = 0;

	for (size_t from = 0; at <= rest->size; at++) {
		bool ends = at == rest->size || is_blank(rest->data[at]);
		struct pw_bytes bytes = { rest->data + from, at - from };

		if (!ends && rest->data[at] != ';')
			continue;
		good &= field == 0 ? is_value(bytes) : field < FIELDS ? is_bound(bytes) : bytes.size == 0;
		field++;
		from = at + 1;
		if (ends)
			break;
	}
	while (at > 0 && rest->data[at - 1] == ';')
		at--;
	for (size_t i = 0; i < at; i++)
		add(datum, rest->data[i]);
	return good;
}

static void
skip_word(struct pw_bytes *rest)
{
	while (rest->size > 0 && !is_blank(rest->data[0]))
		rest->data++, rest->size--;
}

static void
make_name(struct perfdatum *datum, size_t label)
{
	static const char prefix[] = "perf_";
	size_t size = sizeof prefix - 1;

	memcpy(datum->name, prefix, size);
	for (size_t i = 0; i < label && size < sizeof datum->name - 1; i++) {
		char byte = datum->value[i];

		if (byte >= 'A' && byte <= 'Z')
			byte = (char)(byte - 'A' + 'a');
		datum->name[size++] = (byte >= 'a' && byte <= 'z') || is_digit(byte) ? byte : '_';
	}
	datum->name[size] = '\0';
}

enum perfdata
perfdata_next(struct pw_bytes *rest, struct perfdatum *datum)
{
	struct pw_bytes word;

	while (rest->size > 0 && is_blank(rest->data[0]))
		rest->data++, rest->size--;
	datum->size = 0;
	if (rest->size == 0)
		return PERFDATA_END;
	word = *rest;
	bool good = take_label(rest, datum);
	if (good) {
		make_name(datum, datum->size);
		add(datum, '=');
		/* A number without its last digits would be another number. */
		good = take_fields(rest, datum) && datum->size < sizeof datum->value;
	} else {
		*rest = word;
	}
	skip_word(rest);
	if (good)
		return PERFDATA_GOOD;
	datum->size = 0;
	for (const char *at = word.data; at < rest->data; at++)
		add(datum, *at);
	return PERFDATA_BAD;
}
