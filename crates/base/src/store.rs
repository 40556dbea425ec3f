//! The interface of every sample store: the embedded engine and, for more than one machine, a ClickHouse cluster.

mod append;
mod read_part;

pub use append::{Durability, Remaining, SeriesAllowance, SeriesQuota, Unlimited};
pub use read_part::{PartsVisitor, ReadPart};

use crate::context::Context;
use crate::cursor::SeriesVisitor;
use crate::id::TenantId;
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
    /// Matched against whole paths: `a.*` lists the children of `a`. A branch matches like a series with its path and no labels.
    pub selector: &'a Selector,
    /// Only series with samples in this range; `None` for all series.
    pub range: Option<TimeRange>,
    /// Whether series with labels are included, as leaves and for the branches above them.
    pub labelled: bool,
}

/// A node of the name tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// Full path from the root of the domain; of a series with labels its Graphite text.
    pub path: String,
    /// Whether a series has this name.
    pub leaf: bool,
    /// Whether series that the caller may see are below it. A node can be both.
    pub branch: bool,
}

/// Which samples to read.
#[derive(Debug, Clone)]
pub struct FetchQuery<'a> {
    /// Which series.
    pub selector: &'a Selector,
    /// Raw samples, or a grid.
    pub shape: Shape,
}

/// A deletion: of every series that matches and, unless `exact`, every series below a matching node.
#[derive(Debug, Clone)]
pub struct DeleteQuery<'a> {
    /// Which nodes.
    pub selector: &'a Selector,
    /// Only the samples of this range: the series stays and counts, also without any sample left, until it is deleted by name. `None`
    /// deletes the series altogether.
    pub range: Option<TimeRange>,
    /// Whether to leave the series below the matching nodes alone.
    pub exact: bool,
    /// Whether to count only.
    pub dry_run: bool,
    /// How many names to return.
    pub names: usize,
}

/// The series that a deletion affected, or would affect in a dry run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deleted {
    /// Series that match, or are below a node that matches.
    pub series: u64,
    /// Those of them that do not match themselves.
    pub series_below: u64,
    /// The first of them, ascending, as many as were requested.
    pub names: Vec<SeriesKey<'static>>,
}

/// How much a tenant stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Series that exist.
    pub series: u64,
    /// Bytes of their names, with their labels.
    pub name_bytes: u64,
    /// Stored samples, including deleted and overwritten ones that are not purged yet.
    pub samples: u64,
    /// Bytes they take: in files, and in memory as far as they are in no file yet.
    pub bytes: u64,
}

/// The size of a copy of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// Files of the copy, whether written or linked.
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

/// A store for the samples of many tenants. Its calls block. Each takes a scope first: the store acts on the tenant of the scope
/// alone, and as if there were no series but those that the scope reaches with the action ([`Scope::filter`]). Calls that are not
/// about the samples of a caller take another proof: [`Metering`] to count those of a tenant, and [`Operator`] for the whole store.
///
/// A call is refused with [`StoreError::Forbidden`] when its scope lacks the action that it needs; with [`StoreError::Damaged`] or
/// [`StoreError::Failed`] when what is stored cannot be read, and then it names the place.
pub trait SampleStore: Send + Sync + std::fmt::Debug {
    /// Stores a batch. Of several samples of one series with the same timestamp the last one counts. Needs
    /// [`crate::scope::Action::Write`].
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] when nothing was stored. [`StoreError::Unavailable`] for any [`Outage`]: the samples are not
    /// acknowledged, but some or all of them may be stored now or later, because a write that found the disk full may be kept in
    /// memory and retried. Sending the same batch again is right in either case, since equal samples count once.
    fn append_with_quota(
        &self,
        scope: &Scope,
        batch: &Batch,
        durability: Durability,
        allowance: &dyn SeriesAllowance,
    ) -> Result<Appended, StoreError>;

    /// Stores a batch as [`Self::append_with_quota`] does, with no limit on new series but the store's own.
    ///
    /// # Errors
    /// As [`Self::append_with_quota`].
    fn append(
        &self,
        scope: &Scope,
        batch: &Batch,
        durability: Durability,
    ) -> Result<Appended, StoreError> {
        self.append_with_quota(scope, batch, durability, &Unlimited)
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

    /// Reads samples of one state of the store, in the shape that each query requests. Passes one [`crate::cursor::Cursor`] to
    /// `take` for each matching series, also for one without samples in the range: query after query, and in each ascending by
    /// key. `take` may end the reading with [`ControlFlow::Break`], which is no error. Needs [`crate::scope::Action::Render`].
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when `context` ends it: before the first series if the names and the directories of the files show
    /// that the budget is too small, else while samples are read. The errors of `take`.
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

    /// Finds the same series, and passes them to `visit` in parts that it can read independently. A query with little to read is a
    /// single part. Needs [`crate::scope::Action::Render`].
    ///
    /// # Errors
    /// As [`Self::read_all`], and the errors of `visit`.
    fn read_parts(
        &self,
        scope: &Scope,
        queries: &[FetchQuery<'_>],
        context: &Context,
        visit: &mut PartsVisitor<'_>,
    ) -> Result<(), StoreError>;

    /// Deletes series, or samples of a range. Durable when it returns. Needs [`crate::scope::Action::Delete`]. `context`
    /// can end it during the search; once the search is done, everything found is deleted.
    ///
    /// `begin` is called with the result of the search, before anything is deleted and with no lock held. If it breaks, nothing is
    /// deleted and `None` is returned. It is not called if nothing matches.
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

    /// Deletes as [`Self::delete_with_hook`] does, without a hook.
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

    /// Deletes all series of the scope's tenant that the scope reaches with [`crate::scope::Action::Delete`], which it needs.
    /// Durable when it returns. Returns the number of deleted series.
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

    /// The tenants that have series, ascending.
    fn tenants(&self) -> Vec<TenantId>;

    /// How much a tenant stores.
    ///
    /// # Errors
    /// As the trait says.
    fn usage(&self, metering: &Metering) -> Result<Usage, StoreError>;

    /// Returns once everything done before the call is on stable storage. What others are still about to bring there is seen before:
    /// a tenant that [`Self::usage`] finds empty may have samples again after a crash, unless this was called in between.
    ///
    /// # Errors
    /// As [`Self::append`].
    fn commit(&self) -> Result<(), StoreError>;

    /// Writes everything to stable storage in its long-term form; called at shutdown.
    ///
    /// # Errors
    /// As [`Self::append`].
    fn flush(&self) -> Result<(), StoreError>;

    /// Checks that the store takes writes. Never waits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the reason.
    fn health(&self) -> Result<(), StoreError>;

    /// Copies everything that was acknowledged before the call into the folder `dir`, which it creates, so that another store can
    /// open it. Writes, deletions and merges continue meanwhile. The copy has the samples of all tenants, so it takes the
    /// operator's proof.
    ///
    /// # Errors
    /// When `dir` is not empty, or cannot be written; its content is not a store then.
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

    /// The store's own metrics, of all tenants together: for the operator.
    fn figures(&self, operator: &Operator) -> Vec<Figure>;
}
