/*
 * For the pages and the API of the web process: says in words who was told of an outage, or why
 * nobody was. The record of the store decides (web/told.h). Settings and the present state are
 * asked only where the record says nothing.
 */
#include "web/told_text.h"

#include <string.h>

#include "web/site.h"

/* Why nobody was told, for programs and for people; those of silences.def, and what a delivery may come to. */
enum reason_kind { WAITING, FAILING, LATER, GIVEN_UP, NOT_CONFIRMED, QUIET_HOURS, NO_NOTIFIER, PAUSED, PARENT, SILENT, WINDOW };
static const struct reason_words {
	const char *word, *text;
} reasons[] = {
	[WAITING] = { "waiting", "it waits for " }, /* the notifier's name follows */
	[FAILING] = { "failing", "it cannot be delivered through " },
	[LATER] = { "later", "it waits for its time, " },
	[GIVEN_UP] = { "given_up", "it was given up by " },
	[NOT_CONFIRMED] = { "not_confirmed", "it is not confirmed" },
	[QUIET_HOURS] = { "quiet_hours", "these are quiet hours" },
	[NO_NOTIFIER] = { "no_notifier", "no notifier is meant for it" },
	[PAUSED] = { "paused", "it is paused" },
	[PARENT] = { "parent", "its parent is down" },
	[SILENT] = { "silent", "it was kept silent" },
	[WINDOW] = { "window", "a window is open" },
	{ "parent_unplain", "its parent is looked at first" }, { "flapping", "it flaps, and that was told" }, { "down", "it is down, and that is told" },
	{ "digest", "it is told with all that fail at once" }, { "acknowledged", "it was acknowledged" }, { "blind", "it is we who reach nobody" },
	{ "over", "it was over before" },
};

static const struct reason_words *
reason_named(const char *word)
{
	size_t size = strcspn(word, " ");

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (strlen(reasons[i].word) == size && strncmp(reasons[i].word, word, size) == 0)
			return &reasons[i];
	return &reasons[SILENT];
}

static bool
has_quiet_hours(const struct config *config, const struct target *target)
{
	for (uint32_t i = 0; target != NULL && i < config->notifier_count; i++)
		if (config->notifiers[i].quiet.count > 0 && notifier_hears_of(config, i, target))
			return true;
	return false;
}

/* One of its notices was tried, and none of those that wait got through. */
static bool
is_failing(const struct view *view, const struct told *told)
{
	const struct outbox_row *waiting = outbox_of(&board_known(view->board)->outbox, told->waits);

	return waiting != NULL && waiting->tries > 0;
}

/* NULL: somebody was told, or there is nothing to tell. */
static const struct reason_words *
reason_of(const struct view *view, const struct board_row *row, const struct told *told)
{
	if (told->sent > 0)
		return NULL;
	if (told->waiting > 0)
		return &reasons[is_failing(view, told) ? FAILING : told->due > board_time(view->board) ? LATER : WAITING];
	if (told->given_up > 0)
		return &reasons[GIVEN_UP];
	if (row != NULL && row->rank == RANK_DOWN && row->silences[0] != '\0') /* as it is now */
		return reason_named(row->silences);
	if (told->has_notice && told->silence[0] != '\0')
		return reason_named(told->silence);
	if (told->has_notice)
		return &reasons[row != NULL && has_quiet_hours(view->config, row->configured) ? QUIET_HOURS : NO_NOTIFIER];
	if (row == NULL || row->rank == RANK_UNKNOWN || row->rank == RANK_PENDING || row->rank == RANK_UP)
		return NULL;
	return row->silences[0] == '\0' || row->rank == RANK_SUSPECT ? &reasons[NOT_CONFIRMED] : reason_named(row->silences);
}

void
told_put_pause_end(struct view *view, const struct board_row *row)
{
	int64_t until = row->configured == NULL ? 0 : window_clock_until(&board_known(view->board)->windows, (uint32_t)(row->configured - view->config->targets));
	const struct pauses *pauses = &board_known(view->board)->pauses;

	for (uint32_t i = 0; i < pauses->count; i++)
		if (pauses->items[i].until > until && pause_holds(&pauses->items[i], board_time(view->board), row->number, row->configured))
			until = pauses->items[i].until;
	if (until != 0)
		PUT(view, " until {}", AS_MOMENT(until));
}

/* What a reason is about: the end of a pause, the parent, the notifier that fails. */
static void
put_detail(struct view *view, const struct board_row *row, const struct told *told, enum reason_kind kind)
{
	const struct config *config = view->config;

	switch (kind) {
	case WAITING:
	case FAILING:
	case LATER:
		PUT(view, "{}", AS_STRING(told->waits));
		if (kind == LATER)
			PUT(view, " is told at {}", AS_MOMENT(told->due));
		break;
	case GIVEN_UP:
		PUT(view, "{}", AS_STRING(told->dead));
		break;
	case PAUSED:
		if (row != NULL)
			told_put_pause_end(view, row);
		break;
	case PARENT:
		if (row != NULL && row->configured != NULL && row->configured->parent != CONFIG_NONE) {
			PUT(view, ": ");
			view_target(view, config->targets[row->configured->parent].name);
		}
		break;
	case WINDOW:
		if (row != NULL)
			told_put_pause_end(view, row);
		for (uint32_t i = 0; row != NULL && row->configured != NULL && i < config->window_count; i++)
			if (window_has_target(&config->windows[i], (uint32_t)(row->configured - config->targets))) {
				PUT(view, ": {}", AS_STRING(config->windows[i].why));
				break;
			}
		break;
	default:
		break;
	}
}

void
told_put(struct view *view, const struct board_row *row, const struct told *told, bool is_whole)
{
	const struct reason_words *reason = reason_of(view, row, told);

	if (reason != NULL) {
		PUT(view, "<strong>Not told:</strong> {}", AS_STRING(reason->text));
		put_detail(view, row, told, (enum reason_kind)(reason - reasons));
	} else if (told->sent > 0) {
		PUT(view, "<strong>Told</strong> {} through {}", AS_MOMENT(told->at),
		    AS_STRING(told->by));
		for (uint32_t i = 0; is_whole && i < view->config->notifier_count; i++)
			if (strcmp(view->config->notifiers[i].name, told->by) == 0)
				PUT(view, " ({})", AS_STRING(view->config->notifiers[i].plugin->descriptor->name));
		if (is_whole && told->to[0] != '\0')
			PUT(view, " to {}", AS_STRING(told->to));
		if (told->waiting > 0) {
			PUT(view, "; not yet through {}", AS_STRING(told->waits));
			if (is_failing(view, told))
				PUT(view, ", which fails");
		}
		if (told->given_up > 0)
			PUT(view, "; given up by {}", AS_STRING(told->dead));
	}
}

void
told_put_before(struct view *view, const struct told *told)
{
	if (told->before == 0)
		return;
	PUT(view, " <span class=\"before\">Down {}{} before, last on {}</span>",
	    AS_U64(told->before), AS_STRING(told->before == 1 ? " time" : " times"),
	    AS_MOMENT(told->before_at));
}

void
told_put_json(struct json *json, const struct view *view, const struct board_row *row, const struct told *told)
{
	const struct reason_words *reason = reason_of(view, row, told);

	json_time(json, "told", told->at);
	json_string(json, "told_by", told->sent > 0 ? told->by : NULL);
	json_string(json, "told_waits_for", told->waiting > 0 ? told->waits : NULL);
	json_string(json, "not_told_because", reason == NULL ? NULL : reason->word);
}
