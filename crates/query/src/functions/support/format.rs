//! Python's `%` with one number after it.

use super::aggregation::format_value;
use crate::error::Fault;
use base::{limit, number};

/// A conversion as written: `%-8.2f`.
#[derive(Debug, Default)]
struct Conversion {
    is_left: bool,
    is_zero_padded: bool,
    plus: Option<char>,
    is_alternate: bool,
    width: usize,
    precision: Option<usize>,
}

/// The template with the number in the place of its one conversion.
pub(crate) fn formatted(template: &str, value: f64, is_whole: bool) -> Result<String, Fault> {
    let mut out = String::new();
    let mut rest = template;
    let mut is_used = false;
    while let Some(at) = rest.find('%') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let mut conversion = Conversion::default();
        let after = conversion.read(after.get(1..).unwrap_or_default(), template)?;
        let kind = after
            .chars()
            .next()
            .ok_or_else(|| fault(template, "ends within a conversion"))?;
        rest = after.get(kind.len_utf8()..).unwrap_or_default();
        if kind == '%' {
            out.push('%');
            continue;
        }
        if std::mem::replace(&mut is_used, true) {
            return Err(fault(
                template,
                "has more than one conversion, but there is one value",
            ));
        }
        out.push_str(&conversion.write(kind, (value, is_whole), template)?);
    }
    out.push_str(rest);
    if is_used {
        Ok(out)
    } else {
        Err(fault(
            template,
            "has no conversion such as `%d` for the value",
        ))
    }
}

fn fault(template: &str, problem: &str) -> Fault {
    Fault::argument(format!("the format `{template}` {problem}"))
}

/// The digits that a text begins with, as a number of characters, and what follows them.
fn digits<'t>(rest: &'t str, template: &str) -> Result<(Option<usize>, &'t str), Fault> {
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at(count);
    if number.is_empty() {
        return Ok((None, after));
    }
    let number: Option<usize> = number.parse().ok();
    match number.filter(|number| *number as u64 <= limit::FORMAT_WIDTH.default) {
        Some(number) => Ok((Some(number), after)),
        None => {
            let found = format!("the format `{template}` asks for too many characters");
            Err(Fault::beyond(&limit::FORMAT_WIDTH, found))
        }
    }
}

impl Conversion {
    /// Reads flags, width, precision and a length that means nothing; gives what is left.
    fn read<'t>(&mut self, rest: &'t str, template: &str) -> Result<&'t str, Fault> {
        let mut rest = rest;
        while let Some(flag) = rest.chars().next() {
            match flag {
                '-' => self.is_left = true,
                '0' => self.is_zero_padded = true,
                '+' => self.plus = Some('+'),
                ' ' => self.plus = self.plus.or(Some(' ')),
                '#' => self.is_alternate = true,
                _ => break,
            }
            rest = rest.get(1..).unwrap_or_default();
        }
        let (width, after) = digits(rest, template)?;
        self.width = width.unwrap_or(0);
        rest = after;
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, after) = digits(after, template)?;
            self.precision = Some(precision.unwrap_or(0));
            rest = after;
        }
        Ok(rest.strip_prefix(['h', 'l', 'L']).unwrap_or(rest))
    }

    fn write(
        &self,
        kind: char,
        (value, is_whole): (f64, bool),
        template: &str,
    ) -> Result<String, Fault> {
        let precision = self.precision.unwrap_or(6);
        let magnitude = value.abs();
        let is_negative = value.is_sign_negative() && !value.is_nan();
        let digits = match kind {
            's' | 'r' | 'a' => {
                let text = format_value(value, is_whole);
                let most = self.precision.unwrap_or(usize::MAX);
                return Ok(self.padded("", &text.chars().take(most).collect::<String>(), false));
            }
            'd' | 'i' | 'u' if !value.is_finite() => {
                return Err(fault(template, "takes a whole number, not an infinite one"));
            }
            'd' | 'i' | 'u' => {
                let least = self.precision.unwrap_or(0);
                let whole = magnitude.trunc();
                let sign = if is_negative && whole != 0.0 {
                    "-".to_owned()
                } else {
                    self.plus.map(String::from).unwrap_or_default()
                };
                return Ok(self.padded(&sign, &format!("{whole:0>least$.0}"), true));
            }
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' if !value.is_finite() => number::repr(magnitude),
            'f' | 'F' => format!("{magnitude:.precision$}"),
            'e' | 'E' => number::scientific(magnitude, precision),
            'g' | 'G' => number::general_with(magnitude, precision),
            _ => {
                return Err(fault(
                    template,
                    &format!("has a conversion `%{kind}` that takes no number"),
                ));
            }
        };
        let digits = if self.is_alternate && !digits.contains('.') && value.is_finite() {
            return Err(fault(template, "has a `#` for a number that has no point"));
        } else if kind.is_ascii_uppercase() {
            digits.to_uppercase()
        } else {
            digits
        };
        let sign = if is_negative {
            "-".to_owned()
        } else {
            self.plus.map(String::from).unwrap_or_default()
        };
        Ok(self.padded(&sign, &digits, value.is_finite()))
    }

    fn padded(&self, sign: &str, digits: &str, takes_zeros: bool) -> String {
        let length = sign.chars().count() + digits.chars().count();
        let missing = self.width.saturating_sub(length);
        if self.is_left {
            format!("{sign}{digits}{}", " ".repeat(missing))
        } else if self.is_zero_padded && takes_zeros {
            format!("{sign}{}{digits}", "0".repeat(missing))
        } else {
            format!("{}{sign}{digits}", " ".repeat(missing))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_formatted_as_python_does() {
        for (template, value, expected) in [
            ("%d MB", 3.9, "3 MB"),
            ("%d", -0.5, "0"),
            ("%+d", 3.0, "+3"),
            ("%.2f", 2.675, "2.67"),
            ("%8.1f|", 2.25, "     2.2|"),
            ("%-8.1f|", 2.25, "2.2     |"),
            ("%08.2f", -1.5, "-0001.50"),
            ("%g", 1e6, "1e+06"),
            ("%.3g", 1234.5, "1.23e+03"),
            ("%G", 1e-7, "1E-07"),
            ("%e", 12345.678, "1.234568e+04"),
            ("%s", 5.0, "5.0"),
            ("%.3s", 5.25, "5.2"),
            ("%r", 0.1, "0.1"),
            ("100%% of %i", 7.0, "100% of 7"),
            ("%f", f64::INFINITY, "inf"),
            ("%5.1f", f64::NEG_INFINITY, " -inf"),
            ("% d", 5.0, " 5"),
        ] {
            assert_eq!(
                formatted(template, value, false).unwrap(),
                expected,
                "{template}"
            );
        }
        for template in [
            "x", "%d %d", "%", "%x", "%(a)s", "%*d", "%9999d", "%5", "%c",
        ] {
            assert!(formatted(template, 1.0, false).is_err(), "{template}");
        }
        assert_eq!(formatted("%s", 5.0, true).unwrap(), "5");
        assert!(formatted("%d", f64::INFINITY, false).is_err());
    }
}
