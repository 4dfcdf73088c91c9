//! Text with `${variables}` in it. Variables are put in when a case is run, never before the YAML
//! is parsed, so no value can change the shape of a scenario.

use std::collections::BTreeMap;
use std::fmt;

use smtpspec_protocol::escape::{EscapeError, escape, unescape};

/// Octets with variables between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    parts: Vec<Part>,
    escaped: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Octets(Vec<u8>),
    Variable(String),
}

/// What is wrong with a template's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateError {
    /// `${` without `}`; the octet offset of the dollar sign.
    Unclosed(usize),
    /// A name with characters that no variable has; its octet offset.
    BadName(usize),
    /// An escape that does not exist; its octet offset and what is wrong.
    Escape(usize, EscapeError),
}

/// A variable that a template names and nobody has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The variable's name.
    pub name: String,
}

/// The values of variables.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    values: BTreeMap<String, Vec<u8>>,
}

impl Template {
    /// Text in which only `${name}` has a meaning; `$${` stands for `${` itself.
    pub fn text(source: &str) -> Result<Self, TemplateError> {
        Self::parse(source, false)
    }

    /// Text in which escapes (`\r \n \t \0 \\ \xNN`) have their meaning too.
    pub fn bytes(source: &str) -> Result<Self, TemplateError> {
        Self::parse(source, true)
    }

    fn parse(source: &str, escaped: bool) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = Vec::new();
        let mut rest = source;
        while let Some(dollar) = rest.find("${") {
            let at = source.len() - rest.len() + dollar;
            if rest[..dollar].ends_with('$') {
                literal.extend(read(&rest[..dollar - 1], escaped, at - dollar)?);
                literal.extend(b"${");
                rest = &rest[dollar + 2..];
                continue;
            }
            literal.extend(read(&rest[..dollar], escaped, at - dollar)?);
            let Some(end) = rest[dollar..].find('}') else {
                return Err(TemplateError::Unclosed(at));
            };
            let name = &rest[dollar + 2..dollar + end];
            if name.is_empty() || !name.bytes().all(is_name) {
                return Err(TemplateError::BadName(at));
            }
            if !literal.is_empty() {
                parts.push(Part::Octets(std::mem::take(&mut literal)));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = &rest[dollar + end + 1..];
        }
        literal.extend(read(rest, escaped, source.len() - rest.len())?);
        if !literal.is_empty() {
            parts.push(Part::Octets(literal));
        }
        Ok(Self { parts, escaped })
    }

    /// Octets as they are, without variables.
    pub fn literal(octets: impl Into<Vec<u8>>) -> Self {
        Self { parts: vec![Part::Octets(octets.into())], escaped: true }
    }

    /// The same with `more` behind it, literally.
    #[must_use]
    pub fn followed_by(mut self, more: &[u8]) -> Self {
        match self.parts.last_mut() {
            Some(Part::Octets(octets)) => octets.extend_from_slice(more),
            _ => self.parts.push(Part::Octets(more.to_vec())),
        }
        self
    }

    /// Whether it was read with escapes, or holds octets that only escapes can write.
    pub fn has_escapes(&self) -> bool {
        self.escaped
    }

    /// The text that reads as this template again: with [`Self::bytes`] if `escaped`, and with
    /// [`Self::text`] otherwise.
    pub fn source(&self, escaped: bool) -> String {
        let mut source = String::new();
        for part in &self.parts {
            match part {
                Part::Variable(name) => {
                    source.push_str("${");
                    source.push_str(name);
                    source.push('}');
                }
                // A dollar sign written as an escape can't run into a brace or a variable.
                Part::Octets(octets) if escaped => {
                    source.push_str(&escape(octets).to_string().replace('$', "\\x24"));
                }
                Part::Octets(octets) => {
                    source.push_str(&String::from_utf8_lossy(octets).replace("${", "$${"));
                }
            }
        }
        source
    }

    /// The same without `end`, if its octets end so.
    pub fn strip_end(&self, end: &[u8]) -> Option<Self> {
        let Some((Part::Octets(last), before)) = self.parts.split_last() else { return None };
        let kept = last.strip_suffix(end)?;
        let mut parts = before.to_vec();
        if !kept.is_empty() {
            parts.push(Part::Octets(kept.to_vec()));
        }
        Some(Self { parts, escaped: self.escaped })
    }

