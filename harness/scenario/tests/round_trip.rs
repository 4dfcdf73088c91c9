//! What is written loads as the same scenario.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test itself")]

use std::time::Duration;

use proptest::prelude::*;
use regex::bytes::RegexBuilder;
use smtpspec_catalogue::requirement;
use smtpspec_scenario::expect::CommandShape;
use smtpspec_scenario::{
    Act, Alternative, Answer, Capture, CommandPattern, Condition, Content, Delivered, EhloPattern,
    FieldPattern, Given, Hear, LineCount, MailCount, MailPattern, ParametersPattern, Party, Place,
    RecipientPattern, ReplyPattern, Requires, Row, Ruling, Safety, Scenario, Send, Source, Speaks,
    Step, Template, load, write,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_written_scenario_loads_as_the_same(scenario in scenario()) {
        let text = write(&scenario);
        let loaded = match load(&[Source::new("written.yaml", text.clone())]) {
            Ok(loaded) => loaded,
            Err(diagnostics) => {
                let said: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
                return Err(TestCaseError::fail(format!("{}\n{text}", said.join("\n"))));
            }
        };
        let mut read = (*loaded.suite.scenarios[0]).clone();
        read.place = Place::default();
        forget_places(&mut read.dialogue);
        prop_assert_eq!(&read, &scenario, "{}", text);
        prop_assert_eq!(write(&read), text);
    }
}

fn forget_places(steps: &mut [Step]) {
    for step in steps {
        step.place = Place::default();
        match &mut step.act {
            Act::Hear(Hear::AnyOf(alternatives)) => {
                for one in alternatives.iter_mut() {
                    forget_places(&mut one.then);
                }
            }
            Act::Await(patterns) => {
                for one in patterns.iter_mut() {
                    forget_places(&mut one.then);
                }
            }
            Act::Send(_) | Act::Hear(_) | Act::Delivered(_) | Act::Swap => {}
        }
    }
}

/// Text as people write it, with all that YAML could take for its own.
fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -#%-~é]{0,12}",
        prop::sample::select(vec![
            "close",
            "closed",
            "silence",
            "null",
            "~",
            "true",
            "250",
            "1e3",
            "- ",
            ": ",
            " #",
            "'",
            "\"",
            "${sender}",
            "${recipient.local}",
            "$${x}",
            "$",
            "message",
            "\\",
            "[",
            "{",
            "&",
            "*",
            "!",
            "    ",
            "\t",
            "0x1f",
            ".5",
            "2024-01-01",
            "|",
            ">",
            "%",
            "@",
            "`",
            "?",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn title() -> impl Strategy<Value = String> {
    words().prop_map(|words| format!("a {words}b"))
}

fn slug() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,6}(-[a-z0-9]{1,4})?"
}

fn text() -> impl Strategy<Value = Template> {
    words().prop_filter_map("not a template", |words| Template::text(&words).ok())
}

fn octets() -> impl Strategy<Value = Template> {
    let literal = prop::collection::vec(any::<u8>(), 0..12).prop_map(Template::literal);
    let read = words().prop_filter_map("not a template", |words| Template::bytes(&words).ok());
    // Read once, so that an empty literal and no literal are the same.
    prop_oneof![literal, read].prop_map(|template| Template::bytes(&template.source(true)).unwrap())
}

fn repeat() -> impl Strategy<Value = Content> {
    (octets(), 1..2000_u32).prop_map(|(unit, times)| Content::Repeat { unit, times })
}

fn part() -> impl Strategy<Value = Content> {
    prop_oneof![octets().prop_map(Content::Text), repeat()]
}

