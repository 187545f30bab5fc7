/*
 * For the reading of a configuration: reads the targets of its files. An entry has an identity
 * (name, host, port, probe, parent), which its settings are no part of: settings are laid over the
 * defaults of its probe, and of an entry with `file` they hold for all its lines.
 */
#include "config/targets.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "config/snapshot.h"
#include "config/input.h"
#include "config/policy.h"
#include "config/reader.h"

enum { NAME_ROOM = 256 /* of a list; longer ones are refused before the name itself is checked */ };

static const int64_t polite_interval = 30 * (int64_t)SECOND, polite_retry = 20 * (int64_t)SECOND;

/* A group of `targets`. */
struct entry {
	const struct node *group;
	struct pw_value values[TARGET_ROWS];         /* of SETTING_IDENTITY */
	const struct node *nodes[TARGET_ROWS];       /* of the same; NULL: not given */
	bool has_settings;                           /* others than its identity */
	bool is_wrong; /* a value of its identity is a fault, which has been told */
	const struct layer *layer;                   /* its probe's, or `own` */
	struct layer own;
	const struct policy *policies[PORT_CLASSES]; /* made of `own`; NULL: not yet made */
	struct draft draft;                          /* of the target, or of the line at hand */
};

/*
 * Once for each place that sets such an interval, whatever number of targets it holds for; a host
 * of our own may be probed as often as one likes.
 */
static void
warn_of_interval(struct reader *reader, const struct draft *draft)
{
	static const char local[] = ".localhost"; /* RFC 6761, section 6.3 */
	const char *name = draft->host.ascii;
	size_t size = strlen(name);
	bool too_short = draft->policy->interval < polite_interval;
	bool is_near = draft->host.is_literal
	    ? address_class(&draft->host.address) != ADDRESS_PUBLIC
	    : strcmp(name, local + 1) == 0
	        || (size > strlen(local) && strcmp(name + size - strlen(local), local) == 0);

	if ((!too_short && draft->policy->retry_interval >= polite_retry) || *draft->interval_warned
	    || is_near)
		return;
	*draft->interval_warned = true;
	WARN(reader, draft->interval_place,
	    "%s: below %s is only for servers of your own, and %s is no private address",
	    too_short ? "interval" : "retry_interval", too_short ? "30s" : "20s",
	    QUOTE(reader, draft->host.shown));
}

/* Whether a word of the command line is this target's name, or the HOST:PORT that it has in place
 * of a name. */
static bool
is_named_by(const struct draft *draft, const char *word)
{
	struct endpoint endpoint;

	if (draft->name != NULL)
		return strcmp(word, draft->name) == 0;
	if (!endpoint_parse(word, strlen(word), &endpoint, NULL))
		return false;
	if (endpoint.host_size != strlen(draft->host.ascii)
	    || strncasecmp(endpoint.host, draft->host.ascii, endpoint.host_size) != 0)
		return false;
	if (endpoint.port == 0)
		endpoint.port = plugin_probe(draft->probe->plugin)->default_port;
	return draft->port == endpoint.port;
}

/* The policy with what the command line says. With another probe all settings hold on but those of
 * the probe's own. */
static const struct policy *
change_policy(struct reader *reader, struct draft *draft, const struct layer *layer)
{
	const struct place place = reader_command_line(reader);
	const char *name = reader->wanted_probe;
	struct layer changed = *layer;

	if (name != NULL && strcmp(name, draft->probe->plugin->descriptor->name) != 0) {
		struct probe *probe = probes_find(reader, name, place);

		if (probe == NULL)
			return draft->policy;
		memcpy(changed.own, probe->layer.own, sizeof changed.own);
		draft->probe = probe;
	}
	layer_take(reader, &changed, draft->probe, reader->sets, SCOPE_TARGET);
	return policy_of_layer(reader, draft->probe, &changed, port_class(draft->port), place);
}

