//! Options of the .proto files, by the names of their extensions.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor};

/// The .proto files say something that this room cannot serve. Tests read them all, so that no release meets it.
#[derive(Debug, thiserror::Error)]
#[error("the .proto files: {0}")]
pub struct BadContract(String);

impl BadContract {
    pub(crate) fn new(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(why.into().to_string())
    }
}

/// The extension of this name.
pub(crate) fn extension(pool: &DescriptorPool, name: &str) -> Result<ExtensionDescriptor, BadContract> {
    pool.get_extension_by_name(name).ok_or_else(|| BadContract::new(format!("there is no option '{name}'")))
}

/// An option as its generated type; the default when it isn't set.
pub(crate) fn decode<M: Message + Default>(
    options: &DynamicMessage,
    extension: &ExtensionDescriptor,
) -> Result<M, BadContract> {
    match options.get_extension(extension).as_message() {
        Some(value) => value.transcode_to().map_err(BadContract::new),
        None => Err(BadContract::new(format!("'{}' is not a message", extension.full_name()))),
    }
}
