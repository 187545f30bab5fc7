/*
 * One finished run as a Nagios plugin line, so that `postwatch probe --nagios` can stand where check_smtp stood:
 * SERVICE STATUS - text | label=value;warn;crit;min …, seconds, by the Monitoring Plugins Development Guidelines.
 */
#include "command/show.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"

static const char *const status_names[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

int
show_status(enum pw_verdict verdict)
{
	switch (verdict) {
	case PW_OK:
		return 0;
	case PW_DEGRADED:
	case PW_BLOCKED:
		return 1;
	case PW_FAILED:
		return 2;
	case PW_UNKNOWN:
		break;
	}
	return 3;
}

/* Nagios ends the text at `|`. A name of the configuration is no better than what a server said. */
static void
put_text(FILE *file, struct pw_bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		fputc(text.data[i] == '|' ? '/' : text.data[i], file);
}

static void
put_seconds(FILE *file, int64_t micros)
{
	fprintf(file, "%lld.%06lld", (long long)(micros / SECOND), (long long)(micros % SECOND));
}

static void
put_measure(FILE *file, const char *label, int64_t micros, int64_t slow, int64_t limit)
{
	fprintf(file, " %s=", label);
	put_seconds(file, micros);
	fputs("s;", file);
	if (slow > 0)
		put_seconds(file, slow);
	fputc(';', file);
	put_seconds(file, limit);
	fputs(";0", file);
}

int
show_nagios(FILE *file, const struct config *config, const struct run_result *result)
{
	const struct report *report = result->report;
	const struct target *target = &config->targets[report->target];
	const struct policy *policy = target->policy;
	int status = show_status((enum pw_verdict)report->verdict);

	for (const char *c = policy->probe->descriptor->name; *c != '\0'; c++)
		fputc(toupper((unsigned char)*c), file);
	fprintf(file, " %s - ", status_names[status]);
	put_text(file, (struct pw_bytes){ target->name, strlen(target->name) });
	fputs(": ", file);
	put_text(file, report->text);
	fputs(" |", file);
	put_measure(file, "time", report->micros, policy->leg.slow, policy->leg.routine);
	for (uint32_t i = 0; i < report->phase_count && i < policy->phase_count; i++)
		if (report->phases[i] >= 0)
			put_measure(file, policy->phases[i].name, report->phases[i], policy->phases[i].slow,
			    policy->phases[i].routine);
	fputc('\n', file);
	return status;
}
