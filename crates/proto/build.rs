//! Compiles the .proto files without `protoc` and generates messages, server traits and the descriptor set.

use std::error::Error;
use std::path::PathBuf;

/// What is served, and what nothing else imports.
const ROOTS: [&str; 14] = [
    "google/rpc/status.proto",
    "scalekit/v1/agentkit_logs.proto",
    "scalekit/v1/connected_accounts.proto",
    "scalekit/v1/connections.proto",
    "scalekit/v1/domains.proto",
    "scalekit/v1/errdetails.proto",
    "scalekit/v1/events.proto",
    "scalekit/v1/mcp.proto",
    "scalekit/v1/organizations.proto",
    "scalekit/v1/providers.proto",
    "scalekit/v1/tools.proto",
    "scalekit/v1/triggers.proto",
    "valetkey/v1/config_versions.proto",
    "valetkey/v1/why.proto",
];

/// Messages that hold a secret, or a URL that is one: `src/redacted.rs` gives them a `Debug` that shows nothing.
const REDACTED: [&str; 15] = [
    ".scalekit.v1.connected_accounts.AuthorizeOrgWideCredentialResponse",
    ".scalekit.v1.connected_accounts.GetMagicLinkForConnectedAccountResponse",
    ".scalekit.v1.connected_accounts.GetMyConnectionMagicLinkResponse",
    ".scalekit.v1.connected_accounts.GoogleDWDAuth",
    ".scalekit.v1.connected_accounts.OauthToken",
    ".scalekit.v1.connected_accounts.StaticAuth",
    ".scalekit.v1.connected_accounts.TrustedIDPAuth",
    ".scalekit.v1.connections.GoogleDWDConfig",
    ".scalekit.v1.connections.OAuthConnectionConfig",
    ".scalekit.v1.connections.OIDCConnectionConfig",
    ".scalekit.v1.mcp.CreateMcpSessionTokenResponse",
    ".scalekit.v1.mcp.McpConnectionAuthState",
    ".scalekit.v1.mcp.McpInstance",
    ".scalekit.v1.mcp.McpInstanceConnectionAuthState",
    ".valetkey.v1.ExplainCallRequest",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true).open_files(ROOTS)?;

    // Not `file_descriptor_set().encode_to_vec()`: that drops every option of ours, the HTTP rules included.
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR for build scripts")?);
    std::fs::write(out.join("commented.bin"), compiler.encode_file_descriptor_set())?;
    let bare = compiler.include_source_info(false).encode_file_descriptor_set();
    std::fs::write(out.join("descriptors.bin"), bare)?;

    tonic_prost_build::configure()
        .build_client(false)
        .generate_default_stubs(true)
        .skip_debug(REDACTED)
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
