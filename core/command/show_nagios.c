/*
 * One finished run as a Nagios plugin line, so that `postwatch probe --nagios` can stand where check_smtp stood:
 * SERVICE STATUS - text | label=value;warn;crit;min ..., seconds, by the Monitoring Plugins Development Guidelines; all
 * warnings on lines of their own behind it.
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
		fputc(text.data[i] == '|' ? '/' : text.data[i] == '\n' ? ' ' : text.data[i], file);
}

static void
put_heading(FILE *file, const struct target *target, int status)
{
	for (const char *c = target->policy->probe->descriptor->name; *c != '\0'; c++)
		fputc(toupper((unsigned char)*c), file);
	fprintf(file, " %s - ", status_names[status]);
	put_text(file, (struct pw_bytes){ target->name, strlen(target->name) });
	fputs(": ", file);
}

static void
put_seconds(FILE *file, int64_t micros)
{
	fprintf(file, "%lld.%06lld", (long long)(micros / SECOND), (long long)(micros % SECOND));
}

/* A threshold of slowness at or above the limit is never met. */
static void
put_measure(FILE *file, const char *label, struct pw_bytes address, int64_t micros, int64_t slow, int64_t limit)
{
	fprintf(file, " %s%s%.*s=", label, address.size > 0 ? "@" : "", (int)address.size, address.data);
	put_seconds(file, micros);
	fputs("s;", file);
	if (slow > 0 && slow < limit)
		put_seconds(file, slow);
	fputc(';', file);
	put_seconds(file, limit);
	fputs(";0", file);
}

/* The steps of one address that were reached, by the limits that were in force. */
static void
put_leg(FILE *file, const struct policy *policy, const struct evidence *leg, int64_t leg_limit)
{
	struct pw_bytes address = leg->legs > 1 ? leg->address : (struct pw_bytes){ "", 0 };

	for (uint32_t i = 0; i < leg->phase_count; i++) {
		const struct evidence_phase *phase = &leg->phases[i];
		uint32_t index = policy_phase(policy, phase->name);

		if (phase->status != PHASE_NOT_REACHED && phase->micros >= 0)
			put_measure(file, phase->name, address, phase->micros, index == CONFIG_NONE ? 0 : policy->phases[index].slow,
			    phase->limit < leg_limit ? phase->limit : leg_limit);
	}
}

/* Whether a certificate is nearer to its end than both thresholds. */
static bool
is_urgent(const struct run_result *result)
{
	for (uint32_t i = 0; i < result->leg_count; i++) {
		struct evidence_warning warning;
		struct evidence leg;

		run_evidence(result, i, &leg);
		while (evidence_next_warning(&leg.warnings, &warning))
			if (strcmp(warning.code, "cert_expires_urgent") == 0)
				return true;
	}
	return false;
}

static void
put_warnings(FILE *file, const struct run_result *result)
{
	for (uint32_t i = 0; i < result->leg_count; i++) {
		struct evidence_warning warning;
		struct evidence leg;

		run_evidence(result, i, &leg);
		while (evidence_next_warning(&leg.warnings, &warning)) {
			if (leg.legs > 1)
				fprintf(file, "%.*s ", (int)leg.address.size, leg.address.data);
			fprintf(file, "%s: ", warning.code);
			put_text(file, warning.text);
			fputc('\n', file);
		}
	}
}

int
show_nagios(FILE *file, const struct config *config, const struct run_result *result)
{
	const struct report *report = result->report;
	const struct target *target = &config->targets[report->target];
	const struct policy *policy = target->policy;
	int64_t limit = result->order->flags & ORDER_PATIENT ? policy->leg.patient : policy->leg.routine;
	int status = show_status((enum pw_verdict)report->verdict);

	if (status < 2 && is_urgent(result))
		status = 2;
	put_heading(file, target, status);
	put_text(file, report->text);
	fputs(" |", file);
	put_measure(file, "time", (struct pw_bytes){ "", 0 }, report->micros, policy->leg.slow, limit);
	for (uint32_t i = 0; i < result->leg_count; i++) {
		struct evidence leg;

		run_evidence(result, i, &leg);
		put_leg(file, policy, &leg, limit);
	}
	fputc('\n', file);
	put_warnings(file, result);
	return status;
}

void
show_nagios_lost(FILE *file, const struct show_lost *lost)
{
	put_heading(file, lost->target, 3);
	put_text(file, (struct pw_bytes){ lost->text, strlen(lost->text) });
	fputc('\n', file);
}

int
show_nagios_trouble(const char *text)
{
	fputs("POSTWATCH UNKNOWN - ", stdout);
	put_text(stdout, (struct pw_bytes){ text, strlen(text) });
	putchar('\n');
	return 3;
}
