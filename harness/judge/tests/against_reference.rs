//! The whole suite against the reference server, in memory: every case that applies passes, the model finds
//! nothing, any cut of the octets gives the same, a stored transcript is judged as it was, and a server that
//! refuses what it may refuse is accused of nothing.

mod embedding;

use std::sync::Arc;

use embedding::{config, setup, suite};
use smtpspec_judge::memory::play;
use smtpspec_judge::{Segmentation, Verdict, again};
use smtpspec_reference::{Config, Refusal};

#[test]
fn every_case_that_applies_passes_on_the_reference_however_its_octets_are_cut() {
    let config = config();
    for segmentation in Segmentation::ALL {
        let mut passed = 0;
        for case in suite().cases() {
            let id = case.id.clone();
            let outcome = play(case, setup(segmentation), &config).outcome;
            let result = &outcome.result;
            assert!(
                matches!(result.verdict, Verdict::Pass | Verdict::Skip),
                "{id} cut {segmentation}: {:?}\n{:#?}\n{:#?}",
                result.reason,
                result.findings,
                result.transcript
            );
            assert_eq!(outcome.oracle, [], "{id} cut {segmentation}");
            passed += usize::from(result.verdict == Verdict::Pass);
        }
        assert!(passed >= 800, "only {passed} cases apply to the reference");
    }
}

#[test]
fn a_stored_transcript_is_judged_as_it_was_the_first_time() {
    let config = config();
    for case in suite().cases() {
        let id = case.id.clone();
        let first = play(case.clone(), setup(Segmentation::AsWritten), &config).outcome;
        let stored = serde_json::to_string(&first.result.transcript).expect("it is data");
        let stored = serde_json::from_str(&stored).expect("it was written so");
        let second = again::judge(case, setup(Segmentation::AsWritten), &stored);
        let second = second.unwrap_or_else(|mismatch| panic!("{id}: {mismatch:?}"));
        assert_eq!(second.result.verdict, first.result.verdict, "{id}");
        assert_eq!(second.result.findings, first.result.findings, "{id}");
        assert_eq!(second.result.transcript, first.result.transcript, "{id}");
        assert_eq!(second.oracle, first.oracle, "{id}");
    }
}

type Policies = Vec<(String, Config)>;

fn usual() -> Config {
    Config::clone(&config())
}

fn withholding(keyword: &str) -> (String, Config) {
    let withheld = vec![keyword.to_owned()];
    (format!("{keyword} is not offered"), Config { withheld, ..usual() })
}

/// A server that refuses a command, or each message where the verb is empty.
fn refusing(verb: &str, code: u16) -> (String, Config) {
    let verb = Some(verb.to_owned()).filter(|verb| !verb.is_empty());
    let name = format!("{code} to {}", verb.as_deref().unwrap_or("messages"));
    (name, Config { refusals: vec![Refusal { verb, code }], ..usual() })
}

/// Plays the whole suite against servers with policies that the RFCs leave to them, and of which
/// the profile does not tell.
fn nobody_is_accused(policies: Policies) {
    let suite = suite();
    let mut accused = Vec::new();
    for (policy, config) in policies {
        let config = Arc::new(config);
        for case in suite.cases() {
            let id = case.id.clone();
            let outcome = play(case, setup(Segmentation::AsWritten), &config).outcome;
            let verdict = outcome.result.verdict;
            if matches!(verdict, Verdict::Fail | Verdict::Warn | Verdict::Error) {
                accused.push(format!("{policy}: {id}: {:?}", outcome.result.findings));
            }
            accused.extend(outcome.oracle.iter().map(|found| format!("{policy}: {id}: {found:?}")));
        }
    }
    assert!(accused.is_empty(), "{}:\n{}", accused.len(), accused.join("\n"));
}

#[test]
fn who_takes_mail_from_few_or_for_few_is_not_accused() {
    let nobody = Config { accounts: Vec::new(), lists: Vec::new(), ..usual() };
    let foreign = Config { domains: Vec::new(), ..nobody.clone() };
    nobody_is_accused(vec![
        ("nobody has a mailbox".to_owned(), nobody),
        ("our domain is not local".to_owned(), foreign),
        ("login is required".to_owned(), Config { requires_login: true, ..usual() }),
        ("mail is posted there".to_owned(), Config { submission: true, ..usual() }),
        ("no session is opened".to_owned(), Config { refuses_sessions: true, ..usual() }),
        ("no mail is taken".to_owned(), Config { takes_no_mail: true, ..usual() }),
        refusing("MAIL", 451),
        refusing("MAIL", 550),
        refusing("RCPT", 450),
        refusing("VRFY", 252),
    ]);
}

#[test]
fn who_takes_no_message_in_the_end_is_not_accused() {
    nobody_is_accused(vec![
        ("64 KiB are the limit".to_owned(), Config { max_message_octets: 64 << 10, ..usual() }),
        refusing("DATA", 421),
        refusing("DATA", 554),
        refusing("", 451),
        refusing("", 554),
    ]);
}

#[test]
fn who_offers_little_or_sets_limits_is_not_accused() {
    let keywords = ["CHUNKING", "PIPELINING", "SIZE", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"];
    let mut policies: Policies = keywords.map(withholding).into();
    policies.push((
        "two mails are the limit".to_owned(),
        Config { max_transactions: Some(2), ..usual() },
    ));
    policies
        .push(("one domain is the limit".to_owned(), Config { max_domains: Some(1), ..usual() }));
    nobody_is_accused(policies);
}
