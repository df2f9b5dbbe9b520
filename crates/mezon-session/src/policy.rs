//! Which of the addresses that a server hands out may get credentials.

use crate::{Endpoint, EndpointError, EndpointErrorKind};

/// The rule that every address from a server passes before a credential goes there.
///
/// A server, or someone who pretends to be one, says where API calls, the socket and uploads go. The rule:
///
/// - The host is the one that the login went to (on any port), or its parent domain, or under its parent domain: a login
///   at `gw.mezon.ai` trusts `mezon.ai` and everything under it. A login at an IP address, at `localhost` or at a name
///   without dots trusts that very host only.
/// - A parent keeps two labels at least, so a login at `mezon.ai` trusts `mezon.ai` and what is under it, never `ai`.
/// - After a login over TLS nothing is plain. After a plain login plain is allowed on this machine only, unless
///   [`EndpointPolicy::allow_insecure`] says otherwise.
///
/// Further hosts are added by name. The limits: domains under which anybody can register are recognised by form
/// (`co.uk`, `com.vn`) and not by a full list, so a gateway on a shared hosting domain such as `name.hosting.example`
/// trusts its neighbours there; and what a trusted name resolves to is not looked at.
///
/// ```
/// use mezon_session::{Endpoint, EndpointPolicy};
///
/// let policy = EndpointPolicy::for_login(&Endpoint::parse("https://gw.mezon.ai", true)?);
/// assert!(policy.check(&Endpoint::parse("sock.mezon.ai:443", true)?).is_ok());
/// assert!(policy.check(&Endpoint::parse("https://evilmezon.ai", true)?).is_err());
/// # Ok::<(), mezon_session::EndpointError>(())
/// ```
#[derive(Clone, Debug)]
pub struct EndpointPolicy {
    login: Endpoint,
    domain: Option<String>,
    hosts: Vec<String>,
    upload_hosts: Vec<String>,
    insecure: bool,
}

impl EndpointPolicy {
    /// The rule for a login at `login`.
    pub fn for_login(login: &Endpoint) -> Self {
        Self {
            domain: parent_domain(login),
            login: login.clone(),
            hosts: Vec::new(),
            upload_hosts: Vec::new(),
            insecure: false,
        }
    }

    /// Also trusts `suffix` and, if it is a name of two labels or more, all hosts under it: `example.org`,
    /// `.example.org` and `*.example.org` mean the same.
    ///
    /// # Errors
    /// [`EndpointErrorKind::InvalidHost`] when `suffix` is no host.
    pub fn allow_host_suffix(mut self, suffix: &str) -> Result<Self, EndpointError> {
        self.hosts.push(read_suffix(suffix)?);
        Ok(self)
    }

    /// As [`EndpointPolicy::allow_host_suffix`], for uploads only, which carry no token.
    ///
    /// # Errors
    /// [`EndpointErrorKind::InvalidHost`] when `suffix` is no host.
    pub fn allow_upload_suffix(mut self, suffix: &str) -> Result<Self, EndpointError> {
        self.upload_hosts.push(read_suffix(suffix)?);
        Ok(self)
    }

    /// Allows plain text beyond this machine. Everyone on the way reads the credentials then; it never weakens a login
    /// over TLS.
    pub fn allow_insecure(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// Whether the login itself may be plain where it goes, by the same rule as everything after it.
    ///
    /// # Errors
    /// [`EndpointErrorKind::Insecure`].
    pub fn check_login(&self) -> Result<(), EndpointError> {
        self.check_security(&self.login)
    }

    /// Whether the bearer token may be sent to `endpoint`.
    ///
    /// # Errors
    /// [`EndpointErrorKind::Insecure`] and [`EndpointErrorKind::Untrusted`].
    pub fn check(&self, endpoint: &Endpoint) -> Result<(), EndpointError> {
        self.check_security(endpoint)?;
        self.check_host(endpoint, self.hosts.iter())
    }

    /// Whether a file may be uploaded to `endpoint`.
    ///
    /// # Errors
    /// As [`EndpointPolicy::check`].
    pub fn check_upload(&self, endpoint: &Endpoint) -> Result<(), EndpointError> {
        self.check_security(endpoint)?;
        self.check_host(endpoint, self.hosts.iter().chain(&self.upload_hosts))
    }

    fn check_security(&self, endpoint: &Endpoint) -> Result<(), EndpointError> {
        let allowed = endpoint.is_secure() || (!self.login.is_secure() && (self.insecure || endpoint.is_loopback()));
        let insecure = || EndpointErrorKind::Insecure { host: endpoint.host().to_owned() };
        allowed.then_some(()).ok_or_else(|| insecure().into())
    }

    fn check_host<'a>(
        &'a self,
        endpoint: &Endpoint,
        mut added: impl Iterator<Item = &'a String>,
    ) -> Result<(), EndpointError> {
        let host = endpoint.host();
        let trusted = host == self.login.host()
            || self.domain.as_ref().is_some_and(|domain| is_under(endpoint, domain))
            || added.any(|suffix| is_under(endpoint, suffix));
        let untrusted = || EndpointErrorKind::Untrusted { host: host.to_owned() };
        trusted.then_some(()).ok_or_else(|| untrusted().into())
    }
}

/// Second-level labels under which country registries let anybody register: `co.uk`, `com.vn`, `gob.mx`.
const SECOND_LEVEL: [&str; 29] = [
    "ac", "asso", "biz", "co", "com", "edu", "firm", "gen", "go", "gob", "gouv", "gov", "govt", "health", "id", "ind",
    "info", "ltd", "me", "mil", "name", "ne", "net", "nom", "or", "org", "plc", "sch", "web",
];

/// The domain whose hosts a login trusts. `None`: the login host alone.
fn parent_domain(login: &Endpoint) -> Option<String> {
    let host = login.host();
    if login.ip().is_some() {
        return None;
    }
    let (_, parent) = host.split_once('.')?;
    Some(if is_registry(parent) { host } else { parent }.to_owned())
}

/// Whether anybody can register under `domain`: a single label, or a two-letter country with a second level.
fn is_registry(domain: &str) -> bool {
    match domain.split_once('.') {
        None => true,
        Some((second, country)) => country.len() == 2 && (second.len() <= 2 || SECOND_LEVEL.contains(&second)),
    }
}

/// Whether the host is `domain` or a name under it. An IP address and a name without dots match exactly only.
fn is_under(endpoint: &Endpoint, domain: &str) -> bool {
    let host = endpoint.host();
    let below = || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    host == domain || (endpoint.ip().is_none() && domain.contains('.') && below())
}

fn read_suffix(suffix: &str) -> Result<String, EndpointError> {
    let name = suffix.strip_prefix('*').unwrap_or(suffix);
    let name = name.strip_prefix('.').unwrap_or(name);
    let bracketed = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
    if bracketed.contains(['/', '?', '#', '@']) {
        return Err(EndpointErrorKind::InvalidHost.into());
    }
    Ok(Endpoint::parse(&bracketed, true)?.host().to_owned())
}

#[cfg(test)]
mod tests;
