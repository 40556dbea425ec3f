//! Converts numbers with a unit, and short listen addresses, to their plain form. Text in no known form stays unchanged; the
//! check of the setting refuses it, and its error lists the forms.

use super::setting::{Setting, Shape};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The unit of a setting, from its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    /// Time; the unit of the setting is this many milliseconds.
    Time(u64),
}

/// The default port.
const PORT: u16 = 8080;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Unit {
    fn of(key: &str) -> Option<Self> {
        let last = key.rsplit('.').next().unwrap_or(key);
        last.split('_').find_map(|word| match word {
            "bytes" => Some(Self::Bytes),
            "ms" => Some(Self::Time(1)),
            "seconds" => Some(Self::Time(SECOND)),
            "minutes" => Some(Self::Time(MINUTE)),
            "hours" => Some(Self::Time(HOUR)),
            "days" => Some(Self::Time(DAY)),
            _ => None,
        })
    }

    /// Converts a number with a unit to this unit; `None` if the result is not whole.
    fn read(self, number: u64, unit: &str) -> Option<u64> {
        match self {
            Self::Bytes => number.checked_mul(bytes(unit)?),
            Self::Time(each) => {
                let milliseconds = number.checked_mul(milliseconds(unit)?)?;
                (milliseconds % each == 0).then_some(milliseconds / each)
            }
        }
    }
}

fn bytes(unit: &str) -> Option<u64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return None,
    })
}

/// An `m` is minutes: no setting counts months.
fn milliseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ms" => 1,
        "s" | "sec" => SECOND,
        "m" | "min" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        "y" => 365 * DAY,
        _ => return None,
    })
}

/// The value in its plain form.
pub(super) fn plain(setting: &Setting, value: String) -> String {
    let read = match setting.shape {
        Shape::Number { .. } => Unit::of(&setting.key).and_then(|unit| number(unit, &value)),
        Shape::Address => address(&value, Some(PORT)),
        Shape::Socket | Shape::Listener => address(&value, None),
        _ => None,
    };
    read.unwrap_or(value)
}

/// For error messages: what the setting accepts besides a plain number.
pub(super) fn also(key: &str) -> &'static str {
    match Unit::of(key) {
        None => "",
        Some(Unit::Bytes) => ", or a size like `64KiB` or `16MiB`",
        Some(Unit::Time(1)) => ", or a time like `500ms` or `2s`",
        Some(Unit::Time(DAY)) => ", or a time of whole days like `90d`, `4w` or `2y`",
        Some(Unit::Time(_)) => ", or a time like `90s`, `15m` or `12h` that comes out even",
    }
}

/// Bytes as they are best typed: `4MiB`, `64KiB`.
pub(crate) fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let divides = |(each, _): &(u64, &str)| bytes > 0 && bytes.is_multiple_of(*each);
    match units.iter().find(|unit| divides(unit)) {
        Some((each, unit)) => format!("{}{unit}", bytes / each),
        None => bytes.to_string(),
    }
}

/// The number of `text`, for the setting or limit `key`: plain, or with a unit where the name has one.
///
/// # Errors
/// Other notations of the value.
pub(crate) fn of_limit(key: &str, text: &str) -> Result<u64, String> {
    let text = text.trim();
    let plain = text.parse().ok();
    let read = || number(Unit::of(key)?, text)?.parse().ok();
    plain
        .or_else(read)
        .ok_or_else(|| format!("a whole number from 0 up{}", also(key)))
}

fn number(unit: Unit, text: &str) -> Option<String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, suffix) = text.split_at(digits);
    let number = unit.read(number.parse().ok()?, suffix.trim())?;
    Some(number.to_string())
}

fn address(text: &str, usual_port: Option<u16>) -> Option<String> {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let bare = match text.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None => text,
    };
    let (ip, port) = if let Ok(ip) = bare.parse::<IpAddr>() {
        (ip, usual_port?)
    } else if text.eq_ignore_ascii_case("localhost") {
        (loopback, usual_port?)
    } else if let Some((host, digits)) = text.rsplit_once(':') {
        let ip = match host {
            "" => Ipv4Addr::UNSPECIFIED.into(),
            host if host.eq_ignore_ascii_case("localhost") => loopback,
            _ => return None,
        };
        (ip, port(digits)?)
    } else {
        (loopback, port(text)?)
    };
    Some(SocketAddr::new(ip, port).to_string())
}

fn port(digits: &str) -> Option<u16> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::super::all_settings::all;
    use super::*;

    #[test]
    fn every_setting_of_bytes_and_times_takes_units() {
        for setting in all() {
            let Shape::Number { .. } = setting.shape else {
                continue;
            };
            let plain_value = plain(&setting, "1y".to_owned());
            let bytes = plain(&setting, "1KiB".to_owned());
            match Unit::of(&setting.key) {
                Some(Unit::Bytes) => {
                    assert_eq!((plain_value.as_str(), bytes.as_str()), ("1y", "1024"));
                }
                Some(Unit::Time(each)) => {
                    assert_eq!(
                        plain_value,
                        (365 * DAY / each).to_string(),
                        "{}",
                        setting.key
                    );
                }
                None => assert_eq!((plain_value.as_str(), bytes.as_str()), ("1y", "1KiB")),
            }
        }
    }

    #[test]
    fn a_size_is_written_as_it_is_read() {
        for (bytes, text) in [
            (0, "0"),
            (1000, "1000"),
            (4096, "4KiB"),
            (4 << 20, "4MiB"),
            (3 << 30, "3GiB"),
        ] {
            assert_eq!(size(bytes), text);
            assert_eq!(of_limit("some_bytes", text), Ok(bytes));
        }
        assert!(of_limit("spaces", "4MiB").is_err());
    }

    #[test]
    fn what_is_no_form_stays_as_it_is() {
        for text in [
            "",
            "a",
            ":",
            "localhost:",
            "a:1",
            "[::1",
            "1:2:3:4:5",
            "70000",
            ":+1",
            "metrics.example:1",
        ] {
            assert_eq!(address(text, Some(1)), None, "{text}");
        }
        for text in [
            "",
            "1",
            "MiB",
            "-1MiB",
            "1.5MiB",
            "1 000",
            "1MiBx",
            "18446744073709551615KiB",
        ] {
            assert_eq!(number(Unit::Bytes, text), None, "{text}");
        }
    }
}
