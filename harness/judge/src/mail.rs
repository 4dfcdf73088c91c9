//! A message as it came out of the target: at the next hop, which the harness plays, or where the
//! target delivered it.

use serde::{Deserialize, Serialize};
use smtpspec_reference::{Delivery, Parameter};

use crate::transcript::octets;

/// The fields that final delivery writes on top of a message (RFC 5321 §4.4), or local agents.
const DELIVERY: [&str; 9] = [
    "Return-Path",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "Envelope-From",
    "X-Envelope-To",
    "X-Envelope-From",
    "Delivery-Date",
    "X-RcptTo",
];

/// A message that came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Where it came out.
    pub via: Via,
    /// The reverse-path, without angle brackets; missing where it can't be known.
    #[serde(default, with = "path", skip_serializing_if = "Option::is_none")]
    pub from: Option<Vec<u8>>,
    /// The recipients, without angle brackets; missing where they can't be known.
    #[serde(default, with = "paths", skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<Vec<u8>>>,
    /// The parameters of MAIL as they were sent; missing where they can't be known.
    #[serde(default, with = "path", skip_serializing_if = "Option::is_none")]
    pub mail_parameters: Option<Vec<u8>>,
    /// The parameters of RCPT, for each recipient; missing where they can't be known.
    #[serde(default, with = "paths", skip_serializing_if = "Option::is_none")]
    pub rcpt_parameters: Option<Vec<Vec<u8>>>,
    /// The message, with transparency undone.
    #[serde(with = "octets")]
    pub octets: Vec<u8>,
}

/// Where a message came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// The target passed it on to us.
    NextHop,
    /// The target put it into a Maildir. Line ends may be those of its system.
    Maildir,
    /// The reference inside this program accepted it.
    Memory,
}

/// A field of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field<'m> {
    pub(crate) name: &'m [u8],
    /// The value without its folding, from the first octet that is no blank.
    pub(crate) value: Vec<u8>,
    /// Where it begins in the message.
    pub(crate) at: usize,
}

impl Mail {
    /// What a server that tells all of its envelope delivered there.
    pub fn of(via: Via, delivery: Delivery) -> Self {
        let of = |mailbox: &Vec<u8>| written(delivery.parameters_of(mailbox));
        Self {
            via,
            mail_parameters: Some(written(&delivery.parameters)),
            rcpt_parameters: Some(delivery.recipients.iter().map(of).collect()),
            from: Some(delivery.reverse_path),
            to: Some(delivery.recipients),
            octets: delivery.message,
        }
    }

    /// Whether `marker` stands in the envelope or the message. One that goes on with a further
    /// digit is another: markers end in numbers.
    pub fn carries(&self, marker: &str) -> bool {
        let paths = self.from.iter().chain(self.to.iter().flatten());
        paths.chain([&self.octets]).any(|octets| holds(octets, marker.as_bytes()))
    }

    /// The value of the first field with this name, with its folding undone.
    pub fn field(&self, name: &str) -> Option<Vec<u8>> {
        self.header().into_iter().find(|field| field.is(name)).map(|field| field.value)
    }

    /// The value of a field that final delivery wrote: above all that came with the message. A
    /// client can write a field of such a name into its own header.
    pub fn field_of_delivery(&self, name: &str) -> Option<Vec<u8>> {
        let header = self.header().into_iter().take_while(Field::is_of_delivery);
        header.filter(|field| field.is(name)).map(|field| field.value).next()
    }

    /// The value of the last field with this name, with its folding undone.
    pub fn last_field(&self, name: &str) -> Option<Vec<u8>> {
        self.header().into_iter().rfind(|field| field.is(name)).map(|field| field.value)
    }

