//! RFC 5321 §4.4 (trace information): the Received field, and the date of RFC 5322 §3.3.

use core::net::IpAddr;
use std::borrow::Cow;

use smtpspec_protocol::rfc3492::u_labels;

use smtpspec_protocol::Protocol;

/// Where a message came from, for its trace line (RFC 5321 §4.4).
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Arrival<'a> {
    /// What the client called itself: a domain or an address literal.
    pub(crate) from: &'a [u8],
    /// Where the connection came from.
    pub(crate) peer: IpAddr,
    /// The receiving host.
    pub(crate) by: &'a str,
    /// Whether the session began with EHLO.
    pub(crate) extended: bool,
    /// Whether the session is inside TLS.
    pub(crate) secured: bool,
    /// The cipher suite, where the trace tells it (RFC 8314 §4.3).
    pub(crate) cipher: Option<&'a str>,
    /// Whether the client has logged in.
    pub(crate) authenticated: bool,
    /// Whether MAIL carried SMTPUTF8 (RFC 6531 §3.7.3).
    pub(crate) internationalized: bool,
    /// The priority that the client asked for, as far as it may (RFC 6710 §4.1).
    pub(crate) priority: Option<i8>,
    /// What the session spoke.
    pub(crate) protocol: Protocol,
    /// When, in seconds since 1970 began.
    pub(crate) at: u64,
}

impl Arrival<'_> {
    /// The `Received` field with its CRLF, folded so that each clause has its line.
    ///
    /// There is no `for`: it may name one recipient only, and would tell blind copies of each
    /// other (rfc5321-4.4-6, rfc5321-7.6-1).
    pub(crate) fn received(&self) -> Vec<u8> {
        let peer = literal(self.peer);
        let protocol = self.protocol();
        let mut line = b"Received: from ".to_vec();
        line.extend_from_slice(&self.spelled(self.from));
        line.extend(format!(" ({peer})\r\n\tby ").bytes());
        line.extend_from_slice(&self.spelled(self.by.as_bytes()));
        line.extend(format!(" with {protocol}").bytes());
        if let Some(cipher) = self.cipher {
            line.extend(format!("\r\n\ttls {cipher}").bytes());
        }
        if let Some(number) = self.priority {
            line.extend(format!("\r\n\tPRIORITY {number}").bytes());
        }
        line.extend(format!(";\r\n\t{}\r\n", date(self.at)).bytes());
        line
    }

    /// The keyword of RFC 3848, which rfc4954-7-2 asks for, or the one of RFC 6531 §4.3.
    fn protocol(&self) -> String {
        let (base, extended) = match self.protocol {
            Protocol::Lmtp if self.internationalized => ("UTF8LMTP", true),
            Protocol::Smtp if self.internationalized => ("UTF8SMTP", true),
            Protocol::Lmtp => ("LMTP", true),
            Protocol::Smtp if self.extended => ("ESMTP", true),
            Protocol::Smtp => ("SMTP", false),
        };
        let secured = if extended && self.secured { "S" } else { "" };
        let authenticated = if extended && self.authenticated { "A" } else { "" };
        format!("{base}{secured}{authenticated}")
    }

    /// A name in U-labels where the mail may have them (rfc6531-3.7.3-2), else as it is.
    fn spelled<'n>(&self, name: &'n [u8]) -> Cow<'n, [u8]> {
        if self.internationalized { u_labels(name).into() } else { name.into() }
    }
}

/// `address-literal` of RFC 5321 §4.1.3.
fn literal(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}

/// `date-time` of RFC 5322 §3.3 in Universal Time. The offset is numeric and the year has four
/// digits (rfc5321-4.4-10, rfc5321-4.4-32).
pub(crate) fn date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = seconds / 86_400;
    let (year, month, day) = civil(days);
    let time = seconds % 86_400;
    format!(
        "{}, {day} {} {year:04} {:02}:{:02}:{:02} +0000",
        // The day with the number 0 was a Thursday.
        DAYS[(days % 7) as usize],
        MONTHS[month],
        time / 3600,
        time / 60 % 60,
        time % 60,
    )
}

