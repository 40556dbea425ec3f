//! Rewriting segments: those of one day, or of many, are merged into fewer, and what was deleted of them is left out (a purge).
//!
//! The words of this folder:
//!
//! - A **late segment** holds back-dated samples of many days, so that a flush writes a bounded number of files.
//! - A **group** is the segments that may be merged with each other: those of one day, or all late ones.
//! - A **run** is neighbours of a group, by their sequence, that may become one segment without a change of order.
//! - A **purge** rewrites segments because they hold deleted samples, and leaves those out.
//! - To **claim** a purge is to find that a run needs one, and to spend the budget on it.
//!
//! A pass, from the whole to its parts:
//!
//! - [`pass`] says which groups are rewritten, in which order, and how that ended. What it remembers from one pass to the next is outside
//!   of this folder, since the store keeps it: which purges are due ([`crate::purge_schedule`]), how much they may rewrite
//!   ([`crate::purge_budget`]), and which merges are not tried for a while ([`crate::failed_merges`]).
//! - [`group`] goes through a group: it collects its runs of neighbours ([`runs`]), finds out whether a run holds deleted samples
//!   ([`purge_search`], by the [`deletions`] of one moment), chooses what of the run becomes one segment ([`choose_merge`]), and has
//!   that merged.
//! - [`merge`] makes the new segment ([`merge_plan`]) and publishes it.
//!
//! The steps of [`merge`], and in italics what the next start does when a crash follows:
//!
//! 1. Without a lock: the new segment is planned, and the room for it on the disk is checked. *Nothing has changed.*
//! 2. Its file is written, series by series ([`copy`], [`series_union`]), with no more of the old ones in memory than a block each.
//!    Between two pieces it ends where the engine does. *The file is removed: the manifest does not name it.*
//! 3. The log is synced, then the file: a sample that is left out must stay deleted. *The same.*
//! 4. With the manifest's lock: the manifest names the new segment in place of the run, if that is still there as a whole. *It reads the
//!    new one, and removes the others.*
//! 5. With a shard's lock after the other: days without remaining samples are forgotten. *It learns them from the segments.*
//! 6. The old files are removed; readers that have them open read on. *It removes what is left of them.*
//!
//! A failure or a panic before step 4 removes the new file ([`unpublished_file`]), and the old segments stay as they are. Damage is
//! named, and its group left alone for a pause ([`crate::failed_merges`]); a full disk or a lack of descriptors is tried again
//! later. Any other failure of writing poisons the store.

mod choose_merge;
mod copy;
mod deletions;
mod group;
mod merge;
mod merge_plan;
mod pass;
mod purge_search;
mod runs;
mod series_union;
mod unpublished_file;

/// When a purge rewrites days for the bytes that it frees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purge {
    /// Whenever there are any.
    Now,
    /// Once in a while, or when deletions have become many, and no more than a budget allows
    /// ([`crate::purge_schedule::PurgeSchedule`]).
    WhenWorthIt,
}
