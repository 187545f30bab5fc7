/*
 * For pages of the web process: shows the settings in force.
 *
 * Values come from the configuration that this process was started with, which is what is in force:
 * a reload replaces the process. Secrets stand in files of their own, which are not read here; a
 * URL may hold a token, and a share's secret is in its address: of these only what is no secret is
 * shown.
 */
#include "web/settings.h"

#include <string.h>

#include "base/units.h"
#include "config/tables.h"

enum { TEXT_ROOM = 64, NAMED = 20 };

static void
begin_row(struct view *view, const char *key)
{
	PUT(view, "<dt>{}</dt><dd>", AS_STRING(key));
}

static void
put_number(struct view *view, const char *key, int64_t value)
{
	PUT(view, "<dt>{}</dt><dd>{}</dd>", AS_STRING(key), AS_I64(value));
}

static void
put_duration(struct view *view, const char *key, int64_t micros)
{
	if (micros != 0)
		PUT(view, "<dt>{}</dt><dd>{}</dd>", AS_STRING(key), AS_DURATION(micros));
}

static void
put_list(struct view *view, const char *key, uint32_t count, const char *const *items)
{
	if (count == 0)
		return;
	begin_row(view, key);
	for (uint32_t i = 0; i < count; i++)
		PUT(view, "{}{}", AS_STRING(i > 0 ? ", " : ""), AS_STRING(items[i]));
	PUT(view, "</dd>");
}

static void
put_calendar(struct view *view, const char *key, const struct calendar *calendar, const char *timezone, const char *why)
{
	if (calendar->count == 0)
		return;
	begin_row(view, key);
	for (uint32_t i = 0; i < calendar->count; i++) {
		char bytes[TEXT_ROOM];
		struct text text = TEXT_OVER(bytes);

		calendar_add_range(&text, &calendar->ranges[i]);
		PUT(view, "{}{}", AS_STRING(i > 0 ? ", " : ""), AS_STRING(bytes));
	}
	if (timezone != NULL)
		PUT(view, " ({})", AS_STRING(timezone));
	if (why != NULL)
		PUT(view, ": {}", AS_STRING(why));
	PUT(view, "</dd>");
}

/* Of a URL the scheme and the host: who is named before the host, and what stands behind it, may be a secret. */
static void
put_masked(struct view *view, const char *key, const char *value)
{
	const char *host = value == NULL ? NULL : strstr(value, "://");
	const char *user;
	size_t size;

	if (host == NULL) {
		view_term(view, key, value);
		return;
	}
	begin_row(view, key);
	host += 3;
	PUT(view, "{}", AS_TEXT((struct pw_bytes){ value, (size_t)(host - value) }));
	size = strcspn(host, "/?#");
	user = memrchr(host, '@', size);
	if (user != NULL) {
		PUT(view, "…@");
		size -= (size_t)(user + 1 - host);
		host = user + 1;
	}
	PUT(view, "{}", AS_TEXT((struct pw_bytes){ host, size }));
	if (host[size] != '\0' && strcmp(host + size, "/") != 0)
		PUT(view, "/…");
	PUT(view, "</dd>");
}

static void
put_value(struct view *view, const struct pw_setting *setting, const struct pw_value *value)
{
	char bytes[TEXT_ROOM];
	struct text text = TEXT_OVER(bytes);

	switch (setting->type) {
	case PW_STRING:
	case PW_PATH:
		put_masked(view, setting->key, value->string);
		break;
	case PW_INT:
		put_number(view, setting->key, value->number);
		break;
	case PW_BOOL:
		view_term(view, setting->key, value->number != 0 ? "true" : "false");
		break;
	case PW_DURATION:
		put_duration(view, setting->key, value->number);
		break;
	case PW_SIZE:
		units_add_size(&text, value->number);
		view_term(view, setting->key, bytes);
		break;
	case PW_LIST:
		if (value->list != NULL)
			put_list(view, setting->key, value->list->count, value->list->items);
		break;
	case PW_ENUM:
		view_term(view, setting->key, setting->choices[value->number]);
		break;
	case PW_SECRET:
	case PW_REGEX:
		if (value->given)
			view_term(view, setting->key, setting->type == PW_SECRET ? "secret, in its file" : "given");
		break;
	default:
		break;
	}
}

static void
put_values(struct view *view, const struct pw_plugin *plugin, const struct pw_values *values)
{
	for (uint32_t i = 0; values != NULL && plugin->settings != NULL && plugin->settings[i].key != NULL && i < values->count; i++)
		put_value(view, &plugin->settings[i], &values->items[i]);
}

