//! A row of cells → what it states: a key, and fields of the facts as the API takes them.

mod above;
mod fields;
mod key;

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

pub use self::above::Above;
use super::aside::{Aside, aside};
use super::cell;
use super::head::Head;
use super::kind::{Column, Part, Reads, UploadKind};
use super::names::Directory;
use crate::domain::money::{AmountUnit, Balance, Money};
use crate::domain::period::{Month, Year};
use crate::domain::sheet::{Cell, Row};
use crate::domain::violation::Wrong;

/// What the caller says where the sheet does not.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// The unit's code.
    pub unit: Option<String>,
    /// The year.
    pub year: Option<Year>,
    /// The month.
    pub month: Option<Month>,
    /// The project's code.
    pub project: Option<String>,
    /// What amounts are in.
    pub amount_unit: Option<AmountUnit>,
    /// Whether a blank cell of a key column takes what stands above it, as merged cells mean it.
    pub fill_down: bool,
}

impl Defaults {
    /// The parts of a key that are given.
    pub fn given(&self) -> Vec<&'static str> {
        let month = self.month.is_some();
        [
            ("unit", self.unit.is_some()),
            ("year", self.year.is_some() || month),
            ("month", month),
            ("project", self.project.is_some()),
        ]
        .into_iter()
        .filter_map(|(field, given)| given.then_some(field))
        .collect()
    }
}

/// Something wrong in a cell, or in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellError {
    /// The row, where it is another than the one in hand: several rows may state one item.
    pub row: Option<u32>,
    /// The column, from 0; nothing where it concerns the row.
    pub column: Option<usize>,
    /// What is wrong.
    pub wrong: Wrong,
    /// What stands there.
    pub value: Option<String>,
}

/// What a row states.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The row's number.
    pub row: u32,
    /// The id.
    pub key: String,
    /// The fields it speaks of; null where it says that there is nothing.
    pub facts: Map<String, Value>,
    /// Numbers that are kept with more digits than are shown.
    pub hidden: Vec<(usize, String)>,
    /// The rows that the targets an evaluation claims come from, in their order.
    pub claims: Vec<u32>,
}

/// What became of a row.
#[derive(Debug)]
pub enum Read {
    /// It states something.
    Stated(Reading),
    /// It is not data; what does not add up in a total is told.
    Aside(Aside, Vec<CellError>),
    /// It cannot be understood; its id is told where that much is clear.
    Wrong(Vec<CellError>, Option<String>),
}

/// Reads the rows of one sheet.
#[derive(Debug)]
pub struct RowReader<'a> {
    kind: UploadKind,
    directory: &'a Directory,
    defaults: Defaults,
    /// The head; grows where rows name their own columns.
    pub head: Head,
    above: Option<Above>,
    sums: HashMap<usize, Option<i128>>,
    incomplete: bool,
    left_out: BTreeSet<usize>,
}

/// The cell of a column, with its place.
#[derive(Clone, Copy)]
struct Here<'r> {
    place: usize,
    cell: &'r Cell,
}

