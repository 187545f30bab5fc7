/*
 * For the prober's resolver: puts one DNS question to the servers in turn. The server that answered
 * last is asked first; one that says that it cannot (SERVFAIL, REFUSED …) or is not there gives way
 * to the next at once; where one is silent for 0.7 s the next is asked as well, and the first
 * answer counts. A reply that comes late is as good as any.
 */
#include "prober/question.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/hash.h"
#include "prober/exchange.h"

enum { PLACES = 1024, ASKED_MAX = 3 }; /* how often a server is asked */

static const double first_wait = 0.7; /* seconds; then twice as long each time */

/* A question and one server. */
struct try {
	struct question *question;
	struct exchange *exchange; /* NULL: none is under way */
	unsigned asked;            /* how often */
	struct opinion opinion;
};

struct question {
	struct questions *questions;
	struct question *next;   /* in the same place of the table */
	struct dns_name name;
	struct dns_name asked_for; /* the same, or where its aliases led so far */
	struct dns_walk walk;      /* over those that were asked for one by one */
	uint32_t ttl;              /* at most: of those aliases */
	uint16_t type;
	uint32_t except;
	struct wait *waits;
	ev_timer again;
	unsigned next_server;    /* whose turn it is */
	int64_t begun, sent;     /* sent: -1 while it stands in line */
	struct try tries[QUESTION_SERVERS_MAX];
};

struct questions {
	struct ev_loop *loop;
	struct exchanges *exchanges;
	const struct address *servers;
	uint32_t server_count, preferred;
	question_answered *on_answered;
	void *arg;
	struct question *table[PLACES];
};

struct questions *
questions_create(struct ev_loop *loop, const struct address *servers, uint32_t count,
    uint32_t sockets, question_answered *on_answered, void *arg)
{
	struct questions *questions = calloc(1, sizeof *questions);

	assert(count <= QUESTION_SERVERS_MAX);
	if (questions == NULL)
		return NULL;
	questions->loop = loop;
	questions->servers = servers;
	questions->server_count = count;
	questions->on_answered = on_answered;
	questions->arg = arg;
	questions->exchanges = exchanges_create(loop, sockets);
	if (questions->exchanges == NULL)
		questions_destroy(&questions);
	return questions;
}

static struct question **
place_of(struct questions *questions, const struct dns_name *name, uint16_t type)
{
	return &questions->table[hash_end(hash_add(HASH_BEGIN ^ type, name->bytes,
	    name->size)) % PLACES];
}

static void
drop(struct question *question)
{
	struct question **link = place_of(question->questions, &question->name, question->type);

	while (*link != question)
		link = &(*link)->next;
	*link = question->next;
	for (unsigned i = 0; i < question->questions->server_count; i++)
		exchange_cancel(&question->tries[i].exchange);
	ev_timer_stop(question->questions->loop, &question->again);
	free(question);
}

void
questions_destroy(struct questions **questions)
{
	if (*questions == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++)
		assert((*questions)->table[i] == NULL); /* nobody waits */
	exchanges_destroy(&(*questions)->exchanges);
	free(*questions);
	*questions = NULL;
}

/* The end */

/* What a server that was asked and has not answered did so far. */
static struct opinion
opinion_so_far(const struct try *try)
{
	struct opinion opinion = { .status = DNS_NO_ANSWER, .rcode = DNS_RCODE_NONE };
	size_t size;

	if (try->exchange == NULL)
		return try->opinion;
	if (!exchange_is_sent(try->exchange))
		opinion = (struct opinion){ .status = DNS_OURS, .rcode = DNS_RCODE_NONE,
		    .error = EMFILE /* it stands in line for a socket */ };
	else if (exchange_truncated(try->exchange, &size) != NULL)
		opinion = (struct opinion){ .status = DNS_TRUNCATED, .rcode = DNS_NOERROR,
		    .error = -1 };
	else if (exchange_heard_rubbish(try->exchange))
		opinion.status = DNS_MALFORMED;
	return opinion;
}

static int64_t
waited_in_line(const struct question *question)
{
	return (question->sent >= 0 ? question->sent : clock_mono()) - question->begun;
}

