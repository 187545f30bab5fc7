/*
 * All samples of a family stand together, so rows are gone over once for each family. The labels of a target are escaped
 * once: they are most of what is written. What was not reached, or is not known, has no sample.
 */
#include "web/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct metrics {
	struct view *view;
	bool is_open;     /* OpenMetrics */
	const char *tag;  /* NULL: all targets */
	struct buffer labels; /* target="NAME" of each row that is shown, one behind the other */
	uint32_t count;
	struct shown { const struct board_row *row; const struct look *look; uint32_t at, size; } *rows;
};

/* HELP and TYPE; a counter's samples end with "_total", which its family has not in OpenMetrics (1.0, "Counter"). */
#define FAMILY(metrics, name, type, help) \
	do { \
		EMIT(&(metrics)->view->emit, "# HELP " name); \
		if (type[0] == 'c' && !(metrics)->is_open) \
			EMIT(&(metrics)->view->emit, "_total"); \
		EMIT(&(metrics)->view->emit, " " help "\n# TYPE " name); \
		if (type[0] == 'c' && !(metrics)->is_open) \
			EMIT(&(metrics)->view->emit, "_total"); \
		EMIT(&(metrics)->view->emit, " " type "\n"); \
	} while (0)

/* The beginning of a sample of a row: NAME{target="…", open for more labels. */
#define SAMPLE(metrics, name, shown) \
	(EMIT(&(metrics)->view->emit, name "{"), put_labels((metrics), (shown)))

static void
put_labels(struct metrics *metrics, const struct shown *shown)
{
	emit_made(&metrics->view->emit, (struct pw_bytes){ metrics->labels.data + shown->at, shown->size });
}

static void
end_number(struct metrics *metrics, uint64_t number)
{
	struct emit *emit = &metrics->view->emit;

	EMIT(emit, "} ");
	emit_u64(emit, number);
	EMIT(emit, "\n");
}

static void
end_seconds(struct metrics *metrics, int64_t microseconds)
{
	struct emit *emit = &metrics->view->emit;

	EMIT(emit, "} ");
	emit_seconds(emit, microseconds);
	EMIT(emit, "\n");
}

/* Returns false if out of memory. */
static bool
choose_rows(struct metrics *metrics)
{
	const struct board *board = metrics->view->site->board;
	struct emit labels = { .to = &metrics->labels };

	metrics->rows = calloc(board_count(board) + 1, sizeof *metrics->rows);
	if (metrics->rows == NULL)
		return false;
	for (uint32_t i = 0; i < board_count(board); i++) {
		const struct board_row *row = board_get(board, i);
		struct shown *shown = &metrics->rows[metrics->count];

		if (!board_row_has_tag(row, metrics->tag))
			continue;
		*shown = (struct shown){ .row = row, .look = board_look(board, row), .at = metrics->labels.size };
		EMIT(&labels, "target=\"");
		emit_label(&labels, text_view(row->name));
		EMIT(&labels, "\"");
		shown->size = metrics->labels.size - shown->at;
		metrics->count++;
	}
	return !labels.failed;
}

static void
put_label(struct metrics *metrics, const char *text)
{
	struct emit *emit = &metrics->view->emit;

	emit_label(emit, text_view(text));
	EMIT(emit, "\"");
}

static void
put_states(struct metrics *metrics)
{
	struct emit *emit = &metrics->view->emit;

	FAMILY(metrics, "postwatch_target_info", "gauge", "What a target is; always 1.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		const struct board_row *row = metrics->rows[i].row;

		SAMPLE(metrics, "postwatch_target_info", &metrics->rows[i]);
		EMIT(emit, ",host=\"");
		put_label(metrics, row->host);
		EMIT(emit, ",port=\"");
		emit_u64(emit, row->port);
		EMIT(emit, "\",probe=\"");
		put_label(metrics, row->probe);
		end_number(metrics, 1);
	}
	FAMILY(metrics, "postwatch_target_up", "gauge", "1 while no outage of the target is confirmed, 0 while one is.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		if (metrics->rows[i].row->rank == RANK_PENDING)
			continue;
		SAMPLE(metrics, "postwatch_target_up", &metrics->rows[i]);
		end_number(metrics, metrics->rows[i].row->rank != RANK_DOWN);
	}
	FAMILY(metrics, "postwatch_target_state", "gauge", "1 for the state that the target is in, 0 for the others.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		for (enum board_rank rank = 0; rank < RANKS; rank++) {
			SAMPLE(metrics, "postwatch_target_state", &metrics->rows[i]);
			EMIT(emit, ",state=\"");
			emit_string(emit, rank_name(rank));
			EMIT(emit, "\"");
			end_number(metrics, metrics->rows[i].row->rank == rank);
		}
	}
	FAMILY(metrics, "postwatch_target_state_timestamp_seconds", "gauge", "When the target was last seen to go down, to come up, or first.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		SAMPLE(metrics, "postwatch_target_state_timestamp_seconds", &metrics->rows[i]);
		end_seconds(metrics, metrics->rows[i].row->since);
	}
	FAMILY(metrics, "postwatch_target_flapping", "gauge", "1 while the target flaps.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		SAMPLE(metrics, "postwatch_target_flapping", &metrics->rows[i]);
		end_number(metrics, metrics->rows[i].row->flapping);
	}
	FAMILY(metrics, "postwatch_target_paused", "gauge", "1 while a pause or a window keeps what is of the target from being told.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		SAMPLE(metrics, "postwatch_target_paused", &metrics->rows[i]);
		end_number(metrics, metrics->rows[i].row->paused);
	}
	FAMILY(metrics, "postwatch_target_acknowledged", "gauge", "1 while the open incident of the target is acknowledged.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		if (metrics->rows[i].row->incident == 0)
			continue;
		SAMPLE(metrics, "postwatch_target_acknowledged", &metrics->rows[i]);
		end_number(metrics, metrics->rows[i].row->acknowledged != 0);
	}
}

