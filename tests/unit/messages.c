/* Nothing cut or longer than a message is taken, no row of its form takes what is out of its bounds, and what must hold between
 * its fields is asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "message_examples.h"

enum { TARGETS = 1000, RECORD = 16 * 1024 /* bytes of the largest struct */ };

static unsigned char packet[WIRE_MAX];

/* Orders, reports and results have no form of their own, and what begins only has no fields. */
static const struct wire_form *
form_of(enum message_kind kind)
{
	const struct wire_form *form = message_form(kind);

	assert_true(form != NULL || kind == MESSAGE_READY || kind == MESSAGE_ORDERS || kind == MESSAGE_REPORTS || kind == MESSAGE_RESULTS);
	assert_true(form == NULL || form->size <= RECORD);
	return form;
}

static size_t
written(enum message_kind kind)
{
	struct wire_out out = wire_over(packet, sizeof packet);

	examples[kind].put(&out);
	return out.size;
}

static bool
is_taken(enum message_kind kind, const void *bytes, size_t size, void *record)
{
	struct wire_in in = wire_from(bytes, size);

	return message_get(&in, kind, record, TARGETS);
}

/* Writes a struct as it is, whatever is in it, and asks its reader. */
static bool
record_is_taken(enum message_kind kind, const void *record)
{
	static uint64_t back[RECORD / sizeof(uint64_t)];
	static unsigned char made[WIRE_MAX]; /* not `packet`, which the record has views into */
	struct wire_out out = wire_over(made, sizeof made);

	message_begin(&out, kind);
	wire_put_form(&out, message_form(kind), record);
	return !out.bad && is_taken(kind, made, out.size, back);
}

static void
an_example_comes_back_whole_or_not_at_all(void **state)
{
	static unsigned char again[WIRE_MAX];
	static uint64_t record[RECORD / sizeof(uint64_t)], other[RECORD / sizeof(uint64_t)];

	(void)state;
	for (enum message_kind kind = 1; kind < MESSAGE_KINDS; kind++) {
		if (form_of(kind) == NULL)
			continue;
		size_t size = written(kind);
		assert_true(is_taken(kind, packet, size, record));
		struct wire_out out = wire_over(again, sizeof again);
		message_begin(&out, kind);
		wire_put_form(&out, message_form(kind), record);
		assert_int_equal(out.size, size);
		assert_memory_equal(again, packet, size);
		for (size_t cut = 0; cut < size; cut++)
			assert_false(is_taken(kind, packet, cut, other));
		packet[size] = 0;
		assert_false(is_taken(kind, packet, size + 1, other));
		packet[0] = kind == MESSAGE_LINK ? MESSAGE_STOP : MESSAGE_LINK;
		assert_false(is_taken(kind, packet, size, other));
	}
	assert_int_equal(message_kind("", 0), 0);
	assert_int_equal(message_kind((unsigned char[]){ MESSAGE_KINDS }, 1), 0);
}

/* What a row must not hold, one thing after the other; false when there is no more. */
static bool
spoil(const struct wire_field *field, void *member, int way)
{
	static const char many[WIRE_MAX + 1] = { 'y' };
	static const struct { enum wire_kind kind; uint64_t all; } widths[]
	    = { { WIRE_U8, UINT8_MAX }, { WIRE_U16, UINT16_MAX }, { WIRE_U32, UINT32_MAX }, { WIRE_U64, UINT64_MAX } };
	struct pw_bytes *bytes = member;

	switch (field->kind) {
	case WIRE_U8:
	case WIRE_U16:
	case WIRE_U32:
	case WIRE_U64:
		if (field->max == 0 || field->max >= widths[field->kind - WIRE_U8].all || way > 0)
			return false;
		*(uint8_t *)member = (uint8_t)(field->max + 1);
		if (field->size > 1)
			((uint8_t *)member)[1] = (uint8_t)((field->max + 1) >> 8);
		return true;
	case WIRE_I64:
		*(int64_t *)member = field->min == INT64_MIN ? 0 : field->min - 1;
		return field->min != INT64_MIN && way == 0;
	case WIRE_INDEX:
	case WIRE_INDEX_OR_NONE:
		*(uint32_t *)member = way == 0 ? TARGETS : field->kind == WIRE_INDEX ? UINT32_MAX : UINT32_MAX - 1;
		return way < 2;
	case WIRE_NAME:
	case WIRE_STRING:
		memcpy(member, way == 0 ? "\x1b" : way == 1 ? "\x7f" : "\n", 2);
		return way < 3;
	case WIRE_TEXT:
	case WIRE_LINES:
		*bytes = way == 0 ? BYTES("\x1b[2J") : way == 1 ? BYTES("\r\n") : way == 2 && field->kind == WIRE_TEXT ? BYTES("a\nb")
		    : (struct pw_bytes){ many, field->max + 1 };
		return way < 3 || (way == 3 && field->max > 0 && field->max < WIRE_MAX);
	case WIRE_BYTES:
		*bytes = (struct pw_bytes){ many, field->max + 1 };
		return way == 0 && field->max > 0;
	default:
		return false;
	}
}

