/* For the page of a target: draws how long its last attempts took as SVG. */
#include "web/chart.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/list.h"

enum { ATTEMPTS = 96, LANES = LOOK_PHASES_MAX, LANE_NAME = 32, WIDTH = 960, HEIGHT = 48, MARK_WIDTH = 6, MARK_LEAST = 5 };

static const int64_t least = 100; /* microseconds: the foot of the scale, which is logarithmic, since limits are a thousand times what is usual */

struct attempt {
	int64_t at, micros;
	uint64_t run;
	uint32_t verdict;
	int64_t lanes[LANES]; /* microseconds; -1: not reached, or not a step of this attempt */
	uint32_t last;        /* the lane of the last step that was reached; LANES: none */
};

struct chart {
	uint32_t count; /* of attempts, the newest first */
	struct attempt attempts[ATTEMPTS];
	uint32_t lane_count;
	char names[LANES][LANE_NAME];
};

/* The lane of a step, which is made where it is new; LANES: there are too many. */
static uint32_t
lane_of(struct chart *chart, struct pw_bytes name)
{
	uint32_t i = 0;

	while (i < chart->lane_count && (strncmp(chart->names[i], name.data, name.size) != 0
	    || chart->names[i][name.size] != '\0'))
		i++;
	assert(i <= chart->lane_count && name.size < sizeof chart->names[0]);
	if (i == chart->lane_count && i < LANES) {
		memcpy(chart->names[i], name.data, name.size);
		chart->lane_count++;
	}
	return i;
}

static void
take(struct chart *chart, const struct store_run *run)
{
	struct attempt *attempt = &chart->attempts[chart->count++];
	int64_t times[STORE_PHASES_MAX];
	struct run_steps steps = { .names = run->phase_names, .times = times,
	    .left = store_run_phases(run, times) };

	assert(chart->count <= ATTEMPTS);
	*attempt = (struct attempt){ .at = run->at, .micros = run->micros, .run = run->run, .verdict = run->verdict, .last = LANES };
	for (uint32_t i = 0; i < LANES; i++)
		attempt->lanes[i] = -1;
	while (run_steps_next(&steps)) {
		uint32_t lane = steps.name.size < LANE_NAME ? lane_of(chart, steps.name) : LANES;

		if (lane < LANES && steps.micros >= 0) {
			attempt->lanes[lane] = steps.micros;
			attempt->last = lane;
		}
	}
}

/* What a lane shows; `lane` LANES: the whole attempt. */
static int64_t
value_of(const struct attempt *attempt, uint32_t lane)
{
	return lane == LANES ? attempt->micros : attempt->lanes[lane];
}

static int
compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

/* How high in the lane, where `top` is all of it. */
static int64_t
height_of(int64_t micros, int64_t top)
{
	double part = micros <= least ? 0 : log((double)micros / (double)least) / log((double)top / (double)least);

	return MARK_LEAST + (int64_t)(part * (HEIGHT - MARK_LEAST));
}

static void
put_line(struct view *view, int64_t micros, int64_t top)
{
	PUT(view, "\" x1=\"0\" x2=\"960\" y1=\"{}\" y2=\"{}\"/>",
	    AS_I64(HEIGHT - height_of(micros, top)), AS_I64(HEIGHT - height_of(micros, top)));
}

static void
put_mark(struct view *view, const struct board_row *row, const struct chart *chart, uint32_t at, uint32_t lane, int64_t slow, int64_t top)
{
	const struct attempt *attempt = &chart->attempts[at];
	int64_t oldest = chart->attempts[chart->count - 1].at, span = chart->attempts[0].at - oldest, micros = value_of(attempt, lane);
	int64_t height = height_of(micros, top);

	PUT(view, "<a tabindex=\"-1\" href=\"{}/targets/{}/attempts/{}\"><rect class=\"",
	    AS_PREFIX(view), AS_SEGMENT(text_view(row->name)), AS_U64(attempt->run));
	if (attempt->verdict == PW_FAILED && (lane == LANES || lane == attempt->last))
		PUT(view, "down");
	else if ((slow > 0 && micros > slow) || (attempt->verdict != PW_OK && lane == LANES))
		PUT(view, "degraded");
	else
		PUT(view, "up");
	PUT(view, "\" width=\"6\" x=\"{}\" y=\"{}\" height=\"{}\"><title>{} ago: {}",
	    AS_I64(span <= 0 ? 0 : (attempt->at - oldest) * (WIDTH - MARK_WIDTH) / span),
	    AS_I64(HEIGHT - height), AS_I64(height),
	    AS_AGE(board_time(view->board) - attempt->at), AS_SPAN(micros));
	if (lane == LANES)
		PUT(view, ", {}", AS_STRING(verdict_name(verdict_of(attempt->verdict))));
	PUT(view, "</title></rect></a>");
}

