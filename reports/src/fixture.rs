//! Results for tests: every verdict, every kind of event, and octets that no server should send.

mod expected;

use std::time::Duration;

use smtpspec_catalogue::{RequirementId, requirement};
use smtpspec_judge::results::SCHEMA;
use smtpspec_judge::{
    CaseResult, Ending, Evidence, Finding, Happening, Mail, Results, RunFinding, Shard, Source,
    Stopped, Summary, Target, Tls, Tool, Transcript, Verdict, Via,
};

pub(crate) use expected::expected;

/// What a hostile server says: it clears a screen, ends CDATA and opens a script, and has NUL,
/// 8-bit octets and a backslash.
pub(crate) const HOSTILE: &[u8] =
    b"250 \x1b[2J\x1b]0;owned\x07 \0 \xff\x9b ]]> </failure><script>alert(1)</script> \\x41 &amp;\r\n";

/// A text as careless code may pass it on: with controls, with marks that turn the direction of
/// writing, and with what XML can't hold.
pub(crate) const CARELESS: &str =
    "said \u{1b}[31mred\u{7} \u{9b}1m \u{202e}back\u{2028} ]]> <script> \u{ffff} \u{7f} é";

/// Events of a connection, 1.5 milliseconds apart.
pub(crate) fn transcript(events: impl IntoIterator<Item = Happening>) -> Transcript {
    let mut transcript = Transcript::default();
    for (index, what) in events.into_iter().enumerate() {
        transcript.push(Duration::from_micros(1500) * index as u32, 0, what);
    }
    transcript
}

/// We sent this.
pub(crate) fn sent(octets: &[u8]) -> Happening {
    Happening::Sent { octets: octets.to_vec() }
}

/// This came.
pub(crate) fn received(octets: &[u8]) -> Happening {
    Happening::Received { octets: octets.to_vec() }
}

/// A connection on which one command has this answer.
fn exchange(command: &[u8], answer: &[u8]) -> Transcript {
    let ended = Happening::Ended { how: Ending::Close };
    let greeting = received(b"220 mx.example.test ready\r\n");
    let mut transcript =
        transcript([Happening::Opened, greeting, sent(command), received(answer), ended]);
    transcript.events[2].read_as = vec!["RCPT".into()];
    transcript.events[3].read_as = vec!["250".into()];
    transcript
}

/// A case that passed.
pub(crate) fn case(section: &str, name: &str, verdict: Verdict) -> CaseResult {
    let section_title = match section {
        "4.1.1.3" => "RECIPIENT (RCPT)",
        "4.1.1.9" => "NOOP (NOOP)",
        _ => "QUIT (QUIT)",
    };
    CaseResult {
        id: format!("rfc5321/{section}/{name}"),
        title: format!("A case named {name}"),
        spec: "rfc5321".into(),
        section: section.into(),
        section_title: section_title.into(),
        verdict,
        checks: vec![requirement!("rfc5321-4.1.4-19")],
        reason: None,
        file: format!("scenarios/rfc5321/{section}.yaml"),
        line: 12,
        elapsed_us: 6_200,
        attempts: 1,
        tries: Vec::new(),
        findings: Vec::new(),
        transcript: exchange(b"NOOP\r\n", b"250 ok\r\n"),
    }
}

fn with_reason(case: CaseResult, reason: &str) -> CaseResult {
    CaseResult { reason: Some(reason.into()), ..case }
}

/// A finding that rests on event 3.
pub(crate) fn finding(
    requirement: RequirementId,
    sent: &[u8],
    received: &[u8],
    at: Option<usize>,
) -> Finding {
    Finding {
        requirement,
        level: requirement.requirement().level,
        what: "250 in answer to RCPT".into(),
        wanted: "503".into(),
        source: Source::Scenario { line: 17 },
        evidence: Evidence { event: 3, sent: sent.to_vec(), received: received.to_vec(), at },
    }
}

fn convicted(case: CaseResult, finding: Finding) -> CaseResult {
    let (sent, received) = (finding.evidence.sent.clone(), finding.evidence.received.clone());
    let reason = Some(finding.what.clone());
    let transcript = exchange(&sent, &received);
    CaseResult { reason, transcript, findings: vec![finding], ..case }
}

