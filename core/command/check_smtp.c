/*
 * For `postwatch import`: translates the options of the Nagios plugin check_smtp into settings of a
 * target. Options are a table: what has no counterpart says there why, and that stands in the
 * import as a comment.
 */
#include "command/check_smtp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "command/command.h"

enum { WORDS_MAX = 128 };

/* What becomes of an option. */
enum meaning { MEANS_HOST, MEANS_PORT, MEANS_IPV4, MEANS_IPV6, MEANS_EXPECT, MEANS_STARTTLS, MEANS_IMPLICIT,
	MEANS_DAYS, MEANS_WARN, MEANS_LIMIT, MEANS_NOTHING, MEANS_LEFT_OUT };

static const struct option_form {
	char letter;
	const char *name;
	bool has_value;
	enum meaning meaning;
	const char *why; /* it is left out; NULL: it asks for nothing that is not done anyway */
} forms[] = {
	{ 'H', "hostname", true, MEANS_HOST, NULL },
	{ 'p', "port", true, MEANS_PORT, NULL },
	{ '4', "use-ipv4", false, MEANS_IPV4, NULL },
	{ '6', "use-ipv6", false, MEANS_IPV6, NULL },
	{ 'e', "expect", true, MEANS_EXPECT, NULL },
	{ 'S', "starttls", false, MEANS_STARTTLS, NULL },
	{ 's', "ssl", false, MEANS_IMPLICIT, NULL },
	{ 'D', "certificate", true, MEANS_DAYS, NULL },
	{ 'w', "warning", true, MEANS_WARN, NULL },
	{ 'c', "critical", true, MEANS_LIMIT, NULL },
	{ 't', "timeout", true, MEANS_LIMIT, NULL },
	{ 'v', "verbose", false, MEANS_NOTHING, NULL },
	{ 'q', "ignore-quit-failure", false, MEANS_NOTHING, NULL },
	{ 0, "sni", false, MEANS_NOTHING, NULL },
	{ 'N', "nocommand", false, MEANS_NOTHING, NULL },
	{ 'F', "fqdn", true, MEANS_LEFT_OUT, "the name for EHLO is `helo`, of all targets" },
	{ 'C', "command", true, MEANS_LEFT_OUT, "no other commands are sent" },
	{ 'R', "response", true, MEANS_LEFT_OUT, "no other commands are sent" },
	{ 'f', "from", true, MEANS_LEFT_OUT, "no mail is begun" },
	{ 'A', "authtype", true, MEANS_LEFT_OUT, "nothing logs in" },
	{ 'U', "authuser", true, MEANS_LEFT_OUT, "nothing logs in" },
	{ 'P', "authpass", true, MEANS_LEFT_OUT, "nothing logs in" },
	{ 'L', "lmtp", false, MEANS_LEFT_OUT, "LMTP is no SMTP" },
	{ 'r', "proxy", false, MEANS_LEFT_OUT, "no PROXY header is sent" },
};

/* Splits a command line as a shell does, as far as quotes and backslashes go; returns the count of
 * words, each in memory of the arena. */
static int
split(struct arena *arena, const char *line, const char *words[WORDS_MAX])
{
	char *word = arena_alloc(arena, strlen(line) + 1);
	int count = 0;
	size_t size = 0;
	bool is_open = false;
	char quote = 0;

	for (;; line++) {
		bool is_blank = *line == '\0' || (quote == 0 && strchr(" \t", *line) != NULL);

		if (is_blank && is_open && count < WORDS_MAX)
			words[count++] = arena_bytes(arena, word, size);
		if (*line == '\0')
			return count;
		size = is_blank ? 0 : size;
		is_open = !is_blank;
		if (is_blank)
			continue;
		if (quote == 0 && (*line == '"' || *line == '\''))
			quote = *line;
		else if (quote != 0 && *line == quote)
			quote = 0;
		else {
			line += *line == '\\' && quote != '\'' && line[1] != '\0';
			word[size++] = *line;
		}
	}
}

static const struct option_form *
find_form(const char *word, const char **value)
{
	const char *equals = strchr(word, '=');
	size_t size = equals == NULL ? strlen(word) : (size_t)(equals - word);

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (word[1] == '-' && size > 4 && strncmp(forms[i].name, word + 2, size - 2) == 0) {
			*value = equals == NULL ? NULL : equals + 1;
			return &forms[i];
		}
		if (word[1] != '-' && word[1] != '\0' && forms[i].letter == word[1]) {
			*value = word[2] == '\0' ? NULL : word + 2;
			return &forms[i];
		}
	}
	return NULL;
}

/* What was read, before it is put together. */
struct reading {
	const char *host, *port, *expect, *days, *warn, *limit, *family;
	bool has_starttls, has_implicit;
	FILE *left_out;
};

static void
leave_out(struct reading *reading, const char *word, const char *why)
{
	fprintf(reading->left_out, "%s%s: %s", ftell(reading->left_out) > 0 ? "; " : "", word, why);
}

