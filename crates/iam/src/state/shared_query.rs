//! The query for changes, where a request causes it: a node runs one at a time, and its result is for all who waited for it. However
//! many requests name objects that are not there, they keep one connection to the database busy and no more.

use crate::error::IamError;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// The queries that a node's requests have caused, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct SharedQuery {
    begun: AtomicU64,
    /// The last one that has ended; locked while one runs.
    ended: Mutex<Ended>,
}

#[derive(Debug, Default)]
struct Ended {
    number: u64,
    is_answered: bool,
}

impl SharedQuery {
    /// Runs the query, or waits for the result of one that has begun since this call: it includes all that happened before.
    pub(crate) async fn run<F>(&self, query: impl FnOnce() -> F) -> Result<(), IamError>
    where
        F: Future<Output = Result<(), IamError>>,
    {
        let before = self.begun.load(Ordering::Acquire);
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
        let ask = || {
            shared.run(|| async {
                may_end.acquire().await.unwrap().forget();
                match is_answered {
                    true => Ok(()),
                    false => Err(IamError::BrokenOff),
                }
            })
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
