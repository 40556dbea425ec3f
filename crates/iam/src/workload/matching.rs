//! Whether a trusted profile is for a compute resource: because the profile is linked to it, or because the resource's claims meet
//! one of the profile's rules.

use super::compute_resource::ComputeResource;
use crate::model::claim_condition::ClaimCondition;

/// The compute resource that a link of a profile names. A part that is `None` matches anything.
#[derive(Debug, Clone, Copy)]
pub struct LinkedResource<'l> {
    /// The word of what it runs on.
    pub cr_type: &'l str,
    /// Its CRN.
    pub crn: Option<&'l str>,
    /// Its namespace.
    pub namespace: Option<&'l str>,
    /// Its name.
    pub name: Option<&'l str>,
}

/// Whether a link is for the resource: all that it says is so. A link that says no more than what the resource runs on is for none.
#[must_use]
pub fn is_linked(resource: &ComputeResource, link: LinkedResource<'_>) -> bool {
    let parts = [
        (link.crn, resource.crn.as_deref()),
        (link.namespace, resource.namespace.as_deref()),
        (link.name, resource.name.as_deref()),
    ];
    let is_given = |part: Option<&str>| part.is_some_and(|text| !text.is_empty());
    link.cr_type == resource.cr_type.name()
        && parts.iter().any(|(wanted, _)| is_given(*wanted))
        && (parts.iter()).all(|(wanted, claimed)| !is_given(*wanted) || wanted == claimed)
}

/// Whether the resource meets a rule for those that run on `cr_type`: all of its conditions, of which there must be one.
#[must_use]
pub fn is_ruled<'c>(
    resource: &ComputeResource,
    cr_type: &str,
    conditions: impl IntoIterator<Item = &'c ClaimCondition>,
) -> bool {
    let mut conditions = conditions.into_iter().peekable();
    cr_type == resource.cr_type.name()
        && conditions.peek().is_some()
        && conditions.all(|condition| condition.is_met(resource.claim(condition.claim()).as_ref()))
}

#[cfg(test)]
mod tests {
    use super::super::compute_resource::tests::{claims, cluster};
    use super::*;
    use proptest::prelude::*;

    const CRN: &str = "crn:v1:x:public:y:r:a/b:c::";

    fn resource() -> ComputeResource {
        ComputeResource::of(&cluster(), claims()).unwrap()
    }

    #[test]
    fn a_link_is_for_the_resource_of_which_all_that_it_says_is_so() {
        let resource = resource();
        for (cr_type, crn, namespace, name, expected) in [
            ("IKS_SA", Some(CRN), Some("prod"), Some("web"), true),
            ("IKS_SA", Some(CRN), None, None, true),
            ("IKS_SA", Some(CRN), Some(""), None, true),
            ("IKS_SA", None, Some("prod"), Some("web"), true),
            ("IKS_SA", Some(CRN), Some("prod"), Some("Web"), false),
            ("IKS_SA", Some(CRN), Some("test"), Some("web"), false),
            ("IKS_SA", Some("crn:v1:z"), Some("prod"), Some("web"), false),
            ("ROKS_SA", Some(CRN), Some("prod"), Some("web"), false),
            ("IKS_SA", None, None, None, false),
            ("IKS_SA", Some(""), Some(""), Some(""), false),
        ] {
            let link = LinkedResource {
                cr_type,
                crn,
                namespace,
                name,
            };
            assert_eq!(is_linked(&resource, link), expected, "{link:?}");
        }
        // A resource that has no name is not the one that a link names.
        let mut nameless = resource.clone();
        nameless.name = None;
        let link = LinkedResource {
            cr_type: "IKS_SA",
            crn: Some(CRN),
            namespace: None,
            name: Some("web"),
        };
        assert!(is_linked(&resource, link) && !is_linked(&nameless, link));
    }

    #[test]
    fn a_rule_is_met_by_the_resource_that_meets_all_its_conditions() {
        let condition =
            |claim: &str, value: &str| ClaimCondition::new(claim, "EQUALS", value).unwrap();
        let (namespace, name) = (condition("namespace", "prod"), condition("name", "web"));
        let (other, unknown) = (condition("name", "forged"), condition("email", "a"));
        let resource = resource();
        for (conditions, expected) in [
            (vec![&namespace], true),
            (vec![&namespace, &name], true),
            (vec![&namespace, &other], false),
            (vec![&namespace, &unknown], false),
            (vec![], false),
        ] {
            assert_eq!(
                is_ruled(&resource, "IKS_SA", conditions.clone()),
                expected,
                "{conditions:?}"
            );
            assert!(!is_ruled(&resource, "ROKS_SA", conditions));
        }
    }

    proptest! {
        /// More said of a resource never makes more of them fit.
        #[test]
        fn a_link_that_says_more_is_for_fewer(
            crn in prop::option::of("(crn:v1:x:public:y:r:a/b:c::|other)"),
            namespace in prop::option::of("(prod|test)"), name in prop::option::of("(web|db)"),
        ) {
            let resource = resource();
            let full = LinkedResource {
                cr_type: "IKS_SA",
                crn: crn.as_deref(),
                namespace: namespace.as_deref(),
                name: name.as_deref(),
            };
            for less in [
                LinkedResource { crn: None, ..full },
                LinkedResource { namespace: None, ..full },
                LinkedResource { name: None, ..full },
            ] {
                let says_something = less.crn.or(less.namespace).or(less.name).is_some();
                prop_assert!(!is_linked(&resource, full) || !says_something || is_linked(&resource, less));
            }
        }
    }
}
