//! Every key of the scenario language, in the order in which people write them.

use crate::scenario::Speaks;
use crate::send::Content;
use crate::shape::{Key, Kind, Shape, may, must};

pub(crate) const SLUG: Kind = Kind::Like("^[a-z0-9]+(-[a-z0-9]+)*$");
/// The name of a fact or of a variable.
pub(crate) const NAME: Kind = Kind::Like("^[A-Za-z0-9._-]+$");
const SECTION: Kind = Kind::Like("^([0-9]+(\\.[0-9]+)*|[A-Z](\\.[0-9]+)*|[a-z0-9]+(-[a-z0-9]+)*)$");
const CODE: Kind = Kind::Like("^[0-9x][0-9y][0-9z]$");
const ENHANCED: Kind = Kind::Like("^([0-9]|x)\\.([0-9]{1,3}|y)\\.([0-9]{1,3}|z)$");
pub(crate) const DURATION: Kind = Kind::Like("^[0-9]+(ms|s|m)$");
const CODES: Kind = Kind::AnyOf(&[CODE, Kind::List(&CODE)]);
const KEYWORD: Kind = Kind::Like("^[A-Za-z0-9][A-Za-z0-9-]*$");
const KEYWORDS: Kind = Kind::AnyOf(&[KEYWORD, Kind::List(&KEYWORD)]);
const NAMES: Kind = Kind::AnyOf(&[NAME, Kind::List(&NAME)]);
const REQUIREMENTS: Kind = Kind::List(&Kind::Like("^rfc[0-9]+-[0-9A-Z][0-9.]*-[0-9]+[a-z]?$"));
const STEPS: Kind = Kind::List(&Kind::Shape(|| &STEP));

pub(crate) const GIVEN: [&str; 7] =
    ["connected", "greeted", "mail", "recipient", "data", "secured", "authenticated"];
pub(crate) const PARTIES: [&str; 2] = ["client", "server"];
pub(crate) const SAFETIES: [&str; 3] = ["quiet", "noisy", "hostile"];
pub(crate) const VERDICTS: [&str; 5] = ["pass", "warn", "fail", "inconclusive", "skip"];
pub(crate) const POLICIES: [&str; 2] = ["inconclusive", "fails"];
pub(crate) const HANDSHAKES: [&str; 1] = ["handshake"];
pub(crate) const FAILED: [&str; 4] = ["inconclusive", "pass", "warn", "fail"];
pub(crate) const TLS: [&str; 3] = ["none", "starttls", "on-connect"];
/// What can be said that is not octets.
pub(crate) const ENDINGS: [&str; 3] = ["close", "half-close", "abort"];
/// What a client can hear that is not a reply with a code.
/// How a connection inside TLS is to end.
pub(crate) const ALERT: &str = "alert";
pub(crate) const EVENTS: [&str; 4] = ["permitted", "silence", "closed", "reset"];
/// What a server can hear that is not a line.
pub(crate) const ARRIVALS: [&str; 2] = ["message", "closed"];

/// A file, with scenarios or as a library.
pub(crate) static FILE: Shape = Shape::new(
    "file",
    "a scenario file",
    &[
        may("spec", SLUG, "The specification: rfc5321."),
        may("section", SECTION, "The section of it: 4.1.1.3."),
        may("title", Kind::Text, "The section's title."),
        may("library", SLUG, "The name of a library, if it is not the file's."),
        may("dialogues", Kind::Names(&STEPS), "Named dialogues for `use:`."),
        may("scenarios", Kind::List(&Kind::Shape(|| &SCENARIO)), "The scenarios of the section."),
    ],
);

/// An element of `scenarios:`.
pub(crate) static SCENARIO: Shape = Shape::new(
    "scenario",
    "a scenario",
    &[
        must("id", SLUG, "A slug that is never given to anything else."),
        must("title", Kind::Text, "What it shows, in one line."),
        must("checks", REQUIREMENTS, "The requirements that it checks; at least one."),
        may(
            "given",
            Kind::Words(&GIVEN),
            "The state that the prelude reaches; greeted if missing.",
        ),
        may("plays", Kind::Words(&PARTIES), "The party that the harness is; client if missing."),
        may(
            "requires",
            Kind::Shape(|| &REQUIRES),
            "What must be there, or the scenario is skipped.",
        ),
        may("safety", Kind::Words(&SAFETIES), "How much it bothers the target; quiet if missing."),
        may("rationale", Kind::Text, "The argument for a disputed reading."),
        may("aliases", Kind::List(&Kind::Text), "Former ids."),
        may("each", Kind::List(&Kind::Shape(|| &ROW)), "Rows; the dialogue runs once for each."),
        must("dialogue", STEPS, "The steps."),
    ],
);

