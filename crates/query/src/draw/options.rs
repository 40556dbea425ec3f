//! The drawing parameters of a request, by graphite-web's names.

mod colors;
mod labels;
mod older_names;
mod sides;

use super::color::Color;
use super::theme::{Theme, theme};
use super::units::Units;
use base::invisible;
use base::limit::{self, Limit};

/// The file that a picture is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PictureFormat {
    /// Scalable Vector Graphics.
    Svg,
    /// Portable Network Graphics.
    #[default]
    Png,
    /// Portable Document Format.
    Pdf,
}

/// An invalid drawing parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// A value that the parameter does not take.
    #[error("`{name}` takes {expected}, not `{value}`")]
    Value {
        /// The parameter.
        name: &'static str,
        /// The values it takes.
        expected: &'static str,
        /// The value given.
        value: String,
    },
    /// Too small a picture, by its `width` or `height`.
    #[error("`{0}` is at least {PIXELS_MIN} pixels")]
    TooSmall(&'static str),
    /// Too large a picture, by its `width` or `height`.
    #[error("`{name}` is at most `{}` = {} pixels", limit.name, limit.default)]
    TooLarge {
        /// The parameter.
        name: &'static str,
        /// The limit that it is beyond.
        limit: &'static Limit,
    },
}

/// Pixels of the smallest picture, in width and height.
const PIXELS_MIN: u32 = 10;

impl OptionsError {
    /// The parameter that is wrong.
    #[must_use]
    pub const fn parameter(&self) -> &'static str {
        match self {
            Self::Value { name, .. } | Self::TooSmall(name) | Self::TooLarge { name, .. } => name,
        }
    }

    /// The limit that it is beyond.
    #[must_use]
    pub const fn limit(&self) -> Option<&'static Limit> {
        match self {
            Self::TooLarge { limit, .. } => Some(limit),
            Self::Value { .. } | Self::TooSmall(_) => None,
        }
    }
}

/// Between points of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LineMode {
    /// A line; where a point lacks a value, a gap.
    #[default]
    Slope,
    /// The value until the next point.
    Staircase,
    /// A line, also across points without a value.
    Connected,
}

/// Which series are areas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum AreaMode {
    #[default]
    None,
    First,
    All,
    /// All, each upon the one before.
    Stacked,
}

/// The value of a series that sets the size of its slice of a pie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PieMode {
    #[default]
    Average,
    Maximum,
    Minimum,
}

/// Limits, steps and labels of a value axis.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AxisOptions {
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    /// Whether it ends at the greatest value itself, and not at a round one.
    pub(crate) ends_at_greatest: bool,
    pub(crate) step: Option<f64>,
    /// Upper bound of the axis; greater values lie outside the plot.
    pub(crate) limit: Option<f64>,
}

/// How all lines of an axis are drawn, where there are two axes. It is more than what functions say.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SideOptions {
    pub(crate) width: Option<f64>,
    pub(crate) color: Option<Color>,
    pub(crate) dash: Option<f64>,
}

/// The label on a slice of a pie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ValueLabels {
    /// Its share.
    #[default]
    Percent,
    /// The value that sets its size.
    Number,
    None,
}

