//! RFC 1985 §2 to §6 (ETRN): a client asks for the mail that waits for it, and gets it over a
//! connection of its own.
//!
//! Which nodes a server keeps mail for, and whom it lets ask, is its own affair: so any of the
//! listed replies may come, and our own server tells as much as it knows.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::domain::is_domain;
use smtpspec_protocol::{Command, Reply, Request};

use crate::config::Config;
use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::{Model, Stimulus};
use crate::rfc5321::keywords;
use crate::rfc5321::order;
use crate::rfc6409;
use crate::text::TextRule;

/// The extension ETRN.
pub(crate) struct Etrn;

const KEYWORD: &str = "ETRN";

/// The queue of all mail that waits, which `#` names (RFC 1985 §5.3).
const EVERYTHING: &[u8] = b"all";

/// Why a server may answer no command at all now: it wants a login, or TLS, or it is in trouble.
const DECLINES: &str = "450 451 452 454 521 530 534 535 538";

impl Extension for Etrn {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    /// Not where mail is posted (rfc6409-7-3).
    fn is_available(&self, model: &Model) -> bool {
        !rfc6409::is_submission(model)
    }

    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        vec![keywords::alone(requirement!("rfc1985-2-1"), KEYWORD)]
    }

    fn on_command(&self, model: &Model, request: &Request<'_>) -> Option<Expectation> {
        let argument = argument(request)?;
        let node = Node::read(argument);
        let missing = argument.is_empty();
        let in_transaction = model.state().in_transaction();
        // `ETRN localname` is what the RFC's own example calls a syntax error, and names of queues
        // have a form that only the server knows.
        let has_domain = !in_transaction
            && matches!(node, Some(Node::One(name) | Node::AndBelow(name)) if name.contains(&b'.'));
        let expectation = Expectation::of(answer(model, node))
            .policy(DECLINES)
            // 503 is for the order, 504 for an option that the server has not, and 550 and 554 are
            // what servers say where they refuse on purpose.
            .rule(
                requirement!("rfc1985-5.1-5"),
                &["250 251 252 253 458 459 500 501 503 504 550 554"],
            )
            .rule(requirement!("rfc1985-5.1-8"), &["2yz 458 459 500 501 503 504"])
            .rule_if(missing, requirement!("rfc1985-2-2"), &["4yz 5yz"])
            .rule_if(node.is_none(), requirement!("rfc1985-5.1-9"), &["458 459 500 501 503 504"])
            .never_if(has_domain, requirement!("rfc1985-5-1"), "500 501")
            .rule_if(in_transaction, requirement!("rfc1985-5-3"), &["4yz 5yz"])
            .refuse_if(in_transaction, || order::out_of_order("a transaction is open"));
        Some(expectation)
    }

    fn advance(&self, model: &mut Model, request: &Request<'_>, reply: &Reply) -> bool {
        let ours = argument(request).is_some();
        if ours && reply.code.class() == 3 {
            model.lose_track();
        }
        ours
    }
}

