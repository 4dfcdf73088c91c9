//! From a recipe's file to the servers that it describes, or to everything that is wrong with it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::keys::{INSTALL, LOGIN, NEEDS, RECIPE, TEST, VARIANT};
use super::placeholder::{BUILT_IN, TRIPLET, placeholders, variable};
use super::{Command, Install, Listener, Mail, Needs, Origin, Recipe};
use crate::Credentials;
use crate::diagnostic::{Diagnostic, Problems, Reader, Span};
use crate::load::fields::Fields;
use crate::load::scalar::is_slug;
use crate::source::{File, Source};
use crate::suggest::did_you_mean;
use crate::yaml::{self, Entry, Node, Value};

/// How long a server may take that says nothing of it.
const READY: Duration = Duration::from_secs(30);

impl Recipe {
    /// Reads the recipe in a folder of this name, beside which these files lie. It gives a server,
    /// or one for each variant.
    pub fn load(
        folder: &str,
        source: &Source,
        files: &BTreeSet<String>,
    ) -> Result<Vec<Self>, Vec<Diagnostic>> {
        let problems = RefCell::new(Problems::default());
        let recipes = match File::open(source) {
            Ok(file) => {
                let reader = Reader { file: &file, problems: &problems };
                yaml::parse(reader).and_then(|tree| read(Kitchen { reader, folder, files }, &tree))
            }
            Err(refused) => {
                problems.borrow_mut().push(*refused);
                None
            }
        };
        let problems = problems.into_inner();
        match recipes.filter(|_| !problems.refused()) {
            Some(recipes) => Ok(recipes),
            None => Err(problems.into_sorted(&BTreeMap::new())),
        }
    }
}

/// What the parts of a recipe are read with.
#[derive(Clone, Copy)]
struct Kitchen<'f> {
    reader: Reader<'f>,
    folder: &'f str,
    files: &'f BTreeSet<String>,
}

fn read(kitchen: Kitchen<'_>, tree: &Node) -> Option<Vec<Recipe>> {
    let Kitchen { reader, folder, .. } = kitchen;
    let fields = Fields::read(reader, tree, &RECIPE)?;
    let variants = entries(reader, fields.get("variants"), "variants");
    let names = names(reader, &fields, variants);
    let commands = |key| -> Vec<Command> {
        let nodes = fields.get(key).map(|node| list(reader, node, key)).unwrap_or_default();
        nodes.iter().filter_map(|node| command(reader, node, &names)).collect()
    };
    let text = |key| fields.get(key).and_then(|node| reader.text(node, key).map(str::to_owned));
    let flag = |key| fields.get(key).and_then(|node| reader.flag(node, key)).unwrap_or_default();
    let one = |key| fields.get(key).map(|node| command(reader, node, &names));
    let stop = one("stop");
    let recipe = Recipe {
        name: folder.to_owned(),
        folder: folder.to_owned(),
        installed_as: folder.to_owned(),
        about: text("about")?,
        version: text("version"),
        install: fields.get("install").and_then(|node| install(reader, node)),
        needs: fields.get("needs").and_then(|node| needs(reader, node)).unwrap_or_default(),
        users: words(reader, &fields, "users"),
        groups: words(reader, &fields, "groups"),
        certificate: flag("certificate"),
        folders: folders(reader, &fields),
        files: templates(kitchen, &fields),
        values: texts(reader, fields.get("values"), "values"),
        environment: environment(reader, &fields, &names),
        prepare: commands("prepare"),
        start: one("start")??,
        stop: stop.map_or(Some(None), |stop| stop.map(Some))?,
        ready: match fields.get("ready") {
            Some(node) => reader.duration(node, "ready")?,
            None => READY,
        },
        listeners: listeners(reader, &fields)?,
        login: fields.get("login").and_then(|node| login(reader, node)),
        mail: match fields.get("mail") {
            Some(node) => Some(Mail::ALL[reader.word(node, "way for mail", &Mail::WORDS)?]),
            None => None,
        },
        profile: fields.get("profile").and_then(|node| beside(kitchen, node, "profile"))?,
    };
    needs_login(reader, &fields, &recipe);
    if variants.is_empty() {
        return Some(vec![recipe]);
    }
    variants.iter().map(|entry| variant(reader, &recipe, entry)).collect()
}

