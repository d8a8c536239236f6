//! Judges the rows of an upload, one by one, by the rules of their room.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::marker::PhantomData;

use super::county::County;
use super::intake::Intake;
use super::reader::Seen;
use crate::domain::codes::UnitCode;
use crate::domain::kept::Kept;
use crate::domain::period::Year;
use crate::domain::sheet::charset::Charset;
use crate::domain::upload::head::Head;
use crate::domain::upload::reading::{CellError, Read, Reading};
use crate::domain::upload::receipt::{OnExisting, ReceiptError, UploadMode, whole};
use crate::domain::upload::statement::{join, located, state};
use crate::domain::upload::tally::Tally;
use crate::domain::violation::Wrong;
use crate::http::identity::{Caller, Upload};
use crate::store::write::Outcome;

/// What the rows of a file came to.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) tally: Tally,
    pub(super) head: Head,
    pub(super) charset: Option<Charset>,
    pub(super) sheet: Option<String>,
    /// Whether the file could be read to its end.
    pub(super) readable: bool,
    /// The units and years whose rows changed.
    pub(super) touched: BTreeSet<(UnitCode, Year)>,
    /// Every item that the file names.
    pub(super) seen: Seen,
}

/// How rows are to be taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) mode: UploadMode,
    pub(super) on_existing: OnExisting,
}

/// What one item is stated by: a row, or several.
pub(super) struct Statement {
    pub(super) reading: Reading,
    pub(super) rows: Vec<u32>,
}

/// Rows that are judged together, once all are known.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) statements: Vec<Statement>,
    places: HashMap<String, usize>,
    /// Items of which a row is wrong: a part of an evaluation is not an evaluation.
    pub(super) spoilt: HashSet<String>,
    /// Whether a wrong row may belong to any of them.
    pub(super) unclear: bool,
}

/// A row that is right.
pub(super) struct Right<K: Intake> {
    pub(super) key: K::Key,
    pub(super) facts: K::Facts,
    pub(super) rows: usize,
}

/// What is there under the keys of some rows.
pub(super) type Before<K> = BTreeMap<
    <K as crate::store::table::Table>::Key,
    Kept<<K as crate::store::table::Table>::Key, <K as crate::store::table::Table>::Facts>,
>;

/// A key and what is stated of it.
type Item<K> = (<K as crate::store::table::Table>::Key, <K as crate::store::table::Table>::Facts);

/// Rows that are wrong, with what is wrong.
pub(super) type Wrongs = Vec<(Statement, Vec<CellError>)>;

/// Knows everything that a row is judged by.
pub(super) struct Judge<'a, K: Intake> {
    caller: &'a Caller<Upload>,
    manner: Manner,
    county: County,
    pub(super) taken: Taken,
    pub(super) waiting: Waiting,
    kind: PhantomData<K>,
}

impl<'a, K: Intake> Judge<'a, K> {
    /// A judge for the rows of one file.
    pub(super) fn new(caller: &'a Caller<Upload>, manner: Manner, county: County) -> Self {
        let (taken, waiting) = (Taken::default(), Waiting::default());
        Self { caller, manner, county, taken, waiting, kind: PhantomData }
    }

    /// Notes the rows that say nothing or cannot be understood; returns the others.
    pub(super) fn sort(&mut self, rows: Vec<(u32, Read)>) -> Vec<Reading> {
        let mut stated = Vec::with_capacity(rows.len());
        let Taken { tally, head, .. } = &mut self.taken;
        for (row, read) in rows {
            match read {
                Read::Aside(aside, differences) => {
                    tally.aside(row, aside);
                    for difference in differences {
                        tally.warnings.push(ReceiptError::of(Some(row), difference, head));
                    }
                }
                Read::Wrong(errors, key) => {
                    tally.received += 1;
                    tally.reject(row, errors, head);
                    self.waiting.unclear |= key.is_none();
                    self.waiting.spoilt.extend(key.filter(|_| K::JOINED));
                }
                Read::Stated(reading) => {
                    tally.received += 1;
                    for (column, kept) in &reading.hidden {
                        tally.warnings.push(ReceiptError::of(Some(row), more_digits(*column, kept), head));
                    }
                    stated.push(reading);
                }
            }
        }
        stated
    }