/// What stands under `requires:`.
pub(crate) static REQUIRES: Shape = Shape::new(
    "requires",
    "a list of what a scenario requires",
    &[
        may("ehlo", KEYWORDS, "Keywords that the EHLO reply must offer."),
        may("profile", NAMES, "Facts that the profile must state, or variables it must set."),
        may("next-hop", Kind::Flag, "Whether the place where mail comes out must be known."),
        may("protocol", Kind::Words(&Speaks::WORDS), "What the target speaks; smtp if missing."),
    ],
);

/// A row of `each:`.
pub(crate) static ROW: Shape = Shape {
    name: "row",
    what: "a row",
    keys: &[must("name", SLUG, "What ends the id of the case.")],
    base: None,
    others: Some(&Kind::Text),
    one_of: &[],
};

/// A step of a dialogue.
pub(crate) static STEP: Shape = Shape {
    name: "step",
    what: "a step",
    keys: &[
        may("C", SPOKEN, "What the client says."),
        may("S", SPOKEN, "What the server says."),
        may("turn", Kind::Words(&["swap"]), "Client and server exchange their roles (TURN)."),
        may("use", Kind::Text, "Puts in a named dialogue: `name` or `library/name`."),
        may("delivered", MAIL_WANTED, "What mail has come out of the server."),
        may("on", SLUG, "The connection; the first one has no name."),
        may("when", Kind::Shape(|| &WHEN), "Only if this holds."),
        may("checks", REQUIREMENTS, "What a failure of this step breaks."),
        may("note", Kind::Text, "A remark for the reader of a report."),
    ],
    base: None,
    others: None,
    one_of: &["C", "S", "turn", "use", "delivered"],
};

/// Either side of a dialogue may be said or heard: which, depends on the party that the harness
/// plays, and a schema can't know that.
const SPOKEN: Kind = Kind::AnyOf(&[
    Kind::Text,
    Kind::List(&Kind::AnyOf(&[Kind::Text, Kind::Shape(|| &CONTENT)])),
    Kind::Shape(|| &SAID),
    Kind::Shape(|| &REPLY),
    Kind::Shape(|| &COMMAND),
]);

const MAIL_WANTED: Kind =
    Kind::AnyOf(&[Kind::Count, Kind::Shape(|| &DELIVERED), Kind::List(&Kind::Shape(|| &MAIL))]);
const PATTERNS: Kind = Kind::AnyOf(&[Kind::Text, Kind::List(&Kind::Text)]);

/// What stands under `delivered:`.
pub(crate) static DELIVERED: Shape = Shape {
    name: "delivered",
    what: "a description of delivered mail",
    keys: &[
        may(
            "count",
            Kind::AnyOf(&[Kind::Count, Kind::Shape(|| &MAILS)]),
            "How many messages; 1 if missing.",
        ),
        may("within", DURATION, "How long the target may take; the profile's time if missing."),
    ],
    base: Some(&MAIL),
    others: None,
    one_of: &[],
};

/// A number of messages.
pub(crate) static MAILS: Shape = Shape::new(
    "mails",
    "a number of messages",
    &[
        may("least", Kind::Count, "At least so many; 0 if missing."),
        may("most", Kind::Count, "At most so many."),
    ],
);

/// A message that came out.
pub(crate) static MAIL: Shape = Shape::new(
    "mail",
    "a description of a message",
    &[
        may("from", Kind::Text, "The reverse-path; '' for the null one."),
        may("to", PATTERNS, "The recipients, in any order."),
        may("to-lacks", PATTERNS, "Regular expressions that no recipient matches."),
        may("mail", Kind::Shape(|| &PARAMETERS), "The parameters of MAIL."),
        may(
            "rcpt",
            Kind::List(&Kind::Shape(|| &RECIPIENT)),
            "The parameters of RCPT, recipient by recipient.",
        ),
        may("message", DATA, "The message as it was sent; whole fields may stand in front."),
        may("body", DATA, "What stands behind the first empty line."),
        may("content", DATA, "The same once transfer encodings are undone, part behind part."),
        may("contains", PATTERNS, "Regular expressions that are found in the message."),
        may("lacks", PATTERNS, "Regular expressions that are not."),
        may("names", PATTERNS, "Texts that stand in it as they are: addresses for instance."),
        may("header", Kind::Names(&Kind::Text), "Fields, with an expression over the value."),
        may("top", Kind::Names(&Kind::Text), "The field at the top: {Received: '^from '}."),
    ],
);

