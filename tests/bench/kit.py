"""What every part of the bench needs: programs that surely end, CPU time and memory from /proc, the sink, the table."""
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BUILD", "build")
TICK = os.sysconf("SC_CLK_TCK")
ADDRESSES = 16          # of the sink that the clients of a comparison share; the certificate is good for all

alive = []              # every program that runs and has to end with us
began = time.monotonic()


class Failure(Exception):
	"""A figure could not be had: what of the world failed."""


def start(*words, **options):
	program = subprocess.Popen([str(word) for word in words], **options)
	alive.append(program)
	return program


def kill(program):
	"""Without asking."""
	for pid in reversed(tree(program.pid)):
		try:
			os.kill(pid, signal.SIGKILL)
		except ProcessLookupError:
			pass
	stop(program)


def stop(program, patience=10):
	"""Ends a program and whatever it started: some of it may live on in a session of its own, as Postfix does."""
	below = {pid: born(pid) for pid in tree(program.pid)[1:]}
	if program.poll() is None:
		program.terminate()
		try:
			program.wait(patience)
		except subprocess.TimeoutExpired:
			program.kill()
			program.wait()
	for pid, when in below.items():
		if when is not None and born(pid) == when:
			os.kill(pid, signal.SIGKILL)
	if program in alive:
		alive.remove(program)


def stop_all():
	for program in list(alive):
		stop(program, 3)


def wait_until(what, test, seconds=10, pause=0.02):
	end = time.monotonic() + seconds
	while True:
		found = test()
		if found:
			return found
		if time.monotonic() > end:
			raise Failure(f"waited {seconds} s in vain: {what}")
		time.sleep(pause)


def progress(text):
	line = f"[{time.monotonic() - began:4.0f} s] {text}"
	if sys.stderr.isatty():
		print(f"\r\x1b[K{line[:100]}", end="", file=sys.stderr, flush=True)
	else:
		print(line, file=sys.stderr, flush=True)


def ask_program(*words):
	"""Runs one of the bench's programs, which prints one line of JSON."""
	program = start(*words, stdout=subprocess.PIPE, text=True)
	try:
		out, _ = program.communicate(timeout=120)
	except subprocess.TimeoutExpired:
		raise Failure(f"{pathlib.Path(words[0]).name} does not end") from None
	finally:
		stop(program)
	if program.returncode != 0 or not out:
		raise Failure(f"{pathlib.Path(words[0]).name} ended with {program.returncode}: {out.strip()}")
	return json.loads(out)


def figures(*words, seconds=120):
	"""Runs one of the bench's programs, which prints a name and a number a line."""
	program = start(*words, stdout=subprocess.PIPE, text=True)
	try:
		out, _ = program.communicate(timeout=seconds)
	except subprocess.TimeoutExpired:
		raise Failure(f"{pathlib.Path(words[0]).name} does not end") from None
	finally:
		stop(program)
	if program.returncode != 0:
		raise Failure(f"{pathlib.Path(words[0]).name} ended with {program.returncode}")
	return {name: float(value) for name, value in map(str.split, out.splitlines())}


def tree(pid):
	"""A process and all below it."""
	found = [pid]
	for at in found:
		try:
			for task in os.listdir(f"/proc/{at}/task"):
				found += map(int, pathlib.Path(f"/proc/{at}/task/{task}/children").read_text().split())
		except OSError:
			pass
	return found


def stat(pid):
	"""The fields of /proc/PID/stat from the third on."""
	return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def born(pid):
	"""When a process began, so that its number can be told from the same number used again; None: it is gone."""
	try:
		return stat(pid)[19]
	except OSError:
		return None


def cpu_us(pid):
	"""User and system time of a process of any number of threads, to a tick of the kernel's clock."""
	fields = stat(pid)
	return (int(fields[11]) + int(fields[12])) * 1_000_000 // TICK


def cpu_us_fine(pid):
	"""The same of a process of one thread, to the nanosecond; schedstat is not in every kernel."""
	try:
		return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) // 1000
	except OSError:
		return cpu_us(pid)


def memory_kib(pid, field="Pss"):
	rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
	return int(re.search(rf"^{field}:\s+(\d+) kB", rollup, re.M)[1])


class Sleeper(threading.Thread):
	"""How late this machine wakes who only sleeps: what no schedule on it can do better than."""

	def __init__(self, pause=0.005):
		super().__init__(daemon=True)
		self.pause, self.late, self.going = pause, [], True
		self.start()

	def run(self):
		while self.going:
			due = time.monotonic() + self.pause
			time.sleep(self.pause)
			self.late.append((time.monotonic() - due) * 1000)

	def lateness_ms(self):
		self.going = False
		self.join()
		return quantiles(self.late)


def quantiles(values):
	"""p50, p99 and the largest."""
	values = sorted(values)
	return [values[int((len(values) - 1) * part)] for part in (0.5, 0.99, 1)]


def make_certificates(folder):
	"""A CA and a leaf of ECDSA P-256, good for the name mx.bench.test and the sink's shared addresses."""
	names = ",".join(["DNS:mx.bench.test"] + [f"IP:127.0.0.{at + 1}" for at in range(ADDRESSES)])
	key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
	(folder / "leaf.ext").write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
	for words in (f"req -x509 {key} -keyout ca.key -out ca.pem -days 90 -subj /CN=bench.test",
	              f"req {key} -keyout leaf.key -out leaf.csr -subj /CN=mx.bench.test",
	              "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 80 -extfile leaf.ext -out leaf.pem"):
		subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)


class Sink:
	"""The server of the bench; its ports by manner, and what it counted."""

	def __init__(self, folder):
		self.program = start(BUILD / "tests/bench/sink", folder / "leaf.pem", folder / "leaf.key",
		                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
		self.port = json.loads(self.program.stdout.readline())

	def say(self, line):
		self.program.stdin.write(line + "\n")
		self.program.stdin.flush()
		return json.loads(self.program.stdout.readline())

	def finished(self, manner):
		return self.say("count")[manner][1]

	def open(self, manner):
		return self.say("count")[manner][2]

	def idle(self):
		"""Waits until nobody is there: what the last client left behind is not the next one's."""
		wait_until("the sink is idle", lambda: not any(row[2] for row in self.say("count").values()))


def median(values):
	return statistics.median(values)


class Table:
	"""Rows of four columns under headings; a row's goal is a test of its ratio or its figure."""

	def __init__(self):
		self.rows = []

	def heading(self, text):
		self.rows.append(("\n" + text,))

	def note(self, text):
		self.rows.append(("  " + " ".join(text.split())[:150],))

	def row(self, what, measured, ratio="", goal="", met=None):
		mark = {True: "met", False: "MISSED", None: ""}[met]
		self.rows.append((what, measured, ratio, goal, mark))

	def print(self, to):
		plain = [row for row in self.rows if len(row) > 1]
		widths = [max((len(row[at]) for row in plain), default=0) for at in range(5)]
		for row in self.rows:
			if len(row) == 1:
				print(row[0], file=to)
			else:
				cells = [row[0].ljust(widths[0]), *(row[at].rjust(widths[at]) for at in (1, 2)),
				         row[3].ljust(widths[3]), row[4]]
				print("  " + "  ".join(cells).rstrip(), file=to)