/// A listener of submission that nobody can log in at tests nothing.
fn needs_login(reader: Reader<'_>, fields: &Fields<'_>, recipe: &Recipe) {
    let posts = recipe.listeners.iter().any(|listener| *listener != Listener::Smtp);
    if let Some(node) = fields.get("listeners").filter(|_| posts && recipe.login.is_none()) {
        reader
            .error(node.span, "users log in at submission, and this recipe has no `login:`")
            .help("write `login: {user: bob, password: secret}`")
            .report();
    }
}

fn variant(reader: Reader<'_>, base: &Recipe, entry: &Entry) -> Option<Recipe> {
    if !is_slug_with_dots(&entry.key) {
        return not_a_name(reader, &entry.key, entry.key_span, "a server's name");
    }
    let empty = entry.value.is_null();
    let fields = if empty { None } else { Some(Fields::read(reader, &entry.value, &VARIANT)?) };
    let get = |key| fields.as_ref().and_then(|fields| fields.get(key));
    let text = |key| get(key).and_then(|node| reader.text(node, key).map(str::to_owned));
    let install = get("install").map(|node| install(reader, node));
    let own = install.is_some();
    let mut recipe = Recipe { name: entry.key.clone(), ..base.clone() };
    recipe.installed_as = if own { entry.key.clone() } else { base.folder.clone() };
    recipe.about = text("about").unwrap_or(recipe.about);
    recipe.version = text("version").or(recipe.version);
    if let Some(install) = install {
        recipe.install = Some(install?);
    }
    for entry in entries(reader, get("values"), "values") {
        if !base.values.contains_key(&entry.key) {
            let known = base.values.keys().map(String::as_str);
            reader
                .error(entry.key_span, format!("the recipe has no value `{}`", entry.key))
                .help(did_you_mean(&entry.key, known).unwrap_or_else(|| {
                    "give it one under `values:` of the whole recipe too".to_owned()
                }))
                .report();
        }
    }
    recipe.values.extend(texts(reader, get("values"), "values"));
    Some(recipe)
}

/// The placeholders that this recipe's words may have.
fn names(reader: Reader<'_>, fields: &Fields<'_>, variants: &[Entry]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = BUILT_IN.map(str::to_owned).into();
    let origins: Vec<&str> = std::iter::once(fields.get("install"))
        .chain(variants.iter().map(|entry| keys_of(&entry.value, "install")))
        .flatten()
        .flat_map(|node| match &node.value {
            Value::Mapping(entries) => entries.iter().map(|entry| entry.key.as_str()).collect(),
            _ => Vec::new(),
        })
        .collect();
    if origins.contains(&Origin::Apt.as_str()) {
        names.insert(TRIPLET.to_owned());
    } else {
        names.remove("root");
        names.remove("libraries");
    }
    if !origins.contains(&Origin::Pypi.as_str()) {
        names.remove("python");
    }
    if fields.get("mail").and_then(Node::plain) != Some("maildir") {
        names.remove("maildir");
    }
    for entry in entries(reader, fields.get("values"), "values") {
        if BUILT_IN.contains(&entry.key.as_str()) || entry.key == TRIPLET {
            let message = format!("`{{{}}}` is a placeholder of every recipe", entry.key);
            reader.error(entry.key_span, message).help("choose another name").report();
        } else if is_slug(&entry.key) {
            names.insert(entry.key.clone());
        } else {
            let _: Option<()> = not_a_name(reader, &entry.key, entry.key_span, "a placeholder");
        }
    }
    names
}

fn keys_of<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Mapping(entries) => {
            entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
        }
        _ => None,
    }
}

