/*
 * Asking. The server that answered last is asked first; one that says it cannot (SERVFAIL, REFUSED) or is not there gives
 * way to the next at once, one that is silent after 0.7 s, and whoever answers first is heard. A reply that comes late
 * is as good as any.
 */
#include "prober/question.h"

#include <stdlib.h>

enum { PLACES = 1024, ASKED_MAX = 3 }; /* how often a server is asked */

static const double first_wait = 0.7; /* seconds; then twice as long each time */

struct try {
	struct question *question; /* NULL: it was dropped meanwhile */
	struct try *next;          /* of the same question */
	uint32_t server;
};

struct question {
	struct questions *questions;
	struct question *next; /* in the same place of the table */
	struct dns_name name;
	uint16_t type;
	struct wait *waits;
	struct try *tries;
	ev_timer again;
	uint32_t asked;        /* how often */
	uint32_t failed;       /* bits: servers that cannot tell */
	uint32_t begun_with;   /* the server asked first */
	enum dns_status so_far;
	int rcode;
};

struct questions {
	struct ev_loop *loop;
	struct dns_server *const *servers;
	uint32_t server_count, preferred;
	void (*on_answered)(void *arg, const struct dns_name *, uint16_t type, const struct dns_answer *);
	void *arg;
	struct question *table[PLACES];
};

struct questions *
questions_create(struct ev_loop *loop, struct dns_server *const *servers, uint32_t count,
    void (*on_answered)(void *arg, const struct dns_name *, uint16_t type, const struct dns_answer *), void *arg)
{
	struct questions *questions = calloc(1, sizeof *questions);

	if (questions == NULL)
		return NULL;
	questions->loop = loop;
	questions->servers = servers;
	questions->server_count = count;
	questions->on_answered = on_answered;
	questions->arg = arg;
	return questions;
}

static struct question **
place_of(struct questions *questions, const struct dns_name *name, uint16_t type)
{
	uint32_t hash = 2166136261u ^ type;

	for (unsigned i = 0; i < name->size; i++)
		hash = (hash ^ name->bytes[i]) * 16777619u;
	return &questions->table[(hash ^ hash >> 16) % PLACES];
}

/* Drops it: tries under way find nobody. */
static void
drop(struct question *question)
{
	struct question **link = place_of(question->questions, &question->name, question->type);

	while (*link != question)
		link = &(*link)->next;
	*link = question->next;
	for (struct try *try = question->tries; try != NULL; try = try->next)
		try->question = NULL;
	ev_timer_stop(question->questions->loop, &question->again);
	free(question);
}

void
questions_destroy(struct questions **questions)
{
	if (*questions == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++)
		while ((*questions)->table[i] != NULL) {
			struct question *question = (*questions)->table[i];
			for (struct wait *wait = question->waits; wait != NULL; wait = wait->next)
				wait->question = NULL;
			drop(question);
		}
	free(*questions);
	*questions = NULL;
}

/* Tells all who wait, and is gone. */
static void
conclude(struct question *question, const struct conclusion *conclusion)
{
	struct wait *wait = question->waits;

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
	const struct dns_answer answer = { .status = question->so_far, .rcode = question->rcode, .owner = question->name };
	const struct conclusion conclusion = { .answer = &answer };

	conclude(question, &conclusion);
}

static bool ask_next(struct question *question);

/* A server cannot tell: the next one, or the end where all have been heard. */
static void
note_failure(struct question *question, uint32_t server, enum dns_status status, int rcode)
{
	struct questions *questions = question->questions;

	question->failed |= 1u << server;
	if (question->so_far == DNS_NO_ANSWER || status == DNS_SERVFAIL) {
		question->so_far = status;
		question->rcode = rcode;
	}
	if (question->failed == (1u << questions->server_count) - 1 || (!ask_next(question) && question->tries == NULL))
		conclude_without(question);
}

