//! Values with prefixes: `1.5 k`, `2 Mi`.

use base::number;

/// How values of an axis are shortened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Units {
    /// By thousands.
    #[default]
    Si,
    /// By 1024.
    Binary,
    /// Seconds: minutes, hours, days.
    Seconds,
    /// Milliseconds: seconds, minutes, hours, days.
    Milliseconds,
    /// Not at all.
    None,
}

const SI: &[(&str, f64)] = &[("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("K", 1e3)];

const BINARY: &[(&str, f64)] = &[
    ("Pi", 1_125_899_906_842_624.0),
    ("Ti", 1_099_511_627_776.0),
    ("Gi", 1_073_741_824.0),
    ("Mi", 1_048_576.0),
    ("Ki", 1024.0),
];

const SECONDS: &[(&str, f64)] = &[
    ("Y", 31_536_000.0),
    ("M", 2_592_000.0),
    ("D", 86_400.0),
    ("H", 3600.0),
    ("m", 60.0),
];

const MILLISECONDS: &[(&str, f64)] = &[
    ("Y", 31_536_000_000.0),
    ("M", 2_592_000_000.0),
    ("D", 86_400_000.0),
    ("H", 3_600_000.0),
    ("m", 60_000.0),
    ("s", 1000.0),
];

impl Units {
    /// By the name that `yUnitSystem` takes, in any case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.to_lowercase().as_str() {
            "si" => Self::Si,
            "binary" => Self::Binary,
            "sec" => Self::Seconds,
            "msec" => Self::Milliseconds,
            "none" => Self::None,
            _ => return None,
        })
    }

    const fn prefixes(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::Si => SI,
            Self::Binary => BINARY,
            Self::Seconds => SECONDS,
            Self::Milliseconds => MILLISECONDS,
            Self::None => &[],
        }
    }

    /// A value, shortened; as many digits as tell values of an axis apart whose labels are `step` apart.
    pub(crate) fn label(self, value: f64, step: f64) -> String {
        if value == 0.0 {
            return "0".to_owned();
        }
        let size = value.abs().max(step.abs());
        let prefix = self.prefixes().iter().find(|(_, unit)| size >= *unit);
        let (prefix, unit) = prefix.copied().unwrap_or(("", 1.0));
        let (value, step) = (value / unit, step / unit);
        let decimals = (-step.abs().log10().floor()).clamp(0.0, 9.0);
        let text = if decimals.is_finite() {
            let decimals = decimals as usize;
            let text = format!("{value:.decimals$}");
            // A step of 2.5 needs one digit more than its size says.
            let is_exact = |text: &str| {
                text.parse::<f64>()
                    .is_ok_and(|parsed| (parsed - value).abs() < step.abs() * 1e-3)
            };
            if is_exact(&text) {
                text
            } else {
                format!("{value:.*}", decimals + 1)
            }
        } else {
            number::general(value)
        };
        match prefix {
            "" => text,
            prefix => format!("{text} {prefix}"),
        }
    }
}
