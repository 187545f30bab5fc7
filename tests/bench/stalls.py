"""What time and a slow disk do: the store's cost, its files after a month, lateness beside stalls, memory over many probes."""
import contextlib
import os
import pathlib
import resource
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import daemon
import kit
import notices

DAYS = max(5, int(os.environ.get("BENCH_DAYS", 5)))     # beyond keep_results, and a day to see what still grows
MONTH = 30
FLAT_SECONDS = int(os.environ.get("BENCH_FLAT_SECONDS", 100))
FLAT_PROBES = 1000000
FLAT_TARGETS = 12000    # each once a second
WARM_UP = 350000        # probes, until the cache of the keeper's history is full
ATTEMPTS, ATTEMPTED = 10000000, 2400
WATCHED, ROWS, WINDOW = 2000, 2000000, 10
STORE = kit.BUILD / "tests/bench/store"
PAGE = kit.BUILD / "tests/bench/web"


@contextlib.contextmanager
def scratch(name):
	folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-"))
	try:
		yield folder
	finally:
		shutil.rmtree(folder, ignore_errors=True)


def store(bench):
	bench.table.heading("The store: 256 rows a commit, as the keeper makes them")
	kit.progress("store")
	with scratch("store") as folder:
		found = kit.figures(STORE, folder)
	bench.table.row("results", f"{found['results_per_s']:,.0f} rows/s", f"{found['result_cpu_us']:.2f} us CPU each")
	bench.table.row("changes: incidents, evidence of 4 KiB, notices, deliveries", f"{found['change_rows_per_s']:,.0f} rows/s",
	                f"{found['change_row_cpu_us']:.2f} us CPU each")
	bench.table.row("a lone incident of 7 rows, until it is safe", f"{found['lone_change_us'] / 1000:.2f} ms")
	bench.table.row("open both files; read 100,000 targets, 10,000 incidents", f"{found['open_ms']:.0f} ms",
	                f"{found['read_all_ms']:.0f} ms")


def page(bench):
	"""Processor time of what is made for one visitor, and of the steps of what the page does beside him."""
	for targets, goals in ((10000, (20, 20, 150)), (100000, (50, 50, None))):
		bench.table.heading(f"The page: {targets:,} targets, 100 of them down; rendered and packed anew each time")
		kit.progress(f"page: {targets} targets")
		with scratch("page") as folder:
			found = kit.figures(PAGE, folder, targets, 100, seconds=300)
		for name in ("overview", "target", "incident"):
			p99 = found[f"{name}_p99_us"] / 1000
			bench.table.row(f"{name}, p99", f"{p99:.2f} ms", f"{found[name + '_packed_bytes'] / 1000:.1f} kB", f"<= {goals[0]} ms, 60 kB",
			                p99 <= goals[0] and found[f"{name}_packed_bytes"] <= 60000)
		bench.table.row("a customer's page, p99", f"{found['shared_p99_us'] / 1000:.2f} ms", f"{found['shared_packed_bytes'] / 1000:.1f} kB")
		bench.table.row("overviews a second", f"{1e6 / found['overview_us']:,.0f}", "", ">= 1,000", found["overview_us"] <= 1000)
		bench.table.row("metrics of all", f"{found['metrics_ms']:.0f} ms", f"{found['metrics_bytes'] / 2**20:.1f} MiB in parts of"
		                f" {found['metrics_part_bytes'] / 1024:.0f} KiB", *((f"<= {goals[2]} ms", found["metrics_ms"] <= goals[2]) if goals[2] else ()))
		bench.table.row("each second beside", f"{found['second_cpu_ms']:.1f} ms CPU", f"longest step {found['second_longest_step_ms']:.2f} ms")
		bench.table.row("a turn beside, of figures of customers' pages", f"{found['availability_turn_us'] / 1000:.1f} ms CPU")
		bench.table.row("the store read whole", f"{found['read_ms']:.0f} ms CPU", f"longest step {found['read_longest_step_ms']:.1f} ms")
	page_load(bench)


