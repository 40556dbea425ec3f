//! Large values with a prefix.

/// Prefixes with their size, the largest first, of a system's name.
fn prefixes(system: &str) -> Option<&'static [(&'static str, f64)]> {
    Some(match system {
        "si" => &[("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)],
        "binary" => &[
            ("Pi", 1_125_899_906_842_624.0),
            ("Ti", 1_099_511_627_776.0),
            ("Gi", 1_073_741_824.0),
            ("Mi", 1_048_576.0),
            ("Ki", 1024.0),
        ],
        "sec" => &[
            ("Y", 31_536_000.0),
            ("M", 2_592_000.0),
            ("D", 86_400.0),
            ("H", 3600.0),
            ("m", 60.0),
        ],
        "msec" => &[
            ("Y", 31_536_000_000.0),
            ("M", 2_592_000_000.0),
            ("D", 86_400_000.0),
            ("H", 3_600_000.0),
            ("m", 60_000.0),
            ("s", 1000.0),
        ],
        "none" => &[],
        _ => return None,
    })
}

/// The value in the largest unit of a system that is not larger than it, and the prefix of that unit. `None` where there is
/// no such system. What is a hair above a whole number is that number.
pub(crate) fn scaled(value: f64, system: &str) -> Option<(f64, &'static str)> {
    let prefixes = prefixes(system)?;
    let fits = prefixes.iter().find(|(_, size)| value.abs() >= *size);
    let (prefix, size) = fits.copied().unwrap_or(("", 1.0));
    let scaled = value / size;
    let is_whole = scaled - scaled.floor() < 1e-11 && value > 1.0;
    Some((if is_whole { scaled.floor() } else { scaled }, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_gets_the_largest_prefix_that_fits() {
        for (value, system, expected) in [
            (1500.0, "si", Some((1.5, "k"))),
            (-1500.0, "si", Some((-1.5, "k"))),
            (999.0, "si", Some((999.0, ""))),
            (1023.0, "binary", Some((1023.0, ""))),
            (3_221_225_472.0, "binary", Some((3.0, "Gi"))),
            (7200.0, "sec", Some((2.0, "H"))),
            (1e20, "none", Some((1e20, ""))),
            (1.0, "metric", None),
        ] {
            assert_eq!(scaled(value, system), expected, "{value} {system}");
        }
    }
}
