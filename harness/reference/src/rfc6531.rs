//! RFC 6531 §3.1 to §3.7 (SMTPUTF8): mailboxes beyond ASCII, and where replies may tell of them.
//!
//! The grammar is that of RFC 6531 from the EHLO reply on that lists the keyword (§3.2). A MAIL
//! without the parameter asks for ASCII: a server may bear a mailbox beyond it all the same, and a
//! careful one refuses it (§3.5). Of labels, only some can be told to be U-labels without the tables
//! of Unicode; to refuse others is no fault.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{
    Argument, Command, ForwardPath, Host, LocalPart, Parameter, Path, Reply, Request, ReversePath,
    Verb,
};

use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::{Model, Stimulus};
use crate::rfc5321::form::Form;
use crate::rfc5321::{disclosure, grammar, parameters, rcpt};
use crate::state::State;
use crate::text::TextRule;

mod text;

/// The extension SMTPUTF8.
pub(crate) struct SmtpUtf8;

pub(crate) const KEYWORD: &str = "SMTPUTF8";

impl Extension for SmtpUtf8 {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    /// Never without 8BITMIME (rfc6531-3.1-8).
    fn is_available(&self, model: &Model) -> bool {
        model.config().is_none_or(|config| !config.withheld.iter().any(|no| no == "8BITMIME"))
    }

    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        text::of_ehlo().into()
    }

    fn mail_parameters(&self) -> &'static [&'static str] {
        &[KEYWORD]
    }

    fn on_mail(
        &self,
        _model: &Model,
        parameter: &Parameter<'_>,
        sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        let bare = parameter.value.is_none();
        expectation
            .never_if(sole && bare, requirement!("rfc6531-3.1-5"), "504 555")
            .rule_if(!bare, requirement!("rfc6531-3.4-2"), &["4yz 5yz"])
            .refuse_if(!bare, || Reply::new(501, "SMTPUTF8 has no value"))
    }
}

/// What holds for a path beyond ASCII, to MAIL in its place and to RCPT in a transaction.
pub(crate) fn of_path(
    model: &Model,
    request: &Request<'_>,
    expectation: Expectation,
) -> Expectation {
    let Some(path) = beyond_ascii(request) else { return expectation };
    if !is_asked_for(model, request) {
        let softened = text::of_ascii_only(request.verb == Verb::Mail);
        return expectation.texts(softened).refuse_if(true, || ascii_only(request.verb));
    }
    let in_time = match request.verb {
        Verb::Mail => *model.state() == State::Ready,
        _ => model.state().in_transaction(),
    };
    // A quoted name before such a domain, a label too long for the DNS, and a name that may be taken for
    // an address, are two reasons; so is a parameter that nobody knows.
    let doubtful = match (&path.mailbox.host, &path.mailbox.local_part) {
        (Host::Domain(domain), _) if grammar::has_long_label(domain) => true,
        (Host::Domain(domain), _) if grammar::is_like_an_address(domain) => true,
        _ if !parameters::are_offered(model, request) => true,
        (Host::Domain(domain), LocalPart::Quoted(_)) => !domain.is_ascii(),
        _ => false,
    };
    let expected = in_time && !doubtful && !grammar::is_like_an_option(&path.mailbox.local_part);
    let rule = || {
        grammar::no_error(match (&path.mailbox.host, path.mailbox.local_part) {
            (Host::Domain(domain), _) if !domain.is_ascii() => requirement!("rfc6531-3.3-1"),
            (_, LocalPart::Quoted(_)) => requirement!("rfc6531-3.3-3"),
            _ => requirement!("rfc6531-3.2-1"),
        })
    };
    expectation.texts((expected && Form::of(request).is_plain()).then(rule))
}

/// What RFC 6531 §3.5 has for mailboxes that would have to be ASCII.
fn ascii_only(verb: Verb<'_>) -> Reply {
    let code = if verb == Verb::Mail { 550 } else { 553 };
    Reply::new(code, "Mailboxes beyond ASCII need SMTPUTF8 on MAIL")
}

/// The form of a RCPT: a mailbox beyond ASCII may be refused by its form where the MAIL had no
/// SMTPUTF8.
pub(crate) fn form(model: &Model, request: &Request<'_>) -> Form {
    match Form::of(request) {
        Form::Plain if beyond_ascii(request).is_some() && !is_asked_for(model, request) => {
            Form::Tolerable
        }
        form => form,
    }
}

/// Whether a path is beyond ASCII and a server may refuse it for that: its labels may be none of
/// IDNA, its characters no letters, or the MAIL that it stands in has no SMTPUTF8.
pub(crate) fn may_be_refused(request: &Request<'_>) -> bool {
    beyond_ascii(request).is_some_and(|path| {
        let unasked = request.verb == Verb::Mail && !carries_parameter(request);
        unasked || !is_certain(path)
    })
}

/// The path of MAIL or RCPT, if it is beyond ASCII.
fn beyond_ascii<'r, 'a>(request: &'r Request<'a>) -> Option<&'r Path<'a>> {
    let path = match request.command.as_ref().ok()? {
        Command::Mail(mail) => match &mail.reverse_path {
            ReversePath::Path(path) => path,
            ReversePath::Null => return None,
        },
        Command::Rcpt(rcpt) => match &rcpt.forward_path {
            ForwardPath::Path(path) => path,
            ForwardPath::Postmaster(_) => return None,
        },
        _ => return None,
    };
    (!path.is_ascii()).then_some(path)
}

