//! Where the watch stands in a session, and what it judges there.

use super::*;

#[test]
fn behind_turn_the_octets_are_no_replies() {
    let (mut watch, read_as) =
        watch(&after_hello(&[">TURN\\r\\n", "<250 OK\\r\\nEHLO mx.test\\r\\n", "<NOOP\\r\\n"]));
    assert_eq!(read_as.last().unwrap(), "250");
    assert_eq!(watch.take_leftover(), b"EHLO mx.test\r\nNOOP\r\n");
    assert_eq!(watch.take_leftover(), b"");
    assert!(!watch.takes_commands());
}

#[test]
fn a_quit_can_be_said_between_commands() {
    let takes = |session: &[&str]| watch(session).0.takes_commands();
    assert!(!takes(&[]), "the greeting comes first");
    assert!(takes(&after_hello(&[])));
    assert!(!takes(&after_hello(&[">NOOP\\r\\n"])), "a reply is due");
    assert!(!takes(&after_hello(&[">NOOP"])), "the line goes on");
    assert!(!takes(&in_data(&[])), "it would be text");
    assert!(takes(&after_hello(&["<250 OK\\r\\n"])), "nothing is known, so it may be tried");
}

#[test]
fn a_reply_may_have_any_number_of_lines() {
    let (mut watch, _) = watch(&after_hello(&[">HELP\\r\\n"]));
    let read_as = watch.received(4, "214-Help\r\n".repeat(2_000).as_bytes());
    assert!(read_as[1].starts_with("state unknown"), "{read_as:?}");
    assert_eq!(ids(watch), [""; 0]);
}

#[test]
fn what_may_be_tls_is_no_reply() {
    let tls = "<\\x16\\x03\\x01\\n\\n";
    let unasked = "<250 OK\\r\\n";
    for verb in [">STARTTLS\\r\\n", ">sTARTtls\\r\\n", ">SSTARTTLS\\r\\n"] {
        let session = after_hello(&[unasked, verb, "<220 Go\\r\\n", tls]);
        assert_eq!(broken(&session), ["4.2-1"], "{verb}: nobody knows whether it was obeyed");
        let long = format!("<250 {}", "x".repeat(10_000));
        let session: Vec<&str> = after_hello(&[unasked, verb]);
        assert_eq!(broken(&[&session[..], &[&long]].concat()), ["4.2-1"], "{verb}");
    }
    assert_eq!(broken(&after_hello(&[">STARTTLS\\r\\n", "<454 No\\r\\n", tls])), ["4.2-2"]);
    assert_eq!(broken(&after_hello(&[unasked, ">STARTTL\\r\\n", tls])), ["4.2-1", "4.2-2"]);
}
