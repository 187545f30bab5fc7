/*
 * For the keeper: holds back notices that may not be told now (pause, window, parent, blindness,
 * acknowledgement), and has told what is true when the reason has ended. Few targets are held back
 * at once, so nothing is indexed; for which of them something was withheld stands in the store.
 */
#include "keeper/withhold.h"

#include <assert.h>
#include <stdlib.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/policy_private.h"
#include "keeper/silences.h"
#include "keeper/ledgers.h"

enum { WORDS_MAX = 64 };
static const char meta_key[] = "withheld", paused[] = "paused", acknowledged[] = "acknowledged",
    over[] = "over";

const char *
withhold_target(const struct keeper *keeper, uint32_t target)
{
	assert(target < keeper->config->target_count);
	if (silences_paused(keeper, target, clock_wall()))
		return paused;
	if (window_clock_holds(&keeper->policy->windows, target))
		return "window";
	uint32_t parent = keeper->config->targets[target].parent;
	while (parent != CONFIG_NONE && !registry_is_down(keeper->registry, parent))
		parent = keeper->config->targets[parent].parent;
	if (parent != CONFIG_NONE)
		return "parent";
	if (silences_blind(keeper))
		return "blind";
	/* The monitor may know it better: its end it says. */
	return keeper->policy->silences[target].why;
}

/* Reminders, and what was to be told later: to who knows already of it, an acknowledgement changes
 * nothing. */
static bool
is_acknowledged(const struct keeper *keeper, const struct notifier *notifier,
    const struct delivery *delivery, uint32_t target)
{
	struct store_incident incident;
	bool reminds = delivery->kind == NOTICE_reminder;
	bool is_later = notifier_rules(notifier)->after > 0 && delivery->failover
	    != STORE_FAILOVER_STANDS_IN && (delivery->kind == NOTICE_down || delivery->kind
	    == NOTICE_flapping || delivery->kind == NOTICE_changed);

	return (reminds || is_later) && delivery->incident != 0
	    && registry_open_incident(keeper->registry, target, &incident) && incident.number
	    == delivery->incident && incident.acknowledged != 0
	    && (reminds || !ledgers_sent_down(keeper, target, notifier));
}

/* A `down` that an end is queued behind is told with it, in order. */
static bool
is_over(const struct keeper *keeper, const struct notifier *notifier,
    const struct delivery *delivery)
{
	bool is_word_between = delivery->kind == NOTICE_reminder || delivery->kind
	    == NOTICE_changed;
	struct delivery newer = { .notice = delivery->notice, .recipient = delivery->recipient };

	if (delivery->incident == 0 || !(is_word_between || delivery->kind == NOTICE_down)
	    || outbox_is_of_open(keeper, delivery))
		return false;
	if (is_word_between || !outbox_is_all_unsent(keeper, notifier, delivery->notice, 0))
		return is_word_between;
	while (outbox_next(keeper, notifier, STORE_QUEUE_TARGET, delivery->target, &newer))
		if (!outbox_is_in_digest(&newer) && newer.notice != delivery->notice
		    && ledger_speaks_of_state(newer.kind))
			return false;
	return true;
}

/* A reason behind whose end what is true is told; the others are for good. */
static bool
has_end(const char *why)
{
	return why != NULL && why != acknowledged && why != over;
}

/*
 * What may have arrived cannot be taken back: what an acknowledgement withholds waits then for the
 * incident's end, and is told with it.
 */
static bool
waits_in_doubt(const char *why)
{
	return why != NULL && why != over;
}

/* A digest that may have arrived waits where nothing is left in it but what may not be told. */
static const char *
withhold_doubtful(const struct keeper *keeper, const struct notifier *notifier, uint64_t notice)
{
	struct delivery member = { .notice = 0 };
	const char *why = NULL;

	while (outbox_next(keeper, notifier, STORE_QUEUE_DIGEST, notice, &member))
		if (!waits_in_doubt(why = withhold_delivery(keeper, notifier, &member)))
			return NULL;
	return why;
}

