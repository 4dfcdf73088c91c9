//! Replies, their codes, and patterns over codes (RFC 5321 §4.2, RFC 3463).

use std::fmt::{Debug, Display};
use std::str::FromStr;

use smtpspec_protocol::{
    CodePattern, EnhancedCode, EnhancedPattern, FlawKind, ReadReply, Reply, ReplyCode, ReplyLimits,
    ReplyReader, SeenReply,
};

use crate::pieces::pieces;
use crate::turns::Turns;

/// Limits that an input of a few octets can pass.
const NARROW: ReplyLimits = ReplyLimits { line_octets: 24, lines: 3, octets: 48 };

/// Any octets as replies, strictly and with good will.
///
/// A reply that the grammar has is read by both in the same way, and prints as it is read. With
/// good will every octet is accounted for, however the stream is cut and whatever the limits are,
/// and what is told of flaws lies inside the reply (RFC 5321 §4.2).
pub fn reply(input: &[u8]) {
    check(input, &mut Turns::Every);
}

/// The same, of which each input goes a part, by turns.
pub fn reply_by_turns(input: &[u8]) {
    check(input, &mut Turns::of(input));
}

fn check(input: &[u8], turns: &mut Turns) {
    for property in turns.among(&PROPERTIES) {
        match *property {
            Property::Cut(limits, choice) => {
                let found = read(input, limits, b'0');
                assert_eq!(read(input, limits, choice), found);
                assert_sound(input, limits, &found);
            }
            Property::Agreed => assert_agreed(input),
            Property::Prints => {
                if let Ok(text) = str::from_utf8(input) {
                    assert_prints::<ReplyCode>(text);
                    assert_prints::<CodePattern>(text);
                    assert_prints::<EnhancedCode>(text);
                    assert_prints::<EnhancedPattern>(text);
                }
            }
        }
    }
}

/// What is asserted of an input.
enum Property {
    /// Within these limits it is read alike in one piece and cut as one character chooses.
    Cut(ReplyLimits, u8),
    /// Strictly and with good will it is read alike.
    Agreed,
    /// What spells a code or a pattern prints so.
    Prints,
}

/// A cut in two is what most inputs get: it costs least, and they choose every place of it.
const PROPERTIES: [Property; 14] = [
    Property::Cut(ReplyLimits::USUAL, b'1'),
    Property::Cut(ReplyLimits::USUAL, b'x'),
    Property::Cut(ReplyLimits::USUAL, b'-'),
    Property::Cut(ReplyLimits::USUAL, b'-'),
    Property::Cut(ReplyLimits::USUAL, b'-'),
    Property::Cut(NARROW, b'1'),
    Property::Cut(NARROW, b'x'),
    Property::Cut(NARROW, b'-'),
    Property::Cut(NARROW, b'-'),
    Property::Cut(NARROW, b'-'),
    Property::Agreed,
    Property::Agreed,
    Property::Agreed,
    Property::Prints,
];

/// What is read, and what of it is not yet whole.
fn read(stream: &[u8], limits: ReplyLimits, choice: u8) -> (Vec<ReadReply>, Vec<u8>) {
    let mut reader = ReplyReader::new(limits);
    let mut replies = Vec::new();
    for mut piece in pieces(stream, choice) {
        while let Some(reply) = reader.feed(&mut piece) {
            replies.push(reply);
        }
        assert!(piece.is_empty());
        assert!(reader.pending().len() <= limits.octets);
    }
    (replies, reader.pending().to_vec())
}

fn assert_sound(stream: &[u8], limits: ReplyLimits, found: &(Vec<ReadReply>, Vec<u8>)) {
    let mut rest = stream;
    let mut exhausted = false;
    for read in &found.0 {
        assert!(!exhausted, "nothing is read after an overflow");
        let octets = match read {
            ReadReply::Reply(seen) => {
                assert_seen(seen, limits);
                &seen.octets
            }
            ReadReply::Garbage { octets } => octets,
            ReadReply::Overflow { head, .. } => {
                exhausted = true;
                head
            }
        };
        assert!(octets.len() <= limits.octets);
        rest = rest.strip_prefix(octets.as_slice()).expect("octets are told in their order");
    }
    assert!(exhausted || rest == found.1, "no octet is lost");
}

fn assert_seen(seen: &SeenReply, limits: ReplyLimits) {
    let lines = seen.reply.lines.len();
    assert!((1..=limits.lines).contains(&lines));
    assert_eq!(seen.octets.iter().filter(|&&octet| octet == b'\n').count(), lines);
    let mut before = 0;
    for flaw in &seen.flaws {
        assert!(flaw.line < lines && flaw.at < seen.octets.len(), "{flaw:?}");
        assert!(flaw.at >= before, "flaws come in the order of the octets");
        before = flaw.at;
        assert!(!flaw.kind.requirement().as_str().is_empty());
    }
    if let Some(code) = seen.reply.enhanced() {
        assert!(seen.reply.text().starts_with(code.to_string().as_bytes()));
        assert!(EnhancedPattern::from(code).matches(code));
    }
    assert!(CodePattern::from(seen.reply.code).matches(seen.reply.code));
}

/// Strictly read and read with good will.
fn assert_agreed(input: &[u8]) {
    // The grammar lets these be: a size is none of its business, nor is a text that is missing.
    let is_grammatical =
        |kind: &FlawKind| matches!(kind, FlawKind::NoText | FlawKind::LineTooLong { .. });
    let (found, rest) = read(input, ReplyLimits::default(), b'0');
    let lenient = match found.as_slice() {
        [ReadReply::Reply(seen)] if rest.is_empty() => Some(seen),
        _ => None,
    };
    let overflows = matches!(found.first(), Some(ReadReply::Overflow { .. }));
    match Reply::parse(input) {
        Ok(reply) => {
            assert_eq!(Reply::parse(&reply.to_bytes()).as_ref(), Ok(&reply));
            assert!(overflows || lenient.is_some());
            if let Some(seen) = lenient {
                assert_eq!(seen.reply, reply);
                assert!(seen.flaws.iter().all(|flaw| is_grammatical(&flaw.kind)), "{seen:?}");
            }
        }
        Err(error) => {
            assert!(error.at <= input.len() && !error.to_string().is_empty(), "{error}");
            let flawed =
                |seen: &SeenReply| seen.flaws.iter().any(|flaw| !is_grammatical(&flaw.kind));
            assert!(lenient.is_none_or(flawed), "no flaw is told where the grammar has one");
        }
    }
}

/// What spells a value is how the value prints.
fn assert_prints<T: FromStr + Display + PartialEq + Debug>(text: &str)
where
    T::Err: Display,
{
    match text.parse::<T>() {
        Ok(value) => assert_eq!(value.to_string(), text),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
