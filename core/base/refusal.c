/*
 * Classifies a server's refusal (4xx, 5xx) by the table of codes, enhanced codes and phrases, for
 * every probe.
 */
#include "base/refusal.h"

#include <assert.h>
#include <string.h>

#include "base/refusal_words.h"

/* A reply on the way through the rows. */
struct matter {
	const struct pw_reply *reply;
	enum pw_stage stage;
	const struct refusal_session *session;
	struct phrase_text text;
	bool of_itself; /* it says that it is itself who is refused elsewhere */
	struct pw_bytes because;
};

static bool
says(struct matter *matter, const char *const *phrases)
{
	return phrase_find_any(&matter->text, phrases, &matter->because);
}

static bool
is_temporary(const struct matter *matter)
{
	return matter->reply->code < 500;
}

/* x.7.x, also at the end in brackets as qmail writes it: "sorry, … (#5.7.1)". */
static bool
has_policy_code(const struct pw_reply *reply)
{
	if (reply->enhanced[0] >= 4)
		return reply->enhanced[1] == 7;
	for (size_t line = 0; line < reply->count; line++) {
		struct pw_bytes text = reply->lines[line];
		const char *at = memmem(text.data, text.size, "(#", 2);

		if (at != NULL && text.data + text.size - at >= 6 && (at[2] == '4' || at[2] == '5')
		    && at[3] == '.')
			return at[4] == '7' && at[5] == '.';
	}
	return false;
}

/* A block list that refuses the server's question answers with an error, which servers repeat as if
 * it were an entry: "blocked using zen.spamhaus.org; Error: open resolver". */
static bool
says_refused_query(const struct matter *matter)
{
	struct pw_bytes what;

	return phrase_find_any(&matter->text, refusal_of_query, &what)
	    && phrase_find_any(&matter->text, refusal_is_error, &what);
}

static bool
says_trouble(const struct matter *matter)
{
	struct pw_bytes what;

	return matter->of_itself || says_refused_query(matter)
	    || phrase_find_any(&matter->text, refusal_trouble, &what)
	    || phrase_find_any(&matter->text, refusal_resolver, &what);
}

static bool
says_rate(struct matter *matter)
{
	int code = matter->reply->code;
	struct pw_bytes what;

	return (code == 421 || (code >= 450 && code <= 452) || code == 454)
	    && says(matter, refusal_rate)
	    && !phrase_find_any(&matter->text, refusal_backend, &what);
}

/* Who has no name for our address because nobody answers there says nothing of us. */
static bool
says_us(struct matter *matter)
{
	struct pw_bytes what;

	if (says_refused_query(matter))
		return false;
	return says(matter, refusal_about_us)
	    || (!phrase_find_any(&matter->text, refusal_resolver, &what)
	        && says(matter, refusal_about_reverse));
}

/* The rows. What STARTTLS is answered with is about TLS, unless it says in so many words that it
 * is about us or the load. */

static bool
is_our_name(struct matter *matter)
{
	if (matter->stage != PW_AT_EHLO)
		return false;
	if (says(matter, refusal_about_name))
		return true;
	if (says_us(matter) || says_trouble(matter))
		return false;
	return says(matter, refusal_mentions_name)
	    || (!says(matter, refusal_is_client) && says(matter, refusal_is_name));
}

/* Words that say it outright go before all else; a mere mention counts only where no trouble, no
 * rate and no certificate is the nearer reason. */
static bool
is_us(struct matter *matter)
{
	if (says_us(matter))
		return true;
	if (says_trouble(matter))
		return false;
	if (says(matter, refusal_mentions_list))
		return true;
	if (matter->stage == PW_AT_STARTTLS || says_rate(matter)
	    || says(matter, refusal_wants_certificate))
		return false;
	return says(matter, refusal_mentions_us)
	    || (!is_temporary(matter) && says(matter, refusal_for_good));
}

static bool
wants_certificate(struct matter *matter)
{
	if (matter->stage == PW_AT_STARTTLS || says_trouble(matter))
		return false;
	return says(matter, refusal_wants_certificate)
	    || (matter->session->cert_asked && says(matter, refusal_names_certificate));
}

/* 530, 534 and 538 ask for TLS or for a login (RFC 3207, RFC 4954): a step that comes first, and
 * no policy about us. */
static bool
is_policy_code(struct matter *matter)
{
	int code = matter->reply->code;

	return matter->stage != PW_AT_STARTTLS && code != 530 && code != 534 && code != 538
	    && has_policy_code(matter->reply);
}

