//! Access policies: they give rights beside roles, and the lists of roles say that there are some.

use crate::client::{Request, encode};
use crate::context::Context;
use crate::figures::counted;
use wire::iam::policy::PolicyListV2;

/// The policies asked for; of more it is told that there are more.
const COUNTED_MAX: u64 = 100;

/// Tells how many access policies the account has, if it has any and the caller may list them.
pub(crate) fn note(context: &Context, account: &str) {
    if context.output.is_quiet() || account.is_empty() {
        return;
    }
    let Some(page) = first_page(context, account) else {
        return;
    };
    let count = counted(
        page.policies.len() as u64,
        "access policy",
        "access policies",
    );
    let more = if page.next.is_some() {
        "more than "
    } else {
        ""
    };
    if !page.policies.is_empty() {
        context.output.note(format!(
            "the account also has {more}{count}, which can give rights beside these roles: `GET /v2/policies?type=access` lists them"
        ));
    }
}

fn first_page(context: &Context, account: &str) -> Option<PolicyListV2> {
    let endpoint = context.api_endpoint().ok()?;
    let url = format!(
        "{endpoint}/v2/policies?account_id={}&type=access&limit={COUNTED_MAX}",
        encode(account)
    );
    let doing = "list access policies";
    context.ask(Request::get(url), doing).ok()?.read(doing).ok()
}
