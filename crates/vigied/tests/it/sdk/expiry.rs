//! Many requests at once of a workload and of a service ID that has taken on a trusted profile, while no token is there, one is due for
//! refresh, one is over, or one after the other ends under way: none is refused.

use super::workloads::{with_token, with_token_on_two_nodes};
use super::{node, run};

const PYTHON: &str = r#"
import itertools, json, threading
from concurrent.futures import ThreadPoolExecutor
from ibm_cloud_sdk_core import BaseService
from ibm_cloud_sdk_core.authenticators import ContainerAuthenticator, IAMAssumeAuthenticator, IAMAuthenticator
from ibm_platform_services import IamIdentityV1

url, space, file, profile, metrics_url, key, account = sys.argv[1:8]
now = int(time.time())


class Metrics(BaseService):
    def ask(self, method, **more):
        headers = {"X-Auth-Scope-Id": "s-" + space, "Content-Type": "application/json"}
        return self.send(self.prepare_request(method=method, url="/v1/metrics", headers=headers, **more)).get_result()

    def store(self, name, value):
        sample = {"name": name, "value": value, "timestamp": now - value % 3000}
        assert self.ask("POST", data=json.dumps([sample]))["stored"] == 1


def noted(manager):
    """The tokens that a manager has asked for."""
    save, answers = manager._save_token_info, []

    def keep(answer):
        save(answer)
        answers.append(answer["access_token"])

    manager._save_token_info = keep
    return answers


def storm(name, authenticator, managers):
    """What holds for an authenticator whose tokens are those of the first manager, which may have others ask before it."""
    metrics, manager = Metrics(service_url=metrics_url, authenticator=authenticator), managers[0]
    answers = [noted(one) for one in managers]

    def end(field):
        for one in reversed(managers):
            setattr(one, field, 1)

    # Twenty threads: the SDK lets two of them ask at times, where there is no token that is good.
    with ThreadPoolExecutor(20) as threads:
        asked = [0] * len(managers)
        for begin, field in (1, None), (21, "refresh_time"), (41, "expire_time"):
            if field:
                end(field)
            list(threads.map(lambda value: metrics.store(name, value), range(begin, begin + 20)))
            for at, of in enumerate(answers):
                most = 1 if field == "refresh_time" else 19
                assert 1 <= len(of) - asked[at] <= most, (name, field, at, asked, len(of))
                asked[at] = len(of)
    series = metrics.ask("GET", params={"target": name, "from": "-1h"})
    assert len(series[0]["datapoints"]) == 60, series

    # One after the other ends while eight threads send without a pause; the SDK's look for a new one twice a second.
    values, over, sent = itertools.count(61), threading.Event(), []

    def send():
        while not over.is_set():
            value = next(values)
            metrics.store(name, value)
            sent.append(value)

    def until(is_so):
        late = time.monotonic() + 120
        while not is_so() and not any(sender.done() for sender in senders):
            assert time.monotonic() < late, (name, len(sent), [len(of) for of in answers])
            time.sleep(0.01)

    with ThreadPoolExecutor(8) as threads:
        senders = [threads.submit(send) for _ in range(8)]
        try:
            for field in ["expire_time", "refresh_time"] * 3:
                counts, wanted = [len(of) for of in answers], len(sent) + 40
                end(field)
                until(lambda: all(len(of) > count for of, count in zip(answers, counts)))
                until(lambda: len(sent) >= wanted)
        finally:
            over.set()
        for sender in senders:
            sender.result()
    for of in answers:
        assert len(set(of)) == len(of), name


iam = IamIdentityV1(authenticator=IAMAuthenticator(key, url=url))
iam.set_service_url(url)
service = iam.create_service_id(account_id=account, name="ci", apikey={"name": "first"}).get_result()
iam.set_profile_identity(
    profile_id=profile, identity_type="serviceid", identifier=service["id"], type="serviceid"
)
assume = IAMAssumeAuthenticator(service["apikey"]["apikey"], iam_profile_id=profile, url=url)
storm("assume.sent", assume, [assume.token_manager, assume.token_manager.iam_delegate])
container = ContainerAuthenticator(cr_token_filename=file, iam_profile_id=profile, url=url)
storm("container.sent", container, [container.token_manager])
print("ok")
"#;

const NODE: &str = r#"
const assert = require("node:assert");
const core = require("ibm-cloud-sdk-core");
const IamIdentityV1 = require("@ibm-cloud/platform-services/iam-identity/v1");

const [url, space, file, profileId, metricsUrl, key, account] = process.argv.slice(1);
const now = Math.floor(Date.now() / 1000);
const twenty = Array.from({ length: 20 }, (_, at) => at + 1);

class Metrics extends core.BaseService {
  ask(method, more) {
    const headers = { "X-Auth-Scope-Id": "s-" + space };
    const options = { url: "/v1/metrics", method, ...more };
    return this.createRequest({ options, defaultOptions: { ...this.baseOptions, headers } });
  }
  async store(name, value) {
    const body = [{ name, value, timestamp: now - (value % 3000) }];
    assert.strictEqual((await this.ask("POST", { body, json: true })).result.stored, 1);
  }
}

