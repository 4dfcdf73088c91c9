use std::collections::BTreeSet;

use super::*;
use crate::Source;

/// The recipe of a server `own` with these lines, beside which `profile.yaml` and `a.conf` lie.
fn load(lines: &str) -> Result<Vec<Recipe>, Vec<String>> {
    let source = Source::new("recipe.yaml".to_owned(), lines.as_bytes().to_vec());
    let files = BTreeSet::from(["profile.yaml", "a.conf"].map(str::to_owned));
    Recipe::load("own", &source, &files).map_err(|found| {
        let told = |found: crate::diagnostic::Diagnostic| match found.help {
            Some(help) => format!("{} ({help})", found.message),
            None => found.message,
        };
        found.into_iter().map(told).collect()
    })
}

const SMALL: &str = "\
about: a server
start: [server, '{port}']
listeners: [smtp]
profile: profile.yaml
";

#[test]
fn what_a_small_recipe_does_not_say_is_the_usual() {
    let recipes = load(SMALL).unwrap();
    let [recipe] = recipes.as_slice() else { panic!("{recipes:?}") };
    assert_eq!((recipe.name.as_str(), recipe.installed_as.as_str()), ("own", "own"));
    assert_eq!(recipe.start, Command::Words(vec!["server".to_owned(), "{port}".to_owned()]));
    assert_eq!(recipe.listeners, [Listener::Smtp]);
    assert_eq!(recipe.ready, Duration::from_secs(30));
    assert!(recipe.install.is_none() && recipe.mail.is_none() && !recipe.needs_root());
}

#[test]
fn each_part_of_a_large_one_is_read() {
    let recipe = load(
        "\
about: a server
version: '1.2'
install: {apt: [server, helper]}
needs:
  programs: [unshare]
  tests: [{run: [true], wants: luck}]
users: [mail-user]
certificate: true
folders: [queue/new]
files: {etc/a.conf: a.conf}
values: {way: slow}
environment: {PLACE: '{root}/{way}'}
prepare:
  - [touch, '{dir}/x']
  - echo \"$LAB_DIR\"
start: ['{root}/server', '{submissions}']
stop: kill it
ready: 5s
listeners: [submissions, smtp]
login: {user: bob, password: secret}
mail: next-hop
profile: profile.yaml
",
    );
    insta::assert_debug_snapshot!(recipe.unwrap());
}

#[test]
fn variants_share_an_installation_unless_they_have_their_own() {
    let text = format!(
        "{SMALL}install: {{pypi: [server==2]}}\nvalues: {{way: slow}}\nvariants:\n  own-2:\n  \
         own-fast: {{values: {{way: fast}}, about: a fast one}}\n  own-1.0: {{version: '1.0', \
         install: {{pypi: [server==1]}}}}\n"
    );
    let recipes = load(&text).unwrap();
    let told: Vec<_> = recipes
        .iter()
        .map(|one| (one.name.as_str(), one.installed_as.as_str(), one.values["way"].as_str()))
        .collect();
    assert_eq!(
        told,
        [("own-2", "own", "slow"), ("own-fast", "own", "fast"), ("own-1.0", "own-1.0", "slow")]
    );
    assert_eq!(recipes[1].about, "a fast one");
    assert_eq!(recipes[2].install.as_ref().unwrap().packages, ["server==1"]);
    assert!(recipes.iter().all(|one| one.folder == "own"));
}

#[test]
fn what_is_wrong_is_told() {
    for (lines, wants) in [
        ("start: []", "there is no word in this command"),
        ("start: [server, '{prot}']", "there is no placeholder `{prot}` here"),
        // Without packages of PyPI's there is no interpreter of theirs.
        ("start: ['{python}', server]", "there is no placeholder `{python}` here"),
        (
            "start: server {port}",
            "a shell's text has no placeholder `{port}` (write \"$LAB_PORT\")",
        ),
        ("listeners: []", "this server listens nowhere"),
        ("listeners: [smtp, smtp]", "`smtp` stands here for the second time"),
        ("listeners: [smtp, lmtp]", "lmtp"),
        ("listeners: [submission]", "users log in at submission, and this recipe has no `login:`"),
        ("profile: profil.yaml", "there is no file `profil.yaml` beside the recipe"),
        ("files: {a: b.conf}", "there is no file `b.conf` beside the recipe"),
        ("files: {../a: a.conf}", "`../a` does not lie below `{dir}`"),
        ("folders: [/etc]", "`/etc` does not lie below `{dir}`"),
        ("install: {npm: [--global]}", "`--global` is no package"),
        ("install: {npm: []}", "this installs nothing"),
        ("install: {npm: [a], apt: [b]}", "npm"),
        ("values: {port: '1'}", "`{port}` is a placeholder of every recipe"),
        ("values: {A_B: '1'}", "`A_B` can't be the name of a placeholder"),
        ("environment: {'A=B': x}", "`A=B` can't be the name of a variable"),
        ("variants: {own-2: {values: {way: x}}}", "the recipe has no value `way`"),
        ("variants: {Own: }", "`Own` can't be the name of a server"),
        ("mail: pigeon", "pigeon"),
        ("needs: {tests: [{run: ['{dir}'], wants: x}]}", "there is no placeholder `{dir}` here"),
        ("colour: red", "colour"),
    ] {
        let key = lines.split(':').next().unwrap_or_default();
        let kept = SMALL.lines().filter(|line| !line.starts_with(&format!("{key}:")));
        let text: Vec<&str> = kept.chain([lines]).collect();
        let found = load(&text.join("\n")).unwrap_err();
        assert!(found.iter().any(|told| told.contains(wants)), "{lines}: {found:?}");
    }
    assert!(load("about: nothing else").unwrap_err().len() >= 3);
    assert!(!load("\u{0}").unwrap_err().is_empty());
}