/* One lane: how long it usually takes, and each attempt. */
static void
put_lane(struct view *view, const struct board_row *row, const struct chart *chart, uint32_t lane)
{
	const struct policy *policy = row->configured == NULL ? NULL : row->configured->policy;
	uint32_t index = policy == NULL || lane == LANES ? CONFIG_NONE : policy_phase(policy, chart->names[lane]), count = 0;
	int64_t slow = index == CONFIG_NONE ? 0 : policy->phases[index].slow, limit = index == CONFIG_NONE ? 0 : policy->phases[index].routine;
	int64_t values[ATTEMPTS], top = limit > 10 * least ? limit : 10 * least;

	for (uint32_t i = 0; i < chart->count; i++) {
		if (value_of(&chart->attempts[i], lane) >= 0)
			values[count++] = value_of(&chart->attempts[i], lane);
	}
	if (count == 0)
		return;
	qsort(values, count, sizeof values[0], compare);
	top = values[count - 1] > top ? values[count - 1] : top;
	assert(count <= chart->count && values[0] <= values[count - 1]);
	PUT(view, "<figure class=\"lane\"><figcaption><strong>{}</strong> half within {}, 95 % "
	    "within {}", AS_STRING(lane == LANES ? "the whole attempt" : chart->names[lane]),
	    AS_SPAN(values[(count - 1) / 2]), AS_SPAN(values[(count * 95 + 99) / 100 - 1]));
	if (slow > 0 && (limit == 0 || slow < limit))
		PUT(view, "; slow above {}", AS_DURATION(slow));
	if (limit > 0)
		PUT(view, "; limit {}", AS_DURATION(limit));
	PUT(view, "</figcaption><svg class=\"chart\" viewBox=\"0 0 960 48\" preserveAspectRatio=\"none\" role=\"group\" aria-label=\"{}: the last attempts\">",
	    AS_STRING(lane == LANES ? "the whole attempt" : chart->names[lane]));
	if (limit > 0) {
		PUT(view, "<line class=\"limit");
		put_line(view, limit, top);
	}
	if (slow > 0 && slow <= top) {
		PUT(view, "<line class=\"slow");
		put_line(view, slow, top);
	}
	for (uint32_t i = chart->count; i-- > 0;) {
		if (value_of(&chart->attempts[i], lane) >= 0)
			put_mark(view, row, chart, i, lane, slow, top);
	}
	PUT(view, "</svg></figure>\n");
}

void
chart_put(struct view *view, const struct board_row *row)
{
	struct chart *chart = calloc(1, sizeof *chart);
	struct store_list runs;
	struct store_run run;

	if (chart == NULL)
		return;
	store_list_open(&runs, view->reader, STORE_LIST_HISTORY, row->number);
	while (chart->count < ATTEMPTS && store_list_next(&runs, &run))
		take(chart, &run);
	(void)store_list_close(&runs);
	if (chart->count >= 2) {
		PUT(view, "<h2>The last attempts</h2>\n<p class=\"faint\">{} attempts since {}; "
		    "each leads to its page. Heights are logarithmic: a line is a limit, a dashed "
		    "one the mark of slow.</p>\n<p class=\"legend faint\">", AS_U64(chart->count),
		    AS_TIME(chart->attempts[chart->count - 1].at));
		view_colour(view, "up", "passed");
		view_colour(view, "degraded",
		    "slower than the mark, or degraded, blocked or unknown");
		view_colour(view, "down", "failed");
		PUT(view, "</p>\n<div id=\"chart\">\n");
		put_lane(view, row, chart, LANES);
		for (uint32_t lane = 0; lane < chart->lane_count; lane++)
			put_lane(view, row, chart, lane);
		PUT(view, "</div>\n");
	}
	free(chart);
}
