//! Which history of the database is read. After a failover or a restore to an earlier moment PostgreSQL counts a new timeline:
//! entries of the one before may be gone and their numbers given again, so that nothing is right any more because of a number.

use std::sync::{Arc, Mutex, PoisonError};

/// What PostgreSQL calls the history that a session reads. Of a standby nobody knows yet what it will be promoted to.
pub(super) const TIMELINE: &str =
    "CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END";

/// The history that connections have seen.
#[derive(Debug, Clone, Default)]
pub(super) struct History(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    timeline: Option<Arc<str>>,
    /// How many others there were before.
    changes: u64,
}

impl History {
    /// A connection is on this timeline; whether that is another than before.
    pub(super) fn see(&self, timeline: &str) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.timeline.replace(timeline.into());
        let changed = before.is_some() && before != seen.timeline;
        if changed {
            tracing::warn!(?before, now = ?seen.timeline, "the database has another history: what was kept is let go of");
            seen.changes += 1;
        }
        changed
    }

    /// Its number, for this process alone: what was kept under another is not right any more.
    pub(super) fn number(&self) -> u64 {
        self.now().0
    }

    /// Its number, if it has been the same since it had this one; else nobody can say which was read meanwhile.
    pub(super) fn still(&self, number: u64) -> Option<u64> {
        (self.number() == number).then_some(number)
    }

    /// Its number, and what the database calls it; nothing where the database has but one.
    pub(super) fn now(&self) -> (u64, Option<Arc<str>>) {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.changes, seen.timeline.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_timeline_is_another_history() {
        let history = History::default();
        for (timeline, number) in [("00000001", 0), ("00000001", 0), ("standby", 1), ("00000002", 2), ("00000002", 2)] {
            history.see(timeline);
            assert_eq!(history.number(), number, "{timeline}");
        }
    }
}
