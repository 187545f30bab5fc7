"""The situations of the golden run: each is a function of a stage, and what is heard in it is written down."""
import os
import time

from regular import Regular
from stage import Stage

SCENES = []


def scene(**stage):
	"""Of this stage."""
	def add(function):
		function.stage = stage
		SCENES.append((function.__name__, function))
		return function
	return add


def all():
	return SCENES


def play(function):
	"""What was heard, regular."""
	with Stage(**function.stage) as stage:
		function(stage)
		stage.is_quiet()
		if function is not killed:      # what its monitor had not passed on is not kept
			stage.replays()
		asked = [(f"postwatch {' '.join(words)}", stage.asks(*words)) for words in questions(stage)]
	ports = [(f":{server.port}", f":{name.upper()}") for name, server in stage.servers.items()]
	ports += [(f"port {server.port}", f"port {name.upper()}") for name, server in stage.servers.items()]
	ports += [(f": {server.port},", f": {name.upper()},") for name, server in stage.servers.items()]
	regular = Regular([(str(stage.folder), "FOLDER"), *ports], os.uname().nodename, stage.speed > 10)
	heard = [("log", regular.text(log_of(stage)))]
	heard += [(f"mail {i}", regular.mail(text)) for i, text in enumerate(stage.relay.texts, 1)]
	heard += [(f"webhook {i}", regular.json(notice)) for i, notice in enumerate(stage.hook.notices, 1)]
	heard += [("syslog", regular.text("".join(line + "\n" for line in stage.syslog.lines)))]
	heard += [(question, regular.rows(answer)) for question, answer in asked]
	return "".join(f"=== {regular.text(name)}\n{text}" for name, text in heard)


def questions(stage):
	yield ("status",)
	yield ("status", "--json", "--totals")
	yield ("incidents",)
	yield ("incidents", "--json")
	for incident in stage.incidents():
		yield ("show", str(incident))
		yield ("show", "--json", str(incident))
	for target in stage.servers:
		yield ("history", target)
	yield ("outbox",)


def window_of(minutes):
	"""A window that is in force now, and for so many minutes of the daemon's clock."""
	now = int(time.time()) // 60
	begin, end = (f"{at // 60 % 24:02}:{at % 60:02}" for at in (now, now + minutes + 1))
	return f'windows = ( {{ targets = [ "mx" ]; when = "Mon-Sun {begin}-{end}"; timezone = "UTC"; why = "patches"; }} );'


def log_of(stage):
	"""What it says of each server, in order; then all else, sorted: two processes may say theirs in either order."""
	lines = [line for daemon in stage.daemons for line in daemon.lines]
	blocks = []
	for line in lines:
		if line.startswith(" ") and blocks:
			blocks[-1] += line
		else:
			blocks.append(line)
	words = [block.split(None, 4) for block in blocks]
	of = {name: [block for block, word in zip(blocks, words) if len(word) > 4 and word[4].split()[0].rstrip(":") == name] for name in stage.servers}
	return "".join("".join(block) for name in of for block in of[name])



def goes_and_comes(stage):
	"""The server mx, told each time."""
	stage.servers["mx"].stop()
	stage.told("down")
	stage.fails("mx")
	stage.servers["mx"].start()
	stage.told("up")


@scene()
def outage(stage):
	"""a server goes down and comes back"""
	stage.says("mx up")
	goes_and_comes(stage)


# The server has to be back before it is tried again.
@scene(more='retry_interval = "2m";')
def suspect(stage):
	"""a server fails once: nobody is told"""
	stage.says("mx up")
	stage.servers["mx"].stop()
	stage.says("mx suspect")
	stage.servers["mx"].start()
	stage.passes("mx", 2)


@scene(more='slow = { banner = "3s"; };')
def slow(stage):
	"""a greeting comes late, and is soon enough again"""
	stage.says("mx up")
	stage.servers["mx"].delay = 0.6
	stage.told("degraded")
	stage.servers["mx"].delay = 0
	stage.told("cleared")


@scene()
def silent(stage):
	"""a server accepts and says nothing"""
	stage.says("mx up")
	stage.servers["mx"].silent = True
	stage.told("down")
	stage.fails("mx")
	stage.servers["mx"].silent = False
	stage.told("up")


@scene(hook='storm = 0; kinds = [ "fact", "down", "up" ];')
def changed(stage):
	"""a server offers less than it did"""
	stage.says("mx up")
	stage.servers["mx"].offers = ["SIZE 5000000"]
	stage.told("fact")


@scene(more='flap_window = "10m";', speed=10)
def flapping(stage):
	"""a server goes down again and again, and settles"""
	stage.says("mx up")
	for count in range(1, 4):
		stage.servers["mx"].stop()
		stage.says("mx down", count) if count < 3 else stage.told("flapping")
		stage.fails("mx")
		stage.servers["mx"].start()
		stage.says("mx up after", count) if count < 3 else None
	stage.told("settled")


