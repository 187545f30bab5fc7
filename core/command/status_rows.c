/*
 * For `postwatch status`, its --watch, and `explain`: reads the state of all targets from the
 * store into rows, and tells how urgent a row is. Makes the texts of a row, and prints why nobody
 * is told of a target (pauses, windows, parents).
 *
 * The store keeps states and history apart, and the history may have been thinned: the last run of
 * a target is taken from whichever of them has the newer one. All is read before anything is
 * shown.
 */
#include "command/status_rows.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command/find_target.h"
#include "config/window_clock.h"
#include "monitor/pace.h"
#include "monitor/silence.h"

const char *const status_flag_names[STATUS_FLAGS] = { "flapping", "slow", "held", "quarantined",
	"acknowledged", "paused", "not_looked_at", "unknown" };

/* Of a target whose settings cannot be read. */
static const int64_t patience_unknown = 15 * 60 * (int64_t)SECOND;

static struct status_row *
find(const struct past *past, struct status_row *all, uint64_t number)
{
	size_t place = past_place(past, number);

	assert(place == past->target_count || all[place].target->number == number);
	return place == past->target_count ? NULL : &all[place];
}

const char *
status_row_condition(const struct status_row *row, const struct status_condition *condition)
{
	size_t name = strlen(row->target->name);
	const char *text = condition->text, *rest = NULL;

	if (strncmp(text, row->target->name, name) == 0 && text[name] == ' ')
		rest = strstr(text + name, "): ");
	return rest == NULL ? text : rest + strlen("): ");
}

static const char *
copy_text(struct past *past, struct pw_bytes text)
{
	return text.size == 0 ? NULL : past_copy(past, text);
}

/* The rows of a list, each with that of its target; those of targets that are not known are passed
 * over. */
#define EACH_OF_TARGET(past, all, row, data, kind) \
	PAST_EACH(past, data, kind, 0) \
		if ((row = find(past, all, (data)->target)) != NULL)

static void
read_states(struct past *past, struct status_row *all)
{
	struct store_status status;
	struct status_row *row;

	EACH_OF_TARGET(past, all, row, &status, STORE_LIST_STATUS) {
		row->state = state_named(status.state);
		row->state = row->state == STATE_NONE ? STATE_PENDING : row->state;
		row->doubled = (uint8_t)status.doubled;
		row->since = status.since;
		row->ended = row->last_run = status.ended;
		row->run = verdict_of_name(status.verdict, &row->verdict);
		row->silence = silence_named(status.silences);
		row->outcome = past_string(past, status.outcome);
		row->text = copy_text(past, status.text);
		row->incident = status.incident;
		row->acknowledged = status.acknowledged;
		row->ack_by = past_copy(past, status.ack_by);
		row->ack_why = past_copy(past, status.ack_why);
		row->flags[STATUS_FLAPPING] = status.flapping;
		row->flags[STATUS_SLOW] = status.slow;
		row->flags[STATUS_HELD] = status.held;
		row->flags[STATUS_QUARANTINED] = status.quarantined;
		row->flags[STATUS_ACKNOWLEDGED] = status.acknowledged != 0;
	}
}

static void
read_conditions(struct past *past, struct status_row *all)
{
	struct store_condition condition;
	struct status_row *row;

	EACH_OF_TARGET(past, all, row, &condition, STORE_LIST_CONDITIONS) {
		struct status_condition *item = past_keep(past, sizeof *item);

		*item = (struct status_condition){ row->conditions,
			past_string(past, condition.code), past_copy(past, condition.text),
			condition.since };
		row->conditions = item;
	}
}

static void
read_last_runs(struct past *past, struct status_row *all)
{
	struct store_last_run run;
	struct status_row *row;

	EACH_OF_TARGET(past, all, row, &run, STORE_LIST_LAST_RUNS) {
		enum pw_verdict verdict = PW_UNKNOWN;
		bool known = verdict_of_name(run.verdict, &verdict);

		if (!verdict_is_current(run.ended, verdict, row->ended, row->verdict))
			continue;
		row->run = known;
		row->verdict = verdict;
		row->last_run = run.started;
		row->ended = run.ended;
		row->outcome = past_string(past, outcome_current(run.outcome));
		row->text = copy_text(past, run.text);
	}
}

