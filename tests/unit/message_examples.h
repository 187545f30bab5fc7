/* An example of every message between processes, with a value in every field. */
#ifndef TESTS_UNIT_MESSAGE_EXAMPLES_H
#define TESTS_UNIT_MESSAGE_EXAMPLES_H

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/messages_ask.h"
#include "base/messages_outbox.h"

#define BYTES(literal) ((struct pw_bytes){ literal, sizeof literal - 1 })

static void
put_link(struct wire_out *out)
{
	message_put_link(out, &(struct message_link){ .duty = DUTY_NOTIFIER, .index = 0x01020304 });
}

static void
put_stop(struct wire_out *out)
{
	message_put_stop(out, &(struct message_stop){ .grace = 10000000, .patience = 60000000 });
}

static void
put_account(struct wire_out *out)
{
	message_put_account(out, &(struct message_account){ .target = 7, .account = ACCOUNT_HELD, .text = "the prober died twice" });
}

static void
put_limit(struct wire_out *out)
{
	message_put_limit(out, &(struct message_limit){ .text = "prober 0 died at its limit of memory" });
}

static void
put_ready(struct wire_out *out)
{
	message_begin(out, MESSAGE_READY);
}

static void
put_alive(struct wire_out *out)
{
	message_put_alive(out, &(struct message_alive){ .late_max = 1234, .done = 99, .in_hand = 5, .late = 77, .blind = true });
}

static void
put_log(struct wire_out *out)
{
	message_put_log(out, &(struct message_log){ .level = LOG_WARNING, .event = 12, .dropped = 3, .text = BYTES("a line") });
}

static void
put_orders(struct wire_out *out)
{
	message_begin(out, MESSAGE_ORDERS);
	for (uint64_t run = 5; run < 7; run++)
		assert_true(message_add_order(out, &(struct order){ .run = run, .target = 3, .flags = ORDER_FLAGS - 1, .attempt = 2,
		    .missing = 4, .renewed = 33, .due = 1000000, .fingerprint = 0x123456789abcdef0 }));
}

static struct report
report_of(uint8_t verdict)
{
	struct report report = { .run = 5, .target = 3, .verdict = verdict, .flags = REPORT_FLAGS - 1, .ways = WAY_ALL - 1,
		.outcome = "slow_banner", .started = 1700000000000000, .late = 12, .micros = 400000, .quiet = 300,
		.network = 0x0a0b0c0d0e0f1011, .fingerprint = 0x123456789abcdef0, .reached = 7, .phase_count = 3,
		.phases = { 100, 2000, -1 }, .text = BYTES("slow greeting: 0.4 s"), .warning_count = 2 };

	for (uint32_t i = 0; i < report.warning_count; i++) {
		snprintf(report.warnings[i].code, sizeof report.warnings[i].code, "cert_expires_%u", i);
		snprintf(report.warnings[i].phase, sizeof report.warnings[i].phase, "tls");
		report.warnings[i].text = BYTES("until 2026-12-01");
	}
	return report;
}

static void
put_reports(struct wire_out *out)
{
	struct report degraded = report_of(PW_DEGRADED), ok = report_of(PW_OK);

	ok.flags &= ~(uint32_t)REPORT_FULL; /* of such a run neither text nor warnings travel */
	message_begin(out, MESSAGE_REPORTS);
	assert_true(message_add_report(out, &degraded) && message_add_report(out, &ok));
}

static void
put_results(struct wire_out *out)
{
	struct report failed = report_of(PW_FAILED);

	failed.flags = RESULT_FLAGS - 1;
	message_begin_results(out);
	assert_true(message_add_report(out, &failed));
}

/* A leg of which `log` holds the lists. */
static struct evidence
leg_with(struct evidence_log *log)
{
	evidence_add_fact(log, "software", BYTES("Postfix"), true);
	evidence_add_fact(log, "queue_id", BYTES("4f\xff"), false);
	evidence_add_warning(log, "cert_expires_soon", "tls", "until 2026-12-01");
	evidence_add_line(log, 0, EVIDENCE_EVENT, BYTES("connecting"));
	evidence_add_line(log, 1500, EVIDENCE_RECEIVED, BYTES("220 mx1\xe9"));
	return (struct evidence){ .leg = 1, .legs = 2, .verdict = PW_FAILED, .outcome = "refused",
		.text = BYTES("connection refused"), .address = BYTES("192.0.2.1"), .port = 25,
		.local = BYTES("192.0.2.9:40112"), .helo = BYTES("watch.example.net"), .started = 1700000000000000,
		.micros = 7000, .phase_count = 2,
		.phases = { { "resolve", PHASE_OK, 210, 5000000 }, { "connect", PHASE_FAILED, 70, 15000000 } },
		.facts = buffer_view(&log->facts), .warnings = buffer_view(&log->warnings),
		.transcript = buffer_view(&log->transcript) };
}

