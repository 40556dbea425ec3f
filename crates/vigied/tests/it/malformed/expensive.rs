//! Targets, patterns, expressions and times that are huge, nested or made to be slow, on each of Graphite's routes that takes
//! them: each is answered or refused with a reason, and soon.

use super::{Random, Raw, assert_has_reason};
use crate::harness::Server;
use std::time::{Duration, Instant};

const REQUESTS: usize = 400;

/// A request alone on a busy machine; the limit of the server itself is shorter.
const SLOWEST: Duration = Duration::from_secs(240);

/// Processor time that a request may take. Less than the server's limit: only where others have the processor does a request run
/// into that.
const WORK: Duration = Duration::from_secs(25);

/// How long the server has had a processor.
fn worked(server: &Server) -> Duration {
    let path = format!("/proc/{}/stat", server.serving.child.id());
    let text = std::fs::read_to_string(path).unwrap();
    // Behind the name, which may hold anything; in hundredths of a second.
    let (_, rest) = text.rsplit_once(") ").unwrap();
    let figures = rest.split(' ').skip(11).take(2);
    Duration::from_millis(
        figures
            .map(|figure| figure.parse::<u64>().unwrap() * 10)
            .sum(),
    )
}

/// Lengths around limits, and beyond all of them.
const COUNTS: [usize; 10] = [1, 2, 31, 63, 64, 65, 500, 2_000, 8_000, 15_000];

/// Prefixes and suffixes repeated around a target: calls, pipes, templates, braces.
const NESTED: [(&str, &str); 9] = [
    ("sum(", ")"),
    ("", "|scale(1)"),
    ("template(", ",x='a')"),
    ("timeStack(", ",'1s',0,100)"),
    ("movingAverage(", ",'1h')"),
    ("group(a.*,a.*,", ")"),
    ("f(k=", ")"),
    ("{", "}"),
    ("{a,", ",b}"),
];

/// Texts repeated one after the other.
const REPEATED: [&str; 12] = [
    "a.*,",
    "**.",
    "*.",
    "*",
    "{a,b}",
    "{a,b}.{c,d}",
    "[a-z]",
    "[!a]?",
    "'",
    "\\",
    "9",
    "é",
];

/// Small to write and large to answer.
const SLOW: [&str; 16] = [
    "time('t',1)",
    "summarize(time('t',60),'1s')",
    "sumSeries(time('t',1),sin('s',1,1),randomWalk('w',1))",
    "timeStack(a.*,'1s',0,1000000000)",
    "timeStack(timeStack(timeStack(a.*,'1s',0,1000),'1s',0,1000),'1s',0,1000)",
    "movingMedian(time('t',1),1000000)",
    "movingWindow(time('t',1),'100000y','median')",
    "holtWintersForecast(time('t',60),'2000y')",
    "smartSummarize(time('t',60),'1s')",
    "hitcount(a.*,'1s',true)",
    "integralByInterval(time('t',1),'1s')",
    "interpolate(transformNull(time('t',1)),inf)",
    "aliasSub(a.*,'((a{100}){100}){100}','x')",
    "grep(a.*,'(a*)*(b*)*(c|d|e)*$')",
    "seriesByTag('name=~((a{100}){100}){100}')",
    "applyByNode(a.*,0,'applyByNode(%.*,0,\"time(\\'%\\',1)\")')",
];

const TIMES: [(&str, &str); 9] = [
    ("-", "1d"),
    ("now", "-1s"),
    ("", "9"),
    ("-", "99999999y"),
    ("00:00", "_"),
    ("1", "/1"),
    ("last", "week"),
    ("", "+"),
    ("monday-", "1mon"),
];

fn target(random: &mut Random) -> String {
    let count = COUNTS[random.below(COUNTS.len())];
    match random.below(4) {
        0 => {
            let (before, after) = NESTED[random.below(NESTED.len())];
            format!("{}a.*{}", before.repeat(count), after.repeat(count))
        }
        1 => random.pick(&REPEATED).repeat(count),
        2 => format!("sumSeries({}a)", random.pick(&REPEATED).repeat(count)),
        _ => random.pick(&SLOW).to_owned(),
    }
}

