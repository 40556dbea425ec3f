//! The refusals of `iam` in the terms of the interfaces: the one table from reasons to codes and statuses, and from remedies to
//! commands and fields.

#[cfg(test)]
mod tests;

use super::hidden_domain;
use base::error::{Kind, Problem};
use base::limit::{self, Limit};
use db::DbError;
use iam::bounds::{NOT_ASSUMABLE, NOT_AUTHORIZED};
use iam::directory::ApiKey;
use iam::token::key_error::KeyError;
use iam::{AuthError, IamError, Lockable, Reason, Refusal, Remedy};
use std::borrow::Cow;
use std::io::ErrorKind;
use wire::code;

/// The problem for the caller; `None` for an internal failure, whose details stay in the log.
pub(crate) fn of(error: &IamError) -> Option<Problem> {
    error.refusal().map(problem)
}

/// The problem for a refusal.
pub(crate) fn problem(refusal: &Refusal) -> Problem {
    if let Reason::Credential(error) = &refusal.reason {
        return credential(error);
    }
    let (kind, word) = word_and_kind(&refusal.reason);
    let message = match refusal.reason {
        // As the original begins each refusal of a property.
        Reason::WrongToken | Reason::IssuerAway => {
            format!("Property validation failed: {}", refusal.message).into()
        }
        _ => refusal.message.clone(),
    };
    Problem {
        kind: if refusal.is_slowed { Kind::Busy } else { kind },
        code: word,
        message,
        hint: refusal.remedy.clone().map(hint),
        field: refusal.field.map(Cow::Borrowed),
        position: None,
        limit: refusal.limit,
        retry_after: refusal.retry_after,
    }
}

/// The operator's command that fixes an identity error.
pub(crate) fn operator_hint(error: &IamError) -> Option<&'static str> {
    Some(match error {
        IamError::NotInitialised => "run `vigied init --data DIR` first",
        IamError::AlreadyInitialised => {
            "`vigied serve` serves it; `vigied account create` makes further accounts"
        }
        IamError::Db(DbError::OutcomeUnknown { .. }) => {
            "look whether it was made before you do it again"
        }
        IamError::Db(DbError::Unavailable { .. }) => {
            "try again once `vigied health` says that it is ready; until then, look whether the database runs and can be reached"
        }
        IamError::NoEncryptionKey { .. } => {
            "copy it from another node on this database or from a backup, or name it with `tokens.encryption_key_file`; if it is lost for good, see `vigied keys retire-unreadable --help`"
        }
        IamError::EncryptionKeyGone { .. } => {
            "bring the former one back from a backup or another node before the server ends, because no start succeeds without it; only where the other nodes work with the file that is there now, restart this one"
        }
        IamError::OtherEncryptionKey { .. } => {
            "all nodes on one database need the same: copy it from the node that made the first one, or from a backup"
        }
        IamError::Key(KeyError::File { source, .. })
            if matches!(source.kind(), ErrorKind::InvalidData) =>
        {
            "bring the right file back from another node or a backup; if it is lost for good, move this one away, and see `vigied keys retire-unreadable --help`"
        }
        IamError::Key(KeyError::File { source, .. })
            if matches!(source.kind(), ErrorKind::PermissionDenied) =>
        {
            "give the file to the user that `vigied` runs as, with `chown`"
        }
        IamError::LastKey => "make a successor first with `vigied keys rotate`",
        IamError::NoSuccessorYet { .. } => {
            "wait until then; for a stolen key make one that signs at once, with `vigied keys rotate --now`"
        }
        IamError::NoSuchKey { .. } => "`vigied keys list` shows them",
        _ => return None,
    })
}

/// The problem with the hint for a remedy.
pub(crate) fn mended_by(problem: Problem, remedy: Remedy) -> Problem {
    problem.hint(hint(remedy))
}

/// The refusal of a text that is longer than the limit.
pub(crate) fn check_length(
    field: &'static str,
    text: &str,
    limit: &'static Limit,
) -> Result<(), Problem> {
    iam::manage::text::check_length(field, text, limit).map_err(|refusal| problem(&refusal))
}

/// The refusal of a list in a request that has more entries than the limit.
pub(crate) fn check_count(
    field: &'static str,
    count: usize,
    limit: &'static Limit,
) -> Result<(), Problem> {
    iam::manage::room::check_count(field, count, limit).map_err(|refusal| problem(&refusal))
}

