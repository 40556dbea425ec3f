//! Authorizations through `@ibm-cloud/platform-services` for Node, in both forms: create, list, get, update with the tag, a stale tag,
//! delete; and what an instance does by one with a token of the grant `iam-authz`, for which the SDK has no authenticator: a form.

use super::node::run;
use super::node_access::PRELUDE;
use super::two_nodes::second_space;
use crate::harness::Server;

pub(super) const SCRIPT: &str = r#"
const [space, second, region] = process.argv.slice(5);
const policies = client("iam-policy-management/v1");
const controller = client("resource-controller/v2");
const { PoliciesPager, V2PoliciesPager } = require("@ibm-cloud/platform-services/iam-policy-management/v1");
const role = (name) => ({ role_id: "crn:v1:bluemix:public:iam::::serviceRole:" + name });
const service = "ibmcloud-monitoring";
const ids = (all) => all.map((one) => one.id).sort();

// What the token service gives for a token of the instance's key.
async function ask(instance, shown) {
  const form = new URLSearchParams({
    grant_type: "urn:ibm:params:oauth:grant-type:iam-authz",
    access_token: shown,
    desired_iam_id: "crn-" + instance.crn,
  });
  const reply = await fetch(url + "/identity/token", { method: "POST", body: form });
  return [reply.status, await reply.json()];
}

async function sends(acting, space) {
  const headers = { "X-Auth-User-Token": "iam " + acting, "X-Auth-Scope-Id": "s-" + space };
  const body = JSON.stringify([{ name: "sdk.acting", value: 1, timestamp: Math.floor(Date.now() / 1000) - 5 }]);
  return (await fetch(url + "/v1/metrics", { method: "POST", headers, body })).status;
}

// Every page of the authorizations, one at a time, in both forms.
async function listed() {
  const asked = { accountId: account, type: "authorization", limit: 1 };
  const found = ids(await new PoliciesPager(policies, asked).getAll());
  assert.deepStrictEqual(ids(await new V2PoliciesPager(policies, asked).getAll()), found);
  return found;
}

done(async () => {
  const wanted = { target: region, resourceGroup: account, resourcePlanId: "premium", parameters: { space_id: space } };
  const instance = (await controller.createResourceInstance({ ...wanted, name: "monitoring" })).result;
  const own = (await controller.createResourceKey({ name: "agent", source: instance.id, role: "Writer" })).result;
  const holder = new IamAuthenticator({ apikey: own.credentials.apikey, url });
  await holder.authenticate({});
  const shown = holder.tokenManager.accessToken;
  const [status, answer] = await ask(instance, shown);
  assert.deepStrictEqual([status, answer.errorCode], [403, "BXNIM0513E"]);
  assert.deepStrictEqual(await listed(), []);

  const subject = [
    { name: "serviceName", value: service },
    { name: "accountId", value: account },
    { name: "serviceInstance", value: instance.guid },
  ];
  const place = [
    { name: "accountId", value: account },
    { name: "serviceName", value: service },
    { name: "spaceId", value: second },
  ];
  const form = { type: "authorization", subjects: [{ attributes: subject }], resources: [{ attributes: place }] };
  const made = await policies.createPolicy({ ...form, roles: [role("Writer")], description: "of a test" });
  assert.deepStrictEqual([made.status, made.result.type], [201, "authorization"]);
  const policyId = made.result.id;
  assert.deepStrictEqual(await listed(), [policyId]);
  const roles = (await policies.listRoles({
    accountId: account, policyType: "authorization", sourceServiceName: service, serviceName: service,
  })).result;
  assert.deepStrictEqual([roles.system_roles.length, roles.service_roles.length], [0, 3]);
  const elsewhere = subject.map((one) => (one.name === "accountId" ? { ...one, value: "0".repeat(32) } : one));
  const wrong = { ...form, subjects: [{ attributes: elsewhere }], roles: [role("Writer")] };
  const error = await refused(400, policies.createPolicy(wrong));
  assert(error.message.includes("accountId"), error.message);

  // The instance acts there, and in no other space.
  const [granted, token] = await ask(instance, shown);
  assert.deepStrictEqual([granted, token.refresh_token], [200, "not_supported"]);
  const acting = token.access_token;
  assert.strictEqual(await sends(acting, second), 200);
  assert.strictEqual(await sends(acting, space), 404);

  const read = await policies.getPolicy({ policyId });
  assert.deepStrictEqual([read.result.description, read.result.roles[0].role_id], ["of a test", role("Writer").role_id]);
  const change = { ...form, policyId, ifMatch: read.headers.etag, roles: [role("Reader")] };
  const changed = await policies.replacePolicy(change);
  assert.strictEqual(changed.result.roles[0].role_id, role("Reader").role_id);
  assert.notStrictEqual(changed.headers.etag, read.headers.etag);
  assert.strictEqual(await sends(acting, second), 403);
  await refused(409, policies.replacePolicy({ ...change, roles: [role("Writer")] }));
  assert.strictEqual(await sends(acting, second), 403);
  await policies.updatePolicyState({ policyId, ifMatch: "*", state: "deleted" });
  assert.strictEqual(await sends(acting, second), 401);
  await policies.updatePolicyState({ policyId, ifMatch: "*", state: "active" });
  assert.strictEqual(await sends(acting, second), 403);

  // The newer form, for a place in the instance's own space.
  const keyed = (all) => all.map((one) => ({ key: one.name, operator: "stringEquals", value: one.value }));
  const here = place.map((one) => (one.name === "spaceId" ? { ...one, value: space } : one));
  const newer = {
    type: "authorization", control: { grant: { roles: [role("Writer")] } },
    subject: { attributes: keyed(subject) }, resource: { attributes: keyed(here) },
  };
  const other = await policies.createV2Policy(newer);
  assert.strictEqual(other.status, 201);
  const { id } = other.result;
  assert.deepStrictEqual(await listed(), [policyId, id].sort());
  assert.strictEqual(await sends(acting, space), 200);
  const held = await policies.getV2Policy({ id });
  assert.deepStrictEqual(held.result.subject.attributes.map((one) => one.value), subject.map((one) => one.value));
  const less = { ...newer, id, ifMatch: held.headers.etag, control: { grant: { roles: [role("Reader")] } } };
  await policies.replaceV2Policy(less);
  assert.strictEqual(await sends(acting, space), 403);
  await refused(409, policies.replaceV2Policy({ ...less, control: newer.control }));
  assert.strictEqual((await policies.deleteV2Policy({ id })).status, 204);
  await refused(404, policies.getV2Policy({ id }));
  assert.strictEqual(await sends(acting, space), 404);

  assert.strictEqual((await policies.deletePolicy({ policyId })).status, 204);
  await refused(404, policies.getPolicy({ policyId }));
  assert.strictEqual(await sends(acting, second), 401);
  assert.strictEqual((await ask(instance, shown))[0], 403);
  assert.deepStrictEqual(await listed(), []);
});
"#;

#[test]
fn the_node_sdk_lets_an_instance_act_by_an_authorization() {
    let server = Server::start();
    let (url, owner) = (server.serving.url(), &server.owner);
    let second = second_space(&url, &owner.api_key, &owner.org);
    run(
        "the_node_sdk_lets_an_instance_act_by_an_authorization",
        &format!("{PRELUDE}{SCRIPT}"),
        &[
            &url,
            &owner.api_key,
            &owner.account,
            &owner.user,
            &owner.space,
            &second,
            &owner.region,
        ],
    );
}