/* Spoils every row of `form`, which lies at `part` of the message. */
static unsigned
each_row_is_checked(enum message_kind kind, const struct wire_form *form, void *record, char *part)
{
	static unsigned char saved[RECORD];
	unsigned found = 0;

	for (const struct wire_field *field = form->fields; field->name != NULL; field++) {
		char *member = part + field->offset;

		if (field->kind == WIRE_PART)
			found += each_row_is_checked(kind, field->form, record, member);
		memcpy(saved, record, message_form(kind)->size);
		for (int way = 0; wire_count(field, part) > 0 && spoil(field, member, way); way++, found++) {
			if (record_is_taken(kind, record))
				fail_msg("%s takes a bad %s (%d)", examples[kind].name, field->name, way);
			memcpy(record, saved, message_form(kind)->size);
		}
		memcpy(record, saved, message_form(kind)->size);
		if (field->counted == 0)
			continue;
		found++;
		memcpy(part + field->count, &(uint32_t){ field->room + 1 }, field->counted);
		assert_false(record_is_taken(kind, record));
		memcpy(record, saved, message_form(kind)->size);
	}
	return found;
}

static void
every_row_is_checked(void **state)
{
	static uint64_t record[RECORD / sizeof(uint64_t)];
	unsigned found = 0;

	(void)state;
	for (enum message_kind kind = 1; kind < MESSAGE_KINDS; kind++) {
		if (form_of(kind) == NULL)
			continue;
		size_t size = written(kind);
		assert_true(is_taken(kind, packet, size, record));
		assert_true(record_is_taken(kind, record));
		found += each_row_is_checked(kind, message_form(kind), record, (char *)record);
	}
	assert_true(found > 100);
}

static struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static bool
was_written(const struct wire_out *out, enum message_kind kind)
{
	static uint64_t record[RECORD / sizeof(uint64_t)];

	return !out->bad && is_taken(kind, packet, out->size, record);
}

/* Whether a message with these members is taken. */
#define TAKEN(kind, name, ...) \
	({ struct wire_out out_ = wire_over(packet, sizeof packet); message_put_##name(&out_, &(struct message_##name){ __VA_ARGS__ }); \
		was_written(&out_, kind); })

static void
a_stop_has_no_less_patience_than_grace(void **state)
{
	(void)state;
	assert_true(TAKEN(MESSAGE_STOP, stop, 2, 2));
	assert_false(TAKEN(MESSAGE_STOP, stop, 2, 1));
}

static void
no_more_references_are_reached_than_asked(void **state)
{
	(void)state;
	assert_true(TAKEN(MESSAGE_REFERENCES, references, .asked = 3, .reached = 1, .unasked = 2, .near = 1, .near_silent = 1));
	assert_false(TAKEN(MESSAGE_REFERENCES, references, .asked = 2, .reached = 3));
	assert_false(TAKEN(MESSAGE_REFERENCES, references, .asked = 2, .reached = 1, .unasked = 2));
	assert_false(TAKEN(MESSAGE_REFERENCES, references, .near = 1, .near_silent = 2));
	assert_false(TAKEN(MESSAGE_REFERENCES, references, .began = 2, .at = 1));
}

