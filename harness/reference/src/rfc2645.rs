//! RFC 2645 §5 (ATRN): who has logged in asks for the mail of domains, and gets it over the same
//! connection, on which the server is the client from then on.
//!
//! What the server says as a client is in [`crate::Client`], as after TURN.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::domain::is_domain;
use smtpspec_protocol::{Reply, Request};

use crate::config::{Config, Queued};
use crate::expectation::{Expectation, WANTS_LOGIN};
use crate::extension::Extension;
use crate::model::Model;
use crate::rfc5321::keywords::{line_of, line_with_parameter};
use crate::rfc5321::order;
use crate::state::State;
use crate::text::{Fault, TextRule};

/// The extension ATRN.
pub(crate) struct Atrn;

const KEYWORD: &str = "ATRN";

impl Extension for Atrn {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    /// Where there are domains to ask for, and not where mail is posted (rfc6409-7-16).
    fn is_available(&self, model: &Model) -> bool {
        model.config().is_some_and(|config| !config.atrn.is_empty() && !config.submission)
    }

    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        vec![TextRule::new(
            requirement!("rfc2645-5.1.2-2"),
            "CRAM-MD5 among the mechanisms beside ATRN",
            |reply, _| {
                line_of(reply, KEYWORD)?;
                let line = line_with_parameter(reply, "AUTH")?;
                let mut mechanisms = reply.lines[line].split(|octet| *octet == b' ').skip(1);
                let has_it = mechanisms.any(|one| one.eq_ignore_ascii_case(b"CRAM-MD5"));
                (!has_it).then(|| Fault::new("ATRN without CRAM-MD5", line, 0))
            },
        )]
    }

    fn on_command(&self, model: &Model, request: &Request<'_>) -> Option<Expectation> {
        let argument = argument(request)?;
        let domains = Domains::read(argument);
        let known = model.login().authenticated;
        let idle = *model.state() == State::Ready;
        let fault = if domains.is_none() { "500 501 504" } else { "" };
        let expectation = Expectation::of(answer(model, domains.as_ref()))
            .policy(if known { "4yz 534 538 550 554" } else { "4yz 534 538" })
            .rule_if(!known, requirement!("rfc2645-5.2.1-2"), &["4yz 5yz"])
            .rule_if(!known, requirement!("rfc2645-5.2.1-3"), &[WANTS_LOGIN, "503", fault])
            .rule(requirement!("rfc2645-5.2.1-11"), &["250 4yz 5yz"])
            .rule_if(
                known && idle && domains.is_some(),
                requirement!("rfc2645-4-2"),
                &["250 4yz 550 554"],
            )
            .rule_if(known && domains.is_none(), requirement!("rfc2645-5.2.1-13"), &["4yz 5yz"])
            .refuse_if(!known, || Reply::new(530, "Authentication required"))
            .refuse_if(!idle, || order::out_of_order("ATRN comes between transactions"));
        Some(expectation)
    }

    /// After 250 the server of before is the client (rfc2645-5.3-1).
    fn advance(&self, model: &mut Model, request: &Request<'_>, reply: &Reply) -> bool {
        let ours = argument(request).is_some();
        match reply.code.class() {
            2 if ours => model.enter(State::Turned),
            3 if ours => model.lose_track(),
            _ => {}
        }
        ours
    }
}

/// The domains that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Domains<'a>(Vec<&'a [u8]>);

impl<'a> Domains<'a> {
    /// ```abnf
    /// atrn          = "ATRN" [SP domain *("," domain)]
    /// domain        = sub-domain 1*("." sub-domain)
    /// ```
    fn read(argument: &'a [u8]) -> Option<Self> {
        if argument.is_empty() {
            return Some(Self(Vec::new()));
        }
        let domains: Vec<_> = argument.split(|octet| *octet == b',').collect();
        let whole = |domain: &&[u8]| is_domain(domain) && domain.contains(&b'.');
        domains.iter().all(whole).then_some(Self(domains))
    }
}

/// What our own server answers to who has logged in, between transactions.
fn answer(model: &Model, domains: Option<&Domains<'_>>) -> Reply {
    let Some(domains) = domains else { return Reply::new(501, "Syntax: ATRN [domain,domain...]") };
    let Some(config) = model.config() else { return Reply::new(250, "OK") };
    // rfc2645-5.2.1-6: one that is not open to the client, and none of them is.
    if domains.0.iter().any(|domain| queue(config, domain).is_none()) {
        return Reply::new(450, "You have no access to these domains");
    }
    if mails(config, domains).next().is_none() {
        return Reply::new(453, "You have no mail");
    }
    Reply::new(250, "OK now reversing the connection")
}

fn queue<'c>(config: &'c Config, domain: &[u8]) -> Option<&'c Vec<Queued>> {
    let domain = std::str::from_utf8(domain).ok()?;
    config.atrn.get(&domain.to_ascii_lowercase())
}

/// The mail of these domains; without any, of all (rfc2645-5.2.1-5).
fn mails<'c>(config: &'c Config, domains: &Domains<'_>) -> impl Iterator<Item = &'c Queued> {
    let all = domains.0.is_empty().then(|| config.atrn.values());
    let named: Vec<_> = domains.0.iter().filter_map(|domain| queue(config, domain)).collect();
    all.into_iter().flatten().chain(named).flatten()
}

