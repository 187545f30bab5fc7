/*
 * For the keeper: follows for each notifier whether its deliveries succeed, and notifies people
 * through the others when one fails for long, and when it works again. Only failing notifiers are
 * in the store: one list under one key, written whole.
 */
#include "keeper/channel.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/wire_form.h"
#include "keeper/record.h"
#include "keeper/service_private.h"

enum { CHANNEL_VERSION = 2, DAMAGE_VERSION = 1, CODE_NAME_MAX = OUTCOME_NAME_MAX - 16 };
/* a worker that died is replaced by then, and one that lives so long has begun */
static const int64_t absence_max = 10 * (int64_t)SECOND;

static struct channel *
channel_of(const struct keeper *keeper, const struct notifier *notifier)
{
	return &keeper->service->channels[notifier_index(keeper, notifier)];
}

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

static const struct wire_form damage_form = { WIRE_FORM(damage_row,
	WIRE_FIELD(STRING, damage_row, name),
	WIRE_FIELD(STRING, damage_row, damage.words),
	WIRE_FIELD(I64, damage_row, damage.since),
	WIRE_FIELD(U64, damage_row, damage.told)) };

static void
put_channels(struct keeper *keeper)
{
	static unsigned char bytes[CHANNEL_META_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	int64_t mono = clock_mono();

	wire_put_u8(&out, CHANNEL_VERSION);
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		const struct channel *channel = &keeper->service->channels[i];
		int64_t until = notifier_rests_until(notifier_at(keeper, i));

		if (channel->since == 0)
			continue;
		struct channel_row row = { .since = channel->since, .told = channel->told,
			.unborn = channel->unborn, .rests = until > mono ? clock_wall()
			+ until - mono : 0 };
		text_copy(row.name, sizeof row.name, keeper->config->notifiers[i].name);
		text_copy(row.words, sizeof row.words, channel->words);
		wire_put_form(&out, &channel_form, &row);
	}
	if (!out.bad)
		store_put_meta(commit_queue_main(keeper), CHANNEL_META,
		    (struct pw_bytes){ (const char *)bytes, out.size });
}

static void
put_damages(struct keeper *keeper)
{
	static unsigned char bytes[DAMAGE_META_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	wire_put_u8(&out, DAMAGE_VERSION);
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		struct damage_row row = { .damage = keeper->service->damages[i] };

		text_copy(row.name, sizeof row.name, keeper->config->notifiers[i].name);
		if (row.damage.since != 0)
			wire_put_form(&out, &damage_form, &row);
	}
	if (!out.bad)
		store_put_meta(commit_queue_main(keeper), DAMAGE_META,
		    (struct pw_bytes){ (const char *)bytes, out.size });
}

/* The next row of a list of these versions. Returns false if there are no more, or it is
 * malformed. */
static bool
next_row(struct wire_in *in, const struct wire_form *form, uint8_t newest, void *row)
{
	if (in->at == 0) {
		uint8_t version = wire_get_u8(in);
		in->bad |= version < 1 || version > newest;
	}
	memset(row, 0, form->size);
	if (in->bad || in->at == in->size)
		return false;
	wire_get_form(in, form, row, &(struct wire_terms){ .version = in->bytes[0] });
	return !in->bad;
}

bool
channel_next(struct wire_in *in, struct channel_row *row)
{
	return next_row(in, &channel_form, CHANNEL_VERSION, row);
}

bool
damage_next(struct wire_in *in, struct damage_row *row)
{
	return next_row(in, &damage_form, DAMAGE_VERSION, row);
}

/* What a trouble of our own with a notifier is known by, to whoever has to find the begin of what
 * ended: "PREFIX_NAME", as far as the name has such letters. */
static void
name_code(const char *prefix, const char *name, char code[static OUTCOME_NAME_MAX])
{
	size_t size = (size_t)snprintf(code, OUTCOME_NAME_MAX, "%.8s_%.*s", prefix,
	    (int)CODE_NAME_MAX, name);

	for (size_t i = 0; i < size; i++)
		code[i] = isalnum((unsigned char)code[i]) ? (char)tolower((unsigned char)code[i])
		    : '_';
}

void
channel_add_state(struct text *text, int64_t lasted, uint32_t waiting)
{
	text_add(text, waiting > 0 ? "nothing delivered for " : "cannot deliver, for ");
	text_add_span(text, lasted);
	if (waiting > 0)
		text_format(text, ", %" PRIu32 " waiting", waiting);
}

