/*
 * `postwatch outbox`: lists deliveries that wait or were given up, from the store, and passes retry
 * and drop to the daemon. Also reads and prints the state of the notifiers, which `status` and
 * `shadow` show, too.
 */
#include "command/outbox.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/messages.h"
#include "command/layout.h"
#include "keeper/heartbeat.h"
#include "keeper/channel.h"
#include "keeper/record.h"
#include "keeper/shadow.h"

struct channel_shown {
	struct channel_row row;
	uint32_t waiting;
};

/* What the keeper has stored under that key; empty where there is nothing, or more than there is room
 * for. */
static struct wire_in
read_stored(const struct past *past, const char *key, unsigned char *bytes, size_t room)
{
	int64_t size = store_read_meta(past->reader, key, bytes, room);

	return wire_from(bytes, size < 0 || (uint64_t)size > room ? 0 : (size_t)size);
}

/* Counted in the store: there may be a hundred thousand. */
static void
count_deliveries(struct past *past, struct channels *channels)
{
	struct store_waiting waiting;

	if (past->broken || !store_read_waiting(past->reader, &STORE_WAITING_ALL, &waiting)) {
		past->broken = true;
		return;
	}
	channels->waiting = waiting.notices;
	channels->waiting_since = waiting.since;
	channels->given_up = waiting.dead;
	for (uint32_t i = 0; i < channels->count; i++) {
		const struct store_waiting_of of = { channels->rows[i].row.name, past->now };

		if (!store_read_waiting(past->reader, &of, &waiting))
			past->broken = true;
		channels->rows[i].waiting = (uint32_t)waiting.notices;
	}
}

static void
add_file(struct past *past, struct channels *channels, struct channels_file file)
{
	struct channels_file *more = past_keep(past, (channels->file_count + 1) * sizeof *more);

	if (channels->file_count > 0)
		memcpy(more, channels->files, channels->file_count * sizeof *more);
	more[channels->file_count++] = file;
	channels->files = more;
}

/* Those of probers first. */
static void
read_files(struct past *past, struct channels *channels)
{
	static unsigned char bytes[FILES_META_MAX + DAMAGE_META_MAX];
	struct wire_in in = read_stored(past, FILES_META, bytes, sizeof bytes);
	struct channels_file file = { .since = wire_get_i64(&in) };
	struct damage_row row;

	file.words = past_copy(past, wire_get_bytes(&in));
	if (wire_is_whole(&in) && file.since != 0)
		add_file(past, channels, file);
	in = read_stored(past, DAMAGE_META, bytes, sizeof bytes);
	while (damage_next(&in, &row))
		add_file(past, channels, (struct channels_file){ past_string(past, row.name),
		        row.damage.since, past_string(past, row.damage.words) });
}

void
channels_read(struct past *past, struct channels *channels)
{
	static unsigned char bytes[CHANNEL_META_MAX];
	struct wire_in in = read_stored(past, CHANNEL_META, bytes, sizeof bytes), again = in;
	unsigned char shadow[sizeof(int64_t)];
	struct channel_row row;
	struct store_notice blind;
	uint32_t count = 0;
	int64_t size;

	*channels = (struct channels){ .rows = NULL };
	while (channel_next(&again, &row))
		count++;
	channels->rows = past_keep(past, count * sizeof *channels->rows);
	while (channel_next(&in, &row))
		channels->rows[channels->count++].row = row;
	assert(channels->count == count);
	read_files(past, channels);
	size = store_read_meta(
	    past->reader, BEAT_META, channels->heartbeat, sizeof channels->heartbeat - 1);
	if (size < 0 || size >= (int64_t)sizeof channels->heartbeat)
		size = 0;
	channels->heartbeat[size] = '\0';
	in = read_stored(past, SHADOW_META, shadow, sizeof shadow);
	if (in.size >= sizeof shadow)
		memcpy(&channels->shadow_since, shadow, sizeof shadow);
	count_deliveries(past, channels);
	PAST_EACH(past, &blind, STORE_LIST_BLIND, 0) {
		channels->blind = past_copy(past, blind.text);
		channels->blind_since = blind.detected;
	}
}

/* Until when nothing is tried by that notifier; 0: it does not rest. */
static int64_t
channels_rest(const struct channels *channels, const struct past *past, const char *notifier)
{
	for (uint32_t i = 0; i < channels->count; i++)
		if (channels->rows[i].row.rests > past->now
		    && strcmp(channels->rows[i].row.name, notifier) == 0)
			return channels->rows[i].row.rests;
	return 0;
}

