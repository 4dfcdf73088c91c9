//! RFC 3030 §3 (BINARYMIME): what goes wrong with binary messages.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::content::rewrite_text;
use super::rfc3030::chunk_is;
use super::{Asked, Fault, Mutant, answer, misreport, mutant, reword};
use crate::delivery::Delivery;
use crate::rfc3030::{is_binary, is_undeclared};
use crate::state::State;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "binarymime-with-parameter",
        "lists BINARYMIME with a parameter",
        requirement!("rfc3030-3-2"),
        reword(
            |on| on.is(Verb::Ehlo),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| *line == b"BINARYMIME") {
                    *line = b"BINARYMIME YES".to_vec();
                }
            },
        ),
    ),
    mutant(
        "binarymime-without-chunking",
        "lists BINARYMIME and not CHUNKING",
        requirement!("rfc3030-3-1"),
        reword(|on| on.is(Verb::Ehlo), |_, reply| reply.lines.retain(|line| line != b"CHUNKING")),
    ),
    mutant(
        "body-binarymime-refused",
        "lists BINARYMIME and does not know it for a value of BODY",
        requirement!("rfc3030-3-3"),
        answer(|on| says(on, b"BODY=BINARYMIME"), 501, "BODY is 7BIT or 8BITMIME"),
    ),
    mutant(
        "mail-line-with-body-limited-to-512",
        "refuses a MAIL with BODY=BINARYMIME that has more than 512 octets",
        requirement!("rfc3030-3-4"),
        answer(
            |on| says(on, b"BODY=BINARYMIME") && on.line().len() + 2 > 512,
            500,
            "Line too long",
        ),
    ),
    mutant(
        "binary-data-accepted",
        "takes DATA after BODY=BINARYMIME",
        requirement!("rfc3030-3-7"),
        answer(is_data_of_binary, 354, "Start mail input"),
    ),
    mutant(
        "binary-data-draws-554",
        "answers 554 to DATA after BODY=BINARYMIME",
        requirement!("rfc3030-3-7"),
        misreport(is_data_of_binary, 554, "Not so"),
    ),
    mutant(
        "binary-high-bit-stripped",
        "clears the high bit of the octets of a binary message",
        requirement!("rfc3030-3-5"),
        Fault::Each(|on, mail| {
            of_binary(on, mail, |text| text.iter_mut().for_each(|octet| *octet &= 0x7f));
        }),
    ),
    mutant(
        "binary-line-ends-rewritten",
        "turns each LF of a binary message into CRLF",
        requirement!("rfc3030-3-6"),
        Fault::Each(|on, mail| {
            of_binary(on, mail, |text| {
                let mut after_cr = false;
                let mut whole = Vec::new();
                for &octet in text.iter() {
                    if octet == b'\n' && !after_cr {
                        whole.push(b'\r');
                    }
                    after_cr = octet == b'\r';
                    whole.push(octet);
                }
                *text = whole;
            });
        }),
    ),
    mutant(
        "binary-nul-dropped",
        "drops NUL from a binary message",
        requirement!("rfc3030-3-6"),
        Fault::Each(|on, mail| of_binary(on, mail, |text| text.retain(|&octet| octet != 0))),
    ),
    mutant(
        "undeclared-binary-refused",
        "refuses a message in the binary encoding that BODY did not announce",
        requirement!("rfc3030-3-19"),
        answer(
            |on| {
                on.accepted()
                    && chunk_is(on, |chunk| chunk.last)
                    && is_undeclared(on.model, on.text)
            },
            554,
            "Not announced",
        ),
    ),
    mutant(
        "undeclared-binary-delivered",
        "delivers a message in the binary encoding that BODY did not announce",
        requirement!("rfc3030-3-20"),
        Fault::Deliveries(|on, mails| {
            let open = on.model.transaction().filter(|_| is_undeclared(on.model, on.text));
            if let (Some(open), [notice]) = (open, mails.as_mut_slice()) {
                notice.reverse_path = open.reverse_path.clone().unwrap_or_default();
                notice.recipients.clone_from(&open.recipients);
                notice.message = on.text.to_vec();
            }
        }),
    ),
];

/// Spoils the text of a message that was announced as binary.
fn of_binary(on: &Asked<'_>, mail: &mut Delivery, spoil: fn(&mut Vec<u8>)) {
    if is_binary(on.model) {
        rewrite_text(mail, spoil);
    }
}

/// Whether it is a MAIL with this parameter.
fn says(on: &Asked<'_>, parameter: &[u8]) -> bool {
    on.is(Verb::Mail)
        && on.line().split(|&octet| octet == b' ').any(|word| word.eq_ignore_ascii_case(parameter))
}

fn is_data_of_binary(on: &Asked<'_>) -> bool {
    on.is(Verb::Data) && on.state() == State::AwaitData && is_binary(on.model)
}
