//! RFC 3030 §2 (CHUNKING): BDAT, the chunks of a message, and what is left where one fails.
//!
//! A chunk and the command before it are answered together, once all octets are there: so the
//! two are one stimulus, and who feeds the model counts the octets ([`Model::chunk`]).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Request};

use crate::expectation::{DECLINES_MAIL, Expectation, FINAL, WANTS_LOGIN};
use crate::extension::{self, Extension};
use crate::measure::MessageFacts;
use crate::model::Model;
use crate::rfc2033;
use crate::rfc5321::order;
use crate::state::State;

/// The extension CHUNKING.
pub(crate) struct Chunking;

pub(crate) const KEYWORD: &str = "CHUNKING";

/// What a BDAT says of the octets behind it (RFC 3030 §2).
///
/// ```abnf
/// bdat-cmd   = "BDAT" SP chunk-size [ SP end-marker ] CR LF
/// chunk-size = 1*DIGIT
/// end-marker = "LAST"
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// How many octets follow.
    pub octets: u64,
    /// Whether they are the last of the message.
    pub last: bool,
    /// Whether nothing about the command is wrong. Of one that has a size and is wrong besides,
    /// nobody can say whether a server counts the octets.
    pub well_formed: bool,
}

impl Chunk {
    /// Reads a command; `None` where it is no BDAT, or has no size that can be counted up to.
    pub(crate) fn read(request: &Request<'_>) -> Option<Self> {
        let mut words = argument(request)?.split(|octet| matches!(octet, b' ' | b'\t'));
        let plain = words.clone().all(|word| !word.is_empty());
        let mut words = words.by_ref().filter(|word| !word.is_empty());
        let size = words.next()?;
        let digits = size.iter().all(u8::is_ascii_digit);
        let octets = std::str::from_utf8(size).ok().filter(|_| digits)?.parse().ok()?;
        let marker = words.next();
        let last = marker.is_some_and(|marker| marker.eq_ignore_ascii_case(b"LAST"));
        let well_formed = plain && last == marker.is_some() && words.next().is_none();
        Some(Self { octets, last, well_formed })
    }
}

impl Extension for Chunking {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    fn on_command(&self, model: &Model, request: &Request<'_>) -> Option<Expectation> {
        is_bdat(request).then(|| match Chunk::read(request) {
            Some(chunk) => expect_chunk(model, chunk, &MessageFacts::default()),
            None => expect_unreadable(request),
        })
    }

    fn advance(&self, model: &mut Model, request: &Request<'_>, reply: &Reply) -> bool {
        let ours = is_bdat(request);
        match (ours, Chunk::read(request), reply.code.class()) {
            (false, ..) => {}
            (true, Some(chunk), _) => advance_chunk(model, chunk, reply),
            (true, None, 4 | 5) if *model.state() == State::Unknown => {}
            // No chunk has failed where none could be read.
            (true, None, 4 | 5) => model.await_reset(false),
            (true, None, _) => model.lose_track(),
        }
        ours
    }
}

/// What a chunk may draw, once all of it is there; `facts` are those of the message so far.
pub(crate) fn expect_chunk(model: &Model, chunk: Chunk, facts: &MessageFacts) -> Expectation {
    let state = *model.state();
    if !chunk.well_formed {
        return Expectation::of(syntax_error())
            .policy(DECLINES_MAIL)
            .rule(requirement!("rfc5321-4.3.1-7"), &[FINAL]);
    }
    if model.ended_by_last_chunk() {
        return Expectation::of(order::out_of_order("the last chunk has come"))
            .policy(WANTS_LOGIN)
            .rule(requirement!("rfc3030-2-12"), &["503"]);
    }
    if model.transaction().is_none() && state != State::Unknown {
        return Expectation::of(order::out_of_order("send MAIL first"))
            .policy(DECLINES_MAIL)
            .rule(requirement!("rfc5321-4.1.4-19"), &["503 554"]);
    }
    let failed = model.transaction().is_some_and(|open| open.chunk_failed);
    let expectation = expect_in_transaction(model, chunk, facts)
        // What was under way behind a chunk that failed is dropped, and so not taken.
        .rule_if(failed && model.offers("PIPELINING"), requirement!("rfc3030-2-18"), &["4yz 5yz"]);
    let for_somebody = model.transaction().is_none_or(|open| !open.recipients.is_empty());
    if chunk.last && !failed && for_somebody {
        let extensions = extension::offered(model);
        return extensions.fold(rfc2033::on_message(model, expectation), |expectation, one| {
            one.on_message(model, facts, expectation)
        });
    }
    expectation
}

