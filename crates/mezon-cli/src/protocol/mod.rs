//! The protocol as data: methods and messages by name, for programs that know neither at compile time.

mod columns;
mod fields;
mod read;
mod write;

use std::fmt::Display;

use mezon_client::calls::names::nearest;
use mezon_client::mezon_api::{AnyMethod, methods};
use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor, MethodDescriptor, ServiceDescriptor};

pub(crate) use self::fields::{Field, fields};
pub(crate) use self::read::{assign, read};
pub(crate) use self::write::Shown;
use crate::exit::Failure;

/// The descriptors of all messages and methods. `cargo xtask codegen` writes them.
const DESCRIPTORS: &[u8] = include_bytes!("mezon.binpb");

/// All methods.
pub(crate) struct Protocol {
    service: ServiceDescriptor,
}

/// One method.
pub(crate) struct Rpc {
    descriptor: MethodDescriptor,
    method: AnyMethod,
}

/// Whether a method may be repeated when its answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeated {
    Reads,
    Idempotent,
    No,
}

impl Repeated {
    /// In one word, as `docs/protocol.md` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Idempotent => "idempotent",
            Self::No => "no",
        }
    }
}

impl Protocol {
    /// The protocol that this version of the command knows.
    pub(crate) fn load() -> Result<Self, Failure> {
        let unreadable = || Failure::other("the descriptors in this program cannot be read");
        let pool = DescriptorPool::decode(DESCRIPTORS).map_err(|error| unreadable().because(&error))?;
        let service = pool.get_service_by_name("mezon.api.Mezon").ok_or_else(unreadable)?;
        Ok(Self { service })
    }

    /// All methods, in the order of `docs/protocol.md`.
    pub(crate) fn methods(&self) -> Vec<Rpc> {
        let known = |name: &str| methods::ALL.iter().find(|method| method.name() == name).copied();
        let all = self.service.methods();
        all.filter_map(|descriptor| known(descriptor.name()).map(|method| Rpc { descriptor, method })).collect()
    }

    /// The method called `name`, in capital or small letters.
    pub(crate) fn find(&self, name: &str) -> Result<Rpc, Failure> {
        let mut methods = self.methods();
        if let Some(place) = methods.iter().position(|rpc| rpc.name().eq_ignore_ascii_case(name)) {
            return Ok(methods.swap_remove(place));
        }
        let near = nearest(name, methods.iter().map(Rpc::name));
        let hint = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
        let failure = Failure::input("unknown_method", format!("there is no method {name:?}"));
        Err(failure.hint(format!("{hint}`mez api --list` has all of them")))
    }

    /// The subjects of all methods, each with the name of its first method.
    pub(crate) fn subjects(&self) -> Vec<(String, String)> {
        let subject = |method: MethodDescriptor| {
            let comments = Comments::of(&self.service.parent_file(), method.path());
            Some((comments.subject?, method.name().to_owned()))
        };
        self.service.methods().filter_map(subject).collect()
    }
}

impl Rpc {
    /// The name, as the protocol spells it.
    pub(crate) fn name(&self) -> &'static str {
        self.method.name()
    }

    /// What a client calls.
    pub(crate) fn method(&self) -> AnyMethod {
        self.method
    }

    /// The message that goes out.
    pub(crate) fn request(&self) -> MessageDescriptor {
        self.descriptor.input()
    }

    /// The message that comes back.
    pub(crate) fn response(&self) -> MessageDescriptor {
        self.descriptor.output()
    }

    /// What it does, in a sentence.
    pub(crate) fn about(&self) -> String {
        Comments::of(&self.descriptor.parent_service().parent_file(), self.descriptor.path()).about
    }

    /// Whether it may be repeated.
    pub(crate) fn repeated(&self) -> Repeated {
        let options = self.descriptor.options();
        let level = options.get_field_by_name("idempotency_level").and_then(|level| level.as_enum_number());
        match level {
            Some(1) => Repeated::Reads,
            Some(2) => Repeated::Idempotent,
            _ => Repeated::No,
        }
    }
}

/// The name of a message without its package.
pub(crate) fn short_name(message: &MessageDescriptor) -> &str {
    match message.full_name() {
        "google.protobuf.Empty" => "(empty)",
        name => name.rsplit_once("mezon.").map_or(name, |(_, name)| name),
    }
}

/// What stands above something in its `.proto` file.
struct Comments {
    /// The sentences about it.
    about: String,
    /// The subject that begins with it.
    subject: Option<String>,
}

impl Comments {
    fn of(file: &FileDescriptor, path: &[i32]) -> Self {
        let proto = file.file_descriptor_proto();
        let info = proto.source_code_info.iter();
        let location = info.flat_map(|info| &info.location).find(|location| location.path == path);
        let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let about = location.and_then(|it| it.leading_comments.as_deref()).map(joined).unwrap_or_default();
        let detached = location.map(|it| it.leading_detached_comments.as_slice()).unwrap_or_default();
        let subject = detached.iter().find_map(|text| {
            let (name, _) = text.trim().strip_prefix("# ")?.split_once(':')?;
            Some(name.to_owned())
        });
        Self { about, subject }
    }
}

/// What is wrong with a value in a request, and where in it.
fn wrong(kind: &str, place: impl Display, problem: impl Display) -> Failure {
    Failure::input(kind, format!("`{place}` {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_table_is_described() {
        let protocol = Protocol::load().unwrap();
        let methods = protocol.methods();
        assert_eq!(methods.len(), methods::ALL.len());
        for rpc in &methods {
            assert!(!rpc.about().is_empty(), "{}", rpc.name());
            assert_eq!(rpc.repeated() != Repeated::No, rpc.method().is_idempotent(), "{}", rpc.name());
        }
        assert_eq!(protocol.subjects().first(), Some(&("sessions".to_owned(), "SessionRefresh".to_owned())));
    }

    #[test]
    fn a_method_is_found_in_any_case_and_a_near_one_is_suggested() {
        let protocol = Protocol::load().unwrap();
        assert_eq!(protocol.find("listroles").unwrap().name(), "ListRoles");
        let error = protocol.find("ListRole").err().unwrap();
        assert!(format!("{error:?}").contains("did you mean ListRoles?"), "{error:?}");
    }
}
