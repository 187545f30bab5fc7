/* `postwatch outbox`: what waits to be told and what was given up, from the store; and what to do about it, by the daemon. */
#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "command/channels.h"
#include "command/layout.h"

enum { COLUMNS = 7 };

/* Rows of the store, whose strings are kept by the past; receipts are escaped. */
struct list {
	struct past *past;
	struct channels channels;
	struct store_undelivered *rows;
	uint32_t count, room;
};

static void
read_deliveries(struct list *list, enum store_list_kind kind)
{
	struct past *past = list->past;
	struct store_undelivered row;
	struct store_list from;

	store_list_open(&from, past->reader, kind, 0);
	while (past_next(past, &from, &row)) {
		char shown[4096];
		struct text text = TEXT_OVER(shown);

		text_escape(&text, row.receipt);
		row.notifier = past_copy(past, words_of(row.notifier));
		row.recipient = past_copy(past, words_of(row.recipient));
		row.name = past_copy(past, words_of(row.name));
		row.kind = past_copy(past, words_of(row.kind));
		row.text.data = past_copy(past, row.text);
		row.receipt = words_of(past_copy(past, words_of(shown)));
		must(VEC_RESERVE(list->rows, list->count, list->room) ? list->rows : NULL);
		list->rows[list->count++] = row;
	}
}

enum { NEXT_MAX = PAST_TIME_MAX + 16 };

/* Until when its notifier tries nothing, where that is what it waits for; else 0. */
static int64_t
rests_until(const struct list *list, const struct store_undelivered *row)
{
	int64_t until = row->state == STORE_DELIVERY_dead ? 0 : channels_rest(&list->channels, list->past, row->notifier);

	return until > row->not_before ? until : 0;
}

static const char *
next_of(const struct list *list, const struct store_undelivered *row, char bytes[NEXT_MAX])
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
		snprintf(bytes, NEXT_MAX, "%s", row->not_before <= list->past->now ? "due" : past_ago(list->past, row->not_before, at));
	return bytes;
}

static void
put_json(const struct list *list, const struct store_undelivered *row)
{
	struct json json = json_to_file(stdout);

	json_begin_object(&json, NULL);
	json_int(&json, "notice", (int64_t)row->notice);
	json_string(&json, "kind", row->kind);
	json_string(&json, "target", row->target == 0 ? NULL : row->name);
	json_string(&json, "notifier", row->notifier);
	json_string(&json, "recipient", row->recipient);
	json_string(&json, "state", store_delivery_name(row->state));
	json_int(&json, "attempts", row->attempts);
	json_time(&json, "created", row->created);
	json_time(&json, "next_try", row->not_before);
	json_time(&json, "rests_until", rests_until(list, row));
	json_text(&json, "receipt", row->receipt);
	json_text(&json, "text", row->text);
	json_end(&json);
	json_finish_line(&json);
}

static void
put_line(const struct list *list, const struct layout_column columns[COLUMNS], const struct store_undelivered *row)
{
	char number[24], attempts[16], since[PAST_TIME_MAX], next[NEXT_MAX], whom[2048];
	struct text text = TEXT_OVER(whom);

	snprintf(number, sizeof number, "%llu", (unsigned long long)row->notice);
	snprintf(attempts, sizeof attempts, "%u", row->attempts);
	text_add_shown(&text, words_of(row->recipient));
	if (row->target != 0)
		text_format(&text, "%s%s", text.size > 0 ? ": " : "", row->name);
	layout_row(columns, COLUMNS, (const char *const[COLUMNS]){ number, row->kind, store_delivery_name(row->state), attempts,
		past_lasted(list->past, row->created, since), next_of(list, row, next), row->notifier }, whom);
	if (row->receipt.size > 0) {
		printf("%*s", layout_row_indent(columns, COLUMNS), "");
		past_put(row->receipt);
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
		const struct store_undelivered *row = &list->rows[i];

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

static int
list_all(struct past *past)
{
	struct list list = { .past = past };
	int status = past_open_store(past);

	if (status != 0)
		return status;
	channels_read(past, &list.channels);
	read_deliveries(&list, STORE_LIST_WAITING);
	read_deliveries(&list, STORE_LIST_GIVEN_UP);
	if (!past->broken)
		past_begin(past);
	for (size_t i = 0; past->json && !past->broken && i < list.count; i++)
		put_json(&list, &list.rows[i]);
	if (!past->json && !past->broken)
		put_table(&list);
	free(list.rows);
	return past_finish(past, 0);
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
	PAST_OPTIONS
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
