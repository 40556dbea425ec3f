//! Options of each axis and of a pie's labels.

use super::*;

fn two() -> Vec<Series> {
    let mut second = series("b", vec![1000.0, 5000.0]);
    second.drawing.is_on_second_axis = true;
    second.drawing.line_width = Some(7.0);
    vec![series("a", vec![1.0, 5.0]), second]
}

#[test]
fn lines_of_each_of_two_axes_are_drawn_as_is_said() {
    let sides = [
        ("leftWidth", "3.5"),
        ("leftColor", "112233"),
        ("leftDashed", "8"),
        ("rightWidth", "4.5"),
        ("rightColor", "445566"),
        ("rightDashed", "true"),
    ];
    let picture = svg(two(), &sides);
    let has = |all: &[&str]| {
        let fits = |line: &str| all.iter().all(|one| line.contains(one));
        picture.lines().any(fits)
    };
    assert!(has(&["#112233", "\"3.5\"", "dasharray=\"8"]), "{picture}");
    assert!(has(&["#445566", "\"4.5\"", "dasharray=\"5"]), "{picture}");
    // With one axis there is no side.
    let one = || vec![series("a", vec![1.0, 5.0])];
    assert_eq!(svg(one(), &sides), svg(one(), &[]));
    let undashed = svg(two(), &[("leftDashed", "false"), ("rightDashed", "0")]);
    assert_eq!(undashed, svg(two(), &[]));
}

#[test]
fn each_axis_has_a_limit_and_lines() {
    let picture = svg(two(), &[("yLimitRight", "2000"), ("yLimitLeft", "3")]);
    assert!(
        !picture.contains(">5 K<") && !picture.contains(">5.0<"),
        "{picture}"
    );
    assert!(
        picture.contains(">2.0 K<") || picture.contains(">2 K<"),
        "{picture}"
    );
    let labels = |divisors: &str| {
        let one = vec![series("a", vec![0.0, 100.0])];
        let parameters = [
            ("yDivisors", divisors),
            ("height", "800"),
            ("hideXAxis", "1"),
        ];
        svg(one, &parameters).matches("text-anchor=\"end\"").count()
    };
    assert_eq!((labels("2"), labels("4,5,6"), labels("10, 4")), (3, 6, 11));
}

#[test]
fn older_names_give_way_to_newer_ones() {
    let drawn = |parameters: &[(&str, &str)]| svg(vec![series("a", vec![1.0, 2.0])], parameters);
    for (older, newer, value, other) in [
        ("thickness", "lineWidth", "4", "2"),
        ("min", "yMin", "-10", "-20"),
        ("max", "yMax", "10", "20"),
    ] {
        let expected = drawn(&[(newer, value)]);
        assert_ne!(expected, drawn(&[]));
        assert_eq!(drawn(&[(older, value)]), expected, "{older}");
        assert_eq!(
            drawn(&[(newer, value), (older, other)]),
            expected,
            "{older}"
        );
    }
}

#[test]
fn an_axis_ends_at_the_greatest_value_where_that_is_said() {
    let drawn = |parameters: &[(&str, &str)]| svg(vec![series("a", vec![1.0, 97.0])], parameters);
    assert!(drawn(&[]).contains(">100<"));
    for name in ["yMax", "yMaxLeft", "max"] {
        let picture = drawn(&[(name, "max")]);
        assert!(!picture.contains(">100<"), "{name}: {picture}");
        assert_eq!(picture, drawn(&[("yMax", "97")]), "{name}");
    }
    let right = svg(two(), &[("yMaxRight", "max")]);
    assert_eq!(right, svg(two(), &[("yMaxRight", "5000")]));
    // What is said of the axis itself counts, in whichever order.
    let both = drawn(&[("yMax", "200"), ("max", "max")]);
    assert_eq!(both, drawn(&[("yMax", "200")]));
    let error = Options::parse([("yMax", "greatest")]).unwrap_err();
    let expected = "`yMax` takes a number or `max`, not `greatest`";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn words_are_read_in_any_case_and_no_margin_is_less_than_nothing() {
    let drawn = |parameters: &[(&str, &str)]| svg(vec![series("a", vec![1.0, 97.0])], parameters);
    for (name, written, meant) in [
        ("lineMode", "StairCase", "staircase"),
        ("areaMode", "ALL", "all"),
        ("yUnitSystem", "Binary", "binary"),
        ("margin", "-5", "10"),
    ] {
        assert_eq!(drawn(&[(name, written)]), drawn(&[(name, meant)]), "{name}");
    }
}

#[test]
fn a_legend_leaves_out_what_has_no_value_where_that_is_said() {
    let both = || vec![series("full", vec![1.0]), series("void", vec![f64::NAN])];
    assert!(svg(both(), &[]).contains(">void<"));
    let picture = svg(both(), &[("hideNullFromLegend", "true")]);
    assert!(picture.contains(">full<") && !picture.contains(">void<"));
}

#[test]
fn a_pie_says_shares_or_numbers_or_nothing() {
    let pie = |parameters: &[(&str, &str)]| {
        let slices = vec![series("a", vec![97.0]), series("b", vec![3.0])];
        svg(slices, &[&[("graphType", "pie")], parameters].concat())
    };
    for (parameters, seen, unseen) in [
        (&[][..], ">97.0 %<", ">3.0 %<"),
        (&[("valueLabelsMin", "0")], ">3.0 %<", ">3<"),
        (&[("valueLabels", "number")], ">97<", ">3<"),
        (&[("valueLabels", "none")], ">a<", ">97.0 %<"),
    ] {
        let picture = pie(parameters);
        let has = |text: &str| picture.contains(text);
        assert!(has(seen) && !has(unseen), "{parameters:?}: {picture}");
    }
    assert!(pie(&[("valueLabelsColor", "123456")]).contains("#123456"));
}

#[test]
fn what_cannot_be_taken_of_a_side_is_named() {
    for (name, value) in [
        ("leftWidth", "wide"),
        ("rightColor", "greenish"),
        ("leftDashed", "perhaps"),
        ("yLimitRight", "x"),
        ("yDivisors", "0"),
        ("valueLabels", "all"),
        ("thickness", "x"),
        ("min", "x"),
        ("max", "min"),
        ("yMaxRight", "x"),
    ] {
        let error = Options::parse([(name, value)]).unwrap_err();
        assert_eq!(error.parameter(), name);
    }
}
