//! Which device a run uses, and why.
//!
//! Burn's default device is never touched: it panics where no adapter is. Adapters are listed through wgpu itself, and
//! software ones (llvmpipe, WARP) are only used when asked for by name.

use burn::tensor::{Device, FloatDType};
use espejo_kernels::vectors;

use crate::prepare::Prepared;
use crate::{Error, device_probe, graphics_files};

/// A device that was asked for and found.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The plain device; `.autodiff()` gives the one to train on.
    pub device: Device,
    /// What was asked for, e.g. `auto`.
    pub requested: String,
    /// What was found, e.g. `flex` or `wgpu:0 (NVIDIA ...)`.
    pub used: String,
    /// Why this one, in half a sentence.
    pub why: String,
    /// Bytes of the largest tensor it holds.
    pub largest: usize,
}

impl Chosen {
    /// Whether it computes on the processor, in the program's own memory.
    pub fn is_processor(&self) -> bool {
        self.used == "flex" || self.used == "ndarray"
    }
}

/// A device that `espejo doctor` can list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name that `--device` takes.
    pub name: String,
    /// What it is.
    pub about: String,
    /// Whether it is a processor pretending to be a graphics adapter.
    pub software: bool,
}

/// The names that `--device` takes.
pub const NAMES: [&str; 8] = [
    "auto", "gpu", "cpu", "wgpu", "wgpu:N", "flex", "ndarray", "cuda",
];

/// The backends that this build holds.
pub fn backends() -> Vec<&'static str> {
    let all = [
        ("wgpu", cfg!(feature = "wgpu")),
        ("flex", cfg!(feature = "flex")),
        ("ndarray", cfg!(feature = "ndarray")),
        ("cuda", cfg!(feature = "cuda")),
    ];
    all.into_iter()
        .filter_map(|(name, on)| on.then_some(name))
        .collect()
}

/// What stands behind the name of a device that is used whatever it computes, as in `wgpu:0!`: for tests of small shapes.
const UNCHECKED: char = '!';

/// Finds the device of a `--device` word and, unless `!` stands behind it, holds what it computes against the host.
///
/// # Errors
///
/// [`Error::Config`] for a word that is none, [`Error::Device`] where the build or the machine lacks the device, or where it computes
/// wrong.
pub fn choose(requested: &str) -> Result<Chosen, Error> {
    let mut found = match requested.strip_suffix(UNCHECKED) {
        Some(name) => {
            let mut found = find(name)?;
            "asked for unchecked".clone_into(&mut found.why);
            found
        }
        None if requested == "auto" => automatic()?,
        None => trusted(find(requested)?)?,
    };
    requested.clone_into(&mut found.requested);
    Ok(found)
}

/// A device for a model that is looked at and computes nothing: the processor, where the build has one, and not probed.
///
/// # Errors
///
/// As [`choose`], where the build has no processor.
pub(crate) fn choose_to_look(requested: &str) -> Result<Chosen, Error> {
    processor("nothing is computed").map_or_else(|| choose(requested), Ok)
}

/// Finds the device of a word.
fn find(requested: &str) -> Result<Chosen, Error> {
    match requested {
        "gpu" => match hardware_adapter()? {
            Some(found) => Ok(found),
            None => cuda("the only kind of GPU in this build")
                .map_err(|_| missing("gpu", "no hardware adapter")),
        },
        "cpu" => {
            processor("asked for").ok_or_else(|| missing("cpu", "no CPU backend in this build"))
        }
        "flex" => flex("asked for").ok_or_else(|| absent("flex")),
        "ndarray" => ndarray("asked for").ok_or_else(|| absent("ndarray")),
        "cuda" => cuda("asked for"),
        _ => wgpu(requested),
    }
}

/// The device, where what it computes is right.
fn trusted(found: Chosen) -> Result<Chosen, Error> {
    let probe = || {
        #[cfg(feature = "wgpu")]
        if let Some(adapter) = gpu::opened(&found.used) {
            device_probe::loops(&adapter)?;
        }
        device_probe::probe(&found.device)
    };
    // Another width of vectors is other code.
    let what = match found.vector_width() {
        Some(width) => format!("{} {width}", found.used),
        None => found.used.clone(),
    };
    match device_probe::once(&what, probe) {
        Ok(()) => Ok(found),
        Err(fault) => Err(wrong(&found, &fault)),
    }
}

