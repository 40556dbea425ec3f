use super::*;
use base::context::{Budget, Context, Resource, Stop};
use base::name::parent;
use base::pattern::Pattern;
use base::selector::{Matcher, Op};
use base::series::SeriesKey;
use base::store::Node;
use proptest::prelude::*;
use std::collections::BTreeSet;

const TENANT: TenantId = TenantId(1);

/// `names` are Graphite's.
fn index(names: &BTreeSet<String>) -> Names {
    let mut index = Names::default();
    for (series, name) in names.iter().enumerate() {
        let key = SeriesKey::parse_graphite(name).unwrap();
        index.insert(TENANT, key.as_str().into(), SeriesRef(series as u32));
    }
    index.insert(TenantId(2), "a.stranger".into(), SeriesRef(9999));
    index
}

fn named(glob: &str) -> Selector {
    Selector::parse(glob).unwrap()
}

fn found(index: &Names, pattern: &str) -> Vec<Node> {
    seen(index, &named(pattern), None)
}

fn seen(index: &Names, selector: &Selector, filter: Option<&NameFilter>) -> Vec<Node> {
    let mut nodes = Vec::new();
    let context = Context::unlimited();
    let mut meter = QueryMeter::new(&context).unwrap();
    let walk = index
        .of_tenant(TENANT)
        .walk(selector, filter, &mut meter, |found, _| {
            nodes.push(Node {
                path: found.key.graphite().into_owned(),
                leaf: found.leaf.is_some(),
                branch: found.branch,
            });
            Ok(())
        });
    walk.unwrap();
    nodes.sort();
    nodes
}

fn below(index: &Names, path: &str) -> usize {
    let context = Context::unlimited();
    let mut count = 0;
    let take = |_: &str, _, _: &mut QueryMeter<'_>| {
        count += 1;
        Ok(ControlFlow::Continue(()))
    };
    let mut meter = QueryMeter::new(&context).unwrap();
    index
        .of_tenant(TENANT)
        .below(path, None, &mut meter, take)
        .unwrap();
    count
}

fn steps(index: &Names, pattern: &str) -> u64 {
    steps_of(index, &named(pattern))
}

fn steps_of(index: &Names, selector: &Selector) -> u64 {
    let context = Context::unlimited();
    let mut meter = QueryMeter::new(&context).unwrap();
    index
        .of_tenant(TENANT)
        .walk(selector, None, &mut meter, |_, _| Ok(()))
        .unwrap();
    context.spent(Resource::Steps)
}

#[test]
fn regression_6_a_walk_goes_where_names_are_and_nowhere_else() {
    let one: BTreeSet<String> = ["a.b".to_owned()].into();
    let one = index(&one);
    // Every combination of forty texts was tried once: 2^40.
    let braces = vec!["{a,b}"; 40].join(".");
    assert!(steps(&one, &braces) < 20, "{}", steps(&one, &braces));
    let wide = vec!["{a,b,c,d,e,f,g,h}"; 60].join(".");
    assert!(steps(&one, &wide) < 20);
    assert!(steps(&one, &vec!["a"; 64].join(".")) < 5);

    let names: BTreeSet<String> = (0..2000)
        .map(|leaf| format!("c.host-{:04}.{}", leaf, "y".repeat(900)))
        .collect();
    let long = index(&names);
    let stars = format!("c.*.{}z", "*y".repeat(480));
    let alternatives = format!("c.*.{{{}}}", vec!["*y*z"; 500].join(","));
    for pattern in [stars, alternatives] {
        // A name of 900 characters under a pattern of 16 or 40 words, of which 16 are a step.
        let each = steps(&long, &pattern) / 2000;
        assert!(each < 900 * 40 / 16, "{each}");
    }
    // Literal texts in braces are sought, not tried on every child.
    let sought = steps(&long, "c.{host-0007,host-1203}.*");
    assert!(sought < 100, "{sought}");
}

