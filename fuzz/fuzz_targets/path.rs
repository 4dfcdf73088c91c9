//! Mailboxes and paths.
#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| smtpspec_fuzz::path(input));
