/* Few targets are held back at once, so nothing is indexed; of which of them something was withheld outlives us in the store. */
#include "keeper/withhold.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/asks.h"
#include "keeper/beat.h"
#include "keeper/keeper.h"
#include "keeper/rules.h"
#include "keeper/silences.h"
#include "keeper/told.h"

enum { WORDS_MAX = 64 };
static const char meta_key[] = "withheld", paused[] = "paused", acknowledged[] = "acknowledged", over[] = "over";

static bool
has_parent_down(const struct keeper *keeper, uint32_t target)
{
	uint32_t parent = keeper->config->targets[target].parent;

	while (parent != CONFIG_NONE && keeper->files[parent].incident == NULL)
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

static const struct incident *
open_incident_of(const struct keeper *keeper, const struct delivery *delivery)
{
	return outbox_is_of_open(keeper, delivery) ? keeper->files[roll_target(&keeper->roll, delivery->target)].incident : NULL;
}

/* Reminders, and what was to be told later: to who knows already of it, an acknowledgement changes nothing. */
static bool
is_acknowledged(const struct keeper *keeper, const struct courier *courier, const struct delivery *delivery, uint32_t target)
{
	const struct incident *incident = open_incident_of(keeper, delivery);

	if (incident == NULL || incident->acknowledged == 0)
		return false;
	if (delivery->kind == NOTICE_reminder)
		return true;
	return courier->rules->after > 0 && !delivery->stands_in
	    && (delivery->kind == NOTICE_down || delivery->kind == NOTICE_flapping || delivery->kind == NOTICE_changed)
	    && !told_sent_down(keeper, target, courier);
}

static bool
is_last_of_state(const struct delivery *given)
{
	for (const struct delivery *delivery = given->next; delivery != NULL; delivery = delivery->next)
		if (delivery->target == given->target && delivery->notice != given->notice && ledger_speaks_of_state(delivery->kind))
			return false;
	return true;
}

/* A `down` that an end is queued behind is told with it, in order. */
static bool
is_over(const struct keeper *keeper, const struct courier *courier, const struct delivery *delivery)
{
	if (delivery->incident == 0 || outbox_is_of_open(keeper, delivery))
		return false;
	return delivery->kind == NOTICE_reminder || delivery->kind == NOTICE_changed
	    || (delivery->kind == NOTICE_down && outbox_is_all_unsent(courier, delivery->notice) && is_last_of_state(delivery));
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

/* A notice of a target, for all recipients. */
static void
end_notice(struct keeper *keeper, struct courier *courier, uint64_t notice, const char *why)
{
	struct delivery *delivery = courier->first;
	char words[WORDS_MAX];
	uint64_t number = 0;
	uint32_t target;

	for (struct delivery *next; delivery != NULL; delivery = next) {
		next = delivery->next;
		if (delivery->notice != notice)
			continue;
		if (number == 0)
			duty_log(keeper->duty, LOG_INFO, 0, "keeper: %s is not told of a notice (%s): %s", courier->name,
			    notice_name(delivery->kind), why);
		number = delivery->target;
		outbox_put(keeper, courier, delivery, end(delivery, why, words), 0);
	}
	target = roll_target(&keeper->roll, number);
	told_go_back(keeper, courier, number);
	if (why != acknowledged && target != CONFIG_NONE)
		mark(keeper, target, true);
}

/* The first of that target (0: any) that may not be told and can be taken back; only what is `due` by then. NULL: none. */
static const struct delivery *
find(const struct keeper *keeper, const struct courier *courier, uint64_t target, int64_t due, const char **why)
{
	for (const struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next)
		if ((target == 0 || delivery->target == target) && delivery->due <= due
		    && (*why = withhold_delivery(keeper, courier, delivery)) != NULL
		    && outbox_is_all_unsent(courier, delivery->notice))
			return delivery;
	return NULL;
}

/*
 * All that waits of a target of which something is taken back: what is true is told once, when the reason has ended. What
 * somebody retries by hand goes with it, for it would be told without what was before it.
 */
static void
end_line(struct keeper *keeper, struct courier *courier, uint64_t target)
{
	const struct delivery *found;
	const char *why;

	for (struct delivery *delivery = courier->first; delivery != NULL; delivery = delivery->next)
		if (delivery->target == target && delivery->kind != NOTICE_test)
			delivery->retried = 0;
	while ((found = find(keeper, courier, target, INT64_MAX, &why)) != NULL)
		end_notice(keeper, courier, found->notice, why);
}

static void
take_back(struct keeper *keeper, struct courier *courier, const struct delivery *delivery, const char *why)
{
	if (has_end(why))
		end_line(keeper, courier, delivery->target);
	else
		end_notice(keeper, courier, delivery->notice, why);
}

void
withhold_due(struct keeper *keeper, struct courier *courier)
{
	const struct delivery *delivery;
	int64_t now = clock_mono();
	const char *why;

	while ((delivery = find(keeper, courier, 0, now, &why)) != NULL)
		take_back(keeper, courier, delivery, why);
}

void
withhold_acknowledged(struct keeper *keeper, uint32_t target)
{
	const struct delivery *delivery;
	const char *why;

	for (uint32_t i = 0; i < keeper->outbox.count; i++) {
		struct courier *courier = &keeper->outbox.couriers[i];
		while ((delivery = find(keeper, courier, roll_number(&keeper->roll, target), INT64_MAX, &why)) != NULL)
			end_notice(keeper, courier, delivery->notice, why);
	}
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
		free(member);
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
		outbox_put_back(keeper, courier, member);
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
	end_notice(keeper, courier, digest->notice, "all that it stands for");
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
	if (outbox_is_all_unsent(courier, notice))
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