/// Every node of every name, asked one by one.
fn naive(names: &BTreeSet<String>, selector: &Selector) -> Vec<Node> {
    let mut nodes: BTreeSet<&str> = BTreeSet::new();
    for name in names {
        let mut node = Some(name.as_str());
        while let Some(path) = node {
            nodes.insert(path);
            node = parent(path);
        }
    }
    let fits = |node: &&&str| selector.matches(&SeriesKey::parse_graphite(node).unwrap());
    nodes
        .iter()
        .filter(fits)
        .map(|path| Node {
            path: (*path).to_owned(),
            leaf: names.contains(*path),
            branch: nodes.iter().any(|node| parent(node) == Some(path)),
        })
        .collect()
}

#[test]
fn a_node_can_be_leaf_and_branch() {
    let names: BTreeSet<String> = ["a", "a-b", "a.c", "a.c.d", "b"].map(String::from).into();
    let index = index(&names);
    assert_eq!(found(&index, "*"), naive(&names, &named("*")));
    assert_eq!(found(&index, "*.*").len(), 1);
    assert_eq!(below(&index, "a"), 2);
    assert_eq!(below(&index, "nothing"), 0);
    // No name is as long, and no key.
    assert_eq!(found(&index, &"a".repeat(2000)), []);
    assert_eq!(found(&index, &format!("a;b={}", "c".repeat(2000))), []);
    assert_eq!(index.count(TENANT), 5);
}

#[test]
fn a_listing_costs_its_children_not_its_leaves() {
    let names: BTreeSet<String> = (0..50_000)
        .map(|leaf| format!("root.{}.{leaf}", leaf % 5))
        .collect();
    let index = index(&names);
    assert_eq!(found(&index, "root.*").len(), 5);
    // A walk of all leaves would be fifty thousand.
    let few = steps(&index, "root.*");
    assert!(few < 50, "{few}");
}

#[test]
fn regression_7_many_ways_to_a_node_are_one_visit() {
    let names: BTreeSet<String> = (0..100)
        .map(|leaf| format!("{}.leaf-{leaf}", vec!["a"; 60].join(".")))
        .collect();
    let index = index(&names);
    let nodes = 160;
    for (pattern, each) in [
        ("**".to_owned(), 10),
        (vec!["**"; 500].join("."), 10),
        (format!("{}.b", vec!["**.a"; 60].join(".")), 10),
        // Many of their parts are open at once, and each has its words.
        (format!("{}.b", vec!["**.{a,a*,*a}"; 60].join(".")), 40),
        (format!("{}.b", vec!["**.*"; 60].join(".")), 40),
    ] {
        let steps = steps(&index, &pattern);
        assert!(steps <= nodes * each, "{steps} for {pattern}");
    }
}

#[test]
fn regression_7_the_budget_ends_in_the_middle_of_a_name() {
    let index = index(&["y".repeat(1000)].into());
    let pattern = named(&format!("{}z", "{*,*y}".repeat(5400)));
    let context = Context::new(Budget {
        steps: 500,
        ..Budget::UNLIMITED
    });
    let mut meter = QueryMeter::new(&context).unwrap();
    let end = index
        .of_tenant(TENANT)
        .walk(&pattern, None, &mut meter, |_, _| Ok(()))
        .unwrap_err();
    let StoreError::Stopped(Stop::Budget { needed, .. }) = end else {
        panic!("{end}");
    };
    // 170 words and more for each of its characters.
    let whole = 1000 * 170 / 16;
    assert!(
        needed < whole / 4,
        "{needed}: the whole name was read first"
    );
}

#[test]
fn the_bytes_of_names_are_those_of_the_names_that_there_are() {
    let (one, two) = (TenantId(1), TenantId(2));
    let created = [(one, "a"), (one, "long.name"), (two, "a")];
    let created = (0..).zip(created);
    let created = created.map(|(series, (tenant, name))| CreatedSeries {
        tenant,
        name: name.into(),
        series: SeriesRef(series),
    });
    let mut names = Names::of_sorted(created.collect());
    let bytes = |names: &Names| (names.bytes_of(one), names.bytes_of(two), names.bytes());
    assert_eq!(bytes(&names), (10, 1, 11));
    names.insert(one, "bb".into(), SeriesRef(3));
    names.insert(TenantId(3), "ccc".into(), SeriesRef(4));
    assert_eq!(bytes(&names), (12, 1, 16));
    // What is there, or is not, changes nothing.
    names.insert(one, "bb".into(), SeriesRef(5));
    names.remove(two, "b");
    assert_eq!(bytes(&names), (12, 1, 16));
    names.remove(one, "long.name");
    names.remove(two, "a");
    assert_eq!(bytes(&names), (3, 0, 6));
    assert_eq!(names.remove_tenant(one).len(), 2);
    names.remove_tenant(one);
    assert_eq!(bytes(&names), (0, 0, 3));
}

