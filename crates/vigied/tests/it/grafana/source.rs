//! A data source as Grafana uses it: an address, and what it sends with each request.

use crate::harness::{Reply, Request, Server};
use serde_json::Value;

/// One data source.
#[derive(Debug, Clone)]
pub(super) struct Source {
    url: String,
    headers: Vec<(String, String)>,
}

impl Source {
    /// With the two headers of the guide.
    pub(super) fn by_headers(server: &Server, key: &str, domain: &str) -> Self {
        Self {
            url: server.serving.url(),
            headers: vec![
                ("X-Auth-User-Token".to_owned(), format!("apikey {key}")),
                ("X-Auth-Scope-Id".to_owned(), domain.to_owned()),
            ],
        }
    }

    /// With the domain in the path, and a password.
    pub(super) fn by_path(server: &Server, key: &str, domain: &str) -> Self {
        let password = wire::credential::encode_basic("apikey", key);
        Self {
            url: format!("{}/graphite/{domain}", server.serving.url()),
            headers: vec![("Authorization".to_owned(), password)],
        }
    }

    /// As Grafana reads its settings: `httpHeaderName1` of `jsonData` has its value in `secureJsonData`.
    pub(super) fn of_settings(settings: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let secret = &settings["secureJsonData"];
        let mut headers = Vec::new();
        for number in 1.. {
            let name = text(&settings["jsonData"][format!("httpHeaderName{number}")]);
            if name.is_empty() {
                break;
            }
            headers.push((name, text(&secret[format!("httpHeaderValue{number}")])));
        }
        if settings["basicAuth"] == true {
            let (user, password) = (
                text(&settings["basicAuthUser"]),
                text(&secret["basicAuthPassword"]),
            );
            let value = wire::credential::encode_basic(&user, &password);
            headers.push(("Authorization".to_owned(), value));
        }
        Self {
            url: text(&settings["url"]),
            headers,
        }
    }

    /// The same with another header.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A request of the browser, as Grafana's server passes it on.
    pub(super) fn ask(&self, method: &str, path: &str, form: Option<&str>) -> Reply {
        let request = Request::new(&self.url, method, path)
            .header("User-Agent", "Grafana/12.2.0")
            .header("Accept", "application/json, text/plain, */*")
            .header("X-Forwarded-For", "192.0.2.7, 127.0.0.1")
            .header("X-Grafana-Org-Id", "1")
            .header("X-Dashboard-Uid", "shop")
            .header("X-Panel-Id", "2")
            .header("Sec-Fetch-Site", "same-origin")
            .header("Sec-Fetch-Mode", "cors");
        let headers = self.headers.iter();
        let request = headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        let request = match form {
            None => request,
            Some(form) => request
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(form),
        };
        request.send()
    }

    /// Its answer, which is a good one.
    pub(super) fn json(&self, method: &str, path: &str, form: Option<&str>) -> Value {
        let reply = self.ask(method, path, form);
        assert_eq!(reply.status, 200, "{method} {path}: {}", reply.text());
        reply.json()
    }

    /// The names of a variable with this query.
    pub(super) fn names(&self, query: &str) -> Vec<String> {
        let form = format!("query={query}");
        let found = self.json("POST", "/metrics/find", Some(&form));
        let nodes = found.as_array().unwrap().iter();
        nodes
            .map(|node| node["text"].as_str().unwrap().to_owned())
            .collect()
    }
}
