//! Changes of what has versions. A caller names the version that they have read, or means whatever version there is (`If-Match: *`).
//! What this node knows may be older than what is meant: another node may have made the last version a moment ago. So a change of another
//! version is refused only when this node has asked, and one that another change has overtaken begins anew with what there is now.

use crate::audit::Entries;
use crate::error::IamError;
use crate::model::entity_tag;
use crate::refusal::{Reason, Refusal};
use crate::service::Iam;
use db::Tx;

/// The header that names a version.
const IF_MATCH: &str = "If-Match";

/// How often a change is tried: more than anybody changes one thing at the same moment.
const TRIES: u32 = 50;

/// What has versions, of which a caller may name one.
pub(super) trait Revised: Sized {
    /// The refusal of a change of another version than the last one.
    const CHANGED: &'static str;

    /// The tag of this version, for `If-Match`.
    fn tag(&self) -> String;

    /// Whether another version says the same, so that there is no change between the two.
    fn is_like(&self, other: &Self) -> bool;
}

impl Iam {
    /// Makes a change of the version that `if_match` names, or of whatever version there is. `change` gives none if another change
    /// has overtaken it.
    ///
    /// # Errors
    /// Those of `find` and `change`; when the last version is not the one that is meant.
    pub(super) async fn change_version<T, F, C>(
        &self,
        if_match: &str,
        find: impl Fn() -> F,
        change: impl Fn(T) -> C,
    ) -> Result<T, IamError>
    where
        T: Revised,
        F: Future<Output = Result<T, IamError>>,
        C: Future<Output = Result<Option<T>, IamError>>,
    {
        let mut has_asked = false;
        for _ in 0..TRIES {
            let known = find().await?;
            let is_meant = entity_tag::matches(if_match, &known.tag());
            if is_meant {
                if let Some(changed) = change(known).await? {
                    return Ok(changed);
                }
            } else if has_asked {
                break;
            }
            // Another node has perhaps made the version that is meant, or the change that was faster.
            self.sync().await?;
            has_asked = true;
        }
        Err(overtaken(T::CHANGED))
    }

    /// Commits a change of a version: none if it is not stored, because another was faster. If both versions say the same there is no
    /// change: it is still of the old one, and the transaction is dropped.
    pub(super) async fn commit_version<T: Revised>(
        &self,
        tx: Tx,
        is_stored: bool,
        (old, new): (T, T),
        entries: impl Into<Entries>,
    ) -> Result<Option<T>, IamError> {
        if !is_stored {
            return Ok(None);
        }
        if new.is_like(&old) {
            return Ok(Some(old));
        }
        self.commit(tx, entries).await?;
        Ok(Some(new))
    }
}

/// The refusal of a change of a version that another change has replaced.
pub(super) fn overtaken(message: &'static str) -> IamError {
    IamError::Refused(Refusal::new(Reason::Conflict, message).field(IF_MATCH))
}
