//! Command lines (RFC 5321 §4.1.1). What was on the wire is a [`Request`], always; what it legally
//! means is a [`Command`], if it means anything.

use smtpspec_catalogue::requirement;

use super::argument::{Argument, text};
use super::ehlo::{EhloName, helo};
use super::mail::{Mail, in_place_of_mail};
use super::path::ReversePath;
use super::rcpt::Rcpt;
use super::verb::Verb;
use crate::cursor::{Cursor, is_white_space};
use crate::error::SyntaxError;
use crate::quirk::Quirks;
use crate::rfc2033::Protocol;

/// Which extensions of the grammar are on (RFC 5321 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Grammar {
    /// UTF-8 in mailboxes and parameters (RFC 6531 §3.3).
    pub smtputf8: bool,
    /// Which verb opens a session: EHLO or HELO, or LHLO (RFC 2033 §4.1).
    pub protocol: Protocol,
}

/// A command line as it was sent, and what is in it (RFC 5321 §4.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The line, without its CRLF.
    pub line: &'a [u8],
    /// What the line begins with.
    pub verb: Verb<'a>,
    /// The command, or why the line is none.
    pub command: Result<Command<'a>, SyntaxError>,
    /// What was tolerated; a command is strictly in the grammar if this is empty.
    pub quirks: Quirks,
}

