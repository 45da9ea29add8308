//! The wire of the control plane: messages, server traits and the descriptor set, all generated from the .proto files
//! beside this folder. It knows shapes and nothing else: no authentication, no rule is checked here.
//!
//! Read `proto/scalekit/v1/mcp.proto` first, then `proto/valetkey/options.proto` for what the files say beyond shapes.
//! Names, numbers and HTTP forms are the wire's; the comments and options are ours.

mod redacted;

/// Every .proto file with its imports, as an encoded `google.protobuf.FileDescriptorSet`, options of ours included.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The same with the files' comments, which take several times the memory: for what is read once.
pub const COMMENTED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/commented.bin"));

/// Declares the module of one package and takes in what was generated for it.
macro_rules! package {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {$(
        $(#[$doc])*
        pub mod $name {
            #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated from the .proto files")]
            include!(concat!(env!("OUT_DIR"), "/", $file, ".rs"));
        }
    )*};
}

/// Google's packages, as far as we use them.
pub mod google {
    package! {
        /// HTTP rules.
        api = "google.api";
        /// The envelope of an error's details.
        rpc = "google.rpc";
    }
}

/// Options of our own.
pub mod options {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated from the .proto files")]
    include!(concat!(env!("OUT_DIR"), "/valetkey.rs"));
}

/// The services, one module for each package.
pub mod v1 {
    package! {
        /// The record of tool calls.
        agentkit_logs = "scalekit.v1.agentkit_logs";
        /// Connected accounts.
        connected_accounts = "scalekit.v1.connected_accounts";
        /// Connections.
        connections = "scalekit.v1.connections";
        /// Domains of organisations.
        domains = "scalekit.v1.domains";
        /// What several of them name.
        commons = "scalekit.v1.commons";
        /// What an error carries.
        errdetails = "scalekit.v1.errdetails";
        /// What happened.
        events = "scalekit.v1.events";
        /// MCP configs and instances.
        mcp = "scalekit.v1.mcp";
        /// Organisations.
        organizations = "scalekit.v1.organizations";
        /// Connectors.
        providers = "scalekit.v1.providers";
        /// Tools.
        tools = "scalekit.v1.tools";
        /// Triggers.
        triggers = "scalekit.v1.triggers";
        /// Services of our own: why a call does not work, and the versions of MCP configs.
        own = "valetkey.v1";
    }
}

pub use prost_types as well_known;
