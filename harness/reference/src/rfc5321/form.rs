//! RFC 5321 §4.1.2 (command argument syntax), with §2.4 and §4.1.1: what the form of a command
//! lets a server answer.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{
    AddressLiteral, Command, EhloName, ForwardPath, Host, Quirks, Reply, Request, ReversePath, Verb,
};

use super::sizes;
use crate::expectation::Expectation;
use crate::model::Model;
use crate::rfc6531;

/// How well a command is formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// In the grammar, and within every size that a server has to handle.
    Plain,
    /// Not in the grammar, but in a way that the RFC asks servers to bear, or larger than they
    /// have to handle: it may be taken or refused, and a careful server takes it.
    Tolerable,
    /// Nearly in the grammar: it may be taken or refused, and a careful server refuses it.
    Doubtful,
    /// Not in the grammar.
    Wrong,
}

impl Form {
    /// The form of a command.
    pub(crate) fn of(request: &Request<'_>) -> Self {
        if request.command.is_err() {
            return Self::Wrong;
        }
        let quirks = request.quirks;
        if !quirks.is_empty() {
            // rfc5321-4.1.1-2, rfc5321-4.1.1.1-2: white space at the end and text behind the
            // literal are to be borne. A literal in HELO is what RFC 821 allowed.
            let borne = Quirks::TRAILING_SPACE | Quirks::TEXT_AFTER_LITERAL | Quirks::HELO_LITERAL;
            return if borne.contains(quirks) { Self::Tolerable } else { Self::Doubtful };
        }
        if sizes::exceeds_what_must_be_handled(request)
            || names_nobody(request)
            || rfc6531::may_be_refused(request)
        {
            Self::Tolerable
        } else {
            Self::Plain
        }
    }

    /// The codes that refuse a command of this form for its form (RFC 5321 §4.2.3, §4.5.3.1.9).
    pub(crate) fn refusals(self) -> &'static str {
        match self {
            Self::Plain => "",
            _ => "500 501 504 552 553 555",
        }
    }

    /// Whether a careful server refuses the command for its form.
    pub(crate) fn is_refused(self) -> bool {
        matches!(self, Self::Doubtful | Self::Wrong)
    }

    /// Whether nothing in the form excuses a refusal.
    pub(crate) fn is_plain(self) -> bool {
        self == Self::Plain
    }
}

/// The refusal of a command that cannot be read (RFC 5321 §4.2.3). It names the production and
/// the place, both ours, and nothing that the client sent.
pub(crate) fn syntax_error(request: &Request<'_>) -> Reply {
    match &request.command {
        Err(error) => {
            Reply::new(501, format!("Syntax error in {} at octet {}", error.production, error.at))
        }
        Ok(_) => Reply::new(501, "Syntax error in parameters or arguments"),
    }
}

/// Adds what holds for the form of any command: white space at its end, and octets that no
/// command may hold.
pub(crate) fn judge(model: &Model, request: &Request<'_>, expectation: Expectation) -> Expectation {
    let line = request.line;
    // Of what is beyond ASCII, RFC 6531 has UTF-8 alone.
    let internationalized = model.offers("SMTPUTF8") && std::str::from_utf8(line).is_ok();
    // A TAB at the end of a line is white space, which is to be borne (rfc5321-4.1.1-2).
    let control = line.iter().any(|&octet| octet.is_ascii_control() && octet != b'\t');
    let eight_bit = !line.is_ascii() && !internationalized;
    // Octets above 127 have a softer rule of their own, but for the name in EHLO and HELO: of the
    // labels of domains the text speaks outright.
    let label = matches!(request.verb, Verb::Ehlo | Verb::Helo);
    let invalid = names_mailbox(&request.verb)
        && request.command.is_err()
        && (control || (eight_bit && label));
    expectation
        .never_if(only_trailing_space(request), requirement!("rfc5321-4.1.1-2"), "500 501")
        // The same text wants 501 where there is no other reason, and §2.4 suggests 500 for
        // non-ASCII: since a server may have other reasons, any refusal satisfies the rule. The
        // underscore stands nearby in the text, but it is no question of character codes.
        .rule_if(invalid, requirement!("rfc5321-4.1.2-24"), &["4yz 5yz"])
        // §2.4 speaks of the commands of the envelope; what NOOP is told, for one, is ignored.
        .rule_if(
            eight_bit && is_of_envelope(&request.verb),
            requirement!("rfc5321-2.4-14"),
            &["4yz 5yz"],
        )
}

/// Whether the grammar has the argument, and nobody has such a mailbox or host: a literal with a
/// tag that was never registered (rfc5321-4.1.3-3), an empty name in quotes (rfc5321-4.1.2-15).
fn names_nobody(request: &Request<'_>) -> bool {
    let path = match &request.command {
        Ok(Command::Ehlo(EhloName::Literal(literal))) => {
            return matches!(literal, AddressLiteral::General { .. });
        }
        Ok(Command::Mail(mail)) => match &mail.reverse_path {
            ReversePath::Path(path) => path,
            ReversePath::Null => return false,
        },
        Ok(Command::Rcpt(rcpt)) => match &rcpt.forward_path {
            ForwardPath::Path(path) => path,
            ForwardPath::Postmaster(_) => return false,
        },
        _ => return false,
    };
    path.mailbox.local_part.as_bytes() == b"\"\""
        || matches!(path.mailbox.host, Host::Literal(AddressLiteral::General { .. }))
}

