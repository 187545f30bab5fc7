#include "command/channels.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "keeper/beat.h"
#include "base/messages.h"
#include "keeper/channel.h"
#include "keeper/damage.h"
#include "keeper/keeper.h"

struct channel_shown {
	struct channel_row row;
	uint64_t last;   /* notice that was counted */
	uint32_t waiting;
};

/* What the keeper has stored under that key; empty where there is nothing. */
static struct wire_in
read_stored(const struct past *past, const char *key, unsigned char *bytes, size_t room)
{
	int64_t size = store_read_meta(past->reader, key, bytes, room);

	return wire_from(bytes, size < 0 ? 0 : (size_t)size);
}

static void
read_failing(struct past *past, struct channels *channels)
{
	static unsigned char bytes[CHANNEL_META_MAX];
	struct wire_in in = read_stored(past, CHANNEL_META, bytes, sizeof bytes), again = in;
	struct channel_row row;
	uint32_t count = 0;

	while (channel_next(&again, &row))
		count++;
	channels->rows = past_keep(past, count * sizeof *channels->rows);
	while (channel_next(&in, &row))
		channels->rows[channels->count++].row = row;
	assert(channels->count == count);
}

/* Deliveries of a notice follow each other. One that nobody has tried, and that is not due, is no failure of its notifier. */
static void
count_deliveries(struct past *past, struct channels *channels)
{
	struct store_undelivered row;
	struct store_list list;
	uint64_t last = 0;

	store_list_open(&list, past->reader, STORE_LIST_WAITING, 0);
	for (; past_next(past, &list, &row); last = row.notice) {
		channels->waiting += row.notice != last;
		if (channels->waiting_since == 0 || row.created < channels->waiting_since)
			channels->waiting_since = row.created;
		for (uint32_t i = 0; i < channels->count && (row.attempts > 0 || row.not_before <= past->now); i++) {
			struct channel_shown *shown = &channels->rows[i];

			if (strcmp(shown->row.name, row.notifier) != 0 || shown->last == row.notice)
				continue;
			shown->last = row.notice;
			shown->waiting++;
		}
	}
	store_list_open(&list, past->reader, STORE_LIST_GIVEN_UP, 0);
	while (past_next(past, &list, &row))
		channels->given_up++;
}

/* Those of probers first. */
static void
read_files(struct past *past, struct channels *channels)
{
	static unsigned char bytes[FILES_META_MAX + DAMAGE_META_MAX];
	struct wire_in in = read_stored(past, FILES_META, bytes, sizeof bytes);
	int64_t since = wire_get_i64(&in);
	struct pw_bytes words = wire_get_bytes(&in);
	struct damage_row row;

	channels->files = past_keep(past, sizeof *channels->files);
	if (wire_is_whole(&in) && since != 0)
		channels->files[channels->file_count++] = (struct channels_file){ NULL, since, past_copy(past, words) };
	in = read_stored(past, DAMAGE_META, bytes, sizeof bytes);
	while (damage_next(&in, &row)) {
		struct channels_file *more = past_keep(past, (channels->file_count + 1) * sizeof *more);

		memcpy(more, channels->files, channels->file_count * sizeof *more);
		more[channels->file_count++] = (struct channels_file){ past_copy(past, words_of(row.name)), row.damage.since,
		    past_copy(past, words_of(row.damage.words)) };
		channels->files = more;
	}
}

void
channels_read(struct past *past, struct channels *channels)
{
	struct store_notice blind;
	struct store_list list;
	int64_t size;

	*channels = (struct channels){ .rows = NULL };
	read_failing(past, channels);
	read_files(past, channels);
	size = store_read_meta(past->reader, BEAT_META, channels->heartbeat, sizeof channels->heartbeat - 1);
	channels->heartbeat[size < 0 || size >= (int64_t)sizeof channels->heartbeat ? 0 : size] = '\0';
	count_deliveries(past, channels);
	store_list_open(&list, past->reader, STORE_LIST_BLIND, 0);
	while (past_next(past, &list, &blind)) {
		channels->blind = past_copy(past, blind.text);
		channels->blind_since = blind.detected;
	}
}

int64_t
channels_rest(const struct channels *channels, const struct past *past, const char *notifier)
{
	for (uint32_t i = 0; i < channels->count; i++)
		if (strcmp(channels->rows[i].row.name, notifier) == 0 && channels->rows[i].row.rests > past->now)
			return channels->rows[i].row.rests;
	return 0;
}

void
channels_put(const struct channels *channels, const struct past *past)
{
	char state[128], since[PAST_TIME_MAX];

	if (channels->blind != NULL) {
		printf("Blind since %s", past_time(past, channels->blind_since, since));
		past_put_words(channels->blind);
		putchar('\n');
	}
	for (uint32_t i = 0; i < channels->count; i++) {
		const struct channel_shown *shown = &channels->rows[i];
		struct text text = TEXT_OVER(state);

		channel_add_state(&text, past->now > shown->row.since ? past->now - shown->row.since : 0, shown->waiting);
		printf("%s: %s: ", shown->row.name, state);
		past_put(words_of(shown->row.words));
		putchar('\n');
	}
	for (uint32_t i = 0; i < channels->file_count; i++) {
		const struct channels_file *file = &channels->files[i];

		printf("Since %s, %s%s", past_time(past, file->since, since), file->notifier == NULL ? "" : file->notifier,
		    file->notifier == NULL ? "" : ": ");
		past_put(words_of(file->words));
		putchar('\n');
	}
	if (channels->heartbeat[0] != '\0')
		printf("The heartbeat is held back: %s\n", channels->heartbeat);
}

void
channels_put_json(const struct channels *channels, const struct past *past)
{
	struct json json = json_to_file(stdout);

	json_begin_object(&json, NULL);
	json_bool(&json, "running", past->runs);
	json_int(&json, "waiting", (int64_t)channels->waiting);
	json_time(&json, "waiting_since", channels->waiting_since);
	json_int(&json, "given_up", (int64_t)channels->given_up);
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
	json_string(&json, "heartbeat_held_back", channels->heartbeat[0] == '\0' ? NULL : channels->heartbeat);
	json_end(&json);
	json_finish_line(&json);
}
