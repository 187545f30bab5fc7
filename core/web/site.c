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
#include "web/events.h"
#include "web/feed.h"
#include "web/incident.h"
#include "web/incidents.h"
#include "web/metrics.h"
#include "web/overview.h"
#include "web/shared.h"
#include "web/store_api.h"
#include "web/target.h"

static void
answer_asset(struct view *view)
{
	struct pw_bytes bytes;
	int asset = 0;

	while (asset < ASSETS && strcmp(view->rest, view->site->assets[asset]) != 0)
		asset++;
	if (asset == ASSETS) {
		view_problem(view, 404, "no such file");
		return;
	}
	bytes = asset_bytes((enum asset)asset, &view->answer->type);
	view->emit.failed |= !buffer_add(view->answer->body, bytes.data, bytes.size, EMIT_MAX);
	view->answer->is_immutable = true;
}

/* The shape of a rank on a page of its own colour: what a browser shows in its tab. */
static void
answer_icon(struct view *view)
{
	static const char *const colours[RANKS] = { "#c5281c", "#6b7280", "#c96a00", "#7356b0", "#c79400", "#6b7280", "#2a8a54" };
	char word[16];
	enum board_rank rank;

	text_copy(word, sizeof word, view->rest);
	word[strcspn(word, ".")] = '\0';
	rank = rank_named(word);
	if (rank == RANKS) {
		view_problem(view, 404, "no such icon");
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

static void
answer_no_call(struct view *view)
{
	view_problem(view, 404, "the API has no such address: /api/v1/openapi.json lists them");
}

/* What is given to whom. */
enum {
	PREFIX = 1, /* also to who asks for more behind the path */
	STORE = 2,  /* where the store can be read */
	SHARED = 4, /* also below a secret address, which has nothing else */
};

static const struct page {
	const char *path;
	unsigned flags;
	void (*answer)(struct view *);
} pages[] = {
	{ "/", 0, overview_answer },
	{ "/", SHARED, shared_answer },
	{ "/targets/", PREFIX | STORE, target_answer },
	{ "/incidents/", PREFIX, incident_answer },
	{ "/incidents", 0, incidents_answer },
	{ "/certificates", 0, certificates_answer },
	{ "/about", 0, about_answer },
	{ "/feed.atom", STORE | SHARED, feed_answer },
	{ "/badge/", PREFIX | STORE | SHARED, badge_answer },
	{ "/metrics", 0, metrics_answer },
	{ "/probe", 0, blackbox_answer },
	{ "/healthz", 0, api_answer_health },
	{ "/readyz", 0, api_answer_ready },
	{ "/api/v1/status", 0, api_answer_status },
	{ "/api/v1/health", 0, api_answer_health_told },
	{ "/api/v1/openapi.json", 0, api_answer_openapi },
	{ "/api/v1/events", STORE, events_answer },
	{ "/api/v1/targets", STORE, api_answer_targets },
	{ "/api/v1/targets/", PREFIX | STORE, api_answer_target },
	{ "/api/v1/incidents", STORE, api_answer_incidents },
	{ "/api/v1/incidents/", PREFIX | STORE, api_answer_incident },
	{ "/api/v1/attempts/", PREFIX | STORE, api_answer_attempt },
	{ "/api/v1/deliveries", STORE, api_answer_deliveries },
	{ "/api/v1/conditions", STORE, api_answer_conditions },
	{ "/api/v1/", PREFIX, answer_no_call },
	{ "/store/", PREFIX, store_api_answer },
	{ "/assets/", PREFIX | SHARED, answer_asset },
	{ "/icon/", PREFIX | SHARED, answer_icon },
};

void
site_answer(void *arg, const struct server_request *request, struct server_answer *answer)
{
	const struct site *site = arg;
	struct view view = { .emit = { .to = answer->body }, .site = site, .board = site->board, .config = site->config,
		.reader = board_reader(site->board), .request = request, .answer = answer };
	const struct page *page = pages, *end = pages + sizeof pages / sizeof *pages;

	for (; page < end; page++) {
		size_t size = strlen(page->path);

		view.rest = request->path + size;
		if ((request->tag == NULL || page->flags & SHARED) && strncmp(request->path, page->path, size) == 0
		    && (page->flags & PREFIX || *view.rest == '\0'))
			break;
	}
	if (page == end && request->tag != NULL)
		server_problem(request, answer, 404, "nothing is here");
	else if (page == end)
		view_missing(&view, "No page has this address.");
	else if (page->flags & STORE && !board_is_read(view.site->board, NULL))
		server_problem(request, answer, 503, "the store cannot be read now");
	else
		page->answer(&view);
	if (view.emit.failed)
		server_problem(request, answer, 500, "no memory for the page");
}
