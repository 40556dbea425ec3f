//! Verifying a caller whose token is known takes nothing from the heap: header, credential, scope header, `Scope`.
//! How long it takes is in the benchmark `verify`.

#![expect(
    unsafe_code,
    reason = "a global allocator that counts can be written in no other way"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting what each thread asks of it.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // While a thread ends its counter is gone; nobody reads it then.
    let _ = ALLOCATIONS.try_with(|cell| cell.set(cell.get() + 1));
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory it manages.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract, which is the system allocator's own.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[cfg(test)]
mod tests {
    use super::ALLOCATIONS;
    use base::secret::Secret;
    use base::time::SystemClock;
    use db::Db;
    use iam::bootstrap::Request;
    use iam::flow::grant::{Client, Grant, TokenRequest};
    use iam::{Credential, Iam, IamConfig, Verifier};
    use std::hint::black_box;
    use std::sync::Arc;

    fn allocations(work: impl FnOnce()) -> u64 {
        let before = ALLOCATIONS.get();
        work();
        ALLOCATIONS.get() - before
    }

    fn check(verifier: &Verifier, token: &[u8], scope: &[u8]) {
        let sent = wire::credential::user_token(token).unwrap();
        let credential = match sent.kind {
            Some(wire::credential::CredentialKind::ApiKey) => Credential::ApiKey(sent.text),
            Some(wire::credential::CredentialKind::Uaa) => Credential::Uaa(sent.text),
            Some(wire::credential::CredentialKind::Iam) => Credential::Iam(sent.text),
            None => verifier.bearer(sent.text),
        };
        let domain = wire::scope_id::parse(scope).unwrap();
        black_box(verifier.scope(credential, Some(domain)).unwrap());
    }

    #[test]
    fn a_known_caller_costs_no_allocation() {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (iam, tokens, api_key, space) = runtime.block_on(async {
            let database = folder.path().join("iam.db");
            let db = Db::open(database.to_str().unwrap()).await.unwrap();
            let config = IamConfig {
                issuer: "https://vigie.example/identity".to_owned(),
                uaa_issuer: "https://vigie.example/oauth/token".to_owned(),
                access_token_seconds: 3600,
                logging_token_seconds: 365 * 86_400,
                refresh_token_seconds: 86_400,
                keys: folder.path().join("keys"),
                encryption_key: None,
                account_limits: iam::manage::quota::AccountLimits::default(),
                stale_seconds_max: 300,
                password_checks_max: 1,
                password_cost: iam::PasswordCost::default(),
                limits: iam::IamLimits::default(),
                signing: iam::SigningConfig::default(),
                refusal_word: |refusal| refusal.reason.name(),
                deleted_milliseconds: 0,
                default_plan: None,
                workload_issuers: Vec::new(),
                invitations: iam::manage::invitation::InvitationConfig::default(),
            };
            let iam = Iam::open(db, config, Arc::new(SystemClock)).await.unwrap();
            let made = iam
                .bootstrap(Request {
                    account: "a".to_owned(),
                    region: Some("r".to_owned()),
                    org: "o".to_owned(),
                    space: "s".to_owned(),
                    owner: "ada@example.org".to_owned(),
                    password: None,
                })
                .await
                .unwrap();
            let api_key = made.opening.unwrap().api_key.expose().clone();
            let request = TokenRequest {
                grant: Grant::ApiKey(Secret::new(api_key.clone())),
                client: Some(Client::Bx),
                account: None,
                with_uaa: true,
                delegated_seconds: None,
                source: base::source::Source::here(),
            };
            let tokens = iam.token(request).await.unwrap();
            (iam, tokens, api_key, made.space)
        });
        let verifier = iam.verifier();
        let scope = format!("s-{space}");
        let iam_token = tokens.access_token.expose();
        let uaa = tokens.uaa.unwrap();
        let mut at_first = 0;
        for header in [
            format!("iam {iam_token}"),
            format!("iam Bearer {iam_token}\r"),
            format!("uaa {}", uaa.access_token.expose()),
            format!("apikey {api_key}"),
        ] {
            let once = || check(&verifier, header.as_bytes(), scope.as_bytes());
            at_first += allocations(once);
            let again = allocations(|| (0..100).for_each(|_| once()));
            let kind = header.split(' ').next().unwrap();
            assert_eq!(again, 0, "a known caller by `{kind}` allocates");
        }
        assert!(
            at_first > 0,
            "remembering a token allocates: the counter counts nothing"
        );
    }
}
