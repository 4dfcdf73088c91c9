//! Which cases a FILTER means: an id, the beginning of one, or a glob.

use smtpspec_scenario::{Case, glob};

/// One word of the command line.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    text: String,
    is_glob: bool,
}

impl Filter {
    pub(crate) fn new(text: &str) -> Self {
        let text = text.trim_end_matches('/').to_owned();
        let is_glob = glob::is_glob(&text);
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
            return glob::matches(&self.text, id);
        }
        // The beginning of an id ends where a part of it does: `rfc5321/4.1.1` also means
        // `rfc5321/4.1.1.3/…`, but not `rfc5321/4.1.10`.
        id.strip_prefix(&self.text)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.', '[']))
    }
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
