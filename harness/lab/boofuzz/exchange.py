"""One exchange with boofuzz: how many cases a second it plays. `python exchange.py PORT CASES [fast]`

Each case is a session of five steps (EHLO, MAIL, RCPT, DATA, the message) on a connection of its own, with one word of
the message changed. boofuzz sends nothing behind the step that it changes, reads no reply to that step unless told,
and no greeting unless a callback does: so the word stands in the last step, and both are read. `fast` switches off
what costs time and changes nothing of the exchange: the pauses, the log, the data base of results.
"""

import sys
import tempfile
import time

from boofuzz import Group, Request, Session, Static, Target, TCPSocketConnection


def line(name, text):
    return Request(name, children=(Static("line", text + "\r\n"),))


def message(cases):
    words = [f"Hello {case}." for case in range(cases + 1)]
    return Request("text", children=(
        Static("header", "Subject: hello\r\n\r\n"), Group("word", words), Static("end", "\r\n.\r\n"),
    ))


def greeting(target, fuzz_data_logger, session, sock):
    target.recv()


def main():
    port, cases, fast = int(sys.argv[1]), int(sys.argv[2]), "fast" in sys.argv[3:]
    options = {
        "keep_web_open": False, "receive_data_after_each_request": True, "receive_data_after_fuzz": True,
        "pre_send_callbacks": [greeting],
    }
    if fast:
        options |= {
            "sleep_time": 0, "fuzz_loggers": [], "check_data_received_each_request": False,
            "db_filename": tempfile.mktemp(), "fuzz_db_keep_only_n_pass_cases": 1,
        }
    session = Session(target=Target(connection=TCPSocketConnection("127.0.0.1", port)), **options)
    steps = [
        line("ehlo", "EHLO client.example.org"),
        line("mail", "MAIL FROM:<sender@example.org>"),
        line("rcpt", "RCPT TO:<user@example.test>"),
        line("data", "DATA"),
        message(cases),
    ]
    session.connect(steps[0])
    for before, behind in zip(steps, steps[1:]):
        session.connect(before, behind)
    began = time.monotonic()
    session.fuzz()
    seconds = time.monotonic() - began
    print(f"{session.num_cases_actually_fuzzed} cases in {seconds:.1f} s: {session.num_cases_actually_fuzzed / seconds:.0f} a second")


main()
