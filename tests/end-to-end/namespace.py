"""Mounts of a test's own, and addresses: the script runs again in namespaces that end with it."""
import os
import subprocess
import sys


def enter(network=False):
	"""None, or why it cannot be: some containers forbid it. Does not come back where it runs again. With `network` nobody else listens
	on loopback: a port that is free at one address is free at all."""
	if os.environ.pop("POSTWATCH_TEST_MOUNTS", None):
		if network:
			subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
		return None
	command = ["unshare", "--mount", "--propagation", "private"] + (["--net"] if network else []) + ([] if os.geteuid() == 0 else ["--map-root-user"])
	try:
		tried = subprocess.run([*command, "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"], capture_output=True, text=True, check=False)
	except FileNotFoundError:
		return "unshare is not installed"
	if tried.returncode != 0:
		return f"no mounts here: {tried.stderr.strip()}"
	os.environ["POSTWATCH_TEST_MOUNTS"] = "1"
	os.execvp(command[0], [*command, sys.executable, *sys.argv])
