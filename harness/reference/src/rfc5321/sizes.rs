//! RFC 5321 §4.5.3.1 (size limits and minimums): what a server has to handle, and what it may
//! refuse for its size.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{
    Command, EhloName, ForwardPath, Host, Path, Reply, Request, ReversePath, limits,
};

use crate::expectation::{DECLINES_MAIL, Expectation};
use crate::model::Model;

/// Whether anything in the command is larger than a server has to handle. A server may well
/// handle it (rfc5321-4.5.3.1.9-1 only lists codes for the case that it does not).
pub(crate) fn exceeds_what_must_be_handled(request: &Request<'_>) -> bool {
    const CRLF: usize = 2;
    let path = match &request.command {
        Ok(Command::Mail(mail)) => path_of_sender(&mail.reverse_path),
        Ok(Command::Send(path) | Command::Soml(path) | Command::Saml(path)) => path_of_sender(path),
        Ok(Command::Rcpt(rcpt)) => match &rcpt.forward_path {
            ForwardPath::Path(path) => Some(path),
            ForwardPath::Postmaster(_) => None,
        },
        Ok(Command::Helo(domain) | Command::Ehlo(EhloName::Domain(domain))) => {
            return domain.len() > limits::DOMAIN;
        }
        _ => None,
    };
    // Extensions lengthen the line of MAIL and RCPT; a server that offers none has to handle
    // this much, and for one that offers some it is merely allowed to refuse a little early.
    request.line.len() + CRLF > limits::COMMAND_LINE || path.is_some_and(path_exceeds)
}

fn path_of_sender<'p, 'a>(path: &'p ReversePath<'a>) -> Option<&'p Path<'a>> {
    match path {
        ReversePath::Null => None,
        ReversePath::Path(path) => Some(path),
    }
}

fn path_exceeds(path: &Path<'_>) -> bool {
    path.written_length() > limits::PATH
        || path.mailbox.local_part.as_bytes().len() > limits::LOCAL_PART
        || matches!(&path.mailbox.host, Host::Domain(domain) if domain.len() > limits::DOMAIN)
}

/// A command line so long that it was not read whole: what it was is not known, so all that is
/// left to say is that some reply has to come (rfc5321-4.5.3.1.9-1).
pub(crate) fn expect_overlong(_model: &Model) -> Expectation {
    Expectation::of(Reply::new(500, "Line too long"))
        .policy(DECLINES_MAIL)
        .rule(requirement!("rfc5321-4.3.2-3"), &["2yz 3yz 4yz 5yz"])
}

#[cfg(test)]
mod tests {
    use smtpspec_protocol::{Grammar, Request};

    use crate::model::Stimulus;
    use crate::rfc5321::form::Form;
    use crate::testing::Worth::{Fails, Fine};
    use crate::testing::{check, transaction, worth};

    fn request(line: &str) -> Request<'_> {
        Request::parse(line.as_bytes(), Grammar::default())
    }

    #[test]
    fn what_is_larger_than_it_must_be_may_be_taken_or_refused() {
        let large = format!("RCPT TO:<{}@example.test>", "x".repeat(65));
        let model = transaction(0);
        check(&model, &[(&large, 250, Fine), (&large, 501, Fine), (&large, 500, Fine)]);
        let largest = format!("RCPT TO:<{}@example.test>", "x".repeat(64));
        check(&model, &[(&largest, 250, Fine), (&largest, 500, Fails)]);
    }

    #[test]
    fn the_limits_are_those_of_the_rfc() {
        let dots = |octets: usize| {
            // No label is too long, and none is empty.
            let labels = "x".repeat(60) + ".";
            labels.repeat(octets / 61) + &"x".repeat(octets % 61)
        };
        let path = |domain: usize| format!("<{}@{}>", "a".repeat(64), dots(domain));
        assert_eq!((dots(255).len(), path(189).len()), (255, 256));
        let within = [
            format!("RCPT TO:{}", path(189)),
            format!("MAIL FROM:{}", path(189)),
            format!("EHLO {}", dots(255)),
            format!("HELO {}", dots(255)),
            format!("NOOP {}", "x".repeat(505)),
        ];
        for line in within {
            assert_eq!(Form::of(&request(&line)), Form::Plain, "{line}");
        }
        let beyond = [
            format!("RCPT TO:{}", path(190)),
            format!("MAIL FROM:{}", path(190)),
            format!("MAIL FROM:<{}@b.test>", "a".repeat(65)),
            format!("SEND FROM:{}", path(190)),
            format!("EHLO {}", dots(256)),
            format!("HELO {}", dots(256)),
            format!("NOOP {}", "x".repeat(506)),
        ];
        for line in beyond {
            assert_eq!(Form::of(&request(&line)), Form::Tolerable, "{line}");
        }
    }

    #[test]
    fn a_line_that_was_not_read_whole_draws_any_reply() {
        let expectation =
            transaction(0).expect(&Stimulus::Overlong { head: b"NOOP", octets: 10_000 });
        assert_eq!(worth(&expectation, 500), Fine);
        assert_eq!(worth(&expectation, 250), Fine);
        assert_eq!(worth(&expectation, 999), Fails);
    }
}
