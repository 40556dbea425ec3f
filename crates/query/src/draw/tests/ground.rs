//! Text, grid and lines are legible on the background asked for.

use super::*;

#[test]
fn text_grid_and_lines_are_those_for_the_ground() {
    let one = || vec![series("a", vec![1.0, 2.0])];
    let drawn = |parameters: &[(&str, &str)]| svg(one(), parameters);
    for (ground, template) in [
        ("white", "light"),
        ("ffffcc", "light"),
        ("black", "usual"),
        ("101030", "usual"),
    ] {
        let as_meant = drawn(&[("template", template), ("bgcolor", ground)]);
        for other in ["light", "dark", "usual"] {
            let picture = drawn(&[("bgcolor", ground), ("template", other)]);
            // Two templates are for a dark ground.
            let is_kept = other == "dark" && template == "usual";
            assert_eq!(picture == as_meant, !is_kept, "{ground} {other}");
        }
        assert_eq!(drawn(&[("bgcolor", ground)]), as_meant, "{ground}");
    }
    // Colours that are named stay what they are.
    let named = drawn(&[
        ("bgcolor", "white"),
        ("fgcolor", "ff8800"),
        ("majorGridLineColor", "123456"),
        ("colorList", "00ff00"),
    ]);
    for color in ["#ff8800", "#123456", "#00ff00"] {
        assert!(named.contains(color), "{color}: {named}");
    }
}
