//! Time: instants and spans in milliseconds, ranges, and the clock that is injected everywhere.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Millis(pub i64);

impl Millis {
    /// From whole seconds, saturating.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Moves by a signed number of milliseconds, saturating.
    #[must_use]
    pub const fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

/// The distance between two slots of a grid, in milliseconds; never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Step(i64);

impl Step {
    /// A step of `milliseconds`, or `None` unless it is positive.
    #[must_use]
    pub const fn new(milliseconds: i64) -> Option<Self> {
        if milliseconds > 0 {
            Some(Self(milliseconds))
        } else {
            None
        }
    }

    /// The step in milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }
}

/// The instants from `from` to `until`, **both included**.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// First instant.
    pub from: Millis,
    /// Last instant.
    pub until: Millis,
}

impl TimeRange {
    /// Every instant there is.
    pub const ALL: Self = Self {
        from: Millis(i64::MIN),
        until: Millis(i64::MAX),
    };

    /// Whether `instant` lies inside.
    #[must_use]
    pub const fn contains(&self, instant: Millis) -> bool {
        self.from.0 <= instant.0 && instant.0 <= self.until.0
    }

    /// The part from `first` on; a range that ends before it begins if there is none.
    #[must_use]
    pub fn since(self, first: Millis) -> Self {
        Self {
            from: self.from.max(first),
            until: self.until,
        }
    }

    /// Whether the two ranges share an instant.
    #[must_use]
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.from.0 <= other.until.0 && other.from.0 <= self.until.0
    }
}

/// The source of the current time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The current instant. Somebody may set the clock, so the next one may be earlier.
    fn now(&self) -> Millis;

    /// How long the clock has run; setting it changes nothing of that. It may stand still while the machine sleeps.
    fn uptime(&self) -> Duration {
        static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGUN.elapsed()
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that moves only when told to; for tests.
#[derive(Debug, Default)]
pub struct ManualClock {
    now: AtomicI64,
    /// In milliseconds.
    uptime: AtomicU64,
}

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub const fn at(now: Millis) -> Self {
        Self {
            now: AtomicI64::new(now.0),
            uptime: AtomicU64::new(0),
        }
    }

    /// Lets so many milliseconds pass. A negative number sets the clock back, which takes no time.
    pub fn advance(&self, milliseconds: i64) {
        self.now.fetch_add(milliseconds, Ordering::SeqCst);
        let passed = u64::try_from(milliseconds).unwrap_or_default();
        self.uptime.fetch_add(passed, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Millis {
        Millis(self.now.load(Ordering::SeqCst))
    }

    fn uptime(&self) -> Duration {
        Duration::from_millis(self.uptime.load(Ordering::SeqCst))
    }
}