/// Each name has nodes of its own, as many as a name may have but one, all called `element` but the first.
fn deep(element: &str) -> BTreeSet<String> {
    let below = vec![element; 62].join(".");
    (0..40).map(|name| format!("n{name}.{below}")).collect()
}

/// The children of one node.
fn wide(parent: &str) -> BTreeSet<String> {
    (0..1000)
        .map(|leaf| format!("{parent}.n{leaf:04}"))
        .collect()
}

/// A name of a thousand bytes was sought and compared at the price of one of ten, so that it was the time of the request that ended
/// such a query, and not its budget.
#[test]
fn names_are_paid_for_by_their_length() {
    let walked = |element: &str| steps(&index(&deep(element)), "**.z");
    let (short, long) = (walked("e"), walked(&"e".repeat(15)));
    assert!(long > 3 * short, "deep: {long} steps, and {short}");

    let listed = |parent: &str| steps(&index(&wide(parent)), &format!("{parent}.*"));
    let long_parent = "p".repeat(1000);
    let (short, long) = (listed("p"), listed(&long_parent));
    assert!(long > 3 * short, "wide: {long} steps, and {short}");

    let looked_at = |parent: &str| {
        let context = Context::unlimited();
        let mut meter = QueryMeter::new(&context).unwrap();
        let take = |_: &str, _, _: &mut QueryMeter<'_>| Ok(ControlFlow::Continue(()));
        let names = index(&wide(parent)).of_tenant(TENANT);
        names.below(parent, None, &mut meter, take).unwrap();
        context.spent(Resource::Steps)
    };
    assert_eq!(looked_at("p"), 1000);
    // A name of 1006 bytes is three times 256, and the step that any takes.
    assert_eq!(looked_at(&long_parent), 4000);
}

#[test]
fn a_budget_ends_a_listing_of_long_names_after_fewer_of_them() {
    let parent = "p".repeat(1000);
    let names = index(&wide(&parent)).of_tenant(TENANT);
    let context = Context::new(Budget {
        steps: 1000,
        ..Budget::UNLIMITED
    });
    let mut meter = QueryMeter::new(&context).unwrap();
    let mut listed = 0;
    let walk = names.walk(&named(&format!("{parent}.*")), None, &mut meter, |_, _| {
        listed += 1;
        Ok(())
    });
    let refused = walk.unwrap_err().to_string();
    let needed = context.spent(Resource::Steps);
    assert!((1001..1010).contains(&needed), "{needed}");
    assert_eq!(
        refused,
        format!("the query needs {needed} steps or more, and `steps_per_query` is 1000")
    );
    // Four steps for each time that one of them is looked at or sought.
    assert!((1..=250).contains(&listed), "{listed}");
}

