/* The notifier exec: what becomes of its program's status and words, for the process that delivers, behind its sandbox. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "notifier_world.h"

static int
bear_with_program(void **state)
{
	(void)state;
	begin(PROGRAM);
	await(parent, MESSAGE_READY);
	link_keeper();
	return 0;
}

/* Its runner sees that it is gone, and ends. */
static int
bury_with_program(void **state)
{
	int status, failed = bury(state);

	return failed != 0 || waitpid(runner, &status, 0) != runner || status != 0;
}

static void
write_script(const char *text)
{
	FILE *file = fopen(script, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* From behind its sandbox the worker has the runner run the program, and its end is the fate of the notice. */
static void
has_its_program_run(void **state)
{
	static const char *const nobody[] = { "" };
	static const struct {
		const char *script;
		enum pw_fate fate;
		bool channel, doubtful;
		const char *receipt;
	} rows[] = {
		{ "cat >$0.json", PW_SENT, false, false, "exit status 0" },
		{ "echo; echo taken as 7; echo more; echo odd >&2", PW_SENT, false, false, "taken as 7" },
		{ "exec <&-; echo closed", PW_SENT, false, false, "closed" },
		{ "echo busy >&2; echo more >&2; exit 75", PW_AGAIN, true, false, "busy" },
		{ "echo no such number >&2; exit 69", PW_NEVER, false, false, "no such number" },
		{ "echo words; exit 1", PW_AGAIN, true, false, "exit status 1" },
		{ "kill -SEGV $$", PW_AGAIN, true, true, "killed by SIGSEGV: /bin/sh" },
		{ "printf 'a\\000\\033\\n' >&2; exit 3", PW_AGAIN, true, false, "a?" },
		{ "sleep 1000", PW_AGAIN, true, true, "/bin/sh did not end within the deadline, and was killed" },
		{ "echo again", PW_SENT, false, false, "again" },
	};
	char path[64], text[4096];
	size_t size;

	(void)state;
	for (uint64_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(text, sizeof text, "set -- x; cd /tmp; t=%s; %s", script, rows[i].script);
		char *at = strstr(text, "$0");
		if (at != NULL)
			memcpy(at, "$t", 2);
		write_script(text);
		hand_out(i + 1, nobody, 1);
		struct message_receipt receipt = await_receipt(i + 1, 0);
		if (receipt.fate != rows[i].fate || receipt.channel != rows[i].channel || receipt.doubtful != rows[i].doubtful
		    || receipt.text.size != strlen(rows[i].receipt) || memcmp(receipt.text.data, rows[i].receipt, receipt.text.size) != 0)
			fail_msg("%s: %d %.*s", rows[i].script, receipt.fate, (int)receipt.text.size, receipt.text.data);
	}
	snprintf(path, sizeof path, "%s.json", script);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	size = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	unlink(path);
	text[size] = '\0';
	assert_int_equal(text[0], '{');
	assert_int_equal(text[size - 1], '}');
	assert_non_null(strstr(text, "\"kind\":\"down\""));
	assert_non_null(strstr(text, "mx1 down: connection refused"));
}

/* The runner takes no order any more: nothing was begun, so that it cannot have arrived, and is tried again. */
static void
is_told_of_a_runner_that_is_gone(void **state)
{
	static const char *const nobody[] = { "" };

	(void)state;
	write_script("exit 0");
	kill(runner, SIGKILL);
	waitpid(runner, NULL, 0);
	hand_out(1, nobody, 1);
	struct message_receipt receipt = await_receipt(1, 0);
	assert_int_equal(receipt.fate, PW_AGAIN);
	assert_true(receipt.channel && !receipt.doubtful);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(has_its_program_run, bear_with_program, bury_with_program),
		cmocka_unit_test_setup_teardown(is_told_of_a_runner_that_is_gone, bear_with_program, bury),
	};
	int failed = cmocka_run_group_tests(tests, read_config, NULL);

	unlink(script);
	return failed;
}
