//! RFC 8314 §3.4 to §4.3: what goes wrong with TLS where mail is posted.

use smtpspec_catalogue::requirement;

use super::rfc3207::is_starttls;
use super::{Fault, Mutant, mutant};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "tls-ended-without-alert",
        "closes the connection without the alert that ends TLS",
        requirement!("rfc8314-3.4-1"),
        Fault::Truncates,
    ),
    mutant(
        "starttls-offered-in-vain",
        "answers 220 to STARTTLS, and leaves instead of a handshake",
        requirement!("rfc8314-4-3"),
        Fault::Close(|on| is_starttls(on) && on.usually() == 220),
    ),
    mutant(
        "received-without-cipher",
        "leaves the cipher suite out of its Received field",
        requirement!("rfc8314-4.3-1"),
        Fault::Trace(|trace| trace.replace(SUITE, "")),
    ),
    mutant(
        "received-with-other-name-of-cipher",
        "names the cipher suite in its own words",
        requirement!("rfc8314-4.3-2"),
        Fault::Trace(|trace| trace.replace(SUITE, "\r\n\ttls AES256-GCM")),
    ),
    mutant(
        "received-with-cipher-of-other-form",
        "puts an equals sign before the cipher suite",
        requirement!("rfc8314-4.3-4"),
        Fault::Trace(|trace| trace.replace("\ttls ", "\ttls=")),
    ),
];

/// The clause as it is where the handshake takes place in memory.
const SUITE: &str = "\r\n\ttls TLS_AES_256_GCM_SHA384";
