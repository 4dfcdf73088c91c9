//! RFC 821, the commands that RFC 5321 has left behind (RFC 5321 appendix F).

pub(crate) mod send;
pub(crate) mod turn;
