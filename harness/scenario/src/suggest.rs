//! The nearest spelling: what somebody who wrote a name that does not exist probably meant.

/// The candidate that differs from the name in the fewest letters, if they are few.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // A long name makes the comparison slow, and nobody mistypes one of these.
    if name.len() > 100 {
        return None;
    }
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, candidate)| *distance <= allowed(&wanted, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The question to put to the person, where there is a near name.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, candidates).map(|near| format!("did you mean `{near}`?"))
}

/// A third of the letters may differ, but never all of them.
fn allowed(wanted: &str, candidate: &str) -> usize {
    let longer = wanted.chars().count().max(candidate.chars().count());
    (longer / 3).clamp(1, 4).min(longer.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["title", "checks", "dialogue", "C"];

    #[test]
    fn a_slip_of_the_pen_is_understood() {
        for (slip, meant) in
            [("titel", "title"), ("check", "checks"), ("Dialog", "dialogue"), ("TITLE", "title")]
        {
            assert_eq!(nearest(slip, KEYS), Some(meant));
        }
    }

    #[test]
    fn an_unlike_name_is_left_alone() {
        for name in ["haystack", "x", "", &"dialogue".repeat(20)] {
            assert_eq!(nearest(name, KEYS), None);
        }
    }
}
