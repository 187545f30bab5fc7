/*
 * For the web process: shows the state of the daemon's processes, as the parent sent it last: as a
 * section of the page "Us", and as JSON for the API; and what the parent noted of them in the state
 * folder (parent/process_log.h).
 */
#include "web/processes.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/programs.h"
#include "web/site.h"

uint32_t
processes_in_hand(const struct processes *processes)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < processes->said.process_count; i++)
		count += processes->said.processes[i].alive.in_hand;
	return count;
}

const struct message_alive *
processes_monitor(const struct processes *processes)
{
	for (uint32_t i = 0; i < processes->said.process_count; i++)
		if (processes->said.processes[i].duty == DUTY_MONITOR && processes->said.processes[i].is_ready)
			return &processes->said.processes[i].alive;
	return NULL;
}

void
processes_name(const struct message_process *process, char name[PROCESS_NAME_MAX])
{
	if (process->duty == DUTY_PROBER || process->duty == DUTY_NOTIFIER)
		snprintf(name, PROCESS_NAME_MAX, "%s %u", duty_name(process->duty), process->index);
	else
		snprintf(name, PROCESS_NAME_MAX, "%s", duty_name(process->duty));
}

/* CLOCK_MONOTONIC is the same for all processes of a host. */
static int64_t
began(const struct message_process *process)
{
	return clock_wall() - (clock_mono() - process->started);
}

static void
put_pid(struct json *json, const char *key, uint32_t pid)
{
	if (pid == 0)
		json_null(json, key);
	else
		json_int(json, key, pid);
}

void
processes_json(struct json *json, const struct processes *processes)
{
	const struct message_alive *monitor = processes_monitor(processes);
	const struct message_vitals *said = &processes->said;

	json_time(json, "in_force_since", said->began);
	json_bool(json, "in_force_by_reload", said->is_reload);
	json_time(json, "configuration_faulty_since", said->failing_since);
	json_string(json, "sandbox_lacks", said->process_count == 0 || said->lacks[0] == '\0' ? NULL : said->lacks);
	json_int(json, "runs_in_flight", processes_in_hand(processes));
	if (monitor == NULL)
		json_null(json, "schedule_late");
	else
		json_seconds(json, "schedule_late", monitor->late);
	json_bool(json, "blind", monitor != NULL && monitor->blind);
	json_time(json, "processes_as_of", processes->heard);
	json_begin_array(json, "processes");
	for (uint32_t i = 0; i < said->process_count; i++) {
		const struct message_process *process = &said->processes[i];
		char name[PROCESS_NAME_MAX];

		processes_name(process, name);
		json_begin_object(json, NULL);
		json_string(json, "process", name);
		json_bool(json, "serves", process->is_ready);
		put_pid(json, "pid", process->pid);
		put_pid(json, "gate_pid", process->gate);
		json_time(json, "since", process->pid == 0 ? 0 : began(process));
		json_int(json, "restarts", process->deaths);
		json_seconds(json, "loop_late", process->alive.late_max);
		json_int(json, "runs_in_flight", process->alive.in_hand);
		json_end(json);
	}
	json_end(json);
}

static void
show_process(struct view *view, const struct message_process *process)
{
	char name[PROCESS_NAME_MAX];

	processes_name(process, name);
	PUT(view, "<tr><td>{}</td><td>", AS_STRING(name));
	if (process->pid == 0)
		PUT(view, "is being replaced");
	else if (process->is_ready)
		PUT(view, "serves");
	else
		PUT(view, "prepares itself");
	PUT(view, "</td><td class=\"number\">");
	if (process->pid != 0)
		PUT(view, "{}", AS_U64(process->pid));
	if (process->gate != 0)
		PUT(view, "{}{}",
		    AS_STRING(programs_are_run_for(view->config, process->duty, process->index) ? ", runner " : ", gate "),
		    AS_U64(process->gate));
	PUT(view, "</td><td class=\"when\">");
	if (process->pid != 0)
		PUT(view, "{}", AS_TIME(began(process)));
	PUT(view, "</td><td class=\"number\">{}</td><td class=\"number\">",
	    AS_U64(process->deaths));
	if (process->duty != DUTY_PARENT && process->duty != DUTY_NOTIFIER)
		PUT(view, "{}", AS_SPAN(process->alive.late_max));
	PUT(view, "</td><td class=\"number\">");
	if (process->duty == DUTY_PROBER)
		PUT(view, "{}", AS_U64(process->alive.in_hand));
	PUT(view, "</td></tr>\n");
}

