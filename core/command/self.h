/* What others see of us: addresses by family, EHLO name, and whether the one leads to the other;
 * `postwatch whoami`. */
#ifndef COMMAND_SELF_H
#define COMMAND_SELF_H

#include "command/command.h"
#include "config/config.h"

extern const struct command command_whoami;

/* Whether the EHLO name resolves to an address of ours and that address back to the name; `text`
 * says how it stands, in one line. Asks the DNS as others do (the hosts file does not count), by
 * the configured resolvers, and may take some seconds. */
bool self_check_helo(const struct config *, struct text *);

#endif
