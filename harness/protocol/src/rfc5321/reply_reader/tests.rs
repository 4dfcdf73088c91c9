//! What the reader makes of replies, good and bad.

use proptest::prelude::*;

use super::*;

fn read(limits: ReplyLimits, chunks: &[&[u8]]) -> (Vec<ReadReply>, Vec<u8>) {
    let mut reader = ReplyReader::new(limits);
    let mut read = Vec::new();
    for mut chunk in chunks.iter().copied() {
        while let Some(reply) = reader.feed(&mut chunk) {
            read.push(reply);
        }
        assert!(chunk.is_empty(), "None means that all was taken");
        assert!(reader.octets.len() <= limits.octets);
        assert!(reader.flaws.len() <= limits.lines * 11);
    }
    (read, reader.pending().to_vec())
}

fn one(octets: &[u8]) -> SeenReply {
    match read(ReplyLimits::default(), &[octets]).0.as_slice() {
        [ReadReply::Reply(seen)] => seen.clone(),
        other => panic!("one reply was to be read, not {other:?}"),
    }
}

#[test]
fn a_reply_in_the_grammar_has_no_flaws() {
    for reply in [Reply::new(250, ""), Reply::multiline(250, ["mx", "SIZE", "", "\tHELP"])] {
        let seen = one(&reply.to_bytes());
        assert_eq!((&seen.reply, seen.flaws.as_slice()), (&reply, &[][..]));
    }
}

const fn flaw(kind: FlawKind, line: usize, at: usize) -> Flaw {
    Flaw { kind, line, at }
}

#[test]
fn every_flaw_is_told_with_its_place() {
    let table: [(&[u8], &[Flaw]); 14] = [
        (b"250\r\n", &[flaw(FlawKind::NoText, 0, 3)]),
        (b"250 a\n", &[flaw(FlawKind::BareLf, 0, 5)]),
        (b"250\n", &[flaw(FlawKind::NoText, 0, 3), flaw(FlawKind::BareLf, 0, 3)]),
        (b"250 a\r\r\n", &[flaw(FlawKind::BareCr, 0, 5)]),
        (b"250 \0\0\r\n", &[flaw(FlawKind::Nul, 0, 4)]),
        (b"250 \xff\r\n", &[flaw(FlawKind::EightBit, 0, 4)]),
        (b"250 \x07\r\n", &[flaw(FlawKind::Control, 0, 4)]),
        (b"250_a\r\n", &[flaw(FlawKind::BadSeparator, 0, 3)]),
        (b"250\ta\r\n", &[flaw(FlawKind::BadSeparator, 0, 3)]),
        (b"650 a\r\n", &[flaw(FlawKind::CodeOutOfRange, 0, 0)]),
        (b"250-a\r\n251 b\r\n", &[flaw(FlawKind::CodeChanged, 1, 7)]),
        (b"250-a\r\nb\r\n250 c\r\n", &[flaw(FlawKind::MissingCode, 1, 7)]),
        (
            b"250-a\r\n\r\n250\r\n",
            &[flaw(FlawKind::MissingCode, 1, 7), flaw(FlawKind::NoText, 2, 12)],
        ),
        (b"250-\r\n250 \r\n", &[]),
    ];
    for (octets, flaws) in table {
        let seen = one(octets);
        assert_eq!(seen.flaws, flaws, "{}", crate::escape::escape(octets));
        assert_eq!(seen.octets, octets);
    }
}

#[test]
fn a_line_beyond_512_octets_is_read_and_told() {
    let line = |text: usize| [&b"250 "[..], &vec![b'a'; text], b"\r\n"].concat();
    assert!(one(&line(506)).flaws.is_empty());
    assert_eq!(one(&line(507)).flaws[0].kind, FlawKind::LineTooLong { octets: 513 });
}

#[test]
fn what_has_no_code_is_no_reply() {
    let stream = b"\r\nSSH-2.0\r\n25 a\r\n250 a\r\n";
    let (read, pending) = read(ReplyLimits::default(), &[stream]);
    let garbage: Vec<_> = read
        .iter()
        .filter_map(|read| match read {
            ReadReply::Garbage { octets } => Some(octets.as_slice()),
            _ => None,
        })
        .collect();
    assert_eq!(garbage, [&b"\r\n"[..], b"SSH-2.0\r\n", b"25 a\r\n"]);
    assert_eq!((read.len(), pending.len()), (4, 0));
}

