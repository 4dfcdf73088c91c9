//! Which requirements the model judges, and in which file: read from its sources by the build.

use smtpspec_catalogue::RequirementId;

/// Ids and files, sorted by id.
const RULES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The files in which the model judges by this requirement.
pub(crate) fn files(id: RequirementId) -> impl Iterator<Item = &'static str> {
    RULES.iter().filter(move |(rule, _)| *rule == id.as_str()).map(|(_, file)| *file)
}

/// Whether the model judges by this requirement.
pub(crate) fn judges(id: RequirementId) -> bool {
    files(id).next().is_some()
}
