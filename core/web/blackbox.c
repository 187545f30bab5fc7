/*
 * For the web process: answers /probe?target=NAME in the metrics of the blackbox_exporter, for
 * Prometheus.
 *
 * What the blackbox_exporter says of its own failure as of its target's is left out here: where
 * nobody looks, or the last run ended for a reason of ours, there is no probe_success at all.
 */
#include "web/blackbox.h"

#include <stdio.h>
#include <string.h>

#include "web/metrics_own.h"

enum { PLACE_MAX = 300 };

static const struct board_row *
row_of(const struct board *board, const char *target)
{
	const struct board_row *row = board_named(board, target);
	char place[PLACE_MAX];

	if (row != NULL)
		return row;
	for (row = board_after(board, 0); row != NULL; row = board_after(board, row->number)) {
		if (strchr(row->host, ':') == NULL)
			snprintf(place, sizeof place, "%s:%u", row->host, row->port);
		else
			snprintf(place, sizeof place, "[%s]:%u", row->host, row->port);
		if (strcmp(place, target) == 0)
			return row;
	}
	return NULL;
}

static bool
is_step(const struct run_steps *steps, const char *name)
{
	return steps->micros >= 0 && steps->name.size == strlen(name)
	    && memcmp(steps->name.data, name, steps->name.size) == 0;
}

/* Whether it answered, and not as it should. */
static bool
failed_by_words(const struct look *look)
{
	struct run_steps steps = look_steps(look);
	bool has_connected = false;

	if (look->verdict == PW_BLOCKED)
		return true;
	while (run_steps_next(&steps))
		has_connected |= steps.micros >= 0 && !is_step(&steps, "resolve")
		    && !is_step(&steps, "connect");
	return look->verdict == PW_FAILED && has_connected && strstr(look->outcome, "timeout") == NULL;
}

static void
put_result(struct metrics_out *out, const struct board_row *row, const struct look *look)
{
	static const char expiry[] = "Returns last SSL chain expiry in unixtime";
	const struct board_server *server = &row->server;
	struct run_steps steps = look_steps(look);
	char version[24];

	while (run_steps_next(&steps))
		if (is_step(&steps, "resolve"))
			metrics_put_seconds(out, "probe_dns_lookup_time_seconds",
			    "Returns the time taken for probe dns lookup in seconds", steps.micros);
	metrics_put_seconds(out, "probe_duration_seconds", "Returns how long the probe took to complete in seconds", look->micros);
	if (row->verdict != PW_UNKNOWN)
		metrics_put_number(out, "probe_failed_due_to_regex", "gauge", "Indicates if probe failed due to regex", failed_by_words(look));
	if (server->ip != 0)
		metrics_put_number(out, "probe_ip_protocol", "gauge", "Specifies whether probe ip protocol is IP4 or IP6", server->ip);
	if (server->tls_version[0] != '\0') {
		if (server->chain_ends != 0 || server->not_after != 0)
			metrics_put_seconds(out, "probe_ssl_earliest_cert_expiry", expiry,
			    server->chain_ends != 0 ? server->chain_ends : server->not_after);
		if (server->chain_ends != 0)
			metrics_put_seconds(out, "probe_ssl_last_chain_expiry_timestamp_seconds", expiry, server->chain_ends);
		if (strncmp(server->tls_version, "TLSv", 4) == 0)
			snprintf(version, sizeof version, "TLS %s", server->tls_version + 4);
		else
			snprintf(version, sizeof version, "%s", server->tls_version);
		metrics_put_info(out, "probe_tls_version_info",
		    "Returns the TLS version used or NaN when unknown", "version", version);
		metrics_put_info(out, "probe_tls_cipher_info",
		    "Returns the TLS cipher negotiated during handshake", "cipher", server->tls_cipher);
	}
	if (row->verdict != PW_UNKNOWN)
		metrics_put_number(out, "probe_success", "gauge", "Displays whether or not the probe was a success", row->verdict <= PW_DEGRADED);
	metrics_put_seconds(out, "postwatch_probe_timestamp_seconds", "When the attempt ended that this is told from.", row->last_run);
}

void
blackbox_answer(struct view *view)
{
	const char *target = server_query(view->request, "target");
	const struct board_row *row;
	struct metrics_out out = { .emit = view->emit };

	if (target == NULL || target[0] == '\0') {
		view_problem(view, 400, "target is missing: the name of one that is watched");
		return;
	}
	row = board_is_read(view->board, NULL) ? row_of(view->board, target) : NULL;
	if (!board_is_read(view->board, NULL))
		view_problem(view, 503, "the store cannot be read now");
	else if (row == NULL)
		view_problem(view, 404,
		    "no target that is watched is called so: what is to be probed is configured");
	else if (board_look(view->board, row)->at == 0 || row->unseen_since != 0)
		view_problem(view, 503, "nobody looks at it now");
	else {
		view->answer->type = "text/plain; version=0.0.4; charset=utf-8";
		put_result(&out, row, board_look(view->board, row));
		view->emit = out.emit;
	}
}
