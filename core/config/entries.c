/* Reads the targets of configuration files: single entries, and entries that name a list file. */
#include "config/reader.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"

static const int64_t pace_polite = 30 * (int64_t)SECOND, retry_polite = 20 * (int64_t)SECOND;

bool
reader_take_endpoint(struct reader *reader, const char *what, const char *text, size_t size, struct place place,
    struct host *host, uint16_t *port)
{
	struct endpoint endpoint;
	struct reason why;

	if (memmem(text, size, "://", 3) != NULL) {
		faults_add(&reader->faults, place, "%s%s is a URL, and a host name or an address is wanted", what,
		    faults_quote_bytes(&reader->faults, text, size));
		return false;
	}
	if (!endpoint_parse(text, size, &endpoint, &why)) {
		faults_add(&reader->faults, place, "%s%s", what, why.text);
		return false;
	}
	if (!host_parse(reader->arena, endpoint.host, endpoint.host_size, host, &why)) {
		faults_add(&reader->faults, place, "%s%s %s", what,
		    faults_quote_bytes(&reader->faults, endpoint.host, endpoint.host_size), why.text);
		return false;
	}
	if (endpoint.port != 0)
		*port = endpoint.port;
	return true;
}

/* What a group says of which target it is. */
struct identity {
	struct pw_value values[TARGET_ROWS];
	const struct node *nodes[TARGET_ROWS]; /* NULL: not said */
	bool has_more;                         /* it says also how it is watched */
	bool is_wrong;
};

static void
take_identity(struct reader *reader, const struct node *group, struct identity *identity)
{
	memset(identity, 0, sizeof *identity);
	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];
		int row = settings_find(target_settings, node->key);

		if (row < 0 || !(target_settings[row].flags & SETTING_IDENTITY)) {
			identity->has_more = true;
			continue;
		}
		identity->nodes[row] = node;
		if (!value_of_node(&reader->passing, &reader->faults, &target_settings[row], node->key, node, &identity->values[row]))
			identity->is_wrong = true;
	}
}

struct probe *
reader_default_probe(struct reader *reader)
{
	const struct pw_setting *row = &target_settings[TARGET_PROBE];
	const struct node *node = reader->defaults == NULL ? NULL : node_member(reader->defaults, row->key);
	struct pw_value value = { .string = row->fallback };
	struct place place = { 0 };

	if (reader->default_probe_sought)
		return reader->default_probe;
	reader->default_probe_sought = true;
	if (node != NULL)
		place = node->place;
	else
		place.file = faults_file(&reader->faults, reader->source->path != NULL ? reader->source->path : "command line");
	if (node != NULL && !value_of_node(&reader->values, &reader->faults, row, row->key, node, &value))
		return NULL;
	reader->default_probe = reader_find_probe(reader, value.string, place);
	return reader->default_probe;
}

static bool
is_near(const struct host *host)
{
	size_t size = strlen(host->ascii);
	static const char local[] = ".localhost";

	if (host->is_literal)
		return address_class(&host->address) != ADDRESS_PUBLIC;
	return strcmp(host->ascii, local + 1) == 0
	    || (size > strlen(local) && strcmp(host->ascii + size - strlen(local), local) == 0);
}

/* Once for each place that says so. */
static void
warn_of_pace(struct reader *reader, const struct draft *draft)
{
	const struct policy *policy = draft->policy;
	bool too_soon = policy->interval < pace_polite;

	if ((!too_soon && policy->retry_interval >= retry_polite) || *draft->pace_warned || is_near(&draft->host))
		return;
	*draft->pace_warned = true;
	faults_warn(&reader->faults, draft->pace_place, "%s: below %s is only for servers of your own, and %s is no private address",
	    too_soon ? "interval" : "retry_interval", too_soon ? "30s" : "20s", QUOTE(reader, draft->host.shown));
}

