/* A report as the notice of it: its text, cut where there is little room, and its figures in the object. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "notifier/text.h"
#include "notifier/text_json.h"
#include "notifier/text_subject.h"

#define BYTES(text) { text, sizeof(text) - 1 }

static char body[BODY_MAX], subject[SUBJECT_MAX];

static void
write_both(const struct notice_view *view)
{
	struct text first = TEXT_OVER(subject), second = TEXT_OVER(body);

	notice_add_subject(&first, view);
	notice_add_body(&second, view);
	assert_false(first.cut || second.cut);
}

/* Lines that have no room are said to stand in the file; a whole one has its end. */
static void
a_report_is_its_own_text(void **state)
{
	static char report[2 * BODY_MAX], small[2000];
	struct message_notice notice = { .notice = 7, .key = "abc", .kind = "report", .attempt = 1, .code = "2026-11", .detected = 1000,
		.confirmed = 2000, .text = BYTES("mail servers of a, 2026-11"), .recipient_count = 1, .recipients = { BYTES("") } };
	struct notice_view view = { .notice = &notice, .now = 3000, .watcher = "watch.test", .watcher_host = "box" };
	struct text brief = TEXT_OVER(small);

	(void)state;
	view.report = "Mail servers\n\n  mx1  availability 100 %\n";
	write_both(&view);
	assert_string_equal(subject, "[report] mail servers of a, 2026-11");
	assert_string_equal(body, "Mail servers\n\n  mx1  availability 100 %\n\nNotice abc, attempt 1.\nWatched by watch.test, host box.\n");
	notice.flags = NOTICE_DUPLICATE;
	write_both(&view);
	assert_non_null(strstr(body, "%\n\nIt may have been delivered before; its key is then the same.\n\nNotice abc"));
	notice.flags = 0;
	for (size_t i = 0; i + 10 < sizeof report; i += 10)
		memcpy(report + i, "123456789\n", 11);
	view.report = report;
	write_both(&view);
	assert_non_null(strstr(body, "123456789\n\nThe rest has no room here; the attached file is whole.\n\nNotice abc"));
	assert_true(strlen(body) > BODY_MAX - 100);
	notice_add_body(&brief, &view);
	assert_false(brief.cut);
	assert_non_null(strstr(small, "\nThe rest has no room here; the attached file is whole.\n\nNotice abc"));
}

static void
its_figures_are_a_member(void **state)
{
	struct buffer json = { 0 };

	(void)state;
	assert_true(buffer_add(&json, "{\"kind\":\"report\"}", sizeof "{\"kind\":\"report\"}", 100));
	assert_true(notice_add_report(&json, "{\"from\":\"x\"}\n"));
	assert_string_equal(json.data, "{\"kind\":\"report\",\"report\":{\"from\":\"x\"}}");
	buffer_fini(&json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_is_its_own_text),
		cmocka_unit_test(its_figures_are_a_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
