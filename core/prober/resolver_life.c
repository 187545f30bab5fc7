/* The resolver itself: its servers, its stores, and whether anybody answers it. */
#include "prober/resolver_private.h"

#include <ares.h>
#include <stdlib.h>
#include "base/clock.h"
#include "config/resolvers.h"

enum {
	ALIVE_SPAN = 60,          /* seconds for which an answer proves that the resolver lives */
	PATIENCE = 15,            /* seconds that a reply may take; every limit is shorter */
	NAMES_MIN = 1024,         /* places in the store of answers */
	NAMES_MAX = 1 << 18
};

static void
note_answered(struct resolver *resolver, const struct dns_name *name, int64_t now)
{
	if (!dns_name_equal(&resolver->answered[0].name, name)) {
		resolver->answered[1] = resolver->answered[0];
		resolver->answered[0].name = *name;
	}
	resolver->answered[0].at = now;
}

bool
resolver_answered_another(const struct resolver *resolver, const struct dns_name *name, int64_t now)
{
	const struct answered *other = &resolver->answered[dns_name_equal(&resolver->answered[0].name, name)];

	return other->at != 0 && now - other->at <= (int64_t)ALIVE_SPAN * SECOND;
}

static void
on_answered(void *arg, const struct dns_name *name, uint16_t type, const struct dns_answer *answer)
{
	struct resolver *resolver = arg;
	int64_t now = clock_mono();

	note_answered(resolver, name, now);
	if (type == DNS_A || type == DNS_AAAA)
		answers_keep(resolver->answers, name, type, answer, now);
}

static bool
make_servers(struct resolver *resolver, const struct config *config, struct reason *why)
{
	struct address found[RESOLVERS_FOUND_MAX];
	const struct address *addresses = config->resolvers;
	uint32_t count = config->resolver_count;

	if (count == 0) {
		count = resolvers_find(RESOLV_CONF, found);
		addresses = found;
	}
	for (uint32_t i = 0; i < count && i < QUESTION_SERVERS_MAX; i++) {
		struct dns_server *server =
		    dns_server_create(resolver->loop, &addresses[i], (int64_t)PATIENCE * SECOND, why);
		if (server == NULL)
			return false;
		resolver->servers[resolver->server_count++] = server;
	}
	return true;
}

static bool
make_rest(struct resolver *resolver, const struct config *config, struct reason *why)
{
	uint32_t names = config->target_count < NAMES_MIN ? NAMES_MIN : config->target_count;

	resolver->hosts = hosts_open("/etc/hosts", why);
	if (resolver->hosts == NULL)
		return false;
	resolver->answers = answers_create(names > NAMES_MAX ? NAMES_MAX : names);
	resolver->questions = questions_create(resolver->loop, resolver->servers, resolver->server_count, on_answered,
	    resolver);
	if (resolver->answers == NULL || resolver->questions == NULL) {
		reason_set(why, "out of memory");
		return false;
	}
	return true;
}

struct resolver *
resolver_create(struct ev_loop *loop, const struct config *config, struct reason *why)
{
	struct resolver *resolver = calloc(1, sizeof *resolver);

	if (resolver == NULL || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		reason_set(why, "out of memory");
		free(resolver);
		return NULL;
	}
	resolver->loop = loop;
	resolver->ready_end = &resolver->ready;
	ev_init(&resolver->on_ready, resolver_on_ready);
	resolver->on_ready.data = resolver;
	if (!make_servers(resolver, config, why) || !make_rest(resolver, config, why))
		resolver_destroy(&resolver);
	return resolver;
}

void
resolver_destroy(struct resolver **resolver)
{
	if (*resolver == NULL)
		return;
	while ((*resolver)->all != NULL)
		resolver_query_free((*resolver)->all);
	ev_clear_pending((*resolver)->loop, &(*resolver)->on_ready);
	questions_destroy(&(*resolver)->questions);
	for (uint32_t i = 0; i < (*resolver)->server_count; i++)
		dns_server_destroy(&(*resolver)->servers[i]);
	answers_destroy(&(*resolver)->answers);
	hosts_close(&(*resolver)->hosts);
	free(*resolver);
	*resolver = NULL;
	ares_library_cleanup();
}
