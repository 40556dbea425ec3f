//! Small things that programs for graphite-web may look at: lines, methods, numbers, names that were meant.

use super::{AT, Fixture};
use serde_json::json;

/// As in graphite-web, whose `dygraph` is on one line in any case.
#[test]
fn answers_are_on_several_lines_where_that_is_asked_for() {
    let kept = Fixture::start();
    let times = format!("from={}&until={}&noCache=1", AT - 1, AT + 59);
    let find = "/metrics/find?query=app.*&format";
    for (path, is_laid_out) in [
        (
            format!("/render?target=app.*.load&{times}&format=json"),
            true,
        ),
        (
            format!("/render?target=app.*.load&{times}&format=rickshaw"),
            true,
        ),
        (
            format!("/render?target=app.*.load&{times}&format=dygraph"),
            false,
        ),
        (format!("{find}=treejson"), true),
        (format!("{find}=completer"), true),
        (format!("{find}=json&now={AT}"), true),
        ("/metrics/expand?query=app.*".to_owned(), true),
        ("/metrics/index.json?jsonp=show".to_owned(), true),
        ("/functions/sumSeries?jsonp=show".to_owned(), true),
    ] {
        let plain = kept.metrics("GET", &path, None);
        assert_eq!(plain.text().trim_end().lines().count(), 1, "{path}");
        let pretty = kept.metrics("GET", &format!("{path}&pretty=1"), None);
        assert_eq!(pretty.status, 200, "{path}: {}", pretty.text());
        assert_eq!(
            pretty.text().contains("\n  "),
            is_laid_out,
            "{path}: {}",
            pretty.text()
        );
        assert_eq!(
            pretty.text().split_whitespace().collect::<String>(),
            plain.text().split_whitespace().collect::<String>(),
            "{path}"
        );
        // Anything that `pretty` says is yes, and nothing is no.
        let unsaid = kept.metrics("GET", &format!("{path}&pretty="), None);
        assert_eq!(unsaid.text(), plain.text(), "{path}");
    }
    let script = kept.metrics("GET", "/functions/sumSeries?jsonp=show", None);
    assert!(script.text().starts_with("show({"), "{}", script.text());
    let rickshaw = format!("/render?target=app.a.load&{times}&format=rickshaw&pretty=1");
    let body = kept.metrics("GET", &rickshaw, None).text();
    assert!(
        body.starts_with("[\n  {\n    \"target\": \"app.a.load\","),
        "{body}"
    );
    assert!(body.contains("\n      {\n        \"x\": "), "{body}");
}

/// The methods that graphite-web takes. `HEAD` is a GET whose answer has no body.
#[test]
fn each_route_takes_the_methods_of_graphite_web() {
    let kept = Fixture::start();
    let status =
        |method: &str, path: &str| kept.server.metrics(&kept.token, method, path).send().status;
    assert_eq!(status("GET", "/version"), 200);
    let posted = kept
        .server
        .metrics(&kept.token, "POST", "/version")
        .form(&[("any", "thing")]);
    let posted = posted.send();
    assert_eq!((posted.status, posted.text().trim()), (200, "1.1.10"));
    for path in ["/functions", "/functions/sumSeries", "/tags/host"] {
        assert_eq!(
            (status("GET", path), status("POST", path)),
            (200, 405),
            "{path}"
        );
    }
    for path in [
        "/render?target=app.a.load&format=json",
        "/render?target=app.a.load",
        "/metrics/find?query=*",
        "/metrics/expand?query=*",
        "/metrics/index.json",
        "/functions",
        "/tags",
        "/events",
        "/events/get_data",
        "/version",
    ] {
        let head = kept.server.metrics(&kept.token, "HEAD", path).send();
        assert_eq!((head.status, head.text().as_str()), (200, ""), "{path}");
        let get = kept.server.metrics(&kept.token, "GET", path).send();
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{path}"
        );
        for method in ["PUT", "PATCH", "OPTIONS"] {
            assert_eq!(status(method, path), 405, "{method} {path}");
        }
    }
}

/// An abbreviation of a name is preferred to a misspelling.
#[test]
fn a_name_that_is_short_for_a_function_proposes_it() {
    let kept = Fixture::start();
    for (written, meant) in [
        ("movingAvg", "movingAverage"),
        ("perSec", "perSecond"),
        ("average", "averageSeries"),
    ] {
        let hint = format!("did you mean `{meant}`?");
        let unknown = kept.metrics("GET", &format!("/functions/{written}"), None);
        assert!(unknown.text().contains(&hint), "{}", unknown.text());
        for path in ["/render?format=json&", "/v1/metrics?"] {
            let reply = kept.metrics(
                "GET",
                &format!("{path}target={written}(app.*.load,5)"),
                None,
            );
            assert_eq!(reply.status, 400, "{}", reply.text());
            assert!(reply.text().contains(&hint), "{}", reply.text());
        }
    }
}

/// Of series with tags a path finds the one that is written out, and `seriesByTag` the others.
#[test]
fn a_path_with_tags_has_no_wildcards() {
    let kept = Fixture::start();
    let whole = "cpu.load;host=h1";
    let path = |query: &str| format!("/metrics/find?query={query}&format=nodelist");
    let exact = kept.get(&format!("/metrics/expand?query={whole}"));
    assert_eq!(exact["results"], json!([whole]));
    for query in [
        "cpu.load;host=h*",
        "*;*",
        "cpu.*;host=h1",
        "cpu.load;host=h[1]",
    ] {
        assert_eq!(kept.get(&path(query))["nodes"], json!([]), "{query}");
        let expanded = kept.get(&format!("/metrics/expand?query={query}"));
        assert_eq!(expanded["results"], json!([]), "{query}");
        let target = format!("/render?target={query}&format=json&from={AT}");
        assert_eq!(kept.get(&target), json!([]), "{query}");
    }
    // In the interface of our own it has.
    let path = format!("/v1/metrics?target=cpu.load;host=h*&from={}", AT - 60);
    assert_eq!(kept.get(&path).as_array().unwrap().len(), 1);
}

