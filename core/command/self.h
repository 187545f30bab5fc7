/* What others see of us: addresses by family, EHLO name, and whether the one leads to the other. */
#ifndef COMMAND_SELF_H
#define COMMAND_SELF_H

#include "config/config.h"

/* Our address towards the internet for a family (AF_INET, AF_INET6), by the routing table; nothing is sent. False: no
 * route. */
bool self_address(int family, struct address *);

/* Whether the EHLO name resolves to an address of ours and that address back to the name; `text` says how it stands,
 * in one line. Asks the DNS as others do (the hosts file does not count), by the configured resolvers, and may take some
 * seconds. */
bool self_check_helo(const struct config *, struct text *);

#endif
