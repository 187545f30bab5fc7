"""Stops a process before the calls it makes of the kernel, and kills it before the one that was asked for.

strace counts the calls of each name apart; this counts them all, as they come.
"""
import contextlib
import ctypes
import functools
import os
import re
import signal
import subprocess
import threading

TRACE_SYSCALL, TRACE_SEIZE, TRACE_INTERRUPT, TRACE_SYSCALL_INFO = 24, 0x4206, 0x4207, 0x420e
SYSGOOD, ENTRY, WALL = 1, 1, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


@functools.cache
def names():
	"""Of the calls of this machine, by number."""
	headers = subprocess.run(["cc", "-E", "-dM", "-x", "c", "-include", "sys/syscall.h", os.devnull], capture_output=True,
	    text=True, check=True)
	return {int(number): name for name, number in re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)$", headers.stdout, re.M)}


def name_of(number):
	return names().get(number, str(number))


class CallInfo(ctypes.Structure):
	_fields_ = [("what", ctypes.c_uint8), ("arch", ctypes.c_uint32), ("at", ctypes.c_uint64), ("stack", ctypes.c_uint64),
	    ("number", ctypes.c_uint64), ("rest", ctypes.c_uint64 * 8)]


class Tracer:
	"""One life of a process. With arm(n) it dies before its n-th call from there; calls: how many it made since."""

	def __init__(self, pid, *others):
		"""others: who dies with it, and before it."""
		self.pid, self.others = pid, others
		self.calls = self.fatal = 0
		self.killed_before = None       # the number of the call that it did not live to make
		self.thread = threading.Thread(target=self.follow, daemon=True)
		self.held = threading.Event()
		self.thread.start()
		self.held.wait(10)

	def arm(self, n):
		self.calls, self.fatal = 0, n

	def is_over(self):
		return not self.thread.is_alive()

	def request(self, what, data=0, address=0):
		if libc.ptrace(what, self.pid, address, data) < 0:
			raise OSError(ctypes.get_errno(), f"ptrace({what:#x}, {self.pid})")

	def follow(self):
		"""All requests have to come from the thread that has it."""
		with contextlib.suppress(ProcessLookupError, ChildProcessError, PermissionError):      # it has died
			self.request(TRACE_SEIZE, SYSGOOD)
			self.request(TRACE_INTERRUPT)
			while True:
				_, status = os.waitpid(self.pid, WALL)
				if not os.WIFSTOPPED(status):
					break
				self.held.set()
				self.request(TRACE_SYSCALL, self.stopped(status))
		self.held.set()

	def stopped(self, status):
		"""The signal to go on with."""
		if status >> 16:
			return 0
		if os.WSTOPSIG(status) != signal.SIGTRAP | 0x80:
			return os.WSTOPSIG(status)
		info = CallInfo()
		self.request(TRACE_SYSCALL_INFO, ctypes.addressof(info), ctypes.sizeof(info))
		if info.what == ENTRY:
			self.calls += 1
			if self.calls == self.fatal:
				self.killed_before = info.number
				for pid in (*self.others, self.pid):
					with contextlib.suppress(ProcessLookupError):
						os.kill(pid, signal.SIGKILL)
		return 0
