/*
 * For the prober: reads what a leg (the dialogue with one address) needs from the policy of its
 * target and the state of its run. Certificates are evidence of our own clock as well: a server
 * whose certificate is out of date by our clock is one witness against it, and several of unrelated
 * domains outweigh it (our_clock.h).
 */
#include "prober/leg_settings.h"

#include <assert.h>

#include "base/clock.h"
#include "base/hash.h"
#include "prober/dns_name.h"
#include "prober/run.h"

const struct address *
leg_source(const struct leg *leg)
{
	const struct policy *policy = run_target(leg->run)->policy;

	if (address_is_ipv4(&leg->address))
		return policy->has_source4 ? &policy->source4 : NULL;
	return policy->has_source6 ? &policy->source6 : NULL;
}

bool
leg_create_dialogue(struct leg *leg, int64_t at)
{
	const struct run *run = leg->run;
	char bytes[ADDRESS_TEXT_MAX] = "";
	struct text text = TEXT_OVER(bytes);

	if (leg->address.any.sa_family != 0)
		address_add(&text, &leg->address);
	const struct dialogue_setup setup = {
		.target = run_target(run),
		.address = bytes,
		.helo = run->prober->config->helo,
		.resolve = run->resolve,
		.resolved = run->name_outcome == NULL,
		.epoch = run->begun,
		.patient = (run->order.flags & ORDER_PATIENT) != 0,
		.had_starttls = (run->order.flags & ORDER_HAD_STARTTLS) != 0,
		.passed_asked = (run->order.flags & ORDER_PASSED_ASKED) != 0,
		.stalled = &run->prober->stalled,
	};
	leg->dialogue = dialogue_create(&setup, at);
	return leg->dialogue != NULL;
}

const struct tls_settings *
leg_tls(const struct leg *leg)
{
	return run_target(leg->run)->policy->tls;
}

struct tls_names
leg_names(const struct leg *leg)
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
	const char *host = leg_names(leg).host;
	struct address literal;
	struct dns_name name;

	if (address_parse(host, 0, &literal) || !dns_name_parse(host, &name))
		return hash_add_string(HASH_BEGIN, host);
	name = dns_name_registered(&name);
	return hash_add(HASH_BEGIN, name.bytes, name.size);
}

enum dialogue_look
leg_next_look(const struct leg *leg, bool unheard)
{
	bool failed = dialogue_failed_tls(leg->dialogue);

	unheard = unheard && failed;
	switch ((enum dialogue_look)leg->look) {
	case LOOK_USUAL:
		return failed && leg->may_be_outdated ? LOOK_LEGACY : unheard ? LOOK_SMALL
		    : LOOK_USUAL;
	case LOOK_SMALL:
		return leg->small_answered ? LOOK_LARGE : LOOK_USUAL;
	case LOOK_LARGE:
		return unheard ? LOOK_LAST : LOOK_USUAL;
	case LOOK_LEGACY:
	case LOOK_LAST:
		break;
	}
	return LOOK_USUAL;
}

struct tls_clock
leg_clock(struct leg *leg)
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
