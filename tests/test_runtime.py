"""Detection on machines that are not at hand: an Environment or a stand-in for nvidia-smi answers for them."""

import os
import subprocess
import sys

import pytest

from helpers import runtime
from helpers.errors import CourseError
from helpers.runtime import PROFILES, Device, Environment, NoAnswer, Profile, detect

COLAB = {"COLAB_RELEASE_TAG": "release-colab_20260819", "COLAB_TPU_1VM": "", "COLAB_GPU": ""}
KAGGLE = {"KAGGLE_KERNEL_RUN_TYPE": "Interactive", "COLAB_RELEASE_TAG": "release-colab_20260819"}
T4 = Device("gpu", "Tesla T4", 15.0, (7, 5))
A100 = Device("gpu", "NVIDIA A100-SXM4-40GB", 40.0, (8, 0))
P100 = Device("gpu", "Tesla P100-PCIE-16GB", 16.0, (6, 0))


@pytest.fixture(autouse=True)
def no_profile_chosen(monkeypatch):
    monkeypatch.delenv("COVERGAN_PROFILE", raising=False)


def never(*_):
    raise AssertionError("this question costs seconds and was not needed")


def silent(*_):
    raise NoAnswer("the driver hangs")


def machine(variables=(), modules=("tensorflow", "jax"), gpus=(), **answers):
    """A machine with these variables, modules and NVIDIA GPUs, where importing a backend is an error."""
    usual = dict(
        variables=dict(variables),
        is_installed=lambda module: module in modules,
        loaded_backend=lambda: None,
        configured_backend=lambda variables: None,
        nvidia_smi=lambda variables: list(gpus),
        ask_backend=never,
        cpu=Device("cpu", "Some CPU", 12.7),
        cpu_count=2,
    )
    return Environment(**(usual | answers))


# Platforms and accelerators


def test_t4_on_colab():
    found = detect(machine(COLAB, gpus=[T4]))
    assert (found.platform, found.accelerator, found.device_name) == ("colab", "gpu", "Tesla T4")
    assert (found.memory_gb, found.compute_capability, found.cpu_count) == (15.0, (7, 5), 2)
    assert (found.backend, found.precision, found.jit) == ("tensorflow", "mixed_float16", True)
    assert found.profile().name == "gpu"
    assert not any("switched on" in sentence for sentence in found.advice())


def test_a100_on_colab_computes_in_bfloat16():
    found = detect(machine(COLAB, gpus=[A100]))
    assert (found.precision, found.jit) == ("mixed_bfloat16", True)


@pytest.mark.parametrize("kind, memory", [("v5e-1", 16.0), ("v2-8", 8.0), ("v9-1", None)])
def test_tpu_on_colab_means_jax_because_its_image_has_no_tensorflow(kind, memory):
    variables = COLAB | {"COLAB_TPU_1VM": "1", "TPU_ACCELERATOR_TYPE": kind}
    found = detect(machine(variables, modules=["jax"]))
    assert (found.accelerator, found.device_name, found.memory_gb) == ("tpu", f"TPU {kind}", memory)
    assert (found.backend, found.precision, found.jit) == ("jax", "mixed_bfloat16", True)
    assert found.profile().name == "gpu"


def test_tpu_without_its_type_is_still_a_tpu():
    assert detect(machine(COLAB | {"COLAB_TPU_1VM": "1"}, modules=["jax"])).accelerator == "tpu"


def test_tpu_beside_tensorflow_is_used_with_jax_unless_told_otherwise():
    variables = KAGGLE | {"TPU_ACCELERATOR_TYPE": "v5e-8"}
    assert detect(machine(variables)).accelerator == "tpu"
    found = detect(machine(variables | {"KERAS_BACKEND": "tensorflow"}))
    assert (found.backend, found.accelerator, found.jit) == ("tensorflow", "cpu", False)
    assert "KERAS_BACKEND=jax" in found.advice()[0] and "TPU v5e-8" in found.advice()[0]


def test_two_t4_on_kaggle():
    found = detect(machine(KAGGLE, gpus=[T4, T4]))
    assert (found.platform, found.accelerator, found.device_count) == ("kaggle", "gpu", 2)
    assert "2 x Tesla T4, 15.0 GiB each" in found.summary()
    assert any("first of the 2" in sentence for sentence in found.advice())


def test_p100_on_kaggle_has_no_tensor_cores():
    found = detect(machine(KAGGLE, gpus=[P100]))
    assert (found.accelerator, found.precision, found.jit) == ("gpu", "float32", True)


@pytest.mark.parametrize(
    "variables, place",
    [(COLAB, "Runtime > Change runtime type > T4 GPU"), (KAGGLE, "Settings > Accelerator")],
)
def test_no_gpu_switched_on_says_where_to_switch_it_on(variables, place):
    found = detect(machine(variables))
    assert (found.accelerator, found.precision, found.jit) == ("cpu", "float32", False)
    assert place in found.advice()[0]


