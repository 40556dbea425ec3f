//! The parameters of `/render` that say how a picture is drawn.

use super::build::Operation;
use serde_json::json;

/// The name of a parameter, and what it means.
const WORDS: [(&str, &str); 47] = [
    ("width", "pixels, 10 to 8192; 330 by default"),
    ("height", "pixels, 10 to 2048; 250 by default"),
    ("margin", "pixels round the picture; 10 by default"),
    (
        "template",
        "a set of colours by its name: `light` (also `plain`, `solarized-light`, `solarized-white`), `dark` (also `solarized-dark`, `noc`), or any other for the usual ones, on black; the other parameters paint over it",
    ),
    (
        "bgcolor",
        "the colour of the ground: a name, `RRGGBB` or `RRGGBBAA` in hexadecimal digits (`AA` is the opacity), or `transparent` (also `none`): what is behind the picture is seen then. Texts and axes keep the colours of `template`, white unless it says otherwise: on a light page, say `template=light` or `fgcolor` as well",
    ),
    (
        "fgcolor",
        "the colour of texts and axes, written as that of `bgcolor`; only `bgcolor` is `transparent`",
    ),
    ("majorGridLineColor", "the colour of the grid's major lines"),
    ("minorGridLineColor", "the colour of the grid's minor lines"),
    (
        "colorList",
        "the colours of series that have none, in turn, separated by commas",
    ),
    ("fontSize", "the size of texts, 4 to 96; 11 by default"),
    ("fontBold", "true: texts are bold"),
    ("title", "a title above the picture"),
    ("vtitle", "a title of the left axis"),
    ("vtitleRight", "a title of the right axis"),
    ("lineWidth", "pixels; 1.2 by default; also `thickness`"),
    (
        "leftWidth",
        "where there are two axes: pixels of the left one's lines",
    ),
    (
        "rightWidth",
        "where there are two axes: pixels of the right one's lines",
    ),
    (
        "leftColor",
        "where there are two axes: the colour of the left one's lines",
    ),
    (
        "rightColor",
        "where there are two axes: the colour of the right one's lines",
    ),
    (
        "leftDashed",
        "where there are two axes: true, or the pixels of a dash of the left one's lines",
    ),
    (
        "rightDashed",
        "where there are two axes: true, or the pixels of a dash of the right one's lines",
    ),
    (
        "connectedLimit",
        "`connected` lines: across how many points without a value; any number by default",
    ),
    ("areaAlpha", "how opaque areas are, 0 to 1"),
    ("drawNullAsZero", "true: a point without a value is 0"),
    (
        "hideLegend",
        "whether the names of series are left out; by default where a chart has more than 10",
    ),
    ("uniqueLegend", "true: a name stands in the legend once"),
    (
        "hideNullFromLegend",
        "true: the legend leaves out what has no value",
    ),
    ("hideGrid", "true: no grid"),
    ("hideAxes", "true: no axes"),
    ("hideXAxis", "true: no axis of time"),
    ("hideYAxis", "true: no axis of values"),
    (
        "graphOnly",
        "true: the lines alone: no axes, grid, legend, titles and margin",
    ),
    (
        "yMin",
        "the least value of the left axis; also `yMinLeft` and `min`",
    ),
    (
        "yMax",
        "the greatest value of the left axis; also `yMaxLeft` and `max`",
    ),
    (
        "yStep",
        "the distance between labels of the left axis; also `yStepLeft`",
    ),
    ("yMinRight", "the least value of the right axis"),
    ("yMaxRight", "the greatest value of the right axis"),
    (
        "yStepRight",
        "the distance between labels of the right axis",
    ),
    (
        "yLimit",
        "what an axis is at most; greater values are beyond it",
    ),
    ("yLimitLeft", "the same of the left axis alone"),
    ("yLimitRight", "the same of the right axis alone"),
    (
        "yDivisors",
        "the most parts that an axis of values is divided into; of several numbers, the greatest",
    ),
    (
        "minorY",
        "how many minor lines of the grid stand between two major ones, 0 to 10; 1 by default",
    ),
    ("logBase", "a logarithmic axis of this base; `e` is one"),
    (
        "xFormat",
        "how times are written along the axis, for example `%H:%M`",
    ),
    (
        "valueLabelsMin",
        "a pie: labels of slices from so many per cent, or from such a value; 5 by default",
    ),
    (
        "valueLabelsColor",
        "a pie: the colour of labels; black or white by default",
    ),
];

/// Parameters that take one of a few words; the first is the default.
const CHOICES: [(&str, &str, &[&str]); 7] = [
    (
        "lineMode",
        "what stands between two points",
        &["slope", "staircase", "connected"],
    ),
    (
        "areaMode",
        "which series are areas",
        &["none", "first", "all", "stacked"],
    ),
    (
        "graphType",
        "lines over time, or slices of a pie",
        &["line", "pie"],
    ),
    (
        "pieMode",
        "what a slice is as large as",
        &["average", "maximum", "minimum"],
    ),
    (
        "valueLabels",
        "what stands upon a slice",
        &["percent", "number", "none"],
    ),
    (
        "yAxisSide",
        "the side of the only axis of values",
        &["left", "right"],
    ),
    (
        "yUnitSystem",
        "the prefixes of large values",
        &["si", "binary", "sec", "msec", "none"],
    ),
];

/// Adds them.
pub(super) fn drawn(operation: Operation) -> Operation {
    let worded = |operation: Operation, (name, meaning): &(&str, &str)| {
        operation.query(name, &format!("a picture: {meaning}"))
    };
    let operation = WORDS.iter().fold(operation, worded);
    CHOICES
        .iter()
        .fold(operation, |operation, (name, meaning, words)| {
            // No `enum`: the words are read in any case, and one that is empty or `default` is as if it were not there.
            let schema = json!({ "type": "string", "default": words.first() });
            let meaning = format!("a picture: {meaning}: `{}`", words.join("`, `"));
            operation.query_of(name, &meaning, false, schema)
        })
}
