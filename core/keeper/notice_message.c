/*
 * For the keeper: makes the messages by which a notice is handed to the worker of a notifier: the
 * notice as the store has it, its recipients, what went before it, and the evidence of its runs.
 */

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "base/text.h"
#include "keeper/notice_context.h"
#include "keeper/dependents.h"
#include "keeper/outbox_private.h"
#include "keeper/notice_payload.h"
#include "store/list.h"

static const char in_one[] = " notices in one: ";

enum { NAMED_MAX = 4 }; /* targets of a kind that a digest names in its sentence */

/* Of what a digest stands for, the notices of one kind. */
struct tally {
	uint32_t count, named;
	char names[NAMED_MAX * (NOTICE_TARGET_MAX + 2)];
	struct text text;       /* over the names */
};

/* What a notice is made of, copied from the store. */
struct material {
	struct keeper *keeper;
	struct notifier *notifier;
	struct message_notice notice;
	struct notice_payload payload;
	uint64_t target;          /* the store's number */
	/* the notice that its receiver knows what it is about by; 0: the first of it */
	uint64_t opened;
	struct notice_names names; /* as they are now */
	struct packet_queue out;   /* its packets; only the whole goes out */
	bool no_memory;
	char code[OUTCOME_NAME_MAX];
	struct text lines;
	struct packet_queue legs[CHANGE_ATTEMPTS_MAX]; /* packets of each run's evidence */
	/* From here on only what has been written: the texts, and the tallies of a digest. */
	char text[NOTICE_TEXT_MAX], list[NOTICE_LIST_MAX];
	struct tally tallies[NOTICE_KINDS];
};

static void
put_big_endian(unsigned char bytes[static 8], uint64_t number)
{
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(number >> (56 - 8 * i));
}

/* base32(SHA-256(instance id, target, its change, when that was confirmed, kind, notifier)): the
 * same for each attempt, for whoever is tried again, and by whichever keeper it is told, though
 * that may give it another number. A backup that was put back has the numbers a second time; by the
 * time they are no duplicates to a receiver. */
static void
make_key(const struct material *it, const struct store_notice *notice,
    char key[static NOTICE_KEY_MAX])
{
	enum { FIXED = 16 + 3 * 8 };
	unsigned char bytes[256], digest[SHA256_SIZE];
	struct text words = text_over((char *)bytes + FIXED, sizeof bytes - FIXED);

	memcpy(bytes, store_instance(it->keeper->store), 16);
	put_big_endian(bytes + 16, it->target);
	put_big_endian(bytes + 24, notice->change);
	put_big_endian(bytes + 32, (uint64_t)notice->confirmed);
	text_format(&words, "%s %s", notice->kind, it->notifier->name);
	sha256(bytes, FIXED + words.size, digest);
	base32(digest, sizeof digest, key, NOTICE_KEY_MAX - 1);
}

static void
take_notice(struct material *it, const struct store_notice *row)
{
	struct message_notice *notice = &it->notice;
	struct text text = TEXT_OVER(it->text);

	text_add_bytes(&text, row->text.data, row->text.size);
	notice->text = (struct pw_bytes){ text.bytes, text.size };
	text_copy(notice->kind, sizeof notice->kind, row->kind);
	text_copy(notice->code, sizeof notice->code, row->code);
	text_copy(notice->silences, sizeof notice->silences, row->silences);
	notice->flags |= row->silences[0] != '\0' ? NOTICE_TOLD_LATE : 0;
	notice->incident = row->incident;
	notice->detected = row->detected;
	notice->confirmed = row->confirmed;
	payload_get(&it->payload, row->rest);
	memcpy(notice->from, it->payload.from, sizeof notice->from);
	memcpy(notice->to, it->payload.to, sizeof notice->to);
	memcpy(notice->tag, it->payload.tag, sizeof notice->tag);
	notice->covered = it->payload.covered;
	it->target = row->target;
	make_key(it, row, notice->key);
}