/// A run whose counts are right, over these cases.
pub(crate) fn run(scenarios: Vec<CaseResult>, findings: Vec<RunFinding>) -> Results {
    Results {
        schema: SCHEMA.into(),
        tool: Tool { name: "smtpspec".into(), version: "0.1.0".into() },
        target: Target {
            address: "127.0.0.1:2525".into(),
            embedded: false,
            lab: None,
            greeting: Some("220 mx.example.test ready".into()),
            ehlo: vec!["mx.example.test".into(), "SIZE 65536".into()],
        },
        options: vec!["--to".into(), "me@example.test".into()],
        seed: None,
        shard: None,
        started: "2026-11-24T02:30:00Z".into(),
        elapsed_ms: 1_234,
        stopped: None,
        summary: Summary::of(scenarios.len(), &scenarios, &findings),
        scenarios,
        findings,
        baseline: None,
    }
}

/// Every verdict, hostile octets in every place, several connections, findings of the model.
pub(crate) fn everything() -> Results {
    let rcpt = b"RCPT TO:<user@example.test>\r\n";
    let long = [b"250 ".as_slice(), &[b'x'; 3000], b"\r\n"].concat();
    let hostile = Finding {
        what: CARELESS.into(),
        ..finding(requirement!("rfc5321-4.2-7"), b"NOOP\r\n", HOSTILE, Some(4))
    };
    let quit = case("4.1.1.10", "closes", Verdict::Pass);
    let bare = finding(requirement!("rfc5321-4.2-13"), b"NOOP\r\n", b"250\r\n", None);
    let scenarios = vec![
        quit,
        case("4.1.1.9", "answers", Verdict::Pass),
        convicted(
            case("4.1.1.3", "before-mail", Verdict::Fail),
            finding(requirement!("rfc5321-4.1.4-19"), rcpt, b"250-ok\r\n250 ok\r\n", None),
        ),
        convicted(case("4.1.1.9", "hostile[esc]", Verdict::Fail), hostile),
        convicted(
            case("4.1.1.9", "long", Verdict::Fail),
            finding(requirement!("rfc5321-4.2-7"), b"NOOP\r\n", &long, Some(2000)),
        ),
        convicted(case("4.1.1.9", "bare", Verdict::Warn), bare),
        with_reason(case("4.1.1.3", "size", Verdict::Skip), "the server does not offer SIZE"),
        refused("inconclusive-1", "a1"),
        refused("inconclusive-2", "b2"),
        with_reason(
            CaseResult {
                attempts: 3,
                transcript: troubles(),
                ..case("4.1.1.10", "cut", Verdict::Error)
            },
            "the connection could not be opened: Connection refused (os error 111)",
        ),
    ];
    run(scenarios, vec![by_model("rfc5321/4.1.1.9/hostile[esc]"), advice()])
}

/// A case whose recipient was refused.
pub(crate) fn refused(name: &str, who: &str) -> CaseResult {
    let reason = format!(
        "policy or passing trouble: `550 5.7.1 <{who}@example.test> relaying denied` in answer to RCPT"
    );
    with_reason(case("4.1.1.3", name, Verdict::Inconclusive), &reason)
}

fn by_model(case: &str) -> RunFinding {
    let mut finding = finding(requirement!("rfc5321-4.2-8"), b"NOOP\r\n", HOSTILE, Some(15));
    finding.source = Source::Oracle;
    finding.what = "a control character in a reply".into();
    finding.wanted = "printable ASCII".into();
    RunFinding { case: case.into(), cases: 7, finding }
}

fn advice() -> RunFinding {
    let mut finding = finding(requirement!("rfc5321-4.2-13"), b"NOOP\r\n", b"250\r\n", None);
    finding.source = Source::Oracle;
    RunFinding { case: "rfc5321/4.1.1.9/bare".into(), cases: 1, finding }
}

