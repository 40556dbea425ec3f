//! The query for changes, where a request causes it: a node runs one at a time, and its result is for all who waited for it. However
//! many requests name objects that are not there, they keep one connection to the database busy and no more.

use crate::error::IamError;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// The queries that a node's requests have caused, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct SharedQuery {
    begun: AtomicU64,
    /// The number of the last one that has ended.
    last: AtomicU64,
    /// The last one that has ended; locked while one runs.
    ended: Mutex<Ended>,
}

/// A moment, by how many queries had begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueryMoment(u64);

#[derive(Debug, Default)]
struct Ended {
    number: u64,
    is_answered: bool,
}

impl SharedQuery {
    /// This moment.
    pub(crate) fn now(&self) -> QueryMoment {
        QueryMoment(self.begun.load(Ordering::Acquire))
    }

    /// Whether a query has ended that had begun after this moment.
    pub(crate) fn has_run_since(&self, QueryMoment(before): QueryMoment) -> bool {
        self.last.load(Ordering::Acquire) > before
    }

    /// Runs the query, or waits for the result of one that has begun after this moment: it includes all that happened before. Those who name
    /// one moment need one query.
    pub(crate) async fn run_since<F>(
        &self,
        QueryMoment(before): QueryMoment,
        query: impl FnOnce() -> F,
    ) -> Result<(), IamError>
    where
        F: Future<Output = Result<(), IamError>>,
    {
        let mut ended = self.ended.lock().await;
        if ended.number > before {
            return match ended.is_answered {
                true => Ok(()),
                // The caller who ran it has got the reason.
                false => Err(IamError::Silent),
            };
        }
        let number = self.begun.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        let answer = query().await;
        *ended = Ended {
            number,
            is_answered: answer.is_ok(),
        };
        self.last.store(number, Ordering::Release);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Semaphore;

    /// The answers to three who ask at once, and to one who asks later; and how many queries there were.
    async fn asked(is_answered: bool) -> ([Result<(), IamError>; 4], u64) {
        let (shared, may_end) = (SharedQuery::default(), Semaphore::new(0));
        let ask = || async {
            let query = || async {
                may_end.acquire().await.unwrap().forget();
                match is_answered {
                    true => Ok(()),
                    false => Err(IamError::BrokenOff),
                }
            };
            shared.run_since(shared.now(), query).await
        };
        let let_it_end = async {
            tokio::task::yield_now().await;
            may_end.add_permits(3);
        };
        let (first, second, third, ()) = tokio::join!(ask(), ask(), ask(), let_it_end);
        let later = ask().await;
        let begun = shared.begun.load(Ordering::Acquire);
        ([first, second, third, later], begun)
    }

    /// The first query may have begun before the changes that the others look for, so these share the second.
    #[tokio::test]
    async fn an_answer_is_for_all_who_waited_for_it() {
        let (answers, begun) = asked(true).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert_eq!(begun, 3);
    }

    #[tokio::test]
    async fn so_is_a_failure() {
        let (answers, begun) = asked(false).await;
        let is_told_why =
            |answer: &Result<(), IamError>| matches!(answer, Err(IamError::BrokenOff));
        assert!(answers.iter().all(Result::is_err), "{answers:?}");
        assert_eq!(answers.iter().filter(|one| is_told_why(one)).count(), 3);
        assert_eq!(begun, 3);
    }
}
