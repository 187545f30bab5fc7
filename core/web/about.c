/*
 * For the web process: makes the page "Us", about this Postwatch itself: version, processes,
 * notifiers, our own troubles, what waits to be delivered.
 */
#include "web/about.h"

#include <zlib.h>

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "store/list.h"
#include "web/settings.h"
#include "web/http_library.h"

enum { WAITING_SHOWN = 50, OWN_NOTICES = 20 };

static const int64_t day = INT64_C(86400) * SECOND;

bool
about_has_trouble(const struct board *board)
{
	return board_known(board)->troubles.count > 0 || board_known(board)->behind != 0;
}

/* What we suffer stands above all else: what is said below may be old, or told to nobody. */
static void
put_troubles(struct view *view)
{
	const struct troubles *troubles = &board_known(view->board)->troubles;
	struct store_waiting waiting = board_known(view->board)->waiting;
	int64_t behind = board_known(view->board)->behind;

	PUT(view, "<section class=\"trouble\" id=\"troubles\" aria-label=\"Trouble of Postwatch itself\"><strong>Postwatch itself has trouble</strong>, as of ");
	PUT(view, "{}", AS_TIME(board_time(view->board)));
	PUT(view, ":\n<ul>\n");
	if (behind != 0)
		PUT(view, "<li>The store cannot be written since {}: what is shown is of "
		    "then.</li>\n", AS_TIME(behind));
	for (uint32_t i = 0; i < troubles->count; i++)
		PUT(view, "<li>Noticed {}, and not over: {}</li>\n",
		    AS_MOMENT(troubles->items[i].since), AS_STRING(troubles->items[i].text));
	if (waiting.notices > 0)
		PUT(view, "<li>Notices that wait to be told now: {}, the oldest since {}.</li>\n",
		    AS_U64(waiting.notices), AS_MOMENT(waiting.since));
	PUT(view, "</ul></section>\n");
}

/* Whoever wonders whether it is us is answered as well. */
void
about_put_trouble(struct view *view)
{
	const struct outbox *outbox = &board_known(view->board)->outbox;
	const struct message_vitals *processes = &view->site->processes.said;
	struct store_waiting waiting = board_known(view->board)->waiting;

	if (about_has_trouble(view->board)) {
		put_troubles(view);
		return;
	}
	PUT(view, "<p class=\"faint\" id=\"troubles\">As of {}: Postwatch itself has no trouble",
	    AS_TIME(board_time(view->board)));
	if (processes->process_count > 0 && clock_mono() - processes->processes[0].started < day)
		PUT(view, "; it runs since {}", AS_MOMENT(clock_wall() - clock_mono() + processes->processes[0].started));
	if (waiting.notices > 0)
		PUT(view, "; notices that wait to be told: {}", AS_U64(waiting.notices));
	for (uint32_t i = 0; i < outbox->count; i++)
		if (outbox->items[i].tries > 0)
			PUT(view, "; {} has not been able to deliver since {}",
			    AS_STRING(outbox->items[i].notifier), AS_MOMENT(outbox->items[i].since));
	PUT(view, ".</p>\n");
}

static void
put_plugins(struct view *view)
{
	PUT(view, "<h2>Plugins</h2>\n<div class=\"scroll\"><table id=\"plugins\"><thead><tr><th>Plugin</th><th>Kind</th><th>Version</th><th>Does</th>"
	    "<th>Settings, and what they are unless set</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < view->config->plugin_count; i++) {
		const struct pw_plugin *plugin = view->config->plugins[i].descriptor;
		const struct pw_setting *setting = plugin->settings;

		PUT(view, "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"cause\">{}</td><td "
		    "class=\"cause\">", AS_STRING(plugin->name),
		    AS_STRING(plugin->kind == PW_PROBE ? "probe" : "notifier"),
		    AS_STRING(plugin->version), AS_STRING(plugin->summary));
		if (setting == NULL || setting->key == NULL) {
			PUT(view, "none</td></tr>\n");
			continue;
		}
		PUT(view, "<details><summary>Settings</summary><dl>");
		for (; setting->key != NULL; setting++) {
			PUT(view, "<dt>{}</dt><dd>{}",
			    AS_STRING(setting->key), AS_STRING(setting->help));
			if (setting->fallback != NULL)
				PUT(view, " <span class=\"faint\">({})</span>",
				    AS_STRING(setting->fallback));
			PUT(view, "</dd>");
		}
		PUT(view, "</dl></details></td></tr>\n");
	}
	PUT(view, "</tbody></table></div>\n");
}

