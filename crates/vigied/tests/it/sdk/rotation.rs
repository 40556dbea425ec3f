//! `vigied keys rotate` while clients send without a pause, with tokens that they renew all the time, and with one of the first key: no
//! request fails. The two minutes for which a new key is announced are not waited for: its time is moved in the database.

use super::{node, run};
use crate::harness::{Server, VIGIED, until};
use crate::key_schedule::bring_forward;
use serde_json::Value;
use std::process::{Command, Stdio};

/// Sends until it has had tokens of three keys, and for a while after that. What it sends is named after how many it has had.
const PYTHON: &str = r#"
import itertools, json, threading
import jwt
from concurrent.futures import ThreadPoolExecutor
from ibm_cloud_sdk_core import BaseService
from ibm_cloud_sdk_core.authenticators import BearerTokenAuthenticator, IAMAuthenticator

url, key, space = sys.argv[1:4]
now = int(time.time())
values, over, sent, kids = itertools.count(1), threading.Event(), [], []


class Metrics(BaseService):
    def store(self):
        value = next(values)
        sample = {"name": f"rotation.keys{len(kids)}", "value": value, "timestamp": now - value % 3000}
        headers = {"X-Auth-Scope-Id": "s-" + space, "Content-Type": "application/json"}
        request = self.prepare_request(method="POST", url="/v1/metrics", headers=headers, data=json.dumps([sample]))
        assert self.send(request).get_result()["stored"] == 1
        sent.append(value)


def send(metrics):
    while not over.is_set():
        metrics.store()


authenticator = IAMAuthenticator(key, url=url)
manager = authenticator.token_manager
first = manager.get_token()
renewed = Metrics(service_url=url, authenticator=authenticator)
kept = Metrics(service_url=url, authenticator=BearerTokenAuthenticator(first))
late = time.monotonic() + 300
with ThreadPoolExecutor(6) as threads:
    senders = [threads.submit(send, metrics) for metrics in (renewed, renewed, renewed, renewed, kept, kept)]
    while len(kids) < 3 and time.monotonic() < late and not any(sender.done() for sender in senders):
        kid = jwt.get_unverified_header(manager.access_token)["kid"]
        kids += [kid] * (kid not in kids)
        manager.refresh_time = 1
        time.sleep(0.05)
    wanted = len(sent) + 100
    while len(sent) < wanted and time.monotonic() < late and not any(sender.done() for sender in senders):
        time.sleep(0.05)
    over.set()
    for sender in senders:
        sender.result()
assert len(kids) == 3, kids
assert jwt.get_unverified_header(first)["kid"] == kids[0] and len(sent) >= wanted, (kids, len(sent))
kept.store()
print("ok")
"#;

/// As [`PYTHON`].
const NODE: &str = r#"
const assert = require("node:assert");
const core = require("ibm-cloud-sdk-core");

const [url, key, space] = process.argv.slice(1);
const now = Math.floor(Date.now() / 1000);
const pause = (milliseconds) => new Promise((next) => setTimeout(next, milliseconds));
const kidOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url")).kid;
let value = 0;
let sent = 0;
let over = false;
const kids = [];

class Metrics extends core.BaseService {
  async store() {
    value += 1;
    const headers = { "X-Auth-Scope-Id": "s-" + space };
    const body = [{ name: "rotation.keys" + kids.length, value, timestamp: now - (value % 3000) }];
    const options = { url: "/v1/metrics", method: "POST", body, json: true };
    const reply = await this.createRequest({ options, defaultOptions: { ...this.baseOptions, headers } });
    assert.strictEqual(reply.result.stored, 1);
    sent += 1;
  }
}

async function send(metrics) {
  while (!over) await metrics.store();
}

async function run() {
  const authenticator = new core.IamAuthenticator({ apikey: key, url });
  const manager = authenticator.tokenManager;
  const first = await manager.getToken();
  const renewed = new Metrics({ authenticator, serviceUrl: url });
  const kept = new Metrics({ authenticator: new core.BearerTokenAuthenticator({ bearerToken: first }), serviceUrl: url });
  // What fails is told at once.
  const senders = Promise.all([renewed, renewed, renewed, renewed, kept, kept].map(send));
  const late = Date.now() + 300000;
  for (let turn = 0; kids.length < 3 && Date.now() < late; turn += 1) {
    const kid = kidOf(manager.accessToken);
    if (!kids.includes(kid)) kids.push(kid);
    // Over and due in turn: they wait for a new one, or go on meanwhile.
    manager[turn % 2 === 0 ? "expireTime" : "refreshTime"] = 1;
    await Promise.race([pause(50), senders]);
  }
  const wanted = sent + 100;
  while (sent < wanted && Date.now() < late) await Promise.race([pause(50), senders]);
  over = true;
  await senders;
  assert.strictEqual(kids.length, 3, String(kids));
  assert.strictEqual(kidOf(first), kids[0]);
  assert(sent >= wanted, `${sent} of ${wanted}`);
  await kept.store();
  console.log("ok");
}

run().catch((error) => { console.error(error); process.exit(1); });
"#;

/// How long a key is announced before it signs.
const ANNOUNCED_MILLISECONDS: i64 = 120_000;

/// The name of the key that `vigied keys rotate` has made, and what it does.
fn rotate(server: &Server, flags: &[&str]) -> (String, String) {
    let output = Command::new(VIGIED)
        .args(["keys", "rotate", "--output", "json", "--data"])
        .arg(server.data())
        .args(flags)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("kid"), text("state"))
}

/// Rotates the keys twice, after notice and at once, while a client sends.
fn rotate_while(send: impl Fn(&[&str]) + Sync) {
    let server = Server::start();
    let url = server.serving.url();
    let arguments = [url.as_str(), &server.owner.api_key, &server.owner.space];
    let token = server.token();
    std::thread::scope(|scope| {
        let client = scope.spawn(|| send(&arguments));
        // It ends by itself: when it has had tokens of all three keys, or at the first request that fails.
        let wait_until_sent = |name: &str| {
            until(&format!("{name} is sent"), || {
                let request = server.metrics(&token, "GET", "/v1/metrics/list?query=rotation.*");
                client.is_finished() || request.send().text().contains(name)
            });
        };
        wait_until_sent("rotation.keys1");
        let (second, state) = rotate(&server, &[]);
        assert_eq!(state, "announced");
        bring_forward(&server.data(), &second, ANNOUNCED_MILLISECONDS);
        wait_until_sent("rotation.keys2");
        let (_, state) = rotate(&server, &["--now"]);
        assert_eq!(state, "signs");
    });
}

#[test]
fn no_request_of_the_python_sdk_fails_while_the_operator_rotates_the_keys() {
    let test = "no_request_of_the_python_sdk_fails_while_the_operator_rotates_the_keys";
    rotate_while(|arguments| run(test, PYTHON, arguments));
}

#[test]
fn no_request_of_the_node_sdk_fails_while_the_operator_rotates_the_keys() {
    let test = "no_request_of_the_node_sdk_fails_while_the_operator_rotates_the_keys";
    rotate_while(|arguments| node::run(test, NODE, arguments));
}
