/*
 * What the store costs, in a folder given: results in batches, incidents with all that belongs to them, a start over
 * 100,000 targets and 10,000 open incidents, a month of 1,000 targets. One line a figure: name, value, unit.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench.h"
#include "store/reader.h"
#include "store/store.h"

enum { TARGETS = 100000, OPEN = 10000, BATCH = 256, PHASES = 8 };
static const int64_t BEGIN = INT64_C(1795392000) * SECOND;

struct bench {
	const char *folder;
	struct store *store;
	struct store_batch *main, *history;
	int64_t rows;
	uint64_t read;
};

static void
on_done(void *arg, enum store_answer answer)
{
	(void)arg;
	if (answer != STORE_COMMITTED)
		bench_die("the store does not commit");
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
	store_submit(bench->store, batch, on_done, bench);
	store_batch_clear(batch);
}

static void
result(struct bench *bench, uint64_t target, int64_t at)
{
	int64_t phases[PHASES] = { 812, 340, 1500, 420, 390, 2900, 410, 200 };

	phases[2] += at % 3000;
	store_put_result(bench->history, &(struct store_result){ .target = target,
	    .run = ((uint64_t)BEGIN / SECOND << 32) + (uint64_t)bench->rows++, .at = at, .micros = 7200,
	    .mood = STORE_MOOD_up, .speaks_for = 600, .outcome = "ok",
	    .phase_names = "resolve connect banner ehlo starttls handshake ehlo_tls quit", .phase_count = PHASES,
	    .phases = phases });
	submit(bench, bench->history, BATCH);
}

static void
results(struct bench *bench)
{
	const int count = 500000;
	int64_t began = bench_now_us(), took;

	for (int i = 0; i < count; i++)
		result(bench, 1 + (uint64_t)i % TARGETS, BEGIN + i * INT64_C(600));
	submit(bench, bench->history, 1);
	took = bench_now_us() - began;
	printf("results_per_s %.0f\nresult_us %.2f\n", count * 1e6 / (double)took, (double)took / count);
}

static void
incident(struct bench *bench, uint64_t target)
{
	static char evidence[4096];
	struct store_batch *main = bench->main;
	uint64_t number = store_number(bench->store, STORE_INCIDENTS), notice = store_number(bench->store, STORE_NOTICES);

	store_put_incident(main, &(struct store_incident){ .number = number, .target = target, .change = 1,
	    .began = BEGIN, .confirmed = BEGIN, .outcome = "banner_timeout", .text = { "no greeting", 11 } });
	for (uint64_t run = 1; run <= 3; run++)
		store_put_evidence(main, &(struct store_evidence){ .target = target, .run = run, .at = BEGIN,
		    .incident = number, .role = "confirmed", .bytes = { evidence, sizeof evidence } });
	store_put_notice(main, &(struct store_notice){ .number = notice, .target = target, .change = 1, .kind = "down",
	    .incident = number, .confirmed = BEGIN });
	store_put_delivery(main, &(struct store_delivery){ .notice = notice, .notifier = "email", .recipient = "a@b",
	    .target = target, .state = STORE_DELIVERY_waiting });
	store_put_ledger(main, &(struct store_ledger){ .target = target, .notifier = "email", .notice = notice,
	    .meaning = "down" });
}

static void
incidents(struct bench *bench)
{
	int64_t began = bench_now_us();

	for (uint64_t i = 1; i <= OPEN; i++) {
		incident(bench, i);
		submit(bench, bench->main, BATCH);
	}
	submit(bench, bench->main, 1);
	printf("incident_us %.1f\n", (double)(bench_now_us() - began) / OPEN);
	began = bench_now_us();
	for (uint64_t i = 1; i <= 200; i++) {
		incident(bench, TARGETS + i);
		submit(bench, bench->main, 1);
	}
	printf("lone_change_us %.1f\n", (double)(bench_now_us() - began) / 200);
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
		store_put_state(bench->main, &(struct store_state){ i, BEGIN, { state, sizeof state } });
		submit(bench, bench->main, BATCH);
	}
	submit(bench, bench->main, 1);
}

#define COUNT(type)                                                                                                    \
	static bool count_##type(void *arg, const struct store_##type *row)                                             \
	{                                                                                                              \
		struct bench *bench = arg;                                                                             \
		(void)row;                                                                                             \
		bench->read++;                                                                                         \
		return true;                                                                                           \
	}
COUNT(target)
COUNT(state)
COUNT(incident)
COUNT(delivery)
COUNT(ledger)
COUNT(result)

/* What a keeper does first: open both files, read all that is true. */
static void
start(struct bench *bench)
{
	enum store_reader_opening opening;
	struct store_delivery_key from = { 0, "", "" };
	int64_t began = bench_now_us(), opened;
	struct store_reader *reader;
	struct reason why;

	begin(bench);
	opened = bench_now_us();
	reader = store_reader_open(bench->folder, &opening, &why);
	for (uint64_t after = 0; store_read_targets(reader, after, 10000, count_target, bench) == STORE_READ_MORE;)
		after += 10000;
	for (uint64_t after = 0; store_read_states(reader, after, 10000, count_state, bench) == STORE_READ_MORE;)
		after += 10000;
	store_read_open_incidents(reader, 0, 10000, count_incident, bench);
	store_read_open_deliveries(reader, &from, 10000, count_delivery, bench);
	store_read_ledger(reader, 0, "", 10000, count_ledger, bench);
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
	struct store_tended tended;

	do {
		int64_t began = bench_now_us(), took;

		store_tend(bench->store, now, &tended);
		took = bench_now_us() - began;
		*longest = took > *longest ? took : *longest;
	} while (tended.more);
}

/* Each of 1,000 targets once a minute, tended once an hour of theirs. */
static void
month(struct bench *bench, int days)
{
	int64_t began = bench_now_us(), longest = 0, tending = 0;

	tend(bench, BEGIN, &longest);
	for (int64_t minute = 0; minute < days * INT64_C(1440); minute++) {
		int64_t at = BEGIN + minute * 60 * SECOND;

		for (uint64_t target = 1; target <= 1000; target++)
			result(bench, target, at + (int64_t)target * 60000);
		if (minute % 60 == 59) {
			int64_t from = bench_now_us();

			submit(bench, bench->history, 1);
			tend(bench, at, &longest);
			tending += bench_now_us() - from;
		}
	}
	printf("simulated_days %d\nhistory_mb %.1f\nmonth_result_us %.2f\ntending_us_a_result %.2f\ntending_step_max_ms %.1f\n",
	    days, megabytes(bench, "history.db"),
	    (double)(bench_now_us() - began) / (days * 1440e3), (double)tending / (days * 1440e3), (double)longest / 1e3);
}

static void
page(struct bench *bench)
{
	enum store_reader_opening opening;
	struct reason why;
	struct store_reader *reader = store_reader_open(bench->folder, &opening, &why);
	int64_t began = bench_now_us();
	uint64_t cursor = 0;

	bench->read = 0;
	while (store_read_history(reader, 7, &cursor, 100, count_result, bench) == STORE_READ_MORE)
		continue;
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
	if (argc > 2) {
		month(&bench, bench_number(argv[2], 1, 366));
		page(&bench);
	} else {
		targets(&bench);
		results(&bench);
		incidents(&bench);
		store_close(&bench.store);
		start(&bench);
	}
	store_batch_destroy(&bench.main);
	store_batch_destroy(&bench.history);
	store_close(&bench.store);
	return 0;
}