/* Those who were told of a trouble are told that it has ended. */
static void
tell_end(struct keeper *keeper, const char *prefix, const char *name, uint64_t told, int64_t since,
    const char *how)
{
	const struct audience those = { .told_before = told };
	char code[OUTCOME_NAME_MAX];

	name_code(prefix, name, code);
	record_ours_to(keeper, &those, "cleared", code, since, "%s: %s", name, how);
}

void
channel_failed(struct keeper *keeper, struct notifier *notifier, struct pw_bytes words, bool unborn)
{
	struct channel *channel = channel_of(keeper, notifier);
	const char *name = notifier_rules(notifier)->name;
	struct text text = TEXT_OVER(channel->words);

	text_escape(&text, words);
	if (text.size == 0)
		text_add(&text, "no reason was given");
	channel->unborn = unborn;
	channel->lost = false;
	if (channel->since == 0) {
		channel->since = clock_wall();
		channel->age = clock_boot();
		if (unborn)
			keeper_log(keeper, LOG_WARNING, "%s cannot deliver: %s", name,
			    channel->words);
		else
			keeper_log(keeper, LOG_WARNING,
			    "%s has not delivered a notice, %" PRIu32 " waiting: %s", name,
			    outbox_count(keeper, notifier), channel->words);
	}
	put_channels(keeper);
}

/* The parent's word may come before we see the end, or behind it. */
void
channel_lost(struct keeper *keeper, struct notifier *notifier)
{
	struct channel *channel = channel_of(keeper, notifier);
	bool known = channel->absence[0] != '\0';

	channel_failed(keeper, notifier, text_view(known ? channel->absence
	    : "its process died with a notice in hand, or was ended at its deadline: the log"
	    " says which"), false);
	channel->lost = !known;
}

void
channel_works(struct keeper *keeper, struct notifier *notifier)
{
	struct channel *channel = channel_of(keeper, notifier), was = *channel;
	const char *name = notifier_rules(notifier)->name;
	struct text words = TEXT_ROOM(96);

	if (was.since == 0)
		return;
	text_format(&words, "%s again, after %s", was.unborn ? "can deliver" : "delivers",
	    SPAN(age_of(&was)));
	channel->since = channel->age = 0;
	channel->told = 0;
	channel->unborn = channel->lost = false;
	notifier_set_dead(notifier, false);
	if (was.told != 0)
		tell_end(keeper, "channel", name, was.told, was.since, words.bytes);
	else
		keeper_log(keeper, LOG_NOTICE, "%s %s", name, words.bytes);
	put_channels(keeper);
}

void
channel_absent(struct keeper *keeper, struct notifier *notifier)
{
	struct channel *channel = channel_of(keeper, notifier);

	if (channel->absent == 0)
		channel->absent = clock_boot();
	channel->present = 0;
}

/* Of what the one before died says nothing of this one's end. */
void
channel_present(struct keeper *keeper, struct notifier *notifier)
{
	struct channel *channel = channel_of(keeper, notifier);

	channel->present = clock_boot();
	channel->absence[0] = '\0';
}

bool
channel_hear_parent(struct keeper *keeper, struct wire_in *in)
{
	struct message_absent absent;
	struct channel *channel;

	if (!message_get_absent(in, &absent, keeper->config->notifier_count))
		return false;
	channel = &keeper->service->channels[absent.notifier];
	text_copy(channel->absence, ABSENT_TEXT_MAX, absent.why);
	if (channel->lost)
		channel_failed(keeper, notifier_at(keeper, absent.notifier), text_view(absent.why),
		    false);
	return true;
}

/* One that dies soon after each birth is as good as none. */
static void
look_at_worker(struct keeper *keeper, struct notifier *notifier)
{
	struct channel *channel = channel_of(keeper, notifier);
	int64_t now = clock_boot();

	if (channel->present != 0 && now - channel->present > absence_max) {
		channel->absent = channel->present = 0;
		if (channel->unborn)
			channel_works(keeper, notifier);
	}
	if (channel->absent == 0 || channel->present != 0 || now - channel->absent <= absence_max)
		return;
	const char *why = channel->absence[0] != '\0' ? channel->absence
	    : "its process does not run: the log says why";
	if (channel->since == 0 || (channel->unborn && strcmp(channel->words, why) != 0))
		channel_failed(keeper, notifier, text_view(why), true);
}

static void
tell(struct keeper *keeper, struct notifier *notifier)
{
	const struct audience others = { .spared = notifier, .spares_dead = true };
	struct channel *channel = channel_of(keeper, notifier);
	const char *name = notifier_rules(notifier)->name;
	char code[OUTCOME_NAME_MAX];
	struct text words = TEXT_ROOM(128);

	channel_add_state(&words, age_of(channel), outbox_count(keeper, notifier));
	name_code("channel", name, code);
	channel->told = record_ours_to(keeper, &others, "impaired", code, channel->since,
	    "%s: %s: %s", name, words.bytes, channel->words);
	put_channels(keeper);
}

