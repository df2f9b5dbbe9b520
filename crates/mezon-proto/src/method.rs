//! One entry of the method table.

use std::fmt;
use std::marker::PhantomData;

/// A method of the API, with the types of its request and its response.
///
/// [`methods`](crate::methods) has one for every method of the protocol. A server may be newer: [`Method::new`] makes one by
/// name, with types that fit it.
///
/// ```
/// use mezon_proto::api::{RoleListEventRequest, RoleListEventResponse};
/// use mezon_proto::{Method, methods};
///
/// let list: Method<RoleListEventRequest, RoleListEventResponse> = methods::LIST_ROLES;
/// assert_eq!((list.name(), list.is_idempotent(), list.socket_index()), ("ListRoles", true, Some(4)));
///
/// let newer: Method<(), RoleListEventResponse> = Method::new("ListSomethingNew").idempotent();
/// assert!(newer.is_idempotent() && !methods::CREATE_ROLE.is_idempotent());
/// ```
///
/// The types are part of the entry, so a wrong pair does not compile:
///
/// ```compile_fail,E0308
/// use mezon_proto::api::{RoleList, RoleListEventRequest};
/// use mezon_proto::{Method, methods};
///
/// let list: Method<RoleListEventRequest, RoleList> = methods::LIST_ROLES;
/// ```
pub struct Method<Request, Response> {
    any: AnyMethod,
    types: PhantomData<fn(&Request) -> Response>,
}

/// A method of the API without its types: what a transport has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnyMethod {
    name: &'static str,
    idempotent: bool,
    socket_index: Option<u16>,
}

impl<Request, Response> Method<Request, Response> {
    /// The method called `name`, which is not repeated after a lost answer: for methods that are newer than this crate.
    pub const fn new(name: &'static str) -> Self {
        AnyMethod::new(name).typed()
    }

    /// The same method, marked as safe to repeat: for one that only reads, or that does the same thing when done twice.
    #[must_use]
    pub const fn idempotent(self) -> Self {
        self.any.idempotent().typed()
    }

    /// The method without its types.
    pub const fn any(self) -> AnyMethod {
        self.any
    }

    /// The name, as it stands in the path of a call over HTTP.
    pub const fn name(self) -> &'static str {
        self.any.name
    }

    /// Whether repeating it does no harm.
    pub const fn is_idempotent(self) -> bool {
        self.any.idempotent
    }

    /// The place in the numbered list that calls over the socket use
    /// ([`ApiRequestEvent::api_index`](crate::realtime::ApiRequestEvent::api_index)); `None` for a method that is not in it.
    pub const fn socket_index(self) -> Option<u16> {
        self.any.socket_index
    }
}

impl AnyMethod {
    /// The method called `name`, which is not repeated after a lost answer.
    pub const fn new(name: &'static str) -> Self {
        Self { name, idempotent: false, socket_index: None }
    }

    /// The same method, marked as safe to repeat.
    #[must_use]
    pub const fn idempotent(self) -> Self {
        Self { idempotent: true, ..self }
    }

    /// The name, as it stands in the path of a call over HTTP.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether repeating it does no harm.
    pub const fn is_idempotent(self) -> bool {
        self.idempotent
    }

    /// As [`Method::socket_index`].
    pub const fn socket_index(self) -> Option<u16> {
        self.socket_index
    }

    /// The same method in the numbered list of the socket.
    pub(crate) const fn at(self, socket_index: u16) -> Self {
        Self { socket_index: Some(socket_index), ..self }
    }

    /// The same method with types that the caller vouches for.
    pub(crate) const fn typed<Request, Response>(self) -> Method<Request, Response> {
        Method { any: self, types: PhantomData }
    }
}

impl<Request, Response> Clone for Method<Request, Response> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Request, Response> Copy for Method<Request, Response> {}

impl<Request, Response> From<Method<Request, Response>> for AnyMethod {
    fn from(method: Method<Request, Response>) -> Self {
        method.any
    }
}

/// The name.
impl<Request, Response> fmt::Debug for Method<Request, Response> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({})", self.any.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::{AnyMethod, methods};

    #[test]
    fn the_table_holds_every_method_once() {
        let names: BTreeSet<_> = methods::ALL.iter().map(|method| method.name()).collect();
        let indices: BTreeSet<_> = methods::ALL.iter().filter_map(|method| method.socket_index()).collect();
        assert_eq!((names.len(), methods::ALL.len()), (222, 222));
        assert!(indices.into_iter().eq(0..210), "the list of the socket has no hole");
    }

    #[test]
    fn an_entry_is_what_the_list_of_all_says() {
        let entries = [methods::LIST_ROLES.any(), methods::SEND_CHANNEL_MESSAGE.any(), methods::SESSION_LOGOUT.any()];
        assert!(entries.iter().all(|entry| methods::ALL.contains(entry)));
        assert_eq!(entries.map(AnyMethod::is_idempotent), [true, false, true]);
        assert_eq!(methods::messages::SEND_CHANNEL_MESSAGE.any(), methods::SEND_CHANNEL_MESSAGE.any());
        assert_eq!(format!("{:?}", methods::LIST_ROLES), "Method(ListRoles)");
    }
}
