/*
 * What the store costs, in a folder given: results in batches, incidents with all that belongs to them, a start over
 * 100,000 targets and 10,000 open incidents; or the days of 1,000 targets; or nothing but results of some hours ago, or
 * up to now. One line a figure: name, value.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench.h"
#include "store/find.h"
#include "store/list.h"
#include "store/store.h"

enum {
	TARGETS = 100000,
	OPEN = 10000,
	LONE = 200,
	BATCH = 256,     /* changes in a commit, as the keeper makes them */
	PHASES = 8,
	WATCHED = 1000,  /* targets of the simulated days */
	DAY = 1440,      /* minutes */
	OUTAGE = 15,     /* minutes a week that a target of them is down for */
	HICCUP = 500     /* one run in so many fails beside that, and the next one passes */
};
static const int64_t BEGIN = INT64_C(1795392000) * SECOND;

struct bench {
	const char *folder;
	struct store *store;
	struct store_batch *main, *history;
	int64_t rows;
	uint64_t read;
	uint64_t open[WATCHED + 1]; /* the incident of each target of the simulated days */
};

static int64_t
cpu_us(void)
{
	struct bench_cpu used = bench_cpu_used();

	return used.user_us + used.system_us;
}

static struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static void
begin(struct bench *bench)
{
	const struct store_settings settings = { .folder = bench->folder };
	struct store_found found[STORE_FILES];
	enum store_opening opening;
	struct reason why = { "" };

	bench->store = store_open(&settings, &opening, found, &why);
	if (bench->store == NULL)
		bench_die(why.text);
}

static void
submit(struct bench *bench, struct store_batch *batch, uint32_t least)
{
	if (store_batch_count(batch) < least)
		return;
	if (store_submit(bench->store, batch) != STORE_COMMITTED)
		bench_die("the store does not commit");
	store_batch_clear(batch);
}

static void
result(struct bench *bench, uint64_t target, int64_t at, bool failed, bool down)
{
	int64_t phases[PHASES] = { 812, 340, 1500, 420, 390, 2900, 410, 200 };

	phases[2] += at % 3000;
	for (int i = 3; failed && i < PHASES; i++)
		phases[i] = -1;
	store_put_result(bench->history, &(struct store_result){ .target = target,
	    .run = ((uint64_t)BEGIN / SECOND << 32) + (uint64_t)bench->rows++, .at = at, .micros = 7200,
	    .verdict = failed ? PW_FAILED : PW_OK, .mood = down ? STORE_MOOD_down : STORE_MOOD_up, .speaks_for = 600,
	    .outcome = failed ? "banner_timeout" : "ok", .phase_count = PHASES, .phases = phases,
	    .phase_names = "resolve connect banner ehlo starttls handshake ehlo_tls quit",
	    .text = bytes_of(failed ? "no greeting within 30.0 s (limit 30 s, 0 bytes, 192.0.2.1, attempt 2 of 3)" : "") });
	submit(bench, bench->history, BATCH);
}

static void
results(struct bench *bench)
{
	const int count = 500000;
	int64_t began = bench_now_us(), took, cpu = cpu_us();

	for (int i = 0; i < count; i++)
		result(bench, 1 + (uint64_t)i % TARGETS, BEGIN + i * INT64_C(600), false, false);
	submit(bench, bench->history, 1);
	took = bench_now_us() - began;
	printf("results_per_s %.0f\nresult_cpu_us %.2f\n", count * 1e6 / (double)took, (double)(cpu_us() - cpu) / count);
}

static void
notice(struct bench *bench, uint64_t target, uint64_t change, uint64_t incident, const char *kind, int64_t at)
{
	struct store_batch *main = bench->main;
	uint64_t number = store_number(bench->store, STORE_NOTICES);

	store_put_notice(main, &(struct store_notice){ .number = number, .target = target, .change = change, .kind = kind,
	    .incident = incident, .confirmed = at });
	store_add_delivery(main, &(struct store_delivery){ .notice = number, .notifier = "email", .recipient = "a@b",
	    .target = target, .state = STORE_DELIVERY_waiting, .created = at });
	store_put_ledger(main, &(struct store_ledger){ .target = target, .notifier = "email", .notice = number,
	    .meaning = kind });
}

static void
evidence(struct bench *bench, uint64_t target, uint64_t incident, const char *role, int64_t at)
{
	static char bytes[4096];

	store_put_evidence(bench->main, &(struct store_evidence){ .target = target, .run = (uint64_t)++bench->rows, .at = at,
	    .incident = incident, .role = role, .bytes = { bytes, sizeof bytes } });
}

/* Its row, three attempts, a notice with its delivery, the ledger. */
static uint64_t
incident(struct bench *bench, uint64_t target, uint64_t change, int64_t at)
{
	uint64_t number = store_number(bench->store, STORE_INCIDENTS);

	store_put_incident(bench->main, &(struct store_incident){ .number = number, .target = target, .change = change,
	    .began = at, .confirmed = at, .outcome = "banner_timeout", .text = bytes_of("no greeting") });
	for (int i = 0; i < 3; i++)
		evidence(bench, target, number, "confirmed", at);
	notice(bench, target, change, number, "down", at);
	return number;
}

