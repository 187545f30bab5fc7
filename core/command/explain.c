/*
 * `postwatch explain TARGET`: why the target is in the state it is, from its stored record, which
 * is what the monitor itself goes on with; and `--table`: the monitor's rules, printed from the
 * very tables that it uses.
 */
#include "command/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/transcript.h"
#include "command/explain_settings.h"
#include "command/find_target.h"
#include "command/layout.h"
#include "command/show_target.h"
#include "command/table.h"
#include "config/read.h"
#include "monitor/pace.h"
#include "monitor/record.h"
#include "monitor/silence.h"
#include "monitor/table.h"
#include "prober/aggregate.h"

/* A target and all that is known of it. */
struct explained {
	struct past *past;
	const struct status_row *all, *row;
	struct target_state state; /* of its record, where `known`; its times are UTC */
	bool known;
	struct codes *codes;
};

/* "of 3", where the settings are known. */
static void
put_of(const struct explained *it, bool recovering)
{
	const struct target *target = it->row->configured;
	uint32_t needed = !recovering && it->state.trouble != NULL ? it->state.trouble->needed : 0;

	if (target == NULL)
		return;
	if (recovering)
		printf(" of %" PRIu32 " (recover_tries)", target->policy->recover_tries);
	else if (needed <= target->policy->tries)
		printf(" of %" PRIu32 " (tries)", target->policy->tries);
	else
		printf(" of %" PRIu32 " (tries, and more since single attempts failed in the hour "
		       "before)", needed);
}

/* The series of attempts that it is in; in those states there is a trouble. */
static void
put_streak(const struct explained *it)
{
	const struct target_state *state = &it->state;
	const struct trouble *trouble = state->trouble;
	const char *began = PAST_TIME(it->past, trouble == NULL ? 0 : trouble->began.utc);

	switch ((enum state)state->state) {
	case STATE_SUSPECT:
		printf("Since %s %u", began, state->fails);
		put_of(it, false);
		printf(" attempts have failed in a row; %s\n", trouble->held
		    ? "that it is down is held back: it may be our own network"
		    : "it is down when all have");
		break;
	case STATE_DOWN:
		printf("It failed first at %s, and %u attempts in a row have failed; it is up ",
		    began, state->fails);
		if (it->row->configured != NULL)
			printf("when %" PRIu32, it->row->configured->policy->recover_tries);
		else
			fputs("when enough", stdout);
		puts(" in a row pass (recover_tries)");
		break;
	case STATE_RECOVERING:
		printf("It failed first at %s; since %s %u", began,
		    PAST_TIME(it->past, trouble->recovered.utc), state->passes);
		put_of(it, true);
		puts(" attempts have passed in a row; it is up when all have");
		break;
	case STATE_PENDING:
		puts("No run has told yet whether it answers");
		break;
	case STATE_UP:
	case STATE_NONE:
	case STATES:
		break;
	}
}

static void
put_runs(const struct explained *it)
{
	const struct status_row *row = it->row;

	if (!row->run)
		return;
	printf("The last run, at %s, was %s", PAST_TIME(it->past, row->last_run),
	    verdict_name(row->verdict));
	if (row->verdict != PW_OK)
		printf(" (%s)", row->outcome);
	past_end_line(row->text);
	if (row->next_run != 0)
		printf("The next is due at %s%s\n", PAST_TIME(it->past, row->next_run),
		    it->known && pace_is_patient(&it->state, row->configured->policy)
		        ? ", with the patient limits"
		        : "");
	else
		puts(it->past->runs ? "When the next is due cannot be told without its settings"
		                    : "None is due, as no daemon runs");
}

static void
put_state(const struct explained *it)
{
	const struct status_row *row = it->row;
	const struct trouble *trouble = it->state.trouble;

	if (!it->known) {
		puts(row->target->gone == 0 ? "Nothing is known of its state yet: it is pending"
		    : row->incident == 0 ? "It has no state any more"
		    : "It has no state any more; it was down when it was last watched");
		return;
	}
	printf("It is %s%s since %s, for %s", state_name(row->state),
	    row->state == STATE_SUSPECT          ? ", and up"
	        : row->state == STATE_RECOVERING ? ", and down"
	                                         : "", PAST_TIME(it->past, row->since),
	    SPAN(it->past->now < row->since ? 0 : it->past->now - row->since));
	if (row->incident != 0)
		printf(", incident %" PRIu64, row->incident);
	putchar('\n');
	put_streak(it);
	/* Runs that neither pass nor fail. */
	if (trouble != NULL && moment_is_set(trouble->unknown))
		printf("Since %s its runs tell nothing of it: they ended for reasons of our own\n",
		    PAST_TIME(it->past, trouble->unknown.utc));
	if (trouble != NULL && moment_is_set(trouble->tempfail))
		printf("Since %s it refuses for the time being (4xx): %u runs without a break\n",
		    PAST_TIME(it->past, trouble->tempfail.utc), trouble->tempfail_runs);
	put_runs(it);
	if (it->state.slow)
		puts("It is slow: every run has the patient limits until it passes within the "
		     "routine ones");
	if (it->state.flapping != NULL && it->state.flapping->flap == FLAP_FLAPPING)
		printf("It flaps: %" PRIu32 " outages since %s\n", it->state.flapping->count,
		    PAST_TIME(it->past, it->state.flapping->began.utc));
	if (it->state.quarantined)
		puts("It is quarantined: the probers died of it, and it is not run; `postwatch "
		     "resume` ends that");
}

