//! Where a session stands, named after what it awaits.

/// What the server awaits next (RFC 5321 §4.1.4, and §3.8 of RFC 821 for `Turned`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Connected, and the server has not spoken yet (RFC 5321 §3.1).
    AwaitGreeting,
    /// Greeted with 220; no EHLO or HELO was accepted yet.
    AwaitHello,
    /// EHLO or HELO was accepted, and no transaction is open.
    Ready,
    /// MAIL was accepted; no recipient was.
    AwaitRcpt,
    /// At least one recipient was accepted: DATA or a further RCPT may come.
    AwaitData,
    /// 354 was sent: what comes is the message, up to the end of data.
    AwaitMessage,
    /// 334 was answered in an AUTH exchange: what comes is a response, no command (RFC 4954 §4).
    AwaitResponse,
    /// A chunk of the message was accepted: the next may come, up to the last (RFC 3030 §2).
    AwaitChunk,
    /// A chunk failed, or DATA came where only BDAT may: what the server makes of the transaction
    /// is not known until RSET (RFC 3030 §2).
    AwaitReset,
    /// 220 was answered to STARTTLS: what comes is a TLS handshake (RFC 3207 §4).
    AwaitHandshake,
    /// The server refused the session with its greeting and awaits QUIT (RFC 5321 §3.1).
    Refused,
    /// TURN was accepted: the client of before is the server now (RFC 821 §3.8).
    Turned,
    /// The server said that it closes the connection.
    Closed,
    /// An answer that no server should give left it open whether a transaction is under way.
    Unknown,
}

impl State {
    /// Whether it is known that no transaction is open and one may begin.
    pub fn is_idle(self) -> bool {
        matches!(self, Self::AwaitHello | Self::Ready)
    }

    /// Whether it is known that a transaction is open (RFC 5321 §3.3).
    pub fn in_transaction(self) -> bool {
        matches!(self, Self::AwaitRcpt | Self::AwaitData | Self::AwaitMessage | Self::AwaitChunk)
    }

    /// Whether the server's part in the conversation is over.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Turned | Self::Closed)
    }
}