/// Whose mail is asked for (RFC 1985 §5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node<'a> {
    /// That of one host or domain.
    One(&'a [u8]),
    /// That of a domain and all below it.
    AndBelow(&'a [u8]),
    /// That of a queue.
    Queue(&'a [u8]),
}

impl<'a> Node<'a> {
    /// Reads the argument of ETRN. A name of one label may be an alias (RFC 1985 §4).
    ///
    /// ```abnf
    /// ETRN [<option character>]<node name><CR><LF>
    /// ```
    pub(crate) fn read(argument: &'a [u8]) -> Option<Self> {
        match argument {
            [b'@', name @ ..] => is_domain(name).then_some(Self::AndBelow(name)),
            [b'#', name @ ..] => {
                let fits = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
                fits.then_some(Self::Queue(name))
            }
            name => is_domain(name).then_some(Self::One(name)),
        }
    }

    /// The node that a command asks for, where it is ETRN.
    pub(crate) fn of(request: &Request<'a>) -> Option<Self> {
        argument(request).and_then(Self::read)
    }

    /// Whether mail for this domain is asked for.
    pub(crate) fn covers(self, domain: &[u8]) -> bool {
        match self {
            Self::One(name) => domain.eq_ignore_ascii_case(name),
            Self::AndBelow(name) => is_within(domain, name),
            Self::Queue(name) => name.eq_ignore_ascii_case(EVERYTHING),
        }
    }

    fn name(self) -> &'a [u8] {
        match self {
            Self::One(name) | Self::AndBelow(name) | Self::Queue(name) => name,
        }
    }
}

/// Whether it is ETRN that is answered, to which 251 means that nothing waits (RFC 1985 §5.1).
pub(crate) fn is_etrn(stimulus: &Stimulus<'_>) -> bool {
    matches!(stimulus, Stimulus::Request(request) if argument(request).is_some())
}

/// Whether mail for this domain waits at this server until it is asked for.
pub(crate) fn keeps_mail_for(config: &Config, domain: &[u8]) -> bool {
    let withheld = config.withheld.iter().any(|no| no == KEYWORD);
    !withheld && config.etrn.iter().any(|node| is_within(domain, node.as_bytes()))
}

/// Whether a domain is another, or below it.
fn is_within(domain: &[u8], other: &[u8]) -> bool {
    let Some(above) = domain.len().checked_sub(other.len()) else { return false };
    let (below, end) = domain.split_at(above);
    end.eq_ignore_ascii_case(other) && below.last().is_none_or(|&octet| octet == b'.')
}

/// What our own server answers, which knows how much waits (rfc1985-5.1-7).
fn answer(model: &Model, node: Option<Node<'_>>) -> Reply {
    let Some(node) = node else {
        return Reply::new(501, "ETRN takes the name of a node, with @ or # before it or without");
    };
    let name = String::from_utf8_lossy(node.name()).into_owned();
    let serves = model.config().is_none_or(|config| match node {
        Node::One(name) | Node::AndBelow(name) => keeps_mail_for(config, name),
        Node::Queue(name) => name.eq_ignore_ascii_case(EVERYTHING),
    });
    if !serves {
        return match node {
            Node::Queue(_) => Reply::new(458, "Unable to queue messages: no such queue"),
            _ => Reply::new(459, "Node not allowed: no mail is kept for it here"),
        };
    }
    match model.waiting().filter(|domain| node.covers(domain)).count() {
        0 => Reply::new(251, format!("OK, no messages waiting for node {name}")),
        count => Reply::new(253, format!("OK, {count} pending messages for node {name} started")),
    }
}

/// What stands behind the verb, where that is ETRN; white space at the end of a line is no part
/// of it (RFC 5321 §4.1.1).
fn argument<'a>(request: &Request<'a>) -> Option<&'a [u8]> {
    if !request.verb.name().eq_ignore_ascii_case(KEYWORD.as_bytes()) {
        return None;
    }
    match request.command {
        Ok(Command::Extension { argument, .. }) => Some(argument.trim_ascii()),
        _ => Some(request.line.get(KEYWORD.len()..).unwrap_or_default().trim_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, expect, extended, preferred};

    #[test]
    fn etrn_is_answered_by_the_list() {
        check(
            &extended(&["ETRN"]),
            &[
                ("ETRN a.example", 250, Fine),
                ("etrn @a.example", 253, Fine),
                ("ETRN #queue", 251, Fine),
                ("ETRN a.example", 459, Fine),
                ("ETRN a.example", 458, Fine),
                ("ETRN @a.example", 501, Fails),
                ("ETRN a.example", 451, Policy),
                ("ETRN a.example", 530, Policy),
                ("ETRN a.example", 550, Warns),
                ("ETRN a.example", 254, Fails),
                ("ETRN a.example", 220, Fails),
                ("ETRN a.example", 354, Fails),
                ("ETRN a.example", 502, Fails),
            ],
        );
    }

    #[test]
    fn bad_syntax_draws_500_or_501() {
        check(
            &extended(&["ETRN"]),
            &[
                ("ETRN", 500, Fine),
                ("ETRN ", 501, Fine),
                ("ETRN", 250, Fails),
                ("ETRN a.example b.example", 501, Fine),
                ("ETRN a.example b.example", 250, Warns),
                ("ETRN @", 250, Warns),
                ("ETRN #", 550, Warns),
                ("ETRN a..example", 459, Fine),
                ("ETRN localname", 501, Fine),
                ("ETRN localname", 250, Fine),
                ("ETRN a.example ", 250, Fine),
            ],
        );
    }

    #[test]
    fn in_a_transaction_it_is_refused_and_leaves_it_alone() {
        let mut model = extended(&["ETRN"]);
        answer(&mut model, "MAIL FROM:<>", &Reply::new(250, "OK"));
        check(&model, &[("ETRN a.example", 503, Fine), ("ETRN a.example", 250, Warns)]);
        answer(&mut model, "ETRN a.example", &Reply::new(250, "OK"));
        assert!(model.state().in_transaction());
        answer(&mut model, "ETRN a.example", &Reply::new(334, "and?"));
        assert!(!model.state().in_transaction());
    }

    #[test]
    fn a_node_is_a_domain_with_or_without_what_is_below_it() {
        let covers = |argument: &str, domain: &str| {
            Node::read(argument.as_bytes()).unwrap().covers(domain.as_bytes())
        };
        assert!(covers("b.example", "B.example") && !covers("b.example", "a.b.example"));
        assert!(covers("@b.example", "b.example") && covers("@b.example", "x.y.B.example"));
        assert!(!covers("@b.example", "ab.example") && !covers("@b.example", "example"));
        assert!(covers("#ALL", "b.example") && !covers("#uucp", "b.example"));
        for wrong in ["", "@", "#", "@@b.example", "a b", "#a b", "b.example.", "-b.example"] {
            assert_eq!(Node::read(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn the_server_answers_for_the_nodes_that_it_keeps_mail_for() {
        let config = Config { etrn: vec!["b.example".to_owned()], ..Config::default() };
        let code = |line| preferred(config.clone(), &["EHLO client.test", line]).code.get();
        for (line, expected) in [
            ("ETRN b.example", 251),
            ("ETRN a.B.example", 251),
            ("ETRN @b.example", 251),
            ("ETRN #all", 251),
            ("ETRN #uucp", 458),
            ("ETRN example", 459),
            ("ETRN @example", 459),
            ("ETRN c.example", 459),
            ("ETRN", 501),
        ] {
            assert_eq!(code(line), expected, "{line}");
        }
        let rules = expect(&extended(&["ETRN"]), "ETRN b.example");
        assert!(rules.text_breaches(&Reply::new(251, "OK, no messages waiting")).is_empty());
        let lines = ["EHLO client.test", "MAIL FROM:<>", "ETRN b.example"];
        assert_eq!(preferred(config.clone(), &lines).code.get(), 503);
        assert_eq!(preferred(config, &["ETRN b.example"]).code.get(), 500);
    }

    #[test]
    fn the_keyword_stands_alone() {
        let rules = Etrn.of_ehlo(false);
        let fault = |line: &str| {
            let reply = Reply::multiline(250, ["mx.test", line].map(str::to_owned));
            rules.iter().any(|rule| rule.fault(&reply, None).is_some())
        };
        assert!(!fault("ETRN") && fault("etrn now") && !fault("ETRNX 1"));
    }
}
