//! The command component: the command line for the directories that a WASI 0.2 runtime opens, as
//! `wasmtime run --dir` does.

mod arguments;
mod bindings;
mod command;
mod console;
mod export;
