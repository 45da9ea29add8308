use super::*;
use crate::custom::Description;
use crate::setting::Setting;
use crate::{Run, Step};
use bytes::Bytes;
use http::Response;
use serde_json::json;
use std::time::Duration;
use valetkey_domain::Timestamp;

const DOCUMENT: &str = r##"
openapi: 3.1.0
info: {title: Pets, version: "7"}
servers: [{url: "https://api.pets.test/v2"}]
paths:
  /pets:
    parameters: [{name: trace, in: header, required: false, schema: {type: string}}]
    get:
      operationId: listPets
      summary: List pets
      description: "Lists the pets\u200B that there are."
      parameters:
        - {name: "filter[kind]", in: query, description: Which kind., schema: {type: string, enum: [cat, dog]}}
        - {name: tags, in: query, schema: {type: array, items: {type: string}}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50, default: 10}}
        - {name: X-Api-Key, in: header, required: true, schema: {type: string}}
        - {name: session, in: cookie, schema: {type: string}}
      responses: {200: {content: {application/json: {}}}}
    post:
      summary: Add a pet
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
      responses: {201: {description: made}}
  /pets/{pet_id}:
    parameters: [{name: pet_id, in: path, required: true, schema: {type: integer}}]
    get: {operationId: pets.read-one, summary: Read, responses: {}}
    delete: {operationId: deletePet, deprecated: true, responses: {}}
    put:
      operationId: putPet
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, required: [id], properties: {id: {type: string}}}}}}
  /pets/{pet_id}/photo:
    parameters: [{name: pet_id, in: path, required: true, schema: {type: integer}}]
    get: {operationId: photo, responses: {200: {content: {image/png: {}}}}}
    post: {operationId: sendPhoto, requestBody: {content: {multipart/form-data: {schema: {type: object}}}}}
  /away:
    servers: [{url: "https://evil.test"}]
    get: {operationId: away}
  /login:
    get: {operationId: login, parameters: [{name: session, in: cookie, required: true, schema: {type: string}}]}
    head: {operationId: look}
components:
  schemas:
    Pet:
      type: object
      required: [name, owner]
      properties:
        id: {type: integer, readOnly: true}
        name: {type: string, description: What it is called by those who feed it.}
        born: {anyOf: [{type: string, format: date}, {type: "null"}]}
        owner: {$ref: "#/components/schemas/Owner"}
        friends: {type: array, items: {$ref: "#/components/schemas/Pet"}}
    Owner: {type: object, required: [email], properties: {email: {type: string}, phone: {type: [string, "null"]}}}
"##;

pub(super) fn provider(proxy_url: &str) -> Connector {
    let patterns = json!([{"type": "API_KEY", "auth_header_key_override": "X-API-Key", "fields": [
        {"field_name": "api_key", "input_type": "password", "required": true}, {"field_name": "domain"},
    ]}]);
    let described = Description {
        slug: "pets:1",
        display_name: "Pets",
        proxy_url,
        proxy_enabled: true,
        auth_patterns: &patterns,
        tools_digest: "",
    };
    Connector::custom(described).unwrap()
}

fn pets() -> (Connector, Read) {
    let provider = provider("https://api.pets.test");
    let read = read(DOCUMENT, &provider, &Kept::default()).unwrap();
    (provider, read)
}

fn kept(read: Read) -> Kept {
    let tools = read.candidates.into_iter().map(|one| (one.name, one.file));
    Kept { source: read.source, tools: tools.collect() }
}

#[test]
fn each_operation_is_told_with_its_name_title_and_effect() {
    let (_, read) = pets();
    let told: Vec<_> = read
        .candidates
        .iter()
        .map(|one| (one.name.as_str(), one.title.as_str(), one.effect.as_str(), one.request.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("list_pets", "List pets", "read", "GET /v2/pets"),
            ("post_pets", "Add a pet", "write", "POST /v2/pets"),
            ("pets_read_one", "Read", "read", "GET /v2/pets/{pet_id}"),
            ("put_pet", "Put pet", "write", "PUT /v2/pets/{pet_id}"),
            ("delete_pet", "Delete pet", "destructive", "DELETE /v2/pets/{pet_id}"),
            ("photo", "Photo", "read", "GET /v2/pets/{pet_id}/photo"),
        ]
    );
    assert_eq!(read.candidates[0].description, "Lists the pets that there are.", "without what nobody sees");
    assert_eq!(read.candidates[2].description, "Read. It sends GET /v2/pets/{pet_id} to the app.");
    assert_eq!(read.candidates[4].description, "Deprecated by the app.");
    assert_eq!(read.candidates[5].description, "It sends GET /v2/pets/{pet_id}/photo to the app.");
    assert_eq!((read.source.title.as_str(), read.source.version.as_str()), ("Pets", "7"));
    assert!(read.notes.is_empty(), "{:?}", read.notes);
}

