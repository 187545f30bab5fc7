/*
 * What the page costs, over a store in a folder given: so many targets, of which so many are down. One line a figure: name,
 * value. Times are processor time. Steps are those between which visitors are served: the longest is how long one may wait on an
 * idle host for what he did not ask.
 */
#include "base/clock.h"
#include "bench.h"
#include "store/list.h"
#include "store/remote.h"
#include "store/store.h"
#include "web/gzip.h"
#include "web/http_library.h"
#include "web/outline.h"
#include "web/site.h"

enum { BATCH = 2000, PHASES = 8, RESULTS = 3, PAGES = 300, SECONDS = 5, MAX_TARGETS = 1000000 };

struct bench {
	const char *folder;
	int targets, down;
	struct config config;
	struct policy policy;
	struct target *targets_of;
	struct site site;
	int64_t longest; /* step */
};

static struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static void
submit(struct store *store, struct store_batch *batch, uint32_t least)
{
	if (store_batch_count(batch) < least)
		return;
	if (store_submit(store, batch) != STORE_COMMITTED)
		bench_die("the store does not commit");
	store_batch_clear(batch);
}

static void
put_target(struct store *store, struct store_batch *batch, uint64_t number, bool is_down, int64_t now)
{
	static const char said[] = "mx.example.org:25 down: no greeting within 60 s (limit 60 s, 0 bytes, 192.0.2.1), 3 of 3 attempts";
	char name[64];

	snprintf(name, sizeof name, "mx%llu.example.org", (unsigned long long)number);
	store_put_target(batch, &(struct store_target){ .number = number, .identity = name, .name = name, .probe = "smtp", .host = name,
		.port = 25, .known = now });
	store_put_state(batch, &(struct store_state){ .target = number, .at = now, .state = is_down ? "down" : "up",
		.verdict = is_down ? "failed" : "ok", .outcome = is_down ? "banner_timeout" : "ok", .since = now - (int64_t)number * SECOND,
		.ended = now, .interval = 3600 * (int64_t)SECOND, .text = bytes_of(is_down ? said : "") });
	if (is_down)
		store_put_incident(batch, &(struct store_incident){ .number = number, .target = number, .change = 1, .began = now, .confirmed = now,
			.outcome = "banner_timeout", .text = bytes_of(said) });
	submit(store, batch, BATCH);
}

static void
put_results(struct store *store, struct store_batch *batch, uint64_t number, bool is_down, int64_t now)
{
	int64_t phases[PHASES] = { 812, 340, 1500, 420, 390, 2900, 410, 200 };

	for (int i = 3; is_down && i < PHASES; i++)
		phases[i] = -1;
	for (int i = 0; i < RESULTS; i++) {
		store_put_result(batch, &(struct store_result){ .target = number, .run = number * RESULTS + (uint64_t)i, .at = now + i, .micros = 7200,
			.verdict = is_down ? PW_FAILED : PW_OK, .mood = is_down ? STORE_MOOD_down : STORE_MOOD_up, .speaks_for = 600,
			.outcome = is_down ? "banner_timeout" : "ok", .phase_count = PHASES, .phases = phases,
			.phase_names = "resolve connect banner ehlo starttls handshake ehlo_tls quit",
			.text = bytes_of(is_down ? "no greeting within 60 s (limit 60 s, 0 bytes, 192.0.2.1)" : "") });
		submit(store, batch, BATCH);
	}
}

static void
fill(const struct bench *bench)
{
	const struct store_settings settings = { .folder = bench->folder };
	struct store_batch *main = store_batch_create(STORE_MAIN), *history = store_batch_create(STORE_HISTORY);
	struct store_found found[STORE_FILES];
	enum store_opening opening;
	struct reason why = { "" };
	struct store *store = store_open(&settings, &opening, found, &why);
	int64_t now = clock_wall();

	if (store == NULL)
		bench_die(why.text);
	for (int i = 1; i <= bench->targets; i++) {
		put_target(store, main, (uint64_t)i, i <= bench->down, now);
		put_results(store, history, (uint64_t)i, i <= bench->down, now);
	}
	submit(store, main, 1);
	submit(store, history, 1);
	store_batch_destroy(&main);
	store_batch_destroy(&history);
	store_close(&store);
}

