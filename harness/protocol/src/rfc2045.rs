//! RFC 2045 and RFC 2046: what a message is made of, as far as a change of its transfer encodings is
//! concerned. Text and octets between the encodings are kept apart from their labels.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How deep messages and multiparts are looked into.
const DEPTH: usize = 16;

/// The longest line of quoted-printable or base64, without its CRLF (RFC 2045 §6.7, §6.8).
pub const ENCODED_LINE: usize = 76;

/// The longest line of text, without its CRLF (RFC 2045 §2.7).
const TEXT_LINE: usize = 998;

/// What Content-Transfer-Encoding says (RFC 2045 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Lines of seven bits; also where nothing is said.
    SevenBit,
    /// Lines of eight bits.
    EightBit,
    /// Any octets.
    Binary,
    /// Text whose odd octets are written in hexadecimal.
    QuotedPrintable,
    /// Octets in 64 characters.
    Base64,
    /// One that is not known here.
    Other,
}

/// A message, or a part of one: a header and what stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entity<'m> {
    /// Its fields, with their line ends.
    pub header: &'m [u8],
    /// What stands behind the empty line.
    pub body: &'m [u8],
}

impl<'m> Entity<'m> {
    /// The entity that these octets are.
    pub fn of(octets: &'m [u8]) -> Self {
        if let Some(body) = octets.strip_prefix(b"\r\n") {
            return Self { header: &[], body };
        }
        let end = memchr::memmem::find(octets, b"\r\n\r\n").map_or(octets.len(), |at| at + 2);
        let body = octets.get(end + 2..).unwrap_or_default();
        Self { header: &octets[..end], body }
    }

    /// The places of the fields with this name, with their folding and line ends.
    pub fn fields(&self, name: &str) -> Vec<Range<usize>> {
        let mut all: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        let mut is_wanted = false;
        while at < self.header.len() {
            let rest = &self.header[at..];
            let end = at + memchr::memmem::find(rest, b"\r\n").map_or(rest.len(), |end| end + 2);
            if rest.starts_with(b" ") || rest.starts_with(b"\t") {
                if let Some(last) = all.last_mut().filter(|_| is_wanted) {
                    last.end = end;
                }
            } else {
                let colon = rest.iter().position(|&octet| octet == b':').unwrap_or(0);
                is_wanted = rest[..colon].trim_ascii_end().eq_ignore_ascii_case(name.as_bytes());
                if is_wanted {
                    all.push(at..end);
                }
            }
            at = end;
        }
        all
    }

    /// The value of the first field with this name, without folding.
    pub fn field(&self, name: &str) -> Option<Vec<u8>> {
        let field = &self.header[self.fields(name).first()?.clone()];
        let colon = field.iter().position(|&octet| octet == b':')?;
        let value = field[colon + 1..].iter().filter(|octet| !b"\r\n".contains(octet));
        Some(value.copied().collect::<Vec<_>>().trim_ascii().to_vec())
    }

    /// How its body is encoded.
    pub fn encoding(&self) -> Encoding {
        let Some(value) = self.field("Content-Transfer-Encoding") else {
            return Encoding::SevenBit;
        };
        let word = value.split(|octet| b" \t;(".contains(octet)).next().unwrap_or_default();
        match word.to_ascii_lowercase().as_slice() {
            b"7bit" => Encoding::SevenBit,
            b"8bit" => Encoding::EightBit,
            b"binary" => Encoding::Binary,
            b"quoted-printable" => Encoding::QuotedPrintable,
            b"base64" => Encoding::Base64,
            _ => Encoding::Other,
        }
    }

    /// Whether a message stands in it (RFC 2046 §5.2.1).
    pub fn is_message(&self) -> bool {
        let kind = self.field("Content-Type").unwrap_or_default().to_ascii_lowercase();
        kind.starts_with(b"message/rfc822")
    }

    /// The line between its parts, if it has parts (RFC 2046 §5.1.1).
    pub fn boundary(&self) -> Option<Vec<u8>> {
        const NAME: &[u8] = b"boundary=";
        let kind = self.field("Content-Type")?;
        let lower = kind.to_ascii_lowercase();
        if !lower.starts_with(b"multipart/") {
            return None;
        }
        let value = &kind[memchr::memmem::find(&lower, NAME)? + NAME.len()..];
        let boundary = match value.strip_prefix(b"\"") {
            Some(quoted) => quoted.split(|&octet| octet == b'"').next()?,
            None => value.split(|octet| b"; \t".contains(octet)).next()?,
        };
        Some([b"--", boundary].concat())
    }

    /// The places of its parts in the body; nothing where no line ends them.
    pub fn parts(&self, boundary: &[u8]) -> Option<Vec<Range<usize>>> {
        let mut parts = Vec::new();
        let mut began = None;
        for at in memchr::memmem::find_iter(self.body, boundary) {
            if at != 0 && !self.body[..at].ends_with(b"\r\n") {
                continue;
            }
            let behind = &self.body[at + boundary.len()..];
            let line = memchr::memmem::find(behind, b"\r\n").unwrap_or(behind.len());
            let closes = behind.starts_with(b"--");
            let rest = &behind[if closes { 2 } else { 0 }..line.max(if closes { 2 } else { 0 })];
            if !rest.iter().all(|octet| b" \t".contains(octet)) {
                continue;
            }
            if let Some(began) = began {
                parts.push(began..(at.max(2) - 2).max(began));
            }
            if closes {
                return Some(parts);
            }
            began = Some((at + boundary.len() + line + 2).min(self.body.len()));
        }
        None
    }
}