/* The probe that the command line wants in place of the configured one: all but that one's own settings hold on. */
static const struct policy *
rebuild_policy(struct reader *reader, struct draft *draft, const struct layer *layer)
{
	struct layer *over = arena_alloc(reader->scratch, sizeof *over);
	const char *name = reader->wanted_probe;
	struct probe *probe = draft->probe;
	const struct place place = { .file = faults_file(&reader->faults, "command line") };

	*over = *layer;
	if (name != NULL && strcmp(name, probe->plugin->descriptor->name) != 0) {
		probe = reader_find_probe(reader, name, place);
		if (probe == NULL)
			return draft->policy;
		memcpy(over->own, probe->layer.own, sizeof over->own);
		draft->probe = probe;
	}
	layer_take(reader, over, probe, reader->sets, SCOPE_TARGET);
	return policy_of_layer(reader, probe, over, port_class(draft->port), place);
}

void
reader_finish_target(struct reader *reader, struct draft *draft, const struct layer *layer)
{
	const struct config_source *source = reader->source;

	if (draft->port == 0) {
		faults_add(&reader->faults, draft->place, "%s has no port, and the probe %s none by default",
		    QUOTE(reader, draft->host.shown), draft->probe->plugin->descriptor->name);
		return;
	}
	if (draft->host.is_literal && draft->policy->family != FAMILY_BOTH
	    && (draft->policy->family == FAMILY_IPV4) != address_is_ipv4(&draft->host.address))
		faults_add(&reader->faults, draft->place, "family: %s is an %s address", QUOTE(reader, draft->host.shown),
		    address_is_ipv4(&draft->host.address) ? "IPv4" : "IPv6");
	if (layer != NULL && source->word_count > 0 && reader_is_wanted(reader, draft)) {
		if (reader->wanted_port != 0)
			draft->port = reader->wanted_port;
		if (reader->sets->count > 0 || reader->wanted_port != 0 || reader->wanted_probe != NULL)
			draft->policy = rebuild_policy(reader, draft, layer);
	} else if (layer != NULL && source->select) {
		reader_pass_target(reader, draft);
		return;
	}
	warn_of_pace(reader, draft);
	reader_add_target(reader, draft);
}

static bool
take_host(struct reader *reader, const struct identity *identity, struct draft *draft)
{
	const struct node *node = identity->nodes[TARGET_HOST];
	const char *text = identity->values[TARGET_HOST].string;
	uint16_t port = 0;

	if (!reader_take_endpoint(reader, "host: ", text, strlen(text), node->place, &draft->host, &port))
		return false;
	if (port != 0) {
		faults_add(&reader->faults, node->place, "host: %s: the port is a setting of its own: port = %u;", QUOTE(reader, text),
		    port);
		return false;
	}
	return true;
}

static void
take_names(const struct identity *identity, struct draft *draft)
{
	draft->name = identity->values[TARGET_NAME].string;
	draft->was = identity->values[TARGET_WAS].string;
	draft->parent = identity->values[TARGET_PARENT].string;
	if (draft->parent != NULL)
		draft->parent_place = identity->nodes[TARGET_PARENT]->place;
}

static void
take_pace_place(struct reader *reader, const struct node *group, struct draft *draft, bool *own)
{
	const struct node *node = node_member(group, "interval");

	if (node == NULL)
		node = node_member(group, "retry_interval");
	draft->pace_warned = node != NULL ? own : &reader->pace_warned;
	if (node == NULL && reader->defaults != NULL)
		node = node_member(reader->defaults, "interval");
	draft->pace_place = node != NULL ? node->place : draft->place;
}

/* The settings of a group over those of its probe; the probe's own layer where it adds none. */
static const struct layer *
lay_over(struct reader *reader, const struct probe *probe, const struct node *group, enum scope scope, bool has_more,
    struct layer *room)
{
	if (!has_more && scope == SCOPE_TARGET)
		return &probe->layer;
	*room = probe->layer;
	layer_take(reader, room, probe, group, scope);
	return room;
}

