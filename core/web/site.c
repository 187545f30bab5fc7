/*
 * For the web process: maps the paths of the site to the functions that make their pages: a table.
 * What stands behind a prefix is the page's own to read.
 */
#include "web/site.h"

#include <string.h>

#include "base/text.h"
#include "web/about.h"
#include "web/api.h"
#include "web/blackbox.h"
#include "web/certificates.h"
#include "web/feed.h"
#include "web/incident.h"
#include "web/incidents.h"
#include "web/metrics.h"
#include "web/overview.h"
#include "web/shared.h"
#include "web/store_api.h"
#include "web/target.h"

static void
answer_asset(struct view *view, const char *name)
{
	struct pw_bytes bytes;
	int asset = 0;

	while (asset < ASSETS && strcmp(name, view->site->assets[asset]) != 0)
		asset++;
	if (asset == ASSETS) {
		server_problem(view->request, view->answer, 404, "no such file");
		return;
	}
	bytes = asset_bytes((enum asset)asset, &view->answer->type);
	view->emit.failed |= !buffer_add(view->answer->body, bytes.data, bytes.size, EMIT_MAX);
	view->answer->is_immutable = true;
}

/* The shape of a rank on a page of its own colour: what a browser shows in its tab. */
static void
answer_icon(struct view *view, const char *name)
{
	static const char *const colours[RANKS] = { "#c5281c", "#6b7280", "#c96a00", "#7356b0", "#c79400", "#6b7280", "#2a8a54" };
	char word[16];
	enum board_rank rank;

	text_copy(word, sizeof word, name);
	word[strcspn(word, ".")] = '\0';
	rank = rank_named(word);
	if (rank == RANKS) {
		server_problem(view->request, view->answer, 404, "no such icon");
		return;
	}
	view->answer->type = "image/svg+xml";
	PUT(view, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\" fill=\"{}\">",
	    AS_STRING(colours[rank]));
	if (rank == RANK_DOWN)
		PUT(view, "<rect x=\"1\" y=\"1\" width=\"14\" height=\"14\"/>");
	else if (rank == RANK_UP)
		PUT(view, "<circle cx=\"8\" cy=\"8\" r=\"7\"/>");
	else
		PUT(view, "<path d=\"M8 0l8 8-8 8-8-8z\"/>");
	PUT(view, "</svg>\n");
}

/* Nothing else is below a secret address. */
static void
answer_shared(struct view *view)
{
	static const char assets[] = "/assets/", icon[] = "/icon/", badge[] = "/badge/";
	const char *path = view->request->path;

	if (strcmp(path, "/") == 0)
		shared_answer(view);
	else if (strncmp(path, assets, sizeof assets - 1) == 0)
		answer_asset(view, path + sizeof assets - 1);
	else if (strncmp(path, icon, sizeof icon - 1) == 0)
		answer_icon(view, path + sizeof icon - 1);
	else if (strncmp(path, badge, sizeof badge - 1) == 0)
		badge_answer(view, path + sizeof badge - 1);
	else if (strcmp(path, "/feed.atom") == 0)
		feed_answer(view, "");
	else
		server_problem(view->request, view->answer, 404, "nothing is here");
}

static const struct {
	const char *path;
	bool is_prefix; /* the page is given what stands behind it */
	void (*answer)(struct view *, const char *rest);
} pages[] = {
	{ "/targets/", true, target_answer },
	{ "/incidents/", true, incident_answer },
	{ "/incidents", false, incidents_answer },
	{ "/certificates", false, certificates_answer },
	{ "/about", false, about_answer },
	{ "/feed.atom", false, feed_answer },
	{ "/badge/", true, badge_answer },
	{ "/metrics", false, metrics_answer },
	{ "/probe", false, blackbox_answer },
	{ "/healthz", false, api_answer_health },
	{ "/readyz", false, api_answer_ready },
	{ "/api/v1/", true, api_answer },
	{ "/store/", true, store_api_answer },
	{ "/assets/", true, answer_asset },
	{ "/icon/", true, answer_icon },
};

void
site_answer(void *arg, const struct server_request *request, struct server_answer *answer)
{
	struct view view = { .emit = { .to = answer->body }, .site = arg, .request = request, .answer = answer };
	size_t i = 0, size = 0;

	for (; i < sizeof pages / sizeof pages[0]; i++) {
		size = strlen(pages[i].path);
		if (pages[i].is_prefix ? strncmp(request->path, pages[i].path, size) == 0 : strcmp(request->path, pages[i].path) == 0)
			break;
	}
	if (request->tag != NULL)
		answer_shared(&view);
	else if (i < sizeof pages / sizeof pages[0])
		pages[i].answer(&view, request->path + size);
	else if (strcmp(request->path, "/") == 0)
		overview_answer(&view);
	else
		view_missing(&view, "No page has this address.");
	if (view.emit.failed)
		server_problem(request, answer, 500, "no memory for the page");
}