static void
add_covered(struct material *it, const struct store_notice *row)
{
	struct tally *tally = &it->tallies[notice_named(row->kind)];
	struct notice_names names;

	text_add_bytes(&it->lines, row->text.data, row->text.size);
	text_add(&it->lines, "\n");
	if (tally->count++ == 0)
		tally->text = TEXT_OVER(tally->names);
	registry_names(it->keeper->registry, row->target, &names);
	if (names.target[0] == '\0' || tally->named == NAMED_MAX)
		return;
	text_format(&tally->text, "%s%s", tally->named == 0 ? "" : ", ", names.target);
	tally->named++;
}

/* A line by itself, such as a subject or one of syslog, has to say what a digest is of: how many of
 * each kind, and who. */
static void
add_tallies(const struct material *it, struct text *text)
{
	const char *between = "";

	for (size_t kind = 0; kind < NOTICE_KINDS; kind++) {
		const struct tally *tally = &it->tallies[kind];
		if (tally->count == 0)
			continue;
		text_format(text, "%s%" PRIu32 " %s", between, tally->count,
		    notice_name((enum notice_kind)kind));
		if (tally->named > 0)
			text_format(text, " (%.*s", (int)tally->text.size, tally->text.bytes);
		if (tally->named > 0 && tally->count > tally->named)
			text_format(text, " and %" PRIu32 " more", tally->count - tally->named);
		text_add(text, tally->named > 0 ? ")" : "");
		between = ", ";
	}
}

/* False: some of it found no memory, and nothing of it goes out. */
static bool
send_packets(struct material *it)
{
	struct notifier *notifier = it->notifier;

	if (!it->no_memory) {
		packet_queue_join(&notifier->out, &it->out);
		return true;
	}
	keeper_log(it->keeper, LOG_ERR,
	    "keeper: no memory to hand a notice to %s: it is tried again", notifier->name);
	packet_queue_clear(&it->out);
	notifier->hand_count = 0;
	return false;
}

/* Evidence goes on as it was kept, and is looked into by whoever makes a text of it. */
static void
send_leg(struct material *it, uint64_t run, struct pw_bytes evidence)
{
	static unsigned char packet[WIRE_MAX];
	struct wire_out out = wire_over(packet, sizeof packet);
	uint32_t place = 0;

	while (place < it->payload.attempt_count && it->payload.attempts[place] != run)
		place++;
	if (place == it->payload.attempt_count)
		return;
	message_put_leg(&out, &(struct message_leg){ .notice = it->notice.notice, .run = place,
	    .runs = it->payload.attempt_count, .packet = evidence });
	if (!out.bad && !packet_queue_add(&it->legs[place], packet, out.size, -1))
		it->no_memory = true;
}

/* Of an incident from its own evidence, of others from the notice's own. What was not kept is
 * perhaps in memory still, or in the history. In the order of the runs, from wherever they come. */
static void
send_legs(struct material *it)
{
	struct store_reader *reader = store_inside(it->keeper->store);
	uint32_t target = registry_target(it->keeper->registry, it->target);
	struct store_notice_evidence own;
	struct store_evidence kept;
	struct store_trace trace;

	if (it->payload.attempt_count == 0)
		return;
	if (it->notice.incident != 0) {
		STORE_EACH(&kept, reader, STORE_LIST_EVIDENCE, it->notice.incident)
			send_leg(it, kept.run, kept.bytes);
	} else
		STORE_EACH(&own, reader, STORE_LIST_NOTICE_EVIDENCE, it->notice.notice)
			send_leg(it, own.run, own.bytes);
	for (uint32_t i = 0; i < it->payload.attempt_count; i++) {
		const struct cached_leg *leg;
		uint64_t run = it->payload.attempts[i];
		bool here = packet_queue_is_empty(&it->legs[i]) && target != CONFIG_NONE;
		for (uint32_t j = 0; here
		    && (leg = cache_leg(it->keeper->cache, target, run, j)) != NULL; j++)
			send_leg(it, run, leg->packet);
		if (packet_queue_is_empty(&it->legs[i]))
			STORE_EACH(&trace, reader, STORE_LIST_RUN_TRACES, run)
				if (trace.target == it->target)
					send_leg(it, run, trace.bytes);
		packet_queue_join(&it->out, &it->legs[i]);
	}
}