/* All targets have a tag that is shared. */
static void
configure(struct bench *bench)
{
	static const struct config_share share = { "customers", "0123456789abcdef0123456789abcdef" };
	static const char *const tags[] = { "customers" };
	static const struct pw_probe_ops ops = { .size = sizeof ops };
	static const struct pw_plugin descriptor = { .name = "smtp", .ops = &ops };
	static const struct plugin probe = { .descriptor = &descriptor };
	static char names[MAX_TARGETS][32];

	bench->policy = (struct policy){ .probe = &probe, .interval = 3600 * (int64_t)SECOND, .stale_after = 5 * 3600 * (int64_t)SECOND, .tries = 3, .notify_count = CONFIG_NONE,
		.tag_count = 1, .tags = tags };
	bench->targets_of = calloc((size_t)bench->targets, sizeof *bench->targets_of);
	if (bench->targets_of == NULL)
		bench_die("no memory");
	for (int i = 0; i < bench->targets; i++) {
		snprintf(names[i], sizeof names[i], "mx%d.example.org", i + 1);
		bench->targets_of[i] = (struct target){ .name = names[i], .policy = &bench->policy, .parent = CONFIG_NONE };
	}
	bench->config = (struct config){ .state = bench->folder, .timezone = "UTC", .target_count = (uint32_t)bench->targets, .targets = bench->targets_of,
		.web = { .share_count = 1, .shares = &share } };
}

/* Processor time, which a busy host does not make longer. */
static int64_t
cpu_us(void)
{
	struct bench_cpu used = bench_cpu_used();

	return used.user_us + used.system_us;
}

static void
turn(struct bench *bench)
{
	bool more = true;

	while (more) {
		int64_t began = cpu_us(), took;

		more = board_turn(bench->site.board);
		took = cpu_us() - began;
		bench->longest = took > bench->longest ? took : bench->longest;
	}
}

static int
compare_times(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* Rendered anew, and packed. `tag`: of whoever is shown only what is shared; NULL: all. */
static void
measure_page(struct bench *bench, const char *name, const char *path, const char *tag)
{
	static int64_t times[PAGES];
	struct buffer body = { .data = NULL }, packed = { .data = NULL };
	const struct server_request request = { .path = path, .prefix = "", .tag = tag };

	for (int i = 0; i < PAGES; i++) {
		struct server_answer answer = { .status = 200, .body = &body };
		int64_t began = cpu_us();

		buffer_clear(&body);
		site_answer(&bench->site, &request, &answer);
		if (answer.status != 200 || !gzip_pack(buffer_view(&body), &packed, EMIT_MAX))
			bench_die(path);
		times[i] = cpu_us() - began;
	}
	qsort(times, PAGES, sizeof times[0], compare_times);
	printf("%s_us %lld\n%s_p99_us %lld\n%s_bytes %u\n%s_packed_bytes %u\n", name, (long long)times[PAGES / 2], name,
	    (long long)times[PAGES - PAGES / 100 - 1], name, body.size, name, packed.size);
	buffer_fini(&body);
	buffer_fini(&packed);
}

/* How long until the figures of all targets that are shared have been read again, with the pauses between turns. */
static void
measure_availability(struct bench *bench)
{
	const struct board_row *last = board_named(bench->site.board, bench->targets_of[bench->targets - 1].name);
	int64_t began = cpu_us();
	int turns = 0;

	for (int i = 0; i < 20; i++, turns++)
		(void)board_turn(bench->site.board);
	printf("availability_turn_us %lld\navailability_known %d\n", (long long)((cpu_us() - began) / turns),
	    board_availability(bench->site.board, last) != NULL);
}

static void
measure_metrics(struct bench *bench)
{
	struct buffer body = { .data = NULL };
	const struct server_request request = { .path = "/metrics", .prefix = "" };
	struct server_answer answer = { .status = 200, .body = &body };
	int64_t began = cpu_us();
	uint64_t bytes = 0;
	uint32_t largest = 0;
	enum parts_next next;

	site_answer(&bench->site, &request, &answer);
	do {
		buffer_clear(&body);
		next = answer.parts.next(answer.parts.state, &body);
		bytes += body.size;
		largest = body.size > largest ? body.size : largest;
	} while (next == PARTS_MORE);
	answer.parts.end(answer.parts.state);
	printf("metrics_ms %.1f\nmetrics_bytes %llu\nmetrics_part_bytes %u\n", (double)(cpu_us() - began) / 1000,
	    (unsigned long long)bytes, largest);
	buffer_fini(&body);
}

/* What a command of another user asks for. */
struct asked {
	struct bench *bench;
	char name[OUTLINE_NAME_MAX];
	uint64_t bytes;
	uint32_t questions;
	int64_t longest; /* answer, microseconds */
};

static bool
ask(void *arg, const char *question, struct buffer *body, struct reason *why)
{
	struct asked *asked = arg;
	char path[4096];
	const struct server_request request = { .path = path, .prefix = "", .is_local = true };
	struct server_answer answer = { .status = 200, .body = body };
	int64_t began = cpu_us(), took;

	(void)why;
	if (question == NULL)
		snprintf(path, sizeof path, "/store/outline");
	else
		snprintf(path, sizeof path, "/store/%s/%s", strrchr(asked->name, ' ') + 1, question);
	site_answer(&asked->bench->site, &request, &answer);
	took = cpu_us() - began;
	asked->longest = took > asked->longest ? took : asked->longest;
	asked->bytes += body->size;
	asked->questions++;
	return answer.status == 200;
}

static void
measure_status(struct bench *bench)
{
	static const enum store_list_kind kinds[] = { STORE_LIST_TARGETS, STORE_LIST_STATUS, STORE_LIST_CONDITIONS, STORE_LIST_LAST_RUNS,
		STORE_LIST_PAUSES };
	struct asked asked = { .bench = bench };
	struct store_reader *reader = store_remote_open(ask, &asked);
	struct buffer outline = { .data = NULL };
	_Alignas(8) char row[512];
	int64_t began = cpu_us();
	uint32_t rows = 0;

	outline_name(asked.name);
	if (reader == NULL || !ask(&asked, NULL, &outline, NULL))
		bench_die("no outline");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct store_list list;

		store_list_open(&list, reader, kinds[i], 0);
		while (store_list_next(&list, row))
			rows++;
		if (store_list_close(&list) == STORE_READ_BROKEN)
			bench_die(store_reader_why(reader));
	}
	printf("status_ms %.1f\nstatus_longest_answer_ms %.1f\nstatus_questions %u\nstatus_rows %u\nstatus_bytes %llu\n",
	    (double)(cpu_us() - began) / 1000, (double)asked.longest / 1000, asked.questions, rows, (unsigned long long)asked.bytes);
	buffer_fini(&outline);
	store_reader_close(&reader);
}

