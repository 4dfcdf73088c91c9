//! Replies.
#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| smtpspec_fuzz::reply_by_turns(input));
