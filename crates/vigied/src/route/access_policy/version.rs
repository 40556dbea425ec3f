//! The two versions of the interface of policies. They differ in the form of bodies and answers alone.

use super::form::{self, Form};
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::params::body;
use crate::route::paging::ListLinks;
use iam::Identity;
use iam::directory::Policy;
use iam::manage::access_policy::PolicyTerms;
use serde::Serialize;
use wire::iam::policy as wired;

/// A page of a list of policies.
pub(in crate::route) struct PolicyPart {
    pub(super) limit: u64,
    pub(super) links: ListLinks<wired::PolicyPage>,
    pub(super) policies: Vec<Policy>,
}

/// One version of the interface.
pub(in crate::route) trait Version: 'static {
    /// The path of the list.
    const PATH: &'static str;
    /// Whether `GET` of one policy takes `format`, as that of the list does.
    const ONE_HAS_FORMAT: bool;
    /// A policy in an answer.
    type WirePolicy: Serialize;
    /// A page of a list in an answer.
    type List: Serialize;

    /// The terms in a body.
    fn terms(
        app: &App,
        caller: &Identity,
        bytes: &[u8],
    ) -> impl Future<Output = Result<PolicyTerms, Refusal>> + Send;

    fn to_wire(form: &Form<'_>, policy: &Policy) -> Self::WirePolicy;

    fn list(form: &Form<'_>, part: PolicyPart) -> Self::List;
}

/// `/v1/policies`.
pub(in crate::route) enum V1 {}

/// `/v2/policies`.
pub(in crate::route) enum V2 {}

impl Version for V1 {
    const PATH: &'static str = "/v1/policies";
    const ONE_HAS_FORMAT: bool = false;
    type WirePolicy = wired::Policy;
    type List = wired::PolicyList;

    async fn terms(app: &App, caller: &Identity, bytes: &[u8]) -> Result<PolicyTerms, Refusal> {
        form::first(app, caller, body(bytes)?).await
    }

    fn to_wire(form: &Form<'_>, policy: &Policy) -> wired::Policy {
        form.first(policy)
    }

    fn list(form: &Form<'_>, part: PolicyPart) -> wired::PolicyList {
        let policies = part.policies.iter();
        wired::PolicyList {
            limit: part.limit,
            first: part.links.first,
            next: part.links.next,
            previous: part.links.previous,
            policies: policies.map(|policy| form.first(policy)).collect(),
        }
    }
}

impl Version for V2 {
    const PATH: &'static str = "/v2/policies";
    const ONE_HAS_FORMAT: bool = true;
    type WirePolicy = wired::PolicyV2;
    type List = wired::PolicyListV2;

    async fn terms(app: &App, caller: &Identity, bytes: &[u8]) -> Result<PolicyTerms, Refusal> {
        form::second(app, caller, body(bytes)?).await
    }

    fn to_wire(form: &Form<'_>, policy: &Policy) -> wired::PolicyV2 {
        form.second(policy)
    }

    fn list(form: &Form<'_>, part: PolicyPart) -> wired::PolicyListV2 {
        let policies = part.policies.iter();
        wired::PolicyListV2 {
            limit: part.limit,
            first: part.links.first,
            next: part.links.next,
            previous: part.links.previous,
            policies: policies.map(|policy| form.second(policy)).collect(),
        }
    }
}
