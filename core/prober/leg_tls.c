/*
 * Settings, names and the time for TLS on a leg's connection. Certificates say something of our
 * own clock, too: a server's whose certificate is out of date by it is one witness; several of
 * unlike domains outweigh the clock (our_clock.h).
 */
#include "prober/leg_tls.h"

#include <assert.h>

#include "base/clock.h"
#include "base/hash.h"
#include "prober/dns_name.h"
#include "prober/run.h"

const struct tls_settings *
leg_tls_settings(const struct leg *leg)
{
	return run_target(leg->run)->policy->tls;
}

struct tls_names
leg_tls_names(const struct leg *leg)
{
	const struct target *target = run_target(leg->run);
	const struct tls_settings *settings = target->policy->tls;
	struct address literal;
	bool is_name = !address_parse(target->host, 0, &literal);

	/* RFC 6066, section 3: no literal is sent as a server's name. */
	return (struct tls_names){
		.host = settings->sni != NULL ? settings->sni : target->host,
		.sni = settings->sni != NULL ? settings->sni : is_name ? target->host : NULL,
	};
}

/* Who a certificate is expected to be for, as far as somebody registered it: an address stands
 * for itself. */
static uint64_t
domain_of(const struct leg *leg)
{
	const char *host = leg_tls_names(leg).host;
	struct address literal;
	struct dns_name name;

	if (address_parse(host, 0, &literal) || !dns_name_parse(host, &name))
		return hash_add_string(HASH_BEGIN, host);
	name = dns_name_registered(&name);
	return hash_add(HASH_BEGIN, name.bytes, name.size);
}

struct tls_clock
leg_tls_clock(struct leg *leg)
{
	struct prober *prober = leg->run->prober;
	struct clock_evidence evidence;
	int64_t wall = clock_wall(), boot = clock_boot(),
	    before = clock_doubt_look(&prober->doubt, wall, boot);

	assert(leg->stream.secured == (leg->stream.tls != NULL));
	prober->clock.before_store = (leg->run->order.flags & ORDER_CLOCK_BEHIND) != 0;
	if (tls_clock_evidence(leg->stream.tls, &evidence)) {
		evidence.domain = domain_of(leg);
		our_clock_see(&prober->clock, &evidence, clock_mono(), boot, wall);
	}
	return (struct tls_clock){ .now = wall, .before = before < clock_built() ? wall : before,
		.doubt = our_clock_doubt(&prober->clock, clock_mono(), wall),
		    .renewed = leg->run->order.renewed };
}
