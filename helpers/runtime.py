"""What am I running on, and what follows from it: backend, precision, XLA and the profile of the course.

`detect()` answers without importing TensorFlow or JAX wherever it can, because that import takes seconds: environment
variables tell the platform and a TPU, `nvidia-smi` tells the GPU. The backend itself is asked only when they cannot.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from platform import machine, processor

from helpers.errors import CourseError
from helpers.quiet import quiet

BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX"}
PLATFORMS = {"colab": "Google Colab", "kaggle": "Kaggle", "local": "this computer"}
NO_GPU = {
    "colab": "No GPU is switched on: choose Runtime > Change runtime type > T4 GPU, then start again.",
    "kaggle": "No GPU is switched on: choose Settings > Accelerator > GPU T4 x2, then start again.",
    "local": "No GPU was found, so training is slow and pictures stay small; Colab and Kaggle lend GPUs for free.",
}

# GiB that one JAX device sees, by the first part of TPU_ACCELERATOR_TYPE (Google Cloud TPU system architecture pages).
TPU_MEMORY_GB = {"v2": 8.0, "v3": 16.0, "v4": 32.0, "v5e": 16.0, "v5litepod": 16.0, "v5p": 95.0, "v6e": 32.0}


@dataclass(frozen=True)
class Profile:
    """How much of everything a notebook uses: `image_size` in pixels, `width` in channels, `covers` in the data set."""

    name: str
    image_size: int
    batch_size: int
    width: int
    steps: int
    covers: int


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("smoke", image_size=32, batch_size=16, width=16, steps=1500, covers=1024),
        Profile("cpu", image_size=32, batch_size=32, width=32, steps=20_000, covers=8192),
        Profile("gpu", image_size=64, batch_size=64, width=64, steps=30_000, covers=20_000),
    )
}


@dataclass(frozen=True)
class Device:
    """A processor that training can run on; `kind` is "gpu", "tpu" or "cpu", memory is in GiB, None means unknown."""

    kind: str
    name: str
    memory_gb: float | None = None
    compute_capability: tuple[int, int] | None = None


@dataclass(frozen=True)
class Runtime:
    """The machine and the settings that suit it; `precision` is the name of a Keras dtype policy.

    `idle_device` names an accelerator that is here but that the backend cannot use.
    """

    platform: str
    accelerator: str
    device_name: str
    memory_gb: float | None
    compute_capability: tuple[int, int] | None
    cpu_count: int
    backend: str
    precision: str
    jit: bool
    device_count: int = 1
    idle_device: str = ""

    def profile(self, name: str | None = None) -> Profile:
        """The profile called `name`, else the one COVERGAN_PROFILE names, else the one that fits the accelerator.

        Raises CourseError for a name that is none of PROFILES.
        """
        name = name or os.environ.get("COVERGAN_PROFILE") or ("cpu" if self.accelerator == "cpu" else "gpu")
        if name not in PROFILES:
            raise CourseError(
                f"There is no profile {name!r} (--profile or COVERGAN_PROFILE); choose smoke, cpu or gpu."
            )
        return PROFILES[name]

    def apply(self) -> None:
        """Make Keras use this backend and precision; call it before anything is built.

        TensorFlow is told to take GPU memory as it needs it, so that two notebooks can share a card.
        """
        os.environ.setdefault("KERAS_BACKEND", self.backend)
        with quiet():
            import keras

        keras.config.set_dtype_policy(self.precision)
        if self.backend == "tensorflow" and self.accelerator == "gpu":
            import tensorflow as tf

            for gpu in tf.config.list_physical_devices("GPU"):
                with suppress(RuntimeError):  # the GPU is in use already, and the choice was made then
                    tf.config.experimental.set_memory_growth(gpu, True)

    def advice(self) -> list[str]:
        """What to do or to know about this machine, a sentence each."""
        sentences = []
        if self.idle_device.startswith("TPU"):
            sentences.append(
                f"{BACKENDS[self.backend]} leaves the {self.idle_device} idle: "
                "set KERAS_BACKEND=jax and restart to train on it."
            )
        elif self.idle_device:
            remedy = "run make setup GPU=1" if self.backend == "tensorflow" else "install jax[cuda12]"
            sentences.append(
                f"The {BACKENDS[self.backend]} installed here cannot use the {self.idle_device}: "
                f"{remedy} for a build that can."
            )
        elif self.accelerator == "cpu":
            sentences.append(NO_GPU[self.platform])
        if self.accelerator == "cpu" and self.backend == "jax":
            sentences.append("JAX is many times slower than TensorFlow on a CPU: set KERAS_BACKEND=tensorflow.")
        if self.device_count > 1:
            sentences.append(f"Training uses the first of the {self.device_count} devices.")
        if self.precision == "mixed_float16":
            sentences.append("Layers compute in float16, where this GPU is fastest; weights stay in float32.")
        elif self.precision == "mixed_bfloat16":
            sentences.append("Layers compute in bfloat16, which has the range of float32; weights stay in float32.")
        elif self.accelerator == "gpu":
            sentences.append(
                "Half precision gains little below compute capability 7, so everything is computed in float32."
            )
        return sentences

    def summary(self) -> str:
        """An aligned table of the machine and its settings, one line each."""
        profile = self.profile()
        chosen = " (from COVERGAN_PROFILE)" if os.environ.get("COVERGAN_PROFILE") else ""
        device = [f"{self.device_count} x {self.device_name}" if self.device_count > 1 else self.device_name]
        if self.memory_gb is not None:
            device.append(f"{self.memory_gb:.1f} GiB" + (" each" if self.device_count > 1 else ""))
        if self.compute_capability is not None:
            device.append("compute capability {}.{}".format(*self.compute_capability))
        rows = {
            "Platform": PLATFORMS[self.platform],
            "Accelerator": {"gpu": "GPU", "tpu": "TPU", "cpu": "none, the CPU does the work"}[self.accelerator],
            "Device": ", ".join(device),
            "CPU cores": str(self.cpu_count),
            "Backend": BACKENDS[self.backend],
            "Precision": self.precision,
            "XLA compiler": "on" if self.jit else "off",
            "Profile": profile.name + chosen,
            "  covers": f"{profile.covers:,} of {profile.image_size} x {profile.image_size} pixels",
            "  training": f"{profile.steps:,} steps of {profile.batch_size} covers, width {profile.width}",
        }
        return "\n".join(f"{label:<14}{value}" for label, value in rows.items())

    __str__ = summary


class NoAnswer(Exception):
    """An NVIDIA driver may be here, but `nvidia-smi` does not say what it drives."""


def is_installed(module: str) -> bool:
    """Whether `module` can be imported, found out without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the parent of a dotted name is missing
        return False


