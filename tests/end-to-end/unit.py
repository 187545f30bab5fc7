"""A systemd unit, and the system calls it lets through: worked out by systemd's own lists, and put on as a filter."""
import ctypes
import re
import subprocess

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EPERM = 1
PR_SET_NO_NEW_PRIVS = 38
EQUAL = 4


class Unit:
	def __init__(self, path):
		self.settings = []
		for line in path.read_text(encoding="utf-8").splitlines():
			if re.match(r"[A-Za-z]+=", line):
				self.settings.append(tuple(line.split("=", 1)))

	def all(self, name):
		return [value for key, value in self.settings if key == name]

	def calls(self):
		"""The names let through. The first list says that the others are refused; each next one adds or, with ~, takes."""
		known, passed = groups(), set()
		lists = self.all("SystemCallFilter")
		assert lists and not lists[0].startswith("~"), lists
		for words in ["@default", *lists]:
			names = expand(words.removeprefix("~").split(), known)
			passed = passed - names if words.startswith("~") else passed | names
		return passed


def groups():
	"""{"@name": [calls and other groups]}"""
	found, members = {}, []
	listed = subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True).stdout
	for line in listed.splitlines():
		if line.startswith("@"):
			members = found.setdefault(line, [])
		elif line.startswith("    ") and not line.strip().startswith("#"):
			members.append(line.strip())
	return found


def expand(names, known):
	calls = set()
	for name in names:
		calls |= expand(known[name], known) if name.startswith("@") else {name}
	return calls


class Without:
	"""A system that refuses some calls, as an older kernel, a container or a virtual machine does; put_on() as below. Each is a
	name, an error, and the first argument for which it is refused, None: for all."""

	def __init__(self, calls):
		self.library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
		self.library.seccomp_init.restype = ctypes.c_void_p
		self.context = ctypes.c_void_p(self.library.seccomp_init(ALLOW))
		for name, error, first in calls:
			number = self.library.seccomp_syscall_resolve_name(name.encode())
			compared = [] if first is None else [Compared(0, EQUAL, first, 0)]
			fault = self.library.seccomp_rule_add_array(self.context, ERRNO | error, number, len(compared),
			    (Compared * len(compared))(*compared) if compared else None)
			assert fault == 0, (name, fault)

	def put_on(self):
		libc = ctypes.CDLL(None)
		if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or self.library.seccomp_load(self.context) != 0:
			raise OSError("no filter")


class Compared(ctypes.Structure):
	"""struct scmp_arg_cmp"""
	_fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
	"""Refuses all other calls with EPERM, as the unit has the kernel do; put_on() is for a child about to execute."""

	def __init__(self, calls):
		self.library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
		self.library.seccomp_init.restype = ctypes.c_void_p
		self.context = ctypes.c_void_p(self.library.seccomp_init(ERRNO | EPERM))
		for name in sorted(calls):
			number = self.library.seccomp_syscall_resolve_name(name.encode())
			# Negative: of another architecture.
			if number >= 0:
				fault = self.library.seccomp_rule_add(self.context, ALLOW, number, 0)
				assert fault == 0, (name, fault)

	def put_on(self):
		libc = ctypes.CDLL(None)
		if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or self.library.seccomp_load(self.context) != 0:
			raise OSError("no filter")
