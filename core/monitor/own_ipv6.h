/* Whether our own way over IPv6 is away, by what runs of targets of both families tell. */
#ifndef MONITOR_OWN_IPV6_H
#define MONITOR_OWN_IPV6_H

#include "monitor/sighting.h"

struct monitor;
struct watch;

/* What the last run of a target told: nothing, that somebody was heard over IPv6, or that all of
 * IPv6 were silent while one of IPv4 answered. */
enum ipv6 { IPV6_UNSEEN, IPV6_HEARD, IPV6_SILENT };

/*
 * Learns from a run beyond this host. Where our way is away, what the run says of the target's IPv6
 * addresses is taken out of it: the condition some_addresses, or the failure where all addresses
 * have to answer.
 */
void ipv6_learn(struct monitor *, struct sighting *, struct report *);

/*
 * Whether nobody in another network is watched over IPv6: then it cannot be told whose fault it is.
 */
bool ipv6_is_alone(const struct watch *, uint32_t target);

#endif
