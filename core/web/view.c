/*
 * For the web process: the frame of all HTML pages (head, navigation, foot) and the parts that
 * several of them have: the word of a state, links to targets, the strip of the last day, the line
 * of how long attempts took.
 */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "web/site.h"

void
view_begin(struct view *view, const char *title, enum board_rank icon)
{
	bool is_wall = server_query(view->request, "wall") != NULL, is_compact = server_query(view->request, "compact") != NULL;
	bool is_shared = view->request->tag != NULL;

	PUT(view, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta "
	    "name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta "
	    "name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<link rel=\"icon\" "
	    "type=\"image/svg+xml\" href=\"{}/icon/{}.svg\">\n<link rel=\"alternate\" "
	    "type=\"application/atom+xml\" title=\"Incidents\" href=\"{}/feed.atom\">\n<link "
	    "rel=\"stylesheet\" href=\"{}/assets/{}\">\n<script defer", AS_STRING(title),
	    AS_PREFIX(view), AS_STRING(rank_name(icon)), AS_PREFIX(view), AS_PREFIX(view),
	    AS_STRING(view->site->assets[ASSET_STYLE]));
	if (!is_shared)
		PUT(view, " data-events=\"{}/api/v1/events\"", AS_PREFIX(view));
	PUT(view, " src=\"{}/assets/{}\"></script>\n</head>\n<body", AS_PREFIX(view),
	    AS_STRING(view->site->assets[ASSET_SCRIPT]));
	if (is_wall)
		PUT(view, " class=\"wall\"");
	else if (is_compact)
		PUT(view, " class=\"compact\"");
	PUT(view, ">\n<a class=\"skip\" href=\"#main\">To the content</a>\n<header><a "
	    "class=\"brand\" href=\"{}/\">Postwatch</a>", AS_PREFIX(view));
	if (!is_shared)
		PUT(view, "<nav aria-label=\"Pages\"><a href=\"{}/\">Overview</a> <a "
		    "href=\"{}/incidents\">Incidents</a> <a href=\"{}/certificates\">Certificates</a> <a "
		    "href=\"{}/about\">Us</a></nav>", AS_PREFIX(view), AS_PREFIX(view), AS_PREFIX(view),
		    AS_PREFIX(view));
	PUT(view, "</header>\n<main id=\"main\" tabindex=\"-1\">\n");
}

void
view_end(struct view *view)
{
	PUT(view, "</main>\n<footer id=\"footer\"><p>As of ");
	PUT(view, "{}", AS_TIME(board_time(view->board)));
	PUT(view, ".<span class=\"zone\"> Times are UTC.</span></p></footer>\n</body>\n</html>\n");
}

/* A shape for each, so that nothing goes by colour alone. */
void
view_rank(struct view *view, enum board_rank rank, const char *word)
{
	PUT(view, "<span class=\"rank {}\"><svg class=\"shape\" viewBox=\"0 0 16 16\" "
	    "aria-hidden=\"true\">", AS_STRING(rank_name(rank)));
	switch (rank) {
	case RANK_DOWN: PUT(view, "<rect x=\"2\" y=\"2\" width=\"12\" height=\"12\"/>"); break;
	case RANK_SUSPECT: PUT(view, "<path d=\"M8 1l7 14H1z\"/>"); break;
	case RANK_BLOCKED: PUT(view, "<path d=\"M5 1h6l4 4v6l-4 4H5l-4-4V5z\"/>"); break;
	case RANK_DEGRADED: PUT(view, "<path d=\"M8 0l8 8-8 8-8-8z\"/>"); break;
	case RANK_UP: PUT(view, "<circle cx=\"8\" cy=\"8\" r=\"7\"/>"); break;
	case RANK_UNKNOWN:
	case RANK_PENDING:
	case RANKS: PUT(view, "<circle class=\"hollow\" cx=\"8\" cy=\"8\" r=\"5.5\"/>"); break;
	}
	PUT(view, "</svg>{}</span>", AS_STRING(word));
}

void
view_term(struct view *view, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	PUT(view, "<dt>{}</dt><dd>{}</dd>", AS_STRING(name), AS_STRING(value));
}

