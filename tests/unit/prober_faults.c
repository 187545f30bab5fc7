/*
 * Runs of which any one call fails, of memory, of a socket, of OpenSSL: what we lack is never told
 * as a fault of the server or of its name, and of a run that passes all the same nothing is said
 * that was not so. The servers are a process of their own.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* of the ways to give it a generator this is the short one */

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "config/read.h"
#include "prober/prober.h"
#include "prober/tls_memory.h"
#include "unit/resolver_answers.h"

#include "certificates.h"
#include "mail_peer.h"

enum { PATIENCE = 20 };

enum call { MEMORY, SOCKET, BIND, CONNECT, SETSOCKOPT, GETSOCKOPT, GETSOCKNAME, SEND, RECV,
	 GETRANDOM, RANDOM, CALLS };

static const char *const names[CALLS] = { "memory", "socket", "bind", "connect", "setsockopt",
	"getsockopt", "getsockname", "send", "recv", "getrandom", "RAND_bytes" };

/* The call that fails next, and with what. */
static struct {
	enum call call;
	unsigned long left; /* 0: none does */
	int error;
	bool all;           /* and all behind it */
	bool failed;
} fault;

static struct {
	struct world *world;
	struct ev_loop *loop;
	const struct config *config;
	struct prober *prober;
	struct certificate root, leaf;
	char folder[64], conf[96], ca_file[96];
	uint16_t port;
	int listener;
	pid_t servers;
	bool done;
	enum pw_verdict verdict;
	char outcome[OUTCOME_NAME_MAX], text[EVIDENCE_TEXT_MAX], facts[2048], warnings[1024];
} scene;

/* Faults */

static bool
fails(enum call call)
{
	if (fault.left == 0 || fault.call != call || --fault.left > 0)
		return false;
	if (fault.all)
		fault.left = 1;
	fault.failed = true;
	errno = fault.error;
	return true;
}

#define WRAP(type, name, call, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters { return fails(call) ? -1 : __real_##name arguments; }

WRAP(int, socket, SOCKET, (int family, int type, int protocol), (family, type, protocol))
WRAP(int, bind, BIND, (int fd, const struct sockaddr *own, socklen_t size), (fd, own, size))
WRAP(int, connect, CONNECT, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
WRAP(int, setsockopt, SETSOCKOPT, (int fd, int level, int name, const void *value, socklen_t size),
    (fd, level, name, value, size))
WRAP(int, getsockopt, GETSOCKOPT, (int fd, int level, int name, void *value, socklen_t *size),
    (fd, level, name, value, size))
WRAP(int, getsockname, GETSOCKNAME, (int fd, struct sockaddr *own, socklen_t *size),
    (fd, own, size))
WRAP(ssize_t, send, SEND, (int fd, const void *bytes, size_t size, int flags),
    (fd, bytes, size, flags))
WRAP(ssize_t, recv, RECV, (int fd, void *bytes, size_t size, int flags), (fd, bytes, size, flags))
WRAP(ssize_t, getrandom, GETRANDOM, (void *bytes, size_t size, unsigned flags),
    (bytes, size, flags))

#define WRAP_MEMORY(name, parameters, arguments) \
	void *__real_##name parameters; \
	void *__wrap_##name parameters; \
	void *__wrap_##name parameters { return fails(MEMORY) ? NULL : __real_##name arguments; }

WRAP_MEMORY(malloc, (size_t size), (size))
WRAP_MEMORY(calloc, (size_t count, size_t size), (count, size))
WRAP_MEMORY(realloc, (void *memory, size_t size), (memory, size))

/* libev ends the process where it finds none. */
static void *
ev_memory(void *memory, long size)
{
	if (size != 0)
		return __real_realloc(memory, (size_t)size);
	free(memory);
	return NULL;
}

static int
random_bytes(unsigned char *bytes, int size)
{
	if (fails(RANDOM))
		return 0;
	return __real_getrandom(bytes, (size_t)size, 0) == size;
}

static int
random_status(void)
{
	return !(fault.call == RANDOM && fault.failed);
}

/* The servers */

static void
on_mail(EV_P_ ev_io *io, int events)
{
	int fd = accept4(scene.listener, NULL, NULL, SOCK_CLOEXEC);
	pid_t child = fork();

	(void)events, (void)loop;
	if (child == 0) {
		signal(SIGPIPE, SIG_IGN);
		alarm(3 * PATIENCE);
		serve_mail(io->data, fd);
		_exit(0);
	}
	close(fd);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

_Noreturn static void
be_servers(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	ev_io mail;

	SSL_CTX_use_certificate(context, scene.leaf.x509);
	SSL_CTX_use_PrivateKey(context, scene.leaf.key);
	ev_loop_fork(scene.world->loop);
	ev_io_init(&mail, on_mail, scene.listener, EV_READ);
	mail.data = context;
	ev_io_start(scene.world->loop, &mail);
	ev_run(scene.world->loop, 0);
	_exit(1);
}

/* The scene */

static void
write_config(void)
{
	char bytes[ADDRESS_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);
	FILE *file = fopen(scene.conf, "w");

	assert_non_null(file);
	address_add_port(&text, &scene.world->servers[0].at);
	fprintf(file, "resolvers = [ \"%s\" ];\n"
	    "defaults = { family = \"ipv4\"; allow_private = true; };\n"
	    "targets = ( { name = \"tls\"; host = \"mx.test\"; port = %u; probe = \"starttls\"; "
	    "verify = \"full\"; ca_file = \"%s\"; }, { name = \"clear\"; host = \"mx.test\"; port = %u; "
	    "probe = \"smtp\"; tls = \"none\"; source = \"127.0.0.1\"; } );\n", bytes, scene.port,
	    scene.ca_file, scene.port);
	assert_int_equal(fclose(file), 0);
}

static void
listen_for_mail(void)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof own;

	scene.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(scene.listener, (struct sockaddr *)&own, size), 0);
	assert_int_equal(listen(scene.listener, 64), 0);
	assert_int_equal(getsockname(scene.listener, (struct sockaddr *)&own, &size), 0);
	scene.port = ntohs(own.sin_port);
}

