/* Why a target is in the state it is: from its record, which is what the monitor itself goes on with. */
#include "command/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/messages.h"
#include "base/transcript.h"
#include "command/pager.h"
#include "command/reasons.h"
#include "config/read.h"
#include "monitor/pace.h"
#include "monitor/record.h"
#include "monitor/silence.h"

static bool
on_state(void *arg, const struct store_state *state)
{
	struct explained *it = arg;

	it->known = record_view(&it->state, it->codes, state->record);
	return false;
}

static const char *
span(int64_t micros, char bytes[40])
{
	struct text text = text_over(bytes, 40);

	text_add_span(&text, micros < 0 ? 0 : micros);
	return bytes;
}

/* "of 3", where the settings are known. */
static void
put_of(const struct explained *it, bool recovering)
{
	const struct target *target = it->row->configured;

	uint32_t needed = !recovering && it->state.trouble != NULL ? it->state.trouble->needed : 0;

	if (target != NULL && needed > target->policy->tries)
		printf(" of %" PRIu32 " (tries, and more since single attempts failed in the hour before)", needed);
	else if (target != NULL)
		printf(" of %" PRIu32 " (%s)", recovering ? target->policy->recover_tries : target->policy->tries,
		    recovering ? "recover_tries" : "tries");
}

static void
put_suspicion(const struct explained *it)
{
	const struct target_state *state = &it->state;
	char at[PAST_TIME_MAX];

	printf("Since %s %u", past_time(it->past, state->trouble->began.utc, at), state->fails);
	put_of(it, false);
	puts(state->trouble->held ? " attempts have failed in a row; that it is down is held back: it may be our own network"
	                          : " attempts have failed in a row; it is down when all have");
}

static void
put_outage(const struct explained *it)
{
	const struct target_state *state = &it->state;
	char at[PAST_TIME_MAX];

	printf("It failed first at %s, and %u attempts in a row have failed; it is up when ",
	    past_time(it->past, state->trouble->began.utc, at), state->fails);
	if (it->row->configured != NULL)
		printf("%" PRIu32, it->row->configured->policy->recover_tries);
	else
		fputs("enough", stdout);
	puts(" in a row pass (recover_tries)");
}

static void
put_recovery(const struct explained *it)
{
	const struct target_state *state = &it->state;
	char at[PAST_TIME_MAX];

	printf("It failed first at %s; ", past_time(it->past, state->trouble->began.utc, at));
	printf("since %s %u", past_time(it->past, state->trouble->recovered.utc, at), state->passes);
	put_of(it, true);
	puts(" attempts have passed in a row; it is up when all have");
}

