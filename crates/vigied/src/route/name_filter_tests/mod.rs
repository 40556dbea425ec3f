//! A caller who reaches some names alone neither reads, lists, counts, deletes nor learns of any other. Two servers show it, asked
//! the same in the same order: one has other names as well, the twin has none. Every answer is the same, byte for byte.

mod graphite;
mod script;
mod targets;
mod world;

use crate::request::routes::Guard;
use crate::route::table;
use axum::body::{Body, Bytes};
use base::selector::Selector;
use base::series::SeriesKey;
use base::time::{Clock, SystemClock};
use hyper::body::Frame;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use world::{Answered, Asked, World};

/// The names of the first server. What a filter does not fit, the twin lacks.
const UNIVERSE: [&str; 15] = [
    "app",
    "app-x.cpu",
    "app.cpu",
    "app.cpu.core0",
    "app.disk;host=h1",
    "app.mem",
    "app.net.eth0.in",
    "app;host=h1",
    "apps.cpu",
    "b.cpu;host=h1",
    "db",
    "db.cpu;host=h1",
    "db.secret",
    "zoo.app.cpu",
    "über.app.cpu",
];

fn fits(globs: &[&str], name: &str) -> bool {
    let key = SeriesKey::parse_graphite(name).unwrap();
    let globs = globs.iter().map(|glob| Selector::parse(glob).unwrap());
    globs.into_iter().any(|glob| glob.matches(&key))
}

/// An hour ago.
fn seconds() -> i64 {
    SystemClock.now().0 / 1000 - 3600
}

/// The server with everything, and its twin.
async fn twins(globs: &[&str], set: &[&str], others: &[&str], seconds: i64) -> (World, World) {
    let (world, twin) = tokio::join!(World::start(globs, set), World::start(globs, set));
    let (visible, hidden): (Vec<&str>, Vec<&str>) =
        UNIVERSE.iter().partition(|name| fits(globs, name));
    // Before and after: what is the caller's lies between the rest.
    world.fill(&hidden, seconds).await;
    world.fill(&visible, seconds).await;
    world.fill(others, seconds).await;
    twin.fill(&visible, seconds).await;
    let event = serde_json::json!({"what": "secret", "tags": "deploy", "when": seconds});
    let asked = Asked::new("POST", "/events/", &[]).with(event);
    assert_eq!(world.owner(&asked).await.status, 200);
    (world, twin)
}

async fn check_same(world: &World, twin: &World, all: &[Asked]) -> Vec<Answered> {
    let mut answers = Vec::with_capacity(all.len());
    for asked in all {
        let (answered, of_twin) = tokio::join!(world.limited(asked), twin.limited(asked));
        assert_eq!(answered, of_twin, "{asked:?}");
        answers.push(answered);
    }
    answers
}

/// Everything that the owner reads of names that the globs do not fit.
async fn hidden(world: &World, globs: &[&str]) -> Vec<Answered> {
    let mut answers = Vec::new();
    for name in UNIVERSE.iter().filter(|name| !fits(globs, name)) {
        let asked = Asked::new("GET", "/v1/metrics", &[("target", name), ("from", "-2h")]);
        answers.push(world.owner(&asked).await);
    }
    answers
}