    /// Puts a row aside until all are known, with those that state parts of the same item.
    pub(super) fn wait(&mut self, reading: Reading) {
        let Waiting { statements, places, spoilt, .. } = &mut self.waiting;
        let (row, key) = (reading.row, reading.key.clone());
        match places.get(&key).filter(|_| K::JOINED).map(|place| &mut statements[*place]) {
            None => {
                places.insert(key, statements.len());
                statements.push(Statement { reading, rows: vec![row] });
            }
            Some(whole) => {
                let head = &self.taken.head;
                match join(&mut whole.reading, reading, &|field| head.place(field)) {
                    Ok(()) => whole.rows.push(row),
                    Err(wrong) => {
                        self.taken.tally.reject(row, wrong, head);
                        spoilt.insert(key);
                    }
                }
            }
        }
    }

    /// Notes that an item is wrong: the rows at fault say why, its other rows go with them.
    pub(super) fn reject(&mut self, statement: Statement, errors: Vec<CellError>) {
        let Taken { tally, head, .. } = &mut self.taken;
        let first = statement.rows[0];
        for row in statement.rows {
            // Those whose own row says nothing wrong go with those that do.
            let mut own: Vec<_> = errors.iter().filter(|error| error.row.unwrap_or(first) == row).cloned().collect();
            if own.is_empty() {
                own.push(goes_with(first));
            }
            tally.reject(row, own, head);
        }
    }

    /// Whether nothing will stay, whatever comes: one row is wrong, and it is all or nothing.
    pub(super) fn lost(&self) -> bool {
        self.manner.mode == UploadMode::AllOrNothing && self.taken.tally.errors.total > 0
    }

    /// Tells the rows that are right from those that are wrong.
    ///
    /// Steps aside now and then, so that whoever runs beside it comes to its turn.
    pub(super) async fn judge(
        &mut self,
        statements: Vec<Statement>,
        keys: Vec<Option<K::Key>>,
        before: &Before<K>,
    ) -> (Vec<Right<K>>, Wrongs) {
        let (mut right, mut wrong) = (Vec::with_capacity(statements.len()), Vec::new());
        for (place, (statement, key)) in statements.into_iter().zip(keys).enumerate() {
            if place % 64 == 63 {
                tokio::task::yield_now().await;
            }
            match self.decide(&statement.reading, key, before) {
                Ok(Some((key, facts))) => right.push(Right { key, facts, rows: statement.rows.len() }),
                Ok(None) => self.taken.tally.unchanged += count(statement.rows.len()),
                Err(errors) => wrong.push((statement, errors)),
            }
        }
        for one in &right {
            K::learn(&mut self.county, &one.key, &one.facts);
        }
        (right, wrong)
    }

