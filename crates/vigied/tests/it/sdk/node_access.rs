//! Policies with their effect on samples, roles, access groups and users through `@ibm-cloud/platform-services` for Node: create, list with
//! pages, get, update with the tag, a stale tag, delete.

use super::node::run;
use super::two_nodes::second_space;
use crate::harness::Server;

/// What the scripts share.
pub(super) const PRELUDE: &str = r#"
const assert = require("node:assert");
const { IamAuthenticator } = require("ibm-cloud-sdk-core");

const [url, key, account, more] = process.argv.slice(1);
const authenticator = new IamAuthenticator({ apikey: key, url });
const client = (path) => new (require("@ibm-cloud/platform-services/" + path))({ authenticator, serviceUrl: url });

async function refused(status, promise) {
  const error = await promise.then(() => assert.fail("was not refused"), (error) => error);
  assert.strictEqual(error.status, status, String(error));
  assert(error.message && !error.message.startsWith("Response not successful"), error.message);
  return error;
}

function done(run) {
  run().then(() => console.log("ok"), (error) => { console.error(error); process.exit(1); });
}
"#;

pub(super) const POLICIES: &str = r#"
const iam = client("iam-identity/v1");
const policies = client("iam-policy-management/v1");
const { PoliciesPager, V2PoliciesPager } = require("@ibm-cloud/platform-services/iam-policy-management/v1");
const viewer = "crn:v1:bluemix:public:iam::::role:Viewer";
const editor = "crn:v1:bluemix:public:iam::::role:Editor";
const operator = "crn:v1:bluemix:public:iam::::role:Operator";
const ids = (all) => all.map((one) => one.id).sort();
const [space, secondSpace] = process.argv.slice(5);

// What a credential may do in a space: send, and query.
async function may(credential, where) {
  const headers = { "X-Auth-User-Token": credential, "X-Auth-Scope-Id": "s-" + where };
  const body = JSON.stringify([{ name: "sdk.policy", value: 1, timestamp: Math.floor(Date.now() / 1000) - 5 }]);
  const asked = [
    fetch(url + "/v1/metrics", { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body }),
    fetch(url + "/v1/metrics?target=sdk.policy", { headers }),
  ];
  return (await Promise.all(asked)).map((reply) => reply.status);
}

const does = (apikey) => may("apikey " + apikey, space);

// What is given for a space gives nothing in another one: for a token that is held already.
async function inOneSpace(subject, own) {
  const holder = new IamAuthenticator({ apikey: own, url });
  await holder.authenticate({});
  const token = "iam " + holder.tokenManager.accessToken;
  const both = async () => [await may(token, space), await may(token, secondSpace)];
  const [nothing, all] = [[404, 404], [200, 200]];
  assert.deepStrictEqual(await both(), [nothing, nothing]);
  const attributes = [{ name: "accountId", value: account }, { name: "spaceId", value: secondSpace }];
  const { id } = (await policies.createPolicy({
    type: "access", roles: [{ role_id: editor }],
    subjects: [{ attributes: [{ name: "iam_id", value: subject }] }], resources: [{ attributes }],
  })).result;
  assert.deepStrictEqual(await both(), [nothing, all]);
  assert.strictEqual((await policies.deletePolicy({ policyId: id })).status, 204);
  assert.deepStrictEqual(await both(), [nothing, nothing]);
}

