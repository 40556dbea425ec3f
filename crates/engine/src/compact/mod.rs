//! Rewriting segments: merging those of one day into fewer.

mod copy;
mod deletions;
mod merge;
mod merge_run;
mod pass;
mod run;
mod series_union;
mod unwinding;

/// When the bytes of deleted samples are worth rewriting days for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purge {
    /// Whenever there are any.
    Now,
    /// Once in a while, or when deletions have become many, and no more than a budget allows
    /// ([`crate::purge_schedule::PurgeSchedule`]).
    WhenWorthIt,
}
