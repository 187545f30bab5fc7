/*
 * For the prober: offers TLS, on one more connection, to a port that accepted a connection and
 * stayed silent, as evidence for "it speaks TLS from the first byte".
 */
#include "prober/offer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "prober/replies.h"

enum { WORDS_MAX = 300 };

struct offer {
	struct stream stream;
	ev_timer timer;
	struct tls_policy *policy;
	struct tls_names names;
	offer_done *done;
	void *owner;
	bool over;
};

/* It is told once, whatever comes first: TLS, words in clear, the end, or the limit. */
static void
finish(struct offer *offer, const char *words)
{
	if (offer->over)
		return;
	offer->over = true;
	ev_timer_stop(offer->stream.loop, &offer->timer);
	offer->done(offer->owner, words);
}

/* What is said in clear, to us who offer TLS. */
static void
finish_in_clear(struct offer *offer, struct pw_bytes said)
{
	char bytes[WORDS_MAX];
	struct text text = TEXT_OVER(bytes);
	const char *end = memchr(said.data, '\n', said.size);
	struct pw_bytes line = { said.data,
	    reply_line_trim(said.data, end != NULL ? (size_t)(end - said.data) : said.size) };
	const char *other = reply_other_protocol(line);

	assert(line.size <= said.size);
	if (line.size > REPLY_SHOWN)
		line.size = text_whole(line.data, REPLY_SHOWN);
	text_add(&text, "asked in TLS, it answers in clear with \"");
	text_escape(&text, line);
	text_add(&text, "\"");
	if (other != NULL)
		text_format(&text, ": this is %s", other);
	finish(offer, bytes);
}

static void
on_connected(void *owner)
{
	struct offer *offer = owner;

	stream_read_once(&offer->stream);
	if (!offer->over)
		stream_secure(&offer->stream, offer->policy, &offer->names);
}

static void
on_data(void *owner, const char *bytes, size_t size)
{
	finish_in_clear(owner, (struct pw_bytes){ bytes, size });
}

static void
on_secured(void *owner)
{
	finish(owner, "it speaks TLS from the first byte");
}

/* A failure inside TLS is an answer, too: who sends an alert speaks TLS. Only what cannot be TLS
 * at all is none. */
static void
on_end(void *owner, const struct close_reason *reason)
{
	struct offer *offer = owner;
	char bytes[WORDS_MAX];
	struct text text = TEXT_OVER(bytes);

	if (reason->end == STREAM_TLS_FAILED && reason->in_clear.size > 0) {
		finish_in_clear(offer, reason->in_clear);
	} else if (reason->end == STREAM_TLS_FAILED
	    && (reason->alert || strcmp(reason->outcome, "tls_protocol") != 0)) {
		text_format(&text, "it speaks TLS from the first byte (%s)", reason->text);
		finish(offer, bytes);
	} else {
		finish(offer, NULL);
	}
}

static void
on_timer(EV_P_ ev_timer *timer, int revents)
{
	(void)loop, (void)revents;
	finish(timer->data, NULL);
}

static const struct stream_events events = {
	.on_connected = on_connected,
	.on_data = on_data,
	.on_tls = on_secured,
	.on_end = on_end,
};

/* A connection that cannot be begun is no evidence, and no reason to end the leg in another way
 * than it had ended. */
struct offer *
offer_begin(struct ev_loop *loop, const struct address *to, const struct address *source,
    struct tls_policy *policy,
    const struct tls_names *names, int64_t limit, offer_done *done, void *owner)
{
	struct offer *offer = calloc(1, sizeof *offer);
	struct close_reason reason;

	if (offer == NULL)
		return NULL;
	offer->policy = policy;
	offer->names = *names;
	offer->done = done;
	offer->owner = owner;
	stream_init(&offer->stream, loop, &events, offer);
	ev_timer_init(&offer->timer, on_timer, (double)limit * 1e-6, 0.);
	offer->timer.data = offer;
	if (!stream_connect(&offer->stream, to, source, &reason)) {
		offer_end(&offer);
		return NULL;
	}
	ev_timer_start(loop, &offer->timer);
	return offer;
}

void
offer_end(struct offer **held)
{
	struct offer *offer = *held;

	if (offer == NULL)
		return;
	offer->over = true;
	ev_timer_stop(offer->stream.loop, &offer->timer);
	stream_fini(&offer->stream);
	free(offer);
	*held = NULL;
}
