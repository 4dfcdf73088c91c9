//! Whether a case applies to this target at all; where it does not, it is skipped with the reason.

use std::sync::Arc;

use smtpspec_scenario::{Given, Outlet, Party, Tls};

use crate::play::Play;
use crate::verdict::Verdict;

impl Play {
    /// Whether the case applies at all, as far as that is known before the first octet.
    pub(crate) fn admit(&mut self) {
        let scenario = Arc::clone(&self.case.scenario);
        if scenario.plays == Party::Server {
            self.stop(Verdict::Skip, "it tests a client, and this run tests a server".to_owned());
            return;
        }
        let speaks = self.setup.profile.protocol;
        if !scenario.requires.protocol.holds(speaks) {
            let [wanted, spoken] =
                [scenario.requires.protocol.as_str(), speaks.as_str()].map(str::to_ascii_uppercase);
            let why =
                format!("it is for a target that speaks {wanted}, and this one speaks {spoken}");
            self.stop(Verdict::Skip, why);
            return;
        }
        if scenario.requires.next_hop && !self.sees_deliveries() {
            return;
        }
        if let Some(name) = scenario.requires.profile.iter().find(|name| !self.states(name)) {
            self.stop(Verdict::Skip, format!("the profile does not state `{name}`"));
            return;
        }
        if scenario.given == Given::Connected {
            let offered = self.setup.offered.clone();
            self.require_keywords(&offered);
        }
        let begins = self.setup.profile.tls == Tls::None && scenario.given == Given::Secured;
        if begins && !self.offers_starttls() {
            self.stop(Verdict::Skip, "the server does not offer STARTTLS".to_owned());
            return;
        }
        for (_, field) in self.case.fields() {
            if let Err(missing) = field.expand(&[], &self.variables) {
                return self.lacks(&missing);
            }
        }
    }

    /// Whether the mail that the target accepts can be looked at.
    fn sees_deliveries(&mut self) -> bool {
        let (verdict, reason) = match &self.setup.profile.outlet {
            None => (
                Verdict::Skip,
                "it must see what the target delivers, and the profile names neither `next-hop` nor `maildir`"
                    .to_owned(),
            ),
            Some(Outlet::Silent(why)) => (Verdict::Inconclusive, why.clone()),
            Some(Outlet::NextHop { .. } | Outlet::Maildir(_) | Outlet::Memory) => return true,
        };
        self.stop(verdict, reason);
        false
    }

    fn offers_starttls(&self) -> bool {
        self.setup.offered.iter().any(|had| had.eq_ignore_ascii_case("STARTTLS"))
    }

    /// Skips the case where a keyword that it requires is not offered.
    pub(crate) fn require_keywords(&mut self, offered: &[String]) {
        let scenario = Arc::clone(&self.case.scenario);
        let login = (scenario.given == Given::Authenticated).then(|| "AUTH".to_owned());
        let missing = scenario
            .requires
            .ehlo
            .iter()
            .chain(&login)
            .find(|keyword| !offered.iter().any(|had| had.eq_ignore_ascii_case(keyword)));
        if let Some(keyword) = missing {
            self.stop(Verdict::Skip, format!("the server does not offer {keyword}"));
        }
    }

    pub(crate) fn states(&self, name: &str) -> bool {
        self.setup.profile.states(name) || self.variables.has(name)
    }
}
