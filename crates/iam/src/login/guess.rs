//! Guessing of keys, one-time codes and refresh tokens. They are far too strong to be guessed, and whoever has a right one
//! is never stopped; a source that sends many wrong ones is told to wait, is counted, and stands in the log.

use crate::error::IamError;
use crate::service::Iam;
use base::error::Kind;
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

impl Iam {
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
            self.0.events.guesses_slowed(now, source);
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
