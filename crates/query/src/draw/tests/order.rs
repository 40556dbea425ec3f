//! The order of what is asked for, where it counts and where it does not.

use super::*;

#[test]
fn a_legend_is_in_the_order_of_the_request() {
    let names = |series: Vec<Series>, parameters: &[(&str, &str)]| {
        let picture = svg(series, parameters);
        let at = |name: &str| picture.find(&format!(">{name}<")).unwrap();
        (at("one") < at("two"), at("two") < at("three"))
    };
    let plain = || {
        ["one", "two", "three"]
            .map(|name| series(name, vec![1.0, 2.0]))
            .to_vec()
    };
    let mut stacked = plain();
    for curve in &mut stacked[1..] {
        curve.drawing.is_stacked = true;
    }
    assert_eq!(names(stacked, &[]), (true, true));
    for mode in ["none", "first", "all", "stacked"] {
        assert_eq!(
            names(plain(), &[("areaMode", mode)]),
            (true, true),
            "{mode}"
        );
    }
}

#[test]
fn the_graph_alone_is_alone_wherever_that_is_said() {
    let others = [
        ("title", "Above"),
        ("vtitle", "Left"),
        ("vtitleRight", "Right"),
        ("margin", "30"),
        ("hideLegend", "false"),
        ("hideGrid", "false"),
        ("hideXAxis", "false"),
        ("hideAxes", "false"),
    ];
    let one = || vec![series("a", vec![1.0, 2.0])];
    let alone = svg(one(), &[("graphOnly", "1")]);
    assert!(!alone.contains("<text"), "{alone}");
    let first: Vec<_> = [("graphOnly", "1")].into_iter().chain(others).collect();
    let last: Vec<_> = others.into_iter().chain([("graphOnly", "1")]).collect();
    assert_eq!(
        (svg(one(), &first), svg(one(), &last)),
        (alone.clone(), alone)
    );
    // As are axes hidden.
    let hidden = svg(
        one(),
        &[("hideAxes", "1"), ("hideXAxis", "0"), ("hideYAxis", "0")],
    );
    assert_eq!(hidden, svg(one(), &[("hideAxes", "1")]));
}