void
view_target(struct view *view, const char *name)
{
	PUT(view, "<a href=\"{}/targets/{}\">{}</a>", AS_PREFIX(view), AS_SEGMENT(text_view(name)),
	    AS_STRING(name));
}

static const char *const mood_words[LOOK_MOODS_END] = { "up", "degraded", "down", "unknown", "paused", "blocked" };

static void
put_ago(struct view *view, int quarters)
{
	if (quarters == 0)
		PUT(view, "until now");
	else
		PUT(view, "until {} ago", AS_AGE(INT64_C(900) * SECOND * quarters));
}

/* `run` quarters that are alike, from the place `at`: drawn to the width of what they were, over what they were beside it; `is_late`: at their
 * end, since it goes on in the next. */
static void
put_piece(struct view *view, const struct quarter *quarter, int at, int run, bool is_late)
{
	int64_t width = (int64_t)10 * run * 1000 * quarter->share / UINT8_MAX;

	PUT(view, "<g role=\"listitem\"><title>{} for {}, ", AS_STRING(mood_words[quarter->mood]),
	    AS_AGE(INT64_C(900) * SECOND * run * quarter->share / UINT8_MAX));
	put_ago(view, LOOK_QUARTERS - at - run);
	PUT(view, "</title>");
	if (quarter->share < UINT8_MAX)
		PUT(view, "<rect class=\"up\" height=\"16\" width=\"10\" x=\"{}\"/>",
		    AS_I64(10 * at));
	PUT(view, "<rect class=\"{}\" height=\"16\" x=\"{}\" width=\"{}\"/></g>",
	    AS_STRING(mood_words[quarter->mood]), AS_THOUSANDTHS((int64_t)10000 * at + (is_late ? (int64_t)10000 * run - width : 0)),
	    AS_THOUSANDTHS(width));
}

/* Quarters of an hour, oldest first; equal neighbours are one piece. */
void
view_strip(struct view *view, const struct look *look, int64_t now)
{
	static const int64_t length = INT64_C(900) * SECOND;
	int64_t parts[LOOK_MOODS_END] = { 0 };
	struct quarter day[LOOK_QUARTERS + 1] = { { .share = 0 } };
	uint32_t failed = 0;

	look_day(look, now / length, day);
	for (int i = 0; i < LOOK_QUARTERS; i++) {
		failed += day[i].failed;
		parts[day[i].mood] += day[i].share;
	}
	PUT(view, "<svg class=\"strip\" viewBox=\"0 0 960 16\" preserveAspectRatio=\"none\" role=\"list\" aria-label=\"The last 24 hours:");
	for (int mood = STORE_MOOD_degraded; mood < LOOK_MOODS_END; mood++) {
		if (parts[mood] == 0)
			continue;
		PUT(view, " {} {},", AS_AGE(parts[mood] * length / UINT8_MAX),
		    AS_STRING(mood_words[mood]));
	}
	PUT(view, " {} failed attempts\">", AS_U64(failed));
	for (int i = 0, end; i < LOOK_QUARTERS; i = end) {
		end = i + 1;
		while (end < LOOK_QUARTERS && day[end].mood == day[i].mood && day[end].share == day[i].share && day[end].share == UINT8_MAX)
			end++;
		if (day[i].share > 0)
			put_piece(view, &day[i], i, end - i, day[end].share > 0 && day[end].mood == day[i].mood);
	}
	for (int i = 0; i < LOOK_QUARTERS; i++)
		if (day[i].failed > 0 && day[i].mood != STORE_MOOD_down) {
			PUT(view, "<g role=\"listitem\"><title>{} failed attempt{}, ", AS_U64(day[i].failed), AS_STRING(day[i].failed == 1 ? "" : "s"));
			put_ago(view, LOOK_QUARTERS - i - 1);
			PUT(view, "</title><rect class=\"tick\" y=\"10\" height=\"6\" width=\"4\" x=\"{}\"/></g>", AS_I64(10 * i + 3));
		}
	PUT(view, "</svg>");
}

void
view_colour(struct view *view, const char *class, const char *words)
{
	PUT(view, "<span><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"{}\" width=\"10\" height=\"10\"/></svg>{}</span> ",
	    AS_STRING(class), AS_STRING(words));
}