void
processes_show(struct view *view, const struct processes *processes)
{
	const struct message_vitals *said = &processes->said;
	const struct message_alive *monitor = processes_monitor(processes);

	PUT(view, "<h2>Processes</h2>\n");
	if (said->process_count == 0) {
		PUT(view, "<p>Nothing was heard of them yet.</p>\n");
		return;
	}
	PUT(view, "<dl id=\"force\"><dt>In force since</dt><dd>{}{}</dd>", AS_TIME(said->began),
	    AS_STRING(said->is_reload ? ", by a reload" : ", by a start"));
	if (said->failing_since != 0)
		PUT(view, "<dt>To be reloaded</dt><dd>is faulty since {}</dd>",
		    AS_TIME(said->failing_since));
	PUT(view, "<dt>Sandbox</dt><dd>");
	if (said->lacks[0] != '\0') {
		PUT(view, "in part: this system has {}", AS_STRING(said->lacks));
	} else
		PUT(view, "in force, with all that it has");
	PUT(view, "</dd>");
	if (monitor != NULL)
		PUT(view, "<dt>Schedule</dt><dd>99 of 100 runs begin no later than {} after "
		    "their time</dd>", AS_SPAN(monitor->late));
	PUT(view, "<dt>Said at</dt><dd>");
	PUT(view, "{}", AS_TIME(processes->heard));
	PUT(view, "</dd></dl>\n<div class=\"scroll\"><table id=\"processes\"><thead><tr><th>Process</th><th>State</th><th class=\"number\">Pid</th>"
	    "<th>Since</th><th class=\"number\">Restarts</th><th class=\"number\">Loop late by</th><th class=\"number\">Runs</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < said->process_count; i++)
		show_process(view, &said->processes[i]);
	PUT(view, "</tbody></table></div>\n");
}

/* --- notes --- */

enum { SPELLS_MAX = 50, LINE_MAX_BYTES = 160 };

struct spell {
	char kind[16], what[64];
	int64_t from, until, most; /* UTC; until 0: it goes on; microseconds */
};

struct spells {
	uint32_t count; /* ever; the newest stand in turn */
	struct spell items[SPELLS_MAX];
};

/* The end of a spell has a line of its own; whoever began after one that is open cannot say when that ended. */
static void
take_line(struct spells *spells, const char *line)
{
	struct spell *next = &spells->items[spells->count % SPELLS_MAX], spell;

	if (sscanf(line, "%15[a-z]\t%" SCNd64 "\t%" SCNd64 "\t%" SCNd64 "\t%63[^\n]", spell.kind, &spell.from, &spell.until, &spell.most, spell.what) != 5)
		return;
	for (uint32_t i = 0; i < SPELLS_MAX && i < spells->count; i++) {
		struct spell *known = &spells->items[i];

		if (known->from == spell.from && strcmp(known->kind, spell.kind) == 0 && strcmp(known->what, spell.what) == 0) {
			*known = spell;
			return;
		}
		if (known->until == 0 && strcmp(spell.kind, "began") == 0)
			known->until = known->from;
	}
	*next = spell;
	spells->count++;
}

static void
read_file(struct spells *spells, const char *state, const char *name)
{
	char path[PATH_MAX], line[LINE_MAX_BYTES];
	int fd = snprintf(path, sizeof path, "%s/%s", state, name) < PATH_MAX ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		take_line(spells, line);
	if (file != NULL)
		fclose(file);
	else if (fd >= 0)
		close(fd);
}

void
process_log_show(struct view *view)
{
	struct spells spells = { .count = 0 };

	PUT(view, "<h2>Starts, restarts and late spells of its own</h2>\n<p class=\"faint\">What a loop or the schedule is late by counts above 1 s.</p>\n"
	    "<div class=\"scroll\"><table id=\"spells\"><thead><tr><th>From</th><th>Until</th><th>What</th></tr></thead><tbody>\n");
	read_file(&spells, view->config->state, "process.log.old");
	read_file(&spells, view->config->state, "process.log");
	for (uint32_t i = 1; i <= SPELLS_MAX && i <= spells.count; i++) {
		const struct spell *spell = &spells.items[(spells.count - i) % SPELLS_MAX];

		PUT(view, "<tr><td class=\"when\">{}</td><td class=\"when\">", AS_TIME(spell->from));
		if (spell->until == 0)
			PUT(view, "it goes on");
		else if (spell->until != spell->from)
			PUT(view, "{}", AS_TIME(spell->until));
		if (strcmp(spell->kind, "late") == 0)
			PUT(view, "</td><td>{} was late by up to {}</td></tr>\n", AS_STRING(spell->what), AS_SPAN(spell->most));
		else if (strcmp(spell->kind, "began") == 0)
			PUT(view, "</td><td>Postwatch began, by a {}</td></tr>\n", AS_STRING(spell->what));
		else
			PUT(view, "</td><td>{} was replaced</td></tr>\n", AS_STRING(spell->what));
	}
	if (spells.count == 0)
		PUT(view, "<tr><td colspan=\"3\">None.</td></tr>\n");
	PUT(view, "</tbody></table></div>\n");
}
