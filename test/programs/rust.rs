// SPDX-License-Identifier: Apache-2.0
// Collections, formatting, a panic that is caught, standard input, arguments, an exit status.
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, Write};

fn main() {
    let mut squares = HashMap::new();
    for i in 0..10_000u64 {
        squares.insert(i, i * i);
    }
    println!("sum {}", squares.values().sum::<u64>());

    let mut count = BTreeMap::new();
    for line in io::stdin().lock().lines() {
        for word in line.unwrap().split_whitespace() {
            *count.entry(word.to_string()).or_insert(0) += 1;
        }
    }
    println!("{count:?}");

    std::panic::set_hook(Box::new(|info| eprintln!("hook: {}", info.to_string().contains("on purpose"))));
    let caught = std::panic::catch_unwind(|| {
        if count.len() < 1000 {
            panic!("on purpose");
        }
    });
    println!("caught {}", caught.is_err());

    let big: Vec<u8> = (0..8_000_000u32).map(|i| (i % 251) as u8).collect();
    println!("big {}", big.iter().map(|&b| b as u64).sum::<u64>());
    println!("args {:?}", std::env::args().skip(1).collect::<Vec<_>>());
    println!("K {:?}", std::env::var("K"));
    io::stdout().flush().unwrap();
    std::process::exit(5);
}
