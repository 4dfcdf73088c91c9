//! Globs over ids: `*` is any run of characters, `?` any one. A bracket is part of a case's id, so
//! it has no meaning here.

/// Whether a text is a glob, and not just an id.
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether a pattern matches the whole text; in linear space and at worst quadratic time.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
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

    #[test]
    fn a_glob_matches_whole_and_a_bracket_is_a_bracket() {
        let table = [
            ("*", "", true),
            ("*/postmaster*", "rfc5321/4.1.1.3/postmaster[bare]", true),
            ("rfc5321/4.1.1.?/*", "rfc5321/4.1.1.3/postmaster", true),
            ("*postmaster", "rfc5321/4.1.1.3/postmaster[bare]", false),
            ("a[b]", "a[b]", true),
            ("a[b]", "ab", false),
            ("?", "", false),
        ];
        for (pattern, text, matched) in table {
            assert_eq!(matches(pattern, text), matched, "{pattern} {text}");
        }
    }
}
