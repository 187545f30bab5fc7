/*
 * What somebody sends to the page: each answer is one of HTTP, none is a failure of our own, and nothing of a target is told
 * to whoever has not said what lets in. The first byte says at which door: the rest is what comes over the connection, which
 * is then shut down for writing.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "descriptors.h"
#include "store/store.h"
#include "web/http_library.h"
#include "web/site.h"

#define HIDDEN "mx-a4791"           /* in the name of each target */
#define OTHERS "mx-a4791-of-others" /* of one without the shared tag */
#define TOKEN "oO3nW0"
#define SHARE "sS7kQ2"
#define PASSWORD "pP5x"

enum { IDLE_TURNS = 3, TURNS_MAX = 400, ANSWER_MAX = 4 * 1024 * 1024, TARGETS = 2, HIGH = 200 };
enum door { PUBLIC, BY_PASSWORD, BY_TOKEN, SHARED, AT_SOCKET, DOORS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const tags[] = { "mail" };
static const struct pw_probe_ops ops = { .size = sizeof ops };
static const struct pw_plugin descriptor = { .name = "smtp", .version = "1", .ops = &ops };
static const struct plugin plugin = { .descriptor = &descriptor };
static const struct phase_plan phases[] = { { .name = "resolve" }, { .name = "connect" }, { .name = "banner" } };
static const struct policy policies[TARGETS] = {
	{ .probe = &plugin, .interval = 60 * SECOND, .retry_interval = 20 * SECOND, .tries = 3, .recover_tries = 2, .phase_count = 3,
	  .phases = phases, .notify_count = CONFIG_NONE, .tag_count = 1, .tags = tags },
	{ .probe = &plugin, .interval = 60 * SECOND, .retry_interval = 20 * SECOND, .tries = 3, .recover_tries = 2, .phase_count = 3,
	  .phases = phases, .notify_count = CONFIG_NONE },
};
static const struct target targets[TARGETS] = {
	{ .name = HIDDEN, .host = HIDDEN, .shown = HIDDEN, .policy = &policies[0], .parent = CONFIG_NONE, .port = 25 },
	{ .name = OTHERS, .host = OTHERS, .shown = OTHERS, .policy = &policies[1], .parent = CONFIG_NONE, .port = 25 },
};
static struct config config = { .timezone = "UTC", .probers = 1, .target_count = TARGETS, .targets = targets };
static const struct config_share shares[] = { { .tag = "mail", .secret = SHARE } };
static const char *const names[] = { "watch.example" };
static const struct access doors[DOORS] = {
	[PUBLIC] = { .is_public = true, .name_count = 1, .names = names },
	[BY_PASSWORD] = { .credentials = "watcher:" PASSWORD, .name_count = 1, .names = names },
	[BY_TOKEN] = { .token = TOKEN, .name_count = 1, .names = names },
	[SHARED] = { .credentials = "watcher:" PASSWORD, .share_count = 1, .shares = shares, .name_count = 1, .names = names },
	[AT_SOCKET] = { .share_count = 1, .shares = shares },
};

static struct site site;
static struct server *servers[DOORS];
static char folder[64];

static int
remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	(void)status, (void)kind, (void)at;
	return remove(path);
}

static void
end(void)
{
	for (int i = 0; i < DOORS; i++)
		server_destroy(&servers[i]);
	board_destroy(&site.board);
	nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void
submit(struct store *store, struct store_batch **batch)
{
	assert(store_submit(store, *batch) == STORE_COMMITTED);
	store_batch_destroy(batch);
}

static struct pw_bytes
words(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

/* A target that is down, and one that is up with a condition: each page has something to show. */
static void
fill(void)
{
	static const int64_t micros[] = { 5, 5, -1 };
	const struct store_settings settings = { .folder = folder, .ballast = -1 };
	struct store_found found[STORE_FILES];
	enum store_opening opening;
	struct reason why;
	struct store *store = store_open(&settings, &opening, found, &why);
	struct store_batch *batch = store_batch_create(STORE_MAIN), *history = store_batch_create(STORE_HISTORY);
	int64_t now = clock_wall();

	assert(store != NULL && batch != NULL && history != NULL);
	for (uint64_t i = 1; i <= TARGETS; i++) {
		const char *name = targets[i - 1].name;

		store_put_target(batch, &(struct store_target){ .number = i, .identity = name, .name = name, .probe = "smtp", .host = name,
			.port = 25, .was = "", .known = now });
		store_put_state(batch, &(struct store_state){ .target = i, .at = now, .state = i == 1 ? "down" : "up", .verdict = i == 1 ? "failed"
			: "ok", .outcome = i == 1 ? "banner_timeout" : "ok", .silences = "", .since = now - SECOND, .ended = now,
			.interval = 60 * SECOND, .text = words("") });
		store_put_result(history, &(struct store_result){ .target = i, .run = i, .at = now, .micros = 7, .verdict = i == 1 ? PW_FAILED : PW_OK,
			.outcome = i == 1 ? "banner_timeout" : "ok", .phase_names = "resolve connect banner", .phases = micros, .phase_count = 3 });
	}
	store_put_incident(batch, &(struct store_incident){ .number = 1, .target = 1, .change = 1, .began = now, .confirmed = now,
		.outcome = "banner_timeout", .end = "", .text = words(HIDDEN " down"), .end_text = words(""), .ack_by = words(""),
		.ack_why = words("") });
	store_put_condition(batch, &(struct store_condition){ .target = 2, .code = "slow_banner", .since = now, .standing = now,
		.text = words(OTHERS " is slow") });
	submit(store, &batch);
	submit(store, &history);
	store_close(&store);
}

static void
name_socket(struct sockaddr_un *address, socklen_t *size, int door)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1
	    + (size_t)snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "%s/%d", folder, door));
}

