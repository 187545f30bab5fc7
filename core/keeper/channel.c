/* Of channels only those that fail are in the store: a list under one key, written whole. */
#include "keeper/channel.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/wire_form.h"
#include "keeper/keeper.h"
#include "keeper/record.h"

enum { VERSION = 2, CODE_NAME_MAX = OUTCOME_NAME_MAX - 16 };
static const int64_t absence_max = 10 * (int64_t)SECOND; /* a worker that died is replaced by then, and one that lives so long has begun */

static int64_t
age_of(const struct channel *channel)
{
	return clock_boot() - channel->age;
}

static const struct wire_form channel_form = { WIRE_FORM(channel_row,
	WIRE_FIELD(STRING, channel_row, name),
	WIRE_FIELD(STRING, channel_row, words),
	WIRE_FIELD(I64, channel_row, since),
	WIRE_FIELD(I64, channel_row, rests),
	WIRE_FIELD(U64, channel_row, told),
	WIRE_FIELD(U8, channel_row, unborn, .max = 1, .since = 2)) };

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
		struct channel_row row = { .since = channel->since, .told = channel->told, .unborn = channel->unborn,
			.rests = courier->rest_until > mono ? now + courier->rest_until - mono : 0 };
		text_copy(row.name, sizeof row.name, courier->name);
		text_copy(row.words, sizeof row.words, channel->words);
		wire_put_form(&out, &channel_form, &row);
	}
	if (!out.bad)
		store_put_meta(journal_main(keeper), CHANNEL_META, (struct pw_bytes){ (const char *)bytes, out.size });
}

bool
channel_next(struct wire_in *in, struct channel_row *row)
{
	if (in->at == 0) {
		uint8_t version = wire_get_u8(in);
		in->bad |= version < 1 || version > VERSION;
	}
	if (in->bad || in->at == in->size)
		return false;
	*row = (struct channel_row){ .since = 0 };
	wire_get_form(in, &channel_form, row, &(struct wire_terms){ .version = in->bytes[0] });
	return !in->bad;
}

static void
begin(struct keeper *keeper, struct courier *courier)
{
	struct channel *channel = &courier->channel;

	channel->since = clock_wall();
	channel->age = clock_boot();
	if (channel->unborn)
		duty_log(keeper->duty, LOG_WARNING, 0, "%s cannot deliver: %s", courier->name, channel->words);
	else
		duty_log(keeper->duty, LOG_WARNING, 0, "%s has not delivered a notice, %" PRIu32 " waiting: %s", courier->name,
		    outbox_count(keeper, courier), channel->words);
}

static void
fail(struct keeper *keeper, struct courier *courier, struct pw_bytes words, bool unborn)
{
	struct channel *channel = &courier->channel;
	struct text text = TEXT_OVER(channel->words);

	text_escape(&text, words);
	if (text.size == 0)
		text_add(&text, "no reason was given");
	channel->unborn = unborn;
	if (channel->since == 0)
		begin(keeper, courier);
	put_all(keeper);
}

void
channel_failed(struct keeper *keeper, struct courier *courier, struct pw_bytes words)
{
	fail(keeper, courier, words, false);
}

void
channel_name_code(const char *prefix, const char *name, char code[static OUTCOME_NAME_MAX])
{
	size_t size = (size_t)snprintf(code, OUTCOME_NAME_MAX, "%.8s_%.*s", prefix, (int)CODE_NAME_MAX, name);

	for (size_t i = 0; i < size; i++)
		code[i] = isalnum((unsigned char)code[i]) ? (char)tolower((unsigned char)code[i]) : '_';
}

void
channel_add_state(struct text *text, int64_t lasted, uint32_t waiting)
{
	text_add(text, waiting > 0 ? "nothing delivered for " : "cannot deliver, for ");
	text_add_span(text, lasted);
	if (waiting > 0)
		text_format(text, ", %" PRIu32 " waiting", waiting);
}

