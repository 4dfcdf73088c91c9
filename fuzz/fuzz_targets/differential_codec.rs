//! Command lines beside another parser.
#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| smtpspec_fuzz::differential_codec(input));
