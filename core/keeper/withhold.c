/* Few targets are held back at once, so nothing is indexed; of which of them something was withheld outlives us in the store. */
#include "keeper/withhold.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/asks.h"
#include "keeper/beat.h"
#include "keeper/keeper.h"
#include "keeper/queued.h"
#include "keeper/rules.h"
#include "keeper/silences.h"
#include "keeper/told.h"

enum { WORDS_MAX = 64 };
static const char meta_key[] = "withheld", paused[] = "paused", acknowledged[] = "acknowledged", over[] = "over";

static bool
has_parent_down(const struct keeper *keeper, uint32_t target)
{
	uint32_t parent = keeper->config->targets[target].parent;

	while (parent != CONFIG_NONE && !record_is_down(keeper, parent))
		parent = keeper->config->targets[parent].parent;
	return parent != CONFIG_NONE;
}

const char *
withhold_target(const struct keeper *keeper, uint32_t target)
{
	if (pausing_holds(keeper, target, clock_wall()))
		return paused;
	if (window_clock_holds(&keeper->windows, target))
		return "window";
	if (has_parent_down(keeper, target))
		return "parent";
	if (beat_is_blind(keeper))
		return "blind";
	/* The monitor may know it better: its end it says. */
	return keeper->files[target].silenced;
}

/* Reminders, and what was to be told later: to who knows already of it, an acknowledgement changes nothing. */
static bool
is_acknowledged(const struct keeper *keeper, const struct courier *courier, const struct delivery *delivery, uint32_t target)
{
	bool later = courier->rules->after > 0 && !delivery->stands_in
	    && (delivery->kind == NOTICE_down || delivery->kind == NOTICE_flapping || delivery->kind == NOTICE_changed);
	struct store_incident incident;

	if (delivery->incident == 0 || (delivery->kind != NOTICE_reminder && !later)
	    || !record_open_incident(keeper, target, &incident) || incident.number != delivery->incident || incident.acknowledged == 0)
		return false;
	return delivery->kind == NOTICE_reminder || !told_sent_down(keeper, target, courier);
}

static bool
is_last_of_state(const struct keeper *keeper, const struct courier *courier, const struct delivery *given)
{
	const struct delivery *newer = given;

	while ((newer = queued_next(keeper, courier, given->target, newer)) != NULL)
		if (newer->digest == 0 && newer->notice != given->notice && ledger_speaks_of_state(newer->kind))
			return false;
	return true;
}

/* A `down` that an end is queued behind is told with it, in order. */
static bool
is_over(const struct keeper *keeper, const struct courier *courier, const struct delivery *delivery)
{
	bool may_be = delivery->kind == NOTICE_reminder || delivery->kind == NOTICE_changed
	    || (delivery->kind == NOTICE_down && outbox_is_all_unsent(keeper, courier, delivery)
	        && is_last_of_state(keeper, courier, delivery));

	return delivery->incident != 0 && may_be && !outbox_is_of_open(keeper, delivery);
}

/* A reason behind whose end what is true is told; the others are for good. */
static bool
has_end(const char *why)
{
	return why != NULL && why != acknowledged && why != over;
}

/*
 * What may have arrived cannot be taken back: what an acknowledgement withholds waits then for the incident's end, and is
 * told with it.
 */
static bool
waits_in_doubt(const char *why)
{
	return why != NULL && why != over;
}

/* A digest that may have arrived waits where nothing is left in it but what may not be told. */
static const char *
withhold_doubtful(const struct keeper *keeper, const struct courier *courier, uint64_t notice)
{
	const struct digest *digest = outbox_digest(courier, notice);
	const char *why = NULL;

	for (const struct delivery *member = digest == NULL ? NULL : digest->members; member != NULL; member = member->next)
		if (!waits_in_doubt(why = withhold_delivery(keeper, courier, member)))
			return NULL;
	return why;
}