/// What only a line can hold.
fn encoded() -> impl Strategy<Value = Content> {
    let mechanism = prop::sample::select(Content::MECHANISMS.to_vec());
    let mechanism = mechanism.prop_map(Template::literal);
    let choice = || prop::option::of(text());
    let choices = (choice(), choice(), choice(), choice(), choice());
    let answer = (mechanism, text(), choices).prop_map(|(mechanism, challenge, choices)| {
        let (password, first, header, nonce, extensions) = choices;
        Content::Answer(Box::new(Answer {
            mechanism,
            challenge,
            password,
            first,
            header,
            nonce,
            extensions,
        }))
    });
    prop_oneof![octets().prop_map(Content::Base64), answer]
}

/// A line, in parts or not, as the loader makes one.
fn line() -> impl Strategy<Value = Vec<Content>> {
    let part = prop_oneof![6 => text().prop_map(Content::Text), 6 => part(), 1 => encoded()];
    let parts = prop::collection::vec(part, 1..4);
    parts.prop_map(|mut parts| {
        if let Some(Content::Text(last)) = parts.last_mut() {
            *last = last.clone().followed_by(b"\r\n");
        } else {
            parts.push(Content::Text(Template::literal(&b"\r\n"[..])));
        }
        parts
    })
}

fn data() -> impl Strategy<Value = Vec<Content>> {
    let lines = prop::collection::vec(words(), 1..5).prop_map(|lines| lines.join("\r\n"));
    let text = lines.prop_filter_map("not a template", |text| Template::text(&text).ok());
    prop::collection::vec(prop_oneof![text.prop_map(Content::Text), part()], 1..3)
}

fn send() -> impl Strategy<Value = Send> {
    let write = prop_oneof![line(), part().prop_map(|part| vec![part])];
    let one = prop::collection::vec(write, 1..4).prop_map(|writes| writes.concat());
    let split = prop::collection::vec(prop::collection::vec(part(), 1..3), 2..4);
    prop_oneof![
        4 => one.prop_map(|contents| Send::Writes { writes: vec![contents], pause: Duration::ZERO }),
        2 => (split, time()).prop_map(|(writes, pause)| Send::Writes { writes, pause }),
        2 => data().prop_map(Send::Message),
        1 => (data(), any::<bool>()).prop_map(|(contents, last)| Send::Chunk { contents, last }),
        1 => prop::sample::select(vec![Ruling::Inconclusive, Ruling::Pass, Ruling::Warn, Ruling::Fail])
            .prop_map(|failed| Send::Handshake { failed }),
        1 => prop::sample::select(vec![Send::Close, Send::HalfClose, Send::Abort]),
    ]
}

fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![0..5000_u64, (0..60_u64).prop_map(|seconds| seconds * 1000)]
        .prop_map(Duration::from_millis)
}

fn pattern() -> impl Strategy<Value = regex::bytes::Regex> {
    prop::sample::select(vec![r"(?i)ok\b", "a: 'b' #", r"^[^\x80-\xff]*$", "", "~", "a\nb", " x "])
        .prop_map(|text| RegexBuilder::new(text).unicode(false).build().unwrap())
}

fn reply() -> impl Strategy<Value = ReplyPattern> {
    let codes = prop::sample::select(vec![
        (Some("250"), None, None),
        (Some("5yz"), Some("503"), None),
        (Some("2yz 501 x5z"), Some("250 501"), Some("251")),
        (None, None, Some("354 4yz")),
        (Some("021"), None, None),
    ]);
    let set = |text: &str| text.split(' ').map(|code| code.parse().unwrap()).collect();
    let lines = (1..4_usize, prop::option::of(0..3_usize))
        .prop_map(|(least, more)| LineCount { least, most: more.map(|more| least + more) });
    let enhanced = prop::sample::select(vec!["5.1.1", "5.y.z", "x.y.z", "2.0.z"]);
    let keywords = || prop::collection::vec("[A-Z0-9][A-Z0-9-]{0,6}", 0..3);
    let one = || prop::option::of(pattern());
    let patterns = (one(), one(), one(), any::<bool>());
    let first = (codes, patterns, prop::option::of(enhanced));
    let second = (prop::option::of(lines), keywords(), keywords());
    let third = (prop::option::of(time()), prop::option::of(time()), any::<bool>());
    let capture = prop::collection::btree_map("c[a-z0-9]{1,5}", pattern(), 0..3);
    (first, second, third, capture).prop_map(move |(first, second, third, capture)| {
        let ((must, should, not), (text, octets, challenge, signed), enhanced) = first;
        let (lines, has, lacks) = second;
        let (within, not_before, policy_fails) = third;
        ReplyPattern {
            must: must.map(set).unwrap_or_default(),
            should: should.map(set),
            not: not.map(set),
            text,
            octets,
            challenge,
            signed,
            enhanced: enhanced.map(|text| text.parse().unwrap()),
            lines,
            ehlo: EhloPattern { has, lacks },
            within,
            not_before,
            capture: capture.into_iter().map(|(name, pattern)| Capture { name, pattern }).collect(),
            policy_fails,
        }
    })
}

