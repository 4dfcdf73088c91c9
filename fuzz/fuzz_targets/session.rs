//! The reference server.
#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| smtpspec_fuzz::session(input));
