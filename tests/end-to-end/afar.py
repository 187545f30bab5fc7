#!/usr/bin/python3
"""Servers on 10.1.0.1:25 to 10.N.0.1:25, in one process; what is written to it, a line each, changes one: NUMBER MOOD [SECONDS].

	good   greets after SECONDS       refuses   nobody listens       hangs   says nothing       closes   at once
"""
import asyncio
import sys

PORT = 25


class Server:
	def __init__(self, number):
		self.address, self.mood, self.delay, self.listener = f"10.{number + 1}.0.1", "good", 0.0, None

	async def turn(self, mood, delay):
		self.mood, self.delay = mood, delay
		if mood == "refuses" and self.listener is not None:
			self.listener.close()
			self.listener = None
		elif mood != "refuses" and self.listener is None:
			self.listener = await asyncio.start_server(self.talk, self.address, PORT)

	async def talk(self, reader, writer):
		mood, delay = self.mood, self.delay
		try:
			if mood == "closes":
				return
			if mood == "hangs":
				await reader.read()
				return
			await asyncio.sleep(delay)
			writer.write(b"220 mx.test ESMTP\r\n")
			while line := await reader.readline():
				if self.mood == "hangs":
					continue
				writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250-mx.test\r\n250 SIZE\r\n")
		except OSError:
			pass
		finally:
			writer.close()


async def main(count):
	servers = [Server(number) for number in range(count)]
	for server in servers:
		await server.turn("good", 0.0)
	print("ready", flush=True)
	reader = asyncio.StreamReader()
	await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
	while line := await reader.readline():
		number, mood, *delay = line.split()
		await servers[int(number)].turn(mood.decode(), float(delay[0]) if delay else 0.0)


asyncio.run(main(int(sys.argv[1])))
