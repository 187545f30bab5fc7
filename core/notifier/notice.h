/*
 * For the notifier's worker process: what a plugin is given of a notice, its texts aside: kind,
 * target, times, names.
 */
#pragma once

#include "base/messages_outbox.h"
#include "base/zone.h"
#include "config/config.h"

enum { PAGE_MAX = PAGE_URL_MAX + 3 * NOTICE_TARGET_MAX + 64 };

/* Room for the strings that are views into the packet. */
struct notice_words {
	const char *own_name; /* set by the caller, once */
	char target[4 * NOTICE_TARGET_MAX + 1], host[4 * NOTICE_TARGET_MAX + 1],
	    sentence[2 * NOTICE_TEXT_MAX];
	char first_target[4 * NOTICE_TARGET_MAX + 1], first_host[4 * NOTICE_TARGET_MAX + 1];
	char page[PAGE_MAX];
};

/* Where the page tells of it, into room for PAGE_MAX bytes: its incident, else its target, else
 * what it says of us. `page_url`: as configured; NULL: there is none, and it is "". */
const char *notice_page(char *room, const char *page_url, const struct message_notice *);

/* All but subject, body, JSON and page. The notice's strings lie in `words` and in `from`. */
void notice_fill(struct pw_notice *, struct notice_words *, const struct message_notice *from,
    const struct zone *, int64_t now);
