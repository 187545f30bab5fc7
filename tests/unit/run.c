/* Runs over real sockets on the loopback device, with a server in the same loop: names, legs, slots, ends, evidence. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/read.h"
#include "prober/prober.h"

enum manner { SPEAKS, SILENT, CLOSES };
enum { GUESTS_MAX = 64 };

struct guest {
	ev_io io;
	int fd;
	unsigned lines;
};

static struct {
	struct ev_loop *loop;
	ev_io io;
	int fd;
	uint16_t port;
	enum manner manner;
	struct guest guests[GUESTS_MAX];
	unsigned accepted, open, open_max;
} server;

static void
say(struct guest *guest, const char *words)
{
	assert_int_equal(write(guest->fd, words, strlen(words)), strlen(words));
}

static void
leave(struct guest *guest)
{
	ev_io_stop(server.loop, &guest->io);
	close(guest->fd);
	guest->fd = -1;
	server.open--;
}

static void
on_words(EV_P_ ev_io *io, int revents)
{
	struct guest *guest = (struct guest *)io;
	char bytes[512];
	ssize_t size = read(guest->fd, bytes, sizeof bytes);

	(void)loop, (void)revents;
	if (size <= 0)
		leave(guest);
	else if (guest->lines++ == 0)
		say(guest, "250-mx\r\n250-STARTTLS\r\n250 SIZE 1000\r\n");
	else
		say(guest, "221 bye\r\n");
}

static void
on_guest(EV_P_ ev_io *io, int revents)
{
	struct guest *guest = &server.guests[server.accepted++ % GUESTS_MAX];

	(void)revents;
	*guest = (struct guest){ .fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK) };
	assert_true(guest->fd >= 0);
	server.open++;
	if (server.open > server.open_max)
		server.open_max = server.open;
	ev_io_init(&guest->io, on_words, guest->fd, EV_READ);
	ev_io_start(loop, &guest->io);
	if (server.manner == CLOSES)
		leave(guest);
	else if (server.manner == SPEAKS)
		say(guest, "220 mx ESMTP Postfix\r\n");
}

static int
serve(void **state)
{
	struct address any;
	socklen_t size = sizeof any;

	(void)state;
	memset(&server, 0, sizeof server);
	server.loop = ev_loop_new(0);
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(address_parse("127.0.0.1", 0, &any));
	assert_int_equal(bind(server.fd, &any.any, address_length(&any)), 0);
	assert_int_equal(listen(server.fd, 64), 0);
	assert_int_equal(getsockname(server.fd, &any.any, &size), 0);
	server.port = address_port(&any);
	ev_io_init(&server.io, on_guest, server.fd, EV_READ);
	ev_io_start(server.loop, &server.io);
	return 0;
}

static int
unserve(void **state)
{
	(void)state;
	ev_io_stop(server.loop, &server.io);
	for (unsigned i = 0; i < GUESTS_MAX; i++)
		if (ev_is_active(&server.guests[i].io))
			leave(&server.guests[i]);
	close(server.fd);
	ev_loop_destroy(server.loop);
	return 0;
}

/* What came of the runs. */
static struct {
	struct prober *prober;
	const struct config *config;
	unsigned wanted, done, legs;
	struct report report; /* of the last */
	char text[EVIDENCE_TEXT_MAX], local[64], leg_outcome[OUTCOME_NAME_MAX];
	char transcript[4096], facts[1024];
} seen;

static void
remember_evidence(const struct run_result *result)
{
	struct text transcript = TEXT_OVER(seen.transcript), facts = TEXT_OVER(seen.facts);
	struct evidence evidence;
	struct evidence_line line;
	struct evidence_fact fact;

	for (uint32_t i = 0; i < result->leg_count; i++) {
		run_evidence(result, i, &evidence);
		assert_int_equal(evidence.leg, i);
		snprintf(seen.local, sizeof seen.local, "%.*s", (int)evidence.local.size, evidence.local.data);
		snprintf(seen.leg_outcome, sizeof seen.leg_outcome, "%s", evidence.outcome);
		while (evidence_next_line(&evidence.transcript, &line)) {
			text_add_bytes(&transcript, line.bytes.data, line.bytes.size);
			text_add(&transcript, "\n");
		}
		while (evidence_next_fact(&evidence.facts, &fact)) {
			text_format(&facts, "%s=%.*s\n", fact.name, (int)fact.value.size, fact.value.data);
		}
	}
}

