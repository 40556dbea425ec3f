//! Real clients nobody here wrote: IBM's `ibm-cloud-sdk-core` and `ibm-platform-services` for Python and Node, unmodified.

mod activity;
mod authenticators;
mod authorizations;
mod expiry;
mod full_quotas;
mod groups;
mod identity;
mod node;
mod node_access;
mod node_account;
mod node_authorizations;
mod node_profiles;
mod node_resources;
mod node_two_nodes;
mod policies;
mod profiles;
mod published_keys;
mod resources;
mod rotation;
mod two_nodes;
mod users;
mod workloads;

use crate::harness::Server;
use std::process::Command;

/// Uses the SDK as its users do: an authenticator in a request, renewed by itself, and the token sends a metric.
const SCRIPT: &str = r#"
import json, sys, time, urllib.request
import ibm_cloud_sdk_core
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_cloud_sdk_core import ApiException

url, key, space = sys.argv[1:4]
authenticator = IAMAuthenticator(key, url=url)
authenticator.validate()

first = authenticator.token_manager.get_token()
assert first.count(".") == 2, "not a JWT"
assert authenticator.token_manager.get_token() == first, "a fresh token is not kept"

request = {"headers": {}}
authenticator.authenticate(request)
assert request["headers"]["Authorization"] == "Bearer " + first

# 80 % of a 30 s token's life later, the SDK asks for another one by itself.
manager = authenticator.token_manager
manager.refresh_time = time.time() - 1
second = manager.get_token()
assert second != first, "the SDK did not renew its token"

body = json.dumps([{"name": "sdk.sent", "value": 7, "timestamp": int(time.time())}]).encode()
headers = {"X-Auth-User-Token": "iam " + second, "X-Auth-Scope-Id": "s-" + space}
reply = urllib.request.urlopen(urllib.request.Request(url + "/v1/metrics", data=body, headers=headers))
receipt = json.load(reply)
assert receipt["stored"] == 1, receipt
asked = urllib.request.Request(url + "/v1/metrics?target=sdk.sent", headers=headers)
assert json.load(urllib.request.urlopen(asked))[0]["datapoints"][0][0] == 7

try:
    IAMAuthenticator("vgk_not-a-key", url=url).token_manager.get_token()
    sys.exit("a wrong key got a token")
except ApiException as error:
    assert error.status_code == 400, error
    assert "key" in error.message.lower(), error.message
print("ibm-cloud-sdk-core", ibm_cloud_sdk_core.__version__ if hasattr(ibm_cloud_sdk_core, "__version__") else "", "ok")
"#;

/// What the scripts share.
const PRELUDE: &str = r#"
import os, sys, time
from ibm_cloud_sdk_core import ApiException

LATE_SECONDS = int(os.environ["LATE_SECONDS"])


def refused(status, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except ApiException as error:
        assert error.status_code == status, error
        return error
    sys.exit(f"{call.__name__} was not refused")


def counted(call):
    """What a call finds, as soon as the nodes count what each of them has counted: at once where there is one."""
    end = time.monotonic() + LATE_SECONDS
    while True:
        try:
            return call()
        except AssertionError:
            if time.monotonic() >= end:
                raise
        time.sleep(0.5)
"#;

/// Runs a script of the SDKs' users with these arguments; it says `ok` at its end.
fn run(test: &str, script: &str, arguments: &[&str]) {
    run_with_late_counts(test, script, arguments, 0);
}

/// As [`run`]; what is counted may be told so many seconds later.
fn run_with_late_counts(test: &str, script: &str, arguments: &[&str], late_seconds: u32) {
    let Some(python) = std::env::var_os("VIGIE_TEST_PYTHON") else {
        testing::skipped(test, "no Python with IBM's SDKs");
        return;
    };
    let output = Command::new(python)
        .env_remove("IBM_CREDENTIALS_FILE")
        .env("LATE_SECONDS", late_seconds.to_string())
        .args(["-c", &format!("{PRELUDE}{script}")])
        .args(arguments)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let is_done = output.status.success() && output.stdout.ends_with(b"ok\n");
    assert!(is_done, "{printed}");
}

#[test]
fn the_python_sdk_gets_and_renews_a_token_that_sends_a_metric() {
    let server = Server::start();
    let url = server.serving.url();
    run(
        "the_python_sdk_gets_and_renews_a_token_that_sends_a_metric",
        SCRIPT,
        &[&url, &server.owner.api_key, &server.owner.space],
    );
}
