/*
 * For the reading of a configuration: makes policies, the settings by which a target is watched.
 * Equal ones are shared: 100,000 targets with the settings of `defaults` have one policy, and
 * whether two targets are treated alike is a comparison of pointers.
 */
#include "config/policy.h"

#include <assert.h>
#include <string.h>

#include "base/units.h"
#include "config/cert_limit.h"
#include "config/programs.h"
#include "config/reader.h"

enum { STALE_INTERVALS = 5 };

enum port_class
port_class(uint16_t port)
{
	switch (port) {
	case 25: return PORT_SMTP;
	case 465: return PORT_SMTPS;
	case 587: return PORT_SUBMISSION;
	}
	return PORT_OTHER;
}

/*
 * Port 25 knows no promise of TLS (RFC 7435); 465 begins with it (RFC 8314, section 3), and on 587
 * a password follows. A certificate on port 25 is seldom made for its name (RFC 8461 and DANE are
 * for that): what is wrong with it is a warning there.
 */
static const struct tls_settings *
share_tls(struct reader *reader, const struct probe *probe, const struct layer *layer,
    enum port_class port)
{
	static const enum pw_tls_mode by_port[PORT_CLASSES] = {
		[PORT_SMTP] = PW_TLS_OPPORTUNISTIC,
		[PORT_SMTPS] = PW_TLS_IMPLICIT,
		[PORT_SUBMISSION] = PW_TLS_REQUIRE,
		[PORT_OTHER] = PW_TLS_OPPORTUNISTIC,
	};
	const struct pw_value *mode = &layer->tls[TLS_MODE], *verify = &layer->tls[TLS_VERIFY],
	                      *sni = &layer->tls[TLS_SNI], *warn = &layer->tls[TLS_CERT_WARN];
	struct tls_settings tls;
	struct host name;
	struct reason why;

	if (!(probe->plugin->descriptor->flags & PW_USES_TLS))
		return NULL;
	memset(&tls, 0, sizeof tls);
	tls.mode = mode->given ? (enum pw_tls_mode)mode->number : by_port[port];
	if (tls.mode < PW_TLS_REQUIRE && probe->plugin->descriptor->flags & PW_REQUIRES_TLS)
		tls.mode = PW_TLS_REQUIRE;
	if (verify->given)
		tls.verify = (enum tls_verify)verify->number;
	else
		tls.verify = port == PORT_SMTP || tls.mode <= PW_TLS_OPPORTUNISTIC
		    ? TLS_VERIFY_WARN
		    : TLS_VERIFY_FULL;
	tls.ca_file = layer->tls[TLS_CA_FILE].string;
	if (sni->string != NULL
	    && host_parse(reader->scratch, sni->string, strlen(sni->string), &name, &why))
		tls.sni = arena_intern(reader->arena, name.ascii);
	tls.min_version = 0x0301 + (int)layer->tls[TLS_MIN_VERSION].number;
	assert(warn->list->count <= CERT_LEVELS);
	for (uint32_t i = 0; i < warn->list->count; i++) {
		bool good = cert_limit_parse(warn->list->items[i], &tls.cert_warn[i], NULL);

		assert(good);
	}
	tls.cert_warn_given = warn->given;
	return pool_share(&reader->values.pool, &tls, sizeof tls);
}

/* EHLO inside TLS goes by the limits of EHLO where it has none of its own. */
static int64_t
given_limit(
    const struct reader *reader, const struct layer *layer, enum limit_kind kind, int number)
{
	int64_t limit = layer->limits[kind][number];

	if (limit == LIMIT_NOT_GIVEN && strcmp(reader->phase_names[number], "ehlo_tls") == 0)
		limit = layer->limits[kind][reader_phase_number(reader, "ehlo")];
	return limit;
}

/*
 * A patient limit that nobody set is never shorter than the routine one: limits.banner = "90s"
 * gives the patient attempt at least 90 s as well.
 */
static void
apply_limits(struct reader *reader, const struct layer *layer, int number, struct phase_plan *plan,
    struct place place)
{
	int64_t routine = given_limit(reader, layer, LIMIT_ROUTINE, number);
	int64_t patient = given_limit(reader, layer, LIMIT_PATIENT, number);
	int64_t slow = given_limit(reader, layer, LIMIT_SLOW, number);

	if (routine != LIMIT_NOT_GIVEN)
		plan->routine = routine;
	if (patient != LIMIT_NOT_GIVEN)
		plan->patient = patient;
	else if (plan->patient < plan->routine)
		plan->patient = plan->routine;
	if (slow != LIMIT_NOT_GIVEN)
		plan->slow = slow;
	if (plan->patient < plan->routine)
		FAULT(reader, place,
		    "patient_limits.%s is shorter than limits.%s: the patient attempt has to be "
		    "the longer one", plan->name, plan->name);
}

/*
 * The leg as a whole is given as much more time as its phases are given more than they have by
 * default; else a longer limit of one phase would only move where the attempt is ended.
 */
static void
plan_phases(struct reader *reader, const struct probe *probe, const struct layer *layer,
    struct place place, struct policy *policy)
{
	struct phase_plan phases[PHASES_MAX];

