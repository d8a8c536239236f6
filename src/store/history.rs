//! Which history of the database is read. After a failover or a restore to an earlier moment PostgreSQL counts a new timeline:
//! entries of the one before may be gone and their numbers given again, so that nothing is right any more because of a number.

use std::sync::{Arc, Mutex, PoisonError};

/// The history that connections have seen.
#[derive(Debug, Clone, Default)]
pub(super) struct History(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    timeline: Option<String>,
    /// How many others there were before.
    changes: u64,
}

impl History {
    /// A new connection is on this timeline.
    pub(super) fn see(&self, timeline: String) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.timeline.replace(timeline);
        if before.is_some() && before != seen.timeline {
            tracing::warn!(?before, now = ?seen.timeline, "the database has another history: what was kept is let go of");
            seen.changes += 1;
        }
    }

    /// Its number, for this process alone: what was kept under another is not right any more.
    pub(super) fn number(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_timeline_is_another_history() {
        let history = History::default();
        for (timeline, number) in [("00000001", 0), ("00000001", 0), ("standby", 1), ("00000002", 2), ("00000002", 2)] {
            history.see(timeline.into());
            assert_eq!(history.number(), number, "{timeline}");
        }
    }
}