#[test]
fn values_of_a_tag_are_completed_beside_expressions_that_fit_anything() {
    let kept = Fixture::start();
    for expression in ["dc=", "name!=other", "host!=~x"] {
        let path = format!("/tags/autoComplete/values?tag=host&expr={expression}");
        assert_eq!(kept.get(&path), json!(["h1"]), "{expression}");
        let found = kept.metrics("GET", &format!("/tags/findSeries?expr={expression}"), None);
        assert_eq!(found.status, 400, "{}", found.text());
    }
    for path in [
        "/tags/findSeries?expr=name=cpu.load;host=h1",
        "/tags/autoComplete/tags?expr=name=cpu.load;host=h1",
        "/tags/autoComplete/values?tag=host&expr=name=cpu.load;",
    ] {
        let refused = kept.metrics("GET", path, None);
        assert_eq!(refused.status, 400, "{path}: {}", refused.text());
        assert!(
            refused.text().contains("is no tag expression"),
            "{}",
            refused.text()
        );
    }
}

/// Counts are whole numbers in Python, and are written as such.
#[test]
fn counts_are_written_without_a_point() {
    let kept = Fixture::start();
    let asked = |target: &str, format: &str| {
        let times = format!("from={}&until={}", AT - 1, AT + 59);
        let path = format!("/render?target={target}&format={format}&{times}");
        kept.metrics("GET", &path, None).text()
    };
    assert!(asked("countSeries(app.*.load)", "raw").ends_with("|2\n"));
    assert!(asked("countSeries(app.*.load)", "csv").ends_with(",2\r\n"));
    assert!(asked("sumSeries(app.*.load)", "raw").ends_with(".0\n"));
    assert!(asked("isNonNull(app.a.load)", "raw").ends_with("|1\n"));
}

/// A time that says nothing is now, and not what a missing one is.
#[test]
fn an_empty_time_is_now() {
    let kept = Fixture::start();
    let ask = |times: &str| {
        let path = format!("/render?target=constantLine(1)&format=json&now={AT}&{times}");
        kept.metrics("GET", &path, None)
    };
    for (times, first, last) in [
        ("from=-1h&until=", AT - 3600, AT),
        ("from=&until=-1h", AT - 3600, AT),
        ("from=_&until=-1h", AT - 3600, AT),
        ("until=-1h", AT - 86_400, AT - 3600),
    ] {
        let points = &ask(times).json()[0]["datapoints"];
        assert_eq!(
            (&points[0][1], &points[2][1]),
            (&json!(first), &json!(last)),
            "{times}"
        );
    }
    for times in ["from=", "from=&until=", "until=now&from="] {
        let refused = ask(times);
        assert_eq!(refused.status, 400, "{times}: {}", refused.text());
    }
}

/// The modes that reduce a series to one number for its slice of a pie.
#[test]
fn modes_of_a_pie_are_listed_beside_functions() {
    let kept = Fixture::start();
    let all = kept.get("/functions?type=pie");
    let names: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(names, ["average", "maximum", "minimum"]);
    let parameters = json!([{"name": "series", "type": "series", "required": true}]);
    for (name, function) in all.as_object().unwrap() {
        assert_eq!(
            (&function["group"], &function["params"]),
            (&json!("Pie"), &parameters)
        );
        assert_eq!(kept.get(&format!("/functions/{name}?type=pie")), *function);
    }
    assert_eq!(kept.get("/functions?type=pie&grouped=TRUE")["Pie"], all);
    assert_eq!(kept.get("/functions?type=pie&group=Sorting"), json!({}));
    let absent = kept.metrics("GET", "/functions/sumSeries?type=pie", None);
    assert_eq!(absent.status, 404, "{}", absent.text());
}

/// Nothing is a limit, too.
#[test]
fn lists_of_tags_are_as_long_as_their_limit_says() {
    let kept = Fixture::start();
    for (limit, count) in [("0", 0), ("1", 1), ("9", 2), ("-1", 2), ("", 2)] {
        let tags = kept.get(&format!("/tags?limit={limit}"));
        assert_eq!(tags.as_array().unwrap().len(), count, "{limit}: {tags}");
    }
    let none = kept.get("/tags/host?limit=0");
    assert_eq!(
        (&none["tag"], &none["values"]),
        (&json!("host"), &json!([]))
    );
    let wrong = kept.metrics("GET", "/tags?limit=x", None);
    assert_eq!(wrong.status, 400, "{}", wrong.text());
}

/// A slice of a pie may be a name with a number.
#[test]
fn a_pie_is_drawn_of_numbers_too() {
    let kept = Fixture::start();
    let pie = "/render?graphType=pie&format=svg&width=400&height=300";
    let drawn = kept.metrics(
        "GET",
        &format!("{pie}&target=apples:3&target=pears:1"),
        None,
    );
    assert_eq!(drawn.status, 200, "{}", drawn.text());
    for label in ["apples", "pears", "75.0 %", "25.0 %"] {
        assert!(drawn.text().contains(label), "{label}: {}", drawn.text());
    }
    // In a chart of lines it is the path that it looks like.
    let line = kept.get("/render?format=json&target=apples:3");
    assert_eq!(line, json!([]));
}
