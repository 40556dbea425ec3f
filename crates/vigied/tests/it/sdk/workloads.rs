//! `ContainerAuthenticator` of `ibm-cloud-sdk-core`, for Python and Node: the token of a compute resource in a file, a trusted profile by
//! its name or its id, renewal, and refusals.

use super::{node, run};
use crate::workloads::Place;

const PYTHON: &str = r#"
import json, os, sys, time
from ibm_cloud_sdk_core import ApiException, BaseService, get_authenticator_from_environment
from ibm_cloud_sdk_core.authenticators import ContainerAuthenticator

url, space, file, profile = sys.argv[1:5]
now = int(time.time())


class Metrics(BaseService):
    def ask(self, method, **more):
        headers = {"X-Auth-Scope-Id": "s-" + space, "Content-Type": "application/json"}
        return self.send(self.prepare_request(method=method, url="/v1/metrics", headers=headers, **more)).get_result()

    def store(self, value):
        sample = {"name": "workload.sent", "value": value, "timestamp": now - value}
        assert self.ask("POST", data=json.dumps([sample]))["stored"] == 1


by_name = ContainerAuthenticator(cr_token_filename=file, iam_profile_name="collector", url=url)
metrics = Metrics(service_url=url, authenticator=by_name)
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
Metrics(service_url=url, authenticator=by_id).store(5)

# From the environment, as programs in containers have it.
os.environ.update(
    METRICS_AUTH_TYPE="container", METRICS_CR_TOKEN_FILENAME=file, METRICS_IAM_PROFILE_NAME="collector",
    METRICS_AUTH_URL=url, METRICS_URL=url,
)
configured = Metrics(service_url=url, authenticator=get_authenticator_from_environment("metrics"))
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

const [url, space, file, profile] = process.argv.slice(1);
const now = Math.floor(Date.now() / 1000);

class Metrics extends core.BaseService {
  send(value) {
    const headers = { "X-Auth-Scope-Id": "s-" + space };
    const body = [{ name: "workload.sent", value, timestamp: now - value }];
    const options = { url: "/v1/metrics", method: "POST", body, json: true };
    return this.createRequest({ options, defaultOptions: { ...this.baseOptions, headers } });
  }
}

async function stores(authenticator, value) {
  const reply = await new Metrics({ authenticator, serviceUrl: url }).send(value);
  assert.strictEqual(reply.result.stored, 1);
}

async function run() {
  const byName = new core.ContainerAuthenticator({ crTokenFilename: file, iamProfileName: "collector", url });
  await stores(byName, 1);
  const manager = byName.tokenManager;
  const first = manager.accessToken;
  manager.expireTime = 1;
  await stores(byName, 2);
  assert.notStrictEqual(manager.accessToken, first);
  await stores(new core.ContainerAuthenticator({ crTokenFilename: file, iamProfileId: profile, url }), 3);

  const other = new core.ContainerAuthenticator({ crTokenFilename: file, iamProfileName: "nobody", url });
  const refused = await other.authenticate({}).then(() => assert.fail("a profile of nobody's"), (error) => error);
  assert.strictEqual(refused.status, 403, String(refused));
  fs.writeFileSync(file, "e30.e30.c2ln");
  const forged = new core.ContainerAuthenticator({ crTokenFilename: file, iamProfileName: "collector", url });
  const unknown = await forged.authenticate({}).then(() => assert.fail("a token for anybody"), (error) => error);
  assert.strictEqual(unknown.status, 400, String(unknown));
  console.log("ok");
}

run().catch((error) => { console.error(error); process.exit(1); });
"#;

/// Runs a script with a workload's token in a file, and the id of the profile `collector`, which is for it.
fn with_token(run: impl Fn(&[&str])) {
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
    run(&[&url, &place.server.owner.space, &file, id]);
}

#[test]
fn the_python_sdk_logs_a_workload_in_without_a_key() {
    let test = "the_python_sdk_logs_a_workload_in_without_a_key";
    with_token(|arguments| run(test, PYTHON, arguments));
}

#[test]
fn the_node_sdk_logs_a_workload_in_without_a_key() {
    let test = "the_node_sdk_logs_a_workload_in_without_a_key";
    with_token(|arguments| node::run(test, NODE, arguments));
}
