//! The method table: one constant for each method of the service, in a module for each subject.

use std::fmt::Write as _;

use protox::prost_reflect::{DescriptorPool, MethodDescriptor, ServiceDescriptor};

use super::names::{rust_type, snake_case};

/// The methods of one subject.
pub(crate) struct Subject {
    /// The name of the module.
    pub(crate) name: String,
    /// One sentence about it.
    pub(crate) about: String,
    pub(crate) methods: Vec<Method>,
}

/// What the service says about a method.
pub(crate) struct Method {
    pub(crate) descriptor: MethodDescriptor,
    pub(crate) about: String,
    pub(crate) socket_index: Option<u32>,
    pub(crate) repeatable: Repeatable,
}

/// Whether a method may be repeated when its answer was lost.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeatable {
    /// It changes nothing.
    Reads,
    /// Twice does what once does.
    Idempotent,
    No,
}

impl Repeatable {
    /// In one word; nothing when it may not.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Idempotent => "idempotent",
            Self::No => "",
        }
    }
}

impl Method {
    /// `LIST_ROLES` of `ListRoles`.
    pub(crate) fn constant(&self) -> String {
        snake_case(self.descriptor.name()).to_ascii_uppercase()
    }
}

/// All methods by subject, in the order of the file.
pub(crate) fn subjects(pool: &DescriptorPool) -> Result<Vec<Subject>, String> {
    let service = pool.get_service_by_name("mezon.api.Mezon").ok_or("proto/ has no service mezon.api.Mezon")?;
    let index = pool.get_extension_by_name("mezon.api.socket_index").ok_or("proto/ has no option socket_index")?;
    let mut subjects: Vec<Subject> = Vec::new();
    for descriptor in service.methods() {
        let (heading, about) = comments(&service, &descriptor);
        if let Some(heading) = heading {
            let (name, about) = heading.split_once(": ").ok_or_else(|| format!("no subject: {heading}"))?;
            subjects.push(Subject { name: name.to_owned(), about: about.to_owned(), methods: Vec::new() });
        }
        let options = descriptor.options();
        let level = options.get_field_by_name("idempotency_level").and_then(|level| level.as_enum_number());
        let method = Method {
            about,
            socket_index: options.has_extension(&index).then(|| options.get_extension(&index).as_u32()).flatten(),
            repeatable: match level {
                Some(1) => Repeatable::Reads,
                Some(2) => Repeatable::Idempotent,
                _ => Repeatable::No,
            },
            descriptor,
        };
        let subject = subjects.last_mut().ok_or("the first method of the service has no subject above it")?;
        subject.methods.push(method);
    }
    Ok(subjects)
}

/// The file with the whole table.
pub(super) fn file(subjects: &[Subject]) -> String {
    let mut code = String::new();
    let mut all = String::new();
    for Subject { name, .. } in subjects {
        _ = writeln!(code, "#[doc(no_inline)]\npub use self::{name}::*;");
    }
    for Subject { name, about, methods } in subjects {
        _ = writeln!(code, "\n/// {about}\npub mod {name} {{\n    use crate::{{AnyMethod, Method}};");
        for method in methods {
            let Method { descriptor, about, socket_index, repeatable } = method;
            let types = [descriptor.input(), descriptor.output()].map(|message| rust_type(&message)).join(", ");
            let repeated = match repeatable {
                Repeatable::Reads => "Changes nothing: it is repeated when its answer was lost.",
                Repeatable::Idempotent => "Twice does what once does: it is repeated when its answer was lost.",
                Repeatable::No => "A lost answer is an error: it may have happened, and is not repeated.",
            };
            let entry = format!("AnyMethod::new(\"{}\")", descriptor.name());
            let idempotent = if *repeatable == Repeatable::No { "" } else { ".idempotent()" };
            let at = socket_index.map(|index| format!(".at({index})")).unwrap_or_default();
            let constant = method.constant();
            _ = writeln!(code, "\n    /// {about}\n    ///\n    /// {repeated}");
            _ = writeln!(code, "    pub const {constant}: Method<{types}> = {entry}{idempotent}{at}.typed();");
            _ = writeln!(all, "    {constant}.any(),");
        }
        _ = writeln!(code, "}}");
    }
    _ = writeln!(
        code,
        "\n/// Every method of the protocol, without its types. A program that does not name this holds no such list.\n\
         pub const ALL: &[crate::AnyMethod] = &[\n{all}];"
    );
    code
}

/// The heading of a subject above a method, and the sentences about the method.
fn comments(service: &ServiceDescriptor, method: &MethodDescriptor) -> (Option<String>, String) {
    let file = service.parent_file();
    let info = file.file_descriptor_proto().source_code_info.clone().unwrap_or_default();
    let Some(location) = info.location.into_iter().find(|location| location.path == method.path()) else {
        return (None, String::new());
    };
    let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let heading = location.leading_detached_comments.iter().find_map(|comment| {
        let comment = joined(comment);
        comment.strip_prefix("# ").map(str::to_owned)
    });
    (heading, joined(&location.leading_comments.unwrap_or_default()))
}
