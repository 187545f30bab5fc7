/*
 * For `postwatch status --watch`: reads the rows of all targets from the store, again and again,
 * and sorts and filters them.
 *
 * The rows that are shown stay while new ones are read beside them, so that keys are answered in
 * between, and a store that breaks takes nothing from the page.
 */
#include "command/watch_rows.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "command/choice.h"
#include "command/layout.h"
#include "command/outbox.h"
#include "monitor/silence.h"
#include "parent/reload.h"

const char *
watch_order_name(enum watch_order order)
{
	static const char *const names[WATCH_ORDERS] = { [WATCH_BY_NEED] = "the worst first",
		[WATCH_BY_NAME] = "by name", [WATCH_BY_SINCE] = "the latest change first",
		[WATCH_BY_TOOK] = "the slowest first" };

	assert((size_t)order < sizeof names / sizeof *names);
	return names[order];
}

int64_t
watch_row_took(const struct status_row *row)
{
	return row->run && row->last_run != 0 && row->ended > row->last_run
	    ? row->ended - row->last_run : 0;
}

static int
by_name(const void *left, const void *right)
{
	const struct status_row *const *a = left, *const *b = right;

	return strcmp((*a)->target->name, (*b)->target->name);
}

static int
by_since(const void *left, const void *right)
{
	const struct status_row *const *a = left, *const *b = right;
	int order = compare_i64(&(*b)->since, &(*a)->since);

	return order != 0 ? order : status_rows_compare(left, right);
}

static int
by_took(const void *left, const void *right)
{
	const struct status_row *const *a = left, *const *b = right;
	int64_t left_took = watch_row_took(*a), right_took = watch_row_took(*b);
	int order = compare_i64(&right_took, &left_took);

	return order != 0 ? order : status_rows_compare(left, right);
}

static bool
begins(const char *string, const char *begin)
{
	return string != NULL && strncasecmp(string, begin, strlen(begin)) == 0;
}

static bool
is_in(const char *string, const char *part)
{
	return string != NULL && strcasestr(string, part) != NULL;
}

static bool
has_tag(const struct status_row *row, const char *begin)
{
	const struct policy *policy = row->configured == NULL ? NULL : row->configured->policy;

	for (uint32_t i = 0; policy != NULL && i < policy->tag_count; i++)
		if (begins(policy->tags[i], begin))
			return true;
	return false;
}

static bool
has_state(const struct status_row *row, const char *begin)
{
	for (int flag = 0; flag < STATUS_FLAGS; flag++)
		if (row->flags[flag] && begins(status_flag_names[flag], begin))
			return true;
	return begins(state_name(row->state), begin)
	    || (row->run && begins(verdict_name(row->verdict), begin));
}

static bool
passes(const struct status_row *row, const char *word)
{
	if (strncmp(word, "tag:", 4) == 0)
		return has_tag(row, word + 4);
	if (strncmp(word, "state:", 6) == 0)
		return has_state(row, word + 6);
	return is_in(row->target->name, word) || is_in(row->target->host, word)
	    || (row->run && is_in(row->outcome, word)) || is_in(row->text, word);
}

void
watch_rows_arrange(struct watch_rows *rows)
{
	static int (*const orders[WATCH_ORDERS])(const void *, const void *) = {
		[WATCH_BY_NEED] = status_rows_compare, [WATCH_BY_NAME] = by_name,
		[WATCH_BY_SINCE] = by_since, [WATCH_BY_TOOK] = by_took };
	char words[WATCH_FILTER_MAX], *rest, *word;

	rows->count = 0;
	for (size_t i = 0; i < rows->chosen_count; i++) {
		bool is_shown = true;

		text_copy(words, sizeof words, rows->filter);
		for (rest = words; is_shown && (word = strsep(&rest, " ")) != NULL;)
			is_shown = word[0] == '\0' || passes(rows->chosen[i], word);
		if (is_shown)
			rows->rows[rows->count++] = rows->chosen[i];
	}
	assert(rows->count <= rows->chosen_count);
	qsort(rows->rows, rows->count, sizeof *rows->rows, orders[rows->order]);
	for (size_t i = 0; rows->is_reversed && i < rows->count / 2; i++) {
		const struct status_row *row = rows->rows[i];

		rows->rows[i] = rows->rows[rows->count - 1 - i];
		rows->rows[rows->count - 1 - i] = row;
	}
}