/// What a caller whom the globs limit does not reach changes none of their answers, on any route.
async fn try_all_routes(globs: &[&str]) {
    let seconds = seconds();
    let (world, twin) = twins(globs, &[], &[], seconds).await;
    let before = hidden(&world, globs).await;
    let reads = [
        script::reads(seconds),
        graphite::reads(seconds),
        targets::reads(seconds),
    ]
    .concat();
    let first = check_same(&world, &twin, &reads).await;
    // The twin's owner reads the same as the caller, for whom there is nothing else.
    for (asked, answered) in reads.iter().zip(&first) {
        if !matches!(asked.path, "/metrics" | "/v1/settings/domain") {
            assert_eq!(*answered, twin.owner(asked).await, "{asked:?}");
        }
    }
    let changes = [
        script::mistakes(),
        graphite::mistakes(),
        targets::mistakes(),
        script::writes(&UNIVERSE, seconds),
        reads.clone(),
        graphite::changes(seconds),
        reads.clone(),
        script::deletions(seconds),
        reads.clone(),
    ]
    .concat();
    check_same(&world, &twin, &changes).await;
    let after = hidden(&world, globs).await;
    assert_eq!(before, after, "what the caller does not reach has changed");
    assert!(
        before.iter().all(|answer| answer.body.contains("1.5")),
        "{before:?}"
    );
    let all = reads.iter().chain(&changes);
    let tried: BTreeSet<_> = all.map(|asked| (asked.verb, asked.path)).collect();
    for route in table() {
        let guard = route.guard;
        if matches!(
            guard,
            Guard::Scope(_) | Guard::WholeScope(_) | Guard::Names | Guard::Sender(_)
        ) {
            let (verb, path) = (route.verb, graphite::tried_path(route.path));
            assert!(tried.contains(&(verb, path)), "{verb} {path} is not tried");
        }
    }
}

// One test for each caller, so that they run at the same time.

