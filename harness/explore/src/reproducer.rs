//! A finding as a scenario: the language of the suite, so that it becomes a regression test by
//! being moved.

use std::time::Duration;

use smtpspec_catalogue::RequirementId;
use smtpspec_judge::{Ending, Event, Happening};
use smtpspec_protocol::{CodeSet, Protocol};
use smtpspec_scenario::expect::{Alternative, Hear, ReplyPattern, Ruling};
use smtpspec_scenario::send::{Content, Send};
use smtpspec_scenario::template::Template;
use smtpspec_scenario::{
    Act, Delivered, Given, MailCount, MailPattern, Party, Place, Requires, Safety, Scenario,
    Speaks, Step,
};

use crate::access::LOGIN;
use crate::drive::Trace;
use crate::names::Names;
use crate::session::PAUSE;

/// The scenario that does what was done in a trace, and leaves every reply to the model. `slug`
/// becomes the end of its id.
pub fn scenario(
    trace: &Trace,
    names: &Names,
    requirement: RequirementId,
    slug: &str,
    title: &str,
) -> Scenario {
    let entry = requirement.requirement();
    Scenario {
        id: format!("rfc{}/{}/{slug}", entry.rfc, entry.section),
        title: title.to_owned(),
        spec: format!("rfc{}", entry.rfc),
        section: entry.section.to_owned(),
        section_title: "Found by smtpspec fuzz".to_owned(),
        aliases: Vec::new(),
        checks: vec![requirement],
        given: Given::Connected,
        plays: Party::Client,
        requires: Requires { protocol: speaks(trace.protocol), ..Requires::default() },
        safety: Safety::Hostile,
        rationale: None,
        rows: Vec::new(),
        dialogue: steps(trace, names),
        place: Place::default(),
    }
}

fn speaks(protocol: Protocol) -> Speaks {
    match protocol {
        Protocol::Smtp => Speaks::Smtp,
        Protocol::Lmtp => Speaks::Lmtp,
    }
}

/// The same where more mail came out than the so many messages that were accepted. The reverse-path,
/// by which the mail is known again, is the scenario's own word.
pub fn of_mail(
    trace: &Trace,
    names: &Names,
    requirement: RequirementId,
    slug: &str,
    title: &str,
    accepted: usize,
) -> Scenario {
    let mut scenario = scenario(trace, names, requirement, slug, title);
    scenario.requires.next_hop = true;
    let domain = names.sender.rsplit_once('@').map_or("", |(_, domain)| domain);
    let own = format!("${{unique}}@{domain}");
    for step in &mut scenario.dialogue {
        let Act::Send(Send::Writes { writes, .. }) = &mut step.act else { continue };
        for content in writes.iter_mut().flatten() {
            let Content::Text(text) = content else { continue };
            let source = text.source(true).replace("${sender}", &own);
            if let Ok(marked) = Template::bytes(&source) {
                *text = marked;
            }
        }
    }
    let hears = scenario.dialogue.iter_mut().filter_map(|step| match &mut step.act {
        Act::Hear(hear) => Some(hear),
        _ => None,
    });
    for (hear, heard) in hears.zip(&trace.heard) {
        let code = heard.reply.as_ref().filter(|_| heard.asked == END_OF_DATA);
        if code.is_some_and(|reply| reply.code.class() >= 4) {
            *hear = refused();
        }
    }
    let count = MailCount { least: 0, most: Some(accepted) };
    let delivered =
        Delivered { count, all: MailPattern::default(), each: Vec::new(), within: None };
    scenario.dialogue.push(step(Act::Delivered(Box::new(delivered))));
    scenario
}

/// How the model calls what ends a message, in a trace.
const END_OF_DATA: &str = "the end of the data";

/// A message is refused; of one that is taken something may come out, and nothing is learnt.
fn refused() -> Hear {
    let reply = |codes: &str| {
        let must = codes.parse::<CodeSet>().unwrap_or_default();
        Hear::Reply(Box::new(ReplyPattern { must, ..ReplyPattern::default() }))
    };
    let one = |hear, ends| Alternative { hear, ruling: None, note: None, then: Vec::new(), ends };
    Hear::AnyOf(vec![one(reply("4yz 5yz"), false), one(reply("2yz"), true)])
}

