//! `delivered:` steps, written as they are read.

use regex::bytes::Regex;
use serde_yaml::{Mapping, Value};

use crate::delivered::{Delivered, FieldPattern, MailCount, MailPattern, ParametersPattern};
use crate::template::Template;

use super::{data, duration, put, put_some, text};

/// The value of `delivered:`.
pub(super) fn delivered(delivered: &Delivered) -> Value {
    let Delivered { count, all, each, within } = delivered;
    if !each.is_empty() {
        return each.iter().map(|one| Value::Mapping(mail(one))).collect();
    }
    let mut mapping = Mapping::new();
    put(&mut mapping, "count", mails(*count));
    mapping.extend(mail(all));
    put_some(&mut mapping, "within", within.map(duration));
    match mapping.len() {
        1 if count.most == Some(count.least) => mails(*count),
        _ => mapping.into(),
    }
}

fn mails(count: MailCount) -> Value {
    if count.most == Some(count.least) {
        return count.least.into();
    }
    let mut mapping = Mapping::new();
    if count.least > 0 {
        put(&mut mapping, "least", count.least.into());
    }
    put_some(&mut mapping, "most", count.most.map(Value::from));
    mapping.into()
}

fn mail(pattern: &MailPattern) -> Mapping {
    let MailPattern {
        from,
        to,
        to_lacks,
        mail,
        rcpt,
        message,
        body,
        content,
        contains,
        lacks,
        names,
        header,
        top,
    } = pattern;
    let mut mapping = Mapping::new();
    put_some(&mut mapping, "from", from.as_ref().map(|from| from.source(false).into()));
    if !to.is_empty() {
        put(&mut mapping, "to", to.iter().map(|to| text(&to.source(false))).collect());
    }
    put_some(&mut mapping, "mail", mail.as_ref().map(|mail| parameters(mail).into()));
    if !rcpt.is_empty() {
        let recipients = rcpt.iter().map(|one| {
            let mut recipient = Mapping::new();
            put(&mut recipient, "to", text(&one.to.source(false)));
            recipient.extend(parameters(&one.parameters));
            Value::Mapping(recipient)
        });
        put(&mut mapping, "rcpt", recipients.collect());
    }
    put_some(&mut mapping, "message", message.as_deref().map(data));
    put_some(&mut mapping, "body", body.as_deref().map(data));
    put_some(&mut mapping, "content", content.as_deref().map(data));
    for (key, patterns) in [("to-lacks", to_lacks), ("contains", contains), ("lacks", lacks)] {
        if !patterns.is_empty() {
            put(&mut mapping, key, patterns.iter().map(Regex::as_str).map(text).collect());
        }
    }
    if !names.is_empty() {
        put(&mut mapping, "names", names.iter().map(|one| text(&one.source(false))).collect());
    }
    if !header.is_empty() {
        put(&mut mapping, "header", fields(header));
    }
    put_some(&mut mapping, "top", top.as_ref().map(|top| fields(std::slice::from_ref(top))));
    mapping
}

fn parameters(pattern: &ParametersPattern) -> Mapping {
    let ParametersPattern { has, may, lacks } = pattern;
    let mut mapping = Mapping::new();
    let texts = |all: &[Template]| all.iter().map(|one| text(&one.source(false))).collect();
    for (key, all) in [("has", has), ("may", may), ("lacks", lacks)] {
        if !all.is_empty() {
            put(&mut mapping, key, texts(all));
        }
    }
    mapping
}

fn fields(fields: &[FieldPattern]) -> Value {
    let mut mapping = Mapping::new();
    for field in fields {
        put(&mut mapping, &field.name, text(field.pattern.as_str()));
    }
    mapping.into()
}
