//! The standard prelude: how a named state is reached before a dialogue begins.

use std::time::Duration;

use smtpspec_protocol::{CodeSet, Protocol};
use smtpspec_scenario::{
    Act, Condition, Content, Given, Hear, Place, Profile, ReplyPattern, Ruling, Scenario, Send,
    Step, Template, Tls,
};

/// The steps that lead to `given`. EHLO stands alone here, or LHLO (RFC 2033 §4.1); where a server knows no EHLO the
/// interpreter falls back to HELO, as RFC 5321 §3.2 says.
///
/// TLS comes after the first EHLO where `given` or the profile wants it by STARTTLS; where the
/// connection was inside TLS from its first octet, there is nothing to begin.
///
/// With `login`, AUTH follows on the last EHLO, and mail comes after it (RFC 4954 §4).
pub(crate) fn steps(given: Given, protocol: Protocol, tls: Tls, login: bool) -> Vec<Step> {
    let hello = format!("{} ${{client}}", protocol.hello());
    let stages: [(Given, Option<&str>, &'static str); 5] = [
        (Given::Greeted, None, "220"),
        (Given::Greeted, Some(&hello), "250"),
        (Given::Mail, Some("MAIL FROM:<${sender}>"), "250"),
        (Given::Recipient, Some("RCPT TO:<${recipient}>"), "250 251"),
        (Given::Data, Some("DATA"), "354"),
    ];
    let wanted = given == Given::Secured || tls == Tls::StartTls;
    let begins = wanted && tls != Tls::OnConnect && given != Given::Connected;
    let mut steps = Vec::new();
    for (reaches, line, codes) in stages {
        if rank(reaches) <= rank(given) {
            steps.extend(line.map(say).into_iter().chain([hear(codes)]));
        }
        if begins && line == Some(&hello) {
            let handshake = Send::Handshake { failed: Ruling::Inconclusive };
            steps.extend([say("STARTTLS"), hear("220"), step(Act::Send(handshake))]);
            steps.extend([say(&hello), hear("250")]);
        }
        let logs_in = given == Given::Authenticated || (login && given != Given::Connected);
        if logs_in && line == Some(&hello) {
            // Where it is not offered, a case that wants it is skipped for that.
            let offered = Some(Condition::Ehlo("AUTH".to_owned()));
            let login = [log_in(), hear("235")];
            steps.extend(login.map(|step| Step { when: offered.clone(), ..step }));
        }
    }
    steps
}

/// What the profile wants of each session, as far as it leaves a scenario its own AUTH and STARTTLS:
/// neither can be had twice (RFC 4954 §4, RFC 3207 §4.2).
pub(crate) fn wanted(scenario: &Scenario, profile: &Profile) -> (Tls, bool) {
    let asks_for = |word: &str| scenario.requires.ehlo.iter().any(|keyword| keyword == word);
    let begins_tls = profile.tls == Tls::StartTls && asks_for("STARTTLS");
    let tls = if begins_tls { Tls::None } else { profile.tls };
    let logs_in = scenario.spec == "rfc4954" || asks_for("AUTH");
    (tls, profile.login && !logs_in && !begins_tls)
}

/// The login by PLAIN, which every server implements (rfc4954-4-44).
fn log_in() -> Step {
    let own = "invariant: the prelude's own lines are well-formed";
    let message = Template::bytes(r"\0${user}\0${password}").expect(own);
    let parts = [
        Content::Text(Template::text("AUTH PLAIN ").expect(own)),
        Content::Base64(message),
        Content::Text(Template::literal(&b"\r\n"[..])),
    ];
    step(Act::Send(Send::Writes { writes: vec![parts.into()], pause: Duration::ZERO }))
}

const fn rank(given: Given) -> u8 {
    match given {
        Given::Connected => 0,
        Given::Greeted | Given::Secured | Given::Authenticated => 1,
        Given::Mail => 2,
        Given::Recipient => 3,
        Given::Data => 4,
    }
}

/// A step that sends a line, which may hold variables.
pub(crate) fn say(line: &str) -> Step {
    let text = Template::text(line).expect("invariant: the prelude's own lines are well-formed");
    step(Act::Send(Send::Writes {
        writes: vec![vec![Content::Text(text.followed_by(b"\r\n"))]],
        pause: Duration::ZERO,
    }))
}

/// A step that wants one of these codes.
pub(crate) fn hear(codes: &'static str) -> Step {
    let pattern = ReplyPattern { must: CodeSet::of(codes), ..ReplyPattern::default() };
    step(Act::Hear(Hear::Reply(Box::new(pattern))))
}

fn step(act: Act) -> Step {
    Step { act, on: None, when: None, checks: Vec::new(), note: None, place: Place::default() }
}
