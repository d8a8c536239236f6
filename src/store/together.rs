//! Questions that are put together. While the database answers, others come who want the same thing of other rows; the next
//! question is put for all of them. Nobody is answered from before they asked, and nobody who is alone waits for others.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::Instrument;

use super::outage::Doubt;

/// The most that is asked at once.
const MOST: usize = 64;

/// Longer than this nobody waits for a question that was put for all.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who waits for an answer about what.
type Asker<K, V> = (K, oneshot::Sender<V>);

/// Those who wait, and whether somebody is asking for them.
struct Waiting<K, V> {
    askers: Vec<Asker<K, V>>,
    asked_for: bool,
}

/// Questions of one kind.
pub(super) struct Together<K, V> {
    waiting: Arc<Mutex<Waiting<K, V>>>,
    doubt: Doubt,
}

impl<K, V> Clone for Together<K, V> {
    fn clone(&self) -> Self {
        Self { waiting: self.waiting.clone(), doubt: self.doubt.clone() }
    }
}

impl<K, V> Together<K, V> {
    /// Questions to a database whose connections may be doubted.
    pub(super) fn new(doubt: Doubt) -> Self {
        Self { waiting: Arc::new(Mutex::new(Waiting { askers: Vec::new(), asked_for: false })), doubt }
    }
}

impl<K, V> std::fmt::Debug for Together<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Together").finish_non_exhaustive()
    }
}

impl<K: Clone + Send + 'static, V: Send + 'static> Together<K, V> {
    /// The answer to a question; nothing where asking failed. `read` answers several, in their order.
    pub(super) async fn ask<R>(&self, key: K, read: impl Fn(Vec<K>) -> R + Send + 'static) -> Option<V>
    where
        R: Future<Output = Option<Vec<V>>> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let nobody_asks = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.askers.push((key, sender));
            !std::mem::replace(&mut waiting.asked_for, true)
        };
        if nobody_asks {
            // A task of its own: it goes on when whoever asked first has gone.
            // In a trace it is part of what the first asked.
            tokio::spawn(Asking { questions: self.clone(), done: false }.go_on(read).in_current_span());
        }
        answer.await.ok()
    }

    /// Those who wait; where nobody does, nobody asks any more.
    fn next(&self) -> Option<Vec<Asker<K, V>>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.askers.retain(|(_, sender)| !sender.is_closed());
        if waiting.askers.is_empty() {
            waiting.asked_for = false;
            return None;
        }
        let most = waiting.askers.len().min(MOST);
        Some(waiting.askers.drain(..most).collect())
    }
}

/// Somebody who asks for all: when they stop before everybody was answered, those who wait hear it, and the next asks.
struct Asking<K, V> {
    questions: Together<K, V>,
    done: bool,
}

impl<K, V> Drop for Asking<K, V> {
    fn drop(&mut self) {
        if !self.done {
            let mut waiting = self.questions.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.askers.clear();
            waiting.asked_for = false;
        }
    }
}

impl<K: Clone + Send + 'static, V: Send + 'static> Asking<K, V> {
    /// Asks for all who wait, until nobody does.
    async fn go_on<R>(mut self, read: impl Fn(Vec<K>) -> R)
    where
        R: Future<Output = Option<Vec<V>>>,
    {
        while let Some(askers) = self.questions.next() {
            let (keys, senders): (Vec<K>, Vec<_>) = askers.into_iter().unzip();
            // Where it takes too long, or fails, everybody asks for themselves.
            let answers = tokio::time::timeout(PATIENCE, read(keys)).await;
            if answers.is_err() {
                self.questions.doubt.raise();
            }
            let answers = answers.ok().flatten();
            for (sender, answer) in senders.into_iter().zip(answers.into_iter().flatten()) {
                // Whoever is not there any more does not hear it.
                let _ = sender.send(answer);
            }
        }
        self.done = true;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[actix_web::test]
    async fn those_who_come_while_it_is_asked_share_the_next_question() {
        let (together, questions) = (Together::<usize, usize>::new(Doubt::default()), Arc::new(AtomicUsize::new(0)));
        let ask = |key: usize| {
            let (together, questions) = (together.clone(), questions.clone());
            async move {
                let read = move |keys: Vec<usize>| {
                    questions.fetch_add(1, Ordering::Relaxed);
                    async move {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        Some(keys.into_iter().map(|key| key * 10).collect())
                    }
                };
                together.ask(key, read).await
            }
        };
        let answers = futures_util::future::join_all((0..40).map(ask)).await;
        assert_eq!(answers, (0..40).map(|key| Some(key * 10)).collect::<Vec<_>>());
        assert!(questions.load(Ordering::Relaxed) <= 2, "{questions:?}");
        // And whoever comes later asks anew.
        assert_eq!(ask(7).await, Some(70));
    }

    #[actix_web::test]
    async fn who_cannot_be_answered_hears_it_and_the_next_is_asked_for() {
        let together = Together::<(), ()>::new(Doubt::default());
        assert_eq!(together.ask((), |_| async { None }).await, None);
        let panics = |_: Vec<()>| async { if true { panic!("broken") } else { None } };
        assert_eq!(together.ask((), panics).await, None);
        assert_eq!(together.ask((), |keys| async move { Some(keys) }).await, Some(()));
    }
}