/// As many as a large domain has, each with the labels that Prometheus gives a series: they are read with a tenth of the steps that a
/// query may need.
#[test]
fn ordinary_queries_of_long_names_are_far_from_the_limit_of_steps() {
    const SERIES: u32 = 200_000;
    let made = |name: &dyn Fn(u32) -> String| {
        let created = |series| {
            let key = SeriesKey::parse_graphite(&name(series)).unwrap();
            assert!(key.as_str().len() >= 300, "{}", key.as_str().len());
            CreatedSeries {
                tenant: TENANT,
                name: key.as_str().into(),
                series: SeriesRef(series),
            }
        };
        Names::of_sorted((0..SERIES).map(created).collect())
    };
    let handler = "h".repeat(200);
    let labelled = made(&|series| {
        format!(
            "http_requests_total;handler={handler};instance=node-{series:06}.shop.example.org;\
             job=shop-frontend;method=get;status=200;zone=north"
        )
    });
    let host = "n".repeat(260);
    let dotted = made(&|series| {
        let (group, node) = (series / 1000, series % 1000);
        format!("servers.group-{group:03}.{host}-{node:03}.cpu.average-of-all")
    });
    let matchers = [(Op::Regex, "node-.*"), (Op::NotEqual, "node-7")];
    let paths = ["*", "http_requests_total", "{http_requests_total,up}"];
    let of_labelled = paths.iter().flat_map(|path| {
        matchers.map(|(op, value)| {
            let path = Some(Pattern::parse(path).unwrap());
            let instance = Matcher::new("instance", op, value).unwrap();
            (&labelled, Selector::new(path, vec![instance]).unwrap())
        })
    });
    let globs = [
        "servers.*.*.cpu.*",
        "*.*.*.*.*",
        "servers.group-0*.n*.cpu.average*",
    ];
    let of_dotted = globs.map(|glob| (&dotted, named(glob)));
    for (names, selector) in of_labelled.chain(of_dotted) {
        let needed = steps_of(names, &selector);
        let allowed = base::limit::STEPS_PER_QUERY.default;
        let is_read = needed >= u64::from(SERIES) / 3;
        assert!(is_read && needed < allowed / 10, "{selector:?}: {needed}");
    }
}

/// A filter costs what it lets through, not what there is.
#[test]
fn what_a_caller_may_not_see_costs_nothing() {
    let names: BTreeSet<String> = (0..20_000)
        .map(|leaf| format!("other-{leaf}.a"))
        .chain((0..10).map(|leaf| format!("mine.{leaf}")))
        .collect();
    let index = index(&names);
    let filter = NameFilter::any(vec![named("mine.*")]).unwrap();
    for glob in ["*", "*.*", "**", "{mine,other-7}.*"] {
        let context = Context::unlimited();
        let mut meter = QueryMeter::new(&context).unwrap();
        let mut count = 0;
        let walk = index
            .of_tenant(TENANT)
            .walk(&named(glob), Some(&filter), &mut meter, |_, _| {
                count += 1;
                Ok(())
            });
        walk.unwrap();
        assert!((1..=11).contains(&count), "{glob}: {count}");
        let steps = context.spent(Resource::Steps);
        assert!(steps < 200, "{glob}: {steps}");
    }
}

#[test]
fn series_of_another_path_are_skipped_with_all_their_labels() {
    let names: BTreeSet<String> = (0..20_000)
        .map(|host| format!("cpu;host=h{host}"))
        .chain([
            "cpu".to_owned(),
            "cpu.x".to_owned(),
            "mem;host=h1".to_owned(),
        ])
        .collect();
    let index = index(&names);
    for (glob, count) in [("mem*", 1), ("cpu;host=h777", 1), ("?pu", 1), ("cpu.*", 1)] {
        assert_eq!(found(&index, glob).len(), count, "{glob}");
        let few = steps(&index, glob);
        assert!(few < 100, "{glob}: {few}");
    }
    let host = Matcher::new("host", Op::Regex, "h77[0-9]").unwrap();
    for path in ["*", "cpu", "{cpu,mem}"] {
        let path = Some(Pattern::parse(path).unwrap());
        let selector = Selector::new(path, vec![host.clone()]).unwrap();
        assert_eq!(seen(&index, &selector, None).len(), 10);
    }
    // A path of Graphite means none of them: `*` read the labels of all.
    let cpu = Selector::new(Some(Pattern::parse("cpu").unwrap()), Vec::new()).unwrap();
    for (selector, count) in [
        (named("*"), 1),
        (named("**"), 2),
        (named("c*"), 1),
        (cpu, 1),
    ] {
        let selector = selector.labelled(false);
        assert_eq!(seen(&index, &selector, None).len(), count, "{selector:?}");
        let few = steps_of(&index, &selector);
        assert!(few < 100, "{selector:?}: {few}");
    }
}