    /// Whether an item may be stated; nothing where what is there is to stay.
    fn decide(
        &mut self,
        reading: &Reading,
        key: Option<K::Key>,
        before: &Before<K>,
    ) -> Result<Option<Item<K>>, Vec<CellError>> {
        let Taken { head, tally, touched, .. } = &mut self.taken;
        let place = |field: &str| head.place(field);
        // First of all: whoever may not see an item must not learn what it holds by stating it.
        if let Some((unit, _)) = key.as_ref().and_then(K::whose)
            && !self.county.visible(&self.caller.scope, unit)
        {
            return Err(vec![CellError::at(place("unit"), not_yours(unit), Some(unit.to_string()))]);
        }
        let kept = key.as_ref().and_then(|key| before.get(key));
        let facts = state::<K::Key, K::Facts>(reading, kept.map(|kept| &kept.facts), &place);
        let Some(key) = key else { return Err(facts.err().unwrap_or_default()) };
        let facts = facts?;
        if let Some(kept) = kept {
            if kept.facts == facts {
                return Ok(Some((key, facts)));
            }
            match self.manner.on_existing {
                OnExisting::Update => {}
                OnExisting::Skip => return Ok(None),
                OnExisting::Reject => return Err(vec![exists()]),
            }
        }
        if let Some(why) = K::frozen(&self.county, &key) {
            let (zh, en) = why.sentences();
            return Err(vec![CellError::of_row(Wrong::new("frozen", zh, en))]);
        }
        K::check(&self.county, self.caller, &key, &facts, kept).map_err(|broken| located(broken, reading, &place))?;
        for warning in kept.into_iter().flat_map(|kept| slips::<K>(&kept.facts, &facts, &place)) {
            tally.warnings.push(ReceiptError::of(Some(reading.row), warning, head));
        }
        if let Some((unit, Some(year))) = K::whose(&key)
            && !touched.contains(&(unit.clone(), year))
        {
            touched.insert((unit.clone(), year));
        }
        Ok(Some((key, facts)))
    }

    /// Counts what became of rows that were written.
    pub(super) fn count(&mut self, outcome: Outcome, rows: usize) {
        let tally = &mut self.taken.tally;
        match outcome {
            Outcome::Created => tally.created += count(rows),
            Outcome::Updated => tally.updated += count(rows),
            Outcome::Unchanged => tally.unchanged += count(rows),
        }
    }
}

fn count(rows: usize) -> i32 {
    whole(u32::try_from(rows).unwrap_or(u32::MAX))
}

/// Numbers that are about ten thousand times what they replace, or a ten thousandth: 元 where 万元 was, or the reverse.
fn slips<K: Intake>(before: &K::Facts, after: &K::Facts, place: &impl Fn(&str) -> Option<usize>) -> Vec<CellError> {
    let pairs = K::numbers(before).into_iter().zip(K::numbers(after));
    let slipped = pairs.filter_map(|((field, before), (_, after))| {
        let (before, after) = before.zip(after)?;
        is_slip(before, after).then(|| CellError {
            row: None,
            column: place(field),
            wrong: Wrong::new(
                "unit_slip",
                "与原有数值相差约一万倍，是否把元和万元弄错了？",
                "about ten thousand times what it replaces, or a ten thousandth: yuan or 万元?",
            ),
            value: None,
        })
    });
    slipped.collect()
}

/// Whether one number is about ten thousand times the other.
fn is_slip(one: i64, other: i64) -> bool {
    let (small, large) =
        (i128::from(one).abs().min(i128::from(other).abs()), i128::from(one).abs().max(i128::from(other).abs()));
    small > 0 && large >= small * 5_000
}

fn more_digits(column: usize, kept: &str) -> CellError {
    let wrong = Wrong::new(
        "more_digits",
        format!("单元格里实际是 {kept}，按显示的数值读取"),
        format!("the cell holds {kept}; it was read as it is shown"),
    );
    CellError::at(Some(column), wrong, None)
}

fn goes_with(row: u32) -> CellError {
    let wrong = Wrong::new(
        "incomplete",
        format!("同一条目的其他行有误（从第 {row} 行起），整条未接收"),
        format!("another row of the same item (from row {row}) is wrong; none of it is in"),
    );
    CellError::of_row(wrong)
}

fn exists() -> CellError {
    let wrong = Wrong::new(
        "exists",
        "该条目已存在且内容不同（on_existing=reject）",
        "it is there with other facts (on_existing=reject)",
    );
    CellError::of_row(wrong)
}

fn not_yours(unit: &UnitCode) -> Wrong {
    Wrong::new(
        "unknown_name",
        format!("没有单位“{unit}”，或不在您的权限范围内"),
        format!("there is no unit `{unit}`, or you may not see it"),
    )
}
