/* Whether the EHLO name leads to this machine and back, which `postwatch whoami` and
 * `postwatch check` tell. */
#pragma once

#include "base/text.h"
#include "config/config.h"

/* Whether the EHLO name resolves to an address of ours and that address back to the name; `text`
 * says how it stands, in one line. Asks the DNS as others do (the hosts file does not count), by
 * the configured resolvers, and may take some seconds. */
bool self_check_helo(const struct config *, struct text *);
