"""What schemathesis needs to know of a server: its nodes, an administrator's token, and things that are there to be asked for.

Every operation on something of an account gets one of its own, so that what one deletes is there for the others. It is told as the
example of the parameter; bodies that a schema alone does not lead to are told as the example of the body. Each of these bodies is sent
once before the run, and must be taken: behind one that is refused nothing would be tried, and no check would say so.
"""

import itertools
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

import schemathesis

URL = os.environ["VIGIE_URL"]
NODES = os.environ["VIGIE_NODES"].split()
with open(os.environ["VIGIE_MADE"], encoding="utf-8") as made:
    MADE = json.load(made)
ACCOUNT, ORG, SPACE = MADE["account_guid"], MADE["org_guid"], MADE["space_guid"]
VIEWER = "crn:v1:bluemix:public:iam::::role:Viewer"
CONDITIONS = [{"claim": "email", "operator": "EQUALS", "value": '"' + MADE["user"] + '"'}]


def request(method, path, body=None, headers=None):
    """The JSON of an answer; anything but success ends the run."""
    asked = urllib.request.Request(URL + path, data=body, headers=headers or {}, method=method)
    with urllib.request.urlopen(asked) as reply:
        return json.loads(reply.read() or b"null")


def login():
    """By password: no operation on keys takes it away."""
    form = {
        "grant_type": "password",
        "username": MADE["user"],
        "password": MADE["password"],
        "bss_account": ACCOUNT,
    }
    headers = {"Authorization": "Basic Yng6Yng="}
    return request("POST", "/identity/token", urllib.parse.urlencode(form).encode(), headers)


def token():
    return login()["access_token"]


@schemathesis.auth(refresh_interval=120, retry_on=[401])
class Administrator:
    """Where an operation takes a credential; anew once its session is ended."""

    def get(self, case, context):
        return token()

    def set(self, case, data, context):
        schemes = {name for one in case.operation.definition.raw.get("security", []) for name in one}
        case.headers = case.headers or {}
        if "Bearer" in schemes:
            case.headers["Authorization"] = "Bearer " + data
        if "UserToken" in schemes:
            case.headers["X-Auth-User-Token"] = "iam " + data


class Turns:
    """Gives each request to the other node than the one before.

    A node tells what it knows, and learns within a second of what the other has done. So before a request that only reads, the node
    asks for it, as it does for whatever it has not heard of. A change goes to its node at once.
    """

    NOWHERE = "/v2/spaces/00000000-0000-4000-8000-000000000000"

    def __init__(self):
        self.nodes = itertools.cycle(NODES)
        self.token = None

    def next_for(self, method):
        node = next(self.nodes)
        if len(NODES) > 1 and method in ("GET", "HEAD") and self.asked(node) == 401:
            # Its session is ended.
            self.token = None
            self.asked(node)
        return node

    def asked(self, node):
        self.token = self.token or token()
        try:
            headers = {"Authorization": "Bearer " + self.token}
            return urllib.request.urlopen(urllib.request.Request(node + self.NOWHERE, headers=headers)).status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code


TURNS = Turns()


@schemathesis.hook
def before_call(context, case, kwargs):
    case.operation.base_url = TURNS.next_for(case.method.upper())


SUCCEEDED = set()


@schemathesis.hook
def after_call(context, case, response):
    """Notes the operations that were answered with success: behind the refusals of others nothing is tried."""
    label = case.operation.label
    is_it = case.method.upper() == case.operation.method.upper()
    if is_it and 200 <= response.status_code < 300 and label not in SUCCEEDED:
        SUCCEEDED.add(label)
        with open(os.environ["VIGIE_SUCCEEDED"], "a", encoding="utf-8") as succeeded:
            succeeded.write(label + "\n")


