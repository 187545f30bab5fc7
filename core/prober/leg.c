/*
 * Runs one leg of a run: the dialogue with one address over one stream, with one timer and one
 * connection slot (one of a limited number). The dialogue says what to do next; this file carries
 * it out and decides nothing, save what a dialogue cannot see: whether an address may be talked to,
 * and that a server that may speak only an outdated TLS, or may not get our ClientHello, is worth
 * another connection.
 */
#include "prober/leg.h"

#include <assert.h>
#include <errno.h>

#include "base/clock.h"
#include "config/programs.h"
#include "prober/leg_settings.h"
#include "prober/run.h"
#include "prober/tls_memory.h"

enum { EARLY_MAX = 16 * 1024 }; /* a record of TLS */

static void carry_out(struct leg *, struct dialogue_step *);
static bool look_again(struct leg *);
static bool offer_tls(struct leg *);

static struct leg *
leg_cast(void *pointer)
{
	struct leg *leg = pointer;

	assert(leg->magic == LEG_MAGIC);
	return leg;
}

/* Every callback comes through here first. NULL: nothing is to be done any more. */
static struct leg *
enter(void *pointer)
{
	struct leg *leg = leg_cast(pointer);

	run_take_in_hand(leg->run);
	return leg->state == LEG_TALKING ? leg : NULL;
}

/* When what is told happened: as the loop came back, and for what came without the loop having
 * waited, the present. So a long turn of ours is not counted as theirs, and time never goes
 * back. */
static int64_t
now_of(struct leg *leg)
{
	int64_t woke = leg->run->prober->woke;

	leg->touched = woke > leg->touched ? woke : clock_mono();
	return leg->touched;
}

static void
part(struct leg *leg)
{
	int fd = stream_part(&leg->stream);

	if (fd != -1)
		lingers_add(leg->run->prober->lingers, fd);
}

/* What TLS failed of may be that we have no memory, whatever it is found to be. */
static void
end(struct leg *leg)
{
	struct prober *prober = leg->run->prober;

	assert(leg->state != LEG_ENDED && leg->next_ended == NULL);
	if (leg->state == LEG_TALKING && tls_memory_refused() != leg->refused)
		dialogue_doubt(leg->dialogue, "no_memory");
	part(leg);
	leg->state = LEG_ENDED;
	leg->next_ended = prober->ended;
	prober->ended = leg;
}

/* Lazy: the timer is touched only where it would go off too late; where it goes off too early it
 * is set anew then. */
static void
arm(struct leg *leg)
{
	struct ev_loop *loop = leg->run->prober->loop;
	int64_t deadline = dialogue_deadline(leg->dialogue);

	if (deadline >= leg->armed)
		return;
	leg->armed = deadline;
	ev_timer_stop(loop, &leg->timer);
	ev_timer_set(&leg->timer, (double)(deadline - clock_mono()) * 1e-6, 0.);
	ev_timer_start(loop, &leg->timer);
}

/* A last look into the socket goes before every time-out: what the server said in time and our
 * loop had not read yet is its answer. */
static void
on_timer(EV_P_ ev_timer *timer, int revents)
{
	struct leg *leg = enter(timer->data);
	struct dialogue_step step;
	struct pw_exit exit;

	(void)loop, (void)revents;
	if (leg == NULL)
		return;
	leg->armed = INT64_MAX;
	int64_t at = now_of(leg);
	if (at < dialogue_deadline(leg->dialogue)) {
		arm(leg);
		return;
	}
	stream_read_once(&leg->stream);
	if (leg->state != LEG_TALKING)
		return;
	if (leg->program != NULL) {
		/* What has come while we could not look, such as a process that was stopped, is no
		 * fault of the program's. */
		if (!program_run_read(leg->program, &exit))
			exit = program_run_without_result(PW_TIMED_OUT, 0);
		dialogue_ran(leg->dialogue, at, &exit, &step);
	} else
		dialogue_expired(leg->dialogue, at, &step);
	carry_out(leg, &step);
}

/* Begins TLS, unless bytes lie there that came between the consent to STARTTLS and our first
 * message of the handshake. Where TLS begins with the connection there is no consent, and what is
 * said in clear is heard out when the handshake fails. */
