use super::*;
use iam::AuthError;

#[test]
fn an_outage_of_the_store_is_told_with_when_to_ask_again_and_without_its_reason() {
    for (outage, code, retry_after) in [
        (Outage::DiskFull, code::DISK_FULL, Some(30)),
        (Outage::DiskReserveReached, code::DISK_FULL, Some(60)),
        (Outage::ResourcesExhausted, code::UNAVAILABLE, Some(5)),
        (Outage::ReadOnly, code::UNAVAILABLE, None),
        (Outage::Stuck, code::UNAVAILABLE, None),
    ] {
        let error = StoreError::from(Unavailable::new(outage, "/data/samples/wal"));
        let Refusal(problem) = error.into();
        assert_eq!((problem.code, problem.kind), (code.code, code.kind));
        assert_eq!(problem.retry_after, retry_after, "{outage:?}");
        assert!(!problem.message.contains("/data"), "{}", problem.message);
        let may_be_stored = problem.message.contains("may be stored or deleted later");
        let is_retried = matches!(outage, Outage::DiskFull | Outage::ResourcesExhausted);
        assert_eq!(may_be_stored, is_retried, "{outage:?}");
    }
    let soon = Unavailable {
        retry_after: Some(7),
        ..Unavailable::new(Outage::Stuck, "a cluster that is elected anew")
    };
    let Refusal(problem) = StoreError::from(soon).into();
    assert_eq!(problem.retry_after, Some(7), "the store knows best");
}

/// Telegraf's output for InfluxDB 1 dropped what the server had no place for.
#[test]
fn what_may_be_sent_again_is_told_so_that_senders_of_influxdb_keep_it() {
    for (form, code, status) in [
        (ErrorForm::Influx1, code::TOO_BUSY, 503),
        (ErrorForm::Influx1, code::ACCOUNT_LIMIT, 503),
        (ErrorForm::Influx1, code::BODY_TOO_LARGE, 413),
        (ErrorForm::Influx2, code::TOO_BUSY, 429),
        (ErrorForm::Influx2, code::ACCOUNT_LIMIT, 429),
        (ErrorForm::Monitoring, code::TOO_BUSY, 429),
    ] {
        let mut response = Refusal(code.problem("x")).into_response();
        let request = Request {
            form,
            path: "/",
            transaction: "",
            user_agent: "",
            public_url: "",
            started: base::time::Millis(0),
            ended: base::time::Millis(0),
        };
        let labels = write(&mut response, &request);
        assert_eq!(labels.map(|label| label.code), Some(code.code));
        assert_eq!(response.status(), status, "{form:?} {}", code.code);
        let has_retry_after = response.headers().contains_key(header::RETRY_AFTER);
        assert_eq!(has_retry_after, status != 413, "{form:?} {}", code.code);
    }
}

#[test]
fn a_change_that_may_have_been_made_is_not_to_be_sent_again_unseen() {
    let lost = DbError::OutcomeUnknown {
        source: "the connection was lost".into(),
    };
    let Refusal(problem) = IamError::from(lost).into();
    assert_eq!(problem.code, code::OUTCOME_UNKNOWN.code);
    assert_eq!((problem.kind.status(), problem.retry_after), (500, None));
    assert!(problem.message.contains("may have been made"));
}

#[test]
fn refusals_of_credentials_have_the_codes_of_the_table() {
    let all = [
        (AuthError::Expired { seconds_ago: 1 }, code::TOKEN_EXPIRED),
        (AuthError::Malformed("x"), code::TOKEN_MALFORMED),
        (AuthError::WrongIssuer, code::TOKEN_ISSUER),
        (
            AuthError::WrongKind {
                sent: "iam",
                is: "uaa",
            },
            code::TOKEN_KIND,
        ),
        (AuthError::NotYetValid, code::TOKEN_NOT_YET),
        (AuthError::Signature("x"), code::TOKEN_SIGNATURE),
        (
            AuthError::WrongAccount {
                account: base::id::AccountId(base::id::Guid::from_random([0; 16])),
            },
            code::TOKEN_ACCOUNT,
        ),
        (AuthError::Revoked("x"), code::TOKEN_REVOKED),
        (
            AuthError::Revoked(iam::bounds::NOT_ASSUMABLE),
            code::PROFILE_WITHDRAWN,
        ),
        (
            AuthError::Revoked(iam::bounds::NOT_AUTHORIZED),
            code::INSTANCE_WITHDRAWN,
        ),
        (AuthError::KeyUnknown, code::KEY_UNKNOWN),
        (AuthError::KeyMistyped, code::KEY_UNKNOWN),
        (AuthError::UaaNeedsScope, code::SCOPE_REQUIRED),
        (
            AuthError::DomainNotFound(Box::new(iam::HiddenDomain {
                domain: base::scope::Domain::Account(base::id::AccountId(
                    base::id::Guid::from_random([0; 16]),
                )),
                roles: iam::CallerRoles::NoRole,
                is_proof_too_old: false,
                has_policy_out_of_time: false,
                holder: None,
            })),
            code::DOMAIN_NOT_FOUND,
        ),
        (AuthError::UaaNotForAccount, code::UAA_ACCOUNT),
    ];
    for (error, code) in all {
        let problem = refused::credential(&error);
        assert_eq!(
            (problem.code, problem.kind),
            (code.code, code.kind),
            "{error}"
        );
    }
}
