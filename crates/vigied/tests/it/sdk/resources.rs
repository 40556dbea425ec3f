//! Resource groups through `ResourceManagerV2`, instances and keys through `ResourceControllerV2`, and what the plan of an instance
//! means for samples.

use super::run;
use super::two_nodes::second_space;
use crate::harness::Server;

pub(super) const SCRIPT: &str = r#"
import json, sys, time, urllib.error, urllib.request
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services import ResourceControllerV2, ResourceManagerV2
from ibm_platform_services.resource_controller_v2 import (
    ResourceInstancesPager, ResourceKeysForInstancePager, ResourceKeysPager,
)

url, key, account, space, second, region = sys.argv[1:7]
authenticator = IAMAuthenticator(key, url=url)
manager = ResourceManagerV2(authenticator=authenticator)
controller = ResourceControllerV2(authenticator=authenticator)
manager.set_service_url(url)
controller.set_service_url(url)


def send(own):
    body = json.dumps([{"name": "sdk.plan", "value": 1, "timestamp": int(time.time()) - 5}]).encode()
    headers = {"X-Auth-User-Token": "apikey " + own, "X-Auth-Scope-Id": "s-" + space}
    try:
        return urllib.request.urlopen(urllib.request.Request(url + "/v1/metrics", data=body, headers=headers)).status
    except urllib.error.HTTPError as error:
        return error.code


groups = manager.list_resource_groups(account_id=account).get_result()["resources"]
assert [(one["name"], one["default"]) for one in groups] == [("Default", True)], groups
quotas = manager.list_quota_definitions().get_result()["resources"]
assert manager.get_quota_definition(id=quotas[0]["id"]).get_result() == quotas[0]
created = manager.create_resource_group(account_id=account, name="ops")
assert created.get_status_code() == 201
group = created.get_result()
listed = manager.list_resource_groups(account_id=account, default=False).get_result()["resources"]
assert [one["id"] for one in listed] == [group["id"]], listed
assert manager.get_resource_group(id=group["id"]).get_result()["crn"] == group["crn"]
renamed = manager.update_resource_group(id=group["id"], name="build", state="ACTIVE").get_result()
assert renamed["name"] == "build", renamed
error = refused(400, manager.list_resource_groups, account_id=account, include_deleted=True)
assert "include_deleted" in error.message, error.message
refused(409, manager.create_resource_group, account_id=account, name="build")

assert send(key) == 200
made = controller.create_resource_instance(
    name="monitoring", target=region, resource_group=group["id"], resource_plan_id="lite",
    parameters={"space_id": space},
)
assert made.get_status_code() == 201
instance = made.get_result()
assert send(key) == 403
changed = controller.update_resource_instance(id=instance["id"], resource_plan_id="premium", name="metrics")
assert changed.get_result()["resource_plan_id"] == "premium"
assert send(key) == 200
assert controller.get_resource_instance(id=instance["id"]).get_result() == changed.get_result()
assert controller.get_resource_instance(id=instance["guid"]).get_result() == changed.get_result()
assert controller.lock_resource_instance(id=instance["id"]).get_result()["locked"] is True
refused(409, controller.update_resource_instance, id=instance["id"], name="late")
assert controller.unlock_resource_instance(id=instance["id"]).get_result()["locked"] is False
other = controller.create_resource_instance(
    name="second", target=region, resource_group=account, resource_plan_id="lite",
    parameters={"space_id": second}, entity_lock=False,
).get_result()
pager = ResourceInstancesPager(client=controller, limit=1, type="service_instance")
assert [one["name"] for one in pager.get_all()] == ["metrics", "second"]
of_group = controller.list_resource_instances(resource_group_id=group["id"]).get_result()
assert [one["guid"] for one in of_group["resources"]] == [instance["guid"]], of_group
error = refused(400, controller.list_resource_instances, sub_type="kms")
assert "sub_type" in error.message, error.message

made = controller.create_resource_key(name="agent", source=instance["id"], role="Writer")
assert made.get_status_code() == 201
own = made.get_result()
secret = own["credentials"]["apikey"]
assert send(secret) == 200
read = controller.get_resource_key(id=own["id"]).get_result()
assert "apikey" not in read["credentials"], read
assert controller.update_resource_key(id=own["id"], name="sender").get_result()["name"] == "sender"
keys = controller.list_resource_keys(name="sender").get_result()
assert [one["guid"] for one in keys["resources"]] == [own["guid"]], keys
keys = controller.list_resource_keys_for_instance(id=instance["id"]).get_result()
assert [one["guid"] for one in keys["resources"]] == [own["guid"]], keys
refused(409, manager.delete_resource_group, id=group["id"])
refused(409, controller.delete_resource_instance, id=instance["id"])
assert controller.delete_resource_key(id=own["id"]).get_status_code() == 204
assert send(secret) == 401
reader = controller.create_resource_key(name="reader", source=instance["id"], role="Reader").get_result()
assert send(reader["credentials"]["apikey"]) == 403
made = [reader["guid"]]
for name in ("second", "third"):
    made.append(controller.create_resource_key(name=name, source=instance["id"], role="Reader").get_result()["guid"])
for pager, sizes in (
    (ResourceKeysPager(client=controller, limit=1), [1, 1, 1]),
    (ResourceKeysPager(client=controller, limit=2), [2, 1]),
    (ResourceKeysForInstancePager(client=controller, id=instance["id"], limit=2), [2, 1]),
):
    pages = []
    while pager.has_next():
        pages.append([one["guid"] for one in pager.get_next()])
    assert [len(page) for page in pages] == sizes, pages
    assert sorted(sum(pages, [])) == sorted(made), (pages, made)
gone = controller.delete_resource_instance(id=instance["id"], recursive=True)
assert gone.get_status_code() == 202
assert send(reader["credentials"]["apikey"]) == 401
refused(404, controller.get_resource_instance, id=instance["id"])
assert send(key) == 200
assert controller.delete_resource_instance(id=other["id"]).get_status_code() == 202
assert manager.delete_resource_group(id=group["id"]).get_status_code() == 204
refused(404, manager.get_resource_group, id=group["id"])
print("ok")
"#;

#[test]
fn the_python_sdk_manages_resource_groups_instances_and_keys() {
    let server = Server::start();
    let url = server.serving.url();
    let second = second_space(&url, &server.owner.api_key, &server.owner.org);
    run(
        "the_python_sdk_manages_resource_groups_instances_and_keys",
        SCRIPT,
        &[
            &url,
            &server.owner.api_key,
            &server.owner.account,
            &server.owner.space,
            &second,
            &server.owner.region,
        ],
    );
}