def loaded_backend() -> str | None:
    """The backend of a Keras that this process has imported already."""
    keras = sys.modules.get("keras")
    return keras.config.backend() if keras else None


def configured_backend(variables: Mapping[str, str]) -> str | None:
    """The backend in Keras' own configuration file, $KERAS_HOME/keras.json."""
    home = Path(variables.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return json.loads((home / "keras.json").read_text(encoding="utf-8"))["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def query_nvidia_smi(variables: Mapping[str, str], timeout: float = 20.0) -> list[Device]:
    """The NVIDIA GPUs that CUDA_VISIBLE_DEVICES leaves visible, best asked of the driver's own tool.

    Raises NoAnswer when a driver seems to be here but the tool is missing, hangs for `timeout` seconds, fails, or
    prints something else.
    """
    visible = variables.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return []
    program = shutil.which("nvidia-smi", path=variables.get("PATH"))
    if program is None:
        if Path("/dev/nvidiactl").exists():
            raise NoAnswer("a driver without nvidia-smi")
        return []
    command = [program, "--query-gpu=name,memory.total,compute_cap", "--format=csv,noheader,nounits"]
    if visible:
        command.append(f"--id={visible}")
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise NoAnswer(str(error)) from error
    if result.returncode == 9:  # documented as "NVIDIA driver is not loaded", which is an answer
        return []
    if result.returncode != 0:
        raise NoAnswer(result.stderr or result.stdout)
    return parse_nvidia_smi(result.stdout)


def parse_nvidia_smi(text: str) -> list[Device]:
    """Read lines like "Tesla T4, 15360, 7.5" (name, MiB, compute capability); raises NoAnswer for any other text."""
    devices = []
    for line in text.strip().splitlines():
        match = re.fullmatch(r"(?P<name>\S.*), *(?P<mib>\d+|\[.*\]), *(?P<major>\d+)\.(?P<minor>\d+)", line.strip())
        if match is None:
            raise NoAnswer(line)
        memory_gb = int(match["mib"]) / 1024 if match["mib"].isdigit() else None  # "[N/A]": shared with the CPU
        devices.append(Device("gpu", match["name"], memory_gb, (int(match["major"]), int(match["minor"]))))
    if not devices:
        raise NoAnswer("empty output")
    return devices


def ask_backend(backend: str) -> list[Device]:
    """The GPUs and TPUs that the backend itself finds; importing it takes seconds."""
    try:
        return _tensorflow_devices() if backend == "tensorflow" else _jax_devices()
    except Exception:  # a backend that fails to start, for whatever reason, can use no accelerator
        return []


def _tensorflow_devices() -> list[Device]:
    with quiet():
        import tensorflow as tf

    devices = []
    for gpu in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(gpu)
        devices.append(Device("gpu", details.get("device_name", "GPU"), None, details.get("compute_capability")))
    return devices


def _jax_devices() -> list[Device]:
    import jax

    devices = []
    for device in jax.devices():
        capability = re.fullmatch(r"(\d+)\.(\d+)", str(getattr(device, "compute_capability", "")))
        if device.platform in ("gpu", "tpu"):
            numbers = tuple(map(int, capability.groups())) if capability else None
            devices.append(Device(device.platform, device.device_kind, None, numbers))
    return devices


def describe_cpu() -> Device:
    """The processor's name and the machine's memory in GiB."""
    name = processor() or machine() or "CPU"
    with suppress(OSError):  # only Linux has this file
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        name = found[1] if found else name
    try:
        memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        memory_gb = None
    return Device("cpu", name, memory_gb)


def count_cpus() -> int:
    """The cores this process may use, which on a shared machine are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Environment:
    """The questions `detect` asks a machine; tests answer them for machines that are not at hand."""

    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)
    is_installed: Callable[[str], bool] = is_installed
    loaded_backend: Callable[[], str | None] = loaded_backend
    configured_backend: Callable[[Mapping[str, str]], str | None] = configured_backend
    nvidia_smi: Callable[[Mapping[str, str]], list[Device]] = query_nvidia_smi
    ask_backend: Callable[[str], list[Device]] = ask_backend
    cpu: Device = field(default_factory=describe_cpu)
    cpu_count: int = field(default_factory=count_cpus)


def detect(env: Environment | None = None) -> Runtime:
    """Find out what this process runs on.

    Raises CourseError when neither TensorFlow nor JAX is installed, or when KERAS_BACKEND names something else.
    """
    env = env or Environment()
    platform = _platform(env)
    tpu = _tpu(env)
    backend = _backend(env, tpu)
    devices, idle = _accelerators(env, platform, backend, tpu)
    device = devices[0] if devices else env.cpu
    return Runtime(
        platform=platform,
        accelerator=device.kind,
        device_name=device.name,
        memory_gb=device.memory_gb,
        compute_capability=device.compute_capability,
        cpu_count=env.cpu_count,
        backend=backend,
        precision=_precision(device),
        jit=device.kind != "cpu",
        device_count=max(1, len(devices)),
        idle_device=idle.name if idle else "",
    )


def _platform(env: Environment) -> str:
    # Kaggle comes first: its images are built on Colab's and keep Colab's marks.
    if "KAGGLE_KERNEL_RUN_TYPE" in env.variables:
        return "kaggle"
    if "COLAB_RELEASE_TAG" in env.variables or env.is_installed("google.colab"):
        return "colab"
    return "local"


def _tpu(env: Environment) -> Device | None:
    kind = env.variables.get("TPU_ACCELERATOR_TYPE")
    if kind:
        return Device("tpu", f"TPU {kind}", TPU_MEMORY_GB.get(kind.split("-")[0]))
    if env.variables.get("COLAB_TPU_1VM"):  # set, but empty, where Colab has no TPU
        return Device("tpu", "TPU")
    return None


def _backend(env: Environment, tpu: Device | None) -> str:
    chosen = env.loaded_backend() or env.variables.get("KERAS_BACKEND")
    if chosen and chosen not in BACKENDS:
        raise CourseError(f"The Keras backend {chosen!r} is not supported; set KERAS_BACKEND to tensorflow or jax.")
    if chosen and not env.is_installed(chosen):
        raise CourseError(f"KERAS_BACKEND is {chosen!r}, which is not installed; install it or unset KERAS_BACKEND.")
    if chosen:
        return chosen
    # TensorFlow can use a TPU only through a distribution strategy, JAX uses it as it is.
    preferences = ("jax", "tensorflow") if tpu else (env.configured_backend(env.variables), "tensorflow", "jax")
    for backend in preferences:
        if backend in BACKENDS and env.is_installed(backend):
            return backend
    raise CourseError("Neither TensorFlow nor JAX is installed; run make setup, or pip install tensorflow.")


def _accelerators(
    env: Environment, platform: str, backend: str, tpu: Device | None
) -> tuple[list[Device], Device | None]:
    """The accelerators that the backend can use, and one that it cannot."""
    if tpu:
        return ([tpu], None) if backend == "jax" else ([], tpu)
    try:
        gpus = env.nvidia_smi(env.variables)
    except NoAnswer:
        return env.ask_backend(backend), None
    # Colab and Kaggle install builds that use their GPUs. Elsewhere a CPU build beside a GPU is common, and taking the
    # GPU's profile and precision to a CPU would be a disaster, so this is worth an import.
    if gpus and platform == "local" and not env.ask_backend(backend):
        return [], gpus[0]
    return gpus, None


def _precision(device: Device) -> str:
    capability = device.compute_capability or (0, 0)
    if device.kind == "tpu" or capability >= (8, 0):  # Ampere and newer
        return "mixed_bfloat16"
    if capability >= (7, 0):  # Volta and Turing: tensor cores for float16 only
        return "mixed_float16"
    return "float32"