void
channels_put_waiting(const struct channels *channels, const struct past *past)
{
	if (channels->waiting > 0)
		printf("%zu notice%s waiting, the oldest since %s, for %s\n", channels->waiting,
		    plural(channels->waiting), PAST_TIME(past, channels->waiting_since),
		    PAST_LASTED(past, channels->waiting_since));
	if (channels->given_up > 0)
		printf("%zu deliver%s given up; `postwatch outbox` tells more\n",
		    channels->given_up, channels->given_up == 1 ? "y was" : "ies were");
}

void
channels_put(const struct channels *channels, const struct past *past)
{
	if (channels->shadow_since != 0)
		printf(
		    "Shadow since %s: nobody is told anything; `postwatch shadow` lists what would "
		    "have been told\n", PAST_TIME(past, channels->shadow_since));
	if (channels->blind != NULL) {
		printf("Blind since %s", PAST_TIME(past, channels->blind_since));
		past_end_line(channels->blind);
	}
	for (uint32_t i = 0; i < channels->count; i++) {
		const struct channel_shown *shown = &channels->rows[i];
		int64_t lasted = past->now - shown->row.since;
		struct text state = TEXT_ROOM(128);

		channel_add_state(&state, lasted > 0 ? lasted : 0, shown->waiting);
		past_put(text_view(shown->row.name));
		printf(": %s: ", state.bytes);
		past_put_line(text_view(shown->row.words));
	}
	for (uint32_t i = 0; i < channels->file_count; i++) {
		const struct channels_file *file = &channels->files[i];

		printf("Since %s, ", PAST_TIME(past, file->since));
		past_put(text_view(file->notifier));
		fputs(file->notifier == NULL ? "" : ": ", stdout);
		past_put_line(text_view(file->words));
	}
	if (channels->heartbeat[0] != '\0') {
		fputs("The heartbeat is held back: ", stdout);
		past_put_line(text_view(channels->heartbeat));
	}
}

void
channels_put_json(const struct channels *channels, const struct past *past)
{
	struct json json = json_begin_line(stdout);

	json_bool(&json, "running", past->runs);
	json_int(&json, "waiting", (int64_t)channels->waiting);
	json_time(&json, "waiting_since", channels->waiting_since);
	json_int(&json, "given_up", (int64_t)channels->given_up);
	if (channels->shadow_since != 0)
		json_time(&json, "shadow_since", channels->shadow_since);
	json_begin_array(&json, "failing_notifiers");
	for (uint32_t i = 0; i < channels->count; i++) {
		const struct channel_shown *shown = &channels->rows[i];

		json_begin_object(&json, NULL);
		json_string(&json, "notifier", shown->row.name);
		json_time(&json, "since", shown->row.since);
		json_int(&json, "waiting", shown->waiting);
		json_time(&json, "rests_until", channels_rest(channels, past, shown->row.name));
		json_string(&json, "text", shown->row.words);
		json_end(&json);
	}
	json_end(&json);
	json_begin_array(&json, "unusable_files");
	for (uint32_t i = 0; i < channels->file_count; i++) {
		json_begin_object(&json, NULL);
		json_string(&json, "notifier", channels->files[i].notifier);
		json_time(&json, "since", channels->files[i].since);
		json_string(&json, "text", channels->files[i].words);
		json_end(&json);
	}
	json_end(&json);
	json_string(&json, "heartbeat_held_back",
	    channels->heartbeat[0] == '\0' ? NULL : channels->heartbeat);
	json_end_line(&json);
}

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

	PAST_EACH(past, &row, kind, 0) {
		struct text shown = TEXT_ROOM(4096);

		text_escape(&shown, row.receipt);
		row.notifier = past_string(past, row.notifier);
		row.recipient = past_string(past, row.recipient);
		row.name = past_string(past, row.name);
		row.kind = past_string(past, row.kind);
		row.text.data = past_copy(past, row.text);
		row.receipt = text_view(past_string(past, shown.bytes));
		assert((row.state == STORE_DELIVERY_dead) == (kind == STORE_LIST_GIVEN_UP));
		*MUST_ADD(list->rows, list->count, list->room) = row;
	}
}

enum { NEXT_MAX = PAST_TIME_MAX + 16 };

/* Until when its notifier tries nothing, where that is what it waits for; else 0. */
static int64_t
rests_until(const struct list *list, const struct store_undelivered *row)
{
	int64_t until = channels_rest(&list->channels, list->past, row->notifier);

	return row->state != STORE_DELIVERY_dead && until > row->not_before ? until : 0;
}

static const char *
next_of(const struct list *list, const struct store_undelivered *row, char bytes[NEXT_MAX])
{
	const struct past *past = list->past;
	int64_t rests = rests_until(list, row);

	if (row->state == STORE_DELIVERY_dead)
		return "given up";
	if (row->state == STORE_DELIVERY_claimed)
		return "under way";
	if (rests == 0)
		return row->not_before > past->now ? past_ago(bytes, past, row->not_before) : "due";
	/* As long as it lasts, which is what past_lasted() says of a time that lies behind. */
	snprintf(bytes, NEXT_MAX, "rests %s", PAST_LASTED(past, 2 * past->now - rests));
	return bytes;
}

