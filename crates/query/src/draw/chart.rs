//! The layout of a chart: title, axes, grid, series, legend.

use super::axis::{TimeAxis, ValueAxis, time_axis, value_axis};
use super::band;
use super::canvas::Canvas;
use super::color::Color;
use super::font;
use super::legend::{Legend, legend};
use super::options::{AreaMode, AxisOptions, Options};
use super::picture::Picture;
use super::plot::{self, Curve};
use super::scene::{Anchor, Scene, Shape, Text};
use base::context::Stop;

/// Pixels that a label of the value axis needs.
const PIXELS_PER_LINE: f64 = 28.0;

/// Pixels that a label of the time axis needs.
const PIXELS_PER_LABEL: f64 = 70.0;

/// The layout of a chart, as long as the work may go on.
pub(crate) fn scene(
    picture: Picture<'_>,
    check: impl Fn() -> Result<(), Stop>,
) -> Result<Scene, Stop> {
    let Picture {
        series,
        from,
        until,
        zone,
        options,
    } = picture;
    let mut scene = Scene {
        width: options.width,
        height: options.height,
        background: options.theme.background,
        shapes: Vec::new(),
    };
    let inner = (options.width - 2.0 * options.margin).max(1.0);
    let curves = curves(series, options, inner, &check)?;
    let top = options.margin + title_height(options);
    let room = (inner, options.height - options.margin - top);
    let legend = legend(&names_shown(&curves, options), options, room);
    let curves = in_order_of_painting(curves, options.area_mode);
    let bottom = bottom_of_plot(&legend, options).max(top + 10.0);
    let axes = ValueAxes::new(&curves, bottom - top, options);
    let (left, right) = axes.edges(options);
    let canvas = Canvas {
        left,
        top,
        right,
        bottom,
        from: from as f64,
        until: (until as f64).max(from as f64 + 1.0),
    };
    let apart = PIXELS_PER_LABEL.max(options.font_size * 6.0) * (canvas.until - canvas.from)
        / canvas.width();
    let times = time_axis((from, until), apart, &zone, options.x_format.as_deref());
    draw_titles(&mut scene, &canvas, options);
    if curves.is_empty() {
        draw_nothing(&mut scene, &canvas, options);
        return Ok(scene);
    }
    if !options.hides_grid {
        draw_grid(&mut scene, &canvas, &axes.left, &times, options);
    }
    let drawn = (curves.as_slice(), &axes);
    draw_curves(&mut scene, &canvas, drawn, options, &check)?;
    if !options.hides_x_axis {
        draw_times(&mut scene, &canvas, &times, options);
    }
    if !options.hides_y_axis {
        axes.draw(&mut scene, &canvas, options);
    }
    let below = options.height - options.margin - legend.height();
    legend.draw(&mut scene, (options.margin, below), options);
    Ok(scene)
}

/// The names and colours that a legend explains.
fn names_shown<'c>(curves: &'c [Curve], options: &Options) -> Vec<(&'c str, Color)> {
    let visible = curves.iter().filter(|curve| {
        let is_null = || curve.points.iter().all(|point| point.is_nan());
        !(curve.is_invisible || options.hides_null_from_legend && is_null())
    });
    visible
        .map(|curve| (curve.name.as_str(), curve.color))
        .collect()
}

/// Where the plot ends, above the labels of the time axis and the legend.
fn bottom_of_plot(legend: &Legend, options: &Options) -> f64 {
    let mut bottom = options.height - options.margin;
    if legend.height() > 0.0 {
        bottom -= legend.height() + options.font_size * 0.5;
    }
    if !options.hides_x_axis {
        bottom -= options.font_size * 1.6;
    }
    bottom
}

/// The axes of values, and the sides of the plot on which they stand.
struct ValueAxes {
    left: ValueAxis,
    /// Of curves on a second axis, if there are any.
    right: Option<ValueAxis>,
    is_left_side: bool,
    is_right_side: bool,
}

impl ValueAxes {
    fn new(curves: &[Curve], height: f64, options: &Options) -> Self {
        let lines = (height / PIXELS_PER_LINE).floor().max(2.0) as usize;
        let lines = options.lines.unwrap_or(lines);
        let is_second = curves.iter().any(|curve| curve.is_on_second_axis);
        Self {
            left: axis_of(curves, false, options.left, options, lines),
            right: is_second.then(|| axis_of(curves, true, options.right, options, lines)),
            is_left_side: is_second || options.is_left_side,
            is_right_side: is_second || !options.is_left_side,
        }
    }

    /// The axis at the right side: the only one, where it stands there.
    fn at_right(&self) -> &ValueAxis {
        self.right.as_ref().unwrap_or(&self.left)
    }

    fn of(&self, curve: &Curve) -> &ValueAxis {
        match &self.right {
            Some(right) if curve.is_on_second_axis => right,
            _ => &self.left,
        }
    }

