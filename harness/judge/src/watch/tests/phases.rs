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

const CHUNKING: [&str; 3] =
    ["<220 mx.test\\r\\n", ">EHLO c.test\\r\\n", "<250-mx.test\\r\\n250 CHUNKING\\r\\n"];

#[test]
fn behind_a_chunk_without_a_size_the_session_is_known_only_where_no_octets_can_have_been_read() {
    let behind = |bdat| {
        let more = [bdat, "<501 No\\r\\n", ">NOOP\\r\\n", "<354 Go\\r\\n"];
        broken(&[&CHUNKING[..], &more].concat())
    };
    assert_eq!(behind(">BDAT LAST\\r\\n"), ["4.3.1-7", "4.1.1.9-1"]);
    assert_eq!(behind(">BDAT 0x5\\r\\n"), [""; 0], "it may have read five octets");
}

#[test]
fn who_goes_on_before_the_challenge_may_be_refused_for_it() {
    let session = |response, more: &[&'static str]| {
        let opening: [&str; 6] = [
            "<220 mx.test\\r\\n",
            ">EHLO c.test\\r\\n",
            "<250-mx.test\\r\\n250 AUTH LOGIN\\r\\n",
            ">AUTH LOGIN\\r\\n",
            "<334 VXNlcm5hbWU6\\r\\n",
            response,
        ];
        broken(&[&opening[..], more].concat())
    };
    let refused = ["<235 Welcome\\r\\n", ">NOOP\\r\\n", "<554 No\\r\\n"];
    let patient = ["<334 UGFzc3dvcmQ6\\r\\n", ">c2VjcmV0\\r\\n"];
    let hasty = ["<334 UGFzc3dvcmQ6\\r\\n"];
    assert_ne!(session(">Ym9i\\r\\n", &[&patient[..], &refused].concat()), [""; 0]);
    assert_eq!(session(">Ym9i\\r\\nc2VjcmV0\\r\\n", &[&hasty[..], &refused].concat()), [""; 0]);
}