fn wrong(found: &Chosen, fault: &device_probe::Fault) -> Error {
    let used = &found.used;
    let hint = match processor("") {
        Some(_) if found.is_processor() => {
            "try narrower vectors (`--set train.vector_width=256`, or 128), or another backend; `espejo doctor` tests every device".to_owned()
        }
        Some(processor) => format!(
            "use `--device {}`, or install a newer driver; `espejo doctor` tests every device",
            processor.used
        ),
        None => "install a newer driver, or build with `--features flex`; `espejo doctor` tests every device".to_owned(),
    };
    Error::Device {
        message: format!("device `{used}` computes wrong: {fault}"),
        hint: Some(hint),
    }
}

/// Lets own code on the processor work with vectors of this many bits; 0 is the widest that the machine has.
///
/// # Errors
///
/// [`Error::Device`] where the machine has none of this width.
pub(crate) fn hold_width(bits: usize) -> Result<(), Error> {
    vectors::hold(bits).map_err(|widest| Error::Device {
        message: format!(
            "`train.vector_width` is {bits}, and the widest vectors of this processor have {widest} bits"
        ),
        hint: Some(format!(
            "give {widest} or less, or leave it out; a run that was begun with {bits} goes on on a processor that has them"
        )),
    })
}

/// A width for a run that is used where it need not have been trained: the last bits of a result may be others then.
pub(crate) fn narrow_to_what_there_is(bits: &mut usize) {
    *bits = (*bits).min(vectors::widest());
}

/// Refuses a training in half precision where the device has no numbers of 16 bits, gains nothing by them, or adds up in 16 bits as well.
///
/// # Errors
///
/// [`Error::Device`] with what stands in the way.
pub fn check_half_precision(prepared: &Prepared) -> Result<(), Error> {
    let chosen = &prepared.chosen;
    if !prepared.config.train.has_half_products() {
        return Ok(());
    }
    let is_unchecked = chosen.requested.ends_with(UNCHECKED);
    // A processor would take longer. Unchecked it shows in tests what half precision does to a training.
    let obstacle = match chosen.is_processor() && !is_unchecked {
        true => "is a processor, which has no faster products of 16 bits",
        false if chosen.device.supports_dtype(FloatDType::F16) => {
            let name = format!("{} in half precision", chosen.used);
            let probe = || match is_unchecked {
                true => Ok(()),
                false => device_probe::probe_half_precision(&chosen.device),
            };
            return device_probe::once(&name, probe).map_err(|fault| wrong(chosen, &fault));
        }
        false => "has no floats of 16 bits",
    };
    let used = &chosen.used;
    Err(Error::Device {
        message: format!("`train.precision` is `half`, and device `{used}` {obstacle}"),
        hint: Some(
            "leave `--precision` out, or take a graphics card that has them: `espejo doctor` says which do"
                .to_owned(),
        ),
    })
}

impl Chosen {
    /// Bits of the vectors that own code works with; none where the device is no processor.
    pub(crate) fn vector_width(&self) -> Option<usize> {
        self.is_processor().then(vectors::width)
    }

    /// A device that holds tensors of any size that memory does.
    fn new(device: Device, used: &str, why: &str) -> Self {
        Self {
            device,
            requested: String::new(),
            used: used.to_owned(),
            why: why.to_owned(),
            largest: usize::MAX,
        }
    }
}

fn automatic() -> Result<Chosen, Error> {
    let adapter = match graphics_files::may_have_hardware() {
        true => hardware_adapter().and_then(|found| found.map(trusted).transpose()),
        false => Ok(None),
    };
    let why = match adapter {
        Ok(Some(found)) => return Ok(found),
        Ok(None) if cfg!(feature = "wgpu") => "no hardware GPU adapter found".to_owned(),
        Ok(None) => "this build has no wgpu backend".to_owned(),
        Err(error) => format!("the GPU cannot be used: {error}"),
    };
    let nothing = || missing("auto", &format!("{why}, and this build has no CPU backend"));
    let found = match processor(&why) {
        Some(found) => found,
        None => cuda("the only backend that works").map_err(|_| nothing())?,
    };
    trusted(found)
}

fn processor(why: &str) -> Option<Chosen> {
    flex(why).or_else(|| ndarray(why))
}

