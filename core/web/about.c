/* The page about this Postwatch itself. */
#include "web/about.h"

#include <zlib.h>

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "store/list.h"
#include "web/settings.h"
#include "web/http_library.h"

enum { WAITING_SHOWN = 50, OWN_NOTICES = 20 };

static void
put_settings(struct emit *emit, const struct pw_setting *setting)
{
	if (setting == NULL || setting->key == NULL) {
		EMIT(emit, "none");
		return;
	}
	EMIT(emit, "<details><summary>Settings</summary><dl>");
	for (; setting->key != NULL; setting++) {
		EMIT(emit, "<dt>");
		emit_string(emit, setting->key);
		EMIT(emit, "</dt><dd>");
		emit_string(emit, setting->help);
		if (setting->fallback != NULL) {
			EMIT(emit, " <span class=\"faint\">(");
			emit_string(emit, setting->fallback);
			EMIT(emit, ")</span>");
		}
		EMIT(emit, "</dd>");
	}
	EMIT(emit, "</dl></details>");
}

static void
put_plugins(struct view *view)
{
	const struct config *config = view->site->config;
	struct emit *emit = &view->emit;

	EMIT(emit, "<h2>Plugins</h2>\n<div class=\"scroll\"><table id=\"plugins\"><thead><tr><th>Plugin</th><th>Kind</th><th>Version</th><th>Does</th>"
	    "<th>Settings, and what they are unless set</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < config->plugin_count; i++) {
		const struct pw_plugin *plugin = config->plugins[i].descriptor;

		EMIT(emit, "<tr><td>");
		emit_string(emit, plugin->name);
		EMIT(emit, "</td><td>");
		emit_string(emit, plugin->kind == PW_PROBE ? "probe" : "notifier");
		EMIT(emit, "</td><td>");
		emit_string(emit, plugin->version);
		EMIT(emit, "</td><td class=\"cause\">");
		emit_string(emit, plugin->summary);
		EMIT(emit, "</td><td class=\"cause\">");
		put_settings(emit, plugin->settings);
		EMIT(emit, "</td></tr>\n");
	}
	EMIT(emit, "</tbody></table></div>\n");
}

void
about_put_way(struct view *view, const struct config_notifier *notifier)
{
	const struct board *board = view->site->board;
	const struct outbox_row *waiting = outbox_of(board_outbox(board), notifier->name);
	struct store_reader *reader = board_reader(board);
	struct emit *emit = &view->emit;

	EMIT(emit, "<td class=\"cause\">");
	emit_string(emit, notifier->way != NULL ? notifier->way : notifier->plugin->descriptor->name);
	EMIT(emit, "</td><td class=\"when\">");
	emit_time(emit, reader == NULL ? 0 : outbox_delivered(reader, notifier->name));
	EMIT(emit, "</td><td class=\"cause\">");
	if (waiting != NULL) {
		emit_u64(emit, waiting->waiting);
		EMIT(emit, ", since ");
		emit_time(emit, waiting->since);
		if (waiting->tries > 0) {
			EMIT(emit, "; tries without success: ");
			emit_u64(emit, waiting->tries);
		}
	} else
		EMIT(emit, "nothing");
	EMIT(emit, "</td>");
}

static void
put_notifiers(struct view *view)
{
	const struct config *config = view->site->config;
	struct emit *emit = &view->emit;

	EMIT(emit, "<h2>Notifiers</h2>\n<div class=\"scroll\"><table id=\"notifiers\"><thead><tr><th>Notifier</th><th>Plugin</th><th>Way</th>"
	    "<th>Delivered last</th><th>Waiting now</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < config->notifier_count; i++) {
		const struct config_notifier *notifier = &config->notifiers[i];

		EMIT(emit, "<tr><td>");
		emit_string(emit, notifier->name);
		EMIT(emit, "</td><td>");
		emit_string(emit, notifier->plugin->descriptor->name);
		EMIT(emit, "</td>");
		about_put_way(view, notifier);
		EMIT(emit, "</tr>\n");
	}
	if (config->notifier_count == 0)
		EMIT(emit, "<tr><td colspan=\"5\">None: nobody is told anything.</td></tr>\n");
	EMIT(emit, "</tbody></table></div>\n");
}

