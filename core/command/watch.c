/*
 * `postwatch status --watch`: its loop, its keys, and when what is read and drawn.
 *
 * One loop over the keyboard, signals, and a command that runs beside the page (watch_job.h). Rows
 * are read when it is time; keys are answered while they are. The page is drawn only when the
 * terminal takes bytes, so that one that is stopped (Ctrl-S) or slow holds up no signal.
 */
#include "command/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/layout.h"
#include "command/watch_ask.h"
#include "command/watch_signals.h"
#include "command/watch_table.h"
#include "command/watch_topic.h"
#include "command/watch_view.h"

enum { KEY_REPAINTS = 'L' & 0x1f, TROUBLES_SHARE = 4, FOOT = 4, LINE_SIZE = 4096,
	COST_SHARE = 20 /* reading takes at most this part of the time */ };
static const int64_t read_every = 2 * (int64_t)SECOND;

enum mode { MODE_TABLE, MODE_FILTER, MODE_ASK, MODE_VIEW };

struct watch {
	const struct screen *screen;
	struct watch_rows rows;
	struct watch_table table;
	struct watch_view view;
	struct watch_ask ask;
	struct watch_input filter;
	struct watch_job job;
	enum mode mode, behind;      /* behind MODE_ASK: where it was begun */
	struct watch_topic topic;    /* of the view */
	bool is_job_of_view, is_drawn, ended;
	char message[LINE_SIZE];     /* "": the order and the filter are shown */
	struct reason why;           /* that the store cannot be read; "": it can */
	int signals, ended_by;       /* signalfd; the signal that ended it, 0: none */
	int64_t read_at;             /* clock_mono(): when rows are to be read again */
};

static void
stale(struct watch *watch)
{
	watch->is_drawn = false;
}

static void __attribute__((format(printf, 2, 3)))
say(struct watch *watch, const char *format, ...)
{
	struct text text = TEXT_OVER(watch->message);
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	stale(watch);
}

/* --- drawing --- */

/* The line above the last: what is asked, what came of it, or in which order what is shown.
 * Returns where the cursor stands in it; -1: nowhere. */
static int
draw_message(const struct watch *watch, int row, int columns)
{
	const struct watch_rows *rows = &watch->rows;
	const struct watch_view *view = &watch->view;
	uint32_t end = view->top + (uint32_t)view->height;
	struct text line = TEXT_ROOM(LINE_SIZE);
	const char *typed;

	if (watch->mode == MODE_FILTER || watch->mode == MODE_ASK) {
		if (watch->mode == MODE_FILTER)
			text_format(&line, "filter: %s", watch->filter.bytes);
		else
			watch_ask_add(&line, &watch->ask);
		/* Of a line that is typed the end has to be seen. */
		for (typed = line.bytes; layout_columns(typed) > columns - 1;)
			typed += layout_fit(typed, 1, false) > 0 ? layout_fit(typed, 1, false) : 1;
		watch_put(watch->screen, row, 0, columns, SCREEN_BOLD, typed);
		return layout_columns(typed);
	}
	if (watch->message[0] != '\0') {
		watch_put(watch->screen, row, 0, columns, SCREEN_BOLD, watch->message);
		return -1;
	}
	if (watch->mode == MODE_VIEW)
		text_format(&line, "to line %u of %u%s", end < view->count ? end : view->count,
		    view->count, watch->job.pid != 0 ? ", being read" : "");
	else {
		text_format(&line, "%s%s", watch_order_name(rows->order),
		    rows->is_reversed ? ", reversed" : "");
		if (rows->filter[0] != '\0')
			text_format(&line, "; filter: %s: %zu of %zu", rows->filter, rows->count,
			    rows->chosen_count);
		if (rows->newest != 0) {
			text_format(&line, "; the last run ended %s",
			    PAST_AGO(&rows->past, rows->newest));
		}
	}
	watch_put(watch->screen, row, 0, columns, SCREEN_FAINT, line.bytes);
	return -1;
}

