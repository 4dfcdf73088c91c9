//! The interpreter of cases, and the model that watches.
#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| smtpspec_fuzz::oracle(input));
