//! Help for members without any role: who gives one, and with which command. It names no organization or space, because no list
//! shows them any.

use crate::client::{Reply, Request};
use crate::config::{CfConfig, DomainFields};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::printable_text::{PrintableText, escaped};
use crate::token::Claims;

/// The server's code for a domain that is not there or not to be seen.
const DOMAIN_NOT_FOUND: &str = "BXNMSRI13E";

/// The request that shows whether the caller has a role in a domain: a short answer to everybody who has one.
pub(crate) const PROBE: &str = "/v1/settings/domain";

/// The command that gives a role, for who can run it; the member's address is filled in where it is known.
pub(crate) fn hint(claims: Option<&Claims>) -> PrintableText {
    escaped!(
        "you have no role in an organization yet; an Administrator gives one with `vigie account space-role-set {} ORG SPACE SpaceDeveloper`",
        PrintableText::word(address(claims))
    )
}

/// The member's address, the IAM id of a service ID, or what stands for them.
fn address(claims: Option<&Claims>) -> &str {
    let known = claims.map(|claims| match claims.is_of_program() {
        true => claims.iam_id.as_str(),
        false => claims.email.as_str(),
    });
    known.filter(|text| !text.is_empty()).unwrap_or("EMAIL")
}

impl Context {
    /// The hint for a member who sees no organization. A person may also have been let in by a dynamic rule until their login became too
    /// old for it, which the lists do not say.
    pub(crate) fn no_role(&self) -> PrintableText {
        let claims = self.claims();
        let role = hint(claims.as_ref());
        match claims.is_some_and(|claims| claims.is_of_program()) {
            true => role,
            false => escaped!(
                "{}; or log in again with `vigie login`, if a dynamic rule of an access group let you in: it does so for some hours after a login",
                role
            ),
        }
    }

    /// The failure where there is no organization to name.
    pub(crate) fn no_org(&self) -> Failure {
        Failure::new(Kind::NotFound, "you see no organization").hint(self.no_role())
    }

    /// The failure of a list of the spaces of an organization that was targeted when the caller still saw one.
    pub(crate) fn lost_org(&self, failure: Failure) -> Failure {
        let is_lost = failure.kind == Kind::NotFound && self.sees_nothing();
        match is_lost {
            true => failure.hint(self.no_role()),
            false => failure,
        }
    }

    /// The failure of a member without a role who makes a space: a role in a space does not allow it.
    pub(crate) fn no_role_for_spaces(&self, mut failure: Failure) -> Failure {
        if failure.kind == Kind::NotFound && self.has_no_role() {
            failure.hints = vec![escaped!(
                "its OrgManager or an Administrator makes a space; an Administrator gives the role with `vigie account org-role-set {} ORG OrgManager`",
                PrintableText::word(address(self.claims().as_ref()))
            )];
        }
        failure
    }

    /// Whether the caller sees no organization, so that there is none to target. Asked only if none is targeted; `false` if the
    /// server does not answer.
    pub(crate) fn has_no_role(&self) -> bool {
        let is_targeted = |cf: CfConfig| !cf.organization_fields.guid.is_empty();
        !self.cf().is_ok_and(is_targeted) && self.sees_nothing()
    }

    fn sees_nothing(&self) -> bool {
        self.orgs("").is_ok_and(|orgs| orgs.is_empty())
    }

    /// Whether the server says that the caller has no role in the domain, or, if none is named, in the account; `false` if it does
    /// not answer.
    pub(crate) fn lacks_role_in(&self, scope: Option<&str>) -> bool {
        self.no_role_refusal(scope).is_some()
    }

    /// The scope of the login; none where that is the account, for want of anything targeted, and the caller has no role in it.
    /// Only then the server is asked, and only with a token at hand.
    pub(crate) fn open_scope(&self) -> Option<String> {
        let scope = self.scope_id().ok()?;
        let is_fallback = scope.starts_with("a-") && self.reach().is_none();
        let is_closed = is_fallback && self.has_valid_token() && self.lacks_role_in(Some(&scope));
        (!is_closed).then_some(scope)
    }

    /// The server's refusal where the caller has no role in the domain; its hints name who gives one, and by which command.
    pub(crate) fn no_role_refusal(&self, scope: Option<&str>) -> Option<Failure> {
        let asked = || -> Result<Reply, Failure> {
            let url = format!("{}{PROBE}", self.metrics_endpoint()?);
            let request = match scope {
                Some(scope) => Request::get(url).header("x-auth-scope-id", scope),
                None => Request::get(url),
            };
            self.send_with_token(request, |request, token| {
                request.header("x-auth-user-token", format!("iam {}", token.expose()))
            })
        };
        let reply = asked().ok()?;
        is_hidden(&reply).then(|| reply.refusal("use the metrics"))
    }

    /// Where to look for an organization that was not found.
    pub(crate) fn hint_at_orgs(&self) -> PrintableText {
        if self.sees_nothing() {
            return self.no_role();
        }
        "list what you can see with `vigie account orgs`".into()
    }

    /// Where to look for a space that was not found in an organization.
    pub(crate) fn hint_at_spaces(&self, org: &DomainFields) -> PrintableText {
        match self.spaces(&org.guid) {
            Ok(spaces) if spaces.is_empty() => self.no_space(org),
            _ => escaped!(
                "list what you can see with `vigie account spaces -o {}`",
                PrintableText::word(&org.name)
            ),
        }
    }

    /// The hint for a member who sees the organization and no space of it.
    pub(crate) fn no_space(&self, org: &DomainFields) -> PrintableText {
        let claims = self.claims();
        escaped!(
            "you see no space of it: its OrgManager or an Administrator makes one with `vigie account space-create NAME -o {}`, or gives a role in one with `vigie account space-role-set {} {} SPACE SpaceDeveloper`",
            PrintableText::word(&org.name),
            PrintableText::word(address(claims.as_ref())),
            PrintableText::word(&org.name)
        )
    }
}

/// Whether the server answered that the domain is not there or not to be seen.
pub(crate) fn is_hidden(reply: &Reply) -> bool {
    reply.status == 404 && reply.refusal("").code.as_deref() == Some(DOMAIN_NOT_FOUND)
}