static void
put_json(const struct list *list, const struct store_undelivered *row)
{
	struct json json = json_begin_line(stdout);

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
	json_end_line(&json);
}

static void
put_line(const struct list *list, const struct layout_column columns[COLUMNS],
    const struct store_undelivered *row)
{
	char next[NEXT_MAX];
	struct text whom = TEXT_ROOM(2048);
	const char *const cells[COLUMNS] = {
		FORMAT(24, "%llu", (unsigned long long)row->notice), row->kind,
		store_delivery_name(row->state), FORMAT(16, "%u", row->attempts),
		PAST_LASTED(list->past, row->created), next_of(list, row, next),
		row->notifier };

	text_add_shown(&whom, text_view(row->recipient));
	if (row->target != 0)
		text_format(&whom, "%s%s", whom.size > 0 ? ": " : "", row->name);
	layout_row(columns, COLUMNS, cells, whom.bytes);
	if (row->receipt.size > 0) {
		printf("%*s", layout_row_indent(columns, COLUMNS), "");
		past_put_line(row->receipt);
	}
}

static void
put_table(const struct list *list)
{
	struct layout_column columns[COLUMNS] = { { "notice", 6, true }, { "kind", 4, false },
		{ "state", 5, false }, { "tries", 5, true }, { "waits", 5, false },
		{ "next try", 8, false }, { "notifier", 8, false } };
	size_t dead = 0, notices = 0;

	for (size_t i = 0; i < list->count; i++) {
		char bytes[NEXT_MAX];
		const struct store_undelivered *row = &list->rows[i];

		layout_widen(&columns[1], row->kind, LAYOUT_WIDE);
		layout_widen(&columns[2], store_delivery_name(row->state), LAYOUT_WIDE);
		layout_widen(
		    &columns[4], PAST_LASTED(list->past, row->created), LAYOUT_WIDE);
		layout_widen(&columns[5], next_of(list, row, bytes), LAYOUT_WIDE);
		layout_widen(&columns[6], row->notifier, layout_name_width());
	}
	if (list->count > 0)
		layout_heads(columns, COLUMNS, "to: of");
	for (size_t i = 0; i < list->count; i++) {
		bool is_dead = list->rows[i].state == STORE_DELIVERY_dead;

		put_line(list, columns, &list->rows[i]);
		dead += is_dead;
		notices += !is_dead && (i == 0 || list->rows[i].notice != list->rows[i - 1].notice);
	}
	assert(dead + notices <= list->count);
	printf("%zu deliver%s waiting, %zu given up", list->count - dead,
	    list->count - dead == 1 ? "y" : "ies", dead);
	if (notices > 0)
		printf("; %zu notice%s waiting", notices, plural(notices));
	putchar('\n');
	channels_put(&list->channels, list->past);
}

/* All is read before anything is shown: a store that breaks in between shows no half as the
 * whole. */
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
	if (count < 2 || count > 3
	    || (strcmp(argv[at], "retry") != 0 && strcmp(argv[at], "drop") != 0))
		return command_misused(command, "`outbox` takes: nothing, retry NOTICE|all "
		                                "[NOTIFIER], or drop NOTICE [NOTIFIER]");
	/* argv ends with a NULL, so the third word may be missing. */
	return past_ask(&past,
	    (const char *const[]){ "outbox", argv[at], argv[at + 1], argv[at + 2], NULL });
}

static const struct option_row options[] = {
	PAST_OPTIONS
};

static const char *const words[] = { "retry", "drop", "all", NULL };

const struct command command_outbox = {
	.name = "outbox", .arguments = "[retry NOTICE|all [NOTIFIER] | drop NOTICE [NOTIFIER]]",
	.summary = "what waits to be told, and what was given up",
	.help = "Lists the deliveries that wait and those that were given up: the notice, its "
	    "kind and target, the notifier and recipient, how often it was tried and when it is "
	    "tried next, and what the other side said last; then the notifiers that deliver "
	    "nothing, and why. Reads the store, so it works while the daemon does not run, too, "
	    "and then says so.\n\n"
	    "`retry` has the running daemon try them at once, those that were given up included; "
	    "`drop` forgets one, and the log says so. A word about up and down that newer ones "
	    "have overtaken is not sent after them.\n\n"
	    "Exit status: 0; 1 nothing is kept, or nothing was to be retried or dropped; 64 wrong "
	    "command line; 69 no daemon can be asked; 70 the store cannot be read; 75 it cannot be "
	    "done now; 78 there is no such file.",
	.options = options,
	.words = words,
	.run = outbox,
};
