#include "command/channels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/memory.h"
#include "keeper/beat.h"
#include "keeper/channel.h"
#include "keeper/keeper.h"

enum { ROWS_A_PAGE = 1000 };

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
read_rows(const struct past *past, struct channels *channels)
{
	static unsigned char bytes[CHANNEL_META_MAX];
	struct wire_in in = read_stored(past, CHANNEL_META, bytes, sizeof bytes);
	struct channel_row row;

	while (channel_next(&in, &row)) {
		channels->rows = must(reallocarray(channels->rows, channels->count + 1, sizeof *channels->rows));
		channels->rows[channels->count++] = (struct channel_shown){ .row = row };
	}
}

struct counting {
	const struct past *past;
	struct channels *channels;
	struct store_delivery_key key;
	char notifier[CHANNEL_NAME_MAX], recipient[1024];
};

static bool
on_delivery(void *arg, const struct store_delivery *delivery)
{
	struct counting *it = arg;
	bool unripe = delivery->attempts == 0 && delivery->not_before > it->past->now;

	it->key.notice = delivery->notice;
	snprintf(it->notifier, sizeof it->notifier, "%s", delivery->notifier);
	snprintf(it->recipient, sizeof it->recipient, "%s", delivery->recipient);
	for (uint32_t i = 0; i < it->channels->count && !unripe; i++) {
		struct channel_shown *shown = &it->channels->rows[i];

		if (strcmp(shown->row.name, delivery->notifier) != 0 || shown->last == delivery->notice)
			continue;
		shown->last = delivery->notice;
		shown->waiting++;
	}
	return true;
}

static void
read_damage(const struct past *past, struct channels *channels)
{
	static unsigned char bytes[DAMAGE_META_MAX];
	struct wire_in in = read_stored(past, DAMAGE_META, bytes, sizeof bytes);
	struct damage_row row;

	while (damage_next(&in, &row)) {
		channels->damaged = must(reallocarray(channels->damaged, channels->damaged_count + 1, sizeof *channels->damaged));
		channels->damaged[channels->damaged_count++] = row;
	}
}

static void
read_files(const struct past *past, struct channels *channels)
{
	static unsigned char bytes[FILES_META_MAX];
	struct wire_in in = read_stored(past, FILES_META, bytes, sizeof bytes);
	int64_t since = wire_get_i64(&in);
	struct pw_bytes words = wire_get_bytes(&in);
	struct text text = TEXT_OVER(channels->files);

	if (!wire_is_whole(&in))
		return;
	channels->files_since = since;
	text_add_bytes(&text, words.data, words.size);
}

bool
channels_read(const struct past *past, struct channels *channels)
{
	struct counting it = { .past = past, .channels = channels, .key = { 0, it.notifier, it.recipient } };
	enum store_reading reading = STORE_READ_MORE;
	int64_t size;

	*channels = (struct channels){ .rows = NULL };
	read_rows(past, channels);
	read_files(past, channels);
	read_damage(past, channels);
	size = store_read_meta(past->reader, BEAT_META, channels->heartbeat, sizeof channels->heartbeat - 1);
	channels->heartbeat[size < 0 || size >= (int64_t)sizeof channels->heartbeat ? 0 : size] = '\0';
	while (channels->count > 0 && reading == STORE_READ_MORE)
		reading = store_read_open_deliveries(past->reader, &it.key, ROWS_A_PAGE, on_delivery, &it);
	return reading != STORE_READ_BROKEN;
}

void
channels_free(struct channels *channels)
{
	free(channels->rows);
	free(channels->damaged);
	*channels = (struct channels){ .rows = NULL };
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

	for (uint32_t i = 0; i < channels->count; i++) {
		const struct channel_shown *shown = &channels->rows[i];
		struct text text = TEXT_OVER(state);

		channel_add_state(&text, past->now > shown->row.since ? past->now - shown->row.since : 0, shown->waiting);
		printf("%s: %s: ", shown->row.name, state);
		past_put((struct pw_bytes){ shown->row.words, strlen(shown->row.words) });
		putchar('\n');
	}
	if (channels->files_since != 0) {
		printf("Since %s, ", past_time(past, channels->files_since, since));
		past_put((struct pw_bytes){ channels->files, strlen(channels->files) });
		putchar('\n');
	}
	for (uint32_t i = 0; i < channels->damaged_count; i++) {
		const struct damage_row *row = &channels->damaged[i];

		printf("Since %s, %s: ", past_time(past, row->damage.since, since), row->name);
		past_put((struct pw_bytes){ row->damage.words, strlen(row->damage.words) });
		putchar('\n');
	}
	if (channels->heartbeat[0] != '\0')
		printf("The heartbeat is held back: %s\n", channels->heartbeat);
}

static void
put_files_json(struct json *json, const char *notifier, int64_t since, const char *words)
{
	json_begin_object(json, NULL);
	json_string(json, "notifier", notifier);
	past_json_time(json, "since", since);
	json_string(json, "text", words);
	json_end(json);
}

void
channels_put_json(const struct channels *channels, const struct past *past, const struct store_waiting *waiting)
{
	struct json json = json_to_file(stdout);

	json_begin_object(&json, NULL);
	json_bool(&json, "running", past->runs);
	json_int(&json, "waiting", (int64_t)waiting->notices);
	past_json_time(&json, "waiting_since", waiting->since);
	json_int(&json, "given_up", (int64_t)waiting->dead);
	json_begin_array(&json, "failing_notifiers");
	for (uint32_t i = 0; i < channels->count; i++) {
		const struct channel_shown *shown = &channels->rows[i];

		json_begin_object(&json, NULL);
		json_string(&json, "notifier", shown->row.name);
		past_json_time(&json, "since", shown->row.since);
		json_int(&json, "waiting", shown->waiting);
		past_json_time(&json, "rests_until", channels_rest(channels, past, shown->row.name));
		json_string(&json, "text", shown->row.words);
		json_end(&json);
	}
	json_end(&json);
	json_begin_array(&json, "unusable_files");
	if (channels->files_since != 0)
		put_files_json(&json, NULL, channels->files_since, channels->files);
	for (uint32_t i = 0; i < channels->damaged_count; i++)
		put_files_json(&json, channels->damaged[i].name, channels->damaged[i].damage.since, channels->damaged[i].damage.words);
	json_end(&json);
	json_string(&json, "heartbeat_held_back", channels->heartbeat[0] == '\0' ? NULL : channels->heartbeat);
	json_end(&json);
	json_finish_line(&json);
}