static void
secure(struct leg *leg)
{
	const struct tls_settings *settings = leg_tls(leg);
	struct tls_policies *policies = leg->run->prober->policies;

	if (settings->mode != PW_TLS_IMPLICIT)
		stream_read_once(&leg->stream);
	if (leg->state != LEG_TALKING)
		return;
	const struct tls_names names = leg_names(leg);
	enum tls_kind kind = leg->look == LOOK_LEGACY ? TLS_LEGACY
	    : leg->look == LOOK_SMALL || leg->look == LOOK_LAST ? TLS_SMALL : TLS_USUAL;
	stream_secure(&leg->stream, tls_policy_find(policies, settings, kind), &names);
	arm(leg);
}

static void
on_answer(EV_P_ ev_watcher *told, int revents)
{
	struct leg *leg = leg_cast(told->data);
	struct dialogue_step step;
	struct dns_answer space;

	(void)loop, (void)revents;
	if (enter(leg) == NULL) {
		resolver_cancel(&leg->query); /* others wait behind it to be told */
		return;
	}
	struct pw_answer answer = resolver_answer(leg->query, &space);
	dialogue_answered(leg->dialogue, now_of(leg), &answer, &step);
	resolver_cancel(&leg->query);
	carry_out(leg, &step);
}

static void
carry_out(struct leg *leg, struct dialogue_step *step)
{
	int64_t limit;

	switch (step->next) {
	case DIALOGUE_WAIT:
		arm(leg);
		return;
	case DIALOGUE_SEND:
		stream_send(&leg->stream, step->bytes, step->size);
		arm(leg);
		return;
	case DIALOGUE_SECURE:
		secure(leg);
		return;
	case DIALOGUE_LOOK_UP:
		assert(leg->query == NULL);
		limit = dialogue_deadline(leg->dialogue) - clock_mono();
		ev_init(&leg->answered, on_answer);
		leg->answered.data = leg;
		leg->query = resolver_look_up(leg->run->prober->resolver, step->bytes, step->type,
		    limit > 0 ? limit : 1, &leg->answered);
		arm(leg);
		return;
	case DIALOGUE_CLOSE:
		if (!look_again(leg) && !offer_tls(leg))
			end(leg);
		return;
	}
}

static void
on_connected(void *owner)
{
	struct leg *leg = enter(owner);
	struct dialogue_step step;
	struct address local;

	if (leg == NULL)
		return;
	stream_local(&leg->stream, &local);
	bool known = address_class(&local) != ADDRESS_UNSPECIFIED; /* it is not where the
	                                                            * connection broke already */
	dialogue_connected(leg->dialogue, now_of(leg), known ? &local : NULL, &step);
	carry_out(leg, &step);
}

static void
on_data(void *owner, const char *bytes, size_t size)
{
	struct leg *leg = enter(owner);
	struct dialogue_step step;

	if (leg == NULL)
		return;
	if (dialogue_may_be_early(leg->dialogue) && stream_is_stuffed(&leg->stream))
		dialogue_received_early(leg->dialogue, now_of(leg), bytes, size, &step);
	else
		dialogue_received(leg->dialogue, now_of(leg), bytes, size, &step);
	carry_out(leg, &step);
}

/* The first words inside TLS are read at once after STARTTLS: they cannot be answers to
 * anything, and only now can be told from those that are. */
static void
on_secured(void *owner)
{
	struct leg *leg = enter(owner);
	struct tls_judgement judgement;
	struct dialogue_step step;
	char early[EARLY_MAX];

	if (leg == NULL)
		return;
	const struct tls_clock clock = leg_clock(leg);
	tls_judge(leg->stream.tls, leg_tls(leg), &clock, dialogue_log(leg->dialogue),
	    &judgement);
	if (leg->look == LOOK_SMALL && stream_hello_size(&leg->stream) >= leg->hello_size)
		dialogue_as_usual(leg->dialogue); /* it was none */
	else if (leg->look == LOOK_SMALL)
		leg->small_answered = !judgement.failed;
	size_t size = leg_tls(leg)->mode == PW_TLS_IMPLICIT ? 0
	    : stream_read_ahead(&leg->stream, early, sizeof early);
	dialogue_secured(leg->dialogue, now_of(leg), &judgement, (struct pw_bytes){ early, size },
	    &step);
	carry_out(leg, &step);
}

