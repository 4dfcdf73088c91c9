//! Which extension a specification is about, in the words of EHLO, so that readers can look at one
//! alone.

/// The name of what a specification adds to SMTP; its own name where that is not known.
pub(crate) fn extension(spec: &str) -> &str {
    match spec {
        "rfc821" | "rfc2821" | "rfc5321" => "SMTP",
        "rfc1870" => "SIZE",
        "rfc1985" => "ETRN",
        "rfc2033" => "LMTP",
        "rfc2034" | "rfc3463" | "rfc5248" => "ENHANCEDSTATUSCODES",
        "rfc2645" => "ATRN",
        "rfc2852" => "DELIVERBY",
        "rfc2920" => "PIPELINING",
        "rfc3030" => "CHUNKING",
        "rfc3207" => "STARTTLS",
        "rfc3461" | "rfc3464" => "DSN",
        "rfc4865" => "FUTURERELEASE",
        "rfc4616" | "rfc4954" | "rfc5802" | "rfc7628" | "rfc7677" => "AUTH",
        "rfc6152" => "8BITMIME",
        "rfc6409" | "rfc8314" => "submission",
        "rfc6531" | "rfc6532" => "SMTPUTF8",
        "rfc6710" => "MT-PRIORITY",
        "rfc7293" => "RRVS",
        "rfc7504" => "521",
        "rfc7505" => "null MX",
        "rfc8689" => "REQUIRETLS",
        "rfc9422" => "LIMITS",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_specification_that_binds_a_server_has_a_name() {
        let rules = smtpspec_catalogue::all().iter().filter(|rule| rule.binds.binds_server());
        let mut nameless: Vec<String> = rules
            .map(|rule| format!("rfc{}", rule.rfc))
            .filter(|spec| extension(spec) == spec)
            .collect();
        nameless.dedup();
        assert_eq!(nameless, [""; 0]);
        assert_eq!(extension("lesson"), "lesson");
    }
}
