//! `smtpspec lab`: servers by their recipes. The server here is this program's own.
#![cfg(unix)]

mod smtpspec;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use smtpspec::{Ended, command, smtpspec, text};
use tempfile::TempDir;

/// A lab with recipes of its own: `own`, which is there; `needy`, which is not; and `kinds`, with
/// two variants, one of which dies at once.
fn bench() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let program = env!("CARGO_BIN_EXE_smtpspec");
    let profile = "recipient: user@example.test\nrecipient.second: user2@example.test\n\
                   auth: {user: bob, password: secret}\n";
    for (name, lines) in [
        (
            "own",
            format!(
                "about: this program\nstart: ['{program}', serve, --listen, '127.0.0.1:{{port}}', \
                 --tls-listen, '127.0.0.1:{{submissions}}', --profile, \
                 '{{recipe}}/profile.yaml', --maildir, '{{maildir}}', --without, '{{lacks}}']\n\
                 values: {{lacks: ETRN}}\n\
                 prepare: [echo $LAB_PORT >\"$LAB_DIR/port\"]\nlisteners: [smtp, submissions]\n\
                 login: {{user: bob, password: secret}}\nmail: maildir\nprofile: profile.yaml\n"
            ),
        ),
        (
            "needy",
            "about: one that can't be here\nneeds: {programs: [no-such-program]}\n\
             start: [no-such-program, '{port}']\nlisteners: [smtp]\nprofile: profile.yaml\n"
                .to_owned(),
        ),
        (
            "kinds",
            "about: one of two\nvalues: {code: '0'}\nstart: exec sh -c \"echo no such option >&2; \
             exit $LAB_CODE\"\nlisteners: [smtp]\nprofile: profile.yaml\nvariants:\n  kind-a: \
             {values: {code: '7'}}\n  kind-b:\n"
                .to_owned(),
        ),
    ] {
        let recipe = folder.path().join("recipes").join(name);
        fs::create_dir_all(&recipe).expect("it can be made");
        fs::write(recipe.join("recipe.yaml"), lines).expect("it can be written");
        fs::write(recipe.join("profile.yaml"), profile).expect("it can be written");
    }
    folder
}

/// The words of a command of the lab.
fn words(folder: &TempDir, what: &str, more: &[&str]) -> Vec<String> {
    let place = |name: &str| text(&folder.path().join(name));
    let mut words = vec!["lab".to_owned(), what.to_owned()];
    if what != "down" {
        words.extend(["--recipes".to_owned(), place("recipes")]);
    }
    if what != "list" {
        words.extend(["--dir".to_owned(), place("lab")]);
    }
    if what == "run" {
        words.extend(["--output".to_owned(), place("out"), "--filter".to_owned()]);
        words.push("rfc5321/4.1.1.9".to_owned());
    }
    words.extend(more.iter().map(|&word| word.to_owned()));
    words
}

fn lab(folder: &TempDir, what: &str, more: &[&str]) -> Ended {
    let words = words(folder, what, more);
    smtpspec(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The folders of runs that are there, and what is written beside them.
fn runs(folder: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path().join("lab/runs"));
    entries.into_iter().flatten().map(|entry| entry.expect("an entry").path()).collect()
}

/// The number of the process that leads the only server.
fn server(folder: &TempDir) -> Option<String> {
    let is_record = |path: &PathBuf| path.extension().is_some_and(|end| end == "server");
    let record = fs::read_to_string(runs(folder).into_iter().find(is_record)?).ok()?;
    record.split(' ').next().map(str::to_owned)
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_mins(1), "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn lives(number: &str) -> bool {
    let status = Command::new("kill").args(["-0", number]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn signal(child: &Child, signal: &str) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()));
}

/// Starts `own` for as long as nobody ends it; the program, where it listens, and the server.
fn up(folder: &TempDir) -> (Child, String, String) {
    let mut child = command()
        .args(words(folder, "up", &["own"]))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let line = lines.next().expect("it says where it listens").expect("it is text");
    let address = line.split(' ').nth(1).expect("an address").to_owned();
    // The rest is read too, so that nobody waits for us.
    thread::spawn(move || lines.count());
    (child, address, server(folder).expect("it is written down"))
}

fn results(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("there are results")).expect("they are whole")
}

