//! The IAM ids in tokens. Those of instances have the whole cloud resource name, and nothing else that is read may name one.

use crate::model::directory::Instance;
use base::principal::Principal;

/// How the IAM id of a cloud resource name begins.
const CRN: &str = "crn-";

/// The principal of an IAM id in a token that this server has issued, or that somebody asks about.
pub(crate) fn principal(text: &str) -> Option<Principal> {
    match text.strip_prefix(CRN) {
        Some(crn) => Instance::id_in_crn(crn).map(Principal::from),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::subject::Subject;
    use base::id::{Guid, InstanceId, ServiceId};

    #[test]
    fn the_principal_is_read_back_from_its_iam_id() {
        let guid = Guid::from_random([7; 16]);
        let instance = InstanceId(guid);
        let subjects = [
            Subject::Service(ServiceId(guid), None),
            Subject::Instance {
                id: instance,
                crn: format!(
                    "crn:v1:bluemix:public:ibmcloud-monitoring:local:a/{guid}:{instance}::"
                ),
                name: "metrics".to_owned(),
            },
        ];
        for subject in subjects {
            assert_eq!(principal(&subject.iam_id()), Some(subject.principal()));
        }
        for wrong in [
            Principal::Instance(instance).to_string(),
            "crn-".to_owned(),
            "server".to_owned(),
        ] {
            assert_eq!(principal(&wrong), None, "{wrong}");
        }
    }
}
