/*
 * The prober alone: its engine in this process, without parent, monitor, schedule and messages. Runs the targets of a
 * configuration in turn, many side by side, each order as the monitor would give it, and leaves what it reports.
 */
#include <ev.h>
#include <inttypes.h>
#include <unistd.h>
#include "base/clock.h"
#include "config/read.h"
#include "prober/prober.h"
#include "bench.h"

static struct {
	struct prober *prober;
	const struct config *config;
	struct ev_loop *loop;
	uint64_t *fingerprints; /* of each target's last run */
	int32_t *micros;        /* of each run */
	int in_flight, wanted, begun, done, failed;
} bench = { .in_flight = 100, .wanted = 1000 };

static void begin(void);

static void
on_done(void *arg, const struct run_result *result)
{
	(void)arg;
	bench.micros[bench.done++] = (int32_t)result->report->micros;
	bench.fingerprints[result->order->target] = result->report->fingerprint;
	if (result->report->verdict != PW_OK && bench.failed++ == 0)
		fprintf(stderr, "prober: %s: %.*s\n", result->report->outcome, (int)result->report->text.size,
		    result->report->text.data);
	if (bench.begun < bench.wanted)
		begin();
	else if (bench.done == bench.wanted)
		ev_break(bench.loop, EVBREAK_ALL);
}

static void
begin(void)
{
	struct order order = {
		.run = (uint64_t)bench.begun + 1,
		.target = (uint32_t)bench.begun % bench.config->target_count,
		.due = clock_mono(),
	};

	bench.begun++;
	order.attempt = 1;
	order.fingerprint = bench.fingerprints[order.target];
	if (!prober_run(bench.prober, &order, on_done, NULL))
		bench_die("no memory for a run");
}

static const struct config *
configure(const char *path, const char *plugins)
{
	static struct config_diagnostics faults;
	struct config_source source = { .path = path, .plugin_dir = plugins };
	const struct config *config = config_read(&source, &faults);
	char bytes[8192];
	struct text text = TEXT_OVER(bytes);

	if (config != NULL)
		return config;
	config_print_diagnostics(&faults, &text);
	fputs(bytes, stderr);
	exit(78);
}

static int
by_size(const void *one, const void *other)
{
	const int32_t *a = one, *b = other;

	return (*a > *b) - (*a < *b);
}

static void
run(void)
{
	struct bench_cpu before = bench_cpu_used();
	int64_t began_us = bench_now_us();

	for (int at = 0; at < bench.in_flight && bench.begun < bench.wanted; at++)
		begin();
	ev_run(bench.loop, 0);
	qsort(bench.micros, (size_t)bench.done, sizeof *bench.micros, by_size);
	bench_print(bench.done, bench.failed, began_us, before, bench.micros[bench.done / 2]);
}

int
main(int argc, char **argv)
{
	struct reason why;

	if (argc != 5) {
		fputs("usage: prober CONFIGURATION PLUGINS IN-FLIGHT PROBES\n", stderr);
		return 64;
	}
	bench_raise_descriptors();
	bench.config = configure(argv[1], argv[2]);
	bench.in_flight = bench_number(argv[3], 1, 10000);
	bench.wanted = bench_number(argv[4], 1, 100000000);
	bench.fingerprints = calloc(bench.config->target_count, sizeof *bench.fingerprints);
	bench.micros = calloc((size_t)bench.wanted, sizeof *bench.micros);
	bench.loop = ev_default_loop(0);
	if (bench.fingerprints == NULL || bench.micros == NULL || bench.loop == NULL)
		bench_die("start");
	bench.prober = prober_create(bench.loop, bench.config, NULL, &why);
	if (bench.prober == NULL) {
		fprintf(stderr, "prober: %s\n", why.text);
		return 1;
	}
	run();
	prober_destroy(&bench.prober);
	return bench.failed != 0;
}