static void
draw(struct watch *watch)
{
	static const char *const keys[] = {
		[MODE_TABLE] = "Enter open  / filter  s sort  a acknowledge  p pause  u resume  "
		               "? help  q quit",
		[MODE_FILTER] = "Enter keeps the filter  Esc ends it",
		[MODE_ASK] = "Enter goes on  Esc gives up",
		[MODE_VIEW] = "Up Down PgUp PgDn scroll  r again  a acknowledge  p pause  "
		              "u resume  Esc back",
	};
	const struct screen *screen = watch->screen;
	enum mode page = watch->mode == MODE_ASK ? watch->behind : watch->mode;
	int rows, columns, used = 1, cursor;

	screen->get_size(&rows, &columns);
	screen->clear();
	if (page == MODE_VIEW) {
		struct text title = TEXT_ROOM(LINE_SIZE);

		watch_topic_title(&watch->topic, &title);
		text_format(&title, "%*s", columns, "");
		watch_put(screen, 0, 0, columns, SCREEN_BOLD | SCREEN_REVERSE, title.bytes);
		watch_view_draw(&watch->view, screen, used, rows - used - 2, columns);
	} else {
		watch_head_draw(&watch->rows, screen, columns);
		used += watch_troubles_draw(&watch->rows, watch->why.text, screen, used,
		    rows / TROUBLES_SHARE, columns);
		watch_table_draw(
		    &watch->table, &watch->rows, screen, used, rows - used - FOOT, columns);
		watch_table_describe(&watch->table, &watch->rows, screen, rows - FOOT, columns);
	}
	cursor = draw_message(watch, rows - 2, columns);
	watch_put(screen, rows - 1, 0, columns - 1, SCREEN_FAINT, keys[watch->mode]);
	screen->show(cursor < 0 ? -1 : rows - 2, cursor);
	watch->is_drawn = true;
}

/* --- what is read --- */

static bool turn(struct watch *, int64_t until);

static bool
on_pause(void *arg)
{
	struct watch *watch = arg;

	return turn(watch, clock_mono());
}

static void
read_rows(struct watch *watch)
{
	int64_t spent;

	watch->why.text[0] = '\0';
	watch_rows_read(&watch->rows, on_pause, watch, &watch->why);
	watch_table_follow(&watch->table, &watch->rows);
	spent = watch->rows.took * COST_SHARE;
	watch->read_at = clock_mono() + (spent > read_every ? spent : read_every);
	stale(watch);
}

static bool
begin_job(struct watch *watch, const char *const *words, bool of_view)
{
	const struct past *past = &watch->rows.open;
	const char *all[WATCH_JOB_WORDS + 1] = { words[0], "-S", past->folder };
	int rows, columns;
	size_t count = 3;

	if (past->path != NULL) {
		all[count++] = "-c";
		all[count++] = past->path;
	}
	if (past->utc)
		all[count++] = "-u";
	for (words++; *words != NULL && count < WATCH_JOB_WORDS; words++)
		all[count++] = *words;
	watch->screen->get_size(&rows, &columns);
	watch->is_job_of_view = of_view;
	if (watch_job_begin(&watch->job, all, columns))
		return true;
	say(watch, "the command %s cannot be begun: %s", all[0], strerror(errno));
	return false;
}

/* The next command whose output the view shows. */
static void
go_on_with_view(struct watch *watch)
{
	const char *words[WATCH_JOB_WORDS];

	if (!watch_topic_next(&watch->topic, words))
		return;
	if (watch->view.count > 0)
		watch_view_add(&watch->view, text_view("\n"));
	begin_job(watch, words, true);
}

static void
open_view(struct watch *watch, enum watch_about about, const struct status_row *row)
{
	if (!watch_topic_begin(&watch->topic, about, row))
		return;
	watch_view_clear(&watch->view);
	if (about == WATCH_ABOUT_HELP)
		watch_view_add(&watch->view, text_view(watch_help));
	if (about == WATCH_ABOUT_TROUBLES)
		watch_view_add(&watch->view, text_view(watch->rows.troubles));
	watch->mode = MODE_VIEW;
	go_on_with_view(watch);
}

/* A command has ended: what it said goes into the view, or is what came of an answer. */
static void
take_job(struct watch *watch)
{
	const char *said = watch->job.said.data;

	if (watch->is_job_of_view) {
		watch_view_add(&watch->view, text_view(said));
		buffer_clear(&watch->job.said);
		go_on_with_view(watch);
	} else {
		said += strncmp(said, "postwatch: ", 11) == 0 ? 11 : 0;
		say(watch, "%s%.*s", watch->job.status == 0 ? "" : "That was not done: ",
		    (int)strcspn(said, "\n"), said[0] == '\0' ? "done" : said);
		watch->read_at = 0;
	}
	stale(watch);
}

