/* `postwatch outbox`: what waits to be told and what was given up, from the store; and what to do about it, by the daemon. */
#include "command/past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "command/channels.h"
#include "command/layout.h"
#include "command/memory.h"
#include "command/pager.h"

enum { ROWS_A_PAGE = 1000, COLUMNS = 7 };

struct row {
	uint64_t notice;
	char *notifier, *recipient; /* owned */
	char *receipt;              /* the same, escaped */
	uint32_t state, attempts;
	int64_t next, created;
	char kind[24];
	uint64_t target;
	char *text;
};

struct list {
	const struct past *past;
	struct past_targets targets;
	struct channels channels;
	struct row *rows;
	uint32_t count, room;
};

static char *
escaped(struct pw_bytes bytes)
{
	char shown[4096];
	struct text text = TEXT_OVER(shown);

	text_escape(&text, bytes);
	return must(strdup(shown));
}

static bool
on_delivery(void *arg, const struct store_delivery *row)
{
	struct list *list = arg;

	must(VEC_RESERVE(list->rows, list->count, list->room) ? list->rows : NULL);
	list->rows[list->count++] = (struct row){ .notice = row->notice, .notifier = must(strdup(row->notifier)),
		.recipient = must(strdup(row->recipient)), .receipt = escaped(row->receipt),
		.state = row->state, .attempts = row->attempts, .next = row->not_before, .created = row->created,
		.target = row->target };
	return true;
}

static bool
on_notice(void *arg, const struct store_notice *notice)
{
	struct row *row = arg;

	snprintf(row->kind, sizeof row->kind, "%s", notice->kind);
	row->text = must(strndup(notice->text.data, notice->text.size));
	return false;
}

static enum store_reading
read_state(struct list *list, bool dead)
{
	struct store_delivery_key key = { 0, "", "" };
	struct store_reader *reader = list->past->reader;
	enum store_reading reading;

	do {
		size_t had = list->count;

		reading = dead ? store_read_deliveries_in(reader, STORE_DELIVERY_dead, &key, ROWS_A_PAGE, on_delivery, list)
		               : store_read_open_deliveries(reader, &key, ROWS_A_PAGE, on_delivery, list);
		if (list->count > had) {
			const struct row *last = &list->rows[list->count - 1];
			key = (struct store_delivery_key){ last->notice, last->notifier, last->recipient };
		}
	} while (reading == STORE_READ_MORE);
	return reading;
}

static const char *
name_of(const struct list *list, const struct row *row)
{
	const struct past_target *target = row->target == 0 ? NULL : past_targets_get(&list->targets, row->target);

	return target == NULL ? "" : target->name;
}

enum { NEXT_MAX = PAST_TIME_MAX + 16 };

/* Until when its notifier tries nothing, where that is what it waits for; else 0. */
static int64_t
rests_until(const struct list *list, const struct row *row)
{
	int64_t until = row->state == STORE_DELIVERY_dead ? 0 : channels_rest(&list->channels, list->past, row->notifier);

	return until > row->next ? until : 0;
}

static const char *
next_of(const struct list *list, const struct row *row, char bytes[NEXT_MAX])
{
	char at[PAST_TIME_MAX];
	int64_t rests = rests_until(list, row);

	if (row->state == STORE_DELIVERY_dead)
		return "given up";
	if (row->state == STORE_DELIVERY_claimed)
		return "under way";
	if (rests != 0)
		snprintf(bytes, NEXT_MAX, "rests %s", past_lasted(list->past, 2 * list->past->now - rests, at));
	else
		snprintf(bytes, NEXT_MAX, "%s", row->next <= list->past->now ? "due" : past_ago(list->past, row->next, at));
	return bytes;
}

static void
put_json(const struct list *list, const struct row *row)
{
	struct json json = json_to_file(stdout);

	json_begin_object(&json, NULL);
	json_int(&json, "notice", (int64_t)row->notice);
	json_string(&json, "kind", row->kind);
	json_string(&json, "target", row->target == 0 ? NULL : name_of(list, row));
	json_string(&json, "notifier", row->notifier);
	json_string(&json, "recipient", row->recipient);
	json_string(&json, "state", store_delivery_name(row->state));
	json_int(&json, "attempts", row->attempts);
	past_json_time(&json, "created", row->created);
	past_json_time(&json, "next_try", row->next);
	past_json_time(&json, "rests_until", rests_until(list, row));
	json_string(&json, "receipt", row->receipt);
	json_string(&json, "text", row->text == NULL ? "" : row->text);
	json_end(&json);
	json_finish_line(&json);
}

static void
put_line(const struct list *list, const struct layout_column columns[COLUMNS], const struct row *row)
{
	char number[24], attempts[16], since[PAST_TIME_MAX], next[NEXT_MAX], whom[2048];
	struct text text = TEXT_OVER(whom);

	snprintf(number, sizeof number, "%llu", (unsigned long long)row->notice);
	snprintf(attempts, sizeof attempts, "%u", row->attempts);
	text_add_shown(&text, (struct pw_bytes){ row->recipient, strlen(row->recipient) });
	if (row->target != 0)
		text_format(&text, "%s%s", text.size > 0 ? ": " : "", name_of(list, row));
	layout_row(columns, COLUMNS, (const char *const[COLUMNS]){ number, row->kind, store_delivery_name(row->state), attempts,
		past_lasted(list->past, row->created, since), next_of(list, row, next), row->notifier }, whom);
	if (row->receipt[0] != '\0') {
		printf("%*s", layout_row_indent(columns, COLUMNS), "");
		past_put((struct pw_bytes){ row->receipt, strlen(row->receipt) });
		putchar('\n');
	}
}