static void
make_certificates(void)
{
	const struct certificate_spec root = { .name = "Root", .ca = true, .to = 3650, .from = -1 },
	    leaf = { .name = "mx.test", .alternatives = "DNS:mx.test" };

	scene.root = certificate_make(root, NULL);
	scene.leaf = certificate_make(leaf, &scene.root);
	certificate_write(&scene.root, scene.ca_file);
}

static void
read_config(void)
{
	static struct config_diagnostics faults;
	char folder[4096], bytes[4096];
	struct text text = TEXT_OVER(bytes);
	ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 64);

	assert_true(size > 0);
	folder[size] = '\0';
	snprintf(strstr(folder, "/tests/unit/"), 64, "/plugins");
	const struct config_source source = { .path = scene.conf, .plugin_dir = folder,
	    .state = "/nonexistent" };
	scene.config = config_read(&source, &faults);
	config_print_diagnostics(&faults, &text);
	if (scene.config == NULL)
		fail_msg("%s", bytes);
}

static int
open_scene(void **state)
{
	const char *top = getenv("TMPDIR");
	struct reason why;

	(void)state;
	snprintf(scene.folder, sizeof scene.folder, "%.30s/faults-%d", top != NULL ? top : "/tmp",
	    (int)getpid());
	assert_int_equal(mkdir(scene.folder, 0700), 0);
	snprintf(scene.conf, sizeof scene.conf, "%s/conf", scene.folder);
	snprintf(scene.ca_file, sizeof scene.ca_file, "%s/ca.pem", scene.folder);
	scene.world = open_world(1);
	scene.world->servers[0].answer = one_address;
	scene.world->servers[0].address = "127.0.0.1";
	listen_for_mail();
	make_certificates();
	write_config();
	read_config();
	scene.servers = fork();
	if (scene.servers == 0)
		be_servers();
	scene.loop = ev_loop_new(0);
	scene.prober = prober_create(scene.loop, scene.config, NULL, &why);
	if (scene.prober == NULL)
		fail_msg("%s", why.text);
	return 0;
}

