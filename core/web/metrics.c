/*
 * For /metrics of the web process and for `postwatch status --textfile`: writes the metrics of all
 * targets for Prometheus.
 *
 * The format has all samples of a family (a metric's name) together, so all targets are gone over
 * once for each family. The text is made in parts of about 64 KiB; as rows may change or move
 * between two parts, the number of the last target written is remembered, and each family has each
 * target once. A value that is not known, or of a step that the run did not reach, has no sample.
 */
#include "web/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "web/metrics_own.h"

enum { PART = 64 * 1024 };

struct metrics {
	struct metrics_out out;
	const struct site *site;
	bool per_target;
	char *tag;        /* NULL: all targets */
	size_t family;    /* the one at hand; 0: what is not of single targets */
	uint64_t number;  /* of the target that was told last */
	bool is_begun;    /* the family has its head */
};

/* --- samples of a row: each writes what stands behind NAME{target="…" --- */

struct sampled {
	struct metrics_out *out;
	const struct site *site;
	const struct board_row *row;
	const struct look *look;
};

static void
begin(const struct sampled *it, const char *name)
{
	emit_made(&it->out->emit, text_view(name));
	EMIT(&it->out->emit, "{");
	emit_made(&it->out->emit, it->row->label);
}

static void
put_label(const struct sampled *it, const char *name, struct pw_bytes value)
{
	EMIT(&it->out->emit, ",{}=\"{}\"", AS_MADE(text_view(name)), AS_LABEL(value));
}

static void
put_info(const struct sampled *it, const char *name)
{
	begin(it, name);
	put_label(it, "host", text_view(it->row->host));
	EMIT(&it->out->emit, ",port=\"{}\"", AS_U64(it->row->port));
	put_label(it, "probe", text_view(it->row->probe));
	metrics_end_number(it->out, 1);
}

static void
put_state(const struct sampled *it, const char *name)
{
	for (enum board_rank rank = 0; rank < RANKS; rank++) {
		begin(it, name);
		EMIT(&it->out->emit, ",state=\"{}\"", AS_MADE(text_view(rank_name(rank))));
		metrics_end_number(it->out, it->row->rank == rank);
	}
}

static void
put_conditions(const struct sampled *it, const char *name)
{
	const char *codes = it->row->conditions;

	for (size_t size; *codes != '\0'; codes += size + (codes[size] == ' ')) {
		size = strcspn(codes, " ");
		begin(it, name);
		put_label(it, "condition", (struct pw_bytes){ codes, size });
		metrics_end_number(it->out, 1);
	}
}

static void
put_phases(const struct sampled *it, const char *name)
{
	struct run_steps steps = look_steps(it->look);

	while (run_steps_next(&steps)) {
		if (steps.micros < 0)
			continue;
		begin(it, name);
		put_label(it, "phase", steps.name);
		metrics_end_seconds(it->out, steps.micros);
	}
}

/* The same sample once more, with the time at which its counter was 0 (OpenMetrics 1.0). */
static void
put_created(const struct sampled *it, const char *name, const char *label, const char *value, const char *label2, const char *value2)
{
	if (!it->out->is_open)
		return;
	begin(it, name);
	if (label != NULL)
		put_label(it, label, text_view(value));
	if (label2 != NULL)
		put_label(it, label2, text_view(value2));
	metrics_end_seconds(it->out, it->site->started);
}

static void
put_runs(const struct sampled *it, const char *name)
{
	for (int verdict = PW_OK; verdict <= PW_UNKNOWN; verdict++) {
		const char *word = verdict_name((enum pw_verdict)verdict);

		begin(it, name);
		put_label(it, "verdict", text_view(word));
		metrics_end_number(it->out, it->look->runs[verdict]);
		put_created(it, "postwatch_target_runs_created", "verdict", word, NULL, NULL);
	}
}

static void
put_failures(const struct sampled *it, const char *name)
{
	for (const struct failure *failure = it->look->failures; failure != NULL; failure = failure->next) {
		begin(it, name);
		put_label(it, "phase", text_view(failure->phase));
		put_label(it, "outcome", text_view(failure->outcome));
		metrics_end_number(it->out, failure->count);
		put_created(it, "postwatch_target_failures_created", "phase", failure->phase, "outcome", failure->outcome);
	}
}

static void
put_incidents(const struct sampled *it, const char *name)
{
	begin(it, name);
	metrics_end_number(it->out, it->look->incidents);
	put_created(it, "postwatch_target_incidents_created", NULL, NULL, NULL, NULL);
}

