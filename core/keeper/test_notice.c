/*
 * For the keeper: carries out `postwatch test NOTIFIER`, a notice of the kind `test` through the
 * real path, whose receipts are the answer to the command. It is sent now or not at all: what the
 * notifier did not take is dropped, for the person who asked has been told.
 */
#include "keeper/test_notice.h"

#include <syslog.h>

#include "base/clock.h"
#include "base/text.h"
#include "keeper/service_private.h"

static const char is_over[] = "the test is over";
static const int64_t to_be_taken = 20 * (int64_t)SECOND, to_be_killed = 10 * (int64_t)SECOND;

void
test_notice_wait(struct keeper *keeper, struct ask *ask, struct notifier *notifier,
    uint64_t notice, enum notice_kind kind)
{
	ask->notice = notice;
	ask->notifier = notifier;
	ask->began = clock_mono();
	ask->serial = UINT64_MAX;
	outbox_add(keeper, notifier_index(keeper, notifier),
	    &(struct outbox_entry){ .kind = kind, .code = "", .notice = notice, .by_hand = true });
}

void
test_notice_begin(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	struct notifier *notifier = message->word_count == 1
	    ? notifier_named(keeper, message->words[0]) : NULL;
	struct text text = TEXT_ROOM(512);
	int64_t now = clock_wall();

	if (notifier == NULL) {
		ask_refuse(ask, ASK_USAGE,
		    "there is no such notifier: `postwatch check` reads the configuration");
		return;
	}
	const char *name = notifier_rules(notifier)->name;
	text_format(&text, "this is a test of the notifier %s, asked for by %s: nothing has"
	    " happened", name, message->who);
	test_notice_wait(keeper, ask, notifier, outbox_put_notice(keeper,
	    (struct store_notice){ .kind = "test", .detected = now, .confirmed = now,
	    .text = { text.bytes, text.size } }, NULL), NOTICE_test);
	keeper_log(keeper, LOG_NOTICE, "%s is tested: asked for by %s", name, message->who);
}

static struct ask *
find_ask(const struct keeper *keeper, const struct notifier *notifier, uint64_t notice)
{
	for (struct ask *ask = keeper->service->asks; ask != NULL; ask = ask->next)
		if (ask->notice != 0 && ask->notice == notice && ask->notifier == notifier)
			return ask;
	return NULL;
}

bool
test_notice_waits(const struct keeper *keeper, const struct notifier *notifier, uint64_t notice)
{
	return find_ask(keeper, notifier, notice) != NULL;
}

static void
finish(struct keeper *keeper, struct ask *ask, int status)
{
	ask_end(ask, status);
	ask->notice = 0;
	(void)commit_queue_main(keeper);
	ask->serial = commit_queue_serial(keeper->commits);
}

void
test_notice_receipt(struct keeper *keeper, struct notifier *notifier,
    const struct delivery *delivery, const struct message_receipt *receipt)
{
	static const char *const words[] = { [PW_SENT] = "sent", [PW_AGAIN] = "not sent",
	    [PW_NEVER] = "refused" };
	struct ask *ask = find_ask(keeper, notifier, delivery->notice);
	struct text text = TEXT_ROOM(ANSWER_LINE_MAX - 512);

	if (ask == NULL)
		return;
	text_escape(&text, receipt->text);
	ask_say(ask, 'o', "%s%s%s: %s after %s%s%s", notifier_rules(notifier)->name,
	    delivery->recipient[0] == '\0' ? "" : " to ", delivery->recipient, words[receipt->fate],
	    SPAN(receipt->micros), text.size > 0 ? ": " : "", text.bytes);
	ask->failed |= receipt->fate != PW_SENT;
	if (++ask->receipts == notifier_recipients(notifier))
		finish(keeper, ask, ask->failed ? ASK_REFUSED : 0);
}

void
test_notice_lost(struct keeper *keeper, struct notifier *notifier, uint64_t notice)
{
	struct ask *ask = find_ask(keeper, notifier, notice);

	if (ask == NULL)
		return;
	ask_say(ask, 'e', "%s died with it in hand: the log says of what",
	    notifier_rules(notifier)->name);
	outbox_drop_notice(keeper, notifier, notice, is_over);
	finish(keeper, ask, ASK_REFUSED);
}

void
test_notice_turn(struct keeper *keeper)
{
	int64_t now = clock_mono();

	for (struct ask *ask = keeper->service->asks; ask != NULL; ask = ask->next) {
		if (ask->notice == 0)
			continue;
		const struct config_notifier *rules = notifier_rules(ask->notifier);
		bool taken = notifier_in_hand(ask->notifier) == ask->notice;
		/* Past its deadline the parent ends it, and that is the answer then. */
		if (now - ask->began < to_be_taken + (taken ? rules->deadline + to_be_killed : 0))
			continue;
		if (taken)
			ask_say(ask, 'e', "%s has not answered in time: what becomes of it"
			    " `postwatch outbox` tells", rules->name);
		else {
			ask_say(ask, 'e', "%s %s", rules->name, !notifier_is_linked(ask->notifier)
			    ? "is not running: the log says why"
			    : "is busy with others, or there were too many in this minute: it was"
			    " taken back");
			outbox_drop_notice(keeper, ask->notifier, ask->notice, is_over);
		}
		finish(keeper, ask, ASK_BUSY);
	}
}
