//! The command `smtpspec`.
fn main() {}