fn command(reader: Reader<'_>, node: &Node, names: &BTreeSet<String>) -> Option<Command> {
    if let Value::List(nodes) = &node.value {
        let words: Option<Vec<String>> =
            nodes.iter().map(|node| word(reader, node, names)).collect();
        return match words? {
            words if words.is_empty() => {
                reader.error(node.span, "there is no word in this command").fail()
            }
            words => Some(Command::Words(words)),
        };
    }
    let text = reader.text(node, "command")?;
    // In a text with blanks or quotes a value could be read as something else.
    if let Some((_, name)) = placeholders(text).find(|(_, name)| names.contains(*name)) {
        return reader
            .error(node.span, format!("a shell's text has no placeholder `{{{name}}}`"))
            .help(format!("write \"${}\"", variable(name)))
            .fail();
    }
    Some(Command::Shell(text.to_owned()))
}

/// A word with placeholders, each of which must be known.
fn word(reader: Reader<'_>, node: &Node, names: &BTreeSet<String>) -> Option<String> {
    let text = reader.text(node, "word")?;
    for (range, name) in placeholders(text) {
        if !names.contains(name) {
            let known = names.iter().map(String::as_str);
            let help = did_you_mean(name, known).unwrap_or_else(|| {
                let names: Vec<_> = names.iter().map(|name| format!("`{{{name}}}`")).collect();
                format!("this recipe has {}", names.join(", "))
            });
            let span = node.within(reader.file, range.start, range.len());
            return reader
                .error(span, format!("there is no placeholder `{{{name}}}` here"))
                .help(help)
                .fail();
        }
    }
    Some(text.to_owned())
}

fn install(reader: Reader<'_>, node: &Node) -> Option<Install> {
    let fields = Fields::read(reader, node, &INSTALL)?;
    let chosen = fields.choice(reader)?;
    let from = match chosen.key.as_str() {
        "apt" => Origin::Apt,
        "pypi" => Origin::Pypi,
        _ => Origin::Npm,
    };
    let packages = words(reader, &fields, from.as_str());
    if packages.is_empty() {
        return reader.error(chosen.value.span, "this installs nothing").fail();
    }
    for node in list(reader, &chosen.value, from.as_str()) {
        let text = reader.text(node, "package")?;
        // What begins so would be an option of the program that installs it.
        if text.starts_with('-') || text.contains(char::is_whitespace) {
            return reader.error(node.span, format!("`{text}` is no package")).fail();
        }
    }
    Some(Install { from, packages })
}

fn needs(reader: Reader<'_>, node: &Node) -> Option<Needs> {
    let fields = Fields::read(reader, node, &NEEDS)?;
    let root = match fields.get("root") {
        Some(node) => reader.flag(node, "root")?,
        None => false,
    };
    // Nothing is installed and no folder made yet, so there is nothing to fill in.
    let nothing = BTreeSet::new();
    let tests = fields.get("tests").map(|node| list(reader, node, "tests")).unwrap_or_default();
    let tests = tests
        .iter()
        .filter_map(|node| {
            let fields = Fields::read(reader, node, &TEST)?;
            let run = fields.get("run").and_then(|node| command(reader, node, &nothing));
            let wants = fields.get("wants").and_then(|node| reader.text(node, "wants"));
            Some((run?, wants?.to_owned()))
        })
        .collect();
    Some(Needs { root, programs: words(reader, &fields, "programs"), tests })
}

fn login(reader: Reader<'_>, node: &Node) -> Option<Credentials> {
    let fields = Fields::read(reader, node, &LOGIN)?;
    let text = |key| fields.get(key).and_then(|node| reader.text(node, key).map(str::to_owned));
    Some(Credentials { user: text("user")?, password: Some(text("password")?), token: None })
}

fn listeners(reader: Reader<'_>, fields: &Fields<'_>) -> Option<Vec<Listener>> {
    let node = fields.get("listeners")?;
    let mut listeners = Vec::new();
    for node in list(reader, node, "listeners") {
        let listener = Listener::ALL[reader.word(node, "listener", &Listener::WORDS)?];
        if listeners.contains(&listener) {
            let message = format!("`{}` stands here for the second time", listener.as_str());
            reader.error(node.span, message).report();
        }
        listeners.push(listener);
    }
    if listeners.is_empty() {
        return reader.error(node.span, "this server listens nowhere").fail();
    }
    Some(listeners)
}

