/*
 * For the web process: makes the page of one incident (an outage): its story in order, with the
 * notices and the attempts.
 */
#include "web/incident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/difference.h"
#include "base/hash.h"
#include "store/list.h"
#include "web/attempt.h"
#include "web/told_text.h"

enum { LEGS_A_PAGE = 200, MOMENTS = 64, COMPARED = 8 };

/* Strips and availability go by the same. */
static const char certain[] = "It is certain that it is down, and counts as down from here on";

/* What happened beside the attempts, in order. */
struct event {
	int64_t at;
	const char *name;
	uint32_t from, size; /* in `told` */
};

/* The legs of one run, for what differs. */
struct compared {
	uint64_t run;
	uint32_t count;
	struct buffer legs[COMPARED];
};

struct incident_story {
	struct view *view;
	uint64_t number;
	uint32_t legs;
	struct store_leg_key last;      /* of those that are shown */
	uint64_t first_run;             /* of the incident, where this page shows it */
	int64_t confirmed, run_at;      /* UTC: when it was; when the run at hand began */
	struct buffer run;              /* the legs of the run at hand, as they are shown */
	uint64_t likeness;              /* of them, whatever how long they took */
	uint64_t shown;                 /* the likeness of the last run that is shown */
	struct alike {                  /* runs behind that one which are like it, and the last of them */
		uint32_t count;
		uint64_t run;
		int64_t at;
	} alike;
	char role[16];                  /* of the leg before */
	char outcome[OUTCOME_NAME_MAX]; /* of the last run that told something of the server, before the run at hand */
	char run_outcome[OUTCOME_NAME_MAX]; /* the same with that run */
	const struct board_row *watched; /* its target; NULL: it is not watched any more */
	bool is_open;
	struct buffer told;
	uint32_t moment_count, next;
	struct event moments[MOMENTS];
	struct compared failed, passed; /* the last that failed, the first that passed */
};

/* Roles of the store in words of the story. */
static const char *
role_words(const char *role)
{
	static const char *const words[][2] = {
		{ "confirmed", "It failed again" },
		{ "changed", "It failed in another way" },
		{ "hourly", "Still so" },
		{ "failed", "The last failed attempt" },
		{ "passed", "It passed" },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i][0], role) == 0)
			return words[i][1];
	return role;
}

static struct event *
add_moment(struct incident_story *story, int64_t at, const char *name)
{
	uint32_t place = story->moment_count;

	if (at == 0 || place == MOMENTS)
		return NULL;
	for (; place > 0 && story->moments[place - 1].at > at; place--)
		story->moments[place] = story->moments[place - 1];
	story->moments[place] = (struct event){ .at = at, .name = name, .size = 0 };
	story->moment_count++;
	return &story->moments[place];
}

/* When a run began, which leads to its page. */
static void
put_run_time(struct incident_story *story, uint64_t run, int64_t at)
{
	if (story->watched != NULL)
		PUT(story->view, "<a href=\"{}/targets/{}/attempts/{}\">{}</a>", AS_PREFIX(story->view),
		    AS_SEGMENT(text_view(story->watched->name)), AS_U64(run), AS_TIME(at));
	else
		PUT(story->view, "{}", AS_TIME(at));
}

static void
put_alike(struct incident_story *story)
{
	if (story->alike.count == 0)
		return;
	PUT(story->view, "<li class=\"alike\">{}{}", AS_U64(story->alike.count),
	    AS_STRING(story->alike.count == 1 ? " more attempt alike, at " : " more attempts alike, until "));
	put_run_time(story, story->alike.run, story->alike.at);
	PUT(story->view, "</li>\n");
	story->alike.count = 0;
}

/* The run at hand is whole: it is shown, or counted where it is like the one before. */
static void
end_run(struct incident_story *story)
{
	if (story->run.size == 0)
		return;
	if (story->likeness == story->shown)
		story->alike = (struct alike){ story->alike.count + 1, story->last.run,
		    story->run_at };
	else {
		put_alike(story);
		emit_made(&story->view->emit, buffer_view(&story->run));
		story->shown = story->likeness;
	}
	buffer_clear(&story->run);
}

