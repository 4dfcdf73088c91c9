//! The formats of reports, and their names on the command line.

use std::fmt;
use std::str::FromStr;

/// A format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Text for people.
    Terminal,
    /// The whole results document, versioned, for programs.
    Json,
    /// `JUnit`'s XML, for the test views of GitLab, Jenkins and others.
    Junit,
    /// The Test Anything Protocol, for `prove` and its like.
    Tap,
    /// Markdown, for step summaries and comments on pull requests.
    Markdown,
    /// One page for people, which needs nothing beside itself.
    Html,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// A drawing for a README.
    Badge,
    /// The document from which a badge service draws one.
    BadgeJson,
}

/// A name that no format has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFormat {
    /// The name as it was written.
    pub name: String,
    /// The format that was probably meant, if one is similar enough.
    pub nearest: Option<Format>,
}

impl Format {
    /// Every format, as lists show them.
    pub const ALL: [Self; 9] = [
        Self::Terminal,
        Self::Json,
        Self::Junit,
        Self::Tap,
        Self::Markdown,
        Self::Html,
        Self::Sarif,
        Self::Badge,
        Self::BadgeJson,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Tap => "tap",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Sarif => "sarif",
            Self::Badge => "badge",
            Self::BadgeJson => "badge-json",
        }
    }

    /// How the names of its files end, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Terminal => "txt",
            Self::Json | Self::BadgeJson => "json",
            Self::Junit => "xml",
            Self::Tap => "tap",
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Sarif => "sarif",
            Self::Badge => "svg",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownFormat { name: name.to_owned(), nearest: nearest(name) })
    }
}

/// The format with the most similar name. It must be more alike than different.
fn nearest(name: &str) -> Option<Format> {
    let name: String = name.to_lowercase().chars().take(32).collect();
    Format::ALL
        .into_iter()
        .map(|format| (strsim::levenshtein(&name, format.name()), format))
        .filter(|(distance, format)| distance * 2 <= format.name().len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, format)| format)
}

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no report format `{}`", crate::view::printable(&self.name))?;
        if let Some(nearest) = self.nearest {
            write!(f, "; did you mean `{nearest}`?")?;
        }
        f.write_str("; the formats are ")?;
        for (index, format) in Format::ALL.into_iter().enumerate() {
            f.write_str(match index {
                0 => "",
                _ if index + 1 == Format::ALL.len() => " and ",
                _ => ", ",
            })?;
            f.write_str(format.name())?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownFormat {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
            assert_eq!(format.name().to_uppercase().parse(), Ok(format));
        }
    }

    #[test]
    fn a_slip_is_answered_with_the_nearest_name_and_the_list() {
        let message = "junti".parse::<Format>().unwrap_err().to_string();
        assert_eq!(
            message,
            "there is no report format `junti`; did you mean `junit`?; \
             the formats are terminal, json, junit, tap, markdown, html, sarif, badge and badge-json"
        );
    }

    #[test]
    fn a_name_that_is_like_none_is_answered_with_the_list() {
        let message = "sauerkraut\u{1b}[31m".parse::<Format>().unwrap_err().to_string();
        assert_eq!(
            message,
            "there is no report format `sauerkraut\\x1b[31m`; the formats are terminal, json, junit, \
             tap, markdown, html, sarif, badge and badge-json"
        );
    }
}
