"""What a run must say: the lines under `run`, and what holds for every result of `postwatch probe --json`."""
import fnmatch
import re

from scripts import UNITS, seconds

EXIT = {"ok": 0, "degraded": 1, "blocked": 1, "failed": 2, "unknown": 3}
RESULT_KEYS = {"target", "probe", "verdict", "outcome", "text", "started", "seconds", "legs"}
LEG_KEYS = {"address", "port", "local", "helo", "verdict", "outcome", "text", "phases", "facts", "warnings", "transcript"}
DIRECTIONS = {"event", "sent", "received", "sent_tls", "received_tls"}
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\ufffd]")
SLACK = 0.4     # seconds that a busy machine may add
EARLY = 0.05    # … and by which it may see the begin too late


def strings(value):
	if isinstance(value, str):
		yield value
	elif isinstance(value, dict):
		for key, item in value.items():
			yield key
			yield from strings(item)
	elif isinstance(value, list):
		for item in value:
			yield from strings(item)


def shape_of_phases(leg):
	"""What lies behind the phase that failed is not reached, and only that has no time."""
	over = False
	for phase in leg["phases"]:
		name, status = phase["phase"], phase["status"]
		if status not in ("ok", "failed", "not_reached"):
			yield f"phase {name} has the status {status}"
		if (phase["seconds"] is None) != (status == "not_reached"):
			yield f"phase {name} is {status} and took {phase['seconds']} s"
		if over and status != "not_reached" and name != "quit":
			yield f"phase {name} is {status} behind one that failed"
		over = over or (status == "failed" and name != "quit")
	if leg["verdict"] == "ok" and any(p["status"] == "failed" and p["phase"] != "quit" for p in leg["phases"]):
		yield "an ok leg has a failed phase"


def shape_of_transcript(leg):
	last = 0.0
	for entry in leg["transcript"]:
		if set(entry) != {"at", "dir", "text"} or entry["dir"] not in DIRECTIONS:
			yield f"a line of the transcript is {entry}"
			continue
		if entry["at"] < last - 1e-6:
			yield f"the transcript goes back in time at {entry}"
		last = entry["at"]
	if not leg["transcript"] and leg["verdict"] != "not_checked":
		yield "the transcript is empty"


def shape(result):
	"""What holds for every result."""
	if set(result) != RESULT_KEYS:
		yield f"keys of the result: {sorted(set(result) ^ RESULT_KEYS)}"
		return
	if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", result["started"]):
		yield f"started is {result['started']}"
	if not result["legs"] or not result["text"]:
		yield "no leg or no text"
	for text in strings(result):
		if UNPRINTABLE.search(text):
			yield f"unprintable: {text!r}"
	for leg in result["legs"]:
		took = sum(phase["seconds"] or 0 for phase in leg["phases"])
		if took > result["seconds"] + 0.002:
			yield f"the phases took {took} s of {result['seconds']} s"
		if set(leg) != LEG_KEYS:
			yield f"keys of a leg: {sorted(set(leg) ^ LEG_KEYS)}"
			continue
		if any("not available" in text for text in strings(leg)):
			yield "something is 'not available'"
		if len(str(leg["transcript"])) > 200_000:
			yield "the transcript is not bounded"
		yield from shape_of_phases(leg)
		yield from shape_of_transcript(leg)


