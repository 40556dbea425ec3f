use crate::functions::support::names;

#[test]
fn series_are_sorted() {
    for (target, expected) in [
        ("sortBy(*.x)", "a.x; b.x"),
        ("sortBy(b.*,'max')", "b.null; b.x"),
        ("sortBy(a.*,'last')", "a.x; a.y"),
        ("sortBy(a.*,'last',true)", "a.x; a.y"),
        ("sortBy(*.x,'min',true)", "a.x; b.x"),
        ("sortByName(n.*)", "n.web10; n.web9"),
        ("sortByName(n.*,true)", "n.web9; n.web10"),
        (
            "sortByName(n.*,natural=true,reverse=true)",
            "n.web10; n.web9",
        ),
        ("sortByTotal(a.*)", "a.x; a.y"),
        ("sortByMaxima(b.*)", "b.x; b.null"),
        ("sortByMinima(*.x)", "b.x; a.x"),
        ("sortByMinima(n.*)", "n.web10"),
        ("sortBy(no.such)", ""),
    ] {
        assert_eq!(names(target), expected, "{target}");
    }
    assert!(names("sortBy(a.x,'nope')").starts_with("error: "));
}