    /// Whether an octet stands in it, variables left aside.
    pub fn contains(&self, octet: u8) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, Part::Octets(octets) if octets.contains(&octet)))
    }

    /// The names of the variables in it, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Octets(_) => None,
        })
    }

    /// The octets, with every variable put in. The fields of a row are text of the scenario's
    /// author, so the escapes hold in them just where they hold in the template that names them.
    pub fn expand(
        &self,
        fields: &[(String, Template)],
        variables: &Variables,
    ) -> Result<Vec<u8>, Missing> {
        let mut octets = Vec::new();
        for part in &self.parts {
            match part {
                Part::Octets(literal) => octets.extend_from_slice(literal),
                Part::Variable(name) => {
                    if let Some((_, field)) = fields.iter().find(|(field, _)| field == name) {
                        octets.extend(field.as_in(self.escaped).expand(&[], variables)?);
                    } else {
                        octets.extend_from_slice(variables.get(name)?);
                    }
                }
            }
        }
        Ok(octets)
    }

    /// The template read again with escapes, where it was read without.
    fn as_in(&self, escaped: bool) -> Self {
        if !escaped || self.escaped {
            return self.clone();
        }
        let parts = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Octets(octets) => Part::Octets(
                    std::str::from_utf8(octets)
                        .ok()
                        .and_then(|text| unescape(text).ok())
                        .unwrap_or_else(|| octets.clone()),
                ),
                Part::Variable(name) => Part::Variable(name.clone()),
            })
            .collect();
        Self { parts, escaped: true }
    }
}

impl Variables {
    /// Sets one.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// Sets a mailbox, and beside it `name.local`, `name.domain` and, since domains are the same in
    /// any case, `name.domain.upper`.
    pub fn set_mailbox(&mut self, name: &str, mailbox: &str) {
        if let Some((local, domain)) = mailbox.rsplit_once('@') {
            self.set(&format!("{name}.local"), local);
            self.set(&format!("{name}.domain"), domain);
            self.set(&format!("{name}.domain.upper"), domain.to_ascii_uppercase());
        }
        self.set(name, mailbox);
    }

    /// Whether it was set.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Its value.
    pub fn get(&self, name: &str) -> Result<&[u8], Missing> {
        self.values.get(name).map(Vec::as_slice).ok_or_else(|| Missing { name: name.to_owned() })
    }
}

fn read(text: &str, escaped: bool, offset: usize) -> Result<Vec<u8>, TemplateError> {
    if escaped {
        unescape(text).map_err(|error| TemplateError::Escape(offset + error.at, error))
    } else {
        Ok(text.as_bytes().to_vec())
    }
}

fn is_name(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_')
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing sets the variable `{}`", self.name)
    }
}

impl std::error::Error for Missing {}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(template: &Template, fields: &[(String, Template)]) -> Vec<u8> {
        let mut variables = Variables::default();
        variables.set_mailbox("recipient", r"o\x@example.test");
        template.expand(fields, &variables).unwrap()
    }

    #[test]
    fn variables_are_put_in_verbatim_even_where_escapes_hold() {
        let text = Template::text("RCPT TO:<${recipient}>").unwrap();
        assert_eq!(expand(&text, &[]), br"RCPT TO:<o\x@example.test>");
        let bytes = Template::bytes(r"RCPT TO:<${recipient}>\r\n").unwrap();
        assert_eq!(expand(&bytes, &[]), b"RCPT TO:<o\\x@example.test>\r\n");
    }

    #[test]
    fn a_field_takes_the_escapes_of_where_it_is_used() {
        let fields = [("line".to_owned(), Template::text(r"NOOP\n${recipient.domain}").unwrap())];
        let bytes = Template::bytes("${line}").unwrap();
        assert_eq!(expand(&bytes, &fields), b"NOOP\nexample.test");
        let text = Template::text("${line}").unwrap();
        assert_eq!(expand(&text, &fields), br"NOOP\nexample.test");
    }

    #[test]
    fn a_doubled_dollar_is_one() {
        let text = Template::text("a $${b} c").unwrap();
        assert_eq!(expand(&text, &[]), b"a ${b} c");
    }

    #[test]
    fn a_template_is_written_as_it_is_read() {
        for text in ["", "a", "$${b} c", "a$${", "$", "RCPT TO:<${recipient}>", "$$$${x}${y}"] {
            let template = Template::text(text).unwrap();
            assert_eq!(Template::text(&template.source(false)).unwrap(), template, "{text}");
            let bytes = Template::bytes(text).unwrap().followed_by(b"$\r\n");
            assert_eq!(Template::bytes(&bytes.source(true)).unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn the_place_of_a_bad_escape_is_right_behind_a_doubled_dollar() {
        let error = Template::bytes(r"ab$${c\q").unwrap_err();
        assert!(matches!(error, TemplateError::Escape(6, _)), "{error:?}");
        let error = Template::bytes(r"a\q$${c").unwrap_err();
        assert!(matches!(error, TemplateError::Escape(1, _)), "{error:?}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        assert_eq!(Template::text("ab ${c").unwrap_err(), TemplateError::Unclosed(3));
        assert_eq!(Template::text("ab ${c d}").unwrap_err(), TemplateError::BadName(3));
        assert!(matches!(Template::bytes(r"a\q").unwrap_err(), TemplateError::Escape(1, _)));
    }

    #[test]
    fn a_variable_that_nobody_set_is_named() {
        let text = Template::text("${recipient.third}").unwrap();
        let missing = text.expand(&[], &Variables::default()).unwrap_err();
        assert_eq!(missing.to_string(), "nothing sets the variable `recipient.third`");
    }
}
