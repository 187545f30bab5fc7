/* Changes of our own have numbers of their own, and no target: what they are of stands in their
 * sentence. */
#include "monitor/own_notice.h"

#include <stdio.h>

#include "base/messages_outbox.h"
#include "monitor/monitor.h"

enum { SENTENCE_MAX = 8192 };

uint64_t
own_notice(struct monitor *monitor, enum notice_kind kind, const char *code, struct moment since,
    const char *format, ...)
{
	struct message_change message = { .target = CONFIG_NONE,
	    .change = keeper_link_number_own(monitor->keeper),
		.detected = message_time(since),
		.confirmed = message_time(watch_moment(&monitor->watch)) };
	char sentence[SENTENCE_MAX];
	struct text text = TEXT_OVER(sentence);
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	snprintf(message.kind, sizeof message.kind, "%s", notice_name(kind));
	snprintf(message.code, sizeof message.code, "%s", code);
	message.text = (struct pw_bytes){ text.bytes, text.size };
	keeper_link_add_change(monitor->keeper, &message);
	keeper_link_mark(monitor->keeper, CONFIG_NONE);
	return message.change;
}
