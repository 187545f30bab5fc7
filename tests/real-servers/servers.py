"""Real mail servers, each with a configuration for every situation it can be brought into."""
import contextlib
import os
import pathlib
import shutil
import types

import tap
from mailserver import PARTS, Postfix as PostfixHost, free_ports
from roots import FIRST_USER, Root, bootstrap
from server import Server, make_certificates


class Exim(Server):
	name, packages, users = "exim", ["exim4-daemon-light"], ["Debian-exim"]
	reader = FIRST_USER

	BASE = """
primary_hostname = mx.test
spool_directory = /tmp/spool
log_file_path = /tmp/exim-%slog
pid_file_path = /tmp/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
keep_environment =
host_lookup =
tls_certificate = {certificate}
acl_smtp_connect = connect
acl_smtp_helo = helo
{main}
begin acl
connect:
{connect}
  accept
helo:
  accept
"""
	# main options, what is said at connect, certificate; Exim of itself advertises TLS to everybody
	situations = {
		"plain": ("tls_advertise_hosts =", "", "good"),
		"starttls": ("", "", "good"),
		"implicit": ("tls_on_connect_ports = {port}", "", "rsa"),
		"HELO is checked": ("helo_verify_hosts = *", "", "good"),
		"listed by a DNSBL": ("", "  deny message = $sender_host_address is listed at $dnslist_domain\n    dnslists = dnsbl.test", "good"),
		"rate limited": ("", "  defer message = too many connections from you, try later\n    ratelimit = 2 / 1h / strict / per_conn", "good"),
		"too many at once": ("smtp_accept_max = 1", "", "good"),
		"pauses": ("", "  accept delay = 3s", "good"),
		"certificate required": ("tls_verify_hosts = *\ntls_verify_certificates = /certs/ca.pem", "", "good"),
		"certificate wanted": ("tls_try_verify_hosts = *\ntls_verify_certificates = /certs/ca.pem", "", "good"),
		"key of another": ("", "", "mismatch"),
		"no certificate file": ("", "", "missing"),
		"expired": ("", "", "expired"),
		"ends in 10 days": ("", "", "ends_10d"),
		"wrong name": ("", "", "wrong_name"),
		"foreign authority": ("", "", "stranger"),
		"intermediate missing": ("", "", "no_intermediate"),
		"wrong chain": ("", "", "wrong_chain"),
		"by name": ("", "", "${if eq{$tls_in_sni}{mx.test}{/certs/good.pem}{/certs/wrong_name.pem}}"),
		"old TLS only": ("tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.0:+SIGN-RSA-SHA1", "", "rsa"),
		"RSA key exchange": ("tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA", "", "rsa"),
		"closing": ("", "  defer message = closing for maintenance", "good"),
		"refuses": ("", "  deny message = this server is closing for maintenance", "good"),
	}

	def launch(self, situation, port):
		main, connect, certificate = self.situations[situation]
		certificate = certificate if certificate.startswith("$") else f"/certs/{certificate}.pem"
		self.root.write("/etc/exim4/exim4.conf",
		    self.BASE.format(port=port, certificate=certificate, main=main.format(port=port), connect=connect))
		self.root.path("/tmp/spool").mkdir(exist_ok=True)
		os.chown(self.root.path("/tmp/spool"), FIRST_USER, FIRST_USER)
		return self.root.start("exim4", "-bdf")


