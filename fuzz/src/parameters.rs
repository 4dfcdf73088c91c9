//! Parameters of MAIL and RCPT (RFC 5321 §4.1.1.11, §4.1.2).

use smtpspec_protocol::{Command, Grammar, Parameters, Request, SyntaxError};

/// Any octets as parameters, alone and behind a path.
///
/// What is read, printed and read again is the same; each parameter is found by its keyword in any
/// case; and both ways of reading agree (RFC 5321 §4.1.2).
pub fn parameters(input: &[u8]) {
    for grammar in [Grammar::default(), Grammar { smtputf8: true, ..Grammar::default() }] {
        let alone = Parameters::parse(input, grammar);
        match &alone {
            Ok(parameters) => assert_parameters(input, parameters, grammar),
            Err(error) => assert!(error.at <= input.len(), "{error}"),
        }
        assert_behind_a_path(input, &alone, grammar);
    }
}

fn assert_parameters(input: &[u8], parameters: &Parameters<'_>, grammar: Grammar) {
    assert_eq!(parameters.as_bytes(), input);
    assert_eq!(parameters.is_empty(), parameters.iter().next().is_none());
    let mut printed = Vec::new();
    for parameter in parameters.iter() {
        if !printed.is_empty() {
            printed.push(b' ');
        }
        parameter.write_to(&mut printed);
        assert!(!parameter.keyword.is_empty());
        assert!(parameter.value.is_none_or(|value| !value.is_empty() && !value.contains(&b'=')));
        let other = parameter.keyword.to_ascii_lowercase();
        let found = parameters.get(&other).expect("what is listed is found");
        assert!(found.keyword.eq_ignore_ascii_case(parameter.keyword));
    }
    assert_eq!(Parameters::parse(&printed, grammar).as_ref(), Ok(parameters));
    let widest = Grammar { smtputf8: true, ..Grammar::default() };
    assert_eq!(Parameters::parse(input, widest).as_ref(), Ok(parameters));
}

/// White space at either end is not the list's own; between the two, a command has the same list.
fn assert_behind_a_path(
    input: &[u8],
    alone: &Result<Parameters<'_>, SyntaxError>,
    grammar: Grammar,
) {
    let is_white_space = |octet: Option<&u8>| matches!(octet, Some(b' ' | b'\t'));
    if is_white_space(input.first()) || is_white_space(input.last()) {
        return;
    }
    for start in [&b"MAIL FROM:<> "[..], b"RCPT TO:<postmaster> "] {
        let line = [start, input].concat();
        let request = Request::parse(&line, grammar);
        match (&request.command, alone) {
            (Ok(Command::Mail(mail)), Ok(alone)) => assert_eq!(mail.parameters, *alone),
            (Ok(Command::Rcpt(rcpt)), Ok(alone)) => assert_eq!(rcpt.parameters, *alone),
            (Err(error), Err(alone)) => assert_eq!(error.at, start.len() + alone.at),
            (command, alone) => panic!("{command:?}, but alone {alone:?}"),
        }
    }
}
