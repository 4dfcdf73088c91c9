//! `--dry-run`: what would run, and with -v what would be said. The answers are those of the
//! reference in memory, so nothing is connected to.

use std::fmt::Write as _;
use std::sync::Arc;

use smtpspec_judge::memory::{self, Played};
use smtpspec_judge::{Happening, Segmentation, Setup, Transcript, Verdict};
use smtpspec_protocol::escape::escape;
use smtpspec_runner::config_of;
use smtpspec_scenario::{Outlet, Profile, Tls};

use super::Plan;
use crate::console::Console;
use crate::exit::Exit;

/// How much of a line is shown, and how many lines of what is sent at once, and of an answer.
const COLUMNS: usize = 160;
const SENT: usize = 12;
const ANSWERED: usize = 2;

/// Lists the cases; with `dialogues` each with what would be said.
pub(super) fn run(plan: &Plan, dialogues: bool, console: &Console) -> Exit {
    let mut text = String::new();
    let stage = dialogues.then(|| Stage::new(&plan.profile));
    for case in &plan.cases {
        // Writing to a `String` can't fail.
        let _ = writeln!(text, "{}  {}", case.id, case.scenario.title);
        if let Some(stage) = &stage {
            let Played { outcome, .. } = memory::play(case.clone(), stage.setup(), &stage.config);
            dialogue(&mut text, &outcome.result.transcript);
            if outcome.result.verdict == Verdict::Skip {
                let why = outcome.result.reason.unwrap_or_default();
                let _ = writeln!(text, "    (against the reference it is skipped: {why})");
            }
            text.push('\n');
        }
    }
    let target = plan
        .target
        .as_ref()
        .map_or_else(|| "the reference inside this program".to_owned(), ToString::to_string);
    let _ = writeln!(text, "{} scenarios would run against {target}", plan.cases.len());
    if dialogues {
        text.push_str("nothing was sent: the answers above are those of the reference in memory\n");
    }
    console.finish(text.as_bytes(), Exit::Clean)
}

/// What every case is played with.
struct Stage {
    profile: Arc<Profile>,
    config: Arc<smtpspec_reference::Config>,
    offered: Vec<String>,
}

impl Stage {
    fn new(profile: &Profile) -> Self {
        let mut profile = profile.clone();
        super::let_mail_wait(&mut profile);
        profile.outlet = Some(Outlet::Memory);
        let config = Arc::new(config_of(&profile));
        // The reference in memory begins in the clear; inside TLS the lines are the same.
        if profile.tls == Tls::OnConnect {
            profile.tls = Tls::None;
        }
        Self { profile: Arc::new(profile), offered: memory::offered(&config), config }
    }

    fn setup(&self) -> Setup {
        Setup {
            profile: Arc::clone(&self.profile),
            unique: "unique".to_owned(),
            segmentation: Segmentation::AsWritten,
            offered: self.offered.clone(),
            shows_secrets: false,
        }
    }
}

/// Adds a dialogue as the RFCs print them.
fn dialogue(text: &mut String, transcript: &Transcript) {
    let several = transcript.events.iter().any(|event| event.connection > 0);
    for event in &transcript.events {
        let number = if several { format!("#{} ", event.connection) } else { String::new() };
        let (party, most, octets) = match &event.what {
            Happening::Sent { octets } => ("C", SENT, octets),
            Happening::Received { octets } => ("S", ANSWERED, octets),
            Happening::Secured(_) => {
                let _ = writeln!(text, "    {number}<TLS handshake>");
                continue;
            }
            _ => continue,
        };
        let lines: Vec<&[u8]> = octets.split_inclusive(|octet| *octet == b'\n').collect();
        for line in lines.iter().take(most) {
            let line = line.strip_suffix(b"\r\n").unwrap_or(line);
            let shown = escape(&line[..line.len().min(COLUMNS)]);
            let more = match line.len().saturating_sub(COLUMNS) {
                0 => String::new(),
                more => format!("...[{more} octets]"),
            };
            let _ = writeln!(text, "    {number}{party}: {shown}{more}");
        }
        if let Some(more) = lines.len().checked_sub(most).filter(|more| *more > 0) {
            let _ = writeln!(text, "    {number}{party}: ...[{more} lines]");
        }
    }
}
