/*
 * The state that all runs of a prober share (loop, resolver, connection slots, TLS), and its event
 * loop. Every callback of a run puts what is over into a list; when the loop is about to wait, the
 * list is gone through, and only there do runs end and memory go back.
 */
#include "prober/prober.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/hash.h"
#include "prober/report.h"

enum {
	PULSE = 100 * MILLISECOND, /* the loop looks at its own lateness so often while runs are
	                            * under way */
	PULSE_SLACK = 100 * MILLISECOND, /* less is the jitter of a busy machine: it moves no
	                                  * verdict */
	DESCRIPTORS_KEPT = 64,     /* for the parent, the monitor, references */
	PROGRAMS_AT_ONCE = 32,
	LINGERS_MOST = 256, LINGERS_SHARE = 16 /* one of so many descriptors waits for a peer to
	                                        * close */
};

/* The moment the loop came back: what happened is taken to have happened then, however long its
 * turn is. */
static void
on_check(EV_P_ ev_check *check, int revents)
{
	struct prober *prober = check->data;

	(void)loop, (void)revents;
	prober->woke = clock_mono();
}

static void
on_pulse(EV_P_ ev_timer *timer, int revents)
{
	struct prober *prober = timer->data;
	int64_t late = prober->woke - prober->pulse_at - PULSE;

	(void)loop, (void)revents;
	if (late > PULSE_SLACK)
		prober->stalled += late;
	prober->pulse_at = prober->woke;
}

/* The report lies on the stack: it is lent to on_done, and nothing of it outlives the run. */
static void
end_run(struct run *run)
{
	struct prober *prober = run->prober;
	char text[EVIDENCE_TEXT_MAX], local[ADDRESS_TEXT_MAX];
	struct run_result result = { .local = local };
	struct report report;

	assert(prober->active > 0 && run->legs_ended == run->leg_count && run->query == NULL);
	run_report(run, &result, &report, text, sizeof text);
	run->on_done(run->arg, &result);
	run_destroy(&run);
	if (--prober->active == 0)
		ev_timer_stop(prober->loop, &prober->pulse);
}

/* on_done may begin runs, and those may end at once: the list is done when it is empty. */
static void
on_prepare(EV_P_ ev_prepare *prepare, int revents)
{
	struct prober *prober = prepare->data;

	(void)loop, (void)revents;
	if (prober->page != NULL)
		atomic_store_explicit(&prober->page->in_hand, 0, memory_order_relaxed);
	while (prober->complete != NULL) {
		struct run *run = prober->complete;

		prober->complete = run->next_complete;
		end_run(run);
	}
	while (prober->ended != NULL) {
		struct leg *leg = prober->ended;
		struct run *run = leg->run;

		assert(leg->state == LEG_ENDED && run->legs_ended < run->leg_count);
		prober->ended = leg->next_ended;
		leg_release(leg);
		if (++run->legs_ended == run->leg_count && run->query == NULL)
			end_run(run);
	}
}

/* Targets of one name are one witness of our clock, as they show one certificate; below three
 * there are too few for a majority. */
void
prober_hold_dates(struct prober *prober, uint32_t index)
{
	const struct config *config = prober->config;
	uint64_t names[CLOCK_WITNESSES];
	uint32_t count = 0;

	for (uint32_t i = 0; i < config->target_count && count < CLOCK_WITNESSES; i++) {
		const struct tls_settings *tls = config->targets[i].policy->tls;
		bool known = tls == NULL || tls->mode == PW_TLS_NONE
		    || config_prober_of(config, i) != index;

		uint64_t name = known ? 0 : hash_add_string(HASH_BEGIN,
		    tls->sni != NULL ? tls->sni : config->targets[i].host);

		for (uint32_t j = 0; j < count; j++)
			known |= names[j] == name;
		if (!known)
			names[count++] = name;
	}
	prober->clock.many = count == CLOCK_WITNESSES;
}

void
prober_set_runner(struct prober *prober, int runner)
{
	prober->runner = runner;
}

void
prober_set_page(struct prober *prober, struct duty_page *page)
{
	prober->page = page;
}

/* Descriptors for connections. */
static uint32_t
descriptors_left(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= UINT32_MAX)
		return UINT32_MAX;
	rlim_t kept = DESCRIPTORS_KEPT + resolver_descriptors();
	return (uint32_t)(limit.rlim_cur > kept + DESCRIPTORS_KEPT ? limit.rlim_cur - kept
	    : DESCRIPTORS_KEPT);
}

static uint32_t
lingers_at_most(void)
{
	uint32_t share = descriptors_left() / LINGERS_SHARE;

	return share < LINGERS_MOST ? share : LINGERS_MOST;
}

/* The check watcher has the highest priority, so that `woke` is set before any callback of the
 * turn; the prepare watcher has the lowest, so that all have been called when runs are ended. */