/// Whether white space at the end is all that a server could find at fault: the verb stands
/// alone, and the line is no longer than it has to handle.
fn only_trailing_space(request: &Request<'_>) -> bool {
    let alone = matches!(
        request.command,
        // Not HELP, which nobody has to know.
        Ok(Command::Data | Command::Noop(None) | Command::Quit | Command::Rset)
    );
    alone
        && request.quirks == Quirks::TRAILING_SPACE
        && !sizes::exceeds_what_must_be_handled(request)
}

/// The commands that make up the envelope (RFC 5321 §2.3.1).
fn is_of_envelope(verb: &Verb<'_>) -> bool {
    matches!(verb, Verb::Mail | Verb::Rcpt | Verb::Saml | Verb::Send | Verb::Soml)
}

/// The commands that carry a mailbox or a domain, of which rfc5321-4.1.2-21 speaks.
fn names_mailbox(verb: &Verb<'_>) -> bool {
    use Verb::{Ehlo, Expn, Helo, Mail, Rcpt, Saml, Send, Soml, Vrfy};
    matches!(verb, Ehlo | Helo | Mail | Rcpt | Vrfy | Expn | Send | Soml | Saml)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::testing::Worth::{Fails, Fine, Warns};
    use crate::testing::{check, expect, extended, preferred, session, transaction};

    /// Whether this rule speaks of the answer to this line.
    fn speaks(line: &str, rule: &str) -> bool {
        let expectation = expect(&transaction(1), line);
        expectation.because().any(|requirement| requirement.to_string() == rule)
    }

    #[test]
    fn white_space_at_the_end_is_no_reason_to_refuse_a_command_without_argument() {
        for line in ["DATA ", "RSET \t", "NOOP ", "QUIT  "] {
            assert!(speaks(line, "rfc5321-4.1.1-2"), "{line:?}");
        }
        let long = format!("NOOP{}", " ".repeat(600));
        for line in
            ["NOOP", "NOOP x ", "RSET now ", "MAIL FROM:<> ", "VRFY x ", "FOO ", "HELP ", &long]
        {
            assert!(!speaks(line, "rfc5321-4.1.1-2"), "{line:?}");
        }
    }

    #[test]
    fn octets_that_no_command_may_hold_are_not_taken() {
        let plain = session(&[("HELO client.test", 250)]);
        check(
            &plain,
            &[
                ("MAIL FROM:<\u{e9}@client.test>", 250, Warns),
                ("MAIL FROM:<\u{e9}@client.test>", 501, Fine),
                ("EHLO \u{e9}.test", 250, Fails),
                ("MAIL FROM:<a\u{1}b@client.test>", 250, Fails),
                ("MAIL FROM:<a@client.test>\t", 250, Fine),
                ("MAIL FROM:<a_b@my_host>", 250, Fine),
            ],
        );
        check(&extended(&["SMTPUTF8"]), &[("MAIL FROM:<\u{e9}@client.test>", 250, Fine)]);
        for (line, mailbox, envelope) in [
            ("MAIL FROM:<\u{e9}@client.test>", false, true),
            ("MAIL FROM:<a\u{1}b@client.test>", true, false),
            ("EHLO \u{e9}.test", true, false),
            ("VRFY \u{e9}", false, false),
            ("VRFY \u{1}", true, false),
            ("NOOP \u{e9}", false, false),
            ("HELP \u{1}", false, false),
        ] {
            assert_eq!(speaks(line, "rfc5321-4.1.2-24"), mailbox, "{line:?}");
            assert_eq!(speaks(line, "rfc5321-2.4-14"), envelope, "{line:?}");
        }
    }

    #[test]
    fn the_server_refuses_octets_that_are_no_text() {
        // Behind an EHLO there is UTF-8 (RFC 6531 §3.3).
        let code = |line| preferred(Config::default(), &["HELO client.test", line]).code.get();
        assert_eq!(code("NOOP \u{e9}"), 501);
        assert_eq!(code("NOOP \u{1}"), 501);
        assert_eq!(code("NOOP x\t"), 250);
        assert_eq!(code("MAIL FROM:a@client.test"), 501);
    }

    #[test]
    fn a_form_that_is_to_be_borne_may_be_refused_all_the_same() {
        check(
            &session(&[]),
            &[
                ("EHLO [192.0.2.1] laptop", 250, Fine),
                ("EHLO [192.0.2.1] laptop", 501, Fine),
                ("EHLO client.test", 501, Fine),
                ("HELO client.test", 552, Warns),
                ("HELO client.test ", 552, Fine),
            ],
        );
    }

    #[test]
    fn what_nobody_has_is_known_by_its_form() {
        let names_nobody = |line: &str| {
            let request = smtpspec_protocol::Request::parse(
                line.as_bytes(),
                smtpspec_protocol::Grammar::default(),
            );
            super::names_nobody(&request)
        };
        for (line, nobody) in [
            ("EHLO [x400:c=us]", true),
            ("EHLO [192.0.2.1]", false),
            ("MAIL FROM:<a@[x400:c=us]>", true),
            ("RCPT TO:<\"\"@b.example>", true),
            ("RCPT TO:<a@b.example>", false),
            ("MAIL FROM:<>", false),
            ("NOOP", false),
        ] {
            assert_eq!(names_nobody(line), nobody, "{line}");
        }
    }
}
