/* What people ask for comes back as it went, and nothing that is cut, longer or out of range is taken. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/messages_ask.h"

enum { TARGETS = 10, ROOM = 8192 };

static const struct message_ask ask_sample = { .number = 7, .target = 3, .released = 1, .verb = "pause", .who = "root",
	.word_count = 3, .words = { { "mx\x1b", 3 }, { "2h", 2 }, { "a\nwhy", 5 } } };
static const struct message_answer answer_sample = { .number = 7, .kind = 'x', .status = 75, .text = { "", 0 } };

static bool
get_ask(struct wire_in *in)
{
	struct message_ask got;

	return message_get_ask(in, &got, TARGETS) && got.number == 7 && got.target == 3 && got.released == 1
	    && strcmp(got.verb, "pause") == 0 && strcmp(got.who, "root") == 0 && got.word_count == 3
	    && got.words[0].size == 3 && memcmp(got.words[2].data, "a\nwhy", 5) == 0;
}

static bool
get_answer(struct wire_in *in)
{
	struct message_answer got;

	return message_get_answer(in, &got) && got.number == 7 && got.kind == 'x' && got.status == 75 && got.text.size == 0;
}

static bool
get_release(struct wire_in *in)
{
	uint32_t target;

	return message_get_release(in, &target, TARGETS) && target == 4;
}

static void
put(int which, struct wire_out *out)
{
	switch (which) {
	case 0: message_put_ask(out, &ask_sample); break;
	case 1: message_put_answer(out, &answer_sample); break;
	case 2: message_put_release(out, 4); break;
	}
}

static bool (*const readers[])(struct wire_in *) = { get_ask, get_answer, get_release };
enum { READERS = sizeof readers / sizeof readers[0] };

static void
whole_or_not_at_all(void **state)
{
	unsigned char packet[ROOM];

	(void)state;
	for (int which = 0; which < READERS; which++) {
		struct wire_out out = wire_over(packet, sizeof packet);

		put(which, &out);
		assert_false(out.bad);
		for (size_t size = 0; size <= out.size + 1; size++) {
			struct wire_in in = wire_from(packet, size);
			assert_int_equal(readers[which](&in), size == out.size);
		}
		for (int other = 0; other < READERS; other++) {
			struct wire_in in = wire_from(packet, out.size);
			assert_int_equal(readers[other](&in), other == which);
		}
	}
}

static bool
ask_is_taken(const struct message_ask *ask)
{
	unsigned char packet[ROOM];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct message_ask got;

	message_put_ask(&out, ask);
	struct wire_in in = wire_from(packet, out.size);
	return !out.bad && message_get_ask(&in, &got, TARGETS);
}

static void
an_ask_is_checked(void **state)
{
	static const char much[ASK_WORD_MAX + 1] = { 'y' };
	struct message_ask ask = ask_sample;

	(void)state;
	assert_true(ask_is_taken(&ask));
	ask.words[0] = (struct pw_bytes){ much, ASK_WORD_MAX };
	assert_true(ask_is_taken(&ask));
	ask.words[0].size++;
	assert_false(ask_is_taken(&ask));
	ask = ask_sample;
	ask.target = UINT32_MAX;
	assert_true(ask_is_taken(&ask));
	ask.target = TARGETS;
	assert_false(ask_is_taken(&ask));
	ask = ask_sample;
	ask.word_count = ASK_WORDS_MAX + 1;
	assert_false(ask_is_taken(&ask));
	ask = ask_sample;
	memcpy(ask.who, "r\x1b", 3);
	assert_false(ask_is_taken(&ask));
}

static bool
answer_is_taken(char kind, const char *text)
{
	unsigned char packet[ROOM];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct message_answer got;

	message_put_answer(&out, &(struct message_answer){ 1, kind, 0, { text, strlen(text) } });
	struct wire_in in = wire_from(packet, out.size);
	return message_get_answer(&in, &got);
}

static void
an_answer_is_checked(void **state)
{
	(void)state;
	assert_true(answer_is_taken('o', "a line") && answer_is_taken('e', "a line"));
	assert_false(answer_is_taken('o', "a\nline"));
	assert_false(answer_is_taken('o', "a\x1bline"));
	assert_false(answer_is_taken('q', "a line"));
	assert_false(answer_is_taken('\0', "a line"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_or_not_at_all),
		cmocka_unit_test(an_ask_is_checked),
		cmocka_unit_test(an_answer_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