fn heard() -> impl Strategy<Value = Hear> {
    prop_oneof![
        4 => reply().prop_map(|reply| Hear::Reply(Box::new(reply))),
        1 => Just(Hear::Permitted),
        1 => time().prop_map(Hear::Silence),
        1 => prop::option::of(time()).prop_map(Hear::Closed),
        1 => prop::option::of(time()).prop_map(Hear::Alerted),
        1 => prop::option::of(time()).prop_map(Hear::Reset),
    ]
}

fn mail() -> impl Strategy<Value = MailPattern> {
    let field =
        || ("[A-Za-z-]{1,8}", pattern()).prop_map(|(name, pattern)| FieldPattern { name, pattern });
    let address = || "[a-z$]{1,4}@b".prop_map(|text| Template::text(&text).unwrap());
    let envelope = (prop::option::of(address()), prop::collection::vec(address(), 0..3));
    let parameters = || {
        let words = || prop::collection::vec("[A-Z]{1,3}=[a-z$]{1,4}", 0..3);
        let templates =
            |words: Vec<String>| words.iter().map(|one| Template::text(one).unwrap()).collect();
        (words(), words(), words())
            .prop_filter("it says something", |(has, may, lacks)| {
                !(has.is_empty() && may.is_empty() && lacks.is_empty())
            })
            .prop_map(move |(has, may, lacks)| ParametersPattern {
                has: templates(has),
                may: templates(may),
                lacks: templates(lacks),
            })
    };
    let recipient =
        (address(), parameters()).prop_map(|(to, parameters)| RecipientPattern { to, parameters });
    let asked = (prop::option::of(parameters()), prop::collection::vec(recipient, 0..3));
    let octets = (prop::option::of(data()), prop::option::of(data()), prop::option::of(data()));
    let patterns = || prop::collection::vec(pattern(), 0..3);
    let header = prop::collection::vec(field(), 0..2);
    let names = prop::collection::vec(address(), 0..3);
    let texts = (patterns(), patterns(), patterns(), names);
    ((envelope, asked), octets, texts, header, prop::option::of(field())).prop_map(
        |(
            ((from, to), (mail, rcpt)),
            (message, body, content),
            (to_lacks, contains, lacks, names),
            header,
            top,
        )| {
            MailPattern {
                from,
                to,
                to_lacks,
                mail,
                rcpt,
                message,
                body,
                content,
                contains,
                lacks,
                names,
                header,
                top,
            }
        },
    )
}

fn delivered() -> impl Strategy<Value = Delivered> {
    let alike = (0..3_usize, prop::option::of(0..3_usize), mail(), prop::option::of(time()));
    let alike = alike.prop_map(|(least, more, all, within)| {
        let most = more.map(|more| least.max(1) + more);
        let least = if most.is_none() { least + 1 } else { least };
        Delivered { count: MailCount { least, most }, all, each: Vec::new(), within }
    });
    let each = prop::collection::vec(mail(), 1..3).prop_map(|each| Delivered {
        count: MailCount::exactly(each.len()),
        all: MailPattern::default(),
        each: each
            .into_iter()
            .map(|mail| MailPattern { from: Some(Template::default()), ..mail })
            .collect(),
        within: None,
    });
    prop_oneof![alike, each]
}