static void
a_line_of_the_log_can_be_shown(void **state)
{
	(void)state;
	assert_true(TAKEN(MESSAGE_LOG, log, .level = 3, .text = bytes_of("a line, \xc3\xa9")));
	assert_false(TAKEN(MESSAGE_LOG, log, .level = 3, .text = bytes_of("\xe2\x80\xae")));
	assert_false(TAKEN(MESSAGE_LOG, log, .level = 3, .text = bytes_of("a\xff")));
}

static bool
a_run_is_taken(const struct message_change *change, uint32_t count)
{
	unsigned char changes[2048];
	struct wire_out out = wire_over(changes, sizeof changes);

	message_add_change(&out, change);
	assert_false(out.bad);
	return TAKEN(MESSAGE_RUN, run, .target = 9, .change_count = count, .changes = { (const char *)changes, out.size });
}

static void
every_change_of_a_run_is_checked(void **state)
{
	struct message_change change = { .kind = "down", .code = "banner_timeout", .text = bytes_of("mx1 down"), .detected = 1 };

	(void)state;
	assert_true(a_run_is_taken(&change, 1));
	assert_false(a_run_is_taken(&change, 0));
	assert_false(a_run_is_taken(&change, 2));
	change.kind[0] = '\0';
	assert_true(a_run_is_taken(&change, 1));
	memcpy(change.kind, "dawn", 5);
	assert_false(a_run_is_taken(&change, 1));
	memcpy(change.kind, "down", 5);
	change.confirmed = -1;
	assert_false(a_run_is_taken(&change, 1));
	change.confirmed = 0;
	change.text = bytes_of("with an escape \x1b[2J");
	assert_false(a_run_is_taken(&change, 1));
	change.text = bytes_of("a line\nand another");
	assert_false(a_run_is_taken(&change, 1));
}

static void
no_more_is_committed_than_taken(void **state)
{
	(void)state;
	assert_true(TAKEN(MESSAGE_RECOVERED, recovered, .runs = { 1, 5 }, .runs_taken = 5, .results = { 1, 2 }, .results_taken = 3));
	assert_false(TAKEN(MESSAGE_RECOVERED, recovered, .runs = { 1, 5 }, .runs_taken = 4));
	assert_false(TAKEN(MESSAGE_RECOVERED, recovered, .results = { 1, 5 }, .results_taken = 4));
}

static void
a_name_has_addresses_and_their_time_or_neither(void **state)
{
	struct address address;

	(void)state;
	assert_true(address_parse("192.0.2.1", 0, &address));
	assert_true(TAKEN(MESSAGE_NAME, name, .target = 1, .good_at = 1, .count = 1, .addresses = { address }));
	assert_true(TAKEN(MESSAGE_NAME, name, .target = 1, .public_at = 1));
	assert_false(TAKEN(MESSAGE_NAME, name, .target = 1, .count = 1, .addresses = { address }));
	assert_false(TAKEN(MESSAGE_NAME, name, .target = 1, .good_at = 1));
}

static void
a_leg_is_one_of_its_runs(void **state)
{
	(void)state;
	assert_true(TAKEN(MESSAGE_LEG, leg, .run = 1, .runs = 2, .packet = bytes_of("?")));
	assert_false(TAKEN(MESSAGE_LEG, leg, .run = 2, .runs = 2, .packet = bytes_of("?")));
	assert_false(TAKEN(MESSAGE_LEG, leg, .run = 1, .runs = CHANGE_ATTEMPTS_MAX + 1, .packet = bytes_of("?")));
}