/// Whether the client said that there is UTF-8: on this MAIL, or on the one that opened the
/// transaction. Where it is not known what is open, it may have.
fn is_asked_for(model: &Model, request: &Request<'_>) -> bool {
    match request.verb {
        Verb::Mail => carries_parameter(request),
        _ => model.transaction().is_none_or(|transaction| transaction.has(KEYWORD)),
    }
}

fn carries_parameter(request: &Request<'_>) -> bool {
    matches!(&request.command, Ok(Command::Mail(mail)) if mail
        .parameters
        .iter()
        .any(|parameter| parameter.keyword.eq_ignore_ascii_case(KEYWORD.as_bytes())))
}

/// Whether it takes no table of Unicode to tell that the path is a good one: letters in the local
/// part, and labels that are certainly U-labels.
fn is_certain(path: &Path<'_>) -> bool {
    let local_part = std::str::from_utf8(path.mailbox.local_part.as_bytes());
    let letters = local_part.is_ok_and(|text| {
        text.chars().all(|character| character.is_ascii() || character.is_alphabetic())
    });
    let labels = match &path.mailbox.host {
        Host::Domain(domain) if !domain.is_ascii() => {
            domain.split(|&octet| octet == b'.').all(is_certain_label)
        }
        _ => true,
    };
    letters && labels && path.route.is_empty()
}

/// Lower-case letters of Latin-1 and of Russian, and ideographs: all of them stand in U-labels
/// wherever they like, and need no normalization (RFC 5892 §2).
fn is_certain_label(label: &[u8]) -> bool {
    const CHARACTERS: usize = 15;
    let is_letter = |character| matches!(character, 'a'..='z' | '0'..='9' | 'à'..='ö' | 'ø'..='þ' | 'а'..='я' | '\u{4e00}'..='\u{9fa5}');
    std::str::from_utf8(label).is_ok_and(|text| {
        label.is_ascii() || (text.chars().count() <= CHARACTERS && text.chars().all(is_letter))
    })
}

/// The rules on the texts of what answers VRFY or EXPN with SMTPUTF8.
pub(crate) fn of_inquiry(model: &Model, request: &Request<'_>) -> Vec<TextRule> {
    let Ok(Command::Vrfy(argument) | Command::Expn(argument)) = &request.command else {
        return Vec::new();
    };
    if !model.offers(KEYWORD) || !argument.allows_utf8_reply() {
        return Vec::new();
    }
    let mut rules: Vec<TextRule> = disclosure::of_smtputf8().into();
    if argument.is_string() && Form::of(request).is_plain() {
        rules.push(grammar::no_error(if argument.as_bytes().is_ascii() {
            requirement!("rfc6531-3.1-7")
        } else {
            requirement!("rfc6531-3.7.4.2-4")
        }));
    }
    rules
}

/// What our own server tells of an inquiry: nothing in UTF-8, unless that is asked for
/// (rfc6531-3.7.4.2-5).
pub(crate) fn told(argument: &Argument<'_>, reply: Reply) -> Reply {
    let ascii = reply.lines.iter().all(|line| line.is_ascii());
    if ascii || argument.allows_utf8_reply() { reply } else { Reply::new(252, NEEDS_UTF8) }
}

/// What our own server says of a user who has moved; the new mailbox may be beyond ASCII
/// (rfc6531-3.7.4.1-3).
pub(crate) fn moved(model: &Model, request: &Request<'_>, to: &str) -> Reply {
    if to.is_ascii() || (model.offers(KEYWORD) && is_asked_for(model, request)) {
        rcpt::moved_reply(to)
    } else {
        Reply::new(550, NEEDS_UTF8)
    }
}

pub(crate) const NEEDS_UTF8: &str = "To tell the mailbox takes UTF-8, which was not asked for";

/// Subject and detail of the enhanced code for what our own server says here (RFC 6531 §4.2).
pub(crate) fn detail(model: &Model, stimulus: &Stimulus<'_>, reply: &Reply) -> Option<(u16, u16)> {
    let Stimulus::Request(request) = stimulus else { return None };
    if reply.text() == NEEDS_UTF8.as_bytes() {
        return Some((6, 8));
    }
    let unasked = beyond_ascii(request).is_some() && !is_asked_for(model, request);
    (unasked && matches!(reply.code.get(), 550 | 553)).then_some((6, 7))
}

/// The rules on what the texts of answers hold beyond ASCII, where the server offers the extension
/// (RFC 6531 §3.7.4).
pub(crate) fn of_answer(model: &Model, stimulus: &Stimulus<'_>) -> Vec<TextRule> {
    if !model.offers(KEYWORD) {
        return Vec::new();
    }
    let Stimulus::Request(request) = stimulus else {
        let of_message = matches!(stimulus, Stimulus::Message(_) | Stimulus::Chunk(..));
        return vec![text::never(), text::x_6_9(of_message)];
    };
    let mut rules = vec![text::x_6_9(false)];
    match request.verb {
        // `of_ehlo` speaks of that.
        Verb::Ehlo => {}
        Verb::Vrfy | Verb::Expn => rules.push(match &request.command {
            Ok(Command::Vrfy(argument) | Command::Expn(argument))
                if argument.allows_utf8_reply() =>
            {
                text::well_formed()
            }
            _ => text::unasked(),
        }),
        Verb::Rcpt if is_asked_for(model, request) => {
            rules.extend([text::never_but_of_moved(), text::well_formed()]);
        }
        Verb::Rcpt => rules.extend([text::never_but_of_moved(), text::not_of_moved()]),
        _ => rules.push(text::never()),
    }
    rules
}

#[cfg(test)]
mod tests;
