//! Where the messages in a byte stream end.

/// Follows what a server sends (RFC 6455 section 5.2), as far as to know whether it ends with a message.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The header that has begun, as far as it is there.
    head: [u8; LONGEST],
    read: usize,
    /// How much content of the frame is to come.
    left: u64,
    /// The message goes on in another frame.
    in_parts: bool,
}

/// The longest header: a server masks nothing.
const LONGEST: usize = 10;

/// A control frame. It may come between the parts of a message.
const CONTROL: u8 = 0x08;

/// The last part of a message.
const FIN: u8 = 0x80;

impl Frames {
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        loop {
            let content = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
            self.left -= content as u64;
            bytes = bytes.get(content..).unwrap_or_default();
            // Nearly all headers come in one piece.
            bytes = match (self.read, bytes) {
                (_, []) => return,
                (0, [first, short @ 0..126, rest @ ..]) => {
                    self.begin(*first, (*short).into());
                    rest
                }
                (0, [first, 126, high, low, rest @ ..]) => {
                    self.begin(*first, u16::from_be_bytes([*high, *low]).into());
                    rest
                }
                (_, [byte, rest @ ..]) => {
                    self.take(*byte);
                    rest
                }
            };
        }
    }

    /// A frame begins: its header has been read.
    fn begin(&mut self, first: u8, content: u64) {
        (self.read, self.left) = (0, content);
        if first & CONTROL == 0 {
            self.in_parts = first & FIN == 0;
        }
    }

    /// The next byte of a header.
    fn take(&mut self, byte: u8) {
        if let Some(place) = self.head.get_mut(self.read) {
            *place = byte;
        }
        self.read += 1;
        let [first, length, long @ ..] = self.head;
        match (self.read, length & 0x7f) {
            (2, short @ 0..126) => self.begin(first, short.into()),
            (4, 126) => self.begin(first, u64::from_be_bytes(long) >> 48),
            (LONGEST, 127) => self.begin(first, u64::from_be_bytes(long)),
            _ => {}
        }
    }

    /// Whether a message has come to its end, and nothing has come behind it.
    pub(super) fn are_whole(&self) -> bool {
        self.read == 0 && self.left == 0 && !self.in_parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with `first` as its first byte.
    fn frame(first: u8, content: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match (u8::try_from(content), u16::try_from(content)) {
            (Ok(short @ 0..126), _) => frame.push(short),
            (_, Ok(middle)) => {
                frame.push(126);
                frame.extend(middle.to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((content as u64).to_be_bytes());
            }
        }
        frame.resize(frame.len() + content, 0x82);
        frame
    }

    #[test]
    fn the_end_of_each_message_is_found_however_the_bytes_come() {
        // The text in three parts has a ping between them.
        let messages = [
            frame(0x82, 0),
            frame(0x82, 125),
            frame(0x89, 4),
            frame(0x82, 126),
            frame(0x82, 65_535),
            frame(0x82, 65_536),
            [frame(0x01, 300), frame(0x00, 70_000), frame(0x89, 0), frame(0x80, 1)].concat(),
        ];
        let bytes = messages.concat();
        let mut ends: Vec<usize> = messages.iter().map(Vec::len).collect();
        for at in 1..ends.len() {
            ends[at] += ends[at - 1];
        }
        for step in [1, 2, 3, 7, 1_000, bytes.len()] {
            let mut frames = Frames::default();
            assert!(frames.are_whole());
            for (at, piece) in bytes.chunks(step).enumerate() {
                frames.follow(piece);
                let end = at * step + piece.len();
                assert_eq!(frames.are_whole(), ends.contains(&end), "{step} {end}");
            }
        }
    }
}
