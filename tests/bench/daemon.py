"""The whole daemon on the sink: what a probe costs through schedule and state, memory, start, lateness."""
import array
import pathlib
import re
import socket
import subprocess
import time

import kit

LATENESS = re.compile(r"late by ([\d.]+) ms \(p50\), ([\d.]+) ms \(p99\), ([\d.]+) ms at most")


def address(number):
	"""One of 16 million addresses of the sink, each its own target."""
	return f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


class Targets:
	"""Targets of one kind, as one list file."""

	def __init__(self, count, port, interval, shared=False, **settings):
		self.count, self.port, self.interval, self.shared = count, port, interval, shared
		self.settings = settings

	def lines(self):
		for number in range(self.count):
			host = f"127.0.0.{1 + number % kit.ADDRESSES}" if self.shared else address(number)
			yield f"{host}:{self.port} {self.port}-{number}\n"

	def entry(self, path):
		path.write_text("".join(self.lines()))
		settings = {"file": path.name, "interval": f"{self.interval}s", **self.settings}
		return "{ " + " ".join(f"{key} = {value_text(value)};" for key, value in settings.items()) + " }"


def value_text(value):
	if isinstance(value, dict):
		return "{ " + " ".join(f"{key} = {value_text(item)};" for key, item in value.items()) + " }"
	if isinstance(value, bool):
		return str(value).lower()
	if isinstance(value, list):
		return "[ " + ", ".join(value_text(item) for item in value) + " ]"
	return f'"{value}"' if isinstance(value, (str, pathlib.Path)) else str(value)


def configure(folder, *targets, notifiers="", **settings):
	"""Writes a configuration and its list files; returns its path. `notifiers`: the inside of that list."""
	entries = [kinds.entry(folder / f"targets-{at}.txt") for at, kinds in enumerate(targets)]
	globals_ = {"state": folder / "state", "helo": "watch.bench.test", "probers": 1, **settings,
	            "log": {"to": "stderr", "level": "info"}}
	path = folder / "bench.conf"
	path.write_text("".join(f"{key} = {value_text(value)};\n" for key, value in globals_.items())
	                + "targets = ( " + ",\n ".join(entries) + " );\n" + (f"notifiers = ( {notifiers} );\n" if notifiers else ""))
	(folder / "state").mkdir(exist_ok=True)
	return path


class Daemon:
	"""`postwatch run` on its own configuration; `start_seconds` from the fork until it says READY."""

	def __init__(self, folder, *targets, **settings):
		self.folder = folder
		self.launch(configure(folder, *targets, **settings))

	def launch(self, configuration):
		path = self.folder / "notify"
		path.unlink(missing_ok=True)
		with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
			notify.bind(str(path))
			with open(self.folder / "daemon.log", "w", encoding="utf-8") as log:
				began = time.monotonic()
				self.program = kit.start("/usr/bin/env", f"NOTIFY_SOCKET={path}", kit.BUILD / "postwatch", "run",
				                         "-c", configuration, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
			notify.settimeout(0.5)
			while not self.is_ready(notify):
				if self.program.poll() is not None or time.monotonic() - began > 30:
					kit.stop(self.program)
					raise kit.Failure(f"the daemon does not get ready: {self.log()[-200:].strip()}")
			self.start_seconds = time.monotonic() - began

	@staticmethod
	def is_ready(notify):
		try:
			return b"READY=1" in notify.recv(4096)
		except TimeoutError:
			return False

	def log(self):
		return (self.folder / "daemon.log").read_text(errors="replace")

	def child(self, name):
		"""The pid of the part that has this name."""
		return next(pid for pid in kit.tree(self.program.pid) if comm(pid) == f"pw-{name}")

	def cpu_us(self):
		return sum(map(kit.cpu_us_fine, kit.tree(self.program.pid)))

	def pss_kib(self):
		return sum(map(kit.memory_kib, kit.tree(self.program.pid)))

	def stop(self):
		kit.stop(self.program, 20)

	def kill(self):
		"""Where nothing is wanted of its end: a polite one waits for what is held."""
		kit.kill(self.program)

	def lateness_ms(self):
		"""p50, p99 and max as the daemon tells them when it ends."""
		self.stop()
		told = LATENESS.search(self.log())
		if told is None:
			raise kit.Failure("the daemon did not tell how late its runs began")
		return tuple(map(float, told.groups()))


def comm(pid):
	"""What a process calls itself; empty where it is gone."""
	try:
		return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
	except OSError:
		return ""


def window(daemon, sink, manner, seconds):
	"""CPU us a probe and probes a second while it runs undisturbed."""
	cpu, finished, began = daemon.cpu_us(), sink.finished(manner), time.monotonic()
	time.sleep(seconds)
	probes = sink.finished(manner) - finished
	if probes == 0:
		raise kit.Failure(f"the daemon probed nothing: {daemon.log()[-400:]}")
	return (daemon.cpu_us() - cpu) / probes, probes / (time.monotonic() - began)


def arrivals(path):
	"""From the sink's arrivals: the seconds of the monotonic clock, in their order."""
	with open(path, "rb") as file:
		raw = array.array("I", file.read())
	return [(raw[at] | raw[at + 1] << 32) / 1e6 for at in range(2, len(raw), 4)]


def gaps_ms(path, manner_index, interval):
	"""From the sink's arrivals: by how much the time between two visits of an address differs from the interval."""
	with open(path, "rb") as file:
		raw = array.array("I", file.read())
	last, gaps = {}, []
	for at in range(0, len(raw), 4):
		address_, manner, low, high = raw[at:at + 4]
		if manner != manner_index:
			continue
		micros = low | high << 32
		if address_ in last:
			gaps.append(abs(micros - last[address_] - interval * 1_000_000) / 1000)
		last[address_] = micros
	return gaps