/* --- keys --- */

static void
begin_to_ask(struct watch *watch, enum watch_verb verb)
{
	const char *why = watch_ask_begin(
	    &watch->ask, verb, watch_table_row(&watch->table, &watch->rows));

	if (why != NULL)
		say(watch, "%s", why);
	else {
		watch->behind = watch->mode;
		watch->mode = MODE_ASK;
	}
}

static void
take_filter(struct watch *watch)
{
	text_copy(watch->rows.filter, sizeof watch->rows.filter, watch->filter.bytes);
	watch_rows_arrange(&watch->rows);
	watch_table_follow(&watch->table, &watch->rows);
}

static void
arrange(struct watch *watch, enum watch_order order, bool is_reversed)
{
	watch->rows.order = order;
	watch->rows.is_reversed = is_reversed;
	watch_rows_arrange(&watch->rows);
	watch->table.selected = 0;
	watch_table_follow(&watch->table, &watch->rows);
}

static void
key_in_table(struct watch *watch, uint32_t key)
{
	struct watch_rows *rows = &watch->rows;
	const struct status_row *row = watch_table_row(&watch->table, rows);
	int64_t page = watch->table.height;

	switch (key) {
	case SCREEN_KEY_UP: case 'k': watch_table_move(&watch->table, rows, -1); break;
	case SCREEN_KEY_DOWN: case 'j': watch_table_move(&watch->table, rows, 1); break;
	case SCREEN_KEY_PAGE_UP: watch_table_move(&watch->table, rows, -page); break;
	case SCREEN_KEY_PAGE_DOWN: case ' ': watch_table_move(&watch->table, rows, page); break;
	case SCREEN_KEY_HOME: case 'g': watch_table_move(&watch->table, rows, INT32_MIN); break;
	case SCREEN_KEY_END: case 'G': watch_table_move(&watch->table, rows, INT32_MAX); break;
	case SCREEN_ENTER: case SCREEN_KEY_RIGHT:
		open_view(watch, row != NULL && row->incident != 0 ? WATCH_ABOUT_INCIDENT
		                                                 : WATCH_ABOUT_TARGET, row);
		break;
	case 'e': open_view(watch, WATCH_ABOUT_TARGET, row); break;
	case 'i': open_view(watch, WATCH_ABOUT_INCIDENTS, row); break;
	case '/': watch->mode = MODE_FILTER; break;
	case SCREEN_ESCAPE:
		watch->filter = (struct watch_input){ .size = 0 };
		take_filter(watch);
		break;
	case 's': arrange(watch, (rows->order + 1) % WATCH_ORDERS, false); break;
	case 'S': arrange(watch, rows->order, !rows->is_reversed); break;
	case 'q': watch->ended = true; break;
	}
}

static void
key_in_view(struct watch *watch, uint32_t key)
{
	if (watch_view_key(&watch->view, key))
		return;
	if (key == SCREEN_ESCAPE || key == 'q' || key == SCREEN_KEY_LEFT
	    || key == SCREEN_BACKSPACE) {
		watch_job_end(&watch->job);
		watch->mode = MODE_TABLE;
	} else if (key == 'r') {
		watch_topic_again(&watch->topic);
		watch_view_clear(&watch->view);
		go_on_with_view(watch);
	}
}

static void
key_in_ask(struct watch *watch, uint32_t key)
{
	enum watch_answer answer = watch_ask_key(&watch->ask, key);
	const char *words[WATCH_JOB_WORDS];

	if (answer == WATCH_GOES_ON)
		return;
	watch->mode = watch->behind;
	if (answer == WATCH_DECIDED) {
		watch_ask_words(&watch->ask, words);
		say(watch, "the daemon is asked …");
		begin_job(watch, words, false);
	}
}

static void
key_in_filter(struct watch *watch, uint32_t key)
{
	if (key == SCREEN_ESCAPE)
		watch->filter = (struct watch_input){ .size = 0 };
	if (key == SCREEN_ESCAPE || key == SCREEN_ENTER)
		watch->mode = MODE_TABLE;
	else if (!watch_input_key(&watch->filter, key))
		key_in_table(watch, key);
	take_filter(watch);
}

