/* What a plugin is given of a notice, its texts aside. */
#ifndef NOTIFIER_NOTICE_H
#define NOTIFIER_NOTICE_H

#include "base/messages_outbox.h"
#include "base/zone.h"

/* Room for the strings that are views into the packet. */
struct notice_words {
	const char *own_name; /* set by the caller, once */
	char target[4 * NOTICE_TARGET_MAX + 1], host[4 * NOTICE_TARGET_MAX + 1],
	    sentence[2 * NOTICE_TEXT_MAX];
	char first_target[4 * NOTICE_TARGET_MAX + 1], first_host[4 * NOTICE_TARGET_MAX + 1];
};

/* All but subject, body and JSON. The notice's strings lie in `words` and in `from`. */
void notice_fill(struct pw_notice *, struct notice_words *, const struct message_notice *from,
    const struct zone *,
    int64_t now);

#endif