/* While it is suspect there is no incident yet: its evidence then belongs to none. */
static void
put_attempts(const struct explained *it)
{
	struct store_evidence row;
	struct evidence leg;

	if (it->row->state != STATE_SUSPECT && !state_is_down(it->row->state))
		return;
	puts("\nIts attempts, as far as evidence was kept");
	PAST_EACH(it->past, &row, STORE_LIST_EVIDENCE, it->row->incident) {
		struct text text = TEXT_ROOM(4096);

		if (row.target != it->row->target->number || !kept_leg(row.bytes, &leg))
			continue;
		transcript_add_ends(&text, &leg);
		text_add(&text, ": ");
		transcript_add_verdict(&text, &leg);
		printf("  %s  %s%s%s\n", PAST_TIME(it->past, row.at), past_role(row.role),
		    row.role[0] == '\0' ? "" : ", ", text.bytes);
	}
}

static void
put_conditions(const struct explained *it)
{
	const struct conditions *conditions = it->known ? it->state.conditions : NULL;

	if (conditions == NULL || conditions->count == 0)
		return;
	puts("\nConditions");
	for (uint32_t i = 0; i < conditions->count; i++) {
		const struct condition *item = &conditions->items[i];

		printf("  %s: %s, seen since %s", codes_get(it->codes, item->code)->name,
		    stage_name((enum stage)item->stage), PAST_TIME(it->past, item->since.utc));
		if (item->stage == STAGE_SEEN || item->stage == STAGE_FADING)
			printf("; %s by %u run%s in a row",
			    item->stage == STAGE_SEEN ? "shown" : "missed", item->count,
			    plural(item->count));
		putchar('\n');
	}
}

static void
tell(struct explained *it)
{
	const struct past_target *target = it->row->target;
	struct store_state record;
	struct text silences = TEXT_ROOM(128);

	PAST_EACH(it->past, &record, STORE_LIST_STATE, target->number)
		it->known = record_view(&it->state, it->codes, record.record);
	if (it->past->broken)
		return;
	past_begin(it->past);
	printf(strchr(target->host, ':') != NULL ? "%s: probe %s, [%s]:%u, kept as %s\n"
	                                         : "%s: probe %s, %s:%u, kept as %s\n",
	    target->name, target->probe, target->host, target->port, target->identity);
	if (target->gone != 0)
		printf("It is no longer watched since %s\n", PAST_TIME(it->past, target->gone));
	putchar('\n');
	put_state(it);
	put_attempts(it);
	put_conditions(it);
	silence_add_names(&silences, it->row->silence);
	puts("\nReasons for silence");
	if (silences.size == 0 && it->row->pauses == NULL && it->row->acknowledged == 0)
		puts("  none");
	else if (silences.size > 0)
		printf("  in force: %s\n", silences.bytes);
	status_row_put_silences(it->past, it->all, it->row, 2, false);
	explain_telling(it->past, it->row);
	explain_settings(it->past, it->row);
}

static bool
find_outcome(const struct config *config, const char *word, struct outcome *found)
{
	for (uint32_t i = 0; config != NULL && i < config->plugin_count; i++)
		if (config->plugins[i].descriptor->kind == PW_PROBE
		    && outcome_find(word, plugin_probe(&config->plugins[i])->outcomes, found))
			return true;
	return false;
}

/* Outcomes of plugins are known where plugins are loaded: without a configuration the standard ones
 * are. */
static bool
explain_outcome(const struct config *config, const char *word)
{
	static struct config_diagnostics diagnostics;
	const struct config *installed = NULL;
	struct outcome found;
	bool known = outcome_find(word, NULL, &found) || find_outcome(config, word, &found);

	if (!known && config == NULL) {
		installed = config_read(&(struct config_source){ .no_dialogue = true },
		    &diagnostics);
		known = find_outcome(installed, word, &found);
	}
	if (known)
		printf("%s is an outcome: %s (%s)\n%s%s", word, found.text,
		    verdict_name(found.severity), found.hint, found.hint[0] != '\0' ? "\n" : "");
	config_free(&installed);
	return known;
}

