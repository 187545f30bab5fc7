/*
 * Programs that plugins have run (the probe and the notifier `exec`): checks them when a
 * configuration is read, and fills in their arguments ($HOST ...) when they are run.
 */
#include "config/programs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/identity.h"
#include "config/program_files.h"
#include "config/reader.h"

enum { SEEN_MAX = 64, ARGUMENT_MAX = 128 * 1024 /* of one argument: MAX_ARG_STRLEN */ };

enum placeholder { NO_PLACEHOLDER, DOLLAR, HOST, PORT, TARGET };

static const struct {
	const char *name;
	enum placeholder is;
} placeholders[] = { { "HOST", HOST }, { "PORT", PORT }, { "TARGET", TARGET } };

bool
plugin_has_program(const struct plugin *plugin)
{
	const struct pw_probe_ops *probe = plugin->descriptor->ops;
	const struct pw_notifier_ops *notifier = plugin->descriptor->ops;

	return plugin->descriptor->kind == PW_PROBE
	    ? PLUGIN_HAS(probe, on_exit) && probe->program != NULL
	    : PLUGIN_HAS(notifier, program) && notifier->program != NULL;
}

void
plugin_program(const struct plugin *plugin, const struct pw_values *values,
    struct pw_program *program)
{
	const struct pw_probe_ops *probe = plugin->descriptor->ops;
	const struct pw_notifier_ops *notifier = plugin->descriptor->ops;

	*program = (struct pw_program){ .size = sizeof *program };
	if (plugin->descriptor->kind == PW_PROBE)
		probe->program(values, program);
	else
		notifier->program(values, program);
}

bool
programs_are_run_for(const struct config *config, enum duty_kind kind, uint32_t index)
{
	if (kind == DUTY_NOTIFIER)
		return index < config->notifier_count
		    && plugin_has_program(config->notifiers[index].plugin);
	for (uint32_t i = 0; kind == DUTY_PROBER && i < config->target_count; i++)
		if (plugin_has_program(config->targets[i].policy->probe))
			return true;
	return false;
}

/* Which placeholder stands at `at`, a dollar sign; *size: of all that it replaces. */
static enum placeholder
placeholder_at(const char *at, size_t *size)
{
	bool braces = at[1] == '{';
	const char *name = at + (braces ? 2 : 1);
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	bool ends = braces && name[length] == '}';

	*size = 2;
	if (at[1] == '$')
		return DOLLAR;
	*size = (size_t)(name - at) + length + ends;
	for (size_t i = 0; i < sizeof placeholders / sizeof *placeholders; i++)
		if (length == strlen(placeholders[i].name)
		    && memcmp(name, placeholders[i].name, length) == 0
		    && braces == ends)
			return placeholders[i].is;
	return NO_PLACEHOLDER;
}

/* One argument, whatever stands in what is put in. */
static char *
fill_argument(const char *from, const struct target *target)
{
	char *bytes = malloc(ARGUMENT_MAX);
	struct text text;

	if (bytes == NULL)
		return NULL;
	text = text_over(bytes, ARGUMENT_MAX);
	for (size_t size; *from != '\0'; from += size) {
		enum placeholder is = *from == '$' ? placeholder_at(from, &size) : NO_PLACEHOLDER;

		if (is == NO_PLACEHOLDER) {
			size = 1 + strcspn(from + 1, "$");
			text_add_bytes(&text, from, size);
		} else if (is == DOLLAR) {
			text_add(&text, "$");
		} else if (is == PORT) {
			text_add_u64(&text, target->port);
		} else {
			text_add(&text, is == HOST ? target->host : target->name);
		}
	}
	return bytes;
}

