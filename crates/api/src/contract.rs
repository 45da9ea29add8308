//! What the .proto files say, made ready to be asked: methods by gRPC path, their HTTP forms, who may call them, and
//! the rules of their requests. Everything else in this room reads it from here.

use crate::options::{BadContract, decode, extension};
use crate::rules::Rules;
use crate::services::IMPLEMENTED;
use crate::written::Plan;
use prost_reflect::{DescriptorPool, ExtensionDescriptor, MethodDescriptor};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use valetkey_proto::google::api::{HttpRule, http_rule::Pattern};
use valetkey_proto::options::Access;

/// The whole contract.
pub(crate) struct Contract {
    /// Every type, to read and write messages without their Rust types.
    pub(crate) pool: DescriptorPool,
    /// The rules of requests.
    pub(crate) rules: Rules,
    /// How an error's details are written in JSON.
    pub(crate) errors: Plan,
    methods: HashMap<String, Arc<Method>>,
}

/// One method.
pub(crate) struct Method {
    /// Its types.
    pub(crate) descriptor: MethodDescriptor,
    /// Its gRPC path, `/package.Service/Method`.
    pub(crate) path: String,
    /// Its HTTP forms, the primary one first.
    pub(crate) forms: Vec<Form>,
    /// Who may call it.
    pub(crate) access: Access,
    /// Whether it does anything but say that it doesn't.
    pub(crate) implemented: bool,
    answer: OnceLock<Result<Plan, BadContract>>,
}

/// One HTTP form of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// The HTTP method.
    pub(crate) verb: http::Method,
    /// The path template.
    pub(crate) template: String,
    /// What the body is.
    pub(crate) body: Body,
}

/// What the body of an HTTP form is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// There is none.
    None,
    /// The request message.
    Whole,
    /// This field of the request.
    Field(String),
}

impl Contract {
    /// Reads the descriptors that were compiled in.
    pub(crate) fn load() -> Result<Self, BadContract> {
        Self::read(valetkey_proto::DESCRIPTORS)
    }

    /// Reads them with the files' comments.
    pub(crate) fn commented() -> Result<Self, BadContract> {
        Self::read(valetkey_proto::COMMENTED)
    }

    fn read(descriptors: &[u8]) -> Result<Self, BadContract> {
        let pool = DescriptorPool::decode(descriptors).map_err(BadContract::new)?;
        let (http, access) = (extension(&pool, "google.api.http")?, extension(&pool, "valetkey.access")?);
        let mut methods = HashMap::new();
        for descriptor in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let method = Method::read(descriptor, &http, &access)?;
            methods.insert(method.path.clone(), Arc::new(method));
        }
        let named = |name: &str| {
            let found = pool.get_message_by_name(name);
            found.ok_or_else(|| BadContract::new(format!("there is no message '{name}'")))
        };
        let errors = Plan::of_errors(&named("google.rpc.Status")?, &named("scalekit.v1.errdetails.ErrorInfo")?)?;
        Ok(Self { rules: Rules::compile(&pool)?, errors, pool, methods })
    }

    /// The method with this gRPC path.
    pub(crate) fn method(&self, path: &str) -> Option<&Arc<Method>> {
        self.methods.get(path)
    }

    /// All methods, by path.
    pub(crate) fn methods(&self) -> Vec<Arc<Method>> {
        let mut all: Vec<_> = self.methods.values().cloned().collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }
}

impl Method {
    /// Whether it changes nothing, so that a caller may ask again.
    pub(crate) fn reads(&self) -> bool {
        self.forms.first().is_some_and(|form| form.verb == http::Method::GET)
    }

    /// How its answer is written in JSON.
    ///
    /// # Errors
    /// There is a type in it that has no form yet.
    pub(crate) fn answer(&self) -> Result<&Plan, &BadContract> {
        self.answer.get_or_init(|| Plan::of(&self.descriptor.output())).as_ref()
    }

    fn read(
        descriptor: MethodDescriptor,
        http: &ExtensionDescriptor,
        access: &ExtensionDescriptor,
    ) -> Result<Self, BadContract> {
        let options = descriptor.options();
        let service = descriptor.parent_service().full_name().to_owned();
        let name = descriptor.name().to_owned();
        Ok(Self {
            path: format!("/{service}/{name}"),
            forms: forms(&decode(&options, http)?)?,
            access: decode(&options, access)?,
            implemented: IMPLEMENTED.iter().any(|(of, names)| *of == service && names.contains(&name.as_str())),
            descriptor,
            answer: OnceLock::new(),
        })
    }
}

fn forms(rule: &HttpRule) -> Result<Vec<Form>, BadContract> {
    let mut forms = vec![form(rule)?];
    for binding in &rule.additional_bindings {
        forms.push(form(binding)?);
    }
    Ok(forms)
}

fn form(rule: &HttpRule) -> Result<Form, BadContract> {
    let (verb, template) = match &rule.pattern {
        Some(Pattern::Get(path)) => (http::Method::GET, path),
        Some(Pattern::Put(path)) => (http::Method::PUT, path),
        Some(Pattern::Post(path)) => (http::Method::POST, path),
        Some(Pattern::Delete(path)) => (http::Method::DELETE, path),
        Some(Pattern::Patch(path)) => (http::Method::PATCH, path),
        None => return Err(BadContract::new("a method has no HTTP form")),
    };
    let body = match rule.body.as_str() {
        "" => Body::None,
        "*" => Body::Whole,
        field => Body::Field(field.to_owned()),
    };
    Ok(Form { verb, template: template.clone(), body })
}

/// The contract, read once for all tests.
#[cfg(test)]
pub(crate) fn loaded() -> Arc<Contract> {
    static LOADED: std::sync::LazyLock<Arc<Contract>> =
        std::sync::LazyLock::new(|| Arc::new(Contract::load().unwrap()));
    Arc::clone(&LOADED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_proto::options::Caller;

    #[test]
    fn what_is_implemented_exists_and_is_for_clients() {
        let contract = loaded();
        for (service, names) in IMPLEMENTED {
            for name in *names {
                let method = contract.method(&format!("/{service}/{name}"));
                let callers = &method.unwrap_or_else(|| panic!("{service} has no {name}")).access.callers;
                assert!(callers.contains(&i32::from(Caller::Client)), "{service}/{name} is not for API clients");
            }
        }
    }

    #[test]
    fn what_is_not_implemented_is_known() {
        let contract = loaded();
        let missing: Vec<_> = contract.methods().iter().filter(|m| !m.implemented).map(|m| m.path.clone()).collect();
        insta::assert_snapshot!(missing.join("\n"));
    }
}