fn command() -> impl Strategy<Value = CommandShape> {
    prop_oneof![
        text().prop_map(CommandShape::Line),
        "[A-Z]{1,8}".prop_map(CommandShape::Verb),
        pattern().prop_map(CommandShape::Matches),
        prop::option::of(pattern()).prop_map(CommandShape::Message),
        Just(CommandShape::Closed),
    ]
}

/// What stands beside an alternative; the last of a list does not end the dialogue, so that the
/// steps behind it are reached.
type Leads = (Option<Ruling>, Option<String>, Vec<Step>, bool);

fn leads(party: Party, depth: u32) -> impl Strategy<Value = Leads> {
    let rulings =
        vec![Ruling::Pass, Ruling::Warn, Ruling::Fail, Ruling::Inconclusive, Ruling::Skip];
    let then = if depth == 0 {
        Just(Vec::new()).boxed()
    } else {
        prop::collection::vec(step(party, depth - 1), 0..3).boxed()
    };
    let ruling = prop::option::of(prop::sample::select(rulings));
    (ruling, prop::option::of(title()), then, any::<bool>())
}

fn listen(party: Party, depth: u32) -> BoxedStrategy<Act> {
    match party {
        Party::Client => {
            let several = prop::collection::vec((heard(), leads(party, depth)), 1..4);
            let several = several.prop_map(|list| {
                let mut alternatives: Vec<_> = list
                    .into_iter()
                    .map(|(hear, (ruling, note, then, ends))| Alternative {
                        hear,
                        ruling,
                        note,
                        then,
                        ends,
                    })
                    .collect();
                alternatives.last_mut().unwrap().ends = false;
                Act::Hear(Hear::AnyOf(alternatives))
            });
            prop_oneof![3 => heard().prop_map(Act::Hear), 1 => several].boxed()
        }
        Party::Server => prop::collection::vec((command(), leads(party, depth)), 1..4)
            .prop_map(|list| {
                let mut patterns: Vec<_> = list
                    .into_iter()
                    .map(|(hear, (ruling, note, then, ends))| CommandPattern {
                        hear,
                        ruling,
                        note,
                        then,
                        ends,
                    })
                    .collect();
                patterns.last_mut().unwrap().ends = false;
                Act::Await(patterns)
            })
            .boxed(),
    }
}

fn step(party: Party, depth: u32) -> BoxedStrategy<Step> {
    let act = prop_oneof![send().prop_map(Act::Send), listen(party, depth)];
    with_modifiers(act.boxed())
}

fn with_modifiers(act: BoxedStrategy<Act>) -> BoxedStrategy<Step> {
    let when = prop_oneof![
        "[A-Z0-9][A-Z0-9-]{0,6}".prop_map(Condition::Ehlo),
        "[A-Z0-9][A-Z0-9-]{0,6}".prop_map(Condition::NoEhlo),
        "[a-z]{1,6}".prop_map(Condition::Profile),
    ];
    let checks = prop::sample::select(vec![
        vec![],
        vec![requirement!("rfc5321-4.1.1.5-2")],
        vec![requirement!("rfc5321-4.1.1.5-2"), requirement!("rfc5321-3.3-15")],
    ]);
    (act, prop::option::weighted(0.2, when), checks, prop::option::weighted(0.2, title()))
        .prop_map(|(act, when, checks, note)| Step {
            act,
            on: None,
            when,
            checks,
            note,
            place: Place::default(),
        })
        .boxed()
}

