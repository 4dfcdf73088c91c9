use regex::bytes::Regex;
use smtpspec_scenario::FieldPattern;

use super::*;

fn mail(from: &str, to: &[&str], octets: &[u8]) -> Mail {
    Mail {
        via: Via::NextHop,
        from: Some(from.into()),
        to: Some(to.iter().map(|to| (*to).into()).collect()),
        mail_parameters: None,
        rcpt_parameters: None,
        octets: octets.to_vec(),
    }
}

fn difference(mail: &Mail, wanted: &Wanted) -> Option<String> {
    let came = distinct([(0, mail)]);
    match compare(&came[0], wanted) {
        Fit::Right => None,
        Fit::Unknown(why) => Some(why.to_owned()),
        Fit::Wrong(difference) => Some(format!("{} / {}", difference.what, difference.wanted)),
    }
}

const TRACED: &[u8] = b"Received: from a\r\n\tby b; now\r\nSubject: s\r\n\r\none\r\ntwo\r\n";

#[test]
fn copies_for_other_recipients_are_one_message_and_others_are_not() {
    let copies = [mail("a", &["x"], b"m"), mail("a", &["y"], b"m"), mail("a", &["x"], b"m")];
    let came = distinct(copies.iter().enumerate());
    assert_eq!(came.len(), 2, "the third has a recipient that had the first");
    assert_eq!(came[0].to, Some(vec![&b"x"[..], b"y"]));
    let others = [mail("a", &["x"], b"m"), mail("b", &["y"], b"m"), mail("a", &["y"], b"n")];
    assert_eq!(distinct(others.iter().enumerate()).len(), 3);
}

#[test]
fn copies_in_a_maildir_may_say_for_whom_they_are() {
    let kept = |to: &str, octets: String| Mail {
        via: Via::Maildir,
        ..mail("a", &[to], octets.as_bytes())
    };
    let copy = |to: &str| kept(to, format!("Return-Path: <a>\nDelivered-To: {to}\nA: b\n\nc\n"));
    let came = [copy("x"), copy("y")];
    assert_eq!(distinct(came.iter().enumerate()).len(), 1);
    let below = |to: &str| kept(to, format!("A: b\nDelivered-To: {to}\n\nc\n"));
    let came = [below("x"), below("y")];
    assert_eq!(distinct(came.iter().enumerate()).len(), 2, "what the client wrote is no delivery");
    let came =
        ["x", "y"].map(|to| mail("a", &[to], format!("Delivered-To: {to}\r\n\r\nc").as_bytes()));
    assert_eq!(distinct(came.iter().enumerate()).len(), 2, "and at a next hop there is none yet");
}

#[test]
fn whole_fields_may_stand_in_front_of_the_message_and_nothing_else() {
    let wanted = |sent: &[u8]| Wanted { message: Some(sent.to_vec()), ..Wanted::default() };
    let traced = mail("a", &["x"], TRACED);
    assert_eq!(difference(&traced, &wanted(b"Subject: s\r\n\r\none\r\ntwo\r\n")), None);
    assert_eq!(
        difference(&traced, &wanted(b"Subject: s\r\n\r\none\ntwo\r\n")).unwrap(),
        "the message has `\\r\\ntwo\\r\\n` at octet 17 / `\\ntwo\\r\\n`"
    );
    let told = difference(&traced, &wanted(b"two\r\n")).unwrap();
    assert!(told.starts_with("`Received: from a"), "{told}");
}

#[test]
fn a_recipient_that_was_named_twice_may_come_out_twice_or_once() {
    let wanted = Wanted { to: vec![b"x".to_vec(), b"y".to_vec()], ..Wanted::default() };
    assert_eq!(difference(&mail("a", &["y", "x", "x"], b"m"), &wanted), None);
    assert!(difference(&mail("a", &["x", "x"], b"m"), &wanted).is_some());
    assert!(difference(&mail("a", &["x", "y", "z"], b"m"), &wanted).is_some());
}

#[test]
fn a_text_stands_in_the_message_in_any_case() {
    let wanted = |text: &[u8]| Wanted { names: vec![text.to_vec()], ..Wanted::default() };
    let traced = mail("a", &["x"], TRACED);
    assert_eq!(difference(&traced, &wanted(b"SUBJECT: S")), None);
    let told = difference(&traced, &wanted(b"three")).unwrap();
    assert_eq!(told, "a message without it / one that names `three`");
}

#[test]
fn the_body_is_compared_octet_for_octet() {
    let wanted = |sent: &[u8]| Wanted { body: Some(sent.to_vec()), ..Wanted::default() };
    let traced = mail("a", &["x"], TRACED);
    assert_eq!(difference(&traced, &wanted(b"one\r\ntwo\r\n")), None);
    let table: [(&[u8], &str); 3] = [
        (b"one\r\ntwo\r\n.\r\n", "the body has its end at octet 10 / `.\\r\\n`"),
        (b"one\r\n", "the body has `two\\r\\n` at octet 5 / its end"),
        (b"one\r\n.two\r\n", "the body has `two\\r\\n` at octet 5 / `.two\\r\\n`"),
    ];
    for (sent, told) in table {
        assert_eq!(difference(&traced, &wanted(sent)).unwrap(), told);
    }
    let kept = Mail { via: Via::Maildir, octets: b"S: s\n\none\ntwo\n".to_vec(), ..traced };
    assert_eq!(difference(&kept, &wanted(b"one\r\ntwo\r\n")), None, "a Maildir has lines of LF");
}

