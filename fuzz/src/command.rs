//! Lines and commands (RFC 5321 §2.3.8, §4.1.1).

use smtpspec_protocol::escape::{escape, unescape};
use smtpspec_protocol::{
    Command, Framed, Grammar, LineBuffer, Protocol, Quirks, Request, Verb, limits, oddities,
};

use crate::pieces::pieces;
use crate::turns::Turns;

const GRAMMARS: [Grammar; 2] = [
    Grammar { smtputf8: false, protocol: Protocol::Smtp },
    Grammar { smtputf8: true, protocol: Protocol::Smtp },
];

/// Any octets as lines, and each line as a command.
///
/// However the octets are cut, the lines are those between one CRLF and the next. A line is a
/// command, or an error with a place inside it; what is read, printed and read again is the same;
/// what the strict grammar has is also read with any quirk put in, and then the quirk is told
/// (RFC 5321 §4.1.1).
pub fn command(input: &[u8]) {
    check(input, &mut Turns::Every);
}

/// The same, of which each input goes a part, by turns.
pub fn command_by_turns(input: &[u8]) {
    check(input, &mut Turns::of(input));
}

fn check(input: &[u8], turns: &mut Turns) {
    let (lines, rest) = split(input);
    for whole in turns.among(&WHOLE) {
        match *whole {
            Whole::Escaped => {
                assert_eq!(unescape(&escape(input).to_string()).as_deref(), Ok(input));
            }
            Whole::Cut(limit, choice) => assert_framed(input, limit, choice, &lines, rest),
        }
    }
    for line in lines.into_iter().chain([rest]) {
        for grammar in turns.among(&GRAMMARS) {
            check_line(line, *grammar, turns);
        }
    }
}

/// What is asserted of an input as a whole.
enum Whole {
    /// Shown, it is known again.
    Escaped,
    /// However it is cut, as one character chooses, its lines are the same, up to so many octets.
    Cut(usize, u8),
}

/// A limit that an input of a few octets can pass.
const NARROW: usize = 24;

/// A cut in two is what most inputs get: it costs least, and they choose every place of it.
const WHOLE: [Whole; 13] = [
    Whole::Escaped,
    Whole::Cut(limits::COMMAND_LINE, b'0'),
    Whole::Cut(limits::COMMAND_LINE, b'1'),
    Whole::Cut(limits::COMMAND_LINE, b'x'),
    Whole::Cut(limits::COMMAND_LINE, b'-'),
    Whole::Cut(limits::COMMAND_LINE, b'-'),
    Whole::Cut(limits::COMMAND_LINE, b'-'),
    Whole::Cut(limits::COMMAND_LINE, b'-'),
    Whole::Cut(NARROW, b'x'),
    Whole::Cut(NARROW, b'-'),
    Whole::Cut(NARROW, b'-'),
    Whole::Cut(NARROW, b'-'),
    Whole::Cut(NARROW, b'-'),
];

/// What is asserted of a line beside that it is read, or refused with a place.
#[derive(Clone, Copy)]
enum Property {
    /// White space at the end changes nothing.
    SpaceBorne,
    /// It prints as it is read.
    Printable,
    /// What is wrong can be said.
    Told,
    /// With more extensions it is the same.
    Widened,
    /// So it is in other letters.
    OtherCase,
    /// So it is with quirks about its first space.
    Spaced,
    /// So it is with quirks about the colon before its path.
    Colon,
}

const PROPERTIES: [Property; 7] = [
    Property::SpaceBorne,
    Property::Printable,
    Property::Told,
    Property::Widened,
    Property::OtherCase,
    Property::Spaced,
    Property::Colon,
];

/// The lines of a stream, and what stands behind the last CRLF: the plainest way to say it.
fn split(stream: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut lines = Vec::new();
    let mut rest = stream;
    while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
        lines.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    (lines, rest)
}

fn assert_framed(stream: &[u8], limit: usize, choice: u8, lines: &[&[u8]], rest: &[u8]) {
    let mut buffer = LineBuffer::new(limit);
    let mut expected = lines.iter();
    for mut piece in pieces(stream, choice) {
        while let Some(framed) = buffer.feed(&mut piece) {
            let line = *expected.next().expect("there are as many lines as CRLFs");
            match framed {
                Framed::Line(found) => {
                    assert_eq!(found, line);
                    assert!(line.len() + 2 <= limit);
                }
                Framed::TooLong { head, octets } => {
                    assert_eq!(octets, line.len() + 2);
                    assert!(octets > limit && head.len() <= limit);
                    assert!(line.starts_with(&head));
                }
            }
        }
    }
    assert_eq!(expected.next(), None);
    assert_eq!(buffer.pending(), rest.len());
}