static void
start_watching(struct prober *prober)
{
	ev_check_init(&prober->check, on_check);
	ev_set_priority(&prober->check, EV_MAXPRI);
	prober->check.data = prober;
	ev_check_start(prober->loop, &prober->check);
	ev_prepare_init(&prober->prepare, on_prepare);
	ev_set_priority(&prober->prepare, EV_MINPRI); /* behind the resolver's, which may end
	                                               * legs */
	prober->prepare.data = prober;
	ev_prepare_start(prober->loop, &prober->prepare);
	ev_timer_init(&prober->pulse, on_pulse, (double)PULSE * 1e-6, (double)PULSE * 1e-6);
	ev_set_priority(&prober->pulse, EV_MAXPRI - 1);
	prober->pulse.data = prober;
	prober->woke = clock_mono();
	/* Neither keeps a loop going that has nothing else to do. */
	ev_unref(prober->loop);
	ev_unref(prober->loop);
}

static bool
open_all(struct prober *prober, struct sources *sources, struct reason *why)
{
	const struct config *config = prober->config;
	/* Connections at once: as configured, and never more than the descriptors that are left. */
	uint32_t left = descriptors_left() - lingers_at_most(),
	    each = config->per_address / config->probers;
	uint32_t wanted = config->max_runs == 0 ? UINT32_MAX
	    : (config->max_runs + config->probers - 1) / config->probers;
	bool uses_tls = false;

	prober->names = calloc(config->target_count > 0 ? config->target_count : 1,
	    sizeof *prober->names);
	prober->slots = slots_create(left < wanted ? left : wanted, each > 0 ? each : 1);
	prober->programs = slots_create(PROGRAMS_AT_ONCE, PROGRAMS_AT_ONCE);
	prober->lingers = lingers_create(prober->loop, lingers_at_most());
	if (prober->names == NULL || prober->slots == NULL || prober->programs == NULL
	    || prober->lingers == NULL) {
		reason_set(why, "out of memory");
		return false;
	}
	prober->resolver = resolver_create(prober->loop, config, sources, why);
	if (prober->resolver == NULL)
		return false;
	for (uint32_t i = 0; i < config->target_count && !uses_tls; i++)
		uses_tls = config->targets[i].policy->tls != NULL
		    && config->targets[i].policy->tls->mode != PW_TLS_NONE;
	if (!uses_tls)
		return true;
	prober->policies = tls_policies_create(config, sources, why);
	return prober->policies != NULL;
}

struct prober *
prober_create(struct ev_loop *loop, const struct config *config, struct sources *sources,
    struct reason *why)
{
	struct prober *prober = calloc(1, sizeof *prober);

	if (prober == NULL) {
		reason_set(why, "out of memory");
		return NULL;
	}
	prober->loop = loop;
	prober->config = config;
	prober->runner = -1;
	TAILQ_INIT(&prober->runs);
	prober->doubt = clock_doubt_begin(clock_wall(), clock_boot());
	prober->clock.begun = clock_mono();
	start_watching(prober);
	if (!open_all(prober, sources, why))
		prober_destroy(&prober);
	return prober;
}

/* Runs go first, as they hold queries, slots and streams of the rest. */
void
prober_destroy(struct prober **held)
{
	struct prober *prober = *held;

	if (prober == NULL)
		return;
	for (struct run *run; (run = TAILQ_FIRST(&prober->runs)) != NULL;)
		run_destroy(&run);
	ev_ref(prober->loop);
	ev_ref(prober->loop);
	ev_timer_stop(prober->loop, &prober->pulse);
	ev_check_stop(prober->loop, &prober->check);
	ev_prepare_stop(prober->loop, &prober->prepare);
	resolver_destroy(&prober->resolver);
	tls_policies_destroy(&prober->policies);
	slots_destroy(&prober->slots);
	slots_destroy(&prober->programs);
	lingers_destroy(&prober->lingers);
	free(prober->names);
	free(prober);
	*held = NULL;
}

bool
prober_run(struct prober *prober, const struct order *order, run_done *on_done, void *arg)
{
	struct run *run = run_create(prober, order, on_done, arg);

	if (run == NULL)
		return false;
	if (prober->active++ == 0) {
		prober->woke = prober->pulse_at = clock_mono();
		ev_now_update(prober->loop);
		ev_timer_again(prober->loop, &prober->pulse);
	}
	run_begin(run);
	return true;
}

uint32_t
prober_active(const struct prober *prober)
{
	return prober->active;
}

void
prober_describe(const struct prober *prober, struct text *text)
{
	const struct run *run = TAILQ_LAST(&prober->runs, run_list);

	if (run == NULL)
		return;
	text_add(text, run_target(run)->name);
	for (uint32_t i = 0; i < run->leg_count; i++) {
		const struct leg *leg = &run->legs[i];

		if (leg->state == LEG_TALKING) {
			if (leg->address.any.sa_family != 0)
				text_format(text, " (%s)", ADDRESS(&leg->address));
			text_add(text, ": ");
			dialogue_describe(leg->dialogue, clock_mono(), text);
			return;
		}
	}
	if (run->query != NULL)
		text_add(text, ": asking for its addresses");
}

uint32_t
prober_waiting(const struct prober *prober)
{
	return slots_waiting(prober->slots) + slots_waiting(prober->programs);
}

bool
prober_lingers(const struct prober *prober)
{
	return lingers_count(prober->lingers) > 0;
}

void
prober_interrupt(struct prober *prober, bool all)
{
	struct run *run;

	TAILQ_FOREACH(run, &prober->runs, link)
		if (all || run->order.attempt <= 1)
			run_interrupt(run);
}
