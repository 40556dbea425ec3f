//! Parameters that are colours.

use super::{Options, OptionsError, wrong};
use crate::draw::color::Color;

/// The values that a colour parameter takes, for errors.
const COLOR: &str =
    "a colour's name, or six or eight hexadecimal digits (the last two of eight are the opacity)";

/// The values that the background's colour takes, for errors.
const GROUND: &str = "a colour's name, `transparent`, or six or eight hexadecimal digits (the last two of eight are the opacity)";

/// A transparent line or text would be invisible; other parameters leave parts of a picture out.
const NOT_TRANSPARENT: &str = "a colour that is seen (only `bgcolor` is `transparent`; `hideGrid`, `hideAxes` and `hideLegend` leave parts out)";

/// The words for no colour at all.
const NONE: [&str; 2] = ["transparent", "none"];

/// Colours of a list, at most; the rest is left out.
const LISTED_MAX: usize = 1000;

impl Options {
    /// Takes the theme that can be read on a ground of this colour.
    pub(super) fn take_theme_for(&mut self, bgcolor: &str) -> Result<(), OptionsError> {
        self.theme = self.theme.legible_on(ground("bgcolor", bgcolor)?);
        Ok(())
    }

    /// Reads a parameter that is a colour, or several.
    pub(super) fn take_of_colors(&mut self, name: &str, value: &str) -> Result<(), OptionsError> {
        match name {
            "bgcolor" => self.theme.background = ground("bgcolor", value)?,
            "fgcolor" => self.theme.foreground = color("fgcolor", value)?,
            "majorGridLineColor" => {
                self.theme.major_grid = color("majorGridLineColor", value)?;
            }
            "minorGridLineColor" => {
                self.theme.minor_grid = color("minorGridLineColor", value)?;
            }
            "colorList" => {
                let colors = value.split(',').take(LISTED_MAX);
                let colors = colors.map(|one| color("colorList", one));
                self.colors = colors.collect::<Result<_, _>>()?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn is_none(value: &str) -> bool {
    NONE.iter()
        .any(|none| value.trim().eq_ignore_ascii_case(none))
}

/// The colour of something that is drawn.
pub(super) fn color(name: &'static str, value: &str) -> Result<Color, OptionsError> {
    let expected = if is_none(value) {
        NOT_TRANSPARENT
    } else {
        COLOR
    };
    Color::parse(value).ok_or_else(|| wrong(name, expected, value))
}

/// The colour of the background; a transparent one is allowed.
fn ground(name: &'static str, value: &str) -> Result<Color, OptionsError> {
    if is_none(value) {
        return Ok(Color::rgb(0xffffff).with_alpha(0.0));
    }
    Color::parse(value).ok_or_else(|| wrong(name, GROUND, value))
}
