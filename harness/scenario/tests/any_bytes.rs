//! Whatever octets a file holds: there are scenarios, or there is a diagnostic with a place.

use proptest::prelude::*;
use smtpspec_scenario::baseline::Change;
use smtpspec_scenario::{Baseline, Diagnostic, Profile, Source, load};

const GOOD: &str = r"spec: rfc5321
section: 4.1.1.3
title: RECIPIENT (RCPT)
dialogues:
  usable:
    - C: NOOP
    - S: {must: 250, text: 'ok', capture: {id: '\w+'}}
scenarios:
  - id: before-mail
    title: é RCPT
    checks: [rfc5321-3.3-15]
    each:
      - {name: one, verb: RSET}
    dialogue:
      - use: usable
      - C: {bytes: '${verb}\r\n'}
      - S: {any-of: [{must: 250, then: [{turn: swap}, {C: QUIT}], ends: true}, silence]}
      - C:
          - MAIL FROM:<${sender}>
          - {line: [RCPT TO:<, {repeat: x, times: 9}, '>']}
      - S: [250, 5yz]
      - C: {message: |
            a
            b
           }
";

const KNOWN: &str = "\
# é
known:
  # one
  - scenario: rfc5321/4.1.1/a[rset]
    expect: warn # so far
    reason: |
      it is
      known
  - {requirement: 'rfc5321-4.2-*', expect: fail, reason: x, until: 2027-03-31}
";

/// A diagnostic that somebody can find and that a renderer can point at.
fn assert_sound(source: &Source, diagnostics: &[Diagnostic]) {
    assert!(!diagnostics.is_empty());
    let text = std::str::from_utf8(&source.bytes);
    for found in diagnostics {
        for mark in std::iter::once(&found.mark).chain(&found.others) {
            assert!(mark.place.line >= 1 && mark.place.column >= 1, "{found}");
            assert!(mark.range.start <= mark.range.end, "{found}");
            assert!(mark.range.end <= source.bytes.len(), "{found}");
            if let Ok(text) = text {
                assert!(text.get(mark.range.clone()).is_some(), "{found} cuts a character");
                let before = &text[..mark.range.start];
                assert_eq!(before.matches('\n').count() + 1, mark.place.line as usize, "{found}");
            }
        }
        assert!(!found.message.is_empty() && !found.message.contains('\n'), "{found}");
    }
}

fn check(bytes: Vec<u8>) {
    let source = Source::new("any.yaml", bytes);
    if let Err(diagnostics) = load(std::slice::from_ref(&source)) {
        assert_sound(&source, &diagnostics);
    }
    if let Err(diagnostics) = Profile::load(&source) {
        assert_sound(&source, &diagnostics);
    }
    match Baseline::load(&source) {
        Err(diagnostics) => assert_sound(&source, &diagnostics),
        // Whatever could be read can be written again.
        Ok(baseline) => {
            let text = String::from_utf8_lossy(&source.bytes);
            let gone: Vec<_> = (0..baseline.entries.len()).map(Change::Remove).collect();
            baseline.rewrite(&text, &gone);
        }
    }
}

/// What YAML and the language are made of, in any order.
fn soup() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "C:",
        "S:",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "\n      ",
        " ",
        ": ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "'",
        "\"",
        "|",
        ">",
        "#",
        " #",
        "\t",
        "\r\n",
        "&a ",
        "*a",
        "!t ",
        "---\n",
        "...\n",
        "? ",
        "%",
        "spec: x",
        "section: x",
        "title: x",
        "id: a",
        "scenarios:",
        "dialogues:",
        "dialogue:",
        "use: ",
        "any-of:",
        "then:",
        "must:",
        "250",
        "5yz",
        "silence",
        "${sender}",
        "${",
        "$${",
        r"\x",
        r"\q",
        "each:",
        "name: ",
        "é",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "checks: [rfc5321-3.3-15]",
        "null",
        "turn: swap",
        "on: b",
        "when: {ehlo: X}",
        "{repeat: x, times: 4000000000}",
        "text: '('",
        "~",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_octets_give_scenarios_or_a_place(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(bytes);
    }

    #[test]
    fn any_words_give_scenarios_or_a_place(text in soup()) {
        check(text.into_bytes());
    }

    #[test]
    fn a_good_file_with_a_piece_exchanged_gives_scenarios_or_a_place(
        at in 0..GOOD.len(),
        length in 0..40_usize,
        piece in soup(),
    ) {
        let mut bytes = GOOD.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, piece.into_bytes());
        check(bytes);
    }
}

proptest! {
    #[test]
    fn a_baseline_with_a_piece_exchanged_gives_entries_or_a_place(
        at in 0..KNOWN.len(),
        length in 0..40_usize,
        piece in soup(),
    ) {
        let mut bytes = KNOWN.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, piece.into_bytes());
        check(bytes);
    }
}

#[test]
fn what_would_take_long_is_cut_short() {
    let joined = |pieces: Vec<String>| pieces.concat();
    let dialogues = |count: usize, body: fn(usize) -> String| {
        let named = (0..count).map(|below| format!("  d{}: {}\n", below + 1, body(below)));
        format!("dialogues:\n  d0: [S: 250]\n{}", joined(named.collect()))
    };
    let rows = (0..40_000).map(|row| format!("{{n{row}: '${{v{row}}}'}}, "));
    let keys = (0..90_000).map(|key| format!("k{key}:\n"));
    let files = [
        dialogues(60, |below| format!("[use: d{below}, use: d{below}]")),
        dialogues(20_000, |below| format!("[use: d{below}]")),
        "[".repeat(100_000),
        format!("{{{}}}", "a: b, ".repeat(160_000)),
        format!("a: [{}]", "a, ".repeat(250_000)),
        format!("dialogues: {{a: [{}]}}", "{S: é}, ".repeat(100_000)),
        format!("scenarios: [{{each: [{}]}}]", joined(rows.collect())),
        format!("dialogues: {{a: [{{C: '{}'}}]}}", "${v}".repeat(200_000)),
        joined(keys.collect()),
    ];
    for (index, text) in files.into_iter().enumerate() {
        let start = std::time::Instant::now();
        check(text.into_bytes());
        assert!(start.elapsed().as_secs() < 20, "file {index} took {:?}", start.elapsed());
    }
}