fn expect_in_transaction(model: &Model, chunk: Chunk, facts: &MessageFacts) -> Expectation {
    let state = *model.state();
    let in_order = matches!(state, State::AwaitData | State::AwaitChunk);
    let without_recipient = model.transaction().is_none_or(|open| open.recipients.is_empty());
    let maximum = model.config().map_or(0, |config| config.max_message_octets);
    let has_looped = model.config().is_some_and(|config| facts.received > config.max_received);
    let thanks = if chunk.last { "Message OK, " } else { "" };
    let octets = if chunk.last { facts.octets } else { chunk.octets };
    Expectation::of(Reply::new(250, format!("{thanks}{octets} octets received")))
        .policy(DECLINES_MAIL)
        .rule(requirement!("rfc3030-2-14"), &["250 4yz 5yz"])
        .never_if(
            in_order && !without_recipient,
            requirement!("rfc3030-2-5"),
            "500 501 502 503 504 555",
        )
        .refuse_if(state == State::AwaitReset, || order::out_of_order("send RSET first"))
        .refuse_if(without_recipient, || Reply::new(554, "No valid recipients"))
        // rfc5321-6.3-2
        .refuse_if(has_looped, || Reply::new(554, "Too many hops"))
        .refuse_if(maximum > 0 && facts.octets > maximum, || Reply::new(552, "Too much mail data"))
}

/// A BDAT from which nobody can tell how many octets follow: to take it is to guess.
///
/// Where digits begin what stands for the size, a server may have read those.
fn expect_unreadable(request: &Request<'_>) -> Expectation {
    let size = argument(request).unwrap_or_default().trim_ascii_start();
    let guessed = !size.first().is_some_and(u8::is_ascii_digit);
    Expectation::of(syntax_error())
        .policy(DECLINES_MAIL)
        .rule(requirement!("rfc5321-4.3.1-7"), &[FINAL])
        .rule_if(guessed, requirement!("rfc3030-2-1"), &["4yz 5yz"])
}

/// Follows the reply to a chunk.
pub(crate) fn advance_chunk(model: &mut Model, chunk: Chunk, reply: &Reply) {
    let open = model.transaction().is_some();
    let class = reply.code.class();
    let ends = chunk.last && chunk.well_formed;
    match class {
        2 | 4 | 5 if open && ends && model.replies_due() > 1 => model.report(class == 2),
        4 | 5 if !(ends && model.accepted_for_any()) => fail(model, ends),
        2 | 4 | 5 if open && chunk.well_formed && *model.state() != State::AwaitReset => {
            if chunk.last {
                model.clear();
                model.note_last_chunk();
            } else {
                model.enter(State::AwaitChunk);
            }
        }
        _ => model.lose_track(),
    }
}

/// A chunk failed: the state cannot be known before RSET. Behind the last one, nothing is left of
/// the transaction that anybody could count on.
fn fail(model: &mut Model, last: bool) {
    if *model.state() == State::Unknown {
        return;
    }
    let open = model.transaction().is_some();
    // Without a recipient it had no place yet, and the message may still come.
    let for_nobody = model.transaction().is_some_and(|open| open.recipients.is_empty());
    model.await_reset(true);
    if last && open && !for_nobody {
        model.keep(None);
        model.note_last_chunk();
    }
}

fn syntax_error() -> Reply {
    Reply::new(501, "Syntax: BDAT chunk-size [LAST]")
}

fn is_bdat(request: &Request<'_>) -> bool {
    request.verb.name().eq_ignore_ascii_case(b"BDAT")
}

