//! Trusted profiles through `IamIdentityV1`: profiles with pages and their tag, rules, links, identities; and `IAMAssumeAuthenticator`, by
//! which a service ID and a user take one on, while its tokens expire, until they may not any more.

use super::run;
use crate::harness::Server;

pub(super) const SCRIPT: &str = r#"
import json, sys, time
from urllib.parse import parse_qs, urlsplit
import jwt
from ibm_cloud_sdk_core import BaseService
from ibm_cloud_sdk_core.authenticators import IAMAssumeAuthenticator, IAMAuthenticator
from ibm_platform_services import IamIdentityV1
from ibm_platform_services.iam_identity_v1 import (
    CreateProfileLinkRequestLink,
    ProfileClaimRule,
    ProfileClaimRuleConditions,
    ProfileIdentitiesResponse,
    ProfileIdentityRequest,
    ProfileIdentityResponse,
    ProfileLink,
    TrustedProfile,
    TrustedProfilesList,
)

url, key, account, space, user = sys.argv[1:6]
iam = IamIdentityV1(authenticator=IAMAuthenticator(key, url=url))
iam.set_service_url(url)

# Profiles: made, listed in pages, read, changed with their tag.
for name in ("batch", "audit"):
    iam.create_profile(name=name, account_id=account)
created = iam.create_profile(name="ops", account_id=account, description="at night", email="ops@example.org")
assert created.get_status_code() == 201
profile = TrustedProfile.from_dict(created.get_result())
assert profile.iam_id == "iam-" + profile.id and profile.account_id == account, profile
found, token = [], None
while True:
    page = iam.list_profiles(account_id=account, pagesize=2, sort="name", order="desc", pagetoken=token).get_result()
    found += [one.name for one in TrustedProfilesList.from_dict(page).profiles]
    if "next" not in page:
        break
    token = parse_qs(urlsplit(page["next"]).query)["pagetoken"][0]
assert found == ["ops", "batch", "audit"], found
found = iam.list_profiles(account_id=account, filter='description co "night"').get_result()["profiles"]
assert [one["name"] for one in found] == ["ops"], found
for listed in iam.list_profiles(account_id=account, include_history=True).get_result()["profiles"]:
    assert [change["action"] for change in listed["history"]] == ["trusted_profile_made"], listed
read = iam.get_profile(profile_id=profile.id)
tag = read.get_headers()["ETag"]
assert tag.strip('"') == profile.entity_tag, tag
changed = iam.update_profile(profile_id=profile.id, if_match=tag, name="operations").get_result()
assert (changed["name"], changed["description"]) == ("operations", "at night"), changed
refused(409, iam.update_profile, profile_id=profile.id, if_match=tag, name="late")
iam.update_profile(profile_id=profile.id, if_match="*", description="by day")
refused(409, iam.create_profile, name="operations", account_id=account)

# Rules.
conditions = [ProfileClaimRuleConditions(claim="email", operator="EQUALS", value='"nobody@example.org"')]
rule = iam.create_claim_rule(
    profile_id=profile.id, type="Profile-SAML", conditions=conditions, name="people", realm_name="IBMid", expiration=43200
)
assert rule.get_status_code() == 201
rule = ProfileClaimRule.from_dict(rule.get_result())
workloads = iam.create_claim_rule(
    profile_id=profile.id, type="Profile-CR", conditions=conditions, cr_type="IKS_SA"
).get_result()
assert len(iam.list_claim_rules(profile_id=profile.id).get_result()["rules"]) == 2
tag = iam.get_claim_rule(profile_id=profile.id, rule_id=rule.id).get_headers()["ETag"]
said = dict(profile_id=profile.id, rule_id=rule.id, type="Profile-SAML", realm_name="IBMid", expiration=3600)
replaced = iam.update_claim_rule(if_match=tag, conditions=conditions, **said).get_result()
assert replaced["expiration"] == 3600, replaced
refused(409, iam.update_claim_rule, if_match=tag, conditions=conditions, **said)
assert iam.delete_claim_rule(profile_id=profile.id, rule_id=workloads["id"]).get_status_code() == 204

# Links.
resource = CreateProfileLinkRequestLink(crn="crn:v1:x", namespace="prod", name="web")
link = iam.create_link(profile_id=profile.id, cr_type="IKS_SA", link=resource, name="ours")
assert link.get_status_code() == 201
link = ProfileLink.from_dict(link.get_result())
assert len(iam.list_links(profile_id=profile.id).get_result()["links"]) == 1
assert iam.get_link(profile_id=profile.id, link_id=link.id).get_result()["link"]["namespace"] == "prod"
assert iam.delete_link(profile_id=profile.id, link_id=link.id).get_status_code() == 204
iam.create_link(profile_id=profile.id, cr_type="IKS_SA", link=resource)
gone = iam.delete_link_by_parameters(
    profile_id=profile.id, type="IKS_SA", crn="crn:v1:x", namespace="prod", name="web"
)
assert gone.get_status_code() == 204
refused(404, iam.get_link, profile_id=profile.id, link_id=link.id)

