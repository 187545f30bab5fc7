"""Notices: how many a second go out of a full outbox, how soon one is there when idle, and what many open ones cost a start."""
import contextlib
import pathlib
import shutil
import socket
import sqlite3
import tempfile
import threading
import time

import daemon
import kit

BATCH = 1000
OPEN = 100000
SINGLE = 40


class Sink:
	"""Takes connections, each in a thread; off: it refuses. What it answers is a class's own."""

	def __init__(self):
		with socket.create_server(("127.0.0.1", 0)) as probe:
			self.port = probe.getsockname()[1]
		self.taken, self.listener = 0, None

	def on(self):
		self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
		threading.Thread(target=self.serve, args=(self.listener,), daemon=True).start()

	def off(self):
		if self.listener is not None:
			with contextlib.suppress(OSError):
				self.listener.shutdown(socket.SHUT_RDWR)
			self.listener.close()
		self.listener = None

	def serve(self, listener):
		with contextlib.suppress(OSError):
			while True:
				threading.Thread(target=self.guarded, args=(listener.accept()[0],), daemon=True).start()

	def guarded(self, peer):
		peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
		with contextlib.suppress(OSError, ValueError), peer, peer.makefile("rb") as stream:
			self.talk(peer, stream)


class Web(Sink):
	"""HTTP, connections that stay."""

	def settings(self):
		return f'plugin = "webhook"; url = "http://127.0.0.1:{self.port}/";'

	def talk(self, peer, stream):
		while stream.readline():
			size = 0
			for line in iter(stream.readline, b"\r\n"):
				if line.lower().startswith(b"content-length:"):
					size = int(line.split(b":")[1])
			stream.read(size)
			self.taken += 1
			peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


class Relay(Sink):
	"""SMTP in clear."""

	def settings(self):
		return (f'plugin = "email"; relay = "127.0.0.1:{self.port}"; tls = "none"; from = "watch@example.test"; '
		        'to = [ "ops@example.test" ];')

	def talk(self, peer, stream):
		peer.sendall(b"220 relay.test ESMTP\r\n")
		for line in stream:
			word = line[:4].upper()
			if word == b"DATA":
				peer.sendall(b"354 go on\r\n")
				while stream.readline() != b".\r\n":
					pass
				self.taken += 1
				peer.sendall(b"250 2.0.0 taken\r\n")
			elif word == b"QUIT":
				peer.sendall(b"221 bye\r\n")
				return
			else:
				peer.sendall(b"250-relay.test\r\n250 PIPELINING\r\n" if word == b"EHLO" else b"250 ok\r\n")


def nobody():
	"""A port that nobody listens on."""
	with socket.create_server(("127.0.0.1", 0)) as free:
		return free.getsockname()[1]


def watch(folder, sink, count, port, interval):
	"""The daemon with one notifier; targets are refused where nobody listens on the port."""
	targets = daemon.Targets(count, port, interval, probe="banner", retry_interval="1s", recover_tries=1)
	return daemon.Daemon(folder, targets, notifiers=f'{{ name = "out"; {sink.settings()} storm = 0; self_test = false; }}')


def rows(folder, query):
	with contextlib.closing(sqlite3.connect(f"file:{folder}/state/postwatch.db?mode=ro", uri=True, timeout=10)) as database:
		return database.execute(query).fetchall()


def batch(kind):
	"""Notices a second while 1,000 wait."""
	folder, sink = pathlib.Path(tempfile.mkdtemp(prefix="notices-")), kind()
	running = watch(folder, sink, BATCH, nobody(), 60)
	try:
		kit.wait_until("all are down", lambda: rows(folder, "SELECT count(*) FROM deliveries WHERE state < 4")[0][0] >= BATCH, 120)
		sink.on()
		kit.wait_until("the batch is out", lambda: rows(folder, "SELECT count(*) FROM deliveries WHERE state = 4")[0][0] >= BATCH, 150)
		(first, last, count), = rows(folder, "SELECT min(ended), max(ended), count(*) FROM deliveries WHERE state = 4")
		return (count - 1) / ((last - first) / 1e6)
	finally:
		running.kill()
		sink.off()
		shutil.rmtree(folder, ignore_errors=True)


def single(kind):
	"""Microseconds from confirmed to the receipt, one at a time."""
	folder, sink = pathlib.Path(tempfile.mkdtemp(prefix="notices-")), kind()
	sink.on()
	running = watch(folder, sink, SINGLE, nobody(), 20)
	try:
		kit.wait_until("all is told", lambda: rows(folder, "SELECT count(*) FROM deliveries WHERE state = 4")[0][0] >= SINGLE, 90)
		return [ended - confirmed for ended, confirmed in rows(folder,
		    "SELECT d.ended, n.confirmed FROM deliveries d JOIN notices n ON n.number = d.notice WHERE d.state = 4 AND n.kind = 'down'")]
	finally:
		running.kill()
		sink.off()
		shutil.rmtree(folder, ignore_errors=True)


def fill(folder):
	"""As after a long time without a way out: notices of our own, each with its delivery."""
	with contextlib.closing(sqlite3.connect(folder / "state" / "postwatch.db")) as database:
		(first,), now = database.execute("SELECT coalesce(max(number), 0) + 1 FROM notices").fetchone(), time.time_ns() // 1000
		numbers = range(first, first + OPEN)
		database.executemany("INSERT INTO notices (number, target, change, kind, incident, code, detected, confirmed, text, silences, rest) "
		    "VALUES (?, 0, ?, 'impaired', 0, 'bench', ?, ?, x'61', '', x'')", ((n, n, now, now) for n in numbers))
		database.executemany("INSERT INTO deliveries VALUES (?, 'out', '', 0, 1, 0, 0, 0, ?, 0, 0, 0, 0, x'', x'')",
		    ((n, now) for n in numbers))
		database.commit()


def start_seconds(full):
	"""From the fork until it is ready, with an outbox that is empty, or full."""
	folder, sink = pathlib.Path(tempfile.mkdtemp(prefix="notices-")), Web()
	try:
		running = watch(folder, sink, 1, nobody(), 60)
		running.stop()
		if full:
			fill(folder)
		running.launch(folder / "bench.conf")
		running.kill()
		return running.start_seconds
	finally:
		shutil.rmtree(folder, ignore_errors=True)


def notices(bench):
	bench.table.heading("Notices: one notifier, loopback")
	for name, kind, least in (("webhook", Web, 200), ("e-mail", Relay, 50)):
		kit.progress(f"notices: {BATCH} by {name}")
		rate = batch(kind)
		bench.table.row(f"{name}, {BATCH} waiting", f"{rate:,.0f}/s", "", f">= {least}/s", rate >= least)
	for name, kind in (("webhook", Web), ("e-mail", Relay)):
		kit.progress(f"notices: one at a time by {name}")
		times = sorted(single(kind))
		p50, p99 = times[len(times) // 2] / 1e3, times[-1] / 1e3
		bench.table.row(f"{name}, confirmed to receipt, p50 and largest of {len(times)}", f"{p50:.1f} ms {p99:.1f} ms", "", "< 250 ms",
		                p99 < 250)
	kit.progress(f"notices: a start with {OPEN} open deliveries")
	full, empty = start_seconds(True), start_seconds(False)
	bench.table.row(f"start with {OPEN:,} open deliveries", f"{full:.2f} s", f"{empty:.2f} s empty", "< 3 s", full < 3)
