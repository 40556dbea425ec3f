//! Parameters of the legend and of a pie's labels.

use super::colors::color;
use super::{Options, OptionsError, ValueLabels, boolean, number, wrong};

impl Options {
    /// Reads a parameter of labels.
    pub(super) fn take_of_labels(&mut self, name: &str, value: &str) -> Result<(), OptionsError> {
        match name {
            "hideNullFromLegend" => {
                self.hides_null_from_legend = boolean("hideNullFromLegend", value)?;
            }
            "valueLabels" => {
                self.value_labels = match value {
                    "none" => ValueLabels::None,
                    "number" => ValueLabels::Number,
                    "percent" => ValueLabels::Percent,
                    _ => return Err(wrong("valueLabels", "percent, number or none", value)),
                }
            }
            "valueLabelsMin" => self.value_labels_min = number("valueLabelsMin", value)?,
            "valueLabelsColor" => {
                self.value_labels_color = Some(color("valueLabelsColor", value)?);
            }
            _ => {}
        }
        Ok(())
    }
}
