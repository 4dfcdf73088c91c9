//! RFC 6531 §3.1, §3.5 and §3.7 in the texts of replies: the keyword's line, what may be beyond
//! ASCII, and what the enhanced codes X.6.7 and X.6.9 say of the code beside them.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Reply;

use super::KEYWORD;
use crate::rfc5321::keywords::{self, line_of};
use crate::text::{Fault, TextRule, behind_enhanced_code};

/// The positive reply to EHLO, where it lists the keyword.
pub(super) fn of_ehlo() -> [TextRule; 3] {
    [
        keywords::alone(requirement!("rfc6531-3.1-1"), KEYWORD),
        TextRule::new(requirement!("rfc6531-3.1-8"), "8BITMIME beside SMTPUTF8", |reply, _| {
            let line = line_of(reply, KEYWORD)?;
            let fault = Fault::new("SMTPUTF8 is offered without 8BITMIME", line, 0);
            line_of(reply, "8BITMIME").is_none().then_some(fault)
        }),
        TextRule::new(
            requirement!("rfc6531-3.7.1-2"),
            "names of LDH labels or A-labels",
            |reply, _| {
                line_of(reply, KEYWORD)?;
                beyond_ascii(reply, "the EHLO reply holds octets beyond ASCII")
            },
        ),
    ]
}

/// Where nothing beyond ASCII is permitted.
pub(super) fn never() -> TextRule {
    TextRule::new(requirement!("rfc6531-3.7.4.2-11"), "ASCII", |reply, _| {
        beyond_ascii(reply, "octets beyond ASCII where no mailbox is told")
    })
}

/// The same for RCPT, where 251 and 551 tell of a mailbox.
pub(super) fn never_but_of_moved() -> TextRule {
    TextRule::new(requirement!("rfc6531-3.7.4.2-11"), "ASCII", |reply, _| {
        let what = "octets beyond ASCII where no mailbox is told";
        beyond_ascii(reply, what).filter(|_| !is_of_moved(reply))
    })
}

/// 251 and 551 in a transaction without SMTPUTF8.
pub(super) fn not_of_moved() -> TextRule {
    TextRule::new(
        requirement!("rfc6531-3.7.4.1-2"),
        "no mailbox beyond ASCII in 251 or 551, since the MAIL had no SMTPUTF8",
        |reply, _| {
            let what = "a mailbox beyond ASCII, though the MAIL had no SMTPUTF8";
            beyond_ascii(reply, what).filter(|_| is_of_moved(reply))
        },
    )
}

fn is_of_moved(reply: &Reply) -> bool {
    matches!(reply.code.get(), 251 | 551)
}

/// VRFY and EXPN without SMTPUTF8.
pub(super) fn unasked() -> TextRule {
    TextRule::new(
        requirement!("rfc6531-3.7.4.2-3"),
        "ASCII, since the command had no SMTPUTF8",
        |reply, _| beyond_ascii(reply, "octets beyond ASCII, though the command had no SMTPUTF8"),
    )
}

/// Where UTF-8 is permitted.
pub(super) fn well_formed() -> TextRule {
    TextRule::new(requirement!("rfc6531-1.1-1"), "UTF-8", |reply, _| {
        let mut lines = reply.lines.iter().enumerate();
        lines.find_map(|(number, line)| {
            let error = std::str::from_utf8(line).err()?;
            Some(Fault::new("octets that are no UTF-8", number, error.valid_up_to()))
        })
    })
}

fn beyond_ascii(reply: &Reply, what: &'static str) -> Option<Fault> {
    let mut lines = reply.lines.iter().enumerate();
    lines.find_map(|(number, line)| {
        let at = line.iter().position(|octet| !octet.is_ascii())?;
        Some(Fault::new(what, number, at))
    })
}

/// A mailbox that would have to be ASCII, to MAIL or to RCPT: the code, where the reply tells by its
/// enhanced code that this is why it was refused (RFC 6531 §3.5).
pub(super) fn of_ascii_only(mail: bool) -> [TextRule; 2] {
    let (code, enhanced) = if mail {
        (
            TextRule::new(requirement!("rfc6531-3.5-3"), "550", |reply, _| not_with(reply, 550)),
            TextRule::new(requirement!("rfc6531-3.5-4"), "X.6.7", |reply, _| {
                without_x_6_7(reply, 550)
            }),
        )
    } else {
        (
            TextRule::new(requirement!("rfc6531-3.5-2"), "553", |reply, _| not_with(reply, 553)),
            TextRule::new(requirement!("rfc6531-3.5-4"), "X.6.7", |reply, _| {
                without_x_6_7(reply, 553)
            }),
        )
    };
    [code.softened(), enhanced.softened()]
}

fn not_with(reply: &Reply, code: u16) -> Option<Fault> {
    // For its form it is refused as RFC 5321 has it, which this extension does not change.
    (has_detail(reply, b".6.7") && reply.code.get() != code)
        .then(|| Fault::first("a mailbox that is not ASCII draws another code"))
}

/// A reply with the code for it, and with an enhanced code that says something of the syntax.
fn without_x_6_7(reply: &Reply, code: u16) -> Option<Fault> {
    let told =
        has_detail(reply, b".5.2") || has_detail(reply, b".5.4") || has_detail(reply, b".6.8");
    (told && reply.code.get() == code)
        .then(|| Fault::first("a mailbox that is not ASCII draws another enhanced code"))
}

/// X.6.9 speaks of what is found behind the final dot, and stands beside 554 (RFC 6531 §3.5).
pub(super) fn x_6_9(message: bool) -> TextRule {
    let rule = if message {
        TextRule::new(requirement!("rfc6531-3.5-5"), "554 with X.6.9", |reply, _| {
            (has_detail(reply, b".6.9") && reply.code.get() != 554)
                .then(|| Fault::first("X.6.9 stands beside another code than 554"))
        })
    } else {
        TextRule::new(requirement!("rfc6531-4.2-3"), "X.6.9 after the data only", |reply, _| {
            has_detail(reply, b".6.9").then(|| Fault::first("X.6.9 before there was any data"))
        })
    };
    rule.softened()
}

/// Whether the reply begins with an enhanced code of this subject and detail.
fn has_detail(reply: &Reply, detail: &[u8]) -> bool {
    let Some(line) = reply.lines.first() else { return false };
    let (before, _) = behind_enhanced_code(line);
    line[..before].trim_ascii_end().get(1..) == Some(detail)
}