static void
put_evidence(struct wire_out *out)
{
	struct evidence_log log = { .gap = 0 };

	message_put_evidence(out, &(struct message_evidence){ .run = 6, .target = 2, .leg = leg_with(&log) });
	evidence_log_fini(&log);
}

static void
put_leg(struct wire_out *out)
{
	unsigned char packet[4096];
	struct wire_out evidence = wire_over(packet, sizeof packet);

	put_evidence(&evidence);
	message_put_leg(out, &(struct message_leg){ .notice = 12, .run = 1, .runs = 3,
	    .packet = { (const char *)packet, evidence.size } });
}

static void
put_references(struct wire_out *out)
{
	message_put_references(out, &(struct message_references){ .asked = 3, .reached = 1, .unasked = 2, .near = 4,
	    .near_silent = 3, .reason = "no_route", .began = 50, .at = 55 });
}

static void
put_run(struct wire_out *out)
{
	unsigned char changes[1024];
	struct wire_out one = wire_over(changes, sizeof changes);

	message_add_change(&one, &(struct message_change){ .change = 3, .kind = "down",
	    .code = "banner_timeout", .from = "suspect", .to = "down", .silence = 5, .silences = "parent paused", .incident = 8,
	    .detected = 1000, .confirmed = 2000, .text = BYTES("mx1 down: no greeting"), .attempt_count = 3,
	    .attempts = { 101, 102, 103 } });
	message_put_run(out, &(struct message_run){ .sequence = { 0x0102030405060708, 41 }, .target = 9, .state = BYTES("\0\1\2"),
	    .columns = { .state = "down", .verdict = "failed", .outcome = "refused", .silences = "parent", .since = 1700000000000000,
	        .ended = 1700000001000000, .fails = 3, .passes = 1, .attempts = 4, .doubled = 2, .flapping = true, .slow = true, .held = true,
	        .quarantined = true, .text = BYTES("connection refused") }, .interval = 60000000, .change_count = 1, .changes = { (const char *)changes, one.size } });
}

static void
put_state(struct wire_out *out)
{
	message_put_state(out, &(struct message_state){ .target = 4, .bare = true, .state = BYTES("\0\1\2") });
}

static void
put_recovered(struct wire_out *out)
{
	message_put_recovered(out, &(struct message_recovered){ .runs = { 0x0102030405060708, 41 }, .runs_taken = 43,
	    .results = { 0x0102030405060708, 7 }, .results_taken = 8, .run = 77, .newest = 1700000000000000 });
}

static void
put_committed(struct wire_out *out)
{
	message_put_committed(out, &(struct message_committed){ .runs = { 0x0102030405060708, 41 }, .results = { 0x0102030405060708, 7 } });
}

static void
put_blame(struct wire_out *out)
{
	message_put_blame(out, &(struct message_blame){ .duty = DUTY_PROBER, .index = 2, .text = BYTES("a report of run 5") });
}

static const struct notice_names names_sample = { .target = "mx1", .host = "mx1.example.org", .probe = "smtp",
	.own = "watch.example.net", .port = 25 };

static void
put_notice(struct wire_out *out)
{
	message_put_notice(out, &(struct message_notice){ .notice = 12, .key = "abcdefghijklmnopqrstuvwxyz",
	    .thread = "zyxwvutsrqponmlkjihgfedcba", .kind = "down", .flags = NOTICE_FLAGS - 1, .attempt = 2,
	    .target = BYTES("mx1"), .host = BYTES("mx1.example.org"), .port = 25, .probe = "smtp", .code = "refused",
	    .from = "suspect", .to = "down", .silences = "window", .first = names_sample, .first_kind = "degraded", .incident = 8,
	    .began = 1000, .ended = 5000, .detected = 2000, .confirmed = 3000, .queued = 4000,
	    .text = BYTES("mx1 down: connection refused"), .list = BYTES("mx2\nmx3\n"), .covered = 2, .runs = 3, .before = 1,
	    .attempts = 4, .recipient_count = 2, .recipients = { BYTES("a@example.org"), BYTES("b@example.org") } });
}

static void
put_absent(struct wire_out *out)
{
	message_put_absent(out, &(struct message_absent){ .notifier = 1, .why = "it ends before it is ready" });
}

static void
put_report(struct wire_out *out)
{
	message_put_report(out, &(struct message_report){ .report = 1, .period = "2026-11-23/2026-11-29" });
}

static void
put_receipt(struct wire_out *out)
{
	message_put_receipt(out, &(struct message_receipt){ .notice = 12, .recipient = 1, .fate = PW_AGAIN, .channel = true,
	    .doubtful = true, .not_before = 5000000, .micros = 700, .text = BYTES("451 later\xff") });
}

