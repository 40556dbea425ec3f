//! The SDKs for Node: `ibm-cloud-sdk-core`, whose requests go on while tokens expire, and `@ibm-cloud/platform-services`, which manages
//! API keys and service IDs.

use crate::harness::Server;
use std::process::Command;

/// Gets its tokens at one address and uses them at another, which may be the same.
pub(super) const TOKENS: &str = r#"
const assert = require("node:assert");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const core = require("ibm-cloud-sdk-core");

const [url, key, space, metricsUrl] = process.argv.slice(1);
const now = Math.floor(Date.now() / 1000);

class Metrics extends core.BaseService {
  ask(method, more) {
    const headers = { "X-Auth-Scope-Id": "s-" + space };
    const options = { url: "/v1/metrics", method, ...more };
    return this.createRequest({ options, defaultOptions: { ...this.baseOptions, headers } });
  }
  send(value) {
    const body = [{ name: "node.sent", value, timestamp: now - value }];
    return this.ask("POST", { body, json: true });
  }
}

async function refused(status, promise) {
  const error = await promise.then(() => assert.fail("was not refused"), (error) => error);
  assert.strictEqual(error.status, status, String(error));
  return error;
}

async function until(what, is) {
  for (let tries = 0; tries < 3000; tries += 1) {
    if (is()) return;
    await new Promise((next) => setTimeout(next, 20));
  }
  assert.fail(what);
}

// Counts what goes to the token endpoint.
function counted(manager) {
  let count = 0;
  const request = manager.requestToken.bind(manager);
  manager.requestToken = () => { count += 1; return request(); };
  return () => count;
}

async function run() {
  const authenticator = new core.IamAuthenticator({ apikey: key, url });
  const manager = authenticator.tokenManager;
  const requests = counted(manager);
  const metrics = new Metrics({ authenticator, serviceUrl: metricsUrl });

  const twenty = Array.from({ length: 20 }, (_, at) => at + 1);

  // Many at once without a token: one request for it.
  const first = await Promise.all(twenty.map((value) => metrics.send(value)));
  assert(first.every((reply) => reply.result.stored === 1));
  assert.strictEqual(requests(), 1);
  const token = manager.accessToken;
  assert.strictEqual(token.split(".").length, 3);
  assert(manager.expireTime > Date.now() / 1000 + 600, "expiry");

  // Due for refresh: requests go on with the token, and a new one comes meanwhile.
  manager.refreshTime = 1;
  await Promise.all(twenty.map((value) => metrics.send(value + 20)));
  await until("no refresh", () => manager.accessToken !== token);
  assert.strictEqual(requests(), 2);

  // Expired under way: all wait for one new token.
  const second = manager.accessToken;
  manager.expireTime = 1;
  await Promise.all(twenty.map((value) => metrics.send(value + 40)));
  assert.notStrictEqual(manager.accessToken, second);
  assert.strictEqual(requests(), 3);
  const read = await metrics.ask("GET", { qs: { target: "node.sent", from: "-1h" } });
  assert.strictEqual(read.result[0].datapoints.length, 60);

  // As a client, whose tokens can be renewed.
  const client = new core.IamAuthenticator({ apikey: key, url, clientId: "bx", clientSecret: "bx" });
  await client.authenticate({});
  const renewal = client.tokenManager.getRefreshToken();
  assert(renewal && renewal !== "not_supported", renewal);
  assert.strictEqual(manager.getRefreshToken(), "not_supported");

  // From the environment, as programs in containers have it.
  process.env.METRICS_AUTH_TYPE = "iam";
  process.env.METRICS_APIKEY = key;
  process.env.METRICS_AUTH_URL = url;
  process.env.METRICS_URL = metricsUrl;
  const found = core.getAuthenticatorFromEnvironment("metrics");
  const configured = new Metrics({ authenticator: found });
  configured.configureService("metrics");
  assert.strictEqual((await configured.send(61)).result.stored, 1);

  // A token, and the name and the password that Basic has for a key.
  const bearer = new core.BearerTokenAuthenticator({ bearerToken: manager.accessToken });
  assert.strictEqual((await new Metrics({ authenticator: bearer, serviceUrl: metricsUrl }).send(62)).result.stored, 1);
  const basic = new core.BasicAuthenticator({ username: "apikey", password: key });
  assert.strictEqual((await new Metrics({ authenticator: basic, serviceUrl: metricsUrl }).send(63)).result.stored, 1);

  const wrong = new core.IamAuthenticator({ apikey: "vgk_not-a-key", url });
  const error = await refused(400, wrong.authenticate({}));
  assert(/key/i.test(error.message), error.message);
  const stranger = new core.IamAuthenticator({ apikey: key, url, clientId: "x", clientSecret: "y" });
  await refused(401, stranger.authenticate({}));

  // Without an issuer that the operator named no workload is known.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cr-token-"));
  const file = path.join(folder, "token");
  fs.writeFileSync(file, "e30.e30.c2ln");
  const workload = new core.ContainerAuthenticator({ crTokenFilename: file, iamProfileName: "ci", url });
  const unknown = await workload.authenticate({}).then(() => assert.fail("a token for anybody"), (error) => error);
  fs.rmSync(folder, { recursive: true });
  assert([400, 401, 403].includes(unknown.status), String(unknown));
  assert(JSON.parse(unknown.body).errorCode.startsWith("BXNIM"), unknown.body);
  console.log("ok");
}

