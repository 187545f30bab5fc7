/* Of channels only those that fail are in the store: a list under one key, written whole. */
#include "keeper/channel.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/beat.h"
#include "keeper/keeper.h"

enum { VERSION = 1, CODE_NAME_MAX = OUTCOME_NAME_MAX - sizeof "channel_" };
static const int64_t absence_max = 10 * (int64_t)SECOND; /* a worker that died is replaced by then */

/* Notices that wait for the notifier, and whose time has come. */
static uint32_t
count_waiting(const struct courier *courier)
{
	uint64_t last = 0;
	uint32_t count = 0;

	for (const struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next) {
		count += delivery->notice != last && !outbox_is_unripe(delivery);
		last = delivery->notice;
	}
	return count;
}

static int64_t
age_of(const struct channel *channel)
{
	return clock_boot() - channel->age;
}

bool
channel_is_dead(const struct courier *courier)
{
	return courier->channel.since != 0 && age_of(&courier->channel) >= courier->rules->channel_grace;
}

static void
put_all(struct keeper *keeper)
{
	static unsigned char bytes[CHANNEL_META_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	int64_t now = clock_wall(), mono = clock_mono();

	wire_put_u8(&out, VERSION);
	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		const struct courier *courier = &keeper->outbox.couriers[i];
		const struct channel *channel = &courier->channel;

		if (channel->since == 0)
			continue;
		wire_put_bytes(&out, (struct pw_bytes){ courier->name, strlen(courier->name) });
		wire_put_bytes(&out, (struct pw_bytes){ channel->words, strlen(channel->words) });
		wire_put_i64(&out, channel->since);
		wire_put_i64(&out, courier->rest_until > mono ? now + courier->rest_until - mono : 0);
		wire_put_u64(&out, channel->told);
	}
	if (!out.bad)
		store_put_meta(journal_main(keeper), CHANNEL_META, (struct pw_bytes){ (const char *)bytes, out.size });
}

static void
get(struct wire_in *in, char *into, size_t room)
{
	struct pw_bytes bytes = wire_get_bytes(in);

	snprintf(into, room, "%.*s", (int)bytes.size, bytes.data == NULL ? "" : bytes.data);
}

bool
channel_next(struct wire_in *in, struct channel_row *row)
{
	if (in->at == 0)
		in->bad |= wire_get_u8(in) != VERSION;
	if (in->bad || in->at == in->size)
		return false;
	get(in, row->name, sizeof row->name);
	get(in, row->words, sizeof row->words);
	row->since = wire_get_i64(in);
	row->rests = wire_get_i64(in);
	row->told = wire_get_u64(in);
	return !in->bad;
}

static void
begin(struct keeper *keeper, struct courier *courier)
{
	struct channel *channel = &courier->channel;

	channel->since = clock_wall();
	channel->age = clock_boot();
	duty_log(keeper->duty, LOG_WARNING, 0, "keeper: %s has not delivered a notice, %" PRIu32 " waiting: %s", courier->name,
	    count_waiting(courier), channel->words);
}

void
channel_failed(struct keeper *keeper, struct courier *courier, struct pw_bytes words)
{
	struct channel *channel = &courier->channel;
	struct text text = TEXT_OVER(channel->words);

	text_escape(&text, words);
	if (text.size == 0)
		text_add(&text, "no reason was given");
	channel->unborn = false;
	if (channel->since == 0)
		begin(keeper, courier);
	put_all(keeper);
}

/* What our own trouble is known by, to whoever has to find the begin of what ended: as far as the name has such letters. */
static void
name_code(const char *name, char code[static OUTCOME_NAME_MAX])
{
	size_t size = (size_t)snprintf(code, OUTCOME_NAME_MAX, "channel_%.*s", (int)CODE_NAME_MAX, name);

	for (size_t i = 0; i < size; i++)
		code[i] = isalnum((unsigned char)code[i]) ? (char)tolower((unsigned char)code[i]) : '_';
}

