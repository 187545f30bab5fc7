/* The commands that read the past, over a store that was filled here: what they print, and how they end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/messages.h"
#include "command/command.h"
#include "command/layout.h"
#include "keeper/channel.h"
#include "monitor/state.h"
#include "store/store.h"

enum { OUTPUT_MAX = 64 * 1024, BEGAN = 1700000000 };
#define AT(seconds) ((BEGAN + (int64_t)(seconds)) * SECOND)

static char folder[] = "/tmp/postwatch-past-XXXXXX";
static char output[OUTPUT_MAX];

static struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static void
commit(struct store *store, struct store_batch *batch)
{
	assert_int_equal(store_submit(store, batch), STORE_COMMITTED);
	store_batch_clear(batch);
}

static void
put_target(struct store_batch *batch, uint64_t number, const char *name, const char *host, int64_t gone)
{
	char identity[128];

	snprintf(identity, sizeof identity, "smtp://%s:25", host);
	store_put_target(batch, &(struct store_target){ .number = number, .identity = identity, .name = name,
	    .probe = "smtp", .host = host, .port = 25, .known = AT(0), .gone = gone });
}

static void
put_state(struct store_batch *batch, uint64_t target, enum state state, const char *text)
{
	bool down = state == STATE_DOWN;

	store_put_state(batch, &(struct store_state){ .target = target, .at = AT(160), .record = bytes_of("of the monitor alone"),
	    .state = state_name(state), .verdict = down ? "failed" : "ok", .outcome = down ? "banner_timeout" : "ok",
	    .text = bytes_of(text), .since = AT(100), .ended = AT(160), .interval = 60 * SECOND, .attempts = 1, .flapping = down,
	    .slow = down });
}

static void
put_evidence(struct store_batch *batch, uint64_t run, int64_t at, const char *role)
{
	static unsigned char packet[WIRE_MAX];
	bool passed = strcmp(role, "passed") == 0;
	struct wire_out out = wire_over(packet, sizeof packet);
	struct evidence_log log = { 0 };
	struct message_evidence evidence = { .run = run, .target = 77,
		.leg = { .legs = 1, .verdict = passed ? PW_OK : PW_FAILED, .text = bytes_of("no greeting within 30.0 s"),
		    .address = bytes_of("192.0.2.1"), .port = 25, .local = bytes_of("192.0.2.9:4711"),
		    .helo = bytes_of("h\x1b[H"), .started = at,
		    .phase_count = 2,
		    .phases = { { "connect", PHASE_OK, 1000, 15 * SECOND },
			{ "banner", passed ? PHASE_OK : PHASE_FAILED, passed ? 85000 : 30 * SECOND, 30 * SECOND } } } };

	snprintf(evidence.leg.outcome, sizeof evidence.leg.outcome, "%s", passed ? "ok" : "banner_timeout");
	evidence_add_line(&log, 1000, EVIDENCE_EVENT, bytes_of("connected"));
	evidence_add_line(&log, 2000, EVIDENCE_RECEIVED, bytes_of("220 mx\x1b[2J"));
	evidence_add_fact(&log, "software", bytes_of(passed ? "Postfix" : "Exim"), true);
	evidence.leg.transcript = buffer_view(&log.transcript);
	evidence.leg.facts = buffer_view(&log.facts);
	message_put_evidence(&out, &evidence);
	assert_false(out.bad);
	store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = run, .at = at, .incident = 1, .role = role,
	    .bytes = { (const char *)packet, out.size } });
	evidence_log_fini(&log);
}

/* Rows of notifiers that fail, and more of them than the keeper ever keeps: but a part of that value can be read. */
static void
put_channels(struct store_batch *batch)
{
	static unsigned char bytes[3 * CHANNEL_META_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	wire_put_u8(&out, 2);
	while (out.size < 2 * CHANNEL_META_MAX) {
		wire_put_bytes(&out, bytes_of("mail"));
		wire_put_bytes(&out, bytes_of("refused"));
		wire_put_i64(&out, AT(100));
		wire_put_i64(&out, 0);
		wire_put_u64(&out, 0);
		wire_put_u8(&out, 0);
	}
	assert_false(out.bad);
	store_put_meta(batch, CHANNEL_META, (struct pw_bytes){ (const char *)bytes, out.size });
}

static void
fill_main(struct store *store)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);

	put_target(batch, 1, "inbound", "mx1.example.org", 0);
	put_target(batch, 2, "mx2.example.org:25", "mx2.example.org", 0);
	put_target(batch, 3, "former", "mx3.example.org", AT(50));
	put_state(batch, 1, STATE_DOWN, "no greeting within 30.0 s");
	put_state(batch, 2, STATE_UP, "");
	store_put_incident(batch, &(struct store_incident){ .number = 1, .target = 1, .change = 1, .began = AT(10),
	    .confirmed = AT(20), .ended = AT(70), .end_confirmed = AT(75), .outcome = "banner_timeout", .end = "up",
	    .text = bytes_of("inbound down: no greeting"), .end_text = bytes_of("inbound up: after 60.0 s") });
	store_put_incident(batch, &(struct store_incident){ .number = 2, .target = 1, .change = 3, .began = AT(90),
	    .confirmed = AT(100), .outcome = "banner_timeout", .end = "", .text = bytes_of("inbound down: again"),
	    .acknowledged = AT(120), .ack_by = bytes_of("postmaster\x1b[2J") });
	put_evidence(batch, 5, AT(10), "confirmed");
	put_evidence(batch, 6, AT(20), "confirmed");
	put_evidence(batch, 9, AT(70), "passed");
	store_put_notice(batch, &(struct store_notice){ .number = 1, .target = 1, .change = 1, .kind = "down", .incident = 1,
	    .code = "banner_timeout", .detected = AT(10), .confirmed = AT(20), .text = bytes_of("inbound down: no greeting"),
	    .silences = "" });
	store_add_delivery(batch, &(struct store_delivery){ .notice = 1, .notifier = "mail", .recipient = "a@example.net",
	    .target = 1, .state = STORE_DELIVERY_sent, .attempts = 2, .created = AT(20), .ended = AT(21),
	    .receipt = bytes_of("250 queued\x07") });
	store_put_condition(batch, &(struct store_condition){ .target = 2, .code = "cert_expires_soon", .since = AT(5),
	    .standing = AT(6), .text = bytes_of("the certificate ends in 20 days") });
	put_channels(batch);
	commit(store, batch);
	store_batch_destroy(&batch);
}

