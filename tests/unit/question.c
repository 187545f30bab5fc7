/* One DNS question and all who wait for it: who is told what, whom it is put to, and how long its answer holds. */
#include "unit/resolver_answers.h"

#include <errno.h>

#include "prober/question.h"

enum { WAITS = 3 };

static int recv_fails;        /* the next call, with this errno; 0: it does not */
static int no_memory;         /* for so many pieces */
static ev_tstamp first_wait;  /* seconds, in place of a question's own; 0: that */

ssize_t __real_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_ev_timer_start(struct ev_loop *loop, ev_timer *timer);
void __wrap_ev_timer_start(struct ev_loop *loop, ev_timer *timer);

ssize_t
__wrap_recv(int fd, void *bytes, size_t size, int flags)
{
	errno = recv_fails;
	recv_fails = 0;
	return errno != 0 ? -1 : __real_recv(fd, bytes, size, flags);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return no_memory > 0 && no_memory-- > 0 ? NULL : __real_calloc(count, size);
}

void
__wrap_ev_timer_start(struct ev_loop *loop, ev_timer *timer)
{
	if (first_wait > 0)
		ev_timer_set(timer, first_wait, first_wait);
	__real_ev_timer_start(loop, timer);
}

/* One who waits, and what was concluded. */
struct waiter {
	struct wait wait;
	int told, patient;
	enum dns_status status;
	uint32_t ttl;
	int server, error; /* the latter of what the first server said */
	int64_t waited;
};

static struct world *world;
static struct questions *questions;
static struct waiter waiters[WAITS];
static struct dns_name name;

static void
on_concluded(struct wait *wait, const struct conclusion *conclusion)
{
	struct waiter *waiter = (struct waiter *)wait;

	waiter->told++;
	waiter->status = (enum dns_status)conclusion->answer->status;
	waiter->ttl = conclusion->answer->ttl;
	waiter->server = conclusion->server;
	waiter->error = conclusion->opinions[0].error;
	waiter->waited = conclusion->waited;
}

static void
on_patience(struct wait *wait)
{
	((struct waiter *)wait)->patient++;
}

static struct answer_age
on_answered(void *arg, const struct dns_name *of, uint16_t type, const struct dns_answer *answer, int server)
{
	(void)arg, (void)of, (void)type, (void)answer, (void)server;
	return (struct answer_age){ 0 };
}

static void
begin_with(uint32_t servers, uint32_t sockets)
{
	recv_fails = 0;
	no_memory = 0;
	first_wait = 0;
	memset(waiters, 0, sizeof waiters);
	for (int i = 0; i < WAITS; i++)
		waiters[i].wait.on_concluded = on_concluded;
	waiters[0].wait.on_patience = on_patience;
	world = open_world(servers);
	questions = questions_create(world->loop, world->addresses, servers, sockets, on_answered, NULL);
	assert_non_null(questions);
	assert_true(dns_name_parse("mx.example.test", &name));
}

static void
end(void)
{
	for (int i = 0; i < WAITS; i++)
		question_leave(&waiters[i].wait);
	questions_destroy(&questions);
	close_world(world);
}

static void
join(int waiter, uint32_t except)
{
	assert_true(question_join(questions, &name, DNS_A, except, &waiters[waiter].wait));
}

/* It is asked once, and whoever left hears nothing. */
static void
all_who_wait_are_told(void **state)
{
	(void)state;
	begin_with(1, 8);
	world->servers[0].answer = one_address;
	for (int i = 0; i < WAITS; i++)
		join(i, 0);
	question_leave(&waiters[0].wait); /* who came first is the last in the list */
	turn_until(world, &waiters[1].told, 1);
	assert_int_equal(world->servers[0].asked, 1);
	assert_int_equal(waiters[0].told, 0);
	assert_int_equal(waiters[2].told, 1);
	assert_int_equal(waiters[1].status, DNS_FOUND);
	assert_int_equal(waiters[1].ttl, 300);
	end();
}

/* Who does not want a server's word is told another's. */
static void
who_excepts_a_server_asks_apart(void **state)
{
	(void)state;
	begin_with(2, 8);
	world->servers[0].answer = world->servers[1].answer = one_address;
	join(0, 0);
	join(1, 1);
	assert_false(question_join(questions, &name, DNS_A, 3, &waiters[2].wait));
	turn_until(world, &waiters[0].told, 1);
	turn_until(world, &waiters[1].told, 1);
	assert_int_equal(waiters[0].server, 0);
	assert_int_equal(waiters[1].server, 1);
	assert_int_equal(world->servers[0].asked + world->servers[1].asked, 2);
	end();
}

