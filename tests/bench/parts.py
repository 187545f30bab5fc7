"""What is measured, part by part, with the goal beside each figure."""
import resource
import subprocess
import time
import types

import clients
import daemon
import kit
import large
import notices
import postfix
import recovery
import stalls

ROUNDS = 4
MINUTE = 60
TARPITS = min(10000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 500)
MANY = 100000
HELD = {"limits": {"banner": "10m"}, "patient_limits": {"banner": "10m"}}

TITLES = {
	"plain": "CPU of one probe on the client's side: 220, EHLO, QUIT",
	"starttls": "CPU of one probe on the client's side: STARTTLS, TLS 1.3, ECDSA P-256, chain and name verified",
}
# Times the floor, at most; times cheaper than another, at least.
AT_MOST = {("plain", "prober"): 1.4, ("plain", "daemon"): 1.6, ("starttls", "prober"): 1.1, ("starttls", "daemon"): 1.2}
AT_LEAST = {("plain", "check_smtp"): 15, ("plain", "exporter"): 4, ("starttls", "check_smtp"): 7,
            ("starttls", "exporter"): 1.6}


def dialogue(bench, manner):
	"""One probe's CPU time: the floor, Postwatch's prober, the whole daemon, and everyone else."""
	sink, folder = bench.sink, bench.folder
	floor, prober, whole = clients.Floor(sink, folder), clients.Prober(sink, folder), clients.Whole(sink, folder)
	slow, paced = clients.Floor(sink, folder, 1, 0.25), clients.PacedFloor(sink, folder)
	exporter, check = clients.Exporter(sink, folder), clients.CheckSmtp(sink)
	everyone = [floor, prober, whole, paced, slow, exporter, check]
	samples, failures = clients.compare(sink, everyone, manner, ROUNDS)
	kit.stop(exporter.program)
	bench.table.heading(TITLES[manner])
	for client in everyone:
		if client.name in failures:
			bench.table.note(f"{client.name}: {failures[client.name]}")
			continue
		cost = kit.median([clients.cost(sample) for sample in samples[client.name]])
		rate = kit.median([sample.probes / sample.seconds for sample in samples[client.name]])
		times = clients.ratio(samples, client.name, floor.name)
		most = AT_MOST.get((manner, client.kind))
		bench.table.row(client.name, f"{cost:,.0f} us {rate:8,.0f}/s", f"{times:.2f} x floor",
		                *((f"<= {most}", times <= most) if most else ()))
	if not {whole.name, paced.name} & set(failures):
		bench.table.row("postwatch, whole daemon, against the floor at its rate", "",
		                f"{clients.ratio(samples, whole.name, paced.name):.2f} x that floor")
	tell_limits(bench, manner, floor, whole)
	for client in (check, exporter):
		if {client.name, prober.name} & set(failures):
			continue
		times, least = clients.ratio(samples, client.name, prober.name), AT_LEAST[manner, client.kind]
		bench.table.row(f"{client.kind} against the prober alone", "", f"{times:.2f} x dearer", f">= {least}",
		                times >= least)


def tell_limits(bench, manner, floor, whole):
	"""What the daemon does when asked for too much, and what the other side of the dialogue costs."""
	kit.progress(f"{manner}: the whole daemon at its limit")
	most = whole.limit(manner)
	rate = most.probes / most.seconds
	bench.table.row("postwatch, whole daemon, at its limit", f"{clients.cost(most):,.0f} us {rate:8,.0f}/s")
	bench.sink.idle()
	before = kit.cpu_us_fine(bench.sink.program.pid)
	probes = floor.sample(manner).probes
	served = (kit.cpu_us_fine(bench.sink.program.pid) - before) / probes
	bench.table.row("the sink, for each probe of the floor", f"{served:,.0f} us")