const pause = (milliseconds) => new Promise((next) => setTimeout(next, milliseconds));

async function until(what, is) {
  for (let tries = 0; tries < 3000; tries += 1) {
    if (is()) return;
    await pause(20);
  }
  assert.fail(what);
}

// The tokens that a manager has asked for.
function noted(manager) {
  const answers = [];
  const save = manager.saveTokenInfo.bind(manager);
  manager.saveTokenInfo = (answer) => { answers.push(answer.result.access_token); save(answer); };
  return answers;
}

// What holds for an authenticator whose tokens are those of the first manager, which may have others ask before it.
async function storm(name, authenticator, managers) {
  const metrics = new Metrics({ authenticator, serviceUrl: metricsUrl });
  const answers = managers.map(noted);
  const end = (field) => managers.forEach((one) => { one[field] = 1; });
  const all = (begin) => Promise.all(twenty.map((value) => metrics.store(name, begin + value)));
  const counts = () => answers.map((one) => one.length);
  const once = (times) => managers.map(() => times);

  // Many at once without a token: one request for it.
  await all(0);
  assert.deepStrictEqual(counts(), once(1));
  const first = managers[0].accessToken;
  // Due for refresh: requests go on with the token, and a new one comes meanwhile.
  managers[0].refreshTime = 1;
  await all(20);
  await until("no refresh", () => managers[0].accessToken !== first);
  assert.strictEqual(answers[0].length, 2);
  // Over: all wait for one new token.
  const asked = counts();
  end("expireTime");
  await all(40);
  assert.deepStrictEqual(counts(), asked.map((count) => count + 1));
  const read = await metrics.ask("GET", { qs: { target: name, from: "-1h" } });
  assert.strictEqual(read.result[0].datapoints.length, 60);

  // One after the other ends while twenty send without a pause.
  let value = 60;
  let sent = 0;
  let over = false;
  const send = async () => {
    while (!over) {
      await metrics.store(name, value += 1);
      sent += 1;
    }
  };
  const senders = Promise.all(twenty.map(send));
  const failed = senders.then(() => assert.fail("ended too soon"));
  for (const field of ["expireTime", "refreshTime", "expireTime", "refreshTime", "expireTime", "refreshTime"]) {
    const before = counts();
    const wanted = sent + 100;
    end(field);
    const isDone = () => sent >= wanted && counts().every((count, at) => count > before[at]);
    await Promise.race([until(`${field}: ${before}`, isDone), failed]);
  }
  failed.catch(() => {});
  over = true;
  await senders;
  answers.forEach((of) => assert.strictEqual(new Set(of).size, of.length, name));
}

async function run() {
  const iam = new IamIdentityV1({ authenticator: new core.IamAuthenticator({ apikey: key, url }), serviceUrl: url });
  const service = (await iam.createServiceId({ accountId: account, name: "ci", apikey: { name: "first" } })).result;
  await iam.setProfileIdentity({ profileId, identityType: "serviceid", identifier: service.id, type: "serviceid" });
  const assume = new core.IamAssumeAuthenticator({ apikey: service.apikey.apikey, iamProfileId: profileId, url });
  await storm("assume.sent", assume, [assume.tokenManager, assume.tokenManager.iamDelegate]);
  const container = new core.ContainerAuthenticator({ crTokenFilename: file, iamProfileId: profileId, url });
  await storm("container.sent", container, [container.tokenManager]);
  console.log("ok");
}

run().catch((error) => { console.error(error); process.exit(1); });
"#;

#[test]
fn no_request_of_the_python_sdk_fails_while_tokens_of_a_profile_expire() {
    let test = "no_request_of_the_python_sdk_fails_while_tokens_of_a_profile_expire";
    with_token(|arguments| run(test, PYTHON, arguments));
}

#[test]
fn no_request_of_the_node_sdk_fails_while_tokens_of_a_profile_expire() {
    let test = "no_request_of_the_node_sdk_fails_while_tokens_of_a_profile_expire";
    with_token(|arguments| node::run(test, NODE, arguments));
}

#[test]
fn no_request_of_the_python_sdk_fails_on_postgres_while_tokens_of_a_profile_expire() {
    let test = "no_request_of_the_python_sdk_fails_on_postgres_while_tokens_of_a_profile_expire";
    with_token_on_two_nodes(test, |arguments| run(test, PYTHON, arguments));
}

#[test]
fn no_request_of_the_node_sdk_fails_on_postgres_while_tokens_of_a_profile_expire() {
    let test = "no_request_of_the_node_sdk_fails_on_postgres_while_tokens_of_a_profile_expire";
    with_token_on_two_nodes(test, |arguments| node::run(test, NODE, arguments));
}