static void
put_tls(const struct sampled *it, const char *name)
{
	if (it->row->server.tls_version[0] == '\0')
		return;
	begin(it, name);
	put_label(it, "version", text_view(it->row->server.tls_version));
	put_label(it, "cipher", text_view(it->row->server.tls_cipher));
	metrics_end_number(it->out, 1);
}

/* --- families --- */

/* The one sample of a family, which is a time where its name ends with "_seconds". */
enum value { VALUE_NONE, UP, SINCE, FLAPPING, PAUSED, ACKNOWLEDGED, SUCCESS, LAST_RUN, AGE, DURATION, CERT_BEGIN, CERT_END, CERT_LIFETIME, CHAIN_END };

static const struct {
	const char *name, *type, *help;
	void (*put)(const struct sampled *, const char *name); /* NULL: one sample, of the value */
	enum value value;
} families[] = {
	{ "postwatch_target_info", "gauge", "What a target is; always 1.", put_info, VALUE_NONE },
	{ "postwatch_target_up", "gauge", "1 while no outage of the target is confirmed, 0 while one is.", NULL, UP },
	{ "postwatch_target_state", "gauge", "1 for the state that the target is in, 0 for the others.", put_state, VALUE_NONE },
	{ "postwatch_target_state_timestamp_seconds", "gauge", "When the target was last seen to go down, to come up, or first.", NULL, SINCE },
	{ "postwatch_target_flapping", "gauge", "1 while the target flaps.", NULL, FLAPPING },
	{ "postwatch_target_paused", "gauge", "1 while a pause or a window keeps what is of the target from being told.", NULL, PAUSED },
	{ "postwatch_target_acknowledged", "gauge", "1 while the open incident of the target is acknowledged.", NULL, ACKNOWLEDGED },
	{ "postwatch_target_incidents_total", "counter", "Incidents that began, since this process began to count.", put_incidents, VALUE_NONE },
	{ "postwatch_target_condition", "gauge", "1 for each condition that stands.", put_conditions, VALUE_NONE },
	{ "postwatch_target_success", "gauge", "1 where the newest attempt passed, 0 where it did not.", NULL, SUCCESS },
	{ "postwatch_target_last_run_timestamp_seconds", "gauge", "When the newest attempt ended.", NULL, LAST_RUN },
	{ "postwatch_target_last_run_age_seconds", "gauge", "How long ago that was.", NULL, AGE },
	{ "postwatch_target_duration_seconds", "gauge", "How long the newest attempt took.", NULL, DURATION },
	{ "postwatch_target_phase_duration_seconds", "gauge", "How long each step of the newest attempt took that was reached.", put_phases, VALUE_NONE },
	{ "postwatch_target_runs_total", "counter", "Attempts by their verdict, since this process began to count.", put_runs, VALUE_NONE },
	{ "postwatch_target_failures_total", "counter", "Attempts that failed, by the step that was reached last and the outcome, since this"
	  " process began to count.", put_failures, VALUE_NONE },
	{ "postwatch_target_certificate_not_before_timestamp_seconds", "gauge", "From when on the certificate of the server is valid.", NULL, CERT_BEGIN },
	{ "postwatch_target_certificate_not_after_timestamp_seconds", "gauge", "Until when the certificate of the server is valid.", NULL, CERT_END },
	{ "postwatch_target_certificate_lifetime_seconds", "gauge", "How long the certificate of the server is valid in all.", NULL, CERT_LIFETIME },
	{ "postwatch_target_chain_not_after_timestamp_seconds", "gauge", "Until when all certificates that the server's depends on are valid.",
	  NULL, CHAIN_END },
	{ "postwatch_target_tls_info", "gauge", "What TLS was spoken; always 1.", put_tls, VALUE_NONE },
};

enum { FAMILIES = sizeof families / sizeof families[0] };

