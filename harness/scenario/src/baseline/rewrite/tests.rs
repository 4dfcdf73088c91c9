use proptest::prelude::*;

use super::*;

const FILE: &str = "\
# Ours, since March.
known:
  # The vendor knows of this.
  - scenario: rfc5321/4.1.1/a[rset]
    expect: warn   # not grave
    reason: it takes arguments
    link: https://vendor.example/17

  # A crowd.
  - scenario: 'rfc5321/4.2/*'
    expect: fail
    reason: |
      Two lines
      of it.
    until: 2027-03-31
  # About what follows.
  - {requirement: rfc5321-4.2-2, expect: fail, reason: replies}
# The end.
";

fn load(text: &str) -> Baseline {
    Baseline::load(&Source::new("b.yaml", text)).unwrap()
}

fn new(id: &str) -> Entry {
    Entry::new(Subject::Scenario(id.into()), Expected::Fail, "503 wanted: 'it' said 250")
}

#[test]
fn entries_go_with_their_comments_and_the_rest_stays_as_it_is() {
    let rewritten = load(FILE).rewrite(FILE, &[Change::Remove(1)]);
    assert!(rewritten.kept);
    let (before, rest) = FILE.split_once("\n  # A crowd.").unwrap();
    let (_, after) = rest.split_once("  # About").unwrap();
    assert_eq!(rewritten.text, format!("{before}\n  # About{after}"));
}

#[test]
fn a_changed_verdict_changes_one_word() {
    let rewritten = load(FILE).rewrite(FILE, &[Change::Expect(0, Expected::Fail)]);
    assert_eq!(rewritten.text, FILE.replace("expect: warn   #", "expect: fail   #"));
}

#[test]
fn a_new_entry_stands_behind_the_last_one() {
    let added = Change::Add(new("rfc5321/4.1.4/x[a]"));
    let rewritten = load(FILE).rewrite(FILE, std::slice::from_ref(&added));
    let new = "  - scenario: rfc5321/4.1.4/x[a]\n    expect: fail\n    \
               reason: '503 wanted: ''it'' said 250'\n";
    assert_eq!(rewritten.text, FILE.replace("# The end.", &format!("{new}# The end.")));
    for empty in ["known: []\n", "known:\n", "known: [] # nothing\n# more\n", "known:"] {
        let rewritten = load(empty).rewrite(empty, std::slice::from_ref(&added));
        assert!(rewritten.kept && rewritten.text.contains(new), "{rewritten:?}");
        let comment = empty.contains("# nothing");
        assert_eq!(rewritten.text.contains("# nothing\n"), comment, "{rewritten:?}");
    }
    let cut = FILE.strip_suffix("# The end.\n").unwrap().trim_end();
    assert!(load(cut).rewrite(cut, &[added]).kept);
}

#[test]
fn a_list_can_become_empty() {
    let all = [Change::Remove(0), Change::Remove(1), Change::Remove(2)];
    let rewritten = load(FILE).rewrite(FILE, &all);
    assert!(rewritten.kept);
    assert_eq!(load(&rewritten.text).entries, []);
    assert!(rewritten.text.starts_with("# Ours") && rewritten.text.ends_with("# The end.\n"));
}

#[test]
fn what_cannot_be_edited_is_written_anew_and_says_so() {
    let flow = "known: [{scenario: a/b, expect: fail, reason: x}]\n";
    let rewritten = load(flow).rewrite(flow, &[Change::Add(new("c/d"))]);
    assert!(!rewritten.kept);
    assert_eq!(load(&rewritten.text).entries.len(), 2);
    let first = Baseline::default().rewrite("", &[Change::Add(new("c/d"))]);
    assert!(first.kept && first.text.starts_with("# What is known"));
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let text = || "[ -~é\n\u{1b}]{1,30}x";
    let entry = (0..9u8, 0..6usize, any::<bool>(), text(), proptest::option::of(text()));
    let entry = entry.prop_map(|(id, expect, often, reason, link)| {
        let expect = Expected::ALL[expect];
        let subject = Subject::Scenario(format!("rfc5321/4.1.1/{id}*[a]"));
        let intermittent = often && expect != Expected::Pass;
        Entry { intermittent, link, ..Entry::new(subject, expect, reason) }
    });
    proptest::collection::vec(entry, 0..6).prop_map(|mut entries| {
        entries.sort_by_key(|entry| entry.subject.to_string());
        entries.dedup_by_key(|entry| entry.subject.to_string());
        entries
    })
}

proptest! {
    #[test]
    fn whatever_is_changed_the_file_says_it(
        had in entries(),
        added in entries(),
        fates in proptest::collection::vec(0..3u8, 6),
        comments in any::<bool>(),
    ) {
        let mut text = anew(&had);
        if comments {
            text = text.replace("  - ", "  # a word\n  - ").replace("\n    expect", " # why\n    expect");
        }
        let baseline = load(&text);
        prop_assert_eq!(baseline.entries.len(), had.len());
        let mut changes: Vec<Change> = (0..had.len())
            .filter_map(|index| match fates[index] {
                0 => Some(Change::Remove(index)),
                1 => Some(Change::Expect(index, Expected::Fail)),
                _ => None,
            })
            .collect();
        let there = |entry: &&Entry| baseline.entries.iter().all(|had| had.subject != entry.subject);
        changes.extend(added.iter().filter(there).cloned().map(Change::Add));
        let rewritten = baseline.rewrite(&text, &changes);
        let read = load(&rewritten.text);
        let wanted = baseline.changed(&changes);
        let told = |entry: &Entry| (entry.subject.clone(), entry.expect, entry.intermittent);
        prop_assert!(read.entries.iter().map(told).eq(wanted.iter().map(told)), "{}", rewritten.text);
        prop_assert!(rewritten.kept, "{}", rewritten.text);
        prop_assert_eq!(rewritten.text.matches("# a word").count() > 0, comments && {
            (0..had.len()).any(|index| fates[index] != 0)
        });
    }
}
