/* Who is told: each notifier's plugin and the plugin's own settings. */
#include "config/reader.h"

#include <string.h>

enum { NAME_SIZE_MAX = 64 };

uint32_t
reader_find_notifier(const struct reader *reader, const char *name)
{
	for (uint32_t i = 0; i < reader->notifier_count; i++)
		if (strcmp(reader->notifiers[i].name, name) == 0)
			return i;
	return CONFIG_NONE;
}

/* The two keys that every notifier has to have; what is missing or wrong is NULL. */
static const char *
take_word(struct reader *reader, const struct node *group, enum notifier_row row)
{
	const struct pw_setting *setting = &notifier_settings[row];
	const struct node *node = node_member(group, setting->key);
	struct pw_value value;

	if (node == NULL) {
		faults_add(&reader->faults, group->place, "this notifier has no %s", setting->key);
		return NULL;
	}
	if (!value_of_node(&reader->values, &reader->faults, setting, setting->key, node, &value))
		return NULL;
	if (value.string[0] == '\0' || strlen(value.string) > NAME_SIZE_MAX) {
		faults_add(&reader->faults, node->place, "%s: has to have 1 to %d bytes", setting->key, NAME_SIZE_MAX);
		return NULL;
	}
	return value.string;
}

struct keys {
	const struct pw_setting *rows;
	char room[SETTING_KEY_MAX];
};

static const char *
next_key(void *arg, size_t index)
{
	struct keys *keys = arg;

	if (index < NOTIFIER_ROWS)
		return notifier_settings[index].key;
	index -= NOTIFIER_ROWS;
	if (keys->rows == NULL)
		return NULL;
	for (size_t i = 0; i <= index; i++)
		if (keys->rows[i].key == NULL)
			return NULL;
	return value_key(&keys->rows[index], keys->room);
}

static void
blame_unknown(struct reader *reader, const struct pw_setting *rows, const struct node *node)
{
	struct keys keys = { .rows = rows };
	int secret = rows == NULL ? -1 : 0;
	const char *near;

	for (; secret >= 0 && rows[secret].key != NULL; secret++) {
		if (rows[secret].type == PW_SECRET && strcmp(rows[secret].key, node->key) == 0) {
			faults_add(&reader->faults, node->place, "%s is a secret: write it into a file of its own and say %s_file = "
			    "\"...\"", node->key, node->key);
			return;
		}
	}
	near = text_nearest(node->key, next_key, &keys);
	faults_add(&reader->faults, node->place, "unknown setting %s%s%s%s", QUOTE(reader, node->key),
	    near == NULL ? "" : ": did you mean ", near == NULL ? "" : near, near == NULL ? "" : "?");
}

/* Each has deliveries of its own, under its name. */
static void
check_recipients(struct reader *reader, const struct node *node, const struct pw_strings *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		size_t size = strlen(list->items[i]);

		if (size == 0 || size > PW_RECIPIENT_MAX)
			faults_add(&reader->faults, node->place, "%s: a recipient has 1 to %d bytes, unlike number %u", node->key,
			    PW_RECIPIENT_MAX, i + 1);
		for (uint32_t j = 0; j < i; j++)
			if (strcmp(list->items[i], list->items[j]) == 0)
				faults_add(&reader->faults, node->place, "%s: %s is in it twice", node->key, QUOTE(reader, list->items[i]));
	}
}

static const struct pw_values *
take_own(struct reader *reader, const struct node *group, const struct plugin *plugin, const struct pw_setting *hosts)
{
	const struct pw_setting *rows = plugin->descriptor->settings;
	struct pw_value items[PLUGIN_SETTINGS_MAX];
	char key[SETTING_KEY_MAX];
	uint32_t count = 0;
	struct reason why;

	memset(items, 0, sizeof items);
	for (; rows != NULL && rows[count].key != NULL; count++)
		value_default(&reader->values, &rows[count], &items[count], &why);
	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];
		int row = settings_find(rows, node->key);

		if (row >= 0 && value_of_node(&reader->values, &reader->faults, &rows[row], value_key(&rows[row], key), node,
		    &items[row]) && rows[row].flags & PW_RECIPIENTS)
			check_recipients(reader, node, items[row].list);
		else if (row < 0 && node->key[0] != '*' && settings_find(hosts, node->key) < 0)
			blame_unknown(reader, rows, node);
	}
	for (uint32_t i = 0; i < count; i++)
		if (rows[i].flags & PW_REQUIRED && !items[i].given && node_member(group, value_key(&rows[i], key)) == NULL)
			faults_add(&reader->faults, group->place, "%s is missing: %s", key, rows[i].help);
	return values_share(&reader->values, items, count);
}

