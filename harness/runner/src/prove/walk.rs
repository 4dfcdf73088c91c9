//! Random walks: commands legal and illegal, in and out of order, whole and in pieces. They are
//! the same each time, so that what they show can be shown again.

use std::sync::Arc;
use std::time::Duration;

use smtpspec_judge::Transcript;
use smtpspec_judge::memory::Conversation;
use smtpspec_protocol::{Protocol, Reply};
use smtpspec_reference::{Config, Delivery};
use smtpspec_scenario::Profile;

/// How many walks there are, and how many steps each has at most.
const WALKS: u64 = 60;
const STEPS: usize = 30;

/// How many there are where little is otherwise.
const SOME_WALKS: u64 = 8;

/// What a walk can begin with.
const OPENINGS: &[&str] = &[
    "",
    "HELO {c}",
    "EHLO {c}",
    "EHLO {c}|MAIL FROM:<{s}>",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>",
    "EHLO {c}|MAIL FROM:<> SIZE=1000|RCPT TO:<{r}>|RCPT TO:<{r2}>",
    "EHLO {c}|MAIL FROM:<{s}> BODY=8BITMIME|RCPT TO:<{r}>|DATA",
];

/// What can be said at any time, right or wrong.
const COMMANDS: &[&str] = &[
    "EHLO {c}",
    "EHLO [127.0.0.1]",
    "EHLO [IPv6:::1]",
    "EHLO 3com.example",
    "EHLO",
    "HELO {c}",
    "HELO",
    "ehlo {c}",
    "MAIL FROM:<{s}>",
    "MAIL FROM:<{s}>",
    "MAIL FROM:<>",
    "mail from:<{s}>",
    "MAIL FROM:<{s}> SIZE=1000",
    "MAIL FROM:<{s}> SIZE=00000000000000000100",
    "MAIL FROM:<{s}> SIZE=99999999999999999999",
    "MAIL FROM:<{s}> BODY=7BIT",
    "MAIL FROM:<{s}> body=8BITMIME",
    "MAIL FROM:<{s}> XSMTPSPEC=1",
    "MAIL FROM:<@relay.example,@other.example:{s}>",
    "MAIL FROM:<\"a b\"@example.org>",
    "MAIL FROM:<a!#$%&'*+-/=?^_`{|}~@example.org>",
    "MAIL FROM:<a@[127.0.0.1]>",
    "MAIL FROM:<a@[IPv6:::1]>",
    "MAIL FROM:<a@3com.example>",
    "MAIL FROM:<a@localhost>",
    "MAIL FROM:<\u{e9}@example.org>",
    "MAIL FROM:<a\u{1}@example.org>",
    "MAIL FROM:",
    "MAIL",
    "MAIL FROM:<{64}@example.org>",
    "MAIL FROM:<a@{domain}>",
    "RCPT TO:<{r}>",
    "RCPT TO:<{r}>",
    "RCPT TO:<{r}>",
    "rcpt to:<{r2}>",
    "RCPT TO:<{r2}>",
    "RCPT TO:<{u}>",
    "RCPT TO:<someone@elsewhere.example>",
    "RCPT TO:<postmaster>",
    "RCPT TO:<POSTMASTER>",
    "RCPT TO:<postmaster@{rd}>",
    "RCPT TO:<{rl}@{RD}>",
    "RCPT TO:<\"{rl}\"@{rd}>",
    "RCPT TO:<@relay.example:{r}>",
    "RCPT TO:<>",
    "RCPT TO:",
    "RCPT TO:<{r}> XSMTPSPEC",
    "RCPT TO:<\u{e9}@{rd}>",
    "DATA",
    "DATA",
    "DATA",
    "data",
    "DATA now",
    "RSET",
    "RSET",
    "RSET now",
    "RSET ",
    "NOOP",
    "NOOP",
    "NOOP string",
    "NOOP ",
    "VRFY {r}",
    "VRFY {rl}",
    "VRFY {u}",
    "VRFY",
    "EXPN list",
    "EXPN {r}",
    "EXPN {u}",
    "HELP",
    "HELP MAIL",
    "SEND FROM:<{s}>",
    "TURN now",
    "XYZZY",
    "XSMTPSPEC",
    "",
    "QUIT now",
    "VRFY {long}",
    "NOOP {512}",
    "NOOP {400}",
];

