//! To which partition of a topic a message goes.
//!
//! A hash of the key keeps all messages of one key on one partition, and so in order, and brings a popular key's whole load down on one
//! consumer. Two widespread clients hash differently: mixing them on one topic splits every key over two partitions. Messages without
//! a key are sent in runs to one partition after the other, because a batch for one partition is cheaper than a few records for each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use super::shorthand::{self, Shorthand, in_either_form};
use crate::random::{Chance, Stream};
use crate::time::{SimDuration, SimTime};

/// How a producer's client chooses the partition. A key is hashed as the text of its number: `21` as the bytes "21".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = shorthand::also_words(&["murmur2", "crc32", "modulo", "round_robin"]))]
pub enum Partitioner {
    /// As the Java client does it (the default): by key, murmur2 of it modulo the partitions; without a key a run of messages to one
    /// partition chosen by chance (Apache Kafka, `BuiltInPartitioner`).
    Murmur2 {
        /// How many messages without a key go to one partition before the next is chosen, 1 or more (default 16: `batch.size` of
        /// 16,384 bytes, at 1,024 bytes a message, which is an assumption).
        #[serde(default = "default_run")]
        #[schemars(range(min = 1))]
        run: u32,
        /// What stands before the number in the text of a key, such as "user-" (default: nothing).
        #[serde(default, skip_serializing_if = "String::is_empty")]
        prefix: String,
    },
    /// As librdkafka does it: by key, CRC-32 of it modulo the partitions; without a key one partition chosen by chance for a while
    /// (`consistent_random`).
    Crc32 {
        /// For how long messages without a key go to one partition (default 10ms: `sticky.partitioning.linger.ms`).
        #[serde(default = "default_sticks_for")]
        sticks_for: SimDuration,
    },
    /// The key itself modulo the partitions: keys that are numbers, spread by hand.
    Modulo,
    /// One partition after the other, whatever the key (Apache Kafka, `RoundRobinPartitioner`).
    RoundRobin,
}

in_either_form!(Partitioner);

/// What of a message a client hashes. The order of effects is counted by key whatever is chosen here, so this is where an order by user
/// is lost to a hash by order number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PartitionBy {
    /// Its key (the default): all messages of one key are on one partition, and so in order.
    #[default]
    Key,
    /// Its own number, such as that of an order: messages of one key are on different partitions, each in an order of its own.
    Message,
    /// Nothing: it goes where messages without a key go.
    Nothing,
}

fn default_run() -> u32 {
    16
}

fn default_sticks_for() -> SimDuration {
    SimDuration::from_millis(10)
}

impl Default for Partitioner {
    fn default() -> Partitioner {
        Partitioner::Murmur2 { run: default_run(), prefix: String::new() }
    }
}

impl Shorthand for Partitioner {
    const EXPECTING: &'static str =
        "\"murmur2\", \"crc32\" (alone or with their settings), \"modulo\" or \"round_robin\"";
    const WORDS: &'static [&'static str] = &["murmur2", "crc32", "modulo", "round_robin"];

    fn from_text(text: &str) -> Option<Result<Partitioner, String>> {
        match text {
            "murmur2" => Some(Ok(Partitioner::default())),
            "crc32" => Some(Ok(Partitioner::Crc32 { sticks_for: default_sticks_for() })),
            "modulo" => Some(Ok(Partitioner::Modulo)),
            "round_robin" => Some(Ok(Partitioner::RoundRobin)),
            _ => None,
        }
    }

    fn in_full<'de, D: serde::Deserializer<'de>>(map: D) -> Result<Partitioner, D::Error> {
        Partitioner::deserialize(map)
    }
}

impl Partitioner {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match *self {
            Partitioner::Murmur2 { run, .. } => {
                check::found([check::at_least_one("murmur2.run", run)])
            }
            Partitioner::Crc32 { .. } | Partitioner::Modulo | Partitioner::RoundRobin => Vec::new(),
        }
    }
}

/// One client that sends to one topic, and where it is.
#[derive(Debug)]
pub struct PartitionerState {
    settings: Partitioner,
    by: PartitionBy,
    partitions: u32,
    /// The partition that messages without a key go to at present.
    current: u32,
    /// How many messages more go there.
    left: u32,
    /// Until when they go there.
    until: Option<SimTime>,
    draws: Stream,
}

