//! The dispatcher behind the machine of a real connection: only the socket and the history are played by hand.

use std::time::{Duration, Instant};

use mezon_emulator::proto::api;
use mezon_emulator::proto::realtime::{Channel, Envelope, envelope};
use mezon_emulator::proto::wire;
use mezon_model::{MessageId, Target};
use mezon_realtime::machine::{CallId, Input, Machine, Output, Request, Settings};
use mezon_realtime::{DisconnectReason, EventSender, Revision};
use mezon_session::DelayPolicy;
use tokio::sync::mpsc;

use super::*;
use crate::delivery::history::by_hand::{HistoryByHand, Question};
use crate::listen::{EventStream, MessageStream, Subscriber};
use crate::watched::Watched;

const CHANNEL: i64 = 7;

struct OneSecond;

impl DelayPolicy for OneSecond {
    fn next_delay(&mut self, _unit: f64) -> Duration {
        Duration::from_secs(1)
    }

    fn reset(&mut self) {}
}

/// A connection without a socket, with its dispatcher.
struct Rig {
    machine: Machine<()>,
    now: Instant,
    generation: u64,
    /// Requests that were not answered.
    unanswered: Vec<i32>,
    queue: EventSender,
    asked: mpsc::UnboundedReceiver<Question>,
    baselines: Arc<Baselines>,
    over: Arc<Watched<bool>>,
    inbox: MessageStream,
    events: EventStream,
}

impl Rig {
    /// Up and ready.
    fn up() -> Self {
        let now = Instant::now();
        let (queue, events) = Events::channel(1_024);
        let (history, asked) = HistoryByHand::new();
        let (baselines, audience) = (Arc::<Baselines>::default(), Arc::<Audience>::default());
        let over = Arc::<Watched<bool>>::default();
        let (messages, inbox) = Subscriber::messages();
        let (all, all_events) = Subscriber::events();
        audience.subscribe(messages);
        audience.subscribe(all);
        let is_over = Arc::clone(&over);
        let catch_up = CatchUp::new(Arc::new(history), Arc::clone(&baselines), move || {
            let is_over = Arc::clone(&is_over);
            Box::pin(async move { _ = is_over.wait_for(|over| over).await })
        });
        tokio::spawn(run(events, audience, Some(catch_up), ()));
        let mut rig = Self {
            machine: Machine::new(Settings::default(), Box::new(OneSecond), now, 1),
            now,
            generation: 0,
            unanswered: Vec::new(),
            queue,
            asked,
            baselines,
            over,
            inbox,
            events: all_events,
        };
        rig.carry_out();
        rig.connect();
        rig
    }

    /// In `CHANNEL`, too.
    fn joined() -> Self {
        let mut rig = Self::up();
        let request = Request::join(&Target::direct(CHANNEL.into()).to_join(), Revision::default());
        let timeout = Duration::from_secs(10);
        rig.handle(Input::Call { id: CallId(1), request, timeout, waiter: () });
        rig.answer_joins();
        rig
    }

    fn handle(&mut self, input: Input<()>) {
        self.machine.handle(self.now, input);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(frame) = self.machine.transmit() {
            self.unanswered.push(wire::read(&frame).unwrap().cid.try_into().unwrap());
        }
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Dial { generation, .. } => self.generation = generation,
                Output::Event(event) => self.queue.send_all([event]),
                _ => {}
            }
        }
    }

    fn connect(&mut self) {
        self.handle(Input::Connected { generation: self.generation });
    }

    /// Loses the connection and begins the next attempt.
    fn lose(&mut self) {
        self.unanswered.clear();
        self.handle(Input::Lost { generation: self.generation, reason: DisconnectReason::Broken });
        self.now = self.machine.deadline().unwrap();
        self.handle(Input::Timeout);
    }

    /// From the loss to the gap that follows it.
    fn lose_and_come_back(&mut self) {
        self.lose();
        self.connect();
        self.answer_joins();
    }

    fn receive(&mut self, cid: i32, message: envelope::Message) {
        let frame = Revision::default().encode(&Envelope { cid, message: Some(message) });
        self.handle(Input::Received { generation: self.generation, frame });
    }

    fn answer_joins(&mut self) {
        for cid in std::mem::take(&mut self.unanswered) {
            self.receive(cid, envelope::Message::Channel(Channel { id: CHANNEL, ..Channel::default() }));
        }
    }

    /// A message comes in live.
    fn push(&mut self, message_id: i64) {
        let message = api::ChannelMessage { channel_id: CHANNEL, message_id, ..Default::default() };
        self.receive(0, envelope::Message::ChannelMessage(message));
    }

    /// `newest` was the newest message when `CHANNEL` was joined.
    async fn find_baseline(&self, newest: i64) {
        assert!(self.baselines.want(CHANNEL.into()));
        let (history, mut asked) = HistoryByHand::new();
        let baselines = Arc::clone(&self.baselines);
        let is_alive = |_| std::future::ready(true);
        let lookup =
            tokio::spawn(async move { baselines.read(Target::direct(CHANNEL.into()), &history, is_alive).await });
        asked.recv().await.unwrap().answer([newest]);
        lookup.await.unwrap();
    }

    async fn asked_after(&mut self, after: i64) -> Question {
        let question = self.asked.recv().await.unwrap();
        assert_eq!((question.channel.get(), question.after), (CHANNEL, Some(MessageId::new(after))));
        question
    }

    /// Closes the connection; gives back all that was delivered.
    async fn close(mut self) -> (Vec<i64>, EventStream) {
        self.handle(Input::Close);
        self.handle(Input::Lost { generation: self.generation, reason: DisconnectReason::Broken });
        let mut ids = Vec::new();
        while let Some(message) = self.inbox.next().await {
            ids.push(message.unwrap().id().get());
        }
        assert!(self.asked.try_recv().is_err(), "nothing more was read");
        (ids, self.events)
    }

    async fn next_gap(&mut self) -> Vec<ChannelGap> {
        loop {
            if let Event::Gap { channels, .. } = self.events.next().await.unwrap() {
                return channels;
            }
        }
    }
}

