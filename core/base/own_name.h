/* This host's own name, as EHLO and the headers of messages have it: for notifiers. */
#pragma once

enum { OWN_NAME_MAX = 256 };

/*
 * The name that is said in EHLO; where that is the address of a connection (`helo` is NULL), the
 * host's own as far as it is one, else "postwatch.invalid". Never "", and fit for the right of an
 * "@". Into `name`, or `helo` itself.
 */
const char *own_name(const char *helo, char name[static OWN_NAME_MAX]);