static void
tell(struct keeper *keeper, struct courier *courier)
{
	struct channel *channel = &courier->channel;
	char lasted[64], code[OUTCOME_NAME_MAX];
	struct text span = TEXT_OVER(lasted);

	text_add_span(&span, age_of(channel));
	name_code(courier->name, code);
	keeper->outbox.spared = courier_index(keeper, courier);
	keeper->outbox.spares_dead = true;
	channel->told = record_ours(keeper, "impaired", code, channel->since, "%s: nothing delivered for %s, %" PRIu32 " waiting: %s",
	    courier->name, lasted, count_waiting(courier), channel->words);
	keeper->outbox.spared = CONFIG_NONE;
	keeper->outbox.spares_dead = false;
	put_all(keeper);
}

/* Who was told that it fails is told that it works. */
static void
tell_end(struct keeper *keeper, const char *name, uint64_t told, int64_t since, const char *how)
{
	char code[OUTCOME_NAME_MAX];

	name_code(name, code);
	keeper->outbox.told_before = told;
	record_ours(keeper, "cleared", code, since, "%s: %s", name, how);
	keeper->outbox.told_before = 0;
}

void
channel_works(struct keeper *keeper, struct courier *courier)
{
	struct channel was = courier->channel;
	char words[96];
	struct text text = TEXT_OVER(words);

	if (was.since == 0)
		return;
	text_add(&text, "delivers again, after ");
	text_add_span(&text, age_of(&was));
	courier->channel = (struct channel){ .absent = was.absent };
	if (was.told != 0)
		tell_end(keeper, courier->name, was.told, was.since, words);
	else
		duty_log(keeper->duty, LOG_NOTICE, 0, "keeper: %s %s", courier->name, words);
	put_all(keeper);
}

void
channel_absent(struct courier *courier)
{
	if (courier->channel.absent == 0)
		courier->channel.absent = clock_boot();
}

void
channel_present(struct keeper *keeper, struct courier *courier)
{
	courier->channel.absent = 0;
	if (courier->channel.unborn)
		channel_works(keeper, courier);
}

static void
look_at(struct keeper *keeper, struct courier *courier)
{
	static const char words[] = "its process does not run: the log says why";
	struct channel *channel = &courier->channel;

	if (channel->since == 0 && channel->absent != 0 && clock_boot() - channel->absent > absence_max) {
		channel_failed(keeper, courier, (struct pw_bytes){ words, sizeof words - 1 });
		channel->unborn = true;
	}
	if (channel->told == 0 && channel_is_dead(courier) && count_waiting(courier) > 0)
		tell(keeper, courier);
}

void
channel_turn(struct keeper *keeper)
{
	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		if (!beat_is_of(keeper, i)) /* that one has words of its own */
			look_at(keeper, &keeper->outbox.couriers[i]);
}

static bool
recover(struct keeper *keeper, const struct channel_row *row)
{
	int64_t age = clock_wall() - row->since;

	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		struct channel *channel = &keeper->outbox.couriers[i].channel;

		if (strcmp(keeper->outbox.couriers[i].name, row->name) != 0)
			continue;
		channel->since = row->since;
		channel->age = clock_boot() - (age > 0 ? age : 0);
		channel->told = row->told;
		memcpy(channel->words, row->words, sizeof channel->words);
		return true;
	}
	return false;
}

void
channel_recover(struct keeper *keeper)
{
	static unsigned char bytes[CHANNEL_META_MAX];
	int64_t size = store_read_meta(keeper->reader, CHANNEL_META, bytes, sizeof bytes);
	struct wire_in in = wire_from(bytes, size < 0 ? 0 : (size_t)size);
	struct channel_row row;
	bool changed = false;

	while (size > 0 && channel_next(&in, &row))
		if (!recover(keeper, &row)) {
			changed = true;
			if (row.told != 0)
				tell_end(keeper, row.name, row.told, row.since, "is no longer configured");
		}
	if (changed)
		put_all(keeper);
}
