/*
 * CPU time of the keeper, without the processes at its links: a change (a run with a state of 160 bytes, two notifiers) in
 * groups of so many, and a whole delivery while so many others wait
 *
 *	keeper changes GROUP CHANGES
 *	keeper deliveries WAITING DELIVERED
 *
 * and what it takes to choose the delivery that is due next among so many:
 *
 *	keeper choosing WAITING TIMES
 *
 * and the memory it takes while postwatch.db cannot be written: so many targets go down and up so often, and both notifiers deliver:
 *
 *	keeper sick TARGETS TIMES
 */
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../unit/monitor_says.h"
#include "base/clock.h"
#include "bench.h"
#include "keeper/commit_queue_private.h"
#include "keeper/keeper.h"
#include "keeper/store_repair.h"

enum { NOTIFIERS = 2, STATE = 160, FOLDER = 64 };

static const struct pw_plugin probe = { .name = "banner" }, plugin = { .name = "bench" };
static const struct plugin probes = { .descriptor = &probe }, notifiers = { .descriptor = &plugin };
static const struct policy policy = { .probe = &probes, .interval = 60 * (int64_t)SECOND, .tries = 3, .recover_tries = 2,
	.notify_count = CONFIG_NONE };

static char folder[FOLDER] = "/tmp/pw-bench-keeper-XXXXXX";
static struct config config;
static struct duty duty = { .kind = DUTY_KEEPER, .config = &config };
static struct keeper keeper = { .duty = &duty, .config = &config, .end.status = -1 };
static int ends[NOTIFIERS];

/* What the keeper logs is read by nobody: it goes where it is taken. */
static bool
drop_line(void *arg, const void *packet, size_t size)
{
	(void)arg, (void)packet, (void)size;
	return true;
}

static void
begin(uint32_t targets, uint32_t links)
{
	struct config_notifier *rules = calloc(NOTIFIERS, sizeof *rules);
	struct target *all = calloc(targets, sizeof *all);
	struct reason why = { .text = "" };
	int pair[2];

	if (rules == NULL || all == NULL || mkdtemp(folder) == NULL)
		bench_die("beginning");
	for (uint32_t i = 0; i < targets; i++) {
		char *name = malloc(24);
		snprintf(name, 24, "mx%u.test", i);
		all[i] = (struct target){ .name = name, .is_named = true, .host = name, .shown = name, .port = 25, .policy = &policy,
			.parent = CONFIG_NONE };
	}
	for (int i = 0; i < NOTIFIERS; i++)
		rules[i] = (struct config_notifier){ .name = i == 0 ? "first" : "second", .plugin = &notifiers,
			.kinds = ~(1u << NOTICE_fact), .channel_grace = 600 * (int64_t)SECOND, .fallback = CONFIG_NONE };
	config = (struct config){ .state = folder, .target_count = targets, .targets = all, .notifier_count = NOTIFIERS,
		.notifiers = rules };
	duty.keep_line = drop_line;
	if (!keeper_recover(&keeper, &why))
		bench_die(why.text);
	for (uint32_t i = 0; i < NOTIFIERS; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) != 0)
			bench_die("a socket");
		ends[i] = pair[1];
		if (i < links)
			dispatch_link(&keeper, i, pair[0]);
	}
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status, (void)type, (void)at;
	return remove(path);
}

