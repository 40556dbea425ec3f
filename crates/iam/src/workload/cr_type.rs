//! The kinds of compute resources.

use std::fmt;
use std::str::FromStr;

/// The type of compute resource that a workload runs on, in the words of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CrType {
    /// A virtual server.
    Vsi,
    /// A Power virtual server.
    Pvs,
    /// A bare metal server.
    Bms,
    /// A service account of a Kubernetes cluster.
    IksSa,
    /// A service account of an `OpenShift` cluster.
    RoksSa,
    /// A project that runs code.
    Ce,
}

impl CrType {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Vsi,
        Self::Pvs,
        Self::Bms,
        Self::IksSa,
        Self::RoksSa,
        Self::Ce,
    ];

    /// The word in settings, requests and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vsi => "VSI",
            Self::Pvs => "PVS",
            Self::Bms => "BMS",
            Self::IksSa => "IKS_SA",
            Self::RoksSa => "ROKS_SA",
            Self::Ce => "CE",
        }
    }
}

impl fmt::Display for CrType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CrType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == text);
        known.ok_or_else(|| {
            let words = Self::ALL.map(Self::name).join("`, `");
            format!("must be one of `{words}`")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read_from_its_own_word_alone() {
        for kind in CrType::ALL {
            assert_eq!(kind.to_string().parse::<CrType>(), Ok(kind));
        }
        for other in ["", "vsi", "IKS", "IKS_SA "] {
            assert!(other.parse::<CrType>().is_err(), "{other}");
        }
    }
}