/* Fills in what nobody's answer decides. `opinions` and `answer` are the caller's. */
static void
conclude_as_it_stands(const struct question *question, struct opinion *opinions,
    struct dns_answer *answer, struct conclusion *conclusion)
{
	unsigned count = question->questions->server_count;
	const struct opinion *of_all = NULL; /* of servers that told nothing, the one that says
	                                      * most of the name */

	for (unsigned i = 0; i < count; i++) {
		opinions[i] = opinion_so_far(&question->tries[i]);
		if (opinions[i].status != DNS_NOT_ASKED
		    && (of_all == NULL || opinions[i].status < of_all->status))
			of_all = &opinions[i];
	}
	assert(of_all != NULL); /* one was asked, or lacked the memory to be */
	answer->status = (enum dns_status)of_all->status;
	answer->rcode = of_all->rcode;
	answer->owner = question->name;
	answer->count = 0;
	*conclusion = (struct conclusion){ .answer = answer, .server = -1, .opinions = opinions,
		.waited = waited_in_line(question) };
}

/* Tells all who wait, and is gone. */
static void
conclude(struct question *question, const struct conclusion *conclusion)
{
	struct wait *wait = question->waits;

	assert(wait != NULL && wait->question == question);
	for (struct wait *each = wait; each != NULL; each = each->next)
		each->question = NULL;
	drop(question);
	while (wait != NULL) {
		struct wait *next = wait->next;
		wait->on_concluded(wait, conclusion);
		wait = next;
	}
}

static void
conclude_without(struct question *question)
{
	struct opinion opinions[QUESTION_SERVERS_MAX] = { 0 };
	struct dns_answer answer;
	struct conclusion conclusion;

	conclude_as_it_stands(question, opinions, &answer, &conclusion);
	conclude(question, &conclusion);
}

/* Takes `answer` for the word of all; `packet` is lent. */
static void
conclude_with(struct question *question, unsigned server, struct dns_answer *answer,
    const void *packet, size_t size)
{
	struct questions *questions = question->questions;
	struct opinion opinions[QUESTION_SERVERS_MAX] = { 0 };

	assert(server < questions->server_count && question->tries[server].question == question);
	question->tries[server].opinion = (struct opinion){ .status = (uint8_t)answer->status,
	    .rcode = (int16_t)answer->rcode };
	for (unsigned i = 0; i < questions->server_count; i++)
		opinions[i] = question->tries[i].opinion;
	if (answer->ttl > question->ttl)
		answer->ttl = question->ttl;
	const struct conclusion conclusion = { .answer = answer, .packet = packet, .size = size,
		.asked_for = question->asked_for, .server = (int)server, .opinions = opinions,
		    .waited = waited_in_line(question),
		.age = questions->on_answered(questions->arg, &question->name, question->type,
		    answer, (int)server) };
	conclude(question, &conclusion);
}

/* Asking */

static void on_end(void *arg, const struct exchange_result *result);

static bool
begin_exchange(struct try *try, const struct address *server)
{
	struct question *question = try->question;

	try->exchange = exchange_begin(question->questions->exchanges, server, &question->asked_for,
	    question->type, on_end, try);
	if (try->exchange == NULL) {
		try->opinion = (struct opinion){ .status = DNS_OURS, .rcode = DNS_RCODE_NONE,
		    .error = ENOMEM };
		return false;
	}
	try->asked++;
	if (question->sent < 0 && exchange_is_sent(try->exchange))
		question->sent = clock_mono();
	return true;
}

/* Asks the next server that may be asked: one that was not yet, or, where `again`, one that is
 * silent. Returns false where there is none. */
static bool
ask_next(struct question *question, bool again)
{
	struct questions *questions = question->questions;

	for (unsigned i = 0; i < questions->server_count; i++) {
		unsigned server = (question->next_server + i) % questions->server_count;
		struct try *try = &question->tries[server];
		bool is_silent = try->asked > 0 && try->exchange != NULL;
		if ((question->except >> server & 1) != 0 || try->asked >= ASKED_MAX
		    || (try->asked > 0 && !(again && is_silent)))
			continue;
		if (try->exchange != NULL) {
			try->asked++;
			exchange_repeat(try->exchange);
		} else if (!begin_exchange(try, &questions->servers[server])) {
			continue;
		}
		question->next_server = (server + 1) % questions->server_count;
		return true;
	}
	return false;
}

