//! Trusted profiles through `@ibm-cloud/platform-services` for Node: profiles with pages and their tag, rules, links, identities; and
//! `IamAssumeAuthenticator`, by which a service ID and a user take one on, while its tokens expire, until they may not any more.

use super::node::run;
use super::node_access::PRELUDE;
use crate::harness::Server;

pub(super) const SCRIPT: &str = r#"
const core = require("ibm-cloud-sdk-core");
const [space] = process.argv.slice(5);
const iam = client("iam-identity/v1");
const names = (all) => all.map((one) => one.name);

class Metrics extends core.BaseService {
  send(value) {
    const headers = { "X-Auth-Scope-Id": "s-" + space };
    const body = [{ name: "profile.sent", value, timestamp: Math.floor(Date.now() / 1000) - value }];
    const options = { url: "/v1/metrics", method: "POST", body, json: true };
    return this.createRequest({ options, defaultOptions: { ...this.baseOptions, headers } });
  }
}

class Spaces extends core.BaseService {
  appoint(username) {
    const options = { url: `/v2/spaces/${space}/developers`, method: "PUT", body: { username }, json: true };
    return this.createRequest({ options, defaultOptions: this.baseOptions });
  }
}

// The names on each page of the profiles, two at a time.
async function pages(asked) {
  const found = [];
  let pagetoken;
  for (;;) {
    const page = (await iam.listProfiles({ accountId: account, pagesize: 2, pagetoken, ...asked })).result;
    found.push(names(page.profiles));
    if (!page.next) return found;
    pagetoken = new URL(page.next).searchParams.get("pagetoken");
  }
}

// Made, listed in pages, read, changed with their tag.
async function profiles() {
  for (const name of ["batch", "audit", "deploy", "cron"]) await iam.createProfile({ name, accountId: account });
  const wish = { name: "ops", accountId: account, description: "at night", email: "ops@example.org" };
  const made = await iam.createProfile(wish);
  assert.strictEqual(made.status, 201);
  const profile = made.result;
  assert.strictEqual(profile.iam_id, "iam-" + profile.id);
  assert.deepStrictEqual(await pages({ sort: "name" }), [["audit", "batch"], ["cron", "deploy"], ["ops"]]);
  assert.deepStrictEqual(await pages({ sort: "name", order: "desc" }), [["ops", "deploy"], ["cron", "batch"], ["audit"]]);
  assert.deepStrictEqual(await pages({ filter: 'description co "night"' }), [["ops"]]);
  assert.deepStrictEqual(await pages({ name: "cron" }), [["cron"]]);
  const told = (await iam.listProfiles({ accountId: account, includeHistory: true })).result.profiles;
  assert.ok(told.every((one) => one.history[0].action === "trusted_profile_made"), JSON.stringify(told));

  const profileId = profile.id;
  const read = await iam.getProfile({ profileId });
  const ifMatch = read.headers.etag;
  assert.strictEqual(ifMatch.replaceAll('"', ""), profile.entity_tag);
  assert.deepStrictEqual([read.result.name, read.result.email], ["ops", "ops@example.org"]);
  const changed = (await iam.updateProfile({ profileId, ifMatch, name: "operations" })).result;
  assert.deepStrictEqual([changed.name, changed.description], ["operations", "at night"]);
  assert.notStrictEqual(changed.entity_tag, profile.entity_tag);
  await refused(409, iam.updateProfile({ profileId, ifMatch, description: "late" }));
  await iam.updateProfile({ profileId, ifMatch: "*", description: "by day" });
  assert.strictEqual((await iam.getProfile({ profileId })).result.description, "by day");
  await refused(409, iam.createProfile({ name: "operations", accountId: account }));
  return profile;
}

async function rules(profileId) {
  const conditions = [{ claim: "email", operator: "EQUALS", value: '"nobody@example.org"' }];
  const people = { profileId, type: "Profile-SAML", name: "people", realmName: "IBMid", conditions };
  const made = await iam.createClaimRule({ ...people, expiration: 43200 });
  assert.strictEqual(made.status, 201);
  const ruleId = made.result.id;
  const other = (await iam.createClaimRule({ profileId, type: "Profile-CR", crType: "IKS_SA", conditions })).result;
  const listed = async () => (await iam.listClaimRules({ profileId })).result.rules.map((one) => one.id).sort();
  assert.deepStrictEqual(await listed(), [ruleId, other.id].sort());
  const read = await iam.getClaimRule({ profileId, ruleId });
  assert.deepStrictEqual([read.result.name, read.result.expiration], ["people", 43200]);
  const change = { ...people, ruleId, ifMatch: read.headers.etag, name: "everybody", expiration: 3600 };
  const changed = (await iam.updateClaimRule(change)).result;
  assert.deepStrictEqual([changed.name, changed.expiration], ["everybody", 3600]);
  assert.notStrictEqual(changed.entity_tag, made.result.entity_tag);
  await refused(409, iam.updateClaimRule({ ...change, name: "late" }));
  assert.strictEqual((await iam.getClaimRule({ profileId, ruleId })).result.name, "everybody");
  assert.strictEqual((await iam.deleteClaimRule({ profileId, ruleId })).status, 204);
  await refused(404, iam.getClaimRule({ profileId, ruleId }));
  await refused(404, iam.deleteClaimRule({ profileId, ruleId }));
  assert.deepStrictEqual(await listed(), [other.id]);
}

