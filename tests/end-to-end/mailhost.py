"""A real Postfix that keeps mail: boxes for example.test, AUTH through Cyrus SASL, refusals of each kind.

	with MailHost(folder) as host:
		host.port["plain"], host.port["starttls"], host.port["submission"]   (AUTH only, inside TLS only: watch, secret)
		host.mails("ops")    what has come for ops@example.test, as bytes, in order of time

ops@ and boss@example.test have boxes; later@ is asked to come back (450), nobody@ is refused (550). Behind its text a mail
whose header says `X-Postwatch-Target: refused` is refused, and one from busy@ is asked to come back.
"""
import os
import pathlib
import shutil
import subprocess

from mailserver import Certificates, Postfix, free_ports

SERVICES = """
{plain}      inet n - n - - smtpd -o smtpd_tls_security_level=none
{starttls}   inet n - n - - smtpd
{submission} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
	-o smtpd_client_restrictions=permit_sasl_authenticated,reject
tlsmgr     unix - - n 1000? 1 tlsmgr
cleanup    unix n - n - 0 cleanup
qmgr       unix n - n 300 1 qmgr
rewrite    unix - - n - - trivial-rewrite
bounce     unix - - n - 0 bounce
defer      unix - - n - 0 bounce
virtual    unix - n n - - virtual
error      unix - - n - - error
discard    unix - - n - - discard
anvil      unix - - n - 1 anvil
postlog    unix-dgram n - n - 1 postlogd
"""

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = mail.test
mydestination =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
default_transport = discard
virtual_mailbox_domains = example.test
virtual_mailbox_base = {folder}/boxes
virtual_mailbox_maps = inline:{{ {{ops@example.test = ops/}}, {{boss@example.test = boss/}}, {{later@example.test = later/}} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
virtual_alias_maps =
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{later@example.test = 450 4.2.1 come back later}} }},
	permit_mynetworks, reject
smtpd_end_of_data_restrictions = check_sender_access inline:{{ {{busy@example.test = 451 4.3.0 come back later}} }}
header_checks = regexp:{folder}/etc/header_checks
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/good.pem
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {folder}/etc/sasl
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
alias_maps =
alias_database =
"""

HEADER_CHECKS = """
/^X-Postwatch-Target: refused/ REJECT no such notices here
"""

SASL = """
pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: {mechanisms}
sasldb_path: {folder}/etc/sasl/db
"""


class MailHost(Postfix):
	def __init__(self, folder, mechanisms="PLAIN LOGIN"):
		super().__init__(folder)
		self.mechanisms = mechanisms

	def __enter__(self):
		self.make_passable()
		for name in ("etc", "etc/sasl", "queue", "data", "boxes"):
			(self.folder / name).mkdir(exist_ok=True)
		shutil.chown(self.folder / "data", "postfix")
		shutil.chown(self.folder / "boxes", "nobody")
		self.certificates = Certificates(self.folder)
		names = ["plain", "starttls", "submission"]
		self.port = dict(zip(names, free_ports(len(names))))
		listen = {name: f"127.0.0.1:{port}" for name, port in self.port.items()}
		etc = self.folder / "etc"
		uid = (self.folder / "boxes").stat().st_uid
		(etc / "main.cf").write_text(MAIN.format(folder=self.folder, uid=uid), encoding="ascii")
		(etc / "master.cf").write_text(SERVICES.format(folder=self.folder, **listen), encoding="ascii")
		(etc / "header_checks").write_text(HEADER_CHECKS, encoding="ascii")
		self.make_user()
		self.start()
		return self

	def make_user(self):
		sasl = self.folder / "etc/sasl"
		(sasl / "smtpd.conf").write_text(SASL.format(folder=self.folder, mechanisms=self.mechanisms), encoding="ascii")
		subprocess.run(["saslpasswd2", "-p", "-c", "-f", sasl / "db", "-u", "mail.test", "watch"], input=b"secret",
		    check=True, timeout=30)
		os.chown(sasl / "db", (self.folder / "data").stat().st_uid, -1)

	def mails(self, box):
		"""Those that have been delivered whole."""
		found = pathlib.Path(self.folder / "boxes" / box / "new")
		return [one.read_bytes() for one in sorted(found.iterdir(), key=lambda one: one.stat().st_mtime_ns)] \
		    if found.is_dir() else []