impl PartitionerState {
    /// A client that has sent nothing yet to a topic of so many partitions, 1 or more.
    #[must_use]
    pub fn new(
        settings: &Partitioner,
        by: PartitionBy,
        partitions: u32,
        draws: Stream,
    ) -> PartitionerState {
        let settings = settings.clone();
        PartitionerState { settings, by, partitions, current: 0, left: 0, until: None, draws }
    }

    /// The partition of the next message, which has this key and this number.
    #[inline]
    pub fn partition(&mut self, key: Option<u32>, number: u32, now: SimTime) -> u32 {
        let hashed = match self.by {
            PartitionBy::Key => key,
            PartitionBy::Message => Some(number),
            PartitionBy::Nothing => None,
        };
        match (&self.settings, hashed) {
            (Partitioner::Murmur2 { prefix, .. }, Some(key)) if prefix.is_empty() => {
                (murmur2(text(key, &mut [0; 10])) & 0x7fff_ffff) % self.partitions
            }
            (Partitioner::Murmur2 { prefix, .. }, Some(key)) => {
                (murmur2(format!("{prefix}{key}").as_bytes()) & 0x7fff_ffff) % self.partitions
            }
            (Partitioner::Crc32 { .. }, Some(key)) => {
                crc32(text(key, &mut [0; 10])) % self.partitions
            }
            (Partitioner::Murmur2 { run, .. }, None) => {
                let run = *run;
                if self.left == 0 {
                    self.choose();
                    self.left = run;
                }
                self.left -= 1;
                self.current
            }
            (Partitioner::Crc32 { sticks_for }, None) => {
                let sticks_for = *sticks_for;
                if self.until.is_none_or(|until| now >= until) {
                    self.choose();
                    self.until = Some(now + sticks_for);
                }
                self.current
            }
            (Partitioner::Modulo, Some(key)) => key % self.partitions,
            (Partitioner::Modulo | Partitioner::RoundRobin, _) => {
                let chosen = self.current;
                self.current = (chosen + 1) % self.partitions;
                chosen
            }
        }
    }

    fn choose(&mut self) {
        self.current = self.draws.below(u64::from(self.partitions)) as u32;
    }
}

/// A number as decimal text, in the end of `buffer`.
#[inline]
fn text(mut number: u32, buffer: &mut [u8; 10]) -> &[u8] {
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &buffer[start..];
        }
    }
}

