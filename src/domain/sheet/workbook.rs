//! xlsx: a workbook → rows. It is measured (`gauge`) before it is opened.

use std::collections::HashSet;
use std::io::{BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::format::{DateFormat, Formats};
use super::gauge::{Measured, measure};
use super::number::{decimal, percent, rounded};
use super::{Cell, Go, Row, Trouble, bounded};

/// Formulas without a result that are noted one by one.
const MOST_UNSOLVED: usize = 10_000;

/// A workbook that has been measured and opened.
pub struct Workbook<R: Read + Seek> {
    book: Xlsx<BufReader<R>>,
    measured: Measured,
}

impl<R: Read + Seek> Workbook<R> {
    /// Opens a workbook.
    ///
    /// # Errors
    /// `not_a_workbook`, `old_workbook` (xls, or protected by a password), `too_large`.
    pub fn open(mut file: R) -> Result<Self, Trouble> {
        let mut start = [0; 8];
        let length = file.read(&mut start).map_err(|error| not_a_workbook(&error))?;
        if start[..length] == *b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" {
            return Err(Trouble::new(
                "old_workbook",
                "这是旧版 .xls 文件或加了密码的工作簿：请另存为不带密码的 .xlsx 再上传",
                "this is an old .xls file or protected by a password: save it as .xlsx without one",
            ));
        }
        let measured = measure(&mut file)?;
        file.rewind().map_err(|error| not_a_workbook(&error))?;
        let book = survived(|| Xlsx::new(BufReader::new(file)))?;
        Ok(Self { book, measured })
    }

    /// The names of the sheets a person sees.
    pub fn sheets(&self) -> Vec<String> {
        let seen =
            |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible;
        self.book.sheets_metadata().iter().filter(seen).map(|sheet| sheet.name.clone()).collect()
    }

    /// Gives the rows of a sheet, blank ones left out, until the end or until nobody wants more.
    ///
    /// # Errors
    /// `not_a_workbook`, `too_many_columns`, `cell_too_long`.
    pub fn rows(&mut self, sheet: &str, mut each: impl FnMut(Row) -> Result<Go, Trouble>) -> Result<(), Trouble> {
        let unsolved = if self.measured.formulas { self.unsolved(sheet)? } else { HashSet::new() };
        let mut cells = survived(|| self.book.worksheet_cells_reader(sheet))?;
        let formats: Vec<Formats> = cells.styles().iter().map(Formats::of).collect();
        let mut row = Row::new(0, Vec::new());
        while let Some((cell, style)) = survived(|| cells.next_cell_with_style_id())? {
            let (at, column) = cell.get_position();
            let number = at.saturating_add(1);
            let (mut read, hidden) = read(cell.get_value(), formats.get(style).copied().unwrap_or_default());
            if read.is_empty() && unsolved.contains(&(at, column)) {
                read = Cell::Broken("（没有结果 no result）".into());
            }
            if read.is_empty() {
                continue;
            }
            if number < row.number {
                return Err(not_a_workbook(&"rows out of order"));
            }
            if number > row.number {
                let whole = std::mem::replace(&mut row, Row::new(number, Vec::new()));
                if !whole.cells.is_empty() && each(bounded(whole)?)? == Go::Stop {
                    return Ok(());
                }
            }
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            if column >= super::MOST_COLUMNS {
                return bounded(Row::new(number, vec![Cell::Blank; super::MOST_COLUMNS + 1])).map(drop);
            }
            if row.cells.len() <= column {
                row.cells.resize(column + 1, Cell::Blank);
            }
            row.cells[column] = read;
            row.hidden.extend(hidden.map(|kept| (column, kept)));
        }
        if !row.cells.is_empty() {
            each(bounded(row)?)?;
        }
        Ok(())
    }
}

impl<R: Read + Seek> Workbook<R> {
    /// The cells of a sheet that hold a formula whose result the program that wrote it did not keep.
    fn unsolved(&mut self, sheet: &str) -> Result<HashSet<(u32, u32)>, Trouble> {
        let mut cells = survived(|| self.book.worksheet_cells_reader(sheet))?;
        let mut unsolved = HashSet::new();
        while let Some(cell) = survived(|| cells.next_cell_with_formula_metadata())? {
            if cell.formula.is_none() || !matches!(cell.value, DataRef::Empty) {
                continue;
            }
            if unsolved.len() == MOST_UNSOLVED {
                return Err(Trouble::new(
                    "formula_error",
                    "工作簿里的公式没有计算结果：请用 Excel 或 WPS 打开并保存后再上传",
                    "the formulas of the workbook have no results: open and save it with a spreadsheet program first",
                )
                .at(cell.pos.0.saturating_add(1)));
            }
            unsolved.insert(cell.pos);
        }
        Ok(unsolved)
    }
}

