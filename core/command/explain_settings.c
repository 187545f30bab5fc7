/*
 * For `postwatch explain`: prints the settings of a target, each beside the one that is built in,
 * and which notifiers are told of it.
 */
#include "command/explain_settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "config/tables.h"
#include "keeper/ledger.h"
#include "monitor/pace.h"

/* Compared by value: of a setting that was written as it is built in both are true. */
static void
put_origin(bool built_in, const char *usual)
{
	if (built_in)
		puts("built in");
	else
		printf("configured; built in: %s\n", usual);
}

static void
put_number(const struct policy *policy, const struct policy_number *number)
{
	const struct pw_setting *setting = &target_settings[number->row];
	const void *member = (const char *)policy + number->offset;
	int64_t value = number->is_count ? *(const uint32_t *)member : *(const int64_t *)member;
	int64_t usual = value;
	struct reason why;

	if (setting->fallback != NULL && number->is_count)
		usual = strtol(setting->fallback, NULL, 10);
	else if (setting->fallback != NULL)
		(void)units_parse_duration(setting->fallback, &usual, &why);
	printf("  %-15s %-10s ", setting->key,
	    number->is_count ? FORMAT(24, "%" PRId64, value) : DURATION(value));
	put_origin(value == usual, setting->fallback);
}

static void
put_limit(const struct phase_plan *plan, const char *name, const struct phase_plan *usual)
{
	bool same = plan->routine == usual->routine && plan->patient == usual->patient
	    && plan->slow == usual->slow;

	printf("  %-15s %-10s %-10s %-11s ", name, DURATION(plan->routine),
	    DURATION(plan->patient), plan->slow == 0 ? "never" : DURATION(plan->slow));
	put_origin(same, FORMAT(256, "%s, %s, %s", DURATION(usual->routine),
	    DURATION(usual->patient), usual->slow == 0 ? "never" : DURATION(usual->slow)));
}

void
explain_settings(const struct past *past, const struct status_row *row)
{
	const struct target_state state = { .state = (uint8_t)row->state, .doubled = row->doubled };
	const struct policy *policy = row->configured == NULL ? NULL : row->configured->policy;
	struct phase_plan usual;

	if (policy == NULL) {
		puts(past->config == NULL
		        ? "\nWithout a configuration (-c) its settings cannot be told."
		        : "\nThe configuration has no such target: its settings cannot be told.");
		return;
	}
	puts("\nPace");
	for (size_t i = 0; i < POLICY_NUMBERS && policy_numbers[i].row != TARGET_STALE_AFTER; i++)
		put_number(policy, &policy_numbers[i]);
	if (row->doubled > 0)
		printf("  The server says that we connect too often: it is run every %s for now.\n",
		    DURATION(pace_interval(&state, policy)));
	usual = policy_built_in(policy->probe, "leg");
	puts("\nLimits\n  step            routine    patient    slow above  from");
	for (uint32_t i = 0; i < policy->phase_count; i++) {
		struct phase_plan own = policy_built_in(policy->probe, policy->phases[i].name);

		put_limit(&policy->phases[i], policy->phases[i].name, &own);
	}
	put_limit(&policy->leg, "the whole leg", &usual);
	for (uint32_t i = 0; i < policy->tag_count; i++)
		printf("%s %s%s", i == 0 ? "\nTags:" : "", policy->tags[i],
		    i + 1 == policy->tag_count ? "\n" : "");
}

/* A notifier: one that is configured, or that the ledger knows. */
struct heard {
	struct heard *next;
	const char *name;
	const struct config_notifier *notifier; /* NULL: it is not configured */
	bool told;          /* it would be told */
	bool known;         /* the ledger has it */
	const char *meaning, *sent_meaning, *codes;
	uint64_t notice, sent;
	uint32_t waiting, dead;
};

/* Finds the one of that name, which is added behind the others where it is not there. */
static struct heard *
find(struct past *past, struct heard **all, const char *name)
{
	while (*all != NULL && strcmp((*all)->name, name) != 0)
		all = &(*all)->next;
	if (*all == NULL) {
		*all = past_keep(past, sizeof **all);
		(*all)->name = past_string(past, name);
		(*all)->meaning = (*all)->sent_meaning = (*all)->codes = "";
	}
	return *all;
}

static bool
is_heartbeat(const struct config *config, const char *notifier)
{
	return config != NULL && config->heartbeat_interval > 0
	    && strcmp(notifier, config->notifiers[config->heartbeat].name) == 0;
}

