"""A file that fills a small file system in memory, with a daemon's state on it."""
import contextlib
import shutil

BALLAST, PAGE = 8 * 1024 * 1024, 4096


def fill(state, reserve=False):
	"""reserve: the daemon's ballast is left, and so is its space if the daemon gives it up meanwhile. Otherwise it is removed
	when there is too little space for the daemon to make it again, and before it is needed."""
	spare = 0 if reserve else BALLAST
	with open(state / "filler", "ab", buffering=0) as file, contextlib.suppress(OSError):
		for _ in range((shutil.disk_usage(state).free - spare) // PAGE):
			file.write(bytes(PAGE))
		if not reserve:
			(state / "ballast").unlink(missing_ok=True)
		while not reserve:
			file.write(bytes(PAGE))


def free(state):
	with open(state / "filler", "wb"):
		pass
