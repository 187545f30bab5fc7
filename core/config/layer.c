/*
 * For the reading of a configuration: lays groups of target settings over each other (defaults,
 * then target), and checks single values beyond what their types say.
 *
 * A layer is copied and changed, never merged: defaults = { interval = "5m"; }, then a target with
 * interval = "1m" has 1m, and a list in a target replaces that of the defaults as a whole.
 */
#include "config/reader.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "config/snapshot.h"
#include "config/cert_limit.h"
#include "config/probes.h"
#include "config/service_files.h"
#include "config/top.h"

enum { KEY_SHOWN_MAX = 160, TAG_SIZE_MAX = 64 };

/*
 * Limits are given by nobody here: what holds then is a matter of each probe's phases
 * (policy_built_in()).
 */
void
layer_init(struct reader *reader, struct layer *layer)
{
	memset(layer, 0, sizeof *layer);
	for (int i = 0; i < TARGET_ROWS; i++)
		value_default(&reader->values, &target_settings[i], &layer->target[i], NULL);
	for (int i = 0; i < TLS_ROWS; i++)
		value_default(&reader->values, &tls_settings_rows[i], &layer->tls[i], NULL);
	for (int kind = 0; kind < LIMIT_KINDS; kind++)
		for (int i = 0; i < PHASE_NAMES_MAX; i++)
			layer->limits[kind][i] = LIMIT_NOT_GIVEN;
}

/* One address of each family, for a probe binds its socket to that of the family it connects by. */
static bool
check_source(struct reader *reader, struct place place, const char *item, bool has[static 2])
{
	struct address address;
	bool is_ipv4;

	if (!address_parse(item, 0, &address))
		return FAULT(reader, place, "source: %s is not an address", QUOTE(reader, item));
	is_ipv4 = address_is_ipv4(&address);
	if (address_is_forbidden(&address))
		return FAULT(reader, place, "source: %s is %s, not one of ours",
		    QUOTE(reader, item), address_class_name(address_class(&address)));
	if (has[is_ipv4])
		return FAULT(reader, place, "source: has two %s addresses: one for each family",
		    is_ipv4 ? "IPv4" : "IPv6");
	return has[is_ipv4] = true;
}

/*
 * Entries up to the first that is wrong; of notifiers all names, for each of them may have been
 * meant otherwise.
 */
static bool
check_list(struct reader *reader, const struct pw_setting *row, const struct node *node,
    const struct pw_strings *list)
{
	bool good = true, has[2] = { false, false };
	bool notify = row == &target_settings[TARGET_NOTIFY];

	for (uint32_t i = 0; (good || notify) && i < list->count; i++) {
		const char *item = list->items[i];
		size_t size = strlen(item);
		struct cert_limit limit;
		struct reason why;

		if (notify) {
			good &= reader_require_notifier(reader, node->place, "notify", item)
			    != CONFIG_NONE;
		} else if (row == &target_settings[TARGET_SOURCE]) {
			good = check_source(reader, node->place, item, has);
		} else if (row == &target_settings[TARGET_TAGS]) {
			good = (size > 0 && size <= TAG_SIZE_MAX && strpbrk(item, " \t") == NULL)
			    || FAULT(reader, node->place,
			        "tags: %s is not a word of up to %d bytes", QUOTE(reader, item),
			        TAG_SIZE_MAX);
		} else if (row == &tls_settings_rows[TLS_CERT_WARN]) {
			good = cert_limit_parse(item, &limit, &why)
			    || FAULT(reader, node->place, "cert_warn: %s %s",
			        QUOTE(reader, item), why.text);
		}
	}
	return good;
}

/*
 * Returns false after a fault. The daemon goes on by the copy of a CA file that it could use once;
 * `check` tells it all the same: a configuration that is good by a copy in one host's state folder
 * does not start elsewhere.
 */
