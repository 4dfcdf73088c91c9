//! RFC 2920 §2 and §3.2 (PIPELINING): commands that come in groups.
//!
//! A group changes no answer: each command draws what it would draw alone, in its turn. What goes
//! wrong with groups shows where replies are paired with commands, and there it is judged. The rule
//! that is left is that of the keyword's line.

use smtpspec_catalogue::requirement;

use crate::extension::Extension;
use crate::rfc5321::keywords;
use crate::text::TextRule;

/// The extension PIPELINING.
pub(crate) struct Pipelining;

const KEYWORD: &str = "PIPELINING";

impl Extension for Pipelining {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }
}

/// The keyword's line in the reply to EHLO.
pub(crate) fn of_ehlo() -> TextRule {
    keywords::alone(requirement!("rfc2920-2-1"), KEYWORD)
}

#[cfg(test)]
mod tests {
    use smtpspec_protocol::Reply;

    use super::*;
    use crate::config::Config;
    use crate::testing::preferred;

    #[test]
    fn the_keyword_has_no_parameter() {
        let fault = |line| of_ehlo().fault(&Reply::multiline(250, ["mx.test", line]), None);
        assert!(fault("PIPELINING").is_none() && fault("PIPELINING ").is_none());
        assert!(fault("PIPELINING2 x").is_none());
        assert!(fault("pipelining 4096").is_some_and(|fault| (fault.line, fault.at) == (1, 10)));
    }

    #[test]
    fn the_keyword_can_be_withheld() {
        let without = Config { withheld: vec![KEYWORD.to_owned()], ..Config::default() };
        let reply = preferred(without, &["EHLO client.test"]);
        assert!(!reply.lines.contains(&KEYWORD.as_bytes().to_vec()));
    }
}
