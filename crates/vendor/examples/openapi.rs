//! Writes one committed digest from an OpenAPI document of a vendor:
//! `cargo run -p valetkey-vendor --example openapi -- ID DOCUMENT WANTED DIGEST`.
//! WANTED is a text with the ids of the operations, one on a line; `#` begins a comment.

use anyhow::{Context, bail};
use sha2::{Digest as _, Sha256};
use valetkey_vendor::openapi;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [id, document, wanted, target] = arguments.as_slice() else {
        bail!("name the digest's id, the document, the list of wanted operations, and the file to write");
    };
    let bytes = std::fs::read(document).with_context(|| format!("cannot read {document}"))?;
    let parsed = serde_json::from_slice(&bytes).with_context(|| format!("{document} is not JSON"))?;
    let listed = std::fs::read_to_string(wanted).with_context(|| format!("cannot read {wanted}"))?;
    let lines = listed.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    // Some lists say the HTTP method before it.
    let operations: Vec<&str> = lines.filter_map(|line| line.split(' ').next_back()).collect();
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let digest = openapi::digest(&parsed, id, &sha256, &operations).with_context(|| format!("in {document}"))?;
    let text = serde_json::to_string_pretty(&digest)? + "\n";
    std::fs::write(target, text).with_context(|| format!("cannot write {target}"))
}