#[test]
fn the_list_tells_what_a_server_needs_that_is_not_here() {
    let folder = bench();
    let ended = lab(&folder, "list", &[]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("needs no-such-program: one that can't be here"), "{ended}");
    let ended = lab(&folder, "list", &["--json"]);
    let servers: Value = serde_json::from_slice(&ended.output).expect("it is JSON");
    let named = |name: &str| servers.as_array().unwrap().iter().find(|one| one["name"] == name);
    let own = named("own").expect("it is listed");
    assert_eq!((own["ready"].as_bool(), &own["listeners"][1]), (Some(true), &"submissions".into()));
    assert_eq!(named("needy").unwrap()["needs"][0], "no-such-program");
    assert_eq!(named("kind-a").unwrap()["recipe"], "kinds");
    // Those inside the program.
    for name in ["aiosmtpd-1.4.4", "postfix-hardened", "exim", "sendmail", "opensmtpd"] {
        assert!(named(name).is_some(), "{name}");
    }
    assert_eq!(named("postfix").unwrap()["from"], "apt");
}

#[test]
fn a_run_starts_the_server_judges_it_and_leaves_nothing() {
    let folder = bench();
    let matrix = folder.path().join("matrix.md");
    let report = format!("markdown={}", text(&matrix));
    let ended = lab(&folder, "run", &["needy", "own", "--report", &report]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("needy is skipped: it needs no-such-program"), "{ended}");
    assert!(ended.says("1 of 2 servers were skipped"), "{ended}");
    let results = results(&folder.path().join("out/own.json"));
    assert_eq!(results["target"]["lab"], "own");
    assert!(results["summary"]["pass"].as_u64() > Some(10), "{}", results["summary"]);
    let address = results["target"]["address"].as_str().expect("an address");
    assert!(TcpStream::connect(address).is_err(), "somebody still listens on {address}");
    assert_eq!(runs(&folder), Vec::<PathBuf>::new());
    let matrix = fs::read_to_string(matrix).expect("it was written");
    assert!(matrix.contains("`own`") && !matrix.contains("needy"), "{matrix}");
    // Nothing but what the recipe names is told to a replay.
    let render = folder.path().join("out/own.json");
    let page = smtpspec(&["report", "render", "html", &text(&render)]);
    assert!(page.says("smtpspec lab run own"), "{page}");
}

#[test]
fn inside_tls_a_user_logs_in() {
    let folder = bench();
    let ended = lab(&folder, "run", &["own", "--listener", "submissions"]);
    assert_eq!(ended.code, 0, "{ended}");
    let results = results(&folder.path().join("out/own-submissions.json"));
    let dialogue = results["scenarios"][0]["transcript"].to_string();
    assert!(dialogue.contains("AUTH ") && !dialogue.contains("STARTTLS"), "{dialogue}");
    assert!(!results.to_string().contains("secret"), "the password is in the results");
    let ended = lab(&folder, "run", &["own", "--listener", "submission"]);
    assert_eq!(ended.code, 4, "{ended}");
    assert!(ended.says("it has no listener submission; it has smtp, submissions"), "{ended}");
}

