//! `smtpspec fuzz --compare`: where two servers differ, as a table.

use std::fmt::Write as _;

use smtpspec_catalogue::RequirementId;
use smtpspec_runner::fuzz::{Compared, Difference, compare as contrast};
use smtpspec_runner::{FuzzOptions, Stop, TargetAddress};
use smtpspec_scenario::Profile;

use crate::console::Console;
use crate::exit::Exit;
use crate::interrupt;

pub(super) fn compare(
    targets: [&TargetAddress; 2],
    profile: &Profile,
    options: &FuzzOptions,
    console: &Console,
) -> Exit {
    let compared = interrupt::block_on(async {
        let stop = Stop::new();
        interrupt::stops(&stop)?;
        Ok(contrast(targets, profile, options, &stop).await)
    });
    match compared {
        Ok(Ok(compared)) => console.finish(as_text(targets, &compared).as_bytes(), Exit::Clean),
        Ok(Err(unreachable)) => {
            console.error(&unreachable.to_string());
            Exit::Unreachable
        }
        Err(error) => {
            console.error(&format!("the comparison could not begin: {error}"));
            Exit::Failed
        }
    }
}

fn as_text([here, there]: [&TargetAddress; 2], compared: &Compared) -> String {
    let mut text = format!("{here} and {there} differ in these exchanges:\n\n");
    for one in &compared.differences {
        let contrast = &one.contrast;
        let _ = writeln!(
            text,
            "{:>6} times  {:?}: {} is answered {} and {}; {}",
            one.times,
            contrast.state,
            contrast.asked,
            code(contrast.here),
            code(contrast.there),
            sides(one)
        );
        for line in one.session.to_string().lines() {
            let shown: String = line.chars().take(100).collect();
            let _ = writeln!(text, "              {shown}");
        }
    }
    let _ = writeln!(
        text,
        "{} differences in {} sessions in {:.1} s",
        compared.differences.len(),
        compared.sessions,
        compared.elapsed.as_secs_f64()
    );
    text
}

fn code(code: u16) -> String {
    if code == 0 { "nothing".to_owned() } else { code.to_string() }
}

fn sides(one: &Difference) -> String {
    let wrong = |requirement: RequirementId| format!("breaks {requirement}");
    match (one.against_here, one.against_there) {
        (None, None) => "both are permitted".to_owned(),
        (Some(rule), None) => format!("the first {}", wrong(rule)),
        (None, Some(rule)) => format!("the second {}", wrong(rule)),
        (Some(rule), Some(_)) => format!("both are wrong, the first {}", wrong(rule)),
    }
}
