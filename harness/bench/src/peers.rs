//! What each library is asked. Every function here reads octets as they stand on the wire, with the CRLF that ends
//! them where they are lines, and says whether the library takes all of them.

use std::hint::black_box;

use smtpspec_protocol::{Grammar, Mailbox, ReadReply, ReplyReader, Request, WrittenReply};

/// Strictly in the grammar of RFC 5321; what smtpspec only puts up with does not count.
#[must_use]
pub fn smtpspec_command(wire: &[u8]) -> bool {
    let Some(lf) = memchr::memchr(b'\n', wire) else { return false };
    let Some(line) = wire[..lf].strip_suffix(b"\r") else { return false };
    lf + 1 == wire.len() && black_box(Request::parse(line, Grammar::default())).is_strict()
}

/// By `Request::parse`.
#[must_use]
pub fn smtp_proto_command(wire: &[u8]) -> bool {
    let mut octets = wire.iter();
    let taken = black_box(smtp_proto::Request::parse(&mut octets)).is_ok();
    taken && octets.as_slice().is_empty()
}

/// By `rfc5321::command`.
#[must_use]
pub fn rustyknife_command(wire: &[u8]) -> bool {
    let read = black_box(rustyknife::rfc5321::command::<rustyknife::behaviour::Legacy>(wire));
    matches!(read, Ok((rest, _)) if rest.is_empty())
}

/// By `parse::command::command`.
#[must_use]
pub fn smtp_codec_command(wire: &[u8]) -> bool {
    matches!(black_box(smtp_codec::parse::command::command(wire)), Ok((rest, _)) if rest.is_empty())
}

/// The reply as it is written: nothing is copied.
#[must_use]
pub fn smtpspec_reply(wire: &[u8]) -> bool {
    black_box(WrittenReply::parse(wire)).is_ok()
}

/// The reader of a stream, which notes whatever is wrong and keeps all octets.
#[must_use]
pub fn smtpspec_reply_reader(wire: &[u8]) -> bool {
    let read = black_box(ReplyReader::default().feed(&mut &*wire));
    matches!(read, Some(ReadReply::Reply(seen)) if seen.flaws.is_empty())
}

/// By its `ResponseReceiver`.
#[must_use]
pub fn smtp_proto_reply(wire: &[u8]) -> bool {
    let mut octets = wire.iter();
    let taken =
        black_box(smtp_proto::response::parser::ResponseReceiver::default().parse(&mut octets))
            .is_ok();
    taken && octets.as_slice().is_empty()
}

/// By the `FromStr` of its `Response`, which takes text only.
#[must_use]
pub fn lettre_reply(wire: &[u8]) -> bool {
    let text = std::str::from_utf8(wire).ok();
    text.is_some_and(|text| {
        black_box(text.parse::<lettre::transport::smtp::response::Response>()).is_ok()
    })
}

/// By `parse::response::Reply_line`.
#[must_use]
pub fn smtp_codec_reply(wire: &[u8]) -> bool {
    matches!(black_box(smtp_codec::parse::response::Reply_line(wire)), Ok((rest, _)) if rest.is_empty())
}

/// By `Mailbox::parse`, ASCII only.
#[must_use]
pub fn smtpspec_mailbox(address: &[u8]) -> bool {
    black_box(Mailbox::parse(address, Grammar::default())).is_ok()
}

/// It has no function for a mailbox alone: the whole line of RCPT is asked for, built beforehand.
#[must_use]
pub fn smtp_proto_mailbox(rcpt: &[u8]) -> bool {
    smtp_proto_command(rcpt)
}

/// By the `FromStr` of its `Address`, which takes text only.
#[must_use]
pub fn lettre_mailbox(address: &[u8]) -> bool {
    let text = std::str::from_utf8(address).ok();
    text.is_some_and(|text| black_box(text.parse::<lettre::Address>()).is_ok())
}

/// By `EmailAddress::is_valid`, which takes text only.
#[must_use]
pub fn email_address_mailbox(address: &[u8]) -> bool {
    let text = std::str::from_utf8(address).ok();
    text.is_some_and(|text| black_box(email_address::EmailAddress::is_valid(text)))
}

/// By `rfc5321::mailbox`.
#[must_use]
pub fn rustyknife_mailbox(address: &[u8]) -> bool {
    let read = black_box(rustyknife::rfc5321::mailbox::<rustyknife::behaviour::Legacy>(address));
    matches!(read, Ok((rest, _)) if rest.is_empty())
}

/// By `parse::command::Mailbox`. It reads a stream, and can't know that a mailbox is over before it
/// sees what stands behind; so it is given a `>`.
#[must_use]
pub fn smtp_codec_mailbox(address: &[u8]) -> bool {
    let mut octets = [b'>'; 128];
    let Some(room) = octets.get_mut(..address.len()).filter(|room| room.len() < 128) else {
        return false;
    };
    room.copy_from_slice(address);
    let read = black_box(smtp_codec::parse::command::Mailbox(&octets[..=address.len()]));
    matches!(read, Ok((b">", _)))
}
