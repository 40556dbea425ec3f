//! Links of trusted profiles: there is one to a compute resource, wherever it is asked for, and none when it was deleted.

use super::create_profile;
use crate::world::{World, code, on_both_databases};
use base::id::Guid;
use iam::manage::profile_link::LinkTerms;

on_both_databases!(
    of_many_at_the_same_moment_one_is_made,
    what_was_stored_twice_is_deleted_whole,
);

fn link(namespace: &str) -> LinkTerms {
    LinkTerms {
        cr_type: "IKS_SA".to_owned(),
        crn: None,
        namespace: Some(namespace.to_owned()),
        resource_name: None,
    }
}

async fn of_many_at_the_same_moment_one_is_made(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let profile = create_profile(&world, "ops").await.id;
    let node = world.node().await;
    let mut making = Vec::new();
    for at in [iam, &node].repeat(4) {
        let (at, owner) = (at.clone(), owner.clone());
        making.push(tokio::spawn(async move {
            let made = at.create_profile_link(&owner, profile, String::new(), link("prod"));
            made.await
        }));
    }
    let mut made = 0;
    for one in making {
        match one.await.unwrap() {
            Ok(_) => made += 1,
            refused => assert_eq!(code(refused), "conflict"),
        }
    }
    assert_eq!(made, 1);
    for at in [iam, &node] {
        at.sync().await.unwrap();
        let profile = at.profile(&owner, profile).await.unwrap();
        assert_eq!(profile.links.len(), 1);
    }
    node.close().await;
}

/// Earlier versions stored one for each of several requests at the same moment.
async fn what_was_stored_twice_is_deleted_whole(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let profile = create_profile(&world, "ops").await.id;
    for namespace in ["prod", "test"] {
        let made = iam.create_profile_link(&owner, profile, String::new(), link(namespace));
        made.await.unwrap();
    }
    let db = world.database().await;
    let mut tx = db.begin().await.unwrap();
    let again = "INSERT INTO profile_links (guid, profile, name, cr_type, crn, namespace, resource_name, created_at, created_by) \
                 SELECT CAST($1 AS TEXT), profile, name, cr_type, crn, namespace, resource_name, created_at, created_by \
                 FROM profile_links WHERE namespace = 'prod'";
    let id = Guid::from_random([7; 16]).to_string();
    tx.execute(again, &[id.into()]).await.unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "past the service, as an earlier version did"
    )]
    tx.commit().await.unwrap();
    db.close().await;
    // The change log has nothing of it: a node that starts reads it.
    let iam = &world.node().await;
    let namespaces = async || {
        let links = iam.profile(&owner, profile).await.unwrap().links;
        let mut all: Vec<_> = links.into_iter().map(|link| link.namespace).collect();
        all.sort_unstable();
        all
    };
    let [prod, test] = ["prod", "test"].map(|name| Some(name.to_owned()));
    assert_eq!(namespaces().await, [prod.clone(), prod, test.clone()]);
    let terms = link("prod");
    let delete = async || iam.delete_profile_link_to(&owner, profile, &terms).await;
    delete().await.unwrap();
    assert_eq!(namespaces().await, [test]);
    assert_eq!(code(delete().await), "not_found");
    iam.close().await;
}
