/* The whole of the monitor without its loop: targets, their records, and when each is run next. */
#include "monitor/monitor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "monitor/control.h"
#include "monitor/keeper_link.h"
#include "monitor/pace.h"
#include "monitor/silence.h"

enum {
	FIRST_RUNS_A_SECOND = 100,
	SERIES_ROOM = 4,
	PORTS_MAX = 16,
	RUNS_A_MILLISECOND = 12, /* as bits: more than are ever begun */
	RUNS_UNKNOWN = 1 << 20   /* so many may have been given behind the last that is known */
};

uint32_t
watch_prober(const struct monitor *monitor, uint32_t target)
{
	return monitor->targets[target].apart ? apart_prober(monitor, target) : config_prober_of(monitor->config, target);
}

static bool
make_probers(struct monitor *monitor)
{
	uint32_t count = watch_prober_count(monitor);

	monitor->probers = calloc(count, sizeof *monitor->probers);
	for (uint32_t i = 0; monitor->probers != NULL && i < count; i++) {
		struct prober_link *prober = &monitor->probers[i];
		prober->fd = -1;
		if ((prober->bytes = malloc(WIRE_MAX)) == NULL)
			return false;
		prober->orders = wire_over(prober->bytes, WIRE_MAX);
	}
	return monitor->probers != NULL;
}

/* A target that comes back after it was gone, or whose record was lost, has told things under numbers that are kept. So
 * they go on from the time of day, which no target outruns: a number that was given would be taken for a repetition. */
void
watch_begin_anew(const struct monitor *monitor, struct target_state *state)
{
	target_state_init(state, clocks_now(monitor));
	state->number = (uint32_t)(clock_wall() / SECOND);
}

void
watch_forget(struct monitor *monitor)
{
	own_record_forget(monitor);
	for (uint32_t i = 0; i < monitor->config->target_count; i++) {
		struct watched *watched = &monitor->targets[i];
		uint8_t quarantined = watched->state.flags & TARGET_QUARANTINED; /* the parent's word, not the keeper's */

		target_state_fini(&watched->state);
		series_destroy(&watched->series);
		watch_begin_anew(monitor, &watched->state);
		watched->state.flags |= quarantined;
		watched->flags &= (uint8_t)~WATCHED_SILENCED;
	}
}

void
watch_number_behind(struct monitor *monitor, uint64_t run)
{
	if (run > monitor->run && run < RUNS_MAX - RUNS_UNKNOWN)
		monitor->run = run + RUNS_UNKNOWN;
}

static bool
make_targets(struct monitor *monitor)
{
	uint32_t count = monitor->config->target_count;

	monitor->targets = calloc(count == 0 ? 1 : count, sizeof *monitor->targets);
	for (uint32_t i = 0; monitor->targets != NULL && i < count; i++)
		watch_begin_anew(monitor, &monitor->targets[i].state);
	return monitor->targets != NULL;
}

/* A hold for each port that is watched. What is watched on more than PORTS_MAX has none for those that come last. */
static bool
make_ports(struct monitor *monitor)
{
	monitor->ports = calloc(PORTS_MAX, sizeof *monitor->ports);
	for (uint32_t i = 0; monitor->ports != NULL && i < monitor->config->target_count; i++) {
		uint16_t port = monitor->config->targets[i].port;
		if (monitor->port_count == PORTS_MAX || ourselves_port(monitor, port) != NULL)
			continue;
		monitor->ports[monitor->port_count].port = port;
		hold_init(&monitor->ports[monitor->port_count++].hold, monitor->now);
	}
	return monitor->ports != NULL;
}

struct monitor *
monitor_create(struct duty *duty, int64_t now, uint32_t seed)
{
	struct monitor *monitor = calloc(1, sizeof *monitor);

	if (monitor == NULL)
		return NULL;
	monitor->duty = duty;
	monitor->config = duty->config;
	monitor->now = now;
	clocks_look(monitor);
	monitor->second = monitor->hour = monitor->lines_since = now;
	monitor->random = seed | 1;
	/* Above those that a monitor before us has given, unless the clock was set back: then we hear which these were. */
	monitor->run = (uint64_t)(clock_wall() / MILLISECOND) << RUNS_A_MILLISECOND;
	monitor->own_change = (uint64_t)clock_wall();
	blind_init(&monitor->blind, now);
	hold_init(&monitor->hold, now);
	hearing_init(&monitor->hearing, now);
	monitor->codes = codes_create();
	monitor->lately = calloc(LATELY, sizeof *monitor->lately);
	if (monitor->codes == NULL || monitor->lately == NULL || !make_targets(monitor) || !make_ports(monitor)
	    || !make_probers(monitor)
	    || !keeper_link_init(monitor) || !apart_init(monitor) || !kin_init(monitor)
	    || !schedule_init(&monitor->schedule, monitor->config->target_count, now))
		monitor_destroy(&monitor);
	return monitor;
}

static void take_accounts(struct monitor *);

