/*
 * For the reading of a configuration: reads the list `reports`, the reports of availability that
 * are sent by themselves. What a notifier would do with a file is its plugin's to say (PW_REPORTS).
 */
#include "config/reports.h"

#include <stdio.h>
#include <string.h>

#include "config/reader.h"

static void
check_notifier(struct reader *reader, const struct node *group, uint32_t index)
{
	const struct config_notifier *notifier = &reader->notifiers[index];
	struct place place = node_member(group, "notifier")->place;

	if (reader->config->heartbeat_interval != 0 && index == reader->config->heartbeat)
		FAULT(reader, place, "reports: the heartbeat takes no reports");
	else if (notifier->values != NULL && !(notifier->receiver & PW_REPORTS))
		FAULT(reader, place,
		    "reports: %s takes no reports: email, exec and webhook with format = "
		    "\"postwatch\" do", QUOTE(reader, notifier->name));
}

static void
check_tag(struct reader *reader, const struct node *group, const char *tag)
{
	const struct config *config = reader->config;
	bool found = false;

	for (uint32_t i = 0; i < config->target_count && !found; i++)
		found = target_has_tag(&config->targets[i], tag);
	if (!found && !reader->source->select && reader->targets.rejected_count == 0)
		FAULT(reader, node_member(group, "tag")->place, "reports: no target has the tag %s",
		    QUOTE(reader, tag));
}

static bool
take_clock(const char *text, int *minutes)
{
	int hour, minute, size = 0;

	if (sscanf(text, "%2d:%2d%n", &hour, &minute, &size) != 2 || text[size] != '\0' || hour < 0
	    || hour > 23 || minute < 0 || minute > 59)
		return false;
	*minutes = 60 * hour + minute;
	return true;
}

static void
take_report(struct reader *reader, const struct node *group, struct config_report *report)
{
	struct pw_value values[REPORT_ROWS];
	bool good[REPORT_ROWS];

	reader_check_keys(reader, group, "reports: ", report_settings, NULL);
	for (int i = 0; i < REPORT_ROWS; i++)
		good[i] = reader_take_row(reader, group, &report_settings[i], &values[i]);
	report->notifier = CONFIG_NONE;
	if (good[REPORT_NOTIFIER])
		report->notifier = reader_require_notifier(reader,
		    node_member(group, "notifier")->place, "reports", values[REPORT_NOTIFIER].string);
	if (report->notifier != CONFIG_NONE)
		check_notifier(reader, group, report->notifier);
	if (good[REPORT_TAG] && values[REPORT_TAG].given) {
		check_tag(reader, group, values[REPORT_TAG].string);
		text_copy(report->tag, sizeof report->tag, values[REPORT_TAG].string);
	}
	if (good[REPORT_EVERY])
		report->every = (enum period)values[REPORT_EVERY].number;
	if (good[REPORT_AT] && !take_clock(values[REPORT_AT].string, &report->at))
		FAULT(reader, node_member(group, "at")->place,
		    "reports: at: %s is no time of day, such as \"06:00\"",
		    QUOTE(reader, values[REPORT_AT].string));
}

void
reports_take(struct reader *reader)
{
	const struct groups *groups = &reader->report_groups;
	struct config_report *reports = arena_array(
	    reader->arena, groups->count + 1, sizeof *reports);

	if (reader->source->probes_alone)
		return;
	if (groups->count > REPORTS_MAX)
		FAULT(reader, groups->items[REPORTS_MAX]->place, "reports: %d are the most",
		    REPORTS_MAX);
	for (uint32_t i = 0; i < groups->count; i++) {
		take_report(reader, groups->items[i], &reports[i]);
		for (uint32_t j = 0; j < i; j++)
			if (reports[j].notifier == reports[i].notifier
			    && reports[j].every == reports[i].every
			    && strcmp(reports[j].tag, reports[i].tag) == 0)
				FAULT(reader, groups->items[i]->place,
				    "reports: the same report stands in %s",
				    diagnostics_place(&reader->diagnostics, groups->items[j]->place));
	}
	reader->config->reports = reports;
	reader->config->report_count = groups->count;
}