static bool
check_value(struct reader *reader, const struct pw_setting *row, const struct node *node,
    const struct pw_value *value)
{
	const char *text = value->string;
	int64_t millionths;
	char copy[PATH_MAX];
	struct host host;
	struct reason why;

	if (row->type == PW_LIST)
		return check_list(reader, row, node, value->list);
	if (row == &tls_settings_rows[TLS_CA_FILE] && access(text, R_OK) != 0) {
		const char *fault = strerror(errno);

		if (!reader->source->advise
		    && snapshot_copy_path(copy, top_find_state(reader), text)
		    && access(copy, R_OK) == 0) {
			WARN(reader, node->place,
			    "ca_file: %s cannot be read: %s: what was in it before stays in force",
			    QUOTE(reader, text), fault);
			return true;
		}
		return FAULT(reader, node->place, "ca_file: %s cannot be read: %s",
		    QUOTE(reader, text), fault);
	}
	if (row == &target_settings[TARGET_SLA])
		return units_parse_percent(text, &millionths, &why)
		    || FAULT(reader, node->place, "sla: %s", why.text);
	if (row != &tls_settings_rows[TLS_SNI])
		return true;
	if (!host_parse(reader->scratch, text, strlen(text), &host, &why))
		return FAULT(reader, node->place, "sni: %s %s", QUOTE(reader, text), why.text);
	return !host.is_literal
	    || FAULT(reader, node->place,
	        "sni: %s is an address, and only names can be asked for", QUOTE(reader, text));
}

/* What a group is laid over. */
struct laying {
	struct reader *reader;
	struct layer *layer;
	const struct probe *probe; /* NULL: in `defaults` */
	enum scope scope;
};

/*
 * A group of `defaults` for one probe has no `probe` in it, and other identities stand in no
 * defaults at all.
 */
static bool
may_stand(const struct pw_setting *row, enum scope scope)
{
	switch (scope) {
	case SCOPE_DEFAULTS: return row->flags & SETTING_IN_DEFAULTS;
	case SCOPE_PROBE_DEFAULTS:
		return row->flags & SETTING_IN_DEFAULTS && !(row->flags & SETTING_IDENTITY);
	case SCOPE_LIST: return row->flags & SETTING_IN_LIST;
	case SCOPE_TARGET: return !(row->flags & SETTING_ONLY_LIST);
	}
	return false;
}

static bool
uses_tls(const struct probe *probe)
{
	return probe == NULL || probe->plugin->descriptor->flags & PW_USES_TLS;
}

/*
 * Why a setting that exists may not stand in this scope; NULL if there is no such setting. What a
 * user meant is then known, and no suggestion is needed.
 */
static const char *
why_not_here(const struct laying *at, const char *key, char words[static KEY_SHOWN_MAX])
{
	struct text text = text_over(words, KEY_SHOWN_MAX);

	if (settings_find(target_settings, key) >= 0) {
		if (at->scope == SCOPE_LIST)
			return "cannot stand beside file: it belongs to a single target";
		return strcmp(key, "file") == 0 ? "stands only in the list of targets"
		                                : "belongs to a single target";
	}
	if (tls_settings_find(key) >= 0) {
		text_format(&text, "has no meaning for the probe %s, which uses no TLS",
		    at->probe->plugin->descriptor->name);
		return words;
	}
	if (settings_find(global_settings, key) >= 0)
		return "belongs to the top of the configuration";
	for (uint32_t i = 0; i < at->reader->probe_count; i++) {
		const struct pw_plugin *other = at->reader->probes[i].plugin->descriptor;

		if (settings_find(other->settings, key) < 0)
			continue;
		if (at->probe == NULL)
			text_format(&text,
			    "is the probe %s's own: write defaults = { %s = { %s = ... }; };",
			    other->name, other->name, key);
		else
			text_format(&text, "is a setting of the probe %s, and this one is %s",
			    other->name, at->probe->plugin->descriptor->name);
		return words;
	}
	return NULL;
}

