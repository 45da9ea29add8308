//! What imported tools and their arguments are called: letters, digits and `_`, no name twice.

use crate::parameter_name::fits;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use valetkey_domain::tool::MAX_NAME;
use valetkey_vendor::openapi::survey::Offer;

/// How many hexadecimal digits of a hash stand at the end of a name that was cut.
const DIGITS: usize = 8;
/// What is kept free for a number behind a name.
const NUMBER: usize = 5;

/// The names of a provider's tools.
pub(super) struct Names {
    /// What operations are called already, by method and path.
    known: HashMap<String, String>,
    taken: HashSet<String>,
    /// How often a name was wanted.
    wanted: HashMap<String, usize>,
}

impl Names {
    pub(super) fn of(known: impl Iterator<Item = (String, String)>) -> Self {
        let known: HashMap<_, _> = known.collect();
        Self { taken: known.values().cloned().collect(), known, wanted: HashMap::new() }
    }

    /// The name of an operation: the one it has already, else one of its id, else of its method and path.
    pub(super) fn name(&mut self, request: &str, offer: &Offer) -> String {
        if let Some(known) = self.known.get(request) {
            return known.clone();
        }
        let by_id = snake(offer.id.as_deref().unwrap_or_default());
        let name = shortened(if by_id.is_empty() { by_request(offer) } else { by_id }, MAX_NAME - NUMBER);
        let times = self.wanted.entry(name.clone()).or_insert(0);
        loop {
            *times += 1;
            let tried = if *times == 1 { name.clone() } else { format!("{name}_{times}") };
            if self.taken.insert(tried.clone()) {
                return tried;
            }
        }
    }
}

/// `get_things_by_id` of `GET /things/{id}`.
fn by_request(offer: &Offer) -> String {
    let segment = |one: &str| match one.strip_prefix('{') {
        Some(variable) => format!("by_{variable}"),
        None => one.to_owned(),
    };
    let path = offer.path.split('/').filter(|one| !one.is_empty()).map(segment).collect::<Vec<_>>().join("_");
    snake(&format!("{}_{path}", offer.method.to_ascii_lowercase()))
}

/// `list_all_things` of `listAllThings`, `list-all things` or `list.allThings`.
fn snake(text: &str) -> String {
    let (mut name, mut before) = (String::new(), ' ');
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            let begins = c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
            if begins && !name.ends_with('_') {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        before = c;
    }
    name.trim_end_matches('_').to_owned()
}

/// A name that is too long is cut, and ends in digits of a hash of all of it.
fn shortened(name: String, most: usize) -> String {
    if name.len() <= most {
        return name;
    }
    let digits: String = Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let kept: String = name.chars().take(most - DIGITS - 1).collect();
    format!("{kept}_{}", digits.chars().take(DIGITS).collect::<String>())
}

/// The names of one tool's arguments.
#[derive(Default)]
pub(super) struct Arguments(HashSet<String>);

impl Arguments {
    /// What an argument is called that stands there under this name.
    pub(super) fn name(&mut self, place: &str, wire: &str) -> String {
        let plain: String = wire.chars().map(|c| if fits(c) { c } else { '_' }).collect();
        let mut plain = plain.trim_matches('_').to_owned();
        while plain.contains("__") && plain != wire {
            plain = plain.replace("__", "_");
        }
        let plain = shortened(if plain.is_empty() { place.to_owned() } else { plain }, MAX_NAME - 10);
        let mut tried = plain.clone();
        for times in 1.. {
            if self.0.insert(tried.clone()) {
                break;
            }
            tried = if times == 1 {
                format!("{place}_{plain}")
            } else {
                shortened(format!("{place}_{plain}"), 50) + &format!("_{times}")
            };
        }
        tried
    }
}