static void
put_streak(const struct explained *it)
{
	switch ((enum state)it->state.state) {
	case STATE_SUSPECT:
		put_suspicion(it);
		break;
	case STATE_DOWN:
		put_outage(it);
		break;
	case STATE_RECOVERING:
		put_recovery(it);
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

/* Runs that neither pass nor fail. */
static void
put_trouble(const struct explained *it)
{
	const struct trouble *trouble = it->state.trouble;
	char at[PAST_TIME_MAX];

	if (trouble != NULL && moment_is_set(trouble->unknown))
		printf("Since %s its runs tell nothing of it: they ended for reasons of our own\n",
		    past_time(it->past, trouble->unknown.utc, at));
	if (trouble != NULL && moment_is_set(trouble->tempfail))
		printf("Since %s it refuses for the time being (4xx): %u runs without a break\n",
		    past_time(it->past, trouble->tempfail.utc, at), trouble->tempfail_runs);
}

static void
put_sentence(const char *text)
{
	if (text == NULL)
		return;
	fputs(": ", stdout);
	past_put((struct pw_bytes){ text, strlen(text) });
}

static void
put_runs(const struct explained *it)
{
	const struct standing *row = it->row;
	char at[PAST_TIME_MAX];

	if (!row->run)
		return;
	printf("The last run, at %s, was %s", past_time(it->past, row->last_run, at), verdict_name((enum pw_verdict)row->verdict));
	if (row->verdict != PW_OK)
		printf(" (%s)", row->outcome);
	put_sentence(row->text);
	putchar('\n');
	if (row->next_run != 0)
		printf("The next is due at %s%s\n", past_time(it->past, row->next_run, at),
		    it->known && pace_is_patient(&it->state, row->configured->policy) ? ", with the patient limits" : "");
	else
		puts(it->past->runs ? "When the next is due cannot be told without its settings" : "None is due, as no daemon runs");
}

static void
put_flags(const struct explained *it)
{
	char at[PAST_TIME_MAX];

	if (it->state.flags & TARGET_SLOW)
		puts("It is slow: every run has the patient limits until it passes within the routine ones");
	if (it->state.flapping != NULL && it->state.flapping->flap == FLAP_FLAPPING)
		printf("It flaps: %" PRIu32 " outages since %s\n", it->state.flapping->count,
		    past_time(it->past, it->state.flapping->began.utc, at));
	if (it->state.flags & TARGET_QUARANTINED)
		puts("It is quarantined: the probers died of it, and it is not run; `postwatch resume` ends that");
}

static void
put_state(const struct explained *it)
{
	const struct standing *row = it->row;
	char at[PAST_TIME_MAX], lasted[40];

	if (!it->known) {
		puts(row->target->gone == 0 ? "Nothing is known of its state yet: it is pending"
		    : row->incident == 0 ? "It has no state any more"
		    : "It has no state any more; it was down when it was last watched");
		return;
	}
	printf("It is %s%s since %s, for %s", state_name((enum state)row->state),
	    row->state == STATE_SUSPECT ? ", and up" : row->state == STATE_RECOVERING ? ", and down" : "",
	    past_time(it->past, row->since, at), span(it->past->now - row->since, lasted));
	if (row->incident != 0)
		printf(", incident %" PRIu64, row->incident);
	putchar('\n');
	put_streak(it);
	put_trouble(it);
	put_runs(it);
	put_flags(it);
}

static void
put_name(const struct explained *it)
{
	const struct past_target *target = it->row->target;
	char at[PAST_TIME_MAX];

	printf(strchr(target->host, ':') != NULL ? "%s: probe %s, [%s]:%u, kept as %s\n" : "%s: probe %s, %s:%u, kept as %s\n",
	    target->name, target->probe, target->host, target->port, target->identity);
	if (target->gone != 0)
		printf("It is no longer watched since %s\n", past_time(it->past, target->gone, at));
	putchar('\n');
}

static bool
on_evidence(void *arg, const struct store_evidence *row)
{
	struct explained *it = arg;
	struct wire_in in = wire_from(row->bytes.data, row->bytes.size);
	struct message_evidence evidence;
	char bytes[4096], at[PAST_TIME_MAX];
	struct text text = TEXT_OVER(bytes);

	if (row->target != it->row->target->number || !message_get_evidence(&in, &evidence, UINT32_MAX))
		return true;
	transcript_add_ends(&text, &evidence.leg);
	text_add(&text, ": ");
	transcript_add_verdict(&text, &evidence.leg);
	printf("  %s  %s%s%s\n", past_time(it->past, row->at, at), past_role(row->role), row->role[0] == '\0' ? "" : ", ", bytes);
	return true;
}

static enum store_reading
put_attempts(struct explained *it)
{
	struct store_evidence_key key = STORE_EVIDENCE_FIRST;
	uint8_t state = it->row->state;

	if (state != STATE_SUSPECT && !state_is_down((enum state)state))
		return STORE_READ_END;
	puts("\nIts attempts, as far as evidence was kept");
	return store_read_evidence(it->past->reader, it->row->incident, &key, STORE_PAGE_MAX, on_evidence, it);
}

static void
put_conditions(const struct explained *it)
{
	const struct conditions *conditions = it->known ? it->state.conditions : NULL;
	char at[PAST_TIME_MAX];

	if (conditions == NULL || conditions->count == 0)
		return;
	puts("\nConditions");
	for (uint32_t i = 0; i < conditions->count; i++) {
		const struct condition *item = &conditions->items[i];
		const char *code = codes_get(it->codes, item->code)->name;

		printf("  %s: %s, seen since %s", code, stage_name((enum stage)item->stage), past_time(it->past, item->since.utc, at));
		if (item->stage == STAGE_SEEN)
			printf("; shown by %u run%s in a row", item->count, item->count == 1 ? "" : "s");
		if (item->stage == STAGE_FADING)
			printf("; missed by %u run%s in a row", item->count, item->count == 1 ? "" : "s");
		putchar('\n');
	}
}

static void
put_silence(const struct explained *it)
{
	const struct standing *row = it->row;
	char names[128];
	struct text text = TEXT_OVER(names);

	silence_add_names(&text, row->silence);
	puts("\nReasons for silence");
	if (text.size == 0 && row->pauses == NULL && row->acknowledged == 0)
		puts("  none");
	else if (text.size > 0)
		printf("  in force: %s\n", names);
	reasons_put_verbs(it->past, row, 2);
	reasons_put_windows(it->past, row, 2, false);
	reasons_put_parents(it->past, &it->all, row, 2, false);
}

static enum store_reading
tell(struct explained *it)
{
	enum store_reading reading = store_read_state(it->past->reader, it->row->target->number, on_state, it);

	if (reading == STORE_READ_BROKEN)
		return reading;
	pager_begin();
	past_say_running(it->past);
	put_name(it);
	put_state(it);
	reading = put_attempts(it);
	put_conditions(it);
	put_silence(it);
	if (reading != STORE_READ_BROKEN)
		reading = explain_telling(it);
	explain_settings(it);
	return reading;
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

bool
explain_outcome(const struct config *config, const char *word)
{
	static struct config_faults faults;
	const struct config *installed = NULL;
	struct outcome found;
	bool known = outcome_find(word, NULL, &found) || find_outcome(config, word, &found);

	if (!known && config == NULL) {
		installed = config_read(&(struct config_source){ .path = NULL }, &faults);
		known = find_outcome(installed, word, &found);
	}
	if (known)
		printf("%s is an outcome: %s (%s)\n%s%s", word, found.text, verdict_name(found.severity), found.hint,
		    found.hint[0] != '\0' ? "\n" : "");
	config_free(&installed);
	return known;
}

int
explain_word(struct past *past, const char *word)
{
	struct explained it = { .past = past, .codes = codes_create() };
	enum store_reading reading = standings_read(past, &it.all);
	const struct past_target *target = NULL;
	struct outcome alike;
	int ends = 0;

	if (it.codes == NULL)
		ends = EXIT_INTERNAL;
	else if (reading != STORE_READ_BROKEN && !past_targets_has(&it.all.targets, word) && explain_outcome(past->config, word))
		;
	else if (reading != STORE_READ_BROKEN && (target = past_targets_find(&it.all.targets, word)) == NULL)
		ends = EXIT_NOTHING;
	else if (reading != STORE_READ_BROKEN) {
		it.row = &it.all.rows[target - it.all.targets.rows];
		reading = tell(&it);
		if (outcome_find(word, NULL, &alike)) {
			putchar('\n');
			explain_outcome(past->config, word);
		}
	}
	ends = past_finish(past, reading, ends);
	if (it.known)
		target_state_fini(&it.state);
	codes_destroy(&it.codes);
	standings_free(&it.all);
	return ends;
}