async function links(profileId) {
  const link = { crn: "crn:v1:x", namespace: "prod", name: "web" };
  const made = await iam.createLink({ profileId, crType: "IKS_SA", link, name: "ours" });
  assert.strictEqual(made.status, 201);
  const linkId = made.result.id;
  await refused(409, iam.createLink({ profileId, crType: "IKS_SA", link }));
  const second = (await iam.createLink({ profileId, crType: "IKS_SA", link: { ...link, name: "api" } })).result;
  const listed = async () => (await iam.listLinks({ profileId })).result.links.map((one) => one.id).sort();
  assert.deepStrictEqual(await listed(), [linkId, second.id].sort());
  const read = (await iam.getLink({ profileId, linkId })).result;
  assert.deepStrictEqual([read.name, read.cr_type, read.link.namespace, read.link.name], ["ours", "IKS_SA", "prod", "web"]);
  assert.strictEqual((await iam.deleteLink({ profileId, linkId })).status, 204);
  await refused(404, iam.getLink({ profileId, linkId }));
  const named = { profileId, type: "IKS_SA", ...link, name: "api" };
  assert.strictEqual((await iam.deleteLinkByParameters(named)).status, 204);
  await refused(404, iam.deleteLinkByParameters(named));
  assert.deepStrictEqual(await listed(), []);
}

async function identities(profileId, service) {
  const ids = (all) => all.identities.map((one) => one.iam_id).sort();
  const read = await iam.getProfileIdentities({ profileId });
  const ifMatch = read.headers.etag;
  assert.deepStrictEqual(read.result.identities, []);
  const wanted = [{ identifier: service.id, type: "serviceid", description: "builds" }];
  const set = (await iam.setProfileIdentities({ profileId, ifMatch, identities: wanted })).result;
  assert.deepStrictEqual(ids(set), [service.iam_id]);
  await refused(409, iam.setProfileIdentities({ profileId, ifMatch, identities: [] }));
  const own = (await iam.getApiKeysDetails({ iamApiKey: key })).result.iam_id;
  const user = { profileId, identityType: "user" };
  const added = { ...user, identifier: own, type: "user", accounts: [account] };
  assert.strictEqual((await iam.setProfileIdentity(added)).result.iam_id, own);
  assert.deepStrictEqual(ids((await iam.getProfileIdentities({ profileId })).result), [own, service.iam_id].sort());
  assert.strictEqual((await iam.getProfileIdentity({ ...user, identifierId: own })).result.type, "user");
  const one = { profileId, identityType: "serviceid", identifierId: service.id };
  assert.strictEqual((await iam.getProfileIdentity(one)).result.description, "builds");
  const crn = { profileId, identityType: "crn", identifier: "crn:v1:x", type: "crn" };
  await refused(400, iam.setProfileIdentity(crn));
}

// By its id, its CRN, its name; by a service ID and by a user.
async function takenOn(profile, service) {
  const profileId = profile.id;
  const apikey = service.apikey.apikey;
  const byId = new core.IamAssumeAuthenticator({ apikey, iamProfileId: profileId, url });
  const metrics = new Metrics({ authenticator: byId, serviceUrl: url });
  await refused(404, metrics.send(1));
  await new Spaces({ authenticator, serviceUrl: url }).appoint(profile.iam_id);
  assert.strictEqual((await metrics.send(1)).result.stored, 1);
  // A token that is over is asked for again by itself; so is the one that it was given for.
  const manager = byId.tokenManager;
  const held = manager.accessToken;
  manager.expireTime = 1;
  manager.iamDelegate.expireTime = 1;
  assert.strictEqual((await metrics.send(4)).result.stored, 1);
  assert.notStrictEqual(manager.accessToken, held);
  for (const named of [{ iamProfileCrn: profile.crn }, { iamProfileName: "operations", iamAccountId: account }]) {
    const other = new core.IamAssumeAuthenticator({ apikey, url, ...named });
    assert.strictEqual((await new Metrics({ authenticator: other, serviceUrl: url }).send(2)).result.stored, 1);
  }
  const ofUser = new core.IamAssumeAuthenticator({ apikey: key, iamProfileId: profileId, url });
  assert.strictEqual((await new Metrics({ authenticator: ofUser, serviceUrl: url }).send(5)).result.stored, 1);

  // Taken out, and gone.
  const identity = { profileId, identityType: "serviceid", identifierId: service.id };
  assert.strictEqual((await iam.deleteProfileIdentity(identity)).status, 204);
  await refused(404, iam.getProfileIdentity(identity));
  await refused(401, metrics.send(3));
  const late = new core.IamAssumeAuthenticator({ apikey, iamProfileId: profileId, url });
  await refused(403, late.authenticate({}));
  assert.strictEqual((await iam.deleteProfile({ profileId })).status, 204);
  await refused(404, iam.getProfile({ profileId }));
  const stranger = new core.IamAssumeAuthenticator({ apikey: key, iamProfileId: profileId, url });
  await refused(403, stranger.authenticate({}));
  assert.deepStrictEqual(await pages({ sort: "name" }), [["audit", "batch"], ["cron", "deploy"]]);
}

done(async () => {
  const profile = await profiles();
  await rules(profile.id);
  await links(profile.id);
  const service = (await iam.createServiceId({ accountId: account, name: "ci", apikey: { name: "first" } })).result;
  await identities(profile.id, service);
  await takenOn(profile, service);
});
"#;

#[test]
fn the_node_sdk_takes_on_trusted_profiles() {
    let server = Server::start();
    let (url, owner) = (server.serving.url(), &server.owner);
    run(
        "the_node_sdk_takes_on_trusted_profiles",
        &format!("{PRELUDE}{SCRIPT}"),
        &[
            &url,
            &owner.api_key,
            &owner.account,
            &owner.user,
            &owner.space,
        ],
    );
}
