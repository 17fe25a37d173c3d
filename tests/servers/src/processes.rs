//! The processes that a process has started.

use std::{fs, io};

use nix::unistd::Pid;

/// Returns the processes that a process has started, directly or not.
///
/// # Errors
///
/// Returns the error of the operating system.
pub fn descendants(id: u32) -> io::Result<Vec<Pid>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(stat) = fs::read_to_string(entry?.path().join("stat")) else {
            continue;
        };
        // "ID (NAME) STATE PARENT …", where the name may contain anything.
        let process: Option<u32> = stat.split(' ').next().and_then(|id| id.parse().ok());
        let parent: Option<u32> = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        if let (Some(process), Some(parent)) = (process, parent) {
            parents.push((process, parent));
        }
    }
    let mut found: Vec<u32> = vec![id];
    let mut next = 0;
    while let Some(&ancestor) = found.get(next) {
        let children = parents.iter().filter(|(_, parent)| *parent == ancestor);
        found.extend(children.map(|(process, _)| *process));
        next += 1;
    }
    let ids = found.into_iter().skip(1);
    Ok(ids
        .filter_map(|id| id.try_into().ok().map(Pid::from_raw))
        .collect())
}