def visited(watch, port):
	"""By wrk on the last core, as fast as it can, while the daemon has the first."""
	for pid in kit.tree(watch.program.pid):
		os.sched_setaffinity(pid, {0})
	time.sleep(2)
	if port is None:
		time.sleep(WINDOW)
		return ""
	wrk = subprocess.run(["taskset", "-c", str(os.cpu_count() - 1), "wrk", "-t1", "-c32", f"-d{WINDOW}s", "-H", "Accept-Encoding: gzip",
	    f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True, timeout=WINDOW + 30)
	found = re.search(r"Requests/sec:\s*([\d.]+)", wrk.stdout)
	if not found or "Non-2xx" in wrk.stdout:
		raise kit.Failure(f"wrk was not answered: {wrk.stdout[-200:]}")
	return f"{float(found[1]):,.0f} overviews/s"


def page_load(bench):
	"""Whether the schedule suffers from visitors."""
	bench.table.heading(f"How late runs begin beside visitors, {WATCHED:,} targets a second; the daemon on one core, wrk on the other")
	if os.cpu_count() < 2 or not shutil.which("wrk"):
		bench.table.note("not measured: it takes two cores, and wrk")
		return
	rest = None
	for name, is_visited in (("without visitors", False), ("with wrk, 32 connections", True)):
		kit.progress(f"page: {name}")
		with scratch("page") as folder, socket.socket() as free:
			free.bind(("127.0.0.1", 0))
			port = free.getsockname()[1]
			free.close()
			targets = daemon.Targets(WATCHED, bench.sink.port["plain"], 1, probe="smtp", tls="none")
			watch = daemon.Daemon(folder, targets, per_address=1000, web={"listen": [f"127.0.0.1:{port}"], "public": True})
			try:
				more, late = visited(watch, port if is_visited else None), watch.lateness_ms()
			finally:
				watch.kill()
		rest = rest or late
		bench.table.row(name, "{:.1f}, {:.1f}, {:.1f} ms".format(*late), more, *(("p99 rises by <= 20 ms", late[1] - rest[1] <= 20) if is_visited else ()))


def month(bench):
	"""Results go after three days, so from then on the files grow by the same each day: what is left of the month is added."""
	bench.table.heading(f"1,000 targets a minute, {DAYS} days simulated: 15 min down a week, 1 in 500 runs fails beside it")
	kit.progress(f"month: {DAYS} days")
	with scratch("month") as folder:
		found = kit.figures(STORE, folder, "days", DAYS, seconds=DAYS * 60)
	for name, goal in (("postwatch.db", None), ("history.db", 4096)):
		key = {"postwatch.db": "main_mb", "history.db": "history_mb"}[name]
		size, grown = found[key], found[key + "_last_day"]
		bench.table.row(f"{name} after {DAYS} days, and its last day's growth", f"{size:,.0f} MiB", f"+ {grown:.1f} MiB a day")
		whole = size + grown * max(0, MONTH - DAYS)
		bench.table.row(f"  after {max(MONTH, DAYS)} days{'' if DAYS >= MONTH else ', by that growth'}", f"{whole:,.0f} MiB",
		                *(("", f"<= {goal} MiB", whole <= goal) if goal else ()))
	bench.table.row("a result, with roll-ups and retention", f"{found['result_with_tending_cpu_us']:.1f} us CPU")
	bench.table.row("longest step of tending", f"{found['tending_step_max_ms']:.0f} ms")


def backtest(bench):
	"""Ten million attempts of three days, judged again under what is configured and under other settings."""
	bench.table.heading(f"backtest: {ATTEMPTS:,} attempts of {ATTEMPTED:,} targets")
	with scratch("backtest") as folder:
		kit.progress("backtest: attempts are written")
		(folder / "targets.txt").write_text("".join(f"mx{i}.example.org\n" for i in range(1, ATTEMPTED + 1)), encoding="utf-8")
		path = folder / "bench.conf"
		path.write_text(f'state = "{folder}"; plugins = [ "{kit.BUILD.resolve()}/plugins" ];\n'
		                f'targets = ( {{ file = "{folder}/targets.txt"; }} );\n', encoding="utf-8")
		kit.figures(STORE, folder, "attempts", ATTEMPTS, ATTEMPTED, seconds=120)
		kit.progress("backtest")
		began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
		subprocess.run([kit.BUILD / "postwatch", "backtest", "-c", path, "--json", "--set", "tries=2"], check=True,
		               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
		took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
	cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
	bench.table.row("read and judged twice", f"{took:.1f} s", f"{cpu:.1f} s CPU", "< 20 s", took < 20)


class Reader(threading.Thread):
	"""Reads all that is kept of one target after the other, and all incidents, again and again."""

	def __init__(self, folder):
		super().__init__(daemon=True)
		self.folder, self.rounds, self.going = folder, 0, True
		self.start()

	def ask(self, *words):
		subprocess.run([kit.BUILD / "postwatch", words[0], "-c", self.folder / "bench.conf", *words[1:]], check=True,
		               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)

	def run(self):
		names = [line.split()[1] for line in (self.folder / "targets-0.txt").read_text().splitlines()]
		while self.going:
			self.ask("history", names[self.rounds % len(names)])
			self.ask("incidents")
			self.rounds += 1

	def end(self):
		self.going = False
		self.join()
		return self.rounds


def at_rest(watch):
	time.sleep(WINDOW)
	return ""


def reading(watch):
	reader = Reader(watch.folder)
	time.sleep(WINDOW)
	rounds = reader.end()
	if rounds == 0:
		raise kit.Failure("the reader read nothing")
	return f", {rounds} rounds"


def oldest(folder):
	with contextlib.closing(notices.sqlite3.connect(f"file:{folder}/state/history.db?mode=ro", uri=True, timeout=10)) as database:
		return database.execute("SELECT min(id) FROM results").fetchone()[0]


def deleting(watch):
	before = oldest(watch.folder)
	time.sleep(WINDOW)
	gone = oldest(watch.folder) - before
	if gone == 0:
		raise kit.Failure("retention deleted nothing")
	return f", {gone:,} rows"


def standing(watch):
	"""As a process does whose disk does not answer."""
	keeper = watch.child("keeper")
	os.kill(keeper, signal.SIGSTOP)
	time.sleep(WINDOW)
	os.kill(keeper, signal.SIGCONT)
	time.sleep(1)
	return ""


EVENTS = (("at rest", at_rest, None), ("while retention deletes", deleting, 4 * 24),
          ("while a reader reads history and incidents", reading, 24), (f"while the keeper stands still for {WINDOW} s", standing, None))


def lateness(bench, event, hours):
	"""Of the whole life of a daemon in which that happens; before it, results of so many hours ago are put in its store."""
	with scratch("stalls") as folder:
		targets = daemon.Targets(WATCHED, bench.sink.port["plain"], 1, probe="smtp", tls="none")
		watch = daemon.Daemon(folder, targets, per_address=1000)
		try:
			if hours is not None:
				watch.stop()
				kit.figures(STORE, folder / "state", "fill", ROWS, WATCHED, hours)
				watch.launch(folder / "bench.conf")
			time.sleep(1)
			return event(watch), watch.lateness_ms()
		finally:
			watch.kill()


def stalls(bench):
	bench.table.heading(f"How late runs begin, {WATCHED:,} targets a second: p50, p99, max")
	rest = None
	for name, event, hours in EVENTS:
		kit.progress(f"stalls: {name}")
		sleeper = kit.Sleeper()
		more, late = lateness(bench, event, hours)
		asleep = sleeper.lateness_ms()
		rest = rest or late
		bench.table.row(name + more, "{:.1f}, {:.1f}, {:.1f} ms".format(*late), f"p99 {late[1] / max(rest[1], 0.1):.2f} x at rest",
		                "p99 <= 5, max <= 50 ms", late[1] <= 5 and late[2] <= 50)
		bench.table.row("  a bare sleeper beside it", "{:.1f}, {:.1f}, {:.1f} ms".format(*asleep))


def resident_kib(watch):
	"""By process."""
	return {pid: (daemon.comm(pid), kit.memory_kib(pid, "Rss")) for pid in kit.tree(watch.program.pid)}


def await_probes(sink, wanted, seconds):
	"""How many have been when there are so many, or the time is over."""
	began = time.monotonic()
	while (probes := sink.finished("plain")) < wanted and time.monotonic() - began < seconds:
		kit.progress(f"flat: {wanted - probes:,} probes to go")
		time.sleep(2)
	return probes


def flat(bench):
	bench.table.heading("Resident memory over many probes, each process after its warm-up and at the end")
	with scratch("flat") as folder:
		targets = daemon.Targets(FLAT_TARGETS, bench.sink.port["plain"], 1, probe="smtp", tls="none")
		watch = daemon.Daemon(folder, targets, per_address=1000)
		try:
			await_probes(bench.sink, bench.sink.finished("plain") + WARM_UP, FLAT_SECONDS)
			before, first = resident_kib(watch), bench.sink.finished("plain")
			probes = await_probes(bench.sink, first + FLAT_PROBES, FLAT_SECONDS) - first
			after = resident_kib(watch)
		finally:
			watch.kill()
	if before.keys() != after.keys():
		raise kit.Failure("not the same processes at the end")
	bench.table.row("probes between the two", f"{probes:,}", "", f">= {FLAT_PROBES:,}", probes >= FLAT_PROBES)
	for pid, (name, kib) in before.items():
		times = after[pid][1] / kib
		bench.table.row(name, f"{kib:,} to {after[pid][1]:,} KiB", f"{times:.3f} x", "<= 1.05", times <= 1.05)
