//! The border between the kernel and Node. It only checks lengths, turns errors and calls; the same
//! names in the same order are declared in `packages/native/src/native.ts`.

mod about;
mod bundle;
mod error;
mod fuse;
mod image;
mod swarm;
