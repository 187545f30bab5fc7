/* What is kept of the TLS and the certificates of servers: of the newest attempt that shows it, however old that gets. */
#include "outbox_world.h"

#include "keeper/servers.h"
#include "store/store_private.h"

static uint64_t run;

struct shown {
	const char *address, *version, *from, *end, *chain, *subject;
};

static void
add(struct evidence_log *log, const char *name, const char *value)
{
	if (value != NULL)
		evidence_add_fact(log, name, (struct pw_bytes){ value, strlen(value) }, true);
}

/* A run of the first target with its result: a leg for each of `count`. */
static void
probe_once(struct world *world, enum pw_verdict verdict, uint32_t count, const struct shown *legs)
{
	static unsigned char packet[8192];
	struct wire_out out;
	struct report report = { .run = ++run, .verdict = (uint8_t)verdict, .started = clock_wall() };

	for (uint32_t i = 0; i < count; i++) {
		struct evidence_log log = { 0 };
		struct message_evidence evidence = { .run = run, .leg = { .leg = i, .legs = count, .verdict = (uint8_t)verdict,
			.started = report.started, .address = { legs[i].address, strlen(legs[i].address) } } };

		if (legs[i].address[0] == '\0') { /* a program */
			evidence.leg.phase_count = 1;
			copy(evidence.leg.phases[0].name, sizeof evidence.leg.phases[0].name, "run");
		}
		copy(evidence.leg.outcome, sizeof evidence.leg.outcome, verdict == PW_OK ? "ok" : "refused");
		add(&log, "banner", "mx1 ESMTP");
		add(&log, "tls_version", legs[i].version);
		add(&log, "tls_cipher", legs[i].version == NULL ? NULL : "AES\x1b");
		add(&log, "cert_not_before", legs[i].from);
		add(&log, "cert_not_after", legs[i].end);
		add(&log, "cert_chain_ends", legs[i].chain);
		add(&log, "cert_subject", legs[i].subject);
		evidence.leg.facts = buffer_view(&log.facts);
		out = wire_over(packet, sizeof packet);
		message_put_evidence(&out, &evidence);
		assert_false(out.bad);
		assert_true(keeper_hear(&world->keeper, packet, out.size));
		evidence_log_fini(&log);
	}
	copy(report.outcome, sizeof report.outcome, verdict == PW_OK ? "ok" : "refused");
	out = wire_over(packet, sizeof packet);
	assert_true(say_run(&world->keeper, NULL, &(struct message_state){ 0, false, { "state", 5 } }));
	message_begin_results(&out);
	assert_true(message_add_report(&out, &report));
	assert_true(say_results(&world->keeper, packet, out.size));
	commit_all(&world->keeper);
}

/* The row of the first target as text; "" where there is none. */
static const char *
row(struct world *world)
{
	static char text[1024];
	struct store_server server;

	text[0] = '\0';
	if (store_find_server(world->keeper.store, registry_number(world->keeper.registry, 0), &server))
		snprintf(text, sizeof text, "%llu: %s %s, %.*s, %lld to %lld, chain %lld, ip %u", (unsigned long long)server.run,
		    server.tls_version, server.tls_cipher, (int)server.subject.size, server.subject.data,
		    (long long)(server.not_before / SECOND), (long long)(server.not_after / SECOND), (long long)(server.chain_ends / SECOND),
		    (unsigned)server.ip);
	return text;
}

static const struct shown both[] = {
	{ "192.0.2.1", "TLSv1.3", "1970-01-01T00:01:00Z", "1970-01-01T01:00:00Z", "1970-01-01T00:30:00Z", "CN=late" },
	{ "2001:db8::1", "TLSv1.2", "1970-01-01T00:02:00Z", "1970-01-01T00:50:00Z", NULL, "CN=soon" },
};
static const char as_seen[] = "1: TLSv1.2 AES\\x1b, CN=soon, 120 to 3000, chain 0, ip 6";

static void
the_one_that_ends_first_is_kept(void **state)
{
	struct world *world = create();

	(void)state;
	run = 0;
	assert_string_equal(row(world), "");
	probe_once(world, PW_OK, 2, both);
	assert_string_equal(row(world), as_seen);
	probe_once(world, PW_OK, 2, both);
	assert_string_equal(row(world), as_seen); /* it is the same */
	probe_once(world, PW_FAILED, 1, &(struct shown){ .address = "192.0.2.1" });
	assert_string_equal(row(world), as_seen); /* it got no further than the banner */
	probe_once(world, PW_FAILED, 1, &(struct shown){ "192.0.2.1", "TLSv1.3", "1970-01-01", "nonsense of the same size", NULL, NULL });
	assert_string_equal(row(world), "4: TLSv1.3 AES\\x1b, , 0 to 0, chain 0, ip 4");
	probe_once(world, PW_OK, 1, &(struct shown){ .address = "192.0.2.1" });
	assert_string_equal(row(world), "5:  , , 0 to 0, chain 0, ip 4"); /* it offers TLS no more */
	destroy(&world);
}

static void
long_names_are_cut_within_no_letter(void **state)
{
	struct world *world = create();
	char subject[701];
	struct store_server server;

	(void)state;
	run = 0;
	for (size_t i = 0; i < sizeof subject - 1; i += 2)
		memcpy(subject + i, "\xc3\xa4", 2);
	subject[0] = 'x';
	subject[1] = 'x';
	subject[2] = 'x';
	memmove(subject + 1, subject + 2, sizeof subject - 3);
	subject[sizeof subject - 2] = '\0';
	probe_once(world, PW_OK, 1, &(struct shown){ "192.0.2.1", "TLSv1.3", NULL, "1970-01-01T01:00:00Z", NULL, subject });
	assert_true(store_find_server(world->keeper.store, registry_number(world->keeper.registry, 0), &server));
	assert_true(server.subject.size >= 509 && server.subject.size <= 512);
	assert_int_equal(text_whole(server.subject.data, server.subject.size), server.subject.size);
	destroy(&world);
}

/* As of a file that an earlier version wrote, and of a keeper that died before the row was committed. */
static void
what_attempts_show_is_made_up_for(void **state)
{
	struct world *world = create();

	(void)state;
	run = 0;
	probe_once(world, PW_OK, 2, both);
	probe_once(world, PW_FAILED, 1, &(struct shown){ .address = "192.0.2.1" });
	assert_true(db_exec(world->keeper.store->db_files[STORE_MAIN].db, "DELETE FROM servers"));
	assert_string_equal(row(world), "");
	begin_again(world);
	assert_string_equal(row(world), "");
	while (servers_fill(&world->keeper))
		continue;
	commit_all(&world->keeper);
	assert_string_equal(row(world), as_seen);
	assert_true(db_exec(world->keeper.store->db_files[STORE_MAIN].db, "UPDATE servers SET run = 5, ip = 7"));
	begin_again(world);
	while (servers_fill(&world->keeper))
		continue;
	assert_non_null(strstr(row(world), "ip 7")); /* older attempts say nothing against it */
	destroy(&world);
}

/* What it writes are facts as well, and of no server. */
static void
a_program_shows_no_server(void **state)
{
	struct world *world = create();

	(void)state;
	run = 0;
	probe_once(world, PW_OK, 1, &(struct shown){ .address = "" });
	assert_string_equal(row(world), "");
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_that_ends_first_is_kept),
		cmocka_unit_test(long_names_are_cut_within_no_letter),
		cmocka_unit_test(a_program_shows_no_server),
		cmocka_unit_test(what_attempts_show_is_made_up_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
