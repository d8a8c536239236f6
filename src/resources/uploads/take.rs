//! Takes the rows of an upload: every one is judged by the rules of its room, then all are written or none.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::marker::PhantomData;

use tokio::sync::mpsc;

use super::county::County;
use super::intake::Intake;
use super::reader::{self, Order, Piece, Seen};
use crate::domain::codes::UnitCode;
use crate::domain::kept::Kept;
use crate::domain::period::Year;
use crate::domain::sheet::charset::Charset;
use crate::domain::sheet::{Go, Trouble};
use crate::domain::upload::head::Head;
use crate::domain::upload::names::Directory;
use crate::domain::upload::reading::{CellError, Read, Reading};
use crate::domain::upload::receipt::{OnExisting, ReceiptError, UploadMode, whole};
use crate::domain::upload::statement::{join, located, state};
use crate::domain::upload::tally::Tally;
use crate::domain::violation::Wrong;
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Upload};
use crate::store::write::{Outcome, Write};

/// Batches that wait to be judged: reading and writing go on side by side, and memory stays as it is.
const WAITING: usize = 2;

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

/// Takes the rows of a file.
///
/// # Errors
/// The database's; what is wrong with rows is in what is returned.
pub(super) async fn take<K: Intake>(
    write: &mut Write,
    caller: &Caller<Upload>,
    order: Order,
    manner: Manner,
    file: File,
) -> Result<(Taken, File), ApiError> {
    let (county, directory) = County::gather(&write.view(), &caller.scope, order.kind).await?;
    let (sender, mut pieces) = mpsc::channel(WAITING);
    let reading = tokio::task::spawn_blocking(move || {
        read(&file, &order, directory, &sender);
        file
    });
    let (taken, waiting) = (Taken::default(), Waiting::default());
    let before = BTreeMap::new();
    let mut work = Work::<K> { write, caller, manner, county, taken, waiting, before, kind: PhantomData };
    while let Some(piece) = pieces.recv().await {
        work.piece(piece).await?;
    }
    let taken = work.taken;
    let file = reading.await.map_err(|error| ApiError::internal(format!("reading a file: {error}")))?;
    Ok((taken, file))
}

/// Reads; a reader that panics on a hostile file is trouble with the file.
fn read(file: &File, order: &Order, directory: Directory, sender: &mpsc::Sender<Piece>) {
    let hand_over = |piece| if sender.blocking_send(piece).is_ok() { Go::On } else { Go::Stop };
    let run = std::panic::AssertUnwindSafe(|| reader::read(file, order, directory, hand_over));
    if std::panic::catch_unwind(run).is_err() {
        let broken = Trouble::new("unreadable", "文件已损坏，无法读取", "the file is broken and cannot be read");
        let _ = sender.blocking_send(Piece::End(Err(broken), Seen::default()));
    }
}

/// What one item is stated by: a row, or several.
struct Statement {
    reading: Reading,
    rows: Vec<u32>,
}

/// Rows that are judged together, once all are known.
#[derive(Default)]
struct Waiting {
    statements: Vec<Statement>,
    places: HashMap<String, usize>,
    /// Items of which a row is wrong: a part of an evaluation is not an evaluation.
    spoilt: HashSet<String>,
    /// Whether a wrong row may belong to any of them.
    unclear: bool,
}

/// A row that is right.
struct Right<K: Intake> {
    key: K::Key,
    facts: K::Facts,
    rows: usize,
}

struct Work<'a, K: Intake> {
    write: &'a mut Write,
    caller: &'a Caller<Upload>,
    manner: Manner,
    county: County,
    taken: Taken,
    waiting: Waiting,
    /// What is there under the keys of the rows in hand.
    before: Before<K>,
    kind: PhantomData<K>,
}

type Before<K> = BTreeMap<
    <K as crate::store::table::Table>::Key,
    Kept<<K as crate::store::table::Table>::Key, <K as crate::store::table::Table>::Facts>,
>;

