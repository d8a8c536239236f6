//! Rows on their way back to whoever sent them, with what is wrong: as CSV, and as the sheet they know.

use std::io::{self, Seek, Write};

use rust_xlsxwriter::{Color, Format, FormatBorder, Note, Workbook, Worksheet, XlsxError};

use super::receipt::ReceiptError;
use crate::domain::sheet::{Cell, Row, letters};

/// The heading of the column with what is wrong.
pub const WRONG: &str = "错误";

/// What is wrong with a row, in one cell.
pub fn reasons(errors: &[ReceiptError]) -> String {
    let reason = |error: &ReceiptError| {
        let place = match (&error.column, &error.header) {
            (Some(letter), Some(header)) => format!("{letter} 列“{header}”："),
            (None, Some(header)) => format!("“{header}”："),
            _ => String::new(),
        };
        format!("{place}{}（{}）", error.detail_zh, error.detail_en)
    };
    errors.iter().map(reason).collect::<Vec<_>>().join("；")
}

/// Rows as CSV, in UTF-8 with a byte order mark, which Excel needs to read it.
pub struct CsvBack<W: Write> {
    csv: csv::Writer<W>,
    width: usize,
}

impl<W: Write> CsvBack<W> {
    /// Begins a file of so many columns, and one for what is wrong.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(mut file: W, width: usize) -> io::Result<Self> {
        file.write_all("\u{feff}".as_bytes())?;
        let csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(file);
        Ok(Self { csv, width })
    }

    /// Writes a row with what is wrong.
    ///
    /// # Errors
    /// The writer's.
    pub fn row(&mut self, row: &Row, wrong: &str) -> io::Result<()> {
        let mut cells: Vec<String> = row.cells.iter().map(Cell::shown).collect();
        cells.resize(self.width.max(cells.len()), String::new());
        cells.push(wrong.to_owned());
        Ok(self.csv.write_record(cells)?)
    }

    /// Writes a line above the head as it was.
    ///
    /// # Errors
    /// The writer's.
    pub fn title(&mut self, row: &Row) -> io::Result<()> {
        Ok(self.csv.write_record(row.cells.iter().map(Cell::shown))?)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

/// Rows as a workbook: those of the sheet, wrong cells coloured, with notes, and a column for what is wrong.
pub struct SheetBack {
    book: Workbook,
    sheet: Worksheet,
    width: usize,
    /// Rows that the head takes up where it stands above a list that has none.
    moved: u32,
    looks: Looks,
    notes: usize,
    full: bool,
}

/// Rows that a workbook holds.
const MOST_ROWS: u32 = 1_048_576;

struct Looks {
    head: Format,
    wrong: Format,
    reason: Format,
    percent: Format,
}

/// Notes that a sheet carries: each is an object that spreadsheets draw.
const MOST_NOTES: usize = 1_000;

impl SheetBack {
    /// Begins a workbook with a sheet of so many columns; of a list of objects (`list`) the head is a row of its own.
    ///
    /// Rows are written as they come: the writer holds one at a time.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(name: &str, width: usize, list: bool) -> Result<Self, XlsxError> {
        let mut book = Workbook::new();
        let mut sheet = book.new_worksheet_with_constant_memory()?;
        if sheet.set_name(name).is_err() {
            sheet.set_name("上报")?;
        }
        let red = Color::RGB(0x00FF_C7CE);
        let border = Format::new().set_border(FormatBorder::Thin).set_border_color(Color::RGB(0x00C0_0000));
        let looks = Looks {
            head: Format::new().set_bold().set_background_color(Color::RGB(0x00DD_EBF7)),
            wrong: border.set_background_color(red),
            reason: Format::new().set_font_color(Color::RGB(0x00C0_0000)),
            percent: Format::new().set_num_format("0.00%"),
        };
        Ok(Self { book, sheet, width, moved: u32::from(list), looks, notes: 0, full: false })
    }

    /// Writes the head, with a column for what is wrong behind it.
    ///
    /// # Errors
    /// The writer's.
    pub fn head(&mut self, row: &Row) -> Result<(), XlsxError> {
        let at = row.number.saturating_sub(1);
        for (column, cell) in (0_u16..).zip(&row.cells) {
            self.sheet.write_string_with_format(at, column, cell.shown(), &self.looks.head)?;
        }
        self.sheet.write_string_with_format(at, self.last(), WRONG, &self.looks.head)?;
        self.sheet.set_freeze_panes(at + 1, 0)?;
        self.sheet.set_column_width(self.last(), 60)?;
        Ok(())
    }

    fn last(&self) -> u16 {
        u16::try_from(self.width).unwrap_or(u16::MAX)
    }

    /// Writes a row at the number it had, with what is wrong in it.
    ///
    /// # Errors
    /// The writer's.
    pub fn row(&mut self, row: &Row, errors: &[ReceiptError]) -> Result<(), XlsxError> {
        let at = row.number.saturating_sub(1).saturating_add(self.moved);
        if at >= MOST_ROWS - 1 {
            return self.no_more();
        }
        for (place, cell) in row.cells.iter().enumerate() {
            let column = u16::try_from(place).unwrap_or(u16::MAX);
            let letter = letters(place);
            let own: Vec<ReceiptError> =
                errors.iter().filter(|error| error.column.as_ref() == Some(&letter)).cloned().collect();
            self.cell(at, column, cell, !own.is_empty())?;
            if !own.is_empty() && self.notes < MOST_NOTES {
                self.notes += 1;
                self.sheet.insert_note(at, column, &Note::new(reasons(&own)).set_author("Jixiao"))?;
            }
        }
        // A wrong cell that the row does not have.
        for error in errors {
            let column = error.column.as_deref().and_then(place_of).filter(|place| *place >= row.cells.len());
            if let Some(column) = column.and_then(|place| u16::try_from(place).ok()) {
                self.sheet.write_blank(at, column, &self.looks.wrong)?;
            }
        }
        if !errors.is_empty() {
            let reasons: String = reasons(errors).chars().take(crate::domain::sheet::MOST_CHARACTERS).collect();
            self.sheet.write_string_with_format(at, self.last(), reasons, &self.looks.reason)?;
        }
        Ok(())
    }

    /// Says, once, that the workbook is full.
    fn no_more(&mut self) -> Result<(), XlsxError> {
        if !std::mem::replace(&mut self.full, true) {
            let rest = "Excel 放不下更多的行，其余各行见 rejected.csv（a workbook holds no more rows; the rest is in rejected.csv）";
            self.sheet.write_string_with_format(MOST_ROWS - 1, 0, rest, &self.looks.reason)?;
        }
        Ok(())
    }

    fn cell(&mut self, at: u32, column: u16, cell: &Cell, wrong: bool) -> Result<(), XlsxError> {
        let plain = Format::new();
        let format = if wrong { &self.looks.wrong } else { &plain };
        // Fifteen digits are what a spreadsheet keeps of a number.
        let number = |text: &str| text.parse::<f64>().ok();
        match cell {
            Cell::Number(text) if number(text).is_some() => {
                self.sheet.write_number_with_format(at, column, number(text).unwrap_or_default(), format)?;
            }
            Cell::Percent(text) if number(text).is_some() && !wrong => {
                let share = number(text).unwrap_or_default() / 100.0;
                self.sheet.write_number_with_format(at, column, share, &self.looks.percent)?;
            }
            Cell::Flag(flag) => drop(self.sheet.write_boolean_with_format(at, column, *flag, format)?),
            cell if cell.is_empty() => {
                if wrong {
                    self.sheet.write_blank(at, column, format)?;
                }
            }
            cell => drop(self.sheet.write_string_with_format(at, column, cell.shown(), format)?),
        }
        Ok(())
    }

    /// Ends the workbook.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self, file: impl Write + Seek + Send) -> Result<(), XlsxError> {
        self.book.push_worksheet(self.sheet);
        self.book.save_to_writer(file)
    }
}

/// The place of a column, from 0, by its letters.
fn place_of(letters: &str) -> Option<usize> {
    let digit = |letter: u8| letter.is_ascii_uppercase().then(|| usize::from(letter - b'A') + 1);
    let number = letters.bytes().try_fold(0_usize, |number, letter| Some(number * 26 + digit(letter)?))?;
    number.checked_sub(1)
}