/* What is not delivered, and what the other side said of it. */
static void
put_waiting(struct view *view)
{
	struct store_reader *reader = board_reader(view->site->board);
	struct emit *emit = &view->emit;
	struct store_undelivered row;
	struct store_list list;
	int count = 0;

	if (reader == NULL || board_waiting(view->site->board).notices == 0)
		return;
	EMIT(emit, "<h2>Notices that wait</h2>\n<div class=\"scroll\"><table id=\"waiting\"><thead><tr><th>About</th><th>Kind</th><th>Notifier</th><th>Recipient</th>"
	    "<th>Since</th><th class=\"number\">Tries</th><th>Last answer</th></tr></thead><tbody>\n");
	store_list_open(&list, reader, STORE_LIST_WAITING, 0);
	for (; count < WAITING_SHOWN && store_list_next(&list, &row); count++) {
		EMIT(emit, "<tr><td class=\"name\">");
		if (row.target == 0)
			EMIT(emit, "Postwatch itself");
		else
			view_target(view, row.name);
		EMIT(emit, "</td><td>");
		emit_string(emit, row.kind);
		EMIT(emit, "</td><td>");
		emit_string(emit, row.notifier);
		EMIT(emit, "</td><td>");
		emit_string(emit, row.recipient);
		EMIT(emit, "</td><td class=\"when\">");
		emit_moment(emit, row.created);
		EMIT(emit, "</td><td class=\"number\">");
		emit_u64(emit, row.attempts);
		EMIT(emit, "</td><td class=\"cause\">");
		emit_foreign(emit, row.receipt);
		EMIT(emit, "</td></tr>\n");
	}
	store_list_stop(&list);
	(void)store_list_close(&list);
	EMIT(emit, "</tbody></table></div>\n");
	if (count == WAITING_SHOWN)
		EMIT(emit, "<p>These are the oldest: <code>postwatch outbox</code> has them all.</p>\n");
}

/* Times at which it was blind or impaired, and when that ended. */
static void
put_own_notices(struct view *view)
{
	struct store_reader *reader = board_reader(view->site->board);
	struct emit *emit = &view->emit;
	struct store_notice notice;
	struct store_list list;

	if (reader == NULL)
		return;
	EMIT(emit, "<h2>Trouble of its own, and its end</h2>\n<div class=\"scroll\"><table id=\"own\"><thead><tr><th>When</th><th>Kind</th><th>Said</th>"
	    "</tr></thead><tbody>\n");
	store_list_open(&list, reader, STORE_LIST_RECORDED_OF, 0);
	store_list_limit(&list, OWN_NOTICES);
	while (store_list_next(&list, &notice)) {
		EMIT(emit, "<tr><td class=\"when\">");
		emit_time(emit, notice.confirmed);
		EMIT(emit, "</td><td>");
		emit_string(emit, notice.kind);
		EMIT(emit, "</td><td class=\"cause\">");
		emit_sentence(emit, notice.text);
		EMIT(emit, "</td></tr>\n");
	}
	if (list.given == 0)
		EMIT(emit, "<tr><td colspan=\"3\">None was told.</td></tr>\n");
	(void)store_list_close(&list);
	EMIT(emit, "</tbody></table></div>\n");
}

static void
put_file(struct view *view, const char *name)
{
	char path[4096];
	struct emit *emit = &view->emit;
	struct stat found;

	snprintf(path, sizeof path, "%s/%s", view->site->config->state, name);
	emit_string(emit, name);
	if (stat(path, &found) == 0) {
		EMIT(emit, " ");
		emit_thousandths(emit, found.st_size / 1024 * 1000 / 1024);
		EMIT(emit, " MiB");
	}
}

static void
put_store(struct view *view)
{
	const struct site *site = view->site;
	struct emit *emit = &view->emit;

	EMIT(emit, "</dd><dt>Store</dt><dd>");
	emit_string(emit, site->config->state);
	EMIT(emit, ": ");
	put_file(view, "postwatch.db");
	EMIT(emit, ", ");
	put_file(view, "history.db");
	if (board_behind_since(site->board) != 0) {
		EMIT(emit, "; it cannot be written since ");
		emit_time(emit, board_behind_since(site->board));
	}
	EMIT(emit, "</dd><dt>References</dt><dd>");
	for (uint32_t i = 0; i < site->config->reference_count; i++) {
		emit_string(emit, i > 0 ? ", " : "");
		emit_string(emit, site->config->references[i].text);
	}
	if (site->config->reference_count == 0)
		EMIT(emit, "none: it is never known whether it is us");
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
	emit_string(emit, http_library()->get_version());
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
	emit_string(emit, site->config->probers == 1 ? " prober" : " probers");
	EMIT(emit, "</dd><dt>Configuration</dt><dd>");
	emit_string(emit, site->config->path == NULL ? "the command line" : site->config->path);
	put_store(view);
	EMIT(emit, "</dd><dt>Names itself</dt><dd>");
	emit_string(emit, site->config->helo == NULL ? "by its address" : site->config->helo);
	EMIT(emit, "</dd><dt>Waits to be told</dt><dd>");
	emit_u64(emit, waiting.notices);
	emit_string(emit, waiting.notices == 1 ? " notice" : " notices");
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
	put_notifiers(view);
	put_waiting(view);
	put_own_notices(view);
	processes_show(view, &site->processes);
	spells_show(view, &site->spells, site->started);
	settings_put(view);
	put_plugins(view);
	view_end(view);
}