void
targets_finish(struct reader *reader, struct draft *draft, const struct layer *layer)
{
	const struct config_source *source = reader->source;
	enum family family = draft->policy->family;
	bool wanted = false;

	if (draft->port == 0) {
		FAULT(reader, draft->place, "%s has no port, and the probe %s none by default",
		    QUOTE(reader, draft->host.shown), draft->probe->plugin->descriptor->name);
		return;
	}
	if (draft->host.is_literal && family != FAMILY_BOTH
	    && (family == FAMILY_IPV4) != address_is_ipv4(&draft->host.address))
		FAULT(reader, draft->place, "family: %s is an %s address",
		    QUOTE(reader, draft->host.shown),
		    address_is_ipv4(&draft->host.address) ? "IPv4" : "IPv6");
	for (uint32_t i = 0; layer != NULL && i < source->word_count; i++)
		if (is_named_by(draft, source->words[i]))
			reader->words_seen[i] = wanted = true;
	if (wanted) {
		if (reader->wanted_port != 0)
			draft->port = reader->wanted_port;
		if (reader->sets->count > 0 || reader->wanted_port != 0
		    || reader->wanted_probe != NULL)
			draft->policy = change_policy(reader, draft, layer);
	} else if (layer != NULL && source->select) {
		target_list_pass(reader, draft);
		return;
	}
	assert(draft->policy->probe == draft->probe->plugin);
	warn_of_interval(reader, draft);
	target_list_add(reader, draft);
}

/* Targets with the defaults of their probe alone share its policies, which are made once for all
 * files. */
static void
finish_with_policy(struct reader *reader, struct entry *entry, struct place place)
{
	struct draft *draft = &entry->draft;
	struct probe *probe = draft->probe;
	const struct policy **policies = entry->layer == &probe->layer ? probe->policies
	                                                               : entry->policies;
	enum port_class class = port_class(draft->port);

	if (policies[class] == NULL)
		policies[class] = policy_of_layer(reader, probe, entry->layer, class, place);
	draft->policy = policies[class];
	assert(draft->policy->probe == probe->plugin);
	if (!entry->is_wrong)
		targets_finish(reader, draft, entry->layer);
	draft->probe = probe; /* the command line may have changed it for one line of a list */
}

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/* "HOST[:PORT] [NAME]", without blanks around it. */
static void
take_line(struct reader *reader, struct entry *entry, uint16_t port, struct pw_bytes line)
{
	struct draft *draft = &entry->draft;
	const char *end = line.data + line.size, *name;
	struct pw_bytes word = { line.data, 0 };
	struct host_port where;
	char room[NAME_ROOM];
	size_t size;

	while (word.size < line.size && !is_blank(word.data[word.size]))
		word.size++;
	if (!reader_parse_host_port(reader, word, draft->place, "", &where))
		return;
	for (name = word.data + word.size; name < end && is_blank(*name);)
		name++;
	size = (size_t)(end - name);
	if (size > 0 && strspn(name, "0123456789") >= size) {
		FAULT(reader, draft->place,
		    "%s stands where a name may stand; a port is written host:port",
		    diagnostics_quote_bytes(&reader->diagnostics, name, size));
		return;
	}
	if (size >= sizeof room) {
		FAULT(reader, draft->place, "the name %s is too long",
		    diagnostics_quote_bytes(&reader->diagnostics, name, size));
		return;
	}
	assert(name + size == end && size < sizeof room);
	memcpy(room, name, size);
	room[size] = '\0';
	draft->name = size > 0 ? room : NULL;
	draft->host = where.host;
	draft->port = where.port != 0 ? where.port : port;
	finish_with_policy(reader, entry, entry->nodes[TARGET_FILE]->place);
	draft->name = NULL;
}

/* Nothing is allocated for a line but its strings: a file may have 100,000. */
static void
take_list(struct reader *reader, struct entry *entry)
{
	const struct node *file = entry->nodes[TARGET_FILE];
	const char *from = diagnostics_file_name(&reader->diagnostics, file->place.file);
	const char *path = path_beside(reader->scratch, from, file->text);
	uint16_t port = entry->draft.port;
	struct input input;
	struct reason why;

	if (!snapshot_input(reader->diagnostics.snapshot, path, &input, &why)) {
		FAULT(reader, file->place, "the list %s cannot be read: %s", QUOTE(reader, path),
		    why.text);
		return;
	}
	entry->draft.place = (struct place){ .file = diagnostics_file(&reader->diagnostics, path) };
	for (const char *line = input.bytes, *stop = input.bytes + input.size, *next; line < stop;
	     line = next) {
		const char *end = memchr(line, '\n', (size_t)(stop - line));

		next = end == NULL ? stop : end + 1;
		entry->draft.place.line++;
		while (line < next && is_blank(*line))
			line++;
		/* Without its comment and the blanks before it; the '#' of "mx1#2" begins none. */
		end = end == NULL ? stop : end;
		for (const char *at = line; at < end; at++)
			if (*at == '#' && (at == line || is_blank(at[-1])))
				end = at;
		while (end > line && is_blank(end[-1]))
			end--;
		if (end > line)
			take_line(
			    reader, entry, port, (struct pw_bytes){ line, (size_t)(end - line) });
	}
	input_free(&input);
}

