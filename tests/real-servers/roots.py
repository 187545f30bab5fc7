"""A root of its own for each server: this machine's files, and over them the server's packages, unpacked and not installed.

	root = Root("exim", ["exim4-daemon-light"], users=["Debian-exim"])
	root.start("exim4", "-bdf", …)       a process in it, in the foreground

Mail servers of Debian cannot be installed beside each other. Here nothing is installed: apt fetches the packages and what
they need, for whatever release this machine has, and an overlay mount puts them over the machine's own files. All mounts and
processes end with the namespaces of the test (enter). A server that works on another release only has a root that
debootstrap makes.
"""
import os
import pathlib
import subprocess
import sys

import tap

MARK = "POSTWATCH_TEST_REAL_SERVERS"
KEPT = pathlib.Path("build/real-servers").resolve()
FIRST_USER = 8000       # of those that a server runs as


def entered():
	return MARK in os.environ


def enter():
	"""None, or why it cannot be: the script runs again with mounts, processes and a loopback network of its own."""
	if entered():
		subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
		(KEPT / "resolv.conf").write_text("nameserver 127.0.0.1\n", encoding="ascii")
		subprocess.run(["mount", "--bind", KEPT / "resolv.conf", os.path.realpath("/etc/resolv.conf")], check=True)
		return None
	if os.geteuid() != 0:
		return "a root for each server needs root"
	command = ["unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
	try:
		tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
	except FileNotFoundError:
		return "unshare is not installed"
	if tried.returncode != 0:
		return f"no namespaces here: {tried.stderr.strip()}"
	os.execvpe(command[0], [*command, sys.executable, *sys.argv], dict(os.environ, **{MARK: "1"}))


def call(*words, **kept):
	done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **kept)
	if done.returncode != 0:
		raise tap.Skip(f"{words[0]} failed: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
	return done.stdout


def prepare(name, fetch_it):
	"""While there is a network: what is then missing is told by look_for_trouble, in the test's own."""
	(KEPT / name).mkdir(parents=True, exist_ok=True)
	trouble = KEPT / name / "trouble"
	trouble.unlink(missing_ok=True)
	try:
		fetch_it()
	except tap.Skip as reason:
		trouble.write_text(str(reason), encoding="utf-8")


def look_for_trouble(name):
	trouble = KEPT / name / "trouble"
	if trouble.exists():
		raise tap.Skip(trouble.read_text(encoding="utf-8"))


def fetch(name, packages):
	"""Unpacks the packages and what they need into a folder that is kept; before the test has a network of its own."""
	layer = KEPT / name / "layer"
	if (KEPT / name / "made").exists():
		return
	debs = KEPT / name / "debs"
	(debs / "partial").mkdir(parents=True, exist_ok=True)
	call("apt-get", "install", "--download-only", "--no-install-recommends", "--yes", "-o", f"Dir::Cache::archives={debs}", *packages)
	for folder in ("bin", "sbin", "lib", "lib64"):      # as /usr is merged on this machine, so it is in what lies over it
		(layer / "usr" / folder).mkdir(parents=True, exist_ok=True)
		if not (layer / folder).is_symlink():
			(layer / folder).symlink_to(f"usr/{folder}")
	for deb in debs.glob("*.deb"):
		archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], capture_output=True, check=True).stdout
		subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", layer], input=archive, check=True)
	(KEPT / name / "made").touch()


def bootstrap(name, codename, packages):
	"""A minimal system of that release with the packages installed, as tests/debian makes its own."""
	if (KEPT / name / "made").exists():
		return
	uri = next((line.split()[-1] for line in call("apt-get", "indextargets", "--format", "$(CREATED_BY) $(LABEL) $(REPO_URI)").splitlines()
	    if line.startswith("Packages Debian ")), None)
	if uri is None:
		raise tap.Skip("apt knows no Debian archive on this machine")
	proxy = call("apt-config", "dump", "--format", "%v", "Acquire::http::Proxy").strip()
	subprocess.run(["rm", "-rf", "--one-file-system", KEPT / name], check=True)
	(KEPT / name).mkdir(parents=True)
	call("debootstrap", "--variant=minbase", f"--include={','.join(packages)}", codename, str(KEPT / name / "layer"), uri,
	    env=dict(os.environ, **({"http_proxy": proxy} if proxy else {})))
	(KEPT / name / "made").touch()


class Root:
	"""over: whether the layer lies over this machine's files, or is a whole system by itself. What is written goes into memory."""

	def __init__(self, name, users=(), over=True):
		self.folder = KEPT / name / "root"
		self.folder.mkdir(exist_ok=True)
		layer = KEPT / name / "layer"
		call("mount", "-t", "tmpfs", "-o", "mode=755", "root", str(self.folder))
		for part in ("usr", "etc", "var") if over else (part.name for part in layer.iterdir() if part.is_dir() and not part.is_symlink()):
			for made in (part, f".{part}/upper", f".{part}/work"):
				self.path(made).mkdir(parents=True)
			(layer / part).mkdir(exist_ok=True)
			lower, upper, work = (f"{layer / part}:/{part}" if over else layer / part, *map(self.path, (f".{part}/upper", f".{part}/work")))
			call("mount", "-t", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", "overlay", str(self.path(part)))
		for link in (link for link in layer.iterdir() if link.is_symlink()):
			self.path(link.name).symlink_to(os.readlink(link))
		for mount, words in (("proc", ("--rbind", "/proc")), ("dev", ("--rbind", "/dev")),
		    ("tmp", ("-t", "tmpfs", "-o", "mode=1777", "tmp")), ("run", ("-t", "tmpfs", "-o", "mode=755", "run"))):
			self.path(mount).mkdir(exist_ok=True)
			call("mount", *words, str(self.path(mount)))
		for known, text in (("resolv.conf", "nameserver 127.0.0.1\n"), ("hosts", "127.0.0.1 localhost\n")):
			self.path(f"/etc/{known}").unlink(missing_ok=True)
			self.write(f"/etc/{known}", text)
		for number, user in enumerate(users, FIRST_USER):
			self.add("/etc/passwd", f"{user}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n")
			self.add("/etc/group", f"{user}:x:{number}:\n")

	def path(self, name):
		return self.folder / str(name).lstrip("/")

	def write(self, name, text, mode=0o644):
		self.path(name).parent.mkdir(parents=True, exist_ok=True)
		self.path(name).write_text(text, encoding="ascii")
		self.path(name).chmod(mode)

	def add(self, name, text):
		with open(self.path(name), "a", encoding="ascii") as file:
			file.write(text)

	def run(self, *words, **kept):
		return subprocess.run(["chroot", self.folder, *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
		    timeout=60, **kept)

	def start(self, *words, **kept):
		"""What it says is in /tmp/log there."""
		with open(self.path("/tmp/log"), "wb") as out:
			return subprocess.Popen(["chroot", self.folder, *words], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
			    start_new_session=True, **kept)
