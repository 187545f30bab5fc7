"""A server, a daemon on a disk that may fall sick, and what a notifier was told of both."""
import collections
import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess

import fake
from watched import BUILD, FOLDER, PROGRAM, SHORT, target, watching

PLUGIN = pathlib.Path(BUILD / "tests/fixtures/plugins/notifier/append.so").resolve()
APPEND = pathlib.Path(FOLDER / "append.so")
Told = collections.namedtuple("Told", "kind key thread target recorded text")


class Scene:
	"""One server `mx`, and the state folder of a daemon that watches it."""

	def __init__(self, name):
		self.name = name
		self.state = FOLDER / f"{name}.state"
		self.file = self.state / "postwatch.db"
		self.history = self.state / "history.db"
		self.notices = FOLDER / f"{name}.told"
		self.smtp = fake.Smtp()
		if not APPEND.exists():
			shutil.copy(PLUGIN, APPEND)
			APPEND.chmod(0o644)

	@contextlib.contextmanager
	def watching(self, up=True):
		"""up: whether the server is."""
		self.smtp.start()
		if not up:
			self.smtp.stop()
		try:
			with watching(self.name, [target(self.smtp.port, name="mx")], times=SHORT, probers=1, plugins=f'[ "{APPEND}" ]',
			    notifiers=f'( {{ name = "file"; plugin = "append"; storm = 0; body = true; file = "{self.notices}"; }} )') as daemon:
				yield daemon
		finally:
			self.smtp.stop()

	def rows(self, query):
		with contextlib.suppress(sqlite3.Error):
			with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=5)) as database:
				return database.execute(query).fetchall()
		return []

	def incidents(self):
		"""Whether each has ended."""
		return [bool(ended) for ended, in self.rows("SELECT ended FROM incidents ORDER BY number")]

	def all_told(self):
		"""What was told, in order, each key once."""
		found = {}
		lines = self.notices.read_text(encoding="utf-8").splitlines() if self.notices.is_file() else []
		for line in lines:
			if line.startswith('{"'):
				told = json.loads(line)
				key = told["key"]
				found.setdefault(key, Told(told["kind"], key, told["thread"], told["target"], not told["not_recorded"], told["text"]))
		return list(found.values())

	def told(self, kind=None):
		"""The kinds of what was told about the server."""
		return [told.kind for told in self.all_told() if told.target and kind in (None, told.kind)]

	def ours(self):
		"""The kinds of what the daemon told about itself."""
		return [told.kind for told in self.all_told() if not told.target]

	def says(self, *words):
		"""What a command prints."""
		return subprocess.run([PROGRAM, words[0], "-S", str(self.state), *words[1:]], capture_output=True, text=True, timeout=20,
		    check=False, env={**os.environ, "NO_COLOR": "1"})
