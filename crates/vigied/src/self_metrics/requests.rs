//! Requests and their duration, counted by route. A request locks only the counters of its route, and looks them up by path
//! without copying it.

use super::text::head;
use base::mutex::lock;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::time::Duration;

/// Upper bounds of the request-time histogram, in seconds: a decade in three steps, from 1 ms to the time-out.
const SECONDS: [f64; 14] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
];

/// The route label of requests without a route.
pub(crate) const NO_ROUTE: &str = "none";

/// The requests of a route with the same method and status.
#[derive(Debug, Clone)]
struct RouteCount {
    method: &'static str,
    status: u16,
    count: u64,
    seconds: f64,
    /// Not cumulative: a request counts in its smallest bucket.
    buckets: [u64; SECONDS.len()],
}

/// The counters of all routes. A route has few methods and statuses, so a linear search is faster than a map.
#[derive(Debug, Default)]
pub(super) struct Requests {
    routes: BTreeMap<&'static str, Mutex<Vec<RouteCount>>>,
    none: Mutex<Vec<RouteCount>>,
}

impl Requests {
    /// Counters of these routes; other requests count for [`NO_ROUTE`].
    pub(super) fn of(routes: impl Iterator<Item = &'static str>) -> Self {
        Self {
            routes: routes.map(|path| (path, Mutex::default())).collect(),
            none: Mutex::default(),
        }
    }

    pub(super) fn answered(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let mut route = lock(self.routes.get(route).unwrap_or(&self.none));
        let found = route
            .iter()
            .position(|entry| entry.status == status && entry.method == method);
        let at = found.unwrap_or_else(|| {
            route.push(RouteCount {
                method,
                status,
                count: 0,
                seconds: 0.0,
                buckets: [0; SECONDS.len()],
            });
            route.len() - 1
        });
        let Some(entry) = route.get_mut(at) else {
            return;
        };
        let seconds = took.as_secs_f64();
        entry.count += 1;
        entry.seconds += seconds;
        let mut bounds = entry.buckets.iter_mut().zip(SECONDS);
        if let Some((bucket, _)) = bounds.find(|(_, bound)| seconds <= *bound) {
            *bucket += 1;
        }
    }

    pub(super) fn render(&self, out: &mut String) {
        let name = "vigie_http_request_seconds";
        head(
            out,
            name,
            "Time from a request's head to its answer.",
            "histogram",
        );
        let routes = self.routes.iter().map(|(route, counts)| (*route, counts));
        for (route, counts) in routes.chain([(NO_ROUTE, &self.none)]) {
            let mut counts = lock(counts).clone();
            counts.sort_unstable_by_key(|count| (count.method, count.status));
            for RouteCount {
                method,
                status,
                count,
                seconds,
                buckets,
            } in &counts
            {
                let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
                let mut cumulative = 0;
                for (bucket, bound) in buckets.iter().zip(SECONDS) {
                    cumulative += bucket;
                    let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {cumulative}");
                }
                let _ = writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}");
                let _ = writeln!(out, "{name}_sum{{{labels}}} {seconds}");
                let _ = writeln!(out, "{name}_count{{{labels}}} {count}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(requests: &Requests) -> String {
        let mut out = String::new();
        requests.render(&mut out);
        out
    }

    #[test]
    fn buckets_are_cumulative() {
        let requests = Requests::of(["/v1/metrics"].into_iter());
        requests.answered("/v1/metrics", "GET", 200, Duration::from_millis(3));
        requests.answered("/v1/metrics", "GET", 200, Duration::from_millis(7));
        let text = rendered(&requests);
        for line in [
            "le=\"0.002\"} 0\n",
            "le=\"0.005\"} 1\n",
            "le=\"0.01\"} 2\n",
            "le=\"30\"} 2\n",
            "le=\"+Inf\"} 2\n",
            "_sum{route=\"/v1/metrics\",method=\"GET\",status=\"200\"} 0.01",
        ] {
            assert!(text.contains(line), "{line} {text}");
        }
    }

    #[test]
    fn each_route_method_and_status_has_its_own() {
        let requests = Requests::of(["/a", "/b"].into_iter());
        for (route, method, status) in [
            ("/b", "POST", 400),
            ("/b", "GET", 404),
            ("/b", "GET", 200),
            ("/a", "GET", 200),
            ("/a", "GET", 200),
            ("/unknown", "GET", 404),
        ] {
            requests.answered(route, method, status, Duration::from_secs(60));
        }
        let text = rendered(&requests);
        let counts: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("vigie_http_request_seconds_count"))
            .collect();
        assert_eq!(
            counts,
            [
                "{route=\"/a\",method=\"GET\",status=\"200\"} 2",
                "{route=\"/b\",method=\"GET\",status=\"200\"} 1",
                "{route=\"/b\",method=\"GET\",status=\"404\"} 1",
                "{route=\"/b\",method=\"POST\",status=\"400\"} 1",
                "{route=\"none\",method=\"GET\",status=\"404\"} 1",
            ]
        );
        // Beyond the last bound.
        assert!(text.contains("le=\"30\"} 0\n"), "{text}");
    }
}
