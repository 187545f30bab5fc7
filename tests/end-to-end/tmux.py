"""A terminal whose page can be read: tmux, with a server of the test's own."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import tap


class Terminal:
	"""One window; a command is typed into it where its shell waits."""

	def __init__(self, columns=80, rows=24, patience=20, **variables):
		if shutil.which("tmux") is None:
			raise tap.Skip("tmux is not installed")
		self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tmux", dir=os.environ.get("TMPDIR")))
		self.patience = patience
		self.environment = {**os.environ, "TMUX_TMPDIR": str(self.folder), "LC_ALL": "C.UTF-8"}
		for name in ("TMUX", "COLUMNS", "LINES", "NO_COLOR"):
			self.environment.pop(name, None)
		self.environment.update(variables)
		self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), "exec env PS1='$ ' sh -i")
		self.wait(lambda page: page[0].startswith("$"), "a shell")

	def tmux(self, *words):
		return subprocess.run(["tmux", "-u", "-f", "/dev/null", *words], env=self.environment, capture_output=True, text=True, check=True,
		    timeout=20).stdout

	def keys(self, *keys):
		"""Names of keys as tmux has them, one by one."""
		self.tmux("send-keys", *keys)

	def type(self, text):
		"""As it stands."""
		self.tmux("send-keys", "-l", text)

	def run(self, command):
		self.type(command)
		self.keys("Enter")

	def page(self):
		return self.tmux("capture-pane", "-p").split("\n")[:-1]

	def wait(self, holds, what):
		deadline = time.monotonic() + self.patience
		while not holds(page := self.page()):
			if time.monotonic() > deadline:
				raise AssertionError(f"never: {what}\n" + "\n".join(page))
			time.sleep(0.02)
		return page

	def wait_for(self, text):
		"""The page once the text is on it."""
		return self.wait(lambda page: any(text in line for line in page), text)

	def resize(self, columns, rows):
		self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

	def __enter__(self):
		return self

	def __exit__(self, *_):
		subprocess.run(["tmux", "kill-server"], env=self.environment, capture_output=True, check=False, timeout=20)
		shutil.rmtree(self.folder, ignore_errors=True)
