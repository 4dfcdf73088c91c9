//! What there is to say: legal commands for each place in a session, commands that are wrong in one
//! way, messages, and odd octets. The braces of [`crate::names`] stand for the profile's names.

/// The ways to open a session.
pub(crate) const HELLOS: &[&str] = &[
    "EHLO {client}",
    "EHLO {client}",
    "EHLO {client}",
    "HELO {client}",
    "EHLO [127.0.0.1]",
    "EHLO [IPv6:::1]",
    "ehlo {client}",
];

/// The plainest form of each command.
pub(crate) const PLAIN: &[&str] = &[
    "EHLO {client}",
    "HELO {client}",
    "MAIL FROM:<{sender}>",
    "RCPT TO:<{recipient}>",
    "DATA",
    ".",
    "RSET",
    "NOOP",
    "HELP",
    "VRFY {recipient}",
    "EXPN {recipient}",
    "QUIT",
    "TURN",
];

/// Legal MAIL commands of any server.
pub(crate) const MAILS: &[&str] = &[
    "MAIL FROM:<{sender}>",
    "MAIL FROM:<{sender}>",
    "MAIL FROM:<>",
    "mail from:<{sender}>",
    "MAIL FROM:<\"a b\"@example.org>",
    "MAIL FROM:<a!#$%&'*+-/=?^_`{|}~@example.org>",
    "MAIL FROM:<a@[127.0.0.1]>",
    "MAIL FROM:<a@[IPv6:::1]>",
    "MAIL FROM:<@relay.example,@other.example:{sender}>",
    "MAIL FROM:<a@3com.example>",
];

/// Legal RCPT commands that a server accepts.
pub(crate) const RCPTS: &[&str] = &[
    "RCPT TO:<{recipient}>",
    "RCPT TO:<{recipient}>",
    "RCPT TO:<{second}>",
    "rcpt to:<{second}>",
    "RCPT TO:<postmaster>",
    "RCPT TO:<POSTMASTER>",
    "RCPT TO:<Postmaster@{domain}>",
    "RCPT TO:<\"{local}\"@{domain}>",
    "RCPT TO:<@relay.example:{recipient}>",
    "RCPT TO:<{local}@[127.0.0.1]>",
    "RCPT TO:<{local}@[IPv6:::1]>",
];

/// Commands that are legal at any time, and those that are refused wherever they come.
pub(crate) const ANY_TIME: &[&str] = &[
    "NOOP",
    "NOOP string",
    "RSET",
    "VRFY {recipient}",
    "VRFY {local}",
    "VRFY {unknown}",
    "VRFY \"{local}\"",
    "EXPN \"list\"",
    "EXPN list",
    "EXPN {unknown}",
    "HELP",
    "HELP MAIL",
    "noop",
    "rset",
];

/// Commands that somebody may send where they do not belong, or in a form that is wrong.
pub(crate) const WRONG: &[&str] = &[
    "EHLO",
    "HELO",
    "EHLO \u{e9}.example",
    "EHLO {client} and more",
    "MAIL",
    "MAIL FROM:",
    "MAIL TO:<{sender}>",
    "MAIL FROM <{sender}>",
    "MAIL FROM:{sender}",
    "MAIL FROM: <{sender}>",
    "MAIL FROM:<{sender}",
    "MAIL FROM:<{sender}> XSMTPSPEC=1",
    "MAIL FROM:<{sender}> SIZE=",
    "MAIL FROM:<{sender}> SIZE=1x",
    "MAIL FROM:<{sender}> SIZE=99999999999999999999",
    "MAIL FROM:<{sender}> BODY=9BIT",
    "MAIL FROM:<{sender}> RET=SOME",
    "MAIL FROM:<{sender}> ENVID=a+",
    "MAIL FROM:<{sender}> RET=FULL RET=HDRS",
    "MAIL FROM:<{sender}> SIZE=1 SIZE=2",
    "MAIL FROM:<a..b@example.org>",
    "MAIL FROM:<.a@example.org>",
    "MAIL FROM:<a@b@example.org>",
    "MAIL FROM:<a@[300.0.0.1]>",
    "MAIL FROM:<a@[IPv6:1::2::3]>",
    "MAIL FROM:<a@-x.example>",
    "MAIL FROM:<\u{e9}@example.org>",
    "MAIL FROM:<a\u{1}@example.org>",
    "MAIL FROM:<>>",
    "RCPT",
    "RCPT TO:",
    "RCPT TO:<>",
    "RCPT FROM:<{recipient}>",
    "RCPT TO:{recipient}",
    "RCPT TO:<{recipient}> XSMTPSPEC",
    "RCPT TO:<{recipient}> NOTIFY=",
    "RCPT TO:<{recipient}> NOTIFY=NEVER,DELAY",
    "RCPT TO:<{recipient}> ORCPT=rfc822",
    "RCPT TO:<{unknown}>",
    "RCPT TO:<someone@elsewhere.example>",
    "RCPT TO:<{local}>",
    "RCPT TO:<\u{e9}@{domain}>",
    "MAIL FROM:<j\u{fc}rgen@b\u{fc}cher.example> SMTPUTF8",
    "MAIL FROM:<{sender}> SMTPUTF8=1",
    "VRFY j\u{fc}rgen SMTPUTF8",
    "EXPN {recipient} SMTPUTF8",
    "DATA now",
    "RSET now",
    "QUIT now",
    "VRFY",
    "EXPN",
    "NOOP ",
    "RSET ",
    " NOOP",
    "NOO",
    "NOOPE",
    "XYZZY",
    "XSMTPSPEC and more",
    "SEND FROM:<{sender}>",
    "TURN now",
    "ETRN {domain}",
    "ETRN @{domain}",
    "ETRN #queue",
    "ETRN",
    "ETRN {domain} {domain}",
    "BDAT 20000000 LAST",
    "STARTTLS now",
    "AUTH",
    "AUTH XSMTPSPEC",
    "AUTH PLAIN",
    "AUTH PLAIN =",
    "AUTH LOGIN QQ==",
    "AUTH CRAM-MD5 =",
    "MAIL FROM:<{sender}> AUTH=<>",
    "BDAT",
    "BDAT -1",
    "BDAT 99999999999999999999999999 LAST",
    "GET / HTTP/1.1",
    "",
    " ",
];

