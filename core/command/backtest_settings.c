/*
 * For `postwatch backtest`: lays the settings that are tried (--set KEY=VALUE) over a copy of each
 * policy, the settings of a target, that is configured.
 */
#include "command/backtest_settings.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"
#include "config/tables.h"
#include "config/value.h"

#define CAN_BE "interval, tries, retry_interval, recover_tries, flap_window, tempfail_grace, " \
	"stale_after and slow.PHASE can be"

enum { STALE_INTERVALS = 5 };

enum { PHASE_ROOM = 24 };

/* All of policy_numbers can be tried. */
struct backtest_settings {
	bool given[POLICY_NUMBERS];
	int64_t numbers[POLICY_NUMBERS];
	struct { char phase[PHASE_ROOM]; int64_t limit; bool used; } slow[PAST_SETS_MAX];
	uint32_t slow_count;
	struct backtest_policy *policies;
	char words[512];
};

static int
refuse(const struct command *command, const char *word, size_t size)
{
	char key[SETTING_KEY_MAX];
	struct nearest near;

	snprintf(key, sizeof key, "%.*s", (int)size, word);
	if (strncmp(key, "limits.", 7) == 0 || strncmp(key, "patient_limits.", 15) == 0)
		return command_misused(command, "--set %s: what another limit would have heard "
		    "is not known; " CAN_BE, word);
	if (settings_are_taken(key, PW_PROBE))
		return command_misused(command, "--set %s: `%s` decides how an attempt is made, "
		    "and those were made otherwise; " CAN_BE, word, key);
	near = nearest_to(key);
	for (size_t i = 0; i < POLICY_NUMBERS; i++)
		nearest_try(&near, target_settings[policy_numbers[i].row].key);
	return command_misused(command, near.best == NULL ? "--set %s: no setting that can be "
	    "replayed; " CAN_BE : "--set %s: no setting that can be replayed; did you mean `%s`?",
	    word, near.best);
}

static int
take_slow(const struct command *command, struct backtest_settings *settings, const char *word,
    const char *value)
{
	static const struct pw_setting row = { .key = "slow", .type = PW_DURATION,
		.max = INT64_C(86400) * SECOND };
	const char *phase = word + strlen("slow.");
	size_t size = (size_t)(value - 1 - phase);
	struct pw_value limit;
	struct reason why;

	if (size == 3 && strncmp(phase, "leg", size) == 0)
		return command_misused(command, "--set %s: how long all steps with one address "
		    "took is not kept by itself; " CAN_BE, word);
	if (size == 0 || size >= PHASE_ROOM)
		return command_misused(command, "--set %s: no step is called so", word);
	if (!value_of_text(NULL, &row, "", value, &limit, &why))
		return command_misused(command, "--set %s: %s", word, why.text);
	assert(settings->slow_count < sizeof settings->slow / sizeof *settings->slow);
	snprintf(settings->slow[settings->slow_count].phase, PHASE_ROOM, "%.*s", (int)size, phase);
	settings->slow[settings->slow_count++].limit = limit.number;
	return 0;
}

static int
take(const struct command *command, struct backtest_settings *settings, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t size = equals == NULL ? strlen(word) : (size_t)(equals - word);
	struct pw_value value;
	struct reason why;

	if (equals == NULL)
		return command_misused(
		    command, "--set %s: it takes KEY=VALUE, such as tries=2", word);
	if (strncmp(word, "slow.", 5) == 0)
		return take_slow(command, settings, word, equals + 1);
	for (size_t i = 0; i < POLICY_NUMBERS; i++) {
		const struct pw_setting *row = &target_settings[policy_numbers[i].row];

		if (strlen(row->key) != size || strncmp(row->key, word, size) != 0)
			continue;
		if (!value_of_text(NULL, row, "", equals + 1, &value, &why))
			return command_misused(command, "--set %s: %s", word, why.text);
		settings->given[i] = true;
		settings->numbers[i] = value.number;
		return 0;
	}
	return refuse(command, word, size);
}

int
backtest_settings_make(
    struct past *past, const struct command *command, struct backtest_settings **made)
{
	struct backtest_settings *settings = past_keep(past, sizeof *settings);
	struct text words = TEXT_OVER(settings->words);
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < past->set_count; i++) {
		status = take(command, settings, past->sets[i]);
		text_format(&words, "%s%s", i == 0 ? "" : " ", past->sets[i]);
	}
	*made = settings;
	return status;
}

static void
try_slow(struct past *past, struct backtest_settings *settings, struct policy *policy,
    bool *differs)
{
	size_t size = policy->phase_count * sizeof *policy->phases;
	struct phase_plan *phases = past_keep(past, size + 1);

	memcpy(phases, policy->phases, size);
	policy->phases = phases;
	for (uint32_t i = 0; i < settings->slow_count; i++) {
		uint32_t phase = policy_phase(policy, settings->slow[i].phase);

		if (phase == CONFIG_NONE)
			continue;
		*differs |= phases[phase].slow != settings->slow[i].limit;
		phases[phase].slow = settings->slow[i].limit;
		settings->slow[i].used = true;
	}
}

const struct backtest_policy *
backtest_policy(
    struct past *past, struct backtest_settings *settings, const struct policy *configured)
{
	struct backtest_policy *made = settings->policies;
	char names[STORE_PHASES_MAX * PHASE_ROOM];
	struct text list = TEXT_OVER(names);
	struct policy *tried;

	for (; made != NULL; made = made->next)
		if (made->replay.policies[REPLAY_CONFIGURED] == configured)
			return made;
	made = past_keep(past, sizeof *made);
	tried = past_keep(past, sizeof *tried);
	*tried = *configured;
	for (size_t i = 0; i < POLICY_NUMBERS; i++) {
		char *member = (char *)tried + policy_numbers[i].offset;

		if (settings->given[i] && policy_numbers[i].is_count)
			*(uint32_t *)(void *)member = (uint32_t)settings->numbers[i];
		else if (settings->given[i])
			*(int64_t *)(void *)member = settings->numbers[i];
		else if (policy_numbers[i].row == TARGET_STALE_AFTER
		    && configured->stale_after == STALE_INTERVALS * configured->interval)
			tried->stale_after = STALE_INTERVALS * tried->interval;
	}
	try_slow(past, settings, tried, &made->replay.slow_differs);
	for (uint32_t i = 0; i < configured->phase_count; i++)
		text_format(&list, "%s%s", i == 0 ? "" : " ", configured->phases[i].name);
	made->phase_names = past_string(past, names);
	made->replay.policies[REPLAY_CONFIGURED] = configured;
	made->replay.policies[REPLAY_TRIED] = tried;
	made->next = settings->policies;
	return settings->policies = made;
}

int
backtest_settings_finish(const struct backtest_settings *settings)
{
	for (uint32_t i = 0; i < settings->slow_count; i++)
		if (!settings->slow[i].used)
			return command_fail(EXIT_USAGE, "--set slow.%s: no probe of these targets "
			    "has a step of that name", settings->slow[i].phase);
	return 0;
}

const char *
backtest_settings_words(const struct backtest_settings *settings)
{
	return settings->words;
}
