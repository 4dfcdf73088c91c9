//! The reference server, with the oracle beside it (RFC 5321 §3, §4.3.2).

mod moves;

use std::sync::Arc;
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use smtpspec_catalogue::requirement;
use smtpspec_protocol::{DataDecoder, Framed, LineBuffer, ReadReply, Reply, ReplyReader, Request};
use smtpspec_reference::{
    Config, Delivery, Measure, Model, Output, Queued, Server, State, Stimulus, TurnPeers,
};

use crate::pieces::pieces;
use moves::Conversation;

/// No single reply of the server is longer, and no command draws more than one.
const LONGEST_REPLY: usize = 2048;
/// The largest message that the server takes.
const LARGEST_MESSAGE: usize = 200;
/// The longest trace line that the server puts before it.
const LONGEST_TRACE: usize = 1000;

/// Any octets as a conversation: one that chooses the habits of the server, one that chooses how
/// its input is cut, then the moves of the client (`session/moves.rs`).
///
/// The oracle reads the same input for itself and finds no rule breached; however the input is
/// cut, the outputs are the same; what is delivered was asked for and is bounded, and so is
/// everything that is sent; and when the client falls silent the server comes to its end
/// (RFC 5321 §4.3.2, §4.5.3.2.7).
pub fn session(input: &[u8]) {
    let mut octets = Unstructured::new(input);
    let Ok(conversation) = Conversation::arbitrary(&mut octets) else { return };
    let config = Arc::new(config(conversation.habits));
    let mut seen = None;
    for cuts in [b'0', conversation.cuts] {
        let mut server = serve(&config, &conversation.input, cuts);
        let outputs = outputs(&mut server);
        assert_bounded(&outputs, &conversation.input);
        let found = (outputs, *server.model().state());
        assert_eq!(*seen.get_or_insert_with(|| found.clone()), found, "a cut changes the outputs");
        assert_ends(server);
    }
    if let Some((outputs, state)) = seen {
        assert_judged(&config, &conversation.input, &outputs, state);
    }
}

/// A server with these habits, and with limits that a short input can reach.
fn config(habits: u8) -> Config {
    let has = |habit: u8| habits & 1 << habit != 0;
    let queued = Queued {
        reverse_path: Vec::new(),
        recipients: vec![b"b@peer.test".to_vec()],
        message: b"Hi\r\n.\r\n".to_vec(),
    };
    let withheld = if has(5) { vec!["SIZE".to_owned(), "8BITMIME".to_owned()] } else { Vec::new() };
    // Behind STARTTLS nobody can read the octets (RFC 3207 §4).
    let withheld = [withheld, vec!["STARTTLS".to_owned()]].concat();
    Config {
        refuses_sessions: has(0),
        relays: has(1),
        vrfy: !has(2),
        expn: !has(3),
        help: !has(4),
        withheld,
        max_message_octets: LARGEST_MESSAGE as u64,
        max_recipients: 3,
        max_command_line: 600,
        // Each of which makes two mails of one, or none.
        lists: Vec::new(),
        undeliverable: Vec::new(),
        turn: TurnPeers::from([("peer.test".to_owned(), vec![queued])]),
        ..Config::default()
    }
}

/// A server that has heard the whole input, in pieces.
fn serve(config: &Arc<Config>, input: &[u8], cuts: u8) -> Server {
    let mut server = Server::new(Arc::clone(config));
    server.open(Duration::ZERO);
    for piece in pieces(input, cuts) {
        server.receive(Duration::ZERO, piece);
        let recipients = server.model().transaction().map_or(0, |open| open.recipients.len());
        assert!(recipients <= config.max_recipients);
    }
    server
}

/// What is to be done; what is sent without anything between is one output.
fn outputs(server: &mut Server) -> Vec<Output> {
    let mut outputs: Vec<Output> = Vec::new();
    while let Some(output) = server.poll() {
        assert_ne!(outputs.last(), Some(&Output::Close), "something comes after the end");
        match (outputs.last_mut(), output) {
            (Some(Output::Send(all)), Output::Send(more)) => all.extend(more),
            (_, output) => outputs.push(output),
        }
    }
    outputs
}

fn assert_bounded(outputs: &[Output], input: &[u8]) {
    let lines = input.iter().filter(|&&octet| octet == b'\n').count();
    let mut sent = 0;
    for output in outputs {
        match output {
            Output::Send(octets) => sent += octets.len(),
            Output::Deliver(delivery) => {
                assert!((1..=3).contains(&delivery.recipients.len()));
                if is_notice(delivery) {
                    // Nobody can answer a notice (RFC 5321 §4.5.5), and one person gets it.
                    assert_eq!((delivery.reverse_path.len(), delivery.recipients.len()), (0, 1));
                    continue;
                }
                assert!(delivery.message.len() <= LARGEST_MESSAGE + LONGEST_TRACE);
            }
            Output::Returned(_) | Output::StartTls | Output::Close => {}
        }
    }
    assert!(sent <= (lines + 1) * LONGEST_REPLY, "{sent} octets in answer to {lines} lines");
    assert!(outputs.len() <= 3 * (lines + 1));
}

