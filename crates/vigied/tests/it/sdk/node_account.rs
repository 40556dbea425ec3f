//! The account, groups of service IDs, settings, activity, preferences and profiles of users through `@ibm-cloud/platform-services` for
//! Node.

use super::node::run;
use super::node_access::PRELUDE;
use crate::harness::Server;

pub(super) const SCRIPT: &str = r#"
const iam = client("iam-identity/v1");
const users = client("user-management/v1");

done(async () => {
  const accountId = account;
  const accounts = client("account-management/v4");
  const own = (await accounts.getAccount({ accountId })).result;
  assert.deepStrictEqual([own.id, own.owner_userid, own.status], [account, more, "ACTIVE"]);
  await refused(404, accounts.getAccount({ accountId: "0".repeat(32) }));

  // Groups of service IDs: IBM's list of them has no pages.
  const names = Array.from({ length: 25 }, (_, at) => "group " + String(at).padStart(2, "0"));
  const many = [];
  for (const name of names) many.push((await iam.createServiceIdGroup({ accountId, name })).result.id);
  const groups = (await iam.listServiceIdGroup({ accountId })).result;
  assert.deepStrictEqual(groups.serviceid_groups.map((one) => one.name), names);
  assert.strictEqual(groups.next, undefined);
  for (const one of many) assert.strictEqual((await iam.deleteServiceIdGroup({ id: one })).status, 204);
  const group = (await iam.createServiceIdGroup({ accountId, name: "ci", description: "of a test" })).result;
  const { id } = group;
  const grouped = (await iam.createServiceId({ accountId, name: "grouped", groupId: id, showGroupId: true })).result;
  assert.strictEqual(grouped.group_id, id);
  const listed = (await iam.listServiceIds({ accountId, groupId: id })).result.serviceids;
  assert.deepStrictEqual(listed.map((one) => one.id), [grouped.id]);
  const tag = (await iam.getServiceIdGroup({ id })).headers.etag;
  const renamed = (await iam.updateServiceIdGroup({ id, ifMatch: tag, name: "build" })).result;
  assert.deepStrictEqual([renamed.name, renamed.description], ["build", "of a test"]);
  await refused(409, iam.updateServiceIdGroup({ id, ifMatch: tag, name: "late" }));
  await refused(409, iam.deleteServiceIdGroup({ id }));

  const asked = { accountId, serviceidGroups: true, serviceidsPerGroup: id };
  const used = (await iam.getAccountLimits(asked)).result;
  assert.strictEqual(used.serviceid_groups.count, 1);
  assert.strictEqual(used.serviceids_per_group.serviceid_groups[0].count, 1);
  const several = { accountId, serviceidGroups: true, serviceidsPerGroup: [id] };
  assert.deepStrictEqual((await iam.bulkListAccountEntityConsumption(several)).result, used);

  // Settings, with what holds by them, and those of policies.
  const read = await iam.getAccountSettings({ accountId });
  const ifMatch = read.headers.etag;
  assert.strictEqual(ifMatch.replaceAll('"', ""), read.result.entity_tag);
  const wish = { accountId, sessionExpirationInSeconds: "3600", maxSessionsPerIdentity: "5" };
  const set = (await iam.updateAccountSettings({ ...wish, ifMatch })).result;
  assert.strictEqual(set.session_expiration_in_seconds, "3600");
  await refused(409, iam.updateAccountSettings({ accountId, ifMatch, mfa: "NONE" }));
  await refused(400, iam.updateAccountSettings({ accountId, ifMatch: "*", mfa: "LEVEL3" }));
  const effective = (await iam.getEffectiveAccountSettings({ accountId })).result.effective;
  assert.strictEqual(effective.max_sessions_per_identity, "5");

  const policies = client("iam-policy-management/v1");
  const access = await policies.getSettings({ accountId });
  const held = { externalAccountIdentityInteraction: access.result.external_account_identity_interaction };
  const same = await policies.updateSettings({ accountId, ifMatch: access.headers.etag, ...held });
  assert.strictEqual(same.status, 200);
  const stale = await refused(409, policies.updateSettings({ accountId, ifMatch: '"of another version"', ...held }));
  assert(stale.message.includes("tag"), stale.message);

  // Activity, and what is asked beside the password.
  const iamId = (await iam.getApiKeysDetails({ iamApiKey: key })).result.iam_id;
  const status = (await iam.getMfaStatus({ accountId, iamId })).result;
  assert.strictEqual(status.effective_mfa_type, "NONE");
  const idle = await iam.createReport({ accountId, type: "inactive", duration: "120" });
  assert.strictEqual(idle.status, 202);
  const report = (await iam.getReport({ accountId, reference: idle.result.reference })).result;
  assert.deepStrictEqual(report.serviceids.map((one) => one.id), [grouped.id]);
  await refused(404, iam.getReport({ accountId, reference: "nothing" }));
  const enrolled = await iam.createMfaReport({ accountId, type: "mfa_status" });
  const people = (await iam.getMfaReport({ accountId, reference: enrolled.result.reference })).result.users;
  assert.deepStrictEqual(people.map((one) => one.iam_id), [iamId]);
  const unused = (await iam.getServiceId({ id: grouped.id, includeActivity: true })).result;
  assert.strictEqual(unused.activity.authn_count, 0);

  // What a client keeps for a user.
  const where = { accountId, iamId, service: "console", preferenceId: "landing_page" };
  const kept = (await iam.updatePreferenceOnScopeAccount({ ...where, valueString: "/metrics" })).result;
  assert.deepStrictEqual((await iam.getPreferencesOnScopeAccount(where)).result, kept);
  const all = (await iam.getAllPreferencesOnScopeAccount({ accountId, iamId })).result.preferences;
  assert.deepStrictEqual(all.map((one) => one.id), ["landing_page"]);
  assert.strictEqual((await iam.deletePreferencesOnScopeAccount(where)).status, 204);
  await refused(404, iam.getPreferencesOnScopeAccount(where));

  // A user.
  const changed = await users.updateUserProfile({ accountId, iamId, firstname: "Ada", lastname: "Field" });
  assert.strictEqual(changed.status, 204);
  const person = (await users.getUserProfile({ accountId, iamId, includeActivity: "true" })).result;
  assert.deepStrictEqual([person.firstname, person.lastname, person.state], ["Ada", "Field", "ACTIVE"]);
  await refused(400, users.updateUserProfile({ accountId, iamId, phonenumber: "1" }));
  assert.strictEqual((await users.getUserSettings({ accountId, iamId })).result.self_manage, false);
  await refused(400, users.updateUserSettings({ accountId, iamId, language: "French" }));

  await iam.deleteServiceId({ id: grouped.id });
  assert.strictEqual((await iam.deleteServiceIdGroup({ id })).status, 204);
  await refused(404, iam.getServiceIdGroup({ id }));
});
"#;

#[test]
fn the_node_sdk_manages_an_account() {
    let server = Server::start();
    let (url, owner) = (server.serving.url(), &server.owner);
    run(
        "the_node_sdk_manages_an_account",
        &format!("{PRELUDE}{SCRIPT}"),
        &[&url, &owner.api_key, &owner.account, &owner.user],
    );
}
