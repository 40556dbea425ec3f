//! Resource groups, instances and their keys through `@ibm-cloud/platform-services` for Node: create, list with pages, get, update, delete,
//! and what a lock refuses. These interfaces have no tags.

use super::node::run;
use super::node_access::PRELUDE;
use super::two_nodes::second_space;
use crate::harness::Server;

pub(super) const SCRIPT: &str = r#"
const [space, second, region] = process.argv.slice(5);
const manager = client("resource-manager/v2");
const controller = client("resource-controller/v2");
const { ResourceInstancesPager, ResourceKeysPager } = require("@ibm-cloud/platform-services/resource-controller/v2");
const names = (all) => all.map((one) => one.name);

done(async () => {
  const groups = (await manager.listResourceGroups({ accountId: account })).result.resources;
  assert.deepStrictEqual(groups.map((one) => [one.name, one.default]), [["Default", true]]);
  const made = await manager.createResourceGroup({ accountId: account, name: "ops" });
  assert.strictEqual(made.status, 201);
  const group = made.result.id;
  const others = (await manager.listResourceGroups({ accountId: account, _default: false })).result.resources;
  assert.deepStrictEqual(others.map((one) => one.id), [group]);
  assert.strictEqual((await manager.getResourceGroup({ id: group })).result.crn, made.result.crn);
  assert.strictEqual((await manager.updateResourceGroup({ id: group, name: "build" })).result.name, "build");
  await refused(409, manager.createResourceGroup({ accountId: account, name: "build" }));
  await refused(400, manager.listResourceGroups({ accountId: account, includeDeleted: true }));

  const wish = { target: region, resourceGroup: group };
  const first = await controller.createResourceInstance({
    ...wish, name: "monitoring", resourcePlanId: "lite", parameters: { space_id: space },
  });
  assert.strictEqual(first.status, 201);
  const id = first.result.id;
  const changed = await controller.updateResourceInstance({ id, resourcePlanId: "premium", name: "metrics" });
  assert.strictEqual(changed.result.resource_plan_id, "premium");
  assert.deepStrictEqual((await controller.getResourceInstance({ id })).result, changed.result);
  assert.strictEqual((await controller.lockResourceInstance({ id })).result.locked, true);
  await refused(409, controller.updateResourceInstance({ id, name: "late" }));
  assert.strictEqual((await controller.unlockResourceInstance({ id })).result.locked, false);
  const other = (await controller.createResourceInstance({
    ...wish, name: "second", resourcePlanId: "lite", parameters: { space_id: second }, entityLock: false,
  })).result;
  const all = await new ResourceInstancesPager(controller, { limit: 1, type: "service_instance" }).getAll();
  assert.deepStrictEqual(names(all), ["metrics", "second"]);
  await refused(400, controller.listResourceInstances({ subType: "kms" }));

  const keys = [];
  for (const name of ["agent", "reader"]) {
    const key = await controller.createResourceKey({ name, source: id, role: name === "agent" ? "Writer" : "Reader" });
    assert.strictEqual(key.status, 201);
    assert(key.result.credentials.apikey, "the key is shown once");
    keys.push(key.result);
  }
  const [agent, reader] = keys;
  const read = (await controller.getResourceKey({ id: agent.id })).result;
  assert.strictEqual(read.credentials.apikey, undefined);
  assert.strictEqual((await controller.updateResourceKey({ id: agent.id, name: "sender" })).result.name, "sender");
  const listed = await new ResourceKeysPager(controller, { limit: 1 }).getAll();
  assert.deepStrictEqual(names(listed).sort(), ["reader", "sender"]);
  const own = (await controller.listResourceKeysForInstance({ id })).result.resources;
  assert.deepStrictEqual(names(own).sort(), ["reader", "sender"]);
  await refused(409, controller.deleteResourceInstance({ id }));
  assert.strictEqual((await controller.deleteResourceKey({ id: agent.id })).status, 204);
  await refused(404, controller.getResourceKey({ id: agent.id }));
  await refused(409, manager.deleteResourceGroup({ id: group }));
  assert.strictEqual((await controller.deleteResourceInstance({ id, recursive: true })).status, 202);
  await refused(404, controller.getResourceInstance({ id }));
  await refused(404, controller.getResourceKey({ id: reader.id }));
  assert.strictEqual((await controller.deleteResourceInstance({ id: other.id })).status, 202);
  assert.strictEqual((await manager.deleteResourceGroup({ id: group })).status, 204);
  await refused(404, manager.getResourceGroup({ id: group }));
});
"#;

#[test]
fn the_node_sdk_manages_resource_groups_instances_and_keys() {
    let server = Server::start();
    let (url, owner) = (server.serving.url(), &server.owner);
    let second = second_space(&url, &owner.api_key, &owner.org);
    run(
        "the_node_sdk_manages_resource_groups_instances_and_keys",
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
