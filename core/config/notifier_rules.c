/*
 * Reads the settings that all notifiers have: kinds, tags, after, quiet, remind, storm, fallback.
 */
#include "config/reader.h"

#include <string.h>

#include "base/units.h"

static const struct node *
member(const struct node *group, enum notifier_row row)
{
	return node_member(group, notifier_settings[row].key);
}

static struct pw_value
take(struct reader *reader, const struct node *group, enum notifier_row row)
{
	struct pw_value value;

	(void)reader_take_row(reader, group, &notifier_settings[row], &value);
	return value;
}

static const char *
next_kind(void *arg, size_t index)
{
	(void)arg;
	return index + 1 < NOTICE_KINDS ? notice_name((enum notice_kind)(index + 1)) : NULL;
}

static uint32_t
kind_bit(struct reader *reader, const struct node *node, const char *name)
{
	enum notice_kind kind = notice_named(name);
	const char *near;

	if (kind != NOTICE_none)
		return UINT32_C(1) << kind;
	near = text_nearest(name, next_kind, NULL);
	faults_add(&reader->faults, node->place, "kinds: there is no kind %s%s%s%s", QUOTE(reader, name),
	    near == NULL ? "" : ": did you mean ", near == NULL ? "" : near, near == NULL ? "" : "?");
	return 0;
}

#define BIT(kind) (UINT32_C(1) << NOTICE_##kind)

/* Who wants the one without the other would wait for ever for the end of what was told. */
static uint32_t
with_kin(uint32_t kinds)
{
	if (kinds & BIT(down))
		kinds |= BIT(flapping) | BIT(outage);
	if (kinds & BIT(up))
		kinds |= BIT(settled) | BIT(stopped) | BIT(outage);
	return kinds | BIT(digest) | BIT(test);
}

/* Who keeps what it is told is told the end of it, asked for or not. */
static uint32_t
with_ends(uint32_t kinds)
{
	if (kinds & (BIT(down) | BIT(flapping)))
		kinds |= BIT(up) | BIT(settled) | BIT(stopped);
	if (kinds & (BIT(degraded) | BIT(blocked) | BIT(blind) | BIT(impaired) | BIT(digest)))
		kinds |= BIT(cleared);
	return kinds;
}

static uint32_t
take_kinds(struct reader *reader, const struct node *group)
{
	const struct pw_strings *list = take(reader, group, NOTIFIER_KINDS).list;
	uint32_t kinds = 0;

	if (list == NULL || list->count == 0)
		return ~(BIT(none) | BIT(fact));
	for (uint32_t i = 0; i < list->count; i++)
		kinds |= kind_bit(reader, member(group, NOTIFIER_KINDS), list->items[i]);
	return with_kin(kinds);
}

static struct calendar
take_quiet(struct reader *reader, const struct node *group)
{
	const struct pw_strings *list = take(reader, group, NOTIFIER_QUIET).list;
	struct calendar_range *ranges;
	struct reason why;

	if (list == NULL || list->count == 0)
		return (struct calendar){ .count = 0 };
	ranges = arena_array(reader->arena, list->count, sizeof *ranges);
	for (uint32_t i = 0; i < list->count; i++)
		if (!calendar_parse(list->items[i], &ranges[i], &why))
			faults_add(&reader->faults, member(group, NOTIFIER_QUIET)->place, "quiet: %s: %s", QUOTE(reader, list->items[i]),
			    why.text);
	return (struct calendar){ list->count, ranges };
}

enum { REMIND_MIN_SECONDS = 60 };

static void
take_remind(struct reader *reader, const struct node *group, struct config_notifier *notifier)
{
	const struct pw_strings *list = take(reader, group, NOTIFIER_REMIND).list;
	int64_t *waits;
	struct reason why;

	if (list == NULL || list->count == 0)
		return;
	waits = arena_array(reader->arena, list->count, sizeof *waits);
	for (uint32_t i = 0; i < list->count; i++) {
		struct place place = member(group, NOTIFIER_REMIND)->place;
		if (!units_parse_duration(list->items[i], &waits[i], &why))
			faults_add(&reader->faults, place, "remind: %s %s", QUOTE(reader, list->items[i]), why.text);
		else if (waits[i] < REMIND_MIN_SECONDS * INT64_C(1000000))
			faults_add(&reader->faults, place, "remind: %s is too often: 1m is the least", QUOTE(reader, list->items[i]));
	}
	notifier->remind = waits;
	notifier->remind_count = list->count;
}

void
reader_take_rules(struct reader *reader, const struct node *group, struct config_notifier *notifier)
{
	const struct pw_strings *tags = take(reader, group, NOTIFIER_TAGS).list;

	notifier->receiver = notifier->values == NULL ? 0 : plugin_receiver(notifier->plugin, notifier->values);
	notifier->kinds = take_kinds(reader, group);
	if (notifier->receiver & PW_KEEPS)
		notifier->kinds = with_ends(notifier->kinds);
	notifier->tag_count = tags == NULL ? 0 : tags->count;
	notifier->tags = tags == NULL ? NULL : tags->items;
	notifier->after = take(reader, group, NOTIFIER_AFTER).number;
	notifier->quiet = take_quiet(reader, group);
	take_remind(reader, group, notifier);
	notifier->storm = (uint32_t)take(reader, group, NOTIFIER_STORM).number;
	notifier->timezone = take(reader, group, NOTIFIER_TIMEZONE).string;
	if (notifier->timezone != NULL && !reader_check_zone(reader, member(group, NOTIFIER_TIMEZONE), "timezone", notifier->timezone))
		notifier->timezone = NULL;
	notifier->deadline = take(reader, group, NOTIFIER_DEADLINE).number;
	notifier->channel_grace = take(reader, group, NOTIFIER_CHANNEL_GRACE).number;
	notifier->self_test = take(reader, group, NOTIFIER_SELF_TEST).number != 0;
	notifier->fallback = CONFIG_NONE;
}

static const char *
next_notifier(void *arg, size_t index)
{
	const struct reader *reader = arg;

	return index < reader->notifier_count ? reader->notifiers[index].name : NULL;
}

void
reader_tie_notifier(struct reader *reader, const struct node *group, struct config_notifier *notifier)
{
	const struct node *node = member(group, NOTIFIER_FALLBACK);
	struct pw_value value;
	const char *near;

	if (node == NULL || !reader_take_row(reader, group, &notifier_settings[NOTIFIER_FALLBACK], &value))
		return;
	notifier->fallback = reader_find_notifier(reader, value.string);
	if (notifier->fallback != CONFIG_NONE && &reader->notifiers[notifier->fallback] == notifier)
		faults_add(&reader->faults, node->place, "fallback: %s cannot stand in for itself: name another notifier",
		    QUOTE(reader, value.string));
	if (notifier->fallback != CONFIG_NONE)
		return;
	near = text_nearest(value.string, next_notifier, reader);
	faults_add(&reader->faults, node->place, "fallback: there is no notifier %s%s%s%s", QUOTE(reader, value.string),
	    near == NULL ? "" : ": did you mean ", near == NULL ? "" : QUOTE(reader, near), near == NULL ? "" : "?");
}
