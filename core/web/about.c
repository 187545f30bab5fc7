/* The page about this Postwatch itself. */
#include "web/about.h"

#include <microhttpd.h>
#include <zlib.h>

#include "base/clock.h"

static void
put_plugins(struct view *view)
{
	const struct config *config = view->site->config;
	struct emit *emit = &view->emit;

	EMIT(emit, "<h2>Plugins</h2>\n<div class=\"scroll\"><table id=\"plugins\"><thead><tr><th>Plugin</th><th>Kind</th><th>Does</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < config->plugin_count; i++) {
		const struct pw_plugin *plugin = config->plugins[i].descriptor;

		EMIT(emit, "<tr><td>");
		emit_string(emit, plugin->name);
		EMIT(emit, "</td><td>");
		emit_string(emit, plugin->kind == PW_PROBE ? "probe" : "notifier");
		EMIT(emit, "</td><td class=\"cause\">");
		emit_string(emit, plugin->summary);
		EMIT(emit, "</td></tr>\n");
	}
	EMIT(emit, "</tbody></table></div>\n");
}

static void
put_notifiers(struct view *view)
{
	const struct config *config = view->site->config;
	struct emit *emit = &view->emit;

	EMIT(emit, "<h2>Notifiers</h2>\n<div class=\"scroll\"><table id=\"notifiers\"><thead><tr><th>Notifier</th><th>Plugin</th><th>Way</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < config->notifier_count; i++) {
		const struct config_notifier *notifier = &config->notifiers[i];

		EMIT(emit, "<tr><td>");
		emit_string(emit, notifier->name);
		EMIT(emit, "</td><td>");
		emit_string(emit, notifier->plugin->descriptor->name);
		EMIT(emit, "</td><td class=\"cause\">");
		emit_string(emit, notifier->way);
		EMIT(emit, "</td></tr>\n");
	}
	if (config->notifier_count == 0)
		EMIT(emit, "<tr><td colspan=\"3\">None: nobody is told anything.</td></tr>\n");
	EMIT(emit, "</tbody></table></div>\n");
}

void
about_answer(struct view *view, const char *rest)
{
	const struct site *site = view->site;
	struct store_waiting waiting = board_waiting(site->board);
	struct emit *emit = &view->emit;

	(void)rest;
	view_begin(view, "Us - Postwatch", board_count(site->board) > 0 ? board_get(site->board, 0)->rank : RANK_UNKNOWN);
	EMIT(emit, "<h1>Us</h1>\n<dl id=\"us\"><dt>Version</dt><dd>Postwatch ");
	emit_string(emit, PW_VERSION);
	EMIT(emit, "</dd><dt>Libraries</dt><dd>");
	EMIT(emit, "libmicrohttpd ");
	emit_string(emit, MHD_get_version());
	EMIT(emit, ", zlib ");
	emit_string(emit, zlibVersion());
	EMIT(emit, "</dd><dt>Page since</dt><dd>");
	emit_time(emit, site->started);
	EMIT(emit, "</dd><dt>Targets</dt><dd>");
	emit_u64(emit, board_count(site->board));
	EMIT(emit, " looked at, ");
	emit_u64(emit, site->config->target_count);
	EMIT(emit, " configured, ");
	emit_u64(emit, site->config->probers);
	EMIT(emit, " probers</dd><dt>Configuration</dt><dd>");
	emit_string(emit, site->config->path == NULL ? "the command line" : site->config->path);
	EMIT(emit, "</dd><dt>State folder</dt><dd>");
	emit_string(emit, site->config->state);
	EMIT(emit, "</dd><dt>Names itself</dt><dd>");
	emit_string(emit, site->config->helo == NULL ? "by its address" : site->config->helo);
	EMIT(emit, "</dd><dt>Waits to be told</dt><dd>");
	emit_u64(emit, waiting.notices);
	EMIT(emit, " notices");
	if (waiting.since != 0) {
		EMIT(emit, ", the oldest since ");
		emit_time(emit, waiting.since);
	}
	if (waiting.dead > 0) {
		EMIT(emit, "; ");
		emit_u64(emit, waiting.dead);
		EMIT(emit, " deliveries were given up");
	}
	EMIT(emit, "</dd></dl>\n");
	processes_show(view, &site->processes);
	put_notifiers(view);
	put_plugins(view);
	view_end(view);
}
