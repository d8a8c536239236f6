//! Sheets: bytes → rows of cells, whatever program wrote them.
//!
//! | file | reads |
//! | --- | --- |
//! | [`charset`] | which encoding a text is in; the text itself, a piece at a time |
//! | [`text`], `quotes` | CSV, TSV and semicolons; quotes that have no partner |
//! | [`workbook`], `format`, `gauge` | xlsx; what its cells show; how much it unfolds to, before it does |
//! | [`objects`] | JSON, an object a row |
//! | `allowance` | how many bytes a row may have |
//! | [`number`] | the decimal that a spreadsheet shows for the binary number it keeps |
//!
//! A row is given to whoever asked as soon as it is read: memory does not grow with the file. What cannot be read is a
//! [`Trouble`], never a guess and never a row less.

mod allowance;
pub mod charset;
mod format;
mod gauge;
pub mod number;
pub mod objects;
mod quotes;
pub mod text;
pub mod workbook;

use super::violation::Wrong;

/// Columns of a sheet at most.
pub const MOST_COLUMNS: usize = 256;

/// Characters of a cell at most: what Excel holds.
pub const MOST_CHARACTERS: usize = 32_767;

/// A cell, as a person sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cell {
    /// The row does not speak of the column: whatever is known stays.
    #[default]
    Absent,
    /// The column is there and the cell is empty.
    Blank,
    /// Text.
    Text(String),
    /// A number, as a decimal: `79.4`.
    Number(String),
    /// A number that is shown with a percent sign, as the percentage: `86.67`.
    Percent(String),
    /// A date, as far as a spreadsheet keeps one: `2023-07-31`.
    Date(String),
    /// True or false.
    Flag(bool),
    /// An error that a formula left: `#REF!`.
    Broken(String),
    /// A number whose format shows another: thousands, 万.
    Scaled(String),
    /// A list, as JSON.
    List(serde_json::Value),
}

impl Row {
    /// A row in which everything is shown.
    pub const fn new(number: u32, cells: Vec<Cell>) -> Self {
        Self { number, cells, hidden: Vec::new() }
    }
}

impl Cell {
    /// The cell of a text; one of spaces only is blank.
    pub fn of_text(text: &str) -> Self {
        if text.trim().is_empty() { Self::Blank } else { Self::Text(text.to_owned()) }
    }

    /// Whether there is anything in it.
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Absent | Self::Blank)
    }

    /// What a person sees in it.
    pub fn shown(&self) -> String {
        match self {
            Self::Absent | Self::Blank => String::new(),
            Self::Text(text) | Self::Number(text) | Self::Date(text) | Self::Broken(text) | Self::Scaled(text) => {
                text.clone()
            }
            Self::Percent(text) => format!("{text}%"),
            Self::Flag(flag) => if *flag { "TRUE" } else { "FALSE" }.to_owned(),
            Self::List(list) => list.to_string(),
        }
    }
}

/// A row, with the number Excel shows for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The number, from 1; of a JSON row its place in the list, from 1.
    pub number: u32,
    /// Its cells, from the first column on; trailing blanks may be missing.
    pub cells: Vec<Cell>,
    /// Columns whose number is kept with more digits than are shown, with what is kept: 345.914999 behind 345.91.
    pub hidden: Vec<(usize, String)>,
}

/// Whether whoever gets the rows wants more of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// Yes.
    On,
    /// No.
    Stop,
}

/// Why a file, or the rest of it, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong.
    pub wrong: Wrong,
    /// The row it was met in, where it was met in one.
    pub row: Option<u32>,
}

impl Trouble {
    /// Trouble with the file as a whole.
    pub fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { wrong: Wrong::new(code, zh, en), row: None }
    }

    /// The same, at a row.
    #[must_use]
    pub fn at(mut self, row: u32) -> Self {
        self.row = Some(row);
        self
    }
}

/// The letters Excel gives a column, `index` counting from 0: A, B … Z, AA.
pub fn letters(index: usize) -> String {
    let (mut rest, mut text) = (index + 1, Vec::new());
    while rest > 0 {
        let digit = (rest - 1) % 26;
        text.push(char::from(b'A' + u8::try_from(digit).unwrap_or(0)));
        rest = (rest - 1) / 26;
    }
    text.iter().rev().collect()
}

/// The row's cells, if they are within bounds.
fn bounded(row: Row) -> Result<Row, Trouble> {
    let long = |cell: &Cell| matches!(cell, Cell::Text(text) if text.chars().nth(MOST_CHARACTERS).is_some());
    if row.cells.len() > MOST_COLUMNS {
        return Err(Trouble::new(
            "too_many_columns",
            format!("列数超过 {MOST_COLUMNS}"),
            format!("more than {MOST_COLUMNS} columns"),
        )
        .at(row.number));
    }
    if let Some(index) = row.cells.iter().position(long) {
        let column = letters(index);
        return Err(Trouble::new(
            "cell_too_long",
            format!("{column} 列的单元格超过 {MOST_CHARACTERS} 个字符"),
            format!("the cell in column {column} has more than {MOST_CHARACTERS} characters"),
        )
        .at(row.number));
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_lettered_as_in_excel() {
        for (index, letter) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(index), letter);
        }
    }
}