char **
program_arguments(const struct pw_program *program, const struct target *target)
{
	uint32_t count = program->arguments == NULL ? 0 : program->arguments->count;
	char **arguments = calloc((size_t)count + 2, sizeof *arguments);
	bool good = arguments != NULL;

	for (uint32_t i = 0; good && i <= count; i++) {
		arguments[i] = i == 0 ? strdup(program->path)
		    : target == NULL  ? strdup(program->arguments->items[i - 1])
		                      : fill_argument(program->arguments->items[i - 1], target);
		good = arguments[i] != NULL;
	}
	return good ? arguments : NULL;
}

static bool
is_placeholder_wrong(const char *argument, struct text *what)
{
	size_t size;

	for (const char *at = strchr(argument, '$'); at != NULL; at = strchr(at + size, '$')) {
		if (placeholder_at(at, &size) != NO_PLACEHOLDER)
			continue;
		text_add(what, "arguments: there is no placeholder ");
		text_escape(what, (struct pw_bytes){ at, size });
		text_add(what, ": there are $HOST, $PORT and $TARGET; write $$ for a dollar sign");
		return true;
	}
	return false;
}

bool
program_is_wrong(const struct pw_program *program, bool of_probe, struct text *what)
{
	uint32_t count = program->arguments == NULL ? 0 : program->arguments->count;

	if (program->user != NULL) {
		text_add(what, "user: a program runs as the daemon's own user, which cannot become "
			       "another one: leave it out, or start the daemon as that user");
		return true;
	}
	if (program->path == NULL)
		return false; /* it is missing, which has been told */
	if (program->path[0] != '/') {
		text_add(what, "program: ");
		text_escape(what, text_view(program->path));
		text_add(what, strchr(program->path, ' ') != NULL
		        ? " is no path: write the whole path of one program, such as "
		          "\"/usr/lib/nagios/plugins/check_smtp\", and its `arguments` apart"
		        : " is no absolute path: write the whole of it, such as "
		          "\"/usr/lib/nagios/plugins/check_smtp\"");
		return true;
	}
	for (uint32_t i = 0; program->writes != NULL && i < program->writes->count; i++)
		if (program->writes->items[i][0] != '/') {
			text_add(what, "writes: ");
			text_escape(what, text_view(program->writes->items[i]));
			text_add(what, " is no absolute path: write the whole of it, such as "
				       "\"/var/lib/nagios\"");
			return true;
		}
	for (uint32_t i = 0; of_probe && i < count; i++)
		if (is_placeholder_wrong(program->arguments->items[i], what))
			return true;
	return false;
}

/* Whoever may write to it, or replace it, runs what he likes as the daemon's user. */
static bool
is_unguarded(const char *path, uid_t uid, const struct stat *status, struct text *what)
{
	const char *name = strrchr(path, '/') + 1;
	char folder[PATH_MAX];
	struct reason why;
	int at;

	if (status->st_uid != 0 && status->st_uid != geteuid() && status->st_uid != uid)
		text_format(what, "belongs to user %u: it should be root's", status->st_uid);
	else if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		text_format(what, "can be written to by others (mode %04o): take that right away",
		    (unsigned)status->st_mode & 07777);
	if (what->size > 0)
		return true;
	snprintf(folder, sizeof folder, "%.*s", (int)(name - path), path);
	at = folder_open(folder, FOLDER_WHOLE, &why);
	if (at >= 0)
		close(at);
	else
		text_format(what, "may be replaced by others: %s", why.text);
	return at < 0;
}

static bool
is_doubtful(const char *path, uid_t uid, gid_t gid, struct text *what)
{
	struct stat status;
	mode_t may;

	if (strlen(path) >= PATH_MAX || stat(path, &status) != 0) {
		text_format(what, "cannot be run: %s",
		    strerror(strlen(path) >= PATH_MAX ? ENAMETOOLONG : errno));
		return true;
	}
	may = status.st_uid == uid ? S_IXUSR : status.st_gid == gid ? S_IXGRP : S_IXOTH;
	if (!S_ISREG(status.st_mode))
		text_add(what, "is not a regular file");
	else if ((status.st_mode & (uid == 0 ? S_IXUSR | S_IXGRP | S_IXOTH : may)) == 0)
		text_format(what, "is not executable for the daemon's user (mode %04o): chmod a+x",
		    (unsigned)status.st_mode & 07777);
	return what->size > 0 || is_unguarded(path, uid, &status, what);
}