def test_colab_is_known_by_its_module_too():
    assert detect(machine(modules=["tensorflow", "google.colab"])).platform == "colab"


def test_laptop_with_nothing():
    found = detect(machine())
    assert (found.platform, found.accelerator, found.device_name) == ("local", "cpu", "Some CPU")
    assert (found.memory_gb, found.compute_capability, found.precision) == (12.7, None, "float32")
    assert found.profile().name == "cpu"


def test_local_gpu_counts_only_if_the_backend_can_use_it():
    usable = detect(machine(gpus=[A100], ask_backend=lambda backend: [Device("gpu", "A100")]))
    assert (usable.accelerator, usable.memory_gb, usable.idle_device) == ("gpu", 40.0, "")
    cpu_build = detect(machine(gpus=[A100], ask_backend=lambda backend: []))
    assert (cpu_build.accelerator, cpu_build.precision, cpu_build.profile().name) == ("cpu", "float32", "cpu")
    assert A100.name in cpu_build.advice()[0] and "make setup GPU=1" in cpu_build.advice()[0]


def test_a_silent_driver_sends_the_question_to_the_backend():
    asked = []
    gpu = Device("gpu", "Tesla T4", None, (7, 5))
    found = detect(machine(COLAB, nvidia_smi=silent, ask_backend=lambda backend: asked.append(backend) or [gpu]))
    assert asked == ["tensorflow"]
    assert (found.accelerator, found.memory_gb, found.precision) == ("gpu", None, "mixed_float16")
    assert detect(machine(nvidia_smi=silent, ask_backend=lambda backend: [])).accelerator == "cpu"


def test_a_gpu_of_unknown_capability_stays_in_float32():
    gpu = Device("gpu", "Some GPU")
    assert detect(machine(COLAB, nvidia_smi=silent, ask_backend=lambda backend: [gpu])).precision == "float32"


# Backends


def test_backend_follows_what_is_loaded_then_asked_for_then_configured_then_installed():
    asked = {"KERAS_BACKEND": "jax"}
    assert detect(machine(asked, loaded_backend=lambda: "tensorflow")).backend == "tensorflow"
    assert detect(machine(asked)).backend == "jax"
    assert detect(machine(configured_backend=lambda variables: "jax")).backend == "jax"
    assert detect(machine(configured_backend=lambda variables: "torch")).backend == "tensorflow"
    assert detect(machine(configured_backend=lambda variables: "tensorflow", modules=["jax"])).backend == "jax"
    assert detect(machine()).backend == "tensorflow"


@pytest.mark.parametrize(
    "variables, modules, message",
    [
        ({"KERAS_BACKEND": "torch"}, ["tensorflow"], "tensorflow or jax"),
        ({"KERAS_BACKEND": "jax"}, ["tensorflow"], "not installed"),
        ({}, [], "make setup"),
    ],
)
def test_an_unusable_backend_is_refused_in_one_sentence(variables, modules, message):
    with pytest.raises(CourseError, match=message):
        detect(machine(variables, modules))


def test_keras_configuration_file(tmp_path):
    variables = {"KERAS_HOME": str(tmp_path)}
    assert runtime.configured_backend(variables) is None
    for text, expected in [('{"backend": "jax"}', "jax"), ("{", None), ("[]", None), ("{}", None)]:
        (tmp_path / "keras.json").write_text(text)
        assert runtime.configured_backend(variables) == expected


def test_jax_on_a_cpu_is_warned_about():
    assert any("TensorFlow" in sentence for sentence in detect(machine({"KERAS_BACKEND": "jax"})).advice())


# Profiles and the table


def test_covergan_profile_overrides_and_a_name_overrides_that(monkeypatch):
    found = detect(machine(COLAB, gpus=[T4]))
    monkeypatch.setenv("COVERGAN_PROFILE", "smoke")
    assert found.profile() is PROFILES["smoke"]
    assert "smoke (from COVERGAN_PROFILE)" in found.summary()
    assert found.profile("cpu") is PROFILES["cpu"]
    monkeypatch.setenv("COVERGAN_PROFILE", "")
    assert found.profile() is PROFILES["gpu"]
    monkeypatch.setenv("COVERGAN_PROFILE", "fast")
    with pytest.raises(CourseError, match="'fast'.*smoke, cpu or gpu"):
        found.profile()


def test_profiles_grow():
    assert list(PROFILES) == ["smoke", "cpu", "gpu"]
    sizes = [
        [getattr(profile, name) for name in Profile.__annotations__ if name != "name"] for profile in PROFILES.values()
    ]
    assert all(small <= large for small, large in zip(sizes[0], sizes[1], strict=True))
    assert all(small <= large for small, large in zip(sizes[1], sizes[2], strict=True))


