//! Resource groups, and the instances of the monitoring service in them.

use super::Stamp;
use super::plan::Plan;
use super::policy_target::SERVICE_NAME;
use base::id::{AccountId, InstanceId, ResourceGroupId, SpaceId};
use base::time::Millis;

/// A resource group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceGroup {
    /// Its id.
    pub id: ResourceGroupId,
    /// The account it belongs to.
    pub account: AccountId,
    /// Its name, unique in the account.
    pub name: String,
    /// When it was created, and by whom.
    pub created: Stamp,
    /// When it was changed last.
    pub modified_at: Millis,
}

impl ResourceGroup {
    /// The name of an account's first group until it is renamed.
    pub const DEFAULT_NAME: &'static str = "Default";

    /// The id of an account's first group: its GUID is that of the account.
    #[must_use]
    pub const fn default_of(account: AccountId) -> ResourceGroupId {
        ResourceGroupId(account.0)
    }

    /// Its cloud resource name.
    #[must_use]
    pub fn crn(&self) -> String {
        let (account, id) = (self.account, self.id);
        format!("crn:v1:bluemix:public:resource-controller::a/{account}::resource-group:{id}")
    }

    /// Whether it is the account's first one, which is there from the beginning and stays.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.id == Self::default_of(self.account)
    }
}

/// An instance of the monitoring service: it says the plan of a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The resource group it is in.
    pub group: ResourceGroupId,
    /// The space that it is for; another instance cannot be for the same one.
    pub space: SpaceId,
    /// Its name; several may have the same.
    pub name: String,
    /// Its plan.
    pub plan: Plan,
    /// Locked: it cannot be changed or deleted until it is unlocked.
    pub locked: bool,
    /// When it was created, and by whom.
    pub created: Stamp,
    /// When it was changed last, and by whom.
    pub modified: Stamp,
}

impl Instance {
    /// Its cloud resource name, in the region of its space.
    #[must_use]
    pub fn crn(&self, region: &str) -> String {
        let (account, id) = (self.account, self.id);
        format!("crn:v1:bluemix:public:{SERVICE_NAME}:{region}:a/{account}:{id}::")
    }

    /// The id in what may be the cloud resource name of an instance. Whether there is one, and whether that is its name, is not said.
    pub(crate) fn id_in_crn(crn: &str) -> Option<InstanceId> {
        let parts: Vec<&str> = crn.splitn(11, ':').collect();
        let [
            "crn",
            "v1",
            "bluemix",
            "public",
            SERVICE_NAME,
            _,
            _,
            id,
            "",
            "",
        ] = parts.as_slice()
        else {
            return None;
        };
        id.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    #[test]
    fn the_id_of_an_instance_is_read_back_from_its_crn_alone() {
        let guid = |number: u8| Guid::from_random([number; 16]);
        let by = Stamp {
            at: Millis(1),
            by: base::principal::Principal::Server,
        };
        let instance = Instance {
            id: InstanceId(guid(1)),
            account: AccountId(guid(2)),
            group: ResourceGroupId(guid(3)),
            space: SpaceId(guid(4)),
            name: "metrics".to_owned(),
            plan: Plan::Lite,
            locked: false,
            created: by,
            modified: by,
        };
        let crn = instance.crn("local");
        assert_eq!(Instance::id_in_crn(&crn), Some(instance.id));
        for wrong in [
            crn.replace("ibmcloud-monitoring", "kms"),
            crn.replace("::", ":x:"),
            crn.replace(&instance.id.to_string(), "x"),
            format!("{crn}:"),
            format!("crn-{crn}"),
            String::new(),
        ] {
            assert_eq!(Instance::id_in_crn(&wrong), None, "{wrong}");
        }
    }
}