static void
on_offered(void *owner, const char *words)
{
	struct leg *leg = enter(owner);

	if (leg == NULL)
		return;
	dialogue_offered(leg->dialogue, now_of(leg), words);
	end(leg);
}

/* Once, to a port that accepted us and said nothing: whether it speaks TLS from the first byte.
 * False: not this time. */
static bool
offer_tls(struct leg *leg)
{
	const struct tls_settings *settings = leg_tls(leg);
	struct prober *prober = leg->run->prober;

	if ((leg->run->order.flags & ORDER_OFFER_TLS) == 0 || leg->offer != NULL
	    || !dialogue_heard_nothing(leg->dialogue))
		return false;
	if (settings == NULL || settings->mode == PW_TLS_NONE)
		return false;
	const struct tls_names names = leg_names(leg);
	stream_fini(&leg->stream);
	leg->offer = offer_begin(prober->loop, &leg->address, leg_source(leg),
	    tls_policy_find(prober->policies, settings, TLS_USUAL),
	    &names, dialogue_offer_limit(leg->dialogue), on_offered, leg);
	if (leg->offer == NULL)
		return false;
	dialogue_event(leg->dialogue, now_of(leg),
	    "connecting once more, to see whether it speaks TLS from the first byte");
	return true;
}

static void connect_stream(struct leg *leg);

static bool
look_again(struct leg *leg)
{
	enum dialogue_look next = leg_next_look(leg,
	    stream_is_large_hello_unheard(&leg->stream));

	if (next == LOOK_USUAL)
		return false;
	if (leg->look == LOOK_USUAL)
		leg->hello_size = stream_hello_size(&leg->stream);
	part(leg);
	leg->look = (uint8_t)next;
	leg->may_be_outdated = leg->small_answered = false;
	dialogue_again(leg->dialogue, now_of(leg), next);
	connect_stream(leg);
	return true;
}

static void
on_end(void *owner, const struct close_reason *reason)
{
	struct leg *leg = enter(owner);
	struct dialogue_step step;

	if (leg == NULL)
		return;
	/* The wait for more of its words is not the peer's; a busy turn of ours lengthens it,
	 * and time does not go back for that. */
	int64_t before = leg->touched, at = now_of(leg) - reason->waited;
	dialogue_ended(leg->dialogue, at > before ? at : before, reason, &step);
	leg->may_be_outdated = reason->end == STREAM_TLS_FAILED && reason->may_be_outdated;
	carry_out(leg, &step);
}

static void
on_ready(void *owner)
{
	enter(owner);
}

static const struct stream_events events = {
	.on_ready = on_ready,
	.on_connected = on_connected,
	.on_data = on_data,
	.on_tls = on_secured,
	.on_end = on_end,
};

/* An error of connect() itself ends the dialogue like one that comes later; no event of the loop
 * follows for it. */
static void
connect_stream(struct leg *leg)
{
	struct dialogue_step step;
	struct close_reason reason;

	stream_init(&leg->stream, leg->run->prober->loop, &events, leg);
	if (stream_connect(&leg->stream, &leg->address, leg_source(leg), &reason)) {
		arm(leg);
		return;
	}
	leg->touched = clock_mono();
	dialogue_ended(leg->dialogue, leg->touched, &reason, &step);
	carry_out(leg, &step);
}

static bool
runs_program(const struct leg *leg)
{
	return plugin_has_program(run_target(leg->run)->policy->probe);
}

/* Programs take none of the slots of connections. */
static struct slots *
slots_of(const struct leg *leg)
{
	return runs_program(leg) ? leg->run->prober->programs : leg->run->prober->slots;
}

static void
on_result(EV_P_ ev_io *io, int revents)
{
	struct leg *leg = enter(io->data);
	struct dialogue_step step;
	struct pw_exit exit;

	(void)revents;
	if (leg != NULL && !program_run_read(leg->program, &exit))
		return;
	ev_io_stop(EV_A_ io);
	if (leg == NULL)
		return;
	dialogue_ran(leg->dialogue, now_of(leg), &exit, &step);
	carry_out(leg, &step);
}

