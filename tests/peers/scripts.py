"""Scripts as the runners see them: the `run` blocks of NAME.peer, and the peer program that plays the rest."""
import os
import pathlib
import re
import shlex
import subprocess
import threading

BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
FOLDER = pathlib.Path("tests/peers")
GREETING_PHASES = ("resolve", "connect", "banner", "quit", "leg")
PHASES = {name: (int(routine), int(patient), int(slow)) for name, routine, patient, slow in
    re.findall(r"^PHASE\((\w+),\s*(\d+),\s*(\d+),\s*(\d+)\)", pathlib.Path("include/postwatch/phases.def").read_text(),
    re.M)}
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}


def seconds(word):
	number, unit = re.fullmatch(r"([\d.]+)\s*(\w+)", word).groups()
	return float(number) * UNITS[unit]


class Run:
	"""One probe of one peer, and what must come of it."""

	def __init__(self, path, line, peer, words, wants):
		self.path, self.line, self.peer, self.wants = path, line, peer, wants
		self.probe, self.host, self.scale, self.inject, self.cert, self.path_kind = "smtp", None, 1, None, "good", None
		self.patient = self.slow = False
		self.settings = {}
		for word in words:
			key, _, value = word.partition("=")
			if key in ("probe", "host", "inject", "cert"):
				setattr(self, key, value)
			elif key == "path":
				self.path_kind = value
			elif key == "scale":
				self.scale = int(value)
			elif word in ("patient", "slow"):
				setattr(self, word, True)
			elif word in ("whole", "tcp"):      # for tests/unit/peers_split.c
				pass
			else:
				self.settings[key] = value

	def name(self):
		words = [self.probe] + [f"{key}={value}" for key, value in self.settings.items()]
		words += ["patient"] if self.patient else []
		words += [f"cert={self.cert}"] if self.cert != "good" else []
		words += [word for word in (self.host, self.path_kind, self.inject) if word]
		return f"{self.path.stem}:{self.line} {self.peer} {' '.join(words)}"

	def scaled(self, key, value):
		limit = re.match(r"(limits|patient_limits|slow)\.", key)
		return f"{seconds(value) * 1000 / self.scale:.0f}ms" if limit else value

	def arguments(self):
		"""The settings as `postwatch probe` takes them. Scaled limits leave room for a busy machine: what is slow is
		scaled only where the script is about it."""
		given = {key: self.scaled(key, value) for key, value in self.settings.items()}
		for phase, (routine, patient, slow) in PHASES.items():
			if phase in ("auth", "mail", "rcpt") or (self.probe == "banner" and phase not in GREETING_PHASES):
				continue
			if self.scale > 1:
				given.setdefault(f"limits.{phase}", f"{routine * 1000 // self.scale}ms")
				given.setdefault(f"patient_limits.{phase}", f"{patient * 1000 // self.scale}ms")
			if self.slow and slow:
				given.setdefault(f"slow.{phase}", f"{slow * 1000 // self.scale}ms")
		words = [word for key, value in given.items() for word in ("-s", f"{key}={value}")]
		return words + (["--patient"] if self.patient else [])


def read(path):
	"""The runs of a script. `run a,b` is a run with each of them."""
	runs, wants = [], None
	for number, line in enumerate(path.read_text().splitlines(), 1):
		words = shlex.split(line, comments=True) if wants is not None or line.startswith("run") else []
		if line.startswith("run "):
			wants = []
			runs += [Run(path, number, peer, words[2:], wants) for peer in words[1].split(",")]
		elif line and not line[0].isspace():
			wants = None if not line.startswith("#") else wants
		elif wants is not None and words:
			wants.append((number, words))
	return runs


class Peer:
	"""The peer program while it plays one script. Its log grows as things happen; wait_for() is a barrier on it."""

	def __init__(self, path, certs, cert="good", scale=1):
		self.places, self.dns, self.log = {}, None, []
		self.changed = threading.Condition()
		self.process = subprocess.Popen([BUILD / "tests/bin/peer", "-c", certs, "-t", cert, "-x", str(scale), path],
		    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
		for line in self.process.stdout:
			words = line.split()
			if words[0] == "peer":
				self.places.setdefault(words[1], []).append((words[2], int(words[3])))
			elif words[0] == "dns":
				self.dns = f"{words[1]}:{words[2]}"
			elif words[0] == "ready":
				break
			else:
				self.log.append(line.rstrip("\n"))
		self.thread = threading.Thread(target=self.follow)
		self.thread.start()

	def follow(self):
		for line in self.process.stdout:
			with self.changed:
				self.log.append(line.rstrip("\n"))
				self.changed.notify_all()

	def wait_for(self, text, timeout):
		with self.changed:
			return self.changed.wait_for(lambda: any(text in line for line in self.log), timeout)

	def stop(self):
		self.process.stdin.close()
		self.process.wait()
		self.thread.join()
		self.process.stdout.close()
		if self.process.returncode:
			self.log.append(f"broken: the peer ended with {self.process.returncode}")