class Maker:
    """Makes what operations are tried on."""

    def __init__(self):
        self.headers = {"Authorization": "Bearer " + token(), "Content-Type": "application/json"}
        self.count = 0

    def post(self, path, body):
        return request("POST", path, json.dumps(body).encode(), self.headers)

    def name(self):
        self.count += 1
        return f"made{self.count}"

    def organization(self):
        return self.post("/v2/organizations", {"name": self.name()})["metadata"]["guid"]

    def space(self):
        return self.post("/v2/spaces", {"name": self.name(), "organization_guid": ORG})["metadata"]["guid"]

    def service_id(self):
        return self.post("/v1/serviceids", {"account_id": ACCOUNT, "name": self.name()})

    def service_id_group(self):
        return self.post("/v1/serviceid_groups", {"account_id": ACCOUNT, "name": self.name()})["id"]

    def key(self):
        of = self.service_id()["iam_id"]
        return self.post("/v1/apikeys", {"account_id": ACCOUNT, "iam_id": of, "name": self.name()})

    def profile(self):
        return self.post("/v1/profiles", {"account_id": ACCOUNT, "name": self.name()})["id"]

    def profile_rule(self):
        profile = self.profile()
        return {"id": profile, "rule": self.post(f"/v1/profiles/{profile}/rules", profile_rule())["id"]}

    def profile_link(self):
        return {"cr_type": "IKS_SA", "link": {"namespace": "made", "name": self.name()}}

    def made_link(self):
        profile = self.profile()
        return {"id": profile, "link": self.post(f"/v1/profiles/{profile}/links", self.profile_link())["id"]}

    def identity(self):
        return {"identifier": self.service_id()["id"], "type": "serviceid"}

    def made_identity(self):
        profile, identity = self.profile(), self.identity()
        self.post(f"/v1/profiles/{profile}/identities/serviceid", identity)
        return {"id": profile, "kind": "serviceid", "identifier": identity["identifier"]}

    def group_rule(self):
        group = self.access_group()
        return {"id": group, "rule": self.post(f"/v2/groups/{group}/rules", group_rule())["id"]}

    def policy(self):
        return policy(self.service_id()["iam_id"])

    def role(self):
        self.count += 1
        letters = "".join(chr(ord("a") + int(digit)) for digit in str(self.count))
        return {
            "name": "Role" + letters,
            "display_name": self.name(),
            "actions": ["domain.write"],
            "account_id": ACCOUNT,
            "service_name": "ibmcloud-monitoring",
        }

    def access_group(self):
        return self.post(f"/v2/groups?account_id={ACCOUNT}", {"name": self.name()})["id"]

    def resource_group(self):
        return self.post("/v2/resource_groups", {"account_id": ACCOUNT, "name": self.name()})["id"]

    def instance(self):
        """Of a space of its own: a space has one."""
        return {
            "name": self.name(),
            "target": MADE["region"],
            "resource_group": ACCOUNT,
            "resource_plan_id": "premium",
            "parameters": {"space_id": self.space()},
        }

    def made_instance(self):
        return self.post("/v2/resource_instances", self.instance())["guid"]

    def resource_key(self):
        return {"name": self.name(), "source": self.made_instance(), "role": "Writer"}


def policy(subject):
    return {
        "type": "access",
        "subjects": [{"attributes": [{"name": "iam_id", "value": subject}]}],
        "roles": [{"role_id": VIEWER}],
        "resources": [{"attributes": [{"name": "accountId", "value": ACCOUNT}]}],
    }


def policy_v2(subject):
    return {
        "type": "access",
        "control": {"grant": {"roles": [{"role_id": VIEWER}]}},
        "subject": {"attributes": [{"key": "iam_id", "operator": "stringEquals", "value": subject}]},
        "resource": {"attributes": [{"key": "accountId", "operator": "stringEquals", "value": ACCOUNT}]},
    }


def group_rule():
    return {
        "name": "ours",
        "expiration": 24,
        "realm_name": "IBMid",
        "conditions": CONDITIONS,
    }


def profile_rule():
    return {
        "type": "Profile-SAML",
        "expiration": 3600,
        "realm_name": "IBMid",
        "conditions": CONDITIONS,
    }