#[test]
fn nothing_is_read_beyond_a_limit() {
    let limits = ReplyLimits { line_octets: 10, lines: 3, octets: 20 };
    let table: [(&[u8], &[u8], ReplyLimit); 3] = [
        (b"250 aaaaaaaaa\r\n", b"250 aaaaaa", ReplyLimit::LineOctets),
        (b"250-a\r\n250-b\r\n250-ccc\r\n", b"250-a\r\n250-b\r\n250-cc", ReplyLimit::Octets),
        (b"250-\r\n250-\r\n250-\r\n250 ", b"250-\r\n250-\r\n250-\r\n", ReplyLimit::Lines),
    ];
    for (octets, head, what) in table {
        let (read, pending) = read(limits, &[octets, b"250 a\r\n"]);
        assert_eq!(read, [ReadReply::Overflow { head: head.to_vec(), what }]);
        assert!(pending.is_empty());
    }
    // A line that fills the reply is too long before the reply is.
    let (read, _) = read(ReplyLimits { line_octets: 4, lines: 3, octets: 4 }, &[b"250 a"]);
    let what = ReplyLimit::LineOctets;
    assert_eq!(read, [ReadReply::Overflow { head: b"250 ".to_vec(), what }]);
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(b"250".to_vec()),
        Just(b"550".to_vec()),
        Just(b"-".to_vec()),
        Just(b" ".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_split_reads_the_same(
        stream in stream(),
        size in 1_usize..8,
        line_octets in 0_usize..16,
        lines in 1_usize..4,
        octets in 0_usize..32,
    ) {
        let limits = ReplyLimits { line_octets, lines, octets };
        let chunks: Vec<&[u8]> = stream.chunks(size).collect();
        prop_assert_eq!(read(limits, &chunks), read(limits, &[&stream]));
    }

    #[test]
    fn no_octet_is_lost(stream in stream()) {
        let (read, pending) = read(ReplyLimits::default(), &[&stream]);
        let mut seen = Vec::new();
        for read in read {
            match read {
                ReadReply::Reply(reply) => {
                    for flaw in &reply.flaws {
                        prop_assert!(flaw.at < reply.octets.len());
                        prop_assert!(flaw.line < reply.reply.lines.len());
                    }
                    seen.extend(reply.octets);
                }
                ReadReply::Garbage { octets } => seen.extend(octets),
                ReadReply::Overflow { .. } => prop_assert!(false, "these streams are short"),
            }
        }
        seen.extend(pending);
        prop_assert_eq!(seen, stream);
    }

    #[test]
    fn what_parses_strictly_reads_without_flaws(stream in stream()) {
        let strict = Reply::parse(&stream);
        if let Err(error) = &strict {
            prop_assert!(error.at <= stream.len());
        }
        let (read, pending) = read(ReplyLimits::default(), &[&stream]);
        if let [ReadReply::Reply(seen)] = read.as_slice()
            && pending.is_empty()
        {
            let borne = |kind: &FlawKind| *kind == FlawKind::NoText;
            let flawless = seen.flaws.iter().all(|flaw| borne(&flaw.kind));
            prop_assert_eq!(flawless, strict.is_ok(), "{:?} {:?}", seen, strict);
            if let Ok(reply) = strict {
                prop_assert_eq!(&reply, &seen.reply);
            }
        } else {
            prop_assert!(strict.is_err());
        }
    }

    #[test]
    fn parsing_undoes_printing(
        code in (2_u16..6, 0_u16..6, 0_u16..10).prop_map(|(a, b, c)| a * 100 + b * 10 + c),
        lines in prop::collection::vec("[\t -~]{0,20}", 1..5),
    ) {
        let reply = Reply::multiline(code, lines);
        prop_assert_eq!(Reply::parse(&reply.to_bytes()), Ok(reply));
    }
}