/// What the reader makes of a workbook; one that it panics over (`<dimension ref="B1:A1"/>`) is broken.
fn survived<T>(read: impl FnOnce() -> Result<T, XlsxError>) -> Result<T, Trouble> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| not_a_workbook(&error)),
        Err(_) => Err(not_a_workbook(&"the reader gave up on it")),
    }
}

pub(super) fn not_a_workbook(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(
        "not_a_workbook",
        format!("不是可读的 .xlsx 工作簿：{error}"),
        format!("not a workbook (.xlsx) that can be read: {error}"),
    )
}

/// What a cell shows, and the number behind it where that has more digits.
fn read(value: &DataRef<'_>, formats: Formats) -> (Cell, Option<String>) {
    let number = |text: String| {
        let format = if text.starts_with('-') { formats.minus } else { formats.plus };
        if format.scaled {
            return (Cell::Scaled(text), None);
        }
        let kept = if format.percent { percent(&text) } else { text };
        let shown = format.places.map_or_else(|| kept.clone(), |places| rounded(&kept, places));
        let hidden = Some(kept).filter(|kept| *kept != shown);
        (if format.percent { Cell::Percent(shown) } else { Cell::Number(shown) }, hidden)
    };
    let cell = match value {
        DataRef::Int(whole) => return number(whole.to_string()),
        DataRef::Float(float) => return number(decimal(*float)),
        DataRef::Empty => Cell::Blank,
        DataRef::String(text) => Cell::of_text(text),
        DataRef::SharedString(text) => Cell::of_text(text),
        DataRef::Bool(flag) => Cell::Flag(*flag),
        DataRef::DateTime(moment) if moment.is_duration() => Cell::Text(decimal(moment.as_f64())),
        DataRef::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            date(&format!("{year:04}-{month:02}-{day:02}"), formats.date)
        }
        DataRef::DateTimeIso(text) => date(text, formats.date),
        DataRef::DurationIso(text) => Cell::Text(text.clone()),
        DataRef::Error(error) => Cell::Broken(error.to_string()),
    };
    (cell, None)
}

