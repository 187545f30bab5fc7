#!/usr/bin/python3
"""One labelled timeline in networks of its own, under a clock that runs faster: what is told is judged by what happened.

	tests/end-to-end/timeline.py KIND SEED

Times are seconds of the daemon's clock, from its start. Prints what was wrong, a line each; exit 1 if anything was.
"""
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import network
from daemon import Daemon

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
HERE = pathlib.Path(__file__).resolve().parent
SPEED = int(os.environ.get("TIMELINE_SPEED", 15))
BIRTH = 20          # by then all have been seen
WORD = re.compile(r"^(\d+-\d+-\d+ \d+:\d+:\d+) \S+ +(?:error|warning|notice|info) +(s\d+) (down|up|flapping|settled)\b(?!, a false)")
OURS = re.compile(r"^(\d+-\d+-\d+ \d+:\d+:\d+) \S+ +(?:error|warning|notice) +(?:we are cut off|our resolver has|for .* (?:no|our own)|.*target.* (?:ours or theirs|our network or theirs))")
CONFIG = """
state = "{folder}/state"; helo = "watch.test"; probers = 1; resolvers = [ "{resolver}" ]; timezone = "UTC";
log = {{ to = "stderr"; level = "debug"; }}; references = [ {references} ];
plugins = [ "{folder}/append.so" ]; notifiers = ( {{ name = "file"; plugin = "append"; storm = 0; file = "{folder}/told"; }} );
targets = ( {targets} );
"""


