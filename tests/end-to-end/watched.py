"""Daemons on small servers of the test's own: configurations, waiting, and what would have woken somebody."""
import contextlib
import os
import pathlib
import tempfile
import time

from daemon import Daemon

BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
PROGRAM = str(BUILD / "postwatch")
SLOWER = 1 if BUILD.name == "build" else 4      # a sanitized build
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="watched", dir=os.environ.get("TMPDIR")))
PATIENCE = 20 * SLOWER
SHORT = f"silence={2 * SLOWER}s backoff=100ms window=60s hold=1h"
DUTIES = {"pw-keeper", "pw-monitor", "pw-prober-0"}


def until(holds, what, patience=PATIENCE):
	"""What a condition gives when it holds; it is looked at until then, not slept for."""
	deadline = time.monotonic() + patience
	while time.monotonic() < deadline:
		found = holds()
		if found:
			return found
		time.sleep(0.02)
	raise AssertionError(f"never: {what}")


def config_of(name, targets, **settings):
	"""A configuration with a state folder of its own, two probers unless said otherwise."""
	lines = {"state": f'"{FOLDER / name}.state"', "probers": 2, "helo": '"watch.test"'}
	lines.update(settings)
	path = FOLDER / f"{name}.conf"
	path.write_text("".join(f"{key} = {value};\n" for key, value in lines.items())
	    + "defaults = { interval = \"1s\"; retry_interval = \"1s\"; tries = 3; recover_tries = 1; };\n"
	    + "targets = ( " + ", ".join("{ " + target + " }" for target in targets) + " );\n", encoding="utf-8")
	return str(path)


def target(port, probe="banner", name=None, more="", host="127.0.0.1"):
	return f'name = "{name or f"at-{port}"}"; host = "{host}"; port = {port}; probe = "{probe}"; {more}'


@contextlib.contextmanager
def watching(name, targets, times=SHORT, environment=None, **settings):
	variables = {**os.environ, "POSTWATCH_TEST_TIMES": times, **(environment or {})}
	variables.pop("NOTIFY_SOCKET" if "NOTIFY_SOCKET" not in (environment or {}) else "", None)
	with Daemon(PROGRAM, config_of(name, targets, **settings), environment=variables) as daemon:
		try:
			until(lambda: daemon.says("watching ") or daemon.process.poll() is not None, "the daemon is ready")
			assert daemon.process.poll() is None
			yield daemon
		except AssertionError:
			print("".join("# | " + line for line in list(daemon.lines)[-60:]), flush=True)
			raise


def is_alive(pid):
	try:
		return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
	except (FileNotFoundError, ProcessLookupError):
		return False


def are_there(daemon, duties):
	"""All of them, alive, by name; or nothing yet."""
	with contextlib.suppress(FileNotFoundError):
		found = daemon.children()
		if duties <= set(found) and all(is_alive(pid) for pid in found.values()):
			return found
	return None


def waits_for_a_reader(pid):
	"""It opens a pipe with a name, to write."""
	place = pathlib.Path(f"/proc/{pid}/wchan").read_text(encoding="ascii")
	return "wait_for_partner" in place or "fifo_open" in place


def false_words(daemon):
	"""What would have woken somebody: that a target is up for the first time is no such word."""
	return [line for line in daemon.lines if len(words := line.split()) > 3 and words[3] in ("error", "warning", "notice")
	    and {"down", "down:", "up", "up:", "flapping"} & set(words)]