/// What is wanted of the parameters of MAIL.
pub(crate) static PARAMETERS: Shape = Shape::new(
    "parameters",
    "a choice of parameters",
    &[
        may("has", PATTERNS, "Parameters that are there: RET=HDRS; a keyword alone has any value."),
        may("may", PATTERNS, "Parameters that may be missing, and have this value if not."),
        may("lacks", PATTERNS, "Parameters that are not there; a keyword alone has any value."),
    ],
);

/// What is wanted of the parameters of one recipient.
pub(crate) static RECIPIENT: Shape = Shape {
    name: "recipient",
    what: "a recipient with its parameters",
    keys: &[must("to", Kind::Text, "The recipient.")],
    base: Some(&PARAMETERS),
    others: None,
    one_of: &[],
};

/// What stands under `when:`.
pub(crate) static WHEN: Shape = Shape {
    name: "when",
    what: "a condition",
    keys: &[
        may("ehlo", KEYWORD, "The EHLO reply offered the keyword."),
        may("no-ehlo", KEYWORD, "The EHLO reply did not offer the keyword."),
        may("profile", NAME, "The profile states the fact or sets the variable."),
        may("captured", NAME, "An earlier `capture:` set the variable."),
    ],
    base: None,
    others: None,
    one_of: &["ehlo", "no-ehlo", "profile", "captured"],
};

const BYTES: Key = may("bytes", Kind::Text, "Exactly these octets: \\r \\n \\t \\0 \\\\ \\xNN.");
const REPEAT: Key = may("repeat", Kind::Text, "What is repeated, escapes as in `bytes`.");
const TIMES: Key = may("times", Kind::Count, "How often.");

/// A part of what is said.
pub(crate) static CONTENT: Shape = Shape {
    name: "content",
    what: "a part of a write",
    keys: &[BYTES, REPEAT, TIMES, may("line", PARTS, "Parts that make one line, ended by CRLF.")],
    base: None,
    others: None,
    one_of: &["bytes", "repeat", "line"],
};

/// A part of a line, of a message or of a write of `split`.
pub(crate) static PART: Shape = Shape {
    name: "part",
    what: "a part",
    keys: &[
        BYTES,
        REPEAT,
        TIMES,
        may("base64", Kind::Text, "The BASE64 of these octets, escapes as in `bytes`."),
        may(
            "answer",
            Kind::AnyOf(&[Kind::Words(&Content::MECHANISMS), Kind::Text]),
            "The BASE64 of the mechanism's answer to a challenge, for ${user} and ${password}.",
        ),
        may("to", Kind::Text, "The challenge that is answered, as it came."),
        may("password", Kind::Text, "Another password; ${password} if missing."),
        may("first", Kind::Text, "SCRAM's first message; n,,n=${user},r=${unique} if missing."),
        may("header", Kind::Text, "The header in the second; that of the first if missing."),
        may("nonce", Kind::Text, "The nonce in the second; that of the challenge if missing."),
        may("extensions", Kind::Text, "Attributes in front of the proof: x=1,y=2."),
    ],
    base: None,
    others: None,
    one_of: &["bytes", "repeat", "base64", "answer"],
};

const PARTS: Kind = Kind::List(&Kind::AnyOf(&[Kind::Text, Kind::Shape(|| &PART)]));
const DATA: Kind = Kind::AnyOf(&[Kind::Text, Kind::Shape(|| &PART), PARTS]);

/// What the harness says.
pub(crate) static SAID: Shape = Shape {
    name: "said",
    what: "something said",
    keys: &[
        BYTES,
        REPEAT,
        TIMES,
        may("line", PARTS, "Parts that make one line, ended by CRLF."),
        may(
            "split",
            Kind::List(&Kind::AnyOf(&[Kind::Text, Kind::Shape(|| &PART), PARTS])),
            "Writes, one after the other; escapes as in `bytes`.",
        ),
        may("pause", DURATION, "How long to wait between the writes of `split`; 50ms if missing."),
        may("message", DATA, "Message data: dot-stuffed and ended by CRLF.CRLF."),
        may("chunk", DATA, "A chunk, with its BDAT command before it."),
        may("last", Kind::Flag, "Whether the BDAT command says LAST."),
        may("starttls", Kind::Words(&HANDSHAKES), "The TLS handshake, after 220."),
        may("failed", Kind::Words(&FAILED), "What a failed handshake counts as."),
    ],
    base: None,
    others: None,
    one_of: &["bytes", "repeat", "line", "split", "message", "chunk", "starttls"],
};

