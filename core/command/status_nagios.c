/*
 * For `postwatch status --nagios`: prints the state of targets as a Nagios plugin line, from the
 * store.
 *
 * A passive check has to cost less than the look at the server that it stands for: of the
 * configuration what probes need is read, and no plugin of a notifier is opened.
 *
 * OK is never printed of what is not known now: where the daemon does not run or cannot write,
 * where a target is not looked at, or where Postwatch is blind, it is UNKNOWN, with the reason.
 */
#include "command/status_nagios.h"

#include <stdlib.h>
#include <string.h>

#include "base/messages_runs.h"
#include "command/choice.h"
#include "command/nagios.h"
#include "command/status_rows.h"
#include "monitor/silence.h"

/* Nagios reads 8 KB of a plugin, and its agents less. */
enum { TEXT_MAX = 500, LINES_MAX = 3000 };

struct answer {
	struct past past;
	const char *blind; /* why nothing is seen of targets; NULL: it is */
	int64_t blind_since;
	const struct status_row *rows;
};

/* Why the state that is kept is not the state now; false: it is. */
static bool
is_not_known(const struct answer *answer, const struct status_row *row, struct text *text)
{
	const struct past *past = &answer->past;
	const struct status_pause *pause = row->pauses;

	if (!past->runs)
		text_format(text, "postwatch is not running on %s", past->folder);
	else if (past->behind != 0)
		text_format(text, "postwatch cannot write its store since %s",
		    PAST_TIME(past, past->behind));
	else if (row->target->gone != 0)
		text_format(text, "not watched since %s", PAST_TIME(past, row->target->gone));
	else if (pause != NULL) {
		text_format(text, "paused until %s by ", PAST_TIME(past, pause->until));
		text_add_shown(text, text_view(pause->by));
		text_add(text, ": ");
		text_add_shown(text, text_view(pause->why));
	} else if (row->silence & SILENCE_window)
		text_add(text, "paused: a window is open");
	else if (!row->run && row->unseen_since == 0)
		text_add(text, "not looked at yet");
	else if (row->unseen_since != 0)
		text_format(text, "not looked at since %s",
		    PAST_TIME(past, row->unseen_since));
	else if (answer->blind != NULL) {
		text_format(text, "blind since %s: ", PAST_TIME(past, answer->blind_since));
		text_add_shown(text, text_view(answer->blind));
	} else if (row->flags[STATUS_QUARANTINED])
		text_add(text, "quarantined: a process that looked at it died");
	else
		return false;
	if (row->run)
		text_format(text, "; it was %s %s", state_name(row->state),
		    PAST_AGO(past, row->last_run));
	return true;
}

/* What is known of it, in a line. */
static enum nagios_status
judge(const struct answer *answer, const struct status_row *row, struct text *text)
{
	enum nagios_status status = nagios_of_verdict(row->verdict);
	const struct status_condition *item = row->conditions;

	if (is_not_known(answer, row, text))
		return NAGIOS_UNKNOWN;
	text_format(text, "%s for %s", state_name(row->state),
	    PAST_LASTED(&answer->past, row->since));
	if (row->incident != 0)
		text_format(text, ", incident %llu", (unsigned long long)row->incident);
	if (row->acknowledged != 0) {
		text_add(text, ", acknowledged by ");
		text_add_shown(text, text_view(row->ack_by[0] == '\0' ? "?" : row->ack_by));
	}
	text_add(text, row->flags[STATUS_FLAPPING] ? ", flapping: " : ": ");
	text_add(text, verdict_name(row->verdict));
	if (row->verdict != PW_OK)
		text_format(text, " (%s)", row->outcome);
	if (row->text != NULL) {
		text_add(text, ": ");
		text_add_shown(text, text_view(row->text));
	}
	if (row->state == STATE_SUSPECT)
		return NAGIOS_WARNING;
	if (state_is_down(row->state))
		return NAGIOS_CRITICAL;
	for (; item != NULL; item = item->next) {
		if (status == NAGIOS_OK) {
			text_format(text, ", %s: ", item->code);
			text_add_shown(text, text_view(status_row_condition(row, item)));
			status = NAGIOS_WARNING;
		}
		if (strcmp(item->code, "cert_expires_urgent") == 0)
			status = NAGIOS_CRITICAL;
	}
	return status;
}

/* " | time=… connect=…" by the limits that are configured. A run that took longer than its routine
 * limit had the patient ones. */
static void
put_run(const struct policy *policy, const struct store_run *run)
{
	const struct phase_plan none = { .name = "" };
	const struct phase_plan *plan = policy == NULL ? &none : &policy->leg;
	bool is_patient = run->flags & REPORT_OVER_ROUTINE;
	const char *names = run->phase_names;
	int64_t times[STORE_PHASES_MAX], micros = run->micros;
	uint32_t count = store_run_phases(run, times);
	char name[64] = "time";

	fputs(" |", stdout);
	for (uint32_t i = 0; i <= count; i++) {
		size_t size = strcspn(names, " ");
		uint32_t phase;

		if (micros >= 0)
			nagios_put_measure(stdout, name, text_view(""), micros, plan->slow,
			    is_patient ? plan->patient : plan->routine);
		micros = i == count ? -1 : times[i];
		snprintf(name, sizeof name, "%.*s", (int)size, names);
		names += size + (names[size] == ' ');
		phase = policy == NULL ? CONFIG_NONE : policy_phase(policy, name);
		plan = phase == CONFIG_NONE ? &none : &policy->phases[phase];
	}
}