static void
tell(struct keeper *keeper, struct courier *courier)
{
	struct channel *channel = &courier->channel;
	char words[128], code[OUTCOME_NAME_MAX];
	struct text text = TEXT_OVER(words);

	channel_add_state(&text, age_of(channel), outbox_count(keeper, courier));
	channel_name_code("channel", courier->name, code);
	keeper->outbox.spared = courier_index(keeper, courier);
	keeper->outbox.spares_dead = true;
	channel->told = record_ours(keeper, "impaired", code, channel->since, "%s: %s: %s", courier->name, words, channel->words);
	keeper->outbox.spared = CONFIG_NONE;
	keeper->outbox.spares_dead = false;
	put_all(keeper);
}

/* Who was told that it fails is told that it works. */
static void
tell_end(struct keeper *keeper, const char *name, uint64_t told, int64_t since, const char *how)
{
	char code[OUTCOME_NAME_MAX];

	channel_name_code("channel", name, code);
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
	text_add(&text, was.unborn ? "can deliver again, after " : "delivers again, after ");
	text_add_span(&text, age_of(&was));
	courier->channel = was;
	courier->channel.since = courier->channel.age = 0;
	courier->channel.told = 0;
	courier->channel.unborn = false;
	if (was.told != 0)
		tell_end(keeper, courier->name, was.told, was.since, words);
	else
		duty_log(keeper->duty, LOG_NOTICE, 0, "%s %s", courier->name, words);
	put_all(keeper);
}

bool
channel_hear_parent(struct keeper *keeper, struct wire_in *in)
{
	struct message_absent absent;

	if (!message_get_absent(in, &absent, keeper->outbox.count))
		return false;
	snprintf(keeper->outbox.couriers[absent.notifier].channel.absence, ABSENT_TEXT_MAX, "%s", absent.why);
	return true;
}

/* One that dies soon after each birth is as good as none. */
static void
look_at_worker(struct keeper *keeper, struct courier *courier)
{
	static const char unknown[] = "its process does not run: the log says why";
	struct channel *channel = &courier->channel;
	int64_t now = clock_boot();

	if (channel->present != 0 && now - channel->present > absence_max) {
		channel->absent = channel->present = 0;
		channel->absence[0] = '\0';
		if (channel->unborn)
			channel_works(keeper, courier);
	}
	if (channel->absent == 0 || channel->present != 0 || now - channel->absent <= absence_max)
		return;
	const char *why = channel->absence[0] != '\0' ? channel->absence : unknown;
	if (channel->since == 0 || (channel->unborn && strcmp(channel->words, why) != 0))
		fail(keeper, courier, (struct pw_bytes){ why, strlen(why) }, true);
}

static void
look_at(struct keeper *keeper, struct courier *courier)
{
	const struct channel *channel = &courier->channel;

	look_at_worker(keeper, courier);
	if (channel->told == 0 && courier_is_dead(courier) && (channel->unborn || outbox_count(keeper, courier) > 0))
		tell(keeper, courier);
}

void
channel_turn(struct keeper *keeper)
{
	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		if (!outbox_is_heartbeat(keeper, i)) /* that one has words of its own */
			look_at(keeper, &keeper->outbox.couriers[i]);
}

static bool
recover(struct keeper *keeper, const struct channel_row *row)
{
	struct courier *courier = courier_named(keeper, (struct pw_bytes){ row->name, strlen(row->name) });
	int64_t age = clock_wall() - row->since;

	if (courier == NULL)
		return false;
	courier->channel.since = row->since;
	courier->channel.age = clock_boot() - (age > 0 ? age : 0);
	courier->channel.told = row->told;
	courier->channel.unborn = row->unborn;
	memcpy(courier->channel.words, row->words, sizeof courier->channel.words);
	return true;
}

void
channel_recover(struct keeper *keeper)
{
	static unsigned char bytes[CHANNEL_META_MAX];
	int64_t size = store_read_meta(store_inside(keeper->store), CHANNEL_META, bytes, sizeof bytes);
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
