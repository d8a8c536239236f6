//! CSV, TSV and semicolons: text → rows.

use std::io::{self, Read};

use super::allowance::{Allowance, MOST_BYTES};
use super::charset::{Charset, END, Lines};
use super::quotes::Quotes;
use super::{Cell, Go, Row, Trouble, bounded};

/// What may stand between cells, the likeliest first.
pub const DELIMITERS: [u8; 3] = [b',', b'\t', b';'];

/// Gives the rows of a text, blank ones left out, until the end or until nobody wants more.
///
/// Rows are numbered as Excel does: a line break inside quotes does not begin a new row, a blank line does.
///
/// # Errors
/// `unclosed_quote`, `stray_quote`, `row_too_long`, `too_many_columns`, `cell_too_long`.
pub fn rows(
    text: impl Read,
    charset: Charset,
    delimiter: u8,
    mut each: impl FnMut(Row) -> Result<Go, Trouble>,
) -> Result<(), Trouble> {
    let (text, left) = Allowance::new(Quotes::new(Lines::new(text, charset), delimiter));
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text);
    let mut record = csv::StringRecord::new();
    // Line breaks inside quotes so far: they are lines of the text but not rows.
    let (mut inside, mut width) = (0, 0);
    loop {
        left.set(MOST_BYTES);
        let begun = reader.position().line() - inside;
        if !reader.read_record(&mut record).map_err(|error| unreadable(&error, begun))? {
            return Err(unclosed(begun));
        }
        let breaks = record.iter().map(|cell| cell.bytes().filter(|byte| *byte == b'\n').count()).sum::<usize>();
        inside += breaks as u64;
        // The line after the record, less the lines that were no rows, less one.
        let number = u32::try_from(reader.position().line() - 1 - inside).unwrap_or(u32::MAX);
        if record.len() == 1 && record.get(0) == Some(END) {
            return Ok(());
        }
        if record.iter().any(|cell| cell.contains(END)) {
            return Err(unclosed(u64::from(number) + 1)); // No line end closed it.
        }
        width = width.max(record.len());
        if breaks > 0 && record.iter().any(|cell| holds_rows(cell, delimiter, width)) {
            return Err(stray(u64::from(number)));
        }
        let mut cells: Vec<Cell> = record.iter().map(|text| Cell::of_text(uncovered(text))).collect();
        while cells.last().is_some_and(Cell::is_empty) {
            cells.pop();
        }
        if cells.is_empty() {
            continue;
        }
        if each(bounded(Row::new(number, cells))?)? == Go::Stop {
            return Ok(());
        }
    }
}

fn unclosed(row: u64) -> Trouble {
    Trouble::new(
        "unclosed_quote",
        "引号没有配对，其后的内容无法分行",
        "a quote is never closed: what follows has no rows",
    )
    .at(u32::try_from(row).unwrap_or(u32::MAX))
}

/// Whether a line inside a cell has about as many delimiters as a row: it is one, between two quotes that are no pair.
fn holds_rows(cell: &str, delimiter: u8, width: usize) -> bool {
    let lines = cell.split('\n').count();
    let inner = cell.split('\n').enumerate().filter(|(place, _)| *place > 0 && place + 1 < lines);
    let most = width.saturating_sub(1).max(2);
    inner.map(|(_, line)| line.bytes().filter(|byte| *byte == delimiter).count()).any(|count| count >= most)
}

fn stray(row: u64) -> Trouble {
    Trouble::new(
        "stray_quote",
        "引号没有配对或位置不对：其后的内容会并入同一单元格；单元格里的引号应写两个（\"\"）",
        "a quote has no partner or stands in the wrong place, and would draw what follows into one cell; write two (\"\") for one in a cell",
    )
    .at(u32::try_from(row).unwrap_or(u32::MAX))
}

fn unreadable(error: &csv::Error, row: u64) -> Trouble {
    if matches!(error.kind(), csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData) {
        return stray(row);
    }
    let row = u32::try_from(row).unwrap_or(u32::MAX);
    match error.kind() {
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => Trouble::new(
            "row_too_long",
            format!("一行超过 {MOST_BYTES} 字节，可能引号没有配对"),
            format!("a row of more than {MOST_BYTES} bytes; is a quote never closed?"),
        ),
        _ => Trouble::new("unreadable", format!("文件无法读取：{error}"), format!("the file cannot be read: {error}")),
    }
    .at(row)
}

