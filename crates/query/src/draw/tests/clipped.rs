//! Clipping, and what shows through a transparent background.

use super::*;
use crate::draw::color::Color;
use crate::draw::legend::legend;
use tiny_skia::Pixmap;

#[test]
fn a_transparent_picture_is_so_beyond_the_plot_too() {
    let high = || vec![series("a", vec![1.0, 900.0, 1.0, 900.0])];
    let grounds = ["FFFFFF00", "transparent", " Transparent", "none"];
    for (kind, ground) in grounds
        .map(|ground| ("line", ground))
        .into_iter()
        .chain([("pie", "none")])
    {
        let parameters = [
            ("bgcolor", ground),
            ("graphType", kind),
            ("yMax", "10"),
            ("hideAxes", "true"),
            ("hideLegend", "true"),
        ];
        let pixels = Pixmap::decode_png(&drawn(high(), &parameters)).unwrap();
        // The margin, and what is between the axis and the edge.
        let rows = (0..8).chain(242..250);
        for (x, y) in rows.flat_map(|y| (0..330).map(move |x| (x, y))) {
            assert_eq!(
                pixels.pixel(x, y).unwrap().alpha(),
                0,
                "{kind} {ground} {x} {y}"
            );
        }
        assert!(pixels.pixels().iter().any(|pixel| pixel.alpha() == 255));
    }
    let picture = svg(high(), &[("bgcolor", "FFFFFF00"), ("yMax", "10")]);
    assert!(!picture.contains("\"#ffffff\" d="), "{picture}");
    assert_eq!(picture.matches("<g clip-path=\"url(#plot-").count(), 1);
    assert_eq!(picture.matches("</g>").count(), 1);
    let pdf = drawn(high(), &[("format", "pdf")]);
    let pdf = String::from_utf8_lossy(&pdf);
    assert!(pdf.contains(" re W n\n") && pdf.contains("\nQ\n"));
}

#[test]
fn a_title_is_drawn_once() {
    let picture = svg(
        vec![series("a", vec![1.0, 2.0])],
        &[("title", "Once"), ("vtitle", "Left")],
    );
    assert_eq!(picture.matches("Once").count(), 1);
    assert_eq!(picture.matches("Left").count(), 1);
}

#[test]
fn a_legend_leaves_half_of_the_picture_to_its_graph() {
    for (count, size, height) in [
        (15, "11", "250"),
        (12, "20", "250"),
        (200, "11", "250"),
        (15, "96", "250"),
        (15, "11", "10"),
        (3, "11", "250"),
    ] {
        let parameters = [
            ("fontSize", size),
            ("height", height),
            ("hideLegend", "false"),
        ];
        let options = Options::parse(parameters).unwrap();
        let name = |index: usize| format!("a.rather.long.name.of.a.series.{index}");
        let names: Vec<String> = (0..count).map(name).collect();
        let series: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), Color::rgb(0)))
            .collect();
        let room = options.height - 2.0 * options.margin;
        let layout = legend(&series, &options, (310.0, room));
        assert!(layout.height() <= room.max(0.0) / 2.0, "{count} {size}");
    }
    let many = |count: usize| {
        (0..count)
            .map(|index| {
                series(
                    &format!("a.rather.long.name.of.a.series.{index}"),
                    vec![1.0, 2.0],
                )
            })
            .collect::<Vec<_>>()
    };
    let parameters = [("hideLegend", "false")];
    let picture = svg(many(15), &parameters);
    assert!(picture.contains("series.5<") && picture.contains("and 9 more"));
    assert!(!svg(many(7), &parameters).contains("more"));
    // Its names are read from the top: none lies above the plot's lower edge.
    assert!(!svg(many(15), &[("hideLegend", "false"), ("height", "10")]).contains("more"));
}

#[test]
fn a_point_alone_is_as_wide_as_its_line() {
    let mut values = vec![f64::NAN; 10_000];
    values[5000] = 3.0;
    let mut one = series("a", values);
    (one.start, one.end, one.step) = (1_700_000_000, 1_700_010_000, 1);
    let picture = svg(
        vec![one],
        &[
            ("lineWidth", "4"),
            ("hideGrid", "true"),
            ("lineMode", "staircase"),
        ],
    );
    let line = picture
        .lines()
        .find(|line| line.contains("stroke-width=\"4\""))
        .unwrap();
    let path = line.split(" d=\"").nth(1).unwrap();
    let numbers: Vec<f64> = path
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .filter_map(|text| text.parse().ok())
        .collect();
    assert!(numbers[2] - numbers[0] >= 3.99, "{line}");
}

#[test]
fn what_is_not_seen_is_shown_by_its_number() {
    let turned = "a\u{202e}b";
    for kind in ["line", "pie"] {
        let picture = svg(
            vec![series(turned, vec![1.0, 2.0])],
            &[
                ("title", turned),
                ("vtitle", turned),
                ("graphType", kind),
                ("xFormat", "%H\u{200b}"),
            ],
        );
        assert!(
            !picture.contains(|c| c != '\n' && base::invisible::is_invisible(c)),
            "{picture}"
        );
        assert!(picture.contains("a\\u{202e}b"), "{picture}");
    }
}