/* Those that came before `at`. */
static void
put_moments(struct incident_story *story, int64_t at)
{
	for (; story->next < story->moment_count && story->moments[story->next].at <= at; story->next++) {
		const struct event *moment = &story->moments[story->next];

		put_alike(story);
		PUT(story->view, "<li{}><span class=\"faint\">{}</span> <strong>{}</strong>",
		    AS_MADE(text_view(moment->name == certain ? " class=\"down\"" : "")), AS_TIME(moment->at), AS_STRING(moment->name));
		if (moment->size > 0)
			PUT(story->view, "{}", AS_MADE((struct pw_bytes){ story->told.data + moment->from, moment->size }));
		PUT(story->view, "</li>\n");
	}
}

static void
compare_with(struct compared *compared, const struct store_evidence *row)
{
	if (compared->run != row->run)
		compared->count = 0;
	compared->run = row->run;
	if (compared->count == COMPARED)
		return;
	buffer_clear(&compared->legs[compared->count]);
	if (buffer_add(&compared->legs[compared->count], row->bytes.data, row->bytes.size, EMIT_MAX))
		compared->count++;
}

static void
put_leg(struct incident_story *story, const struct store_evidence *row)
{
	struct message_evidence message = { .run = 0 };
	bool is_known = message_read_evidence(row->bytes, &message);
	bool has_passed = strcmp(row->role, "passed") == 0, is_unknown = is_known
	    && message.leg.verdict == PW_UNKNOWN, is_same;
	const char *outcome = is_known ? message.leg.outcome : "", *words;

	/* A page before this one has shown those before its first leg. */
	while (story->legs == 1 && story->last.run > 0 && story->next < story->moment_count
	    && story->moments[story->next].at <= row->at)
		story->next++;
	if (row->run != story->last.run || story->legs == 1) {
		if (story->legs == 1 && story->last.run == 0)
			story->first_run = row->run;
		end_run(story);
		put_moments(story, row->at);
		story->likeness = HASH_BEGIN;
		story->run_at = row->at;
		text_copy(story->outcome, sizeof story->outcome, story->run_outcome);
	}
	/* The store compares with the attempt before, which may have told nothing of the server. */
	is_same = strcmp(row->role, "changed") == 0 && strcmp(outcome, story->outcome) == 0;
	words = row->run == story->first_run ? "First sign: it failed" : is_unknown ? "An attempt that tells nothing of the server"
	    : role_words(is_same ? "confirmed" : row->role);
	if (!has_passed)
		compare_with(&story->failed, row);
	else if (story->passed.run == 0 || story->passed.run == row->run)
		compare_with(&story->passed, row);
	story->view->emit.to = &story->run;
	PUT(story->view, "<li class=\"{}\">",
	    AS_STRING(has_passed ? "up" : is_unknown ? "unknown" : row->at < story->confirmed ? "suspect" : "down"));
	put_run_time(story, row->run, row->at);
	PUT(story->view, " <strong>{}</strong>", AS_STRING(words));
	if (!is_unknown)
		text_copy(story->run_outcome, sizeof story->run_outcome, outcome);
	story->last = (struct store_leg_key){ row->target, row->run, row->leg };
	/* Attempts are alike where the same is said of each of their legs. */
	story->likeness = !is_known ? row->run : hash_add(hash_add_string(hash_add_string(hash_add(story->likeness, &row->leg, sizeof row->leg),
	    words), outcome), message.leg.address.data, message.leg.address.size);
	attempt_put(story->view, is_known ? &message : NULL, strcmp(story->role, row->role) != 0);
	text_copy(story->role, sizeof story->role, row->role);
	PUT(story->view, "</li>\n");
	story->view->emit.to = story->view->answer->body;
}

static void
put_fact(struct view *view, const char *name, int64_t time)
{
	if (time == 0)
		return;
	PUT(view, "<dt>{}</dt><dd>{}</dd>", AS_STRING(name), AS_TIME(time));
}

/* Of the target as it stands now, which is no part of what happened. */
static void
put_now(struct incident_story *story)
{
	const struct board *board = story->view->board;
	const struct board_row *row = story->watched;

	PUT(story->view, "<dt>Now</dt><dd id=\"now\">");
	if (row == NULL)
		PUT(story->view, "not watched any more");
	else {
		view_rank(story->view, row->rank, row->rank == RANK_DOWN ? row->state : rank_name(row->rank));
		PUT(story->view, " for {}", AS_AGE(board_time(board) - board_since(board, row)));
		if (row->last_run != 0)
			PUT(story->view, ", looked {} ago{}", AS_AGE(board_time(board) - row->last_run),
			    AS_STRING(row->verdict != PW_UNKNOWN ? "" : ", which says nothing of the server"));
	}
	PUT(story->view, "</dd>");
}

