//! Rows on their way back to whoever sent them, with what is wrong.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Seek, Write as _};

use super::Item;
use super::formats::raw;
use super::reader::Order;
use crate::domain::sheet::{Row, Trouble};
use crate::domain::upload::aside::aside;
use crate::domain::upload::back::{CsvBack, SheetBack, WRONG, reasons};
use crate::domain::upload::head::Head;
use crate::domain::upload::reading::{Above, Defaults};
use crate::domain::upload::receipt::{FileFormat, ReceiptError, UploadState};
use crate::http::body;
use crate::http::error::ApiError;
use crate::store::View;

/// What comes back, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Back {
    /// The rows that are not in, as CSV.
    Rejected,
    /// The whole sheet, as a workbook.
    Annotated,
}

/// A file that was made for somebody, to be read from its beginning.
///
/// # Errors
/// The database's.
pub(super) async fn back(view: &View<'_>, item: &Item, back: Back) -> Result<File, ApiError> {
    let id = item.key.as_str();
    let sent = attached(view, id, "file").await?;
    let errors: Vec<ReceiptError> = body::read(&bytes(view, id, "errors").await?)?;
    let wrong: Vec<u32> = serde_json::from_slice(&bytes(view, id, "wrong-rows").await?).unwrap_or_default();
    let order = order(item);
    let (sheet, state) = (item.facts.receipt.sheet.clone(), item.facts.receipt.state);
    let made = tokio::task::spawn_blocking(move || make(&sent, &order, back, Told::of(errors, wrong, state), sheet));
    made.await.map_err(|error| failed(&error))?
}

fn failed(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::internal(format!("making a file: {error}"))
}

/// How the file was read, by its receipt.
fn order(item: &Item) -> Order {
    let receipt = &item.facts.receipt;
    let given = |name: &str| receipt.given.iter().find(|one| one.name == name).map(|one| one.value.clone());
    let defaults = Defaults {
        unit: given("unit"),
        year: given("year").and_then(|year| year.parse().ok()),
        month: given("month").and_then(|month| month.parse().ok()),
        project: given("project"),
        fill_down: given("fill_down").is_some(),
        amount_unit: None,
    };
    Order {
        kind: receipt.kind,
        format: receipt.format,
        defaults,
        charset: receipt.charset.as_ref().and_then(|charset| charset.parse().ok()),
        sheet: receipt.sheet.clone(),
        together: false,
        joined: false,
        valid_rows: false,
    }
}

/// What is to be told of each row.
struct Told {
    errors: HashMap<u32, Vec<ReceiptError>>,
    wrong: std::collections::HashSet<u32>,
    /// What is wrong with the file as a whole.
    whole: Vec<ReceiptError>,
    /// Whether the right rows are in, and need not come back.
    right_are_in: bool,
}

impl Told {
    fn of(all: Vec<ReceiptError>, wrong: Vec<u32>, state: UploadState) -> Self {
        let mut errors: HashMap<u32, Vec<ReceiptError>> = HashMap::new();
        let mut whole = Vec::new();
        for error in all {
            match error.row.and_then(|row| u32::try_from(row).ok()) {
                Some(row) => errors.entry(row).or_default().push(error),
                None => whole.push(error),
            }
        }
        let right_are_in = matches!(state, UploadState::Accepted | UploadState::AcceptedInPart);
        Self { errors, wrong: wrong.into_iter().collect(), whole, right_are_in }
    }

    fn of_row(&self, row: u32) -> &[ReceiptError] {
        self.errors.get(&row).map_or(&[], Vec::as_slice)
    }

    fn in_words(&self, row: u32) -> String {
        match self.of_row(row) {
            [] if self.wrong.contains(&row) => {
                "有误，但错误过多，未逐条列出（wrong; too many errors to spell out）".into()
            }
            errors => reasons(errors),
        }
    }
}

fn make(sent: &File, order: &Order, back: Back, told: Told, sheet: Option<String>) -> Result<File, ApiError> {
    let mut file = tempfile::tempfile().map_err(|error| failed(&error))?;
    let sheet = sheet.unwrap_or_else(|| order.kind.zh().to_owned());
    let written = match back {
        Back::Rejected => rejected(sent, order, &told, &file),
        Back::Annotated => annotated(sent, order, &told, &sheet, &file),
    };
    written.map_err(|error| failed(&error))?;
    file.rewind().map_err(|error| failed(&error))?;
    Ok(file)
}

