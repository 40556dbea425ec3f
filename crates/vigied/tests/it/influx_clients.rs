//! Real clients nobody here wrote, unmodified: `influxdb` for version 1 and `influxdb-client` for version 2. What they write is
//! read back by token.

use crate::harness::Server;
use serde_json::json;
use std::process::Command;

/// Uses both as their users do: ask whether somebody is there, make the database, write; and see what they make of refusals.
const SCRIPT: &str = r#"
import sys
from urllib.parse import urlsplit
import influxdb, influxdb.exceptions
import influxdb_client
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

url, key, space = sys.argv[1:4]
at = urlsplit(url)

one = influxdb.InfluxDBClient(host=at.hostname, port=at.port, username="apikey", password=key, database=space, gzip=True)
assert one.ping() == "1.8.10", one.ping()
one.create_database("anything")
assert one.get_list_database() == []
point = {"measurement": "one", "tags": {"host": "a b"}, "time": "2018-03-01T00:00:00Z",
         "fields": {"value": 1.5, "count": 3, "up": True, "state": "fine"}}
assert one.write_points([point])
assert one.write_points([dict(point, time=1519862401)], time_precision="s")
try:
    one.write_points([point], database="nosuch")
    sys.exit("a space that is not there took points")
except influxdb.exceptions.InfluxDBClientError as error:
    assert error.code == 404 and "database not found" in str(error), error
try:
    influxdb.InfluxDBClient(host=at.hostname, port=at.port, username="apikey", password="vgk_no", database=space).write_points([point])
    sys.exit("a wrong key got in")
except influxdb.exceptions.InfluxDBClientError as error:
    assert error.code == 401, error

with influxdb_client.InfluxDBClient(url=url, token=key, org="anything", enable_gzip=True) as two:
    assert two.ping()
    assert two.health().status == "pass", two.health()
    assert two.ready().status == "ready"
    write = two.write_api(write_options=SYNCHRONOUS)
    point = influxdb_client.Point("two").tag("host", "a").field("load", 0.5).field("count", 7).time("2018-03-01T00:00:00Z")
    write.write(bucket=space, record=point)
    write.write(bucket=space, record="two,host=a load=0.75 1519862401", write_precision="s")
    try:
        write.write(bucket=space, record="two,host=a load=")
        sys.exit("a broken line was taken")
    except ApiException as error:
        assert error.status == 400 and "unable to parse" in error.body, error
    try:
        write.write(bucket="nosuch", record=point)
        sys.exit("a bucket that is not there took points")
    except ApiException as error:
        assert error.status == 404, error
    # As most programs use it: in the background, by batches.
    with two.write_api() as batching:
        for number in range(1000):
            batching.write(bucket=space, record=f"three n={number} {1519862400 + number}", write_precision="s")
print("influx clients ok")
"#;

#[test]
fn the_python_clients_of_both_versions_write_unchanged() {
    let Some(python) = std::env::var_os("VIGIE_TEST_PYTHON") else {
        testing::skipped(
            "the_python_clients_of_both_versions_write_unchanged",
            "no Python with influxdb and influxdb-client",
        );
        return;
    };
    let server = Server::start();
    let token = server.token();
    let (key, _) = server.narrow_key();
    let space = format!("s-{}", server.owner.space);
    let output = Command::new(python)
        .args(["-c", SCRIPT, &server.serving.url(), &key, &space])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && printed.contains("influx clients ok"),
        "{printed}"
    );
    let values = |target: &str| {
        let path = format!("/v1/metrics?target={target}&from=1519862399&until=1519863400");
        let reply = server.metrics(&token, "GET", &path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()[0]["datapoints"].clone()
    };
    let two = |value: f64| json!([[value, 1_519_862_400], [value, 1_519_862_401]]);
    assert_eq!(values("one.value;host=a_b"), two(1.5));
    assert_eq!(
        values("one.up;host=a_b"),
        json!([[1, 1_519_862_400], [1, 1_519_862_401]])
    );
    assert_eq!(
        values("two.load;host=a"),
        json!([[0.5, 1_519_862_400], [0.75, 1_519_862_401]])
    );
    assert_eq!(values("three.n").as_array().unwrap().len(), 1000);
}
