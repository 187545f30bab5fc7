/* For commands with --nagios (probe, status): prints a result as a Nagios plugin does. */
#include "command/nagios.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

const char *
nagios_name(enum nagios_status status)
{
	static const char *const names[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

	assert((size_t)status < sizeof names / sizeof *names);
	return names[status];
}

enum nagios_status
nagios_of_verdict(enum pw_verdict verdict)
{
	static const enum nagios_status of_verdict[] = { [PW_OK] = NAGIOS_OK,
		[PW_DEGRADED] = NAGIOS_WARNING, [PW_BLOCKED] = NAGIOS_WARNING,
		[PW_FAILED] = NAGIOS_CRITICAL, [PW_UNKNOWN] = NAGIOS_UNKNOWN };

	return of_verdict[verdict];
}

bool
nagios_is_asked(const struct command *command, char **argv)
{
	for (char **word = argv + 1; *word != NULL && strcmp(*word, "--") != 0; word++) {
		size_t size = strlen(*word);

		if (size > 2 && (*word)[1] == '-' && strncmp("--nagios", *word, size) == 0)
			return true;
		if ((*word)[0] != '-' || (*word)[1] == '-')
			continue;
		for (const char *letter = *word + 1; *letter != '\0'; letter++) {
			const struct option_row *row = command->options;

			while (row->name != NULL && row->letter != *letter)
				row++;
			if (*letter == 'n')
				return true;
			if (row->name == NULL || row->argument != NULL)
				break;
		}
	}
	return false;
}

void
nagios_put_text(FILE *file, struct pw_bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		fputc(text.data[i] == '|' ? '/' : text.data[i] == '\n' ? ' ' : text.data[i], file);
}

void
nagios_put_head(FILE *file, const char *probe, enum nagios_status status, const char *target)
{
	for (const char *c = probe; *c != '\0'; c++)
		fputc(toupper((unsigned char)*c), file);
	fprintf(file, " %s - ", nagios_name(status));
	nagios_put_text(file, text_view(target));
	fputs(": ", file);
}

static void
put_seconds(FILE *file, int64_t micros)
{
	fprintf(file, "%lld.%06lld", (long long)(micros / SECOND), (long long)(micros % SECOND));
}

void
nagios_put_measure(FILE *file, const char *label, struct pw_bytes address, int64_t micros,
    int64_t slow, int64_t limit)
{
	fprintf(file, " %s%s%.*s=", label, address.size > 0 ? "@" : "", (int)address.size,
	    address.data);
	put_seconds(file, micros);
	fputs("s;", file);
	if (slow > 0 && slow < limit)
		put_seconds(file, slow);
	fputc(';', file);
	if (limit > 0)
		put_seconds(file, limit);
	fputs(";0", file);
}

int
nagios_put_trouble(const char *text)
{
	fputs("POSTWATCH UNKNOWN - ", stdout);
	nagios_put_text(stdout, text_view(text));
	putchar('\n');
	return NAGIOS_UNKNOWN;
}