/* Arguments stand in the list of processes. */
static const char *
secret_of(const struct pw_program *program)
{
	static const char *const words[] = { "pass", "secret", "token", "community", "apikey",
		"api-key" };

	for (uint32_t i = 0; program->arguments != NULL && i < program->arguments->count; i++)
		for (size_t j = 0; j < sizeof words / sizeof *words; j++)
			if (strcasestr(program->arguments->items[i], words[j]) != NULL)
				return program->arguments->items[i];
	return NULL;
}

/* What is not there when the program begins is not written to. */
static void
advise_of_files(struct reader *reader, const char *kind, const char *name, struct place place,
    const struct pw_program *program)
{
	uint32_t count = program->writes == NULL ? 0 : program->writes->count;
	const char *what;

	if (program_file_is_hidden(reader->config, program->path, &what))
		WARN(reader, place,
		    "%s %s: the program %s belongs to %s, where no program may open anything: put "
		    "it elsewhere",
		    kind, name, QUOTE(reader, program->path), what);
	for (uint32_t i = 0; i < count; i++) {
		const char *path = program->writes->items[i];

		if (access(path, F_OK) != 0)
			WARN(reader, place, "%s %s: writes: %s cannot be found: %s", kind, name,
			    QUOTE(reader, path), strerror(errno));
		else if (program_file_is_hidden(reader->config, path, &what))
			WARN(reader, place,
			    "%s %s: writes: %s belongs to %s, where no program may open anything",
			    kind, name, QUOTE(reader, path), what);
	}
}

/* The programs that were looked at; beyond so many nothing is warned of any more. */
struct seen {
	struct identity identity;
	const void *items[SEEN_MAX];
	uint32_t count;
};

static bool
is_new(struct seen *seen, const void *item)
{
	for (uint32_t i = 0; i < seen->count; i++)
		if (seen->items[i] == item)
			return false;
	if (seen->count == SEEN_MAX)
		return false;
	seen->items[seen->count++] = item;
	return true;
}

static void
advise(struct reader *reader, struct seen *seen, const char *kind, const char *name,
    struct place place, const struct pw_program *program)
{
	struct text what = TEXT_ROOM(500);
	const char *secret = secret_of(program);

	if (program->path == NULL)
		return;
	if (is_doubtful(program->path, seen->identity.uid, seen->identity.gid, &what))
		WARN(reader, place, "%s %s: the program %s %s", kind, name,
		    QUOTE(reader, program->path), what.bytes);
	advise_of_files(reader, kind, name, place, program);
	if (secret != NULL)
		WARN(reader, place,
		    "%s %s: the argument %s looks like a secret, and everybody on this host can "
		    "read arguments (ps): have the program read a file",
		    kind, name, QUOTE(reader, secret));
}

void
programs_advise(struct reader *reader)
{
	const struct config *config = reader->config;
	struct pw_program program;
	struct seen seen = { .count = 0 };
	struct reason why;

	if (!identity_find(&seen.identity, config->user, config->state, &why))
		return; /* which is told when the daemon starts */
	for (uint32_t i = 0; i < config->notifier_count; i++) {
		const struct config_notifier *notifier = &config->notifiers[i];

		if (!plugin_has_program(notifier->plugin))
			continue;
		plugin_program(notifier->plugin, notifier->values, &program);
		advise(reader, &seen, "notifier", notifier->name,
		    reader->notifier_nodes[i]->place, &program);
	}
	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct policy *policy = config->targets[i].policy;

		if (!plugin_has_program(policy->probe) || !is_new(&seen, policy->values))
			continue;
		plugin_program(policy->probe, policy->values, &program);
		advise(reader, &seen, "target", config->targets[i].name, reader_main_file(reader),
		    &program);
	}
}