static int
close_scene(void **state)
{
	(void)state;
	assert_true(scene.servers > 0);
	kill(scene.servers, SIGKILL);
	waitpid(scene.servers, NULL, 0);
	prober_destroy(&scene.prober);
	ev_loop_destroy(scene.loop);
	config_free(&scene.config);
	certificate_free(&scene.root);
	certificate_free(&scene.leaf);
	close(scene.listener);
	close_world(scene.world);
	unlink(scene.conf);
	unlink(scene.ca_file);
	return rmdir(scene.folder);
}

static void
on_done(void *arg, const struct run_result *result)
{
	unsigned long left = fault.left;
	struct text facts = TEXT_OVER(scene.facts), warnings = TEXT_OVER(scene.warnings);
	struct evidence evidence;
	struct evidence_fact fact;
	struct evidence_warning warning;

	(void)arg;
	fault.left = 0;
	scene.verdict = (enum pw_verdict)result->report->verdict;
	snprintf(scene.outcome, sizeof scene.outcome, "%s", result->report->outcome);
	snprintf(scene.text, sizeof scene.text, "%.*s", (int)result->report->text.size,
	    result->report->text.data);
	scene.facts[0] = scene.warnings[0] = '\0';
	for (uint32_t i = 0; i < result->leg_count; i++) {
		run_evidence(result, i, &evidence);
		while (evidence_next_fact(&evidence.facts, &fact))
			text_format(&facts, "%s=%.*s\n", fact.name, (int)fact.value.size, fact.value.data);
		while (evidence_next_warning(&evidence.warnings, &warning))
			text_format(&warnings, "%s: %.*s\n", warning.code, (int)warning.text.size, warning.text.data);
	}
	scene.done = true;
	fault.left = left;
	ev_break(scene.loop, EVBREAK_ALL);
}

static void
on_late(EV_P_ ev_timer *timer, int events)
{
	(void)timer, (void)events;
	ev_break(EV_A_ EVBREAK_ALL);
}

/* Runs a target while that call of a kind fails. Returns false where there is no such call. */
static bool
run(uint32_t target, enum call call, unsigned long number, int error, bool all)
{
	const struct order order = { .run = 1, .target = target, .flags = ORDER_FULL | ORDER_FRESH,
	    .attempt = 1 };
	ev_timer late;

	ev_timer_init(&late, on_late, PATIENCE, 0);
	ev_timer_start(scene.loop, &late);
	scene.done = false;
	fault.call = call;
	fault.error = error;
	fault.all = all;
	fault.failed = false;
	fault.left = number;
	if (!prober_run(scene.prober, &order, on_done, NULL)) { /* the monitor orders it again */
		scene.done = true;
		scene.verdict = PW_UNKNOWN;
		snprintf(scene.outcome, sizeof scene.outcome, "no_memory");
	} else {
		while (!scene.done && ev_is_active(&late))
			ev_run(scene.loop, EVRUN_ONCE);
	}
	fault.left = 0;
	ev_timer_stop(scene.loop, &late);
	if (!scene.done)
		fail_msg("%s %lu (%s): no end", names[call], number, strerrorname_np(error));
	return fault.failed;
}

static char usual_facts[2][2048];

static void
learn_what_is_usual(void)
{
	for (uint32_t target = 0; target < 2; target++) {
		assert_false(run(target, MEMORY, 0, 0, false));
		if (scene.verdict != PW_OK)
			fail_msg("%s: %s\n%s", scene.outcome, scene.text, scene.warnings);
		snprintf(usual_facts[target], sizeof usual_facts[target], "%s", scene.facts);
	}
}

/* Whether each fact is one of those that are usual: what is not seen in a run is no change. */
static bool
are_usual(char *facts, const char *usual)
{
	char *rest = facts;

	for (char *fact; (fact = strsep(&rest, "\n")) != NULL;)
		if (strstr(usual, fact) == NULL)
			return false;
	return true;
}

