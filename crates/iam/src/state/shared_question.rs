//! The question for changes, as requests cause it: a node asks one at a time, and each answer is for all who waited for it. However many
//! requests name what is not there, they keep one connection to the database busy and no more.

use crate::error::IamError;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// The questions of a node's requests, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct SharedQuestion {
    begun: AtomicU64,
    /// The last one that has ended; held while one is asked.
    ended: Mutex<Ended>,
}

#[derive(Debug, Default)]
struct Ended {
    number: u64,
    is_answered: bool,
}

impl SharedQuestion {
    /// Asks, or waits for the answer to a question that has begun since: it knows all that happened before this call.
    pub(crate) async fn ask<F>(&self, question: impl FnOnce() -> F) -> Result<(), IamError>
    where
        F: Future<Output = Result<(), IamError>>,
    {
        let before = self.begun.load(Ordering::Acquire);
        let mut ended = self.ended.lock().await;
        if ended.number > before {
            return match ended.is_answered {
                true => Ok(()),
                // Whoever asked is told why.
                false => Err(IamError::Silent),
            };
        }
        let number = self.begun.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        let answer = question().await;
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

    /// The answers to three who ask at once, and to one who asks later; and how many questions there were.
    async fn asked(is_answered: bool) -> ([Result<(), IamError>; 4], u64) {
        let (shared, may_end) = (SharedQuestion::default(), Semaphore::new(0));
        let ask = || {
            shared.ask(|| async {
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

    /// The first may have begun before the others had heard of what they look for, so these share the second.
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