/// How a picture is drawn.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file that it is written as.
    pub form: PictureFormat,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) margin: f64,
    pub(crate) font_size: f64,
    pub(crate) is_bold: bool,
    pub(crate) title: Option<String>,
    pub(crate) left_title: Option<String>,
    pub(crate) right_title: Option<String>,
    pub(crate) theme: Theme,
    pub(crate) colors: Vec<Color>,
    pub(crate) line_width: f64,
    pub(crate) line_mode: LineMode,
    /// The most points that a line goes across.
    pub(crate) connected_limit: usize,
    pub(crate) area_mode: AreaMode,
    pub(crate) area_alpha: Option<f64>,
    pub(crate) draws_null_as_zero: bool,
    pub(crate) hides_legend: Option<bool>,
    pub(crate) hides_grid: bool,
    pub(crate) hides_x_axis: bool,
    pub(crate) hides_y_axis: bool,
    /// Both, whatever the options of each.
    pub(crate) hides_axes: bool,
    /// No axes, grid, legend, titles and margin, whatever their options.
    pub(crate) is_graph_only: bool,
    pub(crate) has_unique_legend: bool,
    /// The legend leaves out what has no value.
    pub(crate) hides_null_from_legend: bool,
    pub(crate) left: AxisOptions,
    pub(crate) right: AxisOptions,
    pub(crate) left_lines: SideOptions,
    pub(crate) right_lines: SideOptions,
    /// The most lines of an axis, if set.
    pub(crate) lines: Option<usize>,
    pub(crate) minor_lines: u32,
    pub(crate) is_left_side: bool,
    pub(crate) log_base: Option<f64>,
    pub(crate) units: Units,
    pub(crate) x_format: Option<String>,
    pub(crate) is_pie: bool,
    pub(crate) pie_mode: PieMode,
    pub(crate) value_labels: ValueLabels,
    /// Smallest slice that gets a label: its percentage, or its value.
    pub(crate) value_labels_min: f64,
    pub(crate) value_labels_color: Option<Color>,
    /// Upper bound of an axis; greater values lie outside the plot.
    pub(crate) limit: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            form: PictureFormat::default(),
            width: 330.0,
            height: 250.0,
            margin: 10.0,
            font_size: 11.0,
            is_bold: false,
            title: None,
            left_title: None,
            right_title: None,
            theme: theme(""),
            colors: Vec::new(),
            line_width: 1.2,
            line_mode: LineMode::default(),
            connected_limit: usize::MAX,
            area_mode: AreaMode::default(),
            area_alpha: None,
            draws_null_as_zero: false,
            hides_legend: None,
            hides_grid: false,
            hides_x_axis: false,
            hides_y_axis: false,
            hides_axes: false,
            is_graph_only: false,
            has_unique_legend: false,
            hides_null_from_legend: false,
            left: AxisOptions::default(),
            right: AxisOptions::default(),
            left_lines: SideOptions::default(),
            right_lines: SideOptions::default(),
            lines: None,
            minor_lines: 1,
            is_left_side: true,
            log_base: None,
            units: Units::default(),
            x_format: None,
            is_pie: false,
            pie_mode: PieMode::default(),
            value_labels: ValueLabels::default(),
            value_labels_min: 5.0,
            value_labels_color: None,
            limit: None,
        }
    }
}

impl Options {
    /// Reads the parameters of a request; what is no drawing parameter is left to others. One that is empty or `default` is as if
    /// it were not there, as in graphite-web.
    ///
    /// # Errors
    /// [`OptionsError`] names the first that cannot be taken.
    pub fn parse<'p>(
        parameters: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Self, OptionsError> {
        let mut options = Self::default();
        let is_given = |value: &str| !value.is_empty() && !value.eq_ignore_ascii_case("default");
        let parameters = parameters.into_iter();
        let parameters: Vec<_> = parameters.filter(|(_, value)| is_given(value)).collect();
        // A template is the ground on which other parameters paint.
        for (_, value) in parameters.iter().filter(|(name, _)| *name == "template") {
            options.theme = theme(value);
        }
        for (_, value) in parameters.iter().filter(|(name, _)| *name == "bgcolor") {
            options.take_theme_for(value)?;
        }
        for (name, value) in &parameters {
            options.take_older(name, value)?;
        }
        for (name, value) in parameters {
            options.take(name, value)?;
        }
        options.hide();
        check_size("width", options.width, &limit::PICTURE_WIDTH)?;
        check_size("height", options.height, &limit::PICTURE_HEIGHT)?;
        Ok(options)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), OptionsError> {
        match name {
            "format" => {
                self.form = match value {
                    "svg" => PictureFormat::Svg,
                    "pdf" => PictureFormat::Pdf,
                    _ => PictureFormat::Png,
                }
            }
            "width" => self.width = number("width", value)?.floor(),
            "height" => self.height = number("height", value)?.floor(),
            "margin" => {
                let margin = number("margin", value)?;
                // A negative number counts as not given.
                self.margin = if margin < 0.0 {
                    10.0
                } else {
                    margin.min(1000.0)
                };
            }
            "fontSize" => self.font_size = number("fontSize", value)?.clamp(4.0, 96.0),
            "fontBold" => self.is_bold = boolean("fontBold", value)?,
            "title" => self.title = text(value),
            "vtitle" => self.left_title = text(value),
            "vtitleRight" => self.right_title = text(value),
            "lineWidth" => self.line_width = number("lineWidth", value)?.clamp(0.0, 100.0),
            "lineMode" => {
                self.line_mode = match value.to_lowercase().as_str() {
                    "slope" => LineMode::Slope,
                    "staircase" => LineMode::Staircase,
                    "connected" => LineMode::Connected,
                    _ => return Err(wrong("lineMode", "slope, staircase or connected", value)),
                }
            }
            "connectedLimit" => {
                let most = number("connectedLimit", value)?;
                self.connected_limit = if most.is_finite() {
                    most.max(0.0) as usize
                } else {
                    usize::MAX
                };
            }
            "areaMode" => {
                self.area_mode = match value.to_lowercase().as_str() {
                    "none" => AreaMode::None,
                    "first" => AreaMode::First,
                    "all" => AreaMode::All,
                    "stacked" => AreaMode::Stacked,
                    _ => return Err(wrong("areaMode", "none, first, all or stacked", value)),
                }
            }
            "areaAlpha" => self.area_alpha = Some(number("areaAlpha", value)?.clamp(0.0, 1.0)),
            "drawNullAsZero" => self.draws_null_as_zero = boolean("drawNullAsZero", value)?,
            "hideLegend" => self.hides_legend = Some(boolean("hideLegend", value)?),
            "hideGrid" => self.hides_grid = boolean("hideGrid", value)?,
            "hideXAxis" => self.hides_x_axis = boolean("hideXAxis", value)?,
            "hideYAxis" => self.hides_y_axis = boolean("hideYAxis", value)?,
            "hideAxes" => self.hides_axes = boolean("hideAxes", value)?,
            "graphOnly" => self.is_graph_only = boolean("graphOnly", value)?,
            "uniqueLegend" => self.has_unique_legend = boolean("uniqueLegend", value)?,
            "xFormat" => self.x_format = text(value),
            "graphType" => {
                self.is_pie = match value {
                    "line" => false,
                    "pie" => true,
                    _ => return Err(wrong("graphType", "line or pie", value)),
                }
            }
            "pieMode" => {
                self.pie_mode = match value {
                    "average" => PieMode::Average,
                    "maximum" => PieMode::Maximum,
                    "minimum" => PieMode::Minimum,
                    _ => return Err(wrong("pieMode", "average, maximum or minimum", value)),
                }
            }
            _ => {
                self.take_of_colors(name, value)?;
                self.take_of_sides(name, value)?;
                self.take_of_labels(name, value)?;
            }
        }
        Ok(())
    }