static void
put_notifier(struct view *view, const struct config_notifier *notifier)
{
	const char *kinds[NOTICE_KINDS];
	uint32_t count = 0;

	for (enum notice_kind kind = NOTICE_none + 1; kind < NOTICE_KINDS; kind++)
		if (notifier->kinds >> kind & 1)
			kinds[count++] = notice_name(kind);
	PUT(view, "<details><summary>Notifier {}</summary><dl>", AS_STRING(notifier->name));
	view_term(view, notifier_settings[NOTIFIER_PLUGIN].key, notifier->plugin->descriptor->name);
	put_list(view, notifier_settings[NOTIFIER_KINDS].key, count, kinds);
	put_list(view, notifier_settings[NOTIFIER_TAGS].key, notifier->tag_count, notifier->tags);
	put_duration(view, notifier_settings[NOTIFIER_AFTER].key, notifier->after);
	put_calendar(view, notifier_settings[NOTIFIER_QUIET].key, &notifier->quiet, notifier->timezone == NULL ? view->config->timezone : NULL, NULL);
	for (uint32_t i = 0; i < notifier->remind_count; i++)
		put_duration(view, notifier_settings[NOTIFIER_REMIND].key, notifier->remind[i]);
	put_number(view, notifier_settings[NOTIFIER_STORM].key, notifier->storm);
	if (notifier->fallback != CONFIG_NONE && notifier->fallback < view->config->notifier_count)
		view_term(view, notifier_settings[NOTIFIER_FALLBACK].key, view->config->notifiers[notifier->fallback].name);
	view_term(view, notifier_settings[NOTIFIER_TIMEZONE].key, notifier->timezone);
	put_duration(view, notifier_settings[NOTIFIER_DEADLINE].key, notifier->deadline);
	put_duration(view, notifier_settings[NOTIFIER_CHANNEL_GRACE].key, notifier->channel_grace);
	view_term(view, notifier_settings[NOTIFIER_SELF_TEST].key, notifier->self_test ? "true" : "false");
	put_values(view, notifier->plugin->descriptor, notifier->values);
	PUT(view, "</dl></details>\n");
}

/* A window may have thousands of targets: the first are named. */
static void
put_window(struct view *view, const struct config_window *window)
{
	PUT(view, "<details><summary>Window: {}</summary><dl>", AS_STRING(window->why));
	put_calendar(view, window_settings[WINDOW_WHEN].key, &window->when, window->timezone == NULL ? "UTC" : window->timezone, NULL);
	begin_row(view, window_settings[WINDOW_TARGETS].key);
	for (uint32_t i = 0; i < window->target_count && i < NAMED; i++) {
		PUT(view, "{}", AS_STRING(i > 0 ? ", " : ""));
		view_target(view, view->config->targets[window->targets[i]].name);
	}
	if (window->target_count > NAMED)
		PUT(view, " and {} more", AS_U64(window->target_count - NAMED));
	PUT(view, "</dd></dl></details>\n");
}

void
settings_put(struct view *view)
{
	const struct config *config = view->config;
	const struct config_web *web = &config->web;

	PUT(view, "<h2>Settings in force</h2>\n<div id=\"settings\"><details><summary>Postwatch</summary><dl>");
	view_term(view, global_settings[GLOBAL_STATE].key, config->state);
	view_term(view, global_settings[GLOBAL_USER].key, config->user);
	view_term(view, global_settings[GLOBAL_HELO].key, config->helo);
	view_term(view, global_settings[GLOBAL_TIMEZONE].key, config->timezone);
	put_number(view, global_settings[GLOBAL_PROBERS].key, config->probers);
	put_number(view, global_settings[GLOBAL_PER_ADDRESS].key, config->per_address);
	if (config->max_runs > 0)
		put_number(view, global_settings[GLOBAL_MAX_RUNS].key, config->max_runs);
	put_duration(view, global_settings[GLOBAL_KEEP_INCIDENTS].key, config->keep_incidents);
	for (uint32_t i = 0; i < config->resolver_count; i++) {
		char bytes[ADDRESS_TEXT_MAX];
		struct text text = TEXT_OVER(bytes);

		address_add_port(&text, &config->resolvers[i]);
		view_term(view, global_settings[GLOBAL_RESOLVERS].key, bytes);
	}
	for (uint32_t i = 0; i < config->reference_count; i++)
		view_term(view, global_settings[GLOBAL_REFERENCES].key, config->references[i].text);
	if (config->heartbeat_interval != 0)
		put_duration(view, "heartbeat", config->heartbeat_interval);
	put_list(view, web_settings[WEB_LISTEN].key, web->listen_count, web->listen);
	view_term(view, web_settings[WEB_PASSWORD].key, web->password_file == NULL ? NULL : "secret, in its file");
	view_term(view, web_settings[WEB_PUBLIC].key, web->is_public ? "true" : "false");
	put_list(view, web_settings[WEB_NAMES].key, web->name_count, web->names);
	view_term(view, web_settings[WEB_PAGE_URL].key, web->page_url);
	for (uint32_t i = 0; i < web->share_count; i++)
		PUT(view, "<dt>{}</dt><dd>{}:…</dd>", AS_STRING(web_settings[WEB_SHARE].key), AS_STRING(web->shares[i].tag));
	put_list(view, web_settings[WEB_SHARE_LISTEN].key, web->share_listen_count, web->share_listen);
	PUT(view, "</dl></details>\n");
	for (uint32_t i = 0; i < config->notifier_count; i++)
		put_notifier(view, &config->notifiers[i]);
	for (uint32_t i = 0; i < config->window_count; i++)
		put_window(view, &config->windows[i]);
	PUT(view, "</div>\n");
}