done(async () => {
  const service = (await iam.createServiceId({ accountId: account, name: "ci", apikey: { name: "first" } })).result;
  const [subject, own] = [service.iam_id, service.apikey.apikey];
  assert.deepStrictEqual(await does(own), [404, 404]);
  await inOneSpace(subject, own);
  const wish = {
    type: "access",
    subjects: [{ attributes: [{ name: "iam_id", value: subject }] }],
    resources: [{ attributes: [{ name: "accountId", value: account }] }],
  };
  const made = await policies.createPolicy({ ...wish, roles: [{ role_id: viewer }], description: "of a test" });
  assert.strictEqual(made.status, 201);
  const policyId = made.result.id;
  const read = await policies.getPolicy({ policyId });
  assert.strictEqual(read.result.description, "of a test");
  assert.deepStrictEqual(await does(own), [403, 200]);
  const tag = read.headers.etag;
  const changed = await policies.replacePolicy({ ...wish, policyId, ifMatch: tag, roles: [{ role_id: editor }] });
  assert.strictEqual(changed.result.roles[0].role_id, editor);
  assert.notStrictEqual(changed.headers.etag, tag);
  assert.deepStrictEqual(await does(own), [200, 200]);
  await refused(409, policies.replacePolicy({ ...wish, policyId, ifMatch: tag, roles: [{ role_id: viewer }] }));
  const off = (await policies.updatePolicyState({ policyId, ifMatch: "*", state: "deleted" })).result;
  assert.strictEqual(off.state, "deleted");
  assert.deepStrictEqual(await does(own), [404, 404]);
  await policies.updatePolicyState({ policyId, ifMatch: "*", state: "active" });

  const second = {
    type: "access",
    control: { grant: { roles: [{ role_id: viewer }] } },
    subject: { attributes: [{ key: "iam_id", operator: "stringEquals", value: subject }] },
    resource: { attributes: [{ key: "accountId", operator: "stringEquals", value: account }] },
  };
  const id = (await policies.createV2Policy(second)).result.id;
  const form = await policies.getV2Policy({ id });
  assert.strictEqual(form.result.subject.attributes[0].value, subject);
  // What another policy says already is said by that one.
  const same = { ...second, id, control: { grant: { roles: [{ role_id: editor }] } } };
  const conflict = await refused(409, policies.replaceV2Policy({ ...same, ifMatch: form.headers.etag }));
  assert.ok(conflict.message.includes(policyId), conflict.message);
  const other = { ...second, id, control: { grant: { roles: [{ role_id: operator }] } } };
  await policies.replaceV2Policy({ ...other, ifMatch: form.headers.etag });
  await refused(409, policies.replaceV2Policy({ ...other, ifMatch: form.headers.etag }));
  const asked = { accountId: account, iamId: subject, limit: 1 };
  assert.deepStrictEqual(ids(await new PoliciesPager(policies, asked).getAll()), [policyId, id].sort());
  assert.deepStrictEqual(ids(await new V2PoliciesPager(policies, asked).getAll()), [policyId, id].sort());
  assert.strictEqual((await policies.deleteV2Policy({ id })).status, 204);
  assert.strictEqual((await policies.deletePolicy({ policyId })).status, 204);
  await refused(404, policies.getPolicy({ policyId }));
  await refused(404, policies.getV2Policy({ id }));
  assert.deepStrictEqual(await new PoliciesPager(policies, asked).getAll(), []);

  const role = (await policies.createRole({
    displayName: "Sender of ours", name: "Sender", actions: ["domain.write"],
    accountId: account, serviceName: "ibmcloud-monitoring",
  })).result;
  const held = await policies.getRole({ roleId: role.id });
  const roleId = role.id;
  await policies.replaceRole({ roleId, ifMatch: held.headers.etag, displayName: "Reader of ours", actions: ["domain.render"] });
  await refused(409, policies.replaceRole({ roleId, ifMatch: "*", displayName: "Reader", actions: ["domain.render"] }));
  await refused(409, policies.replaceRole({ roleId, ifMatch: held.headers.etag, displayName: "x", actions: ["domain.find"] }));
  const roles = (await policies.listRoles({ accountId: account, serviceName: "ibmcloud-monitoring" })).result;
  assert.deepStrictEqual(roles.custom_roles.map((one) => one.display_name), ["Reader of ours"]);
  assert.strictEqual((await policies.deleteRole({ roleId })).status, 204);
  await refused(404, policies.getRole({ roleId }));
});
"#;

pub(super) const GROUPS: &str = r#"
const iam = client("iam-identity/v1");
const groups = client("iam-access-groups/v2");
const { AccessGroupsPager, AccessGroupMembersPager } = require("@ibm-cloud/platform-services/iam-access-groups/v2");