/* The whole story of why a target is in the state it is, or of an outcome that no target is
 * called like: behind the target where one is. */
static int
explain_word(struct past *past, const char *word)
{
	struct explained it = { .past = past, .all = status_rows_read(past) };
	const struct past_target *target = NULL;
	struct outcome alike;
	int ends = 0;

	it.codes = must(codes_create());
	if (!past->broken
	    && (past_knows_target(past, word) || !explain_outcome(past->config, word))) {
		target = past_find_target(past, word);
		ends = target == NULL ? EXIT_NOTHING : 0;
	}
	if (target != NULL) {
		it.row = &it.all[target - past->targets];
		tell(&it);
		if (outcome_find(word, NULL, &alike)) {
			putchar('\n');
			explain_outcome(past->config, word);
		}
	}
	ends = past_finish(past, ends);
	if (it.known)
		target_state_fini(&it.state);
	codes_destroy(&it.codes);
	return ends;
}

static const char *const name_heads[AGGREGATE_NAME_COLUMNS] = { "what the resolvers say of a name",
	"verdict", "outcome", "with addresses that were good in the last 24 h" };

static const struct rule_table name_table = {
	.name = "names",
	.title = "From what resolvers say to a verdict, where a name has no address",
	.heads = name_heads,
	.columns = AGGREGATE_NAME_COLUMNS,
	.rows = AGGREGATE_NAME_ROWS,
	.cell = aggregate_name_cell,
	.note = "NXDOMAIN, NODATA and aliases say something of the name, and are put to the other "
	    "resolvers before. An attempt that would confirm is unknown(answer_repeated) where "
	    "the same \"no\" comes out of the same cache again, and unknown(resolver) where names "
	    "in three or more domains fail alike and none was answered afresh since: for five "
	    "minutes at most.",
};

/* The prober's table first, for names are; then those of the monitor. NULL behind the last. */
static const struct rule_table *
table_at(size_t index)
{
	return index == 0 ? &name_table : rule_table(index - 1);
}

static int
explain_table(const struct command *command, const char *name)
{
	const struct rule_table *table;
	bool found = false;

	for (size_t i = 0; (table = table_at(i)) != NULL; i++) {
		if (name != NULL && strcmp(table->name, name) != 0)
			continue;
		printf("%s: " LAYOUT_HANG "%s\n\n", table->name, table->title);
		table_put(
		    &(struct table){ table->heads, table->columns, table->rows, table->cell });
		if (table->note[0] != '\0')
			printf("\n  " LAYOUT_HANG "%s\n", table->note);
		putchar('\n');
		found = true;
	}
	if (found)
		return 0;
	fputs("the tables are:", stderr);
	for (size_t i = 0; (table = table_at(i)) != NULL; i++)
		fprintf(stderr, " %s", table->name);
	fputc('\n', stderr);
	return command_misused(command, "there is no table `%s`", name);
}

static int
explain(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	int at, status = past_options(&past, command, argc, argv, &at);

	if (status != 0)
		return status;
	if (argc - at > 1 || (!past.tables && argc - at != 1))
		return command_misused(command,
		    "`explain` takes one target, or --table and perhaps the name of one");
	if (past.tables)
		return explain_table(command, argv[at]);
	if (!past_has_store(&past) && explain_outcome(NULL, argv[at]))
		return 0;
	past.local = true;
	status = past_open_store(&past);
	return status != 0 ? status : explain_word(&past, argv[at]);
}

static const struct option_row options[] = {
	{ "table", 't', NULL, "print the tables", PAST_MEMBER(tables) },
	PAST_ASK_OPTIONS
};

const struct command command_explain = {
	.name = "explain", .arguments = "TARGET | OUTCOME | --table [NAME]",
	.summary = "why a target is in the state it is, and the rules for it",
	.help = "Tells why TARGET is in the state it is: since when, the series of attempts it is "
	    "in, the conditions that stand or may come, reasons for silence, its parents, what "
	    "each notifier was told, and the pace and limits that it is watched by, each with what "
	    "is built in. Reads the store, so it works while the daemon does not run, too, and "
	    "then says so. OUTCOME: what it means, and what to look at; that needs no state.\n\n"
	    "--table prints the rules by which runs become states, conditions and words, as "
	    "tables: the very ones that the daemon walks. NAME: only that one.\n\n"
	    "Exit status: as that of `postwatch status`.",
	.options = options, .run = explain,
};
