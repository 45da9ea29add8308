//! A connector file in which every key does something.

use serde_json::{Value, json};

pub(crate) fn base() -> Value {
    json!({
        "connector": "keys",
        "display_name": "Keys",
        "upstream": "http",
        "base_url": "https://api.keys.test/v2",
        "proxy_url": "https://api.keys.test",
        "hosts": ["api.keys.test", "two.keys.test"],
        "description": {"kind": "manual", "url": "https://keys.test/docs", "read_on": "2026-11-22"},
        "auth": [auth(), typed(), client(), pair()],
        "account_fields": {
            "region": {"label": "Region", "hint": "It stands in the address.", "options": ["eu", "us"]},
            "team": {"label": "Team", "pattern": "[a-z]+", "required": false}
        },
        "verify": {"method": "GET", "path": "/me", "id": ".sub", "name": ".people[0].mail"},
        "default_scopes": ["read", "write"],
        "scopes": {"read": "See things", "write": "Change things"},
        "scope_includes": {"write": ["read"]},
        "headers": {"X-Version": "7"},
        "rate_limit": {"status": [420], "reason": ["slow"], "retry_after": "x-wait", "retry_in": ".error.wait"},
        "errors": {
            "reason": ".error.code",
            "message": ".error.message",
            "rules": [{"status": [418], "reason": ["tea"], "says": ["It is"], "kind": "unsupported_plan", "say": "Buy coffee."}],
            "scopes": {"has": "x-has", "wants": "x-wants"}
        },
        "tools": {"keys_list": list(), "keys_all": all(), "keys_find": find(), "keys_put": put(), "keys_paged": paged(), "keys_ask": ask(), "keys_ask_first": ask_first()},
        "not_yet": {"keys_later": "Its answer is described nowhere."}
    })
}

fn auth() -> Value {
    json!({
        "kind": "oauth2",
        "authorize_url": "https://login.keys.test/a",
        "token_url": "https://login.keys.test/t",
        "token_client_auth": "basic",
        "scope_separator": " ",
        "pkce": "S256",
        "authorize_params": {"prompt": "consent"},
        "refresh": {"rotates": false, "idle_ttl": "180d"},
        "revoke": {"method": "POST", "url": "https://login.keys.test/r", "token_in": "form.token"},
        "identity": {
            "method": "GET", "url": "https://api.keys.test/me", "id": ".sub", "name": ".people[0].mail", "scopes": ["read"]
        },
        "issuer": "https://login.keys.test"
    })
}

fn typed() -> Value {
    json!({
        "kind": "basic",
        "fields": {
            "email": {"label": "E-mail", "hint": "The one you sign in with.", "secret": false, "pattern": ".+@.+"},
            "key": {"label": "Key", "required": true}
        },
        "username": "{email}/token",
        "password": "{key}",
        "send": {"header.X-Key": "{key}"}
    })
}

fn client() -> Value {
    json!({"kind": "client_credentials", "token_url": "https://login.keys.test/t"})
}

fn pair() -> Value {
    json!({
        "kind": "key_pair",
        "token_url": "https://login.keys.test/t",
        "fields": {
            "client_id": {"label": "Id", "secret": false},
            "private_key": {"label": "Private key"}
        },
        "assertion": {"sent_as": "grant", "claims": {"iss": "{client_id}", "aud": "keys"}, "life": "2m"}
    })
}

