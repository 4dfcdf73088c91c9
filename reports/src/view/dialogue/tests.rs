use smtpspec_judge::Via;

use super::*;
use crate::fixture::{received, sent, transcript};

fn text(dialogue: &Dialogue) -> Vec<String> {
    dialogue
        .lines
        .iter()
        .map(|line| format!("{} {}", line.mark.as_str(), line.row(200).text))
        .collect()
}

fn evidence(event: usize, octets: &[u8], at: Option<usize>) -> Evidence {
    Evidence { event, sent: Vec::new(), received: octets.to_vec(), at }
}

#[test]
fn lines_are_whole_however_they_came() {
    let octets = "EHLO a\r\n".bytes().map(|octet| sent(&[octet]));
    let replies = [received(b"250-a\r\n250 SI"), received(b"ZE\r\n")];
    let dialogue = Dialogue::of(&transcript(octets.chain(replies)), []);
    assert_eq!(text(&dialogue), [" -> EHLO a", "<-  250-a", "<-  250 SIZE"]);
    assert_eq!(dialogue.lines[1].at_us, 8 * 1500);
}

#[test]
fn a_turn_or_a_wait_ends_a_line_that_has_no_end() {
    let events = [received(b"25"), Happening::Waited, received(b"0 ok\n"), sent(b"QUIT")];
    let dialogue = Dialogue::of(&transcript(events), []);
    assert_eq!(
        text(&dialogue),
        [
            "<-  25 [no end of line]",
            "=== waited, and nothing came",
            "<-  0 ok\\n",
            " -> QUIT [no end of line]"
        ]
    );
}

#[test]
fn connections_do_not_mix() {
    let mut transcript =
        transcript([received(b"22"), received(b"220 b\r\n"), received(b"0 a\r\n")]);
    transcript.events[1].connection = 1;
    let dialogue = Dialogue::of(&transcript, []);
    assert!(dialogue.several);
    assert_eq!(text(&dialogue), ["<-  220 a", "<-  220 b"]);
}

#[test]
fn the_offending_octet_is_found_in_its_line() {
    let events = [received(b"250 ok\r\n250-a\r\n2"), received(b"50 \x07b\r\n250 ok\r\n")];
    let whole = b"250-a\r\n250 \x07b\r\n";
    let dialogue = Dialogue::of(&transcript(events), [&evidence(1, whole, Some(11))]);
    assert_eq!(text(&dialogue), ["<-  250 ok", "<-  250-a", "<** 250 \\x07b", "<-  250 ok"]);
    assert_eq!(dialogue.lines[2].row(200).caret, Some(4));
}

#[test]
fn an_offending_line_end_is_shown() {
    let dialogue = Dialogue::of(
        &transcript([received(b"250 ok\r\n")]),
        [&evidence(0, b"250 ok\r\n", Some(6))],
    );
    let row = dialogue.lines[0].row(200);
    assert_eq!((row.text.as_str(), row.caret), ("250 ok\\r\\n", Some(6)));
}

#[test]
fn of_two_equal_replies_the_one_of_the_event_is_marked() {
    let events = [received(b"250 ok\r\n"), received(b"250 ok\r\n")];
    let dialogue = Dialogue::of(&transcript(events), [&evidence(1, b"250 ok\r\n", None)]);
    assert_eq!(text(&dialogue), ["<-  250 ok", "<** 250 ok"]);
}

#[test]
fn silence_and_closing_can_be_evidence() {
    let events = [sent(b"NOOP\r\n"), Happening::Closed];
    let dialogue = Dialogue::of(&transcript(events), [&evidence(1, b"", None)]);
    assert_eq!(text(&dialogue), [" -> NOOP", "*** the peer closed the connection"]);
}

#[test]
fn evidence_that_is_not_there_does_no_harm() {
    let events = [received(b"250 ok\r\n"), received(b"")];
    for event in [0, 1, 2, usize::MAX] {
        Dialogue::of(&transcript(events.clone()), [&evidence(event, b"554 no\r\n", Some(99))]);
    }
    Dialogue::of(&Transcript::default(), [&evidence(0, b"", Some(0))]);
}

#[test]
fn where_there_is_no_room_the_last_lines_stay_and_the_offending_one() {
    let events: Vec<_> = (0..30).map(|n| received(format!("250 {n}\r\n").as_bytes())).collect();
    let dialogue = Dialogue::of(&transcript(events), [&evidence(3, b"250 3\r\n", None)]);
    assert_eq!(dialogue.worth_showing(2), [3, 28, 29]);
    assert_eq!(dialogue.worth_showing(30).len(), 30);
}

#[test]
fn where_there_is_no_room_a_long_text_does_not_hide_what_came_before_it() {
    let text = "line\r\n".repeat(50);
    let events = [received(b"250 SIZE 100\r\n"), sent(b"DATA\r\n"), received(b"354 go on\r\n")]
        .into_iter()
        .chain([sent(text.as_bytes()), received(b"250 taken\r\n")]);
    let dialogue = Dialogue::of(&transcript(events), []);
    assert_eq!(dialogue.worth_showing(20), [0, 1, 2, 3, 4, 5, 50, 51, 52, 53]);
    assert_eq!(dialogue.worth_showing(4), [50, 51, 52, 53], "the end is what matters most");
    assert_eq!(dialogue.worth_showing(54).len(), 54, "with room for it all is shown");
}

#[test]
fn the_offending_octet_of_a_message_that_came_out_is_found() {
    let octets = b"Subject: x\r\n\r\none\r\ntwo \x07 three\r\nfour\r\n".to_vec();
    let mail = Mail {
        via: Via::NextHop,
        from: None,
        to: None,
        mail_parameters: None,
        rcpt_parameters: None,
        octets,
    };
    let events = [sent(b"QUIT\r\n"), Happening::Delivered(mail)];
    let dialogue =
        Dialogue::of(&transcript(events), [&evidence(1, b"ne\r\ntwo \x07 three", Some(8))]);
    let line = &dialogue.lines[5];
    assert_eq!((line.row(200).text.as_str(), line.row(200).caret), ("two \\x07 three", Some(4)));
    assert_eq!(dialogue.worth_showing(1), [5, 6], "it is shown, however little room there is");
    let elsewhere = [&evidence(1, b"not in it", Some(2)), &evidence(0, b"two", Some(0))];
    let dialogue = Dialogue::of(&transcript([sent(b"two\r\n")]), elsewhere);
    assert!(dialogue.lines.iter().all(|line| line.caret.is_none()));
}