#[tokio::test]
async fn what_came_live_before_a_second_loss_is_not_delivered_again() {
    let mut rig = Rig::joined();
    rig.push(3);
    rig.lose();
    rig.connect();
    rig.push(5);
    rig.lose_and_come_back();
    rig.asked_after(3).await.answer([4, 5, 6]);
    assert_eq!(rig.close().await.0, [3, 5, 4, 6]);
}

#[tokio::test]
async fn what_was_read_while_the_connection_was_lost_again_is_not_read_twice() {
    let mut rig = Rig::joined();
    rig.push(9);
    rig.lose_and_come_back();
    let question = rig.asked_after(9).await;
    rig.lose_and_come_back();
    question.answer([12]);
    rig.asked_after(12).await.answer([13]);
    assert_eq!(rig.close().await.0, [9, 12, 13]);
}

#[tokio::test(start_paused = true)]
async fn what_was_read_is_not_read_again_after_a_later_loss() {
    let mut rig = Rig::joined();
    rig.push(9);
    rig.lose_and_come_back();
    rig.asked_after(9).await.answer([12]);
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    rig.lose_and_come_back();
    rig.asked_after(12).await.answer([]);
    assert_eq!(rig.close().await.0, [9, 12]);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_comes_live_after_the_history_is_dropped_while_it_can_come() {
    let mut rig = Rig::joined();
    rig.push(9);
    rig.lose_and_come_back();
    rig.asked_after(9).await.answer([12]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    rig.push(12);
    tokio::time::sleep(Duration::from_secs(60)).await;
    rig.push(9);
    assert_eq!(rig.close().await.0, [9, 12, 9], "a healthy connection is taken at its word");
}

#[tokio::test]
async fn a_history_that_is_being_read_does_not_hold_up_the_end() {
    let mut rig = Rig::joined();
    rig.push(9);
    rig.lose_and_come_back();
    let unanswered = rig.asked_after(9).await;
    rig.over.set(true);
    let gap = rig.next_gap().await;
    assert_eq!(gap.first().and_then(|gap| gap.last_seen), Some(MessageId::new(9)), "what is missing is told");
    rig.lose_and_come_back();
    assert_eq!(rig.next_gap().await.len(), 1, "nothing is read any more");
    assert_eq!(rig.close().await.0, [9]);
    drop(unanswered);
}

#[tokio::test]
async fn a_history_that_cannot_be_read_leaves_a_gap_to_read_on_from() {
    let mut rig = Rig::joined();
    rig.push(9);
    rig.lose_and_come_back();
    rig.asked_after(9).await.answer([12]);
    rig.lose_and_come_back();
    drop(rig.asked_after(12).await);
    assert_eq!(rig.next_gap().await[0].last_seen, Some(MessageId::new(12)), "further than the connection knows");
}

#[tokio::test]
async fn what_a_channel_lost_before_its_first_message_is_read_from_its_baseline() {
    let mut rig = Rig::joined();
    rig.find_baseline(2).await;
    rig.lose_and_come_back();
    rig.asked_after(2).await.answer([3]);
    assert_eq!(rig.close().await.0, [3]);
}

#[tokio::test]
async fn what_a_channel_without_a_baseline_lost_is_told() {
    let mut rig = Rig::joined();
    rig.lose_and_come_back();
    assert_eq!(rig.next_gap().await[0].last_seen, None);
    assert!(rig.close().await.0.is_empty());
}

/// Its first event was an edit of a message from before the join, and everything since that one was read as missed.
#[tokio::test]
async fn a_change_of_an_old_message_does_not_bring_back_what_was_there_before_the_join() {
    let mut rig = Rig::joined();
    rig.find_baseline(600).await;
    let edit = api::ChannelMessage { channel_id: CHANNEL, message_id: 100, code: 1, ..Default::default() };
    rig.receive(0, envelope::Message::ChannelMessage(edit));
    rig.lose_and_come_back();
    rig.asked_after(600).await.answer([601]);
    assert_eq!(rig.close().await.0, [100, 601]);
}

/// With a hundred channels, live messages waited for most of an hour while each history took its half minute to fail.
#[tokio::test(start_paused = true)]
async fn histories_that_fail_slowly_do_not_hold_up_what_comes_live() {
    let mut rig = Rig::up();
    for channel_id in 1..=100 {
        let message = api::ChannelMessage { channel_id, message_id: 1, ..Default::default() };
        rig.receive(0, envelope::Message::ChannelMessage(message));
    }
    rig.lose_and_come_back();
    rig.push(9);
    for _ in 0..2 {
        let question = rig.asked.recv().await.unwrap();
        tokio::time::advance(Duration::from_secs(20)).await;
        drop(question);
    }
    let gap = rig.next_gap().await;
    assert_eq!(gap.len(), 100);
    assert!(gap.iter().all(|gap| gap.last_seen == Some(MessageId::new(1))), "each tells where to read on");
    assert!(rig.asked.try_recv().is_err());
    assert_eq!(rig.close().await.0.last(), Some(&9));
}
