"""A real Postfix of the test's own: on loopback, with its own configuration, queue and certificates, ended by pid.

	with Postfix(folder) as server:
		server.port["plain"], server.port["starttls"] …
"""
import os
import pathlib
import shutil
import signal
import socket
import string
import subprocess
import time

import tap

SERVICES = """
{plain}      inet n - n - - smtpd -o smtpd_tls_security_level=none
{starttls}   inet n - n - - smtpd
{implicit}   inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
{expired}    inet n - n - - smtpd -o smtpd_tls_chain_files={folder}/expired.pem
{postscreen} inet n - n - 1 postscreen
"""

# What every Postfix has.
PARTS = """
smtpd      pass - - n - - smtpd
dnsblog    unix - - n - 0 dnsblog
tlsmgr     unix - - n 1000? 1 tlsmgr
tlsproxy   unix - - n - 0 tlsproxy
cleanup    unix n - n - 0 cleanup
rewrite    unix - - n - - trivial-rewrite
anvil      unix - - n - 1 anvil
scache     unix - - n - 1 scache
discard    unix - - n - - discard
error      unix - - n - - error
postlog    unix-dgram n - n - 1 postlogd
"""

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = mx.test
mydestination =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
default_transport = discard
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/good.pem
smtpd_tls_session_cache_database =
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
postscreen_access_list =
postscreen_greet_action = enforce
postscreen_greet_wait = 2s
postscreen_greet_banner = $smtpd_banner
postscreen_cache_map =
alias_maps =
alias_database =
"""


def free_ports(count, address="127.0.0.1"):
	"""Ports that the kernel gives, all held until all are known."""
	held = [socket.create_server((address, 0)) for _ in range(count)]
	ports = [one.getsockname()[1] for one in held]
	for one in held:
		one.close()
	return ports


def openssl(*words, **kept):
	subprocess.run(["openssl", *words], check=True, capture_output=True, **kept)


class Certificates:
	"""A CA and what it signed: good.pem and expired.pem hold key, leaf and CA; ca.pem is what to trust."""

	def __init__(self, folder, authority="Test CA", days=365, name="mx.test"):
		self.folder, self.name = folder, name
		self.ca = folder / "ca.pem"
		openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
		    f"/CN={authority}", "-days", "3650", "-keyout", folder / "ca.key", "-out", self.ca)
		self.leaf("good", ["-days", str(days)])
		self.leaf("expired", ["-not_before", "20200101000000Z", "-not_after", "20200201000000Z"])

	def leaf(self, name, validity):
		folder = self.folder
		openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=mx.test",
		    "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr")
		(folder / "extensions").write_text(f"subjectAltName=DNS:{self.name},DNS:localhost,IP:127.0.0.1\n"
		    "extendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n", encoding="ascii")
		if validity[0] == "-days":
			openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", self.ca, "-CAkey", folder / "ca.key",
			    "-CAcreateserial", "-extfile", folder / "extensions", *validity, "-out", folder / f"{name}.crt")
		else:
			self.sign_dated(name, validity)
		(folder / f"{name}.pem").write_bytes(b"".join((folder / part).read_bytes()
		    for part in (f"{name}.key", f"{name}.crt", "ca.pem")))
		os.chmod(folder / f"{name}.pem", 0o600)

	def sign_dated(self, name, validity):
		"""`openssl x509` of 3.0 cannot date into the past; `openssl ca` can."""
		folder = self.folder
		(folder / "index.txt").write_text("", encoding="ascii")
		(folder / "serial").write_text("1000\n", encoding="ascii")
		(folder / "ca.conf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index.txt\n"
		    f"serial={folder}/serial\nnew_certs_dir={folder}\ndefault_md=sha256\npolicy=p\n[p]\n"
		    "commonName=supplied\n", encoding="ascii")
		dates = ["-startdate" if word == "-not_before" else "-enddate" if word == "-not_after" else word
		    for word in validity]
		openssl("ca", "-batch", "-config", folder / "ca.conf", "-cert", self.ca, "-keyfile", folder / "ca.key",
		    "-in", folder / f"{name}.csr", "-extfile", folder / "extensions", "-notext", *dates,
		    "-out", folder / f"{name}.crt")


class Postfix:
	"""address: on one that nobody else uses its ports are free for it while it is stopped.

	services: master.cf, where {NAME} is what listens on port[NAME], and {folder} what holds the certificates.
	"""
	services = SERVICES + PARTS

	def __init__(self, folder, address="127.0.0.1"):
		self.folder, self.address = pathlib.Path(folder).resolve(), address
		self.pid = None
		self.port = {}

	def make_passable(self):
		"""Postfix's own user has to come to its folder: those above it that are ours let everybody pass."""
		if os.geteuid() != 0:
			raise tap.Skip("Postfix begins as root only")
		self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
		for parent in self.folder.parents:
			if parent.stat().st_uid == os.getuid() and not parent.stat().st_mode & 0o001:
				parent.chmod(parent.stat().st_mode | 0o011)

	def __enter__(self):
		self.make_passable()
		for name in ("etc", "queue", "data"):
			(self.folder / name).mkdir(exist_ok=True)
		shutil.chown(self.folder / "data", "postfix")
		self.make_certificates()
		names = [name for _, name, _, _ in string.Formatter().parse(self.services) if name not in (None, "folder")]
		self.port = dict(zip(names, free_ports(len(names), self.address)))
		listen = {name: f"{self.address}:{port}" for name, port in self.port.items()}
		etc = self.folder / "etc"
		(etc / "main.cf").write_text(MAIN.format(folder=self.folder), encoding="ascii")
		(etc / "master.cf").write_text(self.services.format(folder=self.folder, **listen), encoding="ascii")
		self.start()
		return self

	def make_certificates(self):
		self.certificates = Certificates(self.folder)

	def command(self, word):
		return subprocess.run(["postfix", "-c", self.folder / "etc", word], capture_output=True, text=True,
		    check=False, timeout=60)

	def start(self):
		done = self.command("start")
		if done.returncode != 0:
			raise RuntimeError(f"postfix does not start: {done.stderr}{self.log()}")
		self.pid = int((self.folder / "queue/pid/master.pid").read_text(encoding="ascii"))

	def stop(self):
		"""Ends the master and all it started; its ports then refuse."""
		if self.pid is not None:
			self.command("stop")
		self.pid = None

	def processes(self):
		"""The master and its children."""
		children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split()
		return [self.pid] + [int(child) for child in children]

	def freeze(self):
		for pid in self.processes():
			os.kill(pid, signal.SIGSTOP)

	def thaw(self):
		for pid in self.processes():
			os.kill(pid, signal.SIGCONT)

	def log(self):
		try:
			return (self.folder / "maillog").read_text(encoding="utf-8", errors="replace")
		except FileNotFoundError:
			return ""

	def __exit__(self, *_):
		if self.pid is not None:
			try:
				self.thaw()
			except (FileNotFoundError, ProcessLookupError):
				pass
			self.stop()


def wait_until(what, seconds=30):
	"""Waits for an event that somebody else brings about; its deadline is for failures only."""
	end = time.monotonic() + seconds
	while time.monotonic() < end:
		found = what()
		if found:
			return found
		time.sleep(0.02)
	raise TimeoutError(getattr(what, "__doc__", None) or "what was waited for did not come")
