//! The whole suite against the reference server, in memory: every case that applies passes, the model finds
//! nothing, any cut of the octets gives the same, and a stored transcript is judged as it was.

mod embedding;

use embedding::{config, setup, suite};
use smtpspec_judge::memory::play;
use smtpspec_judge::{Segmentation, Verdict, again};

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
