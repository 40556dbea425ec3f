//! The agent and the real server: either may stop and come back, and no sample is lost.

mod listeners;

use crate::harness::{Server, Serving, until};
use crate::undisturbed::own_address;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// A limit for every wait, generous for slow machines.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running agent that collects every second, and its output.
struct Agent {
    child: Child,
    output: Arc<(Mutex<String>, Condvar)>,
}

impl Agent {
    /// With the owner's key, so that no login is needed.
    fn start(server: &Server) -> Self {
        Self::with(server, &server.owner.api_key, &[])
    }

    /// With another key, and more arguments.
    fn with(server: &Server, key: &str, arguments: &[&str]) -> Self {
        let mut child = server
            .vigie()
            .args(["agent", "--interval", "1s", "--host", "h", "--scope"])
            .arg(format!("s-{}", server.owner.space))
            .arg("--buffer")
            .arg(server.folder.path().join("buffer"))
            .args(arguments)
            .env("VIGIE_API_KEY", key)
            .env("VIGIE_API", server.serving.url())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let output = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let sink = Arc::clone(&output);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut output = sink.0.lock().unwrap();
                output.push_str(&line);
                output.push('\n');
                sink.1.notify_all();
            }
        });
        Self { child, output }
    }

    /// Waits until its output contains this so many times.
    fn wait_for_output(&self, what: &str, times: usize) {
        let guard = self.output.0.lock().unwrap();
        let (held, waited) = self
            .output
            .1
            .wait_timeout_while(guard, PATIENCE, |output| {
                output.matches(what).count() < times
            })
            .unwrap();
        assert!(!waited.timed_out(), "never said `{what}`:\n{held}");
    }

    fn output(&self) -> String {
        self.output.0.lock().unwrap().clone()
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits for the end, which must be a good one.
    fn end(&mut self) {
        let number = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &number]).status();
        assert!(sent.unwrap().success());
        let status = self.child.wait().unwrap();
        self.wait_for_output("agent: stopped after", 1);
        assert!(status.success(), "{}", self.output());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The moments, in milliseconds, at which one of the agent's metrics has a sample.
fn moments(server: &Server) -> Vec<i64> {
    moments_of(server, "h.load.load.shortterm")
}

/// The same of another series.
fn moments_of(server: &Server, target: &str) -> Vec<i64> {
    let points = points(server, target);
    let times = points.iter().map(|point| point[1].as_f64().unwrap());
    times.map(|time| (time * 1000.0) as i64).collect()
}

/// The values of a series in the last hour.
fn values_of(server: &Server, target: &str) -> Vec<f64> {
    let points = points(server, target);
    points
        .iter()
        .map(|point| point[0].as_f64().unwrap())
        .collect()
}

fn points(server: &Server, target: &str) -> Vec<Value> {
    let query = wire::query::encode(&[("target", target), ("from", "-1h"), ("format", "json")]);
    let reply = server
        .request("GET", &format!("/v1/metrics?{query}"))
        .header(
            "X-Auth-User-Token",
            &format!("apikey {}", server.owner.api_key),
        )
        .header("X-Auth-Scope-Id", &format!("s-{}", server.owner.space))
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()[0]["datapoints"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn journal_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => journal_bytes(&entry.path()),
            // The first eight bytes identify the file; records follow.
            Ok(data) if entry.path().extension().is_some_and(|end| end == "journal") => {
                data.len().saturating_sub(8)
            }
            _ => 0,
        })
        .sum()
}

fn now() -> i64 {
    crate::harness::now() * 1000
}

