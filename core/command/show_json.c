/* One finished run as one line of JSON: the stable form for programs. */
#include "command/show.h"

/* Null where the bytes are empty: an address that was not found, an end that never was. */
static void
put_or_null(struct json *json, const char *key, struct pw_bytes bytes)
{
	if (bytes.size == 0)
		json_null(json, key);
	else
		json_foreign(json, key, bytes);
}

static const char *
status_name(enum phase_status status)
{
	switch (status) {
	case PHASE_OK:
		return "ok";
	case PHASE_FAILED:
		return "failed";
	case PHASE_NOT_REACHED:
		break;
	}
	return "not_reached";
}

static void
put_phases(struct json *json, const struct evidence *leg)
{
	json_begin_array(json, "phases");
	for (uint32_t i = 0; i < leg->phase_count; i++) {
		const struct evidence_phase *phase = &leg->phases[i];

		json_begin_object(json, NULL);
		json_string(json, "phase", phase->name);
		json_string(json, "status", status_name(phase->status));
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
put_facts(struct json *json, struct pw_bytes facts)
{
	struct evidence_fact fact;

	json_begin_object(json, "facts");
	while (evidence_next_fact(&facts, &fact))
		json_foreign(json, fact.name, fact.value);
	json_end(json);
}

static void
put_warnings(struct json *json, struct pw_bytes warnings)
{
	struct evidence_warning warning;

	json_begin_array(json, "warnings");
	while (evidence_next_warning(&warnings, &warning)) {
		json_begin_object(json, NULL);
		json_string(json, "code", warning.code);
		json_text(json, "text", warning.text);
		json_end(json);
	}
	json_end(json);
}

static const char *
dir_name(enum evidence_dir dir)
{
	switch (dir) {
	case EVIDENCE_SENT:
		return "sent";
	case EVIDENCE_RECEIVED:
		return "received";
	case EVIDENCE_SENT_TLS:
		return "sent_tls";
	case EVIDENCE_RECEIVED_TLS:
		return "received_tls";
	case EVIDENCE_EVENT:
		break;
	}
	return "event";
}

static void
put_transcript(struct json *json, struct pw_bytes transcript)
{
	struct evidence_line line;

	json_begin_array(json, "transcript");
	while (evidence_next_line(&transcript, &line)) {
		json_begin_object(json, NULL);
		json_seconds(json, "at", line.at);
		json_string(json, "dir", dir_name(line.dir));
		if (line.dir == EVIDENCE_EVENT)
			json_text(json, "text", line.bytes);
		else
			json_foreign(json, "text", line.bytes);
		json_end(json);
	}
	json_end(json);
}

void
show_json_leg(struct json *json, const char *key, const struct evidence *leg)
{
	json_begin_object(json, key);
	put_or_null(json, "address", leg->address);
	json_int(json, "port", leg->port);
	put_or_null(json, "local", leg->local);
	put_or_null(json, "helo", leg->helo);
	json_string(json, "verdict", show_verdict(leg->verdict));
	json_string(json, "outcome", leg->outcome);
	json_text(json, "text", leg->text);
	put_phases(json, leg);
	put_facts(json, leg->facts);
	put_warnings(json, leg->warnings);
	put_transcript(json, leg->transcript);
	json_end(json);
}

static void
put_started(struct json *json, int64_t started)
{
	char bytes[40];
	struct text text = TEXT_OVER(bytes);

	zone_add_utc(&text, started);
	json_string(json, "started", bytes);
}

void
show_json(FILE *file, const struct config *config, const struct run_result *result)
{
	const struct report *report = result->report;
	const struct target *target = &config->targets[report->target];
	struct json json = json_to_file(file);

	json_begin_object(&json, NULL);
	json_string(&json, "target", target->name);
	json_string(&json, "probe", target->policy->probe->descriptor->name);
	json_string(&json, "verdict", verdict_name(report->verdict));
	json_string(&json, "outcome", report->outcome);
	json_text(&json, "text", report->text);
	put_started(&json, report->started);
	json_seconds(&json, "seconds", report->micros);
	json_begin_array(&json, "legs");
	for (uint32_t i = 0; i < result->leg_count; i++) {
		struct evidence leg;

		run_evidence(result, i, &leg);
		show_json_leg(&json, NULL, &leg);
	}
	json_end(&json);
	json_end(&json);
	json_finish_line(&json);
}

void
show_json_lost(FILE *file, const struct show_lost *lost)
{
	struct json json = json_to_file(file);

	json_begin_object(&json, NULL);
	json_string(&json, "target", lost->target->name);
	json_string(&json, "probe", lost->target->policy->probe->descriptor->name);
	json_string(&json, "verdict", verdict_name(PW_UNKNOWN));
	json_string(&json, "outcome", "plugin");
	json_string(&json, "text", lost->text);
	put_started(&json, lost->started);
	json_seconds(&json, "seconds", lost->micros);
	json_begin_array(&json, "legs");
	json_end(&json);
	json_end(&json);
	json_finish_line(&json);
}