static void
open_door(enum door door)
{
	struct sockaddr_un address;
	struct reason why;
	socklen_t length;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	name_socket(&address, &length, (int)door);
	assert(fd >= 0 && bind(fd, (const struct sockaddr *)&address, length) == 0 && listen(fd, 8) == 0);
	assert(http_library_load(&why));
	servers[door] = server_create(&doors[door], site_answer, &site);
	assert(servers[door] != NULL && server_listen(servers[door], fd,
		    (struct entrance){ .is_unix = door == AT_SOCKET, .serves_page = true, .serves_shares = true }, &why));
}

static void
begin(void)
{
	const char *top = getenv("TMPDIR");

	snprintf(folder, sizeof folder, "%s/requests-XXXXXX", top != NULL && strlen(top) < 40 ? top : "/tmp");
	assert(mkdtemp(folder) != NULL);
	config.state = folder;
	fill();
	site = (struct site){ .config = &config, .board = board_create(&config), .started = clock_wall() };
	assert(site.board != NULL);
	for (int i = 0; i < ASSETS; i++)
		asset_name((enum asset)i, site.assets[i]);
	while (board_turn(site.board))
		;
	assert(board_is_read(site.board, NULL) && board_count(site.board) == TARGETS);
	for (int i = 0; i < DOORS; i++)
		open_door((enum door)i);
	atexit(end);
}

static void
turn(struct server *server)
{
	struct pollfd polled[SERVER_LISTENERS_MAX];
	int64_t until = INT64_MAX;

	(void)server_poll(server, polled, &until);
	server_turn(server);
}

static bool
has(const void *bytes, size_t size, const char *word)
{
	return memmem(bytes, size, word, strlen(word)) != NULL;
}

/* All that comes until the connection ends, or nothing more comes. */
static size_t
take(struct server *server, int fd, char *answer)
{
	size_t size = 0;

	for (int turns = 0, idle = 0; turns < TURNS_MAX && idle < IDLE_TURNS && size < ANSWER_MAX - 1; turns++) {
		turn(server);
		ssize_t got = recv(fd, answer + size, ANSWER_MAX - 1 - size, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
		idle = got > 0 ? 0 : idle + 1;
		size += got > 0 ? (size_t)got : 0;
	}
	answer[size] = '\0';
	return size;
}

/* Its descriptor is none of the lowest, which are left to the server. */
static int
connection(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH);

	close(fd);
	return high;
}

static size_t
ask(enum door door, const uint8_t *data, size_t size, char *answer)
{
	struct sockaddr_un address;
	socklen_t length;
	int fd = connection();
	size_t got;

	name_socket(&address, &length, (int)door);
	assert(fd >= 0 && connect(fd, (const struct sockaddr *)&address, length) == 0);
	(void)!send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	got = take(servers[door], fd, answer);
	close(fd);
	/* Who follows events is missed when the next one is told. */
	if (has(answer, got, "text/event-stream")) {
		server_destroy(&servers[door]);
		open_door(door);
	}
	return got;
}

/* Escapes of a URL are not decoded here: a byte that can be part of one lets anything be there. */
static bool
may_have(const uint8_t *data, size_t size, const char *word)
{
	return has(data, size, word) || memchr(data, '%', size) != NULL;
}

static void
judge(enum door door, const uint8_t *data, size_t size, const char *answer, size_t got)
{
	bool told = has(answer, got, HIDDEN), echo = has(data, size, HIDDEN);
	bool knows_share = may_have(data, size, SHARE), authorizes = has(data, size, ":") && memmem(data, size, "asic", 4) != NULL;

	assert(got == 0 || strncmp(answer, "HTTP/1.", 7) == 0);
	assert(got == 0 || (answer[9] >= '2' && answer[9] <= '5' && answer[12] == ' '));
	assert(!has(answer, got, "HTTP/1.1 500") && !has(answer, got, "no memory"));
	if (told && !echo && door == BY_TOKEN)
		assert(may_have(data, size, TOKEN));
	if (told && !echo && door == BY_PASSWORD)
		assert(authorizes);
	if (told && !echo && door == SHARED)
		assert(knows_share || authorizes);
	if (door == SHARED && !authorizes && !echo)
		assert(!has(answer, got, OTHERS));
	if (has(answer, got, "text/html") && !has(answer, got, "application/json") && !has(answer, got, "text/plain"))
		assert(!has(answer, got, "<fuzz"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char answer[ANSWER_MAX];
	if (size == 0)
		return 0;
	if (site.board == NULL)
		begin();
	int before = descriptors_lowest();
	enum door door = (enum door)(data[0] % DOORS);
	judge(door, data + 1, size - 1, answer, ask(door, data + 1, size - 1, answer));
	for (int turns = 0; descriptors_lowest() != before; turns++) {
		assert(turns < TURNS_MAX);
		turn(servers[door]);
	}
	return 0;
}