/// The same refusal for a source that has sent too many wrong keys: it must wait before the next answer.
pub(crate) fn slowed(refused: Problem, seconds: u64) -> Problem {
    let problem = Problem {
        kind: Kind::Busy,
        ..refused
    };
    problem
        .hint(hint(Remedy::StopGuessing))
        .limit(&limit::GUESSES_PER_SOURCE)
        .retry_after(seconds)
}

/// The code of a refused proof for the audit. Where it is the address that is refused, it is the same for all proofs: the answers of some
/// interfaces say no more than that it is not allowed.
pub(crate) fn word(refusal: &iam::Refusal) -> &'static str {
    if refusal.closed_account().is_some() {
        return code::ADDRESS_NOT_ALLOWED.code;
    }
    match &refusal.reason {
        Reason::Credential(error) => credential(error).code,
        other => word_and_kind(other).1,
    }
}

const fn word_and_kind(reason: &Reason) -> (Kind, &'static str) {
    match reason {
        // The table has a code for each error of this kind: see `credential`.
        Reason::Credential(_) => (Kind::Unauthenticated, "unauthorized"),
        Reason::NotFound => (Kind::NotFound, "not_found"),
        Reason::WrongAccount => (Kind::Forbidden, "wrong_account"),
        Reason::NotAMember => (Kind::Invalid, "BXNIM0141E"),
        Reason::NotAllowed => (Kind::Forbidden, "insufficient_permissions"),
        Reason::Field => (Kind::Invalid, "invalid_parameter"),
        Reason::Conflict => (Kind::Conflict, "conflict"),
        Reason::SamePolicy => (Kind::Conflict, "policy_conflict_error"),
        Reason::SameRole => (Kind::Conflict, "role_conflict_error"),
        Reason::Locked => (Kind::Conflict, "locked"),
        Reason::AddressUnproven => (Kind::Forbidden, "address_unproven"),
        Reason::WrongCode => (Kind::Invalid, "invalid_code"),
        // No time mends it: clients that repeat by themselves what is told to wait would hang.
        Reason::LimitReached => (Kind::Conflict, "limit_exceeded"),
        Reason::TooManyToday => (Kind::Busy, "too_many_requests"),
        Reason::NoClient | Reason::WrongClient => (Kind::Unauthenticated, "BXNIM0308E"),
        Reason::WrongKey => (Kind::Invalid, "BXNIM0415E"),
        Reason::WrongRefreshToken => (Kind::Invalid, "BXNIM0407E"),
        Reason::RefreshTokenExpired => (Kind::Invalid, "BXNIM0408E"),
        Reason::SessionIdle => (Kind::Invalid, "BXNIM0439E"),
        Reason::WrongProof => (Kind::Invalid, "BXNIM0602E"),
        Reason::WrongToken => (Kind::Invalid, "BXNIM0106E"),
        Reason::IssuerAway => (Kind::Unavailable, "BXNIM0106E"),
        Reason::NotAuthorized => (Kind::Forbidden, "BXNIM0513E"),
        Reason::TooManyLogins => (Kind::Busy, "BXNIM0602E"),
        Reason::TooManyRenewals => (Kind::Busy, "BXNIM0407E"),
        Reason::UaaProof => (Kind::Unauthenticated, "invalid_grant"),
        Reason::UaaToken => (Kind::Unauthenticated, "invalid_token"),
        Reason::NoSession => (Kind::Invalid, "unsupported_token_type"),
    }
}

/// The hint for a refused address.
const ALLOW_ADDRESS: &str = "ask an Administrator of the account to add the address to `allowed_ip_addresses`, from an address that is in it; the server's operator lets all in with `vigied account addresses ACCOUNT all`";

/// How to give a role to a principal without an e-mail address.
const BY_IAM_ID: &str = "to a service ID by its `iam_id` in place of the address";

