//! `ContainerAuthenticator` of `ibm-cloud-sdk-core`, for Python and Node: the token of a compute resource in a file, a trusted profile by
//! its name or its id, renewal, and refusals.

use super::{node, run};
use crate::harness::{Request, token};
use crate::nodes::{Nodes, wait_for};
use crate::workloads::issuer::{CLUSTER, Publisher, Publishing, Signer};
use crate::workloads::{Place, issuers};
use serde_json::{Value, json};
use std::path::Path;

const PYTHON: &str = r#"
import json, os, sys, time
from ibm_cloud_sdk_core import ApiException, BaseService, get_authenticator_from_environment
from ibm_cloud_sdk_core.authenticators import ContainerAuthenticator

url, space, file, profile, metrics_url = sys.argv[1:6]
now = int(time.time())


class Metrics(BaseService):
    def ask(self, method, **more):
        headers = {"X-Auth-Scope-Id": "s-" + space, "Content-Type": "application/json"}
        return self.send(self.prepare_request(method=method, url="/v1/metrics", headers=headers, **more)).get_result()

    def store(self, value):
        sample = {"name": "workload.sent", "value": value, "timestamp": now - value}
        assert self.ask("POST", data=json.dumps([sample]))["stored"] == 1


by_name = ContainerAuthenticator(cr_token_filename=file, iam_profile_name="collector", url=url)
metrics = Metrics(service_url=metrics_url, authenticator=by_name)
metrics.store(1)
manager = by_name.token_manager
first = manager.access_token
metrics.store(2)
assert manager.access_token == first
manager.refresh_time = 1
metrics.store(3)
assert manager.access_token != first
manager.expire_time = 1
metrics.store(4)

by_id = ContainerAuthenticator(cr_token_filename=file, iam_profile_id=profile, url=url, scope="ibm openid")
Metrics(service_url=metrics_url, authenticator=by_id).store(5)

# From the environment, as programs in containers have it.
os.environ.update(
    METRICS_AUTH_TYPE="container", METRICS_CR_TOKEN_FILENAME=file, METRICS_IAM_PROFILE_NAME="collector",
    METRICS_AUTH_URL=url, METRICS_URL=metrics_url,
)
configured = Metrics(service_url=metrics_url, authenticator=get_authenticator_from_environment("metrics"))
configured.configure_service("metrics")
configured.store(6)
assert len(configured.ask("GET", params={"target": "workload.sent", "from": "-1h"})[0]["datapoints"]) == 6

other = ContainerAuthenticator(cr_token_filename=file, iam_profile_name="nobody", url=url)
try:
    other.token_manager.get_token()
    sys.exit("a profile of nobody's")
except ApiException as error:
    assert error.status_code == 403, error
    assert "trusted profile" in error.message, error.message

with open(file, "w") as forged:
    forged.write("e30.e30.c2ln")
try:
    ContainerAuthenticator(cr_token_filename=file, iam_profile_name="collector", url=url).token_manager.get_token()
    sys.exit("a token for anybody")
except ApiException as error:
    assert error.status_code == 400, error
    assert "cr_token" in error.message, error.message
print("ok")
"#;

const NODE: &str = r#"
const assert = require("node:assert");
const fs = require("node:fs");
const core = require("ibm-cloud-sdk-core");

const [url, space, file, profile, metricsUrl] = process.argv.slice(1);
const now = Math.floor(Date.now() / 1000);

class Metrics extends core.BaseService {
  ask(method, more) {
    const headers = { "X-Auth-Scope-Id": "s-" + space };
    const options = { url: "/v1/metrics", method, ...more };
    return this.createRequest({ options, defaultOptions: { ...this.baseOptions, headers } });
  }
  send(value) {
    const body = [{ name: "workload.sent", value, timestamp: now - value }];
    return this.ask("POST", { body, json: true });
  }
}

async function stores(authenticator, value) {
  const reply = await new Metrics({ authenticator, serviceUrl: metricsUrl }).send(value);
  assert.strictEqual(reply.result.stored, 1);
}

async function run() {
  const byName = new core.ContainerAuthenticator({ crTokenFilename: file, iamProfileName: "collector", url });
  await stores(byName, 1);
  const manager = byName.tokenManager;
  const first = manager.accessToken;
  await stores(byName, 2);
  assert.strictEqual(manager.accessToken, first);
  manager.expireTime = 1;
  await stores(byName, 3);
  assert.notStrictEqual(manager.accessToken, first);
  const scope = "ibm openid";
  await stores(new core.ContainerAuthenticator({ crTokenFilename: file, iamProfileId: profile, url, scope }), 4);

  // From the environment, as programs in containers have it.
  Object.assign(process.env, {
    METRICS_AUTH_TYPE: "container", METRICS_CR_TOKEN_FILENAME: file, METRICS_IAM_PROFILE_NAME: "collector",
    METRICS_AUTH_URL: url, METRICS_URL: metricsUrl,
  });
  const configured = new Metrics({ authenticator: core.getAuthenticatorFromEnvironment("metrics") });
  configured.configureService("metrics");
  assert.strictEqual((await configured.send(5)).result.stored, 1);
  const read = await configured.ask("GET", { qs: { target: "workload.sent", from: "-1h" } });
  assert.strictEqual(read.result[0].datapoints.length, 5);

  const other = new core.ContainerAuthenticator({ crTokenFilename: file, iamProfileName: "nobody", url });
  const refused = await other.authenticate({}).then(() => assert.fail("a profile of nobody's"), (error) => error);
  assert.strictEqual(refused.status, 403, String(refused));
  assert(refused.body.includes("trusted profile"), refused.body);
  fs.writeFileSync(file, "e30.e30.c2ln");
  const forged = new core.ContainerAuthenticator({ crTokenFilename: file, iamProfileName: "collector", url });
  const unknown = await forged.authenticate({}).then(() => assert.fail("a token for anybody"), (error) => error);
  assert.strictEqual(unknown.status, 400, String(unknown));
  console.log("ok");
}

