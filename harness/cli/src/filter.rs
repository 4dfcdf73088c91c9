//! Which cases a FILTER means: an id, the beginning of one, or a glob.

use smtpspec_scenario::Case;

/// One word of the command line.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    text: String,
    is_glob: bool,
}

impl Filter {
    pub(crate) fn new(text: &str) -> Self {
        let text = text.trim_end_matches('/').to_owned();
        // A bracket is part of a case's id, so it makes no glob.
        let is_glob = text.contains(['*', '?']);
        Self { text, is_glob }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the filter means this case, by its id, its scenario's, or a former one of those.
    pub(crate) fn selects(&self, case: &Case) -> bool {
        let scenario = &case.scenario;
        self.means(&case.id)
            || self.means(&scenario.id)
            || scenario.aliases.iter().any(|alias| self.means(alias))
    }

    fn means(&self, id: &str) -> bool {
        if self.is_glob {
            return glob(self.text.as_bytes(), id.as_bytes());
        }
        // The beginning of an id ends where a part of it does: `rfc5321/4.1.1` also means
        // `rfc5321/4.1.1.3/…`, but not `rfc5321/4.1.10`.
        id.strip_prefix(&self.text)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.', '[']))
    }
}

/// `*` is any run of characters, `?` any one; in linear space and at worst quadratic time.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == b'?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&octet| octet == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(filter: &str, id: &str) -> bool {
        Filter::new(filter).means(id)
    }

    #[test]
    fn the_beginning_of_an_id_means_all_below_it() {
        assert!(means("rfc5321", "rfc5321/4.1.1/unknown"));
        assert!(means("rfc5321/4.1.1", "rfc5321/4.1.1.3/before-mail"));
        assert!(means("rfc5321/4.1.1/", "rfc5321/4.1.1/unknown"));
        assert!(means("rfc5321/4.1.1/unknown", "rfc5321/4.1.1/unknown[word]"));
        assert!(!means("rfc5321/4.1.1", "rfc5321/4.1.10/other"));
        assert!(!means("rfc53", "rfc5321/4.1.1/unknown"));
    }

    #[test]
    fn a_glob_means_what_it_matches_whole() {
        assert!(means("*/postmaster*", "rfc5321/4.1.1.3/postmaster[bare]"));
        assert!(means("rfc5321/4.1.1.?/*", "rfc5321/4.1.1.3/postmaster"));
        assert!(!means("*postmaster", "rfc5321/4.1.1.3/postmaster[bare]"));
        assert!(means("*", "anything"));
    }
}