run().catch((error) => { console.error(error); process.exit(1); });
"#;

pub(super) const IDENTITY: &str = r#"
const assert = require("node:assert");
const { IamAuthenticator } = require("ibm-cloud-sdk-core");
const IamIdentityV1 = require("@ibm-cloud/platform-services/iam-identity/v1");

const [url, key, account] = process.argv.slice(1);
const authenticator = new IamAuthenticator({ apikey: key, url });
const iam = new IamIdentityV1({ authenticator, serviceUrl: url });

async function refused(status, promise) {
  const error = await promise.then(() => assert.fail("was not refused"), (error) => error);
  assert.strictEqual(error.status, status, String(error));
  assert(error.message && !error.message.startsWith("Response not successful"), error.message);
  return error;
}

// Every page of a list, two at a time.
async function pages(list, field, more) {
  const found = [];
  let pagetoken;
  for (;;) {
    const page = (await list.call(iam, { accountId: account, pagesize: 2, pagetoken, ...more })).result;
    assert(page[field].length <= 2, page);
    found.push(...page[field]);
    if (!page.next) return found;
    pagetoken = new URL(page.next).searchParams.get("pagetoken");
  }
}

// What a key and a service ID have in common, to the end.
async function lives(kind, one) {
  const call = (verb, more) => iam[verb + kind]({ id: one.id, ...more });
  const reply = await call("get", { includeHistory: true });
  const tag = reply.headers.etag;
  assert.strictEqual(tag.replaceAll('"', ""), one.entity_tag);
  assert.strictEqual(reply.result.history.length, 1);
  const renamed = (await call("update", { ifMatch: tag, name: "renamed" })).result;
  assert.strictEqual(renamed.name, "renamed");
  assert.notStrictEqual(renamed.entity_tag, one.entity_tag);
  await refused(409, call("update", { ifMatch: tag, name: "late" }));
  await call("update", { ifMatch: "*", description: "any version" });
  assert.strictEqual((await call("lock")).status, 204);
  assert.strictEqual((await call("get")).result.locked, true);
  await refused(409, call("delete"));
  await call("unlock");
  assert.strictEqual((await call("delete")).status, 204);
  await refused(404, call("get"));
}