static const struct policy *
policy_for(struct reader *reader, const struct draft *draft, const struct layer *layer)
{
	enum port_class class = port_class(draft->port);
	struct probe *probe = draft->probe;

	if (layer != &probe->layer)
		return policy_of_layer(reader, probe, layer, class, draft->place);
	if (probe->policies[class] == NULL)
		probe->policies[class] = policy_of_layer(reader, probe, layer, class, draft->place);
	return probe->policies[class];
}

static bool
is_group_of_target(struct reader *reader, const struct node *group)
{
	if (group->kind == NODE_GROUP)
		return true;
	if (group->kind != NODE_BAD)
		faults_add(&reader->faults, group->place, "targets: %s where a group { host = \"...\"; } should be",
		    node_kind_name(group->kind));
	return false;
}

/* Of an entry whose probe is a fault: the settings that any probe has. */
static void
check_common(struct reader *reader, const struct node *group)
{
	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];
		int row = settings_find(target_settings, node->key);
		struct pw_value value;

		if (row >= 0 && !(target_settings[row].flags & SETTING_IDENTITY) && value_of_node(&reader->passing, &reader->faults,
		    &target_settings[row], node->key, node, &value))
			layer_check(reader, &target_settings[row], node, &value);
	}
}

/* An entry that is a fault is no target, and what others say of it is right all the same. */
static void
reject(struct reader *reader, const struct identity *identity)
{
	const char *name = identity->values[TARGET_NAME].string;

	reader_reject_target(reader, name != NULL ? name : identity->values[TARGET_HOST].string);
}

/* What an entry with a probe says; false after a fault. */
static bool
take_target(struct reader *reader, const struct node *group, const struct identity *identity, struct draft *draft,
    struct layer *room)
{
	bool is_list = identity->nodes[TARGET_FILE] != NULL, pace_warned = false, good = !identity->is_wrong;
	const struct layer *layer;

	draft->port = plugin_probe(draft->probe->plugin)->default_port;
	if (identity->values[TARGET_PORT].given)
		draft->port = (uint16_t)identity->values[TARGET_PORT].number;
	layer = lay_over(reader, draft->probe, group, is_list ? SCOPE_LIST : SCOPE_TARGET, identity->has_more, room);
	take_names(identity, draft);
	take_pace_place(reader, group, draft, &pace_warned);
	if (is_list) {
		if (good)
			reader_take_list(reader, identity->nodes[TARGET_FILE], draft->port, draft, layer);
		return good;
	}
	if (identity->values[TARGET_HOST].string == NULL || !take_host(reader, identity, draft))
		return false;
	draft->policy = policy_for(reader, draft, layer);
	if (good)
		reader_finish_target(reader, draft, layer);
	return good;
}

static void
take_entry(struct reader *reader, const struct node *group, struct layer *room)
{
	struct draft draft = { .place = group->place };
	struct identity identity;
	const char *probe;

	if (!is_group_of_target(reader, group))
		return;
	take_identity(reader, group, &identity);
	probe = identity.values[TARGET_PROBE].string;
	if (identity.nodes[TARGET_PROBE] == NULL)
		draft.probe = reader_default_probe(reader);
	else if (probe != NULL)
		draft.probe = reader_find_probe(reader, probe, identity.nodes[TARGET_PROBE]->place);
	if (identity.nodes[TARGET_FILE] == NULL && identity.nodes[TARGET_HOST] == NULL)
		faults_add(&reader->faults, draft.place, "this target has no host");
	if (draft.probe != NULL && take_target(reader, group, &identity, &draft, room))
		return;
	reject(reader, &identity);
	if (draft.probe != NULL)
		return;
	check_common(reader, group);
	if (identity.values[TARGET_HOST].string != NULL)
		take_host(reader, &identity, &draft);
}

void
reader_take_targets(struct reader *reader)
{
	struct layer *room = arena_alloc(reader->scratch, sizeof *room);

	for (uint32_t i = 0; i < reader->target_list_count; i++)
		for (uint32_t j = 0; j < reader->target_lists[i]->count; j++)
			take_entry(reader, &reader->target_lists[i]->children[j], room);
}