/// What was sent and what came, in order. Writes without a reply between them are one step.
fn steps(trace: &Trace, names: &Names) -> Vec<Step> {
    let mut acts: Vec<Act> = Vec::new();
    let mut replies = trace.heard.iter().map(|heard| heard.event).peekable();
    for (index, event) in trace.transcript.events.iter().enumerate() {
        match &event.what {
            Happening::Sent { octets } => {
                let write = contents(octets, names);
                match acts.last_mut() {
                    Some(Act::Send(Send::Writes { writes, .. })) => writes.push(write),
                    _ => acts.push(Act::Send(Send::Writes { writes: vec![write], pause: PAUSE })),
                }
            }
            Happening::Secured(_) => {
                acts.push(Act::Send(Send::Handshake { failed: Ruling::Inconclusive }));
            }
            Happening::Ended { how: Ending::Half } => acts.push(Act::Send(Send::HalfClose)),
            Happening::Ended { how: Ending::Abort } => acts.push(Act::Send(Send::Abort)),
            _ => {}
        }
        while replies.next_if(|&event| event == index).is_some() {
            acts.push(Act::Hear(Hear::Permitted));
        }
    }
    // A reply that was due and did not come: there was silence, or the server left.
    let left = |event: &Event| matches!(event.what, Happening::Closed | Happening::Truncated);
    let left = trace.transcript.events.iter().any(left);
    let speaks = matches!(acts.last(), Some(Act::Send(Send::Writes { .. })));
    if trace.hangs.is_some() || left && speaks {
        acts.push(Act::Hear(Hear::Permitted));
    }
    acts.into_iter().map(step).collect()
}

fn step(act: Act) -> Step {
    let act = match act {
        // A single write pauses nowhere.
        Act::Send(Send::Writes { writes, .. }) if writes.len() == 1 => {
            Act::Send(Send::Writes { writes, pause: Duration::ZERO })
        }
        other => other,
    };
    Step { act, on: None, when: None, checks: Vec::new(), note: None, place: Place::default() }
}

/// What goes out in one write: text, and the login where it stands.
fn contents(octets: &[u8], names: &Names) -> Vec<Content> {
    let mut parts = Vec::new();
    let mut rest = octets;
    while let Some(at) = memchr::memmem::find(rest, LOGIN.as_bytes()) {
        let message = Template::bytes(r"\0${user}\0${password}");
        if at > 0 {
            parts.extend(texts(&rest[..at], names));
        }
        parts.push(Content::Base64(message.expect("invariant: it is well-formed")));
        rest = &rest[at + LOGIN.len()..];
    }
    parts.extend(texts(rest, names));
    parts
}

/// Text, in which the same line again and again is written once: a message over a limit of the server's
/// would be over that of a scenario file, too.
fn texts(octets: &[u8], names: &Names) -> Vec<Content> {
    const MANY: usize = 16;
    let text = |octets: &[u8]| Content::Text(template(octets, names));
    let (mut parts, mut plain, mut at) = (Vec::new(), 0, 0);
    while at < octets.len() {
        let rest = &octets[at..];
        let line = memchr::memchr(b'\n', rest).map_or(rest, |end| &rest[..=end]);
        let times = rest.chunks_exact(line.len()).take_while(|next| *next == line).count();
        let same = line.len() * times.max(1);
        if let Some(times) = u32::try_from(times).ok().filter(|_| times >= MANY) {
            if plain < at {
                parts.push(text(&octets[plain..at]));
            }
            parts.push(Content::Repeat { unit: template(line, names), times });
            plain = at + same;
        }
        at += same;
    }
    if plain < octets.len() || parts.is_empty() {
        parts.push(text(&octets[plain..]));
    }
    parts
}

/// The octets, with variables where the profile's names stand.
fn template(octets: &[u8], names: &Names) -> Template {
    let mut known = vec![
        ("recipient", names.recipient.as_str()),
        ("recipient.second", names.second.as_str()),
        ("recipient.unknown", names.unknown.as_str()),
        ("recipient.domain", names.domain()),
        ("sender", names.sender.as_str()),
        ("client", names.client.as_str()),
    ];
    known.retain(|(_, value)| !value.is_empty());
    // The longest first: a domain is a part of its mailboxes.
    known.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    let mut source = String::new();
    let mut literal = Vec::new();
    let mut rest = octets;
    while let Some((&first, others)) = rest.split_first() {
        let found = known.iter().find(|(_, value)| rest.starts_with(value.as_bytes()));
        if let Some((name, value)) = found {
            source.push_str(&Template::literal(std::mem::take(&mut literal)).source(true));
            source.extend(["${", name, "}"]);
            rest = &rest[value.len()..];
        } else {
            literal.push(first);
            rest = others;
        }
    }
    source.push_str(&Template::literal(literal).source(true));
    Template::bytes(&source).unwrap_or_else(|_| Template::literal(octets))
}
