//! Decoding and encoding one message, in time and with criterion's statistics: `cargo bench -p bench --bench codec`.

use std::time::Duration;

use bench::{codec, message};
use criterion::{Criterion, criterion_group, criterion_main};

fn codec(criterion: &mut Criterion) {
    let works = [
        ("decode, 349 bytes", codec::decoding(&message::small().into())),
        ("decode, 2,010 bytes", codec::decoding(&message::large().into())),
        ("decode, 2,010 bytes in English", codec::decoding(&message::large_english().into())),
        ("encode a send", codec::encoding()),
        ("read an event by type", codec::reading()),
    ];
    for (name, cases) in works {
        let mut group = criterion.benchmark_group(name);
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        for case in cases {
            group.bench_function(case.name, |bencher| bencher.iter(|| (case.run)()));
        }
        group.finish();
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
