/* Only notifiers with a file that cannot be used are in the store: a list under one key, written whole. */
#include "keeper/damage.h"

#include <string.h>

#include "base/clock.h"
#include "base/wire_form.h"
#include "keeper/keeper.h"
#include "keeper/record.h"

enum { VERSION = 1 };
static const char prefix[] = "files";

static const struct wire_form damage_form = { WIRE_FORM(damage_row,
	WIRE_FIELD(STRING, damage_row, name),
	WIRE_FIELD(STRING, damage_row, damage.words),
	WIRE_FIELD(I64, damage_row, damage.since),
	WIRE_FIELD(U64, damage_row, damage.told)) };

static void
put_all(struct keeper *keeper)
{
	static unsigned char bytes[DAMAGE_META_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	wire_put_u8(&out, VERSION);
	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		struct damage_row row = { .damage = keeper->outbox.couriers[i].damage };

		text_copy(row.name, sizeof row.name, keeper->outbox.couriers[i].name);
		if (row.damage.since != 0)
			wire_put_form(&out, &damage_form, &row);
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
	*row = (struct damage_row){ .name = "" };
	wire_get_form(in, &damage_form, row, &(struct wire_terms){ .version = VERSION });
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
	int64_t size = store_read_meta(store_inside(keeper->store), DAMAGE_META, bytes, sizeof bytes);
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
