//! What goes over the admin socket, on which a server runs the commands that are typed meanwhile (decision 013).
//!
//! Who may come in, and what is done there, is the program's matter; here is only how it is said.
//!
//! [`frame`] is all that both ends must agree on beside the greeting: pieces of output and input, files, the exit code. Frames
//! are read from whoever may connect: their lengths are bounded, and nothing that is announced and does not come takes memory.

pub mod frame;

pub use frame::{Frame, LARGEST, PIECE, garbled};