/// Year, month from 0 and day from 1 of a day counted from 1970. The year begins in March here,
/// so that the leap day is its last.
fn civil(days: u64) -> (u64, usize, u64) {
    const FROM_MARCH_OF_YEAR_0: u64 = 719_468;
    const FOUR_CENTURIES: u64 = 146_097;
    let days = days + FROM_MARCH_OF_YEAR_0;
    let cycle = days / FOUR_CENTURIES;
    let day_of_cycle = days % FOUR_CENTURIES;
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524
        - day_of_cycle / 146_096)
        / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = ((month_from_march + 2) % 12) as usize;
    let year = cycle * 400 + year_of_cycle + u64::from(month < 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "Thu, 1 Jan 1970 00:00:00 +0000"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 +0000"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
            (951_868_800, "Wed, 1 Mar 2000 00:00:00 +0000"),
            (895_754_009, "Thu, 21 May 1998 12:33:29 +0000"),
            (1_795_487_068, "Tue, 24 Nov 2026 02:24:28 +0000"),
            (4_107_542_400, "Mon, 1 Mar 2100 00:00:00 +0000"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn the_trace_line_names_client_peer_server_and_protocol() {
        let arrival = Arrival {
            from: b"bar.com",
            peer: IpAddr::from([192, 0, 2, 1]),
            by: "foo.com",
            extended: true,
            secured: false,
            cipher: None,
            authenticated: false,
            internationalized: false,
            priority: None,
            protocol: Protocol::Smtp,
            at: 0,
        };
        let expected = "Received: from bar.com ([192.0.2.1])\r\n\tby foo.com with ESMTP;\r\n\
                        \tThu, 1 Jan 1970 00:00:00 +0000\r\n";
        assert_eq!(arrival.received(), expected.as_bytes());
        let suite = Arrival { cipher: Some("TLS_AES_128_GCM_SHA256"), ..arrival }.received();
        let clause = "with ESMTP\r\n\ttls TLS_AES_128_GCM_SHA256;\r\n";
        assert!(String::from_utf8(suite).unwrap().contains(clause));
        let protocol = |extended, secured, authenticated| {
            Arrival { extended, secured, authenticated, ..arrival }.protocol()
        };
        assert_eq!(protocol(false, true, false), "SMTP");
        assert_eq!(protocol(true, true, false), "ESMTPS");
        assert_eq!(protocol(true, false, true), "ESMTPA");
        assert_eq!(protocol(true, true, true), "ESMTPSA");
        let lmtp = Arrival { protocol: Protocol::Lmtp, ..arrival };
        assert_eq!(lmtp.protocol(), "LMTP");
        assert_eq!(Arrival { internationalized: true, ..lmtp }.protocol(), "UTF8LMTP");
    }

    #[test]
    fn mail_in_utf8_has_its_protocols_and_u_labels() {
        for (secured, authenticated, protocol) in [
            (false, false, "UTF8SMTP"),
            (true, false, "UTF8SMTPS"),
            (false, true, "UTF8SMTPA"),
            (true, true, "UTF8SMTPSA"),
        ] {
            let arrival = Arrival {
                from: b"xn--bcher-kva.example",
                peer: IpAddr::from([192, 0, 2, 1]),
                by: "foo.com",
                extended: true,
                secured,
                cipher: None,
                authenticated,
                internationalized: true,
                priority: None,
                protocol: Protocol::Smtp,
                at: 0,
            };
            let expected = format!(
                "Received: from bücher.example ([192.0.2.1])\r\n\tby foo.com with {protocol};"
            );
            assert!(arrival.received().starts_with(expected.as_bytes()), "{protocol}");
        }
    }

    #[test]
    fn an_ipv6_peer_has_its_tag() {
        assert_eq!(literal("2001:db8::1".parse().unwrap()), "[IPv6:2001:db8::1]");
    }
}
