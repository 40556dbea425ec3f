//! Changes of whatever version there is (`If-Match: *`): one that another change has overtaken, perhaps at another node, begins anew with
//! what there is now. A caller who names a version is refused instead.

use crate::error::IamError;
use crate::model::entity_tag;
use crate::refusal::{Reason, Refusal};
use crate::service::Iam;

/// The header that names a version.
const IF_MATCH: &str = "If-Match";

/// How often a change is tried: more than anybody changes one thing at the same moment.
const TRIES: u32 = 50;

impl Iam {
    /// Makes a change of the version that `if_match` names, or of whatever version there is.
    ///
    /// # Errors
    /// Those of the change, and when the database fails.
    pub(super) async fn change_version<T, F>(
        &self,
        if_match: &str,
        change: impl Fn() -> F,
    ) -> Result<T, IamError>
    where
        F: Future<Output = Result<T, IamError>>,
    {
        let tries = if entity_tag::is_any(if_match) {
            TRIES
        } else {
            1
        };
        for _ in 1..tries {
            let done = change().await;
            if !is_overtaken(&done) {
                return done;
            }
            self.sync().await?;
        }
        change().await
    }
}

/// The refusal of a change of a version that another change has replaced.
pub(super) fn overtaken(message: &'static str) -> IamError {
    IamError::Refused(Refusal::new(Reason::Conflict, message).field(IF_MATCH))
}

/// Whether it is that refusal.
fn is_overtaken<T>(done: &Result<T, IamError>) -> bool {
    let refusal = done.as_ref().err().and_then(IamError::refusal);
    refusal.is_some_and(|own| own.reason == Reason::Conflict && own.field == Some(IF_MATCH))
}