const char *
withhold_delivery(const struct keeper *keeper, const struct courier *courier, const struct delivery *delivery)
{
	uint32_t target;
	const char *why;

	if (delivery->kind == NOTICE_digest && delivery->doubt > 0)
		return withhold_doubtful(keeper, courier, delivery->notice);
	if (delivery->target == 0 || delivery->kind == NOTICE_test || delivery->retried > clock_mono()
	    || (target = roll_target(&keeper->roll, delivery->target)) == CONFIG_NONE)
		return NULL;
	if ((why = withhold_target(keeper, target)) != NULL)
		return why;
	if (is_acknowledged(keeper, courier, delivery, target))
		return acknowledged;
	return is_over(keeper, courier, delivery) ? over : NULL;
}

void
withhold_keep(struct keeper *keeper)
{
	if (!keeper->withheld.changed)
		return;
	uint64_t *numbers = calloc(keeper->withheld.count + 1, sizeof *numbers);
	uint32_t count = 0;
	if (numbers == NULL)
		keeper_out_of_memory(keeper, "who was withheld");
	for (uint32_t i = 0; i < keeper->config->target_count; i++)
		if (keeper->files[i].withheld)
			numbers[count++] = roll_number(&keeper->roll, i);
	store_put_meta(journal_main(keeper), meta_key, (struct pw_bytes){ (const char *)numbers, count * sizeof *numbers });
	free(numbers);
	keeper->withheld.changed = false;
}

static void
mark(struct keeper *keeper, uint32_t target, bool withheld)
{
	keeper->files[target].compared = false;
	if (keeper->files[target].withheld == withheld)
		return;
	keeper->files[target].withheld = withheld;
	keeper->withheld.count += withheld ? 1 : UINT32_MAX;
	keeper->withheld.changed = true;
	(void)journal_main(keeper); /* so that it is kept soon */
}

/* Its row stays, and may be made anew. What an acknowledgement withholds is not told later: the incident's end is. */
static struct pw_bytes
end(struct delivery *delivery, const char *why, char words[static WORDS_MAX])
{
	struct text text = text_over(words, WORDS_MAX);

	text_format(&text, "held: %s", why);
	delivery->withheld = why != acknowledged;
	delivery->state = STORE_DELIVERY_dropped;
	return (struct pw_bytes){ text.bytes, text.size };
}

/* A notice of a target (the store's number; 0: of ourselves), for all recipients. */
static void
end_notice(struct keeper *keeper, struct courier *courier, uint64_t number, uint64_t notice, const char *why)
{
	uint32_t target = roll_target(&keeper->roll, number);
	bool said = false;
	char words[WORDS_MAX];

	for (struct delivery *delivery = queued_next(keeper, courier, number, NULL), *next; delivery != NULL; delivery = next) {
		next = queued_next(keeper, courier, number, delivery);
		if (delivery->notice != notice || delivery->digest != 0)
			continue;
		if (!said)
			duty_log(keeper->duty, LOG_INFO, 0, "keeper: %s is not told of a notice (%s): %s", courier->name,
			    notice_name(delivery->kind), why);
		said = true;
		outbox_put(keeper, courier, delivery, end(delivery, why, words), 0);
	}
	told_go_back(keeper, courier, number);
	if (why != acknowledged && target != CONFIG_NONE)
		mark(keeper, target, true);
}

/* It may not be told, and can be taken back. */
static bool
is_to_end(const struct keeper *keeper, const struct courier *courier, const struct delivery *delivery, const char **why)
{
	*why = withhold_delivery(keeper, courier, delivery);
	return *why != NULL && outbox_is_all_unsent(keeper, courier, delivery);
}

/* Ends all of a target that is to end. */
static void
end_all_of(struct keeper *keeper, struct courier *courier, uint64_t target)
{
	const struct delivery *delivery = queued_next(keeper, courier, target, NULL);
	const char *why;

	while (delivery != NULL)
		if (delivery->digest == 0 && is_to_end(keeper, courier, delivery, &why)) {
			end_notice(keeper, courier, target, delivery->notice, why);
			delivery = queued_next(keeper, courier, target, NULL);
		} else
			delivery = queued_next(keeper, courier, target, delivery);
}

