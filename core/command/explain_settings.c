/* What a target is watched by, each value beside what is built in; and who is told of it. */
#include "command/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "config/tables.h"
#include "keeper/ledger.h"
#include "monitor/pace.h"

enum { CELL = 64, NOTIFIERS_MAX = 64 };

static const char *
duration(int64_t micros, char bytes[CELL])
{
	struct text text = text_over(bytes, CELL);

	units_add_duration(&text, micros);
	return bytes;
}

static void
put_origin(bool built_in, const char *usual)
{
	if (built_in)
		puts("built in");
	else
		printf("configured; built in: %s\n", usual);
}

static void
put_time(enum target_row row, int64_t value)
{
	const struct pw_setting *setting = &target_settings[row];
	char now[CELL];
	struct reason why;
	int64_t usual = value;

	if (setting->fallback != NULL)
		(void)units_parse_duration(setting->fallback, &usual, &why);
	printf("  %-15s %-10s ", setting->key, duration(value, now));
	put_origin(value == usual, setting->fallback);
}

static void
put_count(enum target_row row, uint32_t value)
{
	const struct pw_setting *setting = &target_settings[row];

	printf("  %-15s %-10" PRIu32 " ", setting->key, value);
	put_origin(setting->fallback != NULL && value == strtoul(setting->fallback, NULL, 10), setting->fallback);
}

static void
put_limit(const struct phase_plan *plan, const char *name, const struct phase_plan *usual)
{
	char cells[3][CELL], were[3][CELL], list[3 * CELL + 16];
	bool same = plan->routine == usual->routine && plan->patient == usual->patient && plan->slow == usual->slow;

	snprintf(list, sizeof list, "%s, %s, %s", duration(usual->routine, were[0]), duration(usual->patient, were[1]),
	    usual->slow == 0 ? "never" : duration(usual->slow, were[2]));
	printf("  %-15s %-10s %-10s %-11s ", name, duration(plan->routine, cells[0]), duration(plan->patient, cells[1]),
	    plan->slow == 0 ? "never" : duration(plan->slow, cells[2]));
	put_origin(same, list);
}

static void
put_limits(const struct policy *policy)
{
	struct phase_plan leg = policy_built_in(policy->probe, "leg");

	printf("\nLimits\n  %-15s %-10s %-10s %-11s %s\n", "step", "routine", "patient", "slow above", "from");
	for (uint32_t i = 0; i < policy->phase_count; i++) {
		struct phase_plan usual = policy_built_in(policy->probe, policy->phases[i].name);
		put_limit(&policy->phases[i], policy->phases[i].name, &usual);
	}
	put_limit(&policy->leg, "the whole leg", &leg);
}

void
explain_settings(const struct explained *it)
{
	const struct target *target = it->row->configured;

	if (target == NULL) {
		puts(it->past->config == NULL ? "\nWithout a configuration (-c) its settings cannot be told."
		                              : "\nThe configuration has no such target: its settings cannot be told.");
		return;
	}
	const struct policy *policy = target->policy;
	puts("\nPace");
	put_time(TARGET_INTERVAL, policy->interval);
	put_count(TARGET_TRIES, policy->tries);
	put_time(TARGET_RETRY_INTERVAL, policy->retry_interval);
	put_count(TARGET_RECOVER_TRIES, policy->recover_tries);
	put_time(TARGET_FLAP_WINDOW, policy->flap_window);
	put_time(TARGET_TEMPFAIL_GRACE, policy->tempfail_grace);
	if (it->known && it->state.doubled > 0) {
		char now[CELL];
		printf("  The server says that we connect too often: it is run every %s for now.\n",
		    duration(pace_interval(&it->state, policy), now));
	}
	put_limits(policy);
	if (policy->tag_count > 0)
		fputs("\nTags:", stdout);
	for (uint32_t i = 0; i < policy->tag_count; i++)
		printf(" %s", policy->tags[i]);
	if (policy->tag_count > 0)
		putchar('\n');
}

