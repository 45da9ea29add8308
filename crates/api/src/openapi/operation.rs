//! One operation: its parameters, its body, its answers.

use super::parts::{comment, service};
use super::schema::Schemas;
use crate::contract::{Body, Form, Method};
use crate::rest::template::Template;
use prost_reflect::{FieldDescriptor, MessageDescriptor};
use serde_json::{Map, Value, json};

/// Describes a form of a method; `index` tells the forms of one method apart.
pub(super) fn describe(schemas: &mut Schemas<'_>, method: &Method, form: &Form, index: usize) -> Value {
    let name = method.descriptor.name();
    let suffix = if index == 0 { String::new() } else { format!("_{}", index + 1) };
    let input = method.descriptor.input();
    let taken = variables(&form.template);
    let mut operation = Map::new();
    operation.insert("operationId".into(), json!(format!("{}_{name}{suffix}", service(method))));
    operation.insert("tags".into(), json!([service(method)]));
    if let Some(summary) = comment(&method.descriptor.parent_file(), method.descriptor.path()) {
        operation.insert("summary".into(), json!(summary));
    }
    let parameters = parameters(schemas, &input, form, &taken);
    if !parameters.is_empty() {
        operation.insert("parameters".into(), Value::Array(parameters));
    }
    if let Some(body) = body(schemas, &input, form, &taken) {
        operation.insert("requestBody".into(), json!({ "required": true, "content": body }));
    }
    let answer = json!({ "application/json": { "schema": schemas.message(&method.descriptor.output()) } });
    let answers = json!({
        "200": { "description": "The answer.", "content": answer },
        "default": { "$ref": "#/components/responses/Error" },
    });
    operation.insert("responses".into(), answers);
    Value::Object(operation)
}

fn variables(template: &str) -> Vec<String> {
    let template = Template::parse(template);
    template.iter().flat_map(|template| template.variables().map(str::to_owned)).collect()
}

/// Path variables, then everything else of the request that the body doesn't hold.
fn parameters(schemas: &mut Schemas<'_>, input: &MessageDescriptor, form: &Form, taken: &[String]) -> Vec<Value> {
    let mut parameters = Vec::new();
    for name in taken {
        let schema = input.get_field_by_name(name).map(|field| schemas.field(input, &field));
        let schema = schema.unwrap_or_else(|| json!({ "type": "string" }));
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
    }
    let of_body = match &form.body {
        Body::Whole => return parameters,
        Body::Field(name) => Some(name.as_str()),
        Body::None => None,
    };
    for field in input.fields() {
        if Some(field.name()) != of_body && !taken.iter().any(|name| name == field.name()) {
            query(schemas, input, &field, "", &mut parameters);
        }
    }
    parameters
}

/// A field as a query parameter; the members of a message each become one, with dots.
fn query(
    schemas: &mut Schemas<'_>,
    of: &MessageDescriptor,
    field: &FieldDescriptor,
    prefix: &str,
    parameters: &mut Vec<Value>,
) {
    let name = format!("{prefix}{}", field.name());
    match field.kind().as_message() {
        Some(inner) if inner.package_name() != "google.protobuf" => {
            for member in inner.fields() {
                query(schemas, inner, &member, &format!("{name}."), parameters);
            }
        }
        _ => {
            let required = schemas.required(of, field);
            parameters
                .push(json!({ "name": name, "in": "query", "required": required, "schema": schemas.field(of, field) }));
        }
    }
}

/// The body's schema; what the path says already is not asked for again.
fn body(schemas: &mut Schemas<'_>, input: &MessageDescriptor, form: &Form, taken: &[String]) -> Option<Value> {
    let schema = match &form.body {
        Body::None => return None,
        Body::Whole if taken.is_empty() => schemas.message(input),
        Body::Whole => schemas.object(input, taken),
        Body::Field(name) => schemas.message(input.get_field_by_name(name)?.kind().as_message()?),
    };
    Some(json!({ "application/json": { "schema": schema } }))
}
