//! The area between two series.

use super::*;
use crate::functions::support::series as evaluated;
use tiny_skia::Pixmap;

/// Ten pixels high for each unit from 0 to 20, and sixty wide.
fn painted(target: &str, more: &[(&str, &str)]) -> Pixmap {
    let mut parameters = vec![
        ("graphOnly", "1"),
        ("width", "60"),
        ("height", "200"),
        ("yMin", "0"),
        ("yMax", "20"),
        ("bgcolor", "black"),
        ("colorList", "ffffff"),
        ("areaAlpha", "1"),
    ];
    parameters.extend(more);
    let options = Options::parse(parameters).unwrap();
    let picture = Picture {
        series: evaluated(target).unwrap(),
        from: 10,
        until: 70,
        zone: TimeZone::UTC,
        options: &options,
    };
    Pixmap::decode_png(&draw(picture, &Context::unlimited()).unwrap()).unwrap()
}

/// Whether there is paint at a second and a value.
fn is_painted(picture: &Pixmap, second: u32, value: f64) -> bool {
    let row = 200 - (value * 10.0) as u32;
    picture.pixel(second - 10, row).unwrap().red() > 128
}

#[test]
fn an_area_between_two_series_ends_at_the_lower_one() {
    // a.x is 1 to 6, from second 10 on.
    for target in [
        "areaBetween(group(offset(a.x,5),offset(a.x,10)))",
        "alpha(areaBetween(group(offset(a.x,5),offset(a.x,10))),1)",
        "alias(secondYAxis(areaBetween(group(offset(a.x,5),offset(a.x,10)))),'band')",
        // Wherever others and itself stand by then.
        "sortByMaxima(areaBetween(group(offset(a.x,5),offset(a.x,10))))",
        "group(invert(a.x),areaBetween(group(offset(a.x,5),offset(a.x,10))))",
    ] {
        let right = [("yMinRight", "0"), ("yMaxRight", "20")];
        for more in [
            &[][..],
            &[("lineMode", "staircase")],
            &[("lineMode", "connected")],
            &[("areaMode", "stacked")],
        ] {
            let more = [more, &right].concat();
            let picture = painted(target, &more);
            for second in [11, 21, 31, 41, 51, 59] {
                let offset = f64::from(second) / 10.0;
                let seen = |value: f64| is_painted(&picture, second, offset + value);
                let all = [seen(11.5), seen(7.5), seen(3.0), seen(1.5)];
                assert_eq!(
                    all,
                    [false, true, false, false],
                    "{target} {more:?} {second}"
                );
            }
        }
    }
}

#[test]
fn nothing_lies_between_where_the_upper_is_below_the_lower_or_one_is_missing() {
    // 1 to 6 less 10, made positive: 9 to 4.
    let falling = "absolute(offset(a.x,-10))";
    let crossed = format!("areaBetween(group({falling},scale(a.x,2)))");
    let picture = painted(&crossed, &[]);
    // They cross at 6.67, at second 33.3.
    for (second, value, expected) in [
        (15, 5.0, false),
        (25, 6.5, false),
        (32, 7.0, false),
        (36, 6.7, true),
        (35, 5.5, false),
        (35, 8.0, false),
        (50, 8.0, true),
        (50, 3.0, false),
    ] {
        assert_eq!(
            is_painted(&picture, second, value),
            expected,
            "{second} {value}"
        );
    }
    // a.y lacks its second value.
    for order in ["a.y,offset(a.x,10)", "scale(a.x,0),offset(a.y,5)"] {
        let target = format!("areaBetween(group({order}))");
        let staircase = painted(&target, &[("lineMode", "staircase")]);
        let seen = [15, 25, 35].map(|second| is_painted(&staircase, second, 6.5));
        assert_eq!(seen, [true, false, true], "{order}");
    }
}

#[test]
fn an_axis_of_an_area_between_two_series_need_not_begin_at_zero() {
    let high = evaluated("areaBetween(group(offset(a.x,500),offset(a.x,510)))").unwrap();
    let picture = svg(high, &[]);
    assert!(
        picture.contains(">510<") && !picture.contains(">0<"),
        "{picture}"
    );
}

#[test]
fn both_functions_of_such_areas_name_their_ends() {
    for (target, name) in [
        ("areaBetween(group(a.x,a.y))", "areaBetween(a.y)"),
        (
            "holtWintersConfidenceArea(a.x,3,'1min','20s')",
            "holtWintersConfidenceArea(a.x)",
        ),
    ] {
        let ends = evaluated(target).unwrap();
        let band_of = |series: &Series| (series.drawing.band.clone(), series.drawing.is_invisible);
        let band = || Some(name.into());
        let expected = [(band(), true), (band(), false)];
        let bands: Vec<_> = ends.iter().map(band_of).collect();
        assert_eq!(bands, expected, "{target}");
    }
}