	policy->leg = policy_built_in(probe->plugin, "leg");
	for (uint32_t i = 0; i < probe->phase_count; i++) {
		int number = probe->phase_numbers[i];
		struct phase_plan usual = policy_built_in(
		    probe->plugin, reader->phase_names[number]);

		memcpy(&phases[i], &usual, sizeof usual);
		apply_limits(reader, layer, number, &phases[i], place);
		if (phases[i].routine > usual.routine)
			policy->leg.routine += phases[i].routine - usual.routine;
		if (phases[i].patient > usual.patient)
			policy->leg.patient += phases[i].patient - usual.patient;
	}
	apply_limits(reader, layer, reader_phase_number(reader, "leg"), &policy->leg, place);
	if (reader->source->leg_max > 0 && policy->leg.routine > reader->source->leg_max)
		policy->leg.routine = reader->source->leg_max;
	if (reader->source->leg_max > 0 && policy->leg.patient > reader->source->leg_max)
		policy->leg.patient = reader->source->leg_max;
	assert(policy->leg.patient >= policy->leg.routine || reader->diagnostics.into->errors > 0);
	policy->phase_count = probe->phase_count;
	policy->phases = pool_share(
	    &reader->values.pool, phases, probe->phase_count * sizeof *phases);
}

/* A name that is no notifier has been told by the layer. */
static void
put_notify(struct reader *reader, struct policy *policy, const struct pw_strings *list)
{
	uint32_t notifiers[64] = { 0 };

	policy->notify_count = CONFIG_NONE;
	if (list == NULL)
		return;
	assert(list->count <= sizeof notifiers / sizeof *notifiers);
	policy->notify_count = 0;
	for (uint32_t i = 0; i < list->count; i++) {
		uint32_t index = reader_find_notifier(reader, list->items[i]);

		if (index != CONFIG_NONE)
			notifiers[policy->notify_count++] = index;
	}
	policy->notify = pool_share(
	    &reader->values.pool, notifiers, policy->notify_count * sizeof *notifiers);
}

static void
check_program(struct reader *reader, const struct plugin *plugin, const struct pw_values *values,
    struct place place)
{
	struct text what = TEXT_ROOM(500);
	struct pw_program program;

	if (!plugin_has_program(plugin))
		return;
	plugin_program(plugin, values, &program);
	if (program_is_wrong(&program, true, &what))
		FAULT(reader, place, "%s", what.bytes);
}

/*
 * Policies are compared byte by byte, so all of it is zeroed first, padding included; what lies
 * behind pointers is shared already, so equal values have equal pointers.
 */
const struct policy *
policy_of_layer(struct reader *reader, const struct probe *probe, const struct layer *layer,
    enum port_class port, struct place place)
{
	const struct pw_value *values = layer->target;
	const struct pw_strings *sources = values[TARGET_SOURCE].list;
	/* What is missing may stand in the `defaults` of a file that could not be read. */
	bool may_be_there = reader->is_torn && reader->defaults == NULL;
	struct policy policy;
	struct reason why;

	for (uint32_t i = 0; !may_be_there && i < probe->own_count; i++) {
		const struct pw_setting *row = &probe->plugin->descriptor->settings[i];
		char key[SETTING_KEY_MAX];

		if (row->flags & PW_REQUIRED && !layer->own[i].given)
			FAULT(reader, place, "%s is missing: %s", value_key(row, key), row->help);
	}
	memset(&policy, 0, sizeof policy);
	policy.probe = probe->plugin;
	policy.values = values_share(&reader->values, layer->own, probe->own_count);
	check_program(reader, policy.probe, policy.values, place);
	policy.tls = share_tls(reader, probe, layer, port);
	policy.interval = values[TARGET_INTERVAL].number;
	policy.retry_interval = values[TARGET_RETRY_INTERVAL].number;
	policy.flap_window = values[TARGET_FLAP_WINDOW].number;
	policy.tempfail_grace = values[TARGET_TEMPFAIL_GRACE].number;
	policy.stale_after = values[TARGET_STALE_AFTER].given ? values[TARGET_STALE_AFTER].number
	    : policy.interval * STALE_INTERVALS;
	if (values[TARGET_SLA].string != NULL)
		(void)units_parse_percent(values[TARGET_SLA].string, &policy.sla, &why);
	policy.tries = (uint32_t)values[TARGET_TRIES].number;
	policy.recover_tries = (uint32_t)values[TARGET_RECOVER_TRIES].number;
	policy.addresses = (enum addresses)values[TARGET_ADDRESSES].number;
	policy.family = (enum family)values[TARGET_FAMILY].number;
	policy.allow_private = values[TARGET_ALLOW_PRIVATE].number != 0;
	for (uint32_t i = 0; sources != NULL && i < sources->count; i++) {
		struct address address;

		if (!address_parse(sources->items[i], 0, &address))
			continue;
		*(address_is_ipv4(&address) ? &policy.source4 : &policy.source6) = address;
		*(address_is_ipv4(&address) ? &policy.has_source4 : &policy.has_source6) = true;
	}
	plan_phases(reader, probe, layer, place, &policy);
	put_notify(reader, &policy, values[TARGET_NOTIFY].list);
	if (values[TARGET_TAGS].list != NULL) {
		policy.tag_count = values[TARGET_TAGS].list->count;
		policy.tags = values[TARGET_TAGS].list->items;
	}
	return pool_share(&reader->values.pool, &policy, sizeof policy);
}