#define AT(stage_) (1u << PW_AT_##stage_)

static const struct row {
	const char *order, *says, *verdict;
	const char *outcome;
	bool (*applies)(struct matter *); /* NULL: code and stage decide alone */
	bool by_words;                    /* `because` names them */
	unsigned stages;                  /* bits of those that the row is for; 0: all */
	int least, most;                  /* reply codes; 0: without that bound */
} rows[REFUSAL_ROWS] = {
	{ "1",
	    "4xx or 5xx to EHLO with words about our EHLO name: \"Helo command rejected\", \"your "
	    "HELO\"", "blocked(helo)", "helo", .applies = is_our_name, .by_words = true },
	{ "1", "4xx or 5xx with words about us: our address, its reverse name, a list that has it, "
	    "greylisting", "blocked(policy)", "policy", .applies = is_us, .by_words = true },
	{ "2", "a certificate of ours is asked for: \"No client certificate presented\"",
	    "degraded(client_cert_required) where TLS is opportunistic, else failed",
	    "client_cert_required", .applies = wants_certificate, .by_words = true },
	{ "3", "421, 450, 451, 452 or 454 with too many connections, a rate, throttling",
	    "degraded(rate_limited)", "rate_limited", .applies = says_rate, .by_words = true },
	{ "4", "any other 4xx", "degraded(tempfail)", "tempfail", .most = 499 },
	{ "5", "5xx (but 530, 534, 538) with an enhanced code x.7.x and without words about us",
	    "blocked(policy), without a reason", "policy", .applies = is_policy_code },
	{ "6", "521 at the greeting", "blocked(no_mail_service), or as reject_is says",
	    "no_mail_service", .stages = AT(GREETING), .least = 521, .most = 521 },
	{ "6", "any other 5xx at the greeting", "blocked(rejected), or as reject_is says",
	    "rejected", .stages = AT(GREETING) },
	{ "7", "any other 5xx to EHLO",
	    "HELO is tried: ok where it is accepted, else failed(ehlo_rejected)", "ehlo_rejected",
	    .stages = AT(EHLO) },
	{ "8", "any other 5xx to STARTTLS",
	    "degraded(starttls_refused) where TLS is opportunistic, else failed",
	    "starttls_refused", .stages = 0 },
};

static bool
applies(const struct row *row, struct matter *matter)
{
	int code = matter->reply->code;

	return (row->stages == 0 || row->stages >> matter->stage & 1) && code >= row->least
	    && (row->most == 0 || code <= row->most)
	    && (row->applies == NULL || row->applies(matter));
}

struct pw_refusal
refusal_judge(
    const struct pw_reply *reply, enum pw_stage stage, const struct refusal_session *session)
{
	struct matter matter = { .reply = reply, .stage = stage, .session = session };

	assert(reply->code >= 400);
	phrase_split(&matter.text, reply, &session->names);
	matter.of_itself = phrase_find_any(&matter.text, refusal_of_itself, &matter.because);
	phrase_drop(&matter.text, refusal_of_itself);
	for (size_t i = 0; i < REFUSAL_ROWS; i++)
		if (applies(&rows[i], &matter))
			return (struct pw_refusal){ .outcome = rows[i].outcome,
				.because = rows[i].by_words ? matter.because
				                            : (struct pw_bytes){ NULL, 0 } };
	assert(false);
	return (struct pw_refusal){ .outcome = "protocol" };
}

/* Politeness is dropped before "you" is looked for: "thank you for calling" is said of nobody. */
struct refusal_marks
refusal_mark(const struct pw_reply *reply, const struct refusal_session *session)
{
	struct matter matter = { .reply = reply, .session = session };
	struct refusal_marks marks = { .too_many = false };

	if (reply->code < 400)
		return marks;
	phrase_split(&matter.text, reply, &session->names);
	marks.too_many = says_rate(&matter);
	marks.policy_code = is_temporary(&matter) && has_policy_code(reply);
	phrase_drop(&matter.text, refusal_is_polite);
	marks.means_us = says(&matter, refusal_addresses_us);
	return marks;
}

const char *
refusal_cell(size_t row, size_t column)
{
	assert(row < REFUSAL_ROWS && column < 3);
	return column == 0 ? rows[row].order : column == 1 ? rows[row].says : rows[row].verdict;
}
