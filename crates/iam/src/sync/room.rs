//! A database whose disk is full: nobody logs in and nothing is changed until there is room, and that is known from the last
//! write without writing anew. Whoever watches tries again, so that it is known as well once there is room.

use crate::error::IamError;
use crate::repo::counters;
use crate::service::Iam;

impl Iam {
    /// Whether the last write to the database found no room.
    #[must_use]
    pub fn is_out_of_room(&self) -> bool {
        self.0.db.is_out_of_room()
    }

    /// Writes a little, so that it is known whether there is room again.
    ///
    /// # Errors
    /// When there is none, or the database does not answer.
    pub async fn try_room(&self) -> Result<(), IamError> {
        let mut tx = self.0.db.begin().await?;
        counters::touch(&mut tx).await?;
        self.commit_unentered(tx).await
    }
}
