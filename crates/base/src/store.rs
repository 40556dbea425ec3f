//! The interface of every sample store. The embedded engine and, where one machine is outgrown, a ClickHouse cluster stand behind it.

mod append;
mod read_part;

pub use append::{Durability, SeriesQuota};
pub use read_part::{PartsVisitor, ReadPart};

use crate::context::Context;
use crate::cursor::SeriesVisitor;
use crate::sample::{Appended, Batch};
use crate::scope::{Metering, Operator, Scope};
use crate::selector::Selector;
use crate::series::SeriesKey;
use crate::time::TimeRange;
use std::ops::ControlFlow;
use std::path::Path;

pub use crate::shape::Shape;
pub use crate::store_error::{Outage, StoreError, Unavailable};

/// Which nodes of the name tree to list.
#[derive(Debug, Clone)]
pub struct FindQuery<'a> {
    /// Of whole paths: `a.*` lists the children of `a`. A branch fits like a series of its path without labels.
    pub selector: &'a Selector,
    /// Only what has samples in this range; `None` for everything known.
    pub range: Option<TimeRange>,
    /// Whether series with labels count, as leaves and for the branches above them.
    pub labelled: bool,
}

/// A node of the name tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// Full path from the root of the domain; of a series with labels its Graphite text.
    pub path: String,
    /// A series has this very name.
    pub leaf: bool,
    /// Series that the caller may see lie below it. A node can be both.
    pub branch: bool,
}

/// Which samples to read.
#[derive(Debug, Clone)]
pub struct FetchQuery<'a> {
    /// Which series.
    pub selector: &'a Selector,
    /// As what.
    pub shape: Shape,
}

/// What to delete: every series that matches and, unless `exact`, every series below a matching node.
#[derive(Debug, Clone)]
pub struct DeleteQuery<'a> {
    /// Which nodes.
    pub selector: &'a Selector,
    /// Only the samples of this range (the series stays); `None` deletes the series altogether.
    pub range: Option<TimeRange>,
    /// Do not delete series below the node.
    pub exact: bool,
    /// Only count.
    pub dry_run: bool,
    /// How many names to tell.
    pub names: usize,
}

/// What a deletion touched (or, dry, would touch).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deleted {
    /// Series that fit, or lie below a node that fits.
    pub series: u64,
    /// Those of them that only lie below one.
    pub series_below: u64,
    /// The first of them, ascending; as many as were asked for.
    pub names: Vec<SeriesKey<'static>>,
}

/// What a tenant occupies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Series that exist.
    pub series: u64,
    /// Samples kept, those deleted or overwritten but not yet purged included.
    pub samples: u64,
    /// Bytes they take.
    pub bytes: u64,
}

/// What a copy of the store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// One figure of the store about itself, for the server's own metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Metric name without prefix, for example `wal_bytes_total`; counters end in `_total`.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// The value now.
    pub value: f64,
}

