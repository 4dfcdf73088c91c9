//! HOST PORT FILE MODE [MECHANISM]: delivers a file with lettre, in the `clear`, behind `starttls` or
//! inside `tls`, logged in where a mechanism is named.

use std::error::Error;

use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{SmtpTransport, Transport};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, file, mode, mechanism @ ..] = words.as_slice() else {
        return Err("HOST PORT FILE MODE [MECHANISM]".into());
    };
    // Nobody vouches for the reference's certificate.
    let trust = TlsParameters::builder(host.clone())
        .dangerous_accept_invalid_certs(true)
        .dangerous_accept_invalid_hostnames(true)
        .build_rustls()?;
    let tls = match mode.as_str() {
        "starttls" => Tls::Required(trust),
        "tls" => Tls::Wrapper(trust),
        _ => Tls::None,
    };
    let mut transport = SmtpTransport::builder_dangerous(host)
        .port(port.parse()?)
        .hello_name(ClientId::Domain("client.example.org".to_owned()))
        .tls(tls);
    if let [mechanism] = mechanism {
        let mechanism = match mechanism.as_str() {
            "PLAIN" => Mechanism::Plain,
            "LOGIN" => Mechanism::Login,
            other => return Err(format!("lettre knows no {other}").into()),
        };
        let user = Credentials::new("bob".to_owned(), "secret".to_owned());
        transport = transport.credentials(user).authentication(vec![mechanism]);
    }
    let recipients = vec!["user@example.test".parse()?, "user2@example.test".parse()?];
    let envelope = Envelope::new(Some("sender@example.org".parse()?), recipients)?;
    transport.build().send_raw(&envelope, &std::fs::read(file)?)?;
    Ok(())
}
