//! How a change begins: in a turn of its own, in one shared with others, or as an attempt that holds nothing.

use sea_orm::{SqliteTransactionMode, TransactionOptions, TransactionTrait};

use super::pen::Pen;
use super::stamp::Stamp;
use super::text::Sending;
use super::turns::{Hold, Open, PATIENCE, Turns};
use super::write::Write;
use super::{Error, Store, journal};

impl Store {
    /// Begins a change. Writers of one county wait for each other here, so that what a rule reads stays true.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(&self, stamp: Stamp) -> Result<Write, Error> {
        let room = tokio::time::timeout(PATIENCE, self.large.clone().acquire_owned()).await.map_err(|_| Error::Busy)?;
        let room = room.map_err(|_| Error::Corrupt("nobody may begin any more".into()))?;
        Ok(self.begin_in(&Turns::new(self.doubt.clone(), self.history.clone()), stamp).await?.keeping(room))
    }

    /// Begins a change of one item, which may share its transaction with others like it.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_small(&self, stamp: Stamp) -> Result<Write, Error> {
        self.begin_in(&self.turns, stamp).await
    }

    #[tracing::instrument(level = "debug", skip_all, name = "wait for a turn")]
    async fn begin_in(&self, turns: &Turns, stamp: Stamp) -> Result<Write, Error> {
        /// How often it is begun where the history of the database changes meanwhile: with a new connection once.
        const TRIES: usize = 3;
        let turn = turns.take(async || {
            let begin = || async {
                for _ in 0..TRIES {
                    let history = self.history.number();
                    let transaction = self.writing.begin_with_options(for_writing()).await?;
                    let position = journal::lock(&transaction, &self.county).await?;
                    if self.history.is_still(history) {
                        return Ok(Open::new(transaction, position, history));
                    }
                }
                Err(Error::Away("the database is another each time".into()))
            };
            self.insisting(begin).await
        });
        let turn = turn.await?;
        let history = turn.history();
        Ok(self.write(Hold::Turn(turn), stamp, history))
    }

    /// Attempts a change of one item without holding anything; nothing where there are others, or it cannot be attempted.
    ///
    /// # Errors
    /// The database's.
    pub async fn attempt(&self, stamp: Stamp) -> Result<Option<Write>, Error> {
        let Some(connection) = self.attempting.as_ref().filter(|_| !self.many_machines) else { return Ok(None) };
        let position = async || self.insisting(|| journal::position(connection, &self.county)).await;
        // Before anything is read: where it is another afterwards, the statement does nothing.
        let (number, Some(timeline)) = self.history.now() else { return Ok(None) };
        let attempt = self.turns.attempt(connection, (number, timeline), position).await?;
        let attempt = attempt.filter(|_| self.history.is_still(number));
        Ok(attempt.map(|attempt| self.write(Hold::Attempt(attempt), stamp, number)))
    }

    fn write(&self, hold: Hold, stamp: Stamp, history: u64) -> Write {
        let condition = matches!(hold, Hold::Attempt(_));
        let backend = self.writing.get_database_backend();
        // Rows on several machines find theirs by the county of each row.
        let sending = if self.many_machines { Sending::Each(backend) } else { Sending::best(backend) };
        let pen = Pen::new(self.county.clone(), stamp, sending, hold.position().clone(), condition);
        Write::new(pen, hold, self.known.clone(), history, !self.many_machines)
    }
}

/// A transaction that reads before it writes: on SQLite it must be the writer from the beginning.
pub(super) fn for_writing() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}