/// Keeps samples of many tenants. Calls block; the scope comes first, and a store acts on no tenant but the scope's, and as
/// if there were no series but those that the scope reaches with the action ([`Scope::filter`]). What is no tenant's own
/// takes another proof: [`Metering`] counts what one keeps, and [`Operator`] has all of it.
pub trait SampleStore: Send + Sync + std::fmt::Debug {
    /// Stores a batch; equal instants of one series: the last one wins. Needs [`crate::scope::Action::Write`].
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] when nothing was stored. [`StoreError::Unavailable`] for any [`Outage`]: nobody may rely on
    /// the samples, but some or all of them may be stored, or be so later, as what found no room may be kept in memory and
    /// tried again. Sending the same batch again is right in either case, since equal samples count once.
    fn append_with_quota(
        &self,
        scope: &Scope,
        batch: &Batch,
        durability: Durability,
        quota: SeriesQuota,
    ) -> Result<Appended, StoreError>;

    /// Stores a batch as [`Self::append_with_quota`] does, with no limit on new series but the store's own.
    ///
    /// # Errors
    /// The same.
    fn append(
        &self,
        scope: &Scope,
        batch: &Batch,
        durability: Durability,
    ) -> Result<Appended, StoreError> {
        self.append_with_quota(scope, batch, durability, SeriesQuota::UNLIMITED)
    }

    /// Lists nodes of the name tree, ascending by path. Needs [`crate::scope::Action::Find`].
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when `context` ends it.
    fn find(
        &self,
        scope: &Scope,
        query: &FindQuery<'_>,
        context: &Context,
    ) -> Result<Vec<Node>, StoreError>;

    /// Reads samples of one state of the store, in the shape that each query asks for, and hands out one
    /// [`crate::cursor::Cursor`] per fitting series, query after query, in each ascending by key, also where a series has no
    /// sample in the range. `take` may end it with [`ControlFlow::Break`], which is no error. Needs [`crate::scope::Action::Render`].
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when `context` ends it: before the first series of the first query where what is needed for
    /// all is known by then (the names, and what directories of files say), else while samples are read. What `take` says.
    fn read_all(
        &self,
        scope: &Scope,
        queries: &[FetchQuery<'_>],
        context: &Context,
        take: &mut SeriesVisitor<'_>,
    ) -> Result<(), StoreError> {
        self.read_parts(scope, queries, context, &mut |parts| {
            for part in parts {
                if part.read_out(context, take)?.is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Finds the same series, and hands them out in parts for `visit` to read: an answer to few queries with little to read is
    /// one part of each. Needs [`crate::scope::Action::Render`].
    ///
    /// # Errors
    /// As [`Self::read_all`], and what `visit` says.
    fn read_parts(
        &self,
        scope: &Scope,
        queries: &[FetchQuery<'_>],
        context: &Context,
        visit: &mut PartsVisitor<'_>,
    ) -> Result<(), StoreError>;

    /// Deletes series, or samples of a range. Durable when it returns. Needs [`crate::scope::Action::Delete`]. `context`
    /// can end it while it searches; what is found is deleted as a whole.
    ///
    /// `begin` gets what was found, before any of it is deleted and with no lock held. If it breaks, nothing is deleted and
    /// `None` is returned. It is not called if nothing matches.
    ///
    /// # Errors
    /// As [`Self::append`]; [`StoreError::Stopped`] when nothing was deleted.
    fn delete_with_hook(
        &self,
        scope: &Scope,
        query: &DeleteQuery<'_>,
        context: &Context,
        begin: &mut dyn FnMut(&Deleted) -> ControlFlow<()>,
    ) -> Result<Option<Deleted>, StoreError>;

    /// The same, without the hook.
    ///
    /// # Errors
    /// As [`Self::delete_with_hook`].
    fn delete(
        &self,
        scope: &Scope,
        query: &DeleteQuery<'_>,
        context: &Context,
    ) -> Result<Deleted, StoreError> {
        let mut begin = |_: &Deleted| ControlFlow::Continue(());
        let deleted = self.delete_with_hook(scope, query, context, &mut begin)?;
        Ok(deleted.unwrap_or_default())
    }

    /// Deletes everything that the scope's tenant has, whatever was asked of it before. Durable when it returns. Needs
    /// [`crate::scope::Action::Delete`], and deletes what that reaches. Returns how many series there were.
    ///
    /// # Errors
    /// As [`Self::delete`].
    fn drop_tenant(&self, scope: &Scope, context: &Context) -> Result<u64, StoreError> {
        let everything = DeleteQuery {
            selector: &Selector::all(),
            range: None,
            exact: false,
            dry_run: false,
            names: 0,
        };
        Ok(self.delete(scope, &everything, context)?.series)
    }

    /// What a tenant occupies.
    ///
    /// # Errors
    /// When it cannot be counted.
    fn usage(&self, metering: &Metering) -> Result<Usage, StoreError>;

    /// Brings everything to stable storage in its long-term form; called at shutdown.
    ///
    /// # Errors
    /// As [`Self::append`].
    fn flush(&self) -> Result<(), StoreError>;

    /// Whether it takes writes. Never waits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the reason.
    fn health(&self) -> Result<(), StoreError>;

    /// Copies everything that was acknowledged before into the folder `dir`, which it makes, as another store opens it; what
    /// is written, deleted or rewritten meanwhile goes on. It is every tenant's, so it takes the operator's word.
    ///
    /// # Errors
    /// When there was anything in `dir`, or it cannot be written; what is in it then is no store.
    /// [`StoreError::Unsupported`].
    fn copy_to(&self, _: &Operator, _dir: &Path) -> Result<Copied, StoreError> {
        Err(StoreError::Unsupported("be copied while it is open"))
    }

    /// Whether the disk has space for samples, as far as is known. May ask the file system.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with [`Outage::DiskFull`] or [`Outage::DiskReserveReached`].
    fn check_disk_space(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Figures about itself, of all tenants together: the operator's.
    fn figures(&self, operator: &Operator) -> Vec<Figure>;
}