    /// The left and right edges of the plot, beside titles and labels.
    fn edges(&self, options: &Options) -> (f64, f64) {
        let size = options.font_size;
        let title_width = |title: &Option<String>| title.as_ref().map_or(0.0, |_| size * 1.6);
        let label_width = |axis: &ValueAxis| {
            let widths = axis
                .labels
                .iter()
                .map(|(_, label)| font::width(label, size, options.is_bold));
            widths.fold(0.0, f64::max) + size * 0.6
        };
        let mut left = options.margin + title_width(&options.left_title);
        let mut right = options.width - options.margin - title_width(&options.right_title);
        if !options.hides_y_axis && self.is_left_side {
            left += label_width(&self.left);
        }
        if !options.hides_y_axis && self.is_right_side {
            right -= label_width(self.at_right());
        }
        (left, right.max(left + 10.0))
    }

    fn draw(&self, scene: &mut Scene, canvas: &Canvas, options: &Options) {
        if self.is_left_side {
            draw_values(scene, canvas, &self.left, true, options);
        }
        if self.is_right_side {
            draw_values(scene, canvas, self.at_right(), false, options);
        }
    }
}

/// The curves, of which nothing is shown that lies beyond the axes.
fn draw_curves(
    scene: &mut Scene,
    canvas: &Canvas,
    (curves, axes): (&[Curve], &ValueAxes),
    options: &Options,
    check: &impl Fn() -> Result<(), Stop>,
) -> Result<(), Stop> {
    let corner = (canvas.right + 1.0, canvas.bottom + 1.0);
    scene
        .shapes
        .push(Shape::Clip((canvas.left - 1.0, canvas.top - 1.0), corner));
    for curve in curves {
        check()?;
        plot::draw(scene, curve, canvas, axes.of(curve), options);
    }
    scene.shapes.push(Shape::Unclip);
    Ok(())
}

/// The series as curves, in their order: with no more points than pixels, coloured, and stacked where that is asked for.
pub(super) fn curves(
    series: Vec<crate::series::Series>,
    options: &Options,
    pixels: f64,
    check: &impl Fn() -> Result<(), Stop>,
) -> Result<Vec<Curve>, Stop> {
    let mut curves = Vec::with_capacity(series.len());
    for (index, mut series) in series.into_iter().enumerate() {
        check()?;
        let per_pixel = (series.values.len() as f64 / pixels).ceil().max(1.0);
        series.values_per_point = per_pixel as usize;
        let mut curve = Curve::new(&series, options.color_of(index), options);
        curve.is_area |= match options.area_mode {
            AreaMode::None => false,
            AreaMode::First => index == 0,
            AreaMode::All | AreaMode::Stacked => true,
        };
        curves.push(curve);
    }
    if curves.iter().any(|curve| curve.is_on_second_axis) {
        for curve in &mut curves {
            curve.take_side(options);
        }
    }
    band::join(&mut curves, options.line_mode, check)?;
    if options.area_mode == AreaMode::Stacked {
        stack(&mut curves, check)?;
    }
    Ok(curves)
}

/// Puts each upon those before it that are on the same axis. What is between two series stays there.
fn stack(curves: &mut [Curve], check: &impl Fn() -> Result<(), Stop>) -> Result<(), Stop> {
    let mut stacks: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    let is_stacked = |curve: &&mut Curve| !curve.is_infinite && curve.band.is_none();
    for curve in curves.iter_mut().filter(is_stacked) {
        check()?;
        let [left, right] = &mut stacks;
        let sums = if curve.is_on_second_axis { right } else { left };
        sums.resize(sums.len().max(curve.points.len()), 0.0);
        // No more than it has points: these alone are counted, and another may have many more.
        curve.floor = sums.get(..curve.points.len()).map(<[f64]>::to_vec);
        for (point, sum) in curve.points.iter_mut().zip(sums) {
            if !point.is_nan() {
                *sum += *point;
                *point = *sum;
            }
        }
    }
    Ok(())
}

fn in_order_of_painting(curves: Vec<Curve>, mode: AreaMode) -> Vec<Curve> {
    if mode == AreaMode::Stacked {
        return curves;
    }
    // Functions stack each series upon those before it, so the tallest area comes first, and lines lie upon areas.
    let (areas, lines): (Vec<_>, Vec<_>) = curves.into_iter().partition(|curve| curve.is_area);
    areas.into_iter().rev().chain(lines).collect()
}

fn axis_of(
    curves: &[Curve],
    is_second: bool,
    axis: AxisOptions,
    options: &Options,
    lines: usize,
) -> ValueAxis {
    let on_axis = curves
        .iter()
        .filter(|curve| curve.is_on_second_axis == is_second);
    let ranges = on_axis.filter_map(|curve| {
        let (least, most) = curve.range()?;
        // An area begins at zero, but for one between two series.
        let is_from_zero = curve.is_area && curve.band.is_none();
        let least = if is_from_zero { least.min(0.0) } else { least };
        Some((least, most))
    });
    let all = ranges.reduce(|(a, b), (least, most)| (a.min(least), b.max(most)));
    value_axis(all.unwrap_or((0.0, 1.0)), axis, options, lines)
}