/// Whether it is text in lines that end with CRLF, all of seven bits (RFC 2045 §2.7).
pub fn is_seven_bit(octets: &[u8]) -> bool {
    let lines = octets.split(|&octet| octet == b'\n');
    let last = lines.clone().count() - 1;
    octets.iter().all(|&octet| octet.is_ascii() && octet != 0) && { lines }.enumerate().all(
        |(index, line)| {
            let line = if index == last { Some(line) } else { line.strip_suffix(b"\r") };
            line.is_some_and(|line| line.len() <= TEXT_LINE && !line.contains(&b'\r'))
        },
    )
}

/// What stands in a message once all transfer encodings are undone: the contents of its parts, one
/// behind the other. What is wrong with it, where it is no valid MIME.
pub fn content(message: &[u8]) -> Result<Vec<u8>, &'static str> {
    content_within(message, DEPTH)
}

fn content_within(octets: &[u8], depth: usize) -> Result<Vec<u8>, &'static str> {
    let Some(depth) = depth.checked_sub(1) else { return Err("too many parts within parts") };
    let entity = Entity::of(octets);
    let encoding = entity.encoding();
    let boundary = entity.boundary();
    if boundary.is_some() || entity.is_message() {
        // RFC 2045 §6.4.
        if matches!(encoding, Encoding::QuotedPrintable | Encoding::Base64) {
            return Err("an encoding of what has parts with encodings of their own");
        }
        let Some(boundary) = boundary else { return content_within(entity.body, depth) };
        let parts = entity.parts(&boundary).ok_or("parts without an end")?;
        let parts = parts.into_iter().map(|part| content_within(&entity.body[part], depth));
        return Ok(parts.collect::<Result<Vec<_>, _>>()?.concat());
    }
    match encoding {
        Encoding::QuotedPrintable => quoted_printable(entity.body),
        Encoding::Base64 => base64(entity.body),
        _ => Ok(entity.body.to_vec()),
    }
}

/// RFC 2045 §6.8.
fn base64(body: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut text = Vec::new();
    for line in body.split(|&octet| octet == b'\n') {
        let line = line.trim_ascii_end();
        if line.len() > ENCODED_LINE {
            return Err("a line of base64 that is longer than 76 characters");
        }
        text.extend_from_slice(line);
    }
    STANDARD.decode(text).map_err(|_| "what is no base64")
}

/// RFC 2045 §6.7.
fn quoted_printable(body: &[u8]) -> Result<Vec<u8>, &'static str> {
    const WRONG: &str = "what is no quoted-printable";
    let mut out = Vec::new();
    let mut lines = body.split(|&octet| octet == b'\n').peekable();
    while let Some(line) = lines.next() {
        let is_last = lines.peek().is_none();
        let line = if is_last { line } else { line.strip_suffix(b"\r").ok_or(WRONG)? };
        if line.len() > ENCODED_LINE {
            return Err("a line of quoted-printable that is longer than 76 characters");
        }
        // Blanks at the end of a line are of the way it came, not of the text.
        let mut rest = line.trim_ascii_end();
        let mut is_soft = false;
        while let Some((&octet, behind)) = rest.split_first() {
            rest = behind;
            match (octet, behind) {
                (b'=', []) => is_soft = true,
                (b'=', [high, low, behind @ ..]) => {
                    let digit = |octet: &u8| char::from(*octet).to_digit(16).ok_or(WRONG);
                    let value = digit(high)? * 16 + digit(low)?;
                    out.push(u8::try_from(value).map_err(|_| WRONG)?);
                    rest = behind;
                }
                (b' '..=b'<' | b'>'..=b'~' | b'\t', _) => out.push(octet),
                _ => return Err(WRONG),
            }
        }
        if !is_soft && !is_last {
            out.extend_from_slice(b"\r\n");
        }
    }
    Ok(out)
}

/// The same content in encodings that take lines of seven bits alone; nothing where that can't be
/// done without a loss, or would encode twice (RFC 6152 §3, RFC 3030 §3).
pub fn in_seven_bits(message: &[u8]) -> Option<Vec<u8>> {
    // What does not say that it is MIME has no encodings.
    Entity::of(message).field("MIME-Version")?;
    converted(message, DEPTH)
}

