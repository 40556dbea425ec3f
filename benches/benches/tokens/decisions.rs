//! What a decision by access policies costs, and a list of what they show, for a service ID with about as many policies as an account
//! may have: some by itself, most by access groups.

use super::{Closed, Failure, each, guid, open};
use base::id::OrgId;
use base::scope::Domain;
use db::{Db, Tx, Value};
use iam::Credential;
use iam::manage::page::PageRequest;
use iam::token::keyring::SigningAlgorithm;
use serde_json::json;
use std::hint::black_box;

/// The access groups that the service ID is in.
const GROUPS: usize = 39;

const POLICIES_EACH: usize = 100;

const ORGS: usize = 90;

const SPACES_PER_ORG: usize = 100;

/// The text of the service ID's API key.
const KEY: &str = "the key of a service";

const PAGE: PageRequest = PageRequest { skip: 0, take: 100 };

const DECISION_NS_MAX: f64 = 50_000.0;

const LIST_MS_MAX: f64 = 50.0;

const NS_PER_MS: f64 = 1e6;

/// Prints the figures; the names of those that need more than they may.
pub(super) fn measure() -> Result<Vec<&'static str>, Failure> {
    let closed = Closed::new()?;
    closed.fill(async |db: &Db, account: &str| fill(db, account).await)?;
    let opened = open(closed.folder.path(), SigningAlgorithm::default());
    let iam = closed.runtime.block_on(opened)?;
    let caller = iam.verifier().identity(Credential::ApiKey(KEY))?;
    let spaces = (0..ORGS * SPACES_PER_ORG)
        .map(|number| -> Result<Domain, Failure> { Ok(Domain::Space(guid(11, number).parse()?)) });
    let spaces: Vec<Domain> = spaces.collect::<Result<_, Failure>>()?;
    let (directory, who) = (iam.directory(), caller.proven());
    let mut asked = spaces.iter().copied().cycle();
    let decision = each(200_000, || {
        let domain = asked.next().ok_or("there is no space")?;
        black_box(directory.access(who, domain));
        Ok(())
    })?;
    let list = each(50, || {
        match iam.spaces(&caller, None, |_| true, PAGE).total {
            0 => Err("no space is shown".into()),
            _ => Ok(()),
        }
    })?;
    // None of them is about this one, which takes longest to find out.
    let org: OrgId = guid(10, ORGS - 1).parse()?;
    let one = each(200, || match iam.known_org(&caller, org) {
        Ok(_) => Err("an organization is shown that no policy is about".into()),
        Err(_) => Ok(()),
    })?;
    let policies = (GROUPS + 1) * POLICIES_EACH;
    println!(
        "| ns for a decision by {policies} policies | {decision:.0} | | | ≤ {DECISION_NS_MAX:.0} |"
    );
    println!(
        "| ms for a list of what they show of {} spaces | {:.1} | | | ≤ {LIST_MS_MAX:.0} |",
        spaces.len(),
        list / NS_PER_MS
    );
    println!(
        "| ms for an organization that they do not show | {:.3} | | | ≤ {LIST_MS_MAX:.0} |",
        one / NS_PER_MS
    );
    let figures = [
        ("a decision by policies", decision, DECISION_NS_MAX),
        ("a list of spaces", list, LIST_MS_MAX * NS_PER_MS),
        ("an organization", one, LIST_MS_MAX * NS_PER_MS),
    ];
    let missed = figures.into_iter().filter(|(_, took, most)| took > most);
    Ok(missed.map(|(what, ..)| what).collect())
}

