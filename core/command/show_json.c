/* One finished run as one line of JSON: the stable form for programs. */
#include "base/evidence_json.h"
#include "command/show.h"

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
		evidence_json(&json, NULL, &leg);
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