/* A notifier: one that is configured, or that the ledger knows. */
struct heard {
	char name[256];
	const struct config_notifier *notifier; /* NULL: it is not configured */
	bool told;          /* it would be told */
	bool known;         /* the ledger has it */
	char meaning[16], sent_meaning[16], codes[512];
	uint64_t notice, sent;
	uint32_t waiting, dead;
};

struct hearing {
	const struct explained *it;
	struct store_delivery_key key;
	char notifier[256], recipient[1024];
	uint32_t count;
	struct heard all[NOTIFIERS_MAX];
};

static struct heard *
find(struct hearing *hearing, const char *name)
{
	for (uint32_t i = 0; i < hearing->count; i++)
		if (strcmp(hearing->all[i].name, name) == 0)
			return &hearing->all[i];
	if (hearing->count == NOTIFIERS_MAX)
		return NULL;
	struct heard *heard = &hearing->all[hearing->count++];
	*heard = (struct heard){ .waiting = 0 };
	text_copy(heard->name, sizeof heard->name, name);
	return heard;
}

static bool
is_told(const struct target *target, const struct config_notifier *notifier, uint32_t index)
{
	const struct policy *policy = target->policy;
	bool named = policy->notify_count == CONFIG_NONE, tagged = notifier->tag_count == 0;

	for (uint32_t i = 0; !named && i < policy->notify_count; i++)
		named = policy->notify[i] == index;
	for (uint32_t i = 0; !tagged && i < notifier->tag_count; i++)
		tagged = target_has_tag(target, notifier->tags[i]);
	return named && tagged;
}

static void
find_configured(struct hearing *hearing)
{
	const struct config *config = hearing->it->past->config;
	const struct target *target = hearing->it->row->configured;

	for (uint32_t i = 0; target != NULL && i < config->notifier_count; i++) {
		if (config->heartbeat_interval > 0 && i == config->heartbeat)
			continue; /* it is told of no target */
		struct heard *heard = find(hearing, config->notifiers[i].name);

		if (heard == NULL)
			continue;
		heard->notifier = &config->notifiers[i];
		heard->told = is_told(target, heard->notifier, i);
	}
}

static bool
on_ledger(void *arg, const struct store_ledger *row)
{
	struct hearing *hearing = arg;
	const struct config *config = hearing->it->past->config;
	bool beats = config != NULL && config->heartbeat_interval > 0
	    && strcmp(row->notifier, config->notifiers[config->heartbeat].name) == 0; /* it is told of no target */
	struct heard *heard = row->target == hearing->it->row->target->number && !beats ? find(hearing, row->notifier) : NULL;
	const char *codes = row->codes;
	struct ledger_code code;
	struct text text;

	if (heard == NULL)
		return beats;
	text = TEXT_OVER(heard->codes);
	heard->known = true;
	heard->notice = row->notice;
	heard->sent = row->sent;
	text_copy(heard->meaning, sizeof heard->meaning, meaning_name(meaning_read(row->meaning, NULL)));
	text_copy(heard->sent_meaning, sizeof heard->sent_meaning, meaning_name(meaning_read(row->sent_meaning, NULL)));
	while (ledger_next_code(&codes, &code))
		text_format(&text, "%s%s", text.size == 0 ? "" : ", ", code.name);
	return true;
}

static bool
on_delivery(void *arg, const struct store_delivery *row)
{
	struct hearing *hearing = arg;
	struct heard *heard = row->target == hearing->it->row->target->number ? find(hearing, row->notifier) : NULL;

	text_copy(hearing->notifier, sizeof hearing->notifier, row->notifier);
	text_copy(hearing->recipient, sizeof hearing->recipient, row->recipient);
	hearing->key = (struct store_delivery_key){ row->notice, hearing->notifier, hearing->recipient };
	if (heard == NULL)
		return true;
	if (row->state == STORE_DELIVERY_dead)
		heard->dead++;
	else
		heard->waiting++;
	return true;
}

