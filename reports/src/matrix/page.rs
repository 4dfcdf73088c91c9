//! The matrix as a page: a click on a cell leads to the dialogues behind it.

use askama::Template;
use smtpspec_judge::Verdict;

use super::{Adjudication, Cell, Matrix};
use crate::html::card::{Anchors, Card, Cards};
use crate::html::{STYLE, policy, sign};
use crate::view::excerpt::shorten;
use crate::view::tally::{Tally, tally};
use crate::view::{printable, section_name};

const SCRIPT: &str = include_str!("../../templates/html/matrix.js");
const OWN_STYLE: &str = include_str!("../../templates/html/matrix.css");
/// How many lines of a dialogue are shown.
const DIALOGUE: usize = 16;
/// How many lines of dialogues there are of one server.
const LINES: usize = 4_000;
/// How many characters of a greeting or a title are shown.
const LINE: usize = 300;

#[derive(Template)]
#[template(path = "html/matrix.html")]
struct Page {
    policy: String,
    style: String,
    script: &'static str,
    servers: Vec<Server>,
    rows: Vec<Line>,
    chapters: Vec<Chapter>,
}

struct Server {
    name: String,
    greeting: String,
    started: String,
    tool: String,
    must: (usize, usize),
    should: (usize, usize),
    counts: Vec<(&'static str, &'static str, usize)>,
    model: usize,
}

struct Line {
    section: String,
    title: String,
    cells: Vec<Field>,
}

struct Field {
    /// Empty where nothing ran.
    state: &'static str,
    sign: &'static str,
    /// How many cases and findings of the model are as bad as this.
    count: Option<usize>,
    all: String,
    /// The chapter that shows why.
    link: Option<String>,
}

/// What accuses a server in a section.
struct Chapter {
    anchor: String,
    title: String,
    cards: Vec<Card>,
}

pub(super) fn render(matrix: &Matrix<'_>) -> Vec<u8> {
    let mut anchors = Anchors::default();
    let mut rows = Vec::new();
    let mut chapters = Vec::new();
    let mut makers: Vec<Cards<'_>> = matrix
        .columns
        .iter()
        .map(|column| Cards {
            results: &column.results,
            kind: printable(&column.name).into_owned(),
            dialogue: DIALOGUE,
            room: LINES,
        })
        .collect();
    for row in &matrix.rows {
        let section = section_name(&row.spec, &row.number);
        let title = shorten(&printable(&row.title), LINE);
        let mut cells = Vec::new();
        for ((cell, column), maker) in row.cells.iter().zip(matrix.columns).zip(&mut makers) {
            let cards = cards(matrix, &column.name, cell, maker, &mut anchors);
            let name = printable(&column.name);
            let mut field = Field::of(cell);
            if !cards.is_empty() {
                let anchor = anchors.name("cell", &format!("{name}-{}-{}", row.spec, row.number));
                field.link = Some(anchor.clone());
                let title = format!("{name}: {section} {title}");
                chapters.push(Chapter { anchor, title, cards });
            }
            cells.push(field);
        }
        rows.push(Line { section, title, cells });
    }
    let style = format!("{STYLE}{OWN_STYLE}");
    let page = Page {
        policy: policy::of(&style, SCRIPT),
        style,
        script: SCRIPT,
        servers: matrix.columns.iter().map(Server::of).collect(),
        rows,
        chapters,
    };
    page.render().expect("invariant: writing to memory can't fail").into_bytes()
}

/// The accusations of a cell, each with what people made of it.
fn cards(
    matrix: &Matrix<'_>,
    server: &str,
    cell: &Cell<'_>,
    maker: &mut Cards<'_>,
    anchors: &mut Anchors,
) -> Vec<Card> {
    let judged = |judgement: Option<&Adjudication>| {
        judgement
            .map(|one| (one.judgement.as_str().to_owned(), printable(one.why.trim()).into_owned()))
    };
    let mut cards = Vec::new();
    for case in cell.accusing() {
        let judgement = judged(matrix.of_case(server, &case.id));
        cards.push(Card { judgement, ..maker.of_case(case, false, anchors) });
    }
    for found in &cell.model {
        let judgement = judged(matrix.of_model(server, found.finding.requirement.as_str()));
        cards.push(Card { judgement, ..maker.of_model(found, false, anchors) });
    }
    cards
}

impl Field {
    fn of(cell: &Cell<'_>) -> Self {
        let Some(state) = cell.state() else {
            return Self {
                state: "",
                sign: "",
                count: None,
                all: "nothing ran".to_owned(),
                link: None,
            };
        };
        let model = |verdict| {
            let breach = cell
                .model
                .iter()
                .filter(move |found| Verdict::of_breach(found.finding.level.grade()) == verdict);
            breach.count()
        };
        let mut all: Vec<String> = Verdict::ALL
            .into_iter()
            .map(|verdict| (verdict, cell.count(verdict)))
            .filter(|(_, count)| *count > 0)
            .map(|(verdict, count)| format!("{count} {verdict}"))
            .collect();
        if !cell.model.is_empty() {
            all.push(format!("model: {} broken", cell.model.len()));
        }
        let bad = matches!(state, Verdict::Fail | Verdict::Warn | Verdict::Error);
        Self {
            state: state.as_str(),
            sign: sign(state),
            count: bad.then(|| cell.count(state) + model(state)),
            all: all.join(", "),
            link: None,
        }
    }
}

impl Server {
    fn of(column: &super::Column) -> Self {
        let results = &column.results;
        let Tally { must, should } = tally(results);
        let line = |text: &str| shorten(&printable(text), LINE);
        Self {
            name: line(&column.name),
            greeting: line(results.target.greeting.as_deref().unwrap_or("no greeting")),
            started: line(&results.started),
            tool: line(&format!("{} {}", results.tool.name, results.tool.version)),
            must: (must.broken, must.judged()),
            should: (should.broken, should.judged()),
            counts: Verdict::ALL
                .map(|verdict| (verdict.as_str(), sign(verdict), results.summary.count(verdict)))
                .into_iter()
                .collect(),
            model: results.findings.len(),
        }
    }
}