void
monitor_destroy(struct monitor **given)
{
	struct monitor *monitor = *given;

	*given = NULL;
	if (monitor == NULL)
		return;
	for (uint32_t i = 0; monitor->targets != NULL && i < monitor->config->target_count; i++) {
		target_state_fini(&monitor->targets[i].state);
		series_destroy(&monitor->targets[i].series);
		facts_destroy(&monitor->targets[i].facts);
		names_forget(&monitor->targets[i]);
	}
	for (uint32_t i = 0; monitor->lately != NULL && i < LATELY; i++)
		free(monitor->lately[i].facts);
	for (uint32_t i = 0; monitor->probers != NULL && i < watch_prober_count(monitor); i++) {
		if (monitor->probers[i].fd >= 0)
			close(monitor->probers[i].fd);
		free(monitor->probers[i].bytes);
	}
	monitor->begun = false;
	take_accounts(monitor);
	keeper_link_fini(monitor);
	apart_fini(monitor);
	schedule_fini(&monitor->schedule);
	codes_destroy(&monitor->codes);
	witness_fini(monitor);
	free(monitor->ports);
	free(monitor->lately);
	free(monitor->targets);
	free(monitor->probers);
	free(monitor->kin);
	free(monitor);
}

void
watch_plan(struct monitor *monitor, uint32_t target, int64_t due)
{
	struct watched *watched = &monitor->targets[target];

	watched->due = due;
	if (due >= schedule_horizon(&monitor->schedule))
		schedule_put(&monitor->schedule, target, due);
	else {
		schedule_drop(&monitor->schedule, target);
		orders_order(monitor, target);
	}
}

void
watch_release(struct monitor *monitor, uint32_t target)
{
	struct watched *watched = &monitor->targets[target];

	if (watched->run == 0)
		return;
	watched->run = 0;
	monitor->probers[watch_prober(monitor, target)].in_hand--;
}

bool
watch_is_quiet(const struct watched *watched)
{
	const struct target_state *state = &watched->state;

	return state->state == STATE_UP && state->trouble == NULL && state->conditions == NULL && state->flapping == NULL
	    && state->flags == 0 && state->silence == 0;
}

uint32_t
watch_silence(const struct monitor *monitor, uint32_t target)
{
	return kin_silence(monitor, target);
}

void
watch_hush(struct monitor *monitor, uint32_t target)
{
	struct target_state *state = &monitor->targets[target].state;
	uint32_t was = state->silence;

	if (!learn_silence(state, watch_silence(monitor, target)))
		return;
	herald_silence(monitor, target, was);
	keeper_link_mark(monitor, target);
}

/* First runs come soon and evenly, with very many targets on their grid at once; not before they can be ordered. */
static int64_t
first_due(const struct monitor *monitor, uint32_t target)
{
	int64_t now = monitor->now + TICK + TICK / 5;
	const struct target *configured = &monitor->config->targets[target];
	const struct target_state *state = &monitor->targets[target].state;
	int64_t interval = pace_interval(state, configured->policy), retry = configured->policy->retry_interval;
	int64_t soon = monitor->config->target_count * (int64_t)(SECOND / FIRST_RUNS_A_SECOND);

	if (pace_is_retry(state))
		return state->ended.mono + retry > now ? state->ended.mono + retry
		    : pace_first(configured->hash, soon < retry ? soon : retry, now);
	if (!moment_is_set(state->ended) && soon < interval)
		return pace_first(configured->hash, soon, now);
	return pace_grid(configured->hash, interval, now);
}

void
monitor_begin(struct monitor *monitor)
{
	if (monitor->begun)
		return;
	keeper_link_begin(monitor);
	monitor->begun = true;
	monitor->schedule.tick = monitor->now / TICK;
	for (uint32_t i = 0; i < monitor->config->target_count; i++) {
		const struct target_state *state = &monitor->targets[i].state;

		if (!(state->flags & TARGET_QUARANTINED))
			watch_plan(monitor, i, first_due(monitor, i));
		if ((state->flags & TARGET_QUARANTINED) || state->doubled > 0)
			keeper_link_mark(monitor, i); /* the keeper may not know how often it is run */
	}
	ourselves_begin(monitor);
	kin_begin(monitor);
	together_begin(monitor);
	take_accounts(monitor);
	apart_give_out(monitor);
}

void
monitor_tick(struct monitor *monitor)
{
	if (monitor->begun && !monitor->stopping)
		orders_collect(monitor);
	ourselves_tick(monitor);
	witness_tick(monitor);
	if (monitor->now - monitor->second < SECOND)
		return;
	monitor->second = monitor->now;
	kin_tick(monitor);
	together_end(monitor);
	own_record_tick(monitor);
	if (monitor->control != NULL)
		control_tick(monitor->control);
	herald_hour(monitor);
	herald_health(monitor);
}

void
monitor_flush(struct monitor *monitor, bool tick)
{
	orders_flush(monitor);
	keeper_link_flush(monitor, tick);
}