/// A text without the apostrophe that our own exports put before what a spreadsheet would compute.
fn uncovered(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(u32, Vec<String>)>, Trouble> {
        let mut all = Vec::new();
        rows(text.as_bytes(), Charset::Utf8, b',', |row| {
            all.push((row.number, row.cells.iter().map(Cell::shown).collect()));
            Ok(Go::On)
        })?;
        Ok(all)
    }

    fn numbers(text: &str) -> Vec<u32> {
        read(text).unwrap().into_iter().map(|(number, _)| number).collect()
    }

    #[test]
    fn rows_are_numbered_as_excel_shows_them() {
        assert_eq!(numbers("a,b\n1,2\n3,4\n"), [1, 2, 3]);
        assert_eq!(numbers("a,b\r\n1,2\r\n3,4"), [1, 2, 3]);
        assert_eq!(numbers("\n\na\n\nb\n"), [3, 5], "blank rows count");
        assert_eq!(numbers("a,\"x\ny\r\nz\"\nb\n\nc\n"), [1, 2, 4], "a line break in a cell does not");
        assert_eq!(numbers("a\rb\r\rc"), [1, 2, 4], "Macintosh");
        assert_eq!(numbers(",,\n , \na\n"), [3], "rows of blanks are blank");
        assert_eq!(numbers(""), [0; 0]);
    }

    #[test]
    fn quotes_hold_commas_and_breaks() {
        let all = read("a,\"1,234.5\",\"他说\"\"好\"\"\"\n").unwrap();
        assert_eq!(all, [(1, vec!["a".into(), "1,234.5".into(), "他说\"好\"".into()])]);
    }

    #[test]
    fn an_unclosed_quote_is_noticed_where_it_opens() {
        for text in ["a,b\n1,\"2\n3,4\n5,6\n", "a,b\n1,\"2", "a,b\n1,\"2\n"] {
            let trouble = read(text).unwrap_err();
            assert_eq!((trouble.wrong.code, trouble.row), ("unclosed_quote", Some(2)), "{text}");
        }
        assert!(read("a,b\n1,\"2\n\"").is_ok());
    }

    #[test]
    fn a_quote_that_strays_is_noticed_where_it_does() {
        let long = "x,y,z\n".repeat(5_000);
        for (text, row) in [
            ("a,b\n1,\"2\"3\n", 2),
            ("a,b\n1,\"2\"\"\"3\n", 2),
            ("a,b\n1, \"2,3\"\n", 2),
            ("a,b,c\n1,\"2,3\n4,5,6\n7,\"8,9\n", 2),
            ("a,b,c\n1,2,\"3\n4,5,6\n7,8,\"\n9,10,11\n", 2),
            (&format!("{long}1,\"2\"3\n"), 5_001),
        ] {
            let trouble = read(text).unwrap_err();
            assert_eq!(
                (trouble.wrong.code, trouble.row),
                ("stray_quote", Some(row)),
                "{}",
                &text[..text.len().min(40)]
            );
        }
        for text in
            ["a,\"b\" ,c\n", "a,5\" pipe,c\n", "a,\"x\n1, 2\ny\",c\n", "\"\",\"\"\n\"\"\n", "a,\"b\"", " a , b\n"]
        {
            assert!(read(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn rows_are_bounded() {
        let code = |text: &str| read(text).map_err(|trouble| trouble.wrong.code);
        assert_eq!(code(&format!("\"{}", "x".repeat(3 * MOST_BYTES))), Err("row_too_long"));
        assert_eq!(code(&"a,".repeat(256)).map(|rows| rows[0].1.len()), Ok(256));
        assert_eq!(code(&"a,".repeat(1_000_000)), Err("row_too_long"));
        assert_eq!(code(&format!("{}a", "a,".repeat(256))), Err("too_many_columns"));
        assert_eq!(code(&"很".repeat(32_768)), Err("cell_too_long"));
        assert_eq!(code(&"很".repeat(32_767)).map(|rows| rows.len()), Ok(1));
    }
}
