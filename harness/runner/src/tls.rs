//! TLS on a connection (RFC 3207, RFC 8314 §3): octets in, octets out, around the library that
//! does the work. This is the only file that names it.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, ServerConfig,
    ServerConnection, SignatureScheme,
};
use smtpspec_judge::Tls as Facts;

/// One side of a TLS connection.
#[derive(Debug)]
pub(crate) struct Tls {
    session: Connection,
    ended: bool,
}

/// Whom a server shows that it is: a certificate with its key.
#[derive(Clone)]
pub struct Identity(Arc<ServerConfig>);

impl Tls {
    /// The client's side. Any certificate is accepted: what it says is evidence, and nobody is
    /// judged by it.
    pub(crate) fn client(address: IpAddr) -> Result<Self, rustls::Error> {
        let provider = provider();
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
            .with_no_client_auth();
        // Each connection shows all that there is to see.
        config.resumption = Resumption::disabled();
        let name = ServerName::IpAddress(address.into());
        let session = ClientConnection::new(Arc::new(config), name)?;
        Ok(Self::of(Connection::Client(session)))
    }

    /// The server's side.
    pub(crate) fn server(identity: &Identity) -> Result<Self, rustls::Error> {
        let session = ServerConnection::new(Arc::clone(&identity.0))?;
        Ok(Self::of(Connection::Server(session)))
    }

    fn of(mut session: Connection) -> Self {
        session.set_buffer_limit(None);
        Self { session, ended: false }
    }

    /// Whether the handshake is not over yet.
    pub(crate) fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// Whether the peer has ended its side.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes what came over the wire, and gives what was inside. There may be something to send
    /// then, also after an error.
    pub(crate) fn open(&mut self, mut wire: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let mut octets = Vec::new();
        while !wire.is_empty() {
            match self.session.read_tls(&mut wire) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return Err(rustls::Error::General(error.to_string())),
            }
            let state = self.session.process_new_packets()?;
            let before = octets.len();
            octets.resize(before + state.plaintext_bytes_to_read(), 0);
            self.ended |= state.peer_has_closed();
            self.session
                .reader()
                .read_exact(&mut octets[before..])
                .map_err(|error| rustls::Error::General(error.to_string()))?;
        }
        Ok(octets)
    }

    /// What these octets are on the wire.
    pub(crate) fn seal(&mut self, octets: &[u8]) -> Vec<u8> {
        // The library keeps all that it is given, so nothing can go wrong.
        let _ = self.session.writer().write_all(octets);
        self.pending()
    }

    /// What is to be sent of the library's own.
    pub(crate) fn pending(&mut self) -> Vec<u8> {
        let mut wire = Vec::new();
        while self.session.wants_write() {
            if self.session.write_tls(&mut wire).is_err() {
                break;
            }
        }
        wire
    }

    /// Ends our side, in order.
    pub(crate) fn close(&mut self) -> Vec<u8> {
        self.session.send_close_notify();
        self.pending()
    }

    /// What was agreed on, and what the peer showed.
    pub(crate) fn facts(&self) -> Facts {
        let version = self.session.protocol_version();
        let suite = self.session.negotiated_cipher_suite();
        let first = self.session.peer_certificates().and_then(<[_]>::first);
        Facts {
            version: version.map_or(String::new(), |it| format!("{it:?}").replace('_', ".")),
            // The library's name for those of TLS 1.3 has the version in it.
            cipher: suite
                .map_or(String::new(), |it| format!("{:?}", it.suite()).replace("TLS13_", "TLS_")),
            certificate: first.map(|certificate| fingerprint(certificate)),
        }
    }
}

impl Identity {
    /// A new certificate for these names that nobody else has signed, and its key, as PEM: for
    /// another server.
    pub fn pem_for(names: &[&str]) -> io::Result<(String, String)> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
        Ok((made.cert.pem(), made.signing_key.serialize_pem()))
    }

    /// A new key, and a certificate for this name that nobody else has signed.
    pub fn made_for(name: &str) -> io::Result<Self> {
        let made = rcgen::generate_simple_self_signed([name.to_owned()])
            .or_else(|_| rcgen::generate_simple_self_signed(["localhost".to_owned()]))
            .map_err(io::Error::other)?;
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der());
        Self::of(vec![made.cert.der().clone()], key.map_err(io::Error::other)?)
    }

    /// The certificate, with those that signed it behind it, and its key, as PEM.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> io::Result<Self> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let key = PrivateKeyDer::from_pem_slice(key);
        Self::of(chain.map_err(io::Error::other)?, key.map_err(io::Error::other)?)
    }

    fn of(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> io::Result<Self> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
        Ok(Self(Arc::new(config.map_err(io::Error::other)?)))
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A key belongs into no log.
        f.write_str("Identity")
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn fingerprint(certificate: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    digest.as_ref().iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// Believes every server.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    /// Both sides, after their handshake.
    fn pair() -> (Tls, Tls) {
        let identity = Identity::made_for("mx.example.test").unwrap();
        let mut client = Tls::client(Ipv4Addr::LOCALHOST.into()).unwrap();
        let mut server = Tls::server(&identity).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            server.open(&client.pending()).unwrap();
            client.open(&server.pending()).unwrap();
        }
        (client, server)
    }

    #[test]
    fn octets_come_out_as_they_went_in_and_are_not_seen_between() {
        let (mut client, mut server) = pair();
        let long = b"sixty thousand octets are several records. ".repeat(1400);
        let wire = client.seal(&long);
        assert!(!wire.windows(7).any(|window| window == b"records"));
        let (first, second) = wire.split_at(wire.len() / 3);
        let mut heard = server.open(first).unwrap();
        heard.extend(server.open(second).unwrap());
        assert_eq!(heard, long);
        assert!(!server.has_ended());
        server.open(&client.close()).unwrap();
        assert!(server.has_ended());
    }

    #[test]
    fn what_was_agreed_on_can_be_told() {
        let (client, _) = pair();
        let facts = client.facts();
        assert_eq!(facts.version, "TLSv1.3");
        assert!(facts.cipher.starts_with("TLS_"), "{}", facts.cipher);
        assert_eq!(facts.certificate.unwrap().len(), 64);
    }

    #[test]
    fn words_in_the_clear_behind_our_farewell_are_an_error() {
        let (mut client, _) = pair();
        client.close();
        assert!(client.open(b"421 mx.example.test\r\n").is_err());
        assert!(client.open(b"\r\n").is_err());
    }

    #[test]
    fn words_in_the_clear_are_no_handshake() {
        let identity = Identity::made_for("mx.example.test").unwrap();
        assert!(Tls::server(&identity).unwrap().open(b"NOOP\r\nNOOP\r\n").is_err());
        assert!(Identity::from_pem(b"no certificate", b"no key").is_err());
    }
}
