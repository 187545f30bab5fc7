"""A server of aiosmtpd, in the root that has the package: python3 with_aiosmtpd.py PORT SITUATION"""
import asyncio
import ssl
import sys

from aiosmtpd.smtp import SMTP
from aiosmtpd.lmtp import LMTP


async def main(port, kind):
	context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
	context.load_cert_chain("/certs/good.pem")
	if kind == "certificate required":
		context.verify_mode = ssl.CERT_REQUIRED
		context.load_verify_locations("/certs/ca.pem")
	inside = None if kind in ("plain", "implicit") else context
	make = lambda: LMTP(None, hostname="mx.test") if kind == "LMTP" else SMTP(None, hostname="mx.test", tls_context=inside)
	server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", port, ssl=context if kind == "implicit" else None)
	await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
