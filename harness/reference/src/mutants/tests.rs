use std::collections::HashSet;

use super::*;

#[test]
fn names_are_slugs_and_no_two_are_the_same() {
    let mut seen = HashSet::new();
    for mutant in all() {
        let name = mutant.name;
        let letter = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit();
        assert!(name.split('-').all(|word| !word.is_empty() && word.bytes().all(letter)), "{name}");
        assert!(seen.insert(name), "{name} is there twice");
        assert!(by_name(name).is_some_and(|found| std::ptr::eq(found, mutant)));
    }
    assert!(by_name("no-such-mutant").is_none());
}

#[test]
fn what_a_mutant_is_about_is_one_short_line() {
    for mutant in all() {
        let about = mutant.about;
        assert!((10..90).contains(&about.len()), "{about}");
        assert!(about.starts_with(|first: char| first.is_ascii_lowercase()), "{about}");
        assert!(!about.ends_with('.'), "{about}");
    }
}

#[test]
fn what_a_mutant_breaks_binds_servers() {
    for mutant in all() {
        let entry = mutant.breaks.requirement();
        assert!(entry.binds.as_str() != "client", "{} breaks {}", mutant.name, entry.name);
        assert!(entry.observable.as_str() != "never", "{} breaks {}", mutant.name, entry.name);
    }
}
