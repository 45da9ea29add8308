//! The file as one: names, addresses, description.

use super::problems::Problems;
use crate::file::{Description, DescriptionKind, File};
use crate::host::placeholders;
use crate::shape::Shape;
use crate::target::Target;
use url::Url;
use valetkey_vendor::Digest;

/// The shortest reason that says something, in bytes.
const REASON: usize = 15;

pub(super) fn check(file: &File, digests: &[Digest], problems: &mut Problems) {
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let good = file.connector.starts_with(|c: char| c.is_ascii_lowercase()) && file.connector.chars().all(named);
    problems.demand(good, "connector", "a name has only a-z, 0-9 and _, and begins with a letter");
    problems.demand(!file.display_name.trim().is_empty(), "display_name", "is empty");
    addresses(file, problems);
    description("description", &file.description, digests.first(), problems);
    for (index, also) in file.also_described.iter().enumerate() {
        let at = format!("also_described[{index}]");
        problems.demand(
            also.kind != DescriptionKind::Manual,
            &at,
            "has a digest: an operation of documentation that somebody read has a `request`",
        );
        description(&at, also, digests.get(index + 1), problems);
    }
    let named = 1 + file.also_described.len();
    let more = format!("names {named} descriptions, and {} digests are given", digests.len());
    problems.demand(digests.len() <= named, "also_described", &more);
    for name in file.headers.keys() {
        if let Err(why) = Target::parse(&format!("header.{name}")) {
            problems.add(format!("headers.{name}"), why);
        }
    }
    for (key, text) in [
        ("errors.reason", &file.errors.reason),
        ("errors.message", &file.errors.message),
        ("rate_limit.retry_in", &file.rate_limit.retry_in),
    ] {
        if let Some(Err(why)) = text.as_deref().map(Shape::compile) {
            problems.add(key, why.to_string());
        }
    }
    for (name, why) in file.not_yet.iter() {
        problems.demand(
            why.trim().len() >= REASON,
            &format!("not_yet.{name}"),
            "says in a sentence why it is not built",
        );
    }
    let by_words = file.errors.rules.iter().any(|rule| !rule.says.is_empty());
    let why = "`says` looks at what `errors.message` finds, and there is none";
    problems.demand(!by_words || file.errors.message.is_some(), "errors.rules", why);
    let headers = file.errors.scopes.iter().flat_map(|scopes| [&scopes.has, &scopes.wants]);
    for name in headers {
        let named = name.parse::<http::HeaderName>().is_ok();
        problems.demand(named, "errors.scopes", &format!("`{name}` is no name of a header"));
    }
    let named = file.rate_limit.retry_after.parse::<http::HeaderName>().is_ok();
    problems.demand(named, "rate_limit.retry_after", "is no name of a header");
}

fn addresses(file: &File, problems: &mut Problems) {
    for (at, text) in [("base_url", &file.base_url), ("proxy_url", &file.proxy_url)] {
        let Some(url) = https(&placeholders(text)) else {
            problems.add(at, format!("`{text}` is not a plain https address"));
            continue;
        };
        let listed = file.hosts.iter().any(|host| Some(placeholders(host).as_str()) == url.host_str());
        problems.demand(listed, at, "its host is not among `hosts`");
        problems.demand(at == "base_url" || url.path() == "/", at, "is an origin: no path");
    }
    for host in &file.hosts {
        let read = placeholders(host);
        let plain = https(&format!("https://{read}/")).is_some_and(|url| url.host_str() == Some(read.as_str()));
        problems.demand(
            plain && !host.contains('*'),
            "hosts",
            &format!("`{host}` is not one plain host name in lower case"),
        );
    }
}

/// An https address without user, query, fragment or port of its own.
pub(super) fn https(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.scheme() == "https"
        && url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then_some(url)
}

fn description(at: &str, description: &Description, digest: Option<&Digest>, problems: &mut Problems) {
    match description.kind {
        DescriptionKind::Discovery | DescriptionKind::Openapi | DescriptionKind::Sdk => {
            let Some(digest) = digest else {
                let name = description.id.as_deref().unwrap_or_default().replace(':', ".");
                return problems.add(
                    at,
                    format!("names a description whose digest is not here: it is digests/{name}.json beside the file"),
                );
            };
            let read = description.url.is_some() || description.read_on.is_some();
            problems.demand(!read, at, "`url` and `read_on` are of documentation that somebody read");
            let same = description.id.as_deref() == Some(digest.id.as_str());
            problems.demand(same, &format!("{at}.id"), &format!("the digest is of `{}`", digest.id));
            let same = description.sha256.as_deref() == Some(digest.source_sha256.as_str());
            problems.demand(
                same,
                &format!("{at}.sha256"),
                "the digest was made from another document: look at what changed",
            );
        }
        DescriptionKind::Manual => {
            let digested = description.id.is_some() || description.sha256.is_some();
            problems.demand(!digested, at, "`id` and `sha256` are of a description that has a digest");
            let page = description.url.as_deref().is_some_and(|url| https(url).is_some());
            problems.demand(page, &format!("{at}.url"), "names the https page that the file was written from");
            let day = description.read_on.as_deref().is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok());
            problems.demand(
                day,
                &format!("{at}.read_on"),
                "names the day on which the page was read, such as 2026-11-22",
            );
        }
    }
}
