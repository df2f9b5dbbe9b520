//! Events by type: handlers, streams, and waiting for one.

use std::time::Duration;

use mezon_model::ChannelId;
use tokio::time::{Instant, timeout_at};

use super::{Connection, WeakConnection};
use crate::ClientError;
use crate::listen::{EventsOf, FromChannelEvent, FromEvent, Subscription, Wanted, responding_to, typed};
use crate::live::closed;

impl Connection {
    /// Calls `handler` with every event of one type, until the guard is dropped. The handler's argument picks the type: one
    /// of [`mezon_model::event`], a message of `mezon_proto`, or one of your own ([`FromEvent`]).
    ///
    /// Handlers run as those of [`Connection::on_message`] do. An event is decoded for the handlers that want its type, and
    /// for nobody else; handlers for other types cost it nothing. One that cannot be decoded is told to the error handlers
    /// as [`ClientError::Undecodable`].
    ///
    /// [`ChannelMessage`](mezon_model::ChannelMessage) is a type as any other here. Events that tell of the connection
    /// itself have none: [`Connection::on_event`] hears them.
    ///
    /// ```
    /// use mezon_client::mezon_model::event::MemberJoined;
    ///
    /// # fn example(connection: &mezon_client::Connection) -> mezon_client::Subscription {
    /// connection.on(|joined: MemberJoined| println!("somebody has joined clan {}", joined.clan_id))
    /// # }
    /// ```
    pub fn on<T: FromEvent>(&self, handler: impl Fn(T) + Send + Sync + 'static) -> Subscription {
        self.core.audience.handlers.on_arms(T::ARMS, None, &typed(handler))
    }

    /// As [`Connection::on`], for the events of one channel. The channel of an event is found without decoding it, so those
    /// of other channels cost nothing. Only types whose events name their channel fit.
    pub fn on_in<T: FromChannelEvent>(
        &self,
        channel: ChannelId,
        handler: impl Fn(T) + Send + Sync + 'static,
    ) -> Subscription {
        self.core.audience.handlers.on_arms(T::ARMS, Some(channel), &typed(handler))
    }

    /// Answers events of one type: `respond` is begun for each, until the guard is dropped.
    ///
    /// As with [`Connection::respond`], events of one channel are answered one after the other and channels side by side; up
    /// to 1,024 events wait, and one more, an error and a panic are told to the error handlers. Events that name no channel
    /// are answered one after the other. For messages [`Connection::respond`] is the better choice: it leaves out the user's
    /// own, which this hears too.
    ///
    /// ```
    /// use mezon_client::mezon_model::event::ButtonClicked;
    /// use mezon_client::mezon_model::{Draft, Target};
    ///
    /// # fn example(connection: &mezon_client::Connection) -> mezon_client::Subscription {
    /// connection.respond_to(|connection, clicked: ButtonClicked| async move {
    ///     let answer = Draft::from(format!("{} it is", clicked.button_id));
    ///     connection.send(&Target::direct(clicked.channel_id), &answer).await?;
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn respond_to<T, F, R>(&self, respond: F) -> Subscription
    where
        T: FromEvent,
        F: Fn(WeakConnection, T) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), ClientError>> + Send + 'static,
    {
        let handlers = &self.core.audience.handlers;
        let connection = self.downgrade();
        let respond = responding_to(handlers, move |event: T| Box::pin(respond(connection.clone(), event)));
        handlers.on_arms(T::ARMS, None, &respond)
    }

    /// Every event of one type from now on.
    ///
    /// ```
    /// use mezon_client::mezon_model::event::VoiceJoined;
    ///
    /// # async fn example(connection: &mezon_client::Connection) {
    /// let mut joined = connection.events_of::<VoiceJoined>();
    /// while let Some(Ok(joined)) = joined.next().await {
    ///     println!("{} is in {}", joined.participant, joined.channel_label);
    /// }
    /// # }
    /// ```
    pub fn events_of<T: FromEvent>(&self) -> EventsOf<T> {
        self.core.audience.events_of(Wanted::Arms(T::ARMS, None))
    }

    /// As [`Connection::events_of`], for the events of one channel.
    pub fn events_in<T: FromChannelEvent>(&self, channel: ChannelId) -> EventsOf<T> {
        self.core.audience.events_of(Wanted::Arms(T::ARMS, Some(channel)))
    }

    /// Waits for one event: the next one of type `T` that is `wanted`, and for no longer than `within`.
    ///
    /// It listens from the call on, not from the first poll. So call it, do what brings the event, and await the future
    /// then: nothing is missed in between. While it is not awaited, up to 1,024 events of the type wait.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mezon_client::mezon_model::event::ChannelCreated;
    ///
    /// # async fn example(connection: &mezon_client::Connection) -> Result<(), mezon_client::ClientError> {
    /// let created = connection.wait_for(Duration::from_secs(5), |it: &ChannelCreated| it.label == "news");
    /// // … make the channel …
    /// let created = created.await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientError::NoEvent`] when the time is up; [`ClientError::Connect`] when the connection ends for good before.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped wait leaves nothing behind. The events that it looked at are gone for it alone.
    pub fn wait_for<T: FromEvent>(
        &self,
        within: Duration,
        wanted: impl FnMut(&T) -> bool + Send,
    ) -> impl Future<Output = Result<T, ClientError>> + Send {
        next_wanted(self.events_of(), within, wanted)
    }

    /// As [`Connection::wait_for`], for an event in one channel.
    ///
    /// # Errors
    /// As [`Connection::wait_for`].
    ///
    /// # Cancel safety
    /// As [`Connection::wait_for`].
    pub fn wait_for_in<T: FromChannelEvent>(
        &self,
        channel: ChannelId,
        within: Duration,
        wanted: impl FnMut(&T) -> bool + Send,
    ) -> impl Future<Output = Result<T, ClientError>> + Send {
        next_wanted(self.events_in(channel), within, wanted)
    }
}

fn next_wanted<T: FromEvent>(
    mut events: EventsOf<T>,
    within: Duration,
    mut wanted: impl FnMut(&T) -> bool + Send,
) -> impl Future<Output = Result<T, ClientError>> + Send {
    // A time that no clock reaches is no limit.
    let end = Instant::now().checked_add(within);
    let wait = async move {
        loop {
            match events.next().await {
                Some(Ok(event)) if wanted(&event) => return Ok(event),
                // What cannot be read, or came while nobody awaited this, is not what is waited for.
                Some(_) => {}
                None => return Err(closed()),
            }
        }
    };
    async move {
        match end {
            Some(end) => timeout_at(end, wait).await.unwrap_or(Err(ClientError::NoEvent { within })),
            None => wait.await,
        }
    }
}
