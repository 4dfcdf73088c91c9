//! Replies as the grammar has them (RFC 5321 §4.2). What real servers send is read by
//! [`ReplyReader`](super::ReplyReader).

use memchr::memchr;

use super::reply_code::ReplyCode;
use super::written_reply::WrittenReply;
use crate::error::SyntaxError;
use crate::rfc3463::EnhancedCode;

/// A reply of one line or several (RFC 5321 §4.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reply {
    /// Its code, the same on each line.
    pub code: ReplyCode,
    /// The text of each line, after code and separator; there is always at least one.
    pub lines: Vec<Vec<u8>>,
}

impl Reply {
    /// A reply of one line; for codes in code (RFC 5321 §4.2).
    ///
    /// ```
    /// let reply = smtpspec_protocol::Reply::new(250, "OK");
    /// assert_eq!(reply.to_bytes(), b"250 OK\r\n");
    /// ```
    ///
    /// # Panics
    ///
    /// When the code has more than three digits.
    pub fn new(code: u16, text: impl Into<Vec<u8>>) -> Self {
        Self::multiline(code, [text])
    }

    /// A reply with these lines, or with one empty line if there are none; for codes in code
    /// (RFC 5321 §4.2.1).
    ///
    /// # Panics
    ///
    /// When the code has more than three digits.
    pub fn multiline<I>(code: u16, lines: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Vec<u8>>,
    {
        let code = ReplyCode::new(code).expect("invariant: codes in code have three digits");
        let mut lines: Vec<Vec<u8>> = lines.into_iter().map(Into::into).collect();
        if lines.is_empty() {
            lines.push(Vec::new());
        }
        Self { code, lines }
    }

    /// Reads one whole reply, CRLFs included, and nothing behind it: [`WrittenReply`] without the
    /// octets that it was read from (RFC 5321 §4.2).
    pub fn parse(octets: &[u8]) -> Result<Self, SyntaxError> {
        WrittenReply::parse(octets).map(|written| written.to_reply())
    }

    /// Writes the reply as it goes over the wire. The texts are written as they are, whatever
    /// they hold (RFC 5321 §4.2).
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let digits = self.code.digits();
        let (last, others) = self
            .lines
            .split_last()
            .map_or((&[][..], &[][..]), |(last, others)| (last.as_slice(), others));
        for line in others {
            out.extend_from_slice(&digits);
            out.push(b'-');
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(&digits);
        out.push(b' ');
        out.extend_from_slice(last);
        out.extend_from_slice(b"\r\n");
    }

    /// The reply as it goes over the wire (RFC 5321 §4.2).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_to(&mut out);
        out
    }

    /// The text of the first line (RFC 5321 §4.2).
    pub fn text(&self) -> &[u8] {
        self.lines.first().map_or(&[], Vec::as_slice)
    }

    /// The enhanced status code with which the first line begins, if it begins with one
    /// (RFC 2034 §4).
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        let text = self.text();
        let end = memchr(b' ', text).unwrap_or(text.len());
        EnhancedCode::read(&text[..end])
    }
}

#[cfg(test)]
mod tests {
    use smtpspec_catalogue::{RequirementId, requirement};

    use super::*;

    #[test]
    fn the_replies_of_the_examples_are_read() {
        let table: [(&[u8], Reply); 4] = [
            (b"250 OK\r\n", Reply::new(250, "OK")),
            (b"250\r\n", Reply::new(250, "")),
            (b"250 \r\n", Reply::new(250, "")),
            (
                b"250-First line\r\n250-\r\n250-234 Text beginning with numbers\r\n250 The last\r\n",
                Reply::multiline(
                    250,
                    ["First line", "", "234 Text beginning with numbers", "The last"],
                ),
            ),
        ];
        for (octets, reply) in table {
            assert_eq!(Reply::parse(octets), Ok(reply));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_rule() {
        let table: [(&[u8], usize, RequirementId); 10] = [
            (b"", 0, requirement!("rfc5321-4.2-2")),
            (b"25", 2, requirement!("rfc5321-4.2-2")),
            (b"OK\r\n", 0, requirement!("rfc5321-4.2-2")),
            (b"650 a\r\n", 0, requirement!("rfc5321-4.2-9")),
            (b"260 a\r\n", 1, requirement!("rfc5321-4.2-9")),
            (b"250_a\r\n", 3, requirement!("rfc5321-2.4-1")),
            (b"250 a\n", 5, requirement!("rfc5321-2.3.8-3")),
            (b"250-a\r\n", 7, requirement!("rfc5321-4.2-2")),
            (b"250-a\r\n251 b\r\n", 7, requirement!("rfc5321-4.2.1-13")),
            (b"250 a\r\n250 b\r\n", 7, requirement!("rfc5321-4.2-8")),
        ];
        for (octets, at, requirement) in table {
            let error = Reply::parse(octets).unwrap_err();
            assert_eq!((error.at, error.requirement), (at, requirement), "{error}");
        }
    }

    #[test]
    fn a_status_code_opens_the_text_or_is_none() {
        let table = [("2.1.5 fine", true), ("2.1.5", true), ("2.0.0.1 it is", false), ("", false)];
        for (text, is_one) in table {
            assert_eq!(Reply::new(250, text).enhanced().is_some(), is_one, "{text}");
        }
    }
}
