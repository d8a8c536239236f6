//! Takes the rows of an upload: they are read, judged and written side by side, and all of it is one transaction.

use std::fs::File;

use futures_util::join;
use tokio::sync::mpsc;

use super::county::County;
use super::intake::Intake;
use super::judge::{Before, Judge, Manner, Right, Statement, Taken, Waiting};
use super::reader::{self, Order, Piece, Seen};
use crate::domain::sheet::{Go, Trouble};
use crate::domain::upload::names::Directory;
use crate::domain::upload::reading::{CellError, Reading};
use crate::domain::upload::receipt::ReceiptError;
use crate::http::error::ApiError;
use crate::http::identity::{Caller, Upload};
use crate::store::Error;
use crate::store::pen::{Pen, Prepared};
use crate::store::write::Write;

/// Batches that wait to be judged: reading and writing go on side by side, and memory stays as it is.
const WAITING: usize = 2;

/// Takes the rows of a file.
///
/// # Errors
/// The database's; what is wrong with rows is in what is returned.
#[tracing::instrument(level = "debug", skip_all, name = "take rows")]
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
    let judge = Judge::<K>::new(caller, manner, county);
    let mut work = Work { write, judge, ready: Ready::default() };
    while let Some(piece) = pieces.recv().await {
        work.piece(piece).await?;
    }
    let taken = work.judge.taken;
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

struct Work<'a, K: Intake> {
    write: &'a mut Write,
    judge: Judge<'a, K>,
    ready: Ready,
}

/// Rows that are right and not yet sent to the database: of how many rows of the file each item is made.
#[derive(Default)]
struct Ready {
    prepared: Prepared,
    rows: Vec<usize>,
}

impl<K: Intake> Work<'_, K> {
    async fn piece(&mut self, piece: Piece) -> Result<(), ApiError> {
        match piece {
            Piece::Head { head, charset, sheet } => {
                let taken = &mut self.judge.taken;
                (taken.head, taken.charset, taken.sheet) = (head, charset, sheet);
            }
            Piece::Rows(rows) => {
                let stated = self.judge.sort(rows);
                if K::TOGETHER {
                    for reading in stated {
                        self.judge.wait(reading);
                    }
                } else {
                    let one = |reading: Reading| Statement { rows: vec![reading.row], reading };
                    for (statement, errors) in self.step(stated.into_iter().map(one).collect()).await? {
                        self.judge.reject(statement, errors);
                    }
                }
            }
            Piece::Odd(odd) => {
                let Taken { tally, head, .. } = &mut self.judge.taken;
                for one in odd {
                    let row = Some(head.row).filter(|row| *row > 0);
                    tally.warnings.push(ReceiptError::of(row, one, head));
                }
            }
            Piece::End(end, seen) => {
                let taken = &mut self.judge.taken;
                (taken.readable, taken.seen) = (end.is_ok(), seen);
                if let Err(Trouble { wrong, row }) = end {
                    let error = CellError::of_row(wrong);
                    taken.tally.errors.push(ReceiptError::of(row, error, &taken.head));
                }
                self.settle().await?;
                self.step(Vec::new()).await?;
            }
        }
        Ok(())
    }

    /// Judges the rows that have waited for one another. As long as one more is right, one that refers to it may
    /// become so.
    async fn settle(&mut self) -> Result<(), ApiError> {
        let Waiting { statements, spoilt, unclear, .. } = std::mem::take(&mut self.judge.waiting);
        let spoilt = |one: &Statement| K::JOINED && (unclear || spoilt.contains(&one.reading.key));
        let (wrong, mut statements): (Vec<_>, Vec<_>) = statements.into_iter().partition(spoilt);
        for statement in wrong {
            self.judge.reject(statement, Vec::new());
        }
        while !statements.is_empty() {
            let wrong = self.step(statements).await?;
            let last = self.ready.rows.is_empty();
            statements = Vec::new();
            for (statement, errors) in wrong {
                if last {
                    self.judge.reject(statement, errors);
                } else {
                    statements.push(statement);
                }
            }
        }
        Ok(())
    }

    /// Judges rows and prepares those that are right, while those before them are written; returns the wrong ones.
    async fn step(&mut self, statements: Vec<Statement>) -> Result<super::judge::Wrongs, ApiError> {
        let keys: Vec<Option<K::Key>> = statements.iter().map(|one| one.reading.key.parse().ok()).collect();
        let found = self.write.view().find_all::<K>(&keys.iter().flatten().collect::<Vec<_>>()).await?;
        let before: Before<K> = found.into_iter().map(|kept| (kept.key.clone(), kept)).collect();
        let Ready { prepared, rows } = std::mem::take(&mut self.ready);
        let (pen, mut sender) = self.write.hands();
        // The database is busy with the last rows while these are judged. No file names an item twice.
        let next = async {
            let (right, wrong) = self.judge.judge(statements, keys, &before).await;
            let right = if self.judge.lost() { Vec::new() } else { right };
            prepare(pen, right, &before).map(|ready| (ready, wrong))
        };
        let (sent, next) = join!(sender.send(prepared), next);
        for (outcome, rows) in sent?.into_iter().zip(rows) {
            self.judge.count(outcome, rows);
        }
        let (ready, wrong) = next?;
        self.ready = ready;
        Ok(wrong)
    }
}

/// Numbers rows and puts them into statements.
fn prepare<K: Intake>(pen: &mut Pen, right: Vec<Right<K>>, before: &Before<K>) -> Result<Ready, Error> {
    let rows = right.iter().map(|one| one.rows).collect();
    let items = right.into_iter().map(|one| (one.key, one.facts)).collect();
    Ok(Ready { prepared: pen.put_all::<K>(items, before)?, rows })
}