/// The hint for a remedy.
fn hint(remedy: Remedy) -> Cow<'static, str> {
    match remedy {
        Remedy::SwitchTo(account) => Cow::Owned(format!(
            "run `vigie target -c {account}` to switch; a key opens its own account alone"
        )),
        Remedy::RaiseLimit(account, limit) => Cow::Owned(format!(
            "delete some, or let the operator run `vigied account limit {account} {}=NUMBER`",
            limit.name
        )),
        Remedy::ListOwnAccounts => {
            Cow::Borrowed("`vigie account list` shows the accounts you are in")
        }
        Remedy::ShorterLife => Cow::Borrowed(
            "set an earlier `expires_at`, or log in with a password or with a key that lasts longer",
        ),
        Remedy::Unlock(Lockable::Key) => {
            Cow::Borrowed("`vigie iam api-key-unlock NAME`, or `DELETE /v1/apikeys/ID/lock`")
        }
        Remedy::Unlock(Lockable::ServiceKey) => Cow::Borrowed(
            "`vigie iam service-api-key-unlock NAME SERVICE_ID`, or `DELETE /v1/apikeys/ID/lock`",
        ),
        Remedy::Unlock(Lockable::ServiceId) => Cow::Borrowed(
            "`vigie iam service-id-unlock SERVICE_ID`, or `DELETE /v1/serviceids/ID/lock`",
        ),
        Remedy::Unlock(Lockable::Instance) => {
            Cow::Borrowed("`DELETE /v2/resource_instances/ID/lock`")
        }
        Remedy::KeepLogin => Cow::Borrowed(
            "keep one login and renew it, or send the API key itself with each request",
        ),
        Remedy::UseAccessToken => {
            Cow::Borrowed("use an access token until it expires, or log in again")
        }
        Remedy::DelegateAnew => Cow::Borrowed(
            "use an access token until it expires; then the user logs in again, and has that login delegate a token",
        ),
        Remedy::LogInAgain => Cow::Borrowed("log in again with `vigie login`"),
        Remedy::LogInAnew => Cow::Borrowed("log in with a password or an API key"),
        Remedy::LogInForAnyAccount => {
            Cow::Borrowed("log in with a password or a one-time code to work in another account")
        }
        Remedy::LogInByKey => Cow::Borrowed("log in with the API key itself"),
        Remedy::NoPasswordCheck => Cow::Borrowed("API keys and refresh tokens need not wait"),
        Remedy::StopGuessing => Cow::Borrowed(
            "too many wrong keys, codes or refresh tokens come from your network (`guesses_per_source`); right ones go on working",
        ),
        Remedy::SendClient => Cow::Borrowed(
            "send the client `bx` with the secret `bx`: as Basic in `Authorization`, or as `client_id` and `client_secret`",
        ),
        Remedy::ListRoles => Cow::Borrowed(
            "`GET /v2/roles` lists those of the platform, of the service and of the account, with their CRNs",
        ),
        Remedy::LeaveAccountOut => Cow::Borrowed("leave `account` out"),
        Remedy::MadeKey => Cow::Borrowed("leave `apikey` out to have one made"),
        Remedy::BetterPassword => {
            Cow::Borrowed("take four or five words that do not belong together")
        }
        Remedy::NameSpace => Cow::Borrowed(
            "`vigie account spaces` lists the spaces you can see, and `vigie account space NAME --guid` prints the GUID of one",
        ),
        Remedy::NameOrg => Cow::Borrowed(
            "`vigie account orgs` lists the organizations you can see, and `vigie account org NAME --guid` prints the GUID of one",
        ),
        Remedy::NameDomain => Cow::Borrowed(
            "`vigie account org NAME --guid` and `vigie account space NAME --guid` print GUIDs",
        ),
        Remedy::NameAccessGroup => {
            Cow::Borrowed("`GET /v2/groups` lists the access groups with their ids")
        }
        Remedy::NameResourceGroup => {
            Cow::Borrowed("`GET /v2/resource_groups` lists the resource groups with their ids")
        }
        Remedy::ReplaceWithCondition => Cow::Borrowed(
            "`PUT /v2/policies/ID` replaces it, with its `pattern` and `rule` or without them",
        ),
        Remedy::AskForRole(holder) => Cow::Owned(hidden_domain::role_in_space(&holder)),
        Remedy::HaveAccountRoleGiven(role) => Cow::Owned(format!(
            "an Administrator of the account does it, or gives the role with `vigie account role-set EMAIL {role}` ({BY_IAM_ID})"
        )),
        Remedy::HaveRoleGiven(role) => Cow::Owned(match role {
            "SpaceManager" => format!(
                "one of them does it, or gives the role with `vigie account space-role-set EMAIL ORG SPACE {role}` ({BY_IAM_ID})"
            ),
            _ => format!(
                "one of them does it, or gives the role with `vigie account org-role-set EMAIL ORG {role}` ({BY_IAM_ID})"
            ),
        }),
        Remedy::DeleteRecursively => Cow::Borrowed(
            "delete what is in it first, or everything at once: `vigie account org-delete ORG --recursive` (in the API `recursive=true`)",
        ),
        Remedy::DeleteKeys => Cow::Borrowed("delete some with `vigie iam api-key-delete NAME`"),
        Remedy::DeleteEvents => Cow::Borrowed(
            "delete old ones with `DELETE /events/?until=-1y`, or let the operator raise `limits.events_per_domain`",
        ),
        Remedy::WaitForDeletions => Cow::Borrowed(
            "wait until some have gone (`vigie account deleted` says when), or let the operator run `vigied deleted purge`",
        ),
        Remedy::InviteTomorrow => Cow::Borrowed(
            "invite the others tomorrow, or let the operator raise the limit with `vigied account limit ACCOUNT invitations_per_day=NUMBER`",
        ),
        Remedy::WithdrawInvitations => Cow::Borrowed(
            "withdraw some with `vigie account user-remove EMAIL`, or let the operator raise the limit with `vigied account limit ACCOUNT invitations_per_account=NUMBER`",
        ),
        Remedy::SeveralRequests => Cow::Borrowed("invite them in several requests"),
        Remedy::LogInByPassword => {
            Cow::Borrowed("log in with your password: `vigie login -u EMAIL`")
        }
        Remedy::ListInvitations => Cow::Borrowed("`vigie account invitations` lists those that do"),
        Remedy::ProveAddress => Cow::Borrowed(
            "bring the code from the mail, or ask the operator: `vigied user confirm EMAIL`, or `vigied invitation code EMAIL`, then \
             `vigie account accept ID --code CODE` (a login with the code begins anew)",
        ),
        Remedy::AnotherCode => Cow::Borrowed(
            "the operator makes another: `vigied user reset-password EMAIL` for a lost password, `vigied invitation code EMAIL` for an invitation, which the person who invited you can also send again",
        ),
        Remedy::AnswerByPassword => Cow::Borrowed(
            "the person logs in with the own password, and answers with `vigie account accept` or `decline`",
        ),
        Remedy::LetInByCode => {
            Cow::Borrowed("`vigied invitation code EMAIL` lets an invited person in")
        }
        Remedy::NameAccount => Cow::Borrowed(
            "name one with `--account ACCOUNT`; the others can be accepted after the login",
        ),
        Remedy::NameAccountOfKey => {
            Cow::Borrowed("name one with `--account ACCOUNT`: a key opens one account alone")
        }
        Remedy::InviteOrMake => Cow::Borrowed(
            "invite with `vigie account user-invite EMAIL`, or make an account with `vigied account create NAME --owner EMAIL`",
        ),
        Remedy::ListUsers => Cow::Borrowed("`vigied user list` shows who is in which"),
        Remedy::ListUsersOrLetIn => Cow::Borrowed(
            "`vigied user list` shows them; `vigied invitation code EMAIL` lets an invited person in",
        ),
        Remedy::ConfirmOrLetIn => Cow::Borrowed(
            "if you know it does, run `vigied user confirm EMAIL` first; else `vigied invitation code EMAIL` lets its owner start again",
        ),
        Remedy::ListAccounts => Cow::Borrowed("`vigied account list` shows them"),
        Remedy::AnotherAccountName => {
            Cow::Borrowed("choose another name: `vigied account list` shows those that are taken")
        }
        Remedy::MakeAnotherAccount => Cow::Borrowed(
            "make another with `vigied account create NAME --owner EMAIL` first; to be rid of everything, stop the server and remove its data folder",
        ),
        Remedy::ListDeletedAccounts => {
            Cow::Borrowed("`vigied account list --deleted` shows what can be brought back")
        }
        Remedy::RestoreAccount => Cow::Borrowed(
            "the server's operator can bring the account back, with `vigied account restore`",
        ),
        Remedy::RestoreOrg => {
            Cow::Borrowed("restore the organization first, with `vigie account org-restore`")
        }
        Remedy::InviteAgain => {
            Cow::Borrowed("an Administrator of the account can invite the user again")
        }
        Remedy::InviteAgainOrRestore => Cow::Borrowed(
            "an Administrator of an account can invite the user again; an account that was deleted is brought back by the server's operator, with `vigied account restore`",
        ),
        Remedy::RestoreUnderAnotherName => {
            Cow::Borrowed("bring it back under another name, with `--name NAME`")
        }
        Remedy::AllowAddress(_) => Cow::Borrowed(ALLOW_ADDRESS),
    }
}

