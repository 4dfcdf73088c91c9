//! The words of each extension: one entry for each keyword of EHLO. What is wrong in an entry is so in
//! one way.

/// An extension's part of the vocabulary.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extension {
    /// The keyword that offers it.
    pub(super) keyword: &'static str,
    /// Parameters of MAIL in legal forms.
    pub(super) mail: &'static [&'static str],
    /// Parameters of RCPT in legal forms.
    pub(super) rcpt: &'static [&'static str],
    /// Parameters of MAIL that are wrong in one way.
    pub(super) wrong_mail: &'static [&'static str],
    /// Parameters of RCPT that are wrong in one way.
    pub(super) wrong_rcpt: &'static [&'static str],
    /// Commands, legal somewhere or nowhere.
    pub(super) commands: &'static [&'static str],
}

const NONE: Extension = Extension {
    keyword: "",
    mail: &[],
    rcpt: &[],
    wrong_mail: &[],
    wrong_rcpt: &[],
    commands: &[],
};

pub(super) const EXTENSIONS: &[Extension] = &[
    // RFC 1870 §3, §4.
    Extension {
        keyword: "SIZE",
        mail: &["SIZE=1000", "SIZE=0", "SIZE=00000000000000000100", "SIZE={limit}"],
        wrong_mail: &[
            "SIZE",
            "SIZE=",
            "SIZE=1x",
            "SIZE=-1",
            "SIZE=+1",
            "SIZE={beyond}",
            "SIZE={limit}0",
            "SIZE={limit}000",
            "SIZE=99999999999999999999",
            "SIZE=000000000000000000001",
            "SIZE=1 SIZE=2",
        ],
        ..NONE
    },
    // RFC 6152 §2.
    Extension {
        keyword: "8BITMIME",
        mail: &["BODY=8BITMIME", "BODY=7BIT"],
        wrong_mail: &["BODY", "BODY=", "BODY=9BIT", "BODY=7BIT BODY=8BITMIME"],
        ..NONE
    },
    // RFC 3030 §2, §3.
    Extension {
        keyword: "BINARYMIME",
        mail: &["BODY=BINARYMIME"],
        wrong_mail: &["BODY=BINARY"],
        ..NONE
    },
    Extension {
        keyword: "CHUNKING",
        commands: &["BDAT 0", "BDAT 0 LAST", "BDAT 0 last", "bdat 0 Last", "BDAT 0 LAST LAST"],
        ..NONE
    },
    // RFC 6531 §3.
    Extension {
        keyword: "SMTPUTF8",
        mail: &["SMTPUTF8"],
        wrong_mail: &["SMTPUTF8=1", "SMTPUTF8=", "SMTPUTF8 SMTPUTF8"],
        wrong_rcpt: &["SMTPUTF8"],
        commands: &[
            "MAIL FROM:<{utf8}> SMTPUTF8",
            "MAIL FROM:<{utf8}> BODY=8BITMIME SMTPUTF8",
            "MAIL FROM:<{utf8}>",
            "MAIL FROM:<\u{e9}\u{1}@example.org> SMTPUTF8",
            "MAIL FROM:<\u{e9}\u{7f}x@example.org> SMTPUTF8",
            "RCPT TO:<{utf8}>",
            "RCPT TO:<{other}>",
            "VRFY {other}",
            "VRFY {other} SMTPUTF8",
            "EXPN {other}",
            "EXPN {other} SMTPUTF8",
            "VRFY {recipient} SMTPUTF8",
            "VRFY {recipient} SMTPUTF8=1",
        ],
        ..NONE
    },
    // RFC 3461 §4.
    Extension {
        keyword: "DSN",
        mail: &[
            "RET=FULL",
            "RET=HDRS",
            "ENVID=QQ314159",
            "ENVID=a+2Bb+3D",
            "RET=HDRS ENVID=QQ314159",
            "ENVID=0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
        ],
        rcpt: &[
            "NOTIFY=NEVER",
            "NOTIFY=SUCCESS,FAILURE,DELAY",
            "NOTIFY=DELAY",
            "ORCPT=rfc822;a+2Bb@example.org",
            "ORCPT=rfc822;no+20mailbox",
            "ORCPT=x-smtpspec;any+2Dthing",
            "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@example.org",
        ],
        wrong_mail: &[
            "RET",
            "RET=",
            "RET=SOME",
            "RET=FULL,HDRS",
            "ENVID",
            "ENVID=",
            "ENVID=a+",
            "ENVID=a+2b",
            "ENVID=a=b",
            "ENVID=\u{e9}",
            "RET=FULL RET=HDRS",
            "ENVID=a ENVID=b",
        ],
        wrong_rcpt: &[
            "NOTIFY",
            "NOTIFY=",
            "NOTIFY=NEVER,DELAY",
            "NOTIFY=SOMETIMES",
            "NOTIFY=SUCCESS,",
            "ORCPT=rfc822",
            "ORCPT=;a@example.org",
            "ORCPT=rfc822;a+zz",
            "NOTIFY=NEVER NOTIFY=DELAY",
            "ORCPT=rfc822;a@x.example ORCPT=rfc822;b@x.example",
            "RET=FULL",
        ],
        ..NONE
    },
    // RFC 2852 §4.
    Extension {
        keyword: "DELIVERBY",
        mail: &[
            "BY=864000;NT",
            "BY=864000;R",
            "BY=1;R",
            "BY=0;R",
            "BY=-1;R",
            "BY=-1;N",
            "BY=0;N",
            "BY=120;N",
        ],
        wrong_mail: &[
            "BY",
            "BY=",
            "BY=1",
            "BY=1;",
            "BY=1;X",
            "BY=;R",
            "BY=1000000000;R",
            "BY=1;RX",
        ],
        ..NONE
    },
    // RFC 6710 §4.1.
    Extension {
        keyword: "MT-PRIORITY",
        mail: &["MT-PRIORITY=-9", "MT-PRIORITY=0", "MT-PRIORITY=9", "MT-PRIORITY=3"],
        wrong_mail: &[
            "MT-PRIORITY",
            "MT-PRIORITY=",
            "MT-PRIORITY=10",
            "MT-PRIORITY=-10",
            "MT-PRIORITY=+1",
            "MT-PRIORITY=x",
            "MT-PRIORITY=1 MT-PRIORITY=2",
        ],
        ..NONE
    },
    // RFC 4865 §4.2, §5.2.2.
    Extension {
        keyword: "FUTURERELEASE",
        mail: &["HOLDFOR=60", "HOLDFOR=1", "HOLDUNTIL=2040-01-01T00:00:00Z"],
        wrong_mail: &[
            "HOLDFOR",
            "HOLDFOR=",
            "HOLDFOR=x",
            "HOLDFOR=0",
            "HOLDFOR=-1",
            "HOLDFOR=999999999",
            "HOLDFOR=1000000000",
            "HOLDUNTIL=",
            "HOLDUNTIL=tomorrow",
            "HOLDUNTIL=2040-13-01T00:00:00Z",
            "HOLDUNTIL=1999-01-01T00:00:00Z",
            "HOLDUNTIL=9999-01-01T00:00:00Z",
            "HOLDFOR=60 HOLDFOR=60",
            "HOLDFOR=60 HOLDUNTIL=2040-01-01T00:00:00Z",
            "HOLDFOR=600 BY=60;R",
            "HOLDFOR=600 BY=60;N",
            "BY=120;R HOLDFOR=3600",
        ],
        ..NONE
    },
    // RFC 4954 §5, §8.
    Extension {
        keyword: "AUTH",
        mail: &["AUTH=<>", "AUTH=a@example.org", "AUTH=a+40example.org", "AUTH=a+2Bb@example.org"],
        wrong_mail: &["AUTH", "AUTH=", "AUTH=a+zz", "AUTH=a+4", "AUTH=<> AUTH=<>", "AUTH=a=b"],
        commands: &[
            "AUTH",
            "AUTH =",
            "AUTH XSMTPSPEC",
            "AUTH XSMTPSPEC QQ==",
            "AUTH PLAIN =",
            "AUTH LOGIN QQ==",
        ],
        ..NONE
    },
    // RFC 7293 §3.1.
    Extension {
        keyword: "RRVS",
        rcpt: &[
            "RRVS=2014-04-03T23:01:00Z",
            "RRVS=2014-04-03T23:01:00Z;C",
            "RRVS=2014-04-03T23:01:00Z;R",
        ],
        wrong_rcpt: &[
            "RRVS",
            "RRVS=",
            "RRVS=x",
            "RRVS=2014-13-03T23:01:00Z",
            "RRVS=2014-04-03T23:01:00Z;X",
            "RRVS=2014-04-03T23:01:00Z RRVS=2015-04-03T23:01:00Z",
        ],
        ..NONE
    },
    // RFC 8689 §2.
    Extension {
        keyword: "REQUIRETLS",
        mail: &["REQUIRETLS"],
        wrong_mail: &["REQUIRETLS=1", "REQUIRETLS=", "REQUIRETLS REQUIRETLS"],
        ..NONE
    },
    // RFC 1985 §5.
    Extension {
        keyword: "ETRN",
        commands: &[
            "ETRN {domain}",
            "ETRN {other}",
            "ETRN @{domain}",
            "ETRN #queue",
            "etrn {domain}",
            "ETRN",
            "ETRN {domain} {domain}",
            "ETRN -x",
        ],
        ..NONE
    },
    // RFC 2645 §5.2.1.
    Extension {
        keyword: "ATRN",
        commands: &[
            "ATRN",
            "ATRN {other}",
            "ATRN {other},{other}",
            "ATRN {other} {other}",
            "ATRN ,",
            "ATRN -x",
        ],
        ..NONE
    },
    // RFC 821 §3.4.
    Extension {
        keyword: "SEND",
        commands: &[
            "SEND FROM:<{sender}>",
            "send from:<{sender}>",
            "SOML FROM:<{sender}>",
            "Soml From:<{sender}>",
            "SAML FROM:<{sender}>",
            "saml FROM:<{sender}>",
        ],
        ..NONE
    },
    Extension { keyword: "VRFY", commands: &["VRFY {other}", "EXPN {other}"], ..NONE },
];
