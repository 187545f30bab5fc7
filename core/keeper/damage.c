/* Only notifiers with a file that cannot be used are in the store: a list under one key, written whole. */
#include "keeper/damage.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "keeper/keeper.h"

enum { VERSION = 1 };
static const char prefix[] = "files";

static void
put_all(struct keeper *keeper)
{
	static unsigned char bytes[DAMAGE_META_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	wire_put_u8(&out, VERSION);
	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		const struct courier *courier = &keeper->outbox.couriers[i];
		const struct damage *damage = &courier->damage;

		if (damage->since == 0)
			continue;
		wire_put_bytes(&out, (struct pw_bytes){ courier->name, strlen(courier->name) });
		wire_put_bytes(&out, (struct pw_bytes){ damage->words, strlen(damage->words) });
		wire_put_i64(&out, damage->since);
		wire_put_u64(&out, damage->told);
	}
	if (!out.bad)
		store_put_meta(journal_main(keeper), DAMAGE_META, (struct pw_bytes){ (const char *)bytes, out.size });
}

bool
damage_next(struct wire_in *in, struct damage_row *row)
{
	if (in->at == 0)
		in->bad |= wire_get_u8(in) != VERSION;
	if (in->bad || in->at == in->size)
		return false;
	struct pw_bytes name = wire_get_bytes(in), words = wire_get_bytes(in);
	snprintf(row->name, sizeof row->name, "%.*s", (int)name.size, name.data == NULL ? "" : name.data);
	snprintf(row->damage.words, sizeof row->damage.words, "%.*s", (int)words.size, words.data == NULL ? "" : words.data);
	row->damage.since = wire_get_i64(in);
	row->damage.told = wire_get_u64(in);
	return !in->bad;
}

/* Who was told of it is told of its end. */
static void
tell_end(struct keeper *keeper, const char *name, const struct damage *damage, const char *how)
{
	char code[OUTCOME_NAME_MAX];

	channel_name_code(prefix, name, code);
	keeper->outbox.told_before = damage->told;
	record_ours(keeper, "cleared", code, damage->since, "%s: %s", name, how);
	keeper->outbox.told_before = 0;
}

bool
damage_hear(struct keeper *keeper, struct courier *courier, struct wire_in *in)
{
	struct damage *damage = &courier->damage;
	char said[SOURCES_TEXT_MAX], words[DAMAGE_WORDS_MAX], code[OUTCOME_NAME_MAX];
	struct text text = TEXT_OVER(words);

	if (!message_get_sources(in, said))
		return false;
	text_escape(&text, (struct pw_bytes){ said, strlen(said) });
	if (strcmp(words, damage->words) == 0)
		return true;
	if (words[0] == '\0') {
		struct damage was = *damage;
		*damage = (struct damage){ .since = 0 };
		tell_end(keeper, courier->name, &was, "all its files can be used again");
	} else {
		damage->since = damage->since != 0 ? damage->since : clock_wall();
		memcpy(damage->words, words, sizeof damage->words);
		channel_name_code(prefix, courier->name, code);
		damage->told = record_ours(keeper, "impaired", code, damage->since, "%s: %s", courier->name, words);
	}
	put_all(keeper);
	return true;
}

void
damage_recover(struct keeper *keeper)
{
	static unsigned char bytes[DAMAGE_META_MAX];
	int64_t size = store_read_meta(keeper->reader, DAMAGE_META, bytes, sizeof bytes);
	struct wire_in in = wire_from(bytes, size < 0 ? 0 : (size_t)size);
	struct damage_row row;
	bool changed = false;

	while (size > 0 && damage_next(&in, &row)) {
		struct courier *courier = courier_named(keeper, (struct pw_bytes){ row.name, strlen(row.name) });

		if (courier != NULL) {
			courier->damage = row.damage;
			continue;
		}
		changed = true;
		tell_end(keeper, row.name, &row.damage, "is no longer configured");
	}
	if (changed)
		put_all(keeper);
}
