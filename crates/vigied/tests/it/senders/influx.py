"""Writes points by `influxdb-client` as most programs do, in the background and by batches, and prints how many were acknowledged."""

import sys
import threading
import time

from influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import WriteOptions

url, key, bucket, count = sys.argv[1:5]
begin = int(time.time()) - 80_000
acknowledged = 0
told = threading.Lock()


def done(_, lines):
    global acknowledged
    with told:
        acknowledged += len(lines.splitlines())
        print(acknowledged, flush=True)


def failed(_, lines, error):
    print(f"given up: {error}", flush=True)


# So often, and so soon, that a server that starts is not given up.
options = WriteOptions(batch_size=20, flush_interval=50, retry_interval=100, max_retries=1000, max_retry_delay=500)
with InfluxDBClient(url=url, token=key, org="any") as client:
    with client.write_api(write_options=options, success_callback=done, error_callback=failed) as write:
        for number in range(int(count)):
            write.write(bucket=bucket, record=f"py n={number} {begin + number}", write_precision="s")