# By the beginning of a path: what its parameter names, or each of its parameters. The longest beginning counts.
MAKERS = {
    "/coe/v2/accounts/{id}": lambda make: ACCOUNT,
    "/v1/apikeys/{id}": lambda make: make.key()["id"],
    "/v1/policies/{id}": lambda make: make.post("/v1/policies", make.policy())["id"],
    "/v1/profiles/{id}": lambda make: make.profile(),
    "/v1/profiles/{id}/identities/{kind}": lambda make: {"id": make.profile(), "kind": "serviceid"},
    "/v1/profiles/{id}/identities/{kind}/{identifier}": lambda make: make.made_identity(),
    "/v1/profiles/{id}/links/{link}": lambda make: make.made_link(),
    "/v1/profiles/{id}/rules/{rule}": lambda make: make.profile_rule(),
    "/v1/serviceid_groups/{id}": lambda make: make.service_id_group(),
    "/v1/serviceids/{id}": lambda make: make.service_id()["id"],
    "/v1/sessions/{id}": lambda make: login()["session_id"],
    "/v2/groups/{id}": lambda make: make.access_group(),
    "/v2/groups/{id}/rules/{rule}": lambda make: make.group_rule(),
    "/v2/organizations/{guid}": lambda make: make.organization(),
    "/v2/policies/{id}": lambda make: make.post("/v1/policies", make.policy())["id"],
    "/v2/resource_groups/{id}": lambda make: make.resource_group(),
    "/v2/resource_instances/{id}": lambda make: make.made_instance(),
    "/v2/resource_keys/{id}": lambda make: make.post("/v2/resource_keys", make.resource_key())["guid"],
    "/v2/roles/{id}": lambda make: make.post("/v2/roles", make.role())["id"],
    "/v2/spaces/{guid}": lambda make: make.space(),
    "/v4/accounts/{id}": lambda make: ACCOUNT,
}

# By the name of an operation.
BODIES = {
    "createPolicy": lambda make: make.policy(),
    "replacePolicy": lambda make: make.policy(),
    "switchPolicy": lambda make: {"state": "active"},
    "createPolicyV2": lambda make: policy_v2(make.service_id()["iam_id"]),
    "replacePolicyV2": lambda make: policy_v2(make.service_id()["iam_id"]),
    "createRole": lambda make: make.role(),
    "replaceRole": lambda make: {"display_name": make.name(), "actions": ["domain.render"]},
    "createApiKey": lambda make: {
        "name": make.name(),
        "account_id": ACCOUNT,
        "iam_id": make.service_id()["iam_id"],
    },
    "createTrustedProfile": lambda make: {"account_id": ACCOUNT, "name": make.name()},
    "updateTrustedProfile": lambda make: {"name": make.name()},
    "createProfileRule": lambda make: profile_rule(),
    "replaceProfileRule": lambda make: profile_rule(),
    "createProfileLink": lambda make: make.profile_link(),
    "addProfileIdentity": lambda make: make.identity(),
    "setProfileIdentities": lambda make: {"identities": [make.identity()]},
    "createOrganization": lambda make: {"name": make.name()},
    "renameOrganization": lambda make: {"name": make.name()},
    "createSpace": lambda make: {"name": make.name(), "organization_guid": ORG},
    "renameSpace": lambda make: {"name": make.name()},
    "createAccessGroup": lambda make: {"name": make.name()},
    "updateAccessGroup": lambda make: {"name": make.name()},
    "addGroupMembers": lambda make: {"members": [{"iam_id": make.service_id()["iam_id"], "type": "service"}]},
    "createGroupRule": lambda make: group_rule(),
    "replaceGroupRule": lambda make: group_rule(),
    "createResourceGroup": lambda make: {"account_id": ACCOUNT, "name": make.name()},
    "updateResourceGroup": lambda make: {"name": make.name()},
    "createResourceInstance": lambda make: make.instance(),
    "updateResourceInstance": lambda make: {"name": make.name()},
    "createResourceKey": lambda make: make.resource_key(),
    "updateResourceKey": lambda make: {"name": make.name()},
    "inviteUsers": lambda make: {"users": [{"email": make.name() + "@example.org", "account_role": "Member"}]},
    "giveOrganizationRole": lambda make: {"username": MADE["user"]},
    "giveSpaceRole": lambda make: {"username": MADE["user"]},
    "token": lambda make: {
        "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
        "apikey": make.key()["apikey"],
    },
    "introspect": lambda make: {"token": token()},
    "sendMetrics": lambda make: [{"name": "made.value", "value": 1}],
    "influxWrite2": lambda make: "made,tag=a value=1",
    "influxWrite": lambda make: "made,tag=a value=1",
    "postEvent": lambda make: {"what": "a release", "tags": ["made"]},
    "collectdWrite": lambda make: [
        {
            "values": [1],
            "dstypes": ["gauge"],
            "dsnames": ["value"],
            "time": int(time.time()),
            "interval": 10,
            "host": "made",
            "plugin": "load",
            "plugin_instance": "",
            "type": "load",
            "type_instance": "",
        }
    ],
}