fn time(random: &mut Random) -> String {
    let (before, repeated) = TIMES[random.below(TIMES.len())];
    let count = random.pick(&["1", "3", "40", "5000"]);
    format!("{before}{}", repeated.repeat(count.parse().unwrap()))
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

/// The route, and a form for it.
fn request(random: &mut Random) -> (&'static str, String) {
    let text = encoded(&target(random));
    let (from, until) = (encoded(&time(random)), encoded(&time(random)));
    let window = match random.below(4) {
        0 => format!("from={from}&until={until}"),
        1 => "from=00:00_19700101".to_owned(),
        2 => format!("from=-{}y", COUNTS[random.below(COUNTS.len())]),
        _ => "from=-1h".to_owned(),
    };
    match random.below(10) {
        0..=4 => {
            let format = random.pick(&[
                "json", "csv", "raw", "pickle", "msgpack", "svg", "png", "pdf", "dygraph",
                "rickshaw",
            ]);
            let form = format!(
                "target={text}&{window}&format={format}&maxDataPoints=100&width=8192&height=2048&yStep=1e-300"
            );
            ("/render", form)
        }
        5 => (
            "/metrics/find",
            format!("query={text}&{window}&format=completer"),
        ),
        6 => (
            "/metrics/expand",
            format!("query={text}&query={text}&leavesOnly=1"),
        ),
        7 => (
            "/tags/findSeries",
            format!("expr=name=~{text}&{window}&limit=9999999"),
        ),
        8 => (
            "/tags/autoComplete/values",
            format!("tag=name&expr=name=~{text}&valuePrefix={text}"),
        ),
        _ => (
            "/tags/autoComplete/tags",
            format!("expr=a!=~{text}&tagPrefix={text}"),
        ),
    }
}

#[test]
fn what_is_huge_nested_or_slow_is_answered_or_refused_in_time() {
    let server = Server::with(&["--set", "limits.request_seconds=30"]);
    let token = server.token();
    let credential = format!(
        "X-Auth-User-Token: iam {token}\r\nX-Auth-Scope-Id: s-{}",
        server.owner.space
    );
    let mut raw = Raw::open(&server.serving.address);
    let sent = raw.ask(
        format!("POST /v1/metrics HTTP/1.1\r\n{credential}").as_bytes(),
        br#"[{"name":"a.b","value":1},{"name":"a.c;host=x","value":2}]"#,
    );
    assert!(sent.0 < 300, "{sent:?}");
    let mut random = Random(0x00c0_ffee_0000_0002);
    let (mut refused, mut taken) = (0, 0);
    for _ in 0..REQUESTS {
        let (path, form) = request(&mut random);
        // A path has less room than a form.
        let is_get = form.len() < 4_000 && random.below(2) == 0;
        let (head, body) = if is_get {
            (format!("GET {path}?{form} HTTP/1.1\r\n{credential}"), "")
        } else {
            let kind = "Content-Type: application/x-www-form-urlencoded";
            (
                format!("POST {path} HTTP/1.1\r\n{credential}\r\n{kind}"),
                form.as_str(),
            )
        };
        let (before, began) = (worked(&server), Instant::now());
        let (status, answer) = raw.ask(head.as_bytes(), body.as_bytes());
        let took = began.elapsed();
        let what: String = format!("{path} {form}").chars().take(2_000).collect();
        assert!(took < SLOWEST, "{took:?} for {what}");
        let excerpt = || String::from_utf8_lossy(&answer[..answer.len().min(2_000)]).into_owned();
        let work = worked(&server) - before;
        assert!(work < WORK, "{work:?} of a processor for {what}");
        let is_over = status == 503 && excerpt().contains("`request_seconds`");
        assert!(
            is_over || (200..500).contains(&status),
            "{status} for {what}\n{}",
            excerpt()
        );
        if status < 400 {
            taken += 1;
        } else {
            refused += 1;
            assert_has_reason(status, &answer, &what);
        }
    }
    assert!(
        refused > REQUESTS / 10 && taken > REQUESTS / 10,
        "{refused} were refused and {taken} taken"
    );
    let log = server.serving.log();
    assert!(!log.contains("panicked"), "{log}");
}
