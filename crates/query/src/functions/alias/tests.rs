use crate::functions::support::names;

#[test]
fn names_are_given_and_changed() {
    for (target, expected) in [
        ("alias(a.*,'n')", "n; n"),
        ("alias(a.x,5)", "5"),
        ("aliasByNode(a.*,1)", "x; y"),
        ("aliasByNode(scale(a.x,2),-1,0)", "x.a"),
        ("aliasByNode(a.x,7,'name')", ".a.x"),
        (
            "aliasByTags(seriesByTag('name=t'),'host','name')",
            "a.t; b.t; a.t",
        ),
        ("aliasByMetric(scale(a.x,2))", "x"),
        ("substr(a.x,1)", "x"),
        ("substr(a.x,0,-1)", "a"),
        (r"aliasSub(a.*,'(\w)\.(\w)','\2-\1')", "x-a; y-a"),
        ("aliasSub(a.x,'.*','n')", "nn"),
        ("aliasSub(no.such,'(','n')", ""),
        ("aliasQuery(a.x,'x','y','%d of %%')", "6 of %"),
        ("aliasQuery(a.x,'^.*$','sumSeries(a.*)','%.1f')", "6.0"),
        ("upper(a.x)", "A.X"),
        ("upper(a.x,0,-1,9)", "A.X"),
        ("lower(alias(a.x,'ÄB'),0)", "äB"),
        ("upper(no.such,'x')", ""),
    ] {
        assert_eq!(names(target), expected, "{target}");
    }
}

#[test]
fn names_tell_values() {
    for (target, expected) in [
        (
            "legendValue(a.y,'last','count')",
            "a.y (last: 6.0) (count: 3)",
        ),
        (
            "legendValue(b.null,'sum','x')",
            "b.null (sum: None) (x: (?))",
        ),
        (
            "legendValue(scale(a.y,inf),'stddev','max')",
            "scale(a.y,inf) (stddev: nan) (max: inf)",
        ),
        (
            "aggregateLine(scale(a.y,inf),'stddev')",
            "aggregateLine(scale(a.y,inf), nan)",
        ),
        (
            "legendValue(n.web9,'min','si')",
            "n.web9              min  -1.50k    ",
        ),
        (
            "cactiStyle(a.*)",
            "a.x Current:6.00    Max:6.00    Min:1.00    ; a.y Current:6.00    Max:6.00    Min:2.00    ",
        ),
        (
            "cactiStyle(n.web9,'si','B')",
            "n.web9 Current:-1.50 kB    Max:-1.50 kB    Min:-1.50 kB    ",
        ),
        (
            "cactiStyle(b.null)",
            "b.null Current:nan     Max:nan     Min:nan     ",
        ),
    ] {
        assert_eq!(names(target), expected, "{target}");
    }
}

#[test]
fn what_gives_no_name_is_refused() {
    for target in [
        "alias(a.x)",
        "alias(a.x,b.x)",
        "aliasByNode(alias(a.x,''),0)",
        "aliasByNode(a.x,1.0)",
        "aliasSub(a.x,'(','n')",
        "aliasSub(a.x,'a')",
        r"aliasSub(a.x,'a','\1')",
        "aliasQuery(a.x,'x','null','%d')",
        "aliasQuery(b.x,'x','null','%d')",
        "aliasQuery(a.x,'x','y','%x')",
        "legendValue(a.x)",
        "legendValue(scale(a.x,inf),'stddev','si')",
        "cactiStyle(a.x,'bogus')",
        "substr(a.x,'x')",
        "upper(a.x,'x')",
    ] {
        assert!(names(target).starts_with("error: "), "{target}");
    }
}
