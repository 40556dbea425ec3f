//! An append-only journal on disk for records that wait to be sent on, such as the agent's buffer.
//!
//! A journal is a folder of files. [`Journal::append`] adds a record at the newest end and returns once it is on stable
//! storage; [`Journal::discard`] removes records at the oldest end. The size of the folder is bounded; [`WhenFull`]
//! says what happens at the bound.
//!
//! ```
//! # fn main() -> Result<(), journal::JournalError> {
//! # let folder = std::env::temp_dir().join(format!("journal-example-{}", std::process::id()));
//! use journal::{Journal, WhenFull};
//! let mut journal = Journal::open(&folder, 64 << 20, WhenFull::DropOldest)?;
//! journal.append(b"three samples", 3)?;
//! let oldest = journal.oldest(1 << 20, 5000)?;
//! // ... once somebody else has them:
//! journal.discard(&oldest)?;
//! assert_eq!(journal.weight(), 0);
//! # drop(journal);
//! # std::fs::remove_dir_all(&folder).ok();
//! # Ok(())
//! # }
//! ```

mod error;
mod folder;
mod frame;
mod log;
mod record;

pub use error::JournalError;
pub use log::{Journal, LostRecords, WhenFull};
pub use record::Record;