static void
add_recipients(struct material *it)
{
	struct notifier *notifier = it->notifier;
	struct message_notice *notice = &it->notice;
	struct delivery delivery = { .notice = 0 };

	notifier->hand_count = 0;
	while (notifier->hand_count < NOTICE_RECIPIENTS_MAX
	    && outbox_next(it->keeper, notifier, STORE_QUEUE_NOTICE, notice->notice, &delivery)) {
		if (delivery.state != STORE_DELIVERY_claimed)
			continue;
		notifier->hand[notifier->hand_count++] = delivery.recipient;
		notice->recipients[notice->recipient_count++] = text_view(delivery.recipient);
		/* Receipts name recipients by their place, which is that in `hand`. */
		assert(notice->recipient_count == notifier->hand_count);
		if (notice->queued == 0 || delivery.created < notice->queued)
			notice->queued = delivery.created;
		if (delivery.attempts + 1 > notice->attempt)
			notice->attempt = delivery.attempts + 1;
		if (delivery.doubt > 0)
			notice->flags |= NOTICE_DUPLICATE;
		if (delivery.failover == STORE_FAILOVER_STANDS_IN)
			notice->flags |= NOTICE_FALLBACK;
	}
}

/* Where it says that its target is down, and that is still so: who is silent behind it. */
static void
add_behind(struct material *it)
{
	enum notice_kind kind = notice_named(it->notice.kind);
	uint32_t target = registry_target(it->keeper->registry, it->target);
	struct store_incident open;

	if (it->payload.covered == 0 && (kind == NOTICE_down || kind == NOTICE_reminder
	    || kind == NOTICE_flapping) && target != CONFIG_NONE
	    && registry_has_dependents(it->keeper->registry, target)
	    && registry_open_incident(it->keeper->registry, target, &open) && open.number
	    == it->notice.incident)
		dependents_add(it->keeper, target, it->notifier, &it->lines);
}

void
outbox_count_digest(const struct keeper *keeper, const struct notifier *notifier, uint64_t digest,
    struct notice_payload *payload)
{
	struct delivery member = { .notice = 0 };

	payload->covered = payload->covers_count = 0;
	for (uint64_t last = 0; outbox_next(keeper, notifier, STORE_QUEUE_DIGEST, digest, &member);
	    last = member.notice) {
		if (member.notice == last)
			continue;
		payload->covered++;
		if (payload->covers_count < PAYLOAD_COVERS_MAX)
			payload->covers[payload->covers_count++] = member.notice;
		assert(payload->covers_count <= payload->covered);
	}
	assert(payload->covers_count <= payload->covered);
}

/* Some of what it was made for may have been left out since. */
static void
count_digest(struct material *it)
{
	struct delivery member = { .notice = 0 };

	if (notice_named(it->notice.kind) != NOTICE_digest
	    || !outbox_next(it->keeper, it->notifier, STORE_QUEUE_DIGEST, it->notice.notice,
	    &member))
		return;
	outbox_count_digest(it->keeper, it->notifier, it->notice.notice, &it->payload);
	it->notice.covered = it->payload.covered;
}

static void
describe_digest(struct material *it)
{
	const char *why = memmem(it->text, it->notice.text.size, in_one, sizeof in_one - 1);
	char words[sizeof it->text];
	struct text text = TEXT_OVER(words), back;

	if (notice_named(it->notice.kind) != NOTICE_digest || why == NULL
	    || it->payload.covers_count == 0)
		return;
	add_tallies(it, &text);
	if (it->payload.covered > it->payload.covers_count)
		text_format(&text, " and %" PRIu32 " more",
		    it->payload.covered - it->payload.covers_count);
	text_format(&text, ": %" PRIu32 "%.*s", it->payload.covered,
	    (int)(it->text + it->notice.text.size - why), why);
	back = TEXT_OVER(it->text);
	text_add_bytes(&back, text.bytes, text.size);
	it->notice.text = (struct pw_bytes){ back.bytes, back.size };
}

