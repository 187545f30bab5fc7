"""Clients that hold the same dialogue with the sink: CPU time on their side for one probe, side by side."""
import collections
import os
import re
import subprocess
import time

import daemon
import kit

Sample = collections.namedtuple("Sample", "probes cpu_us seconds failed")

EXPORTER = "/usr/bin/prometheus-blackbox-exporter"
CHECK_SMTP = "/usr/lib/nagios/plugins/check_smtp"
MODULES = """
modules:
  plain:
    prober: tcp
    timeout: 10s
    tcp:
      preferred_ip_protocol: ip4
      query_response:
        - expect: "^220 "
        - send: "EHLO exporter.bench.test"
        - expect: "^250 "
        - send: "QUIT"
        - expect: "^221 "
  starttls:
    prober: tcp
    timeout: 10s
    tcp:
      preferred_ip_protocol: ip4
      tls_config:
        ca_file: CA_FILE
        server_name: mx.bench.test
      query_response:
        - expect: "^220 "
        - send: "EHLO exporter.bench.test"
        - expect: "^250-STARTTLS"
        - expect: "^250 "
        - send: "STARTTLS"
        - expect: "^220 "
        - starttls: true
        - send: "EHLO exporter.bench.test"
        - expect: "^250 "
        - send: "QUIT"
        - expect: "^221 "
"""


def of_program(result):
	return Sample(result["probes"], result["user_us"] + result["system_us"], result["seconds"], result["failed"])


class Floor:
	"""The bare client; `in_flight` probes side by side, or `rate` of them a second."""
	kind = "floor"

	def __init__(self, sink, folder, in_flight=100, share=1.0):
		self.name = f"floor, {in_flight} in flight" if in_flight > 1 else "floor, one in flight"
		self.sink, self.folder, self.in_flight, self.share = sink, folder, in_flight, share

	def sample(self, manner, rate=None):
		probes = int({"plain": 20000, "starttls": 2000}[manner] * self.share)
		words = ["-s", self.folder / "ca.pem"] if manner == "starttls" else []
		words += ["-r", rate] if rate else []
		return of_program(kit.ask_program(kit.BUILD / "tests/bench/floor", *words, "-n", self.in_flight, "-m", probes,
		                                  "-a", kit.ADDRESSES, self.sink.port[manner]))


class PacedFloor(Floor):
	"""The same, each probe begun at its time: as many a second as the whole daemon is asked for."""

	def __init__(self, sink, folder):
		super().__init__(sink, folder)
		self.name = "floor, at the daemon's rate"

	def sample(self, manner, rate=None):
		return super().sample(manner, Whole.rates[manner])


def targets_of(sink, folder, manner, count, interval):
	"""Postwatch's side of the comparison: the same server, the same addresses, the same certificate."""
	settings = {"plain": {"tls": "none"}, "starttls": {"tls": "require", "verify": "full", "ca_file": folder / "ca.pem"}}
	return daemon.Targets(count, sink.port[manner], interval, shared=True, probe="smtp", **settings[manner])


class Prober:
	"""Postwatch's prober in one process, nothing around it; 100 in flight."""
	kind, name = "prober", "postwatch, prober alone, 100 in flight"

	def __init__(self, sink, folder):
		self.sink, self.folder = sink, folder

	def sample(self, manner):
		probes = {"plain": 20000, "starttls": 2000}[manner]
		path = daemon.configure(self.folder, targets_of(self.sink, self.folder, manner, 1000, 60), per_address=100)
		return of_program(kit.ask_program(kit.BUILD / "tests/bench/prober", path, kit.BUILD / "plugins", 100, probes))


class Whole:
	"""Postwatch as it runs: parent, monitor, prober and what stands in for the keeper, at a fixed rate."""
	kind, name = "daemon", "postwatch, whole daemon"
	rates = {"plain": 4000, "starttls": 400}        # probes a second; well below what two slow cores can

	def __init__(self, sink, folder):
		self.sink, self.folder = sink, folder

	def sample(self, manner, seconds=4, asked=1):
		targets = targets_of(self.sink, self.folder, manner, self.rates[manner] * asked, 1)
		watch = daemon.Daemon(self.folder, targets, per_address=1000)
		try:
			time.sleep(3)
			cost, rate = daemon.window(watch, self.sink, manner, seconds)
		finally:
			watch.kill()
		probes = int(rate * seconds)
		return Sample(probes, cost * probes, seconds, 0)

	def limit(self, manner):
		"""Where five times as much is asked of it, more than it can."""
		return self.sample(manner, asked=5)