/// A file that lies beside the recipe.
fn beside(kitchen: Kitchen<'_>, node: &Node, what: &str) -> Option<String> {
    let text = kitchen.reader.text(node, what)?;
    if kitchen.files.contains(text) {
        return Some(text.to_owned());
    }
    let known = kitchen.files.iter().map(String::as_str);
    kitchen
        .reader
        .error(node.span, format!("there is no file `{text}` beside the recipe"))
        .maybe_help(did_you_mean(text, known))
        .fail()
}

fn templates(kitchen: Kitchen<'_>, fields: &Fields<'_>) -> BTreeMap<String, String> {
    entries(kitchen.reader, fields.get("files"), "files")
        .iter()
        .filter_map(|entry| {
            let to = below(kitchen.reader, &entry.key, entry.key_span);
            Some((to?, beside(kitchen, &entry.value, "file")?))
        })
        .collect()
}

fn folders(reader: Reader<'_>, fields: &Fields<'_>) -> Vec<String> {
    let nodes = fields.get("folders").map(|node| list(reader, node, "folders")).unwrap_or_default();
    nodes.iter().filter_map(|node| below(reader, reader.text(node, "folder")?, node.span)).collect()
}

/// A path that can't leave the folder of the run.
fn below(reader: Reader<'_>, text: &str, span: Span) -> Option<String> {
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    if text.split('/').all(plain) && !text.contains(['\\', '\0']) {
        return Some(text.to_owned());
    }
    reader
        .error(span, format!("`{text}` does not lie below `{{dir}}`"))
        .help("write a path without `..`, and without `/` at its beginning: `etc/main.cf`")
        .fail()
}

fn environment(
    reader: Reader<'_>,
    fields: &Fields<'_>,
    names: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for entry in entries(reader, fields.get("environment"), "environment") {
        let plain = !entry.key.is_empty() && !entry.key.contains(['=', '\0']);
        if plain && let Some(value) = word(reader, &entry.value, names) {
            variables.insert(entry.key.clone(), value);
        } else if !plain {
            let _: Option<()> = not_a_name(reader, &entry.key, entry.key_span, "a variable");
        }
    }
    variables
}

fn not_a_name<T>(reader: Reader<'_>, name: &str, span: Span, what: &str) -> Option<T> {
    reader
        .error(span, format!("`{name}` can't be the name of {what}"))
        .help("a name is lower-case letters, digits and hyphens")
        .fail()
}

/// The name of a server may have a version in it.
fn is_slug_with_dots(text: &str) -> bool {
    is_slug(&text.replace('.', "-"))
}

fn list<'n>(reader: Reader<'_>, node: &'n Node, what: &str) -> &'n [Node] {
    let Value::List(nodes) = &node.value else {
        let message = format!("`{what}:` is a list, but this is {}", node.kind());
        reader.error(node.span, message).report();
        return &[];
    };
    nodes
}

fn entries<'n>(reader: Reader<'_>, node: Option<&'n Node>, what: &str) -> &'n [Entry] {
    match node.map(|node| (node, &node.value)) {
        None => &[],
        Some((_, Value::Mapping(entries))) => entries,
        Some((node, _)) => {
            let message = format!("`{what}:` is a mapping, but this is {}", node.kind());
            reader.error(node.span, message).report();
            &[]
        }
    }
}

/// The texts of a list: names of packages, programs, users.
fn words(reader: Reader<'_>, fields: &Fields<'_>, key: &'static str) -> Vec<String> {
    let nodes = fields.get(key).map(|node| list(reader, node, key)).unwrap_or_default();
    nodes.iter().filter_map(|node| reader.text(node, key).map(str::to_owned)).collect()
}

/// A text for each name. An empty one is written in quotes.
fn texts(reader: Reader<'_>, node: Option<&Node>, what: &str) -> BTreeMap<String, String> {
    let pair =
        |entry: &Entry| Some((entry.key.clone(), reader.text(&entry.value, what)?.to_owned()));
    entries(reader, node, what).iter().filter_map(pair).collect()
}