static void
check_together(struct reader *reader, const struct node *group, struct config_notifier *notifier)
{
	const struct pw_notifier_ops *ops = notifier->plugin->descriptor->ops;
	char words[256] = "", shown[400];
	struct text text = TEXT_OVER(shown);
	bool good;

	if (ops->check == NULL)
		return;
	good = ops->check(notifier->values, words, sizeof words);
	words[sizeof words - 1] = '\0';
	text_escape(&text, (struct pw_bytes){ words, strlen(words) });
	if (!good)
		faults_add(&reader->faults, group->place, "%s", shown);
	else if (words[0] != '\0')
		notifier->way = arena_strdup(reader->arena, shown);
}

static void
take_notifier(struct reader *reader, const struct node *group)
{
	struct config_notifier *notifier = &reader->notifiers[reader->notifier_count];
	const char *plugin;
	uint32_t twin, faults;

	if (group->kind == NODE_BAD)
		return;
	if (group->kind != NODE_GROUP) {
		faults_add(&reader->faults, group->place, "notifiers: %s where a group { name = \"...\"; plugin = \"...\"; } should be",
		    node_kind_name(group->kind));
		return;
	}
	notifier->name = take_word(reader, group, NOTIFIER_NAME);
	plugin = take_word(reader, group, NOTIFIER_PLUGIN);
	if (plugin != NULL)
		notifier->plugin = reader_find_plugin(reader, plugin, PW_NOTIFIER, node_member(group, "plugin")->place);
	faults = reader->faults.into->faults;
	if (notifier->plugin != NULL)
		notifier->values = take_own(reader, group, notifier->plugin, notifier_settings);
	reader_take_rules(reader, group, notifier);
	if (notifier->values != NULL && reader->faults.into->faults == faults)
		check_together(reader, group, notifier);
	if (notifier->name == NULL)
		return;
	twin = reader_find_notifier(reader, notifier->name);
	if (twin != CONFIG_NONE) {
		faults_add(&reader->faults, group->place, "there are two notifiers %s, here and in %s",
		    QUOTE(reader, notifier->name), faults_place(&reader->faults, reader->notifier_places[twin]));
		return;
	}
	reader->notifier_groups[reader->notifier_count] = group;
	reader->notifier_places[reader->notifier_count++] = group->place;
}

/* The same values, but for the form. */
static const struct pw_values *
with_format(struct reader *reader, const struct plugin *plugin, const struct pw_values *values, const char *format)
{
	const struct pw_setting *rows = plugin->descriptor->settings;
	struct pw_value items[PLUGIN_SETTINGS_MAX];
	int row = settings_find(rows, "format");
	struct reason why;

	memset(items, 0, sizeof items);
	memcpy(items, values->items, values->count * sizeof items[0]);
	if (row >= 0)
		value_of_text(&reader->values, &rows[row], "", format, &items[row], &why);
	return values_share(&reader->values, items, values->count);
}

/* A notifier that is told of nothing, by the plugin that asks URLs. */
static void
take_heartbeat(struct reader *reader)
{
	static const char format[] = "heartbeat";
	struct config_notifier *notifier = &reader->notifiers[reader->notifier_count];
	struct config *config = reader->config;
	struct pw_value interval;

	if (reader->heartbeat == NULL)
		return;
	*notifier = (struct config_notifier){ .name = format, .fallback = CONFIG_NONE, .deadline = 90 * INT64_C(1000000),
		.channel_grace = INT64_MAX };
	notifier->plugin = reader_find_plugin(reader, "webhook", PW_NOTIFIER, reader->heartbeat->place);
	if (notifier->plugin == NULL || !reader_take_row(reader, reader->heartbeat, &heartbeat_settings[HEARTBEAT_INTERVAL], &interval))
		return;
	notifier->values = with_format(reader, notifier->plugin, take_own(reader, reader->heartbeat, notifier->plugin,
	    heartbeat_settings), format);
	check_together(reader, reader->heartbeat, notifier);
	config->heartbeat_interval = interval.number;
	config->heartbeat = reader->notifier_count++;
}

void
reader_take_notifiers(struct reader *reader)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < reader->notifier_list_count; i++)
		count += reader->notifier_lists[i]->count;
	reader->notifiers = arena_array(reader->arena, count + 2, sizeof *reader->notifiers);
	reader->notifier_groups = arena_array(reader->scratch, count + 2, sizeof(const struct node *));
	reader->notifier_places = arena_array(reader->scratch, count + 2, sizeof *reader->notifier_places);
	for (uint32_t i = 0; i < reader->notifier_list_count; i++)
		for (uint32_t j = 0; j < reader->notifier_lists[i]->count; j++)
			take_notifier(reader, &reader->notifier_lists[i]->children[j]);
	count = reader->notifier_count;
	take_heartbeat(reader);
	for (uint32_t i = 0; i < count; i++)
		reader_tie_notifier(reader, reader->notifier_groups[i], &reader->notifiers[i]);
	reader->config->notifiers = reader->notifiers;
	reader->config->notifier_count = reader->notifier_count;
}
