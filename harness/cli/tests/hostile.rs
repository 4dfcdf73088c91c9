//! A server that sends markup, terminal escapes and marks that turn the direction of writing, in its
//! greeting and in every reply: each format shows them, and none has one of them raw.

mod smtpspec;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;
use smtpspec::{command, peer, smtpspec, text};

/// What ends elements, attributes, comments and code, runs scripts, moves a cursor, and writes from
/// right to left.
const WORDS: &str = "\u{1b}]0;owned\u{7} \u{202e}evil\u{2066} \u{9b}31m<script>alert(1)</script>\
    <img src=x onerror=alert(1)>\"'><svg onload=alert(1)></style></title></details>\u{1b}[2J ]]> --> {{7*7}} \
    ${7*7} [x](javascript:alert(1)) ```` ` | # SKIP ![x](https://evil.example/x) @everyone &lt;b&gt;";

/// How its beginning is shown; where there is little room, the rest is counted.
const SHOWN: &str = r"\x1b]0;owned\x07 \xe2\x80\xaeevil\xe2\x81\xa6 \xc2\x9b31m";

fn hostile() -> String {
    peer(|mut stream: TcpStream| {
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let _ = stream.write_all(format!("220 mx.example.test {WORDS}\r\n").as_bytes());
        // Whatever the octets are that come, they are answered.
        for line in reader.split(b'\n').map_while(Result::ok) {
            let reply = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_slice() {
                b"EHLO" => format!("250-mx.example.test {WORDS}\r\n250-{WORDS}\r\n250 SIZE"),
                b"QUIT" => format!("221 bye {WORDS}"),
                b"DATA" => format!("354 {WORDS}"),
                b"NOOP" => format!("451 {WORDS}"),
                _ => format!("250 {WORDS}"),
            };
            let quits = reply.starts_with("221");
            if stream.write_all(format!("{reply}\r\n").as_bytes()).is_err() || quits {
                return;
            }
        }
    })
}

/// The reports of a run against it, in every format, with those of its comparison and its matrix.
fn reports(folder: &Path) -> Vec<(String, String)> {
    let formats =
        ["terminal", "junit", "tap", "markdown", "html", "sarif", "badge", "badge-json", "json"];
    let server = hostile();
    let mut run = command();
    run.args([
        "run",
        "rfc5321/4.1.1",
        "rfc5321/4.2",
        "--server",
        &server,
        "--timeout",
        "5s",
        "-vv",
    ]);
    for format in formats {
        run.args(["--report", &format!("{format}={}", text(&folder.join(format)))]);
    }
    let ended = run.output().expect("the program starts");
    assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
    let mut made: Vec<String> = formats.map(str::to_owned).to_vec();
    made.push("errors".to_owned());
    fs::write(folder.join("errors"), ended.stderr).expect("a file");
    let results = text(&folder.join("json"));
    for (what, formats) in
        [("diff", ["terminal", "markdown", "json"]), ("matrix", ["html", "markdown", "json"])]
    {
        let good = text(&folder.join("good.json"));
        if what == "diff" {
            let reference = smtpspec(&["run", "rfc5321/4.2", "--report", &format!("json={good}")]);
            assert_eq!(reference.code, 0, "{reference}");
        }
        for format in formats {
            let name = format!("{what}-{format}");
            let report = format!("{format}={}", text(&folder.join(&name)));
            let ended = smtpspec(&["report", what, &good, &results, "--report", &report]);
            assert_eq!(ended.code, i32::from(what == "diff"), "{ended}");
            made.push(name);
        }
    }
    let read = |name: String| {
        let octets = fs::read(folder.join(&name)).expect("it was written");
        (name, String::from_utf8(octets).expect("UTF-8"))
    };
    made.into_iter().map(read).collect()
}

/// Whether a character does something other than to be seen.
fn steers(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The text outside of code, where Markdown's markup means something.
fn outside_of_code(page: &str) -> String {
    let mut outside = String::new();
    let mut rest = page;
    while let Some(at) = rest.find('`') {
        outside.push_str(&rest[..at]);
        let run = |text: &str| text.bytes().take_while(|octet| *octet == b'`').count();
        let ticks = run(&rest[at..]);
        let mut end = at + ticks;
        loop {
            end += rest[end..].find('`').expect("code ends");
            let found = run(&rest[end..]);
            end += found;
            if found == ticks {
                break;
            }
        }
        rest = &rest[end..];
    }
    outside + rest
}

#[test]
fn nothing_of_a_hostile_server_is_raw_in_any_format_and_all_of_it_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let reports = reports(folder.path());
    for (name, report) in &reports {
        let raw: Vec<char> = report.chars().filter(|c| steers(*c)).collect();
        assert!(raw.is_empty(), "{name}: {raw:?}");
        // In JSON, in TAP's YAML and in SARIF a backslash is escaped once more.
        let shown = report.contains(SHOWN) || report.contains(&SHOWN.replace('\\', "\\\\"));
        // These say what servers came to, and nothing of what they sent.
        let silent = ["badge", "badge-json", "errors", "matrix-markdown"].contains(&name.as_str());
        assert!(shown || silent, "{name} does not show what the server sent");
        match name.rsplit('-').next().unwrap_or_default() {
            "html" => is_no_markup(name, report, 1),
            "junit" | "badge" => is_no_markup(name, report, 0),
            "markdown" => {
                let outside = outside_of_code(report);
                // In a `<summary>` the text is HTML.
                for word in ["<script", "<img", "<svg", "@everyone", "evil.example", "](javascript"]
                {
                    assert!(!outside.contains(word), "{name}: {word} in {outside}");
                }
            }
            "sarif" | "json" => {
                serde_json::from_str::<Value>(report).expect("JSON");
                assert!(name != "sarif" || !report.contains("[x](javascript"), "a link in {name}");
            }
            "tap" => {
                let results = reports.iter().find(|(name, _)| name == "json").expect("results");
                only_skips_what_was_skipped(report, &results.1);
            }
            _ => {}
        }
    }
}

/// No element and no attribute is the server's.
fn is_no_markup(name: &str, report: &str, scripts: usize) {
    assert_eq!(report.matches("<script").count(), scripts, "{name}");
    // The bracket, and with it the quote that would end an attribute, is never itself.
    for word in ["<img", "<svg onload", "</title></details>", "]]>", "alert(1)>"] {
        assert!(!report.contains(word), "{name}: {word}");
    }
    assert!(report.contains("alert(1)") || name == "badge", "{name} shows none of it");
}

/// A server can't skip its own tests.
fn only_skips_what_was_skipped(report: &str, results: &str) {
    let results: Value = serde_json::from_str(results).expect("JSON");
    let count = |name: &str| results["summary"][name].as_u64().expect("a count");
    let directives = |word: &str| {
        let tests =
            report.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok "));
        // What is escaped is none.
        tests.filter(|line| line.contains(word)).count() as u64
    };
    assert_eq!(directives(" # SKIP "), count("skip") + count("inconclusive"));
    assert_eq!(directives(" # TODO "), count("warn") + count("oracle_should"));
}