void
channel_turn(struct keeper *keeper)
{
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		struct notifier *notifier = notifier_at(keeper, i);
		const struct channel *channel = &keeper->service->channels[i];

		if (outbox_is_heartbeat(keeper, i)) /* that one has words of its own */
			continue;
		look_at_worker(keeper, notifier);
		notifier_set_dead(notifier, channel->since != 0 && age_of(channel)
		    >= notifier_rules(notifier)->channel_grace);
	}
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		struct notifier *notifier = notifier_at(keeper, i);
		const struct channel *channel = &keeper->service->channels[i];

		if (channel->told == 0 && notifier_is_dead(notifier)
		    && (channel->unborn || outbox_count(keeper, notifier) > 0))
			tell(keeper, notifier);
	}
}

bool
damage_hear(struct keeper *keeper, struct notifier *notifier, struct wire_in *in)
{
	struct damage *damage = &keeper->service->damages[notifier_index(keeper, notifier)],
	    was = *damage;
	const char *name = notifier_rules(notifier)->name;
	char said[SOURCES_TEXT_MAX], words[DAMAGE_WORDS_MAX], code[OUTCOME_NAME_MAX];
	struct text text = TEXT_OVER(words);

	if (!message_get_sources(in, said))
		return false;
	text_escape(&text, text_view(said));
	if (strcmp(words, damage->words) == 0)
		return true;
	if (words[0] == '\0') {
		*damage = (struct damage){ .since = 0 };
		tell_end(keeper, "files", name, was.told, was.since,
		    "all its files can be used again");
	} else {
		damage->since = damage->since != 0 ? damage->since : clock_wall();
		memcpy(damage->words, words, sizeof damage->words);
		name_code("files", name, code);
		damage->told = record_ours(keeper, "impaired", code, damage->since, "%s: %s", name,
		    words);
	}
	put_damages(keeper);
	return true;
}

/* What was told of a notifier that is not configured any more has ended. */
static void
recover_channels(struct keeper *keeper, struct wire_in *in)
{
	struct channel_row row;
	bool changed = false;

	while (channel_next(in, &row)) {
		struct notifier *notifier = notifier_named(keeper, text_view(row.name));
		int64_t age = clock_wall() - row.since;

		if (notifier != NULL) {
			struct channel *channel = channel_of(keeper, notifier);

			channel->since = row.since;
			channel->age = clock_boot() - (age > 0 ? age : 0);
			channel->told = row.told;
			channel->unborn = row.unborn;
			memcpy(channel->words, row.words, sizeof channel->words);
			notifier_set_dead(notifier,
			    age_of(channel) >= notifier_rules(notifier)->channel_grace);
			continue;
		}
		changed = true;
		if (row.told != 0)
			tell_end(keeper, "channel", row.name, row.told, row.since,
			    "is no longer configured");
	}
	if (changed)
		put_channels(keeper);
}

static void
recover_damages(struct keeper *keeper, struct wire_in *in)
{
	struct damage_row row;
	bool changed = false;

	while (damage_next(in, &row)) {
		struct notifier *notifier = notifier_named(keeper, text_view(row.name));

		if (notifier != NULL) {
			keeper->service->damages[notifier_index(keeper, notifier)] = row.damage;
			continue;
		}
		changed = true;
		tell_end(keeper, "files", row.name, row.damage.told, row.damage.since,
		    "is no longer configured");
	}
	if (changed)
		put_damages(keeper);
}

void
channel_recover(struct keeper *keeper)
{
	static unsigned char bytes[CHANNEL_META_MAX];
	struct store_reader *reader = store_inside(keeper->store);
	int64_t size = store_read_meta(reader, CHANNEL_META, bytes, sizeof bytes);
	struct wire_in in;

	for (uint32_t i = 0; i < keeper->config->notifier_count; i++)
		channel_absent(keeper, notifier_at(keeper, i));
	/* A damaged store may have longer ones, of which but a part was read. */
	if (size > 0 && size <= (int64_t)sizeof bytes) {
		in = wire_from(bytes, (size_t)size);
		recover_channels(keeper, &in);
	}
	size = store_read_meta(reader, DAMAGE_META, bytes, sizeof bytes);
	if (size > 0 && size <= (int64_t)sizeof bytes) {
		in = wire_from(bytes, (size_t)size);
		recover_damages(keeper, &in);
	}
}
