use std::time::Duration;

use super::*;

mod evidence;
mod phases;

/// Lets the watch see a session: lines that begin with `<` are the server's, those with `>` the
/// client's, and `\` stands for what it stands for.
fn watch(session: &[&str]) -> (Watch, Vec<String>) {
    let (mut watch, mut read_as) = (Watch::new(Protocol::Smtp), Vec::new());
    for (event, line) in session.iter().enumerate() {
        let octets = smtpspec_protocol::escape::unescape(&line[1..]).expect("it is well escaped");
        match &line[..1] {
            "<" => read_as.extend(watch.received(event, &octets)),
            _ => watch.sent(&octets),
        }
    }
    (watch, read_as)
}

/// The requirements that a session breaks, without the RFC's number.
fn broken(session: &[&str]) -> Vec<String> {
    ids(watch(session).0)
}

fn ids(watch: Watch) -> Vec<String> {
    let found = watch.into_findings();
    found.iter().map(|found| found.requirement.to_string().replace("rfc5321-", "")).collect()
}

const OPENING: [&str; 3] =
    ["<220 mx.test\\r\\n", ">EHLO c.test\\r\\n", "<250-mx.test\\r\\n250 HELP\\r\\n"];

fn after_hello(more: &[&'static str]) -> Vec<&'static str> {
    [&OPENING, more].concat()
}

const IN_DATA: [&str; 6] = [
    ">MAIL FROM:<>\\r\\n",
    "<250 OK\\r\\n",
    ">RCPT TO:<a@b.test>\\r\\n",
    "<250 OK\\r\\n",
    ">DATA\\r\\n",
    "<354 Go\\r\\n",
];

fn in_data(more: &[&'static str]) -> Vec<&'static str> {
    after_hello(&[&IN_DATA, more].concat())
}

#[test]
fn texts_are_judged_with_their_place() {
    let (watch, _) = watch(&["<220 mx.test\r\n", ">EHLO c\r\n", "<250-mx.test\r\n250 SI_ZE\r\n"]);
    let found = watch.into_findings();
    let evidence = &found[0].evidence;
    assert_eq!(found.len(), 1);
    assert_eq!(evidence.received[evidence.at.unwrap()], b'_');
}

#[test]
fn a_success_after_a_look_alike_names_the_rule_of_its_kind() {
    for (text, id) in [
        ("a\\n.\\n", "4.1.1.4-7"),
        ("a\\n.\\r\\n", "2.3.8-1"),
        ("a\\r\\n.\\n", "2.3.8-1"),
        ("a\\r.\\r", "2.3.8-1"),
        ("a\\r\\n.", "4.1.1.4-3"),
        ("a\\n.\\n\\r.\\r\\n", "4.1.1.4-3"),
    ] {
        let sent: &'static str = format!(">{text}x").leak();
        assert_eq!(broken(&in_data(&[sent, "<250 OK\\r\\n"])), [id], "{text}");
        assert_eq!(broken(&in_data(&[sent, "<550 No\\r\\n"])), [""; 0], "{text}");
    }
}

#[test]
fn what_follows_a_look_alike_is_read_as_the_server_reads_it() {
    let smuggled = ">a\\n.\\nRCPT TO:<b@c.test>\\r\\n";
    let session = in_data(&[smuggled, "<250 OK\\r\\n", "<250 OK\\r\\n"]);
    assert_eq!(broken(&session), ["4.1.1.4-7", "3.3-15"], "RCPT without MAIL was taken");
    let session =
        in_data(&[smuggled, "<250 OK\\r\\n", "<503 No\\r\\n", ">NOOP\\r\\n", "<250 OK\\r\\n"]);
    assert_eq!(broken(&session), ["4.1.1.4-7"]);
}

#[test]
fn what_was_smuggled_shows_by_the_reply_after_the_message() {
    let sent = ">a\\n.\\nMAIL FROM:<>\\r\\n.\\r\\n";
    let honest = in_data(&[sent, "<250 OK\\r\\n", ">QUIT\\r\\n", "<221 mx.test\\r\\n"]);
    assert_eq!(broken(&honest), [""; 0]);
    let split = in_data(&[sent, "<250 OK\\r\\n", "<250 OK\\r\\n"]);
    assert_eq!(broken(&split), ["4.1.1.4-7"]);
    let late = in_data(&[sent, "<250 OK\\r\\n", ">QUIT\\r\\n", "<250 OK\\r\\n500 What\\r\\n"]);
    assert_eq!(broken(&late), ["4.1.1.4-7"]);
    let refused = in_data(&[sent, "<250 OK\\r\\n", "<503 No\\r\\n"]);
    assert_eq!(broken(&refused), ["4.1.1.4-7"], "nothing else in it can draw two replies");
    let refused = in_data(&[sent, "<550 No\\r\\n", "<503 No\\r\\n"]);
    assert_eq!(broken(&refused), ["4.2-1"], "one reply too many, whatever the reason");
}

#[test]
fn where_all_was_on_its_way_refusals_behind_odd_data_tell_nothing() {
    // Postfix ends the data at the first line, calls `b` unknown, and leaves a client that says a dot.
    let sent = [">.\\r\\r\\nb\\r\\n.\\r\\n", ">NOOP string\\r\\n"];
    let then = |reply| broken(&in_data(&[&sent[..], &[reply]].concat()));
    assert_eq!(then("<250 OK\\r\\n500 What\\r\\n221 Bye\\r\\n"), [""; 0]);
    // A success for what was refused otherwise still tells.
    let sent = [">a\\n.\\nMAIL FROM:<>\\r\\n.\\r\\n", ">DATA\\r\\n"];
    let then = |reply| broken(&in_data(&[&sent[..], &[reply]].concat()));
    assert_eq!(then("<250 OK\\r\\n250 OK\\r\\n"), ["4.1.1.4-7"]);
}

#[test]
fn a_wrong_reply_after_odd_data_is_not_taken_for_smuggling() {
    let text = [">.\\r\\r\\n.\\r\\n", "<250 OK\\r\\n"];
    let then = |more: &[&'static str]| broken(&in_data(&[&text, more].concat()));
    assert_eq!(then(&[">VRFY a@b.test\\r\\n", "<220 it is\\r\\n"]), [""; 0]);
    // Where nothing was asked, a reply shows that something else was read.
    assert_eq!(then(&["<250 OK\\r\\n"]), ["2.3.8-1"]);
}

#[test]
fn a_recommendation_not_heeded_is_no_proof_of_another_reading() {
    let sent = [">a\\n.\\nVRFY b\\r\\n.\\r\\n", "<250 OK\\r\\n", ">DATA\\r\\n"];
    let then = |reply| broken(&in_data(&[&sent[..], &[reply]].concat()));
    assert_eq!(then("<550 No\\r\\n"), [""; 0], "503 and 554 are only recommended");
    assert_eq!(then("<250 <b@c.test>\\r\\n"), ["4.1.1.4-7"], "no DATA is answered so");
}

#[test]
fn a_second_reply_to_odd_data_tells_of_the_data_whatever_its_code() {
    let text = [">.\\n\\r\\n.\\r\\n", "<250 OK\\r\\n554 synchronization error\\r\\n"];
    assert_eq!(broken(&in_data(&text)), ["2.3.8-1"]);
}

#[test]
fn a_wrong_reply_after_a_line_too_long_is_not_taken_for_a_second_one() {
    let long = format!(">NOOP {}\\r\\n", "x".repeat(600));
    let mut session = after_hello(&[]);
    session.extend([long.as_str(), "<500 what\\r\\n", ">EXPN a@b.test\\r\\n", "<502 no\\r\\n"]);
    assert!(!broken(&session).contains(&"4.2-1".to_owned()));
}

#[test]
fn where_cr_and_lf_stand_together_nobody_knows_where_a_server_parts_the_line() {
    let mixed = after_hello(&[
        ">NOOP\\r\\0\\nNOOP\\r\\nRSET\\r\\nDATA\\r\\n",
        "<250 OK\\r\\n250 OK\\r\\n250 OK\\r\\n503 No\\r\\n",
    ]);
    assert_eq!(broken(&mixed), [""; 0]);
}

#[test]
fn what_a_client_leaves_unfinished_may_be_refused() {
    let left = |reply: &'static str| {
        let (mut watch, _) = watch(&after_hello(&[">NOO"]));
        watch.ended();
        watch.received(9, reply.as_bytes());
        ids(watch)
    };
    assert_eq!(left("500 What\r\n"), [""; 0]);
    assert_eq!(left("250 OK\r\n"), ["2.4-8"]);
}

#[test]
fn a_line_that_is_split_shows_by_the_second_reply() {
    let sent = ">NOOP\\nNOOP\\r\\n";
    assert_eq!(broken(&after_hello(&[sent, "<250 OK\\r\\n"])), [""; 0]);
    assert_eq!(broken(&after_hello(&[sent, "<250 OK\\r\\n", "<250 OK\\r\\n"])), ["2.3.8-1"]);
    let quits = after_hello(&[sent, "<250 OK\\r\\n", ">QUIT\\r\\n", "<221 mx.test\\r\\n"]);
    assert_eq!(broken(&quits), [""; 0], "one line, that was understood somehow");
    let split = after_hello(&[sent, "<250 OK\\r\\n", ">QUIT\\r\\n", "<250 OK\\r\\n221 Bye\\r\\n"]);
    assert_eq!(broken(&split), ["2.3.8-1", "4.2.2-2"], "and the session is followed on");
    let refused = after_hello(&[sent, "<500 Lone LF\\r\\n", ">QUIT\\r\\n", "<221 mx.test\\r\\n"]);
    assert_eq!(broken(&refused), [""; 0]);
}

#[test]
fn a_line_with_cr_or_lf_may_be_refused_with_any_code() {
    for line in [">NOOP\\nNOOP\\r\\n", ">NOOP\\rNOOP\\r\\n"] {
        assert_eq!(broken(&after_hello(&[line, "<554 Lone CR or LF\\r\\n"])), [""; 0]);
    }
}

#[test]
fn haste_may_be_refused_whatever_was_said() {
    let haste = [">NOOP\\r\\nNOOP\\r\\n", "<554 Wait\\r\\n", "<554 Wait\\r\\n"];
    assert_eq!(broken(&after_hello(&haste)), [""; 0]);
    assert_eq!(broken(&after_hello(&[">NOOP\\r\\n", "<554 No\\r\\n"])), ["4.1.1.9-1"]);
    let behind_data = [">x\\r\\n.\\r\\nNOOP\\r\\n", "<250 OK\\r\\n", "<554 Wait\\r\\n"];
    assert_eq!(broken(&in_data(&behind_data)), [""; 0]);
}

#[test]
fn much_talk_may_be_cut_short() {
    let noop = [">NOOP\\r\\n", "<250 OK\\r\\n"].repeat(12);
    let session = after_hello(&[noop, vec![">NOOP\\r\\n", "<554 Enough\\r\\n"]].concat());
    assert_eq!(broken(&session), [""; 0]);
}

#[test]
fn which_of_two_rules_a_line_with_lf_breaks_is_told_by_the_next_reply() {
    let sent = ">MAIL FROM:<a@b.test>\\nRCPT TO:<c@d.test>\\r\\n";
    assert_eq!(broken(&after_hello(&[sent, "<250 OK\\r\\n"])), [""; 0]);
    assert_eq!(broken(&after_hello(&[sent, "<250 OK\\r\\n", "<250 OK\\r\\n"])), ["2.3.8-1"]);
    let one = after_hello(&[sent, "<250 OK\\r\\n", ">QUIT\\r\\n", "<221 mx.test\\r\\n"]);
    assert_eq!(broken(&one), ["4.1.2-24"]);
}

#[test]
fn a_command_is_to_be_whole_before_it_is_obeyed() {
    for (sent, reply, id) in [
        (">NOOP", "<250 OK\\r\\n", Some("2.4-8")),
        (">NOOP\\n", "<250 OK\\r\\n", Some("2.3.8-1")),
        (">NOOP\\r", "<250 OK\\r\\n", Some("2.3.8-1")),
        (">NOOP\\n", "<500 Lone LF\\r\\n", None),
        (">NOOP", "<451 Timeout\\r\\n", None),
        (">NOOP", "<421 mx.test Timeout\\r\\n", None),
        (">\\x16\\x03", "<500 What\\r\\n", None),
    ] {
        let found = broken(&after_hello(&[sent, reply]));
        assert_eq!(found, id.into_iter().collect::<Vec<_>>(), "{sent} {reply}");
    }
}

#[test]
fn after_lf_was_taken_for_a_line_end_the_session_goes_on() {
    let session = after_hello(&[">RCPT TO:<a@b.test>\\nNOOP\\n", "<250 OK\\r\\n", "<250 OK\\r\\n"]);
    assert_eq!(broken(&session), ["2.3.8-1", "3.3-15"]);
}

#[test]
fn unasked_a_server_says_421_or_nothing() {
    assert_eq!(broken(&after_hello(&["<250 OK\\r\\n"])), ["4.2-1"]);
    assert_eq!(broken(&after_hello(&["<421 mx.test closing\\r\\n"])), [""; 0]);
    assert_eq!(broken(&after_hello(&["<421 Busy\\r\\n"])), ["4.2.2-2"]);
    let gone = [">QUIT\\r\\n", "<221 mx.test\\r\\n", "<421 mx.test\\r\\n", "<500 X\\r\\n"];
    assert_eq!(broken(&after_hello(&gone)), [""; 0]);
}

#[test]
fn a_reply_that_nobody_asked_for_is_known_by_those_behind_it() {
    // All that is said against the answers is that one of them is none.
    let found = |exchange: &[&'static str]| {
        let found = watch(&after_hello(exchange)).0.into_findings();
        found.into_iter().map(|one| (one.requirement.as_str(), one.evidence.event)).collect()
    };
    let stray = |event: usize| vec![("rfc5321-4.2-1", event)];
    let quit = [">QUIT\\r\\n", "<250 OK id=1\\r\\n221 mx.test\\r\\n"];
    let first: Vec<_> = found(&quit);
    assert_eq!(first, stray(4));
    // Two answers went astray behind it, and that to DATA left the state unknown.
    let later = [">QXX\\r\\n", ">DATA\\r\\n", "<250 OK\\r\\n500 X\\r\\n503 X\\r\\n"];
    let group: Vec<_> = found(&later);
    assert_eq!(group, stray(5));
    let data = [">DATA\\r\\n", "<250 OK\\r\\n", "<503 X\\r\\n"];
    let lost: Vec<_> = found(&data);
    assert_eq!(lost, stray(4));
    // Where nothing is left over, each is what it seems.
    let wrong: Vec<_> = found(&[">QUIT\\r\\n", "<250 OK\\r\\n"]);
    assert_eq!(wrong, [("rfc5321-4.1.1.10-1", 4)]);
    // And so where what is left over would be as wrong.
    let both: Vec<_> = found(&[">QUIT\\r\\n", "<250 OK\\r\\n", "<354 OK\\r\\n"]);
    assert_eq!(both[0], ("rfc5321-4.1.1.10-1", 4));
}

#[test]
fn a_line_too_long_draws_one_reply() {
    let long: &'static str = format!(">NOOP {}\\r\\n", "x".repeat(600)).leak();
    let twice = [long, "<500 Too long\\r\\n", "<500 Too long\\r\\n"];
    assert_eq!(broken(&after_hello(&twice)), ["4.2-1"]);
    let late =
        [long, "<500 Too long\\r\\n", ">QUIT\\r\\n", "<500 Too long\\r\\n", "<221 mx.test\\r\\n"];
    assert_eq!(broken(&after_hello(&late)), ["4.2-1"]);
    let once = [long, "<500 Too long\\r\\n", ">QUIT\\r\\n", "<250 mx.test\\r\\n"];
    assert_eq!(broken(&after_hello(&once)), ["4.1.1.10-1"]);
}

#[test]
fn what_only_a_login_draws_is_no_second_reply_to_a_line_too_long() {
    let long: &'static str = format!(">NOOP {}\\r\\n", "x".repeat(600)).leak();
    let hello =
        ["<220 mx.test\\r\\n", ">EHLO c.test\\r\\n", "<250-mx.test\\r\\n250 AUTH PLAIN\\r\\n"];
    let begun = [">MAIL FROM:<>\\r\\n", "<250 OK\\r\\n", long, "<500 Too long\\r\\n"];
    let login = [">AUTH PLAIN AGV2ZQB3cm9uZw==\\r\\n", "<535 No\\r\\n"];
    let found = ids(watch(&[&hello[..], &begun, &login].concat()).0);
    assert_eq!(found, ["rfc4954-4-6"]);
}

#[test]
fn a_response_too_long_draws_one_reply() {
    let long: &'static str = format!(">{}\\r\\n", "YWFh".repeat(4000)).leak();
    let hello =
        ["<220 mx.test\\r\\n", ">EHLO c.test\\r\\n", "<250-mx.test\\r\\n250 AUTH PLAIN\\r\\n"];
    let begun = [">AUTH PLAIN\\r\\n", "<334 \\r\\n", long, "<501 X\\r\\n"];
    let late = [">NOOP\\r\\n", "<500 Unknown\\r\\n", ">QUIT\\r\\n", "<250 OK\\r\\n"];
    assert_eq!(broken(&[&hello[..], &begun, &late].concat()), ["4.2-1"]);
    let once = [">NOOP\\r\\n", "<250 OK\\r\\n", ">QUIT\\r\\n", "<221 mx.test\\r\\n"];
    assert_eq!(broken(&[&hello[..], &begun, &once].concat()), [""; 0]);
}

#[test]
fn a_sign_is_no_size_and_the_beginning_of_a_line_draws_nothing() {
    let offered = ["<220 mx.test\\r\\n", ">EHLO c\\r\\n", "<250-mx.test\\r\\n250 PIPELINING\\r\\n"];
    let signed = [">BDAT +3\\r\\nRSET\\r\\n", "<500 X\\r\\n", "<250 OK\\r\\n"];
    assert_eq!(broken(&[&offered[..], &signed].concat()), [""; 0]);
    let mut watch = Watch::new(Protocol::Lmtp);
    for (event, octets) in
        [&b"220 mx.test\r\n"[..], b"250-mx.test\r\n250 CHUNKING\r\n", b"250 OK\r\n"]
            .iter()
            .enumerate()
    {
        watch.received(event, octets);
        watch.sent([&b"LHLO c\r\n"[..], b"MAIL FROM:<>\r\n", b"BDAT 4 LAST\r\nno end of"][event]);
    }
    assert_eq!(watch.due(), crate::listener::Due::Nothing);
    watch.sent(b" line\r\n");
    assert_eq!(watch.due(), crate::listener::Due::Reply);
}

#[test]
fn a_chunk_that_fails_is_not_to_blame_for_a_lone_lf_behind_it() {
    let offered = ["<220 mx.test\\r\\n", ">EHLO c\\r\\n", "<250-mx.test\\r\\n250 CHUNKING\\r\\n"];
    let session = [">BDAT 6 LAST\\r\\nabDATA\\n", "<503 X\\r\\n", "<500 X\\r\\n"];
    assert_eq!(broken(&[&offered[..], &session].concat()), [""; 0]);
    let (watch, _) = watch(&after_hello(&[">BDAT 9\\r\\nabc\\r\\n"]));
    assert_eq!(watch.due(), crate::listener::Due::Perhaps, "it may know BDAT all the same");
}

#[test]
fn whoever_takes_a_hello_that_is_too_long_offers_what_it_lists() {
    let long: &'static str = format!(">EHLO {}.test\\r\\n", "x".repeat(600)).leak();
    let hello = ["<220 mx.test\\r\\n", long, "<250-mx.test\\r\\n250 CHUNKING\\r\\n"];
    // The octets of the chunk are not there yet.
    let (watch, _) = watch(&[&hello[..], &[">BDAT 7\\r\\n"]].concat());
    assert_eq!(watch.due(), crate::listener::Due::Nothing);
    assert_eq!(ids(watch), [""; 0]);
}

#[test]
fn where_the_state_is_unknown_letters_beyond_ascii_may_have_been_asked_for() {
    let lost = [
        ">BDAT 3\\r\\nabc",
        "<500 X\\r\\n",
        ">EHLO c\\r\\n",
        "<250-mx.test\\r\\n250 SMTPUTF8\\r\\n",
    ];
    let asked = [">VRFY j SMTPUTF8\\r\\n", "<250 <j\\xc3\\xbc@mx.test>\\r\\n"];
    assert_eq!(broken(&after_hello(&[&lost[..], &asked].concat())), [""; 0]);
    // A BDAT that says nothing of octets has none.
    let known = [">BDAT\\r\\n", "<500 X\\r\\n", ">NOOP\\r\\n", "<250 \\xc3\\r\\n"];
    assert_eq!(broken(&after_hello(&known)), ["4.2-7"]);
}

#[test]
fn where_the_state_is_unknown_the_transcript_says_so_once() {
    let (_, read_as) = watch(&after_hello(&["<250 OK\\r\\n", "<250 OK\\r\\n"]));
    let remarks: Vec<_> = read_as.iter().filter(|word| word.contains("unknown")).collect();
    assert_eq!(remarks, ["state unknown: a reply came unasked"]);
}

#[test]
fn the_answer_to_ehlo_may_hold_what_other_replies_may_not() {
    let session = ["<220 mx.test\\r\\n", ">EHLO c\\r\\n", "<250 mx.test \\x01hi\\r\\n"];
    assert_eq!(broken(&session), [""; 0]);
    let lost = after_hello(&["<250 OK\\r\\n", ">EHLO c\\r\\n", "<250 mx.test \\x01hi\\r\\n"]);
    assert_eq!(broken(&lost), ["4.2-1"], "nobody knows what it answers");
    let session = ["<220 mx.test\\r\\n", ">HELO c\\r\\n", "<250 mx.test \\x01hi\\r\\n"];
    assert_eq!(broken(&session), ["4.2-7"]);
}

#[test]
fn tls_is_no_reply_and_no_fault() {
    let session = after_hello(&[">STARTTLS\\r\\n", "<220 Go\\r\\n", "<\\x16\\x03\\x01\\n\\n"]);
    assert_eq!(broken(&session), [""; 0]);
}

#[test]
fn a_long_line_is_no_command_where_it_is_looked_at_twice() {
    let long: &'static str = format!(">QUIT {}\\r\\n", "x".repeat(600)).leak();
    let sent = ">a\\n.\\nNOOP\\r\\n.\\r\\n";
    let session = in_data(&[sent, "<250 OK\\r\\n", long, "<250 OK\\r\\n"]);
    assert_eq!(broken(&session), [""; 0], "nobody knows what was made of it");
}

#[test]
fn a_line_of_512_octets_is_no_longer_than_it_may_be() {
    for (octets, found) in [(512, "4.1.1.9-1 4.1.1.9-3"), (513, "")] {
        let line: &'static str = format!(">NOOP {}\\r\\n", "x".repeat(octets - 7)).leak();
        let broken = broken(&after_hello(&[line, "<252 OK\\r\\n"]));
        assert_eq!(broken.join(" "), found, "{octets}");
    }
}

#[test]
fn a_thing_is_found_once() {
    let noop = [">NOOP\\r\\n", "<220 OK\\r\\n"];
    let twice = after_hello(&[noop, noop, [">NOOP\\r\\n", "<252 OK\\r\\n"]].concat());
    let found = watch(&twice).0.into_findings();
    let said: Vec<_> = found.iter().map(|found| found.what.as_str()).collect();
    assert_eq!(said, ["220 in answer to NOOP", "252 in answer to NOOP"]);
}

#[test]
fn a_chunk_holds_no_commands() {
    let session = after_hello(&[
        ">BDAT 6 LAST\\r\\nNOOP\\r\\n",
        "<250 OK\\r\\n",
        ">QUIT\\r\\n",
        "<221 mx.test\\r\\n",
    ]);
    assert_eq!(broken(&session), [""; 0]);
}

const CHUNKING: [&str; 3] =
    ["<220 mx.test\\r\\n", ">EHLO c.test\\r\\n", "<250-mx.test\\r\\n250 CHUNKING\\r\\n"];

#[test]
fn a_chunk_that_is_refused_holds_no_commands_either() {
    let then = |more: &[&str]| broken(&[&CHUNKING, more].concat());
    let refused = [">BDAT 6\\r\\nNOOP\\r\\n", "<503 No\\r\\n"];
    let noop = [">NOOP\\r\\n", "<250 OK\\r\\n"];
    assert_eq!(then(&[refused, noop].concat()), [""; 0]);
    assert_eq!(then(&[&refused[..], &["<250 OK\\r\\n"]].concat()), ["rfc3030-2-15"]);
    assert_eq!(then(&[">BDAT 6\\r\\n", "<503 No\\r\\n"]), ["rfc3030-2-15"]);
    assert_eq!(then(&[">BDAT 6\\r\\n", "<421 mx.test\\r\\n"]), [""; 0]);
    assert_eq!(then(&[">BDAT 6\\r\\n", "<250 OK\\r\\n"]), ["rfc3030-2-9"]);
}

#[test]
fn a_chunk_that_is_under_way_calls_for_no_reply() {
    let due = |sent: &'static str| watch(&[&CHUNKING[..], &[sent]].concat()).0.due();
    assert_eq!(due(">BDAT 6\\r\\nNOOP\\r"), Due::Nothing);
    assert_eq!(due(">BDAT 6\\r\\nNOOP\\r\\n"), Due::Reply);
    assert_eq!(due(">BDAT 6 FIRST\\r\\n"), Due::Perhaps);
}

#[test]
fn silence_counts_only_where_no_reply_comes_later() {
    let session = after_hello(&[">NOOP\\r\\n"]);
    let (mut silent, _) = watch(&session);
    silent.silent(9);
    assert_eq!(ids(silent), ["4.2-1"]);
    let (mut late, _) = watch(&session);
    late.silent(9);
    late.received(10, b"250 OK\r\n");
    assert_eq!(ids(late), [""; 0]);
    let (mut slow, _) = watch(&after_hello(&[">MAIL FROM:<>\\r\\n"]));
    slow.silent(9);
    assert_eq!(ids(slow), [""; 0], "a server may have to ask others about a sender");
    for excused in [
        &[">NOOP"][..],
        &[">NOOP\\r\\n", "<250-more"],
        &[">FOO\\r\\n", "<500 What\\r\\n", ">NOOP\\r\\n"],
        &[">NOOP\\nNOOP\\r\\n", "<250 OK\\r\\n", ">NOOP\\r\\n"],
        &[">RSET now\\r\\n"],
    ] {
        let (mut excused_watch, _) = watch(&after_hello(excused));
        excused_watch.silent(9);
        assert_eq!(ids(excused_watch), [""; 0], "{excused:?}");
    }
    let (mut data, _) = watch(&in_data(&[">text\\r\\nNOOP\\r\\n"]));
    data.silent(9);
    assert_eq!(ids(data), [""; 0]);
}

#[test]
fn a_close_counts_only_where_nothing_excuses_it() {
    let close = |session: &[&str], after| {
        let (mut watch, _) = watch(session);
        watch.closed(9, Duration::from_secs(after));
        ids(watch)
    };
    assert_eq!(close(&after_hello(&[]), 0), ["3.8-2"]);
    assert_eq!(close(&after_hello(&[]), 60), [""; 0], "it may have waited too long");
    assert_eq!(close(&after_hello(&[">NOOP\\r\\n"]), 60), ["3.8-2"]);
    assert_eq!(close(&after_hello(&[">NOOP"]), 0), [""; 0]);
    let long: &'static str = format!(">NOOP {}\\r\\n", "x".repeat(600)).leak();
    for odd in [">RSET now\\r\\n", ">NOOP \\r\\n", ">FOO\\r\\n", long] {
        assert_eq!(close(&after_hello(&[odd]), 0), [""; 0], "{odd}");
    }
    assert_eq!(close(&after_hello(&[">QUIT\\r\\n", "<221 mx.test\\r\\n"]), 0), [""; 0]);
    assert_eq!(close(&after_hello(&[">FOO\\r\\n", "<500 What\\r\\n"]), 0), ["3.8-3"]);
    assert_eq!(close(&after_hello(&[">GET / HTTP/1.1\\r\\n", "<500 What\\r\\n"]), 0), [""; 0]);
    let twice = [">FOO\\r\\n", "<500 What\\r\\n", ">FOO\\r\\n", "<500 What\\r\\n"];
    assert_eq!(close(&after_hello(&twice), 0), [""; 0]);
}
