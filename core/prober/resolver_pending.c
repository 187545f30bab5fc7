/* Weak: gives way to resolver.c. Until that is there, only address literals can be talked to. */
#include "prober/resolver.h"

#include <stdlib.h>

#define WEAK __attribute__((weak))

WEAK struct resolver *
resolver_create(struct ev_loop *loop, const struct config *config, struct reason *why)
{
	(void)loop, (void)config, (void)why;
	return malloc(1);
}

WEAK void
resolver_destroy(struct resolver **resolver)
{
	free(*resolver);
	*resolver = NULL;
}

WEAK struct resolver_query *
resolver_ask(struct resolver *resolver, const char *name, enum family family, bool fresh, int64_t limit,
    void (*on_resolved)(void *arg, const struct resolved *), void *arg)
{
	(void)resolver, (void)name, (void)family, (void)fresh, (void)limit, (void)on_resolved, (void)arg;
	return NULL;
}

WEAK struct resolver_query *
resolver_look_up(struct resolver *resolver, const char *name, uint16_t type, int64_t limit,
    void (*on_answer)(void *arg, const struct pw_answer *), void *arg)
{
	(void)resolver, (void)name, (void)type, (void)limit, (void)on_answer, (void)arg;
	return NULL;
}

WEAK void
resolver_cancel(struct resolver_query **query)
{
	*query = NULL;
}
