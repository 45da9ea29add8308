//! The remote MCP servers that are shipped, and files of one's own for others.

use std::collections::BTreeMap;
use valetkey_connectors::{Auth, Catalog, Slot};

const OWN: &str = r#"
connector: mine
display_name: Mine
upstream: mcp
url: https://mcp.mine.example/mcp
auth:
  - {kind: api_key, header: x-api-key, prefix: "Key "}
  - {kind: oauth2, scopes: [read]}
tools: [find, "do it"]
"#;

#[test]
fn every_shipped_server_compiles_with_ways_to_sign_in() {
    let catalog = Catalog::shipped().unwrap();
    let remote: Vec<_> = catalog.connectors().filter(|connector| connector.remote.is_some()).collect();
    assert_eq!(remote.len(), 211);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for connector in &remote {
        let server = connector.remote.as_ref().unwrap();
        assert!(
            server.address(None).starts_with("https://") && server.sources.is_some_and(|sources| sources > 0),
            "{}",
            connector.slug
        );
        assert!(!connector.hosts.is_empty() && connector.tools.is_empty(), "{}", connector.slug);
        for way in &connector.ways {
            *kinds.entry(way.kind().as_str()).or_default() += 1;
        }
        for own in &server.documented {
            let whole = format!("{}_{own}", connector.slug);
            let served = server.served_as(&connector.slug, &whole).unwrap();
            assert!(served.len() <= 64, "{served}");
            assert_eq!(catalog.remote_of(&served).unwrap().slug, connector.slug);
        }
    }
    let documented: usize = remote.iter().map(|connector| connector.remote.as_ref().unwrap().documented.len()).sum();
    assert!(documented > 5_900, "{documented}");
    assert_eq!(kinds["oauth2"], 201);
    assert!(["bearer", "api_key", "basic", "none"].iter().all(|kind| kinds.contains_key(kind)), "{kinds:?}");
}

#[test]
fn a_file_of_ones_own_is_a_remote_server_too() {
    let mut catalog = Catalog::shipped().unwrap();
    catalog.add("mine.yaml", OWN).unwrap();
    let connector = catalog.connector("mine").unwrap();
    let [Auth::Static(key), Auth::OAuth2(oauth)] = connector.ways.as_slice() else { panic!("two ways") };
    assert!(matches!(&key.sends[..], [sends] if matches!(&sends.slot, Slot::Header(name) if name == "x-api-key")));
    assert!(oauth.discovery.is_some());
    assert_eq!(connector.default_scopes, ["read"]);
    for (from, to, said) in [
        ("https://mcp", "http://mcp", "no https address"),
        ("x-api-key", "host", "holds no credential"),
        ("header: x-api-key, ", "", "where the key stands"),
        ("url:", "urls:", "urls"),
        ("connector: mine", "connector: gmail", "is there already"),
        ("https://mcp.mine", "https://user@mcp.mine", "user name"),
    ] {
        let mut catalog = Catalog::shipped().unwrap();
        let refused = catalog.add("mine.yaml", &OWN.replace(from, to)).unwrap_err().to_string();
        assert!(refused.contains(said), "{from}: {refused}");
    }
}
