//! Message data: taking out the dots that were put in, beside one pass of memchr and one of memcpy over the same
//! octets, and putting them in.

use std::cell::RefCell;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use smtpspec_protocol::{DataDecoder, encode};

use crate::{Contender, Contest, OURS};

const MEBI: usize = 1 << 20;

/// The contests of this file.
#[must_use]
pub fn contests() -> Vec<Contest> {
    let of_lines = |lines: &[&[u8]], octets: usize| -> Vec<u8> {
        let all = lines.iter().copied().cycle();
        let mut data = Vec::with_capacity(octets + 100);
        // smtp-proto keeps the dots of the first line.
        data.extend_from_slice(b"a\r\n");
        all.take_while(|line| {
            data.extend_from_slice(line);
            data.len() < octets
        })
        .for_each(drop);
        data.extend_from_slice(b".\r\n");
        data
    };
    let plain: &[u8] =
        b"The quick brown fox jumps over the lazy dog, again and again, as it was told.\r\n";
    let dotted: &[u8] =
        b"..The quick brown fox jumps over the lazy dog, again and again, as it was told\r\n";
    let mut sixteen = vec![plain; 15];
    sixteen.push(dotted);
    vec![
        undotting("data: plain text, 1 KB", of_lines(&[plain], 1024)),
        undotting("data: plain text, 1 MB", of_lines(&[plain], MEBI)),
        undotting("data: 1 line of 16 dotted, 1 MB", of_lines(&sixteen, MEBI)),
        undotting("data: all lines dotted, 1 MB", of_lines(&[dotted], MEBI)),
        undotting("data: lines of one letter, 1 MB", of_lines(&[b"a\r\n"], MEBI)),
        undotting("data: nothing but dots, 1 MB", of_lines(&[b"..\r\n"], MEBI)),
        undotting(
            "data: lines of CR, 1 MB",
            of_lines(&[&[[b'\r'; 70].as_slice(), b"\n"].concat()], MEBI),
        ),
        undotting("data: plain text, 64 MB", of_lines(&[plain], 64 * MEBI)),
        dotting("encode: plain text, 1 MB", of_lines(&[plain], MEBI)),
        dotting("encode: all lines dotted, 1 MB", of_lines(&[dotted], MEBI)),
    ]
}

fn undotting(name: &'static str, wire: Vec<u8>) -> Contest {
    let (octets, wire) = (wire.len(), Rc::new(wire));
    let out = Rc::new(RefCell::new(Vec::<u8>::with_capacity(octets)));
    let with = |work: fn(&[u8], &mut Vec<u8>) -> usize| {
        let (wire, out) = (Rc::clone(&wire), Rc::clone(&out));
        move || {
            let mut out = out.borrow_mut();
            out.clear();
            work(black_box(&wire), &mut out)
        }
    };
    let contenders = vec![
        Contender::new(OURS, with(smtpspec)),
        Contender::new("smtp-proto 0.2.5", with(smtp_proto)),
        Contender::new("mailin 0.6.5, which drops the text", with(mailin)),
        Contender::new("memchr for what is not there", with(memchr_absent)),
        Contender::new("memchr for each LF", with(memchr_lines)),
        Contender::new("memcpy", with(memcpy)),
    ];
    let lengths: Vec<usize> = contenders[..2].iter().map(|one| (one.work)()).collect();
    assert_eq!(lengths[0], lengths[1], "{name}");
    Contest { name, times: 1, octets, contenders }
}

fn smtpspec(wire: &[u8], out: &mut Vec<u8>) -> usize {
    let mut input = wire;
    let ended = DataDecoder::new().feed(&mut input, out);
    assert!(ended && input.is_empty());
    out.len()
}

fn smtp_proto(wire: &[u8], out: &mut Vec<u8>) -> usize {
    let mut octets = wire.iter();
    let ended = smtp_proto::request::receiver::DataReceiver::new().ingest(&mut octets, out);
    assert!(ended);
    out.len()
}

#[derive(Clone)]
struct Nobody;

impl mailin_embedded::Handler for Nobody {}

/// It takes lines, so they are cut as its server does.
fn mailin(wire: &[u8], _out: &mut Vec<u8>) -> usize {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut session = mailin::SessionBuilder::new("mx.example.test").build(address, Nobody);
    for line in ["HELO a\r\n", "MAIL FROM:<a@a>\r\n", "RCPT TO:<b@b>\r\n", "DATA\r\n"] {
        black_box(session.process(line.as_bytes()));
    }
    let mut rest = wire;
    while let Some(lf) = memchr::memchr(b'\n', rest) {
        let (line, behind) = rest.split_at(lf + 1);
        black_box(session.process(line));
        rest = behind;
    }
    rest.len()
}

fn memchr_absent(wire: &[u8], _out: &mut Vec<u8>) -> usize {
    memchr::memchr(0, wire).unwrap_or(wire.len())
}

fn memchr_lines(wire: &[u8], _out: &mut Vec<u8>) -> usize {
    memchr::memchr_iter(b'\n', wire).fold(0, |sum, at| sum ^ at)
}

fn memcpy(wire: &[u8], out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(wire);
    out.len()
}

fn dotting(name: &'static str, message: Vec<u8>) -> Contest {
    let (octets, message) = (message.len(), Rc::new(message));
    let of = |work: fn(&[u8]) -> usize| {
        let message = Rc::clone(&message);
        move || work(black_box(&message))
    };
    let contenders = vec![
        Contender::new(OURS, of(|message| encode(message).len())),
        Contender::new("memcpy", of(|message| black_box(message.to_vec()).len())),
    ];
    Contest { name, times: 1, octets, contenders }
}
