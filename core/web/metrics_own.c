/*
 * For the metrics of the web process: writes those that are not of single targets: of this
 * Postwatch, its processes and notifiers, and of its probes.
 */
#include "web/metrics_own.h"

#include <string.h>

#include "base/clock.h"

void
metrics_begin_family(struct metrics_out *out, const char *name, const char *type, const char *help)
{
	struct emit *emit = &out->emit;
	size_t size = strlen(name);
	struct pw_bytes family = { name, out->is_open && strcmp(type, "counter") == 0 ? size - strlen("_total") : size };

	EMIT(emit, "# HELP {} {}\n# TYPE {} {}\n", AS_MADE(family), AS_STRING(help),
	    AS_MADE(family), AS_STRING(type));
}

void
metrics_end_number(struct metrics_out *out, uint64_t number)
{
	EMIT(&out->emit, "} ");
	emit_u64(&out->emit, number);
	EMIT(&out->emit, "\n");
}

void
metrics_end_seconds(struct metrics_out *out, int64_t microseconds)
{
	EMIT(&out->emit, "} ");
	emit_seconds(&out->emit, microseconds);
	EMIT(&out->emit, "\n");
}

void
metrics_put_number(struct metrics_out *out, const char *name, const char *type, const char *help, uint64_t number)
{
	metrics_begin_family(out, name, type, help);
	EMIT(&out->emit, "{} {}\n", AS_STRING(name), AS_U64(number));
}

void
metrics_put_seconds(struct metrics_out *out, const char *name, const char *help, int64_t microseconds)
{
	metrics_begin_family(out, name, "gauge", help);
	EMIT(&out->emit, "{} {}\n", AS_STRING(name), AS_SECONDS(microseconds));
}

/* NAME{LABEL="VALUE", which metrics_end_… ends. */
static void
begin_labelled(struct metrics_out *out, const char *name, const char *label, const char *value)
{
	EMIT(&out->emit, "{}{{}=\"{}\"", AS_STRING(name), AS_STRING(label),
	    AS_LABEL(text_view(value)));
}

void
metrics_put_info(struct metrics_out *out, const char *name, const char *help, const char *label,
    const char *value)
{
	metrics_begin_family(out, name, "gauge", help);
	begin_labelled(out, name, label, value);
	metrics_end_number(out, 1);
}

static void
put_processes(struct metrics_out *out, const struct processes *processes)
{
	const struct message_vitals *said = &processes->said;
	char name[PROCESS_NAME_MAX];

	metrics_begin_family(out, "postwatch_process_restarts_total", "counter", "How often a process of ours was replaced.");
	for (uint32_t i = 0; i < said->process_count; i++) {
		processes_name(&said->processes[i], name);
		begin_labelled(out, "postwatch_process_restarts_total", "process", name);
		metrics_end_number(out, said->processes[i].deaths);
		if (!out->is_open)
			continue;
		begin_labelled(out, "postwatch_process_restarts_created", "process", name);
		metrics_end_seconds(out, said->began);
	}
	metrics_begin_family(out, "postwatch_process_serves", "gauge", "1 while a process of ours serves.");
	for (uint32_t i = 0; i < said->process_count; i++) {
		processes_name(&said->processes[i], name);
		begin_labelled(out, "postwatch_process_serves", "process", name);
		metrics_end_number(out, said->processes[i].is_ready);
	}
	metrics_begin_family(out, "postwatch_process_loop_lateness_seconds", "gauge",
	    "How late the loop of a process turned at most, in the last second.");
	for (uint32_t i = 0; i < said->process_count; i++) {
		if (said->processes[i].duty == DUTY_PARENT || said->processes[i].duty == DUTY_NOTIFIER || !said->processes[i].is_ready)
			continue;
		processes_name(&said->processes[i], name);
		begin_labelled(out, "postwatch_process_loop_lateness_seconds", "process", name);
		metrics_end_seconds(out, said->processes[i].alive.late_max);
	}
}

static void
put_daemon(struct metrics_out *out, const struct processes *processes)
{
	const struct message_vitals *said = &processes->said;
	const struct message_alive *monitor = processes_monitor(processes);

	if (said->process_count == 0)
		return;
	put_processes(out, processes);
	metrics_put_number(out, "postwatch_runs_in_flight", "gauge", "Attempts under way.", processes_in_hand(processes));
	metrics_put_seconds(out, "postwatch_in_force_timestamp_seconds", "When the configuration came into force, by a start or a reload.", said->began);
	metrics_put_number(out, "postwatch_configuration_faulty", "gauge", "1 while what is to be reloaded is faulty.", said->failing_since != 0);
	metrics_put_number(out, "postwatch_sandbox_whole", "gauge", "1 where this system has all that confines our processes.", said->lacks[0] == '\0');
	if (monitor == NULL)
		return;
	metrics_put_seconds(out, "postwatch_schedule_lateness_seconds", "So late 99 of 100 attempts began at most, in the last 10 s.", monitor->late);
	metrics_put_number(out, "postwatch_blind", "gauge", "1 while it is we who reach nobody.", monitor->blind);
}