async fn fill(db: &Db, account: &str) -> Result<(), Failure> {
    let at = Value::from(1_795_435_200_000_i64);
    let mut tx = db.begin().await?;
    for number in 0..ORGS {
        let (org, name) = (guid(10, number), Value::from(format!("org{number}")));
        let sql = "INSERT INTO orgs (guid, account, region, name, created_at, updated_at) VALUES ($1, $2, 'local', $3, $4, $4)";
        let values = [org.as_str().into(), account.into(), name, at.clone()];
        tx.execute(sql, &values).await?;
        for place in 0..SPACES_PER_ORG {
            let place = number * SPACES_PER_ORG + place;
            let (space, name) = (guid(11, place), Value::from(format!("space{place}")));
            let sql = "INSERT INTO spaces (guid, org, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)";
            let values = [space.as_str().into(), org.as_str().into(), name, at.clone()];
            tx.execute(sql, &values).await?;
        }
    }
    let service = guid(12, 0);
    let by = Value::from(format!("iam-ServiceId-{service}"));
    let sql = "INSERT INTO principals (guid, kind) VALUES ($1, 'service')";
    tx.execute(sql, &[service.as_str().into()]).await?;
    let sql = "INSERT INTO members (account, principal, added_at) VALUES ($1, $2, $3)";
    let values = [account.into(), service.as_str().into(), at.clone()];
    tx.execute(sql, &values).await?;
    let hash = Value::from(&iam::entropy::sha256(KEY.as_bytes())[..]);
    let sql = "INSERT INTO api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, \
               created_at, modified_at) VALUES ($1, $2, $3, 'ci', '', $4, 0, 0, 1, $5, $5)";
    let (key, owner) = (guid(13, 0), service.as_str().into());
    let values = [key.as_str().into(), account.into(), owner, hash, at.clone()];
    tx.execute(sql, &values).await?;
    for number in 0..GROUPS {
        let (group, name) = (guid(14, number), Value::from(format!("group{number}")));
        let sql = "INSERT INTO access_groups (guid, account, name, description, revision, created_at, created_by, modified_at, \
                   modified_by) VALUES ($1, $2, $3, '', 1, $4, $5, $4, $5)";
        let values = [
            group.as_str().into(),
            account.into(),
            name,
            at.clone(),
            by.clone(),
        ];
        tx.execute(sql, &values).await?;
        let sql = "INSERT INTO access_group_members (access_group, principal, added_at, added_by) VALUES ($1, $2, $3, $4)";
        let values = [
            group.as_str().into(),
            service.as_str().into(),
            at.clone(),
            by.clone(),
        ];
        tx.execute(sql, &values).await?;
    }
    for number in 0..(GROUPS + 1) * POLICIES_EACH {
        let subject = match (number / POLICIES_EACH).checked_sub(1) {
            None => [service.as_str().into(), Value::Text(None)],
            Some(group) => [Value::Text(None), guid(14, group).as_str().into()],
        };
        give(&mut tx, account, number, subject, (&at, &by)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Writes a policy: most name a space, some an organization, a resource group or a region.
async fn give(
    tx: &mut Tx,
    account: &str,
    number: usize,
    [principal, group]: [Value; 2],
    (at, by): (&Value, &Value),
) -> Result<(), Failure> {
    let equal = |key: &str, value: String| json!([key, "stringEquals", value]);
    let mut attributes = vec![equal("accountId", account.to_owned())];
    let org = equal("organizationId", guid(10, number % 9));
    match number % 20 {
        0 => attributes.push(org),
        1 => attributes.extend([org, equal("resourceGroupId", account.to_owned())]),
        2 => attributes.extend([org, json!(["region", "stringMatch", "lo*"])]),
        _ => {
            let space = 2 * number % (ORGS * SPACES_PER_ORG);
            attributes.push(equal("spaceId", guid(11, space)));
        }
    }
    let sql = "INSERT INTO policies (guid, account, principal, access_group, description, roles, attributes, active, revision, \
               created_at, created_by, modified_at, modified_by) \
               VALUES ($1, $2, $3, $4, '', '[\"Viewer\"]', $5, 1, 1, $6, $7, $6, $7)";
    let values = [
        guid(15, number).as_str().into(),
        account.into(),
        principal,
        group,
        serde_json::Value::from(attributes).to_string().into(),
        at.clone(),
        by.clone(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}