/// What chance would seldom come to. A part that begins with `=` is sent as it stands.
const ERRANDS: &[&str] = &[
    "EHLO {c}|MAIL FROM:<{s}>|{105 recipients}|DATA|=Subject: to many\r\n.\r\n",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|={64k}{64k}{64k}.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|={64k}.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}> SIZE=1000|RCPT TO:<{r}>|DATA|=Subject: sized\r\n.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|RSET|MAIL FROM:<{s}>|RCPT TO:<{r2}>|DATA|=.\r\n",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r2}>|DATA|=.\r\n",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|=.\r\n|MAIL FROM:<{s}>|RCPT TO:<{r2}>|DATA|=.\r\n",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|MAIL FROM:<Other@{c}>|RCPT TO:<{r2}>|DATA|=.\r\n",
    "EHLO {c}|MAIL FROM:<Some.Body@{c}>|RCPT TO:<PostMaster>|DATA|=a\n\u{1}b\r\n.\r\n",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|=To: <x@y.example>\r\nFrom: <z@y.example>\r\n\r\n.\r\n",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|=a\n.\nb\r\n.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|=a\n.\r\nb\r\n.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|=a\r\n.\nb\r\n.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|=a\r.\rb\r\n.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|=a\r.\r\nb\r\n.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|=a\r\n.\rb\r\n.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|=.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|DATA|=cut of",
    "EHLO {255}|NOOP",
    "EHLO {c}|MAIL FROM:<{256}>|NOOP",
    "EHLO {c}|NOOP {huge}|NOOP",
    "EHLO {c}|TURN",
    "HELO stranger.example|TURN",
];

/// What shows that a server is configured otherwise.
const SETTING_ERRANDS: &[&str] = &[
    "HELO {c}|SEND FROM:<{s}>|RCPT TO:<{r}>|DATA|=Subject: sent\r\n.\r\n|SEND|RCPT TO:<{r}>",
    "HELO {c}|SOML FROM:<{s}>|MAIL FROM:<{s}>|SEND FROM:<{s}>|RSET|RCPT TO:<{r}>|SAML FROM:<>",
    "EHLO {c}|SAML FROM:<{s}>|RCPT TO:<{u}>|RCPT TO:<{r}>|RSET|send from:<{s}>|SEND TO:<{s}>",
    "EHLO {c}|MAIL FROM:<{s}>|SEND FROM:<{s}>|SOML FROM:<{s}>|SAML FROM:<{s}>|RCPT TO:<{r}>",
    "EHLO {c}|VRFY {r}|VRFY {u}|EXPN {r}|EXPN {u}|HELP|TURN|QUIT",
];

/// What shows what is special in LMTP (RFC 2033); `EHLO` becomes LHLO only where it is whole.
const LMTP_ERRANDS: &[&str] = &[
    "=EHLO client.test\r\nHELO client.test\r\n|=LHLO\r\n|EHLO {c}|NOOP|DATA|=.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}>|DATA|=Subject: to nobody\r\n.\r\n|NOOP|QUIT",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|RCPT TO:<{r2}>|DATA|=Subject: to two\r\n.\r\n|QUIT",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|RCPT TO:<{r}>|DATA|=Subject: to one\r\n.\r\n|QUIT",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|RCPT TO:<{u}>|DATA|=Subject: to one\r\n.\r\n|NOOP",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|RCPT TO:<{r2}>|RSET|EHLO {c}|DATA|=.\r\n|QUIT",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|RCPT TO:<{r2}>|=BDAT 3\r\na\r\n|=BDAT 3 LAST\r\nb\r\n|NOOP|QUIT",
    "EHLO {c}|MAIL FROM:<{s}>|RCPT TO:<{r}>|RCPT TO:<{r}>|=BDAT 3 LAST\r\na\r\n|NOOP|QUIT",
    "EHLO {c}|MAIL FROM:<{s}>|=BDAT 3 LAST\r\na\r\n|NOOP|=BDAT 3\r\na\r\n|RSET|QUIT",
];