static enum nagios_status
put_one(struct answer *answer, const struct status_row *row)
{
	char bytes[TEXT_MAX];
	struct text text = TEXT_OVER(bytes);
	enum nagios_status status = judge(answer, row, &text);
	const struct status_condition *item = row->conditions;
	struct store_list list;
	struct store_run run;

	nagios_put_head(stdout, row->target->probe, status, row->target->name);
	nagios_put_text(stdout, text_view(bytes));
	store_list_open(&list, answer->past.reader, STORE_LIST_HISTORY, row->target->number);
	store_list_limit(&list, 1);
	if (status == NAGIOS_UNKNOWN) /* what is not of now is no measurement of now */
		store_list_stop(&list);
	while (past_next(&answer->past, &list, &run))
		if (run.at == row->last_run) /* its result is written already */
			put_run(row->configured == NULL ? NULL : row->configured->policy, &run);
	putchar('\n');
	for (; item != NULL; item = item->next) {
		text = TEXT_OVER(bytes);
		text_format(&text, "%s for %s: ", item->code,
		    PAST_LASTED(&answer->past, item->since));
		text_add_shown(&text, text_view(status_row_condition(row, item)));
		nagios_put_text(stdout, text_view(bytes));
		putchar('\n');
	}
	return status;
}

/* Counts, and a line for each that is not OK, as many as a plugin may print; what is worse counts,
 * CRITICAL before UNKNOWN before WARNING, as for several that are probed. */
static enum nagios_status
put_several(struct answer *answer, const struct choice *choice)
{
	static const enum nagios_status by_weight[NAGIOS_STATUSES] = { NAGIOS_CRITICAL,
		NAGIOS_UNKNOWN, NAGIOS_WARNING, NAGIOS_OK };
	const struct past *past = &answer->past;
	size_t of[NAGIOS_STATUSES] = { 0 }, told = 0, worst = 0;
	char lines[LINES_MAX], bytes[TEXT_MAX];
	struct text all = TEXT_OVER(lines);

	for (size_t i = 0; i < past->target_count; i++) {
		const char *name = past->targets[i].name;
		struct text text = TEXT_OVER(bytes);
		enum nagios_status status;

		if (!choice->taken[i])
			continue;
		status = judge(answer, &answer->rows[i], &text);
		of[status]++;
		if (status == NAGIOS_OK || all.size + text.size + strlen(name) + 64 > LINES_MAX)
			continue;
		text_format(&all, "%s %s: %s\n", nagios_name(status), name, bytes);
		told++;
	}
	while (of[by_weight[worst]] == 0)
		worst++;
	printf("POSTWATCH %s - %zu target%s", nagios_name(by_weight[worst]), choice->count,
	    plural(choice->count));
	for (size_t i = 0; i < NAGIOS_STATUSES; i++)
		if (of[by_weight[i]] > 0)
			printf(", %zu %s", of[by_weight[i]], nagios_name(by_weight[i]));
	fputs(" |", stdout);
	for (size_t i = 0; i < NAGIOS_STATUSES; i++)
		printf(" %s=%zu;;;0;%zu", nagios_name(by_weight[i]), of[by_weight[i]],
		    choice->count);
	putchar('\n');
	for (const char *line = lines, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		nagios_put_text(stdout, (struct pw_bytes){ line, (size_t)(end - line) });
		putchar('\n');
	}
	if (told + of[NAGIOS_OK] < choice->count)
		printf("and %zu more\n", choice->count - told - of[NAGIOS_OK]);
	return by_weight[worst];
}

/* Returns NAGIOS_STATUSES where standard error says what is wrong. */
static enum nagios_status
answer_words(struct answer *answer, const struct command *command, int argc, char **argv)
{
	struct past *past = &answer->past;
	enum nagios_status status = NAGIOS_STATUSES;
	struct store_notice blind;
	struct choice choice;
	int at;

	if (past_options(past, command, argc, argv, &at) != 0)
		return status;
	if (past->json || past->totals || past->watch || past->textfile != NULL) {
		command_misused(command,
		    "--nagios is a form of its own: without --json, --textfile and --watch");
		return status;
	}
	if (past_open_store(past) != 0)
		return status;
	answer->rows = status_rows_read(past);
	PAST_EACH(past, &blind, STORE_LIST_BLIND, 0) {
		answer->blind = past_copy(past, blind.text);
		answer->blind_since = blind.detected;
	}
	/* A tag counts in the same way also while only one has it. */
	bool is_one = argc - at == 1 && strncmp(argv[at], "tag:", 4) != 0
	    && strncmp(argv[at], "state:", 6) != 0;
	if (!past->broken && choice_make(past, command, past_words(argv, at), &choice) == 0) {
		if (choice.count == 0)
			fputs("no such target is watched\n", stderr);
		else
			status = is_one
			    ? put_one(answer, &answer->rows[choice_next(&choice, 0)])
			    : put_several(answer, &choice);
	}
	return past_finish(past, 0) == 0 ? status : NAGIOS_STATUSES;
}

/* Nagios shows standard output alone, so what commands say on standard error goes there, its first
 * line. */
int
status_nagios(const struct command *command, int argc, char **argv)
{
	static const char prefix[] = "postwatch: ";
	struct answer answer = { .past = { .nagios = true } };
	FILE *errors = stderr;
	char *said = NULL;
	size_t size = 0;
	enum nagios_status status;

	stderr = must(open_memstream(&said, &size));
	status = answer_words(&answer, command, argc, argv);
	fclose(stderr);
	stderr = errors;
	if (status == NAGIOS_STATUSES) {
		said[strcspn(said, "\n")] = '\0';
		size = strncmp(said, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
		status = (enum nagios_status)nagios_put_trouble(said + size);
	}
	free(said);
	return (int)status;
}