static void
read_ledger(struct past *past, uint64_t target, struct heard **all)
{
	struct store_ledger row;

	PAST_EACH(past, &row, STORE_LIST_LEDGER, target) {
		char codes[512];
		struct text text = TEXT_OVER(codes);
		const char *left = row.codes;
		struct ledger_code code;
		struct heard *heard;

		if (is_heartbeat(past->config, row.notifier))
			continue; /* it is told of no target */
		while (ledger_next_code(&left, &code))
			text_format(&text, "%s%s", text.size == 0 ? "" : ", ", code.name);
		heard = find(past, all, row.notifier);
		heard->known = true;
		heard->notice = row.notice;
		heard->sent = row.sent;
		heard->meaning = meaning_name(meaning_read(row.meaning, NULL));
		heard->sent_meaning = meaning_name(meaning_read(row.sent_meaning, NULL));
		heard->codes = past_string(past, codes);
	}
}

static void
read_deliveries(struct past *past, enum store_list_kind kind, uint64_t target, struct heard **all)
{
	struct store_undelivered row;

	PAST_EACH(past, &row, kind, 0)
		if (row.target == target) {
			struct heard *heard = find(past, all, row.notifier);

			heard->dead += kind == STORE_LIST_GIVEN_UP;
			heard->waiting += kind == STORE_LIST_WAITING;
		}
}

/* What is told at all: down and up, but for the kinds that it leaves out. */
static void
put_rules(const struct past *past, const struct heard *heard)
{
	const struct config_notifier *notifier = heard->notifier;
	const char *name;
	struct zone *zone;
	int64_t next;

	if (notifier == NULL)
		return;
	name = notifier->timezone != NULL ? notifier->timezone : past->config->timezone;
	if (!heard->told) {
		fputs("is not told of this target; ", stdout);
		return;
	}
	fputs("is told", stdout);
	if (notifier->after > 0)
		printf(" after %s", DURATION(notifier->after));
	for (enum notice_kind kind = NOTICE_none + 1, left = 0; kind < NOTICE_KINDS; kind++)
		if (kind != NOTICE_fact && !(notifier->kinds >> kind & 1))
			printf("%s%s", left++ == 0 ? ", but not of " : " ", notice_name(kind));
	zone = name == NULL ? zone_open_own() : zone_open(name, NULL);
	next = calendar_next(&notifier->quiet, zone, past->now);
	if (calendar_holds(&notifier->quiet, zone, past->now))
		printf(", and now is quiet until %s", PAST_TIME(past, next));
	else if (notifier->quiet.count > 0 && next != INT64_MAX)
		printf(", and is quiet again from %s", PAST_TIME(past, next));
	zone_close(&zone);
	fputs("; ", stdout);
}

static void
put_heard(const struct past *past, const struct heard *heard)
{
	printf("  %s: ", heard->name);
	put_rules(past, heard);
	if (!heard->known)
		fputs("has heard nothing of it", stdout);
	else if (heard->meaning[0] == '\0')
		fputs("has heard nothing of up and down", stdout);
	else
		printf("%s that it is %s (notice %" PRIu64 ")%s",
		    heard->notice == heard->sent ? "has heard" : "is to hear", heard->meaning,
		    heard->notice, heard->notice == heard->sent ? "" : ", which has not arrived");
	if (heard->known && heard->notice != heard->sent && heard->meaning[0] != '\0')
		printf("; so far it has heard %s%s",
		    heard->sent_meaning[0] == '\0' ? "nothing of up and down" : "that it is ",
		    heard->sent_meaning);
	if (heard->codes[0] != '\0')
		printf("; and of %s", heard->codes);
	if (heard->waiting > 0)
		printf("; %" PRIu32 " deliver%s", heard->waiting,
		    heard->waiting == 1 ? "y waits" : "ies wait");
	if (heard->dead > 0)
		printf("; %" PRIu32 " %s given up", heard->dead, heard->dead == 1 ? "was" : "were");
	putchar('\n');
}

void
explain_telling(struct past *past, const struct status_row *row)
{
	const struct config *config = past->config;
	struct heard *all = NULL;

	for (uint32_t i = 0; row->configured != NULL && i < config->notifier_count; i++)
		if (!is_heartbeat(config, config->notifiers[i].name)) {
			struct heard *heard = find(past, &all, config->notifiers[i].name);

			heard->notifier = &config->notifiers[i];
			heard->told = notifier_hears_of(config, i, row->configured);
		}
	read_ledger(past, row->target->number, &all);
	read_deliveries(past, STORE_LIST_WAITING, row->target->number, &all);
	read_deliveries(past, STORE_LIST_GIVEN_UP, row->target->number, &all);
	puts("\nWho is told");
	if (all == NULL)
		puts("  nobody: there is no notifier");
	for (const struct heard *heard = all; heard != NULL; heard = heard->next)
		put_heard(past, heard);
}