@scene()
def tempfail(stage):
	"""a server refuses for now, for longer than its grace, and takes up its work again"""
	stage.says("mx up")
	stage.servers["mx"].greeting = b"451 4.3.0 Temporary lookup failure\r\n"
	stage.told("down")
	stage.fails("mx")
	stage.servers["mx"].greeting = None
	stage.told("up")


# A tenth of a second of a busy machine is four seconds of the scene.
@scene(speed=40, lifetime=40, more='slow = { connect = "15s"; banner = "30s"; ehlo = "15s"; starttls = "15s"; handshake = "15s"; };')
def expired(stage):
	"""a certificate comes to its end, is out of date, and is renewed"""
	stage.says("mx up")
	stage.told("down")
	stage.fails("mx")
	stage.show_certificate("-days", "365")
	stage.told("up")


@scene()
def blocked(stage):
	"""a server refuses us by policy, and no longer"""
	stage.says("mx up")
	stage.servers["mx"].greeting = b"554 5.7.1 Your address 127.0.0.1 is on a list of ours\r\n"
	stage.told("blocked")
	stage.servers["mx"].greeting = None
	stage.told("cleared")


@scene(names=("a", "b", "c", "d", "e", "f"), more='tags = [ "lab" ];', hook="storm = 2;", mail="storm = 2;", syslog="storm = 2;")
def storm(stage):
	"""more than a notifier takes in a minute is a digest"""
	for name in stage.servers:
		stage.says(f"{name} up")
	stage.tells("pause", "tag:lab", "--for", "1h", "--why", "a test")
	for name, server in stage.servers.items():
		server.stop()
		stage.says(f"{name} down")
	stage.tells("resume", "tag:lab")
	stage.told("digest", where="mail")
	stage.told("down", 6)


@scene()
def pause(stage):
	"""what happens in a pause is told when it ends, if it is still so"""
	stage.says("mx up")
	stage.tells("pause", "mx", "--for", "1h", "--why", "new disks")
	stage.servers["mx"].stop()
	stage.says("mx down")
	stage.tells("resume", "mx")
	stage.told("down")
	stage.fails("mx")
	stage.servers["mx"].start()
	stage.told("up")


@scene(settings=lambda: window_of(5))
def window(stage):
	"""what begins in a window of maintenance is told when that ends, if it is still so"""
	stage.says("mx up")
	goes_and_comes(stage)


@scene(names=("mx", "other"), hook='storm = 0; remind = [ "1m", "2m" ];')
def acknowledged(stage):
	"""an incident that is acknowledged is told of no more until it ends"""
	stage.says("mx up")
	stage.servers["mx"].stop()
	stage.told("reminder")
	stage.tells("ack", "1", "--why", "on it")
	stage.passes("other", 12)
	stage.fails("mx")
	stage.servers["mx"].start()
	stage.told("up")


@scene(hook='storm = 0; after = "2m";')
def escalated(stage):
	"""what lasts is told to one more"""
	stage.says("mx up")
	goes_and_comes(stage)


@scene(names=("old", "gone", "new"), hidden=("new",), speed=3)
def reload(stage):
	"""a reload renames a target that is down, removes one that is, and adds one"""
	for name in "old", "gone":
		stage.says(f"{name} up")
		stage.servers[name].stop()
		stage.says(f"{name} down")
	stage.told("down", 2)
	stage.rename("old", "renamed")
	stage.without_target("gone")
	stage.with_target("new")
	stage.reload()
	stage.told("stopped")
	stage.says("new up")
	stage.fails("renamed")
	stage.servers["renamed"].start()
	stage.told("up")


@scene(mail='storm = 0; fallback = "hook"; channel_grace = "3m";', hook='storm = 0; kinds = [ "impaired", "test" ];')
def fallback(stage):
	"""a relay that takes nothing: somebody else is told, and that it is so, and it is told when the relay is back"""
	stage.says("mx up")
	stage.relay.replies["RCPT"] = b"451 4.3.0 try again later\r\n"
	stage.servers["mx"].stop()
	stage.told("down")
	stage.told("impaired")
	stage.relay.replies.clear()
	stage.told("down", where="mail")
	stage.fails("mx")
	stage.servers["mx"].start()
	stage.told("up", where="mail")


# What cannot be written is seen by nobody: the server has to be back before it is tried again.
@scene(disk=True, more='interval = "3m"; retry_interval = "10s";')
def full(stage):
	"""the disk is full while a server goes down and comes back"""
	stage.says("mx up")
	stage.fill()
	stage.servers["mx"].stop()
	stage.told("down")
	stage.servers["mx"].start()
	stage.told("up")
	stage.free()
	stage.told("cleared")


@scene()
def killed(stage):
	"""each of the processes dies while a server is down"""
	stage.says("mx up")
	stage.servers["mx"].stop()
	stage.told("down")
	stage.is_quiet()
	for duty in "pw-keeper", "pw-monitor", "pw-prober-0":
		stage.kill(duty)
	stage.kill_all()
	stage.fails("mx")
	stage.servers["mx"].start()
	stage.told("up")
