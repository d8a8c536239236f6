//! Reads a file row by row, away from the workers that answer requests, and hands over what its rows state.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;

use aws_lc_rs::digest::{SHA256, digest};

use super::formats::{begin, layout, objects_of, sheet, together};
use crate::domain::period::{Month, Year};
use crate::domain::sheet::charset::Charset;
use crate::domain::sheet::workbook::Workbook;
use crate::domain::sheet::{Cell, Go, Row, Trouble, text};
use crate::domain::upload::head::{Head, Known};
use crate::domain::upload::kind::UploadKind;
use crate::domain::upload::names::Directory;
use crate::domain::upload::reading::{CellError, Defaults, Read, Reading, RowReader};
use crate::domain::upload::receipt::{FileFormat, ReceiptGiven};
use crate::domain::violation::Wrong;

/// Rows handed over at once.
const BATCH: usize = 500;

/// What is said beside a file.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) kind: UploadKind,
    pub(super) format: FileFormat,
    pub(super) defaults: Defaults,
    pub(super) charset: Option<Charset>,
    pub(super) sheet: Option<String>,
    /// Whether rows may refer to one another.
    pub(super) together: bool,
    /// Whether several rows may state parts of one item.
    pub(super) joined: bool,
    /// Whether right rows are taken though others are wrong.
    pub(super) valid_rows: bool,
}

impl Order {
    /// What was given beside the file, for its receipt and its fingerprint.
    pub(super) fn given(&self) -> Vec<ReceiptGiven> {
        let Defaults { unit, year, month, project, amount_unit, fill_down } = &self.defaults;
        let pairs = [
            ("unit", unit.clone()),
            ("year", year.map(|year: Year| year.to_string())),
            ("month", month.map(|month: Month| month.to_string())),
            ("project", project.clone()),
            ("amount_unit", amount_unit.map(|unit| unit.to_string())),
            ("fill_down", fill_down.then(|| "true".to_owned())),
            ("charset", self.charset.map(|charset| charset.to_string())),
            ("sheet", self.sheet.clone()),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some(ReceiptGiven { name: name.into(), value: value? })).collect()
    }
}

/// What is handed over.
#[derive(Debug)]
pub(super) enum Piece {
    /// How the file was understood; again where rows bring new columns.
    Head { head: Head, charset: Option<Charset>, sheet: Option<String> },
    /// Rows, with their numbers.
    Rows(Vec<(u32, Read)>),
    /// What is worth a look in the sheet as a whole.
    Odd(Vec<CellError>),
    /// The end, or why there is no more; and every item that the file has named.
    End(Result<(), Trouble>, Seen),
}

/// The items of a file by the digest of their ids, with the row that named each first.
///
/// Twelve bytes of a SHA-256 are kept: two of a million ids have the same once in 10^17 files. A tree of them is half
/// the size of a table, and grows without a copy.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<[u8; 12], u32>);

impl Seen {
    /// The row that an id stands in.
    pub(super) fn row(&self, id: &str) -> Option<u32> {
        self.0.get(&Self::digest(id)).copied()
    }

