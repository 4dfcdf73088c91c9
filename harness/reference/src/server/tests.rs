use super::*;

/// What comes out of a server in answer to these octets, handed in in pieces of so many.
fn outputs(server: Server, octets: &[u8], piece: usize) -> Vec<Output> {
    let mut server = server;
    server.open(Duration::ZERO);
    for piece in octets.chunks(piece) {
        server.receive(Duration::ZERO, piece);
    }
    std::iter::from_fn(|| server.poll()).collect()
}

fn deliveries(server: impl Fn() -> Server, octets: &[u8], piece: usize) -> Vec<Delivery> {
    let delivery = |output| match output {
        Output::Deliver(delivery) => Some(delivery),
        _ => None,
    };
    outputs(server(), octets, piece).into_iter().filter_map(delivery).collect()
}

fn mail(hello: &str, text: &str) -> Vec<u8> {
    let envelope = "MAIL FROM:<a@b.test>\r\nRCPT TO:<user@example.test>\r\nDATA\r\n";
    format!("{hello}\r\n{envelope}{text}.\r\nQUIT\r\n").into_bytes()
}

fn limited(octets: u64) -> Server {
    Server::new(Arc::new(Config { max_message_octets: octets, ..Config::default() }))
}

#[test]
fn a_message_as_large_as_the_limit_is_delivered_whole() {
    let session = mail("EHLO c.test", "..four\r\nlines\r\n..\r\nhere\r\n");
    let text = ".four\r\nlines\r\n.\r\nhere\r\n";
    let size = text.len() as u64;
    for piece in [1, 2, 3, 1000] {
        let [delivery] = &deliveries(|| limited(size), &session, piece)[..] else {
            panic!("one delivery in pieces of {piece}");
        };
        assert!(delivery.message.ends_with(format!("+0000\r\n{text}").as_bytes()));
        assert_eq!(deliveries(|| limited(size - 1), &session, piece), [], "pieces of {piece}");
        assert_eq!(deliveries(|| limited(0), &session, piece).len(), 1, "0 is no limit");
    }
}

#[test]
fn of_a_message_over_the_limit_nothing_is_kept() {
    let config = Config { max_message_octets: 10, ..Config::default() };
    let mut receipt = Receipt::new(&config);
    for _ in 0..100 {
        assert!(!receipt.feed(&mut &b"more than ten\r\n"[..], 10));
        assert_eq!(receipt.text, b"");
    }
    assert!(receipt.feed(&mut &b".\r\n"[..], 10));
    assert_eq!(receipt.measure.facts().octets, 1500);
}

#[test]
fn the_trace_tells_where_a_message_came_from() {
    let trace = |server: &dyn Fn() -> Server, hello: &str| {
        let session = mail(hello, "Hi\r\n");
        let delivery = deliveries(server, &session, 1000).remove(0);
        String::from_utf8(delivery.message).unwrap().split(";\r\n").next().unwrap().to_owned()
    };
    let here = || limited(0);
    let there = || limited(0).with_peer("2001:db8::1".parse().unwrap());
    let by = "\r\n\tby mx.example.test with";
    assert_eq!(
        trace(&here, "HELO c.test"),
        format!("Received: from c.test ([127.0.0.1]){by} SMTP")
    );
    assert_eq!(
        trace(&there, "EHLO c.test"),
        format!("Received: from c.test ([IPv6:2001:db8::1]){by} ESMTP")
    );
    // The longest name is passed on, and none that is longer.
    let name = |octets: usize| "x.".repeat(octets / 2) + &"x".repeat(octets % 2);
    let longest = name(255);
    let expected = format!("Received: from {longest} ([127.0.0.1]){by} ESMTP");
    assert_eq!(trace(&here, &format!("EHLO {longest}")), expected);
    let expected = format!("Received: from unknown ([127.0.0.1]){by} ESMTP");
    assert_eq!(trace(&here, &format!("EHLO {}", name(257))), expected);
}

#[test]
fn after_the_end_nothing_is_said_and_nothing_awaited() {
    let mut server = limited(0);
    assert_eq!(server.deadline(), None, "it has not begun");
    server.receive(Duration::ZERO, b"QUIT\r\n");
    assert_eq!(server.poll(), None);
    server.open(Duration::from_secs(5));
    server.open(Duration::from_secs(6));
    let time = Duration::from_secs(5) + Config::default().timeout;
    assert_eq!(server.deadline(), Some(time));
    server.tick(time.saturating_sub(Duration::from_secs(1)));
    server.receive(Duration::from_secs(9), b"EHLO c.test\r\nQUIT\r\nNOOP\r\n");
    assert_eq!(server.deadline(), None);
    server.tick(time * 9);
    server.receive(time * 9, b"NOOP\r\n");
    let outputs: Vec<Output> = std::iter::from_fn(|| server.poll()).collect();
    let [Output::Send(said), Output::Close] = &outputs[..] else { panic!("{outputs:?}") };
    let codes = said.split(|&octet| octet == b'\n').filter(|line| line.get(3) == Some(&b' '));
    let codes: Vec<&[u8]> = codes.map(|line| &line[..3]).collect();
    assert_eq!(codes, [b"220", b"250", b"221"]);
    assert_eq!(*server.model().state(), State::Closed);
}

#[test]
fn mail_for_who_asks_for_it_waits_and_the_rest_goes_out() {
    let etrn = vec!["waiting.example".to_owned()];
    let server =
        || Server::new(Arc::new(Config { relays: true, etrn: etrn.clone(), ..Config::default() }));
    let session = b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<user@example.test>\r\n\
        RCPT TO:<x@Waiting.Example>\r\nRCPT TO:<y@sub.waiting.example>\r\nDATA\r\nHi.\r\n.\r\n";
    let before: Vec<_> = deliveries(server, session, 1000);
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].recipients, [b"user@example.test"]);
    let after = deliveries(server, &[&session[..], b"ETRN @waiting.example\r\n"].concat(), 1000);
    let recipients: Vec<_> = after[1..].iter().map(|mail| mail.recipients.clone()).collect();
    assert_eq!(recipients, [[b"x@Waiting.Example".to_vec()], [b"y@sub.waiting.example".to_vec()]]);
    assert!(after.iter().all(|mail| mail.message.ends_with(b"Hi.\r\n")));
    let ended = deliveries(server, &[&session[..], b"QUIT\r\n"].concat(), 1000);
    assert_eq!(ended, after, "what nobody asked for goes out at the end");
}
