use crate::functions::support::{answer, names};

#[test]
fn series_become_one() {
    for (target, expected) in [
        ("sumSeries(a.*)", "sumSeries(a.*)@10/10=[3,2,7,4,11,6]"),
        ("sum(a.x,b.x)", "sumSeries(a.x,b.x)@10/20=[11.5,-16.5,35.5]"),
        ("sum(no.such)", ""),
        ("sum()", ""),
        (
            "avg(a.x,a.y,b.null)",
            "averageSeries(a.x,a.y,b.null)@10/10=[1.5,2,3.5,4,5.5,6]",
        ),
        ("minSeries(a.*)", "minSeries(a.*)@10/10=[1,2,3,4,5,6]"),
        ("maxSeries(a.*)", "maxSeries(a.*)@10/10=[2,2,4,4,6,6]"),
        (
            "rangeOfSeries(a.*)",
            "rangeOfSeries(a.*)@10/10=[1,0,1,0,1,0]",
        ),
        (
            "stddevSeries(a.*)",
            "stddevSeries(a.*)@10/10=[0.5,0,0.5,0,0.5,0]",
        ),
        (
            "diffSeries(a.y,a.x)",
            "diffSeries(a.y,a.x)@10/10=[1,2,1,4,1,6]",
        ),
        (
            "multiplySeries(a.*)",
            "multiplySeries(a.*)@10/10=[2,-,12,-,30,-]",
        ),
        ("multiplySeries(a.x)", "a.x@10/10=[1,2,3,4,5,6]"),
        (
            "aggregate(a.*,'count',0.9)",
            "countSeries(a.*)@10/10=[2,-,2,-,2,-]",
        ),
        (
            "aggregate(a.*,'lastSeries')",
            "lastSeries(a.*)@10/10=[2,2,4,4,6,6]",
        ),
        (
            "countSeries(a.*,b.null)",
            "countSeries(a.*,b.null)@10/10=[3,3,3,3,3,3]",
        ),
        ("countSeries()", "0@0/30=[0,0,0]"),
        (
            "powSeries(a.x,a.y)",
            "powSeries(a.x,a.y)@10/10=[1,-,81,-,15625,-]",
        ),
        (
            "percentileOfSeries(a.*,50)",
            "percentileOfSeries(a.*,50)@10/10=[2,2,4,4,6,6]",
        ),
        (
            "weightedAverage(a.x,a.y,0)",
            "weightedAverage(a.x, a.y, 0)@10/10=[1,-,3,-,5,-]",
        ),
        ("weightedAverage(a.x,a.y,1)", ""),
    ] {
        assert_eq!(answer(target), expected, "{target}");
    }
}

#[test]
fn series_are_set_against_others() {
    for (target, expected) in [
        (
            "divideSeries(a.x,a.y)",
            "divideSeries(a.x,a.y)@10/10=[0.5,-,0.75,-,0.8333333333333334,-]",
        ),
        (
            "divideSeries(a.x,no.such)",
            "divideSeries(a.x,MISSING)@10/10=[-,-,-,-,-,-]",
        ),
        (
            "divideSeriesLists(a.x,a.x)",
            "divideSeries(a.x,a.x)@10/10=[1,1,1,1,1,1]",
        ),
        (
            "sumSeriesLists(a.x,a.y)",
            "sumSeries(a.x,a.y)@10/10=[3,2,7,4,11,6]",
        ),
        (
            "diffSeriesLists(a.x,b.x)",
            "diffSeries(a.x,b.x)@10/20=[-8.5,23.5,-24.5]",
        ),
        (
            "asPercent(a.x,50)",
            "asPercent(a.x,50)@10/10=[2,4,6,8,10,12]",
        ),
        ("asPercent(a.x,0)", "asPercent(a.x,0)@10/10=[-,-,-,-,-,-]"),
        (
            "asPercent(a.y)",
            "asPercent(a.y,sumSeries(a.y))@10/10=[100,-,100,-,100,-]",
        ),
        (
            "asPercent(group(a.x,b.x),a.x,0)",
            "asPercent(a.x,a.x)@10/10=[100,100,100,100,100,100]; asPercent(b.x,MISSING)@10/10=[-,-,-]",
        ),
        (
            "asPercent(a.x,b.x,0)",
            "error: `asPercent` at column 1: no series has a total with the same nodes",
        ),
        ("asPercent(no.such,1)", ""),
    ] {
        assert_eq!(answer(target), expected, "{target}");
    }
}