    /// What ends a line: a Maildir may keep LF alone for CRLF.
    pub(crate) fn line_end(&self) -> &'static [u8] {
        let first = memchr::memchr(b'\n', &self.octets);
        let alone = first.is_some_and(|at| at == 0 || self.octets[at - 1] != b'\r');
        if self.via == Via::Maildir && alone { b"\n" } else { b"\r\n" }
    }

    /// What these octets, as they were sent, are where the message is kept.
    pub(crate) fn as_kept(&self, sent: &[u8]) -> Vec<u8> {
        let mut kept = Vec::with_capacity(sent.len());
        let mut rest = sent;
        if self.line_end() == b"\n" {
            while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
                kept.extend_from_slice(&rest[..at]);
                kept.push(b'\n');
                rest = &rest[at + 2..];
            }
        }
        kept.extend_from_slice(rest);
        kept
    }

    /// The message without what final delivery wrote on top of a copy: for whom it is. Such fields
    /// are those of one copy, and no difference between two.
    pub(crate) fn without_delivery(&self) -> &[u8] {
        if self.via != Via::Maildir {
            return &self.octets;
        }
        let header = self.header();
        let other = header.iter().find(|field| !field.is_of_delivery());
        &self.octets[other.map_or_else(|| self.body(), |field| field.at)..]
    }

    /// The message without its trace and what final delivery wrote: what the copies of one message
    /// have in common, however they went.
    pub fn substance(&self) -> Vec<u8> {
        let body = self.body();
        let header = self.header();
        let ends = header.iter().skip(1).map(|field| field.at).chain([body]);
        let mut substance = Vec::with_capacity(self.octets.len());
        for (field, end) in header.iter().zip(ends) {
            if !field.is("Received") && !field.is_of_delivery() {
                substance.extend_from_slice(&self.octets[field.at..end]);
            }
        }
        substance.extend_from_slice(&self.octets[body..]);
        substance
    }

    /// Where the body begins: behind the first empty line, or at the end where there is none.
    pub(crate) fn body(&self) -> usize {
        let end = self.line_end();
        if self.octets.starts_with(end) {
            return end.len();
        }
        let empty = [end, end].concat();
        memchr::memmem::find(&self.octets, &empty).map_or(self.octets.len(), |at| at + empty.len())
    }

    /// The fields of the header, from the top; what is no field is left out.
    pub(crate) fn header(&self) -> Vec<Field<'_>> {
        let mut fields: Vec<Field<'_>> = Vec::new();
        let mut at = 0;
        for line in lines(&self.octets[..self.body()], self.line_end()) {
            let text = line.strip_suffix(self.line_end()).unwrap_or(line);
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                if let Some(field) = fields.last_mut() {
                    field.value.extend_from_slice(text);
                }
            } else if let Some(colon) = colon(text) {
                let value = text[colon + 1..].trim_ascii_start().to_vec();
                fields.push(Field { name: text[..colon].trim_ascii_end(), value, at });
            }
            at += line.len();
        }
        fields
    }
}

impl Field<'_> {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Whether final delivery writes such a field on top of a message.
    pub(crate) fn is_of_delivery(&self) -> bool {
        DELIVERY.iter().any(|name| self.is(name))
    }
}

/// Whether these are whole fields and nothing else.
pub(crate) fn are_fields(octets: &[u8], line_end: &'static [u8]) -> bool {
    let mut first = true;
    lines(octets, line_end).all(|line| {
        let goes_on = !first && (line.starts_with(b" ") || line.starts_with(b"\t"));
        first = false;
        line.ends_with(line_end) && (goes_on || colon(line).is_some())
    })
}

/// The place of the colon in a line that begins a field (RFC 5322 §3.6.8; §4.5 for blanks).
fn colon(line: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', line)?;
    let name = line[..colon].trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(colon)
}

/// The lines, each with its end.
fn lines<'o>(octets: &'o [u8], line_end: &'static [u8]) -> impl Iterator<Item = &'o [u8]> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let end = memchr::memmem::find(rest, line_end).map_or(rest.len(), |at| at + line_end.len());
        let (line, behind) = rest.split_at(end);
        rest = behind;
        (!line.is_empty()).then_some(line)
    })
}

/// Parameters as they stand on a command line.
fn written(parameters: &[Parameter]) -> Vec<u8> {
    let one = |(keyword, value): &Parameter| match value {
        Some(value) => [keyword, &b"="[..], value].concat(),
        None => keyword.clone(),
    };
    parameters.iter().map(one).collect::<Vec<_>>().join(&b' ')
}

fn holds(octets: &[u8], marker: &[u8]) -> bool {
    memchr::memmem::find_iter(octets, marker)
        .any(|at| !octets.get(at + marker.len()).is_some_and(u8::is_ascii_digit))
}