    fn digest(id: &str) -> [u8; 12] {
        digest(&SHA256, id.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// Notes that a row names an item; the row that has named it before, if one has.
    fn note(&mut self, id: &str, row: u32) -> Option<u32> {
        let first = *self.0.entry(Self::digest(id)).or_insert(row);
        Some(first).filter(|first| *first != row)
    }
}

/// Reads a file to its end and hands over every row.
///
/// Where right rows are taken though others are wrong, the file is read twice: of two rows that name the same item
/// neither can be taken, and the second may be the last of the file.
pub(super) fn read(file: &File, order: &Order, directory: Directory, mut hand_over: impl FnMut(Piece) -> Go) {
    let mut twice = HashMap::new();
    let (mut directory, mut seen) = (directory, Seen::default());
    if order.valid_rows && !order.joined {
        let _ = pass(file, order, &mut directory, &mut |piece| {
            for (row, read) in rows_of(piece) {
                if let Read::Stated(reading) = read
                    && let Some(before) = seen.note(&reading.key, row)
                {
                    twice.insert(row, before);
                    twice.entry(before).or_insert(row);
                }
            }
            Go::On
        });
    }
    let end = pass(file, order, &mut directory, &mut |piece| match piece {
        Piece::Rows(rows) => {
            let judged = rows.into_iter().map(|(row, read)| match read {
                Read::Stated(reading) => {
                    let before = seen.note(&reading.key, row).filter(|_| !order.joined);
                    match before.or_else(|| twice.get(&row).copied()) {
                        Some(other) => (row, Read::Wrong(vec![duplicate(other, &reading)], Some(reading.key))),
                        None => (row, Read::Stated(reading)),
                    }
                }
                other => (row, other),
            });
            hand_over(Piece::Rows(judged.collect()))
        }
        piece => hand_over(piece),
    });
    hand_over(Piece::End(end, seen));
}

fn rows_of(piece: Piece) -> Vec<(u32, Read)> {
    match piece {
        Piece::Rows(rows) => rows,
        Piece::Head { .. } | Piece::Odd(_) | Piece::End(..) => Vec::new(),
    }
}

fn duplicate(other: u32, reading: &Reading) -> CellError {
    let wrong = Wrong::new(
        "duplicate_row",
        format!("与第 {other} 行是同一条目（{}）", reading.key),
        format!("the same item as row {other} ({})", reading.key),
    );
    CellError::of_row(wrong)
}

/// Reads a file once from its beginning to its end.
fn pass(file: &File, order: &Order, directory: &mut Directory, hand_over: HandOver<'_>) -> Result<(), Trouble> {
    match order.format {
        FileFormat::Csv => csv(file, order, directory, hand_over),
        FileFormat::Xlsx => xlsx(file, order, directory, hand_over),
        FileFormat::Ndjson | FileFormat::Json => json(file, order, directory, hand_over),
    }
}

type HandOver<'a> = &'a mut dyn FnMut(Piece) -> Go;
type Each<'a> = &'a mut dyn FnMut(Row) -> Result<Go, Trouble>;

fn csv(file: &File, order: &Order, directory: &mut Directory, hand_over: HandOver<'_>) -> Result<(), Trouble> {
    let known = Known::of(order.kind);
    let (charset, delimiter, rows) = layout(file, order, &known)?;
    let head = known.find(&rows, &order.defaults.given())?;
    hand_over(Piece::Head { head: head.clone(), charset: Some(charset), sheet: None });
    stated(order, head, directory, hand_over, |each| text::rows(begin(file)?, charset, delimiter, each))
}

fn xlsx(file: &File, order: &Order, directory: &mut Directory, hand_over: HandOver<'_>) -> Result<(), Trouble> {
    let mut book = Workbook::open(begin(file)?)?;
    let known = Known::of(order.kind);
    let (sheet, rows) = sheet(&mut book, order, &known)?;
    let head = known.find(&rows, &order.defaults.given())?;
    hand_over(Piece::Head { head: head.clone(), charset: None, sheet: Some(sheet.clone()) });
    stated(order, head, directory, hand_over, |each| book.rows(&sheet, each))
}

/// Reads the rows below a head.
fn stated(
    order: &Order,
    head: Head,
    directory: &mut Directory,
    hand_over: HandOver<'_>,
    source: impl FnOnce(Each<'_>) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let begun = head.row;
    if !order.together {
        let mut reader = RowReader::new(order.kind, head, order.defaults.clone(), directory);
        let mut batch = Batch::new(hand_over);
        let end = source(&mut |row| {
            if row.number <= begun {
                return Ok(Go::On);
            }
            let read = reader.read(&row);
            Ok(batch.push(row.number, read))
        });
        batch.end(&reader);
        return end;
    }
    let mut rows = Vec::new();
    let end = source(&mut |row| {
        if row.number > begun {
            together(&mut rows, row)?;
        }
        Ok(Go::On)
    });
    name_rows(order.kind, &head, &rows, directory);
    let mut reader = RowReader::new(order.kind, head, order.defaults.clone(), directory);
    let mut batch = Batch::new(hand_over);
    for row in rows {
        let read = reader.read(&row);
        batch.push(row.number, read);
    }
    batch.end(&reader);
    end
}

/// Lets rows name one another: a unit's superior may stand in the same file.
fn name_rows(kind: UploadKind, head: &Head, rows: &[Row], directory: &mut Directory) {
    let names = match kind {
        UploadKind::Units => &mut directory.units,
        UploadKind::Indicators => &mut directory.indicators,
        _ => return,
    };
    let place =
        |field: &str| head.headings.iter().position(|heading| heading.column.is_some_and(|one| one.field == field));
    let code = place("code").or_else(|| place("id"));
    for row in rows {
        let shown = |place: Option<usize>| place.and_then(|place| row.cells.get(place)).map(Cell::shown);
        if let Some(code) = shown(code) {
            names.add(code.trim(), shown(place("name")).unwrap_or_default().trim());
        }
    }
}

/// Rows on their way.
struct Batch<'a> {
    rows: Vec<(u32, Read)>,
    hand_over: HandOver<'a>,
}

impl<'a> Batch<'a> {
    fn new(hand_over: HandOver<'a>) -> Self {
        Self { rows: Vec::with_capacity(BATCH), hand_over }
    }

    fn push(&mut self, number: u32, read: Read) -> Go {
        self.rows.push((number, read));
        if self.rows.len() < BATCH { Go::On } else { self.flush() }
    }

    /// Hands over the last rows, also of a file that breaks off, and what is to be said of the sheet.
    fn end(mut self, reader: &RowReader<'_>) {
        self.flush();
        (self.hand_over)(Piece::Odd(reader.left_out()));
    }

    fn flush(&mut self) -> Go {
        let rows = std::mem::replace(&mut self.rows, Vec::with_capacity(BATCH));
        if rows.is_empty() { Go::On } else { (self.hand_over)(Piece::Rows(rows)) }
    }
}

fn json(file: &File, order: &Order, directory: &mut Directory, hand_over: HandOver<'_>) -> Result<(), Trouble> {
    let known = Known::of(order.kind);
    let mut head = Head::default();
    let mut rows: Vec<Row> = Vec::new();
    let mut handed = 0;
    let mut unknown: HashMap<usize, CellError> = HashMap::new();
    // Rows that bring no new names are read as they come; a reader is made anew when the head has grown.
    let mut pending: Vec<(u32, Read)> = Vec::new();
    let mut each = |names: &[String], row: Row| -> Result<Go, Trouble> {
        for name in names.iter().skip(head.headings.len()) {
            let heading = known.heading(name);
            if heading.column.is_none() && !["computed", "revision"].contains(&name.as_str()) {
                unknown.insert(head.headings.len(), unknown_name(order.kind, name));
            }
            head.headings.push(heading);
        }
        if order.together {
            together(&mut rows, row)?;
            return Ok(Go::On);
        }
        let read = read_object(order, &head, directory, &row, &unknown);
        pending.push((row.number, read));
        if pending.len() < BATCH {
            return Ok(Go::On);
        }
        if handed < head.headings.len() {
            handed = head.headings.len();
            hand_over(Piece::Head { head: head.clone(), charset: Some(Charset::Utf8), sheet: None });
        }
        Ok(hand_over(Piece::Rows(std::mem::take(&mut pending))))
    };
    let end = objects_of(file, order, &mut each);
    hand_over(Piece::Head { head: head.clone(), charset: Some(Charset::Utf8), sheet: None });
    name_rows(order.kind, &head, &rows, directory);
    pending.extend(rows.iter().map(|row| (row.number, read_object(order, &head, directory, row, &unknown))));
    if !pending.is_empty() {
        hand_over(Piece::Rows(pending));
    }
    end
}

fn read_object(
    order: &Order,
    head: &Head,
    directory: &Directory,
    row: &Row,
    unknown: &HashMap<usize, CellError>,
) -> Read {
    let mut wrong: Vec<CellError> = unknown
        .iter()
        .filter(|(place, _)| row.cells.get(**place).is_some_and(|cell| *cell != Cell::Absent))
        .map(|(_, error)| error.clone())
        .collect();
    match RowReader::new(order.kind, head.clone(), order.defaults.clone(), directory).read(row) {
        read if wrong.is_empty() => read,
        Read::Wrong(more, key) => {
            wrong.extend(more);
            Read::Wrong(wrong, key)
        }
        Read::Stated(reading) => Read::Wrong(wrong, Some(reading.key)),
        Read::Aside(..) => Read::Wrong(wrong, None),
    }
}

/// A field that a JSON row should not have.
fn unknown_name(kind: UploadKind, name: &str) -> CellError {
    let mut known: Vec<&str> = kind.columns().iter().map(|column| column.field).collect();
    known.sort_unstable();
    known.dedup();
    let wrong = crate::domain::violation::unknown_name("unknown_field", ("字段", "field"), name, &known);
    CellError::at(None, wrong, Some(name.to_owned()))
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