def held(bench):
	"""User memory of a connection that is held, clear and inside TLS: the same targets, tried within 10 s and not yet."""
	bench.table.heading("User memory of a held connection")
	secured = {"tls": "implicit", "verify": "full", "ca_file": bench.folder / "ca.pem"}
	for manner, count, goal, settings in (("tarpit", TARPITS, 3, {"tls": "none"}), ("tls_tarpit", TARPITS // 4, 26, secured)):
		sizes = []
		for interval in (24 * 3600, 10):
			kit.progress(f"memory: {count} targets at {manner}, each in {interval} s")
			targets = daemon.Targets(count, bench.sink.port[manner], interval, shared=settings is secured, probe="smtp",
			                         **settings, **HELD)
			watch = daemon.Daemon(bench.folder, targets, per_address=1000)
			if interval == 10:
				kit.wait_until(f"{count} connections are held", lambda: bench.sink.open(manner) == count, 60)
			time.sleep(3)
			sizes.append((watch.pss_kib(), bench.sink.open(manner)))
			watch.kill()
			bench.sink.idle()
		more, connections = (after - before for before, after in zip(*sizes))
		each = more / connections
		bench.table.row(f"{'inside TLS' if settings is secured else 'plain'}, {connections:,} held minus none",
		                f"{each:.1f} KiB", "", f"<= {goal} KiB", each <= goal)


def scale(bench):
	"""What a probe costs among few and among many targets, at the same rate of probes."""
	bench.table.heading("CPU of one probe, whole daemon, by the number of targets (after a first run of each)")
	for rate, sizes in ((100, ((100, 1), (1000, 10))), (MANY / MINUTE, ((MANY // MINUTE, 1), (MANY // 10, MINUTE // 10)))):
		first = None
		for count, interval in sizes:
			kit.progress(f"scale: {count} targets")
			watch = daemon.Daemon(bench.folder, daemon.Targets(count, bench.sink.port["plain"], interval, probe="smtp",
			                                                   tls="none"), probers=0)
			time.sleep(interval + 2)
			cost, _ = daemon.window(watch, bench.sink, "plain", 12)
			watch.stop()
			first = first or cost
			bench.table.row(f"{count:,} targets, {rate:,.0f} probes/s", f"{cost:,.0f} us", f"{cost / first:.2f} x the first",
			                "<= 1.2", cost / first <= 1.2)
		bench.first_cost = first


def schedule(bench):
	"""100,000 targets a minute: start, memory, cost, and how late runs begin, without and with tarpits held."""
	bench.table.heading(f"{MANY:,} targets, one minute's interval")
	kit.progress("schedule: one target")
	one = daemon.Targets(1, bench.sink.port["plain"], 1, probe="smtp", tls="none")
	single = daemon.Daemon(bench.folder, one, probers=0)
	time.sleep(3)
	least = single.pss_kib()
	single.stop()
	for tarpits in (0, TARPITS):
		kinds = [daemon.Targets(MANY, bench.sink.port["plain"], MINUTE, probe="smtp", tls="none")]
		if tarpits:
			kinds.append(daemon.Targets(tarpits, bench.sink.port["tarpit"], 10, probe="smtp", tls="none", **HELD))
		kit.progress(f"schedule: {MANY} targets, {tarpits} tarpits")
		bench.sink.say(f"record {MANY * 4}")
		watch = daemon.Daemon(bench.folder, *kinds, probers=0)
		sleeper = kit.Sleeper()
		time.sleep(MINUTE + 2)
		cost, rate = daemon.window(watch, bench.sink, "plain", 18)
		pss = watch.pss_kib()
		open_, asleep = bench.sink.open("tarpit"), sleeper.lateness_ms()
		late = watch.lateness_ms()
		bench.sink.say(f"dump {bench.folder / 'arrivals'}")
		gaps = daemon.gaps_ms(bench.folder / "arrivals", 0, MINUTE)
		tell_schedule(bench, tarpits, open_, watch.start_seconds, late, asleep, gaps)
		if not tarpits:
			each = (pss - least) / MANY * 1024
			bench.table.row("memory of an idle target (whole tree)", f"{each:,.0f} B", "", "<= 1024 B", each <= 1024)
			first = getattr(bench, "first_cost", None)
			bench.table.row(f"CPU of one probe, {rate:,.0f}/s", f"{cost:,.0f} us",
			                *((f"{cost / first:.2f} x the first", "<= 1.2", cost / first <= 1.2) if first else ()))


def tell_schedule(bench, tarpits, open_, start, late, asleep, gaps):
	what = f"with {open_:,} tarpits held" if tarpits else "plain probes only"
	bench.table.row(f"ready after, {what}", f"{start:.2f} s", "", "< 3 s", start < 3)
	three = "{:.1f}, {:.1f}, {:.1f} ms"
	bench.table.row("  runs begin late by p50, p99, max", three.format(*late), "", "p99 <= 5, max <= 50 ms",
	                late[1] <= 5 and late[2] <= 50)
	bench.table.row("  a bare sleeper beside it", three.format(*asleep))
	if gaps:
		bench.table.row("  off one minute, as the sink saw them", three.format(*kit.quantiles(gaps)))


def real(bench, probes=60):
	"""A real Postfix over TLS 1.3: its Nagle and our delayed acknowledgement must not add 40 ms to what we call theirs."""
	bench.table.heading("One probe at a time of a real Postfix, STARTTLS, TLS 1.3")
	kit.progress("postfix")
	server = postfix.Postfix(bench.folder)
	sink = types.SimpleNamespace(port={"starttls": server.port})
	path = daemon.configure(bench.folder, clients.targets_of(sink, bench.folder, "starttls", 1, 60))
	bare = kit.ask_program(kit.BUILD / "tests/bench/floor", "-s", bench.folder / "ca.pem", "-n", 1, "-m", probes, "-a", 1,
	                       server.port)
	ours = kit.ask_program(kit.BUILD / "tests/bench/prober", path, kit.BUILD / "plugins", 1, probes)
	kit.stop(server.program)
	bench.table.row("floor, mean", f"{bare['seconds'] / probes * 1000:.1f} ms")
	each = ours["median_us"] / 1000
	bench.table.row("postwatch, prober alone, median", f"{each:.1f} ms", "", "no 40 ms", each < 20)


def start(bench, rounds=60):
	"""Processor time of one command, its start included, in turns with check_smtp."""
	bench.table.heading("Processor time of one command")
	kit.progress("start")
	port, program = bench.sink.port, str(kit.BUILD / "postwatch")
	watch = daemon.Daemon(bench.folder, clients.targets_of(bench.sink, bench.folder, "plain", 20, 60))
	ours = [program, "probe", "--nagios", "-s"]
	commands = {
		"check_smtp": [clients.CHECK_SMTP, "-H", "127.0.0.1", "-p", str(port["plain"])],
		"postwatch help": [program, "help"],
		"postwatch probe --nagios": [*ours, "tls=none", f"127.0.0.1:{port['plain']}"],
		"postwatch probe --nagios, STARTTLS is not offered": [*ours, "tls=opportunistic", f"127.0.0.1:{port['plain']}"],
		"postwatch status --nagios": [program, "status", "--nagios", "-c", str(watch.folder / "bench.conf"), ],
	}
	spent = {name: [] for name in commands}
	try:
		kit.wait_until("all are up", lambda: subprocess.run(commands["postwatch status --nagios"], capture_output=True, check=False).returncode == 0, 30)
		for _ in range(rounds):
			for name, words in commands.items():
				spent[name].append(clients.cpu_ms(words))
	finally:
		watch.kill()
	theirs = kit.median(spent["check_smtp"])
	goals = {"postwatch status --nagios": ("< 5 ms", lambda ms: ms < 5)}
	for name, found in spent.items():
		ms = kit.median(found)
		goal, holds = goals.get(name, ("<= 2", lambda ms: ms <= 2 * theirs))
		bench.table.row(name, f"{ms:.1f} ms", f"{ms / theirs:.2f} x check_smtp", *((goal, holds(ms)) if "--nagios" in name else ()))


PARTS = {       # name: seconds it takes, and how
	"plain": (80, lambda bench: dialogue(bench, "plain")),
	"starttls": (90, lambda bench: dialogue(bench, "starttls")),
	"postfix": (15, real),
	"start": (15, start),
	"held": (45, held),
	"scale": (85, scale),
	"schedule": (190, schedule),
	"notices": (200, notices.notices),
	"recovery": (230, recovery.recovery),
	"store": (20, stalls.store),
	"large": (large.SECONDS, large.large),
	"page": (130, stalls.page),
	"backtest": (80, stalls.backtest),
	"month": (stalls.DAYS * 20, stalls.month),
	"stalls": (130, stalls.stalls),
	"flat": (stalls.FLAT_SECONDS + 40, stalls.flat),
}
