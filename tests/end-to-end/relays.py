"""A relay that takes mail as a script says.

	with Relay({"RCPT": b"550 no\r\n"}, tls=context) as relay: relay.port, relay.said, relay.texts
"""
import socket
import ssl

import fake


class Relay(fake.Server):
	"""Says what `by_line` has for a whole line, or `replies` for a word of the dialogue, else what is usual; None closes the
	connection. `implicit`: TLS begins with the connection. `came` counts connections; `said` has all that
	was said to it, `texts` the messages, `served` what the handshakes were about."""

	def __init__(self, replies=None, tls=None, offers=("SIZE 10240000",), address="127.0.0.1", implicit=False):
		super().__init__()
		self.replies, self.tls, self.offers, self.address = replies or {}, tls, list(offers), address
		self.said, self.texts, self.served = [], [], []
		self.came, self.implicit, self.by_line = 0, implicit, {}

	def open(self):
		return socket.create_server((self.address, 0), family=socket.AF_INET6 if ":" in self.address else socket.AF_INET)

	def serve(self, listener):
		while True:
			try:
				peer, _ = listener.accept()
			except OSError:
				return
			self.came += 1
			try:
				peer.settimeout(30)
				self.dialogue(peer)
			except (OSError, ssl.SSLError):
				pass
			peer.close()

	def usual(self, word, secured):
		if word == "EHLO":
			offers = ["STARTTLS"] if self.tls is not None and not secured else []
			return fake.Smtp.reply(250, ["mail.test", *offers, *self.offers])
		return {"": b"220 mail.test ESMTP\r\n", "STARTTLS": b"220 go ahead\r\n", "DATA": b"354 go ahead\r\n",
		    "QUIT": b"221 bye\r\n", ".": b"250 2.0.0 taken as 4711\r\n", "AUTH": b"235 2.7.0 ok\r\n"}.get(word, b"250 ok\r\n")

	def dialogue(self, peer):
		secured, word = self.implicit, ""
		if self.implicit:
			peer = self.secure(peer)
		while True:
			line, greeted = b"", word != ""
			if greeted:
				line = self.line(peer)
				if line is None:
					return
				self.said.append((secured, line.decode("latin-1")))
			word = line.decode("latin-1").upper().split(" ")[0].split(":")[0]
			if word == "BDAT":
				self.texts.append(self.chunk(peer, line))
				word = "." if line.endswith(b"LAST") else word
			reply = self.replies.get(word, self.usual(word, secured))
			if greeted and line.decode("latin-1") in self.by_line:
				reply = self.by_line[line.decode("latin-1")]
			if reply is None:
				return
			peer.sendall(reply)
			if word == "STARTTLS" and reply.startswith(b"220"):
				peer = self.secure(peer)
				secured = True
			if word == "DATA" and reply.startswith(b"354"):
				self.texts.append(self.text(peer))
				reply = self.replies.get(".", self.usual(".", secured))
				if reply is None:
					return
				peer.sendall(reply)
			word = word or "greeted"

	@staticmethod
	def line(peer):
		"""Without its end; None where the peer has gone."""
		read = b""
		while not read.endswith(b"\n") and len(read) < 16384:
			byte = peer.recv(1)
			if not byte:
				return None
			read += byte
		return read.rstrip(b"\r\n")

	def secure(self, peer):
		names = []
		self.tls.sni_callback = lambda _, name, __: names.append(name)
		peer = self.tls.wrap_socket(peer, server_side=True)
		self.served.append((peer.version(), names[0] if names else None))
		return peer

	@staticmethod
	def chunk(peer, line):
		size, read = int(line.split(b" ")[1]), b""
		while len(read) < size:
			got = peer.recv(size - len(read))
			if not got:
				raise OSError("gone")
			read += got
		return read

	@staticmethod
	def text(peer):
		read = b""
		while not (b"\r\n" + read).endswith(b"\r\n.\r\n"):
			got = peer.recv(65536)
			if not got:
				raise OSError("gone")
			read += got
		return read

	def words(self):
		return [line.split(" ")[0].split(":")[0].upper() for _, line in self.said]