void
monitor_stop(struct monitor *monitor)
{
	monitor->stopping = true;
	keeper_link_mark(monitor, CONFIG_NONE);
	herald_counts(monitor);
}

bool
monitor_is_done(const struct monitor *monitor)
{
	for (uint32_t i = 0; i < watch_prober_count(monitor); i++)
		if (monitor->probers[i].fd >= 0 && monitor->probers[i].in_hand > 0)
			return false;
	return keeper_link_is_empty(monitor);
}

static void
quarantine(struct monitor *monitor, uint32_t target, const char *text)
{
	struct watched *watched = &monitor->targets[target];
	struct change change = { .kind = NOTICE_impaired, .code = codes_of(monitor->codes, "plugin", NULL),
		.number = ++watched->state.number, .detected = clocks_now(monitor), .confirmed = clocks_now(monitor) };
	struct report report = { .text = { text, strlen(text) } };

	watch_release(monitor, target);
	schedule_drop(&monitor->schedule, target);
	watched->state.flags |= TARGET_QUARANTINED;
	if (!watched->was_held) /* else a monitor before us has told it */
		herald_change(monitor, target, &change, &report);
	watched->was_held = false;
	keeper_link_mark(monitor, target);
}

/* It is out of quarantine: run again, if only apart. */
static void
release(struct monitor *monitor, uint32_t target, const char *text)
{
	struct watched *watched = &monitor->targets[target];

	if (!(watched->state.flags & TARGET_QUARANTINED))
		return;
	watched->state.flags &= (uint8_t)~TARGET_QUARANTINED;
	duty_log(monitor->duty, LOG_NOTICE, 0, "%s is watched again: %s", monitor->config->targets[target].name, text);
	keeper_link_mark(monitor, target);
	if (monitor->begun)
		watch_plan(monitor, target, schedule_horizon(&monitor->schedule));
}

/* What a target is, is not known before the keeper has said all that it knew. */
static void
put_off(struct monitor *monitor, const struct message_account *account)
{
	struct account_put_off *item = malloc(sizeof *item), **last = &monitor->accounts;

	if (item == NULL)
		return; /* it is run, and held anew where its prober dies */
	*item = (struct account_put_off){ .account = *account };
	while (*last != NULL)
		last = &(*last)->next;
	*last = item;
}

static void
take_accounts(struct monitor *monitor)
{
	while (monitor->accounts != NULL) {
		struct account_put_off *item = monitor->accounts;
		monitor->accounts = item->next;
		if (monitor->begun)
			monitor_account(monitor, &item->account);
		free(item);
	}
}

void
monitor_account(struct monitor *monitor, const struct message_account *account)
{
	if (!monitor->begun) {
		put_off(monitor, account);
		return;
	}
	switch (account->account) {
	case ACCOUNT_FREE:
		release(monitor, account->target, account->text);
		return;
	case ACCOUNT_APART:
		release(monitor, account->target, account->text);
		apart_add(monitor, account->target);
		return;
	case ACCOUNT_HELD:
		apart_remove(monitor, account->target);
		if (!(monitor->targets[account->target].state.flags & TARGET_QUARANTINED))
			quarantine(monitor, account->target, account->text);
		return;
	case ACCOUNTS:
		break;
	}
	assert(account->account < ACCOUNTS);
}

static bool
series_grow(struct series **series, uint8_t room)
{
	struct series *grown = realloc(*series, sizeof *grown + room * sizeof grown->runs[0]);

	if (grown == NULL)
		return false;
	if (*series == NULL)
		*grown = (struct series){ .text = NULL };
	grown->room = room;
	*series = grown;
	return true;
}

void
series_add(struct series **given, uint64_t run)
{
	if (*given == NULL && !series_grow(given, SERIES_ROOM))
		return;
	if ((*given)->count == (*given)->room && (*given)->room < CHANGE_ATTEMPTS_MAX
	    && !series_grow(given, (uint8_t)((*given)->room * 2)))
		return;
	struct series *series = *given;
	if (series->count == series->room) { /* the first stays, of the others the oldest goes */
		memmove(series->runs + 1, series->runs + 2, (series->count - 2u) * sizeof series->runs[0]);
		series->count--;
	}
	series->runs[series->count++] = run;
}

void
series_say(struct series **series, struct pw_bytes text)
{
	if (*series == NULL && !series_grow(series, SERIES_ROOM))
		return;
	free((*series)->text);
	(*series)->text = strndup(text.data, text.size);
}

void
series_restart(struct series *series)
{
	if (series != NULL)
		series->count = 0;
}

void
series_keep_last(struct series *series)
{
	if (series == NULL || series->count == 0)
		return;
	series->runs[0] = series->runs[series->count - 1];
	series->count = 1;
}

void
series_destroy(struct series **series)
{
	if (*series != NULL)
		free((*series)->text);
	free(*series);
	*series = NULL;
}
