//! Activity, reports, preferences and limits through `IamIdentityV1`, as their users have them.

use super::run;
use crate::harness::Server;

pub(super) const SCRIPT: &str = r#"
import sys
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services import IamIdentityV1
from ibm_platform_services.iam_identity_v1 import (
    ApiKey, IdentityLimitsUsageResponse, IdentityPreferencesResponse, Report, ReportMfaEnrollmentStatus, ServiceId,
    TrustedProfile,
)

url, key, account = sys.argv[1:4]
iam = IamIdentityV1(authenticator=IAMAuthenticator(key, url=url))
iam.set_service_url(url)

made = iam.create_service_id(account_id=account, name="ci", apikey={"name": "first"}).get_result()
of = made["apikey"]["id"]


def seen():
    service = ServiceId.from_dict(iam.get_service_id(id=made["id"], include_activity=True).get_result())
    own = ApiKey.from_dict(iam.get_api_key(id=of, include_activity=True).get_result())
    assert service.activity.authn_count == own.activity.authn_count, (service, own)
    return own.activity


def seen_once():
    one = seen()
    assert one.authn_count == 1 and len(one.last_authn) == 21, one


def inactive():
    asked = iam.create_report(account_id=account, type="inactive", duration="120")
    assert asked.get_status_code() == 202
    report = iam.get_report(account_id=account, reference=asked.get_result()["reference"]).get_result()
    report = Report.from_dict(report)
    assert report.report_duration == "120" and report.users == [], report
    assert [one.id for one in report.serviceids] == [idle["id"]], report
    assert [(one.id, one.name) for one in report.profiles] == [(profile.id, "unused")], report
    assert [(one.id, one.type, one.serviceid.name) for one in report.apikeys] == [
        (idle["apikey"]["id"], "serviceid", "idle")
    ], report
    return report


assert seen().authn_count == 0 and seen().last_authn is None
IAMAuthenticator(made["apikey"]["apikey"], url=url).token_manager.get_token()
counted(seen_once)
assert "activity" not in iam.get_api_key(id=of).get_result()
profile = iam.create_profile(name="unused", account_id=account).get_result()
profile = TrustedProfile.from_dict(iam.get_profile(profile_id=profile["id"], include_activity=True).get_result())
assert profile.activity.authn_count == 0, profile
idle = iam.create_service_id(account_id=account, name="idle", apikey={"name": "unused"}).get_result()
report = counted(inactive)
latest = Report.from_dict(iam.get_report(account_id=account, reference="latest").get_result())
assert latest.reference == report.reference, latest
refused(404, iam.get_report, account_id=account, reference="nothing")
refused(400, iam.create_report, account_id=account, duration="never")

asked = iam.create_mfa_report(account_id=account, type="mfa_status")
assert asked.get_status_code() == 202
report = iam.get_mfa_report(account_id=account, reference=asked.get_result()["reference"]).get_result()
report = ReportMfaEnrollmentStatus.from_dict(report)
owner = iam.get_api_keys_details(iam_api_key=key).get_result()["iam_id"]
assert [one.iam_id for one in report.users] == [owner], report
assert report.users[0].effective_mfa_type == "NONE" and report.users[0].id_based_mfa.complies, report

where = {"account_id": account, "iam_id": owner, "service": "console"}
kept = iam.update_preference_on_scope_account(preference_id="landing_page", value_string="/metrics", **where)
assert kept.get_result()["value_string"] == "/metrics", kept
several = {"preference_id": "global_left_navigation", "value_list_of_strings": ["a", "b"]}
iam.update_preference_on_scope_account(**several, **where)
read = iam.get_preferences_on_scope_account(preference_id="landing_page", **where).get_result()
assert read == kept.get_result() and read["scope"] == "account", read
every = iam.get_all_preferences_on_scope_account(account_id=account, iam_id=owner).get_result()
every = IdentityPreferencesResponse.from_dict(every).preferences
assert [one.id for one in every] == ["global_left_navigation", "landing_page"], every
assert every[0].value_list_of_strings == ["a", "b"], every
gone = iam.delete_preferences_on_scope_account(preference_id="landing_page", **where)
assert gone.get_status_code() == 204
refused(404, iam.get_preferences_on_scope_account, preference_id="landing_page", **where)

asked = {"serviceid_groups": True, "apikeys_per_identity": [made["iam_id"]]}
many = iam.bulk_list_account_entity_consumption(account_id=account, **asked).get_result()
few = iam.get_account_limits(account_id=account, serviceid_groups=True, apikeys_per_identity=made["iam_id"])
assert many == few.get_result(), (many, few)
many = IdentityLimitsUsageResponse.from_dict(many)
assert many.apikeys_per_identity.identities[0].count == 1, many
profile = iam.create_profile(name="ops", account_id=account).get_result()["id"]
asked = {"profiles": True, "cr_links": True, "cr_links_per_profile": [profile], "claim_rules_per_profile": [profile]}
many = iam.bulk_list_account_entity_consumption(account_id=account, **asked).get_result()
named = {"cr_links_per_profile": profile, "claim_rules_per_profile": profile}
few = iam.get_account_limits(account_id=account, profiles="true", cr_links="true", **named).get_result()
assert many == few, (many, few)
many = IdentityLimitsUsageResponse.from_dict(many)
assert many.profiles.count == 2 and many.cr_links.count == 0, many
assert [one.profile_id for one in many.cr_links_per_profile.profiles] == [profile], many
print("ok")
"#;

#[test]
fn the_python_sdk_reads_activity_and_keeps_preferences() {
    let server = Server::start();
    let url = server.serving.url();
    run(
        "the_python_sdk_reads_activity_and_keeps_preferences",
        SCRIPT,
        &[&url, &server.owner.api_key, &server.owner.account],
    );
}