/// What the watch finds in a session of LMTP with so many recipients, and a chunk for them.
fn chunk_for(recipients: usize, more: &[&'static str]) -> Vec<String> {
    ids(watch_of_lmtp(recipients, more))
}

/// A watch that has seen a session of LMTP with so many recipients, and then this.
pub(super) fn watch_of_lmtp(recipients: usize, more: &[&'static str]) -> Watch {
    let mut watch = Watch::new(Protocol::Lmtp);
    let mut opening = vec![
        "<220 mx.test\\r\\n",
        ">LHLO c.test\\r\\n",
        "<250-mx.test\\r\\n250-PIPELINING\\r\\n250-8BITMIME\\r\\n250-ENHANCEDSTATUSCODES\\r\\n250 CHUNKING\\r\\n",
        ">MAIL FROM:<>\\r\\n",
        "<250 2.1.0 OK\\r\\n",
    ];
    opening.extend([">RCPT TO:<a@b.test>\\r\\n", "<250 2.1.5 OK\\r\\n"].repeat(recipients));
    for (event, line) in opening.iter().chain(more).enumerate() {
        let octets = smtpspec_protocol::escape::unescape(&line[1..]).expect("it is well escaped");
        match &line[..1] {
            "<" => drop(watch.received(event, &octets)),
            _ => watch.sent(&octets),
        }
    }
    watch
}

#[test]
fn the_last_chunk_is_answered_for_each_recipient_in_lmtp() {
    const LAST: &str = ">BDAT 3 LAST\\r\\na\\r\\n";
    const TAKEN: &str = "<250 2.0.0 OK\\r\\n";
    const REFUSED: &str = "<550 5.0.0 No\\r\\n";
    const NOOP: &str = ">NOOP\\r\\n";
    let none = [""; 0];
    assert_eq!(chunk_for(2, &[LAST, TAKEN, REFUSED, NOOP, TAKEN]), none);
    assert_eq!(chunk_for(2, &[LAST, REFUSED, TAKEN, ">MAIL FROM:<>\\r\\n", TAKEN]), none);
    assert_eq!(chunk_for(2, &[LAST, TAKEN, TAKEN, TAKEN]), ["4.2-1"]);
    assert_eq!(chunk_for(2, &[">BDAT 3\\r\\na\\r\\n", TAKEN, TAKEN]), ["4.2-1"]);
    assert_eq!(chunk_for(2, &[LAST, TAKEN, "<354 Go\\r\\n"]).len(), 1);
    assert_eq!(chunk_for(0, &[LAST, NOOP, TAKEN]), none);
    assert_eq!(chunk_for(0, &[LAST, REFUSED]), ["rfc2033-4.3-3"]);
    assert!(!chunk_for(0, &[LAST, NOOP, REFUSED, TAKEN]).is_empty());
    assert_eq!(chunk_for(0, &[">BDAT 3\\r\\na\\r\\n", REFUSED, NOOP, TAKEN]), none);
    // Behind a chunk that failed nobody knows.
    let failed = [">BDAT 3\\r\\na\\r\\n", REFUSED, LAST, REFUSED, REFUSED, TAKEN];
    assert_eq!(chunk_for(2, &failed), none);
}

#[test]
fn a_line_may_be_refused_once_it_is_longer_than_any_has_to_be() {
    let refused = |octets: usize| {
        let line: &'static str = format!(">NOOP {}", "x".repeat(octets - 5)).leak();
        broken(&after_hello(&[line, "<500 Too long\\r\\n"]))
    };
    assert_eq!(refused(512), ["2.4-8"], "its end may come yet");
    assert_eq!(refused(513), [""; 0]);
    assert_eq!(refused(900), [""; 0]);
}

#[test]
fn an_endless_chunk_may_be_refused_at_once_and_a_short_one_not() {
    let refused = |bdat| {
        let more = [
            ">MAIL FROM:<>\\r\\n",
            "<250 OK\\r\\n",
            ">RCPT TO:<a@b.test>\\r\\n",
            "<250 OK\\r\\n",
            bdat,
            "<552 Too much\\r\\n",
        ];
        broken(&[&CHUNKING[..], &more].concat())
    };
    assert_eq!(refused(">BDAT 5 LAST\\r\\nab"), ["rfc3030-2-15"]);
    assert_eq!(refused(">BDAT 9999999999 LAST\\r\\nab"), [""; 0]);
}

#[test]
fn how_a_message_for_nobody_is_answered_in_lmtp_can_not_be_known() {
    const NO: &str = "<554 5.5.1 No\\r\\n";
    let session = [">DATA\\r\\n", "<354 Go\\r\\n", ">.\\r\\n", NO, NO, NO];
    assert_eq!(chunk_for(0, &session), ["rfc2033-4.2-1"]);
}

#[test]
fn a_220_behind_another_command_may_answer_starttls_and_awaits_a_handshake() {
    // Of two replies one was lost on the way, so all that follows is held for the wrong answers.
    let late = after_hello(&[
        ">STARTTLS\\r\\n",
        "<500 What\\r\\n",
        ">VRFY a@b.test\\r\\nNOOP\\r\\n",
        "<220 Go\\r\\n",
    ]);
    let (mut watch, read_as) = watch(&late);
    assert!(read_as.last().is_some_and(|word| word.contains("STARTTLS")), "{read_as:?}");
    watch.silent(9);
    assert!(watch.into_findings().iter().all(|one| one.requirement.as_str() != "rfc5321-4.2-1"));
    assert_eq!(broken(&after_hello(&[">NOOP\\r\\n", "<220 Go\\r\\n"])).len(), 1);
}

#[test]
fn a_220_that_is_left_over_shows_that_the_success_before_it_answered_nothing() {
    let broken = |reply: &'static str| {
        let session =
            ["<220 mx.test\\r\\n", ">EHLO c.test\\r\\n", "<250-mx.test\\r\\n250 STARTTLS\\r\\n"];
        broken(&[&session[..], &[">STARTTLS\\r\\n", reply]].concat())
    };
    assert_eq!(broken("<250 OK id=1\\r\\n220 Go\\r\\n"), ["4.2-1"]);
    assert_eq!(broken("<250 OK\\r\\n").len(), 1);
    assert_ne!(broken("<250 OK\\r\\n"), ["4.2-1"]);
}

#[test]
fn of_a_group_that_comes_out_uneven_nothing_is_believed() {
    let group = after_hello(&[
        ">RCPT TO:<a@b.test>\\r\\nEXPN a\\r\\nNOOP\\r\\n",
        "<503 No\\r\\n",
        "<250 OK id=1\\r\\n",
    ]);
    let mut closed = watch(&group).0;
    assert_ne!(
        ids(watch(&group).0),
        [""; 0],
        "EXPN draws mailboxes, as long as the session goes on"
    );
    closed.closed(9, Duration::ZERO);
    assert_eq!(ids(closed), [""; 0], "it may have come unasked, and EXPN have drawn nothing");

    let even = after_hello(&[
        ">RCPT TO:<a@b.test>\\r\\nEXPN a\\r\\nQUIT\\r\\n",
        "<503 No\\r\\n",
        "<250 OK id=1\\r\\n",
        "<221 Bye\\r\\n",
    ]);
    let mut even = watch(&even).0;
    even.closed(9, Duration::ZERO);
    assert_ne!(ids(even), [""; 0], "each has its reply");

    let mut alone = watch(&after_hello(&[">EXPN a\\r\\n", "<250 OK id=1\\r\\n"])).0;
    alone.closed(9, Duration::ZERO);
    assert_ne!(ids(alone), [""; 0], "it was sent when nothing else was to come");

    let raced = [">EXPN a\\r\\n", "<250 OK id=1\\r\\n", ">XYZ\\r\\n", "<550 No\\r\\n"];
    let mut raced = watch(&after_hello(&raced)).0;
    raced.doubt_uneven_end();
    assert_eq!(ids(raced), [""; 0], "550 may be for EXPN, and XYZ have drawn nothing");
}

#[test]
fn of_two_replies_to_one_command_neither_is_held_against_it() {
    let two = after_hello(&[">EXPN a\\r\\n", "<250 OK id=1\\r\\n354 Go\\r\\n"]);
    assert_eq!(broken(&two), ["4.2-1"]);
}

#[test]
fn who_wants_tls_inside_tls_may_be_refused_all() {
    let within_tls = |first: &'static str, reply: &'static str| {
        let (mut watch, _) = watch(&after_hello(&[">STARTTLS\\r\\n", "<220 Go\\r\\n"]));
        watch.secured();
        for (event, (sent, heard)) in
            [(first, reply), ("NOOP\r\n", "554 Security failure\r\n")].into_iter().enumerate()
        {
            watch.sent(sent.as_bytes());
            watch.received(event + 9, heard.as_bytes());
        }
        ids(watch)
    };
    assert_eq!(within_tls("STARTTLS\r\n", "554 Already in TLS\r\n"), [""; 0]);
    assert_ne!(within_tls("RSET\r\n", "250 OK\r\n"), [""; 0]);
}

#[test]
fn a_success_in_a_group_for_what_no_success_answers_is_not_believed() {
    let in_group = ">RCPT TO:<a@b.test>\\r\\nDATA\\r\\n";
    let alone = [">RCPT TO:<a@b.test>\\r\\n", "<503 No\\r\\n", ">DATA\\r\\n", "<250 OK\\r\\n"];
    assert_eq!(broken(&after_hello(&[in_group, "<503 No\\r\\n", "<250 OK\\r\\n"])), [""; 0]);
    assert_ne!(broken(&after_hello(&alone)), [""; 0]);
}

#[test]
fn behind_a_line_with_an_lf_inside_a_refusal_tells_nothing_where_all_is_refused() {
    let patience = [[">NOOP\\r\\n", "<250 OK\\r\\n"]; 11].concat();
    let refused = [">a\\nb\\r\\n", "<554 No\\r\\n", ">DATA\\r\\n", "<554 No\\r\\n"];
    let late = [">QUIT\\r\\n", "<503 No\\r\\n", "<221 mx.test\\r\\n"];
    assert_eq!(broken(&after_hello(&[&patience[..], &refused, &late].concat())), [""; 0]);
}

#[test]
fn what_a_lone_cr_in_data_in_flight_drew_is_held_against_no_command() {
    let group = ">Hi\\r.\\r\\r\\nRSET\\r\\n.\\r\\nMAIL FROM:<>\\r\\nNOOP\\r\\n";
    let replies = "<250 OK\\r\\n250 OK\\r\\n354 Go\\r\\n";
    assert_eq!(broken(&in_data(&[group, replies])), [""; 0]);
}

#[test]
fn behind_a_chunk_that_failed_the_answer_to_a_lone_lf_is_one_to_that() {
    let more = [">BDAT 4\\r\\nNOOP", "<503 No\\r\\n", ">NOOP\\n", "<250 OK\\r\\n"];
    assert_eq!(broken(&[&CHUNKING[..], &more].concat()), ["2.3.8-1"]);
    let refused = [&more[..3], &["<500 No\\r\\n"]].concat();
    assert_eq!(broken(&[&CHUNKING[..], &refused].concat()), [""; 0]);
}

#[test]
fn behind_a_line_with_an_lf_inside_nothing_is_known_of_a_group() {
    // As a server reads it that takes LF, and has the wrong code for HELP.
    let group = ">a\\nHELP\\r\\nNOOP\\r\\nQUIT\\r\\n";
    let replies = "<500 No\\r\\n250 Help\\r\\n250 OK\\r\\n221 mx.test\\r\\n";
    assert_eq!(broken(&after_hello(&[group, replies])), [""; 0]);
}

#[test]
fn the_octets_of_a_size_that_nobody_counts_may_be_awaited() {
    let due = |bdat| watch(&[&CHUNKING[..], &[bdat]].concat()).0.due();
    assert_eq!(due(">BDAT 99999999999999999999999999 LAST\\r\\n"), Due::Perhaps);
    assert_eq!(due(">BDAT 0x5\\r\\n"), Due::Reply);
}
