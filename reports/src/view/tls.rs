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