const char *
withhold_delivery(const struct keeper *keeper, const struct notifier *notifier,
    const struct delivery *delivery)
{
	uint32_t target;
	const char *why;

	if (delivery->kind == NOTICE_digest && delivery->doubt > 0)
		return withhold_doubtful(keeper, notifier, delivery->notice);
	if (delivery->target == 0 || delivery->kind == NOTICE_test
	    || delivery->retried > clock_wall()
	    || (target = registry_target(keeper->registry, delivery->target)) == CONFIG_NONE)
		return NULL;
	if ((why = withhold_target(keeper, target)) != NULL)
		return why;
	if (is_acknowledged(keeper, notifier, delivery, target))
		return acknowledged;
	return is_over(keeper, notifier, delivery) ? over : NULL;
}

void
withhold_keep(struct keeper *keeper)
{
	if (!keeper->policy->withheld_changed)
		return;
	uint64_t *numbers = calloc(keeper->policy->withheld + 1, sizeof *numbers);
	uint32_t count = 0;
	if (numbers == NULL)
		keeper_out_of_memory(keeper, "who was withheld");
	for (uint32_t i = 0; i < keeper->config->target_count; i++)
		if (keeper->policy->silences[i].withheld)
			numbers[count++] = registry_number(keeper->registry, i);
	assert(count == keeper->policy->withheld);
	store_put_meta(commit_queue_main(keeper), meta_key,
	    (struct pw_bytes){ (const char *)numbers, count * sizeof *numbers });
	free(numbers);
	keeper->policy->withheld_changed = false;
}

void
withhold_mark(struct keeper *keeper, uint32_t target, bool withheld)
{
	keeper->policy->silences[target].compared = false;
	if (keeper->policy->silences[target].withheld == withheld)
		return;
	assert(withheld || keeper->policy->withheld > 0);
	keeper->policy->silences[target].withheld = withheld;
	keeper->policy->withheld += withheld ? 1 : UINT32_MAX;
	keeper->policy->withheld_changed = true;
	(void)commit_queue_main(keeper); /* so that it is kept soon */
}

/* Its row stays, and may be made anew. What an acknowledgement withholds is not told later: the
 * incident's end is. */
static void
end(struct keeper *keeper, struct notifier *notifier, struct delivery *delivery, const char *why)
{
	struct text text = TEXT_ROOM(WORDS_MAX);

	text_format(&text, "held: %s", why);
	delivery->withheld = why != acknowledged;
	outbox_drop(keeper, notifier, delivery, text.bytes);
	if (delivery->kind == NOTICE_digest)
		ledgers_digest_end(keeper, notifier, delivery->notice);
}

/* What was withheld of a target (the store's number) is not known to its notifier; and what is true
 * may have to be compared later. */
static void
note_end(struct keeper *keeper, struct notifier *notifier, uint64_t number, const char *why)
{
	uint32_t target = registry_target(keeper->registry, number);

	ledgers_go_back(keeper, notifier, number);
	if (why != acknowledged && target != CONFIG_NONE)
		withhold_mark(keeper, target, true);
}

/* A notice of a target (the store's number; 0: of ourselves), for all recipients. */
static void
end_notice(struct keeper *keeper, struct notifier *notifier, uint64_t number, uint64_t notice,
    const char *why)
{
	struct delivery delivery = { .notice = 0 };
	bool said = false;

	while (outbox_next(keeper, notifier, STORE_QUEUE_NOTICE, notice, &delivery)) {
		if (outbox_is_in_digest(&delivery))
			continue;
		if (!said)
			keeper_log(keeper, LOG_INFO, "keeper: %s is not told of a notice (%s): %s",
			    notifier_rules(notifier)->name, notice_name(delivery.kind), why);
		said = true;
		end(keeper, notifier, &delivery, why);
	}
	note_end(keeper, notifier, number, why);
}

