/*
 * Connects to a host by TCP and leaves it, on libev: for the references of the prober, and
 * `postwatch whoami`.
 */
#include "prober/visit.h"

#include <assert.h>
#include <unistd.h>

#include "prober/connect.h"

static void
end(struct visit *visit, enum visit_end how)
{
	visit_leave(visit);
	visit->end = how;
	ev_invoke(visit->loop, &visit->told, EV_CUSTOM);
}

static void
follow(struct visit *visit, enum connecting found)
{
	if (found != CONNECT_OPEN)
		end(visit, found == CONNECT_STANDS ? VISIT_STANDS : VISIT_FAILED);
}

static void
on_connecting(EV_P_ ev_io *io, int revents)
{
	struct visit *visit = io->data;
	int reset = 0;

	(void)loop;
	follow(visit, connect_look(io->fd, &visit->to, revents == EV_WRITE, &reset,
	    &visit->reason));
}

void
visit_address(struct visit *visit, const struct address *address)
{
	int fd, reset = 0;

	assert(visit->io.fd == -1 && visit->query == NULL);
	visit->to = *address;
	enum connecting found = connect_begin(address, NULL, &fd, &reset, &visit->reason);
	ev_io_set(&visit->io, fd, EV_READ | EV_WRITE);
	if (fd != -1)
		ev_io_start(visit->loop, &visit->io);
	follow(visit, found);
}

/* The first address is enough. */
static void
on_name(EV_P_ ev_watcher *told, int revents)
{
	struct visit *visit = told->data;
	struct resolved resolved;
	struct address *first = &resolved.addresses[0];

	(void)loop, (void)revents;
	resolver_take(&visit->query, &resolved);
	resolver_cancel(&visit->query);
	if (resolved.count == 0 || (visit->may_lead_to != NULL && !visit->may_lead_to(first))) {
		end(visit, VISIT_NO_NAME);
		return;
	}
	address_set_port(first, visit->port);
	visit_address(visit, first);
}

void
visit_host(struct visit *visit, const char *host, uint16_t port, enum family family, int64_t limit)
{
	struct address literal;

	visit->port = port;
	if (address_parse(host, port, &literal)) {
		visit_address(visit, &literal);
		return;
	}
	visit->query = resolver_ask(visit->resolver, host, family, false, limit, &visit->resolved);
	if (visit->query == NULL)
		end(visit, VISIT_NO_MEMORY);
}

void
visit_init(struct visit *visit, struct ev_loop *loop, struct resolver *resolver)
{
	*visit = (struct visit){ .loop = loop, .resolver = resolver };
	ev_io_init(&visit->io, on_connecting, -1, 0);
	ev_init(&visit->resolved, on_name);
	visit->io.data = visit->resolved.data = visit;
}

bool
visit_leave(struct visit *visit)
{
	bool asked = visit->query != NULL;

	resolver_cancel(&visit->query);
	if (visit->io.fd != -1) {
		ev_io_stop(visit->loop, &visit->io);
		close(visit->io.fd);
		visit->io.fd = -1;
	}
	return asked;
}