static void
fill_history(struct store *store)
{
	struct store_batch *batch = store_batch_create(STORE_HISTORY);
	const int64_t phases[] = { 1000, 85000, -1 };

	for (int i = 0; i < 3; i++)
		store_put_result(batch, &(struct store_result){ .target = 2, .run = (uint64_t)i + 1, .at = AT(200 + 60 * i),
		    .micros = 90000, .verdict = i == 1 ? PW_DEGRADED : PW_OK, .mood = STORE_MOOD_up, .speaks_for = 300,
		    .outcome = i == 1 ? "slow_banner" : "ok", .phase_names = "connect banner ehlo", .phase_count = 3,
		    .phases = phases, .text = bytes_of(i == 1 ? "a slow greeting" : "") });
	commit(store, batch);
	store_batch_destroy(&batch);
}

static int
set_up(void **state)
{
	struct store_found found[STORE_FILES];
	enum store_opening opening;
	struct reason why;

	(void)state;
	assert_non_null(mkdtemp(folder));
	struct store *store = store_open(&(struct store_settings){ .folder = folder }, &opening, found, &why);
	assert_non_null(store);
	fill_main(store);
	fill_history(store);
	store_close(&store);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const files[] = { "postwatch.db", "postwatch.db-wal", "postwatch.db-shm", "history.db",
		"history.db-wal", "history.db-shm", "ballast", "redo", "store.lock" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files[i]);
		unlink(path);
	}
	return rmdir(folder);
}

/* Runs a command over the store, its words behind -S FOLDER --utc; what it printed is in `output`. */
static int
call(const struct command *command, const char *first, const char *second)
{
	char name[32], *argv[] = { name, "-S", folder, "--utc", (char *)(uintptr_t)first, (char *)(uintptr_t)second, NULL };
	int argc = first == NULL ? 4 : second == NULL ? 5 : 6, kept = dup(STDOUT_FILENO);
	FILE *file = tmpfile();

	snprintf(name, sizeof name, "%s", command->name);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	layout_begin();
	int status = command->run(command, argc, argv);
	assert_true(layout_end());
	dup2(kept, STDOUT_FILENO);
	close(kept);
	rewind(file);
	output[fread(output, 1, sizeof output - 1, file)] = '\0';
	fclose(file);
	assert_null(strchr(output, '\x1b')); /* nothing of the store acts on a terminal */
	return status;
}

static void
assert_says(const char *words)
{
	if (strstr(output, words) == NULL)
		fail_msg("no `%s` in:\n%s", words, output);
}

static void
assert_silent_of(const char *words)
{
	if (strstr(output, words) != NULL)
		fail_msg("`%s` in:\n%s", words, output);
}

