/*
 * For the two processes of a notifier, the worker and where there is one the gate: gives up the
 * rights that the notifier's plugin does not need. A process keeps what its plugin asks for and
 * nothing else; a plugin cannot ask for more than is bounded here: it may be anybody's code.
 */
#include "notifier/confine.h"

#include <assert.h>
#include <sys/socket.h>
#include <syslog.h>

#include "base/call_filter.h"
#include "config/config.h"

/*
 * What getaddrinfo(3) of the GNU C library reads, each time anew where a file has changed: its
 * modules with it. A rule of Landlock holds for the file that is there now: the parent renews a
 * notifier when one of them is replaced (parent/files.c).
 */
static const char *const names_files[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
	"/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/ld.so.cache", "/lib", "/lib64",
	"/usr/lib" };

enum {
	NAMES_FILES = sizeof names_files / sizeof *names_files,
	PATHS_MAX = NAMES_FILES + 2 * PW_NEEDS_MAX,
	DNS_PORT = 53
};

/* The rights of a process, as they are put together. */
struct rights {
	struct sandbox sandbox;
	struct sandbox_ports ports;
	struct sandbox_path paths[PATHS_MAX];
};

static uint32_t
at_most(uint32_t count)
{
	return count < PW_NEEDS_MAX ? count : PW_NEEDS_MAX;
}

static void
add_paths(struct rights *rights, const char *const *paths, uint32_t count,
    enum sandbox_access access)
{
	for (uint32_t i = 0; i < count; i++) {
		assert(rights->sandbox.path_count < PATHS_MAX);
		if (paths[i] != NULL)
			rights->paths[rights->sandbox.path_count++]
			    = (struct sandbox_path){ paths[i], access, true };
	}
}

static void
add_needs(struct rights *rights, const struct pw_needs *needs)
{
	uint32_t reads = at_most(needs->read_count), writes = at_most(needs->write_count);
	struct sandbox *sandbox = &rights->sandbox;

	add_paths(rights, needs->reads, reads, SANDBOX_READ);
	add_paths(rights, needs->writes, writes, SANDBOX_MAKE);
	for (uint32_t i = 0; i < at_most(needs->port_count); i++) {
		if (needs->ports[i] == 0)
			sandbox->ports = NULL;
		sandbox_ports_add(&rights->ports, needs->ports[i]);
	}
	if (needs->port_count > 0)
		sandbox->network = SANDBOX_CONNECTS;
	if ((needs->flags & PW_NEEDS_NAMES) != 0) {
		add_paths(rights, names_files, NAMES_FILES, SANDBOX_READ);
		sandbox_ports_add(&rights->ports, DNS_PORT);
		sandbox->network = SANDBOX_CONNECTS;
		sandbox->calls |= CALL_READS | CALL_TCP | CALL_UDP | CALL_ROUTES;
	}
	sandbox->calls |= (needs->port_count > 0 ? CALL_TCP : 0) | (reads > 0 ? CALL_READS : 0)
	    | (writes > 0 ? CALL_FILES : 0) | ((needs->flags & PW_NEEDS_UDP) != 0 ? CALL_UDP : 0)
	    | ((needs->flags & PW_NEEDS_UNIX) != 0 ? CALL_UNIX : 0)
	    | ((needs->flags & PW_NEEDS_THREADS) != 0 ? CALL_THREADS : 0);
	sandbox->may_fork = (needs->flags & PW_NEEDS_THREADS) != 0;
	sandbox->file_size = writes > 0 ? (int64_t)limits_of(DUTY_NOTIFIER)->file_size : 0;
}

static struct rights
begin(struct duty *duty, uint32_t calls)
{
	return (struct rights){ .sandbox = { .network = SANDBOX_NO_TCP,
		.calls = calls,
		.limits = limits_of(DUTY_NOTIFIER),
		.tell = duty_forbidden,
		.tell_to = duty } };
}

static bool
enter(struct rights *rights, struct reason *why)
{
	int landlock;

	rights->sandbox.paths = rights->paths;
	return sandbox_enter(&rights->sandbox, &landlock, why);
}

bool
confine_worker(struct duty *duty, struct reason *why)
{
	struct rights rights = begin(duty, CALLS_BESIDE_GATE);

	return enter(&rights, why);
}

bool
confine_notifier(struct duty *duty, const struct pw_notifier_ops *ops, void *session,
    struct reason *why)
{
	const struct config_notifier *notifier = &duty->config->notifiers[duty->index];
	struct pw_needs needs = { .size = sizeof needs };
	struct rights rights = begin(duty, CALL_BASE);

	if (!PLUGIN_HAS(ops, needs)) {
		duty_log(duty, LOG_WARNING, 0,
		    "%s: the plugin %s, made for ABI %u.%u, cannot say what it needs: its "
		    "process keeps all its rights",
		    notifier->name, notifier->plugin->descriptor->name,
		    notifier->plugin->descriptor->major, notifier->plugin->descriptor->minor);
		return sandbox_enter_lightly(why);
	}
	if (ops->needs != NULL)
		ops->needs(session, &needs);
	if ((needs.flags & PW_NEEDS_PROGRAMS) != 0)
		return sandbox_enter_lightly(why);
	rights.sandbox.ports = &rights.ports;
	add_needs(&rights, &needs);
	return enter(&rights, why);
}

bool
confine_gate(struct duty *duty, const struct pw_gate_ops *ops, void *memory,
    struct sandbox_ports *resolvers, struct reason *why)
{
	struct pw_needs needs = { .size = sizeof needs };
	struct rights rights = begin(duty, CALLS_OF_GATE);

	rights.sandbox.network = SANDBOX_CONNECTS;
	if (PLUGIN_HAS(ops, needs)) {
		rights.ports = *resolvers;
		rights.sandbox.ports = &rights.ports;
		if (ops->needs != NULL)
			ops->needs(memory, &needs);
	}
	add_needs(&rights, &needs);
	return enter(&rights, why);
}
