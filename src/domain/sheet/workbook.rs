//! xlsx: a workbook → rows.
//!
//! An archive is measured before it is opened: a few kilobytes can unfold to gigabytes, and the counts it states of
//! itself are believed by the reader.

use std::io::{self, BufReader, Read, Seek, Write};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Style, Xlsx};
use zip::ZipArchive;

use super::number::{decimal, percent, rounded};
use super::{Cell, Go, Row, Trouble, bounded};

/// Bytes an archive may unfold to in all.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Bytes its table of strings may unfold to: it is held in memory.
const MOST_STRING_BYTES: u64 = 64 * 1024 * 1024;
/// Strings that table may hold.
const MOST_STRINGS: u64 = 4_000_000;
/// Bytes any other part that is held in memory may unfold to.
const MOST_PART_BYTES: u64 = 8 * 1024 * 1024;
/// Cell formats, as many as Excel allows.
const MOST_FORMATS: u64 = 65_536;
/// Parts of an archive.
const MOST_PARTS: usize = 10_000;

/// A workbook that has been measured and opened.
pub struct Workbook<R: Read + Seek> {
    book: Xlsx<BufReader<R>>,
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
        measure(&mut file)?;
        file.rewind().map_err(|error| not_a_workbook(&error))?;
        let book = Xlsx::new(BufReader::new(file)).map_err(|error| not_a_workbook(&error))?;
        Ok(Self { book })
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
        let mut cells = self.book.worksheet_cells_reader(sheet).map_err(|error| not_a_workbook(&error))?;
        let formats: Vec<Format> = cells.styles().iter().map(Format::of).collect();
        let mut row = Row::new(0, Vec::new());
        while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(|error| not_a_workbook(&error))? {
            let (at, column) = cell.get_position();
            let number = at.saturating_add(1);
            let (read, hidden) = read(cell.get_value(), formats.get(style).copied().unwrap_or_default());
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

fn not_a_workbook(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(
        "not_a_workbook",
        format!("不是可读的 .xlsx 工作簿：{error}"),
        format!("not a workbook (.xlsx) that can be read: {error}"),
    )
}

/// What the number format of a cell says about its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Format {
    percent: bool,
    /// How many decimals it shows; nothing where it shows them all.
    places: Option<usize>,
    /// Whether it shows thousands of the number, or writes 万 behind it.
    scaled: bool,
    /// How much of a date it shows: 4 its year, 7 its month, 10 its day.
    date: usize,
}

impl Format {
    fn of(style: &Style) -> Self {
        let code = style.number_format.as_ref().map_or("", |format| format.format_code.as_str());
        let code = code.split(';').next().unwrap_or_default();
        let plain: String = outside_quotes(code).collect();
        let shows = |letter: char| plain.chars().any(|c| c.eq_ignore_ascii_case(&letter));
        let date = match (shows('y'), shows('m'), shows('d')) {
            (true, true, false) => 7,
            (true, false, false) => 4,
            _ => 10,
        };
        let placeholder = |c: char| matches!(c, '0' | '#' | '?');
        let last = plain.rfind(placeholder).map_or("", |at| &plain[at + 1..]);
        let numeric = plain.contains('0') && !shows('e') && !plain.contains('/');
        let places =
            plain.split_once('.').map_or(0, |(_, decimals)| decimals.chars().filter(|c| placeholder(*c)).count());
        Self {
            percent: shows('%'),
            places: Some(places).filter(|_| numeric),
            scaled: last.starts_with(',') || (numeric && code.contains(['万', '亿', '千'])),
            date,
        }
    }
}

/// The characters of a number format that are not literal text.
fn outside_quotes(code: &str) -> impl Iterator<Item = char> {
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    code.chars().filter(move |c| {
        let literal = quoted || bracketed || escaped;
        match c {
            _ if escaped => escaped = false,
            '\\' | '!' if !quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => bracketed = true,
            ']' if !quoted => bracketed = false,
            _ => return !literal,
        }
        false
    })
}

/// What a cell shows, and the number behind it where that has more digits.
fn read(value: &DataRef<'_>, format: Format) -> (Cell, Option<String>) {
    let number = |text: String| {
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
            date(&format!("{year:04}-{month:02}-{day:02}"), format)
        }
        DataRef::DateTimeIso(text) => date(text, format),
        DataRef::DurationIso(text) => Cell::Text(text.clone()),
        DataRef::Error(error) => Cell::Broken(error.to_string()),
    };
    (cell, None)
}

fn date(text: &str, format: Format) -> Cell {
    Cell::Date(text.get(..format.date).unwrap_or(text).to_owned())
}

/// Unfolds every part of an archive into nothing and refuses what would be too much.
fn measure(file: &mut (impl Read + Seek)) -> Result<(), Trouble> {
    let mut archive = ZipArchive::new(file).map_err(|error| not_a_workbook(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(too_large());
    }
    let mut left = MOST_BYTES;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| not_a_workbook(&error))?;
        let name = part.name().map_err(|error| not_a_workbook(&error))?.to_lowercase();
        let most = match name.as_str() {
            name if name.ends_with("sharedstrings.xml") => MOST_STRING_BYTES,
            // Pictures are never unfolded, and sheets are read cell by cell.
            name if !matches!(name.rsplit('.').next(), Some("xml" | "rels")) => continue,
            name if name.contains("worksheets/") => left,
            _ => MOST_PART_BYTES,
        };
        let most = most.min(left);
        let mut gauge = Gauge::default();
        let bytes = io::copy(&mut part.take(most + 1), &mut gauge).map_err(|error| not_a_workbook(&error))?;
        if bytes > most || gauge.strings > MOST_STRINGS || gauge.formats > MOST_FORMATS {
            return Err(too_large());
        }
        left -= bytes;
    }
    Ok(())
}

fn too_large() -> Trouble {
    Trouble::new(
        "too_large",
        "工作簿展开后过大；请只保留要上传的工作表",
        "the workbook unfolds to too much; keep only the sheet that is to be sent",
    )
}

/// Watches a part go by for the numbers that the reader reserves memory by.
#[derive(Default)]
struct Gauge {
    tail: Vec<u8>,
    strings: u64,
    formats: u64,
}

impl Write for Gauge {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        const COUNT: &[u8] = b"uniqueCount";
        const FORMAT: &[u8] = b"<xf";
        /// What may be cut in two by the end of a piece: the attribute with a number of twenty digits.
        const OVERLAP: usize = 64;
        let seen = self.tail.len();
        self.tail.extend_from_slice(bytes);
        for (at, window) in self.tail.windows(COUNT.len()).enumerate() {
            if window == COUNT {
                let digits = self.tail[at + COUNT.len()..].iter().skip_while(|byte| !byte.is_ascii_digit());
                let digits: String =
                    digits.take_while(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).take(19).collect();
                self.strings = self.strings.max(digits.parse().unwrap_or(0));
            }
        }
        let begun = seen.saturating_sub(FORMAT.len() - 1);
        let formats = self.tail[begun..].windows(FORMAT.len()).filter(|window| *window == FORMAT).count();
        self.formats += formats as u64;
        let keep = self.tail.len().saturating_sub(OVERLAP);
        self.tail.drain(..keep);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use rust_xlsxwriter::{ExcelDateTime, Format as Written, Workbook as Writer};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

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