/* Its end, and the success and the last failure with it. */
static void
end_incident(struct bench *bench, uint64_t number, uint64_t target, uint64_t change, int64_t at)
{
	store_put_incident(bench->main, &(struct store_incident){ .number = number, .target = target, .change = change - 1,
	    .began = at - OUTAGE * 60 * SECOND, .confirmed = at - OUTAGE * 60 * SECOND, .outcome = "banner_timeout",
	    .text = bytes_of("no greeting"), .ended = at, .end_confirmed = at, .end = "up", .end_text = bytes_of("answers") });
	evidence(bench, target, number, "failed", at);
	evidence(bench, target, number, "passed", at);
	notice(bench, target, change, number, "up", at);
}

static void
incidents(struct bench *bench)
{
	int64_t began = bench_now_us(), cpu = cpu_us();
	uint64_t rows = 0;

	for (uint64_t i = 1; i <= OPEN; i++) {
		uint32_t before = store_batch_count(bench->main);
		incident(bench, i, 1, BEGIN);
		rows += store_batch_count(bench->main) - before;
		submit(bench, bench->main, BATCH);
	}
	submit(bench, bench->main, 1);
	printf("change_rows_per_s %.0f\nchange_row_cpu_us %.2f\n", (double)rows * 1e6 / (double)(bench_now_us() - began),
	    (double)(cpu_us() - cpu) / (double)rows);
	began = bench_now_us();
	for (uint64_t i = 1; i <= LONE; i++) {
		incident(bench, TARGETS + i, 1, BEGIN);
		submit(bench, bench->main, 1);
	}
	printf("lone_change_us %.1f\n", (double)(bench_now_us() - began) / (double)LONE);
}

static void
targets(struct bench *bench)
{
	static char state[200];
	char name[64];

	for (uint64_t i = 1; i <= TARGETS; i++) {
		snprintf(name, sizeof name, "smtp://mx%llu.example.org:25", (unsigned long long)i);
		store_put_target(bench->main, &(struct store_target){ .number = store_number(bench->store, STORE_TARGETS),
		    .identity = name, .name = name, .probe = "smtp", .host = name + 7, .port = 25, .known = BEGIN });
		store_put_state(bench->main, &(struct store_state){ .target = i, .at = BEGIN, .record = { state, sizeof state },
		    .state = "up", .verdict = "ok", .outcome = "ok", .since = BEGIN, .ended = BEGIN, .interval = 60 * SECOND });
		submit(bench, bench->main, BATCH);
	}
	submit(bench, bench->main, 1);
}

/* What a keeper does first: open both files, read all that is true. */
static void
start(struct bench *bench)
{
	enum store_reader_opening opening;
	struct store_incident incident = { .number = 0 };
	struct store_ledger ledger = { .target = 0 };
	struct store_target target;
	struct store_state state;
	struct store_list list;
	int64_t began = bench_now_us(), opened;
	struct store_reader *reader;
	struct reason why;

	begin(bench);
	opened = bench_now_us();
	reader = store_reader_open(bench->folder, &opening, &why);
	store_list_open(&list, reader, STORE_LIST_TARGETS, 0);
	while (store_list_next(&list, &target))
		bench->read++;
	(void)store_list_close(&list);
	store_list_open(&list, reader, STORE_LIST_STATES, 0);
	while (store_list_next(&list, &state))
		bench->read++;
	(void)store_list_close(&list);
	while (store_next_open_incident(bench->store, &incident))
		bench->read++;
	while (store_next_ledger_in_use(bench->store, &ledger))
		bench->read++;
	store_reader_close(&reader);
	printf("open_ms %.1f\nread_all_ms %.1f\n", (double)(opened - began) / 1e3, (double)(bench_now_us() - opened) / 1e3);
}

static double
megabytes(const struct bench *bench, const char *name)
{
	char path[4200];
	struct stat status;

	snprintf(path, sizeof path, "%s/%s", bench->folder, name);
	return stat(path, &status) == 0 ? (double)status.st_size / 1048576 : 0;
}

static void
tend(struct bench *bench, int64_t now, int64_t *longest)
{
	struct store_maintained tended;

	do {
		int64_t began = bench_now_us(), took;

		store_maintain(bench->store, now, &tended);
		took = bench_now_us() - began;
		*longest = took > *longest ? took : *longest;
	} while (tended.more);
}

/* What one target does in one minute; its outages come once a week, each target's at its own time. */
static void
live(struct bench *bench, uint64_t target, int64_t minute)
{
	int64_t at = BEGIN + minute * 60 * SECOND + (int64_t)target * 60000, in_week = (minute + (int64_t)target * 17) % (7 * DAY);
	uint64_t *open = &bench->open[target], change = (uint64_t)minute / (7 * DAY) * 2 + 1;
	bool down = in_week < OUTAGE;

	if (in_week == 0)
		*open = incident(bench, target, change, at);
	if (in_week == OUTAGE && *open != 0)
		end_incident(bench, *open, target, change + 1, at);
	result(bench, target, at, down || (uint64_t)minute % HICCUP == target % HICCUP, down);
}

