//! Connections to peers that misbehave.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const SOON: Duration = Duration::from_millis(100);

/// Both ends of a connection.
async fn pair() -> (Connection, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (ours, theirs) = tokio::join!(Connection::open(address, late()), listener.accept());
    (ours.unwrap(), theirs.unwrap().0)
}

fn late() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn soon() -> Instant {
    Instant::now() + SOON
}

#[tokio::test]
async fn a_read_gives_what_is_there_even_when_its_time_is_over() {
    let (mut ours, mut theirs) = pair().await;
    assert_eq!(ours.receive(Instant::now()).await, Happening::Waited);
    theirs.write_all(b"220 x\r\n").await.unwrap();
    let octets = b"220 x\r\n".to_vec();
    assert_eq!(ours.receive(Instant::now()).await, Happening::Received { octets });
}

#[tokio::test]
async fn the_last_words_of_a_peer_are_heard_though_it_takes_no_more() {
    let (mut ours, mut theirs) = pair().await;
    theirs.write_all(b"421 bye\r\n").await.unwrap();
    drop(theirs);
    // The first write is answered with a reset, so a later one fails.
    for _ in 0..3 {
        let sent = ours.send(b"NOOP\r\n".to_vec(), late()).await;
        assert!(matches!(sent, Happening::Sent { .. }), "{sent:?}");
    }
    let octets = b"421 bye\r\n".to_vec();
    assert_eq!(ours.receive(late()).await, Happening::Received { octets });
    let end = ours.receive(late()).await;
    assert!(matches!(end, Happening::Closed | Happening::Cut { .. }), "{end:?}");
}

#[tokio::test]
async fn a_peer_that_answers_while_we_still_write_does_not_stop_us() {
    let (mut ours, mut theirs) = pair().await;
    let commands = b"NOOP\r\n".repeat(400_000);
    let size = commands.len();
    let peer = tokio::spawn(async move {
        let mut buffer = vec![0; 6_000];
        let mut seen = 0;
        while seen < size {
            let count = theirs.read(&mut buffer).await.unwrap();
            theirs.write_all(&buffer[..count]).await.unwrap();
            seen += count;
        }
    });
    // It may stop in the end, since what we take in meanwhile has a bound as well.
    let sent = ours.send(commands[..1_000_000].to_vec(), late()).await;
    assert_eq!(sent, Happening::Sent { octets: commands[..1_000_000].to_vec() });
    let mut heard = 0;
    while heard < 1_000_000 {
        let Happening::Received { octets } = ours.receive(late()).await else { panic!() };
        assert!(octets.len() <= READ);
        heard += octets.len();
    }
    peer.abort();
}

#[tokio::test]
async fn a_peer_that_reads_nothing_does_not_hold_us() {
    let (mut ours, _theirs) = pair().await;
    let Happening::Cut { reason } = ours.send(vec![b'x'; 64 << 20], soon()).await else { panic!() };
    assert!(reason.ends_with("of 67108864 octets, then no more"), "{reason}");
}

#[tokio::test]
async fn a_peer_that_talks_for_ever_is_heard_up_to_a_bound() {
    let (mut ours, mut theirs) = pair().await;
    let chunk = vec![b'x'; READ];
    let peer = tokio::spawn(async move { while theirs.write_all(&chunk).await.is_ok() {} });
    let mut heard = 0;
    loop {
        match ours.receive(late()).await {
            Happening::Received { octets } => heard += octets.len(),
            Happening::Cut { reason } => {
                assert_eq!(reason, "we stopped reading after 16777216 octets");
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(heard <= READ_IN_ALL);
    drop(ours);
    peer.await.unwrap();
}

#[tokio::test]
async fn each_ending_is_what_the_peer_sees() {
    let (mut ours, mut theirs) = pair().await;
    ours.end_half().await;
    assert_eq!(theirs.read(&mut [0; 9]).await.unwrap(), 0);
    theirs.write_all(b"still here").await.unwrap();
    let octets = b"still here".to_vec();
    assert_eq!(ours.receive(late()).await, Happening::Received { octets });
    drop(theirs);
    assert_eq!(ours.receive(late()).await, Happening::Closed);

    let (ours, mut theirs) = pair().await;
    theirs.write_all(b"unread").await.unwrap();
    ours.end(Ending::Close).await;
    assert_eq!(theirs.read(&mut [0; 9]).await.unwrap(), 0);

    let (ours, mut theirs) = pair().await;
    ours.end(Ending::Abort).await;
    let error = theirs.read(&mut [0; 9]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_reset_by_the_peer_is_a_cut() {
    let (mut ours, theirs) = pair().await;
    theirs.set_zero_linger().unwrap();
    drop(theirs);
    let reason = "connection reset".to_owned();
    assert_eq!(ours.receive(late()).await, Happening::Cut { reason });
}

#[tokio::test]
async fn a_peer_inside_tls_that_says_farewell_has_ended_though_the_connection_has_not() {
    let (mut ours, mut theirs) = pair().await;
    let peer = async {
        let identity = crate::tls::Identity::made_for("mx.example.test").unwrap();
        let mut tls = Tls::server(&identity).unwrap();
        let mut buffer = vec![0; READ];
        while tls.is_handshaking() {
            let count = theirs.read(&mut buffer).await.unwrap();
            tls.open(&buffer[..count]).unwrap();
            theirs.write_all(&tls.pending()).await.unwrap();
        }
        let mut last = tls.seal(b"221 bye\r\n");
        last.extend(tls.close());
        theirs.write_all(&last).await.unwrap();
    };
    let (secured, ()) = tokio::join!(ours.secure(late()), peer);
    assert!(matches!(secured, Happening::Secured(_)), "{secured:?}");
    let octets = b"221 bye\r\n".to_vec();
    assert_eq!(ours.receive(late()).await, Happening::Received { octets });
    assert_eq!(ours.receive(late()).await, Happening::Closed);
    drop(theirs);
}
