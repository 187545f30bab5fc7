/*
 * For the web process: which function answers which path, and what all pages are made of: `struct
 * view`, an answer while it is made, and the frame and common parts of the pages (view.c).
 */
#pragma once

#include "web/assets.h"
#include "web/board.h"
#include "web/emit.h"
#include "web/processes.h"
#include "web/server.h"

struct store_api_time;

struct site {
	const struct config *config;
	struct board *board;
	int64_t started; /* UTC: this process */
	bool is_once;    /* it does not go on: nothing is counted */
	struct processes processes;
	struct store_api_time *store_time; /* NULL: answers may take any time */
	char assets[ASSETS][ASSET_NAME_MAX]; /* their names, by asset_name() */
};

/* One answer while it is made. */
struct view {
	struct emit emit;
	const struct site *site;
	const struct board *board;   /* the site's */
	const struct config *config; /* likewise */
	struct store_reader *reader; /* likewise; NULL: nothing can be read now */
	const struct server_request *request;
	struct server_answer *answer;
	const char *rest; /* of the path: what stands behind the address of the page (site.c) */
};

/* EMIT() into a page, or into whatever else an answer is. */
#define PUT(view, ...) EMIT(&(view)->emit, __VA_ARGS__)

/* server_problem() in place of a page. */
static inline void
view_problem(struct view *view, unsigned status, const char *detail)
{
	server_problem(view->request, view->answer, status, detail);
}

/* A server_handler over a struct site. */
void site_answer(void *site, const struct server_request *, struct server_answer *);

/* The frame of every HTML page; `icon`: what the icon shows. Between both calls the page writes what is within <main>. */
void view_begin(struct view *, const char *title, enum board_rank icon);
void view_end(struct view *);

/* The address of a page of ours up to its last segment: a literal that begins with "/", behind the prefix. */
#define AS_PREFIX(view) AS_STRING((view)->request->prefix) /* of the addresses of pages */
#define VIEW_ADDRESS(view, literal) (emit_string(&(view)->emit, (view)->request->prefix), EMIT(&(view)->emit, literal))

/* Shape and word of a rank, with its colour. */
void view_rank(struct view *, enum board_rank, const char *word);
/* A term of a list and what it is; nothing where that is NULL or empty. */
void view_term(struct view *, const char *name, const char *value);
/* A link to the page of a target by that name. */
void view_target(struct view *, const char *name);
/* The last 24 hours of a target as a picture, and in words for who does not see it. */
void view_strip(struct view *, const struct look *, int64_t now);
/* A square of the colour that a class has in pictures, and what it means; within a paragraph of class "legend". */
void view_colour(struct view *, const char *class, const char *words);
/* What the colours of strips mean, and where they are shown the lines below it. */
void view_legend(struct view *, bool has_pace);
/* How long its runs took in each of these hours, p50 and p95, as two lines on a logarithmic scale of its own. */
void view_pace(struct view *, const struct look *, int64_t now);

/* The watched target whose name stands before that tail of the address; NULL: none does. */
const struct board_row *view_named(const struct view *, const char *tail);

/* Answers with 404 and the reason. */
void view_missing(struct view *, const char *what);
