//! A server whose identity is in a PostgreSQL: one node, or two that share it.

use super::{Owner, Server, Serving, Turns, init_on_postgres, patient};
use std::fs::{DirBuilder, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The database of a server, and the second node on it, if there is one.
#[derive(Debug)]
pub(super) struct Postgres {
    address: String,
    second: Option<Serving>,
}

impl Server {
    /// One whose identity is in a PostgreSQL; without one, the test is skipped.
    pub(crate) fn on_postgres(test: &str) -> Option<Self> {
        Self::on_postgres_with(test, &[])
    }

    /// Two nodes that share a PostgreSQL. Its address is one before both: each request goes to the other node than the one before, and
    /// reads what that has done (see [`Turns`]). Its folder and its log are those of the first node.
    pub(crate) fn on_two_nodes(test: &str) -> Option<Self> {
        let turns = Turns::bind();
        let public_url = format!("public_url=http://{}", turns.address());
        let flags = ["--set", public_url.as_str()];
        let mut server = Self::on_postgres_with(test, &flags)?;
        let data = server.folder.path().join("second");
        make_folder_of_node(&server.data(), &data);
        let second = Serving::start(&data, "127.0.0.1:0", &patient(&flags));
        let address = turns.address();
        let urls = [server.serving.url(), second.url()];
        turns.between(urls, &server.owner.api_key);
        server.serving.address = address;
        if let Some(postgres) = &mut server.serving.postgres {
            postgres.second = Some(second);
        }
        Some(server)
    }

    fn on_postgres_with(test: &str, flags: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (address, printed) = init_on_postgres(test, &data)?;
        // Commands of the operator find it there, too.
        let settings = format!("database = \"{address}\"\n");
        let mut options = File::options();
        let file = options.write(true).create_new(true).mode(0o600);
        let mut file = file.open(data.join("vigie.toml")).unwrap();
        file.write_all(settings.as_bytes()).unwrap();
        let mut server = Self::on(folder, Owner::of(&printed), "127.0.0.1:0", flags);
        server.serving.postgres = Some(Box::new(Postgres {
            address,
            second: None,
        }));
        Some(server)
    }

    /// Stops every node, and starts the first again.
    pub(crate) fn restarted(self) -> Self {
        let Self {
            mut serving,
            owner,
            folder,
        } = self;
        let mut postgres = serving.postgres.take();
        let second = postgres.as_mut().and_then(|shared| shared.second.take());
        for node in std::iter::once(serving).chain(second) {
            assert!(node.stop().success());
        }
        let mut server = Self::on(folder, owner, "127.0.0.1:0", &[]);
        server.serving.postgres = postgres;
        server
    }

    /// Runs a statement on the identity database past the interface, as no request could; returns how many rows it has changed.
    pub(crate) fn change_rows(&self, sql: &'static str, values: &[db::Value]) -> u64 {
        let file = self.data().join("iam.db").display().to_string();
        let postgres = self.serving.postgres.as_ref();
        let address = postgres.map_or(file, |postgres| postgres.address.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let db = db::Db::open(&address).await.unwrap();
            #[expect(clippy::disallowed_methods, reason = "rows past the interface")]
            let changed = db.execute(sql, values).await.unwrap();
            db.close().await;
            changed
        })
    }
}

/// Makes the data folder of a further node, with the settings and the keys of the first: both sign with the same, as an operator sets it up.
pub(crate) fn make_folder_of_node(first: &Path, data: &Path) {
    let (keys, copies) = (first.join("keys"), data.join("keys"));
    for folder in [data, &copies] {
        DirBuilder::new().mode(0o700).create(folder).unwrap();
    }
    for key in keys.read_dir().unwrap() {
        let key = key.unwrap();
        std::fs::copy(key.path(), copies.join(key.file_name())).unwrap();
    }
    let settings = first.join("vigie.toml");
    if settings.exists() {
        std::fs::copy(settings, data.join("vigie.toml")).unwrap();
    }
}
