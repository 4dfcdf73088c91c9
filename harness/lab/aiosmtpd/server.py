"""server.py DIR PORT SUBMISSION SUBMISSIONS: aiosmtpd with two mailboxes and postmaster at example.test.

aiosmtpd leaves it to its user which mail to accept and what to do with it. This user puts it into a
Maildir, octet for octet behind the fields that RFC 5321 §4.4 wants. DIR holds it (`mail`) and the
certificate; on the ports of submission a user has to log in, inside TLS.
"""

import asyncio
import email.utils
import itertools
import os
import pathlib
import signal
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

NAME = "mx.example.test"


class Mailboxes:
    """Accepts what is ours, refuses what is unknown, relays nothing."""

    known = {"user@example.test", "user2@example.test", "postmaster@example.test", "postmaster"}

    def __init__(self, maildir):
        self.maildir = pathlib.Path(maildir)
        self.count = itertools.count()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.lower() in self.known:
            envelope.rcpt_tos.append(address)
            return "250 OK"
        if address.lower().endswith("@example.test"):
            return "550 5.1.1 no such mailbox here"
        return "550 5.7.1 relaying denied"

    async def handle_DATA(self, server, session, envelope):
        # It keeps the null reverse-path with its brackets, and all others without.
        sender = envelope.mail_from.removeprefix("<").removesuffix(">")
        protocol = "SMTP"
        tls = server.transport.get_extra_info("ssl_object")
        if session.extended_smtp:
            protocol = "ESMTP" + "S" * (tls is not None) + "A" * bool(session.authenticated)
        # The name that is registered (RFC 8314 §4.3) is known here for TLS 1.3 alone.
        suite = tls.cipher()[0] if tls else ""
        if suite.startswith("TLS_"):
            protocol += f" tls {suite}"
        # A copy for each, so that none tells of the others (RFC 5321 §7.2).
        for recipient in dict.fromkeys(envelope.rcpt_tos):
            trace = (
                f"Return-Path: <{sender}>\r\n"
                f"Delivered-To: {recipient}\r\n"
                f"Received: from {session.host_name} ([{session.peer[0]}])\r\n"
                f"\tby {NAME} with {protocol};"
                f" {email.utils.formatdate(localtime=True)}\r\n"
            )
            name = f"{next(self.count)}.{os.getpid()}.{NAME}"
            unfinished = self.maildir / "tmp" / name
            unfinished.write_bytes(
                trace.encode("utf-8", "surrogateescape") + envelope.original_content
            )
            unfinished.rename(self.maildir / "new" / name)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, auth_data):
    known = auth_data == LoginPassword(b"bob", b"secret")
    # The refusal is left to the server.
    return AuthResult(success=known, handled=False, auth_data="bob" if known else None)


async def main(directory, port, submission, submissions):
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, done.set)
    mailboxes = Mailboxes(directory / "mail")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "cert.pem", directory / "key.pem")

    def session(**options):
        return lambda: SMTP(
            mailboxes,
            data_size_limit=1 << 20,
            hostname=NAME,
            authenticator=authenticate,
            loop=loop,
            **options,
        )

    # It does not notice that TLS is there already where it did not begin it itself.
    servers = [
        await loop.create_server(session(tls_context=context), "127.0.0.1", port),
        await loop.create_server(
            session(tls_context=context, require_starttls=True, auth_required=True), "127.0.0.1", submission
        ),
        await loop.create_server(
            session(auth_required=True, auth_require_tls=False), "127.0.0.1", submissions, ssl=context
        ),
    ]
    await done.wait()
    for server in servers:
        server.close()


asyncio.run(main(pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:])))