fn title_height(options: &Options) -> f64 {
    options
        .title
        .as_ref()
        .map_or(0.0, |_| options.font_size * 2.2)
}

fn text(text: &str, at: (f64, f64), anchor: Anchor, options: &Options) -> Text {
    Text {
        text: text.to_owned(),
        at,
        size: options.font_size,
        color: options.theme.foreground,
        anchor,
        is_bold: options.is_bold,
        is_upright: false,
    }
}

fn draw_titles(scene: &mut Scene, canvas: &Canvas, options: &Options) {
    let middle = f64::midpoint(canvas.top, canvas.bottom);
    if let Some(title) = &options.title {
        let size = options.font_size * 1.25;
        let title = font::fitted(title, size, options.width - 2.0 * options.margin);
        let at = (options.width / 2.0, options.margin + size);
        scene.shapes.push(Shape::Text(Text {
            size,
            is_bold: true,
            ..text(&title, at, Anchor::Middle, options)
        }));
    }
    for (title, x) in [
        (&options.left_title, options.margin + options.font_size),
        (&options.right_title, options.width - options.margin),
    ] {
        if let Some(title) = title {
            scene.shapes.push(Shape::Text(Text {
                is_upright: true,
                ..text(title, (x, middle), Anchor::Middle, options)
            }));
        }
    }
}

fn draw_nothing(scene: &mut Scene, canvas: &Canvas, options: &Options) {
    let at = (
        f64::midpoint(canvas.left, canvas.right),
        f64::midpoint(canvas.top, canvas.bottom),
    );
    let size = options.font_size * 1.25;
    scene.shapes.push(Shape::Text(Text {
        size,
        ..text("No data", at, Anchor::Middle, options)
    }));
}

fn draw_grid(
    scene: &mut Scene,
    canvas: &Canvas,
    axis: &ValueAxis,
    times: &TimeAxis,
    options: &Options,
) {
    let theme = &options.theme;
    let height = |value: f64| {
        let share = axis
            .share(value)
            .filter(|share| (-1e-9..=1.0 + 1e-9).contains(share));
        share.map(|share| canvas.bottom - share * canvas.height())
    };
    let minor = axis.minor(options.minor_lines).into_iter();
    for y in minor.filter_map(height) {
        scene.segment((canvas.left, y), (canvas.right, y), theme.minor_grid, 0.6);
    }
    for at in &times.minor {
        let x = canvas.x(*at);
        scene.segment((x, canvas.top), (x, canvas.bottom), theme.minor_grid, 0.6);
    }
    for (at, _) in &times.labels {
        let x = canvas.x(*at);
        scene.segment((x, canvas.top), (x, canvas.bottom), theme.major_grid, 0.8);
    }
    for y in axis.labels.iter().filter_map(|(value, _)| height(*value)) {
        scene.segment((canvas.left, y), (canvas.right, y), theme.major_grid, 0.8);
    }
}

fn draw_times(scene: &mut Scene, canvas: &Canvas, times: &TimeAxis, options: &Options) {
    let size = options.font_size;
    let foreground = options.theme.foreground;
    let base = canvas.bottom;
    scene.segment((canvas.left, base), (canvas.right, base), foreground, 0.8);
    let mut free = f64::NEG_INFINITY;
    for (at, label) in &times.labels {
        let x = canvas.x(*at);
        let half = font::width(label, size, options.is_bold) / 2.0;
        if x - half < free || x + half > options.width {
            continue;
        }
        free = x + half + size * 0.5;
        scene.segment((x, base), (x, base + 3.0), foreground, 0.8);
        let at = (x, base + size * 1.35);
        scene
            .shapes
            .push(Shape::Text(text(label, at, Anchor::Middle, options)));
    }
}

fn draw_values(
    scene: &mut Scene,
    canvas: &Canvas,
    axis: &ValueAxis,
    is_left: bool,
    options: &Options,
) {
    let size = options.font_size;
    let (x, anchor) = if is_left {
        (canvas.left - size * 0.4, Anchor::End)
    } else {
        (canvas.right + size * 0.4, Anchor::Start)
    };
    for (value, label) in &axis.labels {
        let share = axis
            .share(*value)
            .filter(|share| (-1e-9..=1.0 + 1e-9).contains(share));
        let Some(share) = share else { continue };
        let y = canvas.bottom - share * canvas.height() + size * 0.35;
        scene
            .shapes
            .push(Shape::Text(text(label, (x, y), anchor, options)));
    }
}
