/*
 * For the reading of a configuration: reads the notifiers, and the heartbeat, the URL that is
 * requested while all is well, which is a notifier of the webhook plugin that is told of nothing.
 * Settings stand side by side in one group: those that all notifiers have, and those of the
 * notifier's plugin.
 */
#include "config/notifiers.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "config/probes.h"
#include "config/programs.h"
#include "config/reader.h"

enum { NAME_SIZE_MAX = 64 };

static const int64_t remind_min = 60 * (int64_t)SECOND, heartbeat_deadline = 90 * (int64_t)SECOND;

/* The two keys that every notifier has to have; what is missing or wrong is NULL. */
static const char *
take_word(struct reader *reader, const struct node *group, enum notifier_row row)
{
	const struct pw_setting *setting = &notifier_settings[row];
	const struct node *node = node_member(group, setting->key);
	struct pw_value value;

	if (node == NULL) {
		FAULT(reader, group->place, "this notifier has no %s", setting->key);
		return NULL;
	}
	if (!reader_take(reader, setting, node, &value))
		return NULL;
	if (value.string[0] == '\0' || strlen(value.string) > NAME_SIZE_MAX) {
		FAULT(reader, node->place, "%s: has to have 1 to %d bytes", setting->key,
		    NAME_SIZE_MAX);
		return NULL;
	}
	return value.string;
}

/* The plugin's own settings on their way in. */
struct own {
	const struct pw_setting *rows;
	struct pw_value items[PLUGIN_SETTINGS_MAX];
	bool wrong[PLUGIN_SETTINGS_MAX]; /* what was written was a fault: it stands as if it had not
	                                    been */
	uint32_t count;
};

/*
 * Defaults first, then what the group says. A required setting that was given and is a fault is not
 * missing.
 */
static void
take_own(struct reader *reader, const struct node *group, const struct plugin *plugin,
    const struct pw_setting *hosts, struct own *own)
{
	char key[SETTING_KEY_MAX];

	memset(own, 0, sizeof *own);
	own->rows = plugin->descriptor->settings;
	for (; own->rows != NULL && own->rows[own->count].key != NULL; own->count++)
		value_default(
		    &reader->values, &own->rows[own->count], &own->items[own->count], NULL);
	assert(own->count <= PLUGIN_SETTINGS_MAX);
	reader_check_keys(reader, group, "", hosts, own->rows);
	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];
		int row = settings_find(own->rows, node->key);
		const struct pw_strings *list = NULL;

		if (row < 0)
			continue;
		own->wrong[row] = !reader_take(reader, &own->rows[row], node, &own->items[row]);
		if (!own->wrong[row] && own->rows[row].flags & PW_RECIPIENTS)
			list = own->items[row].list;
		/* Each recipient has deliveries of its own, under its name: a name that is there
		 * twice could not be told apart. */
		for (uint32_t j = 0; list != NULL && j < list->count; j++) {
			size_t size = strlen(list->items[j]);

			if (size == 0 || size > PW_RECIPIENT_MAX)
				FAULT(reader, node->place,
				    "%s: a recipient has 1 to %d bytes, unlike number %u",
				    node->key, PW_RECIPIENT_MAX, j + 1);
			for (uint32_t k = 0; k < j; k++)
				if (strcmp(list->items[j], list->items[k]) == 0)
					FAULT(reader, node->place, "%s: %s is in it twice",
					    node->key, QUOTE(reader, list->items[j]));
		}
	}
	for (uint32_t i = 0; i < own->count; i++)
		if (own->rows[i].flags & PW_REQUIRED
		    && node_member(group, value_key(&own->rows[i], key)) == NULL)
			FAULT(reader, group->place, "%s is missing: %s", key, own->rows[i].help);
}

/*
 * A plugin says "password_file and username go together" although password_file was given and its
 * value was a fault, which has been told: then its sentence is no news. Whether a sentence speaks
 * of such a setting.
 */
static bool
is_of_wrong(const struct own *own, const char *sentence)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	char key[SETTING_KEY_MAX];

	for (const char *word = sentence; *word != '\0'; word += strspn(word, letters)) {
		word += strcspn(word, letters);
		for (uint32_t i = 0; i < own->count; i++)
			if (own->wrong[i]
			    && strlen(value_key(&own->rows[i], key)) == strspn(word, letters)
			    && strncmp(word, key, strlen(key)) == 0)
				return true;
	}
	return false;
}

