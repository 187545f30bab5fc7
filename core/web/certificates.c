/*
 * For the web process: makes the page of all servers' certificates, and the bar of one on the page
 * of its target.
 */
#include "web/certificates.h"

#include <stdlib.h>
#include <string.h>

#include "store/reader_private.h"

enum { SHOWN = 200, BAR_WIDTH = 1000 };

/* By the conditions that stand: when a certificate should have been renewed its target's settings say (cert_warn). */
struct renewal { enum board_rank like; const char *words; };

static struct renewal
renewal_of(const struct board_row *row, int64_t now)
{
	if (server_ends(&row->server) <= now)
		return (struct renewal){ RANK_DOWN, "ended" };
	if (strstr(row->conditions, "cert_expires_urgent") != NULL)
		return (struct renewal){ RANK_SUSPECT, "renewal is urgent" };
	if (strstr(row->conditions, "cert_expires_soon") != NULL)
		return (struct renewal){ RANK_DEGRADED, "renewal is due" };
	return (struct renewal){ RANK_UP, "in time" };
}

static void
put_bar(struct view *view, const struct board_row *row, int64_t now)
{
	const struct board_server *server = &row->server;
	int64_t lifetime = server->not_after - server->not_before, gone = now - server->not_before;

	if (server->not_before == 0 || lifetime <= 0)
		return;
	gone = gone < 0 ? 0 : gone > lifetime ? lifetime : gone;
	PUT(view, "<svg class=\"lifetime {}\" viewBox=\"0 0 1000 12\" "
	    "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{} % of its lifetime is "
	    "left\"><rect class=\"left\" width=\"1000\" height=\"12\"/><rect class=\"gone\" "
	    "height=\"12\" width=\"{}\"/></svg>", AS_STRING(rank_name(renewal_of(row, now).like)),
	    AS_I64((int64_t)(100.0 * (double)(lifetime - gone) / (double)lifetime)),
	    AS_I64((int64_t)(BAR_WIDTH * ((double)gone / (double)lifetime))));
}

/* "in 12 d", "since 3 h". */
static void
put_until(struct view *view, int64_t end, int64_t now)
{
	if (end > now)
		PUT(view, "in ");
	else
		PUT(view, "ended, for ");
	PUT(view, "{}", AS_AGE(end > now ? end - now : now - end));
}

void
certificate_put(struct view *view, const struct board_row *row)
{
	const struct board_server *server = &row->server;
	int64_t now = board_time(view->board);
	struct query *names;

	if (server->not_after == 0)
		return;
	names = DB_ROW(view->reader->main, "SELECT subject, issuer FROM servers WHERE target = ?1",
	    BIND(row->number));
	PUT(view, "<h2>Certificate</h2>\n<div id=\"certificate\"><p>");
	view_rank(view, renewal_of(row, now).like, renewal_of(row, now).words);
	PUT(view, "</p><p>Ends ");
	put_until(view, server->not_after, now);
	PUT(view, ", at {}", AS_TIME(server->not_after));
	if (server->not_before != 0 && server->not_after > server->not_before)
		PUT(view, ", of a lifetime of {}", AS_AGE(server->not_after - server->not_before));
	PUT(view, "</p>");
	put_bar(view, row, now);
	/* Of whom and by whom it is, which is not kept in memory. */
	if (names != NULL) {
		PUT(view, "<dl>");
		for (int i = 0; i < 2; i++)
			if (query_bytes(names, i).size > 0)
				PUT(view, "<dt>{}</dt><dd>{}</dd>", AS_STRING(i == 0 ? "Subject"
				    : "Issuer"), AS_FOREIGN(query_bytes(names, i)));
		PUT(view, "</dl>");
		query_reset(names);
	}
	if (server->chain_ends != 0 && server->chain_ends < server->not_after) {
		PUT(view, "<p>A certificate of its chain ends before, ");
		put_until(view, server->chain_ends, now);
		PUT(view, ", at {}</p>", AS_TIME(server->chain_ends));
	}
	PUT(view, "<p class=\"faint\">{} {}, so since {}</p></div>\n",
	    AS_STRING(server->tls_version), AS_STRING(server->tls_cipher), AS_TIME(server->at));
}