#[test]
fn envelopes_are_compared_with_their_domains_in_any_case() {
    let mail = mail("A@b.EXAMPLE", &["x@y.example", "z@y.example"], b"");
    let wanted = |from: &str, to: &[&str]| Wanted {
        from: Some(from.into()),
        to: to.iter().map(|to| (*to).into()).collect(),
        ..Wanted::default()
    };
    assert_eq!(difference(&mail, &wanted("A@b.example", &["z@Y.example", "x@y.example"])), None);
    let told = difference(&mail, &wanted("a@b.example", &[])).unwrap();
    assert_eq!(told, "a message from <A@b.EXAMPLE> / one from <a@b.example>");
    let told = difference(&mail, &wanted("A@b.example", &["x@y.example"])).unwrap();
    assert_eq!(told, "a message to <x@y.example> and <z@y.example> / one to <x@y.example>");
    let unknown = Mail { from: None, ..mail };
    assert!(difference(&unknown, &wanted("", &[])).unwrap().contains("does not tell"));
}

#[test]
fn patterns_look_at_the_message_and_at_unfolded_fields() {
    let field = |name: &str, pattern: &str| FieldPattern {
        name: name.to_owned(),
        pattern: Regex::new(pattern).unwrap(),
    };
    let regex = |pattern: &str| vec![Regex::new(pattern).unwrap()];
    let traced = mail("a", &["x"], TRACED);
    let check = |pattern: MailPattern| {
        difference(&traced, &Wanted { pattern, ..Wanted::default() }).unwrap_or_default()
    };
    let default = MailPattern::default;
    assert_eq!(check(MailPattern { contains: regex("one\r\ntwo"), ..default() }), "");
    assert!(check(MailPattern { contains: regex("three"), ..default() }).contains("`three`"));
    assert!(check(MailPattern { lacks: regex("t.o"), ..default() }).contains("`two`"));
    let top = |name, pattern| MailPattern { top: Some(field(name, pattern)), ..default() };
    assert_eq!(check(top("received", "^from a\tby b; now$")), "");
    assert!(check(top("Subject", "^s$")).contains("at the top"));
    let header = |name, pattern| MailPattern { header: vec![field(name, pattern)], ..default() };
    assert_eq!(check(header("SUBJECT", "^s$")), "");
    assert!(check(header("Subject", "^t$")).contains("`Subject: s`"));
    assert!(check(header("Date", "")).contains("no field `Date`"));
}

#[test]
fn only_final_delivery_may_put_fields_above_the_trace() {
    let pattern = MailPattern {
        top: Some(FieldPattern { name: "Received".to_owned(), pattern: Regex::new("").unwrap() }),
        ..MailPattern::default()
    };
    let wanted = Wanted { pattern, ..Wanted::default() };
    let relayed = mail("a", &["x"], b"Return-Path: <a>\r\nReceived: from b\r\n\r\n");
    assert!(difference(&relayed, &wanted).unwrap().contains("`Return-Path: <a>` at the top"));
    let delivered = Mail { via: Via::Maildir, ..relayed };
    assert_eq!(difference(&delivered, &wanted), None);
}

#[test]
fn each_pattern_finds_a_message_of_its_own_even_where_they_overlap() {
    let mails = [mail("a", &["x"], b"1"), mail("b", &["x"], b"2")];
    let came = distinct(mails.iter().enumerate());
    let any = Wanted { to: vec![b"x".to_vec()], ..Wanted::default() };
    let from_a = Wanted { from: Some(b"a".to_vec()), ..Wanted::default() };
    assert_eq!(assign(&came, &[any.clone(), from_a.clone()]), [Some(1), Some(0)]);
    assert_eq!(assign(&came, &[from_a.clone(), from_a]), [Some(0), None]);
    assert_eq!(assign(&came[..1], &[any.clone(), any]), [Some(0), None]);
}

#[test]
fn parameters_are_wanted_of_each_copy_and_each_recipient() {
    let copy = |to: &str, ret: &str, notify: &str| Mail {
        mail_parameters: Some(ret.into()),
        rcpt_parameters: Some(vec![notify.into()]),
        ..mail("a", &[to], b"m")
    };
    let has = |word: &str| Parameters { has: vec![word.into()], ..Parameters::default() };
    let wanted = |ret: &str, to: &str, notify: &str| Wanted {
        mail: Some(has(ret)),
        rcpt: vec![(to.into(), has(notify))],
        ..Wanted::default()
    };
    let told = |mails: &[Mail], wanted: &Wanted| {
        let came = distinct(mails.iter().enumerate());
        assert_eq!(came.len(), 1);
        match compare(&came[0], wanted) {
            Fit::Right => String::new(),
            Fit::Unknown(why) => why.to_owned(),
            Fit::Wrong(difference) => format!("{} / {}", difference.what, difference.wanted),
        }
    };
    let copies = [copy("x", "RET=FULL", "NOTIFY=NEVER"), copy("y", "RET=FULL", "NOTIFY=DELAY")];
    assert_eq!(told(&copies, &wanted("RET=FULL", "y", "NOTIFY=delay")), "");
    let of_x = told(&copies, &wanted("RET=FULL", "x", "NOTIFY=DELAY"));
    assert_eq!(of_x, "RCPT of <x> with `NOTIFY=NEVER` / `NOTIFY=DELAY`");
    let of_nobody = told(&copies, &wanted("RET=FULL", "z", "NOTIFY"));
    assert_eq!(of_nobody, "a message that is not for <z> / one that is");
    let other = [copy("x", "RET=FULL", "NOTIFY"), copy("y", "", "NOTIFY")];
    assert_eq!(told(&other, &wanted("RET=FULL", "x", "NOTIFY")), "MAIL with `` / `RET=FULL`");
    let untold = told(&[mail("a", &["x"], b"m")], &wanted("RET", "x", "NOTIFY"));
    assert!(untold.contains("does not tell the parameters"), "{untold}");
}