/// What the harness, as client, wants to hear.
pub(crate) static REPLY: Shape = Shape::new(
    "reply",
    "something heard from a server",
    &[
        may("must", CODES, "The codes that are right."),
        may("should", CODES, "The codes that are better: another one that is right warns."),
        may("not", CODES, "The codes that must not come."),
        may("text", Kind::Text, "A regular expression over the text of the reply."),
        may("octets", Kind::Text, "One over its octets, with codes and line ends."),
        may("challenge", Kind::Text, "One over what its text is the BASE64 of."),
        may("signed", Kind::Flag, "The text is the server's proof after SCRAM's last `answer`."),
        may("enhanced", ENHANCED, "The enhanced status code: 5.1.z."),
        may(
            "lines",
            Kind::AnyOf(&[Kind::Count, Kind::Shape(|| &LINES)]),
            "How many lines the reply has.",
        ),
        may("ehlo", Kind::Shape(|| &EHLO), "What the EHLO reply offers."),
        may("within", DURATION, "It comes by then."),
        may("not-before", DURATION, "It does not come earlier."),
        may("capture", Kind::Names(&Kind::Text), "Parts of the reply to remember as variables."),
        may("policy", Kind::Words(&POLICIES), "What a refusal on grounds of policy counts as."),
        may("permitted", Kind::True, "Whatever the model permits."),
        may("silence", Kind::AnyOf(&[DURATION, Kind::True]), "Nothing comes, for so long."),
        may(
            "closed",
            Kind::AnyOf(&[Kind::True, Kind::Words(&[ALERT])]),
            "The connection ends in order; `alert` inside TLS, behind the alert that ends it.",
        ),
        may("reset", Kind::True, "The connection is reset."),
        may(
            "any-of",
            Kind::List(&Kind::AnyOf(&[Kind::Text, Kind::Shape(|| &REPLY_ALTERNATIVE)])),
            "Alternatives; the first that fits decides.",
        ),
    ],
);

const CONTINUATION: [Key; 4] = [
    may("verdict", Kind::Words(&VERDICTS), "What the verdict becomes at least."),
    may("note", Kind::Text, "Why."),
    may("then", STEPS, "What comes next, if this is what was heard."),
    may("ends", Kind::Flag, "Whether the dialogue ends there."),
];

/// An alternative of what a client may hear.
pub(crate) static REPLY_ALTERNATIVE: Shape = Shape {
    name: "reply-alternative",
    what: "an alternative",
    keys: &CONTINUATION,
    base: Some(&REPLY),
    others: None,
    one_of: &[],
};

/// A number of lines.
pub(crate) static LINES: Shape = Shape::new(
    "lines",
    "a number of lines",
    &[
        may("least", Kind::Count, "At least so many; 1 if missing."),
        may("most", Kind::Count, "At most so many."),
    ],
);

/// The keywords of an EHLO reply.
pub(crate) static EHLO: Shape = Shape::new(
    "ehlo",
    "a choice of EHLO keywords",
    &[
        may("has", KEYWORDS, "Keywords that must be there."),
        may("lacks", KEYWORDS, "Keywords that must not."),
    ],
);

/// What the harness, as server, wants to hear.
pub(crate) static COMMAND: Shape = Shape {
    name: "command",
    what: "something heard from a client",
    keys: &[
        may("line", Kind::Text, "The very line."),
        may("verb", Kind::Text, "Any line with this verb."),
        may("matches", Kind::Text, "A regular expression over the line."),
        may("message", Kind::Text, "A regular expression over the message data."),
        may("closed", Kind::True, "The connection ends."),
        may(
            "any-of",
            Kind::List(&Kind::AnyOf(&[Kind::Text, Kind::Shape(|| &COMMAND_ALTERNATIVE)])),
            "Alternatives; the first that fits decides.",
        ),
    ],
    base: None,
    others: None,
    one_of: &["line", "verb", "matches", "message", "closed", "any-of"],
};

/// An alternative of what a server may hear.
pub(crate) static COMMAND_ALTERNATIVE: Shape = Shape {
    name: "command-alternative",
    what: "an alternative",
    keys: &CONTINUATION,
    base: Some(&COMMAND),
    others: None,
    one_of: &["line", "verb", "matches", "message", "closed"],
};
