"""Makes what was heard the same in each run: times, spans, ports, keys, folders and process ids become words."""
import email
import email.policy
import json
import re

TIMES = [
	(re.compile(r"\b([0-9A-F]{2}:){15,}[0-9A-F]{2}\b"), "FINGERPRINT"),
	(re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?[+-]\d\d:?\d\d)?( \(\w+\))?Z?"), "TIME"),
	(re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d+ \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"), "TIME"),
	(re.compile(r"\b\d\d:\d\d(:\d\d)?\b"), "CLOCK"),
	(re.compile(r"^( *)\d+\.\d{3} (?=\*\*\*|-->|<--|\+\+\+|!!!)", re.M), r"  AT "),
]
SPAN = re.compile(r"(?<![\w.])(?<!limit )(?:\d+(?:\.\d+)? ?(?:ms|s|min|h|d)\b(?: (?=\d+ ?(?:s|min|h)\b))?)+")
PATTERNS = [
	(re.compile(r"\bpid \d+"), "pid PID"),
	(re.compile(r"(?<= postwatch )\d+(?= \w+ \[)"), "PID"),
	(re.compile(r"(?<=127\.0\.0\.1:)\d+"), "PORT"),
	(re.compile(r"\bport \d+"), "port PORT"),
	(re.compile(r'"(port|pid|run|next)": ?\d+'), r'"\1":N'),
	(re.compile(r"\b\d{16}\b"), "INCIDENT"),
	(re.compile(r'"notice": ?\d{4,}'), '"notice":N'),
	(re.compile(r"(?<!limit)(?<!limit:)(?<!limit\": )(?<!limit\":)(?<![\d.])\d+\.\d{3,}\b"), "N"),
	(re.compile(r'(?<=": )-?\d+(\.\d+)?e-\d+'), "N"),
	(re.compile(r'(?<=": )-?\d+\.\d+(e-?\d+)?'), "N"),
	(re.compile(r"(?<!of )\b([2-9]|\d\d+) attempts\b"), "MANY attempts"),
	(re.compile(r"\b(postwatch|history)\.db(?= cannot be written|: committing)"), "FILE.db"),      # whichever is the first to find out
	(re.compile(r"\battempt \d+ at delivering"), "attempt MANY at delivering"),
	(re.compile(r'"(attempts?)": ?([2-9]|\d\d+)\b'), r'"\1":MANY'),
	(re.compile(r"(KEY\d+|[a-z2-7]{26}), attempt ([2-9]|\d\d+)\b"), r"\1, attempt MANY"),
	(re.compile(r'attempt="([2-9]|\d\d+)"'), 'attempt="MANY"'),
	(re.compile(r"(?<=\S) {2,}(?=\S)"), "  "),
	(re.compile(r"^ {13,}", re.M), " " * 12),       # below a cell: as far in as the spans before it are wide
	(re.compile(r"^(  AT|\s*N)\s+(?=\*\*\*|-->|<--)", re.M), "  AT "),
	(re.compile(r"[ \t]+$", re.M), ""),
]
LATE = re.compile(r"^.*\bour own loop was late by .*\n", re.M)     # the machine had other things to do
# How long a step took, where a tenth of a second of a busy machine is seconds of the scene.
STEPS = re.compile(r"^ +(greeting after|(connect|banner|ehlo|starttls|handshake|ehlo_tls|quit) ) ?SPAN(; was:|  →) +SPAN\r?\n", re.M)
KEY = re.compile(r"\b[a-z2-7]{26}\b")


class Regular:
	"""One scene's: keys are numbered in the order in which they are first seen."""

	def __init__(self, words, host, fast):
		"""words: what is replaced first, by what; fast: whether the clock is so fast that what differs in the time of steps tells nothing."""
		self.fast, self.words, self.keys, self.host = fast, words, {}, re.compile(rf"\b{re.escape(host)}\b")

	def text(self, text):
		text = LATE.sub("", text)
		for word, instead in self.words:
			text = text.replace(word, instead)
		for pattern, instead in TIMES:
			text = pattern.sub(instead, text)
		text = SPAN.sub("SPAN", text)
		for pattern, instead in PATTERNS:
			text = pattern.sub(instead, text)
		if self.fast:
			text = STEPS.sub("", text)
		text = self.host.sub("HOST", text)
		return KEY.sub(lambda found: self.keys.setdefault(found[0], f"KEY{len(self.keys) + 1}"), text)

	def mail(self, raw):
		"""Its headers, unfolded, and its decoded text."""
		message = email.message_from_bytes(raw.removesuffix(b".\r\n"), policy=email.policy.default)
		headers = "".join(f"{name}: {' '.join(str(value).split())}\n" for name, value in message.items())
		return self.text(headers + "\n" + message.get_content())

	def json(self, value):
		return self.text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")

	def rows(self, text):
		"""Of a table or of JSON: rows that are alike and follow each other are one."""
		shown = [json.dumps(json.loads(line), indent=1, ensure_ascii=False) if line.startswith("{") else line for line in text.splitlines()]
		lines = self.text("".join(line + "\n" for line in shown)).splitlines()
		return "".join(line + "\n" for at, line in enumerate(lines) if at == 0 or line != lines[at - 1])