/* What commands say on standard output and error, into memory: the page is not theirs. */
struct said {
	FILE *out, *err;
	char *bytes;
	size_t size;
};

/* glibc lets stdout and stderr be assigned. All that commands print goes through them, so
 * nothing of it reaches the terminal past the page. */
static void
begin_to_hear(struct said *said)
{
	FILE *file;

	said->bytes = NULL;
	file = must(open_memstream(&said->bytes, &said->size));
	said->out = stdout;
	said->err = stderr;
	stdout = stderr = file;
}

/* The caller frees it. */
static char *
end_to_hear(struct said *said)
{
	fclose(stdout);
	stdout = said->out;
	stderr = said->err;
	return must(said->bytes);
}

/* Our own trouble, the gravest first. */
static char *
tell_troubles(struct past *past)
{
	struct channels channels;
	struct said said;

	channels_read(past, &channels);
	begin_to_hear(&said);
	if (!past->runs)
		printf("postwatch is not running on %s: what follows is what was known last\n",
		    past->folder);
	if (past->behind != 0)
		printf("postwatch cannot write its store since %s: what follows was known then\n",
		    PAST_TIME(past, past->behind));
	channels_put(&channels, past);
	channels_put_waiting(&channels, past);
	return end_to_hear(&said);
}

/* Files by their identity, and with `all` by what was written to them; accepted files are replaced
 * as a whole. */
static void
look_at_files(const struct past *past, bool runs, bool all, char seen[WATCH_SEEN_MAX])
{
	static const char accepted[] = "accepted/" RELOAD_FILES;
	static const char *const files[] = { accepted, "postwatch.db", "history.db",
		"postwatch.db-wal", "history.db-wal" };
	struct text text = text_over(seen, WATCH_SEEN_MAX);

	text_format(&text, "%d", runs);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[PATH_MAX + 32];
		struct stat status = { .st_ino = 0 };

		snprintf(path, sizeof path, "%s/%s", past->folder, files[i]);
		(void)stat(path, &status);
		if (all || i < 3)
			text_format(&text, " %llx", (unsigned long long)status.st_ino);
		if (all || i == 0)
			text_format(&text, ".%llx.%llx", (unsigned long long)status.st_mtim.tv_sec,
			    (unsigned long long)status.st_mtim.tv_nsec);
	}
}

/* Puts what was read in the place of what is shown. */
static void
take(struct watch_rows *rows, struct past *past, const struct status_row *all,
    const struct choice *choice, char *troubles)
{
	const struct status_row **chosen =
	    past_keep(past, (past->target_count + 1) * sizeof *chosen);
	const struct status_row **shown = past_keep(past, (past->target_count + 1) * sizeof *shown);

	past_leave(&rows->past);
	free(rows->troubles);
	rows->past = *past;
	rows->troubles = troubles;
	rows->chosen = chosen;
	rows->rows = shown;
	rows->chosen_count = rows->paused = 0;
	rows->newest = 0;
	rows->name_width = 0;
	memset(rows->of_need, 0, sizeof rows->of_need);
	for (size_t i = 0; i < past->target_count; i++) {
		const struct status_row *row = &all[i];
		int width;

		if (!choice->taken[i] || row->since < choice->since || row->since >= choice->until)
			continue;
		chosen[rows->chosen_count++] = row;
		rows->of_need[status_row_need(row)]++;
		rows->paused += (row->silence & (SILENCE_paused | SILENCE_window)) != 0;
		width = layout_columns(row->target->name);
		rows->name_width = width > rows->name_width ? width : rows->name_width;
		rows->newest = row->run && row->ended > rows->newest ? row->ended : rows->newest;
	}
	assert(rows->chosen_count <= past->target_count && rows->paused <= rows->chosen_count);
	watch_rows_arrange(rows);
}