/* Without a socket it stands in line: nobody was asked, and that is ours. */
static void
who_stands_in_line_was_not_sent(void **state)
{
	struct dns_name other;

	(void)state;
	begin_with(1, 1);
	world->servers[0].answer = NULL; /* silent */
	join(0, 0);
	assert_true(dns_name_parse("other.example.test", &other));
	assert_true(question_join(questions, &other, DNS_A, 0, &waiters[1].wait));
	assert_true(question_is_sent(&waiters[0].wait));
	assert_false(question_is_sent(&waiters[1].wait));
	assert_true(question_is_sent(&waiters[2].wait)); /* which does not wait */
	waiters[1].wait.on_patience = on_patience;
	turn_until(world, &waiters[0].patient, 1);
	assert_int_equal(waiters[1].patient, 0);
	question_give_up(&waiters[1].wait);
	assert_int_equal(waiters[1].told, 1);
	assert_int_equal(waiters[1].status, DNS_OURS);
	assert_int_equal(waiters[1].error, EMFILE);
	assert_true(waiters[1].waited > 500 * MILLISECOND);
	question_give_up(&waiters[1].wait); /* which is of no effect any more */
	question_give_up(&waiters[0].wait);
	assert_int_equal(waiters[0].status, DNS_NO_ANSWER);
	assert_int_equal(waiters[1].told, 1);
	end();
}

/* What a router says of one server is no word of the name: the next is asked. */
static void
a_server_that_cannot_be_reached_is_passed_over(void **state)
{
	(void)state;
	begin_with(2, 8);
	world->servers[0].answer = world->servers[1].answer = one_address;
	recv_fails = EHOSTUNREACH;
	join(0, 0);
	turn_until(world, &waiters[0].told, 1);
	assert_int_equal(waiters[0].server, 1);
	assert_int_equal(waiters[0].status, DNS_FOUND);
	recv_fails = EHOSTUNREACH;
	join(1, 1);
	turn_until(world, &waiters[1].told, 1);
	assert_int_equal(waiters[1].status, DNS_UNREACHABLE);
	assert_int_equal(waiters[1].server, -1);
	end();
}

/* mx -> a -> b, one alias an answer, each with a time of its own; the address last. */
static size_t
alias_by_alias(struct server *server, unsigned char *packet, size_t size, const char *asked, uint16_t type)
{
	static const char a[] = "\1a\7example\4test", b[] = "\1b\7example\4test";
	const char *to = strncmp(asked, "mx.", 3) == 0 ? a : strncmp(asked, "a.", 2) == 0 ? b : NULL;

	server->ttl = to == a ? 60 : to == b ? 300 : 600;
	if (to == NULL)
		return one_address(server, packet, size, asked, type);
	head(packet, 0, 1);
	return record(server, packet, size, 5, to, sizeof a);
}

static void
an_answer_holds_no_longer_than_its_aliases(void **state)
{
	(void)state;
	begin_with(1, 8);
	world->servers[0].answer = alias_by_alias;
	join(0, 0);
	turn_until(world, &waiters[0].told, 1);
	assert_int_equal(waiters[0].status, DNS_FOUND);
	assert_int_equal(world->servers[0].asked, 3);
	assert_int_equal(waiters[0].ttl, 60);
	end();
}

/* "There is no such name", cut short, and no TCP: a no needs no records. */
static size_t
cut_no_name(struct server *server, unsigned char *packet, size_t size, const char *asked, uint16_t type)
{
	(void)server, (void)asked, (void)type;
	head(packet, 3, 0);
	packet[2] |= 0x02;
	return size;
}

static void
a_no_that_is_cut_is_one(void **state)
{
	(void)state;
	begin_with(1, 8);
	world->servers[0].answer = cut_no_name;
	join(0, 0);
	turn_until(world, &waiters[0].told, 1);
	assert_int_equal(waiters[0].status, DNS_NO_NAME);
	end();
}

static size_t
refuse(struct server *server, unsigned char *packet, size_t size, const char *asked, uint16_t type)
{
	(void)server, (void)asked, (void)type;
	head(packet, 5, 0);
	return size;
}

static size_t
fail_to(struct server *server, unsigned char *packet, size_t size, const char *asked, uint16_t type)
{
	(void)server, (void)asked, (void)type;
	head(packet, DNS_SERVER_FAILURE, 0);
	return size;
}

/* Of servers that know nothing the word that says most of the name is told, whoever gave it. */
static void
the_word_about_the_name_is_told(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		begin_with(2, 8);
		world->servers[i].answer = refuse;
		world->servers[1 - i].answer = fail_to;
		join(0, 0);
		turn_until(world, &waiters[0].told, 1);
		assert_int_equal(waiters[0].status, DNS_SERVFAIL);
		assert_int_equal(waiters[0].server, -1);
		end();
	}
}

/* A server that is silent is waited for while another one refuses, and asked again; that one is not. */
static void
who_is_silent_is_asked_again(void **state)
{
	(void)state;
	begin_with(2, 8);
	world->servers[0].answer = refuse;
	join(0, 0);
	turn_until(world, &world->servers[1].asked, 2);
	assert_int_equal(waiters[0].told, 0);
	assert_int_equal(world->servers[0].asked, 1);
	assert_true(question_is_sent(&waiters[0].wait));
	question_give_up(&waiters[0].wait);
	assert_int_equal(waiters[0].status, DNS_NO_ANSWER);
	end();
}