/* Ends all of a target that may not be told, and can be taken back. Returns whether anything
 * was. */
static bool
end_all_of(struct keeper *keeper, struct notifier *notifier, uint64_t target)
{
	struct delivery delivery = { .notice = 0 };
	bool any = false;

	while (outbox_next(keeper, notifier, STORE_QUEUE_TARGET, target, &delivery)) {
		const char *why = outbox_is_in_digest(&delivery) ? NULL
		    : withhold_delivery(keeper, notifier, &delivery);

		if (why == NULL || !outbox_is_all_unsent(keeper, notifier, delivery.notice, 0))
			continue;
		end_notice(keeper, notifier, target, delivery.notice, why);
		/* for what is left of it is judged by what waits behind */
		delivery = (struct delivery){ .notice = 0 };
		any = true;
	}
	return any;
}

/*
 * All that waits of a target of which something is taken back: what is true is told once, when the
 * reason has ended. What somebody retries by hand goes with it, for it would be told without what
 * was before it.
 */
static void
end_line(struct keeper *keeper, struct notifier *notifier, uint64_t target)
{
	struct delivery delivery = { .notice = 0 };

	while (outbox_next(keeper, notifier, STORE_QUEUE_TARGET, target, &delivery))
		if (!outbox_is_in_digest(&delivery) && delivery.kind != NOTICE_test
		    && delivery.retried != 0) {
			delivery.retried = 0;
			outbox_put(keeper, notifier, &delivery, text_view(""));
		}
	(void)end_all_of(keeper, notifier, target);
}

bool
withhold_take_back(struct keeper *keeper, struct notifier *notifier,
    const struct delivery *delivery, const char *why)
{
	if (!outbox_is_all_unsent(keeper, notifier, delivery->notice,
	    0)) /* but what waits behind it may be */
		return delivery->target != 0 && end_all_of(keeper, notifier, delivery->target);
	if (has_end(why))
		end_line(keeper, notifier, delivery->target);
	else
		end_notice(keeper, notifier, delivery->target, delivery->notice, why);
	return true;
}

void
withhold_acknowledged(struct keeper *keeper, uint32_t target)
{
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++)
		(void)end_all_of(keeper, notifier_at(keeper, i),
		    registry_number(keeper->registry, target));
}

/* Those that may not be told go back to where they would be without the digest; `for_good`: those
 * alone that will never be. */
static void
leave_out(struct keeper *keeper, struct notifier *notifier, uint64_t digest, bool for_good)
{
	struct delivery member = { .notice = 0 };

	while (outbox_next(keeper, notifier, STORE_QUEUE_DIGEST, digest, &member)) {
		const char *why = withhold_delivery(keeper, notifier, &member);

		if (why == NULL || (for_good && waits_in_doubt(why)))
			continue;
		member.merged = 0;
		end(keeper, notifier, &member, why);
		note_end(keeper, notifier, member.target, why);
		if (has_end(why))
			end_line(keeper, notifier, member.target);
	}
}

/* What may have arrived cannot be taken back: those that may be told go on without the others,
 * which wait in the digest. */
static void
let_others_go(struct keeper *keeper, struct notifier *notifier, uint64_t digest, uint32_t doubt)
{
	struct delivery member = { .notice = 0 };

	while (outbox_next(keeper, notifier, STORE_QUEUE_DIGEST, digest, &member)) {
		if (withhold_delivery(keeper, notifier, &member) != NULL)
			continue;
		member.state = STORE_DELIVERY_again;
		member.merged = 0;
		member.doubt += doubt;
		outbox_put(keeper, notifier, &member, text_view(""));
	}
}