/* Where the setting stands that a sentence begins with, "relay: ..."; else the group as a whole. */
static struct place
place_of(const struct node *group, const char *sentence)
{
	size_t size = strcspn(sentence, ":");

	for (uint32_t i = 0; i < group->count; i++)
		if (strlen(group->children[i].key) == size
		    && strncmp(group->children[i].key, sentence, size) == 0)
			return group->children[i].place;
	return group->place;
}

/*
 * What the plugin finds where its settings do not go together: a line is a fault. If all is well it
 * may say in one line how notices go out.
 */
static void
check_together(struct reader *reader, const struct node *group, struct config_notifier *notifier,
    const struct own *own)
{
	const struct pw_notifier_ops *ops = notifier->plugin->descriptor->ops;
	char words[1024] = "", *rest, *sentence;
	bool good;

	for (uint32_t i = 0; i < own->count; i++)
		if (own->rows[i].flags & PW_REQUIRED && !own->items[i].given)
			return; /* the plugin counts on what it requires */
	if (plugin_has_program(notifier->plugin)) {
		struct text what = TEXT_ROOM(500);
		struct pw_program program;

		plugin_program(notifier->plugin, notifier->values, &program);
		if (program_is_wrong(&program, false, &what) && !is_of_wrong(own, what.bytes))
			FAULT(reader, place_of(group, what.bytes), "%s", what.bytes);
	}
	if (ops->check == NULL)
		return;
	good = ops->check(notifier->values, words, sizeof words);
	words[sizeof words - 1] = '\0';
	for (sentence = strtok_r(words, "\n", &rest); sentence != NULL;
	     sentence = strtok_r(NULL, "\n", &rest)) {
		struct text shown = TEXT_ROOM(400);

		text_escape(&shown, (struct pw_bytes){ sentence, strlen(sentence) });
		if (good)
			notifier->way = arena_strdup(reader->arena, shown.bytes);
		else if (!is_of_wrong(own, sentence))
			FAULT(reader, place_of(group, sentence), "%s", shown.bytes);
	}
}

static const struct node *
member_of(const struct node *group, enum notifier_row row)
{
	return node_member(group, notifier_settings[row].key);
}

static struct pw_value
take_value(struct reader *reader, const struct node *group, enum notifier_row row)
{
	struct pw_value value;

	(void)reader_take_row(reader, group, &notifier_settings[row], &value);
	return value;
}

#define BIT(kind) (UINT32_C(1) << NOTICE_##kind)

/*
 * All kinds but single facts, which are many and rarely news. A notifier that is told of one kind
 * without its kin would wait for ever for the end of what it was told: kinds = [ "down" ] is told
 * of flapping, too, in which a target's downs go on. A receiver that keeps what it is told (a
 * ticket system) has to be told the end of it, asked for or not, or its entry stays open for ever.
 */
static uint32_t
take_kinds(struct reader *reader, const struct node *group, bool keeps)
{
	const struct pw_strings *list = take_value(reader, group, NOTIFIER_KINDS).list;
	bool all = list == NULL || list->count == 0;
	uint32_t kinds = all ? ~(BIT(none) | BIT(fact)) : 0;

	for (uint32_t i = 0; !all && i < list->count; i++) {
		enum notice_kind kind = notice_named(list->items[i]);
		struct nearest near = nearest_to(list->items[i]);

		if (kind != NOTICE_none) {
			kinds |= UINT32_C(1) << kind;
			continue;
		}
		for (kind = NOTICE_none + 1; kind < NOTICE_KINDS; kind++)
			nearest_try(&near, notice_name(kind));
		FAULT(reader, member_of(group, NOTIFIER_KINDS)->place,
		    "kinds: there is no kind %s%s", QUOTE(reader, list->items[i]),
		    diagnostics_suggest(&reader->diagnostics, near.best));
	}
	if (kinds & BIT(down))
		kinds |= BIT(flapping) | BIT(outage);
	if (kinds & BIT(up))
		kinds |= BIT(settled) | BIT(stopped) | BIT(outage);
	kinds |= BIT(digest) | BIT(test);
	if (keeps && kinds & (BIT(down) | BIT(flapping)))
		kinds |= BIT(up) | BIT(settled) | BIT(stopped);
	if (keeps
	    && kinds & (BIT(degraded) | BIT(blocked) | BIT(blind) | BIT(impaired) | BIT(digest)))
		kinds |= BIT(cleared);
	return kinds;
}