/// As much of a date as is shown; one without its year is text, for a year must be found for it.
fn date(text: &str, format: DateFormat) -> Cell {
    let up_to = |end: usize| Cell::Date(text.get(..end).unwrap_or(text).to_owned());
    let part = |from: usize| text.get(from..from + 2).unwrap_or_default().trim_start_matches('0').to_owned();
    match format {
        DateFormat::Day => up_to(10),
        DateFormat::Month => up_to(7),
        DateFormat::Year => up_to(4),
        DateFormat::YearlessDay => Cell::Text(format!("{}月{}日", part(5), part(8))),
        DateFormat::YearlessMonth => Cell::Text(format!("{}月", part(5))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor, Write};

    use rust_xlsxwriter::{ExcelDateTime, Format as Written, Workbook as Writer};
    use zip::write::SimpleFileOptions;
    use zip::{ZipArchive, ZipWriter};

    use super::super::gauge::MOST_STRING_BYTES;
    use super::*;

    fn rows(bytes: Vec<u8>, sheet: &str) -> Result<Vec<Row>, Trouble> {
        let mut all = Vec::new();
        Workbook::open(Cursor::new(bytes))?.rows(sheet, |row| {
            all.push(row);
            Ok(Go::On)
        })?;
        Ok(all)
    }

    #[test]
    fn cells_are_what_a_person_sees() {
        let mut book = Writer::new();
        let sheet = book.add_worksheet();
        sheet.write_string(1, 1, " 鸬鹚渡镇 ").unwrap();
        sheet.write_number(1, 2, 7.000_000_000_000_001).unwrap();
        sheet.write_number_with_format(1, 3, 0.8667, &Written::new().set_num_format("0.00%")).unwrap();
        sheet.write_boolean(1, 4, true).unwrap();
        let day = ExcelDateTime::from_ymd(2023, 7, 31).unwrap();
        for (column, format) in [(5, "yyyy-mm-dd"), (6, "yyyy\"年\"m\"月\""), (7, "[$-804]yyyy\"年\"m\"月\"d\"日\"")]
        {
            sheet.write_datetime_with_format(1, column, &day, &Written::new().set_num_format(format)).unwrap();
        }
        for (column, number, format) in [
            (8, 345.914_999, "0.00"),
            (9, 21.0 / 320.0, "0.00%"),
            (10, 1_234_567.5, "#,##0.00"),
            (11, 345_000.0, "0!.0,\"万\""),
            (12, 345_000.0, "#,##0,"),
        ] {
            sheet.write_number_with_format(1, column, number, &Written::new().set_num_format(format)).unwrap();
        }
        sheet.write_string(3, 0, "末").unwrap();
        let read = rows(book.save_to_buffer().unwrap(), "Sheet1").unwrap();

        assert_eq!(read.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 4]);
        let date = |text: &str| Cell::Date(text.into());
        assert_eq!(
            read[0].cells,
            [
                Cell::Blank,
                Cell::Text(" 鸬鹚渡镇 ".into()),
                Cell::Number("7".into()),
                Cell::Percent("86.67".into()),
                Cell::Flag(true),
                date("2023-07-31"),
                date("2023-07"),
                date("2023-07-31"),
                Cell::Number("345.91".into()),
                Cell::Percent("6.56".into()),
                Cell::Number("1234567.5".into()),
                Cell::Scaled("345000".into()),
                Cell::Scaled("345000".into()),
            ]
        );
        assert_eq!(read[0].hidden, [(8, "345.914999".into()), (9, "6.5625".into())]);
    }

    #[test]
    fn only_sheets_that_are_seen_are_named() {
        let mut book = Writer::new();
        book.add_worksheet().set_name("进度").unwrap();
        book.add_worksheet().set_name("字典").unwrap().set_hidden(true);
        let bytes = book.save_to_buffer().unwrap();
        assert_eq!(Workbook::open(Cursor::new(bytes)).map(|book| book.sheets()), Ok(vec!["进度".to_owned()]));
    }

    /// A workbook as the writer makes it, with one part replaced.
    fn with_part(part: &str, text: &[u8]) -> Vec<u8> {
        let mut book = Writer::new();
        book.add_worksheet().write_string(0, 0, "单位").unwrap();
        let mut read = ZipArchive::new(Cursor::new(book.save_to_buffer().unwrap())).unwrap();
        let mut written = ZipWriter::new(Cursor::new(Vec::new()));
        for index in 0..read.len() {
            let mut entry = read.by_index(index).unwrap();
            let name = entry.name().unwrap().into_owned();
            written.start_file(&name, SimpleFileOptions::default()).unwrap();
            if name == part {
                written.write_all(text).unwrap();
            } else {
                io::copy(&mut entry, &mut written).unwrap();
            }
        }
        written.finish().unwrap().into_inner()
    }

    #[test]
    fn bombs_are_refused_before_they_go_off() {
        let strings = |start: &str| {
            format!(
                "<?xml version=\"1.0\"?><sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" {start}"
            )
        };
        let lie = strings("count=\"1\" uniqueCount = \"900000000000000000\"><si><t>单位</t></si></sst>");
        let long = vec![b' '; usize::try_from(MOST_STRING_BYTES).unwrap() + 1];
        let wide = "<sheetData><row r=\"1\"><c r=\"XFD1048576\"><v>1</v></c></row></sheetData>";
        let sheet = format!(
            "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">{wide}</worksheet>"
        );
        let formats = "<xf/>".repeat(70_000);
        for (part, text, code) in [
            ("xl/sharedStrings.xml", lie.as_bytes(), "too_large"),
            ("xl/sharedStrings.xml", &long, "too_large"),
            ("xl/styles.xml", formats.as_bytes(), "too_large"),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes(), "too_many_columns"),
            (
                "xl/worksheets/sheet1.xml",
                b"<worksheet><dimension ref=\"B2:A1\"/><sheetData/></worksheet>",
                "not_a_workbook",
            ),
            ("xl/workbook.xml", b"<", "not_a_workbook"),
        ] {
            let bytes = with_part(part, text);
            assert!(bytes.len() < 200_000, "{part}: {}", bytes.len());
            assert_eq!(rows(bytes, "Sheet1").map_err(|trouble| trouble.wrong.code), Err(code), "{part}");
        }
    }

    #[test]
    fn what_is_no_workbook_is_said_to_be_none() {
        for (bytes, code) in [
            (&b""[..], "not_a_workbook"),
            (b"a,b\n1,2\n", "not_a_workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more", "old_workbook"),
        ] {
            assert_eq!(rows(bytes.to_vec(), "Sheet1").map_err(|trouble| trouble.wrong.code), Err(code));
        }
    }
}
