//! What a finding shows: the event, the octets that were sent and those that came.

use super::*;

/// The last finding of a session, with the event, what was sent and what came.
fn last(watch: Watch) -> (String, usize, String, String) {
    let found = watch.into_findings().pop().expect("something was found");
    let shown = |octets: &[u8]| octets.escape_ascii().to_string();
    let Evidence { event, sent, received, .. } = found.evidence;
    let id = found.requirement.to_string().replace("rfc5321-", "");
    (id, event, shown(&sent), shown(&received))
}

fn shows(session: &[&str], id: &str, event: usize, sent: &str, received: &str) {
    let expected = (id.to_owned(), event, sent.to_owned(), received.to_owned());
    assert_eq!(last(watch(session).0), expected, "{session:?}");
}

#[test]
fn a_finding_shows_what_was_sent_and_what_came() {
    let table: [(&[&'static str], &str, usize, &str, &str); 9] = [
        (&[">NOOP\\r\\n", "<354 Go\\r\\n"], "4.1.1.9-1", 4, "NOOP\\r\\n", "354 Go\\r\\n"),
        (&[">NOOP\\r\\n", "<hello\\r\\n"], "4.2-2", 4, "", "hello\\r\\n"),
        (&[">NOOP\\r\\n", "<250 O\\x01K\\r\\n"], "4.2-7", 4, "", "250 O\\x01K\\r\\n"),
        (&[">NOOP\\r\\n", "<250\\r\\n"], "4.2-13", 4, "", "250\\r\\n"),
        (&["<250 OK\\r\\n"], "4.2-1", 3, "", "250 OK\\r\\n"),
        (&[">NOOP", "<250 OK\\r\\n"], "2.4-8", 4, "NOOP", "250 OK\\r\\n"),
        (&[">NOOP\\n", "<250 OK\\r\\n"], "2.3.8-1", 4, "NOOP\\n", "250 OK\\r\\n"),
        (
            &[">NOOP\\nHELP\\r\\n", "<250 OK\\r\\n", "<214 Help\\r\\n"],
            "2.3.8-1",
            5,
            "HELP\\r\\n",
            "214 Help\\r\\n",
        ),
        (
            &[">MAIL FROM:<>\\r\\n", "<250 OK\\r\\n", ">DATA\\r\\n", "<250 OK\\r\\n"],
            "4.3.2-16",
            6,
            "DATA\\r\\n",
            "250 OK\\r\\n",
        ),
    ];
    for (session, id, event, sent, received) in table {
        shows(&after_hello(session), id, event, sent, received);
    }
}

#[test]
fn a_finding_in_the_data_shows_the_reply() {
    let again = in_data(&[">text\\r\\n", "<354 Go\\r\\n"]);
    shows(&again, "4.2-1", 10, "", "354 Go\\r\\n");
    let early = in_data(&[">text\\r\\n", "<250 OK\\r\\n"]);
    shows(&early, "4.1.1.4-3", 10, "", "250 OK\\r\\n");
}

#[test]
fn a_line_that_does_not_end_is_shown_by_its_head() {
    let (mut watch, _) = watch(&after_hello(&[">NOOP\\r\\n"]));
    watch.received(4, &[b"250 ", "x".repeat(100_000).as_bytes()].concat());
    let (id, event, sent, received) = last(watch);
    assert_eq!((id.as_str(), event, sent.as_str()), ("4.5.3.1.5-1", 4, ""));
    assert!(received.starts_with("250 xxx") && received.len() < 10_000);
}

#[test]
fn silence_and_an_end_show_the_command_that_drew_no_reply() {
    let (mut silent, _) = watch(&after_hello(&[">NOOP\\r\\n"]));
    silent.silent(7);
    assert_eq!(last(silent), ("4.2-1".to_owned(), 7, "NOOP".to_owned(), String::new()));
    let (mut closed, _) = watch(&after_hello(&[">NOOP\\r\\n"]));
    closed.closed(8, Duration::ZERO);
    assert_eq!(last(closed), ("3.8-2".to_owned(), 8, "NOOP".to_owned(), String::new()));
}

#[test]
fn a_chunk_that_is_answered_early_is_shown_by_the_reply() {
    let session = [
        "<220 mx.test\\r\\n",
        ">EHLO c.test\\r\\n",
        "<250-mx.test\\r\\n250 CHUNKING\\r\\n",
        ">MAIL FROM:<>\\r\\n",
        "<250 OK\\r\\n",
        ">RCPT TO:<a@b.test>\\r\\n",
        "<250 OK\\r\\n",
        ">BDAT 5 LAST\\r\\nab",
        "<250 OK\\r\\n",
    ];
    shows(&session, "rfc3030-2-9", 8, "", "250 OK\\r\\n");
}

#[test]
fn a_reply_to_what_was_injected_is_shown() {
    let (mut watch, _) = watch(&after_hello(&[">STARTTLS\\r\\nNOOP\\r\\n", "<220 Go\\r\\n"]));
    watch.secured();
    watch.received(7, b"250 OK\r\n");
    let expected = ("rfc3207-6-7".to_owned(), 7, String::new(), "250 OK\\r\\n".to_owned());
    assert_eq!(last(watch), expected);
    // And so where the beginning of a line is there.
    let (mut watch, _) =
        super::watch(&after_hello(&[">STARTTLS\\r\\nNOOP\\r\\n", "<220 Go\\r\\n"]));
    watch.secured();
    watch.sent(b"NO");
    watch.received(7, b"250 OK\r\n");
    assert_eq!(last(watch), expected);
}

#[test]
fn what_was_injected_is_not_held_for_the_answer_to_what_comes_inside_tls() {
    let begin = || {
        let injected = [">STARTTLS\\r\\nRSET\\r\\n", "<220 Go\\r\\n"];
        let (mut watch, _) = watch(&after_hello(&injected));
        watch.secured();
        watch.sent(b"QUIT\r\n");
        watch.received(8, b"250 OK\r\n");
        watch
    };
    // Without one more reply, nobody can know.
    assert!(begin().into_findings().is_empty());
    let mut twice = begin();
    twice.received(9, b"221 mx.test\r\n");
    let expected = ("rfc3207-6-7".to_owned(), 8, String::new(), "250 OK\\r\\n".to_owned());
    assert_eq!(last(twice), expected);
}

#[test]
fn a_reply_to_a_chunk_for_nobody_is_shown_with_the_command() {
    let watch =
        super::phases::watch_of_lmtp(0, &[">BDAT 3 LAST\\r\\na\\r\\n", "<554 5.5.1 No\\r\\n"]);
    let (id, event, sent, received) = last(watch);
    assert_eq!((id.as_str(), event), ("rfc2033-4.3-3", 6));
    assert_eq!((sent.as_str(), received.as_str()), ("BDAT 3 LAST\\r\\n", "554 5.5.1 No\\r\\n"));
}

#[test]
fn an_lf_inside_tls_may_be_what_is_answered_there() {
    let inside = |sent: &[u8], reply: &[u8]| {
        let (mut watch, _) = super::watch(&after_hello(&[">STARTTLS\\r\\nH", "<220 Go\\r\\n"]));
        watch.secured();
        watch.sent(sent);
        watch.received(7, reply);
        let found = watch.into_findings();
        found.iter().map(|one| one.requirement.to_string()).collect::<Vec<_>>()
    };
    // aiosmtpd 1.4.6 throws away what came in the clear, and takes LF for a line.
    assert_eq!(inside(b"\n", b"500 What\r\n"), [""; 0]);
    assert_eq!(inside(b"N", b"500 What\r\n"), ["rfc3207-6-7"]);
}
