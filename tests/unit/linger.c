/* A session inside TLS ends with close_notify, and its peer has time to say the same before the socket is closed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>

#include "tls_peers.h"
#include "prober/linger.h"

static struct court court;
static const struct tls_names names = { .host = "mx.test" };

struct scene {
	struct wire *wire;
	SSL_CTX *context;
	SSL *server;
	struct lingers *lingers;
};

static void
open_scene(struct scene *scene)
{
	const struct certificate *const along[] = { &court.intermediate, NULL };

	scene->context = court_server(&court.leaf, along);
	scene->wire = wire_create("127.0.0.1");
	scene->server = court_shake(scene->wire, scene->context, tls_policy_find(court.policies, &court.settings, TLS_USUAL), &names);
	assert_int_equal(scene->wire->secured, 1);
	scene->lingers = lingers_create(scene->wire->loop, 2);
}

static void
close_scene(struct scene *scene)
{
	lingers_destroy(&scene->lingers);
	SSL_free(scene->server);
	SSL_CTX_free(scene->context);
	wire_destroy(scene->wire);
}

static void
run_until(struct scene *scene, uint32_t left)
{
	int64_t end = clock_mono() + 20 * SECOND;

	while (lingers_count(scene->lingers) > left) {
		ev_run(scene->wire->loop, EVRUN_ONCE);
		assert_true(clock_mono() < end);
	}
}

/* What a server sees of our end: close_notify and FIN; what it then says itself is not answered by a reset. */
static void
an_end_without_a_reset(void **state)
{
	struct scene scene;
	char byte;

	(void)state;
	open_scene(&scene);
	int fd = stream_part(&scene.wire->stream);
	assert_int_not_equal(fd, -1);
	assert_int_equal(scene.wire->stream.fd, -1);
	assert_int_equal(stream_part(&scene.wire->stream), -1);
	lingers_add(scene.lingers, fd);
	assert_int_equal(fcntl(scene.wire->peer, F_SETFL, 0), 0);
	assert_int_equal(SSL_get_error(scene.server, SSL_read(scene.server, &byte, 1)), SSL_ERROR_ZERO_RETURN);
	assert_int_equal(recv(scene.wire->peer, &byte, 1, 0), 0);
	assert_int_equal(SSL_write(scene.server, "221 bye\r\n", 9), 9);
	assert_int_equal(SSL_shutdown(scene.server), 1);
	assert_int_equal(lingers_count(scene.lingers), 1);
	assert_int_equal(shutdown(scene.wire->peer, SHUT_WR), 0);
	run_until(&scene, 0);
	assert_int_equal(recv(scene.wire->peer, &byte, 1, 0), 0);
	close_scene(&scene);
}

static void
a_peer_that_has_closed_is_not_waited_for(void **state)
{
	struct scene scene;
	char byte;

	(void)state;
	open_scene(&scene);
	assert_int_equal(SSL_shutdown(scene.server), 0);
	court_turn_until(scene.wire, NULL, NULL, &scene.wire->ended, 1);
	assert_int_equal(scene.wire->reason.end, STREAM_CLOSED);
	assert_int_equal(stream_part(&scene.wire->stream), -1);
	assert_int_equal(fcntl(scene.wire->peer, F_SETFL, 0), 0);
	assert_int_equal(SSL_shutdown(scene.server), 1); /* ours came all the same */
	assert_int_equal(recv(scene.wire->peer, &byte, 1, 0), 0);
	close_scene(&scene);
}

static void
a_silent_peer_is_left_after_a_while(void **state)
{
	struct scene scene;
	char bytes[256];

	(void)state;
	open_scene(&scene);
	int64_t begun = clock_mono();
	lingers_add(scene.lingers, stream_part(&scene.wire->stream));
	run_until(&scene, 0);
	assert_true(clock_mono() - begun >= 200 * MILLISECOND);
	assert_true(recv(scene.wire->peer, bytes, sizeof bytes, 0) > 0);
	close_scene(&scene);
}

/* Where there is no room for another, the oldest goes. */
static void
the_oldest_makes_room(void **state)
{
	struct ev_loop *loop = ev_loop_new(0);
	struct lingers *lingers = lingers_create(loop, 2);
	int pairs[3][2];
	char byte;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
		lingers_add(lingers, pairs[i][0]);
	}
	assert_int_equal(lingers_count(lingers), 2);
	assert_int_equal(recv(pairs[0][1], &byte, 1, MSG_DONTWAIT), 0);
	assert_int_equal(recv(pairs[1][1], &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(close(pairs[2][1]), 0);
	while (lingers_count(lingers) == 2)
		ev_run(loop, EVRUN_ONCE);
	lingers_destroy(&lingers);
	assert_int_equal(recv(pairs[1][1], &byte, 1, MSG_DONTWAIT), 0);
	close(pairs[0][1]);
	close(pairs[1][1]);
	ev_loop_destroy(loop);
}

static void
what_is_not_in_tls_is_closed_at_once(void **state)
{
	struct wire *wire = wire_create("127.0.0.1");
	char byte;

	(void)state;
	wire_begin(wire);
	assert_int_equal(stream_part(&wire->stream), -1);
	assert_int_equal(recv(wire->peer, &byte, 1, 0), 0);
	wire_destroy(wire);
}

static int
open_court(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	court_open(&court);
	return 0;
}

static int
close_court(void **state)
{
	(void)state;
	court_close(&court);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_end_without_a_reset),
		cmocka_unit_test(a_peer_that_has_closed_is_not_waited_for),
		cmocka_unit_test(a_silent_peer_is_left_after_a_while),
		cmocka_unit_test(the_oldest_makes_room),
		cmocka_unit_test(what_is_not_in_tls_is_closed_at_once),
	};

	return cmocka_run_group_tests(tests, open_court, close_court);
}
