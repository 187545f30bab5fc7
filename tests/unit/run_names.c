/* Runs of targets whose names do not resolve: what confirms a failure, and what is laid to our resolver. */
#include "config/read.h"
#include "unit/resolver_answers.h"

#include "prober/prober.h"

enum { TARGETS = 5, LATE = 4 };

static struct {
	struct world *world; /* its resolver is not used: the prober has its own */
	const struct config *config;
	struct prober *prober;
	char path[64];
	enum pw_verdict verdict;
	char outcome[OUTCOME_NAME_MAX], text[EVIDENCE_TEXT_MAX];
	uint32_t flags;
	uint32_t legs;
	int done;
	int64_t micros;
} scene;

static const char *const hosts[TARGETS] = { "mx.one.test", "mx.two.test", "mx.three.test", "mx.four.test", "mx.late.test" };

static void
write_config(void)
{
	char bytes[ADDRESS_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);
	int fd;

	snprintf(scene.path, sizeof scene.path, "/tmp/pw-names-XXXXXX");
	fd = mkstemp(scene.path);
	assert_true(fd >= 0);
	FILE *file = fdopen(fd, "w");
	address_add_port(&text, &scene.world->servers[0].at);
	fprintf(file, "resolvers = [ \"%s\" ];\ndefaults = { tls = \"none\"; allow_private = true; };\ntargets = (", bytes);
	for (int i = 0; i < TARGETS; i++) /* a port that nobody listens on, and that nobody else gets */
		fprintf(file, "%s { host = \"%s\"; port = %u; family = \"%s\"; }", i > 0 ? "," : "", hosts[i],
		    address_port(&scene.world->servers[1].at), i == LATE ? "both" : "ipv4");
	fputs(" );\n", file);
	assert_int_equal(fclose(file), 0);
}

static int
open_scene(void **state)
{
	static struct config_diagnostics faults;
	char folder[4096], bytes[4096];
	struct text text = TEXT_OVER(bytes);
	ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 64);
	struct reason why;

	(void)state;
	assert_true(size > 0);
	folder[size] = '\0';
	snprintf(strstr(folder, "/tests/unit/"), 64, "/plugins");
	scene.world = open_world(2);
	write_config();
	const struct config_source source = { .path = scene.path, .plugin_dir = folder, .state = "/nonexistent" };
	scene.config = config_read(&source, &faults);
	config_print_diagnostics(&faults, &text);
	if (scene.config == NULL)
		fail_msg("%s", bytes);
	scene.prober = prober_create(scene.world->loop, scene.config, NULL, &why);
	if (scene.prober == NULL)
		fail_msg("%s", why.text);
	return 0;
}

static int
close_scene(void **state)
{
	(void)state;
	prober_destroy(&scene.prober);
	config_free(&scene.config);
	close_world(scene.world);
	unlink(scene.path);
	return 0;
}

static void
on_done(void *arg, const struct run_result *result)
{
	(void)arg;
	ev_break(scene.world->loop, EVBREAK_ALL);
	scene.done++;
	scene.legs = result->leg_count;
	scene.micros = result->report->micros;
	scene.verdict = (enum pw_verdict)result->report->verdict;
	scene.flags = result->report->flags;
	snprintf(scene.outcome, sizeof scene.outcome, "%s", result->report->outcome);
	snprintf(scene.text, sizeof scene.text, "%.*s", (int)result->report->text.size, result->report->text.data);
}

static void
run_after(uint32_t target, uint8_t attempt, uint8_t missing)
{
	const struct order order = { .run = 1, .target = target, .flags = ORDER_FRESH, .attempt = attempt, .missing = missing };

	assert_true(prober_run(scene.prober, &order, on_done, NULL));
	ev_run(scene.world->loop, 0);
}

static void
run(uint32_t target, uint8_t attempt)
{
	run_after(target, attempt, 9);
}

static void
expect(enum pw_verdict verdict, const char *outcome)
{
	assert_string_equal(scene.outcome, outcome);
	assert_int_equal(scene.verdict, verdict);
}

/* The same failure for names in three domains confirms none of them, until a name is answered afresh. */
static void
failures_alike_confirm_nothing(void **state)
{
	struct server *server = &scene.world->servers[0];

	(void)state;
	server->answer = no_such_name;
	for (uint32_t i = 0; i < 3; i++) {
		run(i, 1);
		expect(PW_FAILED, "no_such_name");
	}
	for (uint8_t attempt = 2; attempt <= 3; attempt++)
		for (uint32_t i = 0; i < 3; i++) {
			run(i, attempt);
			expect(PW_UNKNOWN, "resolver");
			assert_non_null(strstr(scene.text, "; the same for names in 3 domains"));
			assert_int_equal(scene.flags & (REPORT_NAME_MISSING | REPORT_NAME_ASKED), 0);
		}
	for (uint32_t i = 0; i < 3; i++) { /* the third run without the name, after two that last known addresses answered */
		run_after(i, 1, 2);
		expect(PW_UNKNOWN, "resolver");
	}
	server->answer = one_address;
	server->address = "127.0.0.1"; /* whether anybody listens there does not matter */
	server->ttl = 0;
	run(3, 1);
	server->answer = no_such_name;
	run(0, 2);
	expect(PW_FAILED, "no_such_name");
	assert_true((scene.flags & REPORT_NAME_MISSING) != 0);
}

