/*
 * Writes the evidence of one leg (the dialogue with one address) as JSON, for `--json` of commands
 * and the API.
 */
#include "base/evidence_json.h"

#include <assert.h>

/* Null where the bytes are empty: an address that was not found, an end that never was. */
static void
put_or_null(struct json *json, const char *key, struct pw_bytes bytes)
{
	if (bytes.size == 0)
		json_null(json, key);
	else
		json_foreign(json, key, bytes);
}

static void
put_phases(struct json *json, const struct evidence *leg)
{
	static const char *const statuses[] = {
		[PHASE_NOT_REACHED] = "not_reached", [PHASE_OK] = "ok", [PHASE_FAILED] = "failed"
	};

	json_begin_array(json, "phases");
	for (uint32_t i = 0; i < leg->phase_count; i++) {
		const struct evidence_phase *phase = &leg->phases[i];

		assert(phase->status <= PHASE_FAILED); /* the form has checked it */
		json_begin_object(json, NULL);
		json_string(json, "phase", phase->name);
		json_string(json, "status", statuses[phase->status]);
		if (phase->status == PHASE_NOT_REACHED || phase->micros < 0)
			json_null(json, "seconds");
		else
			json_seconds(json, "seconds", phase->micros);
		json_seconds(json, "limit", phase->limit);
		json_end(json);
	}
	json_end(json);
}

static void
put_transcript(struct json *json, struct pw_bytes transcript)
{
	static const char *const dirs[] = { [EVIDENCE_EVENT] = "event", [EVIDENCE_SENT] = "sent",
		[EVIDENCE_RECEIVED] = "received", [EVIDENCE_SENT_TLS] = "sent_tls",
		[EVIDENCE_RECEIVED_TLS] = "received_tls" };
	struct evidence_line line;

	json_begin_array(json, "transcript");
	while (evidence_next_line(&transcript, &line)) {
		json_begin_object(json, NULL);
		json_seconds(json, "at", line.at);
		json_string(json, "dir", dirs[line.dir]);
		if (line.dir == EVIDENCE_EVENT)
			json_text(json, "text", line.bytes);
		else
			json_foreign(json, "text", line.bytes);
		json_end(json);
	}
	json_end(json);
}

const char *
evidence_verdict_name(uint8_t verdict)
{
	return verdict == EVIDENCE_NOT_CHECKED ? "not_checked"
	                                       : verdict_name((enum pw_verdict)verdict);
}

void
evidence_json(struct json *json, const char *key, const struct evidence *leg)
{
	struct pw_bytes facts = leg->facts, warnings = leg->warnings;
	struct evidence_fact fact;
	struct evidence_warning warning;

	json_begin_object(json, key);
	put_or_null(json, "address", leg->address);
	json_int(json, "port", leg->port);
	put_or_null(json, "local", leg->local);
	put_or_null(json, "helo", leg->helo);
	json_string(json, "verdict", evidence_verdict_name(leg->verdict));
	json_string(json, "outcome", leg->outcome);
	json_text(json, "text", leg->text);
	put_phases(json, leg);
	json_begin_object(json, "facts");
	while (evidence_next_fact(&facts, &fact))
		json_foreign(json, fact.name, fact.value);
	json_end(json);
	json_begin_array(json, "warnings");
	while (evidence_next_warning(&warnings, &warning)) {
		json_begin_object(json, NULL);
		json_string(json, "code", warning.code);
		json_text(json, "text", warning.text);
		json_end(json);
	}
	json_end(json);
	put_transcript(json, leg->transcript);
	json_end(json);
}
