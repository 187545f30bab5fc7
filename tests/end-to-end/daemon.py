"""`postwatch run` in the foreground, its output at hand while it runs."""
import contextlib
import pathlib
import re
import signal
import subprocess
import threading


# What nobody may do at an end, whatever was done to it before.
DIED_BADLY = re.compile(r"\) died (with|of SIG(SEGV|ABRT|BUS|FPE|ILL|SYS))")


class Daemon:
	"""before: words to run it by; confine: called in the new process, before it is the daemon."""

	def __init__(self, program, config, *words, environment=None, before=(), confine=None):
		self.command = [*before, program, "run", "-c", config, *words]
		self.environment = environment
		self.confine = confine
		self.lines = []
		self.status = None
		self.cannot_begin = None        # the process that cannot, as the log names it: it may also fail to while we end

	def __enter__(self):
		self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
		    errors="replace", env=self.environment, preexec_fn=self.confine)
		self.reader = threading.Thread(target=self.read, daemon=True)
		self.reader.start()
		return self

	def read(self):
		for line in self.process.stdout:
			self.lines.append(line)

	def output(self):
		return "".join(self.lines)

	def says(self, words):
		"""The first line that holds the words, or None."""
		return next((line for line in list(self.lines) if words in line), None)

	def children(self):
		"""The pids of its processes, by the name that each gave itself."""
		found = {}
		for pid in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(
		    encoding="ascii").split():
			with contextlib.suppress(FileNotFoundError, ProcessLookupError):        # it is gone since
				found[pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()] = int(pid)
		return found

	def stop(self):
		if self.process.poll() is None:
			self.process.send_signal(signal.SIGTERM)
		try:
			self.status = self.process.wait(timeout=30)
		except subprocess.TimeoutExpired:
			self.process.kill()
			self.status = self.process.wait()
		self.reader.join()

	def __exit__(self, kind, *_):
		lines = len(self.lines)
		self.stop()
		if kind is None:
			badly = [line for line in self.lines[lines:] if DIED_BADLY.search(line)
			    and not (self.cannot_begin and f"{self.cannot_begin} (" in line and "exit status 71" in line)]
			assert not badly, badly
