//! An entry that cannot be removed does not block the others, and is retried.

use super::*;
use crate::store::test_store::{Answers, TestStore, refused};
use base::id::TenantId;
use base::secret::Secret;
use base::store::Deleted as Removed;
use base::time::SystemClock;
use db::Db;
use iam::bootstrap::Request;
use iam::manage::page::PageRequest;
use iam::{Credential, IamConfig};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A store with one series per tenant that refuses to delete the series of some tenants.
type Stubborn = TestStore<Keeping>;

#[derive(Debug, Default)]
struct Keeping {
    held: Mutex<HashMap<TenantId, u64>>,
    keeps: Mutex<Vec<TenantId>>,
    tries: Mutex<HashMap<TenantId, u32>>,
    /// Nothing gets to stable storage.
    is_full: AtomicBool,
}

impl Answers for Keeping {
    fn on_delete(&self, scope: &Scope) -> Result<Option<Removed>, StoreError> {
        let tenant = scope.tenant();
        *self.tries.lock().unwrap().entry(tenant).or_default() += 1;
        if self.keeps.lock().unwrap().contains(&tenant) {
            return Err(refused());
        }
        let series = self.held.lock().unwrap().remove(&tenant).unwrap_or(0);
        Ok(Some(Removed {
            series,
            ..Removed::default()
        }))
    }

    fn on_commit(&self) -> Result<(), StoreError> {
        match self.is_full.load(Ordering::SeqCst) {
            true => Err(refused()),
            false => Ok(()),
        }
    }

    fn on_usage(&self, metering: &Metering) -> Result<Usage, StoreError> {
        let series = self.held.lock().unwrap().get(&metering.tenant()).copied();
        Ok(Usage {
            series: series.unwrap_or(0),
            ..Usage::default()
        })
    }
}

/// A service with one account, and a key of its owner.
async fn service(folder: &std::path::Path) -> (Iam, Secret<String>, base::id::OrgId) {
    let database = folder.join("iam.db");
    let db = Db::open(database.to_str().unwrap()).await.unwrap();
    let config = IamConfig {
        issuer: "https://vigie.example/identity".to_owned(),
        uaa_issuer: "https://vigie.example/oauth/token".to_owned(),
        access_token_seconds: 3600,
        logging_token_seconds: 365 * 86_400,
        refresh_token_seconds: 86_400,
        keys: folder.join("keys"),
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
    let made = iam.bootstrap(Request {
        account: "a".to_owned(),
        region: None,
        org: "o".to_owned(),
        space: "s".to_owned(),
        owner: "ada@example.org".to_owned(),
        password: None,
    });
    let made = made.await.unwrap();
    (iam, made.opening.unwrap().api_key, made.org)
}

#[tokio::test]
async fn one_that_cannot_be_removed_holds_up_no_other_and_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (iam, key, org) = service(folder.path()).await;
    let owner = iam
        .verifier()
        .identity(Credential::ApiKey(key.expose()))
        .unwrap();
    let (stubborn, mut tenants) = (Arc::new(Stubborn::default()), Vec::new());
    for name in ["first", "second", "third"] {
        let space = iam.create_space(&owner, org, name).await.unwrap();
        let gone = iam.delete_space(&owner, space.id).await.unwrap();
        tenants.extend(gone.tenants.iter().map(Metering::tenant));
    }
    for tenant in &tenants {
        stubborn.held.lock().unwrap().insert(*tenant, 1);
    }
    let first = iam.due().first().unwrap().tenant;
    stubborn.keeps.lock().unwrap().push(first);
    let store: Arc<dyn SampleStore> = stubborn.clone();
    let mut sweep = Sweep::default();
    let mut round = async || {
        let due = iam.due();
        sweep.process_due(&iam, &store, due, Millis(i64::MAX)).await
    };
    round().await.unwrap_err();
    let left: Vec<TenantId> = stubborn.held.lock().unwrap().keys().copied().collect();
    assert_eq!(left, [first], "the others are gone, though it came first");
    // The others are also forgotten while the first fails again.
    round().await.unwrap_err();
    let due: Vec<TenantId> = iam.due().iter().map(|deleted| deleted.tenant).collect();
    assert_eq!(due, [first]);
    let window = PageRequest { skip: 0, take: 1 };
    assert!(iam.deleted(&owner, window).entries.is_empty());
    assert_eq!(
        stubborn.tries.lock().unwrap()[&first],
        2,
        "it is tried again"
    );
    stubborn.keeps.lock().unwrap().clear();
    round().await.unwrap();
    round().await.unwrap();
    assert!(iam.due().is_empty());
    let tries = stubborn.tries.lock().unwrap();
    let others = tenants.iter().filter(|tenant| **tenant != first);
    assert!(
        others.into_iter().all(|tenant| tries[tenant] == 1),
        "{tries:?}"
    );
}

/// It was forgotten while its removal was in memory alone: after a crash its samples were there again, and nothing removed them.
#[tokio::test]
async fn an_entry_is_forgotten_once_its_removal_is_on_stable_storage() {
    let folder = tempfile::tempdir().unwrap();
    let (iam, key, org) = service(folder.path()).await;
    let owner = iam
        .verifier()
        .identity(Credential::ApiKey(key.expose()))
        .unwrap();
    let space = iam.create_space(&owner, org, "gone").await.unwrap();
    iam.delete_space(&owner, space.id).await.unwrap();
    let full = Arc::new(Stubborn::default());
    full.is_full.store(true, Ordering::SeqCst);
    let store: Arc<dyn SampleStore> = full.clone();
    let mut sweep = Sweep::default();
    let round = sweep.process_due(&iam, &store, iam.due(), Millis(i64::MAX));
    let refused = round.await.unwrap_err().to_string();
    assert!(refused.contains("not on stable storage yet"), "{refused}");
    assert!(!iam.due().is_empty());
    full.is_full.store(false, Ordering::SeqCst);
    let round = sweep.process_due(&iam, &store, iam.due(), Millis(i64::MAX));
    round.await.unwrap();
    assert!(iam.due().is_empty());
}

/// A round used to try only the failed entries if there were as many of them as a round takes.
#[tokio::test]
async fn those_that_fail_come_behind_the_others_however_many_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (iam, key, org) = service(folder.path()).await;
    let owner = iam
        .verifier()
        .identity(Credential::ApiKey(key.expose()))
        .unwrap();
    let stubborn = Arc::new(Stubborn::default());
    for name in ["first", "second", "third"] {
        let space = iam.create_space(&owner, org, name).await.unwrap();
        for tenant in iam.delete_space(&owner, space.id).await.unwrap().tenants {
            stubborn.held.lock().unwrap().insert(tenant.tenant(), 1);
        }
    }
    let due: Vec<TenantId> = iam.due().iter().map(|deleted| deleted.tenant).collect();
    stubborn.keeps.lock().unwrap().extend(&due[..2]);
    let store: Arc<dyn SampleStore> = stubborn.clone();
    let mut sweep = Sweep {
        most: 1,
        ..Sweep::default()
    };
    for _ in 0..3 {
        let done = sweep.process_due(&iam, &store, iam.due(), Millis(i64::MAX));
        let _ = done.await;
    }
    let left: Vec<TenantId> = stubborn.held.lock().unwrap().keys().copied().collect();
    assert!(
        !left.contains(&due[2]),
        "the third waits for the others: {left:?}"
    );
    stubborn.keeps.lock().unwrap().clear();
    while !iam.due().is_empty() {
        let done = sweep.process_due(&iam, &store, iam.due(), Millis(i64::MAX));
        done.await.unwrap();
    }
    assert!(sweep.failed.is_empty());
}
