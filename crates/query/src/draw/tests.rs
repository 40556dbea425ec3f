mod band;
mod clipped;
mod documented;
mod documents;
mod ground;
mod order;
mod sides;
mod work;

use super::*;
use crate::series::Series;
use base::context::{Budget, Context};
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn series(name: &str, values: Vec<f64>) -> Series {
    let length = values.len() as i64;
    Series::new(
        name,
        (1_700_000_000, 1_700_000_000 + 60 * length, 60),
        values,
    )
}

fn drawn(series: Vec<Series>, parameters: &[(&str, &str)]) -> Vec<u8> {
    let options = Options::parse(parameters.iter().copied()).unwrap();
    draw(
        Picture {
            series,
            from: 1_700_000_000,
            until: 1_700_003_600,
            zone: TimeZone::UTC,
            options: &options,
        },
        &Context::unlimited(),
    )
    .unwrap()
}

fn svg(series: Vec<Series>, parameters: &[(&str, &str)]) -> String {
    let mut all = vec![("format", "svg")];
    all.extend(parameters);
    String::from_utf8(drawn(series, &all)).unwrap()
}

#[test]
fn a_chart_says_what_it_shows() {
    let values = (0..60).map(f64::from).collect();
    let picture = svg(
        vec![series("load of <web>", values)],
        &[("title", "Load & more"), ("vtitle", "requests")],
    );
    for text in [
        "load of &lt;web&gt;",
        "Load &amp; more",
        "requests",
        "22:30",
        ">60<",
        ">0<",
    ] {
        assert!(picture.contains(text), "{text}: {picture}");
    }
}

#[test]
fn a_gap_is_a_gap_unless_it_is_to_be_bridged() {
    let values = vec![1.0, 2.0, f64::NAN, 4.0, 5.0];
    let moves = |mode: &str| {
        let picture = svg(
            vec![series("a", values.clone())],
            &[
                ("lineMode", mode),
                ("hideGrid", "true"),
                ("hideAxes", "true"),
            ],
        );
        let line = picture
            .lines()
            .find(|line| line.contains("stroke="))
            .unwrap()
            .to_owned();
        line.matches('M').count()
    };
    assert_eq!(
        (moves("slope"), moves("connected"), moves("staircase")),
        (2, 1, 2)
    );
}

#[test]
fn stacked_series_lie_upon_one_another() {
    let flat = |name: &str| series(name, vec![10.0; 10]);
    let picture = svg(vec![flat("a"), flat("b")], &[("areaMode", "stacked")]);
    assert!(picture.contains(">20<"), "{picture}");
    let picture = svg(vec![flat("a"), flat("b")], &[]);
    assert!(!picture.contains(">20<"), "{picture}");
}

#[test]
fn a_picture_costs_what_it_has_of_points_and_pixels() {
    let options = Options::parse([("width", "8192"), ("height", "2048")]).unwrap();
    let picture = || Picture {
        series: vec![series("a", vec![1.0; 100])],
        from: 1_700_000_000,
        until: 1_700_003_600,
        zone: TimeZone::UTC,
        options: &options,
    };
    assert_eq!((picture().points(), picture().pixels()), (100, 8192 * 2048));
    let few = Context::new(Budget {
        steps: 1000,
        ..Budget::UNLIMITED
    });
    assert!(matches!(draw(picture(), &few), Err(DrawError::Stopped(_))));
    let cancelled = Context::unlimited();
    cancelled
        .cancel_flag()
        .store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(matches!(
        draw(picture(), &cancelled),
        Err(DrawError::Stopped(Stop::Cancelled))
    ));
}

#[test]
fn nothing_is_said_to_be_nothing() {
    assert!(svg(Vec::new(), &[]).contains("No data"));
}

#[test]
fn a_second_axis_has_values_of_its_own() {
    let mut second = series("b", vec![1000.0, 5000.0]);
    second.drawing.is_on_second_axis = true;
    let picture = svg(
        vec![series("a", vec![1.0, 5.0]), second],
        &[("height", "300")],
    );
    assert!(
        picture.contains(" K<") && picture.contains(">5.0<") | picture.contains(">5<"),
        "{picture}"
    );
}

#[test]
fn a_legend_is_left_out_where_it_would_be_long() {
    let many = |count: usize| {
        (0..count)
            .map(|index| series(&format!("name-{index}"), vec![1.0, 2.0]))
            .collect()
    };
    assert!(svg(many(10), &[]).contains("name-9"));
    assert!(!svg(many(11), &[]).contains("name-9"));
    assert!(svg(many(11), &[("hideLegend", "false")]).contains("name-9"));
    let pie = ("graphType", "pie");
    assert!(svg(many(11), &[pie]).contains("name-9"));
    assert!(!svg(many(11), &[pie, ("hideLegend", "true")]).contains("name-9"));
    let picture = svg(
        many(500),
        &[
            ("hideLegend", "false"),
            ("height", "2000"),
            ("width", "800"),
        ],
    );
    assert!(picture.contains("and 300 more"), "a legend has an end");
}

