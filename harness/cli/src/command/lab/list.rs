//! `smtpspec lab list`: the servers that there are recipes for.

use std::fmt::Write as _;

use serde_json::json;
use smtpspec_runner::lab::needs::{self, Need};
use smtpspec_runner::{Kit, Stop};

use crate::args::LabList;
use crate::console::Console;
use crate::exit::Exit;
use crate::{interrupt, recipes};

pub(super) fn list(args: &LabList, console: &Console) -> Result<Exit, Exit> {
    let kits = recipes::all(args.place.recipes.as_deref(), console)?;
    let asked = interrupt::block_on(async {
        let stop = Stop::new();
        interrupt::stops(&stop)?;
        let mut asked = Vec::new();
        for kit in &kits {
            asked.push((kit, needs::of(&kit.recipe, &stop).await));
        }
        Ok((asked, stop.is_stopped()))
    });
    let asked = match asked {
        Ok((_, true)) => return Err(Exit::Interrupted),
        Ok((asked, false)) => asked,
        Err(error) => {
            console.error(&format!("nobody could be asked what is here: {error}"));
            return Err(Exit::Failed);
        }
    };
    let text = if args.json { as_json(&asked) } else { as_text(&asked) };
    Ok(console.finish(text.as_bytes(), Exit::Clean))
}

fn as_text(asked: &[(&Kit, Vec<Need>)]) -> String {
    let rows: Vec<[String; 4]> = asked
        .iter()
        .map(|(kit, needs)| {
            let recipe = &kit.recipe;
            let missing: Vec<&str> =
                needs.iter().filter(|need| !need.met).map(|need| need.what.as_str()).collect();
            let here = match missing.as_slice() {
                [] => "ready".to_owned(),
                missing => format!("needs {}", missing.join(", ")),
            };
            let from = recipe.install.as_ref().map_or("this machine", |from| from.from.title());
            [
                recipe.name.clone(),
                recipe.version.clone().unwrap_or_default(),
                from.to_owned(),
                format!("{here}: {}", recipe.about),
            ]
        })
        .collect();
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for [name, version, from, rest] in &rows {
        let [first, second, third] = widths;
        // Writing to a `String` can't fail.
        let _ = writeln!(text, "{name:first$}  {version:second$}  {from:third$}  {rest}");
    }
    text
}

fn as_json(asked: &[(&Kit, Vec<Need>)]) -> String {
    let servers: Vec<_> = asked
        .iter()
        .map(|(kit, needs)| {
            let recipe = &kit.recipe;
            let names = |met: bool| -> Vec<&str> {
                let needs = needs.iter().filter(|need| need.met == met);
                needs.map(|need| need.what.as_str()).collect()
            };
            json!({
                "name": recipe.name,
                "recipe": recipe.folder,
                "about": recipe.about,
                "version": recipe.version,
                "from": recipe.install.as_ref().map(|install| install.from.as_str()),
                "packages": recipe.install.as_ref().map(|install| &install.packages),
                "listeners": recipe.listeners.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
                "has": names(true),
                "needs": names(false),
                "ready": needs.iter().all(|need| need.met),
            })
        })
        .collect();
    format!("{:#}\n", json!(servers))
}
