//! Cases for the tests of this crate.

use smtpspec_scenario::{Case, Source, load};

/// Cases with these ids, which say NOOP.
pub(crate) fn cases(ids: &[&str]) -> Vec<Case> {
    let scenario = |id: &&str| {
        format!(
            "  - id: {id}\n    title: NOOP\n    checks: [rfc5321-4.1.1.9-4]\n    dialogue:\n      \
             - C: NOOP\n      - S: 250\n"
        )
    };
    let scenarios: String = ids.iter().map(scenario).collect();
    let text = format!("spec: rfc5321\nsection: 4.1.1.9\ntitle: NOOP\nscenarios:\n{scenarios}");
    let loaded = load(&[Source::new("test.yaml", text)]).unwrap();
    let mut cases = loaded.suite.cases();
    for (case, id) in cases.iter_mut().zip(ids) {
        case.id = (*id).to_owned();
    }
    cases
}
