"""One daemon watches real servers, healthy ones and ones of which something stands, while they are frozen in turn."""
import re

import tap
from watched import target, until, watching

# What stands of a server all along: told once, and never down.
STANDING = [("exim", "listed by a DNSBL", "blocked(policy)"), ("exim", "closing", "degraded(tempfail)"),
    ("courier", "certificate required", "degraded(client_cert_required)"), ("nginx", "certificate required", "degraded(client_cert_required)"),
    ("exim", "rate limited", "degraded(rate_limited)")]

# Frozen together; HAProxy is as silent as the Postfix behind it.
FROZEN = [["exim", "sendmail"], ["courier", "nginx"], ["postfix"], ["dovecot", "opensmtpd"], ["aiosmtpd"]]
BEHIND = {"haproxy": "postfix"}

LIMITS = 'limits = { banner = "3s"; ehlo = "3s"; }; patient_limits = { banner = "4s"; ehlo = "4s"; }; verify = "full"; sni = "mx.test"; '


def told(daemon, name):
	"""The kinds of what was told of a target, in order; what is only logged has the level info."""
	return re.findall(rf"^\S+ \S+ \S+ +(?:error|warning|notice) +{name} (down|up after|degraded|blocked|cleared|changed|flapping|unstable)\b",
	    daemon.output(), re.M)


def watch(known, certificates, stack):
	"""One after another is frozen: each is told down and up once, and of the others nothing but what stands"""
	running, targets = {}, []

	def begin(name, server, situation):
		try:
			running[name] = stack.enter_context(known.get(server).serve(situation))
		except tap.Skip:
			return
		targets.append(target(running[name].port, "smtp", name, LIMITS + f'ca_file = "{certificates / "ca.pem"}";'))

	for server in [name for some in FROZEN for name in some]:
		begin(server, server, "starttls")
	begin("haproxy", "haproxy", "tcp")
	for number, (server, situation, _) in enumerate(STANDING):
		begin(f"standing-{number}", server, situation)
	with watching("servers", targets) as daemon:
		for number, (_, _, what) in enumerate(STANDING):
			until(lambda: f"standing-{number}" not in running or daemon.says(f"standing-{number} {what}"), f"{what} is told", 90)
		for some in FROZEN:
			frozen = [name for name in running if BEHIND.get(name, name) in some]
			for name in frozen:
				if name not in BEHIND:
					running[name].freeze()
			until(lambda: all(daemon.says(f"{name} down") for name in frozen), f"{frozen} are told", 60)
			for name in frozen:
				if name not in BEHIND:
					running[name].thaw()
			until(lambda: all(daemon.says(f"{name} up after") for name in frozen), f"{frozen} are told well", 60)
		print("# " + "\n# ".join(line.rstrip() for line in daemon.lines if re.search(r" (down|up|degraded|blocked|cleared)\b", line)))
		for name in running:
			expected = [STANDING[int(name[-1])][2].partition("(")[0]] if name.startswith("standing") else ["down", "up after"]
			assert told(daemon, name) == expected, (name, told(daemon, name))