static void
end(void)
{
	keeper_fini(&keeper);
	if (nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		bench_die(folder);
}

static void
change(uint32_t target, uint64_t number, bool down)
{
	static char state[STATE];
	char words[160];
	struct message_change told = { .target = target, .change = number, .incident = down ? number : number - 1,
		.detected = clock_wall(), .confirmed = clock_wall() };

	snprintf(told.kind, sizeof told.kind, down ? "down" : "up");
	snprintf(told.from, sizeof told.from, down ? "suspect" : "down");
	snprintf(told.to, sizeof told.to, down ? "down" : "up");
	snprintf(told.code, sizeof told.code, down ? "refused" : "ok");
	snprintf(words, sizeof words, "mx%u.test %s: %0100d", target, told.kind, 0);
	told.text = (struct pw_bytes){ words, strlen(words) };
	if (!say_run(&keeper, &told, &(struct message_state){ target, false, { state, STATE } }))
		bench_die("a run is not taken");
}

static int64_t
cpu_us(void)
{
	struct bench_cpu used = bench_cpu_used();

	return used.user_us + used.system_us;
}

/* Each target goes down, then each comes back, and so on. */
static void
changes(uint32_t group, uint32_t count)
{
	enum { TARGETS = 1000 };
	int64_t began;

	begin(TARGETS, 1);
	began = cpu_us();
	for (uint32_t i = 0; i < count; i++) {
		uint64_t number = i / TARGETS + 1;
		change(i % TARGETS, number, number % 2 == 1);
		if ((i + 1) % group == 0)
			commit_all(&keeper);
	}
	commit_all(&keeper);
	printf("changes in groups of %u: %.1f us of CPU each\n", group, (double)(cpu_us() - began) / count);
	end();
}

static void
answer(int link, uint64_t notice)
{
	unsigned char packet[512];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_receipt(&out, &(struct message_receipt){ .notice = notice, .fate = PW_SENT, .text = { "taken", 5 } });
	if (!packet_send(ends[link], packet, out.size, -1))
		bench_die("a receipt is not taken");
	dispatch_hear(&keeper, notifier_at(&keeper, (uint32_t)link));
}

static uint64_t
next_notice(void)
{
	static unsigned char packet[WIRE_MAX];
	struct message_notice notice;
	ssize_t size;

	for (int i = 0; i < 4; i++) {
		(void)dispatch_next(&keeper);
		dispatch_turn(&keeper);
		while ((size = packet_read(ends[0], packet, sizeof packet, NULL)) > 0) {
			struct wire_in in = wire_from(packet, (size_t)size);
			if (message_kind(packet, (size_t)size) == MESSAGE_NOTICE && message_get_notice(&in, &notice))
				return notice.notice;
		}
		commit_all(&keeper);
	}
	bench_die("nothing is handed out");
}

static void
wait_for(uint32_t waiting)
{
	begin(waiting, 1);
	for (uint32_t i = 0; i < waiting; i++) {
		change(i, 1, true);
		if (i % 256 == 255)
			commit_all(&keeper);
	}
	commit_all(&keeper);
}

static void
choosing(uint32_t waiting, uint32_t count)
{
	struct delivery before = { .notice = 0 }, due;
	int64_t began;

	wait_for(waiting);
	began = cpu_us();
	for (uint32_t i = 0; i < count; i++)
		if (outbox_due(&keeper, notifier_at(&keeper, 1), STORE_RANK_OTHER, &before, &due, 1) != 1)
			bench_die("nothing is due");
	printf("choosing among %u: %.2f us of CPU each\n", waiting, (double)(cpu_us() - began) / count);
	end();
}

static void
deliveries(uint32_t waiting, uint32_t count)
{
	int64_t began;

	wait_for(waiting + count);
	answer(0, next_notice());
	began = cpu_us();
	for (uint32_t i = 1; i < count; i++)
		answer(0, next_notice());
	printf("deliveries while %u wait: %.1f us of CPU each\n", waiting, (double)(cpu_us() - began) / (count - 1));
	end();
}

static long
resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
		bench_die("/proc/self/statm");
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Both notifiers take what is handed out, until nothing is. Returns how many notices that were. */
static uint32_t
deliver(void)
{
	static unsigned char packet[WIRE_MAX];
	struct message_notice notice;
	uint32_t count = 0;
	ssize_t size;

	for (int idle = 0; idle < 4; idle++) {
		(void)dispatch_next(&keeper);
		dispatch_turn(&keeper);
		for (int link = 0; link < NOTIFIERS; link++)
			while ((size = packet_read(ends[link], packet, sizeof packet, NULL)) > 0) {
				struct wire_in in = wire_from(packet, (size_t)size);
				if (message_kind(packet, (size_t)size) != MESSAGE_NOTICE || !message_get_notice(&in, &notice))
					continue;
				answer(link, notice.notice);
				count++;
				idle = 0;
			}
		commit_all(&keeper);
	}
	return count;
}

static void
sick(uint32_t targets, uint32_t times)
{
	struct rlimit before, none;
	uint32_t told = 0;
	long began;

	begin(targets, NOTIFIERS);
	commit_all(&keeper);
	began = resident_kib();
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	none = before;
	none.rlim_cur = 1;
	setrlimit(RLIMIT_FSIZE, &none);
	for (uint32_t i = 1; i <= 2 * times; i++) {
		for (uint32_t target = 0; target < targets; target++) {
			change(target, i, i % 2 == 1);
			if (target % 256 == 255)
				commit_all(&keeper);
		}
		commit_all(&keeper);
		told += deliver();
		if (i % (times < 10 ? 1 : times / 5) == 0)
			printf("%u changes of %u targets on a sick disk: %+ld KiB, told %u\n", i, targets, resident_kib() - began, told);
	}
	setrlimit(RLIMIT_FSIZE, &before);
	keeper.commits->mend_at = 1;
	store_repair_turn(&keeper);
	commit_all(&keeper);
	printf("mended: %d, %+ld KiB, told %u\n", !commit_queue_is_stuck(keeper.commits, STORE_MAIN), resident_kib() - began, told);
	end();
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "changes") == 0)
		changes((uint32_t)bench_number(argv[2], 1, 10000), (uint32_t)bench_number(argv[3], 1, 10000000));
	else if (argc == 4 && strcmp(argv[1], "deliveries") == 0)
		deliveries((uint32_t)bench_number(argv[2], 1, 1000000), (uint32_t)bench_number(argv[3], 2, 100000));
	else if (argc == 4 && strcmp(argv[1], "choosing") == 0)
		choosing((uint32_t)bench_number(argv[2], 1, 1000000), (uint32_t)bench_number(argv[3], 1, 10000000));
	else if (argc == 4 && strcmp(argv[1], "sick") == 0)
		sick((uint32_t)bench_number(argv[2], 1, 100000), (uint32_t)bench_number(argv[3], 1, 100000));
	else {
		fprintf(stderr, "usage: keeper changes GROUP CHANGES | deliveries WAITING DELIVERED | choosing WAITING TIMES | sick TARGETS TIMES\n");
		return 64;
	}
	return 0;
}
