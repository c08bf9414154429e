//! Readers in bytes per second, on text made for the purpose.

fn main() {
    divan::main();
}
