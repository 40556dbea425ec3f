use crate::functions::support::answer;

#[test]
fn lines_and_stacks_are_drawn() {
    for (target, expected) in [
        ("dashed(n.web10)", "dashed(n.web10, 5)@60/60=[0.5]"),
        ("dashed(n.web10,2.5)", "dashed(n.web10, 2.5)@60/60=[0.5]"),
        ("secondYAxis(n.web10)", "secondYAxis(n.web10)@60/60=[0.5]"),
        (
            "drawAsInfinite(n.web10)",
            "drawAsInfinite(n.web10)@60/60=[0.5]",
        ),
        (
            "alpha(color(lineWidth(n.web10,2),'red'),0.5)",
            "n.web10@60/60=[0.5]",
        ),
        (
            "stacked(a.*)",
            "stacked(a.x)@10/10=[1,2,3,4,5,6]; stacked(a.y)@10/10=[3,-,7,-,11,-]",
        ),
        (
            "group(stacked(n.web10,'s'),stacked(n.web9,'s'),stacked(n.web9,'t'))",
            "n.web10@60/60=[0.5]; n.web9@60/60=[-1499.5]; n.web9@60/60=[-1500]",
        ),
        (
            "areaBetween(n.*)",
            "areaBetween(n.*)@60/60=[0.5]; areaBetween(n.*)@60/60=[-1500]",
        ),
        ("constantLine(5)", "5.0@0/30=[5,5,5]"),
        (
            "threshold(1e6,'most','red')",
            "most@0/30=[1000000,1000000,1000000]",
        ),
        ("verticalLine('30','v')", "v@30/1=[1,1]"),
        (
            "aggregateLine(a.y,'max')",
            "aggregateLine(a.y, 6)@0/30=[6,6,6]",
        ),
        (
            "aggregateLine(b.x,'sum',true)",
            "aggregateLine(b.x, 20)@20/20=[20,20,20]",
        ),
        (
            "aggregateLine(b.null)",
            "aggregateLine(b.null, None)@0/30=[-,-,-]",
        ),
    ] {
        assert_eq!(answer(target), expected, "{target}");
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    for target in [
        "areaBetween(n.web10)",
        "dashed(a.x,'x')",
        "stacked(a.x,5)",
        "threshold()",
        "verticalLine('61')",
        "verticalLine('bogus')",
        "aggregateLine(a.x,'nope')",
    ] {
        assert!(answer(target).starts_with("error: "), "{target}");
    }
}