/* What was kept is read whatever number its target has by now, and its front by itself. */
static void
kept_evidence_is_checked_where_it_is_read(void **state)
{
	static const struct {
		struct evidence leg;
		bool is_read, begins;
	} rows[] = {
		{ { .legs = 1, .outcome = "refused", .verdict = PW_FAILED }, true, true },
		{ { .leg = 1, .legs = 1, .outcome = "refused", .verdict = PW_FAILED }, false, true },
		{ { .legs = EVIDENCE_LEGS_MAX + 1, .outcome = "refused", .verdict = PW_FAILED }, false, true },
		{ { .legs = 1, .outcome = "refused", .verdict = PW_FAILED, .facts = { "?", 1 } }, false, true },
		{ { .legs = 1, .outcome = "refused", .verdict = EVIDENCE_NOT_CHECKED + 1 }, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct message_evidence written = { .run = 6, .target = UINT32_MAX - 1, .leg = rows[i].leg };
		struct wire_out out = wire_over(packet, sizeof packet);
		struct message_evidence read;

		message_put_evidence(&out, &written);
		struct pw_bytes kept = { (const char *)packet, out.size };
		assert_int_equal(message_read_evidence(kept, &read), rows[i].is_read);
		assert_int_equal(message_read_outcome(kept, &read), rows[i].begins);
		if (rows[i].begins) {
			assert_int_equal(read.leg.verdict, PW_FAILED);
			assert_string_equal(read.leg.outcome, "refused");
		}
		kept.size = 20;
		assert_false(message_read_outcome(kept, &read));
	}
}

static bool
a_notice_is_taken(const struct message_notice *notice)
{
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_notice(&out, notice);
	return was_written(&out, MESSAGE_NOTICE);
}

static void
a_notice_is_one_of_a_kind_to_somebody(void **state)
{
	const struct message_notice sample = { .kind = "down", .attempt = 1, .runs = 3, .before = 3, .recipient_count = 1,
		.recipients = { { "a@example.org", 13 } } };
	struct message_notice notice = sample;

	(void)state;
	assert_true(a_notice_is_taken(&notice));
	memcpy(notice.kind, "dawn", 5);
	assert_false(a_notice_is_taken(&notice));
	notice = sample;
	notice.attempt = 0;
	assert_false(a_notice_is_taken(&notice));
	notice = sample;
	notice.recipient_count = 0;
	assert_false(a_notice_is_taken(&notice));
	notice = sample;
	notice.before = 4;
	assert_false(a_notice_is_taken(&notice));
	notice.runs = notice.before = CHANGE_ATTEMPTS_MAX + 1;
	assert_false(a_notice_is_taken(&notice));
}

static void
a_receipt_has_a_fate_and_an_answer_a_kind(void **state)
{
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)state;
	assert_true(TAKEN(MESSAGE_RECEIPT, receipt, .fate = PW_SENT));
	assert_false(TAKEN(MESSAGE_RECEIPT, receipt, .fate = (enum pw_fate)0));
	assert_true(TAKEN(MESSAGE_ANSWER, answer, .kind = 'o') && TAKEN(MESSAGE_ANSWER, answer, .kind = 'e')
	    && TAKEN(MESSAGE_ANSWER, answer, .kind = 'x'));
	assert_false(TAKEN(MESSAGE_ANSWER, answer, .kind = 'q'));
	assert_false(TAKEN(MESSAGE_ANSWER, answer, .kind = '\0'));
	message_put_reload(&out, 0);
	assert_false(was_written(&out, MESSAGE_RELOAD));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_example_comes_back_whole_or_not_at_all),
		cmocka_unit_test(every_row_is_checked),
		cmocka_unit_test(a_stop_has_no_less_patience_than_grace),
		cmocka_unit_test(no_more_references_are_reached_than_asked),
		cmocka_unit_test(a_line_of_the_log_can_be_shown),
		cmocka_unit_test(every_change_of_a_run_is_checked),
		cmocka_unit_test(no_more_is_committed_than_taken),
		cmocka_unit_test(a_name_has_addresses_and_their_time_or_neither),
		cmocka_unit_test(a_leg_is_one_of_its_runs),
		cmocka_unit_test(kept_evidence_is_checked_where_it_is_read),
		cmocka_unit_test(a_notice_is_one_of_a_kind_to_somebody),
		cmocka_unit_test(a_receipt_has_a_fate_and_an_answer_a_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
