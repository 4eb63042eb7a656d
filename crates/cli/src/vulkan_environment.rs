//! The environment of the Vulkan loader, which has to be set before any thread starts.

/// Keeps Mesa's device-selection layer quiet on a Linux machine without a desktop session.
///
/// The layer asks the Wayland display for its favourite graphics card and, where there is no session, writes
/// `error: XDG_RUNTIME_DIR is invalid ...` to stderr of every program that lists the adapters. A variable switches it off,
/// but the Vulkan loader reads the process's own environment, which safe Rust does not change: so the program starts itself
/// once more, in the same process, with the variable set. That takes about a millisecond.
#[cfg(all(target_os = "linux", feature = "wgpu"))]
pub fn settle() {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    const SWITCH: &str = "NODEVICE_SELECT";
    let unset = |name: &str| std::env::var_os(name).is_none();
    if !unset("XDG_RUNTIME_DIR") || !unset(SWITCH) {
        return;
    }
    let mut arguments = std::env::args_os();
    let (Some(name), Ok(program)) = (arguments.next(), std::env::current_exe()) else {
        return;
    };
    // This call returns only if it failed, and then the program goes on as it is.
    let _ = Command::new(program)
        .arg0(name)
        .args(arguments)
        .env(SWITCH, "1")
        .exec();
}

/// Does nothing where there is no Vulkan loader to keep quiet.
#[cfg(not(all(target_os = "linux", feature = "wgpu")))]
pub fn settle() {}
