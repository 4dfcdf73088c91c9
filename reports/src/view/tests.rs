use super::*;

#[test]
fn reasons_that_differ_in_an_address_are_alike() {
    let first = "policy or passing trouble: `550 5.7.1 <a1@x.test> no` in answer to RCPT";
    let second = "policy or passing trouble: `550 5.7.1 <b2@x.test> no` in answer to RCPT";
    assert_eq!(alike(first), alike(second));
    assert!(alike(first).contains("`550 5.7.1 ... no`"), "{}", alike(first));
    assert_eq!(alike("`451 queued as 4Bx9 failed`"), "`451 queued as ... failed`");
}

#[test]
fn reasons_that_differ_in_the_reply_or_the_keyword_are_not() {
    assert_ne!(alike("`550 no` to RCPT"), alike("`451 no` to RCPT"));
    assert_ne!(alike("does not offer 8BITMIME"), alike("does not offer SIZE"));
}

#[test]
fn text_that_steers_is_shown_as_escapes() {
    assert_eq!(printable("a\u{1b}[31m\u{9b}2J\u{202e}b\n"), r"a\x1b[31m\xc2\x9b2J\xe2\x80\xaeb\n");
    assert_eq!(printable("§ ä \\x1b"), "§ ä \\x1b");
}

#[test]
fn times_are_said_as_people_say_them() {
    let said = [0, 999_999, 1_234_000, 59_999_999, 65_000_000].map(elapsed);
    assert_eq!(said, ["0 ms", "999 ms", "1.2 s", "59.9 s", "1 min 05 s"]);
}

#[test]
fn a_word_that_a_shell_would_change_is_quoted() {
    assert_eq!(quoted("rfc5321/4.1.1.3/before-mail"), "rfc5321/4.1.1.3/before-mail");
    assert_eq!(quoted("a/b[c]"), "'a/b[c]'");
    assert_eq!(quoted("a'; rm -rf"), r"'a'\''; rm -rf'");
    assert_eq!(quoted(""), "''");
}