static void
report_unknown(const struct laying *at, const struct node *node)
{
	const struct pw_setting *own = at->probe == NULL
	    ? NULL
	    : at->probe->plugin->descriptor->settings;
	struct nearest near = nearest_to(node->key);
	char words[KEY_SHOWN_MAX];
	const char *here;

	if (reader_report_bare_secret(at->reader, node, own))
		return;
	here = why_not_here(at, node->key, words);
	if (here != NULL) {
		FAULT(at->reader, node->place, "%s %s", QUOTE(at->reader, node->key), here);
		return;
	}
	for (int i = 0; i < TARGET_ROWS; i++)
		if (may_stand(&target_settings[i], at->scope))
			nearest_try(&near, target_settings[i].key);
	if (uses_tls(at->probe))
		reader_try_settings(at->reader, &near, tls_settings_rows);
	for (int i = 0; i < LIMIT_KINDS; i++)
		nearest_try(&near, limit_groups[i].key);
	reader_try_settings(at->reader, &near, own);
	for (uint32_t i = 0; at->scope == SCOPE_DEFAULTS && i < at->reader->probe_count; i++)
		nearest_try(&near, at->reader->probes[i].plugin->descriptor->name);
	reader_report_unknown(at->reader, node, "", near.best);
}

/* Whether a phase, by its number, may be given limits: in `defaults` those of any probe. */
static bool
has_phase(const struct laying *at, int number)
{
	for (uint32_t i = 0; at->probe != NULL && i < at->probe->phase_count; i++)
		if (at->probe->phase_numbers[i] == number)
			return true;
	return at->probe == NULL || strcmp(at->reader->phase_names[number], "leg") == 0;
}

/*
 * Takes a group of limits. `limits.banner` of `defaults` holds for every probe that has a banner,
 * so a phase has to exist in any probe there, and in this one elsewhere.
 */
static void
take_limits(const struct laying *at, enum limit_kind kind, const struct node *group)
{
	const char *name = limit_groups[kind].key;

	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];
		const struct pw_setting *usual = limit_settings[kind]; /* of all phases */
		const struct pw_setting row = { .key = node->key, .type = PW_DURATION,
			.min = usual->min, .max = usual->max };
		int number = reader_phase_number(at->reader, node->key);
		struct nearest near = nearest_to(node->key);
		struct text label = TEXT_ROOM(KEY_SHOWN_MAX);
		struct pw_value value;

		assert(number < (int)at->reader->phase_name_count);
		text_format(&label, "%s.%s", name, node->key);
		if (number >= 0 && has_phase(at, number)) {
			if (value_of_node(&at->reader->values, &at->reader->diagnostics, &row,
				label.bytes, node, &value))
				at->layer->limits[kind][number] = value.number;
			continue;
		}
		for (uint32_t j = 0; j < at->reader->phase_name_count; j++)
			if (has_phase(at, (int)j))
				nearest_try(&near, at->reader->phase_names[j]);
		FAULT(at->reader, node->place, "%s: %s is no phase of %s%s%s", name,
		    QUOTE(at->reader, node->key), at->probe == NULL ? "any probe" : "the probe ",
		    at->probe == NULL ? "" : at->probe->plugin->descriptor->name,
		    diagnostics_suggest(&at->reader->diagnostics, near.best));
	}
}

static bool
take_row(struct reader *reader, const struct pw_setting *row, const struct node *node,
    struct pw_value *into)
{
	struct pw_value value;

	if (!reader_take(reader, row, node, &value) || !check_value(reader, row, node, &value))
		return false;
	if (row->type == PW_SECRET)
		service_files_note(reader, row, node, value.string);
	*into = value;
	return true;
}

/*
 * The same setting by its other name: days, of which the most are the first warning and the fewest
 * the last: cert_warn_days = [ 21, 7, 3 ] is cert_warn = [ "21d", "3d" ].
 */