static void
on_done(void *arg, const struct run_result *result)
{
	(void)arg;
	seen.report = *result->report;
	seen.legs = result->leg_count;
	snprintf(seen.text, sizeof seen.text, "%.*s", (int)result->report->text.size, result->report->text.data);
	remember_evidence(result);
	if (++seen.done == seen.wanted)
		ev_break(server.loop, EVBREAK_ALL);
}

static const struct config *
configure(const char *word, const char *const *sets)
{
	static struct config_diagnostics faults;
	char folder[4096], bytes[4096];
	struct text text = TEXT_OVER(bytes);
	ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 64);
	uint32_t count = 0;

	assert_true(size > 0);
	folder[size] = '\0';
	snprintf(strstr(folder, "/tests/unit/"), 64, "/plugins");
	while (sets != NULL && sets[count] != NULL)
		count++;
	const struct config_source source = { .words = &word, .word_count = 1, .sets = sets, .set_count = count,
		.plugin_dir = folder, .state = "/nonexistent" };
	const struct config *config = config_read(&source, &faults);
	config_print_diagnostics(&faults, &text);
	if (config == NULL)
		fail_msg("%s", bytes);
	return config;
}

static void
run_many(const char *host, const char *const *sets, unsigned count, uint8_t flags)
{
	char word[64];
	struct reason why;

	snprintf(word, sizeof word, "%s:%u", host, server.port);
	memset(&seen, 0, sizeof seen);
	seen.wanted = count;
	seen.config = configure(word, sets);
	seen.prober = prober_create(server.loop, seen.config, NULL, &why);
	if (seen.prober == NULL)
		fail_msg("%s", why.text);
	for (unsigned i = 0; i < count; i++) {
		const struct order order = { .run = i + 1, .target = 0, .flags = flags, .attempt = 1, .due = clock_mono() };

		assert_true(prober_run(seen.prober, &order, on_done, NULL));
	}
	assert_int_equal(prober_active(seen.prober), count);
}

static void
give_up(void)
{
	prober_destroy(&seen.prober);
	config_free(&seen.config);
}

static void
finish(void)
{
	ev_run(server.loop, 0);
	assert_int_equal(prober_active(seen.prober), 0);
	give_up();
}

static const char *const plain[] = { "tls=none", "probe=smtp", NULL };
static const char *const brief[] = { "tls=none", "limits.banner=100ms", "patient_limits.banner=200ms", NULL };

static void
talks_to_a_server(void **state)
{
	(void)state;
	run_many("127.0.0.1", plain, 1, ORDER_FULL);
	finish();
	assert_int_equal(seen.report.verdict, PW_OK);
	assert_string_equal(seen.report.outcome, "ok");
	assert_int_equal(seen.report.flags, REPORT_FULL | REPORT_HAS_STARTTLS | REPORT_REACHED_EHLO | REPORT_SPOKEN
	    | REPORT_OWN_HOST);
	assert_int_equal(seen.report.ways, WAY_PRIVATE);
	assert_int_equal(seen.report.phases[0], -1);
	assert_true(seen.report.phases[1] >= 0 && seen.report.phases[1] < SECOND);
	assert_non_null(strstr(seen.transcript, "connected from 127.0.0.1:"));
	assert_non_null(strstr(seen.transcript, "220 mx ESMTP Postfix\nEHLO "));
	assert_non_null(strstr(seen.transcript, "QUIT\n221 bye\n"));
	assert_non_null(strstr(seen.facts, "software=Postfix\n"));
	assert_non_null(strstr(seen.facts, "capabilities=STARTTLS, SIZE 1000\n"));
	assert_true(strncmp(seen.local, "127.0.0.1:", 10) == 0);
}

