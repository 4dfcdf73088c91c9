//! Where mutants show whose fault does not tell (RFC 5321 §4.2): the replies of most of these are
//! among those that a server may give at that place, and no model can hold one against it.

use super::Shows;

/// Mutants by name, for each place other than that of their fault.
pub(super) const ELSEWHERE: &[(Shows, &[&str])] = &[
    (Shows::Close, &["refused-session-is-closed", "idle-client-is-left-after-two-minutes"]),
    (
        Shows::State,
        &[
            "starttls-taken-inside-tls",
            "turn-refused-changes-roles",
            // It speaks as a client then, and gives no reply.
            "turn-does-not-await-greeting",
        ],
    ),
    (Shows::Mail, &["looping-message-relayed", "refused-for-now-and-delivered"]),
    // Passing trouble is always possible, and so is that the server has no room or leaves.
    (
        Shows::Fact,
        &[
            "line-of-rcpt-too-long",
            "auth-parameter-with-line-of-512",
            // An address of no host, which a server may have reason to refuse (RFC 1122 §3.2.1.3).
            "ipv4-literal-of-zeros-refused",
            // Which of the two was taken for the error.
            "quotes-behind-source-route-refused",
            // Whether a name and a password are right, and what a proof of them is.
            "oauthbearer-no-other-keys",
            "oauthbearer-one-spelling",
            "plain-without-identity-refused",
            "scram-any-binding",
            "scram-empty-name",
            "scram-name-not-as-it-came",
            "scram-name-not-prepared",
            "scram-no-extensions",
            "scram-old-hash",
            "scram-same-nonce",
            "scram-verifier-after-failure",
            "scram-wrong-verifier",
            "message-of-64k-refused",
            "message-over-limit-draws-452",
            "refuses-after-50-recipients",
            "refuses-after-99-recipients",
            "deliverby-wants-short-line",
            "mt-priority-wants-short-line",
            "requiretls-wants-short-line",
            "rrvs-wants-short-line",
            "futurerelease-behind-deliverby-draws-554",
            "futurerelease-refused-with-554",
            "size-over-limit-draws-452",
            "mailmax-exceeded",
            "rcptdomainmax-exceeded",
            "rcptmax-exceeded",
            "smtputf8-lengthens-no-line",
            "too-many-recipients-draws-451",
            "too-many-recipients-draws-552",
            "undeclared-binary-refused",
            "unknown-command-draws-421",
        ],
    ),
    // That people post their mail there, no server says.
    (
        Shows::Fact,
        &[
            "futurerelease-on-port-25",
            "futurerelease-wants-short-line",
            "submission-anothers-mailbox-draws-553",
            "submission-data-with-argument-draws-554",
            "submission-greets-with-521",
            "submission-null-reverse-path-refused",
            "submission-one-label-accepted",
            "submission-one-label-draws-550",
            "submission-syntax-accepted",
            "submission-syntax-draws-553",
            "submission-with-atrn",
            "submission-with-etrn",
            "submission-without-auth",
            "submission-without-dsn",
            "submission-without-ehlo",
            "submission-without-eight-bit",
            "submission-without-login",
            "submission-without-login-draws-554",
            "submission-without-pipelining",
            "submission-without-status-codes",
        ],
    ),
    // Whom a server knows, and what it is told of them, is its own affair.
    (
        Shows::Fact,
        &[
            "a-labels-are-another-domain",
            "atrn-by-the-letter",
            "atrn-foreign-domain-draws-550",
            "atrn-list-refused",
            "atrn-not-listed",
            "atrn-without-mail-draws-554",
            "data-refused-after-refused-rcpt",
            "empty-forward-path-accepted",
            "envid-refused-as-policy",
            "expn-members-in-one-line",
            "expn-with-headline",
            "notify-saves-unknown-recipients",
            "lmtp-last-chunk-in-reverse",
            "lmtp-replies-in-reverse",
            "pipelining-as-a-parameter",
            "quoted-spelling-is-another-mailbox",
            "inquiry-withheld-without-detail-8",
            "null-mx-recipient-without-detail-10",
            "null-mx-sender-without-detail-27",
            "unresolvable-sender-draws-521",
            "utf8-quotes-make-another-name",
            "rrvs-any-time-refused",
            "rrvs-passed-on",
            "rrvs-postmaster-has-an-owner",
            "rrvs-reassigned-accepted",
            "rrvs-reassigned-with-another-code",
            "vrfy-knows-addresses-only",
            "vrfy-knows-local-parts-only",
        ],
    ),
    // Whom it lets in, and where, is what the server knows and its policy.
    (
        Shows::Fact,
        &[
            "auth-any-password-lets-in",
            "auth-mail-refused-after-login",
            "auth-names-not-prepared",
            "auth-offered-in-clear",
            "auth-offered-in-clear-and-refused",
            "auth-required-draws-550",
            "auth-required-for-all",
            "auth-unprepared-identity-taken",
        ],
    ),
    (
        Shows::State,
        &["auth-challenge-repeats", "auth-failure-lets-in", "auth-line-too-long-goes-on"],
    ),
    // What it offers, what it has that it does not offer, and what it has not.
    (
        Shows::Fact,
        &[
            "ehlo-keyword-unregistered",
            "eightbitmime-not-offered",
            "enhanced-codes-after-ehlo-only",
            "greets-with-554-where-no-mail-is-taken",
            "help-on-unknown-topic-draws-502",
            "mail-line-with-body-limited-to-512",
            "send-with-bad-syntax-draws-502",
            "size-not-offered",
            "unknown-parameter-accepted",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_that_of_a_mutant_and_stands_once() {
        let mut names: Vec<&str> =
            ELSEWHERE.iter().flat_map(|(_, names)| *names).copied().collect();
        for name in &names {
            assert!(super::super::by_name(name).is_some(), "{name}");
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