const NAMES: &str =
    "[ab/-]{1,2}(\\.[ab/-]{1,2}){0,3}(;l=[ab./-]{1,2}(;m=(a|\\\\3b|\\\\20){1,2})?)?";
const PATHS: &str = "(\\*\\*|([ab*?]|\\[ab\\]|\\{a,b-\\*\\}|[a-b]|\\{,\\[[+]-/\\]\\}){1,3})(\\.(\\*\\*|([ab*?]|\\[!a\\]|\\{a,b\\}|\\{a,\\}){1,2})){0,4}";
const LABELS_OF_A_GLOB: &str = "(;([alm.*?;=]{0,4}|l=[ab*.]{1,2}|l=\\*;m=\\\\\\\\3b))?";

fn matchers() -> impl Strategy<Value = Vec<Matcher>> {
    let op = prop::sample::select(vec![Op::Equal, Op::NotEqual, Op::Regex, Op::NotRegex]);
    let one = (prop::sample::select(vec!["l", "m", "n"]), op, "[ab;.]{0,2}");
    let one = one.prop_map(|(name, op, value)| Matcher::new(name, op, &value).unwrap());
    prop::collection::vec(one, 0..3)
}

fn paths() -> impl Strategy<Value = Vec<Matcher>> {
    let op = prop::sample::select(vec![Op::Equal, Op::NotEqual, Op::Regex, Op::NotRegex]);
    let one =
        (op, "[ab]{1,2}(\\.[ab*]{0,2})?").prop_map(|(op, value)| Matcher::new("", op, &value));
    prop::collection::vec(one.prop_map(Result::unwrap), 0..2)
}

fn selectors() -> impl Strategy<Value = Selector> {
    let globs = (PATHS, LABELS_OF_A_GLOB);
    let globs = globs.prop_map(|(path, labels)| named(&format!("{path}{labels}")));
    let matching = (prop::option::of(PATHS), matchers()).prop_map(|(path, matchers)| {
        let path = path.map(|path| Pattern::parse(&path).unwrap());
        Selector::new(path, matchers).unwrap()
    });
    let selectors = prop_oneof![2 => globs, 1 => matching];
    let labelled = prop::option::weighted(0.3, any::<bool>());
    (selectors, paths(), labelled).prop_map(|(selector, paths, labelled)| {
        let selector = selector.with_path_matchers(paths).unwrap();
        labelled.map_or(selector.clone(), |labelled| selector.labelled(labelled))
    })
}

proptest! {
    #[test]
    fn it_finds_what_the_naive_way_finds(
        names in prop::collection::btree_set(NAMES, 0..40),
        selector in selectors(),
    ) {
        let index = index(&names);
        prop_assert_eq!(seen(&index, &selector, None), naive(&names, &selector));
    }

    /// As if there were no other names.
    #[test]
    fn a_filter_leaves_what_would_be_found_of_its_own_names(
        names in prop::collection::btree_set(NAMES, 0..40),
        selector in selectors(),
        filter in prop::collection::vec(selectors(), 0..3),
    ) {
        let filter = NameFilter::any(filter).unwrap();
        let reached: BTreeSet<String> = names
            .iter()
            .filter(|name| filter.matches(&SeriesKey::parse_graphite(name).unwrap()))
            .cloned()
            .collect();
        let index = index(&names);
        prop_assert_eq!(seen(&index, &selector, Some(&filter)), naive(&reached, &selector));
        for path in ["a", "a.b", "b"] {
            let context = Context::unlimited();
            let mut meter = QueryMeter::new(&context).unwrap();
            let mut below = Vec::new();
            let take = |name: &str, _, _: &mut QueryMeter<'_>| {
                below.push(SeriesKey::from_canonical_unchecked(name).graphite().into_owned());
                Ok(ControlFlow::Continue(()))
            };
            index.of_tenant(TENANT).below(path, Some(&filter), &mut meter, take).unwrap();
            below.sort();
            let prefix = format!("{path}.");
            let expected: Vec<_> = reached.iter().filter(|name| name.starts_with(&prefix)).cloned().collect();
            prop_assert_eq!(below, expected);
        }
    }
}