/* The end of the program is the end of the leg. */
static void
run_program(struct leg *leg)
{
	struct prober *prober = leg->run->prober;
	struct dialogue_step step = { .next = DIALOGUE_WAIT };

	dialogue_running(leg->dialogue, leg->touched);
	leg->program = program_run_begin(prober->runner, leg->run->order.target,
	    dialogue_deadline(leg->dialogue) - leg->touched);
	if (leg->program != NULL) {
		ev_io_init(&leg->result, on_result, program_run_socket(leg->program), EV_READ);
		leg->result.data = leg;
		ev_io_start(prober->loop, &leg->result);
	} else {
		const struct pw_exit exit = program_run_without_result(PW_NOT_STARTED, errno);

		dialogue_ran(leg->dialogue, leg->touched, &exit, &step);
	}
	carry_out(leg, &step);
}

void
leg_refuse(struct leg *leg, const char *outcome, const char *text)
{
	int64_t at = clock_mono();

	if (leg->dialogue == NULL && leg_create_dialogue(leg, at))
		dialogue_refuse(leg->dialogue, at, outcome, text);
	end(leg);
}

static void
talk(struct leg *leg)
{
	int64_t at = clock_mono();

	assert(leg->state == LEG_IN_LINE && leg->dialogue == NULL
	    && leg->slot.held == (leg->slot.place != NULL));
	if (at - leg->asked_at > leg->run->waited)
		leg->run->waited = at - leg->asked_at;
	run_take_in_hand(leg->run);
	if (!leg_create_dialogue(leg, at)) {
		end(leg);
		return;
	}
	leg->touched = at;
	leg->refused = tls_memory_refused();
	leg->state = LEG_TALKING;
	if (runs_program(leg))
		run_program(leg);
	else
		connect_stream(leg);
}

/* Who waited for this slot talks from here on; a leg that fails at once puts itself into the
 * list that is being gone through, which is fine: it grows at its front. */
void
leg_release(struct leg *leg)
{
	struct prober *prober = leg->run->prober;
	struct slot_line line;
	struct slot *slot;

	stream_fini(&leg->stream);
	offer_end(&leg->offer);
	if (leg->program != NULL)
		ev_io_stop(prober->loop, &leg->result);
	program_run_end(&leg->program);
	resolver_cancel(&leg->query);
	ev_timer_stop(prober->loop, &leg->timer);
	slots_give_back(slots_of(leg), &leg->slot, &line);
	while ((slot = TAILQ_FIRST(&line)) != NULL) {
		struct leg *granted = leg_cast((char *)slot - offsetof(struct leg, slot));

		TAILQ_REMOVE(&line, slot, link);
		if (granted->state == LEG_IN_LINE) /* else it ended while it stood there, and
		                                    * gives the slot back soon */
			talk(granted);
	}
}

void
leg_begin(struct leg *leg)
{
	assert(leg->state == LEG_IDLE);
	ev_init(&leg->timer, on_timer);
	leg->timer.data = leg;
	leg->armed = INT64_MAX;
	leg->asked_at = clock_mono();
	leg->state = LEG_IN_LINE;
	if (slots_ask(slots_of(leg), &leg->slot, &leg->address))
		talk(leg);
}

/* What the dialogue was doing is told, as a run that is interrupted again and again says where a
 * server hangs. */
void
leg_interrupt(struct leg *leg)
{
	static const char text[] = "the run was interrupted on our side";
	char words[EVIDENCE_TEXT_MAX];
	struct text where = TEXT_OVER(words);
	struct dialogue_step step;

	switch ((enum leg_state)leg->state) {
	case LEG_IDLE:
	case LEG_IN_LINE:
		leg_refuse(leg, "interrupted", text);
		return;
	case LEG_TALKING:
		text_format(&where, "%s, in ", text);
		dialogue_describe(leg->dialogue, clock_mono(), &where);
		dialogue_interrupt(leg->dialogue, clock_mono(), "interrupted", words, &step);
		end(leg);
		return;
	case LEG_ENDED:
		return;
	}
}