#[cfg(feature = "flex")]
fn flex(why: &str) -> Option<Chosen> {
    Some(Chosen::new(Device::flex(), "flex", why))
}
#[cfg(not(feature = "flex"))]
fn flex(_why: &str) -> Option<Chosen> {
    None
}

#[cfg(feature = "ndarray")]
fn ndarray(why: &str) -> Option<Chosen> {
    // Deprecated in Burn 0.22, but still what some users compare with.
    #[allow(deprecated)]
    let device = Device::ndarray();
    Some(Chosen::new(device, "ndarray", why))
}
#[cfg(not(feature = "ndarray"))]
fn ndarray(_why: &str) -> Option<Chosen> {
    None
}

#[cfg(feature = "cuda")]
fn cuda(why: &str) -> Result<Chosen, Error> {
    use burn::tensor::DeviceType;
    match Device::enumerate(DeviceType::Cuda)
        .into_vec()
        .into_iter()
        .next()
    {
        Some(device) => Ok(Chosen::new(device, "cuda", why)),
        None => Err(missing("cuda", "no CUDA device")),
    }
}
#[cfg(not(feature = "cuda"))]
fn cuda(_why: &str) -> Result<Chosen, Error> {
    Err(absent("cuda"))
}

/// The adapters that wgpu lists, hardware or not.
pub fn adapters() -> Vec<Listed> {
    #[cfg(feature = "wgpu")]
    {
        let list = gpu::adapters().into_iter().enumerate();
        list.map(|(index, adapter)| Listed {
            name: format!("wgpu:{index}"),
            about: adapter.about(),
            software: adapter.software(),
        })
        .collect()
    }
    #[cfg(not(feature = "wgpu"))]
    Vec::new()
}

#[cfg(feature = "wgpu")]
fn hardware_adapter() -> Result<Option<Chosen>, Error> {
    let adapters = gpu::adapters();
    let Some(index) = adapters.iter().position(|adapter| !adapter.software()) else {
        return Ok(None);
    };
    gpu::open(&adapters, index, "the first hardware adapter").map(Some)
}
#[cfg(not(feature = "wgpu"))]
fn hardware_adapter() -> Result<Option<Chosen>, Error> {
    Ok(None)
}

#[cfg(feature = "wgpu")]
fn wgpu(requested: &str) -> Result<Chosen, Error> {
    let index = index_of(requested)?;
    let adapters = gpu::adapters();
    if adapters.is_empty() {
        return Err(missing(requested, "no graphics adapter found"));
    }
    // A bare `wgpu` prefers hardware and takes software where there is nothing else.
    let index = index.unwrap_or_else(|| {
        adapters
            .iter()
            .position(|adapter| !adapter.software())
            .unwrap_or(0)
    });
    if index >= adapters.len() {
        return Err(missing(
            requested,
            &format!("the adapters are numbered 0 to {}", adapters.len() - 1),
        ));
    }
    let why = if adapters[index].software() {
        "asked for; a software adapter, slow"
    } else {
        "asked for"
    };
    gpu::open(&adapters, index, why)
}
#[cfg(not(feature = "wgpu"))]
fn wgpu(requested: &str) -> Result<Chosen, Error> {
    index_of(requested)?;
    Err(absent("wgpu"))
}

/// The N of `wgpu:N`; refuses words that are no device.
fn index_of(requested: &str) -> Result<Option<usize>, Error> {
    let index = match requested.split_once(':') {
        None if requested == "wgpu" => Some(None),
        Some(("wgpu", number)) => number.parse().ok().map(Some),
        _ => None,
    };
    index.ok_or_else(|| {
        Error::config(
            format!("unknown device `{requested}`"),
            format!("accepted: `{}`", NAMES.join("`, `")),
        )
    })
}

fn absent(backend: &str) -> Error {
    let hint = format!(
        "this build has `{}`; build with `--features {backend}`",
        backends().join("`, `")
    );
    Error::Device {
        message: format!("device `{backend}` is not in this build"),
        hint: Some(hint),
    }
}

fn missing(requested: &str, found: &str) -> Error {
    Error::Device {
        message: format!("device `{requested}` is not on this machine: {found}"),
        hint: Some(
            "`espejo doctor` lists the devices; `--device auto` takes the best there is".into(),
        ),
    }
}

