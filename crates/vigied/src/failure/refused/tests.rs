use super::*;

const REASONS: [Reason; 28] = [
    Reason::NotFound,
    Reason::WrongAccount,
    Reason::NotAMember,
    Reason::NotAllowed,
    Reason::Field,
    Reason::Conflict,
    Reason::SamePolicy,
    Reason::SameRole,
    Reason::Locked,
    Reason::AddressUnproven,
    Reason::WrongCode,
    Reason::LimitReached,
    Reason::TooManyToday,
    Reason::NoClient,
    Reason::WrongKey,
    Reason::WrongClient,
    Reason::WrongRefreshToken,
    Reason::RefreshTokenExpired,
    Reason::SessionIdle,
    Reason::WrongProof,
    Reason::WrongToken,
    Reason::IssuerAway,
    Reason::NotAuthorized,
    Reason::TooManyLogins,
    Reason::TooManyRenewals,
    Reason::UaaProof,
    Reason::UaaToken,
    Reason::NoSession,
];

#[test]
fn every_word_and_status_is_in_the_reference() {
    let all = [code::TOKEN_SERVICE, code::IDENTITY, code::UAA].concat();
    for reason in REASONS {
        let answer = problem(&Refusal::new(reason.clone(), "x"));
        let status = answer.kind.status().to_string();
        let is_named = all
            .iter()
            .any(|entry| entry.word == answer.code && entry.status.contains(&status));
        assert!(is_named, "{reason:?}: `{}` with {status}", answer.code);
    }
}

/// Each with the interface that speaks it, and as it is told to somebody who guesses.
#[test]
fn every_word_with_its_status_is_in_the_table_of_its_interface() {
    let listed = |words, problem: &Problem| {
        let (code, kind) = (problem.code, problem.kind);
        assert!(
            code::is_listed(words, code, kind),
            "`{code}` with {}",
            kind.status()
        );
    };
    let guesses = [
        (code::TOKEN_SERVICE, Reason::WrongKey),
        (code::TOKEN_SERVICE, Reason::WrongClient),
        (code::TOKEN_SERVICE, Reason::WrongRefreshToken),
        (code::TOKEN_SERVICE, Reason::WrongProof),
        (code::TOKEN_SERVICE, Reason::WrongToken),
        (code::TOKEN_SERVICE, Reason::NoSession),
        (code::UAA, Reason::UaaProof),
        (code::UAA, Reason::UaaToken),
        (code::UAA, Reason::NoSession),
    ];
    for (words, reason) in guesses {
        let mut refusal = Refusal::new(reason, "x");
        listed(words, &problem(&refusal));
        refusal.is_slowed = true;
        listed(words, &problem(&refusal));
    }
    // A service or profile asks for a UAA token, at either endpoint.
    let no_user = problem(&Refusal::new(Reason::NotAllowed, "x"));
    for words in [code::TOKEN_SERVICE, code::IDENTITY, code::UAA] {
        listed(words, &no_user);
    }
    for error in [AuthError::KeyUnknown, AuthError::KeyMistyped] {
        listed(&[], &credential(&error));
        listed(&[], &slowed(credential(&error), 1));
    }
    let late = Problem {
        kind: Kind::Unavailable,
        ..code::TIMEOUT.problem("x")
    };
    listed(&[], &late);
    assert!(!code::is_listed(code::UAA, "BXNIM0415E", Kind::Invalid));
}

/// IBM's clients repeat by themselves what is answered with 429, after `Retry-After`.
#[test]
fn who_has_as_much_as_they_may_is_not_told_to_wait() {
    let refusal = Refusal::new(Reason::LimitReached, "x").limit(&limit::SPACES_PER_ACCOUNT);
    let answer = problem(&refusal);
    assert_eq!((answer.kind.status(), answer.retry_after), (409, None));
    let tomorrow = problem(&Refusal::new(Reason::TooManyToday, "x"));
    assert_eq!(tomorrow.kind.status(), 429);
}

#[test]
fn whoever_guesses_too_often_waits_under_the_same_code() {
    let mut refusal = Refusal::new(Reason::WrongKey, "x");
    assert_eq!(problem(&refusal).kind, Kind::Invalid);
    refusal.is_slowed = true;
    let answer = problem(&refusal);
    assert_eq!((answer.kind, answer.code), (Kind::Busy, "BXNIM0415E"));
}

#[test]
fn a_token_for_another_account_names_the_command_that_switches() {
    let account = base::id::AccountId(base::id::Guid::from_random([7; 16]));
    let error = AuthError::WrongAccount { account };
    let hint = credential(&error).hint.unwrap();
    assert!(hint.contains(&format!("vigie target -c {account}")));
    let refusal = Refusal::new(Reason::WrongAccount, "x").remedy(Remedy::SwitchTo(account));
    let hint = problem(&refusal).hint.unwrap();
    assert!(hint.contains(&format!("-c {account}")));
}

#[test]
fn what_cannot_be_known_is_said_to_be_so() {
    assert_eq!(credential(&AuthError::Behind).kind, Kind::Unavailable);
    let (seconds, allowed) = (2, 1);
    let stale = AuthError::Stale { seconds, allowed };
    assert_eq!(credential(&stale).kind.status(), 503);
    let domain =
        base::scope::Domain::Account(base::id::AccountId(base::id::Guid::from_random([7; 16])));
    let beyond = credential(&AuthError::OutOfReach { domain });
    assert_eq!(beyond.kind.status(), 403);
    for why in [ApiKey::DISABLED, ApiKey::EXPIRED] {
        let hint = credential(&AuthError::Revoked(why)).hint.unwrap();
        assert!(hint.contains("/v1/apikeys/ID"), "{hint}");
    }
}

/// The token of an instance whose key was retired was refused with what people do.
#[test]
fn a_program_is_told_how_it_gets_another_token() {
    for error in [
        AuthError::Signature(
            "its header names a key that its issuer does not have, or has retired",
        ),
        AuthError::Revoked(NOT_ASSUMABLE),
        AuthError::Revoked(NOT_AUTHORIZED),
    ] {
        let hint = credential(&error).hint.unwrap();
        assert!(
            hint.contains("a program asks `POST /identity/token` again"),
            "{hint}"
        );
    }
}
