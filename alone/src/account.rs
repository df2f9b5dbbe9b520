//! Sign-in, session, channels and history.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mezon_light::{
    ApiClient, AppLogin, AuthenticateConfig, Channel, ChannelId, ChannelMessage, ChannelType, ClanId, ClientInitConfig,
    Clock, DelayPolicy, ExponentialDelay, FileStore, GatewayBuilder, LightClient, LightClientBuilder, LightError,
    ListChannelsOptions, ListMessagesOptions, MemoryStore, MessageHeader, MessageId, Position, RateLimit,
    RefreshPolicy, RetryPolicy, Revision, Roots, Secret, Session, SessionChanges, SessionStore, SocketConfigBuilder,
    SystemClock, Timeouts, TlsConfig, TlsError, TopicId, UserId,
};

/// A clock that is an hour ahead.
#[derive(Debug)]
pub struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> SystemTime {
        SystemClock.now() + Duration::from_secs(3_600)
    }
}

/// Every second, without end.
#[derive(Debug)]
pub struct EverySecond;

impl DelayPolicy for EverySecond {
    fn next_delay(&mut self, _unit: f64) -> Duration {
        Duration::from_secs(1)
    }

    fn reset(&mut self) {}
}

/// Everything that can be set before the sign-in.
///
/// # Errors
/// When the certificate is none.
pub fn settings(store: Arc<dyn SessionStore>, authority: &[u8]) -> Result<LightClientBuilder, TlsError> {
    let tls: TlsConfig = TlsConfig::builder().roots(Roots::None).add_root_pem(authority).build()?;
    let http = |gateway: GatewayBuilder| {
        let gateway = gateway.retry(RetryPolicy::none()).body_limit(1 << 20).refresh_policy(RefreshPolicy::default());
        gateway.rate_limit(RateLimit::CALLS)
    };
    let socket = |config: SocketConfigBuilder| {
        let config = config.heartbeat(Duration::from_secs(20), Duration::from_secs(5)).delays(|| EverySecond);
        config.delays(ExponentialDelay::default).send_limit(RateLimit::SENDS)
    };
    Ok(LightClient::builder()
        .gateway_url("https://gw.example.org")
        .server_key("key")
        .store(store)
        .tls(tls)
        .timeouts(Timeouts::default().total(Duration::from_secs(10)))
        .clock(Arc::new(Ahead))
        .allow_insecure()
        .trust_host_suffix("example.org")
        .trust_upload_suffix("files.example.org")
        .revision(Revision::StringCid)
        .http(http)
        .socket(socket))
}

/// Each way to sign in.
///
/// # Errors
/// Whatever goes wrong first.
pub async fn sign_in(settings: LightClientBuilder, file: FileStore) -> Result<Vec<LightClient>, LightError> {
    let config = AuthenticateConfig::new("id token", UserId::new(42), "linh");
    let config = config.server_key("key").gateway_url("https://gw.example.org");
    let person = LightClient::authenticate(config.clone()).await?;
    let login = AppLogin::new("77", Secret::from("key"));
    let bot = LightClient::authenticate_bot(login.clone()).await?;
    let known = ClientInitConfig::new("token", "refresh", "https://api.example.org", 42);
    let known = LightClient::init_client(known.ws_url("sock.example.org").is_remember(true).server_key("key"))?;
    let exported = LightClient::init_client(ClientInitConfig::from_export(&person.export_session())?)?;
    let session: Session = (*bot.session()).clone();
    let mut all = vec![
        settings.clone().authenticate(config).await?,
        settings.clone().authenticate_bot(login.clone()).await?,
        settings.clone().init_client(ClientInitConfig::new("token", "refresh", "https://api.example.org", 42))?,
        settings.clone().resume_bot(session.clone(), login)?,
        settings.clone().store(Arc::new(MemoryStore::with_session(session.clone()))).resume(session)?,
    ];
    all.extend(settings.store(Arc::new(file)).resume_stored().await?);
    all.extend([person, bot, known, exported]);
    Ok(all)
}

/// What a session tells, and how it goes on.
///
/// # Errors
/// When the login is over.
pub async fn session(client: &LightClient) -> Result<Option<Arc<Session>>, LightError> {
    let mut changes: SessionChanges = client.session_changes();
    let tokens: (Secret, Option<Secret>) = (client.token(), client.refresh_token());
    let _api: &ApiClient = client.api();
    if client.is_session_expired() && !client.is_refresh_session_expired() && !tokens.0.is_empty() {
        client.refresh_session().await?;
    }
    let next = changes.next().await;
    client.logout().await?;
    Ok(next)
}

/// Channels, and what was said in them.
///
/// # Errors
/// Whatever goes wrong first.
pub async fn read(client: &LightClient, clan: ClanId, topic: TopicId) -> Result<Vec<ChannelMessage>, LightError> {
    let peers = [UserId::new(43), client.user_id()];
    let group: Channel = client.create_group_dm(&peers).await?;
    let dm = client.create_dm(peers[0]).await?;
    let known = client.list_channels(&ListChannelsOptions::clan(clan).kind(ChannelType::Channel).limit(10)).await?;
    let last: Option<&MessageHeader> = known.iter().find_map(Channel::last_sent_message);
    let last: MessageId = last.map(|header| header.id).unwrap_or_default();
    let mut options = ListMessagesOptions::latest().topic(topic);
    options.position = Position::Before(last);
    let mut messages = client.list_messages(dm.id(), &options).await?;
    messages.extend(client.catch_up(ChannelId::new(group.id().get()), last).await?);
    Ok(messages)
}
