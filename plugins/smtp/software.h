/*
 * For the SMTP probes: finds which mail server software a greeting names (Postfix, Exim ...), which
 * becomes a fact of the target.
 */
#ifndef SMTP_SOFTWARE_H
#define SMTP_SOFTWARE_H

#include <postwatch/probe.h>

/* Returns name and version ("Postfix (Debian/GNU)", "Exim 4.96", "Haraka/3.0.5") in the text of a
 * greeting, without tokens that differ in every greeting. The result is a part of `text`, of size
 * 0 where no product is known. */
struct pw_bytes software_of(struct pw_bytes text);

#endif
