"""What strace saw of a program and all its processes: a file each, so that no line is torn."""
import re
import shutil
import subprocess

CALL = re.compile(r"(\w+)\((.*)")
# An exit, a signal, and the end of a call that the process did not live to see.
BESIDE = re.compile(r"\+\+\+ |--- |\?\?\?\?|<\.\.\. ")


def works():
	"""None, or why not: some containers forbid ptrace."""
	if shutil.which("strace") is None:
		return "strace is not installed"
	tried = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
	return None if tried.returncode == 0 else f"strace cannot trace here: {tried.stderr.strip().splitlines()[-1:]}"


def command(folder):
	"""What to put before the words of the program to trace."""
	return ["strace", "-ff", "-qq", "-e", "trace=all", "-e", "signal=none", "-s", "64", "-o", str(folder / "pid")]


class Process:
	"""calls: [(name, the rest of the line)], in order; name: the last that it gave itself."""

	def __init__(self, path):
		self.pid = int(path.suffix[1:])
		self.name, self.calls = "", []
		for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
			call = CALL.match(line)
			if call is None:
				assert BESIDE.match(line), f"{path.name}: {line}"
				continue
			self.calls.append(call.groups())
			named = re.match(r'PR_SET_NAME, "([^"]*)"', call[2]) if call[1] == "prctl" else None
			self.name = named[1] if named else self.name

	def names(self):
		return {name for name, _ in self.calls}

	def after(self, name, words):
		"""The calls behind the first `name` whose line holds the words; None where there was none."""
		for i, (called, rest) in enumerate(self.calls):
			if called == name and words in rest:
				return self.calls[i + 1:]
		return None


def processes(folder):
	return [Process(path) for path in sorted(folder.glob("pid.*"))]
