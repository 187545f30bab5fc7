"""Start, recovery and reload at 100,000 targets of which 10,000 are down: how soon probes go on, and what is told twice."""
import os
import pathlib
import shutil
import signal
import tempfile
import time

import daemon
import kit
import notices

TARGETS, DOWN, MINUTE = 100000, 10000, 60
WINDOW = 10     # seconds looked at after each event
NOTIFIER = '{{ name = "out"; {} storm = 0; self_test = false; }}'


class World:
	"""The daemon with its incidents, and whom it tells."""

	def __init__(self, bench):
		self.sink, self.web = bench.sink, notices.Web()
		self.folder = pathlib.Path(tempfile.mkdtemp(prefix="recovery-"))
		self.web.on()
		kinds = (daemon.Targets(TARGETS - DOWN, self.sink.port["plain"], MINUTE, probe="smtp", tls="none"),
		         daemon.Targets(DOWN, notices.nobody(), MINUTE, probe="banner", tries=2, retry_interval="1s"))
		self.running = daemon.Daemon(self.folder, *kinds, probers=0, notifiers=NOTIFIER.format(self.web.settings()))

	def launch(self):
		self.running.launch(self.folder / "bench.conf")

	def told(self):
		"""Notices that are kept, deliveries that are over, posts that came."""
		query = "SELECT (SELECT count(*) FROM notices), (SELECT count(*) FROM deliveries WHERE state = 4)"
		return (*notices.rows(self.folder, query)[0], self.web.taken)

	def open(self):
		return notices.rows(self.folder, "SELECT count(*) FROM incidents WHERE ended = 0")[0][0]

	def pause(self, event):
		"""Does it; the longest time in which nobody was probed, from then on."""
		self.sink.say(f"record {TARGETS}")
		began = time.monotonic()
		event()
		time.sleep(max(0, began + WINDOW - time.monotonic()))
		self.sink.say(f"dump {self.folder / 'arrivals'}")
		times = [began, *(at for at in daemon.arrivals(self.folder / "arrivals") if at > began)]
		if len(times) < 2:
			raise kit.Failure("nobody is probed any more")
		return max(after - before for before, after in zip(times, times[1:]))

	def reload(self):
		"""With a target that is new: without one there is nothing to do."""
		with open(self.folder / "targets-0.txt", "a", encoding="ascii") as targets:
			targets.write(f"127.77.0.1:{self.sink.port['plain']} fresh\n")
		self.running.program.send_signal(signal.SIGHUP)

	def end(self):
		self.running.kill()
		self.web.off()
		shutil.rmtree(self.folder, ignore_errors=True)


def events(world):
	"""What happens to it, one after the other: a name, what comes before, and what is measured."""

	def strike(name):
		return lambda: os.kill(world.running.child(name), signal.SIGKILL)

	return (("start after a clean end", world.running.stop, world.launch),
	        ("start after kill -9 of all", world.running.kill, world.launch),
	        ("kill -9 of the keeper", None, strike("keeper")),
	        ("kill -9 of the monitor", None, strike("monitor")),
	        ("reload with one target more", None, world.reload))


def measure(bench, world):
	kit.progress(f"recovery: {DOWN} of {TARGETS} targets go down")
	kit.wait_until("all are down and told", lambda: world.told()[1] >= DOWN, 3 * MINUTE, 1)
	before, open_ = world.told(), world.open()
	for name, first, then in events(world):
		kit.progress(f"recovery: {name}")
		if first is not None:
			first()
		pause = world.pause(then)
		bench.table.row(f"{name}: nobody probed for", f"{pause:.2f} s", "", "< 3 s", pause < 3)
	kit.progress("recovery: another minute, in which everybody is probed")
	time.sleep(MINUTE + 3)
	again = [after - then for then, after in zip(before, world.told())]
	bench.table.row(f"{open_:,} incidents open before, after", f"{world.open():,}", "", "the same", world.open() == open_)
	bench.table.row("told again: notices, deliveries, posts", "{}, {}, {}".format(*again), "", "none", not any(again))


def recovery(bench):
	bench.table.heading(f"{TARGETS:,} targets with {DOWN:,} open incidents, each told")
	world = World(bench)
	try:
		measure(bench, world)
	finally:
		world.end()