/// A command with its arguments (RFC 5321 §4.1.1, RFC 821 §4.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// HELO with the client's domain (RFC 5321 §4.1.1.1).
    Helo(&'a [u8]),
    /// EHLO with the client's domain or address (RFC 5321 §4.1.1.1).
    Ehlo(EhloName<'a>),
    /// MAIL (RFC 5321 §4.1.1.2).
    Mail(Mail<'a>),
    /// RCPT (RFC 5321 §4.1.1.3).
    Rcpt(Rcpt<'a>),
    /// DATA (RFC 5321 §4.1.1.4).
    Data,
    /// RSET (RFC 5321 §4.1.1.5).
    Rset,
    /// VRFY (RFC 5321 §4.1.1.6).
    Vrfy(Argument<'a>),
    /// EXPN (RFC 5321 §4.1.1.7).
    Expn(Argument<'a>),
    /// HELP (RFC 5321 §4.1.1.8).
    Help(Option<Argument<'a>>),
    /// NOOP (RFC 5321 §4.1.1.9).
    Noop(Option<Argument<'a>>),
    /// QUIT (RFC 5321 §4.1.1.10).
    Quit,
    /// TURN (RFC 821 §3.8).
    Turn,
    /// SEND (RFC 821 §3.4).
    Send(ReversePath<'a>),
    /// SOML (RFC 821 §3.4).
    Soml(ReversePath<'a>),
    /// SAML (RFC 821 §3.4).
    Saml(ReversePath<'a>),
    /// A command of an extension, or of nobody (RFC 5321 §2.2.2).
    Extension {
        /// Its verb, as it is written.
        verb: &'a [u8],
        /// What stands behind the verb, without the space; empty if nothing does.
        argument: &'a [u8],
    },
}

impl<'a> Request<'a> {
    /// Reads a line without its CRLF (RFC 5321 §4.1.1).
    ///
    /// ```
    /// use smtpspec_protocol::{Command, Grammar, Quirks, Request, ReversePath};
    ///
    /// let request = Request::parse(b"mail from: <>", Grammar::default());
    /// let Ok(Command::Mail(mail)) = request.command else { panic!() };
    /// assert_eq!(mail.reverse_path, ReversePath::Null);
    /// assert_eq!(request.quirks, Quirks::SPACE_AFTER_COLON);
    /// ```
    #[must_use]
    pub fn parse(line: &'a [u8], grammar: Grammar) -> Self {
        if line.len() == 4 {
            let verb = Verb::in_grammar(line, grammar);
            if let Some(command) = Command::bare(verb) {
                return Self { line, verb, command: Ok(command), quirks: Quirks::NONE };
            }
        }
        // rfc5321-4.1.1-2: white space at the end is tolerated, behind any command.
        let end = line.iter().rposition(|&octet| !is_white_space(octet)).map_or(0, |last| last + 1);
        let mut cursor = Cursor::new(&line[..end], grammar);
        if end < line.len() {
            cursor.quirks |= Quirks::TRAILING_SPACE;
        }
        let verb = Verb::in_grammar(first_word(&mut cursor), grammar);
        let command = Command::read(&mut cursor, verb);
        Self { line, verb, command, quirks: cursor.quirks }
    }

    /// Whether the line is a command, strictly in the grammar (RFC 5321 §4.1.1).
    pub fn is_strict(&self) -> bool {
        self.command.is_ok() && self.quirks.is_empty()
    }
}

/// What stands before the first white space: nearly always a verb of four letters.
fn first_word<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    let is_space = |octet: &u8| is_white_space(*octet);
    if let Some((word, behind)) = cursor.rest().split_at_checked(4)
        && behind.first().is_none_or(is_space)
        && !word.iter().any(is_space)
    {
        cursor.skip(word.len());
        return word;
    }
    cursor.take_while(|octet| !is_white_space(octet))
}

impl<'a> Command<'a> {
    /// Reads what stands behind the verb. The commands with arguments have their productions in
    /// files of their own; these have none:
    ///
    /// ```abnf
    /// data           = "DATA" CRLF
    /// rset           = "RSET" CRLF
    /// quit           = "QUIT" CRLF
    /// turn           = "TURN" CRLF
    /// ```
    #[inline]
    fn read(cursor: &mut Cursor<'a>, verb: Verb<'a>) -> Result<Self, SyntaxError> {
        let bare = requirement!("rfc5321-4.1.1-5");
        Ok(match verb {
            Verb::Ehlo => Self::Ehlo(EhloName::read(cursor)?),
            Verb::Helo => Self::Helo(helo(cursor)?),
            Verb::Mail => Self::Mail(Mail::read(cursor)?),
            Verb::Rcpt => Self::Rcpt(Rcpt::read(cursor)?),
            Verb::Data => cursor.end("data", bare).map(|()| Self::Data)?,
            Verb::Rset => cursor.end("rset", bare).map(|()| Self::Rset)?,
            Verb::Quit => cursor.end("quit", bare).map(|()| Self::Quit)?,
            Verb::Turn => {
                cursor.end("turn", requirement!("rfc821-4.1.2-5")).map(|()| Self::Turn)?
            }
            Verb::Vrfy => {
                let requirement = requirement!("rfc5321-4.1.1.6-3");
                Self::Vrfy(Argument::read_user(cursor, "vrfy", requirement)?)
            }
            Verb::Expn => {
                let requirement = requirement!("rfc5321-4.1.1.7-2");
                Self::Expn(Argument::read_user(cursor, "expn", requirement)?)
            }
            Verb::Help => Self::Help(Argument::read_optional(cursor)?),
            Verb::Noop => Self::Noop(Argument::read_optional(cursor)?),
            Verb::Send => {
                Self::Send(in_place_of_mail(cursor, "send", requirement!("rfc821-3.4-3"))?)
            }
            Verb::Soml => {
                Self::Soml(in_place_of_mail(cursor, "soml", requirement!("rfc821-3.4-7"))?)
            }
            Verb::Saml => {
                Self::Saml(in_place_of_mail(cursor, "saml", requirement!("rfc821-3.4-10"))?)
            }
            Verb::Other(verb) => Self::extension(cursor, verb)?,
        })
    }

    /// What a verb is with nothing behind it: half of all commands, so they are read without more ado.
    fn bare(verb: Verb<'a>) -> Option<Self> {
        Some(match verb {
            Verb::Data => Self::Data,
            Verb::Rset => Self::Rset,
            Verb::Quit => Self::Quit,
            Verb::Turn => Self::Turn,
            Verb::Help => Self::Help(None),
            Verb::Noop => Self::Noop(None),
            _ => return None,
        })
    }

    /// Reads what stands behind a verb that the base protocol does not have. Its argument is
    /// anything printable, for only the extension knows its grammar.
    fn extension(cursor: &mut Cursor<'a>, verb: &'a [u8]) -> Result<Self, SyntaxError> {
        let letters = verb.iter().take_while(|octet| octet.is_ascii_alphabetic()).count();
        if verb.is_empty() || letters < verb.len() {
            // rfc5321-4.1.1-1: verbs are alphabetic.
            return Err(SyntaxError::expected(
                "command",
                requirement!("rfc5321-4.1.1-1"),
                letters,
                "a letter of a verb",
                verb.get(letters).copied().or(cursor.peek()),
            ));
        }
        cursor.gap();
        Ok(Self::Extension { verb, argument: text(cursor)? })
    }

    /// The verb of the command (RFC 5321 §4.1.1).
    pub fn verb(&self) -> Verb<'a> {
        match *self {
            Self::Helo(_) => Verb::Helo,
            Self::Ehlo(_) => Verb::Ehlo,
            Self::Mail(_) => Verb::Mail,
            Self::Rcpt(_) => Verb::Rcpt,
            Self::Data => Verb::Data,
            Self::Rset => Verb::Rset,
            Self::Vrfy(_) => Verb::Vrfy,
            Self::Expn(_) => Verb::Expn,
            Self::Help(_) => Verb::Help,
            Self::Noop(_) => Verb::Noop,
            Self::Quit => Verb::Quit,
            Self::Turn => Verb::Turn,
            Self::Send(_) => Verb::Send,
            Self::Soml(_) => Verb::Soml,
            Self::Saml(_) => Verb::Saml,
            Self::Extension { verb, .. } => Verb::Other(verb),
        }
    }

    /// Writes the command with its CRLF: the verb in upper case, one space where one belongs
    /// (RFC 5321 §4.1.1).
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.verb().name());
        match self {
            Self::Helo(domain) => {
                out.push(b' ');
                out.extend_from_slice(domain);
            }
            Self::Ehlo(name) => {
                out.push(b' ');
                name.write_to(out);
            }
            Self::Mail(mail) => mail.write_to(out),
            Self::Rcpt(rcpt) => rcpt.write_to(out),
            Self::Vrfy(argument) | Self::Expn(argument) => argument.write_to(out),
            Self::Help(argument) | Self::Noop(argument) => {
                if let Some(argument) = argument {
                    argument.write_to(out);
                }
            }
            Self::Send(path) | Self::Soml(path) | Self::Saml(path) => {
                out.extend_from_slice(b" FROM:");
                path.write_to(out);
            }
            Self::Extension { argument, .. } => {
                if !argument.is_empty() {
                    out.push(b' ');
                    out.extend_from_slice(argument);
                }
            }
            Self::Data | Self::Rset | Self::Quit | Self::Turn => {}
        }
        out.extend_from_slice(b"\r\n");
    }

    /// The command as it goes over the wire (RFC 5321 §4.1.1).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_to(&mut out);
        out
    }
}

#[cfg(test)]
mod tests;
