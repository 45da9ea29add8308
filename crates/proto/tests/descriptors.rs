//! The descriptor set says what the contract's tables say: how many services, methods and HTTP forms there are, and
//! that no option was lost on the way.
#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect should stop")]

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ReflectMessage, Value};

fn pool() -> DescriptorPool {
    DescriptorPool::decode(valetkey_proto::DESCRIPTORS).unwrap()
}

fn methods(pool: &DescriptorPool) -> Vec<MethodDescriptor> {
    pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

fn option(method: &MethodDescriptor, name: &str) -> DynamicMessage {
    let extension = method.parent_pool().get_extension_by_name(name).unwrap();
    method.options().get_extension(&extension).as_message().unwrap().clone()
}

#[test]
fn services_and_their_methods_are_counted() {
    let pool = pool();
    let counts: Vec<_> = pool.services().map(|s| (s.name().to_owned(), s.methods().len())).collect();
    let expected = [
        ("AgentkitLogsService", 3),
        ("AgentkitAnalyticsService", 2),
        ("ConnectedAccountService", 17),
        ("ConnectionService", 20),
        ("EventsService", 3),
        ("McpConfigVersionService", 3),
        ("McpService", 17),
        ("OrganizationService", 7),
        ("ProviderService", 8),
        ("ToolService", 10),
        ("TriggerService", 14),
        ("WhyService", 1),
    ];
    for (name, count) in expected {
        assert!(counts.contains(&(name.to_owned(), count)), "{name} should have {count} methods: {counts:?}");
    }
    assert_eq!(counts.len(), expected.len());
    assert_eq!(methods(&pool).len(), 105);
}

#[test]
fn every_method_has_an_http_form_and_callers() {
    let pool = pool();
    let mut forms = 0;
    for method in methods(&pool) {
        let http = option(&method, "google.api.http");
        let pattern = http.descriptor().oneofs().find(|o| o.name() == "pattern").unwrap();
        assert!(pattern.fields().any(|f| http.has_field(&f)), "{} has no HTTP form", method.full_name());
        forms += 1 + http.get_field_by_name("additional_bindings").unwrap().as_list().unwrap().len();
        let access = option(&method, "valetkey.access");
        let callers = access.get_field_by_name("callers").unwrap();
        assert!(!callers.as_list().unwrap().is_empty(), "{} has no caller", method.full_name());
    }
    assert_eq!(forms, 115);
}

#[test]
fn rules_and_invariants_are_counted() {
    let pool = pool();
    let rules = pool.get_extension_by_name("valetkey.rules").unwrap();
    let invariant = pool.get_extension_by_name("valetkey.invariant").unwrap();
    let fields = pool.all_messages().flat_map(|m| m.fields().collect::<Vec<_>>());
    let ruled = fields.filter(|f| f.options().has_extension(&rules)).count();
    let invariants: usize =
        pool.all_messages().map(|m| m.options().get_extension(&invariant).as_list().map_or(0, <[Value]>::len)).sum();
    assert_eq!((ruled, invariants), (RULED_FIELDS, 10));
}

/// Lines of the contract's table of rules for core messages, less the rules that are invariants, the two that are
/// dropped on purpose (a filter and a pattern list that the SDKs leave out) and those that allow everything.
const RULED_FIELDS: usize = 221 + ORGANIZATION_FIELDS + OWN_FIELDS;

/// Those of the service of organisations, as the official SDK's descriptors have them.
const ORGANIZATION_FIELDS: usize = 18;

/// Those of the services of our own, which say why a call does not work, and what a config's versions are.
const OWN_FIELDS: usize = 7 + 6;
