use super::*;
use crate::measure::Measure;
use crate::testing::{answer, end_of_data, extended, session, transaction};

fn measured(pieces: &[&[u8]]) -> MessageFacts {
    let mut measure = Measure::default();
    for piece in pieces {
        measure.feed(piece);
    }
    measure.facts()
}

#[test]
fn a_message_is_measured_however_it_is_cut() {
    let table: [(&[u8], u64, u64, usize, bool); 8] = [
        (b"", 0, 0, 0, false),
        (b"ab\r\nabcd\r\n\r\n", 12, 3, 6, false),
        (b"ab", 2, 0, 2, false),
        (b"ab\ncd\ref\r\n", 10, 1, 10, false),
        (b"a\r\r\nb", 5, 1, 4, false),
        (b"a\n\r\nb", 5, 1, 4, false),
        (b"\r\nabc", 5, 1, 3, false),
        (b"caf\xc3\xa9\r\n", 7, 1, 7, true),
    ];
    for (octets, count, lines, longest_line, eight_bit) in table {
        let expected = MessageFacts { octets: count, lines, longest_line, eight_bit, received: 0 };
        assert_eq!(measured(&[octets]), expected, "{}", octets.escape_ascii());
        let single: Vec<&[u8]> = octets.chunks(1).collect();
        assert_eq!(measured(&single), expected, "{}", octets.escape_ascii());
    }
}

#[test]
fn nothing_follows_421() {
    let mut model = transaction(1);
    answer(&mut model, "RCPT TO:<b@example.test>", &Reply::new(421, "mx.example.test"));
    assert_eq!(*model.state(), State::Closed);
    for line in ["NOOP", "EHLO client.test", "MAIL FROM:<>", "RSET", "FOO"] {
        answer(&mut model, line, &Reply::new(250, "OK"));
        assert_eq!(*model.state(), State::Closed, "{line}");
        assert!(crate::testing::expect(&model, line).rules.is_empty(), "{line}");
    }
    end_of_data(&mut model, 250);
    assert_eq!(*model.state(), State::Closed);
}

/// What the server did, whatever it should have done, decides where the session stands.
#[test]
fn the_state_follows_the_replies() {
    use State::{AwaitData, AwaitHello, AwaitMessage, AwaitRcpt, Closed, Ready, Unknown};
    let helo = ("HELO client.test", 250);
    let mail = ("MAIL FROM:<a@b.test>", 250);
    let rcpt = ("RCPT TO:<b@example.test>", 250);
    let table: [(&[(&str, u16)], State); 26] = [
        (&[], AwaitHello),
        (&[("HELO client.test", 501)], AwaitHello),
        (&[("NOOP", 250), ("VRFY b", 250), ("HELP", 214), ("EXPN b", 252)], AwaitHello),
        (&[("RSET", 250)], AwaitHello),
        (&[helo], Ready),
        (&[helo, helo], Ready),
        (&[helo, ("MAIL FROM:<a@b.test>", 451)], Ready),
        (&[mail], AwaitRcpt),
        (&[mail, ("RSET", 250)], AwaitHello),
        (&[helo, mail, ("RCPT TO:<b@example.test>", 550)], AwaitRcpt),
        (&[helo, mail, ("RCPT TO:<b@example.test>", 354)], Unknown),
        (&[helo, mail, rcpt], AwaitData),
        (&[helo, mail, ("RCPT TO:<b@example.test>", 251)], AwaitData),
        (&[helo, mail, rcpt, ("RCPT TO:<c@example.test>", 450)], AwaitData),
        (&[helo, mail, rcpt, ("MAIL FROM:<c@d.test>", 503)], AwaitData),
        (&[helo, mail, rcpt, ("MAIL FROM:<c@d.test>", 250)], AwaitRcpt),
        (&[helo, mail, rcpt, ("EHLO client.test", 504)], AwaitData),
        (&[helo, mail, rcpt, ("RSET now", 501)], AwaitData),
        (&[helo, mail, rcpt, ("QUIT now", 501)], AwaitData),
        (&[helo, mail, rcpt, ("QUIT", 221)], Closed),
        (&[helo, mail, rcpt, ("DATA", 451)], AwaitData),
        (&[helo, mail, rcpt, ("DATA", 354)], AwaitMessage),
        (&[helo, mail, rcpt, ("DATA", 355)], AwaitMessage),
        (&[helo, mail, rcpt, ("DATA", 250)], Unknown),
        (&[helo, mail, rcpt, ("NOOP", 354)], Unknown),
        (&[helo, mail, rcpt, ("NOOP", 354), ("EHLO client.test", 250)], Ready),
    ];
    for (exchanges, expected) in table {
        let model = session(exchanges);
        assert_eq!(*model.state(), expected, "{exchanges:?}");
        let open = matches!(expected, AwaitRcpt | AwaitData | AwaitMessage);
        assert!(expected == Closed || model.transaction().is_some() == open, "{exchanges:?}");
    }
}