static enum store_reading
read_deliveries(struct hearing *hearing, bool dead)
{
	struct store_reader *reader = hearing->it->past->reader;
	enum store_reading reading;

	hearing->key = (struct store_delivery_key){ 0, "", "" };
	do
		reading = dead ? store_read_deliveries_in(reader, STORE_DELIVERY_dead, &hearing->key, PAST_PAGE, on_delivery, hearing)
		               : store_read_open_deliveries(reader, &hearing->key, PAST_PAGE, on_delivery, hearing);
	while (reading == STORE_READ_MORE);
	return reading;
}

static void
put_quiet(const struct past *past, const struct config_notifier *notifier)
{
	const char *name = notifier->timezone != NULL ? notifier->timezone : past->config->timezone;
	struct zone *zone = name == NULL ? zone_open_own() : zone_open(name, NULL);
	int64_t next = calendar_next(&notifier->quiet, zone, past->now);
	char at[PAST_TIME_MAX];

	if (calendar_holds(&notifier->quiet, zone, past->now))
		printf(", and now is quiet until %s", past_time(past, next, at));
	else if (next != INT64_MAX)
		printf(", and is quiet again from %s", past_time(past, next, at));
	zone_close(&zone);
}

/* What is told at all: down and up, but for the kinds that it leaves out. */
static void
put_rules(const struct past *past, const struct heard *heard)
{
	const struct config_notifier *notifier = heard->notifier;
	char after[CELL];

	if (notifier == NULL)
		return;
	if (!heard->told) {
		fputs("is not told of this target; ", stdout);
		return;
	}
	fputs("is told", stdout);
	if (notifier->after > 0)
		printf(" after %s", duration(notifier->after, after));
	for (enum notice_kind kind = NOTICE_none + 1, left = 0; kind < NOTICE_KINDS; kind++)
		if (kind != NOTICE_fact && !(notifier->kinds >> kind & 1))
			printf("%s%s", left++ == 0 ? ", but not of " : " ", notice_name(kind));
	if (notifier->quiet.count > 0)
		put_quiet(past, notifier);
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
		printf(heard->notice == heard->sent ? "has heard that it is %s (notice %" PRIu64 ")"
		    : "is to hear that it is %s (notice %" PRIu64 "), which has not arrived", heard->meaning, heard->notice);
	if (heard->known && heard->notice != heard->sent && heard->meaning[0] != '\0')
		printf("; so far it has heard %s%s", heard->sent_meaning[0] == '\0' ? "nothing of up and down" : "that it is ",
		    heard->sent_meaning);
	if (heard->codes[0] != '\0')
		printf("; and of %s", heard->codes);
	if (heard->waiting > 0)
		printf("; %" PRIu32 " deliver%s", heard->waiting, heard->waiting == 1 ? "y waits" : "ies wait");
	if (heard->dead > 0)
		printf("; %" PRIu32 " %s given up", heard->dead, heard->dead == 1 ? "was" : "were");
	putchar('\n');
}

enum store_reading
explain_telling(const struct explained *it)
{
	struct hearing *hearing = calloc(1, sizeof *hearing);
	enum store_reading reading;

	if (hearing == NULL)
		return STORE_READ_END;
	hearing->it = it;
	find_configured(hearing);
	reading = store_read_ledger(it->past->reader, it->row->target->number, "", NOTIFIERS_MAX, on_ledger, hearing);
	if (reading != STORE_READ_BROKEN)
		reading = read_deliveries(hearing, false);
	if (reading != STORE_READ_BROKEN)
		reading = read_deliveries(hearing, true);
	puts("\nWho is told");
	if (hearing->count == 0)
		puts("  nobody: there is no notifier");
	for (uint32_t i = 0; i < hearing->count; i++)
		put_heard(it->past, &hearing->all[i]);
	free(hearing);
	return reading;
}