def test_summary_is_an_aligned_table():
    table = str(detect(machine(COLAB, gpus=[T4])))
    assert (
        "Google Colab" in table and "Tesla T4, 15.0 GiB, compute capability 7.5" in table and "mixed_float16" in table
    )
    starts = {len(line) - len(line[14:].lstrip()) for line in table.splitlines()}
    assert starts == {14}, "every value starts in the same column"


# The real questions


SMI_T4 = "Tesla T4, 15360, 7.5\n"


def test_nvidia_smi_output():
    assert runtime.parse_nvidia_smi(SMI_T4) == [T4]
    assert runtime.parse_nvidia_smi("Tesla T4, 15360, 7.5\nTesla T4, 15360, 7.5\n") == [T4, T4]
    assert runtime.parse_nvidia_smi("NVIDIA GB10, [N/A], 12.1") == [Device("gpu", "NVIDIA GB10", None, (12, 1))]
    assert runtime.parse_nvidia_smi("Card, with comma, 1024, 8.6")[0].name == "Card, with comma"


@pytest.mark.parametrize(
    "text", ["", "\n", "No devices were found", "Tesla T4, 15360", "a, b, c", "Tesla T4, 15360, [N/A]"]
)
def test_other_output_is_no_answer(text):
    with pytest.raises(NoAnswer):
        runtime.parse_nvidia_smi(text)


@pytest.fixture
def smi(tmp_path):
    """Put a program called nvidia-smi on a path of its own; returns the environment variables that lead to it."""

    def install(script):
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return {"PATH": str(tmp_path)}

    return install


posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in for nvidia-smi is a shell script")


@posix
def test_nvidia_smi_is_asked(smi):
    assert runtime.query_nvidia_smi(smi("echo 'Tesla T4, 15360, 7.5'")) == [T4]


@posix
def test_nvidia_smi_is_asked_about_the_visible_gpus_only(smi):
    variables = smi('case "$*" in *--id=1*) echo "Tesla T4, 15360, 7.5";; *) echo "Tesla P100, 16384, 6.0";; esac')
    assert runtime.query_nvidia_smi(variables)[0].name == "Tesla P100"
    assert runtime.query_nvidia_smi(variables | {"CUDA_VISIBLE_DEVICES": "1"}) == [T4]


@posix
@pytest.mark.parametrize("hidden", ["", "-1"])
def test_gpus_hidden_on_purpose_stay_hidden(smi, hidden):
    assert runtime.query_nvidia_smi(smi("echo 'Tesla T4, 15360, 7.5'") | {"CUDA_VISIBLE_DEVICES": hidden}) == []


@posix
@pytest.mark.parametrize(
    "script",
    ["exec sleep 30", "echo 'Tesla T4, 15360, 7.5'; exit 255", "echo '<html>'", "printf '\\377\\376'", "kill -9 $$"],
    ids=["hangs", "fails", "garbage", "not text", "dies"],
)
def test_an_nvidia_smi_that_misbehaves_is_no_answer(smi, script):
    variables = smi(script)
    variables["PATH"] += os.pathsep + os.defpath
    with pytest.raises(NoAnswer):
        runtime.query_nvidia_smi(variables, timeout=0.5 if "sleep" in script else 20)


@posix
def test_an_nvidia_smi_without_a_driver_says_there_is_no_gpu(smi):
    assert runtime.query_nvidia_smi(smi("echo 'NVIDIA-SMI has failed'; exit 9")) == []


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no processor affinity")
def test_cpu_count_respects_affinity():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert runtime.count_cpus() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert runtime.count_cpus() == len(allowed)


def run_python(code, **variables):
    """Run code in a fresh Python, where nothing is imported yet and the GPUs are hidden."""
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1"} | variables
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_this_machine_is_detected_without_importing_a_backend():
    code = """if True:
        import sys
        from helpers.runtime import detect
        found = detect()
        print(found.cpu_count, found.memory_gb > 0, *({"tensorflow", "jax", "keras"} & set(sys.modules)))
    """
    assert run_python(code).split() == [str(runtime.count_cpus()), "True"]


def test_apply_sets_backend_and_precision():
    code = """if True:
        from dataclasses import replace
        from helpers.runtime import detect
        replace(detect(), precision="mixed_bfloat16").apply()
        import keras
        print(keras.config.backend(), keras.config.dtype_policy().name, detect().backend)
    """
    pytest.importorskip("jax")
    assert run_python(code, KERAS_BACKEND="jax").split() == ["jax", "mixed_bfloat16", "jax"]


def test_the_backend_itself_names_no_gpu_where_gpus_are_hidden():
    code = "from helpers.runtime import _jax_devices; print(_jax_devices())"
    pytest.importorskip("jax")
    assert run_python(code, JAX_PLATFORMS="cpu").strip() == "[]"