/// Messages with their end, legal all.
pub(crate) const MESSAGES: &[&str] = &[
    ".\r\n",
    "Subject: hello\r\n\r\nHello.\r\n.\r\n",
    "Subject: dots\r\n\r\n..\r\n...dots  \r\n..QUIT\r\n.\r\n",
    "Subject: commands\r\n\r\nQUIT\r\nRSET\r\nMAIL FROM:<{sender}>\r\n. \r\n.\r\n",
    "Received: from a by b; Thu, 1 Jan 1970 00:00:00 +0000\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\nFrom: a@b.example\r\nTo: <x@y.example>\r\n\r\nHi.\r\n.\r\n",
    "no header at all\r\n.\r\n",
    "From: a@b.example\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\nResent-From: c@d.example\r\nResent-Date: Fri, 2 Jan 1970 00:00:00 +0000\r\nResent-From: e@f.example\r\nResent-Date: Sat, 3 Jan 1970 00:00:00 +0000\r\n\r\nTwice.\r\n.\r\n",
    "Received: (odd)\r\nReceived: by some host, some day\r\nReceived: from x\r\n\tby y with Z id 1;\r\n\tnever\r\nSubject: odd trace\r\n\r\n.\r\n",
    "From: a@b.example\r\nTo: a@x.example, b@x.example, c@x.example, d@x.example,\r\n e@x.example, f@x.example, g@x.example, h@x.example,\r\n i@x.example, j@x.example, k@x.example, l@x.example\r\nCc: undisclosed: ;\r\nBcc:\r\nSubject: many\r\n\r\nHello.\r\n.\r\n",
];

/// Messages as they go into chunks: no dot is doubled, and none ends them (RFC 3030 §2).
pub(crate) const CHUNKED: &[&str] = &[
    "",
    "Subject: hello\r\n\r\nHello.\r\n",
    "Subject: dots\r\n\r\n.\r\n..\r\n.QUIT\r\n",
    "Subject: commands\r\n\r\nQUIT\r\nRSET\r\nMAIL FROM:<{sender}>\r\n.\r\n",
    "no end of line",
    "Subject: longer than an octet counts\r\n\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n0123456789abcdef0123456789abcdef\r\n",
];

/// What may be said of the octets that follow a BDAT, beside how many they are.
pub(crate) const SIZES: &[&str] = &[
    "0",
    "1",
    "-1",
    "+3",
    "007",
    "4294967296",
    "18446744073709551616",
    "x",
    "",
    "3 LAST LAST",
    "3 FIRST",
];

/// Ways to log in. [`crate::access::LOGIN`] stands for the name and the password.
pub(crate) const LOGINS: &[&[&str]] = &[
    &["AUTH PLAIN ${login}"],
    &["AUTH PLAIN ${login}"],
    &["AUTH PLAIN", "${login}"],
    &["auth plain ${login}"],
];

