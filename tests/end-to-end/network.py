"""A network of a test's own: the script runs again in one that ends with it. Others lie behind a router in another one.

	here: 10.0.0.2 ── router 10.0.0.1 ── afar: any address of 10.1.0.0/16 to 10.250.0.0/16, all on one device
"""
import os
import subprocess
import sys

MARK = "POSTWATCH_TEST_NETWORK"


def enter():
	"""None, or why it cannot be: some containers forbid it. Does not come back where it runs again."""
	if os.environ.get(MARK):
		return None
	command = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
	tried = subprocess.run([*command, "ip", "link", "add", "near", "type", "veth", "peer", "name", "far"], capture_output=True, text=True, check=False)
	if tried.returncode != 0:
		return f"no networks here: {tried.stderr.strip()}"
	os.environ[MARK] = "1"
	os.execvp(command[0], [*command, sys.executable, *sys.argv])


def ip(*words, at=None):
	before = ["nsenter", f"--net=/proc/{at}/ns/net"] if at else []
	subprocess.run([*before, "ip", *words], check=True, capture_output=True, text=True)


class Afar:
	"""The other side: a process that holds its network, and servers that are begun in it."""

	def __init__(self):
		ip("link", "set", "lo", "up")
		self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
		while os.readlink(f"/proc/{self.holder.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
			pass
		self.pid = self.holder.pid
		ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(self.pid))
		ip("address", "add", "10.0.0.2/24", "dev", "near")
		ip("link", "set", "near", "up")
		ip("link", "set", "lo", "up", at=self.pid)
		ip("address", "add", "10.0.0.1/24", "dev", "far", at=self.pid)
		ip("link", "set", "far", "up", at=self.pid)
		ip("route", "add", "local", "10.0.0.0/8", "dev", "lo", at=self.pid)
		ip("route", "replace", "10.0.0.2/32", "dev", "far", at=self.pid)
		ip("route", "add", "default", "via", "10.0.0.1")

	def run(self, *command, **more):
		return subprocess.Popen(["nsenter", f"--net=/proc/{self.pid}/ns/net", *command], **more)

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.holder.kill()
		self.holder.wait()
