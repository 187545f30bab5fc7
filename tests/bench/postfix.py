"""A real Postfix of our own on a loopback port, with TLS; nothing of the system's instance is touched."""
import os
import pathlib
import socket
import subprocess

import kit

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mx.bench.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificates}/leaf.pem
smtpd_tls_key_file = {certificates}/leaf.key
"""
MASTER = """
127.0.0.1:{port} inet n - n - 20 smtpd
anvil unix - - n - 1 anvil
cleanup unix n - n - 0 cleanup
postlog unix-dgram n - n - 1 postlogd
proxymap unix - - n - - proxymap
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
"""


def free_port():
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


class Postfix:
	"""Needs root, as Postfix does."""

	def __init__(self, certificates):
		if os.geteuid() != 0:
			raise kit.Failure("Postfix is started by root only")
		folder = pathlib.Path(certificates / "postfix")
		for each in (folder, folder / "queue", folder / "data"):
			each.mkdir()
		certificates.chmod(0o755)
		self.port = free_port()
		(folder / "main.cf").write_text(MAIN.format(folder=folder, certificates=certificates))
		(folder / "master.cf").write_text(MASTER.format(port=self.port))
		subprocess.run(["chown", "postfix", folder / "data"], check=True)
		subprocess.run(["postfix", "-c", folder, "post-install", "create-missing"], check=False, capture_output=True)
		with open(folder / "start.log", "w", encoding="utf-8") as log:
			self.program = kit.start("postfix", "-c", folder, "start-fg", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
		kit.wait_until("Postfix listens", self.listens, 20)

	def listens(self):
		with socket.socket() as probe:
			return probe.connect_ex(("127.0.0.1", self.port)) == 0
