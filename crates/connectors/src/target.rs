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
}

impl Target {
    /// Reads `path.x`, `query.x`, `header.X`, `body` or `body.a.b`.
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
            _ => Err(format!("`{text}` is no target: path.x, query.x, header.X, body or body.a.b")),
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_written() {
        for text in ["path.id", "query.$top", "header.x-thing", "body", "body.a.b"] {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn no_file_fills_the_credential_or_the_framing() {
        for text in
            ["header.Authorization", "header.Host", "header.Transfer-Encoding", "header.a b", "cookie.x", "path."]
        {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }
}
