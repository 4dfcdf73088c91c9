//! Scenario files and profiles.

use smtpspec_scenario::{
    Act, Diagnostic, Hear, Place, Profile, Scenario, Source, Step, load, write,
};

/// Any octets as a scenario file, and as a profile.
///
/// There are scenarios, or there are diagnostics, each with a place in the file that a renderer
/// can point at. A scenario that is written and loaded is the same scenario, and is written alike.
pub fn scenario(input: &[u8]) {
    let source = Source::new("any.yaml", input);
    match load(std::slice::from_ref(&source)) {
        Ok(loaded) => {
            assert_sound(&source, &loaded.warnings);
            for scenario in &loaded.suite.scenarios {
                assert_written(scenario);
            }
        }
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            assert_sound(&source, &diagnostics);
        }
    }
    if let Err(diagnostics) = Profile::load(&source) {
        assert!(!diagnostics.is_empty());
        assert_sound(&source, &diagnostics);
    }
}

fn assert_sound(source: &Source, diagnostics: &[Diagnostic]) {
    let text = str::from_utf8(&source.bytes);
    for found in diagnostics {
        assert!(!found.message.is_empty() && !found.message.contains('\n'), "{found}");
        for mark in [&found.mark].into_iter().chain(&found.others) {
            assert!(mark.place.line >= 1 && mark.place.column >= 1, "{found}");
            assert!(mark.range.start <= mark.range.end, "{found}");
            assert!(mark.range.end <= source.bytes.len(), "{found}");
            let Ok(text) = text else { continue };
            let marked = text.get(mark.range.clone()).expect("no character is cut");
            assert!(!marked.contains('\n'), "{found} covers more than the rest of its line");
            let before = &text[..mark.range.start];
            assert_eq!(before.matches('\n').count() + 1, mark.place.line as usize, "{found}");
        }
    }
}

fn assert_written(scenario: &Scenario) {
    let text = write(scenario);
    let again = match load(&[Source::new("any.yaml", text.as_str())]) {
        Ok(loaded) => loaded.suite.scenarios,
        Err(found) => panic!("{}\n{text}", found[0]),
    };
    let [again] = again.as_slice() else { panic!("{} scenarios from one", again.len()) };
    assert_eq!(write(again), text);
    assert_eq!(placeless(again), placeless(scenario), "{text}");
}

/// The scenario without the places where its parts are written.
fn placeless(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.place = Place::default();
    forget_places(&mut scenario.dialogue);
    scenario
}

fn forget_places(steps: &mut [Step]) {
    for step in steps {
        step.place = Place::default();
        match &mut step.act {
            Act::Hear(Hear::AnyOf(alternatives)) => {
                for alternative in alternatives {
                    forget_places(&mut alternative.then);
                }
            }
            Act::Await(patterns) => {
                for pattern in patterns {
                    forget_places(&mut pattern.then);
                }
            }
            _ => {}
        }
    }
}
