//! What was agreed on in TLS, over all of a run.

use std::collections::BTreeMap;

use smtpspec_judge::{Happening, Results, Tls};

use super::printable;

/// One line for each agreement that differs, the commonest first, with the number of handshakes.
pub(crate) fn agreements(results: &Results) -> Vec<String> {
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    let mut failed = 0_usize;
    for event in results.scenarios.iter().flat_map(|case| &case.transcript.events) {
        match &event.what {
            Happening::Secured(Tls { version, cipher, certificate }) => {
                let certificate = match certificate {
                    Some(print) => format!("certificate sha256:{print}"),
                    None => "no certificate".to_owned(),
                };
                let line = format!("{version}, {cipher}, {certificate}");
                *met.entry(printable(&line).into_owned()).or_default() += 1;
            }
            Happening::HandshakeFailed { .. } => failed += 1,
            _ => {}
        }
    }
    let mut met: Vec<_> = met.into_iter().collect();
    met.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let handshakes = |count| if count == 1 { "handshake" } else { "handshakes" };
    let mut lines: Vec<String> = met
        .into_iter()
        .map(|(line, count)| format!("{line} ({count} {})", handshakes(count)))
        .collect();
    if failed > 0 {
        lines.push(format!("{failed} {} failed", handshakes(failed)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use smtpspec_judge::Verdict;

    use super::*;
    use crate::fixture;

    #[test]
    fn each_agreement_is_told_once_and_failures_are_counted() {
        let secured = |version: &str, certificate: Option<&str>| {
            Happening::Secured(Tls {
                version: version.into(),
                cipher: "TLS_AES_256_GCM_SHA384".into(),
                certificate: certificate.map(str::to_owned),
            })
        };
        let mut case = fixture::case("4.1.1.9", "tls", Verdict::Pass);
        case.transcript = fixture::transcript([
            secured("TLSv1.2", None),
            secured("TLSv1.3", Some("00ff")),
            secured("TLSv1.3", Some("00ff")),
            Happening::HandshakeFailed { reason: "no".into() },
        ]);
        let results = fixture::run(vec![case], Vec::new());
        assert_eq!(
            agreements(&results),
            [
                "TLSv1.3, TLS_AES_256_GCM_SHA384, certificate sha256:00ff (2 handshakes)",
                "TLSv1.2, TLS_AES_256_GCM_SHA384, no certificate (1 handshake)",
                "1 handshake failed",
            ]
        );
        assert_eq!(agreements(&fixture::empty()), [""; 0]);
    }
}