#[test]
fn series_are_grouped() {
    for (target, expected) in [
        (
            "groupByNode(*.x,0,'sum')",
            "a@10/10=[1,2,3,4,5,6]; b@20/20=[10,-20,30]",
        ),
        ("groupByNodes(*.x,'max')", "@10/20=[10,3.5,30]"),
        ("groupByNodes(a.*,'countSeries',0)", "a@10/10=[2,2,2,2,2,2]"),
        (
            "groupByTags(seriesByTag('name=t'),'sum','dc')",
            "t;dc=eu@60/60=[3]; t;dc=us@60/60=[4]",
        ),
        (
            "aggregateWithWildcards(a.*,'max',1)",
            "a@10/10=[2,2,4,4,6,6]",
        ),
        ("sumSeriesWithWildcards(*.x,0)", "x@10/20=[11.5,-16.5,35.5]"),
        (
            "reduceSeries(mapSeries(a.*,0),'sumSeries',1,'x','y')",
            "a.reduce.sumSeries@10/10=[3,2,7,4,11,6]",
        ),
        ("reduce(map(no.such,0),'sum',1,'x')", ""),
        (
            "applyByNode(a.x,0,'sumSeries(%.*)','% all')",
            "a all@10/10=[3,2,7,4,11,6]",
        ),
    ] {
        assert_eq!(answer(target), expected, "{target}");
    }
    assert_eq!(names("unique(a.x,a.*,a.x)"), "a.x; a.y");
    assert_eq!(names("group(a.x,a.*)"), "a.x; a.x; a.y");
    assert_eq!(names("fallbackSeries(no.such,a.x)"), "a.x");
    assert_eq!(names("fallbackSeries(no.such,fallback=a.x)"), "");
}

#[test]
fn what_cannot_be_combined_is_refused() {
    for target in [
        "aggregate(a.x,'nope')",
        "aggregate(a.x)",
        "sum(5)",
        "sum(mapSeries(a.*,0))",
        "mapSeries(a.x,0)",
        "divideSeries(a.x,a.*)",
        "divideSeriesLists(a.x,a.*)",
        "asPercent(a.x,'x')",
        "asPercent(a.x,no.such)",
        "asPercent(a.x,5,0)",
        "weightedAverage(a.x,a.*)",
        "percentileOfSeries(a.x,0)",
        "percentileOfSeries(a.x,101)",
        "groupByTags(a.x,'sum')",
        "groupByTags(a.x,'sum','dc')",
        "groupByNode(a.x)",
        "groupByNode(a.x,0,'scale')",
        "groupByNodes(a.x,'sum',nodes=0)",
        "reduceSeries(a.x,'sum',1,'x')",
        "reduceSeries(mapSeries(a.*,0),'sum',1,'x','z')",
        "reduceSeries(mapSeries(a.*,0),'sum',9,'x')",
        "applyByNode(a.x,0,'nope(%.x)')",
    ] {
        assert!(answer(target).starts_with("error: "), "{target}");
    }
}

#[test]
fn targets_that_make_targets_come_to_an_end() {
    // Each name is a target that makes its own name again, by a placeholder for itself.
    let target =
        r#"aliasQuery(alias(a.x,"aliasQuery(alias(a.x,'@'),'^.*$','@','%d')"),"@","\g<0>","%d")"#;
    let _ = answer(target);
    let nested = (0..12).fold("a.x".to_owned(), |inner, depth| {
        let quote = if depth % 2 == 0 { '"' } else { '\'' };
        format!(
            "applyByNode(a.x,0,{quote}{}{quote})",
            inner.replace(quote, "")
        )
    });
    let _ = answer(&nested);
}