static void
status_tells_how_all_stand(void **state)
{
	(void)state;
	assert_int_equal(call(&command_status, NULL, NULL), 2);
	assert_says("postwatch is not running on /tmp/");
	assert_says("inbound             down, flapping, slow, acknowledged, not looked at  ");
	assert_says(" d ago  not looked at since 2023-11-14 22:16:00 +0000; incident 2: failed (banner_timeout): no greeting within 30.0 s\n");
	assert_says(" +0000; ok\n");
	assert_says("  cert_expires_soon for ");
	assert_says(": the certificate ends in 20 days\n");
	assert_says("2 targets: 1 up, of them 1 not looked at; 1 down, of them 1 slow, 1 flapping, 1 acknowledged, 1 not looked at; "
	    "postwatch is not running\n");
	assert_silent_of("former");
	assert_silent_of("refused\n");
	assert_true(strstr(output, "inbound") < strstr(output, "mx2.example.org"));
}

static void
status_speaks_json(void **state)
{
	(void)state;
	assert_int_equal(call(&command_status, "--json", "smtp://mx1.example.org:25"), 2);
	assert_string_equal(output, "{\"target\":\"inbound\",\"state\":\"down\",\"flags\":[\"flapping\",\"slow\",\"acknowledged\",\"not_looked_at\"],"
	    "\"since\":\"2023-11-14T22:15:00.000000Z\",\"verdict\":\"failed\",\"outcome\":\"banner_timeout\","
	    "\"text\":\"no greeting within 30.0 s\",\"last_run\":\"2023-11-14T22:16:00.000000Z\",\"not_looked_at_since\":\"2023-11-14T22:16:00.000000Z\",\"next_run\":null,\"certificate_ends\":null,\"chain_ends\":null,"
	    "\"incident\":2}\n");
	assert_int_equal(call(&command_status, "--json", "--totals"), 2);
	assert_says("\n{\"running\":false,\"waiting\":0,\"waiting_since\":null,\"given_up\":0,\"failing_notifiers\":[],\"unusable_files\":[],"
	    "\"heartbeat_held_back\":null}\n");
	assert_int_equal(call(&command_status, "--json", "mx2.example.org"), 2);
	assert_says("\"verdict\":\"ok\",\"outcome\":\"ok\",\"text\":\"\",\"last_run\":\"2023-11-14T22:18:40.000000Z\"");
	assert_int_equal(call(&command_status, "nobody", NULL), 1);
	assert_string_equal(output, "");
}

static void
incidents_come_newest_first(void **state)
{
	(void)state;
	assert_int_equal(call(&command_incidents, NULL, NULL), 0);
	assert_says("1  2023-11-14 22:13:30 +0000  1 min        up        banner_timeout        inbound down: no greeting\n");
	assert_says("2  2023-11-14 22:14:50 +0000");
	assert_says("inbound down: again (acknowledged by postmaster\\x1b[2J)\n");
	assert_says("2 incidents, 1 open\n");
	assert_true(strstr(output, "again") < strstr(output, "no greeting"));
	assert_int_equal(call(&command_incidents, "-n1", NULL), 0);
	assert_says("1 incident, 1 open\n");
	assert_int_equal(call(&command_incidents, "mx2.example.org:25", NULL), 0);
	assert_says("0 incidents, 0 open\n");
}

/* Words, and the times of both options, mean the same for all commands: local times of the reader's, and a day or a month as a
 * whole. */
