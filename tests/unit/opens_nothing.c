/* After tls_policies_create and resolver_create a prober opens no file: in a child where every open is death, a whole
 * handshake is judged and a name is resolved. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "prober/resolver.h"
#include "tls_peers.h"

/* Death by SIGSYS for whoever opens a file. */
static bool
forbid_opening(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef SYS_open
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_open, 2, 0),
#else
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 2, 0),
#endif
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog filter = { sizeof program / sizeof *program, program };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* In a child: what it ends with; 77: this system has no such filter. */
static int
in_cell(void (*prepare)(void), void (*act)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		prepare();
		if (!forbid_opening())
			_exit(77);
		act();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
expect_freedom(int status)
{
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
}

static void
prepare_nothing(void)
{
}

static void
open_something(void)
{
	close(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

/* The filter itself works. */
static void
whoever_opens_dies(void **state)
{
	int status = in_cell(prepare_nothing, open_something);

	(void)state;
	if (status == 77)
		skip();
	assert_int_equal(status, -SIGSYS);
}

/* The server is a process of its own, so that nothing of it has warmed the library of the child under test. */
static struct wire *wire;
static char ca_file[256];
static struct tls_settings settings;
static struct tls_policies *policies;

static void
serve(void)
{
	static struct court court;

	court_open(&court);
	const struct certificate *const along[] = { &court.intermediate, NULL };
	SSL_CTX *context = court_server(&court.leaf, along);
	rename(court.ca_file, ca_file);
	for (int i = 0; i < 2; i++) {
		int fd = accept4(wire->listener, NULL, NULL, SOCK_CLOEXEC);
		char bytes[16];
		SSL *server = SSL_new(context);

		SSL_set_fd(server, fd);
		SSL_set_max_proto_version(server, i == 0 ? TLS1_3_VERSION : TLS1_VERSION);
		if (SSL_accept(server) == 1)
			SSL_read(server, bytes, sizeof bytes);
		SSL_free(server);
		close(fd);
	}
}

static void
prepare_tls(void)
{
	static struct policy policy = { .tls = &settings };
	static struct target target = { .policy = &policy };
	static const struct config config = { .targets = &target, .target_count = 1 };
	struct reason why;

	while (access(ca_file, R_OK) != 0)
		usleep(1000);
	settings = (struct tls_settings){ .mode = PW_TLS_REQUIRE, .verify = TLS_VERIFY_FULL, .ca_file = ca_file,
		.min_version = TLS1_2_VERSION };
	policies = tls_policies_create(&config, NULL, &why);
	if (policies == NULL)
		_exit(6);
	unlink(ca_file);
}

static void
shake(struct tls_policy *policy, struct tls_judgement *judgement)
{
	const struct tls_names names = { .host = "mx.test", .sni = "mx.test" };
	struct evidence_log log = { 0 };
	struct close_reason reason;

	stream_init(&wire->stream, wire->loop, &wire_events, wire);
	wire->connected = wire->secured = 0;
	stream_connect(&wire->stream, &wire->at, NULL, &reason);
	wire_until(wire, &wire->connected, 1);
	stream_secure(&wire->stream, policy, &names);
	wire_until(wire, &wire->secured, 1);
	tls_judge(wire->stream.tls, &settings, &(struct tls_clock){ clock_wall(), clock_wall(), CLOCK_BELIEVED, 0 }, &log, judgement);
	stream_fini(&wire->stream);
	if (log.facts.size == 0)
		_exit(7);
}

static void
shake_and_judge(void)
{
	struct tls_judgement judgement;

	shake(tls_policy_find(policies, &settings, TLS_USUAL), &judgement);
	if (!judgement.verified)
		_exit(8);
	shake(tls_policy_find(policies, &settings, TLS_LEGACY), &judgement);
	if (strcmp(judgement.version, "TLSv1") != 0)
		_exit(9);
}

static void
tls(void **state)
{
	const char *folder = getenv("TMPDIR");
	int status;

	(void)state;
	snprintf(ca_file, sizeof ca_file, "%s/opens_nothing.%d.pem", folder != NULL ? folder : "/tmp", (int)getpid());
	wire = wire_create("127.0.0.1");
	pid_t server = fork();
	if (server == 0) {
		alarm(20);
		serve();
		_exit(0);
	}
	int ended = in_cell(prepare_tls, shake_and_judge);
	if (ended != 0)
		kill(server, SIGKILL);
	assert_int_equal(waitpid(server, &status, 0), server);
	wire_destroy(wire);
	expect_freedom(ended);
}

static struct ev_loop *loop;
static struct resolver *resolver;
static int told;

static void
prepare_resolver(void)
{
	static struct address nobody;
	static struct config config = { .resolvers = &nobody, .resolver_count = 1 };
	struct reason why;
	socklen_t size = sizeof nobody;

	/* A port that was ours a moment ago: it refuses. */
	address_parse("127.0.0.1", 0, &nobody);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(fd, &nobody.any, address_length(&nobody)) != 0 || getsockname(fd, &nobody.any, &size) != 0)
		_exit(4);
	close(fd);
	loop = ev_loop_new(0);
	resolver = resolver_create(loop, &config, NULL, &why);
	if (resolver == NULL)
		_exit(5);
}

static void
on_resolved(EV_P_ ev_watcher *watcher, int events)
{
	struct resolver_query **query = watcher->data;
	struct resolved resolved;

	(void)loop;
	(void)events;
	resolver_take(query, &resolved);
	resolver_cancel(query);
	told++;
}

static void
resolve(void)
{
	static const char *const names[] = { "localhost", "mx.test", "onion.onion", "192.0.2.1" };

	struct resolver_query *queries[4];
	ev_watcher watchers[4];

	for (size_t i = 0; i < 4; i++) {
		ev_init(&watchers[i], on_resolved);
		watchers[i].data = &queries[i];
		queries[i] = resolver_ask(resolver, names[i], FAMILY_BOTH, true, SECOND, &watchers[i]);
	}
	while (told < 4)
		ev_run(loop, EVRUN_ONCE);
	resolver_destroy(&resolver);
}

static void
names(void **state)
{
	(void)state;
	expect_freedom(in_cell(prepare_resolver, resolve));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_opens_dies),
		cmocka_unit_test(tls),
		cmocka_unit_test(names),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