/* The row of a version is its place behind TLS 1.0. */
static void
put_tls(struct view *view, const struct tls_settings *tls)
{
	const struct pw_setting *rows = tls_settings_rows;

	view_term(view, rows[TLS_MODE].key, rows[TLS_MODE].choices[tls->mode]);
	if (tls->mode == PW_TLS_NONE)
		return;
	view_term(view, rows[TLS_VERIFY].key, rows[TLS_VERIFY].choices[tls->verify]);
	view_term(view, rows[TLS_CA_FILE].key, tls->ca_file == NULL ? "the system's" : tls->ca_file);
	view_term(view, rows[TLS_SNI].key, tls->sni);
	view_term(view, rows[TLS_MIN_VERSION].key, rows[TLS_MIN_VERSION].choices[tls->min_version - 0x0301]);
	for (enum cert_level level = 0; level < CERT_LEVELS; level++) {
		const struct cert_limit *limit = &tls->cert_warn[level];
		char bytes[TEXT_ROOM];
		struct text text = TEXT_OVER(bytes);

		if (limit->left > 0)
			units_add_duration(&text, limit->left);
		if (limit->percent > 0)
			text_format(&text, "%s%lld%%", limit->left > 0 ? "/" : "", (long long)limit->percent);
		view_term(view, rows[TLS_CERT_WARN].key, bytes);
	}
}

static void
put_limits(struct view *view, const struct policy *policy)
{
	PUT(view, "<div class=\"scroll\"><table class=\"plain\" id=\"limits\"><thead><tr><th>Step</th><th>Limit</th><th>Patient limit</th><th>Slow above</th>"
	    "</tr></thead><tbody>");
	for (uint32_t i = 0; i <= policy->phase_count; i++) {
		const struct phase_plan *plan = i < policy->phase_count ? &policy->phases[i] : &policy->leg;
		const int64_t limits[] = { plan->routine, plan->patient, plan->slow };

		PUT(view, "<tr><td>{}</td>", AS_STRING(i < policy->phase_count ? plan->name : "leg"));
		for (int j = 0; j < 3; j++)
			if (limits[j] > 0)
				PUT(view, "<td class=\"when\">{}</td>", AS_DURATION(limits[j]));
			else
				PUT(view, "<td class=\"when\">never</td>");
		PUT(view, "</tr>");
	}
	PUT(view, "</tbody></table></div>");
}

void
settings_put_target(struct view *view, const struct target *target)
{
	static const char *const families[] = { "both", "ipv4", "ipv6" };
	const struct policy *policy = target->policy;
	const struct config *config = view->config;

	PUT(view, "<details id=\"settings\"><summary>Settings in force</summary><dl>");
	put_duration(view, target_settings[TARGET_INTERVAL].key, policy->interval);
	put_number(view, target_settings[TARGET_TRIES].key, policy->tries);
	put_duration(view, target_settings[TARGET_RETRY_INTERVAL].key, policy->retry_interval);
	put_number(view, target_settings[TARGET_RECOVER_TRIES].key, policy->recover_tries);
	put_duration(view, target_settings[TARGET_FLAP_WINDOW].key, policy->flap_window);
	put_duration(view, target_settings[TARGET_TEMPFAIL_GRACE].key, policy->tempfail_grace);
	put_duration(view, target_settings[TARGET_STALE_AFTER].key, policy->stale_after);
	view_term(view, target_settings[TARGET_ADDRESSES].key, policy->addresses == ADDRESSES_ALL ? "all" : "any");
	view_term(view, target_settings[TARGET_FAMILY].key, families[policy->family]);
	if (target->parent != CONFIG_NONE)
		view_term(view, target_settings[TARGET_PARENT].key, config->targets[target->parent].name);
	if (policy->notify_count != CONFIG_NONE)
		for (uint32_t i = 0; i < policy->notify_count; i++)
			view_term(view, target_settings[TARGET_NOTIFY].key, config->notifiers[policy->notify[i]].name);
	if (policy->sla > 0)
		PUT(view, "<dt>{}</dt><dd>{} %</dd>", AS_STRING(target_settings[TARGET_SLA].key), AS_THOUSANDTHS(policy->sla / 10));
	if (policy->probe != NULL)
		put_values(view, policy->probe->descriptor, policy->values);
	if (policy->tls != NULL)
		put_tls(view, policy->tls);
	for (uint32_t i = 0; i < config->window_count; i++)
		if (window_has_target(&config->windows[i], (uint32_t)(target - config->targets)))
			put_calendar(view, "window", &config->windows[i].when,
			    config->windows[i].timezone == NULL ? "UTC" : config->windows[i].timezone, config->windows[i].why);
	PUT(view, "</dl>");
	put_limits(view, policy);
	PUT(view, "</details>\n");
}