class Judge:
	"""One want after the other: each method gets the words behind its name, and returns what is wrong or None."""

	def __init__(self, run, result, log):
		self.scale, self.peer, self.result, self.log = run.scale, run.peer, result, log
		self.leg = result["legs"][0]

	def scaled(self, word):
		return seconds(word) / self.scale

	def differs(self, what, is_, wanted):
		return None if is_ == wanted else f"{what} is {is_}, not {wanted}"

	def verdict(self, wanted):
		return self.differs("verdict", self.result["verdict"], wanted)

	def outcome(self, wanted):
		return self.differs("outcome", self.result["outcome"], wanted)

	def text(self, word, other=None):
		text = self.result["text"]
		if word == "not":
			return f"the text says {other}" if other in text else None
		if word == "shows":
			return self.shows(text, self.scaled(other))
		return None if word in text else f"the text does not say {word!r}"

	def shows(self, text, wanted):
		found = [float(n) * UNITS[u] for n, u in re.findall(r"(\d+(?:\.\d+)?) ?(us|ms|s|min|h)\b", text)]
		return None if any(abs(f - wanted) < 0.051 for f in found) else f"the text does not show {wanted} s"

	def phase(self, name, status, *bounds):
		phase = next((p for p in self.leg["phases"] if p["phase"] == name), None)
		if phase is None:
			return f"no phase {name}"
		if phase["status"] != status:
			return f"phase {name} is {phase['status']}, not {status}"
		for bound, word in zip(bounds[::2], bounds[1::2]):
			limit = self.scaled(word)
			if bound == "limit" and abs((phase["limit"] or 0) - limit) > 1e-3:
				return f"phase {name} has the limit {phase['limit']}, not {limit}"
			if bound == "from" and phase["seconds"] < limit - EARLY:
				return f"phase {name} took {phase['seconds']} s, less than {limit}"
			if bound == "to" and phase["seconds"] > limit + SLACK:
				return f"phase {name} took {phase['seconds']} s, more than {limit}"
		return None

	def warnings(self):
		return [warning["code"] for leg in self.result["legs"] for warning in leg["warnings"]]

	def warning(self, code, text=""):
		found = [w for leg in self.result["legs"] for w in leg["warnings"] if w["code"] == code and text in w["text"]]
		return None if found else f"no warning {code} {text}, but {self.warnings()}"

	def no(self, what, name=None):
		if what == "warnings":
			return f"warnings: {self.warnings()}" if self.warnings() else None
		if what == "warning":
			return f"the warning {name}" if name in self.warnings() else None
		return f"the fact {name}" if name in self.leg["facts"] else None

	def fact(self, name, pattern):
		value = self.leg["facts"].get(name)
		matches = value is not None and fnmatch.fnmatchcase(str(value), pattern)
		return None if matches else f"fact {name} is {str(value)[:200]!r}, not {pattern}"

	def transcript(self, *words):
		direction = words[0] if words[0] in DIRECTIONS else None
		absent, text = "not" in words[:-1], words[-1]
		found = any(text in entry["text"] for leg in self.result["legs"] for entry in leg["transcript"]
		    if direction in (None, entry["dir"]))
		return None if found != absent else f"the transcript {'has' if absent else 'has not'} {text!r}"

	def legs(self, count):
		return self.differs("legs", len(self.result["legs"]), int(count))

	def legs_at(self, address):
		return [leg for leg in self.result["legs"] if (leg["address"] or "none") == address]

	def leg_(self, address, verdict, outcome=None):
		legs = self.legs_at(address)
		if not legs:
			return f"no leg {address}"
		return self.differs(f"verdict of {address}", legs[0]["verdict"], verdict) or (
		    outcome and self.differs(f"outcome of {address}", legs[0]["outcome"], outcome))

	def within(self, word):
		limit = self.scaled(word)
		took = self.result["seconds"]
		return f"the run took {took} s, more than {limit}" if took > limit + SLACK else None

	def stopped(self, *words):
		"""Was done while it ran."""

	def connections(self, count):
		found = sum(1 for line in self.log if re.match(rf"{self.peer} \d+ connected", line))
		return self.differs("connections", found, int(count))

	def heard(self, pattern):
		lines = [line.split(" heard ", 1)[1] for line in self.log if " heard " in line]
		return None if any(fnmatch.fnmatchcase(line, pattern) for line in lines) else f"it was not told {pattern}"

	def logged(self, pattern):
		return None if any(fnmatch.fnmatchcase(line, f"{self.peer} {pattern}") for line in self.log) else f"no \"{pattern}\" in {self.log}"

	def asked(self, question, count=None):
		found = [line for line in self.log if line.startswith(f"dns {question} ")]
		if count is not None:
			return self.differs(f"questions for {question}", len(found), int(count))
		return None if found else f"nobody asked for {question}"


def faults(run, result, log, exit_code):
	"""Everything that is wrong with a result, a line each."""
	found = list(shape(result))
	if found:
		return found
	judge = Judge(run, result, log)
	if exit_code != EXIT.get(result["verdict"]):
		found.append(f"verdict {result['verdict']} and exit code {exit_code}")
	for line, (word, *rest) in run.wants:
		fault = getattr(judge, "leg_" if word == "leg" else word)(*rest)
		if fault:
			found.append(f"line {line}: {fault}")
	found += [line for line in log if "broken:" in line]
	return found