fn check_line(line: &[u8], grammar: Grammar, turns: &mut Turns) {
    let request = Request::parse(line, grammar);
    assert_eq!(request.line, line);
    match &request.command {
        Err(error) => {
            assert!(error.at <= line.len(), "{error}");
            assert!(!request.is_strict());
        }
        Ok(command) => {
            assert_eq!(command.verb(), request.verb);
            assert!(grammar.smtputf8 || oddities(line).next().is_none(), "{}", escape(line));
        }
    }
    for property in turns.among(&PROPERTIES) {
        match (property, &request.command) {
            (Property::SpaceBorne, _) => assert_space_borne(&request, grammar),
            (Property::Told, Err(error)) => assert!(!error.to_string().is_empty()),
            (Property::Printable, Ok(command)) => {
                assert_printable(command, request.quirks, grammar);
            }
            (property, Ok(command)) if request.is_strict() => {
                assert_lenient(*property, line, command, grammar);
            }
            _ => {}
        }
    }
}

fn assert_space_borne(request: &Request<'_>, grammar: Grammar) {
    let longer = [request.line, b" \t"].concat();
    let longer = Request::parse(&longer, grammar);
    assert_eq!(longer.command, request.command, "white space at the end changes nothing");
    assert_eq!(longer.quirks, request.quirks | Quirks::TRAILING_SPACE);
}

/// What is printed reads as the same command, has no quirk that was not there, and prints alike.
fn assert_printable(command: &Command<'_>, quirks: Quirks, grammar: Grammar) {
    let printed = command.to_bytes();
    let line = printed.strip_suffix(b"\r\n").expect("a command ends with CRLF");
    let again = Request::parse(line, grammar);
    assert_eq!(again.command.as_ref(), Ok(command), "{}", escape(line));
    assert!(quirks.contains(again.quirks), "{:?} came by printing", again.quirks);
    assert_eq!(command.to_bytes(), printed);
}

/// A strict line stays the same command with more extensions, in other letters, and with each of
/// the quirks that can be put into it, which are then told.
fn assert_lenient(property: Property, line: &[u8], command: &Command<'_>, grammar: Grammar) {
    let reads = |line: &[u8], quirks: Quirks| {
        let request = Request::parse(line, grammar);
        assert_eq!(request.command.as_ref(), Ok(command), "{}", escape(line));
        assert_eq!(request.quirks, quirks, "{}", escape(line));
    };
    let has_path =
        matches!(command.verb(), Verb::Mail | Verb::Rcpt | Verb::Send | Verb::Soml | Verb::Saml);
    match property {
        Property::Widened => {
            let widest = Request::parse(line, Grammar { smtputf8: true, ..Grammar::default() });
            assert!(widest.is_strict() && widest.command.as_ref() == Ok(command));
        }
        Property::OtherCase if !matches!(command, Command::Extension { .. }) => {
            reads(&with_other_case(line), Quirks::NONE);
        }
        Property::Spaced => {
            let Some(space) = position(line, b' ') else { return };
            reads(&with(line, space, b" "), Quirks::EXTRA_SPACE);
            let mut tab = line.to_vec();
            tab[space] = b'\t';
            reads(&tab, Quirks::TAB);
        }
        Property::Colon if has_path => {
            let Some(colon) = position(line, b':') else { return };
            reads(&with(line, colon, b" "), Quirks::SPACE_BEFORE_COLON);
            reads(&with(line, colon + 1, b" "), Quirks::SPACE_AFTER_COLON);
        }
        _ => {}
    }
}

fn with_other_case(line: &[u8]) -> Vec<u8> {
    let verb = position(line, b' ').unwrap_or(line.len());
    let mut other = line.to_vec();
    for octet in other[..verb].iter_mut().filter(|octet| octet.is_ascii_alphabetic()) {
        *octet ^= 0x20;
    }
    other
}

fn with(line: &[u8], at: usize, more: &[u8]) -> Vec<u8> {
    [&line[..at], more, &line[at..]].concat()
}

fn position(line: &[u8], octet: u8) -> Option<usize> {
    line.iter().position(|&found| found == octet)
}