    /// Hides what other options hide, too, whatever their order.
    fn hide(&mut self) {
        if self.hides_axes || self.is_graph_only {
            (self.hides_x_axis, self.hides_y_axis) = (true, true);
        }
        if self.is_graph_only {
            (self.hides_grid, self.hides_legend) = (true, Some(true));
            (self.title, self.left_title, self.right_title) = (None, None, None);
            self.margin = 0.0;
        }
    }

    /// The colour of the series at a place that names none.
    pub(crate) fn color_of(&self, index: usize) -> Color {
        let colors = if self.colors.is_empty() {
            self.theme.lines
        } else {
            &self.colors
        };
        let index = index.checked_rem(colors.len()).unwrap_or(0);
        colors.get(index).copied().unwrap_or(self.theme.foreground)
    }
}

fn wrong(name: &'static str, expected: &'static str, value: &str) -> OptionsError {
    OptionsError::Value {
        name,
        expected,
        value: value.chars().take(40).collect(),
    }
}

fn number(name: &'static str, value: &str) -> Result<f64, OptionsError> {
    let number = value.trim().parse::<f64>().ok();
    number
        .filter(|number| !number.is_nan())
        .ok_or_else(|| wrong(name, "a number", value))
}

/// A number; nothing, where it is infinite: that is what is taken where none is given.
fn optional(name: &'static str, value: &str) -> Result<Option<f64>, OptionsError> {
    Ok(Some(number(name, value)?).filter(|number| number.is_finite()))
}

fn boolean(name: &'static str, value: &str) -> Result<bool, OptionsError> {
    match value.to_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(wrong(name, "true or false", value)),
    }
}

fn check_size(name: &'static str, pixels: f64, most: &'static Limit) -> Result<(), OptionsError> {
    if pixels < f64::from(PIXELS_MIN) {
        return Err(OptionsError::TooSmall(name));
    }
    #[expect(clippy::cast_precision_loss, reason = "some thousands of pixels")]
    if pixels > most.default as f64 {
        return Err(OptionsError::TooLarge { name, limit: most });
    }
    Ok(())
}

fn text(value: &str) -> Option<String> {
    let text: String = value.chars().take(200).collect();
    // What is not seen as itself would turn or hide what stands beside it.
    Some(invisible::drawn(&text).into_owned()).filter(|text| !text.is_empty())
}