void
view_legend(struct view *view, bool has_pace)
{
	static const uint8_t moods[] = { STORE_MOOD_up, STORE_MOOD_degraded, LOOK_BLOCKED, STORE_MOOD_down, STORE_MOOD_unknown, STORE_MOOD_paused };

	PUT(view, "<p class=\"legend faint\">");
	for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++)
		view_colour(view, mood_words[moods[i]], moods[i] == STORE_MOOD_down ? "down, from its confirmation on" : mood_words[moods[i]]);
	PUT(view, "<span><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"tick\" x=\"3\" y=\"4\" width=\"4\" height=\"6\"/></svg>"
	    "failed attempts without an outage, or before its confirmation</span>");
	if (has_pace)
		PUT(view, " <span>Lines: half of all attempts within the dark one (p50), 95 % within the pale one (p95)</span>");
	PUT(view, "</p>\n");
}

enum { NAME_ROOM = 1024, PACE_HEIGHT = 20, PACE_MARGIN = 2, PACE_HOUR = 10 };

struct scale {
	uint32_t least, most; /* what the line's foot and its head stand for */
};

/* Twofold is a quarter of the height at most, so that what hardly differs looks so. */
static int
height_of(uint32_t micros, const struct scale *scale)
{
	double range = log((double)scale->most / (double)scale->least), least = log(16);

	return PACE_HEIGHT - PACE_MARGIN
	    - (int)((PACE_HEIGHT - 2 * PACE_MARGIN) * log((double)micros / (double)scale->least) / (range > least ? range : least));
}

/* By steps, an hour each; nothing where nothing is known. */
static void
put_pace(struct view *view, const struct look *look, int64_t now, const struct scale *scale, bool is_p95)
{
	int64_t last = now / (INT64_C(3600) * SECOND);
	int at = 0, before = -1;

	for (int i = 0; i < LOOK_HOURS; i++) {
		const struct pace *pace = &look->hours[look_hour(last - LOOK_HOURS + 1 + i)];

		if (pace->p50 == 0) {
			before = -1;
			continue;
		}
		at = height_of(is_p95 ? pace->p95 : pace->p50, scale);
		if (before < 0) {
			PUT(view, "M{} {}", AS_I64(PACE_HOUR * i), AS_I64(at));
		} else if (at != before) {
			PUT(view, "v{}", AS_I64(at - before));
		}
		PUT(view, "h10");
		before = at;
	}
}

void
view_pace(struct view *view, const struct look *look, int64_t now)
{
	struct scale scale = { UINT32_MAX, 0 };

	for (int i = 0; i < LOOK_HOURS; i++) {
		const struct pace *pace = &look->hours[i];

		if (pace->p50 == 0)
			continue;
		scale.least = pace->p50 < scale.least ? pace->p50 : scale.least;
		scale.most = pace->p95 > scale.most ? pace->p95 : scale.most;
	}
	if (scale.most == 0)
		return;
	PUT(view, "<svg class=\"pace\" viewBox=\"0 0 240 20\" preserveAspectRatio=\"none\" "
	    "role=\"img\"><title>p50 from {}, p95 up to {}</title><path class=\"p95\" d=\"",
	    AS_SPAN(scale.least), AS_SPAN(scale.most));
	put_pace(view, look, now, &scale, true);
	PUT(view, "\"/><path d=\"");
	put_pace(view, look, now, &scale, false);
	PUT(view, "\"/></svg>");
}

const struct board_row *
view_named(const struct view *view, const char *tail)
{
	size_t size = strlen(view->rest), tail_size = strlen(tail);
	char name[NAME_ROOM];

	if (size <= tail_size || size >= sizeof name || strcmp(view->rest + size - tail_size, tail) != 0)
		return NULL;
	text_copy(name, size - tail_size + 1, view->rest);
	return board_named(view->board, name);
}

void
view_missing(struct view *view, const char *what)
{
	view->answer->status = 404;
	view_begin(view, "Not found - Postwatch", RANK_UNKNOWN);
	PUT(view, "<h1>Not found</h1>\n<p>{}</p>\n", AS_STRING(what));
	view_end(view);
}
