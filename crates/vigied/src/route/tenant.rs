//! The header that limits which accounts a token may be for. Whoever sends it relies on it: where it cannot be kept, nothing is issued.

use super::token_refusal::{property, wrong};
use crate::http::header::single;
use crate::http::problem::Refusal;
use base::id::AccountId;
use http::HeaderMap;

const HEADER: &str = "ibm-cloud-tenant";

/// The accounts of the header; none where it is not sent, or is empty.
fn tenants(headers: &HeaderMap) -> Result<Option<Vec<&str>>, Refusal> {
    let Some(value) = single(headers, HEADER, HEADER)? else {
        return Ok(None);
    };
    // The head of a request is limited, and so is the list.
    let text = value.to_str().map_err(|_| {
        wrong(format_args!(
            "the header `{HEADER}` lists ids of accounts, separated by commas"
        ))
    })?;
    let named = text.split(',').map(str::trim);
    let named: Vec<&str> = named.filter(|id| !id.is_empty()).collect();
    Ok((!named.is_empty()).then_some(named))
}

/// The account that the proof itself determines.
pub(super) enum ProofAccount {
    /// No account of its own: the request names it.
    Any,
    /// The account of an API key; `None` if the key is not valid.
    OfKey(Option<AccountId>),
}

/// The account that a token is asked for, by the form and the header together: the form's must be one of the header's, and a single
/// one of the header is as if the form named it. Of several, it is the one that an API key is for; with a key for none of them, the
/// first is asked for, which the key does not open.
///
/// # Errors
/// When they contradict each other, and when several are possible.
pub(super) fn account(
    headers: &HeaderMap,
    asked: Option<String>,
    proof: impl FnOnce() -> ProofAccount,
) -> Result<Option<String>, Refusal> {
    let Some(tenants) = tenants(headers)? else {
        return Ok(asked);
    };
    match (asked, tenants.as_slice()) {
        (Some(asked), tenants) if tenants.iter().any(|id| id.eq_ignore_ascii_case(&asked)) => {
            Ok(Some(asked))
        }
        (Some(_), _) => Err(property(
            "BXNIM0141E",
            format!(
                "`account` is none of the accounts of the header `{HEADER}`: send one of them, or leave the header out"
            ),
        )),
        (None, [only]) => Ok(Some((*only).to_owned())),
        (None, several) => {
            let ProofAccount::OfKey(account) = proof() else {
                return Err(wrong(format_args!(
                    "the header `{HEADER}` lists several accounts: send the one that the token is for as `account`"
                )));
            };
            let account = account.map(|account| account.to_string());
            let is_its_own = |id: &&&str| {
                account
                    .as_ref()
                    .is_some_and(|own_id| own_id.eq_ignore_ascii_case(id))
            };
            let chosen = several.iter().find(is_its_own).or(several.first());
            Ok(chosen.map(|id| (*id).to_owned()))
        }
    }
}

/// Refuses the header with a grant that names no account.
pub(super) fn check_absent(headers: &HeaderMap) -> Result<(), Refusal> {
    match tenants(headers)? {
        None => Ok(()),
        Some(_) => Err(wrong(format_args!(
            "the header `{HEADER}` is not supported with this grant, whose token is for the account of what is shown: leave it out"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(answer: Result<Option<String>, Refusal>) -> Result<Option<String>, String> {
        answer.map_err(|Refusal(problem)| problem.code.to_owned())
    }

    fn of(header: Option<&'static str>, asked: Option<&str>) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(HEADER, http::HeaderValue::from_static(header));
        }
        let asked = asked.map(str::to_owned);
        code_of(account(&headers, asked, || ProofAccount::Any))
    }

    #[test]
    fn the_account_of_a_key_is_chosen_among_several() {
        let (a, b) = ("0".repeat(32), "a".repeat(32));
        let chosen = |list: String, key_account: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, list.parse().unwrap());
            let key_account = key_account.map(|id| id.parse().unwrap());
            code_of(account(&headers, None, || ProofAccount::OfKey(key_account)))
        };
        let is = |id: &str| Ok(Some(id.to_owned()));
        assert_eq!(chosen(format!("{a},{b}"), Some(&b)), is(&b));
        assert_eq!(chosen(format!("{b}, {a}"), Some(&b)), is(&b));
        let upper = b.to_uppercase();
        assert_eq!(chosen(format!("{a},{upper}"), Some(&b)), is(&upper));
        // What the key does not open is refused with it; never is the list left out of account.
        assert_eq!(chosen(format!("{a},x"), Some(&b)), is(&a));
        assert_eq!(chosen(format!("{a},{b}"), None), is(&a));
    }

    #[test]
    fn the_account_is_one_of_both() {
        let is = |id: &str| Ok(Some(id.to_owned()));
        assert_eq!(of(None, None), Ok(None));
        assert_eq!(of(Some(" , "), None), Ok(None));
        assert_eq!(of(None, Some("a")), is("a"));
        assert_eq!(of(Some("a"), None), is("a"));
        assert_eq!(of(Some("b, a"), Some("a")), is("a"));
        assert_eq!(of(Some("b,A"), Some("a")), is("a"));
        assert_eq!(of(Some("b"), Some("a")), Err("BXNIM0141E".to_owned()));
        assert_eq!(of(Some("a,b"), None), Err("BXNIM0106E".to_owned()));
    }

    #[test]
    fn a_grant_without_account_does_not_ignore_it() {
        let mut headers = HeaderMap::new();
        assert!(check_absent(&headers).is_ok());
        headers.insert(HEADER, http::HeaderValue::from_static("a"));
        assert!(check_absent(&headers).is_err());
    }
}