static void
take_key(struct watch *watch, uint32_t key)
{
	bool is_typing = watch->mode == MODE_FILTER || watch->mode == MODE_ASK;

	watch->message[0] = '\0';
	stale(watch);
	if (key == KEY_REPAINTS)
		watch->screen->repaint();
	else if (watch->mode == MODE_FILTER)
		key_in_filter(watch, key);
	else if (watch->mode == MODE_ASK)
		key_in_ask(watch, key);
	else if (watch->mode == MODE_VIEW)
		key_in_view(watch, key);
	else
		key_in_table(watch, key);
	if (is_typing || watch->mode == MODE_FILTER || watch->mode == MODE_ASK)
		return;
	switch (key) {
	case 'a': begin_to_ask(watch, WATCH_ACK); break;
	case 'p': begin_to_ask(watch, WATCH_PAUSE); break;
	case 'u': begin_to_ask(watch, WATCH_RESUME); break;
	case 't': open_view(watch, WATCH_ABOUT_TROUBLES, NULL); break;
	case '?': open_view(watch, WATCH_ABOUT_HELP, NULL); break;
	case 'r': watch->rows.seen[0] = '\0'; watch->read_at = 0; break;
	}
}

/* --- the loop --- */

static void
take_signal(struct watch *watch)
{
	struct signalfd_siginfo signal;

	if (read(watch->signals, &signal, sizeof signal) != sizeof signal)
		return;
	stale(watch);
	switch ((int)signal.ssi_signo) {
	case SIGWINCH: break;
	case SIGTSTP: watch_signals_stop(watch->screen); break;
	case SIGCONT: watch->screen->repaint(); break;
	default:
		watch->ended = true;
		watch->ended_by = (int)signal.ssi_signo;
	}
}

/* Answers keys, signals and the command, until then at most (clock_mono()). Returns false once it
 * has ended. */
static bool
turn(struct watch *watch, int64_t until)
{
	struct pollfd fds[] = { { watch->signals, POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 },
		{ watch->job.pid != 0 ? watch->job.fd : -1, POLLIN, 0 },
		{ watch->is_drawn ? -1 : STDOUT_FILENO, POLLOUT, 0 } };
	int64_t left = until - clock_mono();
	uint32_t key;

	if (poll(fds, 4, left <= 0 ? 0 : (int)(left / MILLISECOND) + 1) <= 0)
		return !watch->ended;
	if (fds[0].revents != 0)
		take_signal(watch);
	if (fds[1].revents & POLLIN)
		while (!watch->ended && (key = watch->screen->next_key()) != SCREEN_KEY_NONE)
			take_key(watch, key);
	else if (fds[1].revents != 0) /* the terminal is gone */
		watch->ended = true;
	if (watch->job.pid != 0 && fds[2].revents != 0 && fds[2].fd == watch->job.fd
	    && watch_job_read(&watch->job))
		take_job(watch);
	if (!watch->ended && fds[3].revents & POLLOUT)
		draw(watch);
	return !watch->ended;
}

static const struct screen *the_screen;

/* Where memory is out the program ends in the midst. */
static void
close_screen(void)
{
	the_screen->close();
}

int
watch(const struct past *past, const struct command *command, const char *const *words)
{
	struct watch *watch = must(calloc(1, sizeof *watch));
	struct reason why = { "" };
	sigset_t before;
	int status = 0;

	if (!screen_is_possible(&why))
		status = command_fail(EXIT_USAGE, "--watch wants %s", why.text);
	else if ((watch->screen = screen_load(&why)) == NULL)
		status = command_fail(EXIT_INTERNAL, "%s", why.text);
	else
		status = watch_rows_open(&watch->rows, past, command, words);
	if (status != 0) {
		free(watch);
		return status;
	}
	watch->signals = watch_signals_take(&before);
	if (watch->signals < 0)
		status = command_fail(EXIT_INTERNAL, "%s", strerror(errno));
	else if (!watch->screen->open(layout_has_colour(STDOUT_FILENO), &why))
		status = command_fail(EXIT_USAGE, "%s", why.text);
	else {
		the_screen = watch->screen;
		atexit(close_screen);
		while (!watch->ended) {
			if (clock_mono() >= watch->read_at)
				read_rows(watch);
			turn(watch, watch->read_at);
		}
		the_screen->close();
	}
	watch_job_end(&watch->job);
	watch_view_fini(&watch->view);
	watch_rows_close(&watch->rows);
	watch_signals_give_back(&before, watch->ended_by);
	free(watch);
	return status;
}
