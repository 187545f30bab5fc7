/*
 * The runner's process: takes orders for programs from a prober or a notifier's worker, and starts
 * for each a process that runs it (runner/program.h).
 */
#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/call_filter.h"
#include "base/clock.h"
#include "base/identity.h"
#include "base/landlock.h"
#include "base/sandbox.h"
#include "config/program_files.h"
#include "config/programs.h"
#include "runner/descendants.h"

enum { CANNOT_BEGIN = 71, ENVIRONMENT_MAX = 12, PROGRAMS_MAX = 64 /* at a time */,
	SWEEP = 100 /* ms from one look at what is to end to the next */ };

/* For the end of a program that is killed at its limit to be told. */
#define SLACK (3 * (int64_t)SECOND / 2)

#define RESULT_MAGIC UINT32_C(0x31444e45)

struct result_head {
	uint32_t magic, how;
	int32_t status;
	uint32_t cut, output_size, errors_size;
};

/* Whom programs are run for. */
struct served {
	const struct config *config;
	enum duty_kind kind;
	uint32_t index;
	int socket;
};

/* The processes that carry out orders; ends with 0. */
struct carriers {
	pid_t pids[PROGRAMS_MAX + 1];
	unsigned count;
};

static bool
send_all(int socket, const void *bytes, size_t size)
{
	ssize_t sent;

	for (const char *at = bytes; size > 0; at += sent, size -= (size_t)sent) {
		sent = send(socket, at, size, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return false;
		sent = sent < 0 ? 0 : sent;
	}
	return true;
}

static bool
receive_all(int socket, void *bytes, size_t size)
{
	ssize_t got;

	for (char *at = bytes; size > 0; at += got, size -= (size_t)got) {
		got = recv(socket, at, size, 0);
		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		got = got < 0 ? 0 : got;
	}
	return true;
}

static void
tell(int socket, const struct pw_exit *exit)
{
	const struct result_head head = { RESULT_MAGIC, exit->how, exit->status, exit->cut,
		(uint32_t)exit->output.size, (uint32_t)exit->errors.size };

	(void)(send_all(socket, &head, sizeof head)
	    && send_all(socket, exit->output.data, exit->output.size)
	    && send_all(socket, exit->errors.data, exit->errors.size));
}

static void
add_variable(char **environment, const char *name, const char *value)
{
	while (*environment != NULL)
		environment++;
	if (value != NULL && asprintf(environment, "%s=%s", name, value) < 0)
		*environment = NULL;
}

/* What postwatch-exec(5) lists; nothing else of our own environment is anybody's business. */
static void
fill_environment(char **environment, const struct served *served, const struct target *target)
{
	char port[8];

	add_variable(environment, "PATH",
	    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	add_variable(environment, "LANG", "C.UTF-8");
	add_variable(environment, "HOME", "/");
	add_variable(environment, "TZ", getenv("TZ"));
	if (target == NULL) {
		add_variable(environment, "POSTWATCH_NOTIFIER",
		    served->config->notifiers[served->index].name);
		return;
	}
	snprintf(port, sizeof port, "%u", target->port);
	add_variable(environment, "POSTWATCH_TARGET", target->name);
	add_variable(environment, "POSTWATCH_HOST", target->host);
	add_variable(environment, "POSTWATCH_PORT", port);
	add_variable(environment, "NAGIOS_HOSTNAME", target->host);
	add_variable(environment, "NAGIOS_HOSTADDRESS", target->host);
}

/* What the files of a program are told by. */
struct confined {
	const struct config *config;
	const struct pw_strings *writes;
};

static bool
confine(const void *arg, struct reason *why)
{
	const struct confined *confined = arg;

	return program_files_confine(confined->config, confined->writes, why);
}

/* In a process of its own, which ends with this: not before all that the program has started. */
static void
carry_out(const struct served *served, const struct runner_order *order, int socket)
{
	static struct program_end end;
	const bool probes = served->kind == DUTY_PROBER;
	const struct config_notifier *notifier
	    = probes ? NULL : &served->config->notifiers[served->index];
	const struct target *target = probes ? &served->config->targets[order->index] : NULL;
	const struct plugin *plugin = probes ? target->policy->probe : notifier->plugin;
	char *environment[ENVIRONMENT_MAX] = { NULL }, *input = malloc(order->input_size + 1);
	struct program program = { .environment = environment, .limit = order->limit,
		.until = socket };
	struct confined confined = { served->config, NULL };
	struct pw_program wanted;

	if (input == NULL || !plugin_has_program(plugin) || !landlock_keep_signals(&program.alone)
	    || !receive_all(socket, input, order->input_size))
		return;
	plugin_program(plugin, probes ? target->policy->values : notifier->values, &wanted);
	fill_environment(environment, served, target);
	confined.writes = wanted.writes;
	program.confine = confine;
	program.confine_arg = &confined;
	program.path = wanted.path;
	program.arguments = program_arguments(&wanted, target);
	program.input = (struct pw_bytes){ input, order->input_size };
	if (program.path == NULL || program.arguments == NULL)
		return;
	program_run(&program, &end);
	tell(socket, &end.exit);
	close(socket);
	while (!program_left_nothing(&program))
		(void)poll(NULL, 0, SWEEP);
}

/* It outlives us where it has to: it ends what it runs when who waits for that is gone. */
static void
begin(const struct served *served, const struct runner_order *order, int socket,
    struct carriers *carriers)
{
	pid_t pid = -1;

	errno = EAGAIN;
	if (carriers->count < PROGRAMS_MAX)
		pid = fork();
	if (pid == 0) {
		close(served->socket);
		carry_out(served, order, socket);
		_exit(EXIT_SUCCESS);
	}
	if (pid > 0)
		carriers->pids[carriers->count++] = pid;
	else
		tell(socket, &(struct pw_exit){ .how = PW_NOT_STARTED, .status = errno });
}

/* Where one was killed, what its program had started is our child now, and ends. Returns whether we
 * have children. */
static bool
reap(struct carriers *carriers)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (unsigned i = 0; i < carriers->count; i++)
			if (carriers->pids[i] == pid) {
				carriers->pids[i] = carriers->pids[--carriers->count];
				carriers->pids[carriers->count] = 0;
			}
	if (pid == 0)
		descendants_kill(carriers->pids);
	return pid == 0;
}

/* Orders are small, and those who give them are one process, which ends with a packet of no size. */
static void
serve(const struct served *served)
{
	struct pollfd polled = { .fd = served->socket, .events = POLLIN };
	struct carriers carriers = { .count = 0 };
	struct runner_order order;

	(void)signal(SIGCHLD, SIG_DFL);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (;;) {
		int socket, ready = poll(&polled, 1, reap(&carriers) ? SWEEP : -1);
		ssize_t size;

		if (ready <= 0)
			continue;
		size = packet_read(served->socket, &order, sizeof order, &socket);
		if (size == 0)
			break;
		if (socket >= 0 && size == sizeof order && order.input_size <= RUNNER_INPUT_MAX
		    && order.limit > 0 && (served->kind != DUTY_PROBER
		        || order.index < served->config->target_count))
			begin(served, &order, socket, &carriers);
		if (socket >= 0)
			close(socket);
	}
	while (reap(&carriers))
		(void)poll(NULL, 0, SWEEP / 10);
}

/* The files that a program may open are its own matter: those of a rule made here would be the ones
 * that are there now. */
static bool
give_up_rights(struct reason *why)
{
	bool kept, filtered;

	reason_set(why, "signals to others cannot be given up");
	return sandbox_enter_lightly(why) && identity_drop_capabilities(why)
	    && landlock_keep_signals(&kept) && call_filter_enter_program(&filtered, why);
}

int
runner_main(struct duty *duty)
{
	const struct served served = { duty->config, duty->kind, duty->index, duty->gate };
	struct reason why;

	if (!give_up_rights(&why)) {
		duty_log(duty, LOG_ERR, 0, "cannot begin to run programs: %s", why.text);
		return CANNOT_BEGIN;
	}
	serve(&served);
	return EXIT_SUCCESS;
}

/* A terminal and timeout(1) signal the whole group: whoever runs a program has to live until what
 * the program has started is killed. Descriptors 0 to 2 are there, so that no pipe to a program is
 * one of them. The user goes before the signal of the parent's death, which a change of it clears.
 */
static bool
settle(pid_t parent, int socket, const struct identity *identity, struct reason *why)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		(void)signal(ignored[i], SIG_IGN);
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (null < 0 || dup2(null, i) < 0)
			return false;
	return identity_become(identity, why) && sandbox_die_with(parent, why)
	    && sandbox_close_others(&socket, 1, why)
	    && give_up_rights(why);
}