class Sendmail(Server):
	name, packages, users = "sendmail", ["sendmail-bin", "sendmail-cf"], ["smmta", "smmsp"]

	BASE = """
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
VERSIONID(`test')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
define(`confDOMAIN_NAME', `mx.test')dnl
define(`confCACERT', `/certs/good.above')dnl
define(`confCACERT_PATH', `/certs')dnl
define(`confSERVER_CERT', `/certs/{certificate}.pem')dnl
define(`confSERVER_KEY', `/certs/{key}.key')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
{main}
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Name=MTA, Family=inet, Address=127.0.0.1, Port={port}{daemon}')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
	limits = "FEATURE(`access_db', `hash /tmp/access')dnl\n"
	# what is defined, certificate, key, the daemon's options
	situations = {
		"starttls": ("", "good", "good", ""),
		"plain": ("", "good", "good", ", M=S"),
		"implicit": ("", "good", "good", ", M=s"),
		"starttls with RSA": ("", "rsa", "rsa", ""),
		"expired": ("", "expired", "expired", ""),
		"key of another": ("", "good", "rsa", ""),
		"pauses": ("FEATURE(`greet_pause', `3000')dnl", "good", "good", ""),
		"listed by a DNSBL": ("FEATURE(`dnsbl', `dnsbl.test')dnl", "good", "good", ""),
		"rate limited": (f"{limits}FEATURE(`ratecontrol', `nodelay', `terminate')dnl", "good", "good", ""),
		"too many at once": (f"{limits}FEATURE(`conncontrol', `nodelay', `terminate')dnl", "good", "good", ""),
		"throttled": ("define(`confCONNECTION_RATE_THROTTLE', `1')dnl", "good", "good", ""),
		"disk is full": ("define(`confMIN_FREE_BLOCKS', `4000000000')dnl", "good", "good", ""),
	}

	def launch(self, situation, port):
		main, certificate, key, daemon = self.situations[situation]
		self.root.write("/tmp/test.mc", self.BASE.format(port=port, certificate=certificate, key=key, main=main, daemon=daemon))
		made = self.root.run("m4", "-D_CF_DIR_=/usr/share/sendmail/cf/", "/tmp/test.mc")
		self.root.write("/etc/mail/sendmail.cf", made.stdout)
		self.root.write("/tmp/access.text", "ClientRate:127.0.0.1\t2\nClientConn:127.0.0.1\t1\n")
		self.root.run("sh", "-c", "makemap hash /tmp/access </tmp/access.text; touch /etc/mail/local-host-names; "
		    "mkdir -p /run/sendmail/mta /var/spool/mqueue")
		return self.root.start("/usr/libexec/sendmail/sendmail", "-bD", "-C", "/etc/mail/sendmail.cf")


class Courier(Server):
	name, packages, users = "courier", ["courier-mta"], ["courier"]
	reader = FIRST_USER

	# environment, options of couriertcpd, what it starts
	situations = {
		"starttls": ({}, [], []),
		"starttls with RSA": ({"TLS_CERTFILE": "/certs/rsa.pem"}, [], []),
		"plain": ({"TLS_CERTFILE": "/certs/missing.pem"}, [], []),
		"implicit": ({}, [], ["/usr/bin/couriertls", "-server", "-tcpd"]),
		"listed by a DNSBL": ({}, ["-block=dnsbl.test,BLOCK"], []),
		"expired": ({"TLS_CERTFILE": "/certs/expired.pem"}, [], []),
		"intermediate missing": ({"TLS_CERTFILE": "/certs/no_intermediate.pem"}, [], []),
		"HELO is checked": ({"BOFHCHECKHELO": "1"}, [], []),
		"certificate required": ({"TLS_VERIFYPEER": "REQUIREPEER", "TLS_TRUSTCERTS": "/certs/ca.pem"}, [], []),
		"tarpit": ({"TARPIT": "1"}, [], []),
		"too many at once": ({}, ["-maxperip=1"], []),
	}

	def launch(self, situation, port):
		environment, options, before = self.situations[situation]
		self.root.write("/etc/courier/me", "mx.test\n")
		self.root.write("/etc/courier/esmtpacceptmailfor", "mx.test\n")
		if not self.root.path("/etc/courier/dhparams.pem").exists():
			self.root.run("openssl", "dhparam", "-dsaparam", "-out", "/etc/courier/dhparams.pem", "1024")
		settings = {"PATH": "/usr/bin:/bin:/usr/sbin", "COURIERTLS": "/usr/bin/couriertls", "TLS_CERTFILE": "/certs/good.pem",
		    "TLS_DHPARAMS": "/etc/courier/dhparams.pem", "TLS_VERIFYPEER": "NONE", "BOFHCHECKDNS": "0"}
		return self.root.start("/usr/sbin/couriertcpd", "-stderrlogger=/usr/sbin/courierlogger", "-nodnslookup",
		    "-user=courier", "-group=courier", "-address=127.0.0.1", *options, str(port), *before, "/usr/sbin/courieresmtpd",
		    env=dict(settings, **environment))


class Nginx(Server):
	name, packages = "nginx", ["libnginx-mod-mail"]

	BASE = """
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
daemon off; pid /tmp/nginx.pid; error_log /tmp/nginx.log; user nobody nogroup;
events {{ }}
mail {{
	server_name mx.test; auth_http 127.0.0.1:9/; smtp_auth none;
	ssl_certificate /certs/good.pem; ssl_certificate_key /certs/good.key;
	server {{ listen 127.0.0.1:{port} {listen}; protocol smtp; {options} }}
}}
"""
	situations = {
		"plain": ("", ""),
		"starttls": ("", "starttls on;"),
		"starttls only": ("", "starttls only;"),
		"implicit": ("ssl", ""),
		"pauses": ("", "smtp_greeting_delay 3s;"),
		"certificate required": ("", "starttls on; ssl_verify_client on; ssl_client_certificate /certs/ca.pem;"),
		"certificate required, implicit": ("ssl", "ssl_verify_client on; ssl_client_certificate /certs/ca.pem;"),
		"old TLS only": ("", "starttls on; ssl_protocols TLSv1; ssl_ciphers DEFAULT@SECLEVEL=0;"),
	}

	def launch(self, situation, port):
		listen, options = self.situations[situation]
		self.root.write("/tmp/nginx.conf", self.BASE.format(port=port, listen=listen, options=options))
		return self.root.start("nginx", "-c", "/tmp/nginx.conf", "-e", "/tmp/nginx.log")


class Dovecot(Server):
	name, packages, users = "dovecot", ["dovecot-submissiond", "dovecot-lmtpd"], ["dovecot", "dovenull"]

	BASE = """
{first}
protocols = submission lmtp
base_dir = /run/dovecot
state_dir = /tmp/state
log_path = /tmp/dovecot.log
listen = 127.0.0.1
hostname = mx.test
submission_relay_host = 127.0.0.1
submission_relay_port = 9
ssl = {ssl}
service submission-login {{
  inet_listener submission {{
    port = {submission}
  }}
  inet_listener submissions {{
    port = {implicit}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
"""
	# By version: what comes first; certificate and accounts; the authority of clients
	OLD = ("", """
ssl_cert = </certs/good.pem
ssl_key = </certs/good.key
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=8000 gid=8000 home=/tmp
}
""", "ssl_ca = </certs/ca.pem\nssl_verify_client_cert = yes\n")
	NEW = ("dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0", """
ssl_server_cert_file = /certs/good.pem
ssl_server_key_file = /certs/good.key
passdb static {
  password = secret
}
userdb static {
  fields {
    uid = 8000
    gid = 8000
    home = /tmp
  }
}
""", "ssl_server_ca_file = /certs/ca.pem\nssl_server_request_client_cert = yes\n")
	situations = {"starttls": "submission", "plain": "submission", "implicit": "implicit", "LMTP": "lmtp", "certificate wanted": "submission",
	    "certificate wanted, implicit": "implicit"}

	def launch(self, situation, port):
		first, always, clients = self.OLD if self.root.run("dovecot", "--version").stdout.startswith("2.3") else self.NEW
		ports = dict(zip(("submission", "implicit", "lmtp"), free_ports(3)))
		ports[self.situations[situation]] = port
		self.root.write("/etc/dovecot/dovecot.conf", self.BASE.format(first=first, ssl="no" if situation == "plain" else "yes", **ports)
		    + always + (clients if "wanted" in situation else ""))
		return self.root.start("dovecot", "-F")


class OpenSmtpd(Server):
	"""Of Debian 13: that of Debian 12 cannot do TLS (its keys in a process of their own, with OpenSSL 3)."""
	name, packages = "opensmtpd", ["opensmtpd", "openssl", "ca-certificates"]

	BASE = """
pki mx.test cert "/certs/{certificate}.pem"
pki mx.test key "/certs/{certificate}.key"
ca test cert "/certs/ca.pem"
{filters}
listen on 127.0.0.1 port {port} hostname mx.test {listen}
action "gone" relay
match from any for local action "gone"
"""
	filtered = 'tls pki mx.test filter "one"'
	# a filter, how it listens, certificate
	situations = {
		"plain": ("", "", "good"),
		"starttls": ("", "tls pki mx.test", "good"),
		"starttls with RSA": ("", "tls pki mx.test", "rsa"),
		"implicit": ("", "smtps pki mx.test", "good"),
		"submission": ("", "tls-require pki mx.test auth-optional", "good"),
		"HELO is checked": ('phase ehlo match helo regex ".*" reject "550 5.5.2 Helo name does not match"', filtered, "good"),
		"listed": ('phase connect match src "127.0.0.1" reject "550 5.7.1 Your address is on our block list"', filtered, "good"),
		"greylisted": ('phase connect match src "127.0.0.1" reject "421 4.7.1 Greylisted, please try again later"', filtered, "good"),
		"closing": ('phase connect match src "127.0.0.1" disconnect "421 4.3.2 System going down"', filtered, "good"),
		"certificate required": ("", "tls-require verify pki mx.test ca test", "good"),
		"expired": ("", "tls pki mx.test", "expired"),
		"intermediate missing": ("", "tls pki mx.test", "no_intermediate"),
	}

	@classmethod
	def fetch(cls):
		bootstrap(cls.name, "trixie", cls.packages)

	def __init__(self, certificates):
		self.root = Root(self.name, over=False)
		make_certificates(certificates, self.root.path("/certs"))

	def launch(self, situation, port):
		filters, listen, certificate = self.situations[situation]
		filters = filters and f'filter "one" {filters}'
		self.root.write("/etc/smtpd.conf", self.BASE.format(port=port, filters=filters, listen=listen, certificate=certificate))
		return self.root.start("smtpd", "-d", "-f", "/etc/smtpd.conf")


class Aiosmtpd(Server):
	"""A server of Python's asyncio, whose TLS closes where others send an alert."""
	name, packages = "aiosmtpd", ["python3-aiosmtpd"]

	situations = {kind: None for kind in ("plain", "starttls", "implicit", "certificate required", "LMTP")}

	def launch(self, situation, port):
		self.root.write("/tmp/server.py", pathlib.Path("tests/real-servers/with_aiosmtpd.py").read_text(encoding="ascii"))
		return self.root.start("/usr/bin/python3", "/tmp/server.py", str(port), situation)


class HaProxy(Server):
	"""In front of a Postfix."""
	name, packages = "haproxy", ["haproxy"]

	BASE = """
global
	log stdout format raw daemon
defaults
	mode tcp
	log global
	option tcplog
	timeout connect 1s
	timeout client 30s
	timeout server 30s
	timeout queue 30s
frontend in
	{front}
	bind 127.0.0.1:{port} {bind}
	default_backend out
backend out
	{back}
"""
	# the frontend, how it is bound, what is behind it
	situations = {
		"tcp": ("", "", "server one 127.0.0.1:{starttls}"),
		"with PROXY": ("", "", "server one 127.0.0.1:{proxied} send-proxy-v2"),
		"implicit": ("", "ssl crt /certs/good.pem", "server one 127.0.0.1:{plain}"),
		"by name": ("", "ssl crt /certs/good.pem strict-sni", "server one 127.0.0.1:{plain}"),
		"certificate required": ("", "ssl crt /certs/good.pem ca-file /certs/ca.pem verify required", "server one 127.0.0.1:{plain}"),
		"nobody behind": ("", "", "server one 127.0.0.1:9"),
		"rejects": ("tcp-request connection reject", "", "server one 127.0.0.1:{plain}"),
		"drops": ("tcp-request content silent-drop", "", "server one 127.0.0.1:{plain}"),
		"too many at once": ("maxconn 1", "", "server one 127.0.0.1:{plain}"),
	}

	def __init__(self, certificates, postfix):
		super().__init__(certificates)
		self.behind = {"plain": postfix.port["plain"], "starttls": postfix.port["starttls"], "proxied": postfix.port["behind a proxy"]}

	def launch(self, situation, port):
		front, bind, back = self.situations[situation]
		self.root.write("/tmp/haproxy.cfg", self.BASE.format(port=port, front=front, bind=bind, back=back.format(**self.behind)))
		return self.root.start("haproxy", "-db", "-f", "/tmp/haproxy.cfg")


class Stunnel(Server):
	"""In front of a Postfix."""
	name, packages = "stunnel", ["stunnel4"]

	BASE = """
foreground = yes
pid =
[smtp]
accept = 127.0.0.1:{port}
cert = /certs/good.pem
{more}
"""
	situations = {
		"implicit": "connect = 127.0.0.1:{plain}",
		"starttls": "protocol = smtp\nconnect = 127.0.0.1:{plain}",
		"certificate required": "connect = 127.0.0.1:{plain}\nCAfile = /certs/ca.pem\nverifyChain = yes",
	}

	def __init__(self, certificates, postfix):
		super().__init__(certificates)
		self.behind = {"plain": postfix.port["plain"]}

	def launch(self, situation, port):
		more = self.situations[situation].format(**self.behind)
		self.root.write("/tmp/stunnel.conf", self.BASE.format(port=port, more=more))
		return self.root.start("stunnel4", "/tmp/stunnel.conf")


class Postfix(PostfixHost):
	"""The one that is installed, with a service for every situation."""
	name = "postfix"
	refused = "-o smtpd_delay_reject=no -o {{ smtpd_client_restrictions = %s }}"
	listed = "-o postscreen_dnsbl_sites=dnsbl.test -o postscreen_dnsbl_action="
	situations = {
		"plain": "smtpd -o smtpd_tls_security_level=none",
		"starttls": "smtpd",
		"implicit": "smtpd -o smtpd_tls_wrappermode=yes",
		"submission": "smtpd -o smtpd_tls_security_level=encrypt",
		"behind a proxy": "smtpd -o smtpd_upstream_proxy_protocol=haproxy -o smtpd_upstream_proxy_timeout=1s",
		"HELO is checked": "smtpd -o smtpd_delay_reject=no -o smtpd_helo_restrictions=reject_unknown_helo_hostname",
		"listed by a DNSBL": "smtpd " + refused % "reject_rbl_client dnsbl.test",
		"rate limited": "smtpd -o smtpd_client_connection_rate_limit=2 -o smtpd_client_event_limit_exceptions=",
		"too many at once": "smtpd -o smtpd_client_connection_count_limit=1 -o smtpd_client_event_limit_exceptions=",
		"milter is away": "smtpd -o smtpd_milters=inet:127.0.0.1:9 -o milter_default_action=tempfail",
		"milter is away, rejects": "smtpd -o smtpd_milters=inet:127.0.0.1:9 -o milter_default_action=reject",
		"policy server is away": "smtpd -o smtpd_policy_service_try_limit=1 " + refused % "check_policy_service inet:127.0.0.1:9",
		"certificate wanted": "smtpd -o smtpd_tls_ask_ccert=yes",
		"certificate required": "smtpd -o smtpd_tls_security_level=encrypt -o smtpd_tls_req_ccert=yes",
		"certificate required, implicit": "smtpd -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=encrypt -o smtpd_tls_req_ccert=yes",
		"old TLS only": "smtpd -o smtpd_tls_protocols=TLSv1 -o smtpd_tls_ciphers=medium -o tls_medium_cipherlist=ALL:@SECLEVEL=0",
		"RSA key exchange": "smtpd -o smtpd_tls_protocols=TLSv1.2 -o smtpd_tls_exclude_ciphers=kECDHE,kDHE "
		    "-o smtpd_tls_chain_files={folder}/rsa.pem",
		"key of another": "smtpd -o smtpd_tls_chain_files={folder}/mismatch.pem",
		"no certificate": "smtpd -o smtpd_tls_chain_files= -o smtpd_tls_cert_file=none",
		"expired": "smtpd -o smtpd_tls_chain_files={folder}/expired.pem",
		"soft_bounce": "smtpd -o soft_bounce=yes " + refused % "reject",
		"refuses": "smtpd " + refused % "reject",
		"closing": "smtpd " + refused % "check_client_access inline:{{ {{ 127.0.0.1 = 421 4.3.2 closing for maintenance }} }}",
		"pauses": "smtpd " + refused % "sleep 3, permit",
		"postscreen": "postscreen",
		"postscreen, deep": "postscreen -o postscreen_pipelining_enable=yes -o postscreen_bare_newline_enable=yes "
		    "-o postscreen_non_smtp_command_enable=yes",
		"postscreen, of a backup": "postscreen -o postscreen_allowlist_interfaces=!127.0.0.1",
		"postscreen, listed": f"postscreen {listed}enforce",
		"postscreen, listed, drop": f"postscreen {listed}drop",
		"postscreen, listed, drop, no teaser": f"postscreen {listed}drop -o postscreen_greet_banner=",
		"postscreen, too many at once": "postscreen -o postscreen_client_connection_count_limit=1",
		"postscreen, nobody behind": "postscreen -o smtpd_service_name=gone",
	}

	services = "".join(f"{{{situation}}} inet n - n - {1 if what.startswith('postscreen') else '-'} {what}\n"
	    for situation, what in situations.items()) + PARTS

	@classmethod
	def fetch(cls):
		if shutil.which("postfix") is None:
			raise tap.Skip("postfix is not installed")

	def __init__(self, certificates, folder):
		self.given = certificates
		super().__init__(folder)

	def make_certificates(self):
		make_certificates(self.given, self.folder)

	@contextlib.contextmanager
	def serve(self, situation):
		yield types.SimpleNamespace(port=self.port[situation], freeze=self.freeze, thaw=self.thaw)
		self.thaw()
