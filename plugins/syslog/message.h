/* For the notifier `syslog`: writes a notice as one syslog message (RFC 5424 or 3164). */
#ifndef SYSLOG_MESSAGE_H
#define SYSLOG_MESSAGE_H

#include <postwatch/notifier.h>

enum message_format { MESSAGE_RFC5424, MESSAGE_RFC3164 };

enum { MESSAGE_MAX = 2048 }; /* bytes that every receiver should accept (RFC 5424 6.1) */

struct message_head {
	enum message_format format;
	int facility;     /* 0 to 23 */
	const char *host; /* our own name */
	const char *tag;
};

/* Writes the message without a line end, cut to MESSAGE_MAX bytes, and returns its size. `pid`
 * becomes PROCID. */
size_t message_write(char line[static MESSAGE_MAX], const struct message_head *,
    const struct pw_notice *, long pid);

/* Returns the syslog severity of a kind of notice (kinds.def), 0 to 7; 5 for a kind that is not
 * known. */
int message_severity(const char *kind);

#endif