bool
runner_begin(const struct config *config, int *runner, struct reason *why)
{
	pid_t own = getpid(), pid = -1;
	struct identity identity;
	int ends[2];

	if (!identity_find(&identity, config->user, config->state, why))
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			const struct served served = { config, DUTY_PROBER, 0, ends[1] };

			close(ends[0]);
			if (settle(own, ends[1], &identity, why))
				serve(&served);
			_exit(EXIT_SUCCESS);
		}
		close(ends[1]);
		*runner = ends[0];
	}
	if (pid < 0)
		reason_set(why, "programs cannot be run: %s", strerror(errno));
	return pid > 0;
}

int
runner_ask(int runner, const struct runner_order *order)
{
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	bool sent = packet_send(runner, order, sizeof *order, ends[1]);
	error = errno;
	close(ends[1]);
	if (sent)
		return ends[0];
	close(ends[0]);
	errno = error;
	return -1;
}

bool
runner_read(struct pw_bytes result, struct pw_exit *exit)
{
	struct result_head head;

	*exit = (struct pw_exit){ .size = sizeof *exit, .how = PW_LOST, .output = { "", 0 },
		.errors = { "", 0 } };
	if (result.size < sizeof head)
		return false;
	memcpy(&head, result.data, sizeof head);
	result.size -= sizeof head;
	if (head.magic != RESULT_MAGIC || head.output_size > PW_OUTPUT_MAX
	    || head.errors_size > PW_ERRORS_MAX
	    || result.size != (size_t)head.output_size + head.errors_size || head.how < PW_EXITED
	    || head.how > PW_LOST)
		return false;
	exit->how = head.how;
	exit->status = head.status;
	exit->cut = head.cut != 0;
	exit->output = (struct pw_bytes){ result.data + sizeof head, head.output_size };
	exit->errors = (struct pw_bytes){ exit->output.data + head.output_size, head.errors_size };
	return true;
}