# By the name of a parameter, wherever it is asked for.
PARAMETERS = {
    "account": ACCOUNT,
    "account_id": ACCOUNT,
    "bss_account": ACCOUNT,
    "If-Match": "*",
    "X-Auth-Scope-Id": "s-" + SPACE,
    "db": "s-" + SPACE,
    "bucket": "s-" + SPACE,
    "target": ["made.*"],
    "from": "-1h",
    "until": "now",
    "durability": "buffered",
}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    widen(raw_schema)
    make = Maker()
    request("POST", "/v1/metrics", b'[{"name": "made.first", "value": 1}]', dict(make.headers, **{"X-Auth-Scope-Id": "s-" + SPACE}))
    for path, item in raw_schema["paths"].items():
        for method, operation in item.items():
            if operation["operationId"] in BODIES:
                give_examples(path, operation, make)
                must_be_taken(path, method, operation, make)
            # Anew: what was just tried is used up.
            give_examples(path, operation, make)


def give_examples(path, operation, make):
    """Examples that belong together: what the path names, what parameters say, and a body."""
    made = in_path(path, make)
    for parameter in operation["parameters"]:
        name, schema = parameter["name"], parameter["schema"]
        if parameter["in"] == "path" and name in made:
            parameter["example"] = made[name]
        elif name in PARAMETERS and (schema.get("type") == "array") == isinstance(PARAMETERS[name], list):
            parameter["example"] = PARAMETERS[name]
    if operation["operationId"] in BODIES:
        for form in operation["requestBody"]["content"].values():
            form["example"] = BODIES[operation["operationId"]](make)


def in_path(path, make):
    """What the parameters of a path name, made for one operation."""
    begins = [begin for begin in MAKERS if path == begin or path.startswith(begin + "/")]
    if not begins:
        return {}
    begin = max(begins, key=len)
    made = MAKERS[begin](make)
    return made if isinstance(made, dict) else {begin.rsplit("{", 1)[1].rstrip("}"): made}


def must_be_taken(path, method, operation, make):
    """Sends the example of an operation; an answer but success ends the run."""
    schemes = {name for one in operation.get("security", []) for name in one}
    headers = {"Authorization": make.headers["Authorization"]} if "Bearer" in schemes else {}
    query = []
    for parameter in operation["parameters"]:
        name, place = parameter["name"], parameter["in"]
        # Some are one of a few words, and any will do.
        example = parameter.get("example", (parameter["schema"].get("enum") or [None])[0])
        if place == "path":
            path = path.replace("{" + name + "}", urllib.parse.quote(example, safe=""))
        elif "example" in parameter and place == "query":
            query.append((name, example))
        elif "example" in parameter and place == "header":
            headers[name] = example
    address = URL + path + ("?" + urllib.parse.urlencode(query) if query else "")
    for content_type, form in operation["requestBody"]["content"].items():
        headers["Content-Type"] = content_type
        body = encoded(content_type, form["example"])
        try:
            asked = urllib.request.Request(address, data=body, headers=headers, method=method.upper())
            urllib.request.urlopen(asked).close()
        except urllib.error.HTTPError as error:
            answer = error.read().decode()
            raise AssertionError(f"the example of {operation['operationId']} is refused: {error.code} {answer}") from error


def encoded(content_type, example):
    if content_type == "application/x-www-form-urlencoded":
        return urllib.parse.urlencode(example).encode()
    return (example if isinstance(example, str) else json.dumps(example)).encode()


def widen(node):
    """schemathesis 4.32.5 turns `prefixItems` into an `items` of the older drafts, and then refuses it under OpenAPI 3.1."""
    if isinstance(node, dict):
        if "prefixItems" in node:
            node["items"] = {"anyOf": node.pop("prefixItems")}
        for value in node.values():
            widen(value)
    elif isinstance(node, list):
        for value in node:
            widen(value)
