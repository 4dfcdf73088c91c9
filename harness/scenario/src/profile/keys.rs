//! Every key of a profile.

use crate::language::{DURATION, NAME, TLS};
use crate::profile::Habit;
use crate::shape::{Kind, Shape, may, must};
use smtpspec_protocol::Protocol;

const TEXTS: Kind = Kind::List(&Kind::Text);

/// A profile.
pub(crate) static PROFILE: Shape = Shape::new(
    "profile",
    "a profile",
    &[
        may("server", Kind::Text, "HOST[:PORT] of the target; the built-in reference if missing."),
        may("client", Kind::Text, "The name that the harness gives in EHLO: ${client}."),
        may("sender", Kind::Text, "The reverse-path: ${sender}."),
        may("recipient", Kind::Text, "A mailbox that the target accepts: ${recipient}."),
        may("recipient.second", Kind::Text, "Another one: ${recipient.second}."),
        may("recipient.unknown", Kind::Text, "One that does not exist: ${recipient.unknown}."),
        may(
            "recipient.undeliverable",
            Kind::Text,
            "One that it accepts and the next hop refuses: ${recipient.undeliverable}.",
        ),
        may("recipient.undeliverable.second", Kind::Text, "Another one."),
        may("auth", Kind::Shape(|| &AUTH), "Who the harness is where it logs in."),
        may("facts", Kind::List(&NAME), "What is true of the target: [turn, vrfy]."),
        may("variables", Kind::Names(&Kind::Text), "Further variables."),
        may(
            "next-hop",
            Kind::Shape(|| &NEXT_HOP),
            "Where the target sends what it accepts: to us.",
        ),
        may("maildir", Kind::Text, "Where the target delivers: a folder with new/ and cur/ in it."),
        may("protocol", Kind::Words(&Protocol::WORDS), "What the target speaks; smtp if missing."),
        may("tls", Kind::Words(&TLS), "When sessions with the target begin TLS; none if missing."),
        may("timeouts", Kind::Shape(|| &TIMEOUTS), "How long the harness waits."),
        may("reference", Kind::Shape(|| &REFERENCE), "What the reference server is to be."),
    ],
);

/// Who the harness is where it logs in.
pub(crate) static AUTH: Shape = Shape::new(
    "auth",
    "a description of a user",
    &[
        must("user", Kind::Text, "The name: ${user}."),
        may("password", Kind::Text, "The password: ${password}. It is shown nowhere."),
        may("token", Kind::Text, "The token for OAUTHBEARER: ${token}. It is shown nowhere."),
        may(
            "always",
            Kind::Flag,
            "Whether to log in in each scenario that has no AUTH of its own.",
        ),
    ],
);

/// How long the harness waits.
pub(crate) static TIMEOUTS: Shape = Shape::new(
    "timeouts",
    "a choice of timeouts",
    &[
        may("connect", DURATION, "For a connection to open."),
        may("reply", DURATION, "For a reply, a command or the end of a connection."),
        may("deliver", DURATION, "For mail to come out at the next hop, or in the Maildir."),
        may("settle", DURATION, "After mail that came out, before no more is taken to come."),
        may("scenario", DURATION, "For a whole scenario."),
        may("run", DURATION, "For the whole run."),
        may(
            "clock",
            Kind::Count,
            "How many times faster the target's own timeouts run than the RFC's; slow scenarios \
             wait so much shorter.",
        ),
    ],
);

/// The next hop, which the harness plays.
pub(crate) static NEXT_HOP: Shape = Shape::new(
    "next-hop",
    "a description of the next hop",
    &[
        must("listen", Kind::Text, "ADDRESS:PORT where the harness listens."),
        may("protocol", Kind::Words(&Protocol::WORDS), "What it speaks; smtp if missing."),
        may("without", TEXTS, "EHLO keywords that it does not offer: [DSN, 8BITMIME]."),
    ],
);

/// What the reference server is to be.
pub(crate) static REFERENCE: Shape = Shape::new(
    "reference",
    "a description of the reference server",
    &[
        may("name", Kind::Text, "Its own name."),
        may("mailboxes", TEXTS, "Mailboxes beside the profile's recipients."),
        may("lists", Kind::Names(&TEXTS), "Mailing lists, each with its members."),
        may("names", Kind::Names(&Kind::Text), "Full names of users, by mailbox: VRFY tells them."),
        may("moved", Kind::Names(&Kind::Text), "Users who moved, each with the new mailbox."),
        may("habits", Kind::List(&Kind::Words(&Habit::WORDS)), "What it does differently."),
        may("without", TEXTS, "EHLO keywords of extensions that it does not offer."),
        may("next-hop-without", TEXTS, "Those that its next hop does not offer."),
        may("size", Kind::Count, "The largest message, in octets."),
        may("limits", Kind::Shape(|| &LIMITS), "What it tells of with LIMITS, and keeps to."),
        may("null-mx", TEXTS, "Domains of which it knows that they take no mail."),
        may(
            "turn",
            Kind::Names(&Kind::List(&Kind::Shape(|| &WAITING))),
            "Clients that may use TURN, each with the messages that wait for it.",
        ),
        may(
            "atrn",
            Kind::Names(&Kind::List(&Kind::Shape(|| &WAITING))),
            "Domains whose mail is sent by ATRN, each with the messages that wait for it.",
        ),
    ],
);

/// The limits of the reference server.
pub(crate) static LIMITS: Shape = Shape::new(
    "limits",
    "a choice of limits",
    &[
        may("transactions", Kind::Count, "On MAIL commands in a session: MAILMAX."),
        may("recipients", Kind::Count, "On recipients of a message: RCPTMAX."),
        may("domains", Kind::Count, "On domains of recipients in a session: RCPTDOMAINMAX."),
    ],
);

/// A message that waits for a client.
pub(crate) static WAITING: Shape = Shape::new(
    "waiting",
    "a message that waits",
    &[
        must("from", Kind::Text, "Its reverse-path; '' for the null one."),
        must("to", TEXTS, "Its recipients."),
        must("text", Kind::Text, "Its text; line ends become CRLF."),
    ],
);
