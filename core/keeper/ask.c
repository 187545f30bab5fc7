/*
 * For the keeper: holds the requests of people (`postwatch ack`, `outbox retry` and so on) that are
 * under way, and sends their answers to the monitor, whose control socket they came through. Few
 * are under way at once; the packets of all that is done wait in one list for the monitor's socket.
 */
#include "keeper/ask.h"

#include <stdlib.h>

#include "keeper/service_private.h"

static void
put_answer(struct ask *ask, char kind, int status, struct pw_bytes text)
{
	unsigned char packet[ANSWER_LINE_MAX + 64];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_answer(&out, &(struct message_answer){ ask->number, kind, (uint8_t)status,
	    text });
	if (!out.bad)
		(void)packet_queue_add(&ask->packets, packet, out.size, -1);
}

static void __attribute__((format(printf, 3, 0)))
say(struct ask *ask, char kind, const char *format, va_list arguments)
{
	struct text text = TEXT_ROOM(ANSWER_LINE_MAX);

	text_format_v(&text, format, arguments);
	put_answer(ask, kind, 0, (struct pw_bytes){ text.bytes, text.size });
}

void
ask_say(struct ask *ask, char kind, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(ask, kind, format, arguments);
	va_end(arguments);
}

void
ask_end(struct ask *ask, int status)
{
	put_answer(ask, 'x', status, (struct pw_bytes){ "", 0 });
}

void
ask_refuse(struct ask *ask, int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(ask, 'e', format, arguments);
	va_end(arguments);
	ask_end(ask, status);
}

/* 18 digits at most, so that no number can overflow. */
uint64_t
ask_number(struct pw_bytes word)
{
	uint64_t number = 0;

	if (word.size == 0 || word.size > 18)
		return 0;
	for (size_t i = 0; i < word.size; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			return 0;
		number = number * 10 + (uint64_t)(word.data[i] - '0');
	}
	return number;
}

bool
ask_reason(struct pw_bytes word, struct text *into)
{
	size_t blanks = 0;

	while (blanks < word.size && (unsigned char)word.data[blanks] <= ' ')
		blanks++;
	text_escape(into, word);
	return blanks < word.size && word.size <= ASK_REASON_MAX;
}

void
asks_add(struct keeper *keeper, struct ask *ask)
{
	struct ask **link = &keeper->service->asks;

	while (*link != NULL)
		link = &(*link)->next;
	*link = ask;
}

static void
destroy(struct ask *ask)
{
	packet_queue_clear(&ask->packets);
	free(ask);
}

static bool
is_ripe(const struct keeper *keeper, const struct ask *ask)
{
	return commit_queue_is_safe(keeper->commits, ask->serial);
}

/* Not past one whose answer the socket did not take whole, so that the packets of two answers
 * are not mixed. */
void
asks_turn(struct keeper *keeper)
{
	for (struct ask **link = &keeper->service->asks; *link != NULL;) {
		struct ask *ask = *link;

		if (!is_ripe(keeper, ask)) {
			link = &ask->next;
			continue;
		}
		if (!packet_queue_flush(&ask->packets, keeper->service->link.socket))
			return;
		*link = ask->next;
		destroy(ask);
	}
}

bool
asks_wait(const struct keeper *keeper)
{
	for (const struct ask *ask = keeper->service->asks; ask != NULL; ask = ask->next)
		if (is_ripe(keeper, ask))
			return true;
	return false;
}

void
asks_forget(struct keeper *keeper)
{
	for (struct ask *next; keeper->service->asks != NULL; keeper->service->asks = next) {
		next = keeper->service->asks->next;
		destroy(keeper->service->asks);
	}
}