#[test]
fn either_may_go_away_and_what_was_seen_arrives() {
    // Tokens end while it runs, several times.
    let flags = ["--set", "tokens.access_token_seconds=30"];
    // The agent knows it by its port, which nobody may take meanwhile.
    let mut server = Server::at(&format!("{}:0", own_address()), &flags);
    let buffer = server.folder.path().join("buffer");
    let mut agent = Agent::start(&server);
    until("a first sample", || !moments(&server).is_empty());

    // The server stops; the agent keeps collecting.
    let address = server.serving.address.clone();
    let stopped_at = now();
    server.serving.signal("TERM");
    server.serving.child.wait().unwrap();
    agent.wait_for_output("samples wait in the buffer", 1);
    let held = journal_bytes(&buffer);
    until("more in the buffer", || {
        journal_bytes(&buffer) > held.max(1) * 2
    });

    // The agent is killed, and another one continues with its spool.
    agent.kill();
    assert!(journal_bytes(&buffer) > 0);
    let agent = Agent::start(&server);
    agent.wait_for_output("samples of an earlier run wait to be sent", 1);

    server.serving = Serving::start(&server.data(), &address, &flags);
    let back = now();
    until("everything sent", || journal_bytes(&buffer) == 0);
    let during = moments(&server)
        .iter()
        .filter(|at| (stopped_at..=back).contains(*at))
        .count();
    assert!(
        during >= 2,
        "{during} looks arrived of those while the server was away"
    );
    let output = agent.output();
    assert!(
        !output.contains("lost") && !output.contains("dropped"),
        "{output}"
    );
    assert!(!output.contains("rejected"), "{output}");
}

#[test]
fn a_token_that_ends_while_it_runs_is_renewed() {
    let server = Server::with(&["--set", "tokens.access_token_seconds=30"]);
    let agent = Agent::start(&server);
    until("a first sample", || !moments(&server).is_empty());
    let first = moments(&server)[0];
    until("a sample from after its end", || {
        moments(&server)
            .last()
            .is_some_and(|last| last - first > 32_000)
    });
    let output = agent.output();
    assert!(!output.contains("wait in the buffer"), "{output}");
    assert!(!output.contains("warning"), "{output}");
}

/// The token of a key for one space names that space, so no flag is needed.
#[test]
fn a_narrowed_key_needs_no_scope() {
    let server = Server::start();
    let url = server.serving.url();
    let home = |name: &str| server.folder.path().join(name);
    let run = |of: &str, words: &[&str], code: i32| {
        let mut command = server.vigie();
        command.env_remove("IBMCLOUD_CONFIG_HOME");
        let command = command.env("VIGIE_HOME", home(of)).args(words);
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {errors}");
        errors
    };
    let file = home("narrow.json").display().to_string();
    let at_file = format!("@{file}");
    let owner = ["login", "-a", &url, "--apikey", &server.owner.api_key];
    run("owner", &owner, 0);
    let create = "iam api-key-create web1 --domain space --only send --file";
    let create: Vec<&str> = create.split(' ').chain([file.as_str()]).collect();
    run("owner", &create, 0);
    let login = ["login", "-a", &url, "--apikey", &at_file];
    let errors = run("sender", &[&login[..], &["-s", "dev"]].concat(), 4);
    assert!(
        errors.contains(&format!("s-{}", server.owner.space)),
        "{errors}"
    );
    assert!(!home("sender").join("config.json").exists());
    run("sender", &login, 0);
    run("sender", &["metrics", "send", "narrow.login=1"], 0);
    let mut agent = server.vigie();
    agent.env_remove("IBMCLOUD_CONFIG_HOME");
    let agent = (agent.args(["agent", "--once", "--host", "narrow"]))
        .env("VIGIE_HOME", home("host"))
        .env("VIGIE_API", &url)
        .env("VIGIE_API_KEY", &at_file);
    let output = agent.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    agent.env("VIGIE_API_KEY", "vgk_wrong");
    let output = agent.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(errors.contains("hint: is it the whole key"), "{errors}");
    for query in ["narrow.login", "narrow.load.load.*"] {
        let reply = server
            .request("GET", &format!("/v1/metrics/list?query={query}"))
            .header(
                "X-Auth-User-Token",
                &format!("apikey {}", server.owner.api_key),
            )
            .header("X-Auth-Scope-Id", &format!("s-{}", server.owner.space))
            .send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_ne!(reply.text(), "[]", "{query}");
    }
}
