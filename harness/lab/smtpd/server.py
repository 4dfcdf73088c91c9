"""server.py MAILDIR PORT: Python's smtpd, which takes mail for everybody.

What to do with a message it leaves to its user. This user puts it into a Maildir behind the fields that
RFC 5321 §4.4 wants.
"""

import asyncore
import email.utils
import itertools
import os
import pathlib
import signal
import smtpd
import socket
import sys

NAME = "mx.example.test"


class Channel(smtpd.SMTPChannel):
    """A session, which the server is told of while it is at work."""

    def found_terminator(self):
        self.smtp_server.session = self
        super().found_terminator()


class Server(smtpd.SMTPServer):
    """Keeps what it is given."""

    channel_class = Channel

    def __init__(self, maildir, port):
        super().__init__(("127.0.0.1", port), None, data_size_limit=1 << 20, enable_SMTPUTF8=True)
        self.maildir = pathlib.Path(maildir)
        self.count = itertools.count()

    def process_message(self, peer, mailfrom, rcpttos, data, **kwargs):
        # It keeps the null reverse-path with its brackets, and all others without.
        mailfrom = mailfrom.removeprefix("<").removesuffix(">")
        protocol = "ESMTP" if self.session.extended_smtp else "SMTP"
        if "SMTPUTF8" in kwargs["mail_options"]:
            protocol = "UTF8SMTP"
        for recipient in dict.fromkeys(rcpttos):
            trace = (
                f"Return-Path: <{mailfrom}>\r\n"
                f"Delivered-To: {recipient}\r\n"
                f"Received: from {self.session.seen_greeting} ([{peer[0]}])\r\n"
                f"\tby {NAME} with {protocol};"
                f" {email.utils.formatdate(localtime=True)}\r\n"
            )
            name = f"{next(self.count)}.{os.getpid()}.{NAME}"
            unfinished = self.maildir / "tmp" / name
            # It gives lines without their ends.
            message = data.replace(b"\n", b"\r\n") + b"\r\n"
            unfinished.write_bytes(trace.encode("utf-8", "surrogateescape") + message)
            unfinished.rename(self.maildir / "new" / name)


# Otherwise it would ask a name server.
socket.getfqdn = lambda name="": NAME
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
Server(sys.argv[1], int(sys.argv[2]))
asyncore.loop()