static void
take_option(struct reading *reading, const char *word, const struct option_form *form,
    const char *value)
{
	switch (form->meaning) {
	case MEANS_HOST: reading->host = value; break;
	case MEANS_PORT: reading->port = value; break;
	case MEANS_IPV4: reading->family = "ipv4"; break;
	case MEANS_IPV6: reading->family = "ipv6"; break;
	case MEANS_EXPECT: reading->expect = value; break;
	case MEANS_DAYS: reading->days = value; /* as with -S */ /* fall through */
	case MEANS_STARTTLS: reading->has_starttls = true; break;
	case MEANS_IMPLICIT: reading->has_implicit = true; break;
	case MEANS_WARN: reading->warn = value; break;
	case MEANS_LIMIT: /* -c goes before -t */
		if (form->letter == 'c' || reading->limit == NULL)
			reading->limit = value;
		break;
	case MEANS_NOTHING: break;
	case MEANS_LEFT_OUT: leave_out(reading, word, form->why); break;
	}
}

/* "1,5" and "5.5" are seconds; thresholds of ranges have no counterpart. */
static void
put_seconds(struct reading *reading, FILE *file, const char *group, const char *text)
{
	char *end;
	double seconds = text == NULL ? 0 : strtod(text, &end);

	if (text != NULL && (*end != '\0' || seconds <= 0 || seconds > 3600))
		leave_out(reading, text, "no number of seconds up to 3600");
	else if (text != NULL)
		fprintf(file, " %s = { leg = \"%s\"; };", group,
		    DURATION(llround(seconds * 1000) * MILLISECOND));
}

static void
put_days(struct reading *reading, FILE *file)
{
	char *end;
	long warn = strtol(reading->days, &end, 10);
	long urgent = *end == ',' ? strtol(end + 1, &end, 10) : 0;

	if (*end != '\0' || warn < 1 || warn > 3650 || urgent < 0 || urgent > warn)
		leave_out(reading, reading->days, "no numbers of days");
	else if (urgent > 0)
		fprintf(file, " cert_warn = [ \"%ldd\", \"%ldd\" ];", warn, urgent);
	else
		fprintf(file, " cert_warn = [ \"%ldd\" ];", warn);
}

static void
put_settings(struct reading *reading, FILE *file)
{
	char *end;
	long port = reading->has_implicit ? 465 : 25;

	if (reading->port != NULL)
		port = strtol(reading->port, &end, 10);
	if (reading->port != NULL && (*end != '\0' || port < 1 || port > 65535)) {
		leave_out(reading, reading->port, "no port");
		port = 25;
	}
	fprintf(file, " port = %ld;", port);
	if (reading->expect != NULL) {
		size_t room = 4 * strlen(reading->expect) + 1;
		struct text shown = text_over(must(malloc(room)), room);

		text_escape(&shown, text_view(reading->expect)); /* as a transcript has it */
		fputs(" probe = \"banner\"; expect = \"^", file);
		for (const char *c = shown.bytes; *c != '\0'; c++)
			fprintf(file, strchr("\\\"", *c) != NULL ? "\\\\\\%c"
			        : strchr("^$.[]|()?*+{}", *c) != NULL ? "\\\\%c" : "%c", *c);
		fputs("\";", file);
		free(shown.bytes);
	} else if (reading->has_implicit)
		fputs(" tls = \"implicit\"; verify = \"none\";", file);
	else if (reading->has_starttls)
		fputs(" probe = \"starttls\"; verify = \"none\";", file);
	else
		fputs(" tls = \"none\";", file);
	if (reading->days != NULL)
		put_days(reading, file);
	put_seconds(reading, file, "slow", reading->warn);
	put_seconds(reading, file, "limits", reading->limit);
}

bool
check_smtp_read(struct arena *arena, const char *command_line, struct check_smtp *check)
{
	const char *words[WORDS_MAX], *slash;
	int count = split(arena, command_line, words);
	struct reading reading = { .host = NULL };
	char *settings = NULL, *left_out = NULL;
	size_t sizes[2];
	FILE *file;

	if (count == 0)
		return false;
	slash = strrchr(words[0], '/');
	slash = slash == NULL ? words[0] : slash + 1;
	reading.has_implicit = strcmp(slash, "check_ssmtp") == 0;
	if (!reading.has_implicit && strcmp(slash, "check_smtp") != 0)
		return false;
	file = must(open_memstream(&settings, &sizes[0]));
	reading.left_out = must(open_memstream(&left_out, &sizes[1]));
	for (int i = 1; i < count; i++) {
		const char *word = words[i], *value = NULL;
		const struct option_form *form = word[0] == '-' ? find_form(word, &value) : NULL;

		if (form != NULL && form->has_value && value == NULL && ++i < count)
			value = words[i];
		if (form == NULL && word[0] != '-' && reading.host == NULL)
			reading.host = word;
		else if (form == NULL)
			leave_out(&reading, word, "not known");
		else if (form->has_value && value == NULL)
			leave_out(&reading, word, "its argument is missing");
		else
			take_option(&reading, word, form, value);
	}
	put_settings(&reading, file);
	fclose(file);
	fclose(reading.left_out);
	*check = (struct check_smtp){ reading.host, reading.family, arena_strdup(arena, settings),
		arena_strdup(arena, left_out) };
	free(settings);
	free(left_out);
	return true;
}
