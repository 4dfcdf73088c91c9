//! Laws of codes: what is read is printed as it was written, and what is printed is read again.

use proptest::prelude::*;
use smtpspec_protocol::{CodePattern, EnhancedCode, EnhancedPattern, ReplyCode};

#[test]
fn every_reply_code_is_read_as_it_prints() {
    for number in 0..=999 {
        let code = ReplyCode::new(number).expect("it has three digits");
        assert_eq!(code.to_string().parse::<ReplyCode>(), Ok(code));
        assert_eq!((code.get(), u16::from(code.class())), (number, number / 100));
    }
    assert_eq!(ReplyCode::new(1000), None);
}

/// Nearly a code, or nearly a pattern of codes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9xyz]{2,4}",
        "[245x]\\.([0-9]{1,4}|y|z)\\.([0-9]{1,4}|z)",
        "[0-9xyz.+ -]{0,8}",
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_is_read_is_printed_as_it_was_written(text in text()) {
        if let Ok(code) = text.parse::<ReplyCode>() {
            prop_assert_eq!(code.to_string(), &*text);
        }
        if let Ok(pattern) = text.parse::<CodePattern>() {
            prop_assert_eq!(pattern.to_string(), &*text);
        }
        if let Ok(code) = text.parse::<EnhancedCode>() {
            prop_assert_eq!(code.to_string(), &*text);
        }
        if let Ok(pattern) = text.parse::<EnhancedPattern>() {
            prop_assert_eq!(pattern.to_string(), &*text);
        }
    }

    #[test]
    fn a_pattern_matches_what_its_digits_say(
        number in 0_u16..1000,
        letters in 0_usize..4,
        others in prop::collection::vec(0_u16..1000, 8),
    ) {
        let code = ReplyCode::new(number).expect("it has three digits");
        let digits = code.to_string();
        let pattern = format!("{}{}", &digits[..3 - letters], &"xyz"[3 - letters..]);
        let pattern: CodePattern = pattern.parse().expect("it is a pattern");
        prop_assert!(pattern.matches(code));
        let width = 10_u16.pow(u32::try_from(letters).expect("it is small"));
        for other in others.into_iter().filter_map(ReplyCode::new) {
            let same = other.get() / width == number / width;
            prop_assert_eq!(pattern.matches(other), same, "{} {}", pattern, other);
        }
    }

    #[test]
    fn every_enhanced_code_is_read_as_it_prints(
        class in prop::sample::select(vec![2_u8, 4, 5]),
        subject in 0_u16..1000,
        detail in 0_u16..1000,
    ) {
        let code = EnhancedCode::new(class, subject, detail).expect("it is in range");
        prop_assert_eq!(code.to_string().parse::<EnhancedCode>(), Ok(code));
        let pattern: EnhancedPattern = code.to_string().parse().expect("a code is a pattern");
        prop_assert!(pattern.matches(code));
    }
}
