//! A second account of the same owner.

use super::{Server, VIGIED};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

impl Server {
    /// The id of another account of the same owner, which the running server has heard of.
    pub(crate) fn second_account(&self) -> String {
        let done = Command::new(VIGIED)
            .args(["account", "create", "Other", "--owner"])
            .arg(&self.owner.user)
            .args(["--output", "json", "--data"])
            .arg(self.data())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{errors}");
        let made: Value = serde_json::from_slice(&done.stdout).unwrap();
        let (token, begun) = (self.token(), Instant::now());
        loop {
            let accounts = self.request("GET", "/coe/v2/accounts").bearer(&token);
            let accounts = accounts.send().json();
            if accounts["resources"].as_array().unwrap().len() == 2 {
                return made["account_guid"].as_str().unwrap().to_owned();
            }
            assert!(begun.elapsed() < Duration::from_secs(300), "{accounts}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
