//! Sign-in, refresh and logout.

use std::collections::BTreeMap;

use mezon_proto::api;

use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::snowflake::unix_seconds;
use crate::store::{Store, StoreError, User};
use crate::token::{Claims, TokenFault};

impl Gateway {
    /// Signs a user in, and makes the user at the first time.
    ///
    /// Without an id the name decides; without a name the one that is known stays.
    pub(crate) async fn sign_in(&self, id: Option<i64>, username: &str, host: &str) -> Result<api::Session, Failure> {
        let username = username.trim().to_owned();
        if id.is_some_and(|id| id <= 0) || (id.is_none() && username.is_empty()) {
            return Err(Failure::invalid("user_id or username is required"));
        }
        let fresh = self.ids.next();
        let (user, created) = self
            .storage
            .run(move |store| {
                let known = match id {
                    Some(id) => store.user(id)?,
                    None => store.user_named(&username)?,
                };
                let created = known.as_ref().is_none_or(|user| !user.signed_in);
                let mut user = known.unwrap_or_else(|| new_user(id.unwrap_or(fresh)));
                user.signed_in = true;
                if !username.is_empty() {
                    user.username = username;
                }
                store.put_user(&user)?;
                Ok::<_, StoreError>((user, created))
            })
            .await?;
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
        let found = self
            .storage
            .run(move |store| {
                let id = id.to_string();
                let usable = if rotate { store.remove_refresh_token(&id)? } else { store.has_refresh_token(&id)? };
                Ok::<_, StoreError>(if usable { store.user(user)? } else { None })
            })
            .await?;
        let user = found.ok_or(TokenFault::Invalid)?;
        all.extend(request.vars.clone());
        let session = self.new_session(&user, &all, host).await?;
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
            self.storage.run(move |store| store.remove_refresh_token(&claims.id.to_string())).await?;
        }
        self.counters.count(|stats| stats.logouts += 1);
        Ok(())
    }

    /// A new session for a user who is known.
    pub(crate) async fn session_of(&self, user: i64, host: &str) -> Result<api::Session, Failure> {
        let found = self.storage.run(move |store| store.user(user)).await?;
        let user = found.ok_or_else(|| Failure::not_found("user not found"))?;
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

/// Users whom others name before they sign in get a name that says so.
pub(crate) fn registered(store: &mut dyn Store, id: i64) -> Result<User, StoreError> {
    if let Some(user) = store.user(id)? {
        return Ok(user);
    }
    let user = new_user(id);
    store.put_user(&user)?;
    Ok(user)
}

fn new_user(id: i64) -> User {
    User { id, username: format!("user-{id}"), signed_in: false, created: unix_seconds() }
}
