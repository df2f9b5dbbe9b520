//! Refresh tokens that were exchanged: for a while they may still be taken, or an exchange may be forgotten.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::gateway::Gateway;
use crate::store::StoreError;

/// More exchanges than any test looks back at.
const REMEMBERED: usize = 1024;

/// The latest exchanges, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Exchanges(Mutex<VecDeque<Exchange>>);

/// One refresh, by the ids of the tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exchange {
    pub(crate) user: i64,
    /// The refresh token that was given back.
    pub(crate) spent: i64,
    /// The access token that it bought.
    pub(crate) access: i64,
    /// The refresh token that it bought.
    pub(crate) refresh: i64,
    pub(crate) at: Instant,
}

impl Exchanges {
    pub(crate) fn note(&self, exchange: Exchange) {
        let mut exchanges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if exchanges.len() >= REMEMBERED {
            exchanges.pop_front();
        }
        exchanges.push_back(exchange);
    }

    /// Whether this refresh token was exchanged no longer than `grace` ago.
    pub(crate) fn is_in_grace(&self, id: i64, grace: Duration) -> bool {
        let exchanges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        exchanges.iter().any(|exchange| exchange.spent == id && exchange.at.elapsed() < grace)
    }

    /// The user has logged out with this refresh token: the one that bought it is not taken any more either.
    pub(crate) fn end(&self, refresh: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|exchange| exchange.refresh != refresh);
    }

    fn take_newest(&self, user: i64) -> Option<Exchange> {
        let mut exchanges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = exchanges.iter().rposition(|exchange| exchange.user == user)?;
        exchanges.remove(newest)
    }
}

impl Gateway {
    /// Forgets the newest refresh of a user. Does nothing if there is none.
    pub(crate) async fn undo_refresh(&self, user: i64) -> Result<(), StoreError> {
        let Some(Exchange { spent, access, refresh, .. }) = self.exchanges.take_newest(user) else { return Ok(()) };
        self.tokens.revoke(access);
        self.storage
            .run(move |store| {
                store.remove_refresh_token(&refresh.to_string())?;
                store.add_refresh_token(&spent.to_string())
            })
            .await
    }
}
