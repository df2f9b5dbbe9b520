//! Sign-in, refresh and logout.

use std::collections::BTreeMap;

use mezon_proto::api;
use tokio::time::Instant;

use crate::exchanges::Exchange;
use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::token::{Claims, TokenFault};
use crate::town::people::{self, SignIn, User};

impl Gateway {
    /// Signs a user in, and makes the user at the first time.
    ///
    /// Without an id the name decides; without a name the one that is known stays.
    pub(crate) async fn sign_in(&self, request: SignIn, host: &str) -> Result<api::Session, Failure> {
        // Nobody asks: who it is shows when it is done.
        let (user, created) = self.change(0, people::sign_in, request).await?;
        let session = self.new_session(&user, &BTreeMap::new(), host).await?;
        self.counters.count(|stats| stats.logins += 1);
        tracing::info!(user = user.id, created, "signed in");
        Ok(api::Session { created, ..session })
    }

    /// Exchanges a refresh token for a new session.
    pub(crate) async fn refresh(
        &self,
        request: api::SessionRefreshRequest,
        host: &str,
    ) -> Result<api::Session, Failure> {
        let exchanged = self.exchange(&request, host).await;
        self.counters.count(|stats| match &exchanged {
            Ok(_) => stats.refreshes += 1,
            Err(_) => stats.refreshes_refused += 1,
        });
        exchanged
    }

    async fn exchange(&self, request: &api::SessionRefreshRequest, host: &str) -> Result<api::Session, Failure> {
        let claims = self.tokens.verify_refresh(&request.token)?;
        let Claims { id, user, vars: mut all, .. } = claims;
        let rotate = self.tokens.settings.rotate;
        let in_grace = rotate && self.exchanges.is_in_grace(id, self.tokens.settings.grace);
        let usable = self
            .storage
            .run(move |store| {
                let id = id.to_string();
                if rotate { store.remove_refresh_token(&id) } else { store.has_refresh_token(&id) }
            })
            .await?;
        let found = if usable || in_grace { self.town().users.get(user).cloned() } else { None };
        let user = found.ok_or(TokenFault::Invalid)?;
        all.extend(request.vars.clone());
        let session = self.new_session(&user, &all, host).await?;
        if rotate {
            let access = self.tokens.verify(&session.token).map_or(0, |claims| claims.id);
            let refresh = self.tokens.verify_refresh(&session.refresh_token).map_or(0, |claims| claims.id);
            self.exchanges.note(Exchange { user: user.id, spent: id, access, refresh, at: Instant::now() });
        }
        // A token that works more than once is given back as it is.
        let refresh_token = if rotate { session.refresh_token.clone() } else { request.token.clone() };
        Ok(api::Session { is_remember: request.is_remember, refresh_token, ..session })
    }

    /// Ends the session of the caller: neither of its tokens works any more.
    pub(crate) async fn log_out(&self, caller: &Caller, request: api::SessionLogoutRequest) -> Result<(), Failure> {
        self.tokens.revoke(caller.token);
        if let Ok(claims) = self.tokens.verify_refresh(&request.refresh_token)
            && claims.user == caller.user
        {
            self.exchanges.end(claims.id);
            self.storage.run(move |store| store.remove_refresh_token(&claims.id.to_string())).await?;
        }
        self.counters.count(|stats| stats.logouts += 1);
        Ok(())
    }

    /// A new session for a user who is known.
    pub(crate) async fn session_of(&self, user: i64, host: &str) -> Result<api::Session, Failure> {
        let user = self.town().user(user)?.clone();
        self.new_session(&user, &BTreeMap::new(), host).await
    }

    async fn new_session(
        &self,
        user: &User,
        vars: &BTreeMap<String, String>,
        host: &str,
    ) -> Result<api::Session, Failure> {
        let pair = self.tokens.issue(user, self.ids.next(), self.ids.next(), vars);
        let refresh_id = pair.refresh_id;
        self.storage.run(move |store| store.add_refresh_token(&refresh_id)).await?;
        Ok(api::Session {
            token: pair.token,
            refresh_token: pair.refresh_token,
            user_id: user.id,
            api_url: self.url(host),
            ws_url: self.ws_url(host),
            session_id: pair.session_id,
            ..api::Session::default()
        })
    }
}
