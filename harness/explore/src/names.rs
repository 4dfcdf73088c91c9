//! The names that a session may use: the profile's, so that a server can accept what is legal.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtpspec_scenario::Profile;

/// Who we are, and whom the target knows.
#[derive(Debug, Clone)]
pub struct Names {
    /// The name that we give in EHLO.
    pub client: String,
    /// A reverse-path that the target accepts.
    pub sender: String,
    /// A mailbox that it accepts.
    pub recipient: String,
    /// Another one, or the same.
    pub second: String,
    /// A mailbox that it refuses.
    pub unknown: String,
    /// What else the profile has names for: lists, domains, mailboxes that have moved.
    pub others: Vec<String>,
    /// Who has a login there.
    pub user: Option<String>,
}

impl Names {
    /// Those of a profile.
    pub fn of(profile: &Profile) -> Self {
        let recipient = profile.recipient.clone();
        let domain = recipient.rsplit_once('@').map_or("example.test", |(_, domain)| domain);
        Self {
            client: profile.client.clone(),
            sender: profile.sender.clone(),
            second: profile.second_recipient.clone().unwrap_or_else(|| recipient.clone()),
            unknown: profile
                .unknown_recipient
                .clone()
                .unwrap_or_else(|| format!("smtpspec-no-such-user@{domain}")),
            others: others(profile),
            user: profile.credentials.as_ref().map(|one| one.user.clone()),
            recipient,
        }
    }

    /// The domain of the recipient, where it has one.
    pub fn domain(&self) -> &str {
        self.recipient.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The local-part of the recipient.
    pub fn local_part(&self) -> &str {
        self.recipient.rsplit_once('@').map_or(self.recipient.as_str(), |(local, _)| local)
    }

    /// Puts the names into a text: `{client}`, `{sender}`, `{recipient}`, `{second}`, `{unknown}`,
    /// `{domain}`, `{local}`, `{no-password}`, and a number for as many octets of BASE64. Other braces
    /// stand for themselves.
    pub fn fill(&self, text: &str) -> Vec<u8> {
        let mut filled = String::with_capacity(text.len() + 32);
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            let known = rest[open + 1..]
                .find('}')
                .and_then(|close| Some((self.value(&rest[open + 1..open + 1 + close])?, close)));
            if let Some((value, close)) = known {
                filled.push_str(&value);
                rest = &rest[open + close + 2..];
            } else {
                filled.push('{');
                rest = &rest[open + 1..];
            }
        }
        filled.push_str(rest);
        filled.into_bytes()
    }

    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "client" => self.client.as_str().into(),
            "sender" => self.sender.as_str().into(),
            "recipient" => self.recipient.as_str().into(),
            "second" => self.second.as_str().into(),
            "unknown" => self.unknown.as_str().into(),
            "domain" => self.domain().into(),
            "local" => self.local_part().into(),
            "no-password" => {
                let user = self.user.as_deref().unwrap_or("bob");
                STANDARD.encode(format!("\0{user}\0")).into()
            }
            count => "YWFh".repeat(count.parse::<u16>().ok()? as usize / 4).into(),
        })
    }
}

/// Values of the profile's variables that may stand in a command, and mailboxes where delivery fails.
fn others(profile: &Profile) -> Vec<String> {
    let values = profile.variables.values().chain(profile.undeliverable());
    let fits = |value: &&String| {
        !value.is_empty() && value.len() < 256 && !value.contains(['{', '}', '\r', '\n'])
    };
    values.filter(fits).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_put_in_and_other_braces_stay() {
        let names = Names::of(&Profile::default());
        assert_eq!(names.fill("RCPT TO:<{recipient}>"), b"RCPT TO:<user@example.test>");
        assert_eq!(names.fill("{local}@{domain}{"), b"user@example.test{");
        assert_eq!(names.fill("<a{|}b@{x}>"), b"<a{|}b@{x}>");
    }
}