/// A failure to write, on its way through a reader that only knows trouble with what it reads.
fn unwritten(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new("unwritten", error.to_string(), error.to_string())
}

/// A row that says what is wrong with the file as a whole.
fn says_it_all(told: &Told, number: u32) -> Row {
    Row::new(number, vec![crate::domain::sheet::Cell::of_text(&reasons(&told.whole))])
}

fn rejected(sent: &File, order: &Order, told: &Told, file: &File) -> Result<(), String> {
    let mut csv: Option<CsvBack<BufWriter<&File>>> = None;
    let begin = |head: &Head| CsvBack::new(BufWriter::new(file), head.headings.len());
    // The row that a merged cell stood in may not come back with the rows it stood for.
    let mut above = order.defaults.fill_down.then(Above::default);
    let read = raw(sent, order, &mut |head, row| {
        let csv = match &mut csv {
            Some(csv) => csv,
            none => none.insert(begin(head).map_err(|error| unwritten(&error))?),
        };
        let data = row.number > head.row && aside(head, &row).is_none();
        let row = above.as_mut().filter(|_| data).map(|above| above.filled(head, &row)).unwrap_or(row);
        let written = if row.number < head.row {
            csv.title(&row)
        } else if row.number == head.row {
            csv.row(&row, WRONG)
        } else if told.right_are_in && !told.wrong.contains(&row.number) {
            Ok(())
        } else {
            csv.row(&row, &told.in_words(row.number))
        };
        written.map_err(|error| unwritten(&error))
    });
    let mut csv = csv.map_or_else(|| begin(&Head::default()), Ok).map_err(|error| error.to_string())?;
    if !told.whole.is_empty() {
        csv.title(&says_it_all(told, 0)).map_err(|error| error.to_string())?;
    }
    csv.finish().map_err(|error| error.to_string())?;
    unwritten_only(read)
}

fn annotated(sent: &File, order: &Order, told: &Told, sheet: &str, file: &File) -> Result<(), String> {
    let mut back: Option<SheetBack> = None;
    let objects = matches!(order.format, FileFormat::Json | FileFormat::Ndjson);
    let mut last = 0;
    let read = raw(sent, order, &mut |head, row| {
        let back = match &mut back {
            Some(back) => back,
            none => {
                none.insert(SheetBack::new(sheet, head.headings.len(), objects).map_err(|error| unwritten(&error))?)
            }
        };
        last = row.number;
        let is_head = row.number == head.row && (objects || head.row > 0);
        let written = if is_head { back.head(&row) } else { back.row(&row, told.of_row(row.number)) };
        written.map_err(|error| unwritten(&error))
    });
    let mut back = back.map_or_else(|| SheetBack::new(sheet, 1, objects), Ok).map_err(|error| error.to_string())?;
    if !told.whole.is_empty() {
        back.row(&says_it_all(told, last + 1), &[]).map_err(|error| error.to_string())?;
    }
    back.finish(BufWriter::new(file)).map_err(|error| error.to_string())?;
    unwritten_only(read)
}

/// Trouble with what was sent is in its errors already; only trouble with writing is a failure.
fn unwritten_only(read: Result<(), Trouble>) -> Result<(), String> {
    match read {
        Err(trouble) if trouble.wrong.code == "unwritten" => Err(trouble.wrong.en),
        _ => Ok(()),
    }
}

/// An attachment as a file.
async fn attached(view: &View<'_>, id: &str, name: &str) -> Result<File, ApiError> {
    let mut file = tempfile::tempfile().map_err(|error| failed(&error))?;
    for number in 0.. {
        let Some(part) = view.attached(id, name, number).await? else { break };
        file.write_all(&part).map_err(|error| failed(&error))?;
    }
    Ok(file)
}

async fn bytes(view: &View<'_>, id: &str, name: &str) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    for number in 0.. {
        let Some(part) = view.attached(id, name, number).await? else { break };
        bytes.extend(part);
    }
    Ok(bytes)
}
