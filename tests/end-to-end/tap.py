"""The least of TAP: each test is a function whose docstring says what is true when it passes."""
import functools
import os
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

# As tests/run has it, for a test that is started by itself.
os.environ.setdefault("POSTWATCH_TEST_TRACE", "1")


class Skip(Exception):
	"""Raised by a test that cannot be made here, with the reason."""


def needed(begin):
	"""What begin() gives; where that raises Skip, no test of the program is made."""
	try:
		return begin()
	except Skip as reason:
		print(f"1..0 # SKIP {reason}")
		sys.exit(0)


def together(*tests):
	"""The same tests, all begun at once: each is waited for where it is run."""
	pool = ThreadPoolExecutor(len(tests))
	begun = [pool.submit(test) for test in tests]
	return [functools.wraps(test)(lambda running=running: running.result()) for test, running in zip(tests, begun)]


def run(*tests):
	print(f"1..{len(tests)}", flush=True)
	failed = 0
	for number, test in enumerate(tests, 1):
		try:
			test()
			print(f"ok {number} - {test.__doc__}", flush=True)
		except Skip as reason:
			print(f"ok {number} - {test.__doc__} # SKIP {reason}", flush=True)
		except Exception:  # whatever it was, it is told and the others go on
			failed += 1
			print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="")
			print(f"not ok {number} - {test.__doc__}", flush=True)
	sys.exit(failed > 0)