static void
put_ask(struct wire_out *out)
{
	message_put_ask(out, &(struct message_ask){ .number = 4, .target = 9, .released = 2, .verb = "pause", .who = "root",
	    .word_count = 2, .words = { BYTES("mx1"), BYTES("2h\xff") } });
}

static void
put_answer(struct wire_out *out)
{
	message_put_answer(out, &(struct message_answer){ .number = 4, .kind = 'x', .status = 3, .text = BYTES("done") });
}

static void
put_release(struct wire_out *out)
{
	message_put_release(out, 9);
}

static void
put_reload(struct wire_out *out)
{
	message_put_reload(out, 4);
}

static void
put_health(struct wire_out *out)
{
	message_put_health(out, &(struct message_health){ .ran = 100, .passed_over = 2, .late = 350, .blind = true, .unserved = 3,
	    .in_line = 4, .waiting = 5 });
}

static void
put_failing(struct wire_out *out)
{
	message_put_failing(out, 1700000000000000);
}

static void
put_look(struct wire_out *out)
{
	message_put_look(out, true);
}

static void
put_cleared(struct wire_out *out)
{
	message_put_cleared(out, 7);
}

static void
put_name(struct wire_out *out)
{
	struct message_name name = { .target = 3, .public_at = 5, .good_at = 7, .count = 2 };

	assert_true(address_parse("192.0.2.1", 0, &name.addresses[0]) && address_parse("2001:db8::1", 0, &name.addresses[1]));
	message_put_name(out, &name);
}

static void
put_sources(struct wire_out *out)
{
	message_put_sources(out, "ca_file: no certificates can be read from it");
}

static void
put_waiting(struct wire_out *out)
{
	message_put_waiting(out, 17);
}

static void
put_vitals(struct wire_out *out)
{
	struct message_vitals vitals = { .began = 1700000000000000, .is_reload = true, .failing_since = 1700000001000000,
		.lacks = "Landlock 3, without TCP ports", .process_count = 2,
		.processes = { { .duty = DUTY_MONITOR, .is_ready = true, .pid = 4711, .deaths = 1, .started = 5000000,
		    .alive = { .late_max = 1234, .done = 99, .in_hand = 5, .late = 77, .blind = true } },
		    { .duty = DUTY_NOTIFIER, .index = 3, .gate = 4712, .started = 6000000 } } };

	message_put_vitals(out, &vitals);
}

static const struct example {
	const char *name;
	void (*put)(struct wire_out *);
} examples[MESSAGE_KINDS] = {
	[MESSAGE_LINK] = { "link", put_link },
	[MESSAGE_STOP] = { "stop", put_stop },
	[MESSAGE_ACCOUNT] = { "account", put_account },
	[MESSAGE_LIMIT] = { "limit", put_limit },
	[MESSAGE_READY] = { "ready", put_ready },
	[MESSAGE_ALIVE] = { "alive", put_alive },
	[MESSAGE_LOG] = { "log", put_log },
	[MESSAGE_ORDERS] = { "orders", put_orders },
	[MESSAGE_REPORTS] = { "reports", put_reports },
	[MESSAGE_EVIDENCE] = { "evidence", put_evidence },
	[MESSAGE_REFERENCES] = { "references", put_references },
	[MESSAGE_RUN] = { "run", put_run },
	[MESSAGE_RESULTS] = { "results", put_results },
	[MESSAGE_STATE] = { "state", put_state },
	[MESSAGE_RECOVERED] = { "recovered", put_recovered },
	[MESSAGE_COMMITTED] = { "committed", put_committed },
	[MESSAGE_BLAME] = { "blame", put_blame },
	[MESSAGE_LEG] = { "leg", put_leg },
	[MESSAGE_NOTICE] = { "notice", put_notice },
	[MESSAGE_RECEIPT] = { "receipt", put_receipt },
	[MESSAGE_ASK] = { "ask", put_ask },
	[MESSAGE_ANSWER] = { "answer", put_answer },
	[MESSAGE_RELEASE] = { "release", put_release },
	[MESSAGE_RELOAD] = { "reload", put_reload },
	[MESSAGE_HEALTH] = { "health", put_health },
	[MESSAGE_FAILING] = { "failing", put_failing },
	[MESSAGE_LOOK] = { "look", put_look },
	[MESSAGE_CLEARED] = { "cleared", put_cleared },
	[MESSAGE_NAME] = { "name", put_name },
	[MESSAGE_SOURCES] = { "sources", put_sources },
	[MESSAGE_WAITING] = { "waiting", put_waiting },
	[MESSAGE_ABSENT] = { "absent", put_absent },
	[MESSAGE_REPORT] = { "report", put_report },
	[MESSAGE_VITALS] = { "vitals", put_vitals },
};

#endif