/* Of the store that is open; false where it cannot be read, or reading was given up. */
static bool
read_store(struct watch_rows *rows, const struct past *open, bool (*on_pause)(void *), void *arg)
{
	struct past past, like = *open;
	const struct status_row *all;
	struct choice choice;
	char *troubles;
	int status;

	like.on_pause = on_pause;
	like.on_pause_arg = arg;
	past_look_again(&past, &like);
	all = status_rows_read(&past);
	status = choice_make(&past, rows->command, rows->words, &choice);
	troubles = tell_troubles(&past);
	if (past.broken || status != 0) {
		if (past.broken)
			fprintf(stderr, "%s: %s\n", past.folder, store_reader_why(past.reader));
		free(troubles);
		past_leave(&past);
		return false;
	}
	past.on_pause = NULL;
	take(rows, &past, all, &choice, troubles);
	return true;
}

/* A store or a configuration that took the place of what is open. */
static bool
read_anew(struct watch_rows *rows, bool (*on_pause)(void *), void *arg)
{
	struct past open = rows->options;

	if (past_open_store(&open) != 0)
		return false;
	if (!read_store(rows, &open, on_pause, arg)) {
		past_close(&open);
		return false;
	}
	past_close(&rows->open);
	rows->open = open;
	return true;
}

/* What goes by time alone, such as that nobody looks at a target any more, is found though nothing
 * was written. */
bool
watch_rows_read(struct watch_rows *rows, bool (*on_pause)(void *), void *arg, struct reason *why)
{
	static const int64_t at_least_every = 15 * (int64_t)SECOND;
	bool runs = store_daemon_runs(rows->open.folder), is_read;
	char seen[WATCH_SEEN_MAX], identity[WATCH_SEEN_MAX], *words;
	int64_t begun = clock_mono();
	struct said said;

	look_at_files(&rows->open, runs, true, seen);
	look_at_files(&rows->open, runs, false, identity);
	if (strcmp(seen, rows->seen) == 0 && begun - rows->read_at < at_least_every) {
		rows->past.now = clock_wall();
		return true;
	}
	begin_to_hear(&said);
	/* Of another process nothing but asking anew tells which configuration it goes by, and
	 * since when it cannot write. */
	is_read = rows->open.remote == NULL && strcmp(identity, rows->identity) == 0
	    ? read_store(rows, &rows->open, on_pause, arg) : read_anew(rows, on_pause, arg);
	words = end_to_hear(&said);
	if (!is_read)
		reason_set(why, "%.*s", (int)strcspn(words, "\n"), words);
	free(words);
	rows->read_at = clock_mono();
	rows->took = rows->read_at - begun;
	/* What could not be read is opened anew. */
	text_copy(rows->identity, sizeof rows->identity, is_read ? identity : "");
	text_copy(rows->seen, sizeof rows->seen, is_read ? seen : "");
	return is_read;
}

int
watch_rows_open(struct watch_rows *rows, const struct past *past, const struct command *command,
    const char *const *words)
{
	struct choice choice;
	int status;

	*rows = (struct watch_rows){ .options = *past, .open = *past, .command = command,
		.words = words, .troubles = must(strdup("")) };
	status = past_open_store(&rows->open);
	if (status != 0)
		return status;
	status = choice_make(&rows->open, command, words, &choice);
	if (status != 0)
		past_close(&rows->open);
	look_at_files(&rows->open, rows->open.runs, false, rows->identity);
	return status;
}

void
watch_rows_close(struct watch_rows *rows)
{
	past_leave(&rows->past);
	past_close(&rows->open);
	free(rows->troubles);
}