/* Nor is it told as a warning, while last known addresses answer. */
static void
failures_alike_are_no_warning(void **state)
{
	struct server *server = &scene.world->servers[0];

	(void)state;
	server->answer = one_address;
	server->address = "127.0.0.1";
	server->ttl = 0;
	for (uint32_t i = 0; i < 3; i++)
		run_after(i, 1, 0);
	server->answer = servfail_but_canary;
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 3; i++) {
			run_after(i, 1, 0);
			if (round > 0 || i == 2)
				expect(PW_UNKNOWN, "resolver");
			else
				assert_int_equal(scene.verdict, PW_FAILED); /* its last address was talked to: nobody listens there */
		}
}

/* So long that the answer can be seen to be the same. */
static void
wait_for_ttl(void)
{
	int64_t later = clock_mono() + 1600 * MILLISECOND;

	while (clock_mono() < later)
		usleep(10 * 1000);
}

/* What comes out of the same cache again is not another look. */
static void
a_repetition_confirms_nothing(void **state)
{
	struct server *server = &scene.world->servers[0];

	(void)state;
	server->answer = no_such_name_for_a_time;
	server->ttl = 60;
	run(0, 1);
	expect(PW_FAILED, "no_such_name");
	wait_for_ttl();
	server->ttl = 58;
	run(0, 2);
	expect(PW_UNKNOWN, "answer_repeated");
	assert_int_equal(scene.flags & REPORT_NAME_MISSING, 0);
	run(0, 1); /* the first of a series confirms nothing, and tells what it is */
	expect(PW_FAILED, "no_such_name");
	wait_for_ttl();
	server->ttl = 56;
	run_after(0, 1, 2); /* the third that finds no such name confirms, as the runs before it count */
	expect(PW_UNKNOWN, "answer_repeated");
	server->ttl = 60; /* asked anew */
	run_after(0, 1, 2);
	expect(PW_FAILED, "no_such_name");
	run(0, 2);
	expect(PW_FAILED, "no_such_name");
}

/* Begins a run of a name with one address, and turns the loop until its leg has long ended and the other type is missing. */
static void
run_without_aaaa(void)
{
	const struct order order = { .run = 1, .target = LATE, .flags = ORDER_FRESH | ORDER_PATIENT, .attempt = 1 };
	struct server *server = &scene.world->servers[0];
	int64_t end = clock_mono() + 300 * MILLISECOND;

	scene.done = 0;
	server->answer = both_addresses;
	server->address = "127.0.0.1";
	server->held_type = DNS_AAAA;
	server->held_size = 0;
	assert_true(prober_run(scene.prober, &order, on_done, NULL));
	while (server->held_size == 0 || clock_mono() < end) {
		ev_run(scene.world->loop, EVRUN_NOWAIT);
		usleep(1000);
	}
	assert_int_equal(scene.done, 0);
	assert_int_equal(prober_active(scene.prober), 1);
}

/* A run whose only leg has ended waits for the addresses of the other family, and the time is not the target's. */
static void
late_addresses_join(void **state)
{
	(void)state;
	run_without_aaaa();
	answer_held(&scene.world->servers[0]);
	ev_run(scene.world->loop, 0);
	assert_int_equal(scene.done, 1);
	assert_int_equal(scene.legs, 2);
	expect(PW_FAILED, "refused");
	assert_int_equal(prober_active(scene.prober), 0);
}

static void
a_run_ends_when_interrupted_before(void **state)
{
	int64_t begun = clock_mono();

	(void)state;
	run_without_aaaa();
	int64_t waited = clock_mono() - begun;
	prober_interrupt(scene.prober, true);
	prober_interrupt(scene.prober, true);
	ev_run(scene.world->loop, 0);
	assert_int_equal(scene.done, 1);
	assert_int_equal(scene.legs, 1);
	expect(PW_FAILED, "refused");
	assert_true(scene.micros < waited); /* until its leg ended, which was before */
	assert_int_equal(prober_active(scene.prober), 0);
	run_without_aaaa(); /* and is destroyed with the prober */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(failures_alike_confirm_nothing, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(failures_alike_are_no_warning, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(a_repetition_confirms_nothing, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(late_addresses_join, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(a_run_ends_when_interrupted_before, open_scene, close_scene),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