/// Every kind of event, on two connections.
fn troubles() -> Transcript {
    let reason = || "Connection reset by peer (os error 104)".to_owned();
    let mut transcript = transcript([
        Happening::Opened,
        received(b"22"),
        Happening::Opened,
        received(b"0 mx.example.test\r\n"),
        sent(b"QU"),
        sent(b"IT\r\nNOOP\r\n"),
        received(b"221 bye\n"),
        received(b"250 half a re"),
        Happening::Waited,
        Happening::Ended { how: Ending::Half },
        Happening::Closed,
        Happening::Ended { how: Ending::Abort },
        Happening::Cut { reason: reason() },
        Happening::Refused { reason: CARELESS.into() },
        Happening::Secured(Tls {
            version: "TLSv1.3".into(),
            cipher: CARELESS.into(),
            certificate: Some("00ff".into()),
        }),
        Happening::HandshakeFailed { reason: CARELESS.into() },
        Happening::Delivered(Mail {
            via: Via::NextHop,
            from: Some(b"sender@example.org".to_vec()),
            to: Some(vec![b"user@example.test".to_vec(), b"\x1b@example.test".to_vec()]),
            mail_parameters: None,
            rcpt_parameters: None,
            octets: b"Subject: x\r\n\r\na lone \n and \x1b[31m".to_vec(),
        }),
    ]);
    for event in [2, 10, 11, 13] {
        transcript.events[event].connection = 1;
    }
    transcript
}

/// A run that ended early.
pub(crate) fn stopped(stopped: Stopped, scenarios: Vec<CaseResult>) -> Results {
    let selected = 82;
    let summary = Summary::of(selected, &scenarios, &[]);
    Results { stopped: Some(stopped), summary, ..run(scenarios, Vec::new()) }
}

/// A run in which somebody pressed Ctrl-C.
pub(crate) fn interrupted() -> Results {
    stopped(Stopped::Interrupted, vec![case("4.1.1.9", "answers", Verdict::Pass)])
}

/// A run that never reached its target.
pub(crate) fn unreachable() -> Results {
    let reason = format!("connection refused, after 3 tries; {CARELESS}");
    let mut results = stopped(Stopped::Unreachable { after: None, reason }, Vec::new());
    results.target.lab = Some("postfix".into());
    results.options.clear();
    results.target.greeting = None;
    results.target.ehlo.clear();
    results
}

/// A run in which nothing was selected.
pub(crate) fn empty() -> Results {
    run(Vec::new(), Vec::new())
}

/// A part of a run, which drew something by chance.
pub(crate) fn part() -> Results {
    let places = vec![3, 81];
    let suite = "00112233445566778899aabbccddeeff".into();
    let cases =
        vec![case("4.1.1.9", "answers", Verdict::Pass), case("4.1.1.9", "no", Verdict::Warn)];
    Results {
        seed: Some(4711),
        shard: Some(Shard { index: 2, count: 3, selected: 82, suite, places }),
        ..run(cases, Vec::new())
    }
}

/// Every fixture, for what holds of all reports.
pub(crate) fn all() -> Vec<Results> {
    let after = Some(format!("rfc5321/4.1.1.9/{CARELESS}"));
    let mut careless = everything();
    careless.tool.name = CARELESS.into();
    careless.target.address = CARELESS.into();
    careless.target.lab = Some(CARELESS.into());
    careless.target.greeting = Some(CARELESS.into());
    careless.target.ehlo.push(CARELESS.into());
    for case in &mut careless.scenarios {
        for text in [
            &mut case.id,
            &mut case.title,
            &mut case.spec,
            &mut case.section,
            &mut case.section_title,
            &mut case.file,
        ] {
            *text = CARELESS.into();
        }
        case.reason = Some(CARELESS.into());
    }
    for found in &mut careless.findings {
        found.case = CARELESS.into();
        found.finding.wanted = CARELESS.into();
    }
    vec![
        everything(),
        expected(),
        careless,
        part(),
        interrupted(),
        unreachable(),
        empty(),
        stopped(Stopped::Unreachable { after, reason: CARELESS.into() }, Vec::new()),
        stopped(Stopped::FailFast { id: CARELESS.into() }, Vec::new()),
        stopped(Stopped::OutOfTime, Vec::new()),
        stopped(Stopped::TurnedAway { reason: CARELESS.into() }, Vec::new()),
    ]
}
