//! Every rule of every request that is served, broken once by gRPC: what is refused names the field and the rule. The
//! requests are made from the descriptors, so a rule that is added is broken here too.

use crate::kit::Kit;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, MethodDescriptor, Value,
};
use regex::Regex;
use std::collections::HashMap;
use tonic::Code;
use valetkey_api::{Wire, doors};
use valetkey_proto::google::rpc;
use valetkey_proto::options::FieldRules;
use valetkey_proto::v1::errdetails::ErrorInfo;

/// A request that breaks one rule.
struct Broken {
    field: String,
    constraint: &'static str,
    request: DynamicMessage,
}

/// The way from a request to a message within.
pub(crate) type Way = Vec<FieldDescriptor>;

#[tokio::test]
async fn every_rule_of_every_served_request_is_enforced_and_named() {
    let kit = Kit::new().await;
    let pool = DescriptorPool::decode(valetkey_proto::DESCRIPTORS).unwrap();
    let mut count = 0;
    for (path, method) in served() {
        for broken in all(&pool, &method.input()) {
            count += 1;
            let refused = sent(&kit, &path, &broken.request).await;
            // A key that is long is told shortened.
            let start: String = broken.field.chars().take(60).collect();
            let told =
                |(field, constraint): &(String, String)| field.starts_with(&start) && constraint == broken.constraint;
            assert!(refused.iter().any(told), "{path} breaks {} of {}: {refused:?}", broken.constraint, broken.field);
        }
    }
    assert!(count > 150, "{count}");
}

/// The methods that are served, each with its path.
pub(crate) fn served() -> Vec<(String, MethodDescriptor)> {
    let pool = DescriptorPool::decode(valetkey_proto::DESCRIPTORS).unwrap();
    let grpc = doors().unwrap().into_iter().filter(|door| door.wire == Wire::Grpc && door.implemented);
    grpc.filter_map(|door| Some((door.path.clone(), method_of(&pool, &door.path)?))).collect()
}

/// The method of a path, if it is one of our services.
pub(crate) fn method_of(pool: &DescriptorPool, path: &str) -> Option<MethodDescriptor> {
    let mut methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    methods.find(|method| format!("/{}/{}", method.parent_service().full_name(), method.name()) == path)
}

/// What a request is told to break; nothing if it is refused for something else.
pub(crate) async fn sent(kit: &Kit, path: &str, request: &DynamicMessage) -> Vec<(String, String)> {
    let mut frame = vec![0];
    frame.extend(u32::try_from(request.encoded_len()).unwrap().to_be_bytes());
    frame.extend(request.encode_to_vec());
    let Err(status) = kit.grpc(path, &[&kit.bearer()], &frame).await else { return Vec::new() };
    if status.code() != Code::InvalidArgument {
        return Vec::new();
    }
    let envelope = rpc::Status::decode(status.details()).unwrap();
    let info = ErrorInfo::decode(envelope.details[0].value.as_slice()).unwrap();
    let violations = info.validation_error_info.unwrap_or_default().field_violations;
    violations.into_iter().map(|violation| (violation.field, violation.constraint)).collect()
}

/// All rules below a request, each broken.
fn all(pool: &DescriptorPool, of: &MessageDescriptor) -> Vec<Broken> {
    let mut found = Vec::new();
    walk(pool, of, of, &mut Vec::new(), &mut found);
    found
}

fn walk(
    pool: &DescriptorPool,
    root: &MessageDescriptor,
    of: &MessageDescriptor,
    way: &mut Way,
    found: &mut Vec<Broken>,
) {
    let extension = pool.get_extension_by_name("valetkey.rules").unwrap();
    for field in of.fields() {
        if field.options().has_extension(&extension) {
            let rules = field.options().get_extension(&extension).as_message().unwrap().transcode_to().unwrap();
            for (constraint, within, value) in breaches(&field, &rules) {
                let at = way.iter().chain([&field]).map(|step| {
                    format!("{}{}", step.name(), if step.is_list() && step != &field { "[0]" } else { "" })
                });
                let name = format!("{}{within}", at.collect::<Vec<_>>().join("."));
                found.push(Broken { field: name, constraint, request: around(root, way, &field, value) });
            }
        }
        let inner = field.kind().as_message().cloned();
        if let Some(inner) = inner.filter(|inner| {
            inner.full_name().starts_with("scalekit.")
                && !field.is_map()
                && !way.iter().any(|step| step.parent_message() == inner)
                && inner != of
        }) {
            way.push(field);
            walk(pool, root, &inner, way, found);
            way.pop();
        }
    }
}

/// A request in which this field, at the end of this way, has this value; none leaves it out.
fn around(
    root: &MessageDescriptor,
    way: &[FieldDescriptor],
    field: &FieldDescriptor,
    value: Option<Value>,
) -> DynamicMessage {
    let innermost = way.last().map_or_else(|| root.clone(), |step| step.kind().as_message().unwrap().clone());
    let mut message = DynamicMessage::new(innermost);
    if let Some(value) = value {
        message.set_field(field, value);
    }
    for (depth, step) in way.iter().enumerate().rev() {
        let outer =
            depth.checked_sub(1).map_or_else(|| root.clone(), |above| way[above].kind().as_message().unwrap().clone());
        let mut around = DynamicMessage::new(outer);
        let inner = Value::Message(message);
        around.set_field(step, if step.is_list() { Value::List(vec![inner]) } else { inner });
        message = around;
    }
    message
}

