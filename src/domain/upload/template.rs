//! Empty sheets to fill in: the head, one example row, and lists to choose from.

use std::io::{self, Write};

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, Format, Formula, Workbook, Worksheet, XlsxError,
};

use super::kind::{Column, Part, Reads, UploadKind};
use crate::domain::sheet::letters;

/// What stands before the example, so that a row that was left in is not taken for data.
pub const EXAMPLE: &str = "示例：";

/// Rows below the head that lists are offered in.
const OFFERED: u32 = 2_000;

/// What a column may be chosen from.
#[derive(Debug, Default)]
pub struct Lists {
    /// Units.
    pub units: Vec<String>,
    /// Indicators.
    pub indicators: Vec<String>,
    /// Assessment schemes.
    pub schemes: Vec<String>,
    /// Economic classes of the year.
    pub classes: Vec<String>,
}

/// The columns that a template has: those that people fill in.
pub fn columns(kind: UploadKind) -> impl Iterator<Item = &'static Column> {
    let filled =
        |column: &&Column| !matches!(column.reads, Reads::Id | Reads::List) && !column.field.ends_with("_as_printed");
    kind.columns().iter().filter(filled)
}

/// The cells of the example row.
fn example(kind: UploadKind) -> Vec<String> {
    let cells = columns(kind).enumerate();
    cells
        .map(|(place, column)| if place == 0 { format!("{EXAMPLE}{}", column.example) } else { column.example.into() })
        .collect()
}

/// Writes a template as CSV, in UTF-8 with a byte order mark.
///
/// # Errors
/// The writer's.
pub fn csv(kind: UploadKind, mut file: impl Write) -> io::Result<()> {
    file.write_all("\u{feff}".as_bytes())?;
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
    csv.write_record(columns(kind).map(|column| column.names[0]))?;
    csv.write_record(example(kind))?;
    csv.flush()
}

/// Makes a template as a workbook: needed columns are marked, codes are kept as text, and lists drop down.
///
/// # Errors
/// The writer's.
pub fn workbook(kind: UploadKind, lists: &Lists) -> Result<Vec<u8>, XlsxError> {
    let (mut book, mut sheet, mut choices) = (Workbook::new(), Worksheet::new(), Worksheet::new());
    sheet.set_name(kind.zh())?;
    choices.set_name("代码表")?.set_hidden(true);
    let bold = Format::new().set_bold();
    let needed = bold.clone().set_background_color(Color::RGB(0x00FC_E4D6));
    let other = bold.set_background_color(Color::RGB(0x00DD_EBF7));
    let grey = Format::new().set_font_color(Color::RGB(0x0080_8080)).set_italic().set_num_format("@");
    let text = Format::new().set_num_format("@");
    for ((place, column), example) in columns(kind).enumerate().zip(example(kind)) {
        let place = u16::try_from(place).unwrap_or(u16::MAX);
        sheet.write_string_with_format(
            0,
            place,
            column.names[0],
            if is_needed(kind, column) { &needed } else { &other },
        )?;
        sheet.write_string_with_format(1, place, example, &grey)?;
        sheet.set_column_width(place, 18)?;
        if !column.counts() {
            // Excel makes scientific notation of a long code unless it is told that it is text.
            sheet.set_column_format(place, &text)?;
        }
        let offered = offered(column, lists);
        if !offered.is_empty() {
            for (row, choice) in (0_u32..).zip(&offered) {
                choices.write_string(row, place, choice)?;
            }
            let letter = letters(usize::from(place));
            let range = Formula::new(format!("'代码表'!${letter}$1:${letter}${}", offered.len()));
            // A name that is not on the list may still be one that is understood.
            let list = DataValidation::new()
                .allow_list_formula(range)
                .set_error_style(DataValidationErrorStyle::Warning)
                .set_error_title("不在列表中")?
                .set_error_message("可以填编码或全称；不在列表中的内容可能无法识别。")?;
            sheet.add_data_validation(2, place, OFFERED, place, &list)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    book.push_worksheet(sheet);
    book.push_worksheet(choices);
    book.save_to_buffer()
}

/// Whether every row needs the column.
fn is_needed(kind: UploadKind, column: &Column) -> bool {
    let wanted: &[&str] = match kind {
        UploadKind::Units => &["name", "kind"],
        UploadKind::Projects => &["name"],
        UploadKind::Indicators => &["name", "measure_unit", "category", "subcategory", "direction", "cumulative"],
        UploadKind::Progress => &["value"],
        UploadKind::Expenditures => &["executed"],
        UploadKind::Evaluations => &["scheme"],
        UploadKind::BudgetLines | UploadKind::Targets => &[],
    };
    column.part == Part::Key || wanted.contains(&column.field)
}

fn offered(column: &Column, lists: &Lists) -> Vec<String> {
    match column.reads {
        Reads::Unit => lists.units.clone(),
        Reads::Indicator => lists.indicators.clone(),
        Reads::Scheme => lists.schemes.clone(),
        Reads::EconomicClass => lists.classes.clone(),
        Reads::Choice(choices) => choices().into_iter().map(|(_, zh)| zh.to_owned()).collect(),
        Reads::Flag => vec!["是".to_owned(), "否".to_owned()],
        Reads::Assigner => ["市", "县", "本单位"].map(str::to_owned).to_vec(),
        _ => Vec::new(),
    }
}