fn converted(octets: &[u8], depth: usize) -> Option<Vec<u8>> {
    let depth = depth.checked_sub(1)?;
    let entity = Entity::of(octets);
    if !is_seven_bit(entity.header) || entity.fields("Content-Transfer-Encoding").len() > 1 {
        return None;
    }
    if matches!(entity.encoding(), Encoding::QuotedPrintable | Encoding::Base64) {
        return is_seven_bit(entity.body).then(|| octets.to_vec());
    }
    let (body, word) = if let Some(boundary) = entity.boundary() {
        (with_parts(entity, &boundary, depth)?, "7bit")
    } else if entity.is_message() {
        (converted(entity.body, depth)?, "7bit")
    } else if is_seven_bit(entity.body) {
        (entity.body.to_vec(), "7bit")
    } else {
        (encoded(entity.body), "base64")
    };
    let fields = entity.fields("Content-Transfer-Encoding");
    let field = format!("Content-Transfer-Encoding: {word}\r\n");
    let (before, behind) = match fields.first() {
        Some(field) => (&entity.header[..field.start], &entity.header[field.end..]),
        None if word == "7bit" => return Some([entity.header, b"\r\n", &body].concat()),
        None => (entity.header, &[][..]),
    };
    Some([before, field.as_bytes(), behind, b"\r\n", &body].concat())
}

fn with_parts(entity: Entity<'_>, boundary: &[u8], depth: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    let mut at = 0;
    for part in entity.parts(boundary)? {
        body.extend_from_slice(&entity.body[at..part.start]);
        body.extend(converted(&entity.body[part.clone()], depth)?);
        at = part.end;
    }
    body.extend_from_slice(&entity.body[at..]);
    is_seven_bit(&body).then_some(body)
}

fn encoded(body: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(body).into_bytes();
    text.chunks(ENCODED_LINE).flat_map(|line| [line, b"\r\n"]).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"MIME-Version: 1.0\r\nContent-Type: text/plain;\r\n charset=x\r\n\
        Content-Transfer-Encoding:\r\n 8bit\r\nSubject: s\r\n\r\n\xfc\r\n";
    const PARTS: &[u8] =
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"a b\"\r\n\
        Content-Transfer-Encoding: binary\r\n\r\nfront\r\n--a b\r\n\
        Content-Transfer-Encoding: binary\r\n\r\n\0\n\xff\r\n--a b \r\n\
        Content-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n--a b\r\n\r\nplain\r\n--a bc\r\n\
        --a b--\r\nend\r\n";

    #[test]
    fn a_conversion_keeps_the_content_and_leaves_seven_bits() {
        for (message, inside) in
            [(TEXT, &b"\xfc\r\n"[..]), (PARTS, b"\0\n\xffhelloplain\r\n--a bc")]
        {
            assert_eq!(content(message).unwrap(), inside);
            let converted = in_seven_bits(message).unwrap();
            assert!(is_seven_bit(&converted));
            assert_eq!(content(&converted).unwrap(), inside);
            assert_eq!(in_seven_bits(&converted), Some(converted));
        }
        let text = String::from_utf8(in_seven_bits(PARTS).unwrap()).unwrap();
        assert!(text.contains("base64\r\n\r\naGVs\r\nbG8=\r\n--a b\r\n\r\nplain"), "{text}");
        assert!(text.starts_with("MIME-Version: 1.0\r\n") && text.ends_with("--\r\nend\r\n"));
    }

    #[test]
    fn what_would_lose_something_or_be_encoded_twice_is_not_converted() {
        for message in [
            &b"Subject: no MIME\r\n\r\n\xfc\r\n"[..],
            b"MIME-Version: 1.0\r\nSubject: \xfc\r\n\r\ntext\r\n",
            b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n\xfc\r\n",
            b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n\xfc",
        ] {
            assert_eq!(in_seven_bits(message), None);
        }
    }

    #[test]
    fn encodings_are_undone_and_their_faults_told() {
        let of = |encoding: &str, body: &str| {
            content(format!("Content-Transfer-Encoding: {encoding}\r\n\r\n{body}").as_bytes())
        };
        assert_eq!(
            of("Quoted-Printable", "a=3D=fc \t\r\nb=\r\nc\r\n").unwrap(),
            b"a=\xfc\r\nbc\r\n"
        );
        assert_eq!(of("BASE64", "aGVsbG8=\r\n").unwrap(), b"hello");
        assert_eq!(of("8bit", "=20").unwrap(), b"=20");
        let long = "a".repeat(80);
        for (encoding, body) in [
            ("base64", "!"),
            ("base64", &long),
            ("quoted-printable", "=4"),
            ("quoted-printable", "=GG"),
            ("quoted-printable", "\u{fc}"),
            ("quoted-printable", "a\nb\r\n"),
            ("quoted-printable", &long),
        ] {
            assert!(of(encoding, body).is_err(), "{encoding} {body}");
        }
        let nested = b"Content-Type: multipart/x; boundary=a\r\nContent-Transfer-Encoding: base64\r\n\r\n--a--";
        assert!(content(nested).is_err());
    }

    #[test]
    fn seven_bits_are_lines_of_text() {
        assert!(is_seven_bit(b"a\r\n\r\nb"));
        for octets in [&b"a\nb\r\n"[..], b"a\rb\r\n", b"\0", b"\x80", &[b'a'; 999]] {
            assert!(!is_seven_bit(octets));
        }
    }
}