done(async () => {
  const member = (await iam.createServiceId({ accountId: account, name: "ci" })).result.iam_id;
  const made = await groups.createAccessGroup({ accountId: account, name: "team", description: "of ours" });
  assert.strictEqual(made.status, 201);
  const accessGroupId = made.result.id;
  const tag = (await groups.getAccessGroup({ accessGroupId })).headers.etag;
  const changed = await groups.updateAccessGroup({ accessGroupId, ifMatch: tag, name: "crew" });
  assert.strictEqual(changed.result.name, "crew");
  await refused(409, groups.updateAccessGroup({ accessGroupId, ifMatch: tag, name: "late" }));
  for (const name of ["second", "third"]) await groups.createAccessGroup({ accountId: account, name });
  const all = await new AccessGroupsPager(groups, { accountId: account, limit: 1, sort: "-name" }).getAll();
  assert.deepStrictEqual(all.map((one) => one.name), ["third", "second", "crew"]);

  const added = await groups.addMembersToAccessGroup({ accessGroupId, members: [{ iam_id: member, type: "service" }] });
  assert.strictEqual(added.status, 207);
  assert.deepStrictEqual(added.result.members.map((one) => one.status_code), [200]);
  assert.strictEqual((await groups.isMemberOfAccessGroup({ accessGroupId, iamId: member })).status, 204);
  const listed = await new AccessGroupMembersPager(groups, { accessGroupId, verbose: true, limit: 1 }).getAll();
  assert.deepStrictEqual(listed.map((one) => [one.iam_id, one.name]), [[member, "ci"]]);

  const conditions = [{ claim: "email", operator: "EQUALS", value: '"' + more + '"' }];
  const wish = { accessGroupId, expiration: 24, realmName: "IBMid", conditions };
  const ruleId = (await groups.addAccessGroupRule({ ...wish, name: "ours" })).result.id;
  const rule = await groups.getAccessGroupRule({ accessGroupId, ruleId });
  const other = { ...wish, ruleId, name: "theirs", ifMatch: rule.headers.etag };
  assert.strictEqual((await groups.replaceAccessGroupRule(other)).result.name, "theirs");
  await refused(409, groups.replaceAccessGroupRule(other));
  assert.strictEqual((await groups.listAccessGroupRules({ accessGroupId })).result.rules.length, 1);
  assert.strictEqual((await groups.removeAccessGroupRule({ accessGroupId, ruleId })).status, 204);
  await refused(404, groups.getAccessGroupRule({ accessGroupId, ruleId }));

  await refused(409, groups.deleteAccessGroup({ accessGroupId }));
  assert.strictEqual((await groups.removeMemberFromAccessGroup({ accessGroupId, iamId: member })).status, 204);
  await refused(404, groups.isMemberOfAccessGroup({ accessGroupId, iamId: member }));
  assert.strictEqual((await groups.deleteAccessGroup({ accessGroupId })).status, 204);
  await refused(404, groups.getAccessGroup({ accessGroupId }));
});
"#;

pub(super) const USERS: &str = r#"
const users = client("user-management/v1");
const { UsersPager } = require("@ibm-cloud/platform-services/user-management/v1");
const emails = (all) => all.map((one) => one.email);
const [bea, cid] = ["bea@example.org", "cid@example.org"];

done(async () => {
  const wish = [bea, cid].map((email) => ({ email, account_role: "Member" }));
  const invited = await users.inviteUsers({ accountId: account, users: wish });
  assert.strictEqual(invited.status, 202);
  assert.deepStrictEqual(emails(invited.result.resources), [bea, cid]);
  const all = await new UsersPager(users, { accountId: account, limit: 1 }).getAll();
  assert.deepStrictEqual(emails(all), [more, bea, cid]);
  assert.deepStrictEqual(all.map((one) => one.state), ["ACTIVE", "PENDING", "PENDING"]);
  const found = (await users.listUsers({ accountId: account, search: "bea" })).result;
  assert.deepStrictEqual([found.total_results, ...emails(found.resources)], [1, bea]);

  // The owner stays; who was invited goes, and may be invited again.
  await refused(409, users.removeUser({ accountId: account, iamId: all[0].iam_id }));
  assert.strictEqual((await users.removeUser({ accountId: account, iamId: all[1].iam_id })).status, 204);
  assert.deepStrictEqual(emails(await new UsersPager(users, { accountId: account }).getAll()), [more, cid]);
  await refused(404, users.removeUser({ accountId: account, iamId: all[1].iam_id }));
  assert.strictEqual((await users.inviteUsers({ accountId: account, users: wish.slice(0, 1) })).status, 202);
});
"#;

/// Runs a script on a server of its own, as its owner, who has two spaces.
fn try_out(test: &str, script: &str) {
    let server = Server::start();
    let (url, owner) = (server.serving.url(), &server.owner);
    let second = second_space(&url, &owner.api_key, &owner.org);
    run(
        test,
        &format!("{PRELUDE}{script}"),
        &[
            &url,
            &owner.api_key,
            &owner.account,
            &owner.user,
            &owner.space,
            &second,
        ],
    );
}

#[test]
fn the_node_sdk_manages_policies_and_roles() {
    try_out("the_node_sdk_manages_policies_and_roles", POLICIES);
}

#[test]
fn the_node_sdk_manages_access_groups() {
    try_out("the_node_sdk_manages_access_groups", GROUPS);
}

#[test]
fn the_node_sdk_invites_and_removes_users() {
    try_out("the_node_sdk_invites_and_removes_users", USERS);
}