static void
read_pauses(struct past *past, struct status_row *all)
{
	struct store_pause pause;

	PAST_EACH(past, &pause, STORE_LIST_PAUSES, (uint64_t)past->now)
		for (size_t i = 0; i < past->target_count; i++) {
			const struct target *target = all[i].configured;
			struct status_pause *item;
			bool by_tag = pause.target == 0 && pause.tag[0] != '\0';

			if (by_tag ? target == NULL || !target_has_tag(target, pause.tag)
			           : pause.target != all[i].target->number)
				continue;
			item = past_keep(past, sizeof *item);
			*item = (struct status_pause){ all[i].pauses, pause.until,
				past_string(past, pause.tag), past_copy(past, pause.by),
				past_copy(past, pause.why) };
			all[i].pauses = item;
		}
}

/* The monitor knows nothing of pauses and windows: they are looked up. */
static void
flag_pauses(const struct past *past, struct status_row *all)
{
	struct window_clock windows = { .config = NULL };

	if (past->config != NULL)
		must_be(window_clock_init(&windows, past->config));
	(void)window_clock_turn(&windows, past->now);
	for (size_t i = 0; i < past->target_count; i++) {
		struct status_row *row = &all[i];

		row->silence |= row->pauses != NULL ? SILENCE_paused : 0;
		if (row->configured != NULL
		    && window_clock_holds(
		        &windows, (uint32_t)(row->configured - past->config->targets)))
			row->silence |= SILENCE_window;
		row->flags[STATUS_PAUSED] = row->silence & (SILENCE_paused | SILENCE_window);
	}
	window_clock_fini(&windows);
}

/* When the next run is due, and since when nobody looks at it: by the clock, as the daemon
 * judges it; while that does not run nobody looks. What is kept may be older than what was seen
 * where the store cannot be written: who reads it is told so. The monitor goes by the monotonic
 * clock, which is the same for us; the jitter of a retry we cannot know. */
static void
plan(const struct past *past, struct status_row *row, int64_t to_utc)
{
	struct target_state state = { .state = (uint8_t)row->state, .doubled = row->doubled };
	const struct policy *policy = row->configured == NULL ? NULL : row->configured->policy;
	int64_t last = row->ended != 0 ? row->ended
	    : row->since != 0          ? row->since
	                               : row->target->known;
	int64_t patience = patience_unknown;

	if (past->runs && policy != NULL && row->ended != 0)
		row->next_run = to_utc
		    + pace_next(&state, policy, row->configured->hash, 0, row->ended - to_utc, 0)
		          .at;
	if (past->behind != 0 || row->target->gone != 0)
		return;
	if (policy != NULL)
		patience = policy_patience(policy, pace_interval(&state, policy));
	if (!past->runs || past->now - last > patience)
		row->unseen_since = last;
	assert(past->runs || row->unseen_since == last); /* while no daemon runs nobody looks */
	row->flags[STATUS_UNSEEN] = row->unseen_since != 0;
	row->flags[STATUS_UNKNOWN] = row->run && row->verdict == PW_UNKNOWN;
}

struct status_row *
status_rows_read(struct past *past)
{
	struct status_row *all = past_keep(past, past->target_count * sizeof *all), *row;
	struct store_server server;

	for (size_t i = 0; i < past->target_count; i++)
		all[i] = (struct status_row){ .target = &past->targets[i],
			.configured = past->targets[i].configured, .state = STATE_PENDING };
	read_states(past, all);
	read_conditions(past, all);
	EACH_OF_TARGET(past, all, row, &server, STORE_LIST_SERVERS) {
		row->certificate_ends = server.not_after;
		row->chain_ends = server.chain_ends;
	}
	read_last_runs(past, all);
	read_pauses(past, all);
	flag_pauses(past, all);
	for (size_t i = 0; i < past->target_count; i++)
		plan(past, &all[i], past->now - clock_mono());
	return all;
}

const char *
status_row_state(const struct status_row *row, char bytes[STATUS_STATE_MAX])
{
	struct text text = text_over(bytes, STATUS_STATE_MAX);

	text_add(&text, state_name(row->state));
	for (int flag = 0; flag < STATUS_FLAGS; flag++)
		if (row->flags[flag])
			text_format(&text, ", %s", status_flag_names[flag]);
	for (char *at = bytes; (at = strchr(at, '_')) != NULL;)
		*at = ' ';
	return bytes;
}

