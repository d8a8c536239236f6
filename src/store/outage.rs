//! Failures that pass: the database goes away and comes back, others keep it, a statement is cut off. Whoever asked may ask
//! again; everything else is a mistake of the service.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Which connections are doubted.
#[derive(Debug, Clone, Default)]
pub(super) struct Doubt(Arc<Mutex<Doubted>>);

#[derive(Debug, Default)]
struct Doubted {
    /// When one was found dead: for a while each is tried before it is used.
    raised: Option<Instant>,
    /// When those of before became useless.
    orphaned: Option<Instant>,
}

impl Doubt {
    /// How long.
    const LASTING: Duration = Duration::from_secs(2);

    fn get(&self) -> MutexGuard<'_, Doubted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One was found dead.
    pub(super) fn raise(&self) {
        self.get().raised = Some(Instant::now());
    }

    /// Whoever opened those that are there is gone, or what they were opened to.
    pub(super) fn orphan(&self) {
        self.get().orphaned = Some(Instant::now());
    }

    /// Whether each is to be tried.
    pub(super) fn is_raised(&self) -> bool {
        self.get().raised.is_some_and(|raised| raised.elapsed() < Self::LASTING)
    }

    /// Whether one of this age is of no use. Whoever waits for its answer gets an error, but an answer that is there already
    /// comes through: that it was tried says nothing of the next.
    pub(super) fn is_orphan(&self, age: Duration) -> bool {
        self.get().orphaned.is_some_and(|orphaned| age > orphaned.elapsed())
    }
}

/// What kind of failure that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outage {
    /// The database is not there, or is going.
    Away,
    /// Others keep it.
    Busy,
    /// A statement was cut off.
    Slow,
}

/// What kind of failure it is, if it is one that passes.
pub(super) fn of(error: &sqlx::Error) -> Option<Outage> {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            Some(Outage::Away)
        }
        sqlx::Error::PoolTimedOut => Some(Outage::Busy),
        sqlx::Error::Database(told) => {
            let code = told.code()?;
            // SQLite tells numbers; of an extended code the low byte is the code itself.
            match code.parse::<u32>() {
                Ok(number) if !code.is_empty() && code.len() < 5 => of_sqlite(number),
                _ => of_postgres(&code),
            }
        }
        _ => None,
    }
}

/// <https://sqlite.org/rescode.html>
fn of_sqlite(code: u32) -> Option<Outage> {
    match code & 0xff {
        // SQLITE_BUSY, SQLITE_LOCKED
        5 | 6 => Some(Outage::Busy),
        // SQLITE_INTERRUPT
        9 => Some(Outage::Slow),
        // SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
        10 | 13 | 14 => Some(Outage::Away),
        _ => None,
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn of_postgres(code: &str) -> Option<Outage> {
    match code {
        // admin_shutdown, crash_shutdown, cannot_connect_now; a standby that was not promoted yet; a session that slept
        "57P01" | "57P02" | "57P03" | "57P05" | "25006" | "25P03" => Some(Outage::Away),
        // query_canceled, by the limit on statements
        "57014" => Some(Outage::Slow),
        // too_many_connections, lock_not_available, serialization_failure, deadlock_detected
        "53300" | "55P03" | "40001" | "40P01" => Some(Outage::Busy),
        // connection exceptions; out of disk or memory
        _ if code.starts_with("08") || code.starts_with("53") => Some(Outage::Away),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_there_before_is_an_orphan_and_who_came_later_is_none() {
        let (doubt, minute) = (Doubt::default(), Duration::from_mins(1));
        assert!(!doubt.is_orphan(minute));
        doubt.orphan();
        assert_eq!([Duration::ZERO, minute].map(|age| doubt.is_orphan(age)), [false, true]);
    }

    #[test]
    fn what_passes_is_told_from_what_is_wrong() {
        for (code, outage) in [
            ("57P01", Some(Outage::Away)),
            ("08006", Some(Outage::Away)),
            ("53100", Some(Outage::Away)),
            ("53300", Some(Outage::Busy)),
            ("57014", Some(Outage::Slow)),
            ("23505", None),
            ("42P01", None),
        ] {
            assert_eq!(of_postgres(code), outage, "{code}");
        }
        // SQLITE_BUSY_SNAPSHOT, SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_CONSTRAINT_UNIQUE
        for (code, outage) in
            [(517, Some(Outage::Busy)), (13, Some(Outage::Away)), (778, Some(Outage::Away)), (2067, None)]
        {
            assert_eq!(of_sqlite(code), outage, "{code}");
        }
        assert_eq!(of(&sqlx::Error::PoolTimedOut), Some(Outage::Busy));
        assert_eq!(of(&sqlx::Error::RowNotFound), None);
    }
}