static void
put_conditions(struct metrics *metrics)
{
	struct emit *emit = &metrics->view->emit;

	FAMILY(metrics, "postwatch_target_condition", "gauge", "1 for each condition that stands.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		const char *codes = metrics->rows[i].row->conditions;

		for (size_t size; *codes != '\0'; codes += size + (codes[size] == ' ')) {
			size = strcspn(codes, " ");
			SAMPLE(metrics, "postwatch_target_condition", &metrics->rows[i]);
			EMIT(emit, ",condition=\"");
			emit_label(emit, (struct pw_bytes){ codes, size });
			EMIT(emit, "\"");
			end_number(metrics, 1);
		}
	}
}

static void
put_runs(struct metrics *metrics)
{
	struct emit *emit = &metrics->view->emit;

	FAMILY(metrics, "postwatch_target_success", "gauge", "1 where the newest attempt passed, 0 where it did not.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		if (metrics->rows[i].look->at == 0)
			continue;
		SAMPLE(metrics, "postwatch_target_success", &metrics->rows[i]);
		end_number(metrics, metrics->rows[i].look->verdict <= PW_DEGRADED);
	}
	FAMILY(metrics, "postwatch_target_last_run_timestamp_seconds", "gauge", "When the newest attempt ended.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		if (metrics->rows[i].row->last_run == 0)
			continue;
		SAMPLE(metrics, "postwatch_target_last_run_timestamp_seconds", &metrics->rows[i]);
		end_seconds(metrics, metrics->rows[i].row->last_run);
	}
	FAMILY(metrics, "postwatch_target_duration_seconds", "gauge", "How long the newest attempt took.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		if (metrics->rows[i].look->at == 0)
			continue;
		SAMPLE(metrics, "postwatch_target_duration_seconds", &metrics->rows[i]);
		end_seconds(metrics, metrics->rows[i].look->micros);
	}
	FAMILY(metrics, "postwatch_target_phase_duration_seconds", "gauge", "How long each step of the newest attempt took that was reached.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		struct look_phase phase = { .next = 0 };

		while (look_next_phase(metrics->rows[i].look, &phase)) {
			if (phase.micros < 0)
				continue;
			SAMPLE(metrics, "postwatch_target_phase_duration_seconds", &metrics->rows[i]);
			EMIT(emit, ",phase=\"");
			emit_label(emit, phase.name);
			EMIT(emit, "\"");
			end_seconds(metrics, phase.micros);
		}
	}
	FAMILY(metrics, "postwatch_target_runs", "counter", "Attempts by their verdict, since this process began to count.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		for (int verdict = PW_OK; verdict <= PW_UNKNOWN; verdict++) {
			SAMPLE(metrics, "postwatch_target_runs_total", &metrics->rows[i]);
			EMIT(emit, ",verdict=\"");
			emit_string(emit, verdict_name((enum pw_verdict)verdict));
			EMIT(emit, "\"");
			end_number(metrics, metrics->rows[i].look->runs[verdict]);
		}
	}
}

static void
put_processes(struct metrics *metrics)
{
	const struct message_vitals *said = &metrics->view->site->processes.said;
	const struct message_alive *monitor = processes_monitor(&metrics->view->site->processes);
	struct emit *emit = &metrics->view->emit;
	char name[PROCESS_NAME_MAX];

	if (said->process_count == 0)
		return;
	FAMILY(metrics, "postwatch_process_restarts", "counter", "How often a process of ours was replaced.");
	for (uint32_t i = 0; i < said->process_count; i++) {
		processes_name(&said->processes[i], name);
		EMIT(emit, "postwatch_process_restarts_total{process=\"");
		put_label(metrics, name);
		end_number(metrics, said->processes[i].deaths);
	}
	FAMILY(metrics, "postwatch_process_serves", "gauge", "1 while a process of ours serves.");
	for (uint32_t i = 0; i < said->process_count; i++) {
		processes_name(&said->processes[i], name);
		EMIT(emit, "postwatch_process_serves{process=\"");
		put_label(metrics, name);
		end_number(metrics, said->processes[i].is_ready);
	}
	FAMILY(metrics, "postwatch_runs_in_flight", "gauge", "Attempts under way.");
	EMIT(emit, "postwatch_runs_in_flight ");
	emit_u64(emit, processes_in_hand(&metrics->view->site->processes));
	EMIT(emit, "\n");
	FAMILY(metrics, "postwatch_in_force_timestamp_seconds", "gauge", "When the configuration came into force, by a start or a reload.");
	EMIT(emit, "postwatch_in_force_timestamp_seconds ");
	emit_seconds(emit, said->began);
	EMIT(emit, "\n");
	if (monitor == NULL)
		return;
	FAMILY(metrics, "postwatch_schedule_lateness_seconds", "gauge", "So late 99 of 100 attempts began at most, in the last 10 s.");
	EMIT(emit, "postwatch_schedule_lateness_seconds ");
	emit_seconds(emit, monitor->late);
	EMIT(emit, "\n");
	FAMILY(metrics, "postwatch_blind", "gauge", "1 while it is we who reach nobody.");
	EMIT(emit, "postwatch_blind ");
	emit_u64(emit, monitor->blind);
	EMIT(emit, "\n");
}

