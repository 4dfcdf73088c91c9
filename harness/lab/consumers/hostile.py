"""hostile.py SMTPSPEC RESULTS: a run against a server that sends markup, escapes and the like
wherever it may send text."""

import socketserver
import subprocess
import sys
import threading

WORDS = (
    b"<script>document.title='owned'</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>"
    b"</style></title></details>\x1b[2J\x1b]0;owned\x07 \xe2\x80\xaeevil\xe2\x80\xac \x00\x9b31m"
    b" ]]> --> {{7*7}} ${7*7} [x](javascript:alert(1)) `` ` | # SKIP javascript:alert(1) &lt;b&gt;"
)


class Server(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 mx.example.test " + WORDS + b"\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.wfile.write(b"250-mx.example.test " + WORDS + b"\r\n250-" + WORDS + b"\r\n250 SIZE\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye " + WORDS + b"\r\n")
                return
            elif verb == b"DATA":
                self.wfile.write(b"354 go on " + WORDS + b"\r\n")
            else:
                self.wfile.write(b"250 " + WORDS + b"\r\n")


class Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """The harness cuts connections on purpose."""


smtpspec, results = sys.argv[1:]
with Listener(("127.0.0.1", 0), Server) as listener:
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    command = [smtpspec, "run", "rfc5321/4", "--server", "127.0.0.1:%d" % listener.server_address[1],
               "--timeout", "300ms", "--jobs", "32", "--report", "json=" + results]
    ended = subprocess.run(command, check=False)
    listener.shutdown()
if ended.returncode != 1:
    sys.exit(f"the run ended with {ended.returncode}, and such a server breaks rules")
