"""Small servers of the test's own on loopback, for tests that need a willing peer rather than a real one.

	with Smtp() as server: server.port
	with Smtp(tls=context) …: offers STARTTLS
	with Smtp(name="mx1.example.org", address="192.0.2.10", port=25, offers=["SIZE 1000"]) …: as told
	with Dns({"mx.test": "127.0.0.1"}) as resolver: answers A for these names, nothing for other types, NXDOMAIN for others
"""
import socket
import ssl
import struct
import threading


class Server:
	"""A thread that serves one socket until the end of the block; start() and stop() may come and go on one port."""

	def __init__(self):
		self.port = 0
		self.socket = None
		self.thread = None

	def start(self):
		self.socket = self.open()
		self.port = self.socket.getsockname()[1]
		self.thread = threading.Thread(target=self.serve, args=(self.socket,), daemon=True)
		self.thread.start()

	def stop(self):
		"""From here on the port refuses."""
		if self.socket is not None:
			try:
				self.socket.shutdown(socket.SHUT_RDWR)
			except OSError:
				pass            # a datagram socket has nobody to shut down; closing wakes nobody there, and none has to
			self.socket.close()
			self.socket = None

	def __enter__(self):
		self.start()
		return self

	def __exit__(self, *_):
		self.stop()


class Smtp(Server):
	def __init__(self, tls=None, name="mx.test", address="127.0.0.1", port=0, offers=("SIZE 10240000", "8BITMIME")):
		super().__init__()
		self.tls, self.name, self.address, self.port, self.offers = tls, name, address, port, list(offers)
		self.silent = False     # it then accepts, and says nothing
		self.connections = 0    # that it has accepted
		self.kept = None        # bound, and never listened on: while the server is away nobody else is given its port

	def open(self):
		family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
		if self.kept is None:
			self.kept = socket.socket(family)
			self.kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
			self.kept.bind((self.address, self.port))
		return socket.create_server((self.address, self.kept.getsockname()[1]), family=family)

	def serve(self, listener):
		while True:
			try:
				peer, _ = listener.accept()
			except OSError:
				return
			self.connections += 1
			threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

	def talk(self, peer):
		try:
			peer.settimeout(30)
			self.dialogue(peer)
		except (OSError, ssl.SSLError):
			pass
		finally:
			peer.close()

	def dialogue(self, peer):
		secured = False
		if self.silent:
			self.line(peer)
			return
		peer.sendall(f"220 {self.name} ESMTP Postfix\r\n".encode())
		while True:
			word = self.line(peer).upper().split(b" ")[0]
			if word in (b"EHLO", b"HELO"):
				offers = ["STARTTLS"] if self.tls is not None and not secured else []
				peer.sendall(self.reply(250, [self.name, *offers, *self.offers]))
			elif word == b"STARTTLS" and self.tls is not None and not secured:
				peer.sendall(b"220 go ahead\r\n")
				peer = self.tls.wrap_socket(peer, server_side=True)
				secured = True
			elif word == b"QUIT":
				peer.sendall(b"221 bye\r\n")
				return
			elif word == b"":
				return
			else:
				peer.sendall(b"502 not here\r\n")

	@staticmethod
	def reply(code, lines):
		marks = ["-"] * (len(lines) - 1) + [" "]
		return "".join(f"{code}{mark}{line}\r\n" for mark, line in zip(marks, lines)).encode()

	@staticmethod
	def line(peer):
		"""Without its end; nothing where the peer has gone."""
		read = b""
		while not read.endswith(b"\n") and len(read) < 4096:
			byte = peer.recv(1)
			if not byte:
				return b""
			read += byte
		return read.rstrip(b"\r\n")


class Dns(Server):
	def __init__(self, names, port=0):
		super().__init__()
		self.names, self.port = names, port

	def open(self):
		datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		datagrams.bind(("127.0.0.1", self.port))
		return datagrams

	def serve(self, datagrams):
		while True:
			try:
				query, peer = datagrams.recvfrom(4096)
				datagrams.sendto(self.answer(query), peer)
			except (OSError, IndexError, struct.error):
				if datagrams.fileno() < 0:
					return

	def answer(self, query):
		labels, at = [], 12
		while query[at]:
			labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
			at += 1 + query[at]
		question = query[12:at + 5]
		kind = struct.unpack("!H", query[at + 1:at + 3])[0]
		known = self.names.get(".".join(labels).lower())
		has = known is not None and kind == 1
		header = query[:2] + struct.pack("!5H", 0x8180 | (3 if known is None else 0), 1, int(has), 0, 0)
		record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(known) if has else b""
		return header + question + record
