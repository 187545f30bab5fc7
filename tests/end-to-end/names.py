#!/usr/bin/python3
"""A resolver at ADDRESS:53 that knows s0.d0.test to s99.d99.test, at 10.1.0.1 to 10.100.0.1; stopped, it is silent."""
import re
import socket
import struct
import sys


def name_of(query):
	labels, at = [], 12
	while query[at]:
		labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
		at += query[at] + 1
	return ".".join(labels), at + 5


def answer(query):
	name, end = name_of(query)
	kind = struct.unpack(">H", query[end - 4:end - 2])[0]
	known = re.fullmatch(r"s(\d+)\.d\1\.test", name)
	has = known is not None and kind == 1
	# NODATA and NXDOMAIN with the SOA that says who says so (RFC 2308).
	soa = b"\0" + struct.pack(">HHIH", 6, 1, 60, 22) + b"\0\0" + struct.pack(">5I", 1, 60, 60, 60, 60)
	head = query[:2] + struct.pack(">5H", 0x8180 | (0 if known else 3), 1, int(has), int(not has), 0)
	record = b"\xc0\x0c" + struct.pack(">HHIH4B", 1, 1, 60, 4, 10, int(known[1]) + 1, 0, 1) if has else soa
	return head + query[12:end] + record


with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
	server.bind((sys.argv[1], 53))
	print("ready", flush=True)
	while True:
		asked, source = server.recvfrom(512)
		server.sendto(answer(asked), source)
