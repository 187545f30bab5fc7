"""Mounts of a test's own: the script runs again in a mount namespace that ends with it."""
import os
import subprocess
import sys


def enter():
	"""None, or why it cannot be: some containers forbid it. Does not come back where it runs again."""
	if os.environ.pop("POSTWATCH_TEST_MOUNTS", None):
		return None
	command = ["unshare", "--mount", "--propagation", "private"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
	try:
		tried = subprocess.run([*command, "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"], capture_output=True, text=True, check=False)
	except FileNotFoundError:
		return "unshare is not installed"
	if tried.returncode != 0:
		return f"no mounts here: {tried.stderr.strip()}"
	os.environ["POSTWATCH_TEST_MOUNTS"] = "1"
	os.execvp(command[0], [*command, sys.executable, *sys.argv])
