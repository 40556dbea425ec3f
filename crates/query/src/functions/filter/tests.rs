use crate::functions::support::names;

#[test]
fn series_that_fit_stay() {
    for (target, expected) in [
        ("grep(*.x,'^b')", "b.x"),
        ("exclude(*.x,'^b')", "a.x"),
        ("filterSeries(b.*,'max','>',5)", "b.x"),
        ("filterSeries(b.*,'max','<',5)", "b.null"),
        ("filterSeries(b.*,'max','!=',30)", "b.null"),
        ("filterSeries(b.*,'max','=',30)", "b.x"),
        ("averageAbove(*.x,5)", "b.x"),
        ("averageBelow(*.x,5)", "a.x"),
        ("currentAbove(*.x,6)", "b.x"),
        ("currentBelow(*.x,6)", "a.x"),
        ("maximumAbove(b.*,0)", "b.x"),
        ("maximumBelow(b.*,0)", "b.null"),
        ("minimumAbove(*.x,0)", "a.x"),
        ("minimumBelow(*.x,0)", "b.x"),
        ("highest(a.*)", "a.y"),
        ("highest(*.x,2,'min')", "a.x; b.x"),
        ("lowest(*.*,1)", "b.null"),
        ("highestAverage(*.x,1)", "b.x"),
        ("highestCurrent(a.*,2)", "a.x; a.y"),
        ("highestMax(*.x,'1')", "b.x"),
        ("lowestAverage(*.x,1.9)", "a.x"),
        ("lowestCurrent(*.x,1)", "a.x"),
        ("limit(*.*,2)", "a.x; a.y"),
        ("limit(a.*,-1)", "a.x"),
        ("mostDeviant(*.*,2)", "b.x; a.x"),
        ("averageOutsidePercentile(*.x,75)", "a.x; b.x"),
        ("removeBetweenPercentile(a.x,75)", "a.x"),
        ("removeEmptySeries(b.*)", "b.x"),
        ("removeEmptySeries(a.*,0.6)", "a.x"),
        ("useSeriesAbove(a.x,5,'x','y')", "a.y"),
        ("useSeriesAbove(a.x,6,'x','y')", ""),
    ] {
        assert_eq!(names(target), expected, "{target}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    for target in [
        "grep(a.x,'(')",
        "grep(a.x)",
        "filterSeries(a.x,'nope','>',1)",
        "filterSeries(a.x,'max','~',1)",
        "filterSeries(a.x,'max','>','x')",
        "highest(a.x,1,'nope')",
        "highestMax(a.x)",
        "limit(a.x,1.5)",
        "averageOutsidePercentile(b.*,75)",
        "removeBetweenPercentile(a.*,75)",
        "removeEmptySeries(a.x,'x')",
        "useSeriesAbove(a.y,1,'x','y')",
    ] {
        assert!(names(target).starts_with("error: "), "{target}");
    }
}