/* Returns false where it is not known. */
static bool
read_value(const struct sampled *it, enum value value, int64_t *into)
{
	const struct board_row *row = it->row;
	const struct board_server *server = &row->server;
	const struct look *look = it->look;
	int64_t age = board_time(it->site->board) - row->last_run;

	switch (value) {
	case VALUE_NONE: return false;
	case UP: *into = row->rank != RANK_DOWN; return row->rank != RANK_PENDING;
	case SINCE: *into = row->since; return true;
	case FLAPPING: *into = row->flapping; return true;
	case PAUSED: *into = row->paused; return true;
	case ACKNOWLEDGED: *into = row->acknowledged != 0; return row->incident != 0;
	case SUCCESS: *into = look->verdict <= PW_DEGRADED; return look->at != 0;
	case LAST_RUN: *into = row->last_run; return row->last_run != 0;
	case AGE: *into = age < 0 ? 0 : age; return row->last_run != 0;
	case DURATION: *into = look->micros; return look->at != 0;
	case CERT_BEGIN: *into = server->not_before; return server->not_before != 0;
	case CERT_END: *into = server->not_after; return server->not_after != 0;
	case CERT_LIFETIME:
		*into = server->not_after - server->not_before;
		return server->not_before != 0 && server->not_after != 0;
	case CHAIN_END: *into = server->chain_ends; return server->chain_ends != 0;
	}
	return false;
}

static void
put_samples(const struct sampled *it, size_t family)
{
	const char *name = families[family].name;
	size_t size = strlen(name), seconds = strlen("_seconds");
	int64_t value;

	if (families[family].put != NULL)
		families[family].put(it, name);
	else if (read_value(it, families[family].value, &value)) {
		begin(it, name);
		if (strcmp(name + size - seconds, "_seconds") == 0)
			metrics_end_seconds(it->out, value);
		else
			metrics_end_number(it->out, (uint64_t)value);
	}
}

/* Returns whether all targets were told. */
static bool
put_family(struct metrics *metrics, size_t index, size_t part)
{
	const struct board *board = metrics->site->board;
	const struct board_row *row;

	if (!metrics->is_begun)
		metrics_begin_family(&metrics->out, families[index].name, families[index].type, families[index].help);
	metrics->is_begun = true;
	while (metrics->out.emit.to->size < part && (row = board_after(board, metrics->number)) != NULL) {
		const struct sampled sampled = { &metrics->out, metrics->site, row, board_look(board, row) };

		metrics->number = row->number;
		if (board_row_has_tag(row, metrics->tag))
			put_samples(&sampled, index);
	}
	return board_after(board, metrics->number) == NULL;
}

static enum parts_next
next_part(void *state, struct buffer *part)
{
	struct metrics *metrics = state;

	metrics->out.emit = (struct emit){ .to = part };
	if (metrics->family == 0) {
		metrics_put_own(&metrics->out, metrics->site);
		metrics->family = 1;
	}
	if (!metrics->per_target || !board_is_read(metrics->site->board, NULL))
		metrics->family = FAMILIES + 1;
	while (metrics->family <= FAMILIES && part->size < PART) {
		bool is_left_out = metrics->site->is_once && strcmp(families[metrics->family - 1].type, "counter") == 0;

		if (!is_left_out && !put_family(metrics, metrics->family - 1, PART))
			break;
		metrics->family++;
		metrics->number = 0;
		metrics->is_begun = false;
	}
	if (metrics->family > FAMILIES && metrics->out.is_open)
		EMIT(&metrics->out.emit, "# EOF\n");
	return metrics->out.emit.failed ? PARTS_BROKEN : metrics->family > FAMILIES ? PARTS_LAST : PARTS_MORE;
}

static void
end_parts(void *state)
{
	struct metrics *metrics = state;

	free(metrics->tag);
	free(metrics);
}

void
metrics_answer(struct view *view)
{
	static const char classic[] = "text/plain; version=0.0.4; charset=utf-8";
	static const char open[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";
	const char *per_target = server_query(view->request, "per_target"), *tag = server_query(view->request, "tag");
	struct metrics *metrics = calloc(1, sizeof *metrics);

	if (metrics == NULL || (tag != NULL && (metrics->tag = strdup(tag)) == NULL)) {
		free(metrics);
		view->emit.failed = true;
		return;
	}
	metrics->site = view->site;
	metrics->out.is_open = server_accepts(view->request, view->answer, "application/openmetrics-text");
	metrics->per_target = per_target == NULL || strcmp(per_target, "false") != 0;
	view->answer->type = metrics->out.is_open ? open : classic;
	view->answer->parts = (struct parts_source){ .next = next_part, .end = end_parts, .state = metrics };
}

bool
metrics_write(const struct site *site, FILE *file)
{
	struct metrics metrics = { .site = site, .per_target = true };
	struct buffer part = { .data = NULL };
	enum parts_next next;
	bool good;

	do {
		buffer_clear(&part);
		next = next_part(&metrics, &part);
		good = next != PARTS_BROKEN && (part.size == 0 || fwrite(part.data, part.size, 1, file) == 1);
	} while (good && next == PARTS_MORE);
	buffer_fini(&part);
	return good;
}