impl<K: Intake> Work<'_, K> {
    async fn piece(&mut self, piece: Piece) -> Result<(), ApiError> {
        match piece {
            Piece::Head { head, charset, sheet } => {
                self.taken.head = head;
                self.taken.charset = charset;
                self.taken.sheet = sheet;
            }
            Piece::Rows(rows) => {
                let stated = self.sort(rows);
                if K::TOGETHER {
                    stated.into_iter().for_each(|reading| self.wait(reading));
                } else {
                    let one = |reading: Reading| Statement { rows: vec![reading.row], reading };
                    self.settle(stated.into_iter().map(one).collect()).await?;
                }
            }
            Piece::End(end, seen) => {
                self.taken.readable = end.is_ok();
                self.taken.seen = seen;
                if let Err(Trouble { wrong, row }) = end {
                    let error = CellError::of_row(wrong);
                    self.taken.tally.errors.push(ReceiptError::of(row, error, &self.taken.head));
                }
                let Waiting { statements, spoilt, unclear, .. } = std::mem::take(&mut self.waiting);
                let spoilt = |one: &Statement| K::JOINED && (unclear || spoilt.contains(&one.reading.key));
                let (wrong, whole): (Vec<_>, Vec<_>) = statements.into_iter().partition(spoilt);
                for statement in wrong {
                    self.reject(statement, Vec::new());
                }
                self.settle(whole).await?;
            }
        }
        Ok(())
    }

    /// Notes the rows that say nothing or cannot be understood; returns the others.
    fn sort(&mut self, rows: Vec<(u32, Read)>) -> Vec<Reading> {
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
    fn wait(&mut self, reading: Reading) {
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

    /// Judges rows and writes those that are right. As long as one more is right, one that refers to it may become so.
    async fn settle(&mut self, mut statements: Vec<Statement>) -> Result<(), ApiError> {
        while !statements.is_empty() {
            let (right, wrong) = self.judge(statements).await?;
            let last = right.is_empty() || !K::TOGETHER;
            self.keep(right).await?;
            statements = Vec::new();
            for (statement, errors) in wrong {
                if last {
                    self.reject(statement, errors);
                } else {
                    statements.push(statement);
                }
            }
        }
        Ok(())
    }

    /// Notes that an item is wrong: the rows at fault say why, its other rows go with them.
    fn reject(&mut self, statement: Statement, errors: Vec<CellError>) {
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

    #[expect(clippy::type_complexity, reason = "the right ones, and the wrong ones with what is wrong")]
    async fn judge(
        &mut self,
        statements: Vec<Statement>,
    ) -> Result<(Vec<Right<K>>, Vec<(Statement, Vec<CellError>)>), ApiError> {
        let keys: Vec<K::Key> = statements.iter().filter_map(|one| one.reading.key.parse().ok()).collect();
        let found = self.write.view().find_all::<K>(&keys.iter().collect::<Vec<_>>()).await?;
        let before: Before<K> = found.into_iter().map(|kept| (kept.key.clone(), kept)).collect();
        let (mut right, mut wrong) = (Vec::with_capacity(statements.len()), Vec::new());
        for statement in statements {
            match self.decide(&statement, &before) {
                Ok(Some((key, facts))) => right.push(Right { key, facts, rows: statement.rows.len() }),
                Ok(None) => self.taken.tally.unchanged += count(statement.rows.len()),
                Err(errors) => wrong.push((statement, errors)),
            }
        }
        self.before = before;
        Ok((right, wrong))
    }

    /// Whether an item may be stated; nothing where what is there is to stay.
    fn decide(
        &mut self,
        statement: &Statement,
        before: &Before<K>,
    ) -> Result<Option<(K::Key, K::Facts)>, Vec<CellError>> {
        let head = &self.taken.head;
        let place = |field: &str| head.place(field);
        let reading = &statement.reading;
        let kept = reading.key.parse::<K::Key>().ok().and_then(|key| before.get(&key));
        let (key, facts) = state::<K::Key, K::Facts>(reading, kept.map(|kept| &kept.facts), &place)?;
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
        if let Some((unit, _)) = K::whose(&key)
            && !self.county.visible(&self.caller.scope, unit)
        {
            return Err(vec![CellError {
                row: None,
                column: place("unit"),
                wrong: not_yours(unit),
                value: Some(unit.to_string()),
            }]);
        }
        if let Some((unit, Some(year))) = K::whose(&key)
            && let Some(closing) = self.county.closing(unit, year)
        {
            let (zh, en) = ApiError::Frozen(closing).sentences();
            return Err(vec![CellError::of_row(Wrong::new("frozen", zh, en))]);
        }
        K::check(&self.county, self.caller, &key, &facts, kept).map_err(|broken| located(broken, reading, &place))?;
        for warning in kept.into_iter().flat_map(|kept| slips::<K>(&kept.facts, &facts, &place)) {
            self.taken.tally.warnings.push(ReceiptError::of(Some(reading.row), warning, head));
        }
        Ok(Some((key, facts)))
    }

    /// Writes rows that are right, unless it is clear already that none will stay.
    async fn keep(&mut self, right: Vec<Right<K>>) -> Result<(), ApiError> {
        for one in &right {
            K::learn(&mut self.county, &one.key, &one.facts);
        }
        let before = std::mem::take(&mut self.before);
        if self.manner.mode == UploadMode::AllOrNothing && self.taken.tally.errors.total > 0 {
            return Ok(());
        }
        let rows: Vec<usize> = right.iter().map(|one| one.rows).collect();
        let items = right.into_iter().map(|one| (one.key, one.facts)).collect();
        let done = self.write.put_all::<K>(items, &before).await?;
        let Taken { tally, touched, .. } = &mut self.taken;
        for ((kept, outcome), rows) in done.into_iter().zip(rows) {
            match outcome {
                Outcome::Created => tally.created += count(rows),
                Outcome::Updated => tally.updated += count(rows),
                Outcome::Unchanged => tally.unchanged += count(rows),
            }
            if outcome != Outcome::Unchanged
                && let Some((unit, Some(year))) = K::whose(&kept.key)
                && !touched.contains(&(unit.clone(), year))
            {
                touched.insert((unit.clone(), year));
            }
        }
        Ok(())
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
pub(super) fn is_slip(one: i64, other: i64) -> bool {
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
