//! Where in a request a value goes.

use http::HeaderName;
use std::fmt;

/// Headers that a connector file may never fill: they belong to the connection, the credential or the framing.
const RESERVED: &[&str] = &[
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A place in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A variable of the path.
    Path(String),
    /// A query parameter; a list gives it several times.
    Query(String),
    /// A header.
    Header(HeaderName),
    /// A member of the JSON body by its path; an empty path is the whole body.
    Body(Vec<String>),
    /// The file beside the body.
    Media(Media),
}

/// What of a file goes into a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// Its content, as text.
    Text,
    /// Its content, in base64.
    Base64,
    /// Its media type.
    Type,
}

impl Target {
    /// Reads `path.x`, `query.x`, `header.X`, `body`, `body.a.b`, `media.text`, `media.base64` or `media.type`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "body" {
            return Ok(Self::Body(Vec::new()));
        }
        match text.split_once('.') {
            Some((_, "")) => Err(format!("`{text}` names nothing after the dot")),
            Some(("path", name)) => Ok(Self::Path(name.to_owned())),
            Some(("query", name)) => Ok(Self::Query(name.to_owned())),
            Some(("header", name)) => header(name),
            Some(("body", path)) => Ok(Self::Body(path.split('.').map(str::to_owned).collect())),
            // GraphQL has them in a member of the body.
            Some(("variables", _)) => Ok(Self::Body(text.split('.').map(str::to_owned).collect())),
            Some(("media", "text")) => Ok(Self::Media(Media::Text)),
            Some(("media", "base64")) => Ok(Self::Media(Media::Base64)),
            Some(("media", "type")) => Ok(Self::Media(Media::Type)),
            Some(("media", _)) => Err(format!("`{text}` is nothing of a file: media.text, media.base64 or media.type")),
            _ => Err(format!("`{text}` is no target: path.x, query.x, header.X, body, body.a.b or variables.a.b")),
        }
    }
}

fn header(name: &str) -> Result<Target, String> {
    let header: HeaderName = name.parse().map_err(|_| format!("`{name}` is no header name"))?;
    if RESERVED.contains(&header.as_str()) {
        return Err(format!("the header `{header}` is not a connector file's to fill"));
    }
    Ok(Target::Header(header))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(name) => write!(f, "path.{name}"),
            Self::Query(name) => write!(f, "query.{name}"),
            Self::Header(name) => write!(f, "header.{name}"),
            Self::Body(path) if path.is_empty() => f.write_str("body"),
            Self::Body(path) => write!(f, "body.{}", path.join(".")),
            Self::Media(Media::Text) => f.write_str("media.text"),
            Self::Media(Media::Base64) => f.write_str("media.base64"),
            Self::Media(Media::Type) => f.write_str("media.type"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_written() {
        for text in
            ["path.id", "query.$top", "header.x-thing", "body", "body.a.b", "media.text", "media.base64", "media.type"]
        {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn no_file_fills_the_credential_or_the_framing() {
        for text in [
            "header.Authorization",
            "header.Host",
            "header.Transfer-Encoding",
            "header.a b",
            "cookie.x",
            "path.",
            "media",
            "media.x",
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }
}