/// The parts of a key that are known, by their names; a handful, for which a list is quicker than a table.
#[derive(Default)]
struct Parts(Vec<(&'static str, String)>);

impl Parts {
    fn get(&self, name: &str) -> Option<&String> {
        self.0.iter().find(|(one, _)| *one == name).map(|(_, value)| value)
    }

    fn insert(&mut self, name: &'static str, value: String) {
        self.0.push((name, value));
    }

    /// The id that parts make.
    fn joined(&self, names: &[&'static str]) -> String {
        let mut id = String::new();
        for (place, name) in names.iter().enumerate() {
            if place > 0 {
                id.push(':');
            }
            id += self.get(name).map_or("", String::as_str);
        }
        id
    }
}

/// A row while it is read.
struct Working<'r> {
    cells: Vec<(&'static Column, Here<'r>)>,
    parts: Parts,
    facts: Map<String, Value>,
    errors: Vec<CellError>,
}

impl CellError {
    /// What is wrong with the row in hand as a whole.
    pub const fn of_row(wrong: Wrong) -> Self {
        Self { row: None, column: None, wrong, value: None }
    }

    /// What is wrong in a column of the row in hand.
    pub const fn at(column: Option<usize>, wrong: Wrong, value: Option<String>) -> Self {
        Self { row: None, column, wrong, value }
    }
}

impl<'r> Working<'r> {
    fn note(&mut self, here: Here<'_>, wrong: Wrong) {
        let value = Some(here.cell.shown()).filter(|shown| !shown.is_empty());
        self.errors.push(CellError::at(Some(here.place), wrong, value));
    }

    /// Whether the row has a column of a field, be it blank.
    fn has(&self, field: &str) -> bool {
        self.cells.iter().any(|(column, _)| column.field == field)
    }

    /// Refuses an object that calls one field by two names; a code and a name may stand side by side.
    fn one_name_each(&mut self) {
        for (place, (column, here)) in self.cells.clone().into_iter().enumerate() {
            let before = self.cells[..place].iter().any(|(one, _)| std::ptr::eq(*one, column));
            if before && !column.may_stand_twice() {
                self.note(here, named_twice(column));
            }
        }
    }

    /// The first cell of a field that says something.
    fn said(&self, field: &str) -> Option<Here<'r>> {
        self.cells
            .iter()
            .find(|(column, here)| column.field == field && !cell::says_nothing(here.cell))
            .map(|(_, h)| *h)
    }
}

impl<'a> RowReader<'a> {
    /// A reader for a sheet with a head.
    pub fn new(kind: UploadKind, head: Head, defaults: Defaults, directory: &'a Directory) -> Self {
        let above = defaults.fill_down.then(Above::default);
        let (sums, left_out) = (HashMap::new(), BTreeSet::new());
        Self { kind, directory, defaults, head, above, sums, incomplete: false, left_out }
    }

    /// Reads a row.
    pub fn read(&mut self, row: &Row) -> Read {
        let object = self.head.row == 0;
        match aside(&self.head, row) {
            Some(Aside::Total) => return Read::Aside(Aside::Total, self.total(row)),
            Some(other) => return Read::Aside(other, Vec::new()),
            None => {}
        }
        let filled = self.above.as_mut().map(|above| above.filled(&self.head, row));
        let row = filled.as_ref().unwrap_or(row);
        let blank = Cell::Blank;
        let cells = self.head.headings.iter().enumerate().filter_map(|(place, heading)| {
            let cell = row.cells.get(place).unwrap_or(if object { &Cell::Absent } else { &blank });
            heading.column.map(|column| (column, Here { place, cell }))
        });
        let cells: Vec<_> = cells.filter(|(_, here)| *here.cell != Cell::Absent).collect();
        if !object && says_nothing_but_its_key(&cells) {
            return Read::Aside(Aside::Nothing, Vec::new());
        }
        let mut working = Working { cells, parts: Parts::default(), facts: Map::new(), errors: Vec::new() };
        if object {
            working.one_name_each();
        }
        self.note_left_out(row);
        for (place, cell) in row.cells.iter().enumerate().skip(self.head.headings.len()) {
            if !cell.is_empty() {
                working.note(Here { place, cell }, no_column());
            }
        }
        self.key(&mut working);
        let unclear = !working.errors.is_empty();
        self.facts(&mut working);
        let Working { parts, facts, errors, .. } = working;
        let key = parts.joined(self.kind.key());
        if !errors.is_empty() {
            // Nobody knows what the rows above a total add up to when one of them cannot be read.
            self.incomplete = true;
            return Read::Wrong(errors, (!unclear).then_some(key));
        }
        self.add(&facts);
        let claims = facts.contains_key("indicators").then_some(row.number).into_iter().collect();
        Read::Stated(Reading { row: row.number, key, facts, hidden: row.hidden.clone(), claims })
    }

    /// Notes the columns that hold something and are none of the kind.
    fn note_left_out(&mut self, row: &Row) {
        for (place, cell) in row.cells.iter().enumerate().take(self.head.headings.len()) {
            if self.head.headings[place].column.is_none() && !cell::says_nothing(cell) {
                self.left_out.insert(place);
            }
        }
    }

    /// What is to be said of columns that were left out of account though they hold something.
    pub fn left_out(&self) -> Vec<CellError> {
        let told = self.left_out.iter().filter(|place| !self.head.headings[**place].may_go());
        told.map(|place| CellError::at(Some(*place), column_left_out(), None)).collect()
    }

    /// Adds up the amounts of rows that are taken, for a total below them.
    fn add(&mut self, facts: &Map<String, Value>) {
        for (place, heading) in self.head.headings.iter().enumerate() {
            let Some(column) = heading.column.filter(|column| matches!(column.reads, Reads::Money(_))) else {
                continue;
            };
            let amount = facts.get(column.field).and_then(Value::as_str).and_then(|text| text.parse().ok());
            let sum = self.sums.entry(place).or_insert(Some(0));
            *sum = sum.zip(amount.or(Some(Money::of_fen(0)))).map(|(sum, one)| sum + i128::from(one.fen()));
        }
    }

    /// What does not agree between a total and what stands above it.
    fn total(&self, row: &Row) -> Vec<CellError> {
        let differ = self.sums.iter().filter_map(|(place, sum)| {
            let (cell, sum) = (row.cells.get(*place).filter(|cell| !cell::says_nothing(cell))?, (*sum)?);
            let stated: Money = cell::amount(cell, self.amount_unit(*place)).ok()?.yuan.parse().ok()?;
            let (sum, stated) = (Balance::of_fen(sum), Balance::from(stated));
            (sum != stated).then(|| CellError {
                row: None,
                column: Some(*place),
                value: Some(cell.shown()),
                wrong: Wrong::new(
                    "total_differs",
                    format!("合计为 {stated} 元，以上各行相加为 {sum} 元，相差 {} 元", sum - stated),
                    format!("the total is {stated} yuan, the rows above add up to {sum}: {} apart", sum - stated),
                ),
            })
        });
        let mut differ: Vec<_> = differ.filter(|_| !self.incomplete).collect();
        differ.sort_by_key(|one| one.column);
        differ
    }
}

/// Whether a row has a key and nothing else, in a sheet that could say more.
fn says_nothing_but_its_key(cells: &[(&'static Column, Here<'_>)]) -> bool {
    let facts = || cells.iter().filter(|(column, _)| matches!(column.part, Part::Fact | Part::Claim));
    facts().next().is_some() && facts().all(|(_, here)| cell::says_nothing(here.cell))
}

fn named_twice(column: &Column) -> Wrong {
    let (zh, en) = (column.names[0], column.field);
    Wrong::new("duplicate_field", format!("“{zh}”在同一行出现了两次"), format!("`{en}` stands in the row twice"))
}

fn column_left_out() -> Wrong {
    Wrong::new(
        "column_left_out",
        "这一列有内容，但不是本类数据的列，没有读取",
        "the column holds something, but is none of this kind and was not read",
    )
}

fn no_column() -> Wrong {
    Wrong::new(
        "no_column",
        "这一格没有表头：是否因为数字里的逗号（如 1,234.5）没有加引号而错位？",
        "there is no heading above this cell: did an unquoted comma, as in 1,234.5, shift the row?",
    )
}
