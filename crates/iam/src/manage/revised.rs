//! Changes of objects with versions. A caller names the version that they have read, or means whatever version there is (`If-Match: *`).
//! This node may not know the last version yet, because another node has just made it. So a change of an unknown version is refused only
//! after this node has asked the others, and a change that was overtaken by another one starts again with the new version.

use crate::audit::Entries;
use crate::error::IamError;
use crate::model::entity_tag;
use crate::refusal::{Reason, Refusal};
use crate::service::Iam;
use db::Tx;

/// The header that names a version.
const IF_MATCH: &str = "If-Match";

/// How often a change is tried. Each try waits for the account in the database, so whoever has come too late so often sends it again.
const TRIES: u32 = 5;

/// Why no version was changed, though any was meant.
const TOO_LATE: &str = "others change it at this moment, and each try came too late: send it again";

/// An object with versions, of which a caller may name one.
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
        let (mut has_asked, mut was_meant) = (false, false);
        for _ in 0..TRIES {
            let known = find().await?;
            was_meant = entity_tag::matches(if_match, &known.tag());
            if was_meant {
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
        Err(overtaken(if was_meant { TOO_LATE } else { T::CHANGED }))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AccountLimits, InvitationConfig};
    use base::time::ManualClock;
    use db::Db;
    use std::cell::Cell;
    use std::sync::Arc;

    struct Version(u32);

    impl Revised for Version {
        const CHANGED: &'static str = "it has changed";

        fn tag(&self) -> String {
            format!("{}-x", self.0)
        }

        fn is_like(&self, _: &Self) -> bool {
            false
        }
    }

    /// How often a change was tried that others always overtake, and how it was refused.
    async fn overtaken_always(if_match: &str) -> (u32, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("iam.db");
        let db = Db::open(&file.to_string_lossy()).await.unwrap();
        let (limits, clock) = (AccountLimits::default(), Arc::<ManualClock>::default());
        let iam = Iam::open_without_keys(db, limits, InvitationConfig::default(), 0, clock)
            .await
            .unwrap();
        let (found, tried) = (Cell::new(0), Cell::new(0));
        let find = || {
            found.set(found.get() + 1);
            let newest = Version(found.get());
            async { Ok::<_, IamError>(newest) }
        };
        let change = |_: Version| {
            tried.set(tried.get() + 1);
            async { Ok::<Option<Version>, IamError>(None) }
        };
        let changed = iam.change_version(if_match, find, change).await;
        let Err(IamError::Refused(refusal)) = changed.map(|_| ()) else {
            panic!("a change that was never stored is done");
        };
        assert_eq!(refusal.reason, Reason::Conflict);
        (tried.get(), refusal.message.into_owned())
    }

    #[tokio::test]
    async fn a_change_that_others_overtake_is_tried_a_few_times_and_no_more() {
        assert_eq!(overtaken_always("*").await, (TRIES, TOO_LATE.to_owned()));
    }

    #[tokio::test]
    async fn a_version_that_is_overtaken_is_not_tried_again() {
        let refused = (1, Version::CHANGED.to_owned());
        assert_eq!(overtaken_always("1-x").await, refused);
    }
}