void
about_put_way(struct view *view, const struct config_notifier *notifier)
{
	const struct outbox_row *waiting = outbox_of(&board_known(view->board)->outbox,
	    notifier->name);

	PUT(view, "<td class=\"cause\">{}</td><td class=\"when\">{}</td><td class=\"cause\">",
	    AS_STRING(notifier->way != NULL ? notifier->way : notifier->plugin->descriptor->name),
	    AS_TIME(view->reader == NULL ? 0 : outbox_delivered(view->reader, notifier->name)));
	if (waiting != NULL) {
		PUT(view, "{}, since {}", AS_U64(waiting->waiting), AS_TIME(waiting->since));
		if (waiting->tries > 0)
			PUT(view, "; tries without success: {}", AS_U64(waiting->tries));
	} else
		PUT(view, "nothing");
	PUT(view, "</td>");
}

static void
put_notifiers(struct view *view)
{
	PUT(view, "<h2>Notifiers</h2>\n<div class=\"scroll\"><table id=\"notifiers\"><thead><tr><th>Notifier</th><th>Plugin</th><th>Way</th>"
	    "<th>Delivered last</th><th>Waiting now</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < view->config->notifier_count; i++) {
		const struct config_notifier *notifier = &view->config->notifiers[i];

		PUT(view, "<tr><td>{}</td><td>{}</td>", AS_STRING(notifier->name),
		    AS_STRING(notifier->plugin->descriptor->name));
		about_put_way(view, notifier);
		PUT(view, "</tr>\n");
	}
	if (view->config->notifier_count == 0)
		PUT(view, "<tr><td colspan=\"5\">None: nobody is told anything.</td></tr>\n");
	PUT(view, "</tbody></table></div>\n");
}

/* What is not delivered, and what the other side said of it. */
static void
put_waiting(struct view *view)
{
	struct store_undelivered row;
	struct store_list list;
	int count = 0;

	if (view->reader == NULL || board_known(view->board)->waiting.notices == 0)
		return;
	PUT(view, "<h2>Notices that wait</h2>\n<div class=\"scroll\"><table id=\"waiting\"><thead><tr><th>About</th><th>Kind</th><th>Notifier</th><th>Recipient</th>"
	    "<th>Since</th><th class=\"number\">Tries</th><th>Last answer</th></tr></thead><tbody>\n");
	store_list_open(&list, view->reader, STORE_LIST_WAITING, 0);
	for (; count < WAITING_SHOWN && store_list_next(&list, &row); count++) {
		PUT(view, "<tr><td class=\"name\">");
		if (row.target == 0)
			PUT(view, "Postwatch itself");
		else
			view_target(view, row.name);
		PUT(view, "</td><td>{}</td><td>{}</td><td>{}</td><td class=\"when\">{}</td><td "
		    "class=\"number\">{}</td><td class=\"cause\">{}</td></tr>\n",
		    AS_STRING(row.kind), AS_STRING(row.notifier), AS_STRING(row.recipient),
		    AS_MOMENT(row.created), AS_U64(row.attempts), AS_FOREIGN(row.receipt));
	}
	(void)store_list_close(&list);
	PUT(view, "</tbody></table></div>\n");
	if (count == WAITING_SHOWN)
		PUT(view, "<p>These are the oldest: <code>postwatch outbox</code> has them all.</p>\n");
}

