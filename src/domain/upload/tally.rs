//! What is noted while the rows of a file go by, until a receipt is made of it.

use super::aside::Aside;
use super::head::Head;
use super::reading::CellError;
use super::receipt::{MOST, ReceiptAside, ReceiptError, UploadMode, UploadState, whole};
use crate::domain::violation::Wrong;

/// What is noted while the rows of a file go by.
#[derive(Debug, Default)]
pub struct Tally {
    /// Rows of data.
    pub received: i32,
    /// Those whose item is new.
    pub created: i32,
    /// Those whose item holds other facts now.
    pub updated: i32,
    /// Those whose item stays.
    pub unchanged: i32,
    /// The numbers of the rows that are wrong, each once, in order.
    pub wrong_rows: Vec<u32>,
    /// What is wrong.
    pub errors: Noted<ReceiptError>,
    /// What is worth a look.
    pub warnings: Noted<ReceiptError>,
    /// Rows that are no data.
    pub asides: Noted<ReceiptAside>,
}

/// A list of which all are counted and the first are kept.
#[derive(Debug)]
pub struct Noted<T> {
    /// The first of them.
    pub first: Vec<T>,
    /// How many there are.
    pub total: i32,
    most: usize,
}

impl<T> Default for Noted<T> {
    fn default() -> Self {
        Self { first: Vec::new(), total: 0, most: 20_000 }
    }
}

impl<T> Noted<T> {
    /// Notes one more.
    pub fn push(&mut self, one: T) {
        self.total = self.total.saturating_add(1);
        if self.first.len() < self.most {
            self.first.push(one);
        }
    }

    /// The first that a receipt spells out.
    pub fn spelled_out(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.first.iter().take(MOST).cloned().collect()
    }
}

impl Tally {
    /// Notes a row of data that is wrong.
    pub fn reject(&mut self, row: u32, errors: Vec<CellError>, head: &Head) {
        if self.wrong_rows.last() != Some(&row) {
            self.wrong_rows.push(row);
        }
        for error in errors {
            self.errors.push(ReceiptError::of(Some(row), error, head));
        }
    }

    /// Notes a row that is no data.
    pub fn aside(&mut self, row: u32, aside: Aside) {
        self.asides.push(ReceiptAside { row: whole(row), reason: aside.code().0.into() });
    }

    /// Notes that a file has nothing to take: whoever sent it meant to send something.
    pub fn require_rows(&mut self, head: &Head) {
        if self.received == 0 && self.errors.total == 0 {
            let wrong = Wrong::new(
                "no_rows",
                "没有可接收的数据行（标题、合计、附注和没有内容的行不算）",
                "there is no row of data (titles, totals, notes and rows that state nothing are none)",
            );
            self.errors.push(ReceiptError::of(None, CellError::of_row(wrong), head));
        }
    }

    /// Puts what was noted into the order of rows and columns.
    pub fn sort(&mut self) {
        let place = |error: &ReceiptError| {
            let column = error.column.clone().unwrap_or_default();
            (error.row, column.len(), column)
        };
        self.errors.first.sort_by_key(place);
        self.warnings.first.sort_by_key(place);
        self.asides.first.sort_by_key(|aside| aside.row);
        self.wrong_rows.sort_unstable();
        self.wrong_rows.dedup();
    }

    /// What becomes of the upload.
    pub fn outcome(&self, mode: UploadMode, readable: bool) -> UploadState {
        let wrong = !readable || self.errors.total > 0;
        let taken = self.created + self.updated + self.unchanged;
        match (mode, wrong) {
            (_, false) => UploadState::Accepted,
            (UploadMode::ValidRows, true) if readable && taken > 0 => UploadState::AcceptedInPart,
            _ => UploadState::Rejected,
        }
    }
}
