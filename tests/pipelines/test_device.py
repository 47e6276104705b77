import subprocess
import sys

import pytest
import torch

from components.errors import UserError
from pipelines import device
from pipelines.cell import Training


def test_a_cpu_always_trains_in_float32():
    assert device.resolved(Training(), "cpu").precision == "float32"


def test_a_precision_that_was_asked_for_is_kept():
    assert device.resolved(Training(precision="bfloat16"), "cpu").precision == "bfloat16"


def test_nothing_else_of_the_training_is_decided():
    training = Training(steps=7, clip=0.5)
    assert device.resolved(training, "cpu") == Training(steps=7, clip=0.5, precision="float32")


def test_several_devices_are_refused():
    with pytest.raises(UserError, match=r"not supported yet\n  training.devices = 2"):
        device.refuse_what_is_not_there(Training(devices=2))


def test_one_device_is_not_refused():
    device.refuse_what_is_not_there(Training())


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks torch where there is a GPU")
def test_the_device_of_a_machine_without_accelerators_is_known_without_torch():
    script = (
        "import sys; from pipelines.device import device_class, resolved, torch_version;"
        "from pipelines.cell import Training;"
        "print(device_class(), resolved(Training(), 'cpu').precision, torch_version());"
        "print('torch' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["cpu", "float32", torch.__version__.split("+")[0], "False"]


def test_a_mac_asks_torch(monkeypatch):
    monkeypatch.setattr(device.platform, "system", lambda: "Darwin")
    assert not device._surely_without_accelerator()


def test_a_build_for_cuda_without_a_driver_is_a_cpu(monkeypatch, tmp_path):
    monkeypatch.setattr(device, "_built_for_accelerators", lambda: True)
    monkeypatch.setattr(device.platform, "system", lambda: "Linux")
    monkeypatch.setattr(device, "_DRIVERS", (tmp_path / "nvidiactl",))
    assert device._surely_without_accelerator()


def test_a_build_for_cuda_with_a_driver_asks_torch(monkeypatch, tmp_path):
    monkeypatch.setattr(device, "_built_for_accelerators", lambda: True)
    monkeypatch.setattr(device, "_DRIVERS", (tmp_path,))
    assert not device._surely_without_accelerator()


def test_what_torch_was_built_for_is_what_torch_says():
    version = torch.version
    assert device._built_for_accelerators() == bool(version.cuda or version.hip)


def test_the_hardware_has_a_name_and_an_instruction_set():
    found = device.hardware()
    assert found["cpu"]
    assert found["instruction_set"] == torch.backends.cpu.get_cpu_capability()


def test_kernels_repeat_inside_and_are_free_outside():
    assert not torch.are_deterministic_algorithms_enabled()
    with device.reproducible(torch.device("cpu")):
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()


def test_single_threaded_leaves_one_thread():
    before = torch.get_num_threads()
    device.single_threaded()
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)


@pytest.mark.parametrize(("kind", "mode"), [("cpu", 2), ("cuda", 2), ("mps", 1)])
def test_a_kernel_that_does_not_repeat_is_an_error_and_on_mps_a_warning(monkeypatch, kind, mode):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with device.reproducible(torch.device(kind)):
        assert torch.get_deterministic_debug_mode() == mode
    assert torch.get_deterministic_debug_mode() == 0