/// Whether it is a notice of the server: what a client gave begins with a trace line.
fn is_notice(delivery: &Delivery) -> bool {
    !delivery.message.starts_with(b"Received: from ")
}

/// A client that says nothing more is left after some time, and the server then stays silent.
fn assert_ends(mut server: Server) {
    let mut closed = *server.model().state() == State::Closed;
    for _ in 0..3 {
        if let Some(deadline) = server.deadline() {
            server.tick(deadline);
            closed |= outputs(&mut server).last() == Some(&Output::Close);
        }
    }
    assert_eq!(server.deadline(), None);
    server.receive(Duration::ZERO, b"NOOP\r\n");
    server.peer_closed();
    assert_eq!(server.poll(), None, "nothing comes after the end");
    assert!(closed || *server.model().state() == State::Turned);
}

/// The replies among the outputs, each of which is in the grammar. After TURN, what is sent are
/// commands.
fn replies(outputs: &[Output]) -> Vec<Reply> {
    let mut reader = ReplyReader::default();
    let mut replies = Vec::new();
    for output in outputs {
        let Output::Send(octets) = output else { continue };
        let mut rest = octets.as_slice();
        while let Some(read) = reader.feed(&mut rest) {
            match read {
                ReadReply::Reply(seen) => {
                    assert!(seen.flaws.is_empty(), "{seen:?}");
                    assert_eq!(Reply::parse(&seen.octets).as_ref(), Ok(&seen.reply));
                    replies.push(seen.reply);
                }
                other => assert!(matches!(other, ReadReply::Garbage { .. }), "{other:?}"),
            }
        }
    }
    replies
}

/// The oracle, which pairs each reply with what it answers.
struct Judge {
    oracle: Model,
    replies: std::vec::IntoIter<Reply>,
    accepted: usize,
    helps: bool,
}

impl Judge {
    fn judge(&mut self, stimulus: &Stimulus<'_>) {
        let reply = self.replies.next().unwrap_or_else(|| panic!("no reply to {stimulus:?}"));
        let expectation = self.oracle.expect(stimulus);
        let mut breaches = expectation.breaches(reply.code);
        // A server that is told to give no help falls short of what is recommended, by intent.
        let recommended = requirement!("rfc5321-4.1.1.8-3");
        breaches.retain(|rule| self.helps || rule.requirement != recommended);
        assert!(breaches.is_empty(), "{stimulus:?} drew {reply:?}, which breaks {breaches:?}");
        let ends = match stimulus {
            Stimulus::Message(_) => true,
            Stimulus::Chunk(chunk, _) => chunk.last,
            _ => false,
        };
        if ends && reply.code.class() == 2 {
            self.accepted += 1;
        }
        self.oracle.advance(stimulus, &reply);
    }
}

fn assert_judged(config: &Config, input: &[u8], outputs: &[Output], state: State) {
    let replies = replies(outputs).into_iter();
    let mut judge = Judge { oracle: Model::oracle(), replies, accepted: 0, helps: config.help };
    judge.judge(&Stimulus::Connected);
    let mut lines = LineBuffer::new(config.max_command_line);
    let mut rest = input;
    let mut chunks = Measure::default();
    while !judge.oracle.state().is_over() {
        if judge.oracle.awaits_data() {
            let (mut decoder, mut text) = (DataDecoder::default(), Vec::new());
            if !decoder.feed(&mut rest, &mut text) {
                break;
            }
            let mut measure = Measure::default();
            measure.feed(&text);
            judge.judge(&Stimulus::Message(measure.facts()));
            continue;
        }
        match lines.feed(&mut rest) {
            Some(Framed::Line(line)) => {
                let request = Request::parse(&line, judge.oracle.grammar());
                let Some(chunk) = judge.oracle.chunk(&request) else {
                    judge.judge(&Stimulus::Request(&request));
                    continue;
                };
                let octets = usize::try_from(chunk.octets).unwrap_or(usize::MAX);
                let Some((octets, behind)) = rest.split_at_checked(octets) else { break };
                rest = behind;
                if !judge.oracle.awaits_chunk() {
                    chunks = Measure::default();
                }
                chunks.feed(octets);
                judge.judge(&Stimulus::Chunk(chunk, chunks.facts()));
            }
            Some(Framed::TooLong { head, octets }) => {
                judge.judge(&Stimulus::Overlong { head: &head, octets });
            }
            None => break,
        }
    }
    assert_eq!(*judge.oracle.state(), state);
    if state != State::Turned {
        assert_eq!(judge.replies.next(), None, "nobody asked for this");
    }
    let from_client = |output: &&Output| match output {
        Output::Deliver(delivery) => !is_notice(delivery),
        _ => false,
    };
    let delivered = outputs.iter().filter(from_client).count();
    assert!(delivered <= judge.accepted, "what is accepted is delivered, once");
    // Mail can be kept back in the name of its sender alone (RFC 2852 §4.1.3, RFC 8689 §4.2.1).
    let input = input.to_ascii_uppercase();
    let has = |word: &[u8]| input.windows(word.len()).any(|octets| octets == word);
    assert!(delivered == judge.accepted || has(b" BY=") || has(b" REQUIRETLS"), "mail was lost");
}