static void
take_cert_warn_days(struct reader *reader, const struct node *node, struct pw_value *into)
{
	static const struct pw_setting row = { .key = "cert_warn_days", .type = PW_LIST, .max = 8 };
	struct text words = TEXT_ROOM(64);
	int least = INT_MAX, most = 0;
	struct pw_value value;

	if (!reader_take(reader, &row, node, &value))
		return;
	for (uint32_t i = 0; i < value.list->count; i++) {
		int days = cert_limit_days(value.list->items[i]);

		if (days < 1) {
			FAULT(reader, node->place,
			    "cert_warn_days: %s is not a number of days, 1 to %d",
			    QUOTE(reader, value.list->items[i]), CERT_DAYS_MAX);
			return;
		}
		least = days < least ? days : least;
		most = days > most ? days : most;
	}
	if (most > 0)
		text_format(&words, "%dd", most);
	if (least < most)
		text_format(&words, " %dd", least);
	*into = (struct pw_value){ .given = true };
	(void)value_of_text(
	    &reader->values, &tls_settings_rows[TLS_CERT_WARN], "", words.bytes, into, NULL);
}

/*
 * What a probe with TLS cannot do without is not to be taken away where it is named; `defaults` may
 * say tls = "none" for the other probes.
 */
static void
take_member(const struct laying *at, const struct node *node)
{
	const struct pw_plugin *probe = at->probe == NULL ? NULL : at->probe->plugin->descriptor;
	int row = settings_find(target_settings, node->key), kind = limit_group_find(node->key);

	if (row >= 0 && may_stand(&target_settings[row], at->scope)) {
		if (!(target_settings[row].flags & SETTING_IDENTITY))
			take_row(at->reader, &target_settings[row], node, &at->layer->target[row]);
	} else if (uses_tls(at->probe) && (row = tls_settings_find(node->key)) >= 0) {
		struct pw_value *into = &at->layer->tls[row];

		if (strcmp(node->key, tls_settings_rows[row].key) != 0)
			take_cert_warn_days(at->reader, node, into);
		else if (take_row(at->reader, &tls_settings_rows[row], node, into)
		    && row == TLS_MODE && probe != NULL && probe->flags & PW_REQUIRES_TLS
		    && into->number < PW_TLS_REQUIRE)
			FAULT(at->reader, node->place,
			    "tls: the probe %s cannot do without TLS: \"require\" or \"implicit\"",
			    probe->name);
	} else if (kind >= 0 && node->kind == NODE_GROUP) {
		take_limits(at, (enum limit_kind)kind, node);
	} else if (kind >= 0) {
		if (node->kind != NODE_BAD)
			FAULT(at->reader, node->place,
			    "%s: is %s; write a group, such as { banner = \"60s\"; }", node->key,
			    node_kind_name(node->kind));
	} else if (probe != NULL && (row = settings_find(probe->settings, node->key)) >= 0) {
		take_row(at->reader, &probe->settings[row], node, &at->layer->own[row]);
	} else {
		report_unknown(at, node);
	}
}

void
layer_take(struct reader *reader, struct layer *layer, const struct probe *probe,
    const struct node *group, enum scope scope)
{
	const struct laying at = { reader, layer, probe, scope };

	assert((scope == SCOPE_DEFAULTS) == (probe == NULL));
	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];

		if (scope == SCOPE_DEFAULTS && node->kind == NODE_GROUP
		    && plugins_find(&reader->plugins, node->key, PW_PROBE) != NULL)
			continue;
		take_member(&at, node);
	}
}

/*
 * Without a probe it is not known which other settings may stand there: those that all probes have
 * are checked.
 */
void
layer_check_common(struct reader *reader, const struct node *group)
{
	for (uint32_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];
		int row = settings_find(target_settings, node->key);
		struct pw_value value;

		if (row < 0 || target_settings[row].flags & SETTING_IDENTITY)
			continue;
		if (value_of_node(&reader->passing, &reader->diagnostics, &target_settings[row],
		        node->key, node, &value))
			check_value(reader, &target_settings[row], node, &value);
	}
}