/*
 * Waits rise as the user says: remind = [ "30m", "2h" ] is 30 minutes after the first notice, then
 * every 2 hours.
 */
static void
take_remind(struct reader *reader, const struct node *group, struct config_notifier *notifier)
{
	const struct pw_strings *list = take_value(reader, group, NOTIFIER_REMIND).list;
	int64_t *waits;
	struct reason why;

	if (list == NULL || list->count == 0)
		return;
	waits = arena_array(reader->arena, list->count, sizeof *waits);
	for (uint32_t i = 0; i < list->count; i++) {
		struct place place = member_of(group, NOTIFIER_REMIND)->place;
		if (!units_parse_duration(list->items[i], &waits[i], &why))
			FAULT(reader, place, "remind: %s %s", QUOTE(reader, list->items[i]),
			    why.text);
		else if (waits[i] < remind_min)
			FAULT(reader, place, "remind: %s is too often: 1m is the least",
			    QUOTE(reader, list->items[i]));
	}
	notifier->remind = waits;
	notifier->remind_count = list->count;
}

static void
take_rules(struct reader *reader, const struct node *group, struct config_notifier *notifier)
{
	const struct pw_strings *tags = take_value(reader, group, NOTIFIER_TAGS).list;
	const struct pw_strings *quiet = take_value(reader, group, NOTIFIER_QUIET).list;
	struct calendar_range *ranges = quiet == NULL
	    ? NULL
	    : arena_array(reader->arena, quiet->count, sizeof *ranges);
	struct reason why;

	notifier->receiver = notifier->values == NULL
	    ? 0
	    : plugin_receiver(notifier->plugin, notifier->values);
	notifier->kinds = take_kinds(reader, group, notifier->receiver & PW_KEEPS);
	notifier->tag_count = tags == NULL ? 0 : tags->count;
	notifier->tags = tags == NULL ? NULL : tags->items;
	notifier->after = take_value(reader, group, NOTIFIER_AFTER).number;
	notifier->quiet = (struct calendar){ quiet == NULL ? 0 : quiet->count, ranges };
	for (uint32_t i = 0; i < notifier->quiet.count; i++)
		if (!calendar_parse(quiet->items[i], &ranges[i], &why))
			FAULT(reader, member_of(group, NOTIFIER_QUIET)->place, "quiet: %s: %s",
			    QUOTE(reader, quiet->items[i]), why.text);
	take_remind(reader, group, notifier);
	notifier->storm = (uint32_t)take_value(reader, group, NOTIFIER_STORM).number;
	notifier->timezone = take_value(reader, group, NOTIFIER_TIMEZONE).string;
	if (notifier->timezone != NULL
	    && !reader_check_zone(
	        reader, member_of(group, NOTIFIER_TIMEZONE), "timezone", notifier->timezone))
		notifier->timezone = NULL;
	notifier->deadline = take_value(reader, group, NOTIFIER_DEADLINE).number;
	notifier->channel_grace = take_value(reader, group, NOTIFIER_CHANNEL_GRACE).number;
	notifier->self_test = take_value(reader, group, NOTIFIER_SELF_TEST).number != 0;
	notifier->fallback = CONFIG_NONE;
}

