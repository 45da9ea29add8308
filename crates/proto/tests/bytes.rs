//! Frames as an unmodified Python SDK 2.21.0 sent them, read and written again byte for byte.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect should stop"
)]

use prost::Message;
use std::fmt::Debug;
use valetkey_proto::v1::mcp;

/// Takes the five bytes of a gRPC frame off and checks them.
fn message(frame: &str) -> Vec<u8> {
    let bytes = hex::decode(frame).unwrap();
    let (head, body) = bytes.split_at(5);
    assert_eq!(head[0], 0, "not compressed");
    assert_eq!(u32::from_be_bytes(head[1..].try_into().unwrap()) as usize, body.len());
    body.to_vec()
}

fn same<M: Message + Default + PartialEq + Debug>(frame: &str, expected: &M) {
    let bytes = message(frame);
    assert_eq!(&M::decode(bytes.as_slice()).unwrap(), expected);
    assert_eq!(expected.encode_to_vec(), bytes);
}

fn mapping(connection: &str, tools: &[&str]) -> mcp::McpConfigConnectionToolMapping {
    mcp::McpConfigConnectionToolMapping {
        connection_name: connection.into(),
        tools: tools.iter().map(ToString::to_string).collect(),
        ..Default::default()
    }
}

#[test]
fn create_config_with_a_name_alone() {
    let config = mcp::McpConfig { name: "email-calendar-agent".into(), ..Default::default() };
    same(
        "00000000180a161214656d61696c2d63616c656e6461722d6167656e74",
        &mcp::CreateMcpConfigRequest { config: Some(config) },
    );
}

#[test]
fn create_config_with_mappings() {
    let config = mcp::McpConfig {
        name: "email-calendar-agent".into(),
        description: "demo".into(),
        connection_tool_mappings: vec![mapping("gmail", &["gmail_fetch_mails"]), mapping("googlecalendar", &[])],
        ..Default::default()
    };
    same(
        "000000004c0a4a1214656d61696c2d63616c656e6461722d6167656e741a0464656d6f221a1205676d61696c2211676d61696c5f\
         66657463685f6d61696c732210120e676f6f676c6563616c656e646172",
        &mcp::CreateMcpConfigRequest { config: Some(config) },
    );
}

#[test]
fn ensure_instance_without_and_with_a_name() {
    let mut request = mcp::EnsureMcpInstanceRequest {
        name: String::new(),
        config_name: "email-calendar-agent".into(),
        user_identifier: "user_123".into(),
    };
    same("00000000201214656d61696c2d63616c656e6461722d6167656e741a08757365725f313233", &request);
    request.name = "n1".into();
    same("00000000240a026e311214656d61696c2d63616c656e6461722d6167656e741a08757365725f313233", &request);
}

#[test]
fn auth_state_with_and_without_links() {
    let mut request =
        mcp::GetMcpInstanceAuthStateRequest { instance_id: "inst_88630864544790977".into(), include_auth_links: true };
    same("000000001a0a16696e73745f38383633303836343534343739303937371001", &request);
    request.include_auth_links = false;
    same("00000000180a16696e73745f3838363330383634353434373930393737", &request);
}
