"""The page, the API and the metrics of a daemon of the test's own, and how a reader of them sees them."""
import contextlib
import html.parser
import http.client
import json
import re
import socket

import fake
from watched import until, watching


def free_port():
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


class Unix(http.client.HTTPConnection):
	def __init__(self, path):
		super().__init__("localhost", timeout=20)
		self.path = path

	def connect(self):
		self.sock = socket.socket(socket.AF_UNIX)
		self.sock.connect(self.path)


class Site:
	def __init__(self, port, headers=None):
		self.port, self.headers = port, headers or {}

	def get(self, path, method="GET", **headers):
		connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
		with contextlib.closing(connection):
			connection.request(method, path, headers={**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}})
			answer = connection.getresponse()
			return answer.status, dict(answer.getheaders()), answer.read()

	def page(self, path):
		status, headers, body = self.get(path)
		assert status == 200, (path, status, body[:200])
		assert headers["Content-Type"] == "text/html; charset=utf-8", headers
		return parse(body.decode("utf-8"))

	def json(self, path, status=200):
		found, _, body = self.get(path)
		assert found == status, (path, found, body)
		return json.loads(body)

	def raw(self, lines):
		with socket.create_connection(("127.0.0.1", self.port), timeout=20) as peer:
			peer.sendall(lines)
			found = b""
			with contextlib.suppress(ConnectionResetError):
				while b"\r\n\r\n" not in found and (part := peer.recv(65536)):
					found += part
			return int(found.split()[1]) if found.startswith(b"HTTP/1.1 ") else 0


class Refusing(fake.Smtp):
	"""Greets with 554 and those words."""

	def __init__(self, words):
		super().__init__()
		self.words = words

	def dialogue(self, peer):
		peer.sendall(b"554 " + self.words + b"\r\n")
		peer.close()


class Parser(html.parser.HTMLParser):
	VOID = {"meta", "link", "input", "br"}

	def __init__(self):
		super().__init__()
		self.open, self.tags, self.text, self.links, self.title = [], [], [], [], ""

	def handle_starttag(self, tag, attrs):
		self.tags.append(tag)
		self.links += [value for name, value in attrs if name in ("href", "src", "action")]
		assert not any(name.startswith("on") or name == "style" for name, _ in attrs), (tag, attrs)
		if tag not in self.VOID:
			self.open.append(tag)

	def handle_startendtag(self, tag, attrs):
		self.tags.append(tag)

	def handle_endtag(self, tag):
		assert self.open and self.open[-1] == tag, (tag, self.open)
		self.open.pop()

	def handle_data(self, data):
		self.text.append(data)
		if self.open and self.open[-1] == "title":
			self.title += data


def parse(text):
	parser = Parser()
	parser.feed(text)
	parser.close()
	assert not parser.open, parser.open
	assert parser.tags.count("script") == 1, "the script of ours alone"
	parser.words = " ".join("".join(parser.text).split())
	return parser


@contextlib.contextmanager
def serving(name, targets, settings="public = true;", **more):
	port = free_port()
	with watching(name, targets, web="{ " + f'listen = [ "127.0.0.1:{port}" ]; {settings}' + " }", **more) as daemon:
		until(lambda: daemon.says("the page is at"), "the page is served")
		site = Site(port)
		until(lambda: site.get("/icon/up.svg")[0] == 401 or site.json("/api/v1/status")["store"] is None, "the store is read")
		yield daemon, site