struct ending {
	int64_t end;
	uint32_t place; /* on the board */
};

static int
compare(const void *a, const void *b)
{
	const struct ending *left = a, *right = b;

	if (left->end != right->end)
		return left->end < right->end ? -1 : 1;
	return left->place < right->place ? -1 : left->place > right->place;
}

/* The names of those that have shown none, so that none is forgotten. */
static void
put_without(struct view *view, uint32_t count)
{
	uint32_t shown = 0;

	if (count == 0)
		return;
	PUT(view, "<h2>Without a certificate</h2>\n<p id=\"without\">{}{}", AS_U64(count),
	    AS_STRING(count == 1 ? " target has shown none: " : " targets have shown none: "));
	for (uint32_t i = 0; i < board_count(view->board) && shown < SHOWN; i++) {
		if (board_get(view->board, i)->server.not_after != 0)
			continue;
		PUT(view, "{}", AS_STRING(shown++ == 0 ? "" : ", "));
		view_target(view, board_get(view->board, i)->name);
	}
	if (shown < count)
		PUT(view, " and {} more", AS_U64(count - shown));
	PUT(view, ".</p>\n");
}

void
certificates_answer(struct view *view)
{
	uint32_t count = 0, all = board_count(view->board);
	struct ending *endings = calloc(all + 1, sizeof *endings);
	int64_t now = board_time(view->board);

	if (endings == NULL) {
		view->emit.failed = true;
		return;
	}
	for (uint32_t place = 0; place < all; place++) {
		const struct board_server *server = &board_get(view->board, place)->server;

		if (server->not_after != 0)
			endings[count++] = (struct ending){ server_ends(server), place };
	}
	qsort(endings, count, sizeof *endings, compare);
	view_begin(view, "Certificates - Postwatch",
	    all > 0 ? board_get(view->board, 0)->rank : RANK_UNKNOWN);
	PUT(view, "<h1>Certificates</h1>\n<p>{} of {} targets have shown one; what ends first is "
	    "at the top.</p>\n<div class=\"scroll\"><table class=\"stack\" id=\"certificates\"><thead><tr><th>"
	    "Renewal</th><th>Target</th><th>Ends</th><th>At</th><th>Lifetime gone</th><th>TLS</th>"
	    "</tr></thead><tbody>\n", AS_U64(count), AS_U64(all));
	for (uint32_t i = 0; i < count && i < SHOWN; i++) {
		const struct board_row *row = board_get(view->board, endings[i].place);

		PUT(view, "<tr id=\"c{}\"><td>", AS_U64(row->number));
		view_rank(view, renewal_of(row, now).like, renewal_of(row, now).words);
		PUT(view, "</td><td class=\"name\">");
		view_target(view, row->name);
		PUT(view, "</td><td class=\"when\">");
		put_until(view, endings[i].end, now);
		if (endings[i].end != row->server.not_after)
			PUT(view, " <span class=\"faint\">of its chain</span>");
		PUT(view, "</td><td class=\"when\">{}</td><td>", AS_TIME(endings[i].end));
		put_bar(view, row, now);
		PUT(view, "</td><td class=\"when faint\">{} {}</td></tr>\n",
		    AS_STRING(row->server.tls_version), AS_STRING(row->server.tls_cipher));
	}
	if (count == 0)
		PUT(view, "<tr><td colspan=\"6\">None is known yet.</td></tr>\n");
	PUT(view, "</tbody></table></div>\n");
	if (count > SHOWN)
		PUT(view, "<p>{} more end later.</p>\n", AS_U64(count - SHOWN));
	put_without(view, all - count);
	view_end(view);
	free(endings);
}
