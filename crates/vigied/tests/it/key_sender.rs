//! A server, and a sender with a key that sends to one space and does nothing else.

use crate::harness::Server;
use serde_json::Value;

/// The first half of 2018.
const RANGE: &str = "from=1514764800&until=1530403200";

pub(crate) struct KeySender {
    pub(crate) server: Server,
    /// Of the owner, to read with.
    pub(crate) token: String,
    pub(crate) key: String,
}

impl KeySender {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(flags: &[&str]) -> Self {
        let server = Server::with(flags);
        let token = server.token();
        let (key, _) = server.narrow_key();
        Self { server, token, key }
    }

    /// The values of a series in the range, read by token; none where there is no such series.
    pub(crate) fn values(&self, target: &str) -> Value {
        let target = wire::query::encode(&[("target", target)]);
        let path = format!("/v1/metrics?{target}&{RANGE}");
        let reply = self.server.metrics(&self.token, "GET", &path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let points = reply.json()[0]["datapoints"].as_array().cloned();
        points.unwrap_or_default().into_iter().collect()
    }
}