/// Ways through an exchange of AUTH for who has no login here. `{600}` and `{12300}` are so many octets of
/// BASE64, `{no-password}` is PLAIN's message with the user's name and no password.
pub(crate) const EXCHANGES: &[&[&str]] = &[
    &["AUTH PLAIN AG5vYm9keQBub3RoaW5n"],
    &["AUTH PLAIN AG5vYm9keQBub3RoaW5n", "AUTH PLAIN AG5vYm9keQBub3RoaW5n"],
    &["AUTH PLAIN", "AG5vYm9keQBub3RoaW5n"],
    &["AUTH PLAIN", "*"],
    &["AUTH PLAIN", "NOOP"],
    &["AUTH PLAIN", "MAIL FROM:<{sender}>"],
    &["AUTH PLAIN AGV2ZQB3cm9uZw=="],
    &["auth plain AGV2ZQB3cm9uZw=="],
    &["AUTH PLAIN {no-password}"],
    &["AUTH LOGIN", "ZXZl", "d3Jvbmc="],
    &["AUTH LOGIN", "ZXZl", "*"],
    &["AUTH CRAM-MD5", "ZXZlIDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"],
    &["AUTH SCRAM-SHA-256 biwsbj1ldmUscj1hYmM=", "Yz1iaXdzLHI9YWJjLHA9QUFBQQ=="],
    &["AUTH SCRAM-SHA-1 biwsbj1ldmUscj1hYmM=", "*"],
    &["AUTH OAUTHBEARER bixhPWV2ZSwBYXV0aD1CZWFyZXIgeAEB", "AQ=="],
    &["AUTH CRAM-MD5 dGVzdA=="],
    &["AUTH LOGIN", "{600}", "{600}"],
    // A name of 72 octets: it may be as long as it likes (RFC 4616 §2).
    &[
        "AUTH PLAIN AGFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQBub3RoaW5n",
    ],
    &["AUTH PLAIN {600}"],
    &["AUTH PLAIN", "{12300}", "NOOP"],
    &["AUTH PLAIN {12300}", "NOOP"],
    &["AUTH PLAIN", "="],
    &["AUTH PLAIN", ""],
    &["AUTH PLAIN =", "="],
    &["AUTH SCRAM-SHA-256", "=", "*"],
    &["AUTH PLAIN", "AG5v Ym9keQBub3RoaW5n"],
    &["AUTH PLAIN", "not base64!"],
    &["AUTH PLAIN AGV2ZQ"],
];

/// What somebody may send in the clear behind STARTTLS, in the same segment (RFC 3207 §6).
pub(crate) const INJECTED: &[&str] = &[
    "NOOP\r\n",
    "EHLO {client}\r\nMAIL FROM:<{sender}>\r\n",
    "QUIT\r\n",
    "\x16\x03\x01",
    "RSET\r\nNOO",
];

/// Message data in which something looks like the end, or is no text; the true end comes last.
pub(crate) const ODD_MESSAGES: &[&str] = &[
    "a\n.\nb\r\n.\r\n",
    "a\n.\r\nb\r\n.\r\n",
    "a\r\n.\nb\r\n.\r\n",
    "a\r.\rb\r\n.\r\n",
    "a\r.\r\nb\r\n.\r\n",
    "a\r\n.\rb\r\n.\r\n",
    "a\r\n.\r\r\nb\r\n.\r\n",
    "a\r\n.\0\r\nb\r\n.\r\n",
    "a\r\n\0.\r\nb\r\n.\r\n",
    "a\r\n. \r\nb\r\n.\r\n",
    "a\r\r\n.\r\r\nb\r\n.\r\n",
    ".\nb\r\n.\r\n",
    "a\nb\rc\r\n.\r\n",
    "caf\u{e9} \u{1}\0\u{7f}\t \r\n.\r\n",
];

/// A whole transaction behind a look-alike: what a server would carry out that ends the data there.
pub(crate) const SMUGGLED: &str = "MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n\
                                   Subject: smuggled\r\n\r\nThis should not come out.\r\n.\r\n";

/// Octets that have no place in a command, or change where a line ends.
pub(crate) const ODD_OCTETS: &[&[u8]] = &[
    b"\0",
    b"\n",
    b"\r",
    b"\t",
    b" ",
    b"\x7f",
    b"\x1b[2J",
    b"\xff",
    b"\xc3\xa9",
    b"\xc3",
    b"<",
    b">",
    b"@",
    b":",
    b",",
    b"\"",
    b"\\",
    b"[",
    b"]",
    b"(",
    b".",
    b"..",
    b"=",
    b"\r\n",
    b"\xe2\x80\xae",
];

/// Ends of a line that are none.
pub(crate) const LINE_ENDS: &[&[u8]] =
    &[b"\n", b"\r", b"\n\r", b"\r\r\n", b"\0\r\n", b"\r\0\n", b" \r\n", b"\t\r\n", b""];

/// Lengths at which something may change: a line's, a path's, a local-part's and a domain's limit
/// (RFC 5321 §4.5.3.1), and the sizes of buffers.
pub(crate) const LENGTHS: &[usize] =
    &[63, 64, 65, 255, 256, 257, 511, 512, 513, 998, 1000, 1001, 2048, 2049, 4096, 4097, 8193];