/// What is said seldom, because it ends the walk.
const ENDS: &[&str] = &["QUIT", "TURN"];

/// What is said where a message is awaited; each is sent as it stands.
const MESSAGES: &[&str] = &[
    ".\r\n",
    "Subject: a walk\r\n\r\nHello.\r\n.\r\n",
    "Received: somehow\r\nResent-To: nobody\r\n\r\nHello.\r\n.\r\n",
    "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nFrom: a@b.example\r\nTo: <x@y.example>\r\n\r\nHi.\r\n.\r\n",
    "Subject: dots\r\n\r\n..\r\n...dots  \r\n.\r\n",
    "Subject: odd line ends\r\n\r\na\n.\nb\r.\rc\n.\r\nd\r\n.\ne\r.\r\nf\r\n.\rg\r\n.\r\n",
    "Subject: commands\r\n\r\nQUIT\r\nRSET\r\n. \r\nfull stop.\r\n.\r\n",
    "Subject: octets\r\n\r\n\u{e9}\u{1}\0\t \r\n.\r\n",
    "Subject: a long line\r\n\r\n{998}\r\n.\r\n",
    "To: {100 addresses}\r\n\r\n.\r\n",
];

/// Every errand and every walk against the reference with this configuration.
pub fn all(
    config: &Arc<Config>,
    profile: &Profile,
) -> impl Iterator<Item = (Transcript, Vec<Delivery>)> {
    let errands = ERRANDS.iter().map(|errand| run(config, profile, errand));
    errands.chain((0..WALKS).map(|seed| walk(config, profile, seed)))
}

/// The same in short, for settings in which little is otherwise.
pub fn some(
    config: &Arc<Config>,
    profile: &Profile,
) -> impl Iterator<Item = (Transcript, Vec<Delivery>)> {
    let errands = match profile.protocol {
        Protocol::Smtp => SETTING_ERRANDS,
        Protocol::Lmtp => LMTP_ERRANDS,
    };
    let errands = errands.iter().map(|errand| run(config, profile, errand));
    errands.chain((0..SOME_WALKS).map(|seed| walk(config, profile, seed)))
}

/// One walk: what went over the wire, and what was delivered.
pub fn walk(config: &Arc<Config>, profile: &Profile, seed: u64) -> (Transcript, Vec<Delivery>) {
    let mut dice = Dice(seed);
    let mut conversation = Conversation::open(config);
    let mut replies = say_all(&mut conversation, profile, dice.pick(OPENINGS));
    for _ in 0..STEPS {
        if conversation.is_over() {
            break;
        }
        let octets = if replies.last().is_some_and(|reply| reply.code.get() == 354) {
            fill(dice.pick(MESSAGES), profile).into_bytes()
        } else {
            commands(&mut dice, profile)
        };
        replies = match dice.below(8) {
            0 => in_pieces(&mut conversation, &mut dice, &octets),
            _ => conversation.say(&octets),
        };
    }
    conversation.end()
}

fn run(config: &Arc<Config>, profile: &Profile, errand: &str) -> (Transcript, Vec<Delivery>) {
    let mut conversation = Conversation::open(config);
    say_all(&mut conversation, profile, errand);
    conversation.end()
}

/// Says one part after the other, and gives the replies to the last.
fn say_all(conversation: &mut Conversation, profile: &Profile, parts: &str) -> Vec<Reply> {
    let mut replies = Vec::new();
    for part in parts.split('|').filter(|part| !part.is_empty()) {
        let octets = match part.strip_prefix('=') {
            Some(octets) => fill(octets, profile).into_bytes(),
            None => line(part, profile),
        };
        replies = conversation.say(&octets);
    }
    replies
}

