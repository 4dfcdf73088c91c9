//! RFC 3030 §2 (CHUNKING): what goes wrong with chunks.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::content::rewrite_text;
use super::{Asked, Fault, Mutant, Say, Then, answer, misreport, mutant, silence};
use crate::delivery::Delivery;
use crate::model::Stimulus;
use crate::rfc3030::chunking::Chunk;
use crate::state::State;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "bdat-offered-and-unknown",
        "lists CHUNKING and does not know BDAT",
        requirement!("rfc3030-2-5"),
        answer(|on| chunk(on).is_some(), 502, "Command not implemented"),
    ),
    mutant(
        "chunking-without-data",
        "lists CHUNKING and has no DATA",
        requirement!("rfc3030-2-2"),
        answer(|on| on.is(Verb::Data), 502, "Command not implemented"),
    ),
    mutant(
        "chunk-draws-354",
        "answers 354 to a chunk",
        requirement!("rfc3030-2-14"),
        misreport(|on| chunk_is(on, |chunk| !chunk.last) && on.accepted(), 354, "Go on"),
    ),
    mutant(
        "chunk-draws-251",
        "answers 251 to a chunk",
        requirement!("rfc3030-2-14"),
        misreport(|on| chunk(on).is_some() && on.accepted(), 251, "Chunk received"),
    ),
    mutant(
        "chunk-unanswered",
        "answers the last chunk alone",
        requirement!("rfc3030-2-14"),
        silence(|on| chunk_is(on, |chunk| !chunk.last)),
    ),
    mutant(
        "last-chunk-unanswered",
        "says nothing to the last chunk",
        requirement!("rfc3030-2-9"),
        silence(|on| chunk_is(on, |chunk| chunk.last)),
    ),
    mutant(
        "empty-last-chunk-refused",
        "refuses a last chunk of no octets",
        requirement!("rfc3030-2-1"),
        answer(
            |on| chunk_is(on, |chunk| chunk.last && chunk.octets == 0) && on.accepted(),
            501,
            "Nothing to send",
        ),
    ),
    mutant(
        "chunk-answered-at-once",
        "answers BDAT before its octets, and reads these as commands",
        requirement!("rfc3030-2-9"),
        Fault::Chunk(|_, _, usual| usual.map(|chunk| Chunk { octets: 0, ..chunk })),
    ),
    mutant(
        "chunk-one-octet-short",
        "counts one octet too few in a chunk",
        requirement!("rfc3030-2-9"),
        Fault::Chunk(|_, _, usual| resized(usual, |octets| octets.saturating_sub(1))),
    ),
    mutant(
        "chunk-one-octet-long",
        "counts one octet too many in a chunk",
        requirement!("rfc3030-2-9"),
        Fault::Chunk(|_, _, usual| {
            resized(usual, |octets| if octets > 0 { octets.saturating_add(1) } else { octets })
        }),
    ),
    mutant(
        "chunk-size-in-8-bits",
        "keeps the last eight bits of the size of a chunk",
        requirement!("rfc3030-2-9"),
        Fault::Chunk(|_, _, usual| resized(usual, |octets| octets % 256)),
    ),
    mutant(
        "chunk-size-wraps-around",
        "keeps the last 64 bits of the size of a chunk that has more",
        requirement!("rfc3030-2-9"),
        Fault::Chunk(|model, request, usual| {
            let word = request.line.split(|&octet| octet == b' ').nth(1).unwrap_or_default();
            let digits = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
            let octets = word.iter().fold(0_u64, |octets, digit| {
                octets.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')))
            });
            let large = digits && usual.is_none() && model.offers("CHUNKING");
            let chunk = Chunk { octets, last: false, well_formed: true };
            (large && is_bdat(request.line)).then_some(chunk).or(usual)
        }),
    ),
    mutant(
        "chunk-size-with-leading-zeros-refused",
        "takes no size of a chunk that has leading zeros",
        requirement!("rfc3030-2-1"),
        Fault::Chunk(|_, request, usual| {
            let zeros = request.line.get(5..7).is_some_and(|start| start == b"00");
            usual.map(|chunk| Chunk { well_formed: chunk.well_formed && !zeros, ..chunk })
        }),
    ),
    mutant(
        "last-in-upper-case-only",
        "knows LAST in upper case only",
        requirement!("rfc3030-2-1"),
        Fault::Chunk(|_, request, usual| {
            let lower = request.line.iter().any(u8::is_ascii_lowercase);
            usual.map(|chunk| Chunk { last: chunk.last && !lower, ..chunk })
        }),
    ),
    mutant(
        "bdat-without-size-accepted",
        "takes a BDAT from which no size can be read",
        requirement!("rfc3030-2-1"),
        misreport(|on| is_bdat(on.line()) && on.usually() == 501, 250, "OK"),
    ),
    mutant(
        "bdat-of-bad-form-draws-354",
        "answers 354 to a BDAT of bad form",
        requirement!("rfc5321-4.3.1-7"),
        misreport(
            |on| {
                on.usually() == 501
                    && (is_bdat(on.line()) || chunk_is(on, |chunk| !chunk.well_formed))
            },
            354,
            "Go on",
        ),
    ),
    mutant(
        "bdat-without-mail-accepted",
        "takes a chunk though there was no MAIL",
        requirement!("rfc5321-4.1.4-19"),
        misreport(|on| chunk(on).is_some() && on.state() == State::Ready, 250, "OK"),
    ),
    mutant(
        "bdat-after-last-draws-250",
        "takes a chunk after the last",
        requirement!("rfc3030-2-12"),
        misreport(|on| chunk(on).is_some() && on.model.ended_by_last_chunk(), 250, "OK"),
    ),
    mutant(
        "bdat-after-last-draws-554",
        "answers 554 to a chunk after the last",
        requirement!("rfc3030-2-12"),
        misreport(|on| chunk(on).is_some() && on.model.ended_by_last_chunk(), 554, "No mail"),
    ),
    mutant(
        "failed-chunk-read-as-commands",
        "reads the octets of a chunk as commands where it refuses BDAT",
        requirement!("rfc3030-2-15"),
        Fault::Chunk(|model, _, usual| {
            let refused = !matches!(model.state(), State::AwaitData | State::AwaitChunk);
            resized(usual, |octets| if refused { 0 } else { octets })
        }),
    ),
    mutant(
        "chunks-after-failure-accepted",
        "takes further chunks though one has failed",
        requirement!("rfc3030-2-18"),
        misreport(
            |on| {
                chunk(on).is_some() && on.model.transaction().is_some_and(|open| open.chunk_failed)
            },
            250,
            "OK",
        ),
    ),
    mutant(
        "chunks-after-failure-read-as-commands",
        "reads further chunks as commands once one has failed",
        requirement!("rfc3030-2-18"),
        Fault::Chunk(|model, _, usual| {
            let failed = model.transaction().is_some_and(|open| open.chunk_failed);
            resized(usual, |octets| if failed { 0 } else { octets })
        }),
    ),
    mutant(
        "rset-keeps-chunks",
        "delivers the chunks from before RSET with the next message",
        requirement!("rfc3030-2-21"),
        Fault::KeptChunks,
    ),
    mutant(
        "rset-between-chunks-refused",
        "refuses RSET between the chunks of a message",
        requirement!("rfc3030-2-21"),
        answer(|on| on.is(Verb::Rset) && on.model.awaits_chunk(), 503, "Go on"),
    ),
    mutant(
        "rset-between-chunks-forgotten",
        "answers RSET between chunks and goes on with the message",
        requirement!("rfc3030-2-21"),
        Fault::Answer {
            when: |on| on.is(Verb::Rset) && on.model.awaits_chunk(),
            say: Say::AsUsual,
            then: Then::Nothing,
        },
    ),
    mutant(
        "data-after-chunk-accepted",
        "takes DATA after a chunk",
        requirement!("rfc3030-2-23"),
        answer(|on| on.is(Verb::Data) && on.model.awaits_chunk(), 354, "Start mail input"),
    ),
    mutant(
        "data-after-chunk-draws-554",
        "answers 554 to DATA after a chunk",
        requirement!("rfc3030-2-23"),
        misreport(|on| on.is(Verb::Data) && on.model.awaits_chunk(), 554, "Not so"),
    ),
    mutant(
        "odd-line-closes",
        "closes where a line of octets that are no text comes",
        requirement!("rfc3030-2-27"),
        Fault::Close(|on| on.line().contains(&0) || on.line().starts_with(b"\xff")),
    ),
    mutant(
        "odd-line-accepted",
        "answers 250 to a line of octets that are no text",
        requirement!("rfc3030-2-27"),
        misreport(|on| on.line().contains(&0) || on.line().starts_with(b"\xff"), 250, "OK"),
    ),
    mutant(
        "chunk-dots-unstuffed",
        "takes one dot from each line of a chunk that begins with it",
        requirement!("rfc3030-2-9"),
        Fault::Each(|on, mail| {
            of_chunks(on, mail, |text| {
                *text = text
                    .split_inclusive(|&octet| octet == b'\n')
                    .flat_map(|line| line.strip_prefix(b".").unwrap_or(line))
                    .copied()
                    .collect();
            });
        }),
    ),
    mutant(
        "chunk-ends-at-dot",
        "drops what stands behind a line with a dot in chunks",
        requirement!("rfc3030-2-9"),
        Fault::Each(|on, mail| {
            of_chunks(on, mail, |text| {
                let end = text.windows(5).position(|octets| octets == b"\r\n.\r\n");
                text.truncate(end.map_or(text.len(), |end| end + 2));
            });
        }),
    ),
    mutant(
        "chunk-boundary-ends-line",
        "puts CRLF behind the last chunk where no line end stands",
        requirement!("rfc3030-3-6"),
        Fault::Each(|on, mail| {
            of_chunks(on, mail, |text| {
                if !text.ends_with(b"\r\n") {
                    text.extend_from_slice(b"\r\n");
                }
            });
        }),
    ),
    mutant(
        "size-declared-then-chunks-refused",
        "answers 552 to chunks that come to no more than was declared",
        requirement!("rfc1870-6.3-1"),
        answer(
            |on| {
                chunk_is(on, |chunk| chunk.last)
                    && on.model.transaction().is_some_and(|open| open.parameter("SIZE").is_some())
            },
            552,
            "Too large",
        ),
    ),
    mutant(
        "chunk-size-beyond-limit-accepted",
        "takes chunks that make a message larger than it said",
        requirement!("rfc1870-4-1"),
        misreport(|on| chunk(on).is_some() && on.usually() == 552, 250, "OK"),
    ),
];

/// The chunk that is answered.
fn chunk(on: &Asked<'_>) -> Option<Chunk> {
    match on.stimulus {
        Stimulus::Chunk(chunk, _) => Some(*chunk),
        _ => None,
    }
}

pub(super) fn chunk_is(on: &Asked<'_>, kind: fn(&Chunk) -> bool) -> bool {
    chunk(on).as_ref().is_some_and(kind)
}

fn is_bdat(line: &[u8]) -> bool {
    line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"BDAT"))
}

/// Another number of octets behind a BDAT.
fn resized(usual: Option<Chunk>, size: impl Fn(u64) -> u64) -> Option<Chunk> {
    usual.map(|chunk| Chunk { octets: size(chunk.octets), ..chunk })
}

/// Spoils the text of a message that came in chunks.
fn of_chunks(on: &Asked<'_>, mail: &mut Delivery, spoil: fn(&mut Vec<u8>)) {
    if chunk(on).is_some() {
        rewrite_text(mail, spoil);
    }
}