/* Each target once a minute, tended once an hour of theirs. What the files grow by in the last day is told apart. */
static void
days(struct bench *bench, int count)
{
	int64_t cpu = cpu_us(), longest = 0;
	double main = 0, history = 0;

	tend(bench, BEGIN, &longest);
	for (int64_t minute = 0; minute < count * INT64_C(1440); minute++) {
		if (minute == (count - 1) * INT64_C(1440)) {
			main = megabytes(bench, "postwatch.db");
			history = megabytes(bench, "history.db");
		}
		for (uint64_t target = 1; target <= WATCHED; target++)
			live(bench, target, minute);
		submit(bench, bench->main, 1);
		if (minute % 60 == 59) {
			submit(bench, bench->history, 1);
			tend(bench, BEGIN + minute * 60 * SECOND, &longest);
		}
	}
	printf("result_with_tending_cpu_us %.2f\ntending_step_max_ms %.1f\n", (double)(cpu_us() - cpu) / (count * 1440e3),
	    (double)longest / 1e3);
	printf("main_mb %.1f\nmain_mb_last_day %.1f\n", megabytes(bench, "postwatch.db"), megabytes(bench, "postwatch.db") - main);
	printf("history_mb %.1f\nhistory_mb_last_day %.1f\n", megabytes(bench, "history.db"),
	    megabytes(bench, "history.db") - history);
}

/* Results of the first targets, an hour's worth of time, all of them that long ago. */
static void
fill(struct bench *bench, int count, int targets, int hours)
{
	int64_t from = clock_wall() - hours * INT64_C(3600) * SECOND;

	for (int i = 0; i < count; i++)
		result(bench, 1 + (uint64_t)(i % targets), from + i * (INT64_C(3600) * SECOND / count), false, false);
	submit(bench, bench->history, 1);
	printf("filled %d\n", count);
}

/* Of so many targets, each once a minute up to now: attempts to be replayed. */
static void
attempts(struct bench *bench, int count, int targets)
{
	int64_t minutes = count / targets, from = clock_wall() - minutes * 60 * SECOND;
	char name[64];

	for (int i = 1; i <= targets; i++) {
		snprintf(name, sizeof name, "smtp://mx%d.example.org:25", i);
		store_put_target(bench->main, &(struct store_target){ .number = store_number(bench->store, STORE_TARGETS),
		    .identity = name, .name = name + 7, .probe = "smtp", .host = name + 7, .port = 25, .known = from });
		submit(bench, bench->main, BATCH);
	}
	submit(bench, bench->main, 1);
	for (int64_t minute = 0; minute < minutes; minute++)
		for (int i = 1; i <= targets; i++) {
			bool down = (minute + i * 17) % DAY < OUTAGE;
			result(bench, (uint64_t)i, from + minute * 60 * SECOND + i * INT64_C(60) * SECOND / targets,
			    down || minute % HICCUP == i % HICCUP, down);
		}
	submit(bench, bench->history, 1);
	printf("attempts %lld\n", (long long)minutes * targets);
}

static void
page(struct bench *bench)
{
	enum store_reader_opening opening;
	struct reason why;
	struct store_reader *reader = store_reader_open(bench->folder, &opening, &why);
	int64_t began = bench_now_us();
	struct store_list list;
	struct store_run run;

	bench->read = 0;
	store_list_open(&list, reader, STORE_LIST_HISTORY, 7);
	while (store_list_next(&list, &run))
		bench->read++;
	(void)store_list_close(&list);
	printf("history_rows_read %llu\nhistory_row_read_us %.2f\n", (unsigned long long)bench->read,
	    bench->read == 0 ? 0 : (double)(bench_now_us() - began) / (double)bench->read);
	store_reader_close(&reader);
}

int
main(int argc, char **argv)
{
	struct bench bench = { .folder = argc > 1 ? argv[1] : "." };

	bench.main = store_batch_create(STORE_MAIN);
	bench.history = store_batch_create(STORE_HISTORY);
	begin(&bench);
	if (argc == 4 && strcmp(argv[2], "days") == 0) {
		days(&bench, bench_number(argv[3], 1, 366));
		page(&bench);
	} else if (argc == 6 && strcmp(argv[2], "fill") == 0) {
		fill(&bench, bench_number(argv[3], 1, 100000000), bench_number(argv[4], 1, TARGETS),
		    bench_number(argv[5], 1, 10000));
	} else if (argc == 5 && strcmp(argv[2], "attempts") == 0) {
		attempts(&bench, bench_number(argv[3], 1, 100000000), bench_number(argv[4], 1, TARGETS));
	} else if (argc == 2) {
		targets(&bench);
		results(&bench);
		incidents(&bench);
		store_close(&bench.store);
		start(&bench);
	} else {
		fputs("usage: store FOLDER [days DAYS | fill RESULTS TARGETS HOURS-AGO | attempts COUNT TARGETS]\n", stderr);
		return 64;
	}
	store_batch_destroy(&bench.main);
	store_batch_destroy(&bench.history);
	store_close(&bench.store);
	return 0;
}
