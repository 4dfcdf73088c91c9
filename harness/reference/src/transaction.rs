//! What a mail transaction has gathered: the reverse-path buffer and the forward-path buffer of
//! RFC 5321 §4.1.1. The mail data buffer is the server's, for the model never sees the message.

use smtpspec_protocol::Command;
use smtpspec_protocol::{ForwardPath, Parameters, Path, Request, ReversePath};

/// A parameter of MAIL or RCPT: its keyword in upper case, and its value.
pub type Parameter = (Vec<u8>, Option<Vec<u8>>);

/// Parameters of one command.
pub type ParameterList = Vec<Parameter>;

/// An open transaction, from an accepted MAIL until the end of data or what aborts it
/// (RFC 5321 §3.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    /// The sender's mailbox without brackets and route, empty for `<>`; `None` when the server
    /// took a MAIL that cannot be read.
    pub reverse_path: Option<Vec<u8>>,
    /// The mailboxes accepted so far, without brackets and route, as the client spelled them.
    pub recipients: Vec<Vec<u8>>,
    /// Whether a chunk of its message failed (RFC 3030 §2).
    pub chunk_failed: bool,
    /// The parameters of MAIL, keywords in upper case.
    pub parameters: ParameterList,
    /// The parameters of RCPT, for each mailbox that came with some.
    pub recipient_parameters: Vec<(Vec<u8>, ParameterList)>,
}

impl Transaction {
    /// The transaction that this MAIL, SEND, SOML or SAML opens.
    pub(crate) fn open(request: &Request<'_>) -> Self {
        match &request.command {
            Ok(Command::Mail(mail)) => Self {
                reverse_path: Some(mailbox_of_sender(&mail.reverse_path)),
                recipients: Vec::new(),
                chunk_failed: false,
                parameters: listed(&mail.parameters),
                recipient_parameters: Vec::new(),
            },
            Ok(Command::Send(path) | Command::Soml(path) | Command::Saml(path)) => {
                Self { reverse_path: Some(mailbox_of_sender(path)), ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    /// Whether MAIL carried a parameter of this name.
    pub(crate) fn has(&self, keyword: &str) -> bool {
        carries(&self.parameters, keyword)
    }

    /// The value of a parameter that MAIL carried, where it carried one.
    pub fn parameter(&self, keyword: &str) -> Option<&[u8]> {
        value_of(&self.parameters, keyword)
    }
}

/// Whether a parameter with this keyword, in upper case, is among them.
pub(crate) fn carries(parameters: &[Parameter], keyword: &str) -> bool {
    parameters.iter().any(|(name, _)| name == keyword.as_bytes())
}

/// The value of the parameter with this keyword, where there is one and it has a value.
pub(crate) fn value_of<'p>(parameters: &'p [Parameter], keyword: &str) -> Option<&'p [u8]> {
    let found = parameters.iter().find(|(name, _)| name == keyword.as_bytes());
    found.and_then(|(_, value)| value.as_deref())
}

/// Parameters as they are kept.
pub(crate) fn listed(parameters: &Parameters<'_>) -> ParameterList {
    let one = |p: smtpspec_protocol::Parameter<'_>| {
        (p.keyword.to_ascii_uppercase(), p.value.map(<[u8]>::to_vec))
    };
    parameters.iter().map(one).collect()
}

/// The mailbox of a forward-path, or `Postmaster` as written; the route is dropped, as
/// rfc5321-4.1.1.3-3 asks.
pub(crate) fn mailbox_of_recipient(path: &ForwardPath<'_>) -> Vec<u8> {
    match path {
        ForwardPath::Postmaster(written) => written.to_vec(),
        ForwardPath::Path(path) => mailbox(path),
    }
}

fn mailbox_of_sender(path: &ReversePath<'_>) -> Vec<u8> {
    match path {
        ReversePath::Null => Vec::new(),
        ReversePath::Path(path) => mailbox(path),
    }
}

fn mailbox(path: &Path<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    path.mailbox.write_to(&mut text);
    text
}
