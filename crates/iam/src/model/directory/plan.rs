//! The plans of the monitoring service. A space has the plan of its instance; without an instance it has the server's default
//! plan.

use std::fmt;
use std::str::FromStr;

/// A plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Plan {
    /// Nothing can be sent, and samples are kept for 15 days.
    Lite,
    /// Everything, and samples are kept for 45 days.
    Premium,
}

/// A text that names no plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not `lite` or `premium`")]
pub struct NoPlan;

impl Plan {
    /// Every plan, the smaller one first.
    pub const ALL: [Self; 2] = [Self::Lite, Self::Premium];

    /// Its name, which is also its id.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lite => "lite",
            Self::Premium => "premium",
        }
    }

    /// Whether its spaces take samples.
    #[must_use]
    pub const fn takes_samples(self) -> bool {
        match self {
            Self::Lite => false,
            Self::Premium => true,
        }
    }

    /// The days for which samples can be read.
    #[must_use]
    pub const fn retention_days(self) -> u32 {
        match self {
            Self::Lite => 15,
            Self::Premium => 45,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Plan {
    type Err = NoPlan;

    fn from_str(text: &str) -> Result<Self, NoPlan> {
        let mut all = Self::ALL.into_iter();
        all.find(|plan| plan.name() == text).ok_or(NoPlan)
    }
}
