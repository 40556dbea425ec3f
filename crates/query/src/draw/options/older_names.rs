//! Parameters by their older names.

use super::{Options, OptionsError, number, optional};

impl Options {
    /// Reads a parameter by its older name, which gives way to the newer one.
    pub(super) fn take_older(&mut self, name: &str, value: &str) -> Result<(), OptionsError> {
        match name {
            "thickness" => self.line_width = number("thickness", value)?.clamp(0.0, 100.0),
            "min" => self.left.min = optional("min", value)?,
            "max" => self.left.end("max", value)?,
            _ => {}
        }
        Ok(())
    }
}
