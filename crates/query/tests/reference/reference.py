"""graphite-web's own views over series in memory."""

import inspect
import json
import os
import resource
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path
from unittest import mock

from world import NOW

# No pictures are drawn here.
sys.modules["cairo"] = mock.MagicMock()

# Gone in Python 3.11; graphite-web asks for it when it lists its functions.
if not hasattr(inspect, "getargspec"):
    inspect.getargspec = inspect.getfullargspec


# More than any answer takes, and memory for it.
SECONDS_MAX = 3
BYTES_MAX = 2 << 30


class TooLong(BaseException):
    """Not an `Exception`, which graphite-web would answer."""


def on_alarm(_signal, _frame):
    raise TooLong


def client(series, events, folder):
    """graphite-web's own views over these series, which are read from memory."""
    signal.signal(signal.SIGALRM, on_alarm)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES_MAX, BYTES_MAX))
    os.environ["GRAPHITE_ROOT"] = str(folder)
    tree = folder / "whisper"
    by_name = {}
    for own in series:
        by_name[own["name"]] = own
        if ";" in own["name"]:
            continue
        file = tree / (own["name"].replace(".", "/") + ".wsp")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    settings = folder / "local_settings.py"
    settings.write_text(
        f"""
SECRET_KEY = 'not a secret'
GRAPHITE_ROOT = {str(folder)!r}
CONF_DIR = STORAGE_DIR = LOG_DIR = {str(folder)!r}
WHISPER_DIR = {str(tree)!r}
STANDARD_DIRS = [WHISPER_DIR]
DATABASES = {{'default': {{'ENGINE': 'django.db.backends.sqlite3', 'NAME': {str(folder / "graphite.db")!r}}}}}
ALLOWED_HOSTS = ['*']
TIME_ZONE = 'UTC'
LOG_ROTATION = False
CARBONLINK_HOSTS = []
"""
    )
    sys.path.insert(0, str(folder))
    os.environ["DJANGO_SETTINGS_MODULE"] = "graphite.settings"
    os.environ["GRAPHITE_SETTINGS_MODULE"] = "local_settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, run_syncdb=True)
    from graphite.intervals import Interval, IntervalSet
    from graphite.readers import whisper as whisper_reader
    from graphite.storage import STORE

    class Reader(whisper_reader.WhisperReader):
        supported = True

        def get_intervals(self):
            return IntervalSet([Interval(0, 2**31)])

        def fetch(self, start, end, now=None, requestContext=None):
            own = by_name.get(self.real_metric_path)
            return own and fetched(own, start, end, now)

    from graphite.finders import standard

    standard.WhisperReader = Reader
    tagged = [own["name"] for own in series if ";" in own["name"]]
    for name in tagged:
        file = Path(tree) / (encoded(name) + ".wsp")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        STORE.tagdb.tag_series(name)
    from django.utils.timezone import make_aware
    from graphite.events.models import Event

    for own in events:
        when = make_aware(datetime.utcfromtimestamp(own["when"]), timezone.utc)
        Event.objects.create(what=own["what"], when=when, tags=" ".join(own["tags"]), data="")
    from django.test import Client

    return Client(raise_request_exception=False)


def encoded(name):
    from graphite.tags.utils import TaggedSeries

    return TaggedSeries.encode(name, sep=os.sep, hash_only=True)


def fetched(own, start, end, now):
    """The window rule of whisper: points in (start, end]."""
    step = own["step"]
    if now is None:
        now = NOW
    if start > now:
        return None
    end = min(end, now)
    first = int(start - start % step + step)
    last = int(end - end % step + step)
    if first == last:
        last += step
    values = []
    for at in range(first, last, step):
        place = (at - own["start"]) // step
        is_there = 0 <= place < len(own["values"]) and at >= own["start"]
        values.append(own["values"][place] if is_there else None)
    return (first, last, step), values


def ask(client, parameters):
    """Its answer; `None` where it works longer than this, as it does on absurd arguments."""
    signal.alarm(SECONDS_MAX)
    try:
        response = client.get("/render", parameters)
    except TooLong:
        return None
    finally:
        signal.alarm(0)
    text = response.content.decode("utf-8")
    body = None
    if response.status_code == 200:
        body = json.loads(text)
    return {
        "status": response.status_code,
        "content_type": response.get("Content-Type", "").split(";")[0],
        "body": body,
    }


def parameters():
    """Names of the parameters of each function."""
    from graphite.functions import SeriesFunction, loadFunctions
    from graphite import functions

    loadFunctions()
    table = functions._SeriesFunctions
    return {name: [own.name for own in function.params] for name, function in table.items()}