#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_does_not_reach_changes_no_answer_on_any_route() {
    try_all_routes(&["app.*"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_it_where_they_reach_names_here_and_there() {
    try_all_routes(&["app.**", "*.cpu*"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_it_where_they_reach_one_name() {
    try_all_routes(&["db"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_it_where_they_reach_nothing() {
    try_all_routes(&["nowhere.*"]).await;
}

/// Under rules, paths are read with the code of functions.
#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_domain_show_nothing_more() {
    let seconds = seconds();
    let (world, twin) = twins(&["app.*", "*.cpu*"], &[], &[], seconds).await;
    let rules =
        "[a]\npattern = secret\nretentions = 7s:1d\n[b]\npattern = cpu\nretentions = 10s:1d\n";
    let change = Asked::new("PUT", "/v1/settings/domain", &[]);
    let change = change.with(serde_json::json!({"schemas": rules}));
    for either in [&world, &twin] {
        let changed = either.owner(&change).await;
        assert_eq!(changed.status, 200, "{changed:?}");
    }
    let reads = [script::reads(seconds), targets::paths(seconds)].concat();
    check_same(&world, &twin, &reads).await;
}

/// The way in changes nothing of what there is: the domain in the path, and a name and a password.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_comes_by_path_and_password_reaches_what_they_reach_by_headers() {
    let globs = &["app.*"];
    let seconds = seconds();
    let (world, twin) = twins(globs, &[], &[], seconds).await;
    let all = [
        graphite::reads(seconds),
        targets::reads(seconds),
        graphite::mistakes(),
        targets::mistakes(),
    ];
    let is_tried =
        |asked: &&Asked| !asked.path.starts_with("/v1/") && !asked.query.contains("jsonp");
    for asked in all.concat().iter().filter(is_tried) {
        let by_path = world.limited_by_path(asked).await;
        assert_eq!(by_path, twin.limited_by_path(asked).await, "{asked:?}");
        assert_eq!(by_path, world.limited(asked).await, "{asked:?}");
    }
}

/// Counters and settings of the domain as a whole are not for a caller who reaches some of its series.
#[tokio::test(flavor = "multi_thread")]
async fn counters_and_settings_of_a_domain_take_a_caller_who_reaches_all_of_it() {
    let world = World::start(&["app.*"], &[]).await;
    world.fill(&["app.cpu", "db.secret"], seconds()).await;
    let counters = Asked::new("GET", "/metrics", &[]);
    let settings = Asked::new("GET", "/v1/settings/domain", &[]);
    let change = Asked::new("PUT", "/v1/settings/domain", &[]);
    let change = change.with(serde_json::json!({"resolution_seconds": 86_400}));
    for asked in [&counters, &change] {
        let refused = world.limited(asked).await;
        assert_eq!(refused.status, 403, "{refused:?}");
        assert!(refused.body.contains("every series"), "{refused:?}");
        assert_eq!(world.owner(asked).await.status, 200);
    }
    assert_eq!(world.limited(&settings).await.status, 200);
}

/// The limits of a query count what the caller reaches, and the walk over names passes by the rest.
#[tokio::test(flavor = "multi_thread")]
async fn names_out_of_reach_take_nothing_of_the_limits_of_a_query() {
    let set = [
        "limits.series_per_query=4",
        "limits.nodes_per_list=12",
        "limits.samples_per_query=4",
        "limits.steps_per_query=4000",
    ];
    let others = (0..4000).map(|number| match number % 4 {
        0 => format!("h{number}.cpu"),
        1 => format!("app-{number}.cpu"),
        2 => format!("app.mem.{number}"),
        _ => format!("db.h{number}"),
    });
    let others: Vec<String> = others.collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let seconds = seconds();
    let (world, twin) = twins(&["app.*"], &set, &others, seconds).await;
    let reads = script::reads(seconds);
    let answers = check_same(&world, &twin, &reads).await;
    for answered in &answers {
        assert!(!answered.body.contains("_per_"), "{answered:?}");
    }
    for path in ["/v1/metrics", "/v1/metrics/list"] {
        let everything = [("target", "**"), ("query", "**")];
        let refused = world.owner(&Asked::new("GET", path, &everything)).await;
        assert_eq!(refused.status, 400, "the limits are none: {refused:?}");
    }
    let all_names = Asked::new("GET", "/v1/metrics/list", &[("query", "*.*.none")]);
    let refused = world.owner(&all_names).await;
    assert!(refused.body.contains("steps_per_query"), "{refused:?}");
    check_same(&world, &twin, &script::deletions(seconds)).await;
}

/// The quota is the account's: that it is used up is told, and not how much of it others use.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_account_is_told_without_how_much_is_stored() {
    let world = World::start(&["app.*"], &["limits.samples_per_account=10"]).await;
    let seconds = seconds();
    world.fill(&UNIVERSE, seconds).await;
    let asked = Asked::new("POST", "/v1/metrics", &[]);
    let asked = asked.with(world::samples(&["app.cpu"], seconds));
    let refused = world.limited(&asked).await;
    assert_eq!(refused.status, 429, "{refused:?}");
    assert!(
        refused.body.contains("`samples_per_account` = 10"),
        "{refused:?}"
    );
    assert!(!refused.body.contains("15"), "{refused:?}");
    let owner = world.owner(&asked).await;
    assert!(owner.body.contains("15 samples"), "{owner:?}");
}

/// A body in two pieces, with something that happens in between.
struct TwoPieces {
    pieces: [Option<Bytes>; 2],
    between: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl hyper::body::Body for TwoPieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(first) = self.pieces[0].take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if self.pieces[1].is_some() && self.between.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        let second = self.pieces[1].take();
        Poll::Ready(second.map(|second| Ok(Frame::data(second))))
    }
}

/// A caller who is limited while their body arrives has begun as one who reaches everything.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_is_limited_while_a_body_arrives_is_refused() {
    for (verb, path, first, second) in [
        (
            "PUT",
            "/v1/settings/domain",
            "{\"resolution_seconds\":",
            "60}",
        ),
        (
            "POST",
            "/v1/metrics",
            "[{\"name\":\"db.secret\",",
            "\"value\":1}]",
        ),
    ] {
        let world = World::start_unlimited(&["app.*"], &[]).await;
        let limit = world.limit();
        let body = TwoPieces {
            pieces: [Some(first.into()), Some(second.into())],
            // Longer than a body takes that comes with its head.
            between: Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                limit();
            }),
        };
        let asked = Asked::new(verb, path, &[]);
        let refused = world.limited_with(&asked, Body::new(body)).await;
        assert_eq!(refused.status, 403, "{path}: {refused:?}");
    }
}