/* The host of an entry without `file`. Returns false after a fault. */
static bool
take_host(struct reader *reader, struct entry *entry)
{
	const char *text = entry->values[TARGET_HOST].string;
	struct host_port where;
	struct place place;

	if (text == NULL)
		return false;
	place = entry->nodes[TARGET_HOST]->place;
	if (!reader_parse_host_port(
	        reader, (struct pw_bytes){ text, strlen(text) }, place, "host: ", &where))
		return false;
	if (where.port != 0)
		return FAULT(reader, place, "host: %s: the port is a setting of its own: port = %u;",
		    QUOTE(reader, text), where.port);
	entry->draft.host = where.host;
	return true;
}

/* An entry with a probe. Returns false after a fault that leaves it no target. */
static bool
take_target(struct reader *reader, struct entry *entry)
{
	bool is_list = entry->nodes[TARGET_FILE] != NULL, interval_warned = false;
	const struct node *interval = node_member(entry->group, "interval");
	const struct pw_value *values = entry->values;
	struct draft *draft = &entry->draft;

	entry->layer = &draft->probe->layer;
	if (entry->has_settings || is_list) {
		entry->own = draft->probe->layer;
		layer_take(reader, &entry->own, draft->probe, entry->group,
		    is_list ? SCOPE_LIST : SCOPE_TARGET);
		entry->layer = &entry->own;
	}
	draft->port = values[TARGET_PORT].given ? (uint16_t)values[TARGET_PORT].number
	    : plugin_probe(draft->probe->plugin)->default_port;
	draft->name = values[TARGET_NAME].string;
	draft->was = values[TARGET_WAS].string;
	draft->parent = values[TARGET_PARENT].string;
	if (draft->parent != NULL)
		draft->parent_place = entry->nodes[TARGET_PARENT]->place;
	/* Where the interval was set, for a warning: in the entry, in `defaults`, or nowhere. */
	if (interval == NULL)
		interval = node_member(entry->group, "retry_interval");
	draft->interval_warned = interval != NULL ? &interval_warned : &reader->interval_warned;
	if (interval == NULL && reader->defaults != NULL)
		interval = node_member(reader->defaults, "interval");
	draft->interval_place = interval != NULL ? interval->place : entry->group->place;
	if (is_list) {
		if (!entry->is_wrong)
			take_list(reader, entry);
	} else if (take_host(reader, entry)) {
		finish_with_policy(reader, entry, draft->place);
	} else {
		return false;
	}
	return !entry->is_wrong;
}

static void
take_entry(struct reader *reader, const struct node *group)
{
	struct entry entry = { .group = group, .draft.place = group->place };
	const char *name, *probe;

	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];
		int row = settings_find(target_settings, node->key);

		if (row < 0 || !(target_settings[row].flags & SETTING_IDENTITY)) {
			entry.has_settings = true;
			continue;
		}
		entry.nodes[row] = node;
		if (!value_of_node(&reader->passing, &reader->diagnostics, &target_settings[row],
		        node->key, node, &entry.values[row]))
			entry.is_wrong = true;
	}
	name = entry.values[TARGET_NAME].string;
	probe = entry.values[TARGET_PROBE].string;
	if (entry.nodes[TARGET_PROBE] == NULL)
		entry.draft.probe = probes_find_default(reader);
	else if (probe != NULL)
		entry.draft.probe = probes_find(reader, probe, entry.nodes[TARGET_PROBE]->place);
	if (entry.nodes[TARGET_FILE] == NULL && entry.nodes[TARGET_HOST] == NULL)
		FAULT(reader, group->place, "this target has no host");
	if (entry.draft.probe != NULL && take_target(reader, &entry))
		return;
	target_list_reject(reader, name != NULL ? name : entry.values[TARGET_HOST].string);
	if (entry.draft.probe != NULL)
		return;
	/* Without a probe all is checked that does not depend on it: the next pass of the user is
	 * to be the last one. */
	layer_check_common(reader, group);
	(void)take_host(reader, &entry);
}

void
targets_take(struct reader *reader)
{
	for (uint32_t i = 0; i < reader->target_groups.count; i++)
		take_entry(reader, reader->target_groups.items[i]);
}