class Timeline:
	def __init__(self, kind, seed):
		self.kind, self.random = kind, random.Random(f"{kind}:{seed}")
		self.servers, self.references, self.length, self.late = 8, 0, 720, 260
		self.events, self.downs, self.ours = [], [], []     # (when, what), (server, from, to), (from, to)
		self.digests = self.blinds = (0, 0)
		self.named = False
		self.reloads = 0
		getattr(self, kind)()

	def at(self, when, what):
		self.events.append((when, what))

	def turn(self, when, server, mood, delay=0.0):
		self.at(when, lambda: self.say(f"{server} {mood} {delay / SPEED}"))

	def between(self, low, high):
		return self.random.uniform(low, high)

	def outage(self, server, begin, end):
		mood = self.random.choice(["refuses", "hangs", "closes"])
		self.turn(begin, server, mood)
		self.turn(end, server, "good")
		self.downs.append((server, begin, end))

	def away(self, begin, end, what):
		"""what: called with add and del."""
		self.at(begin, lambda: what("add"))
		self.at(end, lambda: what("del"))
		self.ours.append((begin, end))

	# The kinds

	def single(self):
		self.outage(3, self.between(120, 180), 600)

	def single_references(self):
		self.references = 2
		self.single()

	def cut(self):
		begin = self.between(120, 180)
		self.away(begin, begin + self.between(120, 220), self.cut_line)

	def cut_references(self):
		self.references, self.blinds = 2, (1, 1)
		self.cut()

	def cut_slow(self):
		for server in range(self.servers):
			self.turn(0, server, "good", self.between(5, 25))
		self.cut()

	def cut_few(self):
		self.servers = 3
		self.cut()

	def cut_one_really_down(self):
		self.cut()
		self.outage(2, self.between(130, 250), 700)

	def cut_killed(self):
		self.cut()
		for _ in range(3):
			self.at(self.between(130, 400), self.kill)

	def flaps(self):
		when = 120
		while when < 500:
			away = self.between(10, 60)
			self.away(when, when + away, self.cut_line)
			when += away + self.between(10, 60)

	def flaps_references(self):
		self.references, self.blinds = 2, (0, 3)
		self.flaps()

	def link_cut(self):
		self.blinds = (1, 1)
		begin = self.between(120, 180)
		self.away(begin, begin + self.between(150, 250), self.cut_link)

	def port_drops(self):
		self.references, self.digests = 2, (1, 2)
		self.away(self.between(120, 180), 600, lambda way: self.networks.rule(way, "iif", "near", "ipproto", "tcp", "dport", "25", "blackhole"))

	def port_prohibited(self):
		self.references, self.digests = 2, (1, 2)
		self.away(self.between(120, 180), 600, lambda way: self.networks.rule(way, "iif", "near", "ipproto", "tcp", "dport", "25", "prohibit"))

	def port_refuses(self):
		self.references, self.digests = 2, (1, 2)
		self.away(self.between(120, 180), 600, lambda way: self.networks.rule(way, "iif", "near", "ipproto", "tcp", "dport", "25", "table", "25"))

	def port_refuses_one_really_down(self):
		self.references, self.digests = 2, (1, 2)
		self.away(self.between(100, 120), 500, lambda way: self.networks.rule(way, "iif", "near", "ipproto", "tcp", "dport", "25", "table", "25"))
		self.outage(2, self.between(130, 400), 719)

	def provider(self):
		begin = self.between(120, 180)
		for server in range(4):
			self.outage(server, begin, 600)

	def killed(self):
		self.outage(3, self.between(120, 180), 600)
		for _ in range(4):
			self.at(self.between(100, 640), self.kill)

	def reloaded(self):
		"""Read again, killed and begun anew while we are cut off and right after: told once, and ended once."""
		self.references, self.blinds = 2, (1, 1)
		begin = self.between(100, 120)
		self.away(begin, begin + 330, self.cut_line)
		for when in (begin + 100, begin + 300):
			self.at(when, self.reload)
			self.at(when + self.between(40, 80), self.kill)

	def resolver_dead(self):
		self.named, self.blinds = True, (1, 1)
		begin = self.between(120, 180)
		self.away(begin, begin + self.between(200, 400), self.stop_resolver)

	def resolver_dead_one_really_down(self):
		self.resolver_dead()
		self.outage(3, self.between(200, 300), 715)

	# What they are made of

	def stop_resolver(self, way):
		self.names.send_signal(signal.SIGSTOP if way == "add" else signal.SIGCONT)

	def cut_line(self, way):
		self.networks.cut(way)

	def cut_link(self, way):
		self.networks.cut_link(way)

	def say(self, line):
		self.afar.stdin.write(line + "\n")
		self.afar.stdin.flush()

	def kill(self):
		"""The daemon with all its processes, or one of them."""
		children = self.daemon.children()
		victim = self.random.choice([None, "pw-monitor", "pw-prober-0"])
		if victim in children:
			os.kill(children[victim], signal.SIGKILL)
			return
		self.daemon.process.kill()
		self.daemon.process.wait()
		self.daemon.reader.join()
		self.lines += self.daemon.lines
		self.start()

	def reload(self):
		"""Something of no account is new."""
		self.reloads += 1
		path = pathlib.Path(self.path)
		path.write_text(re.sub(r'tls = "none";( tags = \[ "t\d" \];)?', f'tls = "none"; tags = [ "t{self.reloads}" ];',
		    path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
		self.daemon.process.send_signal(signal.SIGHUP)

	def start(self):
		environment = dict(os.environ, LD_PRELOAD=str(BUILD / "tests/fixtures/faster.so"), FASTER=f"{SPEED} {self.second}",
		    POSTWATCH_TEST_TIMES="silence=600s start=1200s backoff=1s")
		self.daemon = Daemon(str(BUILD / "postwatch"), self.path, "-L", str(BUILD / "plugins"), environment=environment)
		self.daemon.__enter__()

	def configure(self):
		hosts = [f"s{i}.d{i}.test" if self.named else f"10.{i + 1}.0.1" for i in range(self.servers)]
		targets = ", ".join(f'{{ name = "s{i}"; host = "{host}"; tls = "none"; }}' for i, host in enumerate(hosts))
		references = ", ".join(f'"10.{200 + i}.0.1:443"' for i in range(self.references))
		shutil.copy(BUILD / "tests/fixtures/plugins/notifier/append.so", self.folder)
		path = self.folder / "timeline.conf"
		path.write_text(CONFIG.format(folder=self.folder, references=references, targets=targets, resolver="10.0.0.1" if self.named else "127.0.0.1:1"), encoding="utf-8")
		return str(path)

	def now(self):
		return (time.time() - self.second) * SPEED - self.began

	def play(self):
		self.folder = pathlib.Path(tempfile.mkdtemp())
		self.networks, self.lines = network.Networks(), []
		self.afar = subprocess.Popen(self.networks.afar.within(sys.executable, str(HERE / "afar.py"), str(self.servers)), stdin=subprocess.PIPE,
		    stdout=subprocess.PIPE, text=True)
		self.names = subprocess.Popen(self.networks.router.within(sys.executable, str(HERE / "names.py"), "10.0.0.1"),
		    stdout=subprocess.PIPE, text=True)
		assert self.afar.stdout.readline() == self.names.stdout.readline() == "ready\n"
		self.second, self.path, self.began = int(time.time()), self.configure(), 0
		self.start()
		while not self.daemon.says("watching "):
			assert self.daemon.process.poll() is None, self.daemon.output()
			time.sleep(0.01)
		self.began = self.now()
		for when, what in sorted(self.events, key=lambda event: event[0]):
			while self.now() < when:
				time.sleep(0.005)
			what()
		while self.now() < self.length:
			time.sleep(0.05)
		self.daemon.stop()
		self.lines += self.daemon.lines
		told = self.folder / "told"
		self.told = told.read_text(encoding="utf-8") if told.exists() else ""
		self.afar.stdin.close()
		self.afar.wait()
		self.names.kill()
		self.names.wait()
		self.networks.end()
		shutil.rmtree(self.folder, ignore_errors=True)

	# The judge

	def when(self, stamp):
		told = time.mktime(time.strptime(stamp + " UTC", "%Y-%m-%d %H:%M:%S %Z")) - time.timezone
		return told - self.second - self.began

	def was_down(self, server, begin, end):
		return any(number == server and start < end and stop > begin for number, start, stop in self.downs)

	def judge(self):
		faults, last, first = [], {}, {}
		for line in self.lines:
			found = WORD.match(line)
			if not found:
				continue
			when, server, word = self.when(found[1]), int(found[2][1:]), found[3]
			digest = "(not told: digest" in line
			down = word in ("down", "flapping")
			if "(not told: " in line and not digest:
				continue
			if down == last.get(server, False) and "told together" not in line and not (word == "up" and server not in last):
				faults.append(f"doubled: {line.strip()}")
			if down and not self.was_down(server, when - 120, when) and not (digest and self.digests[1] > 0):
				faults.append(f"false: {line.strip()}")
			if down and self.was_down(server, when - 120, when):
				first.setdefault(server, when)
			last[server] = down
		for server, begin, end in self.downs:
			due = max([begin] + [stop for start, stop in self.ours if start < begin + 180 and stop > begin]) + self.late
			if due < end and server not in first:
				faults.append(f"missed: s{server} from {begin:.0f}")
			elif due < end and first[server] > due:
				faults.append(f"late: s{server} from {begin:.0f}, told at {first[server]:.0f}")
		handed = {(kind, int(number)) for kind, _, number in re.findall(r"^(\w+) (\w+) s(\d+) $", self.told, re.M)}
		faults += [f"handed out: {kind} of s{number}" for kind, number in handed if kind in ("down", "flapping", "outage", "up")
		    and not self.was_down(number, 0, self.length)]
		faults += [f"still down: s{server}" for server, down in last.items() if down and not self.was_down(server, self.length - 180, self.length)]
		ours = [line.strip() for line in self.lines if OURS.match(line)]
		faults += [line.strip() for line in self.lines if re.search(r" s\d+: our own trouble", line)]
		faults += [f"not reloaded: {self.reloads}"] if sum("goes on with the configuration" in line for line in self.lines) != self.reloads else []
		ended = sum("we see again, after" in line for line in self.lines)
		digests = sum("ours or theirs" in line or "our network or theirs" in line for line in ours)
		for name, number, allowed in (("digests", digests, self.digests), ("blind", len(ours) - digests, self.blinds)):
			if not allowed[0] <= number <= allowed[1]:
				faults.append(f"{number} {name}: {ours}")
		if ended != len(ours) - digests:
			faults.append(f"{ended} ends of what was told of ourselves: {ours}")
		return faults


KINDS = ["single", "single_references", "cut", "cut_references", "cut_slow", "cut_few", "cut_one_really_down", "cut_killed", "reloaded",
    "flaps", "flaps_references", "resolver_dead", "resolver_dead_one_really_down", "link_cut", "port_drops", "port_prohibited", "port_refuses", "port_refuses_one_really_down", "provider", "killed"]


def main(kind, seed):
	why = network.enter()
	if why:
		print(f"skipped: {why}")
		return 77
	timeline = Timeline(kind, seed)
	timeline.play()
	faults = timeline.judge()
	if faults or os.environ.get("TIMELINE_SHOW"):
		print(f"{kind} {seed}: down {timeline.downs}, ours {timeline.ours}, the daemon began at {timeline.began:.1f}")
		print("".join("| " + line for line in timeline.lines if not line.startswith(" ")))
		print("".join(f"> {line}\n" for line in timeline.told.splitlines()))
	for fault in faults:
		print(f"{kind} {seed}: {fault}")
	return 1 if faults else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1], sys.argv[2]))
