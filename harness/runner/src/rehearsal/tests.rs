use super::*;

/// The kind of hindrance in a session of these lines: what was said, and the reply.
fn kind(tls: Tls, lines: &[(&str, &str)]) -> Option<Kind> {
    let mut transcript = Transcript::default();
    let mut push = |what| {
        transcript.push(Duration::ZERO, 0, what);
    };
    for (said, reply) in lines {
        if !said.is_empty() {
            push(Happening::Sent { octets: said.as_bytes().to_vec() });
        }
        // A reply may come in pieces.
        let (head, tail) = reply.as_bytes().split_at(2);
        push(Happening::Received { octets: head.to_vec() });
        push(Happening::Received { octets: tail.to_vec() });
    }
    let profile = Profile { tls, ..Profile::default() };
    Hindrance::of(&transcript, &profile).map(|found| found.kind)
}

#[test]
fn each_hindrance_is_known_by_its_reply() {
    const HELLO: [(&str, &str); 2] = [("", "220 mx\r\n"), ("EHLO us\r\n", "250 mx\r\n")];
    let after = |more: &[(&str, &str)]| kind(Tls::None, &[&HELLO, more].concat());
    let (mail, rcpt) = ("MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n");
    let ok = (mail, "250 ok\r\n");
    assert_eq!(kind(Tls::None, &[("", "421 busy\r\n")]), Some(Kind::Busy));
    assert_eq!(kind(Tls::None, &[("", "554 no\r\n")]), Some(Kind::NoService));
    assert_eq!(after(&[(mail, "421 4.7.0 too many\r\n")]), Some(Kind::Limits));
    assert_eq!(after(&[(mail, "550 5.1.8 no\r\n")]), Some(Kind::Sender));
    assert_eq!(after(&[ok, (rcpt, "550 5.1.1 who\r\n")]), Some(Kind::Mailbox));
    assert_eq!(after(&[ok, (rcpt, "554 5.7.1 relaying denied\r\n")]), Some(Kind::Mailbox));
    assert_eq!(after(&[ok, (rcpt, "451 4.7.1 greylisted\r\n")]), Some(Kind::Greylisting));
    let starttls = "530 5.7.0 Must issue a STARTTLS command first\r\n";
    let login = "530 5.7.0 Authentication required\r\n";
    assert_eq!(after(&[(mail, starttls)]), Some(Kind::WantsTls));
    assert_eq!(after(&[(mail, login)]), Some(Kind::WantsLogin));
    assert_eq!(after(&[ok, (rcpt, login)]), Some(Kind::WantsLogin));
    assert_eq!(after(&[("STARTTLS\r\n", "502 what\r\n")]), Some(Kind::NoTls));
    assert_eq!(after(&[("AUTH PLAIN x\r\n", "535 5.7.8 bad\r\n")]), Some(Kind::Login));
    assert_eq!(after(&[ok, (rcpt, "250 ok\r\n"), ("RSET\r\n", "250 ok\r\n")]), None);
    assert_eq!(after(&[ok, (rcpt, "250 ok\r\n"), ("RSET\r\n", "500 what\r\n")]), None);
    // Inside TLS it can't be TLS that is missing.
    let inside = kind(Tls::StartTls, &[&HELLO[..], &[(mail, starttls)]].concat());
    assert_eq!(inside, Some(Kind::WantsLogin));
}

#[test]
fn who_knows_no_ehlo_may_know_helo() {
    let old = [("", "220 mx\r\n"), ("EHLO us\r\n", "502 what\r\n"), ("HELO us\r\n", "250 mx\r\n")];
    assert_eq!(kind(Tls::None, &old), None);
    let none = [old[0], old[1], ("HELO us\r\n", "550 no\r\n")];
    assert_eq!(kind(Tls::None, &none), Some(Kind::Name));
    assert_eq!(kind(Tls::None, &old[..2]), Some(Kind::Name));
}

#[test]
fn what_is_no_reply_tells_nothing() {
    assert_eq!(kind(Tls::None, &[("", "hello\r\n"), ("EHLO us\r\n", "\u{1b}[31m\r\n")]), None);
    assert_eq!((code_of(b""), code_of(b"25"), code_of(b"2x0 a")), (0, 0, 0));
}

#[test]
fn the_sentence_is_one_line_whatever_the_server_said() {
    let mut transcript = Transcript::default();
    let reply = b"421 \x1b[2J come back\r\n".to_vec();
    transcript.push(Duration::ZERO, 0, Happening::Received { octets: reply });
    let found = Hindrance::of(&transcript, &Profile::default()).unwrap().to_string();
    assert!(found.contains(r"`421 \x1b[2J come back`") && !found.contains('\n'), "{found}");
}
