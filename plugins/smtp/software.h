/* The mail server that a greeting names. */
#ifndef SMTP_SOFTWARE_H
#define SMTP_SOFTWARE_H

#include <postwatch/probe.h>

/* Name and version ("Postfix (Debian/GNU)", "Exim 4.96", "Haraka/3.0.5") in the text of a greeting, without what changes from
 * one greeting to the next; a part of `text`, of size 0 where none is known. */
struct pw_bytes software_of(struct pw_bytes text);

#endif
