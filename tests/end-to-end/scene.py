"""A daemon that may be killed in each of its parts and started again, its servers, and what was told of them.

A notifier of the tests appends to a file, and has it on the disk before it answers.
"""
import collections
import contextlib
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import threading
import time

import fake
from daemon import Daemon
from watched import BUILD, FOLDER, PROGRAM, SLOWER, config_of, target, until

PLUGIN = pathlib.Path(BUILD / "tests/fixtures/plugins/notifier/append.so").resolve()
APPEND = pathlib.Path(FOLDER / "append.so")
SERVERS = 6
HASTY = f"silence={2 * SLOWER}s backoff=20ms window=1s hold=1h"


class Scene:
	"""A daemon that may be killed and started again, its servers, and what was told of them."""

	def __init__(self, name, program=PROGRAM, servers=None, probe="banner", more="", times=HASTY):
		"""servers: not begun yet; probe and more: of each target, its settings (one for all, or one for each)."""
		self.name, self.program, self.times = name, program, times
		self.servers = servers or [fake.Smtp() for _ in range(SERVERS)]
		for server in self.servers:
			server.start()
		self.told = FOLDER / f"{name}.told"
		self.store = FOLDER / f"{name}.state" / "postwatch.db"
		self.outages = collections.Counter()
		self.kills = 0
		self.probe = probe
		self.path = self.configure(more)
		self.daemons = []
		self.start()

	def configure(self, more):
		"""Writes what it watches, `more` of each target; gives the path."""
		more = [more] * len(self.servers) if isinstance(more, str) else more
		targets = [target(server.port, self.probe, f"s{i}", more[i], server.address) for i, server in enumerate(self.servers)]
		return config_of(self.name, targets, plugins=f'[ "{APPEND}" ]', probers=1,
		    notifiers=f'( {{ name = "file"; plugin = "append"; storm = 0; file = "{self.told}"; }} )')

	def start(self):
		variables = {**os.environ, "POSTWATCH_TEST_TIMES": self.times}
		variables.pop("NOTIFY_SOCKET", None)
		daemon = Daemon(self.program, self.path, "-L", str(BUILD / "plugins"), environment=variables)
		daemon.__enter__()
		self.daemons.append(daemon)
		until(lambda: daemon.says("watching ") or daemon.process.poll() is not None, "it is ready", 60 * SLOWER)
		assert daemon.process.poll() is None, daemon.output()

	def end(self):
		self.daemons[-1].stop()
		for server in self.servers:
			server.stop()

	def rows(self, query, *values):
		with contextlib.closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=5)) as database:
			return database.execute(query, values).fetchall()

	def is_open(self, i, unknown=False):
		"""unknown: what to say where the store cannot be read now."""
		with contextlib.suppress(sqlite3.Error):
			return bool(self.rows("SELECT 1 FROM incidents i JOIN targets t ON t.number = i.target WHERE t.name = ? AND i.ended = 0", f"s{i}"))
		return unknown

	def up(self, i):
		return any(daemon.says(f"s{i} up") for daemon in self.daemons)

	def outage(self, i):
		"""One that is confirmed, and its end."""
		self.servers[i].stop()
		until(lambda: self.is_open(i), f"{self.name}: the outage of s{i} is kept", 90 * SLOWER)
		self.outages[i] += 1
		self.servers[i].start()
		until(lambda: not self.is_open(i), f"{self.name}: its end is kept", 90 * SLOWER)

	def kill(self, victim):
		daemon = self.daemons[-1]
		if victim == "tree":
			daemon.process.send_signal(signal.SIGKILL)
			daemon.process.wait()
			self.kills += 1
			self.start()
			return
		pid = daemon.children().get(victim)
		if pid:
			with contextlib.suppress(ProcessLookupError):
				os.kill(pid, signal.SIGKILL)
				self.kills += 1

	def is_told(self):
		with contextlib.suppress(sqlite3.Error):
			return not self.rows("SELECT 1 FROM deliveries WHERE state < 4")
		return False

	def is_kept(self):
		"""What a keeper said to be committed was what the next one had: none had to be told again what is open."""
		return not any(daemon.says("what is open is said again") for daemon in self.daemons)

	def judge(self):
		"""None lost, none false, none out of order; at most one twice for each kill."""
		assert self.is_kept(), f"{self.name}: what was committed is kept"
		lines = re.findall(r"^(\w+) (\w+) (s\d+) $", self.told.read_text(encoding="utf-8"), re.M)
		seen, repeated = set(), 0
		told = collections.defaultdict(list)
		for kind, key, name in lines:
			repeated += key in seen
			if key not in seen:
				told[name].append(kind)
			seen.add(key)
		for i in range(len(self.servers)):
			words = [word for kind in told[f"s{i}"] for word in (["down", "up"] if kind == "outage" else [kind])]
			assert words == ["down", "up"] * self.outages[i], (self.name, i, self.outages[i], told[f"s{i}"])
		assert repeated <= self.kills, (self.name, repeated, self.kills)
		return repeated


class Outages:
	"""Of all servers of a scene, two of each in a flapping window (seconds), until so many kills are done."""

	def __init__(self, scene, kills, flapping):
		self.scene, self.kills, self.flapping, self.trouble = scene, kills, flapping, []
		self.threads = [threading.Thread(target=self.happen, args=(i,), daemon=True) for i in range(len(scene.servers))]
		for thread in self.threads:
			thread.start()

	def happen(self, i):
		over = []
		try:
			while len(over) < 2 or self.go_on(over):
				self.scene.outage(i)
				over.append(time.monotonic())
		except AssertionError as error:
			self.trouble.append(error)

	def go_on(self, over):
		"""Whether one more is to be; waits until it would not be flapping."""
		while self.scene.kills < self.kills and not self.trouble and time.monotonic() < over[-2] + self.flapping:
			time.sleep(0.1)
		return self.scene.kills < self.kills and not self.trouble

	def join(self):
		for thread in self.threads:
			thread.join()
		assert not self.trouble, self.trouble


def prepare():
	if not APPEND.exists():
		shutil.copy(PLUGIN, APPEND)
		APPEND.chmod(0o644)