static void
waits_no_longer_than_the_limit(void **state)
{
	int64_t begun = clock_mono();

	(void)state;
	server.manner = SILENT;
	run_many("127.0.0.1", brief, 1, 0);
	finish();
	assert_int_equal(seen.report.verdict, PW_FAILED);
	assert_string_equal(seen.report.outcome, "banner_timeout");
	assert_true(strncmp(seen.text, "no greeting within 0.1", 22) == 0);
	assert_non_null(strstr(seen.text, ", 0 bytes, 127.0.0.1)"));
	assert_true(clock_mono() - begun >= 100 * MILLISECOND);
	assert_int_equal(seen.report.flags & REPORT_SPOKEN, 0); /* it ended in silence, and was heard when it connected */
	assert_true(seen.report.quiet >= 90 * MILLISECOND && seen.report.quiet <= seen.report.micros);
	run_many("127.0.0.1", brief, 1, ORDER_PATIENT);
	finish();
	assert_true(strncmp(seen.text, "no greeting within 0.2", 22) == 0);
}

static void
tells_a_close_from_a_refusal(void **state)
{
	(void)state;
	server.manner = CLOSES;
	run_many("127.0.0.1", plain, 1, 0);
	finish();
	assert_string_equal(seen.report.outcome, "closed_at_banner");
	ev_io_stop(server.loop, &server.io);
	close(server.fd);
	run_many("127.0.0.1", plain, 1, 0);
	finish();
	assert_string_equal(seen.report.outcome, "refused");
	assert_int_equal(seen.report.phases[1] >= 0, 1);
	assert_int_equal(seen.report.reached, 0);
	assert_true((seen.report.flags & REPORT_SPOKEN) != 0 && seen.report.quiet >= 0);
	server.fd = socket(AF_INET, SOCK_STREAM, 0);
}

static void
waits_for_a_slot(void **state)
{
	(void)state;
	run_many("127.0.0.1", plain, 40, 0);
	finish();
	assert_int_equal(seen.done, 40);
	assert_int_equal(seen.report.verdict, PW_OK);
	assert_int_equal(server.accepted, 40);
	assert_true(server.open_max <= 8);
}

static void
ends_when_interrupted(void **state)
{
	struct duty_page page = { 0 };

	(void)state;
	server.manner = SILENT;
	run_many("127.0.0.1", plain, 20, 0);
	prober_set_page(seen.prober, &page);
	for (int i = 0; i < 50 && server.accepted < 8; i++)
		ev_run(server.loop, EVRUN_ONCE);
	assert_int_equal(page.in_hand, 0);
	prober_interrupt(seen.prober, true);
	finish();
	assert_int_equal(seen.done, 20);
	assert_int_equal(seen.report.verdict, PW_UNKNOWN);
	assert_string_equal(seen.report.outcome, "interrupted");
}

static void
leaves_nothing_when_destroyed(void **state)
{
	(void)state;
	server.manner = SILENT;
	run_many("127.0.0.1", plain, 20, 0);
	ev_run(server.loop, EVRUN_ONCE);
	give_up();
	assert_int_equal(seen.done, 0);
	run_many("name.invalid", plain, 1, 0);
	give_up();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(talks_to_a_server, serve, unserve),
		cmocka_unit_test_setup_teardown(waits_no_longer_than_the_limit, serve, unserve),
		cmocka_unit_test_setup_teardown(tells_a_close_from_a_refusal, serve, unserve),
		cmocka_unit_test_setup_teardown(waits_for_a_slot, serve, unserve),
		cmocka_unit_test_setup_teardown(ends_when_interrupted, serve, unserve),
		cmocka_unit_test_setup_teardown(leaves_nothing_when_destroyed, serve, unserve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