static void
unlink_try(struct question *question, const struct try *gone)
{
	struct try **link = &question->tries;

	while (*link != gone)
		link = &(*link)->next;
	*link = gone->next;
}

static void
on_reply(void *arg, const void *packet, size_t size)
{
	struct try try = *(struct try *)arg;
	struct question *question = try.question;
	struct dns_answer answer;

	if (question != NULL)
		unlink_try(question, arg);
	free(arg);
	if (question == NULL)
		return;
	if (packet == NULL) {
		note_failure(question, try.server, DNS_NO_ANSWER, DNS_RCODE_NONE);
		return;
	}
	struct questions *questions = question->questions;
	dns_read(packet, size, &question->name, question->type, &answer);
	if (answer.status == DNS_SERVFAIL || answer.status == DNS_MALFORMED) {
		note_failure(question, try.server, answer.status, answer.rcode);
		return;
	}
	const struct conclusion conclusion = { &answer, packet, size, dns_server_is_trusted(questions->servers[try.server]) };
	questions->preferred = try.server;
	questions->on_answered(questions->arg, &question->name, question->type, &answer);
	conclude(question, &conclusion);
}

/* Asks the next server that has not said that it cannot. False: all have been asked often enough. The question may be
 * concluded within. */
static bool
ask_next(struct question *question)
{
	struct questions *questions = question->questions;
	unsigned char query[DNS_QUERY_MAX];
	uint32_t server = 0;

	do {
		if (question->asked == ASKED_MAX * questions->server_count)
			return false;
		server = (question->begun_with + question->asked++) % questions->server_count;
	} while ((question->failed & 1u << server) != 0);
	struct try *try = calloc(1, sizeof *try);
	if (try == NULL)
		return false;
	*try = (struct try){ .question = question, .next = question->tries, .server = server };
	question->tries = try;
	size_t size = dns_query(query, &question->name, question->type);
	dns_server_ask(questions->servers[server], query, size, on_reply, try);
	return true;
}

static void
on_again(EV_P_ ev_timer *timer, int events)
{
	struct question *question = timer->data;

	(void)events;
	timer->repeat *= 2;
	ev_timer_again(EV_A_ timer);
	for (struct wait *wait = question->waits, *next; wait != NULL; wait = next) {
		next = wait->next;
		if (wait->on_patience != NULL)
			wait->on_patience(wait);
	}
	(void)ask_next(question);
}

static struct question *
begin(struct questions *questions, const struct dns_name *name, uint16_t type)
{
	struct question *question = calloc(1, sizeof *question);

	if (question == NULL)
		return NULL;
	*question = (struct question){ .questions = questions, .name = *name, .type = type,
		.begun_with = questions->preferred, .so_far = DNS_NO_ANSWER, .rcode = DNS_RCODE_NONE };
	struct question **place = place_of(questions, name, type);
	question->next = *place;
	*place = question;
	/* A timer counts from the loop's last look at the clock; the time since then is not the server's. */
	ev_now_update(questions->loop);
	ev_timer_init(&question->again, on_again, first_wait, first_wait);
	question->again.data = question;
	ev_timer_start(questions->loop, &question->again);
	return question;
}

bool
question_join(struct questions *questions, const struct dns_name *name, uint16_t type, struct wait *wait)
{
	struct question *question = *place_of(questions, name, type);

	while (question != NULL && (question->type != type || !dns_name_equal(&question->name, name)))
		question = question->next;
	bool is_new = question == NULL;
	if (is_new && (question = begin(questions, name, type)) == NULL)
		return false;
	wait->question = question;
	wait->next = question->waits;
	question->waits = wait;
	if (is_new && !ask_next(question))
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

enum dns_status
question_so_far(const struct wait *wait, int *rcode)
{
	*rcode = wait->question == NULL ? DNS_RCODE_NONE : wait->question->rcode;
	return wait->question == NULL ? DNS_NO_ANSWER : wait->question->so_far;
}