/* Nothing changes but the time. */
static void
measure_seconds(struct bench *bench)
{
	struct bench_cpu before = bench_cpu_used(), after;
	int64_t until = bench_now_us() + SECONDS * SECOND;

	bench->longest = 0;
	while (bench_now_us() < until) {
		turn(bench);
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	after = bench_cpu_used();
	printf("second_cpu_ms %.2f\nsecond_longest_step_ms %.2f\n",
	    (double)(after.user_us + after.system_us - before.user_us - before.system_us) / SECONDS / 1000, (double)bench->longest / 1000);
}

int
main(int count, char **words)
{
	struct bench bench = { .folder = count > 1 ? words[1] : "" };
	struct reason why;
	int64_t began;

	if (count != 4) {
		fprintf(stderr, "usage: web FOLDER TARGETS DOWN\n");
		return 64;
	}
	bench.targets = bench_number(words[2], 1, MAX_TARGETS);
	bench.down = bench_number(words[3], 0, bench.targets);
	if (!http_library_load(&why))
		bench_die(why.text);
	fill(&bench);
	configure(&bench);
	bench.site = (struct site){ .config = &bench.config, .started = clock_wall(), .board = board_create(&bench.config) };
	for (int i = 0; i < ASSETS; i++)
		asset_name((enum asset)i, bench.site.assets[i]);
	began = cpu_us();
	turn(&bench);
	printf("read_ms %.1f\nread_longest_step_ms %.2f\n", (double)(cpu_us() - began) / 1000, (double)bench.longest / 1000);
	measure_page(&bench, "overview", "/", NULL);
	measure_page(&bench, "target", "/targets/mx1.example.org", NULL);
	measure_page(&bench, "shared", "/", "customers");
	measure_availability(&bench);
	if (bench.down > 0)
		measure_page(&bench, "incident", "/incidents/1", NULL);
	measure_metrics(&bench);
	measure_status(&bench);
	measure_seconds(&bench);
	board_destroy(&bench.site.board);
	free(bench.targets_of);
	return 0;
}
