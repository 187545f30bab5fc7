/*
 * Has a notifier plugin deliver one notice, without the daemon around it.
 *
 *	deliver PLUGIN.so KEY=VALUE... [@KEY=VALUE...]
 *
 * KEY=VALUE are the plugin's settings, as in a configuration (a list has its entries behind another, split by commas; of
 * a secret, the path of its file); @kind, @key, @thread, @target, @subject, @body, @incident are the notice's, and @deadline
 * its seconds. Prints a
 * line for each recipient: FATE CHANNEL RECEIPT; what the plugin logs goes to stderr; exits with 0 where it opened, else tells why it did not. A gate has its
 * process here, too, which is waited for.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <postwatch/notifier.h>
#include "base/address.h"
#include "prober/look_up.h"

enum { SETTINGS_MAX = 64, ENTRIES_MAX = 64 };

static char receipts[ENTRIES_MAX][PW_RECEIPT_MAX + 1];
static const char *entries[ENTRIES_MAX], *nobody[] = { "" };
static struct pw_strings list = { 0, entries };
static struct pw_notice notice = { .size = sizeof notice, .kind = "down", .key = "key0", .thread = "key0", .target = "mx",
	.subject = "[down] mx - a test", .body = "a test\n", .json = "{}", .severity = "critical", .outcome = "refused",
	.host = "mx.test", .probe = "smtp", .sentence = "mx down", .own_name = "watch.test", .helo = "watch.test", .port = 25, .attempt = 1,
	.receipts = receipts, .brief = "a test\n", .sent = INT64_C(1764150126000000), .offset = 3600, .incident = 17 };

/* Of the notice. */
static void
log_line(void *log_to, const char *line)
{
	(void)log_to;
	fprintf(stderr, "log: %s\n", line);
}

static void
split(char *words)
{
	for (char *word = words, *next; word != NULL && list.count < ENTRIES_MAX; word = next) {
		next = strchr(word, ',');
		if (next != NULL)
			*next++ = '\0';
		entries[list.count++] = word;
	}
}

static bool
set(const struct pw_setting *row, struct pw_value *value, char *text)
{
	value->given = true;
	switch ((enum pw_type)row->type) {
	case PW_STRING:
	case PW_PATH:
	case PW_SECRET:
		value->string = text;
		return true;
	case PW_LIST:
		split(text);
		value->list = &list;
		return true;
	case PW_ENUM:
		for (value->number = 0; row->choices[value->number] != NULL; value->number++)
			if (strcmp(row->choices[value->number], text) == 0)
				return true;
		return false;
	case PW_BOOL:
		value->number = strcmp(text, "true") == 0;
		return true;
	case PW_INT:
	case PW_DURATION:
	case PW_SIZE:
		value->number = strtoll(text, NULL, 10);
		return true;
	case PW_REGEX:
		break;
	}
	return false;
}

static bool
set_by_key(const struct pw_setting *rows, struct pw_value *values, char *word)
{
	char *equals = strchr(word, '=');

	if (equals == NULL)
		return false;
	*equals = '\0';
	for (size_t i = 0; rows[i].key != NULL; i++)
		if (strcmp(rows[i].key, word) == 0)
			return set(&rows[i], &values[i], equals + 1);
	return false;
}

static bool
set_notice(char *word)
{
	const struct { const char *key; const char **at; } rows[] = { { "kind", &notice.kind }, { "key", &notice.key },
		{ "thread", &notice.thread }, { "target", &notice.target }, { "subject", &notice.subject },
		{ "body", &notice.body }, { "brief", &notice.brief }, { "json", &notice.json }, { "own_name", &notice.own_name },
		{ "helo", &notice.helo },
		{ "deadline", NULL } };
	char *equals = strchr(word, '=');

	if (equals == NULL)
		return false;
	*equals = '\0';
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].key, word) == 0) {
			if (rows[i].at == NULL)
				notice.deadline = strtoll(equals + 1, NULL, 10) * 1000000;
			else
				*rows[i].at = equals + 1;
			return true;
		}
	return false;
}

static pid_t gate_pid;
static int gate_socket = -1;

struct host {
	struct pw_gate_host host;
	struct look_up names;
};

static uint32_t
look_up_for(const struct pw_gate_host *host, const char *name, int64_t limit, struct sockaddr_storage *found, uint32_t max,
    char *why, size_t why_size)
{
	struct look_up *names = &((struct host *)(void *)(uintptr_t)host)->names;
	struct address addresses[RESOLVED_MAX];
	struct text text = { .bytes = why, .room = why_size };
	uint32_t count = look_up_host(names, name, limit, addresses, max < RESOLVED_MAX ? max : RESOLVED_MAX, &text);

	for (uint32_t i = 0; i < count; i++)
		memcpy(&found[i], &addresses[i].any, address_length(&addresses[i]));
	return count;
}

