//! Old samples in and out: `vigie import` and `vigie export` against a real server, read back by token.

mod export;
mod graphite;
mod prometheus;
mod whisper;

use crate::harness::Server;
use serde_json::Value;
use std::fs;
use std::process::{Command, Output};

/// A server, and a command line that is logged in to it.
struct Site {
    server: Server,
    token: String,
}

impl Site {
    fn start() -> Self {
        let server = Server::start();
        let token = server.token();
        let site = Self { server, token };
        let url = site.server.serving.url();
        let key = site.server.owner.api_key.clone();
        site.run(
            &[
                "login", "-a", &url, "--apikey", &key, "-o", "vigie", "-s", "dev",
            ],
            0,
        );
        site
    }

    fn vigie(&self, arguments: &[&str]) -> Command {
        let mut command = self.server.vigie();
        command
            .args(arguments)
            .current_dir(self.server.folder.path());
        command
    }

    /// Runs the command line; it is to end with this code.
    fn run(&self, arguments: &[&str], code: i32) -> Output {
        let ran = self.vigie(arguments).output().unwrap();
        assert_eq!(
            ran.status.code(),
            Some(code),
            "{arguments:?}: {}",
            output_text(&ran)
        );
        ran
    }

    /// As [`Self::run`], with the totals that it prints as JSON.
    fn totals(&self, arguments: &[&str], code: i32) -> Value {
        let ran = self.run(&[arguments, &["--output", "json"]].concat(), code);
        serde_json::from_slice(&ran.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", output_text(&ran)))
    }

    /// Sends lines of Graphite's.
    fn send(&self, lines: &str) {
        fs::write(self.server.folder.path().join("lines"), lines).unwrap();
        let send = ["metrics", "send", "--file", "lines", "--format", "graphite"];
        self.run(&send, 0);
    }

    /// Gives all series a step of a minute.
    fn keep_minutes(&self) {
        let (pattern, retentions) = (["--pattern", ".*"], ["--retentions", "60s:5y"]);
        let set = ["metrics", "schemas", "set", "all"];
        self.run(&[&set[..], &pattern, &retentions].concat(), 0);
    }

    /// The samples of a series as they were sent, `[value, seconds]`.
    fn samples(&self, name: &str) -> Value {
        let query = wire::query::encode(&[("target", name)]);
        let path = format!("/v1/metrics?{query}&as=sent&from=1000000000&until=now");
        let reply = self.server.metrics(&self.token, "GET", &path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()[0]["datapoints"].clone()
    }
}

fn output_text(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr)
}
