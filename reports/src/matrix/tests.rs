use super::*;
use crate::fixture;

fn columns() -> Vec<Column> {
    let mut mended = fixture::everything();
    mended.findings.clear();
    mended.scenarios.retain(|case| !matches!(case.verdict, Verdict::Fail | Verdict::Error));
    let column = |name: &str, results| Column { name: name.into(), results };
    vec![
        column("broken-1.0", fixture::everything()),
        column("mended-1.1", mended),
        column("|`<b>`\u{1b}[2J", fixture::interrupted()),
    ]
}

fn judgements() -> Vec<Adjudication> {
    let judgement = |cases: &[&str], oracle: &[&str], judgement, why: &str| Adjudication {
        servers: vec!["broken-1.0".into()],
        cases: cases.iter().map(|&case| case.into()).collect(),
        oracle: oracle.iter().map(|&rule| rule.into()).collect(),
        requirement: "rfc5321-4.2-7".into(),
        judgement,
        why: why.into(),
    };
    vec![
        judgement(&["rfc5321/4.1.1.3/*"], &[], Judgement::True, "It takes RCPT before MAIL.\n"),
        judgement(&[], &["rfc5321-4.2-8"], Judgement::Disputed, "<script>Some read it so."),
    ]
}

fn rendered(format: Format) -> String {
    let (columns, judgements) = (columns(), judgements());
    let page = Matrix::of(&columns, &judgements).render(format).expect("it has this format");
    String::from_utf8(page).expect("UTF-8")
}

#[test]
fn servers_stand_side_by_side() {
    insta::assert_snapshot!(rendered(Format::Markdown));
    insta::assert_snapshot!(rendered(Format::Json));
}

#[test]
fn a_cell_has_the_worst_and_leads_to_what_shows_it() {
    let page = rendered(Format::Html);
    let row = page.lines().find(|line| line.contains("RFC 5321 §4.1.1.3 ")).expect("the row");
    assert_eq!(row.matches("<td class=\"fail\"").count(), 1, "{row}");
    assert_eq!(row.matches("<td class=\"inconclusive\"").count(), 1, "{row}");
    let link = row.split("href=\"#").nth(1).and_then(|rest| rest.split('"').next());
    let link = link.expect("a link");
    let chapter = page.split(&format!("id=\"{link}\"")).nth(1).expect("what it leads to");
    let chapter = chapter.split("</div>\n</details>\n</details>").next().unwrap_or_default();
    assert!(chapter.contains("rfc5321/4.1.1.3/before-mail"), "{chapter}");
    assert!(chapter.contains("Read and judged: true.</b> It takes RCPT before MAIL.</p>"));
    assert!(chapter.contains("250-ok") && chapter.contains("smtpspec run rfc5321/4.1.1.3/before"));
}

#[test]
fn what_the_model_saw_counts_in_the_section_of_its_rule() {
    let columns = columns();
    let matrix = Matrix::of(&columns, &[]);
    let row = matrix.rows.iter().find(|row| row.number == "4.2").expect("a row");
    let states: Vec<_> = row.cells.iter().map(Cell::state).collect();
    assert_eq!(states, [Some(Verdict::Fail), None, None]);
    assert_eq!(row.cells[0].model.len(), 2);
}

#[test]
fn nothing_foreign_is_markup() {
    let page = rendered(Format::Html);
    assert_eq!(page.matches("<script").count(), 1, "its own");
    assert!(!page.contains("<b>`") && !page.contains("<script>Some"));
    for format in Matrix::FORMATS {
        let page = rendered(format);
        assert!(!page.contains(|c| crate::view::steers(c) && c != '\n'), "{format}");
    }
    let columns = columns();
    assert_eq!(Matrix::of(&columns, &[]).render(Format::Tap), None);
}

#[test]
fn all_rows_have_a_cell_for_each_server() {
    for line in rendered(Format::Markdown).lines().filter(|line| line.starts_with("| RFC")) {
        let bars = line.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 1 + 1 + 3, "{line}");
    }
}

#[test]
fn the_document_is_as_its_schema_says() {
    let schema =
        serde_json::from_str(include_str!("../../schema/matrix.schema.json")).expect("JSON");
    let document: serde_json::Value = serde_json::from_str(&rendered(Format::Json)).expect("JSON");
    assert_eq!(crate::json::check::faults(&schema, &document), [""; 0]);
    let documents = [document.clone()];
    assert_eq!(crate::json::check::undescribed(&schema, &documents), [""; 0]);
    let mut broken = document;
    broken["sections"][0]["cells"][0]["worst"] = "passed".into();
    assert!(!crate::json::check::faults(&schema, &broken).is_empty());
}
