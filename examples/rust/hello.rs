// SPDX-License-Identifier: Apache-2.0
// Says hello and its arguments. Rust's x86-64 Linux target makes a static PIE when the C runtime is static.
use std::env;

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    println!("hello {}", words.join(" "));
}