#[test]
fn every_form_begins_as_it_should() {
    let one = || vec![series("ä b", vec![1.0, 2.0, 3.0])];
    assert!(drawn(one(), &[("format", "png")]).starts_with(b"\x89PNG\r\n\x1a\n"));
    assert!(drawn(one(), &[]).starts_with(b"\x89PNG"));
    let pdf = drawn(one(), &[("format", "pdf")]);
    assert!(pdf.starts_with(b"%PDF-1.4") && pdf.ends_with(b"%%EOF\n"));
    let pie = svg(one(), &[("graphType", "pie"), ("title", "parts")]);
    assert!(pie.contains("100.0 %") && pie.contains("parts"), "{pie}");
}

#[test]
fn a_parameter_that_cannot_be_taken_is_named() {
    for (name, value, error) in [
        ("width", "wide", "`width` takes a number, not `wide`"),
        (
            "width",
            "100000",
            "`width` is at most `picture_width` = 8192 pixels",
        ),
        (
            "height",
            "2049",
            "`height` is at most `picture_height` = 2048 pixels",
        ),
        ("height", "1", "`height` is at least 10 pixels"),
        (
            "bgcolor",
            "greenish",
            "`bgcolor` takes a colour's name, `transparent`, or six or eight hexadecimal digits (the last two of eight are the opacity), not `greenish`",
        ),
        (
            "fgcolor",
            "12345",
            "`fgcolor` takes a colour's name, or six or eight hexadecimal digits (the last two of eight are the opacity), not `12345`",
        ),
        (
            "colorList",
            "none",
            "`colorList` takes a colour that is seen (only `bgcolor` is `transparent`; `hideGrid`, `hideAxes` and `hideLegend` leave parts out), not `none`",
        ),
        (
            "lineMode",
            "wavy",
            "`lineMode` takes slope, staircase or connected, not `wavy`",
        ),
        (
            "hideGrid",
            "perhaps",
            "`hideGrid` takes true or false, not `perhaps`",
        ),
    ] {
        let refusal = Options::parse([(name, value)]).unwrap_err();
        assert_eq!(
            (refusal.to_string().as_str(), refusal.parameter()),
            (error, name)
        );
    }
}

/// As in graphite-web, also where no value would be taken.
#[test]
fn a_parameter_that_is_empty_or_default_is_not_there() {
    let usual = svg(vec![series("a", vec![1.0, 2.0])], &[]);
    for value in ["", "default", "Default"] {
        let names = [
            "width",
            "height",
            "margin",
            "fontSize",
            "fontBold",
            "title",
            "bgcolor",
            "fgcolor",
            "colorList",
            "template",
            "lineMode",
            "areaMode",
            "yMin",
            "yMax",
            "yUnitSystem",
            "yAxisSide",
            "hideGrid",
            "hideLegend",
            "graphOnly",
            "graphType",
            "pieMode",
            "logBase",
            "minorY",
        ];
        let all: Vec<_> = names.iter().map(|name| (*name, value)).collect();
        assert_eq!(
            svg(vec![series("a", vec![1.0, 2.0])], &all),
            usual,
            "{value}"
        );
    }
}

proptest! {
    #[test]
    fn no_values_and_parameters_break_it(
        values in proptest::collection::vec(prop_oneof![any::<f64>(), Just(f64::NAN), -5.0..5.0], 0..50),
        name in ".{0,20}",
        parameters in proptest::collection::vec((
            proptest::sample::select(vec!["width", "height", "margin", "fontSize", "yMin", "yMax", "yStep", "logBase", "minorY", "lineWidth",
                "areaMode", "lineMode", "graphType", "format", "xFormat", "yUnitSystem", "connectedLimit", "yLimit", "yLimitLeft", "yDivisors", "min", "max", "thickness", "valueLabels", "valueLabelsMin"]),
            proptest::sample::select(vec!["0", "1", "-1", "1e300", "0.001", "inf", "11", "400", "stacked", "connected", "pie", "svg", "pdf", "%Q", "binary", "sec"]),
        ), 0..6),
    ) {
        let parameters = parameters.iter().map(|(name, value)| (*name, *value));
        if let Ok(options) = Options::parse(parameters) {
            let picture = Picture {
                series: vec![series(&name, values)],
                from: 1_700_000_000,
                until: 1_700_003_600,
                zone: TimeZone::UTC,
                options: &options,
            };
            prop_assert!(!draw(picture, &Context::unlimited()).unwrap().is_empty());
        }
    }
}
