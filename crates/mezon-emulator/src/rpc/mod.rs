//! The methods of `mezon.api.Mezon`: the same over HTTP and over a socket. One file per subject.

mod accounts;
mod channels;
mod clan_events;
mod clans;
mod emojis;
mod friends;
mod messages;
mod notifications;
mod offers;
mod roles;
mod uploads;
mod webhooks;

use bytes::Bytes;
use prost::Message;

use crate::failure::{Failure, FailureKind};
use crate::gateway::{Caller, Gateway};
use crate::town::{Act, Done, Town};

/// The one method that is not called with an access token over HTTP.
pub(crate) const SESSION_REFRESH: &str = "SessionRefresh";

/// Runs a method: the request message in, the response message out, both bare protobuf.
pub(crate) async fn call(gateway: &Gateway, caller: &Caller, method: &str, body: Bytes) -> Result<Bytes, Failure> {
    let call = Call { gateway, caller, body };
    // Each subject knows its own methods; the first that knows this one answers.
    macro_rules! first_of {
        ($($subject:ident),+) => {
            $(if let Some(answer) = $subject::call(&call, method).await { return answer; })+
        };
    }
    first_of!(
        accounts,
        channels,
        clan_events,
        clans,
        emojis,
        friends,
        messages,
        notifications,
        offers,
        roles,
        uploads,
        webhooks
    );
    // The name came from the client: it is bounded before it goes back.
    let name: String = method.chars().take(60).collect();
    Err(Failure::new(FailureKind::Unimplemented, format!("the emulator has no method {name}")))
}

/// A call that is under way.
struct Call<'a> {
    gateway: &'a Gateway,
    caller: &'a Caller,
    body: Bytes,
}

impl Call<'_> {
    /// The request message.
    fn request<M: Message + Default>(&self) -> Result<M, Failure> {
        decode(self.body.clone())
    }

    /// Answers with what an operation of the town gives that changes it.
    async fn change<R: Message + Default, A: Message>(
        &self,
        operation: fn(&mut Town, &Act<'_>, R) -> Result<Done<A>, Failure>,
    ) -> Result<Bytes, Failure> {
        Ok(encode(&self.gateway.change(self.caller.user, operation, self.request()?).await?))
    }

    /// Answers with what the town shows the caller.
    fn look<R: Message + Default, A: Message>(
        &self,
        read: fn(&Town, &Act<'_>, R) -> Result<A, Failure>,
    ) -> Result<Bytes, Failure> {
        Ok(encode(&self.gateway.look(self.caller.user, read, self.request()?)?))
    }
}

pub(crate) fn decode<M: Message + Default>(body: Bytes) -> Result<M, Failure> {
    M::decode(body).map_err(|_| Failure::invalid("the request body is not the message of this method"))
}

pub(crate) fn encode(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}
