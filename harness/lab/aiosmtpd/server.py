"""aiosmtpd with two mailboxes and postmaster at example.test; what it accepts it keeps in memory.

Prints HOST:PORT on its first line and serves until it is ended.
"""

import asyncio
import signal

from aiosmtpd.smtp import SMTP


class Mailboxes:
    """Accepts what is ours, refuses what is unknown, relays nothing."""

    known = {"user@example.test", "user2@example.test", "postmaster@example.test", "postmaster"}

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.lower() in self.known:
            envelope.rcpt_tos.append(address)
            return "250 OK"
        if address.lower().endswith("@example.test"):
            return "550 5.1.1 no such mailbox here"
        return "550 5.7.1 relaying denied"

    async def handle_DATA(self, server, session, envelope):
        return "250 OK"


async def main():
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, done.set)
    server = await loop.create_server(
        lambda: SMTP(Mailboxes(), hostname="mx.example.test", loop=loop), "127.0.0.1", 0
    )
    host, port = server.sockets[0].getsockname()
    print(f"{host}:{port}", flush=True)
    await done.wait()
    server.close()


asyncio.run(main())
