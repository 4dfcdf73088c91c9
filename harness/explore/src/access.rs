//! How sessions get to where mail is taken: TLS from the first octet, and a login.
//!
//! A session may be kept and shown, and so it holds no password (RFC 4954 §4): [`LOGIN`] stands where
//! the message of PLAIN goes. It is put in on the way to the server, and taken out of all that came
//! of it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use smtpspec_judge::{Happening, secrets};
use smtpspec_scenario::{Profile, Tls};

use crate::drive::Trace;

/// What stands in a session for the message of PLAIN, in BASE64, with the profile's name and password
/// (RFC 4616 §2).
pub const LOGIN: &str = "${login}";

/// What a connection of this profile begins with, and what its sessions may hold without showing.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Whether TLS begins with the connection (RFC 8314 §3).
    pub within_tls: bool,
    login: Option<Login>,
}

#[derive(Clone)]
struct Login {
    password: String,
    /// The message of PLAIN, and its BASE64.
    message: String,
    encoded: String,
}

/// Secrets are printed nowhere.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

impl Access {
    /// That of a profile.
    pub fn of(profile: &Profile) -> Self {
        let login = profile.credentials.as_ref().and_then(|known| {
            let password = known.password.clone()?;
            let message = format!("\0{}\0{password}", known.user);
            Some(Login { encoded: STANDARD.encode(&message), password, message })
        });
        Self { within_tls: profile.tls == Tls::OnConnect, login }
    }

    /// Whether a login can be put in.
    pub fn can_log_in(&self) -> bool {
        self.login.is_some()
    }

    /// The octets with the login in its place.
    pub(crate) fn put_in(&self, octets: &[u8]) -> Vec<u8> {
        match &self.login {
            Some(login) => replace(octets, LOGIN.as_bytes(), login.encoded.as_bytes()),
            None => octets.to_vec(),
        }
    }

    /// Takes the login, and what a server tells of it, out of all that came of a session.
    pub(crate) fn hide_in(&self, trace: &mut Trace) {
        let Some(login) = &self.login else { return };
        for event in &mut trace.transcript.events {
            if let Happening::Sent { octets } = &mut event.what {
                *octets = replace(octets, login.encoded.as_bytes(), LOGIN.as_bytes());
            }
        }
        let all = [&login.password, &login.message].map(String::as_bytes);
        secrets::hide(&all, &mut trace.transcript, &mut trace.heard, &mut trace.findings);
    }
}

fn replace(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some(at) = memmem::find(rest, from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use smtpspec_catalogue::requirement;
    use smtpspec_reference::{Config, User};
    use smtpspec_scenario::{Credentials, write};

    use super::*;
    use crate::memory::play;
    use crate::reproducer::scenario;
    use crate::{Names, Session};

    const ENCODED: &str = "AGJvYgBzZXNhbWUtb3Blbg==";

    fn profile() -> Profile {
        let credentials = Credentials {
            user: "bob".to_owned(),
            password: Some("sesame-open".to_owned()),
            token: None,
        };
        Profile { credentials: Some(credentials), ..Profile::default() }
    }

    /// What comes of a login at a reference that knows this name and password.
    fn logged_in() -> Trace {
        let session = "- EHLO c.test\\r\\n\n- AUTH PLAIN ${login}\\r\\n\n- MAIL FROM:<>\\r\\n\n";
        let session: Session = session.parse().expect("a session");
        let name = "bob".to_owned();
        let users = vec![User { name, password: "sesame-open".to_owned(), token: None }];
        let config = Config { users, auth_in_clear: true, ..Config::default() };
        play(&session, &Arc::new(config), &Access::of(&profile()))
    }

    #[test]
    fn a_login_is_made_and_not_shown() {
        let trace = logged_in();
        let codes: Vec<_> =
            trace.heard.iter().map(|one| one.reply.as_ref().map(|it| it.code.get())).collect();
        assert_eq!(codes, [Some(220), Some(250), Some(235), Some(250)]);
        let shown = format!("{:?}", trace.transcript);
        let sent = trace.transcript.events.iter().any(|event| {
            matches!(&event.what, Happening::Sent { octets } if octets == b"AUTH PLAIN ${login}\r\n")
        });
        assert!(sent && !shown.contains(ENCODED), "{shown}");
    }

    #[test]
    fn a_scenario_made_of_it_logs_in_with_the_profile_s_name() {
        let trace = logged_in();
        let names = Names::of(&profile());
        let made = scenario(&trace, &names, requirement!("rfc4954-4-1"), "x", "x");
        let text = write(&made);
        assert!(text.contains("${user}") && text.contains("${password}"), "{text}");
        assert!(!text.contains(ENCODED) && !text.contains("sesame"), "{text}");
    }
}
