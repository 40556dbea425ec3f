//! The authenticators of `ibm-cloud-sdk-core`: many threads while a token is missing, due or over; a client's; from the environment;
//! a bearer token; Basic; a workload's.

use super::run;
use crate::harness::Server;

/// Gets its tokens at one address and uses them at another, which may be the same.
pub(super) const SCRIPT: &str = r#"
import json, os, sys, tempfile, time
from concurrent.futures import ThreadPoolExecutor
from ibm_cloud_sdk_core import ApiException, BaseService, get_authenticator_from_environment
from ibm_cloud_sdk_core.authenticators import (
    BasicAuthenticator, BearerTokenAuthenticator, ContainerAuthenticator, IAMAuthenticator,
)

url, key, space, metrics_url = sys.argv[1:5]
now = int(time.time())


class Metrics(BaseService):
    def ask(self, method, **more):
        headers = {"X-Auth-Scope-Id": "s-" + space, "Content-Type": "application/json"}
        return self.send(self.prepare_request(method=method, url="/v1/metrics", headers=headers, **more)).get_result()

    def store(self, value):
        sample = {"name": "python.sent", "value": value, "timestamp": now - value}
        assert self.ask("POST", data=json.dumps([sample]))["stored"] == 1


def refused(statuses, call, *arguments):
    try:
        call(*arguments)
    except ApiException as error:
        assert error.status_code in statuses, error
        return error
    sys.exit("was not refused")


def counted(manager):
    request, count = manager.request_token, []

    def ask():
        count.append(None)
        return request()

    manager.request_token = ask
    return count


# Twenty threads without a token, then with one that is due for refresh, then with one that has expired: nobody is refused, and a
# few ask for all. (Two of the SDK's threads may both find that nobody asks; when a token is due, a lock lets one alone.)
authenticator = IAMAuthenticator(key, url=url)
manager = authenticator.token_manager
requests, tokens = counted(manager), []
metrics = Metrics(service_url=metrics_url, authenticator=authenticator)
with ThreadPoolExecutor(20) as threads:
    list(threads.map(metrics.store, range(1, 21)))
    assert 1 <= len(requests) < 20, requests
    tokens.append(manager.access_token)
    before = len(requests)
    manager.refresh_time = 1
    list(threads.map(metrics.store, range(21, 41)))
    assert len(requests) == before + 1, requests
    tokens.append(manager.access_token)
    manager.expire_time = 1
    list(threads.map(metrics.store, range(41, 61)))
    assert before + 2 <= len(requests) < before + 20, requests
    tokens.append(manager.access_token)
assert len(set(tokens)) == 3, tokens
series = metrics.ask("GET", params={"target": "python.sent", "from": "-1h"})
assert len(series[0]["datapoints"]) == 60, series

# As a client, whose tokens can be renewed; a client that nobody knows.
client = IAMAuthenticator(key, url=url, client_id="bx", client_secret="bx")
client.token_manager.get_token()
assert client.token_manager.refresh_token not in (None, "not_supported")
assert manager.refresh_token == "not_supported"
stranger = IAMAuthenticator(key, url=url, client_id="x", client_secret="y")
refused([401], stranger.token_manager.get_token)

# From the environment, as programs in containers have it.
os.environ.update(METRICS_AUTH_TYPE="iam", METRICS_APIKEY=key, METRICS_AUTH_URL=url, METRICS_URL=metrics_url)
configured = Metrics(service_url=metrics_url, authenticator=get_authenticator_from_environment("metrics"))
configured.configure_service("metrics")
configured.store(61)

# A token, and the name and the password that Basic has for a key.
Metrics(service_url=metrics_url, authenticator=BearerTokenAuthenticator(manager.access_token)).store(62)
Metrics(service_url=metrics_url, authenticator=BasicAuthenticator("apikey", key)).store(63)
error = refused([401], Metrics(service_url=metrics_url, authenticator=BasicAuthenticator("apikey", "vgk_x")).store, 64)
assert error.message, error

# Without an issuer that the operator named no workload is known.
with tempfile.NamedTemporaryFile("w", suffix=".token") as file:
    file.write("e30.e30.c2ln")
    file.flush()
    workload = ContainerAuthenticator(cr_token_filename=file.name, iam_profile_name="ci", url=url)
    error = refused([400, 401, 403], workload.token_manager.get_token)
    assert json.loads(error.http_response.text)["errorCode"].startswith("BXNIM"), error.http_response.text
print("ok")
"#;

#[test]
fn the_python_sdk_authenticates_while_tokens_expire() {
    let server = Server::start();
    let url = server.serving.url();
    run(
        "the_python_sdk_authenticates_while_tokens_expire",
        SCRIPT,
        &[&url, &server.owner.api_key, &server.owner.space, &url],
    );
}