/// A path that may be missing, as escaped text.
mod path {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::octets;

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    pub(super) struct Path(#[serde(with = "octets")] pub(super) Vec<u8>);

    #[expect(clippy::ref_option, reason = "serde hands over a field in this form")]
    pub(super) fn serialize<S: Serializer>(
        path: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        path.clone().map(Path).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        Ok(Option::<Path>::deserialize(deserializer)?.map(|path| path.0))
    }
}

/// Paths that may be missing, as escaped texts.
mod paths {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::path::Path;

    #[expect(clippy::ref_option, reason = "serde hands over a field in this form")]
    pub(super) fn serialize<S: Serializer>(
        paths: &Option<Vec<Vec<u8>>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let paths = paths.as_ref().map(|paths| paths.iter().cloned().map(Path).collect::<Vec<_>>());
        paths.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<Vec<u8>>>, D::Error> {
        let paths = Option::<Vec<Path>>::deserialize(deserializer)?;
        Ok(paths.map(|paths| paths.into_iter().map(|path| path.0).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(via: Via, octets: &[u8]) -> Mail {
        Mail {
            via,
            from: Some(b"a-12@b.example".to_vec()),
            to: None,
            mail_parameters: None,
            rcpt_parameters: None,
            octets: octets.to_vec(),
        }
    }

    #[test]
    fn a_marker_is_found_in_the_envelope_and_in_the_message() {
        let mail = mail(Via::NextHop, b"X: 7-1\r\n\r\n");
        assert!(mail.carries("a-12") && mail.carries("7-1"));
        assert!(!mail.carries("a-1"), "another marker goes on");
    }

    #[test]
    fn fields_are_unfolded_and_the_body_stands_behind_the_first_empty_line() {
        for (via, text) in [
            (Via::NextHop, &b"Received: from x\r\n\tby y\r\nSubject:z\r\n\r\nbody\r\n\r\n"[..]),
            (Via::Maildir, &b"Received: from x\n\tby y\nSubject:z\n\nbody\n\n"[..]),
        ] {
            let mail = mail(via, text);
            let fields: Vec<_> = mail.header().into_iter().map(|field| field.value).collect();
            assert_eq!(fields, [&b"from x\tby y"[..], b"z"]);
            assert_eq!(mail.as_kept(b"body\r\n\r\n"), text[mail.body()..]);
        }
        assert_eq!(mail(Via::NextHop, b"\r\nbody").body(), 2);
        assert_eq!(mail(Via::NextHop, b"A: b\r\n").body(), 6);
    }

    #[test]
    fn a_lone_lf_ends_no_line_of_what_came_over_the_wire() {
        let mail = mail(Via::NextHop, b"A: b\n\nC: d\r\n\r\nbody");
        assert_eq!(mail.header().len(), 1);
        assert_eq!(&mail.octets[mail.body()..], b"body");
    }

    #[test]
    fn only_whole_fields_are_fields() {
        for (octets, are) in [
            (&b""[..], true),
            (b"A: b\r\n c\r\nD: e\r\n", true),
            (b"A: b", false),
            (b" b\r\n", false),
            (b"A: b\r\n\r\n", false),
            (b"no colon\r\n", false),
        ] {
            assert_eq!(are_fields(octets, b"\r\n"), are, "{octets:?}");
        }
    }

    #[test]
    fn a_mail_is_stored_with_what_is_known_of_it() {
        for mail in [
            mail(Via::Maildir, b"\0\xff\r\n"),
            Mail { from: None, to: Some(vec![b"\xff".to_vec()]), ..mail(Via::Memory, b"") },
            Mail::of(
                Via::Memory,
                Delivery {
                    recipients: vec![b"x".to_vec(), b"y".to_vec()],
                    parameters: vec![(b"RET".to_vec(), Some(b"FULL".to_vec()))],
                    recipient_parameters: vec![(b"y".to_vec(), vec![(b"NOTIFY".to_vec(), None)])],
                    ..Delivery::default()
                },
            ),
        ] {
            let stored = serde_json::to_string(&mail).unwrap();
            assert_eq!(serde_json::from_str::<Mail>(&stored).unwrap(), mail, "{stored}");
        }
    }
}