static void
words_and_times_choose(void **state)
{
	static const struct { const char *option; bool first, second; } times[] = {
		{ "--since=2023-11-14", true, true }, { "--since=2023-11-15", false, true }, { "--until=2023-11-13", false, false },
		{ "--until=2023-11-14", true, true }, { "--until=2023-11", true, true }, { "--until=2023-10", false, false },
		{ "--since=2023-12", false, true }, { "--since=2023-11-14 22:14:30", false, true }, { "--since=2023-11-14 22:14:29", true, true },
		{ "--until=2023-11-14 22:13:30", false, false }, { "--until=2023-11-14T22:13:31Z", true, false },
		{ "--until=2023-11-14 23:13:31 +0100", true, false }, { "--since=1d", false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		assert_int_equal(call(&command_incidents, times[i].option, "inbound"), 0);
		if ((strstr(output, "down: no greeting") != NULL) != times[i].first || (strstr(output, "down: again") != NULL) != times[i].second)
			fail_msg("%s:\n%s", times[i].option, output);
	}
	assert_int_equal(call(&command_incidents, "state:up", NULL), 0);
	assert_says("0 incidents, 0 open\n");
	assert_int_equal(call(&command_incidents, "state:down", "state:up"), 0);
	assert_says("2 incidents, 1 open\n");
	assert_int_equal(call(&command_history, "mx2.example.org", "--since=2023-11-14 22:18:00"), 0);
	assert_says("22:18:40");
	assert_silent_of("22:17:40");
	assert_int_equal(call(&command_history, "mx2.example.org", "--until=2023-11-14 22:17:00"), 0);
	assert_says("22:16:40");
	assert_silent_of("22:17:40");
	assert_int_equal(call(&command_history, "inbound", "mx2.example.org"), 0);
	assert_says("inbound\ninbound: no runs are kept\n\nmx2.example.org:25\n2023-11-14 22:18:40");
	assert_int_equal(call(&command_status, "state:down", NULL), 2);
	assert_says("1 target: 1 down");
	assert_int_equal(call(&command_status, "--until=2023-11-13", NULL), 0);
	assert_says("0 targets");
	assert_int_equal(call(&command_incidents, "tag:x", NULL), 1);
	assert_int_equal(call(&command_incidents, "state:bad", NULL), EXIT_USAGE);
	assert_int_equal(call(&command_incidents, "--since=2023-02-29", NULL), EXIT_USAGE);
	assert_int_equal(call(&command_incidents, "--since=2023-11-14+1", NULL), EXIT_USAGE);
	assert_int_equal(call(&command_incidents, "--since=now then", NULL), EXIT_USAGE);
}

/* Nothing is known now where no daemon runs, whatever was known. */
static void
nagios_is_told_that_nothing_is_known(void **state)
{
	(void)state;
	assert_int_equal(call(&command_status, "--nagios", "mx2.example.org"), 3);
	assert_says("SMTP UNKNOWN - mx2.example.org:25: postwatch is not running on /tmp/");
	assert_says("; it was up ");
	assert_says("\ncert_expires_soon for ");
	assert_silent_of("|");
	assert_int_equal(call(&command_status, "--nagios", NULL), 3);
	assert_says("POSTWATCH UNKNOWN - 2 targets, 2 UNKNOWN | CRITICAL=0;;;0;2 UNKNOWN=2;;;0;2 WARNING=0;;;0;2 OK=0;;;0;2\n"
	    "UNKNOWN inbound: postwatch is not running on ");
}

static void
show_tells_the_whole_story(void **state)
{
	(void)state;
	assert_int_equal(call(&command_show, "1", NULL), 0);
	assert_says("incident 1: inbound, down for 60.0 s\n");
	assert_says("mail a@example.net: sent 2023-11-14 22:13:41 +0000, 2 attempts: 250 queued\\x07\n");
	assert_says("confirming attempt, 192.0.2.1:25 from 192.0.2.9:4711 as h\\x1b[H: failed (banner_timeout): no greeting within 30.0 s\n");
	assert_says("   0.002 <-- 220 mx\\x1b[2J\n");
	assert_says("the last failure (2023-11-14 22:13:40 +0000) and the success (2023-11-14 22:14:30 +0000)\n");
	assert_says("banner             failed after 30.0 s (limit 30.0 s)  →  0.085 s\n");
	assert_says("software           Exim  →  Postfix\n");
	assert_silent_of("connect            ");
	assert_int_equal(call(&command_show, "--json", "1"), 0);
	assert_says("\"end\":\"up\"");
	assert_says("\"role\":\"passed\"");
	assert_says("\"notifier\":\"mail\",\"recipient\":\"a@example.net\",\"state\":\"sent\"");
	assert_int_equal(call(&command_show, "99", NULL), 1);
	assert_int_equal(call(&command_show, "first", NULL), 1);
}

static void
history_comes_newest_first(void **state)
{
	(void)state;
	assert_int_equal(call(&command_history, "mx2.example.org", NULL), 0);
	assert_says("2023-11-14 22:18:40 +0000    0.090 s  ok: connect 0.001 s, banner 0.085 s\n");
	assert_says("  0.090 s  degraded (slow_banner): a slow greeting\n");
	assert_true(strstr(output, "22:18:40") < strstr(output, "22:17:40"));
	assert_int_equal(call(&command_history, "--json", "mx2.example.org"), 0);
	assert_says("{\"phase\":\"ehlo\",\"seconds\":null}");
	assert_int_equal(call(&command_history, "inbound", NULL), 0);
	assert_says("inbound: no runs are kept\n");
}

static void
an_empty_folder_is_said(void **state)
{
	char empty[] = "/tmp/postwatch-past-XXXXXX", name[] = "status", *argv[] = { name, "-S", empty, NULL };

	(void)state;
	assert_non_null(mkdtemp(empty));
	assert_int_equal(command_status.run(&command_status, 3, argv), 1);
	rmdir(empty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_tells_how_all_stand),
		cmocka_unit_test(status_speaks_json),
		cmocka_unit_test(incidents_come_newest_first),
		cmocka_unit_test(words_and_times_choose),
		cmocka_unit_test(nagios_is_told_that_nothing_is_known),
		cmocka_unit_test(show_tells_the_whole_story),
		cmocka_unit_test(history_comes_newest_first),
		cmocka_unit_test(an_empty_folder_is_said),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