/* The place of an entry that is a fault is that of the next one, of which nothing is known yet. */
static void
take_notifier(struct reader *reader, const struct node *group)
{
	struct config_notifier *notifier = &reader->notifiers[reader->notifier_count];
	const char *plugin;
	struct own own;
	uint32_t twin;

	*notifier = (struct config_notifier){ .name = take_word(reader, group, NOTIFIER_NAME) };
	plugin = reader->source->probes_alone ? NULL : take_word(reader, group, NOTIFIER_PLUGIN);
	if (plugin != NULL)
		notifier->plugin = probes_find_plugin(
		    reader, plugin, PW_NOTIFIER, node_member(group, "plugin")->place);
	if (notifier->plugin != NULL) {
		take_own(reader, group, notifier->plugin, notifier_settings, &own);
		notifier->values = values_share(&reader->values, own.items, own.count);
		check_together(reader, group, notifier, &own);
	}
	take_rules(reader, group, notifier);
	if (notifier->name == NULL)
		return;
	twin = reader_find_notifier(reader, notifier->name);
	if (twin != CONFIG_NONE) {
		FAULT(reader, group->place, "there are two notifiers %s, here and in %s",
		    QUOTE(reader, notifier->name),
		    diagnostics_place(&reader->diagnostics, reader->notifier_nodes[twin]->place));
		return;
	}
	assert(reader->notifier_count < reader->notifier_groups.count);
	notifier->place = arena_strdup(reader->arena,
	    diagnostics_place(&reader->diagnostics, group->place));
	reader->notifier_nodes[reader->notifier_count++] = group;
}

/*
 * It is asked by the webhook plugin and told of nothing, so most of what notifiers have is without
 * meaning for it.
 */
static void
take_heartbeat(struct reader *reader)
{
	static const char format[] = "heartbeat";
	struct config_notifier *notifier = &reader->notifiers[reader->notifier_count];
	struct config *config = reader->config;
	struct pw_value interval;
	struct own own;
	bool good;
	int row;

	if (reader->heartbeat == NULL || reader->source->probes_alone)
		return;
	*notifier = (struct config_notifier){ .name = format,
		.fallback = CONFIG_NONE,
		.deadline = heartbeat_deadline,
		.channel_grace = INT64_MAX };
	notifier->plugin = probes_find_plugin(
	    reader, "webhook", PW_NOTIFIER, reader->heartbeat->place);
	good = reader_take_row(
	    reader, reader->heartbeat, &heartbeat_settings[HEARTBEAT_INTERVAL], &interval);
	if (notifier->plugin == NULL)
		return;
	take_own(reader, reader->heartbeat, notifier->plugin, heartbeat_settings, &own);
	if ((row = settings_find(own.rows, "format")) >= 0)
		value_of_text(&reader->values, &own.rows[row], "", format, &own.items[row], NULL);
	notifier->values = values_share(&reader->values, own.items, own.count);
	check_together(reader, reader->heartbeat, notifier, &own);
	if (!good)
		return;
	config->heartbeat_interval = interval.number;
	reader->notifier_nodes[reader->notifier_count] = reader->heartbeat;
	config->heartbeat = reader->notifier_count++;
}

void
notifiers_take(struct reader *reader)
{
	const struct groups *groups = &reader->notifier_groups;
	uint32_t count;

	reader->notifiers = arena_array(
	    reader->arena, groups->count + 2, sizeof *reader->notifiers);
	reader->notifier_nodes = arena_array(
	    reader->scratch, groups->count + 2, sizeof(const struct node *));
	for (uint32_t i = 0; i < groups->count; i++)
		take_notifier(reader, groups->items[i]);
	count = reader->notifier_count;
	take_heartbeat(reader); /* before fallbacks are looked up, so that naming it is understood,
	                           though it is told nothing */
	assert(count <= groups->count && reader->notifier_count <= count + 1);
	/* When all are known: one may name another that stands behind it. */
	for (uint32_t i = 0; i < count; i++) {
		const struct node *group = reader->notifier_nodes[i];
		const struct node *node = member_of(group, NOTIFIER_FALLBACK);
		struct pw_value value;

		if (node == NULL
		    || !reader_take(reader, &notifier_settings[NOTIFIER_FALLBACK], node, &value))
			continue;
		reader->notifiers[i].fallback = reader_require_notifier(
		    reader, node->place, "fallback", value.string);
		if (reader->notifiers[i].fallback == i)
			FAULT(reader, node->place,
			    "fallback: %s cannot stand in for itself: name another notifier",
			    QUOTE(reader, value.string));
	}
	reader->config->notifiers = reader->notifiers;
	reader->config->notifier_count = reader->notifier_count;
}