/// The rules of a field, each with the place below the field and a value that breaks it.
fn breaches(field: &FieldDescriptor, rules: &FieldRules) -> Vec<(&'static str, String, Option<Value>)> {
    let mut found = Vec::new();
    if rules.required {
        found.push(("required", String::new(), None));
    }
    if field.is_list() {
        let one = |value: Value| Value::List(vec![value]);
        for (constraint, value) in values(&field.kind(), rules.items.as_deref()) {
            found.push((constraint, "[0]".to_owned(), Some(one(value))));
        }
        let many = |count: u32| Value::List(vec![Value::default_value(&field.kind()); usize::try_from(count).unwrap()]);
        // An empty list is an absent one.
        found.extend(
            rules
                .min_items
                .filter(|least| !(rules.required && *least == 1))
                .map(|least| ("min_items", String::new(), Some(many(least - 1)))),
        );
        found.extend(rules.max_items.map(|most| ("max_items", String::new(), Some(many(most + 1)))));
        found.extend(rules.unique.then(|| ("unique", String::new(), Some(many(2)))));
    } else if field.is_map() {
        let pairs = |pairs: Vec<(String, String)>| {
            let pairs = pairs.into_iter().map(|(key, value)| (MapKey::String(key), Value::String(value)));
            Value::Map(pairs.collect::<HashMap<_, _>>())
        };
        let text = |value: Value| value.as_str().unwrap().to_owned();
        let entry = field.kind().as_message().unwrap().clone();
        for (constraint, value) in values(&entry.map_entry_key_field().kind(), rules.keys.as_deref()) {
            let key = text(value);
            found.push((constraint, format!("[{key}]"), Some(pairs(vec![(key, "value".into())]))));
        }
        for (constraint, value) in values(&entry.map_entry_value_field().kind(), rules.values.as_deref()) {
            found.push((constraint, "[some]".into(), Some(pairs(vec![("some".into(), text(value))]))));
        }
        let many = |most: u32| pairs((0..=most).map(|n| (format!("key{n}"), "value".into())).collect());
        found.extend(rules.max_pairs.map(|most| ("max_pairs", String::new(), Some(many(most)))));
    } else {
        let absent = !field.supports_presence() && rules.required;
        for (constraint, value) in values(&field.kind(), Some(rules)) {
            // An empty text is then an absent one.
            if !(absent && value.as_str() == Some("")) {
                found.push((constraint, String::new(), Some(value)));
            }
        }
    }
    found
}

/// For each rule of a value, one that breaks it.
fn values(kind: &Kind, rules: Option<&FieldRules>) -> Vec<(&'static str, Value)> {
    let Some(rules) = rules else { return Vec::new() };
    let mut found = Vec::new();
    let mut text =
        |constraint: &'static str, value: String| found.push((constraint, wrapped(kind, Value::String(value))));
    if let Some(least) = rules.min_len.filter(|least| *least > 0) {
        text("min_len", "a".repeat(usize::try_from(least - 1).unwrap()));
    }
    if let Some(most) = rules.max_len {
        text("max_len", "a".repeat(usize::try_from(most + 1).unwrap()));
    }
    if !rules.prefix.is_empty() {
        text("prefix", "zz".to_owned());
    }
    if !rules.pattern.is_empty() {
        let pattern = Regex::new(&rules.pattern).unwrap();
        let wrong = ["É/\u{1}", "zz", "", "!"].into_iter().find(|text| !pattern.is_match(text)).unwrap();
        text("pattern", wrong.to_owned());
    }
    if !rules.one_of.is_empty() {
        text("one_of", "zz".to_owned());
    }
    for (constraint, number) in
        [("gt", rules.gt), ("gte", rules.gte.map(|least| least - 1)), ("lte", rules.lte.map(|most| most + 1))]
    {
        found.extend(number.and_then(|number| numeric(kind, number)).map(|value| (constraint, value)));
    }
    if rules.defined_only {
        found.push(("defined_only", Value::EnumNumber(9_999)));
    }
    found
}

/// A number of this kind; none if it has no such.
fn numeric(kind: &Kind, number: i64) -> Option<Value> {
    match kind {
        Kind::Uint32 | Kind::Fixed32 => u32::try_from(number).ok().map(Value::U32),
        Kind::Uint64 | Kind::Fixed64 => u64::try_from(number).ok().map(Value::U64),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => i32::try_from(number).ok().map(Value::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Some(Value::I64(number)),
        Kind::Message(of) => {
            let field = of.fields().next().unwrap();
            let mut message = DynamicMessage::new(of.clone());
            message.set_field(&field, numeric(&field.kind(), number)?);
            Some(Value::Message(message))
        }
        other => panic!("a number's rule on {other:?}"),
    }
}

/// A text as it is, or in the message that wraps one.
fn wrapped(kind: &Kind, text: Value) -> Value {
    let Kind::Message(of) = kind else { return text };
    let mut message = DynamicMessage::new(of.clone());
    message.set_field(&of.fields().next().unwrap(), text);
    Value::Message(message)
}