_Noreturn static void
be_gate(const struct pw_gate_ops *ops, const struct pw_values *values, int worker)
{
	void *memory = calloc(1, ops->memory_size + 1);
	struct host host = { { sizeof host.host, look_up_for }, { 0 } };
	static const struct config config = { 0 };
	struct reason fault = { .text = "" };
	char why[256] = "";

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!look_up_open(&host.names, &config, NULL, &fault)) {
		fprintf(stderr, "cannot begin: %s\n", fault.text);
		_exit(1);
	}
	if (memory == NULL || !ops->open(memory, values, why, sizeof why)) {
		fprintf(stderr, "cannot begin: %s\n", why);
		_exit(1);
	}
	(void)send(worker, "", 1, MSG_NOSIGNAL);
	ops->serve(memory, worker, &host.host);
	ops->close(memory);
	look_up_close(&host.names);
	free(memory);
	exit(0);
}

/* As the daemon does it. False: it did not begin, and has said why. */
static bool
meet_gate(const struct pw_notifier_ops *ops, void *session, const struct pw_values *values)
{
	int ends[2];
	char ready;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	gate_pid = fork();
	if (gate_pid == 0) {
		close(ends[0]);
		be_gate(ops->gate, values, ends[1]);
	}
	close(ends[1]);
	gate_socket = ends[0];
	ops->join(session, gate_socket);
	return gate_pid > 0 && recv(gate_socket, &ready, sizeof ready, 0) == sizeof ready;
}

/* It takes leave of its peer; 3: it died. */
static int
leave_gate(void)
{
	int status = 0;

	if (gate_pid <= 0)
		return 0;
	close(gate_socket);
	(void)waitpid(gate_pid, &status, 0);
	return status == 0 ? 0 : 3;
}

static int
deliver(const struct pw_notifier_ops *ops, const struct pw_values *values)
{
	struct pw_recipients recipients = { list.count > 0 ? list.count : 1, list.count > 0 ? entries : nobody };
	static struct pw_result results[ENTRIES_MAX];
	void *session = calloc(1, ops->session_size + 1);
	char why[256] = "";

	if (session == NULL || (ops->check != NULL && !ops->check(values, why, sizeof why))) {
		fprintf(stderr, "cannot begin: %s\n", why);
		return 1;
	}
	if (ops->gate != NULL && !meet_gate(ops, session, values))
		return 1;
	why[0] = '\0';
	if (!ops->open(session, values, why, sizeof why)) {
		fprintf(stderr, "cannot begin: %s\n", why);
		return 1;
	}
	notice.log = log_line;
	notice.is_public = address_literal_is_public;
	ops->deliver(session, &notice, &recipients, results);
	for (uint32_t i = 0; i < recipients.count; i++)
		printf("%s %s %s\n", results[i].fate == PW_SENT ? "sent" : results[i].fate == PW_NEVER ? "never" : "again",
		    results[i].channel ? "channel" : "-", receipts[i][0] != '\0' ? receipts[i] : results[i].receipt);
	fflush(stdout);
	ops->close(session);
	free(session);
	if (gate_pid > 0)
		_exit(leave_gate()); /* its filter of system calls would stop what a sanitizer does at an exit */
	return 0;
}

int
main(int argc, char **argv)
{
	void *handle = argc < 2 ? NULL : dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	const struct pw_plugin *plugin = handle == NULL ? NULL : dlsym(handle, "pw_plugin");
	static union {
		struct pw_values values;
		char room[sizeof(struct pw_values) + SETTINGS_MAX * sizeof(struct pw_value)];
	} room;
	static char usual[SETTINGS_MAX][64];
	struct pw_values *values = &room.values;

	signal(SIGPIPE, SIG_IGN); /* as in the daemon */
	if (plugin == NULL) {
		fprintf(stderr, "usage: deliver PLUGIN.so KEY=VALUE...\n");
		return 2;
	}
	for (uint32_t i = 0; i < SETTINGS_MAX && plugin->settings[i].key != NULL; i++) {
		const struct pw_setting *row = &plugin->settings[i];
		snprintf(usual[i], sizeof usual[i], "%s", row->fallback == NULL ? "" : row->fallback);
		if (row->fallback != NULL)
			set(row, &values->items[i], usual[i]);
		values->items[i].given = false;
		values->count++;
	}
	for (int i = 2; i < argc; i++)
		if (argv[i][0] == '@' ? !set_notice(argv[i] + 1) : !set_by_key(plugin->settings, values->items, argv[i])) {
			fprintf(stderr, "deliver: %s: no such setting or value\n", argv[i]);
			return 2;
		}
	return deliver(plugin->ops, values);
}
