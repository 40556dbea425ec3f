//! Guessing of keys, one-time codes and refresh tokens. They are far too strong to be guessed, and a right one is never
//! refused for earlier wrong ones. A source that sends many wrong ones is slowed, counted and logged.

use crate::audit::{Action, Credential, Origin, Refused, RefusedWorkload};
use crate::error::IamError;
use crate::refusal::{Reason, Remedy};
use crate::service::Iam;
use base::id::{AccountId, KeyId};
use base::limit;
use base::principal::Principal;
use base::source::Source;
use std::sync::Arc;

impl Iam {
    /// Records a refused proof.
    pub(crate) fn note_refusal<T>(&self, presented: Credential, answer: &Result<T, IamError>) {
        let Err(IamError::Refused(problem)) = answer else {
            return;
        };
        let reason = &problem.reason;
        let is_there = presented == Credential::Password && *reason == Reason::WrongProof;
        if is_there || problem.is_slowed || !reason.is_entered() {
            return;
        }
        let why = (self.0.config.refusal_word)(problem);
        // The proof was not checked at all.
        if *reason == Reason::NoClient {
            return self.note_client_refused(why);
        }
        self.note_refused(Refused {
            action: Action::ProofRefused,
            principal: None,
            account: problem.closed_account(),
            credential: presented,
            why,
        });
    }

    /// Counts the refused login of a workload in the audit, with what is known of it.
    pub(crate) fn note_refused_workload(&self, why: &'static str, workload: RefusedWorkload) {
        let refused = Refused {
            action: Action::ProofRefused,
            principal: None,
            account: workload.account,
            credential: Credential::CrToken,
            why,
        };
        let now = self.0.clock.now();
        let counts = &self.0.counts;
        counts.refused(refused, Some(Arc::new(workload)), &Origin::current(), now);
    }

    /// Records a refused client program: no user's proof was checked.
    pub fn note_client_refused(&self, why: &'static str) {
        self.note_refused(Refused {
            action: Action::ClientRefused,
            principal: None,
            account: None,
            credential: Credential::None,
            why,
        });
    }

    /// Counts a refusal in the audit: one entry for all of the same kind, source and user within a minute.
    pub fn note_refused(&self, refused: Refused) {
        let now = self.0.clock.now();
        self.0
            .counts
            .refused(refused, None, &Origin::current(), now);
    }

    /// Counts a request of a verified caller.
    pub fn note_caller(
        &self,
        principal: Principal,
        account: Option<AccountId>,
        presented: (Credential, Option<KeyId>),
        source: Source,
    ) {
        let now = self.0.clock.now();
        if let ((Credential::ApiKey, key), Some(account)) = (presented, account) {
            self.note_authenticated(account, principal, key);
        }
        self.0
            .counts
            .request(principal, account, presented, source, now);
    }

    /// Counts an answer to a wrong key, code or token; beyond the limit it becomes 429 with a time to wait.
    ///
    /// # Errors
    /// The original answer, or 429.
    pub(crate) fn slow_guesses<T>(
        &self,
        source: Source,
        answer: Result<T, IamError>,
    ) -> Result<T, IamError> {
        let mut problem = match answer {
            Err(IamError::Refused(problem)) if problem.reason.is_wrong_guess() => problem,
            other => return other,
        };
        if let Some(wait) = self.count_guess(source) {
            problem.is_slowed = true;
            problem = problem
                .remedy(Remedy::StopGuessing)
                .limit_for(&limit::GUESSES_PER_SOURCE, wait);
        }
        Err(IamError::Refused(problem))
    }

    /// Counts a wrong key, code or token of this source. Beyond the limit: after how many seconds it may try again.
    #[must_use]
    pub fn count_guess(&self, source: Source) -> Option<u64> {
        let now = self.0.clock.now();
        let wait = self.0.logins.throttle.guess(source.key()?, now);
        wait.map(seconds)
    }
}

/// The time in whole seconds, rounded up, at least one.
pub(crate) fn seconds(milliseconds: i64) -> u64 {
    let milliseconds = u64::try_from(milliseconds).unwrap_or(0);
    milliseconds.div_ceil(1000).max(1)
}