/// What stands behind `BDAT` and its space; white space at the end of a line is borne
/// (RFC 5321 §4.1.1).
fn argument<'a>(request: &Request<'a>) -> Option<&'a [u8]> {
    let verb = request.verb.name().len();
    is_bdat(request).then(|| request.line.get(verb + 1..).unwrap_or_default().trim_ascii_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stimulus;
    use crate::testing::Worth::{self, Fails, Fine, Policy};
    use crate::testing::{answer, check, extended, worth};

    fn open() -> Model {
        let mut model = extended(&["CHUNKING", "PIPELINING"]);
        answer(&mut model, "MAIL FROM:<>", &Reply::new(250, "OK"));
        answer(&mut model, "RCPT TO:<b@example.test>", &Reply::new(250, "OK"));
        model
    }

    fn chunk(model: &Model, line: &str) -> Option<(u64, bool, bool)> {
        let request = Request::parse(line.as_bytes(), model.grammar());
        model.chunk(&request).map(|chunk| (chunk.octets, chunk.last, chunk.well_formed))
    }

    fn check_chunk(model: &Model, rows: &[(&str, u16, Worth)]) {
        for (line, code, expected) in rows {
            let request = Request::parse(line.as_bytes(), model.grammar());
            let chunk = model.chunk(&request).expect("it has a size");
            let expectation = model.expect(&Stimulus::Chunk(chunk, MessageFacts::default()));
            assert_eq!(worth(&expectation, *code), *expected, "{line} drew {code}");
        }
    }

    #[test]
    fn behind_a_chunk_that_failed_anything_may_be_out_of_order() {
        let rows = [
            ("NOOP", 503, Fine),
            ("VRFY user", 503, Fine),
            ("EHLO c.test", 503, Fine),
            ("NOOP", 500, Fails),
            ("RSET", 503, Fails),
        ];
        let mut model = open();
        check(&open(), &[("VRFY user", 503, Worth::Warns), ("RSET", 503, Fails)]);
        model.await_reset(true);
        check(&model, &rows);
    }

    #[test]
    fn a_size_is_digits_and_last_stands_alone_behind_it() {
        for (line, read) in [
            ("BDAT 5", Some((5, false, true))),
            ("bdat 005 last ", Some((5, true, true))),
            ("BDAT 18446744073709551615", Some((u64::MAX, false, true))),
            ("BDAT 18446744073709551616", None),
            ("BDAT 5 FIRST", Some((5, false, false))),
            ("BDAT 5 LAST now", Some((5, true, false))),
            ("BDAT  5", Some((5, false, false))),
            ("BDAT", None),
            ("BDAT LAST", None),
            ("BDAT -1", None),
            ("BDAT +1", None),
            ("BDAT 0x5", None),
            ("BDATA 5", None),
        ] {
            assert_eq!(chunk(&open(), line), read, "{line}");
        }
        assert_eq!(chunk(&extended(&["SIZE"]), "BDAT 5"), None, "CHUNKING was not offered");
    }

    #[test]
    fn a_chunk_is_taken_with_250_or_refused() {
        check_chunk(
            &open(),
            &[
                ("BDAT 5", 250, Fine),
                ("BDAT 5", 251, Fails),
                ("BDAT 5", 354, Fails),
                ("BDAT 5", 552, Fine),
                ("BDAT 5", 451, Policy),
                ("BDAT 5 LAST", 502, Fails),
                ("BDAT 5 LAST", 503, Fails),
                ("BDAT 5 FIRST", 501, Fine),
                ("BDAT 5 FIRST", 250, Fine),
            ],
        );
        check(&open(), &[("BDAT -1", 501, Fine), ("BDAT -1", 250, Fails), ("BDAT 0x1", 250, Fine)]);
    }

    #[test]
    fn without_mail_and_behind_the_last_a_chunk_is_out_of_order() {
        let idle = extended(&["CHUNKING"]);
        check_chunk(&idle, &[("BDAT 5", 503, Fine), ("BDAT 5", 250, Fails)]);
        let mut over = open();
        answer(&mut over, "BDAT 5 LAST", &Reply::new(250, "OK"));
        assert_eq!(*over.state(), State::Ready);
        check_chunk(
            &over,
            &[("BDAT 5", 503, Fine), ("BDAT 5", 554, Fails), ("BDAT 5", 250, Fails)],
        );
        answer(&mut over, "RSET", &Reply::new(250, "OK"));
        check_chunk(&over, &[("BDAT 5", 554, Policy)]);
    }

    #[test]
    fn behind_a_chunk_that_failed_no_other_is_taken_until_rset() {
        let mut model = open();
        answer(&mut model, "BDAT 5", &Reply::new(250, "OK"));
        assert!(model.awaits_chunk());
        answer(&mut model, "BDAT 5", &Reply::new(452, "No room"));
        assert_eq!(*model.state(), State::AwaitReset);
        check_chunk(&model, &[("BDAT 5 LAST", 250, Fails), ("BDAT 5 LAST", 554, Policy)]);
        answer(&mut model, "RSET", &Reply::new(250, "OK"));
        assert_eq!(*model.state(), State::Ready);
    }

    #[test]
    fn data_does_not_come_among_chunks() {
        let mut model = open();
        check(&model, &[("DATA", 354, Fine), ("DATA", 502, Fails)]);
        answer(&mut model, "BDAT 5", &Reply::new(250, "OK"));
        check(
            &model,
            &[
                ("DATA", 503, Fine),
                ("DATA", 354, Fails),
                ("DATA", 554, Fails),
                ("DATA now", 501, Fine),
            ],
        );
        answer(&mut model, "DATA", &Reply::new(503, "No"));
        assert_eq!(*model.state(), State::AwaitReset);
    }
}
