//! What a CSV, a workbook or JSON has in it: its encoding, its sheet, its first rows, every row as it stands.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek};

use super::reader::Order;
use crate::domain::sheet::charset::{Charset, recognise};
use crate::domain::sheet::workbook::Workbook;
use crate::domain::sheet::{Cell, Go, Row, Trouble, objects, text};
use crate::domain::upload::head::{Head, Known, LOOKED_AT};
use crate::domain::upload::receipt::FileFormat;

/// Rows of a kind whose rows refer to one another: they are held in memory until all are known.
const MOST_TOGETHER: usize = 50_000;

pub(super) fn begin(mut file: &File) -> Result<&File, Trouble> {
    let failed = |error: std::io::Error| Trouble::new("unreadable", "文件无法读取", error.to_string());
    file.rewind().map_err(failed)?;
    Ok(file)
}

/// Gives every row of a file as it stands, those above the head too, with the head.
pub(super) fn raw(
    file: &File,
    order: &Order,
    each: &mut dyn FnMut(&Head, Row) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let known = Known::of(order.kind);
    let given = order.defaults.given();
    // Where there is no head every row is given all the same.
    let head = |rows: &[Row]| known.find(rows, &given).unwrap_or_default();
    match order.format {
        FileFormat::Csv => {
            let (charset, delimiter, rows) = layout(file, order, &known)?;
            let head = head(&rows);
            text::rows(begin(file)?, charset, delimiter, |row| each(&head, row).map(|()| Go::On))
        }
        FileFormat::Xlsx => {
            let mut book = Workbook::open(begin(file)?)?;
            let (sheet, rows) = sheet(&mut book, order, &known)?;
            let head = head(&rows);
            book.rows(&sheet, |row| each(&head, row).map(|()| Go::On))
        }
        FileFormat::Ndjson | FileFormat::Json => {
            // The head of a list is all the names in it, and stands first.
            let mut all: Vec<String> = Vec::new();
            let _ = objects_of(file, order, &mut |names, _| {
                if names.len() > all.len() {
                    names.clone_into(&mut all);
                }
                Ok(Go::On)
            });
            let headings = all.iter().map(|name| known.heading(name)).collect();
            let head = Head { headings, ..Head::default() };
            each(&head, Row::new(0, all.into_iter().map(Cell::Text).collect()))?;
            objects_of(file, order, &mut |_, row| each(&head, row).map(|()| Go::On))
        }
    }
}

pub(super) type EachObject<'a> = &'a mut dyn FnMut(&[String], Row) -> Result<Go, Trouble>;

pub(super) fn objects_of(file: &File, order: &Order, each: EachObject<'_>) -> Result<(), Trouble> {
    let file = begin(file)?;
    if order.format == FileFormat::Json {
        objects::document(file, each)
    } else {
        objects::lines(BufReader::new(file), each)
    }
}

/// The encoding of a text, what stands between its cells, and its first rows.
pub(super) fn layout(file: &File, order: &Order, known: &Known) -> Result<(Charset, u8, Vec<Row>), Trouble> {
    refuse_workbooks(file)?;
    let charset = recognise(begin(file)?, order.charset)?;
    let mut best: Option<(usize, u8, Vec<Row>)> = None;
    let mut trouble = None;
    for delimiter in text::DELIMITERS {
        let mut rows = Vec::new();
        let preview = text::rows(begin(file)?, charset, delimiter, |row| Ok(first(&mut rows, row)));
        if let Err(met) = preview {
            trouble = trouble.or(Some(met));
        } else {
            let fit = known.fit(&rows);
            if best.as_ref().is_none_or(|(before, ..)| fit > *before) {
                best = Some((fit, delimiter, rows));
            }
        }
    }
    match (best, trouble) {
        (Some((_, delimiter, rows)), None) | (Some((1.., delimiter, rows)), Some(_)) => Ok((charset, delimiter, rows)),
        (_, Some(trouble)) => Err(trouble),
        (None, None) => Err(Trouble::new("empty_file", "文件是空的", "the file is empty")),
    }
}

/// A workbook sent as text would be read as nonsense.
fn refuse_workbooks(file: &File) -> Result<(), Trouble> {
    let mut start = Vec::new();
    let _ = begin(file)?.take(4).read_to_end(&mut start);
    if start == *b"PK\x03\x04" || start == *b"\xd0\xcf\x11\xe0" {
        return Err(Trouble::new(
            "looks_like_a_workbook",
            "这是 Excel 工作簿，不是 CSV：请发送到 /v1/uploads/xlsx，或另存为 CSV",
            "this is an Excel workbook, not CSV: send it to /v1/uploads/xlsx, or save it as CSV",
        ));
    }
    Ok(())
}

fn first(rows: &mut Vec<Row>, row: Row) -> Go {
    rows.push(row);
    if rows.len() < LOOKED_AT { Go::On } else { Go::Stop }
}

/// The sheet that is wanted: the one named, by name or number, or the only one with a head of this kind.
pub(super) fn sheet(book: &mut Workbook<&File>, order: &Order, known: &Known) -> Result<(String, Vec<Row>), Trouble> {
    let names = book.sheets();
    let wanted: Vec<String> = match &order.sheet {
        None => names.clone(),
        Some(wanted) => {
            let number = wanted.parse().ok().and_then(|number: usize| names.get(number.checked_sub(1)?));
            names.iter().find(|name| *name == wanted).or(number).cloned().into_iter().collect()
        }
    };
    let mut found: Vec<(usize, String, Vec<Row>)> = Vec::new();
    for name in wanted {
        let mut rows = Vec::new();
        book.rows(&name, |row| Ok(first(&mut rows, row)))?;
        found.push((known.fit(&rows), name, rows));
    }
    let given = order.defaults.given();
    if found.iter().any(|(.., rows)| known.find(rows, &given).is_ok()) {
        // Sheets that only look like one of the kind are no rivals of one that is; two that are, are.
        found.retain(|(.., rows)| known.find(rows, &given).is_ok());
    } else {
        let most = found.iter().map(|(fit, ..)| *fit).max().unwrap_or(0);
        found.retain(|(fit, ..)| *fit == most);
    }
    let likely = found.iter().any(|(fit, ..)| *fit > 0);
    match (found.pop(), found.is_empty() || !likely) {
        (Some((_, name, rows)), true) => Ok((name, rows)),
        (None, _) => Err(Trouble::new(
            "no_such_sheet",
            format!("没有这个工作表；有：{}", names.join("、")),
            format!("there is no such sheet; there are: {}", names.join(", ")),
        )),
        (Some(_), false) => Err(Trouble::new(
            "several_sheets",
            format!("有多个工作表符合，请用参数 sheet 指明：{}", names.join("、")),
            format!("several sheets would do; say which with sheet=: {}", names.join(", ")),
        )),
    }
}

pub(super) fn together(rows: &mut Vec<Row>, row: Row) -> Result<(), Trouble> {
    if rows.len() == MOST_TOGETHER {
        let (zh, en) = (
            format!("这类数据一次最多 {MOST_TOGETHER} 行，请分成几个文件"),
            format!("at most {MOST_TOGETHER} rows of this kind at once"),
        );
        return Err(Trouble::new("too_many_rows", zh, en).at(row.number));
    }
    rows.push(row);
    Ok(())
}