static void
put_whole(struct metrics *metrics)
{
	const struct site *site = metrics->view->site;
	struct store_waiting waiting = board_waiting(site->board);
	struct emit *emit = &metrics->view->emit;
	const struct troubles *troubles = board_troubles(site->board);
	bool is_read = board_is_read(site->board, NULL);

	FAMILY(metrics, "postwatch_build_info", "gauge", "The version; always 1.");
	EMIT(emit, "postwatch_build_info{version=\"");
	put_label(metrics, PW_VERSION);
	end_number(metrics, 1);
	FAMILY(metrics, "postwatch_store_readable", "gauge", "1 while what is kept can be read: what is below is of then.");
	EMIT(emit, "postwatch_store_readable ");
	emit_u64(emit, is_read);
	EMIT(emit, "\n");
	FAMILY(metrics, "postwatch_store_writable", "gauge", "0 while the daemon cannot write what it has to keep.");
	EMIT(emit, "postwatch_store_writable ");
	emit_u64(emit, board_behind_since(site->board) == 0);
	EMIT(emit, "\n");
	FAMILY(metrics, "postwatch_web_start_timestamp_seconds", "gauge", "When this process began.");
	EMIT(emit, "postwatch_web_start_timestamp_seconds ");
	emit_seconds(emit, site->started);
	EMIT(emit, "\n");
	if (!is_read)
		return;
	put_processes(metrics);
	FAMILY(metrics, "postwatch_targets", "gauge", "Targets by their state.");
	for (enum board_rank rank = 0; rank < RANKS; rank++) {
		EMIT(emit, "postwatch_targets{state=\"");
		put_label(metrics, rank_name(rank));
		end_number(metrics, board_tally(site->board, rank));
	}
	FAMILY(metrics, "postwatch_runs", "counter", "Attempts that ended, since this process began to count.");
	EMIT(emit, "postwatch_runs_total ");
	emit_u64(emit, board_results(site->board));
	EMIT(emit, "\n");
	FAMILY(metrics, "postwatch_outbox_notices", "gauge", "Notices that wait to be told.");
	EMIT(emit, "postwatch_outbox_notices ");
	emit_u64(emit, waiting.notices);
	EMIT(emit, "\n");
	if (waiting.since != 0) {
		FAMILY(metrics, "postwatch_outbox_oldest_timestamp_seconds", "gauge", "Since when the oldest of them waits.");
		EMIT(emit, "postwatch_outbox_oldest_timestamp_seconds ");
		emit_seconds(emit, waiting.since);
		EMIT(emit, "\n");
	}
	FAMILY(metrics, "postwatch_outbox_given_up", "gauge", "Deliveries that were given up, as far as they are kept.");
	EMIT(emit, "postwatch_outbox_given_up ");
	emit_u64(emit, waiting.dead);
	EMIT(emit, "\n");
	FAMILY(metrics, "postwatch_own_troubles", "gauge", "Troubles of our own that were told and have not ended, by their code.");
	for (uint32_t i = 0; i < troubles->count; i++) {
		EMIT(emit, "postwatch_own_troubles{code=\"");
		put_label(metrics, troubles->items[i].code);
		end_number(metrics, 1);
	}
}

void
metrics_answer(struct view *view, const char *rest)
{
	static const char classic[] = "text/plain; version=0.0.4; charset=utf-8";
	static const char open[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";
	const char *per_target = server_query(view->request, "per_target");
	struct metrics metrics = { .view = view, .tag = server_query(view->request, "tag") };

	(void)rest;
	metrics.is_open = server_accepts(view->request, "application/openmetrics-text");
	view->answer->type = metrics.is_open ? open : classic;
	put_whole(&metrics);
	if ((per_target == NULL || strcmp(per_target, "false") != 0) && board_is_read(view->site->board, NULL)) {
		if (choose_rows(&metrics)) {
			put_states(&metrics);
			put_conditions(&metrics);
			put_runs(&metrics);
		} else
			view->emit.failed = true;
	}
	if (metrics.is_open)
		EMIT(&view->emit, "# EOF\n");
	free(metrics.rows);
	buffer_fini(&metrics.labels);
}