static void
put_outbox(struct metrics_out *out, const struct site *site)
{
	const struct outbox *outbox = &board_known(site->board)->outbox;
	struct store_waiting waiting = board_known(site->board)->waiting;

	metrics_put_number(out, "postwatch_outbox_notices", "gauge", "Notices that wait to be told.", waiting.notices);
	if (waiting.since != 0)
		metrics_put_seconds(out, "postwatch_outbox_oldest_timestamp_seconds", "Since when the oldest of them waits.", waiting.since);
	metrics_put_number(out, "postwatch_outbox_given_up", "gauge", "Deliveries that were given up, as far as they are kept.", waiting.dead);
	metrics_begin_family(out, "postwatch_notifier_waiting", "gauge", "Deliveries that wait, by notifier.");
	for (uint32_t i = 0; i < site->config->notifier_count; i++) {
		const struct outbox_row *row = outbox_of(outbox, site->config->notifiers[i].name);

		begin_labelled(out, "postwatch_notifier_waiting", "notifier", site->config->notifiers[i].name);
		metrics_end_number(out, row == NULL ? 0 : row->waiting);
	}
	metrics_begin_family(out, "postwatch_notifier_oldest_timestamp_seconds", "gauge", "Since when the oldest of them waits.");
	for (uint32_t i = 0; i < outbox->count; i++) {
		begin_labelled(out, "postwatch_notifier_oldest_timestamp_seconds", "notifier", outbox->items[i].notifier);
		metrics_end_seconds(out, outbox->items[i].since);
	}
}

static void
begin_tally(struct metrics_out *out, const char *name, const struct tally *tally)
{
	begin_labelled(out, name, "probe", tally->probe);
	EMIT(&out->emit, ",phase=\"{}\"", AS_LABEL(text_view(tally->phase)));
}

/* Buckets are cumulative. */
static void
put_tally(struct metrics_out *out, const struct tally *tally, int64_t began)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < TALLY_BUCKETS; i++) {
		count += tally->buckets[i];
		begin_tally(out, "postwatch_phase_duration_seconds_bucket", tally);
		EMIT(&out->emit, ",le=\"{}\"", AS_THOUSANDTHS(tally_bounds[i] / MILLISECOND));
		metrics_end_number(out, count);
	}
	begin_tally(out, "postwatch_phase_duration_seconds_bucket", tally);
	EMIT(&out->emit, ",le=\"+Inf\"");
	metrics_end_number(out, tally->count);
	begin_tally(out, "postwatch_phase_duration_seconds_sum", tally);
	metrics_end_seconds(out, tally->sum);
	begin_tally(out, "postwatch_phase_duration_seconds_count", tally);
	metrics_end_number(out, tally->count);
	if (!out->is_open)
		return;
	begin_tally(out, "postwatch_phase_duration_seconds_created", tally);
	metrics_end_seconds(out, began);
}

static void
put_board(struct metrics_out *out, const struct site *site)
{
	const struct troubles *troubles = &board_known(site->board)->troubles;
	const struct tallies *tallies = looks_tallies(board_known(site->board)->looks);

	metrics_begin_family(out, "postwatch_targets", "gauge", "Targets by their state.");
	for (enum board_rank rank = 0; rank < RANKS; rank++) {
		begin_labelled(out, "postwatch_targets", "state", rank_name(rank));
		metrics_end_number(out, board_tally(site->board, rank));
	}
	put_outbox(out, site);
	metrics_begin_family(out, "postwatch_own_troubles", "gauge", "Troubles of our own that were told and have not ended, by their code.");
	for (uint32_t i = 0; i < troubles->count; i++) {
		begin_labelled(out, "postwatch_own_troubles", "code", troubles->items[i].code);
		metrics_end_number(out, 1);
	}
	if (site->is_once)
		return;
	metrics_put_number(out, "postwatch_runs_total", "counter", "Attempts that ended, since this process began to count.", looks_results(board_known(site->board)->looks));
	if (out->is_open)
		EMIT(&out->emit, "postwatch_runs_created {}\n", AS_SECONDS(site->started));
	metrics_begin_family(out, "postwatch_phase_duration_seconds", "histogram",
	    "How long steps of attempts took that were reached, since this process began to count.");
	for (uint32_t i = 0; i < tallies->count; i++)
		put_tally(out, &tallies->items[i], site->started);
}

void
metrics_put_own(struct metrics_out *out, const struct site *site)
{
	bool is_read = board_is_read(site->board, NULL);

	metrics_put_info(out, "postwatch_build_info", "The version; always 1.", "version",
	    PW_VERSION);
	metrics_put_number(out, "postwatch_store_readable", "gauge", "1 while what is kept can be read: what is below is of then.", is_read);
	metrics_put_number(out, "postwatch_store_writable", "gauge", "0 while the daemon cannot write what it has to keep.",
	    board_known(site->board)->behind == 0);
	metrics_put_seconds(out, "postwatch_web_start_timestamp_seconds", "When this process began.", site->started);
	put_daemon(out, &site->processes);
	if (is_read)
		put_board(out, site);
}