#[test]
fn what_can_not_be_run_is_told() {
    let folder = bench();
    let ended = lab(&folder, "run", &["needy"]);
    assert_eq!(ended.code, 4, "{ended}");
    assert!(ended.says("no server was started"), "{ended}");
    let ended = lab(&folder, "run", &["kinds"]);
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.says("exit status: 7") && ended.says("| no such option"), "{ended}");
    // A second server is tried after one that dies.
    assert!(ended.says("exit status: 0"), "{ended}");
    assert_eq!(runs(&folder), Vec::<PathBuf>::new());
    let ended = lab(&folder, "run", &["onw"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("did you mean `own`?"), "{ended}");
    let ended = lab(&folder, "run", &["own", "--set", "port=1"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("own has no value `port`; it has lacks"), "{ended}");
    let ended = lab(&folder, "run", &["own", "--report", "sarif"]);
    assert_eq!(ended.code, 2, "{ended}");
    let ended = lab(&folder, "up", &["kinds"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("`kinds` is one of kind-a, kind-b"), "{ended}");
}

#[test]
fn a_recipe_with_a_slip_is_told_with_its_place() {
    let folder = bench();
    let recipe = folder.path().join("recipes/own/recipe.yaml");
    let lines = fs::read_to_string(&recipe).expect("it is there").replace("{port}", "{prot}");
    fs::write(&recipe, lines).expect("it can be written");
    let ended = lab(&folder, "run", &["own"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("there is no placeholder `{prot}` here"), "{ended}");
    assert!(ended.says("recipes/own/recipe.yaml:2:"), "{ended}");
    assert_eq!(runs(&folder), Vec::<PathBuf>::new());
}

#[test]
fn a_command_finds_the_server_in_its_variables() {
    let folder = bench();
    let program = env!("CARGO_BIN_EXE_smtpspec");
    let ended = lab(&folder, "up", &["own", "--", program, "run", "rfc5321/4.1.1.9"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("against 127.0.0.1:"), "{ended}");
    let script = "test -d \"$SMTPSPEC_DELIVERED_MAILDIR\" && test -f \"$SMTPSPEC_PROFILE\" && \
                  test -z \"$SMTPSPEC_NEXT_HOP\" && exit 7";
    let ended = lab(&folder, "up", &["own", "--", "sh", "-c", script]);
    assert_eq!(ended.code, 7, "{ended}");
    let script = "echo \"$SMTPSPEC_USER $SMTPSPEC_FACT $SMTPSPEC_TLS_ON_CONNECT\"";
    let ended = lab(&folder, "up", &["own", "--listener", "submissions", "--", "sh", "-c", script]);
    assert_eq!(String::from_utf8_lossy(&ended.output), "bob submission true\n", "{ended}");
    // A value of the recipe is another one for this time.
    let json = format!("json={}", text(&folder.path().join("set.json")));
    let run = [
        "own",
        "--set",
        "lacks=CHUNKING",
        "--",
        program,
        "run",
        "rfc5321/4.1.1.9",
        "--report",
        &json,
    ];
    assert_eq!(lab(&folder, "up", &run).code, 0);
    let ehlo = results(&folder.path().join("set.json"))["target"]["ehlo"].to_string();
    assert!(ehlo.contains("ETRN") && !ehlo.contains("CHUNKING"), "{ehlo}");
    let ended = lab(&folder, "up", &["own", "--", "/nowhere/command"]);
    assert_eq!(ended.code, 5, "{ended}");
    assert_eq!(runs(&folder), Vec::<PathBuf>::new());
}

#[test]
fn ctrl_c_ends_the_server_and_nothing_stays() {
    let folder = bench();
    let (mut child, address, server) = up(&folder);
    assert!(TcpStream::connect(&address).is_ok() && lives(&server));
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    until("the server is gone", || !lives(&server));
    assert_eq!(runs(&folder), Vec::<PathBuf>::new());
}

#[test]
fn ctrl_c_in_a_run_ends_the_server_too() {
    let folder = bench();
    let recipe = folder.path().join("recipes/own/recipe.yaml");
    let slow = fs::read_to_string(&recipe).expect("it is there").replace("{port}", "1");
    // It listens elsewhere, and so is waited for.
    fs::write(&recipe, slow.replace("127.0.0.1:1'", "127.0.0.1:0'")).expect("it can be written");
    let mut child = command()
        .args(words(&folder, "run", &["own"]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    until("the server starts", || server(&folder).is_some());
    let server = server(&folder).expect("it is written down");
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    until("the server is gone", || !lives(&server));
    assert_eq!(runs(&folder), Vec::<PathBuf>::new());
}

#[test]
fn what_a_killed_run_left_is_ended_and_what_is_under_way_is_not() {
    let folder = bench();
    let (mut child, _, server) = up(&folder);
    let ended = lab(&folder, "down", &[]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says(&format!("belongs to process {}", child.id())) && lives(&server), "{ended}");
    signal(&child, "-KILL");
    child.wait().expect("it is gone");
    // Whoever comes next is told of it.
    let ended = lab(&folder, "up", &["own", "--", "true"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("`smtpspec lab down` ends"), "{ended}");
    let ended = lab(&folder, "down", &[]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("its folder is gone"), "{ended}");
    until("the server is gone", || !lives(&server));
    assert_eq!(runs(&folder), Vec::<PathBuf>::new());
    let ended = lab(&folder, "down", &[]);
    assert!(ended.code == 0 && ended.says("nothing was left behind"), "{ended}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_left_the_group_of_a_server_is_ended_with_it() {
    let folder = bench();
    let recipe = folder.path().join("recipes/own/recipe.yaml");
    let lines = fs::read_to_string(&recipe).expect("it is there");
    let lines = lines.replace(
        "start: [",
        "start: [sh, -c, 'setsid sleep 1000 & echo $! >child; exec \"$@\"', own, ",
    );
    fs::write(&recipe, lines).expect("it can be written");
    let (mut child, _, server) = up(&folder);
    let run = runs(&folder).into_iter().find(|path| path.is_dir()).expect("its folder");
    let other = fs::read_to_string(run.join("child")).expect("its number").trim().to_owned();
    signal(&child, "-KILL");
    child.wait().expect("it is gone");
    assert!(lives(&server) && lives(&other));
    let ended = lab(&folder, "down", &[]);
    assert!(ended.code == 0 && ended.says("2 processes"), "{ended}");
    until("both are gone", || !lives(&server) && !lives(&other));
}