/* How many stand in it, and how many of them may not be told. */
static uint32_t
count_members(const struct keeper *keeper, const struct notifier *notifier, uint64_t digest,
    uint32_t *withheld)
{
	struct delivery member = { .notice = 0 };
	uint32_t count = 0;

	*withheld = 0;
	for (; outbox_next(keeper, notifier, STORE_QUEUE_DIGEST, digest, &member); count++)
		*withheld += withhold_delivery(keeper, notifier, &member) != NULL;
	return count;
}

/* It may have arrived so often. */
static uint32_t
doubt_of(const struct keeper *keeper, const struct notifier *notifier, uint64_t notice)
{
	struct delivery delivery = { .notice = 0 };
	uint32_t doubt = 0;

	while (outbox_next(keeper, notifier, STORE_QUEUE_NOTICE, notice, &delivery))
		if (delivery.doubt > doubt)
			doubt = delivery.doubt;
	return doubt;
}

static bool
claimed_digest(struct keeper *keeper, struct notifier *notifier, uint64_t digest)
{
	uint32_t doubt, withheld;

	if (count_members(keeper, notifier, digest, &withheld) == 0 || withheld == 0)
		return true;
	doubt = doubt_of(keeper, notifier, digest);
	leave_out(keeper, notifier, digest, doubt > 0);
	if (count_members(keeper, notifier, digest, &withheld) == 0) {
		end_notice(keeper, notifier, 0, digest, "all that it stands for");
		return false;
	}
	if (withheld == 0)
		return true;
	let_others_go(keeper, notifier, digest, doubt);
	outbox_give_back(keeper, notifier, 0);
	return false;
}

bool
withhold_claimed(struct keeper *keeper, struct notifier *notifier, const struct delivery *delivery)
{
	const char *why;

	if (delivery->kind == NOTICE_digest)
		return claimed_digest(keeper, notifier, delivery->notice);
	if ((why = withhold_delivery(keeper, notifier, delivery)) == NULL)
		return true;
	if (outbox_is_all_unsent(keeper, notifier, delivery->notice, 0))
		(void)withhold_take_back(keeper, notifier, delivery, why);
	else
		outbox_give_back(keeper, notifier, 0);
	return false;
}

void
withhold_later(struct keeper *keeper, uint32_t target, bool quiet)
{
	struct silence *silence = &keeper->policy->silences[target];
	/* What waits to be compared for all waits no less because a notifier in its quiet hours
	 * waits longer. */
	bool others_wait = silence->withheld && !silence->compared;

	withhold_mark(keeper, target, true);
	silence->compared = quiet && !others_wait;
}

void
withhold_recover(struct keeper *keeper)
{
	uint32_t room = keeper->config->target_count;
	uint64_t *numbers = calloc(room + 1, sizeof *numbers);
	int64_t size;

	if (numbers == NULL)
		keeper_out_of_memory(keeper, "who was withheld");
	size = store_read_meta(store_inside(keeper->store), meta_key, numbers,
	    room * sizeof *numbers);
	for (int64_t i = 0; i < size / (int64_t)sizeof *numbers && i < room; i++) {
		uint32_t target = registry_target(keeper->registry, numbers[i]);
		if (target != CONFIG_NONE)
			withhold_mark(keeper, target, true);
	}
	keeper->policy->withheld_changed = false;
	free(numbers);
	/* Where a pause or a window is in force something may have been kept silent that nobody
	 * noted. */
	for (uint32_t i = 0; i < keeper->config->target_count; i++)
		if (silences_at(keeper, i, clock_wall()) != NULL)
			withhold_mark(keeper, i, true);
}

bool
withhold_is_silent(const struct keeper *keeper, uint32_t target)
{
	return withhold_target(keeper, target) != NULL || keeper->policy->silences[target].flapping;
}

void
withhold_note(struct keeper *keeper, uint32_t target, const char *why, bool flapping)
{
	struct silence *silence = &keeper->policy->silences[target];

	silence->why = why;
	silence->flapping = flapping;
}