/* A server cannot tell: the next one, or the end where all have been heard. */
static void
note_opinion(struct try *try, enum dns_status status, int rcode, int error)
{
	struct question *question = try->question;

	try->opinion = (struct opinion){ (uint8_t)status, (int16_t)rcode, error };
	if (ask_next(question, false))
		return;
	for (unsigned i = 0; i < question->questions->server_count; i++)
		if (question->tries[i].exchange != NULL)
			return;
	conclude_without(question);
}

/* A server knows an alias, and nothing of where it leads (it does not ask others, or not to the
 * end): the same server is asked for that. */
static void
follow_alias(struct try *try, const struct dns_answer *answer)
{
	struct question *question = try->question;
	struct questions *questions = question->questions;

	question->asked_for = answer->owner;
	if (answer->ttl < question->ttl)
		question->ttl = answer->ttl;
	for (unsigned i = 0; i < questions->server_count; i++) {
		exchange_cancel(&question->tries[i].exchange);
		question->tries[i].asked = 0;
	}
	if (!begin_exchange(try, &questions->servers[try - question->tries]))
		note_opinion(try, DNS_OURS, DNS_RCODE_NONE, ENOMEM);
}

/* Reads a truncated reply; returns true if all records of the answer are there. */
static bool
is_whole(const struct question *question, const void *packet, size_t size,
    struct dns_answer *answer)
{
	if (packet == NULL)
		return false;
	dns_read(packet, size, &question->asked_for, question->type, answer);
	return answer->status == DNS_FOUND || answer->status == DNS_NO_NAME;
}

/* What came over TCP and tells nothing leaves what had come over UDP. */
static void
take_reply(struct try *try, const struct exchange_result *result)
{
	struct question *question = try->question;
	struct questions *questions = question->questions;
	unsigned server = (unsigned)(try - question->tries);
	struct dns_answer answer, first;

	dns_read(result->packet, result->size, &question->asked_for, question->type, &answer);
	if (answer.is_partial) {
		enum dns_status end = dns_walk_step(&question->walk, &answer.owner, DNS_CHAIN_MAX);
		if (end == DNS_NOT_ASKED) {
			follow_alias(try, &answer);
			return;
		}
		answer.status = end;
	}
	if (dns_is_of_name(answer.status)) {
		questions->preferred = server;
		conclude_with(question, server, &answer, result->packet, result->size);
	} else if (is_whole(question, result->truncated, result->truncated_size, &first)) {
		conclude_with(question, server, &first, result->truncated, result->truncated_size);
	} else {
		note_opinion(try, answer.status, answer.rcode,
		    answer.status == DNS_TRUNCATED ? EMSGSIZE : 0);
	}
}

static void
take_truncated(struct try *try, const struct exchange_result *result)
{
	struct question *question = try->question;
	struct dns_answer answer;

	if (is_whole(question, result->packet, result->size, &answer))
		conclude_with(question, (unsigned)(try - question->tries), &answer, result->packet,
		    result->size);
	else
		note_opinion(try, result->is_ours ? DNS_OURS : DNS_TRUNCATED,
		    result->packet != NULL ? DNS_NOERROR : DNS_RCODE_NONE, result->error);
}

static void
on_end(void *arg, const struct exchange_result *result)
{
	static const enum dns_status statuses[] = { [EXCHANGE_CLOSED] = DNS_CLOSED,
		[EXCHANGE_UNREACHABLE] = DNS_UNREACHABLE, [EXCHANGE_OURS] = DNS_OURS };
	struct try *try = arg;

	try->exchange = NULL;
	if (result->end == EXCHANGE_REPLY)
		take_reply(try, result);
	else if (result->end == EXCHANGE_CUT)
		take_truncated(try, result);
	else
		note_opinion(try, statuses[result->end], DNS_RCODE_NONE, result->error);
}

static bool
look_whether_sent(struct question *question)
{
	for (unsigned i = 0; i < question->questions->server_count && question->sent < 0; i++)
		if (question->tries[i].exchange != NULL
		    && exchange_is_sent(question->tries[i].exchange))
			question->sent = clock_mono();
	return question->sent >= 0;
}