/// The problem for a refused credential.
pub(crate) fn credential(error: &AuthError) -> Problem {
    let renew = "run `vigie iam oauth-tokens` for a fresh one; `vigie login` if that fails";
    let again = "a person runs `vigie login`, then `vigie iam oauth-tokens`; a program asks `POST /identity/token` again as it got \
                 this one, and is told if it may not any more";
    let (code, hint) = match error {
        AuthError::Expired { .. } => (code::TOKEN_EXPIRED, renew),
        AuthError::Malformed(_) => (
            code::TOKEN_MALFORMED,
            "copy what `vigie iam token` prints, whole and on one line",
        ),
        AuthError::WrongIssuer => (
            code::TOKEN_ISSUER,
            "run `vigie login -a URL` with this server's address; a workload shows the token that it runs with at `POST /identity/token`, \
             with the grant `urn:ibm:params:oauth:grant-type:cr-token`",
        ),
        AuthError::WrongKind { .. } => (
            code::TOKEN_KIND,
            "send `X-Auth-User-Token: iam TOKEN` or `uaa TOKEN`, as `vigie iam oauth-tokens` labels them",
        ),
        AuthError::NotYetValid => (
            code::TOKEN_NOT_YET,
            "set the clocks, then run `vigie iam oauth-tokens`",
        ),
        AuthError::Signature(_) => (code::TOKEN_SIGNATURE, again),
        AuthError::WrongAccount { account } => {
            let message = error.to_string();
            let problem = code::TOKEN_ACCOUNT.problem(message);
            return problem.hint(format!(
                "run `vigie target -c {account}` for a token of that account; a key opens its own account alone"
            ));
        }
        AuthError::Revoked(ApiKey::DISABLED) => (
            code::TOKEN_REVOKED,
            "enable the key (`DELETE /v1/apikeys/ID/disable`), or use another",
        ),
        AuthError::Revoked(ApiKey::EXPIRED) => (
            code::TOKEN_REVOKED,
            "extend the key (`PUT /v1/apikeys/ID` with `expires_at`), or use another",
        ),
        AuthError::Revoked(NOT_ASSUMABLE) => (code::PROFILE_WITHDRAWN, again),
        AuthError::Revoked(NOT_AUTHORIZED) => (code::INSTANCE_WITHDRAWN, again),
        AuthError::Revoked(_) => (code::TOKEN_REVOKED, again),
        AuthError::AddressNotAllowed { .. } => (code::ADDRESS_NOT_ALLOWED, ALLOW_ADDRESS),
        AuthError::Stale { .. } | AuthError::Behind | AuthError::Unheard => (
            code::UNAVAILABLE,
            "send again later; the operator sees why at `/health/ready` of the operations listener",
        ),
        AuthError::OutOfReach { .. } => (
            code::KEY_REACH,
            "send `X-Auth-Scope-Id` with the domain it reaches, or use a key that was made without `--domain` and `--only` (`reach` in the API)",
        ),
        AuthError::ForMetricsOnly => (
            code::KEY_METRICS_ONLY,
            "log in with a password, or with a key that was made without `--domain` and `--only` (`reach` in the API)",
        ),
        AuthError::InstanceForMetricsOnly => (
            code::KEY_METRICS_ONLY,
            "send the token of the service ID itself, for which you got the instance's, or a person's: \
             either needs a role for this",
        ),
        AuthError::KeyUnknown => (
            code::KEY_UNKNOWN,
            "make one with `vigie iam api-key-create NAME`",
        ),
        AuthError::KeyMistyped => (code::KEY_UNKNOWN, "copy it whole, from `vgk_` to the end"),
        AuthError::UaaNeedsScope => (
            code::SCOPE_REQUIRED,
            "send `X-Auth-Scope-Id: s-GUID`; `vigie account space NAME --guid` prints the GUID",
        ),
        AuthError::DomainNotFound(hidden) => {
            let problem = code::DOMAIN_NOT_FOUND.problem(error.to_string());
            return problem.hint(hidden_domain::hint(hidden));
        }
        AuthError::UaaNotForAccount => (
            code::UAA_ACCOUNT,
            "send an `iam` token or an `apikey` instead",
        ),
    };
    code.problem(error.to_string()).hint(hint)
}