/* Whoever keeps what it is told has to be told the end of it under the key and the names that it
 * began with. */
static void
find_opened(struct material *it)
{
	struct store *store = it->keeper->store;
	uint64_t first = context_first(store, &it->notice, it->target);
	struct notice_payload payload = { .named = false };
	struct store_notice row;

	if ((it->opened != 0 && store_find_notice(store, it->opened, &row))
	    || store_find_notice(store, first, &row)) {
		make_key(it, &row, it->notice.thread);
		text_copy(it->notice.first_kind, sizeof it->notice.first_kind, row.kind);
		payload_get(&payload, row.rest);
	}
	it->notice.first = payload.named ? payload.names : it->names;
}

static bool
gather(struct material *it)
{
	struct store *store = it->keeper->store;
	struct store_notice row;
	struct store_incident incident;
	uint32_t target;

	if (!store_find_notice(store, it->notice.notice, &row))
		return false;
	take_notice(it, &row);
	if (!store_keeps_notice(store, it->notice.notice))
		it->notice.flags |= NOTICE_NOT_RECORDED;
	count_digest(it);
	if (it->notice.incident != 0 && store_find_incident(store, it->notice.incident,
	    &incident)) {
		it->notice.began = incident.began;
		it->notice.ended = incident.ended;
	}
	it->lines = TEXT_OVER(it->list);
	if (it->payload.covers_count > 0)
		memset(it->tallies, 0, sizeof it->tallies);
	for (uint32_t i = 0; i < it->payload.covers_count; i++)
		if (store_find_notice(store, it->payload.covers[i], &row))
			add_covered(it, &row);
	if (it->payload.covered > it->payload.covers_count)
		text_format(&it->lines, "and %" PRIu32 " more\n",
		    it->payload.covered - it->payload.covers_count);
	describe_digest(it);
	add_behind(it);
	it->notice.list = (struct pw_bytes){ it->lines.bytes, it->lines.size };
	registry_names(it->keeper->registry, it->target, &it->names);
	it->notice.target = text_view(it->names.target);
	it->notice.host = text_view(it->names.host);
	it->notice.port = it->names.port;
	text_copy(it->notice.probe, sizeof it->notice.probe, it->names.probe);
	find_opened(it);
	target = registry_target(it->keeper->registry, it->target);
	context_add_failures(store, &it->notice, &it->payload, target != CONFIG_NONE
	/* whether each has to answer */
	    && it->keeper->config->targets[target].policy->addresses == ADDRESSES_ALL);
	return true;
}

bool
notice_message_send(struct keeper *keeper, struct notifier *notifier,
    const struct delivery *delivery, bool again)
{
	static unsigned char packet[WIRE_MAX];
	static struct material it;
	struct wire_out out = wire_over(packet, sizeof packet);

	memset(&it, 0, offsetof(struct material, text)); /* and not the 60 KB behind it */
	it.keeper = keeper;
	it.notifier = notifier;
	it.notice.notice = delivery->notice;
	it.opened = delivery->opened;
	if (!gather(&it))
		return false;
	send_legs(&it);
	if (again) {
		notifier->hand_count = 0;
		it.notice.recipients[it.notice.recipient_count++] =
		    text_view(notifier->recipients[0]);
		it.notice.queued = clock_wall();
		it.notice.attempt = 1;
	} else
		add_recipients(&it);
	assert(again ? notifier->hand_count == 0 : notifier->hand_count
	    == it.notice.recipient_count);
	message_put_notice(&out, &it.notice);
	it.no_memory |= !packet_queue_add(&it.out, packet, out.size, -1);
	return send_packets(&it);
}
