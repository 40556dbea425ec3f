//! A database on a full disk: nobody can log in or change anything until there is room. The last write tells whether
//! there is room, so a check needs no write. The watching task tries again, so that new room is noticed, too.

use crate::error::IamError;
use crate::repo::counters;
use crate::service::Iam;

impl Iam {
    /// Whether the last write to the database failed for lack of room.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        self.0.db.is_disk_full()
    }

    /// Writes a little, to find out whether there is room again.
    ///
    /// # Errors
    /// When there is no room, or the database does not answer.
    pub async fn probe_disk_space(&self) -> Result<(), IamError> {
        let mut tx = self.0.db.begin().await?;
        counters::touch(&mut tx).await?;
        self.commit_unaudited(tx).await
    }
}
