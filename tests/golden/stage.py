"""A daemon, its servers and those who are told, for the golden run: what they have heard is written down regularly.

Times, ports, keys and whatever else differs from run to run become words: what stays is what a person reads, its order
and its count.
"""
import contextlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests/end-to-end"))

import fake
import filler
import relays
from daemon import Daemon
from mailserver import Certificates
from watched import BUILD, PROGRAM, until

PATIENCE = 120
DEFAULTS = """
state = "{folder}/state"; helo = "watch.test"; probers = 1; timezone = "UTC"; log = {{ to = "stderr"; level = "info"; }};
defaults = {{ interval = "20s"; retry_interval = "10s"; tries = 3; recover_tries = 2; stale_after = "1h"; }};
"""


class Server(fake.Smtp):
	"""Says what `greeting` and `offers` are now, after `delay` seconds."""

	def __init__(self, **more):
		super().__init__(**more)
		self.greeting, self.delay = None, 0

	def dialogue(self, peer):
		if self.delay:
			threading.Event().wait(self.delay)
		if self.greeting is None:
			super().dialogue(peer)
		else:
			peer.sendall(self.greeting)
			self.line(peer)
			peer.sendall(b"221 bye\r\n")


class Hook(fake.Server):
	"""Keeps what a webhook brings to its path; the port may have been another's, and be asked for still."""

	def __init__(self, path):
		super().__init__()
		self.notices, self.path = [], path

	def start(self):
		hook = self

		class Handler(http.server.BaseHTTPRequestHandler):
			def do_POST(self):
				body = self.rfile.read(int(self.headers["content-length"]))
				if self.path == hook.path:
					hook.notices.append(json.loads(body))
				self.send_response(200 if self.path == hook.path else 404)
				self.end_headers()

			def log_message(self, *_):
				pass

		self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
		self.port = self.server.server_port
		threading.Thread(target=self.server.serve_forever, daemon=True).start()

	def stop(self):
		self.server.shutdown()
		self.server.server_close()


class Syslog(fake.Server):
	"""Keeps the datagrams that come."""

	def __init__(self):
		super().__init__()
		self.lines = []

	def open(self):
		datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		datagrams.bind(("127.0.0.1", 0))
		return datagrams

	def serve(self, datagrams):
		while True:
			try:
				line = datagrams.recv(65536)
			except OSError:
				return
			if not line:
				return
			if not line.startswith(b"<"):
				continue        # the port may have been a resolver's
			self.lines.append(line.decode("utf-8", "replace"))