/* Three times at most, however long it is waited for; and whoever has no patience to lose waits as well. */
static void
nobody_is_asked_a_fourth_time(void **state)
{
	(void)state;
	begin_with(1, 8);
	first_wait = 0.01;
	join(0, 0);
	join(1, 0);
	turn_until(world, &waiters[0].patient, 5);
	for (int i = 0; i < 4; i++)
		ev_run(world->loop, EVRUN_NOWAIT);
	assert_int_equal(world->servers[0].asked, 3);
	assert_int_equal(waiters[0].told + waiters[1].told, 0);
	question_give_up(&waiters[0].wait);
	question_give_up(&waiters[1].wait);
	assert_int_equal(waiters[1].status, DNS_NO_ANSWER);
	end();
}

/* One is silent and may still answer when the last of the others refuses. */
static void
a_refusal_ends_nothing_while_another_is_waited_for(void **state)
{
	(void)state;
	begin_with(2, 8);
	first_wait = 0.01;
	world->servers[1].answer = refuse;
	join(0, 0);
	turn_until(world, &world->servers[1].asked, 1);
	for (int i = 0; i < 4; i++)
		ev_run(world->loop, EVRUN_NOWAIT);
	assert_int_equal(waiters[0].told, 0);
	world->servers[0].answer = one_address;
	turn_until(world, &waiters[0].told, 1);
	assert_int_equal(waiters[0].status, DNS_FOUND);
	assert_int_equal(waiters[0].server, 0);
	end();
}

/* It is sent when another gives its socket back, to the only server that it may be put to. */
static void
who_stood_in_line_is_sent_later(void **state)
{
	struct dns_name other;

	(void)state;
	begin_with(2, 1);
	join(0, 0);
	assert_true(dns_name_parse("other.example.test", &other));
	assert_true(question_join(questions, &other, DNS_A, 1, &waiters[1].wait));
	assert_false(question_is_sent(&waiters[1].wait));
	question_leave(&waiters[0].wait);
	assert_true(question_is_sent(&waiters[1].wait));
	world->servers[1].answer = one_address;
	turn_until(world, &waiters[1].told, 1);
	assert_int_equal(waiters[1].status, DNS_FOUND);
	assert_int_equal(waiters[1].server, 1);
	end();
}

/* An alias is followed at the second try, and is ours where that finds no memory either. */
static void
an_alias_without_memory_is_ours(void **state)
{
	(void)state;
	for (int lacking = 1; lacking <= 2; lacking++) {
		begin_with(1, 8);
		world->servers[0].answer = alias_by_alias;
		join(0, 0);
		no_memory = lacking;
		turn_until(world, &waiters[0].told, 1);
		assert_int_equal(no_memory, 0);
		assert_int_equal(waiters[0].status, lacking == 1 ? DNS_FOUND : DNS_OURS);
		assert_int_equal(waiters[0].error, lacking == 1 ? 0 : ENOMEM);
		assert_int_equal(world->servers[0].asked, lacking == 1 ? 3 : 1);
		end();
	}
}

/* mx -> a -> mx, one alias an answer. */
static size_t
circle(struct server *server, unsigned char *packet, size_t size, const char *asked, uint16_t type)
{
	static const char a[] = "\1a\7example\4test", mx[] = "\2mx\7example\4test";

	(void)type;
	head(packet, 0, 1);
	return strncmp(asked, "mx.", 3) == 0 ? record(server, packet, size, 5, a, sizeof a)
	    : record(server, packet, size, 5, mx, sizeof mx);
}

static void
a_circle_of_aliases_is_found(void **state)
{
	(void)state;
	begin_with(1, 8);
	world->servers[0].answer = circle;
	join(0, 0);
	turn_until(world, &waiters[0].told, 1);
	assert_int_equal(waiters[0].status, DNS_ALIAS_LOOP);
	assert_true(world->servers[0].asked <= 4); /* within twice around */
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_who_wait_are_told),
		cmocka_unit_test(who_excepts_a_server_asks_apart),
		cmocka_unit_test(who_stands_in_line_was_not_sent),
		cmocka_unit_test(a_server_that_cannot_be_reached_is_passed_over),
		cmocka_unit_test(an_answer_holds_no_longer_than_its_aliases),
		cmocka_unit_test(a_no_that_is_cut_is_one),
		cmocka_unit_test(the_word_about_the_name_is_told),
		cmocka_unit_test(who_is_silent_is_asked_again),
		cmocka_unit_test(nobody_is_asked_a_fourth_time),
		cmocka_unit_test(a_refusal_ends_nothing_while_another_is_waited_for),
		cmocka_unit_test(who_stood_in_line_is_sent_later),
		cmocka_unit_test(an_alias_without_memory_is_ours),
		cmocka_unit_test(a_circle_of_aliases_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