# Identities.
service = iam.create_service_id(account_id=account, name="ci", apikey={"name": "first"}).get_result()
listed = iam.get_profile_identities(profile_id=profile.id)
tag = listed.get_headers()["ETag"]
assert ProfileIdentitiesResponse.from_dict(listed.get_result()).identities == []
wanted = [ProfileIdentityRequest(identifier=service["id"], type="serviceid", description="builds")]
all = iam.set_profile_identities(profile_id=profile.id, if_match=tag, identities=wanted).get_result()
assert [one["iam_id"] for one in all["identities"]] == [service["iam_id"]], all
refused(409, iam.set_profile_identities, profile_id=profile.id, if_match=tag, identities=[])
own = jwt.decode(iam.authenticator.token_manager.get_token(), options={"verify_signature": False})["iam_id"]
added = iam.set_profile_identity(
    profile_id=profile.id, identity_type="user", identifier=own, type="user", accounts=[account]
).get_result()
assert ProfileIdentityResponse.from_dict(added).iam_id == own
named = dict(profile_id=profile.id, identity_type="user", identifier_id=own)
assert iam.get_profile_identity(**named).get_result()["type"] == "user"
refused(
    400, iam.set_profile_identity, profile_id=profile.id, identity_type="crn", identifier="crn:v1:x", type="crn"
)


class Metrics(BaseService):
    def ask(self, method, **more):
        headers = {"X-Auth-Scope-Id": "s-" + space, "Content-Type": "application/json"}
        return self.send(self.prepare_request(method=method, url="/v1/metrics", headers=headers, **more)).get_result()

    def store(self):
        sample = {"name": "profile.sent", "value": 1, "timestamp": int(time.time()) - 10}
        assert self.ask("POST", data=json.dumps([sample]))["stored"] == 1


class Spaces(BaseService):
    def appoint(self, iam_id):
        body = json.dumps({"username": iam_id})
        path = "/v2/spaces/" + space + "/developers"
        headers = {"Content-Type": "application/json"}
        self.send(self.prepare_request(method="PUT", url=path, headers=headers, data=body))


# Taken on by its id, its CRN, its name: the token is the profile's, and says who has it.
own_key = service["apikey"]["apikey"]
by_id = IAMAssumeAuthenticator(own_key, iam_profile_id=profile.id, url=url)
metrics = Metrics(service_url=url, authenticator=by_id)
refused(404, metrics.store)
Spaces(service_url=url, authenticator=iam.authenticator).appoint(profile.iam_id)
metrics.store()
claims = jwt.decode(by_id.token_manager.get_token(), options={"verify_signature": False})
assert (claims["iam_id"], claims["sub_type"]) == (profile.iam_id, "Profile"), claims
assert claims["authn"]["iam_id"] == service["iam_id"], claims
refused(404, Metrics(service_url=url, authenticator=IAMAuthenticator(own_key, url=url)).store)
for otherwise in (dict(iam_profile_crn=profile.crn), dict(iam_profile_name="operations", iam_account_id=account)):
    other = IAMAssumeAuthenticator(own_key, url=url, **otherwise)
    Metrics(service_url=url, authenticator=other).store()
Metrics(service_url=url, authenticator=IAMAssumeAuthenticator(key, iam_profile_id=profile.id, url=url)).store()

# A token that is over is asked for again by itself; of both.
manager = by_id.token_manager
first = manager.get_token()
manager.expire_time = 1
manager.iam_delegate.expire_time = 1
metrics.store()
assert manager.get_token() != first and manager.refresh_token is None

# Taken out, and gone.
gone = iam.delete_profile_identity(profile_id=profile.id, identity_type="serviceid", identifier_id=service["id"])
assert gone.get_status_code() == 204
refused(401, metrics.store)
manager.expire_time = 1
error = refused(403, metrics.store)
assert "trusted profile" in error.message, error.message
told = iam.get_profile(profile_id=profile.id, headers={"Accept": "application/json"}).get_result()
assert told["modified_at"] >= told["created_at"]
assert iam.delete_profile(profile_id=profile.id).get_status_code() == 204
refused(404, iam.get_profile, profile_id=profile.id)
stranger = IAMAssumeAuthenticator(key, iam_profile_id=profile.id, url=url)
refused(403, stranger.token_manager.get_token)
print("ok")
"#;

#[test]
fn the_python_sdk_takes_on_trusted_profiles() {
    let server = Server::start();
    let url = server.serving.url();
    run(
        "the_python_sdk_takes_on_trusted_profiles",
        SCRIPT,
        &[
            &url,
            &server.owner.api_key,
            &server.owner.account,
            &server.owner.space,
            &server.owner.user,
        ],
    );
}