static void
put_sum(const struct list *list)
{
	size_t dead = 0, notices = 0;

	for (size_t i = 0; i < list->count; i++) {
		bool is_dead = list->rows[i].state == STORE_DELIVERY_dead;

		dead += is_dead;
		notices += !is_dead && (i == 0 || list->rows[i].notice != list->rows[i - 1].notice);
	}
	printf("%zu deliver%s waiting, %zu given up", list->count - dead, list->count - dead == 1 ? "y" : "ies", dead);
	if (notices > 0)
		printf("; %zu notice%s waiting", notices, notices == 1 ? "" : "s");
	putchar('\n');
	channels_put(&list->channels, list->past);
}

static void
put_table(const struct list *list)
{
	struct layout_column columns[COLUMNS] = { { "notice", 6, true }, { "kind", 4, false }, { "state", 5, false },
		{ "tries", 5, true }, { "waits", 5, false }, { "next try", 8, false }, { "notifier", 8, false } };

	for (size_t i = 0; i < list->count; i++) {
		char bytes[NEXT_MAX];
		const struct row *row = &list->rows[i];

		layout_widen(&columns[1], row->kind, LAYOUT_WIDE);
		layout_widen(&columns[2], store_delivery_name(row->state), LAYOUT_WIDE);
		layout_widen(&columns[4], past_lasted(list->past, row->created, bytes), LAYOUT_WIDE);
		layout_widen(&columns[5], next_of(list, row, bytes), LAYOUT_WIDE);
		layout_widen(&columns[6], row->notifier, layout_name_width());
	}
	if (list->count > 0)
		layout_heads(columns, COLUMNS, "to: of");
	for (size_t i = 0; i < list->count; i++)
		put_line(list, columns, &list->rows[i]);
	put_sum(list);
}

static enum store_reading
put_all(struct list *list)
{
	enum store_reading reading = STORE_READ_END;
	const struct past *past = list->past;

	for (size_t i = 0; i < list->count && reading != STORE_READ_BROKEN; i++)
		reading = store_read_notice(past->reader, list->rows[i].notice, on_notice, &list->rows[i]);
	if (!past->json)
		pager_begin();
	past_say_running(past);
	for (size_t i = 0; past->json && i < list->count; i++)
		put_json(list, &list->rows[i]);
	if (!past->json)
		put_table(list);
	return reading;
}

static void
list_fini(struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->rows[i].notifier);
		free(list->rows[i].recipient);
		free(list->rows[i].receipt);
		free(list->rows[i].text);
	}
	free(list->rows);
	past_targets_free(&list->targets);
	channels_free(&list->channels);
}

static int
list_all(struct past *past)
{
	struct list list = { .past = past };
	enum store_reading reading;
	int status = past_open_store(past);

	if (status != 0)
		return status;
	reading = past_targets_read(past, &list.targets);
	if (!channels_read(past, &list.channels))
		reading = STORE_READ_BROKEN;
	if (reading != STORE_READ_BROKEN)
		reading = read_state(&list, false);
	if (reading != STORE_READ_BROKEN)
		reading = read_state(&list, true);
	if (reading != STORE_READ_BROKEN)
		reading = put_all(&list);
	status = past_finish(past, reading, 0);
	list_fini(&list);
	return status;
}

static int
outbox(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	int at, status = past_options(&past, command, argc, argv, &at), count;

	if (status != 0)
		return status;
	count = argc - at;
	if (count == 0)
		return list_all(&past);
	if (count < 2 || count > 3 || (strcmp(argv[at], "retry") != 0 && strcmp(argv[at], "drop") != 0))
		return command_misused(command, "`outbox` takes: nothing, retry NOTICE|all [NOTIFIER], or drop NOTICE [NOTIFIER]");
	return past_ask(&past, (const char *const[]){ "outbox", argv[at], argv[at + 1], count > 2 ? argv[at + 2] : NULL, NULL });
}

static const struct option_row options[] = {
	PAST_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

static const char *const words[] = { "retry", "drop", "all", NULL };

const struct command command_outbox = {
	.name = "outbox",
	.arguments = "[retry NOTICE|all [NOTIFIER] | drop NOTICE [NOTIFIER]]",
	.summary = "what waits to be told, and what was given up",
	.help = "Lists the deliveries that wait and those that were given up: the notice, its kind and target, the notifier\n"
	        "and recipient, how often it was tried and when it is tried next, and what the other side said last; then\n"
	        "the notifiers that deliver nothing, and why. Reads the store, so it works while the daemon does not run,\n"
	        "too, and then says so.\n\n"
	        "`retry` has the running daemon try them at once, those that were given up included; `drop` forgets one, and\n"
	        "the log says so. A word about up and down that newer ones have overtaken is not sent after them.\n\n"
	        "Exit status: 0; 1 nothing is kept, or nothing was to be retried or dropped; 64 wrong command line; 69 no\n"
	        "daemon can be asked; 70 the store cannot be read; 75 it cannot be done now; 78 there is no such file.",
	.options = options,
	.words = words,
	.run = outbox,
};