async function run() {
  const services = [];
  for (const name of ["b", "a", "c"]) {
    const apikey = name === "a" ? { name: "first" } : undefined;
    const made = await iam.createServiceId({ accountId: account, name, description: "of a test", apikey });
    assert.strictEqual(made.status, 201);
    services.push(made.result);
  }
  const names = (all) => all.map((one) => one.name);
  assert.deepStrictEqual(names(await pages(iam.listServiceIds, "serviceids")), ["a", "b", "c"]);
  const turned = { sort: "name", order: "desc" };
  assert.deepStrictEqual(names(await pages(iam.listServiceIds, "serviceids", turned)), ["c", "b", "a"]);
  assert.deepStrictEqual(names(await pages(iam.listServiceIds, "serviceids", { name: "b" })), ["b"]);
  const told = (await iam.listServiceIds({ accountId: account, includeHistory: true })).result.serviceids;
  assert.ok(told.every((one) => one.history.length > 0), JSON.stringify(told));

  const [, own] = services;
  const first = new IamAuthenticator({ apikey: own.apikey.apikey, url });
  const request = {};
  await first.authenticate(request);
  assert(request.headers.Authorization.startsWith("Bearer "));
  const wanted = { name: "second", iamId: own.iam_id, accountId: account, description: "of a test" };
  const second = (await iam.createApiKey(wanted)).result;
  assert.strictEqual(second.iam_id, own.iam_id);
  const keys = await pages(iam.listApiKeys, "apikeys", { scope: "account", type: "serviceid" });
  assert.deepStrictEqual(names(keys), ["first", "second"]);
  assert(keys.every((one) => !one.apikey));
  const details = (await iam.getApiKeysDetails({ iamApiKey: second.apikey })).result;
  assert.strictEqual(details.id, second.id);
  await refused(400, iam.createApiKey({ ...wanted, actionWhenLeaked: "delete" }));
  await refused(400, iam.createApiKey({ ...wanted, expiresAt: "2020-01-31T12:00+0000" }));

  // A disabled key gives no token, and what it gave opens nothing.
  const holder = new IamIdentityV1({
    authenticator: new IamAuthenticator({ apikey: second.apikey, url }),
    serviceUrl: url,
  });
  assert.strictEqual((await holder.getServiceId({ id: own.id })).result.id, own.id);
  await iam.disableApiKey({ id: second.id });
  await refused(401, holder.getServiceId({ id: own.id }));
  await refused(400, new IamAuthenticator({ apikey: second.apikey, url }).authenticate({}));
  await iam.enableApiKey({ id: second.id });
  const again = (await iam.getApiKey({ id: second.id })).result;
  assert.strictEqual(again.disabled, false);

  const fresh = (await iam.createApiKey({ ...wanted, name: "third" })).result;
  await lives("ApiKey", fresh);
  await lives("ServiceId", own);
  // Its keys went with it.
  await refused(400, new IamAuthenticator({ apikey: own.apikey.apikey, url }).authenticate({}));
  assert.deepStrictEqual(await pages(iam.listApiKeys, "apikeys", { scope: "account", type: "serviceid" }), []);
  console.log("ok");
}

run().catch((error) => { console.error(error); process.exit(1); });
"#;

/// Runs a script of the SDKs' users with these arguments; it says `ok` at its end.
pub(super) fn run(test: &str, script: &str, arguments: &[&str]) {
    let Some(modules) = std::env::var_os("VIGIE_TEST_NODE_MODULES") else {
        testing::skipped(test, "no SDKs of IBM's for Node");
        return;
    };
    let output = Command::new("node")
        .env_remove("IBM_CREDENTIALS_FILE")
        .env("NODE_PATH", modules)
        .args(["-e", script])
        .args(arguments)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let is_done = output.status.success() && output.stdout.ends_with(b"ok\n");
    assert!(is_done, "{printed}");
}

#[test]
fn the_node_sdk_authenticates_while_tokens_expire() {
    let server = Server::start();
    let url = server.serving.url();
    run(
        "the_node_sdk_authenticates_while_tokens_expire",
        TOKENS,
        &[&url, &server.owner.api_key, &server.owner.space, &url],
    );
}

#[test]
fn the_node_sdk_manages_keys_and_service_ids() {
    let server = Server::start();
    let url = server.serving.url();
    run(
        "the_node_sdk_manages_keys_and_service_ids",
        IDENTITY,
        &[&url, &server.owner.api_key, &server.owner.account],
    );
}