/* Times at which it was blind or impaired, and when that ended. */
static void
put_own_notices(struct view *view)
{
	struct store_notice notice;
	struct store_list list;

	if (view->reader == NULL)
		return;
	PUT(view, "<h2>Trouble of its own, and its end</h2>\n<div class=\"scroll\"><table id=\"own\"><thead><tr><th>When</th><th>Kind</th><th>Said</th>"
	    "</tr></thead><tbody>\n");
	store_list_open(&list, view->reader, STORE_LIST_RECORDED_OF, 0);
	store_list_limit(&list, OWN_NOTICES);
	while (store_list_next(&list, &notice))
		PUT(view, "<tr><td class=\"when\">{}</td><td>{}</td><td class=\"cause\">{}</td>"
		    "</tr>\n", AS_TIME(notice.confirmed), AS_STRING(notice.kind),
		    AS_SENTENCE(notice.text));
	if (list.given == 0)
		PUT(view, "<tr><td colspan=\"3\">No trouble.</td></tr>\n");
	(void)store_list_close(&list);
	PUT(view, "</tbody></table></div>\n");
}

static void
put_file(struct view *view, const char *name)
{
	char path[4096];
	struct stat found;

	snprintf(path, sizeof path, "%s/%s", view->config->state, name);
	PUT(view, "{}", AS_STRING(name));
	if (stat(path, &found) == 0)
		PUT(view, " {} MiB", AS_THOUSANDTHS(found.st_size / 1024 * 1000 / 1024));
}

void
about_answer(struct view *view)
{
	const struct site *site = view->site;
	struct store_waiting waiting = board_known(site->board)->waiting;

	view_begin(view, "Us - Postwatch", board_count(site->board) > 0 ? board_get(site->board, 0)->rank : RANK_UNKNOWN);
	PUT(view, "<h1>Us</h1>\n");
	about_put_trouble(view);
	PUT(view, "<dl id=\"us\"><dt>Version</dt><dd>Postwatch {}</dd><dt>"
	    "Libraries</dt><dd>libmicrohttpd {}, zlib {}</dd><dt>Page since</dt><dd>{}</dd><dt>"
	    "Targets</dt><dd>{} looked at, {} configured, {}{}</dd><dt>Configuration</dt><dd>{}",
	    AS_STRING(PW_VERSION), AS_STRING(http_library()->get_version()),
	    AS_STRING(zlibVersion()), AS_TIME(site->started), AS_U64(board_count(site->board)),
	    AS_U64(site->config->target_count), AS_U64(site->config->probers),
	    AS_STRING(site->config->probers == 1 ? " prober" : " probers"),
	    AS_STRING(site->config->path == NULL ? "the command line" : site->config->path));
	PUT(view, "</dd><dt>Store</dt><dd>{}: ", AS_STRING(site->config->state));
	put_file(view, "postwatch.db");
	PUT(view, ", ");
	put_file(view, "history.db");
	if (board_known(site->board)->behind != 0)
		PUT(view, "; it cannot be written since {}",
		    AS_TIME(board_known(site->board)->behind));
	PUT(view, "</dd><dt>References</dt><dd>");
	for (uint32_t i = 0; i < site->config->reference_count; i++)
		PUT(view, "{}{}",
		    AS_STRING(i > 0 ? ", " : ""), AS_STRING(site->config->references[i].text));
	if (site->config->reference_count == 0)
		PUT(view, "none: it is never known whether it is us");
	PUT(view, "</dd><dt>Names itself</dt><dd>{}</dd><dt>Waits to be told</dt><dd>{}{}",
	    AS_STRING(site->config->helo == NULL ? "by its address" : site->config->helo),
	    AS_U64(waiting.notices), AS_STRING(waiting.notices == 1 ? " notice" : " notices"));
	if (waiting.since != 0)
		PUT(view, ", the oldest since {}", AS_TIME(waiting.since));
	if (waiting.dead > 0)
		PUT(view, "; {} deliveries were given up", AS_U64(waiting.dead));
	PUT(view, "</dd></dl>\n");
	put_notifiers(view);
	put_waiting(view);
	put_own_notices(view);
	processes_show(view, &site->processes);
	process_log_show(view);
	settings_put(view);
	put_plugins(view);
	view_end(view);
}