fn list() -> Value {
    json!({
        "title": "List",
        "description": "Lists the things that there are.",
        "keywords": ["inventory"],
        "operation": "things.list",
        "request": {"method": "GET", "path": "/things"},
        "effect": "read",
        "scopes": {"any": ["read", "write"]},
        "versions": true,
        "input": {
            "limit": {"type": "integer", "description": "How many things at most.", "minimum": 1, "maximum": 100, "default": 20, "map": "query.limit"},
            "mode": {"type": "string", "description": "In which way they are listed.", "enum": ["a", "b"], "map": "query.mode"},
            "day": {"type": "string", "description": "Only things of that day.", "format": "date", "map": "query.day"},
            "name": {"type": "string", "description": "Only things of that name.", "pattern": "^[a-z]*$", "min_length": 1, "max_length": 5, "map": "query.name"},
            "tags": {"type": "array", "description": "Only things with these tags.", "items": {"type": "string"}, "map": "query.tag"},
            "open": {"type": "boolean", "description": "Only things that are open.", "default": true, "map": "expression"},
            "cursor": {"type": "string", "description": "Where an earlier answer ended.", "map": "query.cursor"},
            "gone": {"type": "string", "description": "Ignored, as nothing is like it.", "map": "none", "because": "It was taken away."}
        },
        "set": {"query.fixed": 1},
        "with": {"query.state": "'open' if input.open"},
        "output": {"shape": "{things: .items, n: .n}", "max_bytes": 3000, "list": "things", "spare": ["raw"], "over": "cut", "read_on": "Ask for fewer."},
        "paginate": {"next": ".next", "into": "cursor"},
        "example": {"limit": 5}
    })
}

fn all() -> Value {
    json!({
        "title": "All",
        "description": "Lists all things and reads each.",
        "operation": "things.list",
        "request": {"method": "GET", "path": "/things"},
        "effect": "read",
        "input": {
            "most": {"type": "integer", "description": "How many things at most.", "map": "query.limit"},
            "least": {"type": "integer", "description": "How many things at least.", "map": "query.least"}
        },
        "one_of": [["most", "least"]],
        "example": {"most": 3},
        "steps": [
            {"call": "things.list", "save": "listed"},
            {
                "call": "things.get", "request": {"method": "GET", "path": "/things/{id}"}, "save": "things",
                "when": "input.most", "for_each": "listed.items", "as": "thing", "limit": 20, "concurrency": 4, "skip": [404],
                "set": {"query.full": true}, "with": {"path.id": "thing.id"}
            }
        ],
        "output": {"shape": "{things: .things}"}
    })
}

fn find() -> Value {
    json!({
        "title": "Find",
        "description": "Finds things by what they are.",
        "operation": "things.find",
        "request": {"method": "POST", "path": "/find"},
        "effect": "read",
        "excuse": "The question is too long for an address."
    })
}

fn paged() -> Value {
    json!({
        "title": "Page",
        "description": "Lists the things page by page.",
        "operation": "things.paged",
        "request": {"method": "GET", "path": "/things"},
        "effect": "read",
        "input": {"page": {"type": "integer", "description": "Which page is listed.", "map": "query.page"}},
        "paginate": {"link": "page", "into": "page"}
    })
}

fn ask() -> Value {
    json!({
        "title": "Ask",
        "description": "Asks for things in GraphQL.",
        "operation": "Query.things",
        "request": {"method": "POST", "path": "/graphql"},
        "body": "graphql",
        "document": "query($no: Int) { things(no: $no) { id } }",
        "effect": "read",
        "input": {"no": {"type": "integer", "description": "The number of the thing.", "map": "variables.no"}}
    })
}

fn ask_first() -> Value {
    json!({
        "title": "Ask first",
        "description": "Asks for things in GraphQL, in a step.",
        "operation": "Query.things",
        "request": {"method": "POST", "path": "/graphql"},
        "body": "graphql",
        "effect": "read",
        "steps": [{"call": "Query.things", "save": "found", "document": "query($no: Int) { things(no: $no) { id } }", "set": {"variables.no": 1}}],
        "output": {"shape": ".found"}
    })
}

fn put() -> Value {
    json!({
        "title": "Put",
        "description": "Puts a thing where it belongs.",
        "operation": "things.put",
        "request": {"method": "POST", "path": "/things"},
        "effect": "write",
        "scopes": {"all": ["read", "write"]},
        "input": {
            "name": {"type": "string", "description": "What the thing is called.", "required": true, "map": "body.name"},
            "note": {"type": "string", "description": "What is said about it.", "empty": "by_clear", "map": "body.note"},
            "place": {"type": "object", "description": "Where the thing is put.", "members": {"room": {"type": "string"}}, "needs": ["room"], "map": "body.place"}
        },
        "example": {"name": "x"}
    })
}
