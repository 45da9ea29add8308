//! The People API, as far as mail needs it: a user's contacts are the lab's other people; the others are those who wrote
//! to the user from elsewhere. Google finds what is new only after a search for nothing; here it always finds all.

use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::cite;
use crate::json::put;
use crate::state::{State, User};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use valetkey_domain::Timestamp;

/// Members of a person that one may ask for.
const FIELDS: [&str; 28] = [
    "addresses",
    "ageRanges",
    "biographies",
    "birthdays",
    "calendarUrls",
    "clientData",
    "coverPhotos",
    "emailAddresses",
    "events",
    "externalIds",
    "genders",
    "imClients",
    "interests",
    "locales",
    "locations",
    "memberships",
    "metadata",
    "miscKeywords",
    "names",
    "nicknames",
    "occupations",
    "organizations",
    "phoneNumbers",
    "photos",
    "relations",
    "sipAddresses",
    "skills",
    "urls",
];
/// Those that are known of people who are no contacts.
const FIELDS_OF_OTHERS: [&str; 4] = ["emailAddresses", "metadata", "names", "phoneNumbers"];

/// `people.connections.list`.
pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["syncToken", "requestSyncToken", "sources", "sortOrder", "requestMask.includeField"])?;
    if call.path("peopleId") != "me" {
        return Err(ApiError::invalid("Resource name must be people/me", cite::PEOPLE_CONTACTS));
    }
    let fields = fields(call, "personFields", &FIELDS)?;
    let all = contacts(state, call)?;
    let from = match call.query("pageToken") {
        None => 0,
        Some(token) => {
            let place = token.parse::<usize>().ok().filter(|place| *place < all.len());
            place.ok_or_else(|| ApiError::invalid("Invalid page token", cite::PEOPLE_CONTACTS).at("pageToken"))?
        }
    };
    let size = call.page_size("pageSize", 100, 1_000);
    let page: Vec<Value> =
        all.iter().skip(from).take(size).map(|one| shown(one, "people", "CONTACT", &fields)).collect();
    let mut answer = json!({"totalPeople": all.len(), "totalItems": all.len()});
    if !page.is_empty() {
        put(&mut answer, "connections", page);
    }
    if from + size < all.len() {
        put(&mut answer, "nextPageToken", (from + size).to_string());
    }
    Ok(answer.into())
}

/// `people.searchContacts`.
pub(crate) fn search(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["sources"])?;
    let fields = fields(call, "readMask", &FIELDS)?;
    Ok(search_result(call, &contacts(state, call)?, "people", "CONTACT", &fields))
}

/// `otherContacts.search`.
pub(crate) fn search_others(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let fields = fields(call, "readMask", &FIELDS_OF_OTHERS)?;
    Ok(search_result(call, &others(state, call)?, "otherContacts", "OTHER_CONTACT", &fields))
}

/// Somebody with a name and an address.
type Known = (String, String);

fn caller<'a>(state: &'a State, call: &Call) -> Result<&'a User, ApiError> {
    state.user(&call.caller.user).ok_or_else(ApiError::bad_credentials)
}

fn contacts(state: &State, call: &Call) -> Result<Vec<Known>, ApiError> {
    let own = caller(state, call)?;
    let others = state.users.iter().filter(|user| user.email != own.email);
    Ok(others.map(|user| (user.name.clone(), user.email.clone())).collect())
}

fn others(state: &State, call: &Call) -> Result<Vec<Known>, ApiError> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for mail in &caller(state, call)?.mail {
        let Some(message) = MessageParser::default().parse(&mail.raw) else { continue };
        let senders = message.from().into_iter().flat_map(mail_parser::Address::iter);
        for sender in senders {
            let address = sender.address.as_deref().unwrap_or_default();
            if state.user(address).is_none() && !address.is_empty() {
                known
                    .entry(address.to_owned())
                    .or_insert_with(|| sender.name.as_deref().unwrap_or_default().to_owned());
            }
        }
    }
    Ok(known.into_iter().map(|(email, name)| (name, email)).collect())
}

fn fields<'c>(call: &'c Call, parameter: &str, known: &[&str]) -> Result<Vec<&'c str>, ApiError> {
    let fields: Vec<&str> =
        call.query(parameter).unwrap_or_default().split(',').filter(|one| !one.is_empty()).collect();
    let refused = |said: String| ApiError::invalid(said, cite::reference(&call.operation)).at(parameter);
    if fields.is_empty() {
        return Err(refused(format!("{parameter} mask is required. Please specify one or more valid paths.")));
    }
    match fields.iter().find(|field| !known.contains(field)) {
        Some(wrong) => Err(refused(format!("Invalid {parameter} mask path: \"{wrong}\"."))),
        None => Ok(fields),
    }
}

/// Prefixes of words are found, as Google's page says; a search for nothing finds nobody.
fn search_result(
    call: &Call,
    among: &[Known],
    kind: &str,
    source: &str,
    fields: &[&str],
) -> crate::api::outcome::Answer {
    let query = call.query("query").unwrap_or_default().trim().to_lowercase();
    let begins = |text: &str| {
        let text = text.to_lowercase();
        text.match_indices(&query)
            .any(|(at, _)| text.get(..at).is_some_and(|head| !head.ends_with(char::is_alphanumeric)))
    };
    let fits = |one: &&Known| !query.is_empty() && (begins(&one.0) || begins(&one.1));
    let size = call.page_size("pageSize", 10, 30);
    let people: Vec<Value> =
        among.iter().filter(fits).take(size).map(|one| json!({"person": shown(one, kind, source, fields)})).collect();
    if people.is_empty() { json!({}) } else { json!({"results": people}) }.into()
}

fn shown((name, email): &Known, kind: &str, source: &str, fields: &[&str]) -> Value {
    let id = email.replace(['@', '.'], "_");
    let said = json!({"primary": true, "source": {"type": source, "id": id}});
    let mut person = json!({"resourceName": format!("{kind}/{id}"), "etag": "%EgMBAgMaBAECBQc="});
    if fields.contains(&"names") && !name.is_empty() {
        put(&mut person, "names", json!([{"metadata": said, "displayName": name, "unstructuredName": name}]));
    }
    if fields.contains(&"emailAddresses") {
        put(&mut person, "emailAddresses", json!([{"metadata": said, "value": email}]));
    }
    if fields.contains(&"metadata") {
        put(&mut person, "metadata", json!({"sources": [{"type": source, "id": id}], "objectType": "PERSON"}));
    }
    person
}