/*
 * All that waits of a target of which something is taken back: what is true is told once, when the reason has ended. What
 * somebody retries by hand goes with it, for it would be told without what was before it.
 */
static void
end_line(struct keeper *keeper, struct courier *courier, uint64_t target)
{
	struct delivery *delivery = NULL;

	while ((delivery = queued_next(keeper, courier, target, delivery)) != NULL)
		if (delivery->digest == 0 && delivery->kind != NOTICE_test)
			delivery->retried = 0;
	end_all_of(keeper, courier, target);
}

static void
take_back(struct keeper *keeper, struct courier *courier, const struct delivery *delivery, const char *why)
{
	if (has_end(why))
		end_line(keeper, courier, delivery->target);
	else
		end_notice(keeper, courier, delivery->target, delivery->notice, why);
}

/* The first that is due and to end, before or among so many as can be claimed at once; NULL: there is none. */
static const struct delivery *
find_due(const struct keeper *keeper, const struct courier *courier, const char **why)
{
	int64_t now = clock_mono();
	uint32_t ripe = 0;

	for (const struct delivery *delivery = courier->first; delivery != NULL && ripe < CLAIM_MAX; delivery = delivery->next) {
		if (delivery->due > now)
			continue;
		if (is_to_end(keeper, courier, delivery, why))
			return delivery;
		ripe += *why == NULL && claims_is_ripe(keeper, courier, delivery);
	}
	return NULL;
}

void
withhold_due(struct keeper *keeper, struct courier *courier)
{
	const struct delivery *delivery;
	const char *why;

	while ((delivery = find_due(keeper, courier, &why)) != NULL)
		take_back(keeper, courier, delivery, why);
}

void
withhold_acknowledged(struct keeper *keeper, uint32_t target)
{
	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		end_all_of(keeper, &keeper->outbox.couriers[i], roll_number(&keeper->roll, target));
}

/* It may have arrived so often. */
static uint32_t
doubt_of(const struct courier *courier, uint64_t notice)
{
	uint32_t doubt = 0;

	for (const struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next)
		if (delivery->notice == notice && delivery->doubt > doubt)
			doubt = delivery->doubt;
	return doubt;
}

/* Those that may not be told go back to where they would be without the digest; `for_good`: those alone that will never be. */
static void
leave_out(struct keeper *keeper, struct courier *courier, struct digest *digest, bool for_good)
{
	char words[WORDS_MAX];

	for (struct delivery **link = &digest->members, *member; (member = *link) != NULL;) {
		const char *why = withhold_delivery(keeper, courier, member);
		uint64_t number = member->target;

		if (why == NULL || (for_good && waits_in_doubt(why))) {
			link = &member->next;
			continue;
		}
		digest_take_out(digest, link);
		outbox_write(keeper, courier, member, end(member, why, words), 0);
		outbox_free(keeper, courier, member);
		told_go_back(keeper, courier, number);
		if (why != acknowledged)
			mark(keeper, roll_target(&keeper->roll, number), true);
		if (has_end(why))
			end_line(keeper, courier, number);
	}
}

/* What may have arrived cannot be taken back: those that may be told go on without the others, which wait in the digest. */
static void
let_others_go(struct keeper *keeper, struct courier *courier, struct digest *digest, uint32_t doubt)
{
	for (struct delivery **link = &digest->members, *member; (member = *link) != NULL;) {
		if (withhold_delivery(keeper, courier, member) != NULL) {
			link = &member->next;
			continue;
		}
		digest_take_out(digest, link);
		member->doubt += doubt;
		outbox_put_back(courier, member);
		outbox_put(keeper, courier, member, (struct pw_bytes){ "", 0 }, 0);
	}
}