class CheckSmtp:
	"""check_smtp as Nagios runs it: a process a check. Over STARTTLS it verifies nothing."""
	kind, name = "check_smtp", "check_smtp, a process a check"

	def __init__(self, sink):
		self.sink = sink

	def launch(self, at, manner):
		words = [CHECK_SMTP, "-H", f"127.0.0.{1 + at % kit.ADDRESSES}", "-p", str(self.sink.port[manner])]
		if manner == "starttls":
			words.append("-S")
		quiet = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
		return os.posix_spawn(words[0], words, os.environ, file_actions=quiet)

	def sample(self, manner, side_by_side=4):
		wanted = {"plain": 300, "starttls": 150}[manner]
		begun = failed = spent = 0
		running = set()
		before = time.monotonic()
		while begun < wanted or running:
			while begun < wanted and len(running) < side_by_side:
				running.add(self.launch(begun, manner))
				begun += 1
			pid, status, used = os.wait4(next(iter(running)), 0)
			running.remove(pid)
			failed += status != 0
			spent += used.ru_utime + used.ru_stime
		return Sample(wanted, spent * 1e6, time.monotonic() - before, failed)


def cpu_ms(words):
	"""Of one run of a program that says no word to anybody."""
	quiet = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0), (os.POSIX_SPAWN_DUP2, 1, 2)]
	pid = os.posix_spawn(words[0], words, os.environ, file_actions=quiet)
	_, status, used = os.wait4(pid, 0)
	if os.waitstatus_to_exitcode(status) != 0:
		raise kit.Failure(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
	return (used.ru_utime + used.ru_stime) * 1e3


class Exporter:
	"""prometheus-blackbox-exporter, asked for 100 probes at once."""
	kind, name = "exporter", "blackbox_exporter, 100 in flight"

	def __init__(self, sink, folder):
		self.sink = sink
		modules = folder / "blackbox.yml"
		modules.write_text(MODULES.replace("CA_FILE", str(folder / "ca.pem")))
		log = folder / "blackbox.log"
		with open(log, "w", encoding="utf-8") as out:
			self.program = kit.start(EXPORTER, "--config.file", modules, "--web.listen-address=127.0.0.1:0",
			                         "--log.level=info", stdout=out, stderr=subprocess.STDOUT)
		listening = re.compile(r'Listening on" address=127\.0\.0\.1:(\d+)')
		self.port = kit.wait_until("blackbox_exporter listens", lambda: listening.search(log.read_text()))[1]

	def sample(self, manner):
		probes = {"plain": 3000, "starttls": 1500}[manner]
		before = kit.cpu_us(self.program.pid)
		result = kit.ask_program(kit.BUILD / "tests/bench/ask", "-n", 100, "-m", probes, "-a", kit.ADDRESSES, self.port,
		                         manner, self.sink.port[manner])
		return Sample(probes, kit.cpu_us(self.program.pid) - before, result["seconds"], result["failed"])


def compare(sink, clients, manner, rounds):
	"""Samples of each client by its name, taken in turns. Who fails is left out, and why is said: the second answer."""
	samples, failures = {client.name: [] for client in clients}, {}
	for turn in range(rounds):
		for client in clients:
			if client.name in failures:
				continue
			kit.progress(f"{manner}: round {turn + 1} of {rounds}, {client.name}")
			try:
				sample = client.sample(manner)
				if sample.failed:
					raise kit.Failure(f"{sample.failed} of {sample.probes} probes failed")
				samples[client.name].append(sample)
			except kit.Failure as failure:
				failures[client.name] = failure
			sink.idle()
	return samples, failures


def cost(sample):
	return sample.cpu_us / sample.probes


def ratio(samples, one, other):
	"""How many times `other` one costs: the median over the rounds, each round within itself."""
	return kit.median([cost(a) / cost(b) for a, b in zip(samples[one], samples[other])])
