//! The requirements that everything else judges by: one entry for each rule of an RFC, with its
//! level, whom it binds and whether it can be seen from outside.
//!
//! The entries are data, under `scenarios/requirements/`, one file for each RFC; the build turns
//! them into a table. [`requirement!`] names one in code, and a name that is not in the catalogue
//! does not compile. What lives here knows nothing of bytes, models or scenarios.

mod id;
mod level;
mod table;

pub use id::{RequirementId, UnknownRequirement};
pub use level::{Grade, Level, Observable, Role};
pub use table::{Requirement, all, in_order};

/// The id of a requirement, checked when the code is compiled.
///
/// ```
/// let rule = smtpspec_catalogue::requirement!("rfc5321-4.1.1.5-2");
/// assert_eq!(rule.requirement().section, "4.1.1.5");
/// ```
#[macro_export]
macro_rules! requirement {
    ($name:literal) => {
        const { $crate::RequirementId::named($name) }
    };
}