#[test]
fn what_cannot_be_had_is_told_with_its_place() {
    let (_, read) = pets();
    let told: Vec<_> = read.refused.iter().map(|one| (one.at.as_str(), one.why.as_str())).collect();
    let has = |at: &str, why: &str| told.iter().any(|(place, words)| *place == at && words.contains(why));
    assert!(has("paths./pets/{pet_id}/photo.post", "requestBody: it is multipart/form-data"), "{told:?}");
    assert!(has("paths./away.get", "servers of its own"), "{told:?}");
    assert!(has("paths./login.get", "parameters[0]: `session` is a cookie"), "{told:?}");
    assert!(has("paths./login.head", "HEAD is no method"), "{told:?}");
    assert_eq!(told.len(), 4);
    assert_eq!(read.candidates[0].left_out, ["parameters[4]: `session` is a cookie, and tools send none"]);
}

/// The request that a tool makes of arguments.
fn sent(tool: &Tool, arguments: Value) -> Result<(String, String, Value), String> {
    let Value::Object(arguments) = arguments else { panic!("{arguments}") };
    let arguments = tool.check(&arguments).map_err(|failure| failure.message)?;
    let setting = Setting {
        base_url: Some("https://api.pets.test/".to_owned()),
        now: Timestamp::UNIX_EPOCH,
        nonce: 0,
        api_config: Map::new(),
        work: crate::native::Work::default(),
    };
    let mut run: Run = tool.start(arguments, setting).map_err(|failure| failure.message)?;
    let Step::Send(requests) = run.next(Vec::new(), Duration::from_secs(10)) else { return Err("nothing sent".into()) };
    let request = &requests[0];
    let kind = request.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    let body = match kind.as_str() {
        "application/json" => serde_json::from_slice(request.body()).unwrap(),
        _ => json!(String::from_utf8_lossy(request.body())),
    };
    let answer = Response::builder().status(200).body(Bytes::from(r#"{"ok": true}"#)).unwrap();
    let done = run.next(vec![Ok(answer)], Duration::from_secs(10));
    assert!(matches!(&done, Step::Done(_)), "{done:?}");
    Ok((format!("{} {}", request.method(), request.uri()), kind, body))
}

#[test]
fn what_is_called_sends_what_the_document_says() {
    let (provider, read) = pets();
    let tools = tools(&kept(read), &provider, "c-desk").unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool.definition.name.as_str()).collect();
    assert_eq!(names[..2], ["c-desk_list_pets", "c-desk_post_pets"]);
    let listed = &tools[0].definition.input_schema["properties"];
    assert_eq!(listed.as_object().unwrap().keys().collect::<Vec<_>>(), ["trace", "filter_kind", "tags", "limit"]);
    assert!(listed["limit"]["description"].as_str().unwrap().contains("Without it the app takes 10"), "{listed}");
    let asked = json!({"filter_kind": "cat", "tags": ["a b", "c"], "limit": 5, "trace": "t"});
    let (line, _, _) = sent(&tools[0], asked).unwrap();
    assert_eq!(line, "GET https://api.pets.test/v2/pets?filter%5Bkind%5D=cat&tags=a%20b&tags=c&limit=5");
    assert!(sent(&tools[0], json!({"limit": 51})).unwrap_err().contains("limit"));
    assert!(sent(&tools[0], json!({"filter_kind": "cow"})).unwrap_err().contains("filter_kind"));
    let pet = json!({"name": "Tom", "owner": {"email": "a@b.c", "phone": null}, "born": "2026-01-02"});
    let (line, kind, body) = sent(&tools[1], pet.clone()).unwrap();
    assert_eq!((line.as_str(), kind.as_str(), body), ("POST https://api.pets.test/v2/pets", "application/json", pet));
    let seen = &tools[1].definition.input_schema;
    assert_eq!(seen["required"], json!(["name", "owner"]));
    assert!(seen["properties"].get("id").is_none(), "what only answers have: {seen}");
    assert_eq!(seen["properties"]["owner"]["required"], json!(["email"]), "{seen}");
    assert!(sent(&tools[1], json!({"name": "Tom", "owner": {}})).unwrap_err().contains("email"));
    assert_eq!(sent(&tools[2], json!({"pet_id": 7})).unwrap().0, "GET https://api.pets.test/v2/pets/7");
    let (_, kind, body) = sent(&tools[3], json!({"pet_id": 7, "id": "a&b"})).unwrap();
    assert_eq!((kind.as_str(), body), ("application/x-www-form-urlencoded", json!("id=a%26b")));
}

#[test]
fn json_and_yaml_say_the_same() {
    let (provider, of_yaml) = pets();
    let value: Value = serde_saphyr::from_str(DOCUMENT).unwrap();
    let of_json = super::read(&format!("\u{feff}{value}"), &provider, &Kept::default()).unwrap();
    let files = |read: &Read| read.candidates.iter().map(|one| one.file.clone()).collect::<Vec<_>>();
    assert_eq!(files(&of_yaml), files(&of_json));
    assert_eq!(of_yaml.refused, of_json.refused);
}

#[test]
fn an_operation_keeps_its_name_and_no_name_is_there_twice() {
    let provider = provider("https://api.pets.test");
    let of =
        |paths: Value| json!({"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": paths}).to_string();
    let one = json!({"operationId": "do it", "responses": {}});
    let first = read(&of(json!({"/a": {"get": one}, "/b": {"get": one}})), &provider, &Kept::default()).unwrap();
    let names = |read: &Read| read.candidates.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&first), ["do_it", "do_it_2"]);
    let before = kept(first);
    let second = read(&of(json!({"/0": {"get": one}, "/b": {"get": one}})), &provider, &before).unwrap();
    assert_eq!(names(&second), ["do_it_3", "do_it_2"], "what `/b` is called stays, and `/0` is another than `/a`");
    let long = json!({"operationId": "x".repeat(200), "responses": {}});
    let long = read(&of(json!({"/a": {"get": long}, "/b": {"get": long}})), &provider, &Kept::default()).unwrap();
    assert!(names(&long).iter().all(|name| name.len() <= 64) && names(&long)[0] != names(&long)[1]);
    for tool in tools(&kept(long), &provider, &format!("c-{}", "d".repeat(32))).unwrap() {
        assert!(tool.definition.name.len() <= 64, "{}", tool.definition.name);
    }
}