const char *
status_row_seen(const struct past *past, const struct status_row *row, char bytes[STATUS_SEEN_MAX])
{
	struct text text = text_over(bytes, STATUS_SEEN_MAX);

	if (row->run && row->unseen_since != 0)
		text_format(&text, "not looked at since %s; ",
		    PAST_TIME(past, row->unseen_since));
	if (row->incident != 0)
		text_format(&text, "incident %llu: ", (unsigned long long)row->incident);
	text_add(&text, row->run ? verdict_name(row->verdict) : "not looked at yet");
	if (row->run && row->verdict != PW_OK)
		text_format(&text, " (%s)", row->outcome);
	if (row->text != NULL) {
		text_add(&text, ": ");
		text_add_shown(&text, text_view(row->text));
	}
	return bytes;
}

enum status_need
status_row_need(const struct status_row *row)
{
	static const enum status_need of_state[STATES] = { [STATE_DOWN] = STATUS_IS_DOWN,
		[STATE_RECOVERING] = STATUS_RECOVERS, [STATE_SUSPECT] = STATUS_IS_SUSPECT,
		[STATE_UP] = STATUS_IS_UP, [STATE_PENDING] = STATUS_IS_PENDING,
		[STATE_NONE] = STATUS_IS_PENDING };

	if (of_state[row->state] >= STATUS_IS_UP && row->unseen_since != 0)
		return STATUS_IS_UNSEEN;
	if (row->state == STATE_UP && (row->verdict != PW_OK || row->conditions != NULL))
		return STATUS_IS_ODD;
	return of_state[row->state];
}

int
status_rows_compare(const void *left, const void *right)
{
	const struct status_row *const *a = left, *const *b = right;
	uint64_t x = (*a)->target->number, y = (*b)->target->number;
	enum status_need p = status_row_need(*a), q = status_row_need(*b);

	return p != q ? (p < q ? -1 : 1) : x < y ? -1 : x > y;
}

static void
put_windows(const struct past *past, const struct status_row *row, int indent, bool only_in_force)
{
	const struct config *config = past->config;

	for (uint32_t i = 0; row->configured != NULL && i < config->window_count; i++) {
		const struct config_window *window = &config->windows[i];
		const char *name = window->timezone;
		struct zone *zone = name == NULL ? NULL : zone_open(name, NULL);
		int64_t next = calendar_next(&window->when, zone, past->now);
		bool open = calendar_holds(&window->when, zone, past->now);

		zone_close(&zone);
		if (!window_has_target(window, (uint32_t)(row->configured - config->targets))
		    || (!open && only_in_force))
			continue;
		printf("%*sa window %s %s", indent, "", open ? "is open until" : "opens at",
		    PAST_TIME(past, next == INT64_MAX ? 0 : next));
		past_end_line(window->why);
	}
}

void
status_row_put_silences(const struct past *past, const struct status_row *all,
    const struct status_row *row, int indent, bool only_in_force)
{
	const struct config *config = past->config;
	uint32_t parent = row->configured == NULL ? CONFIG_NONE : row->configured->parent;

	for (const struct status_pause *item = row->pauses; item != NULL; item = item->next) {
		printf("%*spaused until %s by ", indent, "", PAST_TIME(past, item->until));
		past_put(text_view(item->by));
		printf("%s%s", item->tag[0] == '\0' ? "" : ", as tag:", item->tag);
		past_end_line(item->why);
	}
	if (row->acknowledged != 0) {
		printf("%*sacknowledged %s by ", indent, "", PAST_TIME(past, row->acknowledged));
		past_put(text_view(row->ack_by[0] == '\0' ? "?" : row->ack_by));
		past_end_line(row->ack_why);
	}
	put_windows(past, row, indent, only_in_force);
	for (; parent != CONFIG_NONE; parent = config->targets[parent].parent)
		for (size_t i = 0; i < past->target_count; i++)
			if (all[i].configured == &config->targets[parent]
			    && (state_is_down(all[i].state) || !only_in_force))
				printf("%*sits parent %s is %s\n", indent, "",
				    all[i].configured->name, state_name(all[i].state));
}
