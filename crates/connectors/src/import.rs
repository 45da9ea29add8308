//! Tools of a custom provider, made of an OpenAPI document: each operation becomes what a connector file has for a tool,
//! passes the same check, and is compiled and called by the same machine.
//!
//! [`read`] makes what people choose from; [`Kept`] is what is kept of the choice, with the provider; [`tools`] compiles it.
//! A document says nothing of where requests go: tools send below the provider's own address, whatever it names.

mod document;
mod names;
mod places;
mod sign_in;
mod tool;
mod words;

pub use document::{MAX_BYTES, memory_needed};
pub use sign_in::Suggested;
pub use tool::Candidate;

use crate::compile;
use crate::connector::{Connector, Tool};
use crate::file::ToolFile;
use crate::remote::served_name;
use names::Names;
use places::Places;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use valetkey_domain::invisible::shown;
use valetkey_domain::tool::Effect;
use valetkey_vendor::openapi::survey;

/// The most tools that one provider has by import.
pub const MAX_TOOLS: usize = 200;
/// The longest reason that is told, in characters.
const MAX_WHY: usize = 300;

/// What is known of the document that tools were made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it calls the API.
    pub title: String,
    /// Which version it says it describes.
    pub version: String,
    /// The hash of its text, in hexadecimal.
    pub sha256: String,
}

/// What is kept of an import: the chosen tools by their own names, each as a connector file has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The document.
    pub source: Source,
    /// The tools.
    pub tools: Map<String, Value>,
}

impl Kept {
    /// The tools of which somebody said what calling them does, and what that was.
    #[must_use]
    pub fn said(&self) -> BTreeMap<&str, Effect> {
        self.tools.iter().filter_map(|(name, tool)| Some((name.as_str(), tool::said(tool)?))).collect()
    }

    /// Reads what is kept, of which the provider's row names the hash.
    ///
    /// # Errors
    /// It is another text than the one that was written, or can't be read.
    pub fn read(text: &str, digest: &str) -> Result<Self, String> {
        if hash(text) != digest {
            return Err("its tools are not the ones that its row names".to_owned());
        }
        serde_json::from_str(text).map_err(|why| format!("its tools can't be read: {why}"))
    }

    /// What is written down, and its hash; both are empty where there are no tools.
    ///
    /// # Errors
    /// It can't be written.
    pub fn written(&self) -> Result<(String, String), serde_json::Error> {
        if self.tools.is_empty() {
            return Ok(Default::default());
        }
        let text = serde_json::to_string(self)?;
        let digest = hash(&text);
        Ok((text, digest))
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What can be made of a document.
#[derive(Clone, Debug)]
pub struct Read {
    /// The document.
    pub source: Source,
    /// The tools that can be had, in the order of the document.
    pub candidates: Vec<Candidate>,
    /// What can't be had, and why, each with its place in the document.
    pub refused: Vec<Refused>,
    /// What is to be known of the whole.
    pub notes: Vec<String>,
}

/// What can't be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its place in the document.
    pub at: String,
    /// Why.
    pub why: String,
}

/// What a document says of the provider that it is of, for the form of a new one.
///
/// # Errors
/// It is no OpenAPI document, or too much of one.
pub fn suggested(text: &str) -> Result<Suggested, String> {
    let document = document::read(text)?;
    sign_in::suggested(&document, &survey(&document)?)
}

/// Reads a document for a custom provider. `before` is what is kept of the import before: an operation that is in both
/// keeps its name, and what somebody said calling it does.
///
/// # Errors
/// It is no OpenAPI document, or too much of one.
pub fn read(text: &str, provider: &Connector, before: &Kept) -> Result<Read, String> {
    let document = document::read(text)?;
    let survey = survey(&document)?;
    let source = Source {
        title: shown(&survey.title, 200),
        version: shown(&survey.version, 60),
        // A browser writes ends of lines its own way.
        sha256: hash(text.replace("\r\n", "\n").trim()),
    };
    let places = Places::of(&survey.servers, &provider.proxy_url);
    let known = before.tools.iter().filter_map(|(name, tool)| Some((request_of(tool)?, name.clone())));
    let mut names = Names::of(known);
    let mut read = Read { source, candidates: Vec::new(), refused: Vec::new(), notes: places.notes };
    let mut refuse = |at: &str, why: &str| {
        read.refused.push(Refused { at: shown(at, MAX_WHY), why: shown(why, MAX_WHY) });
    };
    for refused in &survey.refused {
        refuse(&refused.at, &refused.why);
    }
    for offer in &survey.offers {
        let request = format!("{} {}{}", offer.method, places.prefix, offer.path);
        let name = names.name(&request, offer);
        match tool::candidate(offer, &name, &places.prefix, provider) {
            Ok(mut candidate) => {
                if let Some(effect) = before.tools.get(&name).and_then(tool::said) {
                    candidate.say(effect);
                }
                read.candidates.push(candidate);
            }
            Err(why) => refuse(&offer.at, &why),
        }
    }
    Ok(read)
}

/// Method and path of a tool that is kept.
#[must_use]
pub fn request_of(tool: &Value) -> Option<String> {
    let request = tool.get("request")?;
    Some(format!("{} {}", request.get("method")?.as_str()?, request.get("path")?.as_str()?))
}

/// The tools of a provider, compiled under the names that they have on a connection.
///
/// # Errors
/// The first that won't do: a rule may have become stricter since it was taken.
pub fn tools(kept: &Kept, provider: &Connector, prefix: &str) -> Result<Vec<Arc<Tool>>, String> {
    let compiled = kept.tools.iter().take(MAX_TOOLS).map(|(name, tool)| {
        let file = ToolFile::deserialize(tool).map_err(|why| format!("{name}: {why}"))?;
        let served = served_name(prefix, name);
        let made = compile::imported(&served, &file, &provider.upstream).map_err(|why| why.to_string())?;
        Ok(Arc::new(made))
    });
    compiled.collect()
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