#[cfg(feature = "wgpu")]
mod gpu {
    use burn::tensor::wgpu::{WgpuBackend, wgpu};
    use burn::tensor::{Device, DeviceKind};
    use std::sync::{Mutex, PoisonError};
    use wgpu::{AdapterInfo, Backend, Backends, DeviceType, Features};

    use super::{Chosen, Error, missing};

    /// The adapters opened so far: Burn opens each of them once in a process and refuses the second time.
    static OPENED: Mutex<Vec<Opened>> = Mutex::new(Vec::new());

    struct Opened {
        /// What it is called, as [`Chosen::used`].
        used: String,
        device: Device,
        adapter: wgpu::Adapter,
    }

    pub(super) struct Adapter {
        adapter: wgpu::Adapter,
        info: AdapterInfo,
        /// Bytes of the largest tensor it holds.
        largest: u64,
        /// Place among adapters of its own type on its own API, which is how Burn addresses it.
        nth: usize,
    }

    impl Adapter {
        pub(super) fn software(&self) -> bool {
            self.info.device_type == DeviceType::Cpu
        }

        pub(super) fn about(&self) -> String {
            let kind = match self.info.device_type {
                DeviceType::DiscreteGpu => "discrete GPU",
                DeviceType::IntegratedGpu => "integrated GPU",
                DeviceType::VirtualGpu => "virtual GPU",
                DeviceType::Cpu => "software",
                DeviceType::Other => "other",
            };
            let (name, api) = (&self.info.name, self.info.backend);
            let largest = self.largest >> 20;
            let half = match self.adapter.features().contains(Features::SHADER_F16) {
                true => "half precision",
                false => "no half precision",
            };
            format!("{name}, {kind}, {api:?}, tensors up to {largest} MiB, {half}")
        }
    }

    /// What Vulkan, Metal and Direct3D 12 offer; OpenGL stays out, it writes to stderr where there is no display.
    pub(super) fn adapters() -> Vec<Adapter> {
        let backends = Backends::VULKAN | Backends::METAL | Backends::DX12;
        let descriptor = wgpu::InstanceDescriptor {
            backends,
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        };
        let instance = wgpu::Instance::new(descriptor);
        let mut adapters: Vec<Adapter> = Vec::new();
        for adapter in pollster::block_on(instance.enumerate_adapters(backends)) {
            let info = adapter.get_info();
            let alike = |other: &&Adapter| {
                (other.info.device_type, other.info.backend) == (info.device_type, info.backend)
            };
            let nth = adapters.iter().filter(alike).count();
            let largest = adapter.limits().max_storage_buffer_binding_size;
            adapters.push(Adapter {
                adapter,
                info,
                largest,
                nth,
            });
        }
        adapters
    }

    pub(super) fn open(adapters: &[Adapter], index: usize, why: &str) -> Result<Chosen, Error> {
        let Adapter {
            adapter,
            info,
            largest,
            nth,
        } = &adapters[index];
        let used = format!("wgpu:{index} ({}, {:?})", info.name, info.backend);
        let chosen = |device: Device| Chosen {
            largest: usize::try_from(*largest).unwrap_or(usize::MAX),
            ..Chosen::new(device, &used, why)
        };
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = opened.iter().find(|known| known.used == used) {
            return Ok(chosen(known.device.clone()));
        }
        let kind = match info.device_type {
            DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(*nth),
            DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(*nth),
            DeviceType::VirtualGpu => DeviceKind::VirtualGpu(*nth),
            DeviceType::Cpu => DeviceKind::Cpu,
            DeviceType::Other => DeviceKind::DefaultDevice,
        };
        let api = match info.backend {
            Backend::Metal => WgpuBackend::Metal,
            Backend::Dx12 => WgpuBackend::Dx12,
            _ => WgpuBackend::Vulkan,
        };
        let options = Device::wgpu_options().device_kind(kind).graphics_api(api);
        let device = options
            .init()
            .map_err(|error| missing(&format!("wgpu:{index}"), &error.to_string()))?;
        opened.push(Opened {
            used: used.clone(),
            device: device.clone(),
            adapter: adapter.clone(),
        });
        Ok(chosen(device))
    }

    /// What wgpu has under the name of a device that is open.
    pub(super) fn opened(used: &str) -> Option<wgpu::Adapter> {
        let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        let known = opened.iter().find(|known| known.used == used)?;
        Some(known.adapter.clone())
    }
}