#[test]
fn what_calling_a_tool_does_can_be_said_against_its_method() {
    let (provider, mut read) = pets();
    for (candidate, effect) in read.candidates.iter_mut().zip([Effect::Destructive, Effect::Read, Effect::Write]) {
        candidate.say(effect);
        tool::checked(&candidate.name, &candidate.file).unwrap();
    }
    let before = kept(read);
    assert_eq!(before.said().len(), 3);
    let tools = tools(&before, &provider, "c-desk").unwrap();
    let effects = |tools: &[Arc<Tool>]| tools.iter().map(|tool| tool.definition.effect).collect::<Vec<_>>();
    let said = [Effect::Destructive, Effect::Read, Effect::Write, Effect::Write, Effect::Destructive, Effect::Read];
    assert_eq!(effects(&tools), said);
    let mut again = super::read(DOCUMENT, &provider, &before).unwrap();
    assert_eq!(again.candidates.iter().map(|one| one.effect).collect::<Vec<_>>(), said, "the same document once more");
    again.candidates[0].say(Effect::Read);
    assert!(again.candidates[0].file.get("excuse").is_none(), "as its method says, it needs no excuse");
}

#[test]
fn what_is_kept_is_read_only_by_the_hash_that_its_row_names() {
    let (_, read) = pets();
    let (text, digest) = kept(read).written().unwrap();
    assert_eq!(Kept::read(&text, &digest).unwrap().tools.len(), 6);
    let other = text.replace("/v2/pets", "/v2/cats");
    assert!(Kept::read(&other, &digest).unwrap_err().contains("not the ones"));
    assert_eq!(Kept::default().written().unwrap(), (String::new(), String::new()));
}

#[test]
fn a_new_provider_begins_with_what_the_document_says() {
    let mut document: Value = serde_saphyr::from_str(DOCUMENT).unwrap();
    document["info"]["title"] = json!("Pets & <Co>");
    document["components"]["securitySchemes"] = json!({
        "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}, "other": {"type": "apiKey", "in": "cookie", "name": "x"},
        "token": {"type": "http", "scheme": "Bearer"},
        "sign_in": {"type": "oauth2", "flows": {"authorizationCode": {
            "authorizationUrl": "https://pets.test/a", "tokenUrl": "https://pets.test/t", "scopes": {"read": "See pets"}}}},
    });
    let suggested = suggested(&document.to_string()).unwrap();
    assert_eq!((suggested.name.as_str(), suggested.url.as_str()), ("Pets Co", "https://api.pets.test/v2"));
    let made = Connector::custom(Description {
        slug: "pets:1",
        display_name: &suggested.name,
        proxy_url: &suggested.url,
        proxy_enabled: true,
        auth_patterns: &suggested.patterns,
        tools_digest: "",
    });
    let ways: Vec<_> = made.unwrap().ways.iter().map(|way| way.kind().as_str()).collect();
    assert_eq!(ways, ["api_key", "bearer", "oauth2"]);
}