/* Whether what we lack has its name; 0: an errno that OpenSSL does not see. */
static bool
is_named(int error)
{
	static const struct {
		int error;
		const char *outcome, *other; /* the latter where names are looked up */
	} rows[] = { { ENOMEM, "no_memory", "" }, { ENOBUFS, "no_memory", "" }, { EMFILE, "no_descriptors", "" },
		{ ENFILE, "no_descriptors", "" }, { EPERM, "not_permitted", "" }, { EACCES, "not_permitted", "" },
		{ ENOSYS, "not_permitted", "" }, { EADDRNOTAVAIL, "no_local_port", "" },
		{ EAGAIN, "not_permitted", "no_local_port" }, { ENETDOWN, "network_down", "no_route" },
		{ ENETUNREACH, "no_route", "" }, { 0, "not_permitted", "" } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].error == error)
			return strcmp(scene.outcome, rows[i].outcome) == 0
			    || strcmp(scene.outcome, rows[i].other) == 0;
	return false;
}

static void
expect_ours(uint32_t target, enum call call, unsigned long number, int error, unsigned *wrong)
{
	bool same = are_usual(scene.facts, usual_facts[target]);

	if ((scene.verdict == PW_UNKNOWN && is_named(error)) || (scene.verdict == PW_OK && same))
		return;
	print_error("%s, %s %lu (%s): verdict %d, %s: %s\n%s%s", scene.config->targets[target].name,
	    names[call], number, strerrorname_np(error), scene.verdict, scene.outcome, scene.text,
	    scene.warnings, same ? "" : scene.facts);
	++*wrong;
}

/* Each call in turn, alone and with all behind it; EVERY=1: each beyond the first hundred, too. */
static void
fail_each(enum call call, int error)
{
	unsigned long every = strtoul(getenv("EVERY") != NULL ? getenv("EVERY") : "11", NULL, 10);
	unsigned wrong = 0, made = 0;

	learn_what_is_usual();
	for (uint32_t target = 0; target < 2; target++)
		for (int all = 0; all < 2; all++)
			for (unsigned long number = 1; run(target, call, number, error, all != 0);
			     number += number < 100 ? 1 : every) {
				expect_ours(target, call, number, error, &wrong);
				made++;
			}
	assert_true(made > 0);
	if (wrong > 0)
		fail_msg("%u told wrongly", wrong);
}

static void
memory(void **state)
{
	(void)state;
	fail_each(MEMORY, ENOMEM);
}

static void
connections(void **state)
{
	static const int of_socket[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS, EPERM, EACCES },
	    of_connect[] = { EADDRNOTAVAIL, EAGAIN, ENOMEM, ENOBUFS, EPERM, ENETDOWN, ENETUNREACH };

	(void)state;
	for (size_t i = 0; i < sizeof of_socket / sizeof *of_socket; i++)
		fail_each(SOCKET, of_socket[i]);
	for (size_t i = 0; i < sizeof of_connect / sizeof *of_connect; i++)
		fail_each(CONNECT, of_connect[i]);
}

static void
options(void **state)
{
	(void)state;
	fail_each(BIND, EADDRNOTAVAIL);
	fail_each(BIND, ENOMEM);
	fail_each(SETSOCKOPT, ENOMEM);
	fail_each(GETSOCKOPT, ENOBUFS);
	fail_each(GETSOCKNAME, ENOBUFS);
}

static void
bytes(void **state)
{
	(void)state;
	fail_each(SEND, ENOBUFS);
	fail_each(SEND, ENOMEM);
	fail_each(SEND, EPERM);
	fail_each(RECV, ENOMEM);
	fail_each(RECV, ENOBUFS);
}

/* Ids of questions are fetched many at once. */
static void
randomness(void **state)
{
	unsigned wrong = 0;
	bool made = false;

	(void)state;
	fail_each(RANDOM, 0);
	for (int i = 0; i < 200 && !made; i++)
		made = run(1, GETRANDOM, 1, ENOSYS, false);
	assert_true(made);
	expect_ours(1, GETRANDOM, 1, ENOSYS, &wrong);
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	static const RAND_METHOD method = { .bytes = random_bytes, .pseudorand = random_bytes,
	    .status = random_status };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory),
		cmocka_unit_test(connections),
		cmocka_unit_test(options),
		cmocka_unit_test(bytes),
		cmocka_unit_test(randomness),
	};

	signal(SIGPIPE, SIG_IGN);
	tls_memory_watch();
	if (RAND_set_rand_method(&method) != 1)
		return 1;
	ev_set_allocator(ev_memory);
	return cmocka_run_group_tests(tests, open_scene, close_scene);
}