/* Takes a truncated reply that is whole for the answer. Returns false if there is none. */
static bool
conclude_with_truncated(struct question *question)
{
	struct dns_answer answer;

	for (unsigned i = 0; i < question->questions->server_count; i++) {
		struct exchange *exchange = question->tries[i].exchange;
		size_t size;
		const void *packet = exchange == NULL ? NULL : exchange_truncated(exchange, &size);

		if (packet == NULL || !is_whole(question, packet, size, &answer))
			continue;
		void *taken = exchange_take_truncated(exchange, &size);
		conclude_with(question, i, &answer, taken, size);
		free(taken);
		return true;
	}
	return false;
}

/* The wait doubles each time, from 0.7 s: a resolver that is itself waiting for an authority
 * answers late, and asking more often makes that no better (RFC 8085, section 3.1.1). Time in
 * line for a socket of ours does not count. */
static void
on_again(EV_P_ ev_timer *timer, int events)
{
	struct question *question = timer->data;

	(void)events;
	if (look_whether_sent(question))
		timer->repeat *= 2;
	ev_timer_again(EV_A_ timer);
	if (question->sent < 0 || conclude_with_truncated(question)) /* TCP had its time */
		return;
	for (struct wait *wait = question->waits, *next; wait != NULL; wait = next) {
		next = wait->next;
		if (wait->on_patience != NULL)
			wait->on_patience(wait);
	}
	(void)ask_next(question, true);
}

/* Joining and leaving */

static struct question *
begin(struct questions *questions, const struct dns_name *name, uint16_t type, uint32_t except)
{
	struct question *question = calloc(1, sizeof *question);

	if (question == NULL)
		return NULL;
	*question = (struct question){ .questions = questions, .name = *name, .asked_for = *name,
		.walk = dns_walk_begin(name), .ttl = UINT32_MAX, .type = type, .except = except,
		.next_server = questions->preferred, .begun = clock_mono(), .sent = -1 };
	for (unsigned i = 0; i < questions->server_count; i++)
		question->tries[i].question = question;
	struct question **place = place_of(questions, name, type);
	question->next = *place;
	*place = question;
	/* A timer counts from the loop's last look at the clock; the time since then is not the
	 * server's. */
	ev_now_update(questions->loop);
	ev_timer_init(&question->again, on_again, first_wait, first_wait);
	question->again.data = question;
	ev_timer_start(questions->loop, &question->again);
	return question;
}

bool
question_join(struct questions *questions, const struct dns_name *name, uint16_t type,
    uint32_t except, struct wait *wait)
{
	struct question *question = *place_of(questions, name, type);

	if ((~except & ((1u << questions->server_count) - 1)) == 0)
		return false;
	while (question != NULL && (question->type != type || question->except != except
	    || !dns_name_equal(&question->name, name)))
		question = question->next;
	assert(wait->question == NULL && wait->on_concluded != NULL);
	bool is_new = question == NULL;
	if (is_new && (question = begin(questions, name, type, except)) == NULL)
		return false;
	wait->question = question;
	wait->next = question->waits;
	question->waits = wait;
	if (is_new && !ask_next(question, false))
		conclude_without(question);
	return true;
}

void
question_leave(struct wait *wait)
{
	struct question *question = wait->question;

	if (question == NULL)
		return;
	struct wait **link = &question->waits;
	while (*link != wait)
		link = &(*link)->next;
	*link = wait->next;
	wait->question = NULL;
	if (question->waits == NULL)
		drop(question);
}

void
question_give_up(struct wait *wait)
{
	struct question *question = wait->question;
	struct opinion opinions[QUESTION_SERVERS_MAX] = { 0 };
	struct dns_answer answer;
	struct conclusion conclusion;

	if (question == NULL)
		return;
	if (conclude_with_truncated(question))
		return;
	conclude_as_it_stands(question, opinions, &answer, &conclusion);
	question_leave(wait);
	wait->on_concluded(wait, &conclusion);
}

bool
question_is_sent(const struct wait *wait)
{
	return wait->question == NULL || look_whether_sent(wait->question);
}