static void
put_heading(struct incident_story *story, const struct store_outage *incident)
{
	struct view *view = story->view;
	char title[160];

	story->is_open = incident->ended == 0;
	story->watched = board_named(view->board, incident->name);
	snprintf(title, sizeof title, "Incident %llu: %.80s %s - Postwatch", (unsigned long long)incident->number, incident->name,
	    story->is_open ? "down" : "was down");
	view_begin(view, title, story->is_open ? RANK_DOWN : RANK_UP);
	PUT(view, "<h1>");
	if (incident->name[0] != '\0')
		view_target(view, incident->name);
	else
		PUT(view, "a target that is not known any more");
	if (story->is_open)
		PUT(view, " is down, for ");
	else
		PUT(view, " was down for ");
	PUT(view, "{}</h1>\n<p class=\"faint\">Incident {}, {}</p>\n<p>{}</p>\n",
	    AS_AGE((story->is_open ? board_time(view->board) : incident->ended) - incident->began),
	    AS_U64(incident->number), AS_STRING(incident->outcome), AS_SENTENCE(incident->text));
	if (incident->end_text.size > 0)
		PUT(view, "<p>{}</p>\n", AS_SENTENCE(incident->end_text));
	PUT(view, "<dl>");
	put_now(story);
	put_fact(view, "First sign", incident->began);
	put_fact(view, "Confirmed", incident->confirmed);
	put_fact(view, "First success", incident->ended);
	put_fact(view, "End confirmed", incident->end_confirmed);
	put_fact(view, "Acknowledged", incident->acknowledged);
	story->confirmed = incident->confirmed;
	(void)add_moment(story, incident->confirmed, certain);
	(void)add_moment(story, incident->acknowledged, "It was acknowledged");
	(void)add_moment(story, incident->end_confirmed, "It is certain that it is up again");
	if (incident->acknowledged != 0)
		PUT(view, "<dt>by</dt><dd>{} {}</dd>", AS_FOREIGN(incident->ack_by),
		    AS_FOREIGN(incident->ack_why));
}

/* Reads who was told, a moment of the story for each notice. */
static void
read_told(struct incident_story *story)
{
	struct emit told_emit = { .to = &story->told };
	uint64_t notice = 0;
	struct event *moment = NULL;
	struct store_told told;

	STORE_EACH(&told, story->view->reader, STORE_LIST_TOLD, story->number) {
		if (told.notice != notice) {
			if (moment != NULL)
				EMIT(&told_emit, "</tbody></table></div>\n");
			if (moment != NULL)
				moment->size = (uint32_t)story->told.size - moment->from;
			moment = add_moment(story, told.confirmed, strcmp(told.kind, "down") == 0 ? "Notice that it is down"
			    : strcmp(told.kind, "up") == 0 ? "Notice that it is up" : strcmp(told.kind, "reminder") == 0 ? "Reminder" : "Notice");
			if (moment != NULL)
				moment->from = (uint32_t)story->told.size;
			EMIT(&told_emit, "<div class=\"scroll\"><table class=\"plain told\"><thead><tr><th>Notifier</th><th>Recipient</th>"
			    "<th>Delivery</th><th>When</th><th>Receipt</th></tr></thead><tbody>\n");
		}
		notice = told.notice;
		EMIT(&told_emit, "<tr><td>{}</td><td>{}</td><td>", AS_STRING(told.notifier[0] == '\0' ? "nobody" : told.notifier), AS_STRING(told.recipient));
		if (told.ended == 0 && told.notifier[0] != '\0')
			EMIT(&told_emit, "<strong>not yet told</strong>, ");
		EMIT(&told_emit, "{}</td><td class=\"when\">{}</td><td class=\"cause\">{}</td></tr>\n", AS_STRING(told.delivery),
		    AS_TIME(told.ended != 0 ? told.ended : told.created), AS_FOREIGN(told.receipt));
	}
	if (moment != NULL) {
		EMIT(&told_emit, "</tbody></table></div>\n");
		moment->size = (uint32_t)story->told.size - moment->from;
	}
	story->view->emit.failed |= told_emit.failed;
}

static void
put_difference(void *arg, const struct difference *difference)
{
	struct emit *emit = arg;

	EMIT(emit, "<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", AS_STRING(difference->name),
	    AS_STRING(difference->then), AS_STRING(difference->now));
}

