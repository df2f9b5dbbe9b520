//! Being told when users come and go.

use mezon_model::{Presence, UserId};
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{Status, StatusFollow, StatusUnfollow};
use mezon_realtime::Reply;

use super::Connection;
use crate::ClientError;

impl Connection {
    /// Follows users: each time that one of them comes online or goes, a
    /// [`StatusPresence`](mezon_model::event::StatusPresence) comes in. Answers with those who are online now; with nobody when
    /// the server does not say. Friends are told of without it.
    ///
    /// It lasts as long as the socket: after each [`Event::Ready`](mezon_realtime::Event::Ready) users have to be followed
    /// anew.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] when there is no user or one with the id 0, before any request;
    /// [`ClientError::NotConnected`] and [`ClientError::Call`].
    ///
    /// # Cancel safety
    /// A call that is given up may have reached the server.
    pub async fn follow(&self, users: &[UserId]) -> Result<Vec<Presence>, ClientError> {
        let request = StatusFollow { user_ids: ids(users)?, usernames: Vec::new() };
        let Reply::Message(answer) = self.socket()?.call(Message::StatusFollow(request)).await? else {
            return Ok(Vec::new());
        };
        let status = answer.read::<Status>().ok().flatten().unwrap_or_default();
        Ok(status.presences.into_iter().map(Presence::from).collect())
    }

    /// Follows users no longer.
    ///
    /// # Errors
    /// As [`Connection::follow`].
    ///
    /// # Cancel safety
    /// As [`Connection::follow`].
    pub async fn unfollow(&self, users: &[UserId]) -> Result<(), ClientError> {
        let request = StatusUnfollow { user_ids: ids(users)? };
        self.socket()?.call(Message::StatusUnfollow(request)).await?;
        Ok(())
    }
}

fn ids(users: &[UserId]) -> Result<Vec<i64>, ClientError> {
    if users.is_empty() || users.iter().any(|user| user.is_none()) {
        return Err(ClientError::InvalidInput { problem: "users to follow are named by ids other than 0".into() });
    }
    Ok(users.iter().map(|user| user.get()).collect())
}
