//! `/render` as a picture, and what it says about the parameters that it cannot take.

use crate::harness::{Reply, Server, until};
use crate::limits::hits;
use base::limit;
use serde_json::{Value, json};

struct Drawing {
    server: Server,
    token: String,
}

impl Drawing {
    fn with(flags: &[&str]) -> Self {
        let server = Server::with(flags);
        let token = server.token();
        Self { server, token }
    }

    fn get(&self, path: &str, pairs: &[(&str, &str)]) -> Reply {
        let path = format!("{path}?{}", wire::query::encode(pairs));
        self.server.metrics(&self.token, "GET", &path).send()
    }

    fn post(&self, path: &str, kind: &str, body: &str) -> Reply {
        let request = self.server.metrics(&self.token, "POST", path);
        request.header("Content-Type", kind).body(body).send()
    }

    fn gauge(&self, name: &str) -> String {
        let text = self.server.operations("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    }
}

/// The field of an error, and its text.
fn refused(reply: &Reply) -> (Value, String) {
    assert_eq!(reply.status, 400, "{}", reply.text());
    let field = reply.json()["errors"][0]["field"].clone();
    (field, reply.text())
}

#[test]
fn a_parameter_that_cannot_be_taken_is_the_field_of_the_error() {
    let drawing = Drawing::with(&[]);
    for (path, name, value) in [
        ("/render", "bgcolor", "greenish"),
        ("/render", "width", "100000"),
        ("/render", "height", "4096"),
        ("/render", "yMax", "high"),
        ("/render", "yMin", "min"),
        ("/render", "yLimit", "max"),
        ("/render", "yStepRight", "x"),
        ("/render", "lineWidth", "thick"),
        ("/render", "fontSize", "big"),
        ("/render", "minorY", "few"),
        ("/render", "logBase", "pi"),
        ("/render", "areaAlpha", "half"),
        ("/render", "connectedLimit", "none"),
        ("/tags", "filter", "h("),
        ("/tags/host", "filter", "h("),
        ("/tags/findSeries", "expr", "h=~("),
    ] {
        let reply = drawing.get(path, &[("target", "a.b"), (name, value)]);
        assert_eq!(refused(&reply).0, name, "{path}: {}", reply.text());
    }
    for name in ["yMax", "yMaxLeft", "yMaxRight", "max"] {
        let reply = drawing.get("/render", &[("target", "a.b"), (name, "max")]);
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
    }
    for value in ["", "default"] {
        let names = ["width", "height", "bgcolor", "yMax", "fontSize", "areaMode"];
        let mut pairs = vec![("target", "a.b"), ("format", "")];
        pairs.extend(names.map(|name| (name, value)));
        let reply = drawing.get("/render", &pairs);
        assert_eq!(reply.status, 200, "{value}: {}", reply.text());
        assert!(reply.body.starts_with(b"\x89PNG"));
    }
}

/// A body that is no form would be as if it were not there.
#[test]
fn a_body_that_is_no_form_is_refused() {
    let drawing = Drawing::with(&[]);
    let form = "target=randomWalk('a')&format=csv&from=-1min";
    for path in ["/render", "/metrics/find", "/tags/tagSeries"] {
        for kind in [
            "application/json",
            "multipart/form-data; boundary=x",
            "text/plain",
        ] {
            let (field, text) = refused(&drawing.post(path, kind, "{\"target\": [\"a.b\"]}"));
            assert_eq!(field, "Content-Type", "{path}: {text}");
            assert!(text.contains("as a form"), "{path}: {text}");
        }
    }
    for kind in [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-URLencoded; charset=UTF-8",
    ] {
        let reply = drawing.post("/render", kind, form);
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(reply.text().starts_with("a,"), "{}", reply.text());
    }
    // Without a body there is nothing that could be lost.
    let reply = drawing.post(&format!("/render?{form}"), "application/json", "");
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn an_answer_ends_with_its_last_line() {
    let drawing = Drawing::with(&[]);
    let target = ("target", "randomWalk('a')");
    for format in ["csv", "raw", "json", "rickshaw", "dygraph"] {
        let reply = drawing.get("/render", &[target, ("from", "-5min"), ("format", format)]);
        let text = reply.text();
        let before = text
            .strip_suffix('\n')
            .unwrap_or_else(|| panic!("{format}: {text}"));
        assert!(
            !before.ends_with('\n') && !before.is_empty(),
            "{format}: {text:?}"
        );
        assert_ne!(text.lines().last().map(str::trim), Some(""), "{format}");
    }
    let function = drawing.get("/functions/scale", &[]).text();
    assert!(function.ends_with("}\n"), "{function}");
    let form = "application/x-www-form-urlencoded";
    let series = drawing.post("/tags/tagSeries", form, "path=a;b=c");
    assert_eq!(series.text(), "\"a;b=c\"\n");
    let series = drawing.post("/tags/tagMultiSeries", form, "path=a;b=c");
    assert_eq!(series.text(), "[\"a;b=c\"]\n");
}

/// Requests that would expand without end are bounded, and the server goes on.
#[test]
fn targets_that_make_up_targets_do_not_end_the_server() {
    let drawing = Drawing::with(&[]);
    let sent = drawing
        .server
        .metrics(&drawing.token, "POST", "/v1/metrics");
    let sent = sent.json(&json!([{"name": "f.a.x", "value": 1}])).send();
    assert_eq!(sent.status, 200, "{}", sent.text());
    let one = |level: usize| {
        format!(
            "{}template(applyByNode(alias(f.a.x,$v{level}),0,$p{level})){}",
            "absolute(".repeat(60),
            ")".repeat(60)
        )
    };
    let variables: Vec<(String, String)> = (0..8)
        .flat_map(|level| {
            let next = if level < 7 {
                one(level + 1)
            } else {
                "f.a.x".to_owned()
            };
            [
                (format!("template[v{level}]"), "a".to_owned()),
                (format!("template[p{level}]"), next),
            ]
        })
        .collect();
    let target = one(0);
    let mut form = vec![("target", target.as_str()), ("format", "json")];
    form.extend(
        variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let reply = drawing.server.metrics(&drawing.token, "POST", "/render");
    let (field, text) = refused(&reply.form(&form).send());
    assert_eq!(field, "target");
    assert!(text.contains("`target_depth` is 64"), "{text}");
    assert_eq!(drawing.get("/version", &[]).status, 200);
}

#[test]
fn a_picture_that_does_not_fit_says_what_would() {
    let drawing = Drawing::with(&["--set", "limits.queries_in_flight_bytes=67108864"]);
    let target = ("target", "randomWalk('a')");
    let size = [target, ("width", "8192"), ("height", "2048")];
    let (field, text) = refused(&drawing.get("/render", &size));
    assert_eq!(field, "width");
    for expected in [
        "the picture needs ",
        "one account may have 33554",
        "of `queries_in_flight_bytes`",
        "a smaller `width` and `height`",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let small = [target, ("width", "400"), ("height", "40")];
    assert_eq!(drawing.get("/render", &small).status, 200);
}

/// It stops soon after its time is over, and gives back what it had.
#[test]
fn a_picture_ends_with_its_time() {
    let drawing = Drawing::with(&["--set", "limits.request_seconds=3"]);
    let target = "dashed(sinFunction('x',1000,1),9)";
    let pairs = [
        ("target", target),
        ("from", "-8000s"),
        ("width", "8192"),
        ("height", "1500"),
    ];
    let reply = drawing.get("/render", &pairs);
    assert!(matches!(reply.status, 200 | 503), "{}", reply.text());
    until("the picture has ended", || {
        drawing.gauge("vigie_queries_running ") == "0"
            && drawing.gauge("vigie_queries_in_flight_bytes ") == "0"
    });
}

#[test]
fn targets_of_one_request_have_a_limit_of_their_own() {
    let drawing = Drawing::with(&["--set", "limits.targets_per_render=3"]);
    let asked = |count: usize| {
        let mut pairs = vec![("format", "json")];
        pairs.extend(vec![("target", "a.b"); count]);
        drawing.get("/render", &pairs)
    };
    assert_eq!(asked(3).status, 200);
    let reply = asked(4);
    assert_eq!(reply.code(), "BXNMSMT04E");
    let (field, text) = refused(&reply);
    assert_eq!(field, "target");
    assert!(text.contains("`targets_per_render` = 3"), "{text}");
    assert_eq!(hits(&drawing.server, limit::TARGETS_PER_RENDER), 1);
}

#[test]
fn a_picture_has_a_largest_width_and_height() {
    let drawing = Drawing::with(&[]);
    for (name, limit) in [
        ("width", limit::PICTURE_WIDTH),
        ("height", limit::PICTURE_HEIGHT),
    ] {
        let size = |pixels: u64| {
            let pixels = pixels.to_string();
            let target = ("target", "randomWalk('a')");
            drawing.get("/render", &[target, (name, pixels.as_str())])
        };
        assert_eq!(size(limit.default).status, 200, "{name}");
        let reply = size(limit.default + 1);
        let (field, text) = refused(&reply);
        assert_eq!(field, name);
        let expected = format!("at most `{}` = {} pixels", limit.name, limit.default);
        assert!(text.contains(&expected), "{text}");
        assert_eq!(hits(&drawing.server, limit), 1, "{name}");
    }
}

/// A transparent background lets the page through, and the picture keeps the colours of its template, as in graphite-web.
#[test]
fn a_picture_without_a_ground_is_asked_for_by_a_word() {
    let drawing = Drawing::with(&[]);
    let asked = |more: &[(&str, &str)]| {
        let mut pairs = vec![("target", "randomWalk('a')"), ("format", "svg")];
        pairs.extend(more);
        let reply = drawing.get("/render", &pairs);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.text()
    };
    for word in ["transparent", "none", "FFFFFF00"] {
        let picture = asked(&[("bgcolor", word)]);
        assert!(picture.contains("fill-opacity=\"0.000\"/>"), "{picture}");
        assert!(picture.contains("fill=\"#ffffff\">"), "{picture}");
    }
    let light = asked(&[("bgcolor", "transparent"), ("template", "light")]);
    assert!(light.contains("fill=\"#2b2f36\">"), "{light}");
    for name in ["fgcolor", "colorList", "majorGridLineColor"] {
        let (field, text) = refused(&drawing.get("/render", &[("target", "a"), (name, "none")]));
        assert_eq!(field, name);
        assert!(text.contains("only `bgcolor`"), "{text}");
    }
}