run().catch((error) => { console.error(error); process.exit(1); });
"#;

/// Runs a script with what it needs to be a workload: where its tokens come from, the owner's space, a file with the token of its cluster,
/// the id of the profile `collector`, which is for it, and where its metrics go. After these, the owner's key and account.
pub(super) fn with_token(run: impl Fn(&[&str])) {
    let place = Place::start();
    let profile = place.profile("collector");
    place.link(&profile, "prod", "web");
    place.appoint(&profile);
    let file = place.server.folder.path().join("sa-token");
    // As `kubectl create token > FILE` writes it.
    let token = format!("{}\n", place.signer.token("prod", "web"));
    std::fs::write(&file, token).unwrap();
    let (url, file) = (place.server.serving.url(), file.display().to_string());
    let id = profile["id"].as_str().unwrap();
    let owner = &place.server.owner;
    run(&[
        &url,
        &owner.space,
        &file,
        id,
        &url,
        &owner.api_key,
        &owner.account,
    ]);
}

/// As [`with_token`], on PostgreSQL: the tokens are of another node than the one where the profile was made, and where the metrics go.
pub(super) fn with_token_on_two_nodes(test: &str, run: impl Fn(&[&str])) {
    let signer = Signer::new("first");
    let publisher = Publisher::start(Publishing::Keys(vec![signer.jwk()]));
    let keys = format!("jwks_url = \"{}\"", publisher.url());
    let flags = |owner: &Value, folder: &Path| {
        let file = folder.join("issuers.toml");
        let account = owner["account_guid"].as_str().unwrap();
        std::fs::write(&file, issuers(account, &keys)).unwrap();
        let setting = format!("workloads.issuers_file={}", file.display());
        vec!["--set".to_owned(), setting]
    };
    let Some(nodes) = Nodes::start_with(test, flags) else {
        return;
    };
    let (one, two) = (nodes.url(0), nodes.url(1));
    let (account, space) = (nodes.owner("account_guid"), nodes.owner("space_guid"));
    let key = nodes.owner("api_key");
    let token = token(&one, key);
    let ask = |method: &str, path: &str, body: &Value| {
        let request = Request::new(&one, method, path).bearer(&token);
        let reply = request.json(body).send();
        assert_eq!(reply.status, 201, "{path}: {}", reply.text());
        reply.json()
    };
    let profile = json!({"name": "collector", "account_id": account});
    let profile = ask("POST", "/v1/profiles", &profile);
    let [id, iam_id] = ["id", "iam_id"].map(|name| profile[name].as_str().unwrap());
    let link = json!({"crn": CLUSTER, "namespace": "prod", "name": "web"});
    let link = json!({"cr_type": "IKS_SA", "link": link});
    ask("POST", &format!("/v1/profiles/{id}/links"), &link);
    let developers = format!("/v2/spaces/{space}/developers");
    ask("PUT", &developers, &json!({"username": iam_id}));
    wait_for("the other node knows all of it", || {
        let list = Request::new(&two, "GET", &developers).bearer(&token);
        list.send().text().contains(iam_id)
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sa-token");
    std::fs::write(&file, signer.token("prod", "web")).unwrap();
    let file = file.display().to_string();
    run(&[&two, space, &file, id, &one, key, account]);
}

#[test]
fn the_python_sdk_logs_a_workload_in_without_a_key() {
    let test = "the_python_sdk_logs_a_workload_in_without_a_key";
    with_token(|arguments| run(test, PYTHON, arguments));
}

#[test]
fn the_python_sdk_logs_a_workload_in_on_postgres() {
    let test = "the_python_sdk_logs_a_workload_in_on_postgres";
    with_token_on_two_nodes(test, |arguments| run(test, PYTHON, arguments));
}

#[test]
fn the_node_sdk_logs_a_workload_in_without_a_key() {
    let test = "the_node_sdk_logs_a_workload_in_without_a_key";
    with_token(|arguments| node::run(test, NODE, arguments));
}

#[test]
fn the_node_sdk_logs_a_workload_in_on_postgres() {
    let test = "the_node_sdk_logs_a_workload_in_on_postgres";
    with_token_on_two_nodes(test, |arguments| node::run(test, NODE, arguments));
}
