//! What is wrong with VRFY, EXPN and HELP (RFC 5321 §3.5, §4.1.1.6 to §4.1.1.8, §7.3).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Verb};

use super::{Asked, Mutant, When, also, answer, mutant, reword};
use crate::model::Model;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "vrfy-unknown",
        "does not know VRFY",
        requirement!("rfc5321-4.2.4-3"),
        answer(|on| on.is(Verb::Vrfy), 500, "Command unrecognized"),
    ),
    mutant(
        "vrfy-not-implemented",
        "lists VRFY and does not implement it",
        requirement!("rfc5321-4.5.1-2"),
        answer(|on| on.is(Verb::Vrfy), 502, "Command not implemented"),
    ),
    mutant(
        "vrfy-250-for-everything",
        "verifies whatever looks like a mailbox",
        requirement!("rfc5321-3.5.3-1"),
        reword(|on| on.is(Verb::Vrfy) && on.command().is_some(), echo),
    ),
    mutant(
        "vrfy-550-for-everything",
        "denies every user",
        requirement!("rfc5321-7.3-4"),
        answer(|on| on.is(Verb::Vrfy) && on.command().is_some(), 550, "No such user here"),
    ),
    mutant(
        "vrfy-draws-220",
        "verifies with 220",
        requirement!("rfc5321-4.3.2-18"),
        answer(VERIFIED, 220, "<user@example.test>"),
    ),
    mutant(
        "vrfy-without-mailbox",
        "verifies without telling the mailbox",
        requirement!("rfc5321-3.5.1-3"),
        answer(VERIFIED, 250, "User exists"),
    ),
    mutant(
        "vrfy-with-words-behind-mailbox",
        "says more behind the mailbox that it verified",
        requirement!("rfc5321-3.5.1-4"),
        answer(VERIFIED, 250, "<user@example.test> is deliverable"),
    ),
    mutant(
        "vrfy-without-domain",
        "tells a mailbox without its domain",
        requirement!("rfc5321-3.5.2-1"),
        answer(VERIFIED, 250, "Ursula User <user>"),
    ),
    mutant(
        "vrfy-without-brackets",
        "tells a mailbox without angle brackets",
        requirement!("rfc5321-3.5.2-3"),
        answer(VERIFIED, 250, "user@example.test"),
    ),
    mutant(
        "vrfy-with-source-route",
        "tells a mailbox with a source route",
        requirement!("rfc5321-3.5.2-6"),
        answer(VERIFIED, 250, "<@mx.example.test:user@example.test>"),
    ),
    mutant(
        "vrfy-tells-no-valid-mailbox",
        "tells a mailbox that RCPT does not take",
        requirement!("rfc5321-3.5.2-4"),
        answer(VERIFIED, 250, "<no..such@example.test>"),
    ),
    mutant(
        "vrfy-knows-local-parts-only",
        "does not verify an argument with a domain",
        requirement!("rfc5321-3.5.1-14"),
        answer(|on| VERIFIED(on) && on.line().contains(&b'@'), 550, "No such user here"),
    ),
    mutant(
        "vrfy-knows-addresses-only",
        "does not verify an argument without a domain",
        requirement!("rfc5321-3.5.1-13"),
        answer(|on| VERIFIED(on) && !on.line().contains(&b'@'), 550, "No such user here"),
    ),
    mutant(
        "vrfy-ends-transaction",
        "drops the transaction at VRFY",
        requirement!("rfc5321-4.1.1.6-2"),
        also(|on| on.is(Verb::Vrfy), Model::clear),
    ),
    mutant(
        "vrfy-adds-recipient",
        "adds the mailbox that it verified to the recipients",
        requirement!("rfc5321-4.1.1.6-2"),
        also(
            |on| VERIFIED(on) && on.state().in_transaction(),
            |model| model.add_recipient(b"user2@example.test".to_vec()),
        ),
    ),
    mutant(
        "vrfy-seems-to-verify",
        "has VRFY switched off and answers 250",
        requirement!("rfc5321-7.3-1"),
        answer(|on| on.is(Verb::Vrfy) && on.command().is_some(), 250, "OK"),
    ),
    mutant(
        "expn-unknown",
        "lists EXPN and does not know it",
        requirement!("rfc5321-4.2.4-3"),
        answer(|on| on.is(Verb::Expn), 500, "Command unrecognized"),
    ),
    mutant(
        "expn-not-implemented",
        "does not support EXPN",
        requirement!("rfc5321-3.5.2-7"),
        answer(|on| on.is(Verb::Expn), 502, "Command not implemented"),
    ),
    mutant(
        "expn-draws-220",
        "expands with 220",
        requirement!("rfc5321-4.3.2-19"),
        answer(EXPANDED, 220, "<user@example.test>"),
    ),
    mutant(
        "expn-members-in-one-line",
        "tells all members of a list in one line",
        requirement!("rfc5321-3.5.1-12"),
        reword(EXPANDED, |_, reply| {
            reply.lines = vec![reply.lines.join(&b", "[..])];
        }),
    ),
    mutant(
        "expn-with-headline",
        "begins an expansion with a line that tells no mailbox",
        requirement!("rfc5321-3.5.1-12"),
        reword(EXPANDED, |_, reply| reply.lines.insert(0, b"The members are:".to_vec())),
    ),
    mutant(
        "expn-without-mailbox",
        "expands without telling mailboxes",
        requirement!("rfc5321-3.5.1-7"),
        answer(EXPANDED, 250, "That list exists"),
    ),
    mutant(
        "expn-without-brackets",
        "tells members without angle brackets",
        requirement!("rfc5321-3.5.2-3"),
        reword(EXPANDED, |_, reply| {
            for line in &mut reply.lines {
                line.retain(|octet| !b"<>".contains(octet));
            }
        }),
    ),
    mutant(
        "expn-with-source-route",
        "tells members with source routes",
        requirement!("rfc5321-3.5.2-6"),
        answer(EXPANDED, 250, "<@mx.example.test:user@example.test>"),
    ),
    mutant(
        "expn-250-for-everything",
        "expands whatever looks like a mailbox",
        requirement!("rfc5321-3.5.3-2"),
        reword(|on| on.is(Verb::Expn) && on.command().is_some(), echo),
    ),
    mutant(
        "expn-ends-transaction",
        "drops the transaction at EXPN",
        requirement!("rfc5321-4.1.1.7-1"),
        also(|on| on.is(Verb::Expn), Model::clear),
    ),
    mutant(
        "help-unknown",
        "lists HELP and does not know it",
        requirement!("rfc5321-4.2.4-3"),
        answer(|on| on.is(Verb::Help), 500, "Command unrecognized"),
    ),
    mutant(
        "help-not-implemented",
        "does not support HELP",
        requirement!("rfc5321-4.1.1.8-3"),
        answer(|on| on.is(Verb::Help), 502, "Command not implemented"),
    ),
    mutant(
        "help-draws-250",
        "helps with 250",
        requirement!("rfc5321-4.3.2-20"),
        answer(|on| on.is(Verb::Help) && on.accepted(), 250, "See RFC 5321"),
    ),
    mutant(
        "help-on-unknown-topic-draws-502",
        "helps, and answers 502 where it has no help on a topic",
        requirement!("rfc5321-4.2.1-9"),
        answer(|on| on.is(Verb::Help) && on.usually() == 504, 502, "No help on that"),
    ),
    mutant(
        "help-ends-transaction",
        "drops the transaction at HELP",
        requirement!("rfc5321-4.1.1.8-2"),
        also(|on| on.is(Verb::Help), Model::clear),
    ),
];

const VERIFIED: When = |on| on.is(Verb::Vrfy) && on.usually() == 250;
const EXPANDED: When = |on| on.is(Verb::Expn) && on.usually() == 250;

/// The argument in brackets.
fn echo(on: &Asked<'_>, reply: &mut Reply) {
    let argument = on.line().get(5..).unwrap_or_default();
    let bare = argument.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
    *reply = Reply::new(250, [b"<", bare.unwrap_or(argument), b">"].concat());
}