#[test]
fn a_transaction_holds_what_was_accepted_in_it() {
    let mut model = extended(&["SIZE 1000", "8BITMIME"]);
    answer(&mut model, "MAIL FROM:<@r.test:a@b.test> size=5 BODY=7BIT", &Reply::new(250, "OK"));
    for (line, code) in [
        ("RCPT TO:<@r.test:b@example.test>", 250),
        ("RCPT TO:<c@example.test>", 550),
        ("RCPT TO:<postMaster>", 250),
        ("RCPT TO:what I mean", 250),
    ] {
        answer(&mut model, line, &Reply::new(code, "text"));
    }
    let open = model.transaction().unwrap();
    assert_eq!(open.reverse_path.as_deref(), Some(&b"a@b.test"[..]));
    let taken = [&b"b@example.test"[..], b"postMaster", b"RCPT TO:what I mean"];
    assert_eq!(open.recipients, taken);
    assert_eq!(open.parameter("SIZE"), Some(&b"5"[..]));
    assert_eq!(open.parameter("BODY"), Some(&b"7BIT"[..]));
    assert_eq!(open.parameter("RET"), None);
    let of = |line| session(&[(line, 250)]).transaction().unwrap().reverse_path.clone();
    assert_eq!(of("MAIL FROM:<>"), Some(Vec::new()));
    assert_eq!(of("SOML FROM:<a@b.test>"), Some(b"a@b.test".to_vec()));
    assert_eq!(of("MAIL FROM:what I mean"), None);
}

#[test]
fn what_is_offered_is_what_the_last_hello_told() {
    let mut model = extended(&["SIZE 1000", "8bitmime", ""]);
    let listed: Vec<&[u8]> = model.extensions().collect();
    assert_eq!(listed, [&b"SIZE"[..], b"8BITMIME", b""]);
    assert_eq!(model.offer("size"), Some(&b"1000"[..]));
    assert!(model.knows_offers());
    answer(&mut model, "HELO client.test", &Reply::multiline(250, ["mx.example.test", "SIZE"]));
    assert!(!model.offers("SIZE") && !model.knows_offers());
}

#[test]
fn received_fields_are_counted_in_the_header_only_however_it_is_cut() {
    let text = b"Received: a\r\n\tReceived: b\r\nRECEIVED: c\r\nReceive: d\r\n\r\nReceived: e\r\n";
    for size in [1, 3, text.len()] {
        let mut measure = Measure::default();
        text.chunks(size).for_each(|piece| measure.feed(piece));
        assert_eq!(measure.facts().received, 2);
    }
}

#[test]
fn tls_makes_the_session_begin_anew_and_the_server_forget_nothing_of_its_own() {
    let seed = [7; 16];
    let mut model =
        session(&[("EHLO client.test", 250), ("MAIL FROM:<a@b.test>", 250)]).with_seed(seed);
    assert_eq!(format!("{:?}", model.login()), format!("{:?}", Login::new(seed)));
    model.keep_waiting(vec![b"waiting.test".to_vec()]);
    let counts = format!("{:?}", model.counts());
    assert_ne!(counts, format!("{:?}", session(&[]).counts()));
    let name = model.expect_unasked().name;
    assert!(name.is_some());
    model.secure();
    assert!(model.is_secured() && model.hello().is_none() && model.transaction().is_none());
    assert_eq!(*model.state(), State::AwaitHello);
    assert_eq!(model.waiting().collect::<Vec<_>>(), [b"waiting.test"]);
    assert_eq!(format!("{:?}", model.counts()), counts);
    assert_eq!(model.expect_unasked().name, name);
    assert_eq!(format!("{:?}", model.login()), format!("{:?}", Login::new(seed).forgotten()));
    assert_eq!(model.login().exchanges, 1, "no challenge comes twice");
}