/* Address by address, between the last failure and the first success. */
static void
put_differences(struct incident_story *story)
{
	struct message_evidence passed, failed;

	if (story->passed.count == 0 || story->failed.count == 0)
		return;
	PUT(story->view, "<li class=\"up\"><strong>What differs between the last failure and the first success</strong>\n<div class=\"scroll\">"
	    "<table class=\"plain\" id=\"differs\"><thead><tr><th>Step or fact</th><th>Before</th><th>After</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < story->passed.count; i++)
		for (uint32_t j = 0; j < story->failed.count; j++)
			if (message_read_evidence(buffer_view(&story->passed.legs[i]), &passed)
			    && message_read_evidence(buffer_view(&story->failed.legs[j]), &failed)
			    && difference_same_place(&passed.leg, &failed.leg))
				difference_each(&failed.leg, &passed.leg, put_difference,
				    &story->view->emit);
	PUT(story->view, "</tbody></table></div></li>\n");
}

/* The legs of its attempts, from the first, or behind `after`, which is "RUN.LEG". */
static void
put_story(struct incident_story *story)
{
	const char *after = server_query(story->view->request, "after");
	struct store_evidence row;
	struct store_list list;
	unsigned long long run = 0;
	unsigned leg = 0;

	if (after != NULL && sscanf(after, "%19llu.%9u", &run, &leg) == 2)
		story->last = (struct store_leg_key){ INT64_MAX, run < RUNS_MAX ? run : RUNS_MAX - 1, leg };
	PUT(story->view, "<h2>What happened</h2>\n<ol class=\"story\" id=\"story\">\n");
	store_list_open(&list, story->view->reader, STORE_LIST_EVIDENCE, story->number);
	store_list_behind_leg(&list, &story->last);
	store_list_limit(&list, LEGS_A_PAGE + 1);
	while (store_list_next(&list, &row) && ++story->legs <= LEGS_A_PAGE)
		put_leg(story, &row);
	(void)store_list_close(&list);
	end_run(story);
	if (story->legs == 0)
		PUT(story->view, "<li>Nothing is kept of its attempts.</li>\n");
	if (story->legs <= LEGS_A_PAGE)
		put_moments(story, INT64_MAX);
	put_alike(story);
	if (story->legs <= LEGS_A_PAGE) {
		put_differences(story);
		if (story->is_open)
			PUT(story->view, "<li>It is still down.</li>\n");
	}
	PUT(story->view, "</ol>\n");
	if (story->legs <= LEGS_A_PAGE)
		return;
	PUT(story->view, "<p><a rel=\"next\" href=\"{}/incidents/{}?after={}.{}\">later attempts</a></p>"
	    "\n", AS_PREFIX(story->view), AS_U64(story->number), AS_U64(story->last.run),
	    AS_U64(story->last.leg));
}

void
incident_answer(struct view *view)
{
	struct incident_story story = { .view = view };
	enum store_reading reading;
	struct store_outage outage;
	struct store_list list;
	struct told told;
	bool is_found;

	story.number = view->rest[strspn(view->rest, "0123456789")] == '\0'
	    ? strtoull(view->rest, NULL, 10) : 0;
	if (story.number == 0 || story.number > INT64_MAX) {
		view_missing(view, "No incident has this number.");
		return;
	}
	store_list_open(&list, view->reader, STORE_LIST_INCIDENT, story.number);
	is_found = view->reader != NULL && store_list_next(&list, &outage);
	if (is_found)
		put_heading(&story, &outage);
	reading = store_list_close(&list);
	if (is_found) {
		told_read_incident(view->reader, story.number, &told);
		PUT(view, "<dt>Who was told</dt><dd id=\"told\">");
		told_put(view, story.is_open ? story.watched : NULL, &told, true);
		PUT(view, "{}</dd></dl>\n", AS_MADE(text_view(told.has_notice ? ""
		    : "<strong>Not told:</strong> there is no notice of it")));
		read_told(&story);
		put_story(&story);
		view_end(view);
	} else if (view->reader == NULL || reading == STORE_READ_BROKEN)
		view_problem(view, 503, "the store cannot be read now");
	else
		view_missing(view, "No incident has this number.");
	for (uint32_t i = 0; i < COMPARED; i++) {
		buffer_fini(&story.failed.legs[i]);
		buffer_fini(&story.passed.legs[i]);
	}
	buffer_fini(&story.run);
	buffer_fini(&story.told);
}