static bool
is_any_withheld(const struct keeper *keeper, const struct courier *courier, const struct digest *digest)
{
	for (const struct delivery *member = digest->members; member != NULL; member = member->next)
		if (withhold_delivery(keeper, courier, member) != NULL)
			return true;
	return false;
}

static void
give_back(struct keeper *keeper, struct courier *courier, uint64_t notice)
{
	for (struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next)
		if (delivery->notice == notice && delivery->state == STORE_DELIVERY_claimed) {
			delivery->state = delivery->attempts > 0 ? STORE_DELIVERY_again : STORE_DELIVERY_waiting;
			outbox_put(keeper, courier, delivery, (struct pw_bytes){ "", 0 }, 0);
		}
}

static bool
claimed_digest(struct keeper *keeper, struct courier *courier, struct digest *digest)
{
	uint32_t doubt = doubt_of(courier, digest->notice);

	if (!is_any_withheld(keeper, courier, digest))
		return true;
	leave_out(keeper, courier, digest, doubt > 0);
	if (is_any_withheld(keeper, courier, digest)) {
		let_others_go(keeper, courier, digest, doubt);
		give_back(keeper, courier, digest->notice);
		return false;
	}
	if (digest->members != NULL)
		return true;
	end_notice(keeper, courier, 0, digest->notice, "all that it stands for");
	return false;
}

bool
withhold_claimed(struct keeper *keeper, struct courier *courier, uint64_t notice)
{
	struct digest *digest = outbox_digest(courier, notice);
	const struct delivery *delivery = courier->first;
	const char *why;

	if (digest != NULL)
		return claimed_digest(keeper, courier, digest);
	while (delivery->notice != notice)
		delivery = delivery->next;
	why = withhold_delivery(keeper, courier, delivery);
	if (why == NULL)
		return true;
	if (outbox_is_all_unsent(keeper, courier, delivery))
		take_back(keeper, courier, delivery, why);
	else
		give_back(keeper, courier, notice);
	return false;
}

void
withhold_later(struct keeper *keeper, uint32_t target, bool quiet)
{
	struct file_of *file = &keeper->files[target];
	/* What waits to be compared for all waits no less because a notifier in its quiet hours waits longer. */
	bool others_wait = file->withheld && !file->compared;

	mark(keeper, target, true);
	file->compared = quiet && !others_wait;
}

void
withhold_turn(struct keeper *keeper)
{
	bool hushed = rules_are_quiet(keeper);

	for (uint32_t i = 0; keeper->withheld.count > 0 && i < keeper->config->target_count; i++) {
		struct file_of *file = &keeper->files[i];

		if (!file->withheld || withhold_target(keeper, i) != NULL)
			continue;
		if (!file->compared)
			telling_compare(keeper, i, CONFIG_NONE);
		file->compared = true;
		/* Who is in his quiet hours is told at their end, also by a keeper that is born in them. */
		if (!hushed)
			mark(keeper, i, false);
	}
}

void
withhold_recover(struct keeper *keeper)
{
	uint32_t room = keeper->config->target_count;
	uint64_t *numbers = calloc(room + 1, sizeof *numbers);
	int64_t size;

	if (numbers == NULL)
		keeper_out_of_memory(keeper, "who was withheld");
	size = store_read_meta(keeper->reader, meta_key, numbers, room * sizeof *numbers);
	for (int64_t i = 0; i < size / (int64_t)sizeof *numbers && i < room; i++) {
		uint32_t target = roll_target(&keeper->roll, numbers[i]);
		if (target != CONFIG_NONE)
			mark(keeper, target, true);
	}
	keeper->withheld.changed = false;
	free(numbers);
	/* Where a pause or a window is in force something may have been kept silent that nobody noted. */
	for (uint32_t i = 0; i < keeper->config->target_count; i++)
		if (silences_at(keeper, i, clock_wall()) != NULL)
			mark(keeper, i, true);
}