/// One command, or several in one piece.
fn commands(dice: &mut Dice, profile: &Profile) -> Vec<u8> {
    match dice.below(40) {
        0 => return line(dice.pick(ENDS), profile),
        1 => return b"NOOP\nNOOP\r\n".to_vec(),
        2 => return b"NOOP\rNOOP\r\n".to_vec(),
        _ => {}
    }
    let count = if dice.below(5) == 0 { 1 + dice.below(3) } else { 1 };
    (0..count).flat_map(|_| line(dice.pick(COMMANDS), profile)).collect()
}

/// The octets in two pieces with a pause between them, and a pause at the end.
fn in_pieces(conversation: &mut Conversation, dice: &mut Dice, octets: &[u8]) -> Vec<Reply> {
    let (first, second) = octets.split_at(match dice.below(3) {
        0 => octets.len().saturating_sub(1),
        1 => octets.len().saturating_sub(2),
        _ => dice.below(octets.len().max(1)),
    });
    conversation.say(first);
    conversation.wait(Duration::from_millis(100));
    let mut replies = conversation.say(second);
    replies.extend(conversation.wait(Duration::from_millis(100)));
    replies
}

fn line(command: &str, profile: &Profile) -> Vec<u8> {
    let command = match command.strip_prefix("EHLO ") {
        Some(name) => format!("{} {name}", profile.protocol.hello()),
        None => command.to_owned(),
    };
    [fill(&command, profile).as_bytes(), b"\r\n"].concat()
}

/// Puts in what the braces stand for.
fn fill(text: &str, profile: &Profile) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        filled.push_str(before);
        // A brace that opens nothing is one of a local-part.
        let found = behind
            .split_once('}')
            .and_then(|(name, after)| part(name, profile).map(|part| (part, after)));
        rest = if let Some((part, after)) = found {
            filled.push_str(&part);
            after
        } else {
            filled.push('{');
            behind
        };
    }
    filled.push_str(rest);
    filled
}

fn part(name: &str, profile: &Profile) -> Option<String> {
    let recipient = profile.recipient.as_str();
    let (local, domain) = recipient.rsplit_once('@').unwrap_or((recipient, ""));
    let unknown = profile.unknown_recipient.as_deref().unwrap_or("nobody@example.test");
    Some(match name {
        "c" => profile.client.clone(),
        "s" => profile.sender.clone(),
        "r" => recipient.to_owned(),
        "rl" => local.to_owned(),
        "rd" => domain.to_owned(),
        "RD" => domain.to_ascii_uppercase(),
        "r2" => profile.second_recipient.clone().unwrap_or_else(|| recipient.to_owned()),
        "u" => unknown.to_owned(),
        "64" => "l".repeat(64),
        "domain" => labels(49),
        // 255 octets are five labels of 50 with dots, and one octet more.
        "255" => format!("e{}", labels(50)),
        // A path of 256 octets, of which brackets and at sign take three.
        "256" => format!("mail@{}", labels(49)),
        "long" => "v".repeat(700),
        "512" => "n".repeat(512 - 7),
        "400" => "n".repeat(400),
        "huge" => "n".repeat(5000),
        "998" => "t".repeat(998),
        "64k" => LINE_OF_64.repeat(1024),
        "105 recipients" => vec![format!("RCPT TO:<{recipient}>"); 105].join("\r\n"),
        "100 addresses" => vec!["a@b.example"; 100].join(",\r\n "),
        _ => return None,
    })
}

/// Five labels of so many letters, with dots between them.
fn labels(letters: usize) -> String {
    vec!["d".repeat(letters); 5].join(".")
}

const LINE_OF_64: &str = "sixty-four octets with its CRLF, a thousand times and over....\r\n";

/// A sequence of numbers that is the same for the same seed: splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(word % limit).unwrap_or(0)
    }

    fn pick(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len())]
    }
}
