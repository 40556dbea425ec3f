//! Parameters of the axes of values: their lines, limits and labels.

use super::colors::color;
use super::{AxisOptions, Options, OptionsError, boolean, number, optional, wrong};
use crate::draw::units::Units;

/// Pixels of a dash by default.
const DASH_USUAL: f64 = 5.0;

/// Lines of an axis at most.
const LINES_MAX: usize = 50;

impl AxisOptions {
    /// Reads where an axis ends: at a number, or with `max` at the greatest value that there is.
    pub(super) fn end(&mut self, name: &'static str, value: &str) -> Result<(), OptionsError> {
        self.ends_at_greatest = value == "max";
        self.max = match self.ends_at_greatest {
            true => None,
            false => optional(name, value).map_err(|_| wrong(name, "a number or `max`", value))?,
        };
        Ok(())
    }
}

impl Options {
    /// Reads a parameter of an axis.
    pub(super) fn take_of_sides(&mut self, name: &str, value: &str) -> Result<(), OptionsError> {
        match name {
            "yMin" => self.left.min = optional("yMin", value)?,
            "yMax" => self.left.end("yMax", value)?,
            "yStep" => self.left.step = optional("yStep", value)?,
            "yMinLeft" => self.left.min = optional("yMinLeft", value)?,
            "yMaxLeft" => self.left.end("yMaxLeft", value)?,
            "yStepLeft" => self.left.step = optional("yStepLeft", value)?,
            "yMinRight" => self.right.min = optional("yMinRight", value)?,
            "yMaxRight" => self.right.end("yMaxRight", value)?,
            "yStepRight" => self.right.step = optional("yStepRight", value)?,
            "yLimit" => self.limit = optional("yLimit", value)?,
            "minorY" => self.minor_lines = number("minorY", value)?.clamp(0.0, 10.0) as u32,
            "yAxisSide" => {
                self.is_left_side = match value {
                    "left" => true,
                    "right" => false,
                    _ => return Err(wrong("yAxisSide", "left or right", value)),
                }
            }
            "logBase" => {
                let base = match value {
                    "e" => std::f64::consts::E,
                    _ => number("logBase", value)?,
                };
                self.log_base = Some(base).filter(|base| *base > 1.0);
            }
            "yUnitSystem" => {
                let units = Units::named(value);
                self.units = units
                    .ok_or_else(|| wrong("yUnitSystem", "si, binary, sec, msec or none", value))?;
            }
            "leftWidth" => self.left_lines.width = Some(width("leftWidth", value)?),
            "rightWidth" => self.right_lines.width = Some(width("rightWidth", value)?),
            "leftColor" => self.left_lines.color = Some(color("leftColor", value)?),
            "rightColor" => self.right_lines.color = Some(color("rightColor", value)?),
            "leftDashed" => self.left_lines.dash = dash("leftDashed", value)?,
            "rightDashed" => self.right_lines.dash = dash("rightDashed", value)?,
            "yLimitLeft" => self.left.limit = optional("yLimitLeft", value)?,
            "yLimitRight" => self.right.limit = optional("yLimitRight", value)?,
            "yDivisors" => self.lines = Some(lines(value)?),
            _ => {}
        }
        Ok(())
    }
}

fn width(name: &'static str, value: &str) -> Result<f64, OptionsError> {
    Ok(number(name, value)?.clamp(0.0, 100.0))
}

/// `true`, or the pixels of a dash.
fn dash(name: &'static str, value: &str) -> Result<Option<f64>, OptionsError> {
    if let Ok(pixels) = number(name, value) {
        return Ok((pixels > 0.0).then(|| pixels.clamp(0.5, 1000.0)));
    }
    let is_dashed = boolean(name, value);
    let is_dashed = is_dashed.map_err(|_| wrong(name, "true, false or pixels", value))?;
    Ok(is_dashed.then_some(DASH_USUAL))
}

/// The most of some numbers of lines.
fn lines(value: &str) -> Result<usize, OptionsError> {
    let each = value.split(',').map(|one| one.trim().parse::<usize>());
    let all: Result<Vec<_>, _> = each.take(100).collect();
    let most = all.ok().and_then(|all| all.into_iter().max());
    let most = most.filter(|most| *most > 0);
    most.map(|most| most.min(LINES_MAX))
        .ok_or_else(|| wrong("yDivisors", "numbers of lines", value))
}
