//! What takes a service long at its first start is made once for all tests of this process: the tables, and a signing key.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use db::Db;
use iam::{IamConfig, SigningConfig};
use std::fs::{DirBuilder, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::LazyLock;

/// A file of SQLite with all tables, and nothing in them.
static TABLES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("iam.db");
    migrate(file.to_str().unwrap());
    std::fs::read(file).unwrap()
});

/// A signing key in PEM, as a first start takes it over.
static SIGNING_KEY: LazyLock<String> = LazyLock::new(|| {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let text = STANDARD.encode(pair.as_der().unwrap().as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
});

/// The address of a new file in the folder.
pub(crate) fn sqlite(folder: &Path) -> String {
    let file = folder.join("iam.db");
    write(&file, &TABLES);
    file.to_str().unwrap().to_owned()
}

/// The address of a new database on the PostgreSQL of the tests; without one, the test is skipped.
pub(crate) fn postgres(test: &str) -> Option<String> {
    testing::prepared_postgres(test, migrate)
}

/// Puts a signing key where the first start looks for one. It makes one of its own where another kind is wanted.
pub(crate) fn signing_key(config: &IamConfig, begin: i64) {
    if config.signing.algorithm != SigningConfig::default().algorithm {
        return;
    }
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(&config.keys);
    made.unwrap();
    // Named as one that the service makes.
    let name = format!("{:014}-0123abcd.pem", begin * 1000);
    write(&config.keys.join(name), SIGNING_KEY.as_bytes());
}

/// Makes the tables of a database, and leaves no connection.
fn migrate(address: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { Db::open(address).await.unwrap().close().await });
}

fn write(path: &Path, bytes: &[u8]) {
    let mut options = File::options();
    let made = options.write(true).create_new(true).mode(0o600).open(path);
    made.unwrap().write_all(bytes).unwrap();
}
