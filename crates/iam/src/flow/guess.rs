//! Guessing of keys, one-time codes and refresh tokens. They are far too strong to be guessed, and whoever has a right one
//! is never stopped; a source that sends many wrong ones is told to wait, is counted, and stands in the log.

use crate::audit::{Action, Credential, Origin, Refused};
use crate::error::IamError;
use crate::service::Iam;
use base::error::Kind;
use base::id::{AccountId, KeyId, UserId};
use base::limit;
use base::source::Source;

/// The codes of a proof that is none: unknown keys, codes and refresh tokens, in the words of both token services.
const WRONG: [&str; 6] = [
    "BXNIM0415E",
    "BXNIM0407E",
    "BXNIM0602E",
    "invalid_grant",
    "invalid_token",
    "unsupported_token_type",
];

/// The code of a password that is wrong or has to wait, which is entered where the person is known.
const PASSWORD: &str = "BXNIM0602E";

/// The codes of a client that is missing or unknown.
const CLIENT: [&str; 2] = ["BXNIM0308E", "unauthorized"];

impl Iam {
    /// Enters that a proof was refused.
    pub(crate) fn note_refusal<T>(&self, shown: Credential, answer: &Result<T, IamError>) {
        let Err(IamError::Refused(problem)) = answer else {
            return;
        };
        let is_entered = shown == Credential::Password && problem.code == PASSWORD;
        if is_entered || !matches!(problem.kind, Kind::Invalid | Kind::Unauthenticated) {
            return;
        }
        // The proof was not even looked at.
        if CLIENT.contains(&problem.code) {
            return self.note_client_refused(problem.code);
        }
        self.note_refused(Refused {
            action: Action::ProofRefused,
            user: None,
            account: None,
            credential: shown,
            why: problem.code,
        });
    }

    /// Enters that the program which asked was refused: no proof of a person was looked at.
    pub fn note_client_refused(&self, why: &'static str) {
        self.note_refused(Refused {
            action: Action::ClientRefused,
            user: None,
            account: None,
            credential: Credential::None,
            why,
        });
    }

    /// Counts a refusal in the audit: one entry for all of the same kind, source and person within a minute.
    pub fn note_refused(&self, refused: Refused) {
        let now = self.0.clock.now();
        self.0.counts.refused(refused, &Origin::current(), now);
    }

    /// Counts a request of a verified caller.
    pub fn note_caller(
        &self,
        user: UserId,
        account: Option<AccountId>,
        shown: (Credential, Option<KeyId>),
        source: Source,
    ) {
        let now = self.0.clock.now();
        self.0.counts.request(user, account, shown, source, now);
    }

    /// Counts an answer that says a key, code or token is wrong; one too many becomes 429 with a time to wait.
    ///
    /// # Errors
    /// The answer's own, slowed or not.
    pub fn slow_guesses<T>(
        &self,
        source: Source,
        answer: Result<T, IamError>,
    ) -> Result<T, IamError> {
        let mut problem = match answer {
            Err(IamError::Refused(problem)) if WRONG.contains(&problem.code) => problem,
            other => return other,
        };
        let is_wrong = matches!(problem.kind, Kind::Invalid | Kind::Unauthenticated);
        let now = self.0.clock.now();
        let wait = source
            .key()
            .filter(|_| is_wrong)
            .and_then(|key| self.0.logins.throttle.guess(key, now));
        if let Some(wait) = wait {
            problem.kind = Kind::Busy;
            problem.hint = Some(
                "too many wrong keys, codes or refresh tokens come from your network (`guesses_per_source`); right ones go on working"
                    .into(),
            );
            problem = problem
                .limit(&limit::GUESSES_PER_SOURCE)
                .retry_after(seconds(wait));
        }
        Err(IamError::Refused(problem))
    }
}

/// Whole seconds that last as long, one at least.
pub(crate) fn seconds(milliseconds: i64) -> u64 {
    let milliseconds = u64::try_from(milliseconds).unwrap_or(0);
    milliseconds.div_ceil(1000).max(1)
}