class Stage:
	"""names: of its servers, each a target of that name; `targets` is what is configured, to be changed before `reload`."""

	def __init__(self, names=("mx",), more="", settings=str, mail="", hook="", syslog="", disk=False, speed=6, hidden=(), lifetime=0):
		"""settings: gives more of the configuration; disk: the state lies on a small file system of its own; speed: of the
		daemon's clock; hidden: names that are not watched at first; lifetime: minutes of
		the certificate that each shows, from now on; 0: they do not offer TLS."""
		self.folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR")))
		self.state = self.folder / "state"
		self.state.mkdir(mode=0o700)
		self.disk, self.speed, self.second = disk, speed, int(time.time())
		if disk:
			subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m,mode=700", "none", str(self.state)], check=True)
		self.servers = {name: Server() for name in names}
		self.relay, self.hook, self.syslog = relays.Relay(), Hook(f"/{self.folder.name}"), Syslog()
		tls = 'tls = "none";'
		if lifetime:
			tls = f'probe = "starttls"; sni = "mx.test"; verify = "full"; ca_file = "{self.folder}/ca.pem";'
			self.certificates = Certificates(self.folder)
			self.show_certificate("-not_before", self.stamp(0), "-not_after", self.stamp(lifetime))
		for server in (*self.servers.values(), self.relay, self.hook, self.syslog):
			server.start()
		self.targets = {name: f'name = "{name}"; host = "127.0.0.1"; port = {server.port}; {tls} {more}' for name, server in self.servers.items()}
		self.settings, self.more = settings(), {"mail": mail, "hook": hook, "log": syslog}
		self.hidden, self.daemons = set(hidden), []

	def __enter__(self):
		self.start()
		return self

	def __exit__(self, kind, *_):
		self.daemons[-1].stop()
		if kind is not None:
			print("".join("# | " + line for daemon in self.daemons for line in daemon.lines[-60:]), flush=True)
		for server in (*self.servers.values(), self.relay, self.hook, self.syslog):
			server.stop()
		if self.disk:
			subprocess.run(["umount", str(self.state)], check=True)
		shutil.rmtree(self.folder)

	def stamp(self, minutes):
		"""That time of the daemon's clock, as openssl(1) takes it."""
		return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(self.second + 60 * minutes))

	def show_certificate(self, *validity):
		"""From now on."""
		self.certificates.leaf("shown", validity)
		for server in self.servers.values():
			server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
			server.tls.load_cert_chain(self.folder / "shown.pem")

	def configure(self):
		ways = {"mail": f'plugin = "email"; relay = "127.0.0.1:{self.relay.port}"; tls = "none"; from = "Postwatch <watch@example.org>"; to = [ "ops@example.org" ];',
		    "hook": f'plugin = "webhook"; url = "http://127.0.0.1:{self.hook.port}{self.hook.path}";',
		    "log": f'plugin = "syslog"; facility = "local3"; address = "udp:127.0.0.1:{self.syslog.port}";'}
		notifiers = ", ".join(f'{{ name = "{name}"; {way} {self.more[name] or "storm = 0;"} }}' for name, way in ways.items())
		targets = ", ".join(f"{{ {target} }}" for name, target in self.targets.items() if name not in self.hidden)
		path = self.folder / "golden.conf"
		path.write_text(DEFAULTS.format(folder=self.folder) + self.settings + f"targets = ( {targets} );\nnotifiers = ( {notifiers} );\n", encoding="utf-8")
		return str(path)

	def start(self):
		environment = {**os.environ, "LD_PRELOAD": str((BUILD / "tests/fixtures/faster.so").resolve()), "FASTER": f"{self.speed} {self.second}",
		    "POSTWATCH_TEST_TIMES": "silence=600s start=1200s backoff=1s reload=1s"}
		environment.pop("NOTIFY_SOCKET", None)
		environment.pop("COLUMNS", None)        # commands print what they print where their output is no terminal
		self.environment = environment
		daemon = Daemon(PROGRAM, self.configure(), "-L", str(BUILD / "plugins"), environment=environment)
		daemon.__enter__()
		self.daemons.append(daemon)
		until(lambda: daemon.says("watching "), "it is ready", PATIENCE)

	def says(self, words, count=1):
		"""Waits until all daemons together have said so, so many times."""
		until(lambda: sum(words in line for daemon in self.daemons for line in list(daemon.lines)) >= count, words, PATIENCE)

	def told(self, kind, count=1, where="hook"):
		"""Waits until so many notices of a kind were taken."""
		if where == "hook":
			until(lambda: sum(notice["kind"] == kind for notice in list(self.hook.notices)) >= count, f"{kind} is told", PATIENCE)
		else:
			until(lambda: sum(f"X-Postwatch-Kind: {kind}".encode() in text for text in list(self.relay.texts)) >= count, f"{kind} is mailed", PATIENCE)

	def tells(self, *words):
		"""A command that has to be obeyed."""
		said = self.asks(*words)
		assert "exit status" not in said, said

	def asks(self, *words):
		"""What a command prints, and how it exits where that is not 0."""
		done = subprocess.run([PROGRAM, words[0], "-c", str(self.folder / "golden.conf"), *words[1:]], capture_output=True, text=True,
		    timeout=60, check=False, env={**self.environment, "NO_COLOR": "1"})
		return done.stdout + done.stderr + (f"exit status {done.returncode}\n" if done.returncode else "")

	def rows(self, query):
		with contextlib.closing(sqlite3.connect(f"file:{self.folder}/state/postwatch.db?mode=ro", uri=True, timeout=20)) as database:
			return database.execute(query).fetchall()

	def incidents(self):
		return [number for number, in self.rows("SELECT number FROM incidents ORDER BY number")]

	def is_quiet(self):
		"""Waits until nothing waits to be told."""
		until(lambda: not self.rows("SELECT 1 FROM deliveries WHERE state < 4"), "all is told", PATIENCE)

	def replays(self):
		"""Waits until the attempts that are kept, replayed under what is configured, tell what was told: their results are kept a second later."""
		figures = ("outages", "notices", "detected_after_median", "detected_after_longest")

		def agrees():
			answer = self.asks("backtest", "--json")
			said = [json.loads(line) for line in answer.splitlines() if line.startswith("{")]
			self.replayed = said[0] if said else answer
			return said and all(said[0]["told"][figure] == said[0]["configured"][figure] for figure in figures)
		try:
			until(agrees, "what is replayed is what was told", 8)
		except AssertionError as error:
			raise AssertionError(f"{error}: {self.replayed}") from None

	# What happens to it

	def fails(self, name):
		"""Waits until a run of a target that is down has failed behind the one that confirmed it: its evidence is the last failure."""
		def has_failed():
			rows = [json.loads(line) for line in self.asks("status", "--json", name).splitlines() if line.startswith("{")]
			return any(row["target"] == name and row["state"] == "down" and row["last_run"] > row["since"] for row in rows)
		until(has_failed, f"{name} fails again", PATIENCE)

	def passes(self, name, count):
		"""Waits until a server has been asked so many times more."""
		until_then = self.servers[name].connections + count
		until(lambda: self.servers[name].connections >= until_then, f"{name} is asked", PATIENCE)

	def without_target(self, name):
		self.hidden.add(name)

	def with_target(self, name):
		self.hidden.discard(name)

	def rename(self, name, new):
		self.servers[new] = self.servers.pop(name)
		self.targets[new] = self.targets.pop(name).replace(f'name = "{name}"', f'name = "{new}"; was = "{name}"')

	def reload(self):
		count = sum("watching " in line for line in list(self.daemons[-1].lines))
		self.configure()
		self.daemons[-1].process.send_signal(signal.SIGHUP)
		self.says("watching ", count + 1)

	def kill(self, duty):
		"""One process; waits for the next one of its kind."""
		killed = self.daemons[-1].children()[duty]
		os.kill(killed, signal.SIGKILL)
		until(lambda: self.daemons[-1].children().get(duty, killed) != killed, f"{duty} is there again", PATIENCE)

	def kill_all(self):
		self.daemons[-1].process.kill()
		self.daemons[-1].process.wait()
		self.start()

	def fill(self):
		"""The disk; waits until the keeper has failed to write."""
		filler.fill(self.state)
		self.says("cannot be written")

	def free(self):
		filler.free(self.state)