/* Until the other end is closed, or it is time. */
static void
await_result(int socket, struct pw_bytes *result, char *bytes, int64_t by)
{
	struct pollfd polled = { .fd = socket, .events = POLLIN };
	ssize_t got = 1;

	while (got != 0 && result->size < RUNNER_RESULT_MAX && clock_mono() < by) {
		if (poll(&polled, 1, SWEEP) <= 0)
			continue;
		got = recv(socket, bytes + result->size, RUNNER_RESULT_MAX - result->size,
		    MSG_DONTWAIT);
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return;
		result->size += got > 0 ? (size_t)got : 0;
	}
}

void
runner_run(int runner, struct runner_order *order, struct pw_bytes input, struct program_end *end)
{
	static char bytes[RUNNER_RESULT_MAX];
	struct pw_bytes result = { bytes, 0 };
	int socket, error;

	order->input_size = (uint32_t)input.size;
	errno = EMSGSIZE;
	socket = input.size <= RUNNER_INPUT_MAX ? runner_ask(runner, order) : -1;
	error = errno;
	if (socket >= 0 && send_all(socket, input.data, input.size))
		await_result(socket, &result, bytes, clock_mono() + order->limit + SLACK);
	if (socket >= 0)
		close(socket);
	(void)runner_read(result, &end->exit);
	if (socket < 0) {
		end->exit.how = PW_NOT_STARTED;
		end->exit.status = error;
	}
	memcpy(end->output, end->exit.output.data, end->exit.output.size);
	memcpy(end->errors, end->exit.errors.data, end->exit.errors.size);
	end->exit.output.data = end->output;
	end->exit.errors.data = end->errors;
}
