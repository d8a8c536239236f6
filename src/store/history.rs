//! Which history of the database is read. After a failover or a restore to an earlier moment PostgreSQL counts a new timeline:
//! entries of the one before may be gone and their numbers given again, so that nothing is right any more because of a number.

use std::sync::{Arc, Mutex, PoisonError};

use super::outage::Doubt;

/// What the history that a session reads is called: the timeline, and when the server began. Of a standby nobody knows yet what
/// it will be promoted to; and two that were promoted one after the other, or a disk that was put back, may count the same.
pub(super) const TIMELINE: &str = "CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END \
     || ' ' || extract(epoch FROM pg_postmaster_start_time())";

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
    /// A connection is on this timeline. Where that is another than before, connections of before may be to a server that was
    /// replaced and does not know it.
    pub(super) fn see(&self, timeline: &str, doubt: &Doubt) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.timeline.replace(timeline.into());
        if before.is_some() && before != seen.timeline {
            tracing::warn!(?before, now = ?seen.timeline, "the database was started again, or is another: what was kept is let go of");
            doubt.orphan();
            seen.changes += 1;
        }
    }

    /// Its number, for this process alone: what was kept under another is not right any more.
    pub(super) fn number(&self) -> u64 {
        self.now().0
    }

    /// Whether it is still the one of this number; else nobody can say which was read meanwhile.
    pub(super) fn is_still(&self, number: u64) -> bool {
        self.number() == number
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
            history.see(timeline, &Doubt::default());
            assert_eq!(history.number(), number, "{timeline}");
        }
    }
}
