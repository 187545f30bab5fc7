/* Reads the notifiers: the plugin of each, and the plugin's own settings. */
#include "config/plain.h"
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

/* The plugin's own settings on their way in. */
struct own {
	const struct pw_setting *rows;
	struct pw_value items[PLUGIN_SETTINGS_MAX];
	bool wrong[PLUGIN_SETTINGS_MAX]; /* what was written was a fault: it stands as if it had not been */
	uint32_t count;
};

static void
take_own(struct reader *reader, const struct node *group, const struct plugin *plugin, const struct pw_setting *hosts,
    struct own *own)
{
	char key[SETTING_KEY_MAX];
	struct reason why;

	memset(own, 0, sizeof *own);
	own->rows = plugin->descriptor->settings;
	for (; own->rows != NULL && own->rows[own->count].key != NULL; own->count++)
		value_default(&reader->values, &own->rows[own->count], &own->items[own->count], &why);
	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];
		int row = settings_find(own->rows, node->key);

		if (row < 0 && node->key[0] != PLAIN_NO_KEY && settings_find(hosts, node->key) < 0)
			blame_unknown(reader, own->rows, node);
		if (row < 0)
			continue;
		own->wrong[row] = !value_of_node(&reader->values, &reader->faults, &own->rows[row],
		    value_key(&own->rows[row], key), node, &own->items[row]);
		if (!own->wrong[row] && own->rows[row].flags & PW_RECIPIENTS)
			check_recipients(reader, node, own->items[row].list);
	}
	for (uint32_t i = 0; i < own->count; i++)
		if (own->rows[i].flags & PW_REQUIRED && node_member(group, value_key(&own->rows[i], key)) == NULL)
			faults_add(&reader->faults, group->place, "%s is missing: %s", key, own->rows[i].help);
}

/* A plugin counts on what it requires. */
static bool
has_all(const struct own *own)
{
	for (uint32_t i = 0; i < own->count; i++)
		if (own->rows[i].flags & PW_REQUIRED && !own->items[i].given)
			return false;
	return true;
}

/* Whether a sentence speaks of a setting whose value was a fault, which has been told. */
static bool
is_of_wrong(const struct own *own, const char *sentence)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	char key[SETTING_KEY_MAX];

	for (const char *word = sentence; *word != '\0'; word += strspn(word, letters)) {
		word += strcspn(word, letters);
		for (uint32_t i = 0; i < own->count; i++)
			if (own->wrong[i] && strlen(value_key(&own->rows[i], key)) == strspn(word, letters)
			    && strncmp(word, key, strlen(key)) == 0)
				return true;
	}
	return false;
}

/* Where the setting stands that a sentence begins with, "KEY: ...". */
static struct place
place_of(const struct node *group, const char *sentence)
{
	size_t size = strcspn(sentence, ":");

	for (uint32_t i = 0; i < group->count; i++)
		if (strlen(group->children[i].key) == size && strncmp(group->children[i].key, sentence, size) == 0)
			return group->children[i].place;
	return group->place;
}

/* What the plugin finds where its settings do not go together, a fault a line. */
static void
check_together(struct reader *reader, const struct node *group, struct config_notifier *notifier, const struct own *own)
{
	const struct pw_notifier_ops *ops = notifier->plugin->descriptor->ops;
	char words[1024] = "", *rest, *sentence;
	bool good;

	if (ops->check == NULL || !has_all(own))
		return;
	good = ops->check(notifier->values, words, sizeof words);
	words[sizeof words - 1] = '\0';
	for (sentence = strtok_r(words, "\n", &rest); sentence != NULL; sentence = strtok_r(NULL, "\n", &rest)) {
		char shown[400];
		struct text text = TEXT_OVER(shown);

		text_escape(&text, (struct pw_bytes){ sentence, strlen(sentence) });
		if (good)
			notifier->way = arena_strdup(reader->arena, shown);
		else if (!is_of_wrong(own, sentence))
			faults_add(&reader->faults, place_of(group, sentence), "%s", shown);
	}
}

static void
take_notifier(struct reader *reader, const struct node *group)
{
	struct config_notifier *notifier = &reader->notifiers[reader->notifier_count];
	const char *plugin;
	struct own own;
	uint32_t twin;

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
	if (notifier->plugin != NULL) {
		take_own(reader, group, notifier->plugin, notifier_settings, &own);
		notifier->values = values_share(&reader->values, own.items, own.count);
		check_together(reader, group, notifier, &own);
	}
	reader_take_rules(reader, group, notifier);
	if (notifier->name == NULL)
		return;
	twin = reader_find_notifier(reader, notifier->name);
	if (twin != CONFIG_NONE) {
		faults_add(&reader->faults, group->place, "there are two notifiers %s, here and in %s",
		    QUOTE(reader, notifier->name), faults_place(&reader->faults, reader->notifier_places[twin]));
		return;
	}
	notifier->place = arena_strdup(reader->arena, faults_place(&reader->faults, group->place));
	reader->notifier_groups[reader->notifier_count] = group;
	reader->notifier_places[reader->notifier_count++] = group->place;
}

/* A notifier that is told of nothing, by the plugin that asks URLs. */
static void
take_heartbeat(struct reader *reader)
{
	static const char format[] = "heartbeat";
	struct config_notifier *notifier = &reader->notifiers[reader->notifier_count];
	struct config *config = reader->config;
	struct pw_value interval;
	struct reason why;
	struct own own;
	bool good;
	int row;

	if (reader->heartbeat == NULL)
		return;
	*notifier = (struct config_notifier){ .name = format, .fallback = CONFIG_NONE, .deadline = 90 * INT64_C(1000000),
		.channel_grace = INT64_MAX };
	notifier->plugin = reader_find_plugin(reader, "webhook", PW_NOTIFIER, reader->heartbeat->place);
	good = reader_take_row(reader, reader->heartbeat, &heartbeat_settings[HEARTBEAT_INTERVAL], &interval);
	if (notifier->plugin == NULL)
		return;
	take_own(reader, reader->heartbeat, notifier->plugin, heartbeat_settings, &own);
	if ((row = settings_find(own.rows, "format")) >= 0)
		value_of_text(&reader->values, &own.rows[row], "", format, &own.items[row], &why);
	notifier->values = values_share(&reader->values, own.items, own.count);
	check_together(reader, reader->heartbeat, notifier, &own);
	if (!good)
		return;
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
