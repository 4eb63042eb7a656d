//! The environment of the Vulkan loader, which has to be set before any thread starts.

/// Keeps Mesa's device-selection layer quiet on a Linux machine without a desktop session.
///
/// The layer asks the Wayland display for its favourite graphics card and, where there is no session, writes
/// `error: XDG_RUNTIME_DIR is invalid ...` to stderr of every program that lists the adapters. A variable switches it off.
#[cfg(all(target_os = "linux", feature = "wgpu"))]
pub fn settle() {
    const SWITCH: &str = "NODEVICE_SELECT";
    let unset = |name: &str| std::env::var_os(name).is_none();
    if unset("XDG_RUNTIME_DIR") && unset(SWITCH) {
        // Where it cannot be set, the layer writes its line, and that is all.
        espejo_kernels::environment::set_while_alone(SWITCH, "1");
    }
}

/// Does nothing where there is no Vulkan loader to keep quiet.
#[cfg(not(all(target_os = "linux", feature = "wgpu")))]
pub fn settle() {}