/// What a command asks for, where it is ATRN.
pub(crate) fn asked_for(config: &Config, request: &Request<'_>) -> Option<Vec<Queued>> {
    let domains = Domains::read(argument(request)?)?;
    Some(mails(config, &domains).cloned().collect())
}

/// What stands behind ATRN, where it is that command.
fn argument<'a>(request: &Request<'a>) -> Option<&'a [u8]> {
    let verb = request.verb.name();
    let ours = verb.eq_ignore_ascii_case(KEYWORD.as_bytes());
    ours.then(|| request.line.get(verb.len()..).unwrap_or_default().trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, extended};

    fn config() -> Config {
        let waiting = |subject: &str| Queued {
            reverse_path: Vec::new(),
            recipients: vec![b"us@example.org".to_vec()],
            message: format!("Subject: {subject}\r\n\r\n").into_bytes(),
        };
        let one = ("one.example".to_owned(), vec![waiting("one")]);
        let two = ("two.example".to_owned(), vec![waiting("two")]);
        let atrn = [one, two, ("empty.example".to_owned(), Vec::new())].into();
        Config { atrn, auth_in_clear: true, ..Config::default() }
    }

    fn logged_in(mut model: Model) -> Model {
        model.login_mut().authenticated = true;
        model
    }

    #[test]
    fn without_a_login_there_is_one_answer() {
        let rows = [
            ("ATRN", 530, Fine),
            ("ATRN", 503, Fine),
            ("ATRN", 250, Fails),
            ("ATRN", 502, Warns),
            ("ATRN", 554, Warns),
        ];
        check(&extended(&["ATRN", "AUTH PLAIN"]), &rows);
        check(&extended(&["ATRN"]), &[("ATRN a", 501, Fine), ("ATRN", 450, Policy)]);
    }

    #[test]
    fn who_has_logged_in_gets_the_mail_or_hears_why_not() {
        let model = logged_in(extended(&["ATRN"]));
        check(
            &model,
            &[
                ("ATRN", 250, Fine),
                ("ATRN one.example,two.example", 251, Fails),
                ("ATRN one.example", 450, Policy),
                ("ATRN one.example", 453, Policy),
                ("ATRN one.example", 502, Fails),
                ("ATRN one", 501, Fine),
                ("ATRN one.example,", 501, Fine),
                ("ATRN one", 250, Warns),
            ],
        );
        let after = |code| {
            let mut model = model.clone();
            answer(&mut model, "ATRN", &Reply::new(code, "text"));
            *model.state()
        };
        assert_eq!((after(250), after(453)), (State::Turned, State::Ready));
        let mut open = model.clone();
        for (line, code) in
            [("MAIL FROM:<>", 250), ("RCPT TO:<b@example.test>", 250), ("DATA", 354)]
        {
            answer(&mut open, line, &Reply::new(code, "text"));
        }
        assert!(
            open.awaits_data() && open.transaction().is_some(),
            "354 to DATA is no matter of ATRN"
        );
    }

    #[test]
    fn the_server_gives_what_is_asked_for_to_who_may_have_all_of_it() {
        let code = |line: &str| {
            let mut model = Model::server(config().into());
            answer(&mut model, "EHLO client.test", &Reply::multiline(250, ["mx", "ATRN"]));
            let model = logged_in(model);
            crate::testing::expect(&model, line).preferred.code.get()
        };
        for (line, expected) in [
            ("ATRN", 250),
            ("ATRN One.Example", 250),
            ("atrn one.example,empty.example", 250),
            ("ATRN empty.example", 453),
            ("ATRN one.example,foreign.example", 450),
            ("ATRN one.example, two.example", 501),
            ("ATRN example", 501),
        ] {
            assert_eq!(code(line), expected, "{line}");
        }
        let asked = |line: &str| {
            let request = Request::parse(line.as_bytes(), Model::oracle().grammar());
            asked_for(&config(), &request).map(|mails| mails.len())
        };
        assert_eq!(asked("ATRN"), Some(2));
        assert_eq!(asked("ATRN two.example"), Some(1));
        assert_eq!(asked("NOOP"), None);
    }

    #[test]
    fn beside_it_cram_md5_is_offered() {
        let fault = |auth: &str| {
            let rules = Atrn.of_ehlo(false);
            let reply = Reply::multiline(250, ["mx.test", "ATRN", auth]);
            rules[0].fault(&reply, None).map(|fault| fault.line)
        };
        assert_eq!(fault("AUTH PLAIN CRAM-MD5"), None);
        assert_eq!(fault("AUTH PLAIN"), Some(2));
        assert_eq!(fault("SIZE"), None, "it may come in TLS");
    }

    #[test]
    fn it_is_offered_where_there_is_something_to_ask_for() {
        let offers = |config: Config| {
            let lines = crate::testing::preferred(config, &["EHLO client.test"]).lines;
            lines.iter().any(|line| line == b"ATRN")
        };
        assert!(offers(config()) && !offers(Config::default()));
        assert!(!offers(Config { submission: true, ..config() }));
    }
}