/// MurmurHash2 of 32 bits (Austin Appleby) with the seed that Apache Kafka's `Utils.murmur2` has; its result is the same number without
/// a sign.
#[inline]
fn murmur2(bytes: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;
    let mut hash = SEED ^ bytes.len() as u32;
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(M);
        k = (k ^ (k >> R)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        for (place, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * place);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// CRC-32 as Ethernet and zlib have it: reflected polynomial 0xedb88320 (ISO/IEC/IEEE 8802-3).
#[inline]
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(settings: Partitioner, partitions: u32) -> PartitionerState {
        let draws = Stream::new(1, 0, "partitioner");
        PartitionerState::new(&settings, PartitionBy::Key, partitions, draws)
    }

    #[test]
    fn modulo_takes_the_number_of_a_key_and_a_prefix_belongs_to_its_text() {
        let mut by_hand = state(Partitioner::Modulo, 8);
        assert_eq!(
            [0, 7, 8, 21].map(|key| by_hand.partition(Some(key), 0, SimTime::ZERO)),
            [0, 7, 0, 5]
        );
        let prefix = "foo".to_owned();
        let mut hashed = state(Partitioner::Murmur2 { run: 1, prefix }, 1000);
        let wanted = (murmur2(b"foo21") & 0x7fff_ffff) % 1000;
        assert_eq!(hashed.partition(Some(21), 0, SimTime::ZERO), wanted);
    }

    /// The vectors of Apache Kafka's `UtilsTest.testMurmur2`, and those of librdkafka's test 0048, which come from the Java client.
    #[test]
    fn murmur2_gives_the_numbers_of_the_java_client() {
        for (text, hash) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(text.as_bytes()) as i32, hash, "{text}");
        }
        for (text, positive) in [
            ("", 0x106e_08d9),
            ("23456", 0x058d_780f),
            ("this is another string with more length to it perhaps", 0x4f77_03da),
            ("hejsan", 0x5ec1_9395),
        ] {
            assert_eq!(murmur2(text.as_bytes()) & 0x7fff_ffff, positive, "{text}");
        }
    }

    /// The check value of the catalog of parametrized CRC algorithms (CRC-32/ISO-HDLC), and the vectors of librdkafka's test 0048.
    #[test]
    fn crc32_gives_the_numbers_of_librdkafka() {
        for (text, hash) in [
            ("123456789", 0xcbf4_3926),
            ("", 0),
            ("23456", 0xb1b4_51d7),
            ("this is another string with more length to it perhaps", 0xb015_0df7),
            ("hejsan", 0xd077_037e),
        ] {
            assert_eq!(crc32(text.as_bytes()), hash, "{text}");
        }
    }

    #[test]
    fn a_key_is_hashed_as_the_text_of_its_number() {
        for (number, digits) in [(0, "0"), (21, "21"), (u32::MAX, "4294967295")] {
            assert_eq!(text(number, &mut [0; 10]), digits.as_bytes());
        }
        let positive = (-973_932_308_i32 as u32) & 0x7fff_ffff;
        let mut java = state(Partitioner::default(), 12);
        assert_eq!(java.partition(Some(21), 0, SimTime::ZERO), positive % 12);
        let mut librdkafka = state(serde_json::from_str(r#""crc32""#).unwrap(), 17);
        assert_eq!(librdkafka.partition(Some(23456), 0, SimTime::ZERO), 0xb1b4_51d7 % 17);
    }

    #[test]
    fn without_a_key_a_run_goes_to_one_partition_and_the_runs_go_everywhere() {
        let mut java = state(Partitioner::Murmur2 { run: 3, prefix: String::new() }, 4);
        let mut seen = [0; 4];
        for _ in 0..1_000 {
            let run = [(); 3].map(|()| java.partition(None, 0, SimTime::ZERO));
            assert!(run.iter().all(|partition| *partition == run[0]));
            seen[run[0] as usize] += 1;
        }
        // 250 each, within five standard deviations of a binomial count.
        assert!(seen.iter().all(|runs| (250_i32 - runs).abs() < 69), "{seen:?}");
    }

    #[test]
    fn librdkafka_chooses_again_when_its_time_is_over() {
        let mut client =
            state(Partitioner::Crc32 { sticks_for: SimDuration::from_millis(10) }, 1_000_000);
        let mut at =
            |millis: u64| client.partition(None, 0, SimTime::from_nanos(millis * 1_000_000));
        let first = at(0);
        assert_eq!(at(9), first);
        assert_ne!(at(10), first);
    }

    #[test]
    fn round_robin_takes_turns_whatever_the_key() {
        let mut client = state(Partitioner::RoundRobin, 3);
        let turns =
            [Some(7), Some(7), None, Some(7)].map(|key| client.partition(key, 0, SimTime::ZERO));
        assert_eq!(turns, [0, 1, 2, 0]);
    }

    #[test]
    fn what_is_hashed_is_the_key_or_the_number_or_nothing() {
        let by = |by| {
            let mut client = PartitionerState::new(
                &Partitioner::default(),
                by,
                12,
                Stream::new(1, 0, "partitioner"),
            );
            [1, 2, 3, 4, 5, 6].map(|number| client.partition(Some(21), number, SimTime::ZERO))
        };
        let hash = |number| (murmur2(text(number, &mut [0; 10])) & 0x7fff_ffff) % 12;
        assert_eq!(by(PartitionBy::Key), [hash(21); 6]);
        assert_eq!(by(PartitionBy::Message), [1, 2, 3, 4, 5, 6].map(hash));
        let run = by(PartitionBy::Nothing);
        assert_eq!(run, [run[0]; 6], "16 messages without a key go to one partition");
    }

    #[test]
    fn a_run_of_no_messages_is_told() {
        assert_eq!(
            Partitioner::Murmur2 { run: 0, prefix: String::new() }.check()[0].0,
            "murmur2.run"
        );
    }
}
