"""What all real servers have: a root, certificates, and a process for each situation.

	server = Exim(certificates)
	with server.serve("rate limited") as running: running.port …

Every situation is a process of the server's own on a port that the kernel gave, in the foreground, and ended by its id.
"""
import contextlib
import os
import pathlib
import signal
import subprocess
import time

from mailserver import free_ports
from roots import Root, fetch

SHOWN = ["good", "rsa", "expired", "ends_10d", "wrong_name", "stranger", "no_intermediate"]      # of those that tests/peers/certs makes


def children(pid):
	try:
		found = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
	except (FileNotFoundError, ProcessLookupError):     # it has ended meanwhile
		return []
	return [pid] + [below for child in found for below in children(int(child))]


class Running:
	"""One process of a server, with its children."""

	def __init__(self, process, port, log):
		self.process, self.port, self.log = process, port, log

	def wait(self):
		"""Until it listens; nothing is said to it."""
		listening = f"0100007F:{self.port:04X} 00000000:0000 0A"
		end = time.monotonic() + 30
		while listening not in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii"):
			if self.process.poll() is not None or time.monotonic() > end:
				raise RuntimeError(f"does not start: {self.log.read_text(errors='replace')[-600:]}")
			time.sleep(0.02)

	def signal(self, number):
		pids = children(self.process.pid) if self.process.poll() is None else []
		for pid in pids:
			with contextlib.suppress(ProcessLookupError):
				os.kill(pid, number)
		return pids

	def freeze(self):
		self.signal(signal.SIGSTOP)

	def thaw(self):
		self.signal(signal.SIGCONT)

	def __enter__(self):
		self.wait()
		return self

	def __exit__(self, *_):
		pids = self.signal(signal.SIGTERM)
		self.thaw()
		try:
			self.process.wait(10)
		except subprocess.TimeoutExpired:
			self.process.kill()
			self.process.wait()
		for pid in pids:
			with contextlib.suppress(ProcessLookupError):
				os.kill(pid, signal.SIGKILL)


def make_certificates(certificates, folder, owner=0):
	"""NAME.pem holds key and chain (Postfix wants them so), NAME.key the key alone, NAME.above what stands above the leaf."""
	folder.mkdir(exist_ok=True)

	def write(name, chain, key):
		leaf, end, above = chain.partition("-----END CERTIFICATE-----\n")
		for suffix, text in (("pem", key + chain), ("key", key), ("above", above)):
			file = folder / f"{name}.{suffix}"
			file.write_text(text, encoding="ascii")
			file.chmod(0o600)
			os.chown(file, owner, owner)
		return leaf + end, above

	made, keys = {}, {}
	for name in SHOWN:
		chain, mark, key = (certificates / f"{name}.pem").read_text(encoding="ascii").partition("-----BEGIN PRIVATE KEY")
		keys[name] = mark + key
		made[name] = write(name, chain, keys[name])
	write("mismatch", "".join(made["good"]), keys["rsa"])
	write("wrong_chain", made["good"][0] + made["stranger"][1], keys["good"])
	(folder / "ca.pem").write_bytes((certificates / "ca.pem").read_bytes())


class Server:
	"""What all have: a root with the packages, the certificates in /certs, and a table of situations."""
	name, packages, users, situations = "", [], [], {}
	reader = 0      # who has to read the certificates

	@classmethod
	def fetch(cls):
		fetch(cls.name, cls.packages)

	def __init__(self, certificates):
		self.root = Root(self.name, self.users)
		make_certificates(certificates, self.root.path("/certs"), self.reader)

	def serve(self, situation):
		port, = free_ports(1)
		return Running(self.launch(situation, port), port, self.root.path("/tmp/log"))

	def launch(self, situation, port):
		"""A process of the server in that situation."""
		raise NotImplementedError
