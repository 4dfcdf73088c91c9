//! Lines and commands.
#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| smtpspec_fuzz::command_by_turns(input));
