// SPDX-License-Identifier: Apache-2.0
// std::thread: spawn and join, scoped threads, a channel, a mutex with a condition variable, a barrier, thread-local values, a panic
// that ends one thread.
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

thread_local!(static OWN: Cell<u64> = Cell::new(7));

fn main() {
    let (sender, receiver) = mpsc::channel();
    let workers: Vec<_> = (0..6u64)
        .map(|i| {
            let sender = sender.clone();
            thread::Builder::new()
                .name(format!("worker {i}"))
                .spawn(move || {
                    OWN.with(|own| own.set(own.get() + i));
                    for j in 0..500 {
                        sender.send(i * j).unwrap();
                    }
                    (thread::current().name().unwrap().to_string(), OWN.with(Cell::get))
                })
                .unwrap()
        })
        .collect();
    drop(sender);
    println!("channel {}", receiver.iter().sum::<u64>());
    for worker in workers {
        println!("{:?}", worker.join().unwrap());
    }

    let turn = Arc::new((Mutex::new(0), Condvar::new()));
    let turns: Vec<_> = (0..4)
        .map(|i| {
            let turn = turn.clone();
            thread::spawn(move || {
                for round in 0..50 {
                    let mut now = turn.0.lock().unwrap();
                    while *now != round * 4 + i {
                        now = turn.1.wait(now).unwrap();
                    }
                    *now += 1;
                    turn.1.notify_all();
                }
            })
        })
        .collect();
    for one in turns {
        one.join().unwrap();
    }
    println!("turns {}", turn.0.lock().unwrap());

    let total = AtomicU64::new(0);
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for i in 0..4 {
            let (total, barrier) = (&total, &barrier);
            scope.spawn(move || {
                for _ in 0..20 {
                    barrier.wait();
                    total.fetch_add(i, Ordering::Relaxed);
                }
            });
        }
    });
    println!("barrier {}", total.load(Ordering::Relaxed));

    std::panic::set_hook(Box::new(|_| eprintln!("hook in {:?}", thread::current().name())));
    let ended = thread::Builder::new().name("doomed".into()).spawn(|| panic!("on purpose")).unwrap().join();
    println!("ended {}", ended.is_err());

    let before = Instant::now();
    thread::park_timeout(Duration::from_millis(20));
    println!("parked {}", before.elapsed() >= Duration::from_millis(20));
    println!("own {}", OWN.with(Cell::get));
}
