//! Every key of a recipe.

use crate::language::DURATION;
use crate::recipe::{Listener, Mail};
use crate::shape::{Kind, Shape, may, must};

const TEXTS: Kind = Kind::List(&Kind::Text);

/// A program with its arguments, or a text for a shell.
const COMMAND: Kind = Kind::AnyOf(&[TEXTS, Kind::Text]);

/// A recipe.
pub(crate) static RECIPE: Shape = Shape::new(
    "recipe",
    "a recipe",
    &[
        must("about", Kind::Text, "What server this is, in a few words."),
        may("version", Kind::Text, "The version that this was made for."),
        may("install", Kind::Shape(|| &INSTALL), "Where it comes from."),
        may("needs", Kind::Shape(|| &NEEDS), "What must be there beforehand."),
        may("users", TEXTS, "Accounts of the system that the server insists on."),
        may("groups", TEXTS, "Groups of the system likewise."),
        may("certificate", Kind::Flag, "Whether {dir}/cert.pem and {dir}/key.pem are to be made."),
        may("folders", TEXTS, "Folders to make below {dir}."),
        may(
            "files",
            Kind::Names(&Kind::Text),
            "Files to fill in: where each goes below {dir}, and the file here that it is made of.",
        ),
        may("values", Kind::Names(&Kind::Text), "Placeholders of its own."),
        may("environment", Kind::Names(&Kind::Text), "Variables of all its commands."),
        may("prepare", Kind::List(&COMMAND), "What is done before the server is started."),
        must("start", COMMAND, "What starts the server, in the foreground."),
        may("stop", COMMAND, "What ends it, where a signal is not enough."),
        may("ready", DURATION, "How long it may take until it listens; 30s if missing."),
        must("listeners", Kind::List(&Kind::Words(&Listener::WORDS)), "Where it listens."),
        may("login", Kind::Shape(|| &LOGIN), "Who may log in."),
        may("mail", Kind::Words(&Mail::WORDS), "Where its mail comes out."),
        must("profile", Kind::Text, "The file here that says which recipients it accepts."),
        may(
            "variants",
            Kind::Names(&Kind::Shape(|| &VARIANT)),
            "Servers that differ from this in a few things, by name.",
        ),
    ],
);

/// Where it comes from.
pub(crate) static INSTALL: Shape = Shape {
    one_of: &["apt", "pypi", "npm"],
    ..Shape::new(
        "install",
        "an installation",
        &[
            may("apt", TEXTS, "Debian's packages, unpacked under {root}."),
            may("pypi", TEXTS, "Python's packages, for {python}."),
            may("npm", TEXTS, "Node's packages, under {install}/node_modules."),
        ],
    )
};

/// What must be there.
pub(crate) static NEEDS: Shape = Shape::new(
    "needs",
    "a need",
    &[
        may("root", Kind::Flag, "Whether only root can do this."),
        may("programs", TEXTS, "Programs, by name."),
        may("tests", Kind::List(&Kind::Shape(|| &TEST)), "Commands that must succeed."),
    ],
);

/// A command that must succeed.
pub(crate) static TEST: Shape = Shape::new(
    "test",
    "a test",
    &[
        must("run", COMMAND, "The command."),
        must("wants", Kind::Text, "What is missing where it does not succeed."),
    ],
);

/// Who may log in.
pub(crate) static LOGIN: Shape = Shape::new(
    "login",
    "a login",
    &[must("user", Kind::Text, "The name."), must("password", Kind::Text, "The password.")],
);

/// A server that differs in a few things.
pub(crate) static VARIANT: Shape = Shape::new(
    "variant",
    "a variant",
    &[
        may("about", Kind::Text, "What server this is, in a few words."),
        may("version", Kind::Text, "The version that this was made for."),
        may("install", Kind::Shape(|| &INSTALL), "Where it comes from, instead."),
        may("values", Kind::Names(&Kind::Text), "Placeholders over those of the recipe."),
    ],
);
