/* A notice as one line of syslog. */
#ifndef SYSLOG_MESSAGE_H
#define SYSLOG_MESSAGE_H

#include <postwatch/notifier.h>

enum message_format { MESSAGE_RFC5424, MESSAGE_RFC3164 };

enum { MESSAGE_MAX = 2048 }; /* RFC 5424, section 6.1: what every receiver should take */

struct message_head {
	enum message_format format;
	int facility;     /* its number, 0 to 23 */
	const char *host; /* our own name */
	const char *tag;
};

/* Writes the line, without a line end, into `line`; returns its size. What does not fit is cut. `pid` is the sender's. */
size_t message_write(char line[static MESSAGE_MAX], const struct message_head *, const struct pw_notice *, long pid);

/* The severity of a kind of notice, 0 to 7; a kind that came later is a notice (5). */
int message_severity(const char *kind);

#endif
