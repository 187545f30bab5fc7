"""Networks of a test's own: the script runs again in one that ends with it, and others lie behind a router.

	here 10.0.0.2 ── 10.0.0.1 router 10.255.0.1 ── 10.255.0.2 afar, where every other address of 10/8 is
	                                 10.254.0.1 ── 10.254.0.2 wall, where they are as well, and nobody listens

What fails, fails on the router: it drops or prohibits what it is to forward, sends it to the wall, or says nothing itself.
"""
import os
import subprocess
import sys

MARK = "POSTWATCH_TEST_NETWORK"


def enter():
	"""None, or why it cannot be: some containers forbid it. Does not come back where it runs again."""
	if os.environ.pop(MARK, None):
		return None
	command = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
	try:
		tried = subprocess.run([*command, "ip", "link", "add", "near", "type", "veth", "peer", "name", "far"], capture_output=True,
		    text=True, check=False)
	except FileNotFoundError as missing:
		return f"{missing.filename} is not installed"
	if tried.returncode != 0:
		return f"no networks here: {tried.stderr.strip()}"
	os.environ[MARK] = "1"
	os.execvp(command[0], [*command, sys.executable, *sys.argv])


class Space:
	"""A network, and a process that holds it."""

	def __init__(self):
		self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
		while os.readlink(f"/proc/{self.holder.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
			pass

	def within(self, *command):
		return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *command]

	def call(self, *command, check=True):
		subprocess.run(self.within(*command), check=check, capture_output=True, text=True)

	def end(self):
		self.holder.kill()
		self.holder.wait()


class Networks:
	def __init__(self):
		self.router, self.afar, self.wall = Space(), Space(), Space()
		subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
		subprocess.run(["ip", "link", "add", "out", "type", "veth", "peer", "name", "near", "netns", str(self.router.holder.pid)], check=True)
		self.router.call("ip", "link", "add", "far", "type", "veth", "peer", "name", "in", "netns", str(self.afar.holder.pid))
		self.router.call("ip", "link", "add", "side", "type", "veth", "peer", "name", "in", "netns", str(self.wall.holder.pid))
		self.router.call("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0")
		for space, device, address in ((None, "out", "10.0.0.2/24"), (self.router, "near", "10.0.0.1/24"),
		    (self.router, "far", "10.255.0.1/24"), (self.afar, "in", "10.255.0.2/24"),
		    (self.router, "side", "10.254.0.1/24"), (self.wall, "in", "10.254.0.2/24")):
			call = space.call if space else lambda *words: subprocess.run(words, check=True)
			call("ip", "link", "set", "lo", "up")
			call("ip", "address", "add", address, "dev", device)
			call("ip", "link", "set", device, "up")
		subprocess.run(["ip", "route", "add", "default", "via", "10.0.0.1"], check=True)
		self.router.call("ip", "route", "add", "10.0.0.0/8", "via", "10.255.0.2")
		for space, router in ((self.afar, "10.255.0.1"), (self.wall, "10.254.0.1")):
			space.call("ip", "route", "add", "local", "10.0.0.0/8", "dev", "lo")
			space.call("ip", "route", "add", "10.0.0.0/24", "via", router)
		# What the router says of itself comes behind what it is told to drop.
		self.router.call("ip", "rule", "add", "pref", "100", "lookup", "local")
		self.router.call("ip", "rule", "del", "pref", "0")
		self.router.call("ip", "route", "add", "10.0.0.0/8", "via", "10.254.0.2", "table", "25")

	def rule(self, way, *what):
		"""way: add or del. what: for which packets, and blackhole, prohibit or table 25 (the wall)."""
		self.router.call("ip", "rule", way, "pref", "200", *what, check=way == "add")

	def cut(self, way):
		"""Behind the router."""
		self.rule(way, "iif", "near", "blackhole")

	def cut_link(self, way):
		"""The router itself is silent, too."""
		self.router.call("ip", "rule", way, "pref", "50", "iif", "near", "blackhole", check=way == "add")

	def end(self):
		for space in (self.wall, self.afar, self.router):
			space.end()