/// A dialogue in which something is heard, and perhaps the roles change, on one connection or on
/// another.
fn dialogue(party: Party) -> impl Strategy<Value = Vec<Step>> {
    let bare = |act, on: &Option<String>| Step {
        act,
        on: on.clone(),
        when: None,
        checks: Vec::new(),
        note: None,
        place: Place::default(),
    };
    let first = prop::collection::vec(step(party, 2), 0..4);
    let asked = prop::option::of(delivered()).prop_map(move |wanted| {
        // The mail must be marked, and only a client can ask for it.
        let marked = Template::text("NOOP ${unique}").unwrap().followed_by(b"\r\n");
        let writes = vec![vec![Content::Text(marked)]];
        let mark = Act::Send(Send::Writes { writes, pause: Duration::ZERO });
        let wanted = wanted.filter(|_| party == Party::Client);
        wanted.map(|wanted| [mark, Act::Delivered(Box::new(wanted))])
    });
    let heard = with_modifiers(listen(party, 1));
    let after = prop::collection::vec(step(party.other(), 1), 0..4);
    (first, asked, heard, prop::option::of(after), prop::option::of(slug())).prop_map(
        move |(mut steps, asked, heard, after, on)| {
            steps.extend(asked.into_iter().flatten().map(|act| bare(act, &None)));
            steps.push(heard);
            if let Some(after) = after {
                steps.push(bare(Act::Swap, &on));
                steps.extend(
                    after.into_iter().map(|step| Step { on: on.clone(), ..without_then(step) }),
                );
            }
            steps
        },
    )
}

/// Continuations would be on the first connection, where nobody swapped.
fn without_then(mut step: Step) -> Step {
    match &mut step.act {
        Act::Hear(Hear::AnyOf(alternatives)) => {
            for one in alternatives.iter_mut() {
                one.then.clear();
            }
        }
        Act::Await(patterns) => patterns.iter_mut().for_each(|one| one.then.clear()),
        Act::Send(_) | Act::Hear(_) | Act::Delivered(_) | Act::Swap => {}
    }
    step
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (slug(), text(), text());
    prop::collection::vec(row, 0..3).prop_map(|rows| {
        let named = rows.into_iter().enumerate().map(|(index, (name, one, two))| Row {
            name: format!("{name}-{index}"),
            fields: vec![("one".to_owned(), one), ("two.b_c".to_owned(), two)],
        });
        named.collect()
    })
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let party = prop::sample::select(vec![Party::Client, Party::Server]);
    let dialogue =
        party.prop_flat_map(|party| dialogue(party).prop_map(move |dialogue| (party, dialogue)));
    let requires = (
        prop::collection::vec("[A-Z0-9][A-Z0-9-]{0,6}", 0..3),
        prop::collection::vec("[a-z.]{1,8}", 0..3),
        any::<bool>(),
        prop::sample::select(Speaks::ALL.to_vec()),
    );
    let given = prop::sample::select(vec![
        Given::Connected,
        Given::Greeted,
        Given::Secured,
        Given::Authenticated,
        Given::Mail,
        Given::Recipient,
        Given::Data,
    ]);
    let safety = prop::sample::select(vec![Safety::Quiet, Safety::Noisy, Safety::Hostile]);
    let names = (slug(), slug(), slug(), title(), title());
    let former = slug().prop_map(|slug| vec![format!("former/4.1/{slug}")]);
    let words = (prop::option::of(title()), prop_oneof![Just(vec![]), former]);
    (names, dialogue, requires, given, safety, words, rows()).prop_map(
        |(names, (plays, dialogue), requires, given, safety, (rationale, aliases), rows)| {
            let (spec, section, word, title, section_title) = names;
            let (ehlo, profile, next_hop, protocol) = requires;
            let asks = dialogue.iter().any(|step| matches!(step.act, Act::Delivered(_)));
            let next_hop = next_hop || asks;
            Scenario {
                id: format!("{spec}/{section}/{word}"),
                title,
                spec,
                section,
                section_title,
                aliases,
                checks: vec![requirement!("rfc5321-3.3-15")],
                given,
                plays,
                requires: Requires { ehlo, profile, next_hop, protocol },
                safety,
                rationale,
                rows,
                dialogue,
                place: Place::default(),
            }
        },
    )
}
