"""One exchange with boofuzz: how many cases a second it plays. `python exchange.py PORT CASES [fast]`

Each case is a session of five steps (EHLO, MAIL, RCPT, DATA, the message) on a connection of its own, with one
field changed. `fast` switches off all that costs time: the pause between cases, the log, the web page, the data
base of results.
"""

import sys
import tempfile
import time

from boofuzz import (
    FuzzLoggerText, Request, Session, Static, String, Target, TCPSocketConnection,
)


def request(name, line, fuzzable):
    """A line, with its argument to be changed in one of the steps."""
    verb, _, argument = line.partition(" ")
    if fuzzable:
        return Request(name, children=(Static("verb", verb + " "), String("argument", argument), Static("end", "\r\n")))
    return Request(name, children=(Static("line", line + "\r\n"),))


def main():
    port, cases, fast = int(sys.argv[1]), int(sys.argv[2]), "fast" in sys.argv[3:]
    options = {}
    if fast:
        options = {
            "sleep_time": 0, "fuzz_loggers": [], "receive_data_after_each_request": True,
            "check_data_received_each_request": False, "reuse_target_connection": False,
            "keep_web_open": False, "web_port": None, "db_filename": tempfile.mktemp(), "fuzz_db_keep_only_n_pass_cases": 1,
        }
        options = {key: value for key, value in options.items() if key not in ("web_port",)}
    else:
        options = {"keep_web_open": False, "fuzz_loggers": [FuzzLoggerText(file_handle=open("/dev/null", "w"))],
                   "receive_data_after_each_request": True}
    session = Session(target=Target(connection=TCPSocketConnection("127.0.0.1", port)), index_end=cases, **options)
    steps = [
        request("ehlo", "EHLO client.example.org", False),
        request("mail", "MAIL FROM:<sender@example.org>", False),
        request("rcpt", "RCPT TO:<user@example.test>", True),
        request("data", "DATA", False),
        request("text", "Subject: hello\r\n\r\nHello.\r\n.", False),
    ]
    session.connect(steps[0])
    for before, behind in zip(steps, steps[1:]):
        session.connect(before, behind)
    began = time.monotonic()
    session.fuzz()
    seconds = time.monotonic() - began
    print(f"{session.num_cases_actually_fuzzed} cases in {seconds:.1f} s: {session.num_cases_actually_fuzzed / seconds:.0f} a second")


main()
