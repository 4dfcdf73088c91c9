//! The profile of a run: the file, and over it what the command line and its variables say.

use std::fs::File;
use std::path::Path;

use smtpspec_protocol::Protocol;
use smtpspec_scenario::{Credentials, Outlet, Profile, Source, Tls};

use crate::args::{Access, ComesOut, Run, Target};
use crate::console::Console;
use crate::diagnostics;
use crate::exit::Exit;
use crate::suite;

/// The local part of a mailbox that no server has.
const NOBODY: &str = "smtpspec-no-such-user";

/// The profile in a file; the default one without a file.
pub(crate) fn read(path: Option<&Path>, console: &Console) -> Result<Profile, Exit> {
    let Some(path) = path else { return Ok(Profile::default()) };
    let name = path.display().to_string();
    let source = match File::open(path).and_then(|reader| Source::read(name, reader)) {
        Ok(source) => source,
        Err(error) => {
            console.error(&format!("{}: {error}", path.display()));
            return Err(Exit::Usage);
        }
    };
    Profile::load(&source).map_err(|found| {
        diagnostics::print_of_profile(&found, &source, console);
        console.error(&format!("nothing was sent: {}", diagnostics::count(&found)));
        Exit::Usage
    })
}

/// The profile of `run`.
pub(crate) fn of_run(run: &Run, console: &Console) -> Result<Profile, Exit> {
    let mut profile = of_access(&run.access, &run.target, console)?;
    profile.outlet = outlet(&run.mail, profile.outlet, console)?;
    Ok(profile)
}

/// The profile of a target, and how it is spoken to.
pub(crate) fn of_access(
    access: &Access,
    target: &Target,
    console: &Console,
) -> Result<Profile, Exit> {
    let usual = if access.lmtp { "lmtp" } else { USUAL };
    let mut profile = of_target(target, usual, console)?;
    if access.lmtp {
        profile.protocol = Protocol::Lmtp;
    }
    if access.tls {
        profile.tls = Tls::StartTls;
    } else if access.tls_on_connect {
        profile.tls = Tls::OnConnect;
    }
    if let Some(user) = &access.user {
        // The token of another user is none for this one.
        let token = profile.credentials.take().filter(|had| had.user == *user);
        profile.credentials = Some(Credentials {
            user: user.clone(),
            password: access.password.clone(),
            token: token.and_then(|had| had.token),
        });
    }
    if access.login {
        if profile.credentials.as_ref().is_none_or(|had| had.password.is_none()) {
            console.error(
                "--login needs --user and SMTPSPEC_PASSWORD, or auth: {user: …, password: …} in the \
                 profile",
            );
            return Err(Exit::Usage);
        }
        profile.login = true;
    }
    Ok(profile)
}

/// The profile of the reference server inside the program, by its name.
fn of_reference(name: &str, console: &Console) -> Result<Profile, Exit> {
    let mut profiles = suite::reference_profiles(console)?.into_iter();
    let found = profiles.find(|(known, _)| *known == name);
    Ok(found.map(|(_, profile)| profile).unwrap_or_default())
}

/// The setting of the reference that a run has which names no target.
const USUAL: &str = "usual";

/// The profile of a target: the file, and the flags over it. `reference` is the setting of the
/// reference where there is no other target.
fn of_target(flags: &Target, reference: &str, console: &Console) -> Result<Profile, Exit> {
    let mut profile = match (&flags.profile, &flags.server) {
        (None, None) => of_reference(reference, console)?,
        (path, _) => read(path.as_deref(), console)?,
    };
    if let Some(server) = &flags.server {
        profile.server = Some(server.clone());
        // Whom the reference lets in is nobody elsewhere.
        if flags.profile.is_none() {
            profile.credentials = None;
        }
    }
    if let Some(from) = &flags.from {
        profile.sender.clone_from(from);
    }
    if let Some(ehlo) = &flags.ehlo {
        profile.client.clone_from(ehlo);
    }
    match flags.to.as_slice() {
        [] => {}
        [first, others @ ..] => {
            profile.recipient.clone_from(first);
            profile.second_recipient = others.first().cloned();
            // The profile's unknown mailbox need not be in this domain; this one surely is unknown.
            profile.unknown_recipient =
                first.rsplit_once('@').map(|(_, domain)| format!("{NOBODY}@{domain}"));
            if others.len() > 1 {
                console.error("--to takes two addresses at most");
                return Err(Exit::Usage);
            }
        }
    }
    if let Some(unknown) = &flags.unknown_to {
        profile.unknown_recipient = Some(unknown.clone());
    }
    for fact in &flags.facts {
        if fact.is_empty() || !fact.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        {
            let fact = fact.escape_debug();
            console.error(&format!("--fact: `{fact}` is no name: letters, digits, dots, hyphens"));
            return Err(Exit::Usage);
        }
        profile.facts.insert(fact.clone());
    }
    if let Some(timeout) = flags.timeout {
        profile.timeouts.connect = timeout;
        profile.timeouts.reply = timeout;
    }
    for (flag, address) in addresses(&profile) {
        if let Err(why) = is_plain(address) {
            console.error(&format!("{flag}: `{}` {why}", address.escape_debug()));
            return Err(Exit::Usage);
        }
    }
    Ok(profile)
}

/// Where the mail comes out, as the flags say over the profile.
pub(crate) fn outlet(
    flags: &ComesOut,
    profile: Option<Outlet>,
    console: &Console,
) -> Result<Option<Outlet>, Exit> {
    if let Some(folder) = &flags.delivered_maildir {
        return Ok(Some(Outlet::Maildir(folder.clone())));
    }
    match (flags.next_hop, flags.next_hop_protocol, profile) {
        (Some(listen), protocol, outlet) => {
            let without = match outlet {
                Some(Outlet::NextHop { without, .. }) => without,
                _ => Vec::new(),
            };
            let protocol = protocol.unwrap_or_default();
            Ok(Some(Outlet::NextHop { listen, protocol, without }))
        }
        (None, Some(protocol), Some(Outlet::NextHop { listen, without, .. })) => {
            Ok(Some(Outlet::NextHop { listen, protocol, without }))
        }
        (None, Some(_), _) => {
            console.error("--next-hop-protocol needs --next-hop, or one in the profile");
            Err(Exit::Usage)
        }
        (None, None, outlet) => Ok(outlet),
    }
}

fn addresses(profile: &Profile) -> impl Iterator<Item = (&'static str, &str)> {
    let second = profile.second_recipient.as_deref().map(|address| ("--to", address));
    let unknown = profile.unknown_recipient.as_deref().map(|address| ("--unknown-to", address));
    [("--from", profile.sender.as_str()), ("--to", profile.recipient.as_str())]
        .into_iter()
        .chain(second)
        .chain(unknown)
}

/// Whether an address can stand between angle brackets without breaking the line around it. What
/// the RFCs say of addresses is for the server to judge, and may be just what is being tested.
fn is_plain(address: &str) -> Result<(), &'static str> {
    if address.contains(['<', '>']) {
        Err("has angle brackets; write the address alone")
    } else if address.contains(|letter: char| letter.is_control()) {
        Err("has control characters")
    } else if !address.contains('@') && !address.eq_ignore_ascii_case("postmaster") {
        Err("is no address: there is no @ in it")
    } else if address.starts_with('@') || address.ends_with('@') {
        Err("is no address: something must stand on either side of the @")
    } else {
        Ok(())
    }
}
